"""Figures of a printed page, as SVG: ink on white, texts as outlines, the same bytes for the same numbers."""

import io
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from analytics.choosing.backtest import Held
from analytics.choosing.forecast import Band, Hour

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

    return _svg(draw, 3.5, 1.75)


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

    return _svg(draw, 3.5, 1.75)


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
        axes.grid(axis="x", color=LINE, lw=0.5)
        axes.tick_params(length=0)

    return _svg(draw, 3.5, 0.45 + 0.22 * len(held))


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour % 24 < 12 else 'pm'}"


def _svg(draw: Callable[[Axes], None], width_in: float, height_in: float) -> str:
    with _alone, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        draw(figure.subplots())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return written.getvalue()
