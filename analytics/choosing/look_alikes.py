"""Which pilots a candidate resembles, and how closely: Gower's distance over what is known of a mall before it opens.

A forecast is carried over from the pilots; a candidate that is like none of them is forecast from afar. The features: people within 10, 20
and 30 minutes' drive (few or many, dense or wide), income around it, its stores and their categories. Each difference counts as a part of
a fixed range, so that no other mall changes how alike two are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.choosing.criteria import Unit
from analytics.choosing.measures import Terms, measures
from analytics.choosing.sites import Site
from analytics.models.scores import Floats, gower, gower_parts
from data.warehouse import Version

METHOD: Final = "Gower's distance"


@dataclass(frozen=True)
class Feature:
    """What malls are likened by: a criterion, at a drive time where it depends on one, and the difference that could not be larger."""

    label: str
    criterion: str
    unit: Unit
    range: float
    within_s: int = 1200


FEATURES: Final = (
    Feature("people within 10 min drive", "reach", "people", 300_000, 600),
    Feature("people within 20 min drive", "reach", "people", 1_000_000, 1200),
    Feature("people within 30 min drive", "reach", "people", 1_800_000, 1800),
    Feature("income", "income", "money", 8_000_000),
    Feature("stores", "stores", "count", 250),
    Feature("categories of stores", "categories", "count", 12),
)


@dataclass(frozen=True)
class LookAlike:
    """One pilot beside a candidate.

    Attributes
    ----------
    pilot
        The open mall.
    distance
        0 for malls that are the same in everything that is known of both, 1 at the most.
    most_like, least_like
        The features in which they differ least and most, in words; empty where only one is known of both.
    known
        Features known of both.
    """

    pilot: Site
    distance: float
    most_like: str
    least_like: str
    known: int

    @property
    def alike(self) -> float:
        """How alike they are, 0 to 1."""
        return 1 - self.distance


def look_alikes(version: Version, candidate: Site, pilots: Sequence[Site]) -> tuple[LookAlike, ...]:
    """Return the pilots, the one most like the candidate first, ties by id; those of which nothing is known in common are left out.

    Parameters
    ----------
    version, candidate
        Data, and the place.
    pilots
        Open malls; the candidate itself among them is left out.
    """
    others = [pilot for pilot in pilots if pilot.id != candidate.id]
    everyone = [candidate, *others]
    columns = [measures(version, everyone, Terms(within_s=each.within_s), [each.criterion])[each.criterion].numbers() for each in FEATURES]
    values, ranges = np.stack(columns, axis=1), np.array([each.range for each in FEATURES])
    distances, parts = gower(values[:1], values[1:], ranges)[0], gower_parts(values[:1], values[1:], ranges)[0]
    found = [
        _look_alike(pilot, float(distances[place]), parts[place]) for place, pilot in enumerate(others) if not np.isnan(distances[place])
    ]
    return tuple(sorted(found, key=lambda each: (each.distance, each.pilot.id)))


def _look_alike(pilot: Site, distance: float, parts: Floats) -> LookAlike:
    known = [place for place in range(len(FEATURES)) if not np.isnan(parts[place])]
    ranked = sorted(known, key=lambda place: (float(parts[place]), place))
    most, least = (FEATURES[ranked[0]].label, FEATURES[ranked[-1]].label) if len(ranked) > 1 else ("", "")
    return LookAlike(pilot, distance, most, least, len(known))
