"""Where a pilot could stand: open and candidate malls, and places that a reader dropped on the map or uploaded; and whom each reaches.

People and drive times are public facts, and modelled: no order passes through here. A mall's figures are those of ``coverage_by_mall`` to
the person, because they come from the same two tables; a pin's come from the model that made its market's drives.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from analytics import reference
from analytics.choosing.pairs import Demand, demand_of, pairs_of_malls, pairs_of_place, sorted_pairs
from analytics.errors import ParameterError
from analytics.parameters import LONGEST_DRIVE_S, WEIGHTS
from analytics.reference import VersionKey
from data.engine import Engine
from data.travel_time.anew import MarketModel, market_model
from data.warehouse import Version

OPEN, CANDIDATE = "open", "candidate"
_CACHED_MODELS: Final = 16
_CACHED_SITES: Final = 256

MOST_PAIRS_KEPT: Final = 30_000_000
"""Pairs of sites and cells in the answers that are kept, about 700 megabytes: one answer of a nation, or all that pages ask."""

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pin:
    """A candidate that is not in the data: dropped on the map, or uploaded.

    Attributes
    ----------
    id
        Its id among the sites; no mall of the data may have it.
    market_id, name
        Market whose people count for it, and its name on screen.
    latitude, longitude
        Degrees.
    store_count, opening_hours
        As of a mall; None: unknown.
    """

    id: str
    market_id: str
    name: str
    latitude: float
    longitude: float
    store_count: int | None = None
    opening_hours: str | None = None


@dataclass(frozen=True)
class Site:
    """A place that is a pilot or could become one: an open mall, a candidate mall, or a pin.

    Attributes
    ----------
    id, market_id, name, status, latitude, longitude, store_count, opening_hours
        As of a mall; a pin is a candidate.
    is_pin
        Whether the data does not have it.
    """

    id: str
    market_id: str
    name: str
    status: str
    latitude: float
    longitude: float
    store_count: int | None = None
    opening_hours: str | None = None
    is_pin: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a pilot runs here."""
        return self.status == OPEN

    def as_mall(self, name: str) -> reference.Mall:
        """Return the site as maps draw malls, under a name that may say more than its own."""
        return reference.Mall(
            id=self.id,
            market_id=self.market_id,
            name=name,
            status=self.status,
            opened_on=None,
            closed_on=None,
            latitude=self.latitude,
            longitude=self.longitude,
            store_count=self.store_count,
            opening_hours=None,
            cell=None,
        )


@dataclass(frozen=True)
class Reach:
    """Which people each site reaches: positions into ``sites`` and into ``cells``, one entry per pair.

    Attributes
    ----------
    sites
        As asked.
    within_s, weight
        Drive time that bounds every catchment (equal is reached), and who is counted.
    market_ids
        Markets, ascending.
    cells, market, people
        Demand cells inside their market's boundary with people in them, by market and cell: H3 cell, position of the market, and people
        (or households) in it.
    site, cell, drive_s
        A row per site and cell that it reaches, by site, drive and cell: positions in ``sites`` and ``cells``, and seconds.
    open_count
        For each cell how many open malls of its market reach it, whether they are among the sites or not.
    notes
        What a reader must know about the drives of pins; empty where they come from what made the malls'.
    """

    sites: tuple[Site, ...]
    within_s: int
    weight: str
    market_ids: tuple[str, ...]
    cells: Integers
    market: Integers
    people: Integers
    site: Integers
    cell: Integers
    drive_s: Integers
    open_count: Integers
    notes: tuple[str, ...] = ()

    @cached_property
    def is_open(self) -> Booleans:
        """Which sites are open malls."""
        return np.array([site.is_open for site in self.sites], np.bool_)

    @cached_property
    def market_people(self) -> Integers:
        """Return for each market all people inside its boundary."""
        totals = np.zeros(len(self.market_ids), np.int64)
        np.add.at(totals, self.market, self.people)
        return totals

    @cached_property
    def reached(self) -> Integers:
        """Return for each site the people it reaches: ``numerator`` of ``coverage_by_mall``."""
        return self.sums(self.people[self.cell])

    @cached_property
    def only_here(self) -> Integers:
        """Return for each site the people whom no other open mall reaches: of a candidate those whom it would newly reach."""
        others = self.open_count[self.cell] - self.is_open[self.site]
        return self.sums(np.where(others == 0, self.people[self.cell], 0))

    def sums(self, values: Integers) -> Integers:
        """Return whole values of pairs summed by site."""
        totals = np.zeros(len(self.sites), np.int64)
        np.add.at(totals, self.site, values)
        return totals

    def of_site(self, position: int) -> slice:
        """Return where the pairs of a site stand."""
        first, last = np.searchsorted(self.site, [position, position + 1])
        return slice(int(first), int(last))


