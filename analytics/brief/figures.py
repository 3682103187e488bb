"""Figures of a printed page, as SVG: ink on white, texts as outlines, the same bytes for the same numbers."""

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from analytics.choosing.backtest import Held
from analytics.choosing.forecast import Band, Hour
from analytics.choosing.sites import Booleans
from analytics.models.between import Floats

INK, MUTED, LINE, PRIMARY = "#1C2430", "#5B6673", "#DEDAD2", "#1B6480"
WARM: Final = "#B4452A"
_AMOUNT: Final = ("#FFFFFF", "#BCE8E7", "#7FC9D4", "#4BA7C2", "#2683AD", "#1F5F8E", "#1F3D69")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "mallreach",
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}
_MOST_NAMES: Final = 3
_alone = threading.Lock()
"""Settings of matplotlib are those of the whole process."""


def launch(weeks: Sequence[Band]) -> str:
    """Return orders by week since the opening, with the bands of 50 and of 80 percent."""

    def draw(axes: Axes) -> None:
        at = np.arange(len(weeks))
        for low, high, alpha in (("low_80", "high_80", 0.14), ("low_50", "high_50", 0.26)):
            lows, highs = ([getattr(week, name) for week in weeks] for name in (low, high))
            axes.fill_between(at, lows, highs, color=PRIMARY, alpha=alpha, lw=0)
        axes.plot(at, [week.middle for week in weeks], color=PRIMARY, lw=1.6)
        axes.set_ylim(0)
        axes.set_xlim(0, max(1, len(weeks) - 1))
        axes.set_xlabel("weeks since opening")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.grid(axis="y", color=LINE, lw=0.5)
        axes.tick_params(length=0)

    return _svg(draw, 3.5, 2.05)


def staffing(hours: Sequence[Hour], week_start: int) -> str:
    """Return drivers needed by weekday and hour, the number in each cell."""
    days = [(week_start - 1 + day) % 7 + 1 for day in range(7)]
    first, last = min(each.hour for each in hours), max(each.hour for each in hours)
    grid = np.zeros((7, last - first + 1))
    for each in hours:
        grid[days.index(each.dow), each.hour - first] = each.drivers
    breaks = np.unique(np.ceil(np.linspace(0.5, max(6.0, grid.max()), len(_AMOUNT))))

    def draw(axes: Axes) -> None:
        colors = ListedColormap(_AMOUNT[: len(breaks)])
        axes.imshow(grid, cmap=colors, norm=BoundaryNorm([0, *breaks], colors.N), aspect="auto")
        for row, column in np.argwhere(grid > 0):
            is_dark = grid[row, column] >= breaks[len(breaks) // 2]
            axes.text(column, row, f"{grid[row, column]:.0f}", ha="center", va="center", color="white" if is_dark else INK, fontsize=6)
        axes.set_yticks(range(7), [_DAYS[day - 1] for day in days])
        ticks = range(0, grid.shape[1], 2)
        axes.set_xticks(ticks, [_hour(first + tick) for tick in ticks])
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    return _svg(draw, 3.5, 2.05)


def back_test(held: Sequence[Held]) -> str:
    """Return for each pilot the band that the others give it, and what it really had."""

    def draw(axes: Axes) -> None:
        for row, each in enumerate(held):
            band = each.forecast.orders_week
            if band is not None:
                axes.plot([band.low_80, band.high_80], [row, row], color=PRIMARY, alpha=0.3, lw=6, solid_capstyle="butt")
                axes.plot([band.low_50, band.high_50], [row, row], color=PRIMARY, alpha=0.5, lw=6, solid_capstyle="butt")
            axes.plot(each.orders_week, row, "o", color=INK if each.is_held else WARM, ms=4.5, mec="white", mew=0.8)
        axes.set_yticks(range(len(held)), [each.mall.name for each in held])
        axes.set_ylim(len(held) - 0.5, -0.5)
        axes.set_xlim(0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x", color=LINE, lw=0.5)
        axes.tick_params(length=0)

    return _svg(draw, 3.5, 0.45 + 0.22 * len(held))


@dataclass(frozen=True)
class Ground:
    """Cells with people around a site, by their centers in degrees: of open malls, new, of the site; the site; open malls by name."""

    latitude: Floats
    longitude: Floats
    is_covered: Booleans
    is_new: Booleans
    is_own: Booleans
    at: tuple[float, float]
    others: Sequence[tuple[str, float, float]]


def reached(ground: Ground) -> str:
    """Return where people are reached already and where newly, as dots; open malls are small discs, the site a large one."""

    def draw(axes: Axes) -> None:
        for chosen, color in ((~ground.is_covered & ~ground.is_new, LINE), (ground.is_covered, "#AEB6BF"), (ground.is_new, PRIMARY)):
            axes.scatter(ground.longitude[chosen], ground.latitude[chosen], s=2.2, c=color, lw=0, rasterized=True)
        for name, latitude, longitude in ground.others:
            axes.plot(longitude, latitude, "o", color=INK, ms=4, mec="white", mew=0.8)
            if len(ground.others) <= _MOST_NAMES:
                axes.annotate(
                    name, (longitude, latitude), (0, 5), textcoords="offset points", ha="center", fontsize=6, annotation_clip=True
                )
        axes.plot(ground.at[1], ground.at[0], "o", color=WARM, ms=6, mec="white", mew=1)
        axes.set_aspect(1 / np.cos(np.radians(ground.at[0])))
        away = np.hypot((ground.latitude - ground.at[0]), (ground.longitude - ground.at[1]) * np.cos(np.radians(ground.at[0])))
        near = np.quantile(away[ground.is_own], 0.98) * 1.15 if ground.is_own.any() else away.max()
        axes.set_ylim(ground.at[0] - near, ground.at[0] + near)
        axes.set_xlim(*(ground.at[1] + side * 1.55 * near / np.cos(np.radians(ground.at[0])) for side in (-1, 1)))
        axes.set_axis_off()

    return _svg(draw, 3.5, 2.2)


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour % 24 < 12 else 'pm'}"


def _svg(draw: Callable[[Axes], None], width_in: float, height_in: float) -> str:
    with _alone, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        draw(figure.subplots())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None}, dpi=200)
    return written.getvalue()
