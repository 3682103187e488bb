"""Colors: the tokens of both themes, the scales, and the classes that a metric is drawn in.

Every scale is two lists, for light and for dark ground; its first color is nearest to the ground and its last one farthest from it.
Color never stands alone: classes carry labels, and the legend prints their breaks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist, floor, isfinite, log10
from typing import Literal

Theme = Literal["light", "dark"]
Rgb = tuple[int, int, int]
Rgba = tuple[int, int, int, int]
Deficiency = Literal["protanopia", "deuteranopia"]


@dataclass(frozen=True)
class Tokens:
    """Named colors of one theme, as ``#RRGGBB``."""

    background: str
    secondary_background: str
    text: str
    border: str
    muted: str
    primary: str
    green: str
    red: str
    categorical: tuple[str, ...]
    other: str
    ground: str
    water: str
    county_line: str
    road: str
    land_text: str
    hidden: str
    closed: str
    ring: str


_TOKENS: dict[Theme, Tokens] = {
    "light": Tokens(
        background="#FBFAF8",
        secondary_background="#F1EFEA",
        text="#1C2430",
        border="#DEDAD2",
        muted="#5B6673",
        primary="#1B6480",
        green="#2E7D5B",
        red="#B4452A",
        categorical=("#1B6480", "#D4762F", "#3B1F5B", "#2FA58E"),
        other="#8B95A1",
        ground="#F3F2EE",
        water="#D9E4EA",
        county_line="#CFCAC0",
        road="#E0DBD1",
        land_text="#5F6B78",
        hidden="#8B95A1",
        closed="#6B7480",
        ring="#FFFFFF",
    ),
    "dark": Tokens(
        background="#12161B",
        secondary_background="#1A1F26",
        text="#E6E9ED",
        border="#2B323B",
        muted="#9AA5B1",
        primary="#6CC3DD",
        green="#6FCF9F",
        red="#F0906F",
        categorical=("#6CC3DD", "#E8863A", "#9A78D8", "#EDE8B0"),
        other="#8B95A1",
        ground="#171B21",
        water="#0F1F2B",
        county_line="#39414C",
        road="#2A313A",
        land_text="#8B95A1",
        hidden="#8B95A1",
        closed="#A3ABB5",
        ring="#FFFFFF",
    ),
}


def theme_of(name: str | None) -> Theme:
    """Return the theme of that name; light where it is empty or unknown, as on a first paint."""
    return "dark" if name == "dark" else "light"


def candidate_fill(theme: Theme) -> str:
    """Return the color inside the ring of a candidate mall, which looks hollow on either ground."""
    return tokens(theme).ground if theme == "dark" else tokens(theme).ring


def tokens(theme: Theme) -> Tokens:
    """Return the named colors of a theme."""
    return _TOKENS[theme]


@dataclass(frozen=True)
class Scale:
    """Ordered colors for one kind of quantity, for light and for dark ground."""

    name: str
    light: tuple[str, ...]
    dark: tuple[str, ...]

    def colors(self, theme: Theme) -> tuple[str, ...]:
        """Return the list for that theme; high is farthest from the ground."""
        return self.dark if theme == "dark" else self.light


def _scale(name: str, light: str, dark: str) -> Scale:
    return Scale(name, tuple(light.split()), tuple(dark.split()))


AMOUNT = _scale("amount", "#BCE8E7 #7FC9D4 #4BA7C2 #2683AD #1F5F8E #1F3D69", "#28436A #206593 #008CB4 #26B2C8 #69D6D6 #BAF2E6")
"""People, orders, coverage, on time."""
BURDEN = _scale("burden", "#F8DEA8 #F3AD66 #E57945 #C74B47 #972F50 #631F4A", "#722756 #A73658 #D5534C #F18146 #FDB462 #FEE6AA")
"""Minutes, lateness, cost, failed."""
DIVERGING = _scale(
    "diverging",
    "#0E4F86 #4C8BC5 #9EC3E2 #E4E2DC #E8B686 #D47636 #95401B",
    "#8FD5FD #50A0D9 #2E6799 #3A3F47 #99542E #DD812F #FCC270",
)
"""Hours spare (blue, first) to hours short (orange, last), and changes; the middle color is the ground's neighbor."""
STAGES = _scale("stages", "#D5D9DE #6B7480 #7FC9D4 #D4762F #1F3D69", "#454D58 #A3ABB5 #1F8FA6 #F0964A #BAF2E6")
"""Prep, assign, approach, mall dwell, drive: told apart, not ranked."""
SCALES = (AMOUNT, BURDEN, DIVERGING, STAGES)