def open_places(there: Sequence[Site]) -> list[int]:
    """Return the positions of open malls among sites."""
    return [place for place, site in enumerate(there) if site.is_open]


def sites(version: Version, market_ids: Sequence[str] = (), pins: Sequence[Pin] = ()) -> tuple[Site, ...]:
    """Return the places that are pilots or could become one: a fixed order, so that positions mean the same every time.

    Parameters
    ----------
    version
        Data.
    market_ids
        Only these markets; none: all.
    pins
        Places that the data does not have; those of other markets are left out.

    Returns
    -------
    tuple of Site
        By market; in each the open malls, the candidates, the pins, each by id. Closed malls are none of them.

    Raises
    ------
    ParameterError
        If the data has no such market, or a pin bears the id of a mall or of another pin.
    """
    return _sites(VersionKey.of(version), tuple(market_ids), tuple(pins))


@lru_cache(maxsize=_CACHED_SITES)
def _sites(key: VersionKey, market_ids: tuple[str, ...], pins: tuple[Pin, ...]) -> tuple[Site, ...]:
    version = key.version
    markets = {market.id for market in reference.markets(version)}
    for each in (*market_ids, *(pin.market_id for pin in pins)):
        if each not in markets:
            raise ParameterError(f"there is no market {each!r} in {version.id}; markets are {', '.join(sorted(markets)) or 'none'}")
    malls = reference.malls(version)
    taken = {mall.id for mall in malls}
    for pin in pins:
        if pin.id in taken:
            raise ParameterError(f"there is a mall or a pin {pin.id!r} already; give the place an id of its own")
        taken.add(pin.id)
    found = [
        Site(mall.id, mall.market_id, mall.name, mall.status, mall.latitude, mall.longitude, mall.store_count, mall.opening_hours)
        for mall in malls
        if mall.status in (OPEN, CANDIDATE)
    ]
    found += [
        Site(pin.id, pin.market_id, pin.name, CANDIDATE, pin.latitude, pin.longitude, pin.store_count, pin.opening_hours, is_pin=True)
        for pin in pins
    ]
    chosen = [site for site in found if not market_ids or site.market_id in market_ids]
    return tuple(sorted(chosen, key=lambda site: (site.market_id, not site.is_open, site.is_pin, site.id)))


def reach(version: Version, chosen: Sequence[Site], *, within_s: int = LONGEST_DRIVE_S, weight: str = "population") -> Reach:
    """Return whom the sites reach by car; modelled.

    Parameters
    ----------
    version
        Data.
    chosen
        Sites as ``sites`` returns them. Their markets are those whose people count: a site reaches the people of its own.
    within_s
        Drive time, seconds, 60 to 2,700; equal is reached.
    weight
        ``population`` or ``households``.

    Raises
    ------
    ParameterError
        If the drive time or the weight is none.
    """
    if weight not in WEIGHTS:
        raise ParameterError(f"the weight must be {' or '.join(WEIGHTS)}, not {weight!r}")
    if type(within_s) is not int or not 0 < within_s <= LONGEST_DRIVE_S:
        raise ParameterError(f"the drive time must be a whole number from 1 to {LONGEST_DRIVE_S} s, not {within_s!r}")
    return _reach(VersionKey.of(version), tuple(chosen), within_s, weight)


