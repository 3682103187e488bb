"""How much hangs on the assumptions: the chosen set in other worlds, and whether it beats the next best one beyond the model's error.

A scenario changes one assumption. In each the chosen set keeps its malls, and what it gives up against the set that would be best there
is its regret. The model's error: modelled drives are off in level by about a tenth from mall to mall (two models of one market,
calibrated on the same drives, still differ by as much), so each mall's drives are multiplied by a factor of its own, the same worlds for
every set that is compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.choosing.portfolio import MAIN_LIMIT_S, Portfolio, portfolio
from analytics.choosing.sites import Site, reach, sites
from analytics.choosing.wish import Wish
from analytics.choosing.worth import worth
from analytics.parameters import LONGEST_DRIVE_S, SHORTEST_DRIVE_S
from data.warehouse import Version

Floats = npt.NDArray[np.float64]

LEVEL_SDLOG: Final = 0.1
"""Standard deviation of the log of a mall's level of drives."""

WORLDS: Final = 200
SURE: Final = 0.9
"""Part of the worlds in which a set must be ahead to be ahead beyond the model's error."""

_SEED: Final = 1974
_TENTH: Final = 100
_FIVE_MINUTES_S: Final = 300


@dataclass(frozen=True)
class World:
    """A scenario: its name, and what is asked in it."""

    name: str
    wish: Wish


@dataclass(frozen=True)
class Standing:
    """How the chosen set does in a scenario.

    Attributes
    ----------
    name
        Of the scenario.
    value, before, total
        Value of the chosen set there, of the open malls alone, and all demand.
    best
        The set that is best there.
    regret
        What the chosen set gives up against it, in the unit of the aim; 0 or more.
    """

    name: str
    value: int
    before: int
    total: int
    best: Portfolio
    regret: int

    @property
    def holds(self) -> bool:
        """Whether nothing is better there."""
        return self.regret == 0


@dataclass(frozen=True)
class Lead:
    """How far the best set is ahead of another one under the model's error.

    Attributes
    ----------
    other
        The other set.
    low, high
        Between which the difference lies in 80 of 100 worlds: covered shares, or seconds of mean drive.
    ahead
        Part of the worlds in which the best set is worth as much or more.
    """

    other: Portfolio
    low: float
    high: float
    ahead: float

    @property
    def is_beyond_error(self) -> bool:
        """Whether the best set is ahead in at least 90 of 100 worlds."""
        return self.ahead >= SURE


def worlds(wish: Wish) -> tuple[World, ...]:
    """Return the scenarios of a wish, each with one assumption changed."""
    terms = wish.terms
    other = "households" if terms.weight == "population" else "population"
    found = [
        World("Drives a tenth longer", replace(wish, drive_permille=1000 + _TENTH)),
        World("Drives a tenth shorter", replace(wish, drive_permille=1000 - _TENTH)),
    ]
    if wish.aim in {"cover", "minutes"}:
        counted = "Households" if other == "households" else "People"
        found.append(World(f"{counted} counted instead", replace(wish, terms=replace(terms, weight=other))))
    if wish.aim != "minutes":
        for step_s, word in ((-_FIVE_MINUTES_S, "less"), (_FIVE_MINUTES_S, "more")):
            within_s = terms.within_s + step_s
            if SHORTEST_DRIVE_S <= within_s <= LONGEST_DRIVE_S:
                found.append(World(f"5 minutes {word} of drive allowed", replace(wish, terms=replace(terms, within_s=within_s))))
    return tuple(found)


def standing(version: Version, found: Portfolio, world: World, *, time_limit_s: float = MAIN_LIMIT_S) -> Standing:
    """Return how a set does in a scenario; solves once."""
    made = worth(version, world.wish)
    place = {site.id: position for position, site in enumerate(made.sites)}
    own = tuple(sorted(place[name] for name in found.ids))
    best = portfolio(version, world.wish, time_limit_s=time_limit_s)
    value = made.value(own)
    top = best.value if best.choice else value
    regret = value - top if made.wish.aim == "minutes" else top - value
    return Standing(world.name, value, made.value(()), made.total, best, max(regret, 0))


def lead(version: Version, found: Portfolio, other: Portfolio) -> Lead | None:
    """Return how far the best set is ahead of another one under the model's error; None where it is not of people or drives.

    Parameters
    ----------
    version, found, other
        Data, the best set, and one to compare.
    """
    asked = found.wish
    if asked.aim not in {"cover", "minutes"} or not found.total:
        return None
    there = sites(version, [asked.market_id] if asked.market_id else (), asked.pins)
    factors = np.exp(np.random.default_rng(_SEED).normal(0.0, LEVEL_SDLOG, (WORLDS, len(there))))
    # Where both sets open the same malls they are worth the same in every world: only the other markets are looked at.
    differing = {site.market_id for site in (*found.sites, *other.sites) if (site.id in found.ids) != (site.id in other.ids)}
    own = [place for place, site in enumerate(there) if site.market_id in differing]
    values = [_values(version, asked, [there[place] for place in own], set(each.ids), factors[:, own]) for each in (found, other)]
    ahead = (values[0] - values[1]) / found.total
    low, high = (float(each) for each in np.quantile(ahead, (0.1, 0.9)))
    return Lead(other, low, high, float((ahead >= 0).mean()))


def _values(version: Version, asked: Wish, there: Sequence[Site], ids: set[str], factors: Floats) -> Floats:
    """Return what a set is worth in each world: people covered, or person-seconds saved against 45 minutes."""
    whom = reach(version, there, weight=asked.terms.weight)
    own = [(place, whom.of_site(place)) for place, site in enumerate(there) if site.is_open or site.id in ids]
    limit_s = asked.terms.within_s if asked.aim == "cover" else LONGEST_DRIVE_S
    values = np.zeros(len(factors))
    for world, factor in enumerate(factors):
        times, nearest = np.zeros(len(whom.cells), np.int64), np.full(len(whom.cells), float(LONGEST_DRIVE_S))
        for place, span in own:
            drive_s = whom.drive_s[span] * factor[place]
            near = whom.cell[span][drive_s <= limit_s]
            times[near] += 1
            nearest[near] = np.minimum(nearest[near], drive_s[drive_s <= limit_s])
        if asked.aim == "cover":
            values[world] = whom.people[times >= asked.backup].sum()
        else:
            values[world] = (whom.people * (LONGEST_DRIVE_S - nearest)).sum()
    return values