@dataclass(frozen=True)
class Classes:
    """The fixed classes in which a metric is drawn: they belong to the metric and never depend on filters.

    ``n`` breaks make ``n + 1`` classes; with ``has_open_end`` false the last break closes the last class and there are ``n``.
    A value equal to a break belongs to the class above it, or to the one below where ``is_upper_included`` (drive-time standards:
    "within 20 min" includes 20).

    Attributes
    ----------
    title, unit
        What is drawn and in which unit, as the legend prints them.
    breaks
        Ascending, in the unit on screen.
    scale
        Colors; diverging needs breaks symmetric about ``center``.
    is_reversed
        The lowest class takes the color farthest from the ground (near is strongest).
    """

    title: str
    unit: str
    breaks: tuple[float, ...]
    scale: Scale = AMOUNT
    is_reversed: bool = False
    is_upper_included: bool = False
    has_open_end: bool = True
    center: float = 0.0

    def __post_init__(self) -> None:
        """Refuse breaks that are not ascending, too many for the scale, or lopsided on a diverging one."""
        if not self.breaks or any(low >= high for low, high in pairwise(self.breaks)):
            raise ValueError(f"breaks of {self.title!r} must be ascending: {self.breaks}")
        if self.count > len(self.scale.light):
            raise ValueError(f"{self.title!r} has {self.count} classes, but the scale {self.scale.name} has {len(self.scale.light)} colors")
        if self.scale is DIVERGING and not self._is_symmetric():
            raise ValueError(f"breaks of {self.title!r} must be symmetric about {self.center:g}: {self.breaks}")

    def _is_symmetric(self) -> bool:
        pairs = zip(self.breaks, reversed(self.breaks), strict=True)
        return all(abs((low - self.center) + (high - self.center)) <= 1e-9 * max(1.0, abs(high)) for low, high in pairs)

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.breaks) + int(self.has_open_end)

    @property
    def labels(self) -> tuple[str, ...]:
        """Texts of the classes, lowest first: "under 30", "30-45", ..., "over 90"; without the unit."""
        texts = [number_text(value) for value in self.breaks]
        first = f"up to {texts[0]}" if self.is_upper_included else f"under {texts[0]}"
        middle = [f"{low} to {high}" if "\N{MINUS SIGN}" in low + high else f"{low}-{high}" for low, high in pairwise(texts)]
        last = f"over {texts[-1]}"
        return (first, *middle, last) if self.has_open_end else (first, *middle)

    def colors(self, theme: Theme) -> tuple[str, ...]:
        """Return one color per class, lowest first; fewer classes than colors leave out those nearest to the ground."""
        chosen = self.scale.colors(theme)
        spare = len(chosen) - self.count
        chosen = _symmetric_pick(chosen, self.count) if self.scale is DIVERGING else chosen[spare:]
        return tuple(reversed(chosen)) if self.is_reversed else chosen

    def index(self, value: float) -> int:
        """Return the class of a value, 0 the lowest; ``ValueError`` for a value that is no number or past a closed end."""
        if not isfinite(value):
            raise ValueError(f"{value} has no class in {self.title!r}")
        place = bisect_left(self.breaks, value) if self.is_upper_included else bisect_right(self.breaks, value)
        if place >= self.count:
            raise ValueError(f"{value:g} lies past the last class of {self.title!r}, which ends at {self.breaks[-1]:g}")
        return place