def model_of(version: Version, market_id: str) -> MarketModel:
    """Return what makes the drives of a market's pins; fitted once."""
    return _model(VersionKey.of(version), market_id)


@lru_cache(maxsize=_CACHED_MODELS)
def _model(key: VersionKey, market_id: str) -> MarketModel:
    return market_model(key.version, market_id)


_Asked: TypeAlias = tuple[VersionKey, tuple[Site, ...], int, str]


class _Kept:
    """The last answers, as many as their pairs allow; safe to share between threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[_Asked, Reach] = OrderedDict()
        self._lock = Lock()

    def get(self, asked: _Asked) -> Reach | None:
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
            return self._answers.get(asked)

    def put(self, asked: _Asked, found: Reach) -> None:
        with self._lock:
            self._answers[asked] = found
            self._answers.move_to_end(asked)
            pairs = sum(len(each.site) for each in self._answers.values())
            while pairs > MOST_PAIRS_KEPT and len(self._answers) > 1:
                _, oldest = self._answers.popitem(last=False)
                pairs -= len(oldest.site)


_kept = _Kept()


def _reach(*asked: *_Asked) -> Reach:
    found = _kept.get(asked)
    if found is None:
        found = _read(*asked)
        _kept.put(asked, found)
    return found


def _read(key: VersionKey, chosen: tuple[Site, ...], within_s: int, weight: str) -> Reach:
    market_ids = tuple(sorted({site.market_id for site in chosen}))
    there = {site.id for site in chosen if not site.is_pin}
    # Open malls that are no sites count for open_count all the same: they are numbered after the sites.
    malls = [mall for mall in reference.malls(key.version) if mall.status == OPEN and mall.market_id in market_ids]
    others = [mall for mall in malls if mall.id not in there]
    numbered = [(site.id, site.market_id, place) for place, site in enumerate(chosen) if not site.is_pin]
    numbered += [(mall.id, mall.market_id, place) for place, mall in enumerate(others, len(chosen))]
    engine = Engine.of(key.version)
    demand = demand_of(engine, market_ids, weight)
    site, cell, drive_s = sorted_pairs([pairs_of_malls(engine, demand, numbered, within_s), *_of_pins(key, chosen, demand, within_s)])
    is_open = np.array([each.is_open for each in chosen] + [True] * len(others), np.bool_)
    open_count = np.bincount(cell[is_open[site]], minlength=len(demand.cells)).astype(np.int64)
    own = slice(int(np.searchsorted(site, len(chosen))))
    found = Reach(
        chosen,
        within_s,
        weight,
        market_ids,
        demand.cells,
        demand.market,
        demand.people,
        site=site[own],
        cell=cell[own],
        drive_s=drive_s[own],
        open_count=open_count,
        notes=_notes(key, chosen),
    )
    for each in (found.cells, found.market, found.people, found.site, found.cell, found.drive_s, found.open_count):
        each.setflags(write=False)  # shared by all readers
    return found


def _of_pins(key: VersionKey, chosen: tuple[Site, ...], demand: Demand, within_s: int) -> Iterator[Integers]:
    """Yield the pairs of each pin."""
    for position, site in enumerate(chosen):
        if site.is_pin:
            found = _model(key, site.market_id).drives_from(site.latitude, site.longitude)
            near = found.drive_s <= within_s
            yield pairs_of_place(demand, site.market_id, position, found.cell[near], found.drive_s[near])


def _notes(key: VersionKey, chosen: Sequence[Site]) -> tuple[str, ...]:
    """Say in which markets pins have another model than the malls."""
    names = {market.id: market.name for market in reference.markets(key.version)}
    markets = sorted({site.market_id for site in chosen if site.is_pin})
    return tuple(
        f"drives from dropped pins in {names[each]} are modelled over distance: what made its malls' drives is not at hand"
        for each in markets
        if not _model(key, each).is_same
    )
