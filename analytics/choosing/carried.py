"""What a site is forecast from: the pilots' regression, their orders, and by how much each pilot differs from what its likes would tell."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from analytics.choosing.pilots import History, history, tells
from analytics.intervals import Z
from analytics.models.between import Floats, Spread, new_one, spread
from analytics.models.demand import Areas, Pilots, expected, learned
from analytics.models.transfer import Sample, drive_nodes, like
from analytics.reference import VersionKey
from data.warehouse import Version

SHARES: Final = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
"""Ends of the bands of 80 and of 50 percent, and the middle."""

_TIMES_SCALE, _ODDS_SCALE, _PAY_SCALE = 0.15, 0.5, 0.15
"""Half-normal priors of what malls differ in beyond their drives: of the log of times, of the log odds of on time, of the log of pay."""

_CACHED: Final = 256


@dataclass(frozen=True)
class Figure:
    """A figure that is carried over.

    Attributes
    ----------
    scale
        Half-normal prior of the spread between malls, on the scale of ``link``.
    link, back
        To the scale on which malls differ, and back.
    told
        The figure of a sample; NaN where unknown.
    """

    scale: float
    link: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]
    told: Callable[[Sample], float]


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _odds(share: Floats) -> Floats:
    within = np.clip(share, 0.001, 0.999)
    return np.log(within / (1 - within))


def _share(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)), float)


FIGURES: Final = {
    "click_to_door_p50_s": Figure(_TIMES_SCALE, np.log, np.exp, lambda sample: sample.percentile_s(0.5)),
    "click_to_door_p90_s": Figure(_TIMES_SCALE, np.log, np.exp, lambda sample: sample.percentile_s(0.9)),
    "on_time_permille": Figure(_ODDS_SCALE, _odds, _share, lambda sample: _mean(sample.is_on_time)),
    "cost_cents": Figure(_PAY_SCALE, np.log, np.exp, lambda sample: _mean(sample.pay_cents)),
}


@dataclass(frozen=True)
class Difference:
    """By how much pilots' figures differ from what their likes would tell, on the scale of the figure; one value per pilot with one."""

    values: Floats
    errors: Floats
    spread: Spread

    @cached_property
    def of_a_new_one(self) -> Floats:
        """Return the differences under which a new mall's lies for 10, 25, 50, 75 and 90 of 100: the same for every new mall."""
        return new_one(self.values, np.diag(self.errors), self.spread).quantiles(SHARES)


@dataclass(frozen=True)
class Source:
    """What a site is forecast from; ``pilots`` is None where there are none."""

    history: History
    pilots: Pilots | None
    differences: dict[str, Difference]

    def carried(self, name: str, sample: Sample) -> Floats | None:
        """Return the values under which a figure of a new mall lies for 10, 25, 50, 75 and 90 of 100; None where it is unknown."""
        figure, difference = FIGURES[name], self.differences.get(name)
        own = np.array(figure.told(sample))
        if difference is None or np.isnan(own):
            return None
        return figure.back(figure.link(own) + difference.of_a_new_one)


def source(version: Version, weight: str, *, without: str = "") -> Source:
    """Return what sites are forecast from, as if the mall ``without`` were not open; learned once for a version."""
    return _source(VersionKey.of(version), weight, without if tells(version, weight, without) else "")


@lru_cache(maxsize=_CACHED)
def _source(key: VersionKey, weight: str, without: str) -> Source:
    found = history(key.version, weight, without=without)
    if not found.malls:
        return Source(found, None, {})
    pilots = learned(found.areas, found.weeks, known_share=found.known_share)
    return Source(found, pilots, _differences(found, pilots) if len(found.carried.mall) else {})


def _differences(found: History, pilots: Pilots) -> dict[str, Difference]:
    """Return what each pilot's own figures differ from those of orders like its own, taken from all pilots."""
    samples = [sample_of(found, pilots, _own(found.areas, position)) for position in range(len(found.malls))]
    differences = {}
    for name, figure in FIGURES.items():
        rows = [(*_shown(found, mall.id, name), figure.told(sample)) for mall, sample in zip(found.malls, samples, strict=True)]
        known = np.array([row for row in rows if not np.isnan(row).any()], float)
        if len(known):
            values = figure.link(known[:, 0]) - figure.link(known[:, 2])
            differences[name] = Difference(values, known[:, 1], spread(values, np.diag(known[:, 1]), figure.scale))
    return differences


def sample_of(found: History, pilots: Pilots, areas: Areas) -> Sample:
    """Return orders as a mall with these areas around it would have them."""
    share = expected(pilots, areas).share
    return like(found.carried, drive_nodes(60 * areas.drive_min, share))


def _own(areas: Areas, position: int) -> Areas:
    own = areas.mall == position
    return Areas(
        np.zeros(int(own.sum()), np.int64), *(getattr(areas, name)[own] for name in ("people", "drive_min", "income_log", "orders"))
    )


def _shown(found: History, mall_id: str, name: str) -> tuple[float, float]:
    """Return a pilot's figure as other pages show it, and the variance of its own chance on the scale of the figure; NaN where unknown."""
    unknown = (float("nan"), float("nan"))
    if name.startswith("click_to_door"):
        row, kind = found.shown["click_to_door"].get(mall_id, {}), name.removeprefix("click_to_door_").removesuffix("_s")
        value, low, high = (row.get(f"{kind}{end}_s") for end in ("", "_low", "_high"))
        if not value:
            return unknown
        bounds = (low or value) > 0 and (high or value) > 0
        return float(value), (np.log((high or value) / (low or value)) / (2 * Z)) ** 2 if bounds else 0.0
    row = found.shown["on_time_share" if name == "on_time_permille" else "cost_per_delivery"].get(mall_id, {})
    above, below = row.get("numerator"), row.get("denominator")
    if above is None or not below:
        return unknown
    if name == "cost_cents":
        return (above / below, 0.0) if above > 0 else unknown
    return above / below, 1 / (above + 0.5) + 1 / (below - above + 0.5)