def _symmetric_pick(colors: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return ``count`` of the seven colors, outermost kept; an even count has no neutral middle."""
    half = count // 2
    middle = (colors[len(colors) // 2],) if count % 2 else ()
    return (*colors[:half], *middle, *colors[len(colors) - half :])


def number_text(value: float) -> str:
    """Return a number as it stands on screen: thousands separated, no needless decimals, a true minus sign."""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"
    return text.replace("-", "\N{MINUS SIGN}")


_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def round_breaks(quantiles: Sequence[float], *, center: float | None = None) -> tuple[float, ...]:
    """Return round, strictly ascending breaks near the given network-wide quantiles.

    The coarsest of 1, 2, 2.5 and 5 times a power of ten under which the breaks stay apart is taken as the common grid where the
    quantiles are evenly spaced; a skewed row is rounded number by number to 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.

    Parameters
    ----------
    quantiles
        Ascending; equal neighbors are merged, so that fewer breaks may come back than were given.
    center
        Makes the breaks symmetric about this value (for a diverging scale).

    Returns
    -------
    tuple of float
        Breaks for ``Classes``; at least one.

    Raises
    ------
    ValueError
        No finite number was given.
    """
    values = sorted(float(value) for value in quantiles if isfinite(value))
    if not values:
        raise ValueError("no quantiles to make breaks of")
    if center is not None:
        distances = round_breaks(_paired_distances(values, center))
        return tuple(center - distance for distance in reversed(distances)) + tuple(center + distance for distance in distances)
    distinct = list(dict.fromkeys(values))
    return _on_one_grid(distinct) or tuple(dict.fromkeys(_round_number(value) for value in distinct))


def _paired_distances(values: list[float], center: float) -> list[float]:
    """Return distances from the center, the outermost below and above averaged, then the next pair, and so on inward."""
    distances = sorted((abs(value - center) for value in values if value != center), reverse=True) or [1.0]
    return [sum(pair) / len(pair) for pair in (distances[place : place + 2] for place in range(0, len(distances), 2))]


def _on_one_grid(values: list[float]) -> tuple[float, ...]:
    """Return the values on the coarsest grid that keeps them apart; empty where the gaps differ by more than a factor of six."""
    gaps = [high - low for low, high in pairwise(values)]
    if not gaps or max(gaps) > 6 * min(gaps):
        return ()
    exponent = floor(log10(min(gaps)))
    for step in (factor * 10.0**power for power in (exponent + 1, exponent) for factor in (5.0, 2.5, 2.0, 1.0)):
        rounded = [round(round(value / step) * step, 10) for value in values]
        is_near = all(abs(new - old) <= 0.35 * min(gaps) for new, old in zip(rounded, values, strict=True))
        if is_near and len(set(rounded)) == len(values):
            return tuple(rounded)
    return ()


def _round_number(value: float) -> float:
    """Return the nearest of the round steps, by ratio."""
    if value == 0:
        return 0.0
    size = abs(value)
    power = 10.0 ** floor(log10(size))
    nearest = min(_STEPS, key=lambda step: abs(log10(size / (step * power))))
    return round(nearest * power, 10) * (1 if value > 0 else -1)


def rgb(color: str) -> Rgb:
    """Return ``#RRGGBB`` as three numbers from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def rgba(color: str, opacity: float = 1.0) -> Rgba:
    """Return ``#RRGGBB`` and an opacity from 0 to 1 as four numbers from 0 to 255."""
    red, green, blue = rgb(color)
    return red, green, blue, round(255 * opacity)


def blend(color: str, ground: str, opacity: float) -> str:
    """Return the color that is seen when ``color`` lies over ``ground`` with an opacity from 0 to 1."""
    pairs = zip(rgb(color), rgb(ground), strict=True)
    return "#" + "".join(f"{round(opacity * over + (1 - opacity) * under):02X}" for over, under in pairs)


def luminance(color: str) -> float:
    """Return relative luminance, 0 black to 1 white (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21 (WCAG 2.2); text needs 4.5."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(color: str) -> str:
    """Return near-black or white, whichever is easier to read on that color."""
    return max(("#1C2430", "#FFFFFF"), key=lambda text: contrast(text, color))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    bounded = min(1.0, max(0.0, channel))
    return bounded * 12.92 if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055


# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009, severity 1.0.
_DEFICIENCIES: dict[Deficiency, tuple[tuple[float, float, float], ...]] = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def simulated(color: str, deficiency: Deficiency) -> str:
    """Return the color as somebody without red (protanopia) or green (deuteranopia) cones sees it (Machado et al. 2009)."""
    linear = [_linear(channel / 255) for channel in rgb(color)]
    seen = [sum(weight * channel for weight, channel in zip(row, linear, strict=True)) for row in _DEFICIENCIES[deficiency]]
    return "#" + "".join(f"{round(255 * _gamma(channel)):02X}" for channel in seen)


def color_distance(first: str, second: str) -> float:
    """Return the distance of two colors in CIELAB (CIE 1976, D65); about 2 is just noticeable side by side."""
    return dist(_lab(first), _lab(second))


def _lab(color: str) -> tuple[float, float, float]:
    red, green, blue = (_linear(channel / 255) for channel in rgb(color))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
