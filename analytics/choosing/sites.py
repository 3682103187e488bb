"""Where a pilot could stand: open and candidate malls, and places that a reader dropped on the map or uploaded; and whom each reaches.

People and drive times are public facts, and modelled: no order passes through here. A mall's figures are those of ``coverage_by_mall`` to
the person, because they come from the same two tables; a pin's come from the model that made its market's drives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analytics import reference
from analytics.errors import ParameterError
from analytics.parameters import LONGEST_DRIVE_S, WEIGHTS
from analytics.reference import VersionKey
from data.engine import Engine
from data.travel_time.anew import MarketModel, market_model
from data.warehouse import Version

OPEN, CANDIDATE = "open", "candidate"
_CACHED_MODELS: Final = 16
_CACHED_REACHES: Final = 32

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_DEMAND = """
SELECT market_id, cell, {weight} AS weight FROM demand_cells
WHERE is_inside AND {weight} > 0 AND market_id IN (SELECT unnest($markets)) ORDER BY market_id, cell
"""
_DRIVES = """
SELECT catchments.mall_id, catchments.market_id, catchments.cell, catchments.drive_s
FROM catchments JOIN demand_cells ON demand_cells.market_id = catchments.market_id AND demand_cells.cell = catchments.cell
WHERE is_inside AND {weight} > 0 AND drive_s <= $within AND catchments.mall_id IN (SELECT unnest($malls))
"""


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


@lru_cache(maxsize=_CACHED_REACHES)
def _reach(key: VersionKey, chosen: tuple[Site, ...], within_s: int, weight: str) -> Reach:
    market_ids = tuple(sorted({site.market_id for site in chosen}))
    demand = Engine.of(key.version).table(_DEMAND.format(weight=weight), {"markets": [*market_ids]})
    market = _positions(demand.column("market_id"), market_ids)
    none = np.empty(0, np.int64)
    cells, people = _whole(demand, "cell"), _whole(demand, "weight")
    empty = Reach(chosen, within_s, weight, market_ids, cells, market, people, site=none, cell=none, drive_s=none, open_count=none)
    malls, pins = _of_malls(key, empty), _of_pins(key, empty)
    site, cell, drive_s = (np.concatenate(parts) for parts in zip(malls, *pins, strict=True))
    order = np.lexsort((cell, drive_s, site))
    found = replace(
        empty, site=site[order], cell=cell[order], drive_s=drive_s[order], open_count=_open_count(key, empty), notes=_notes(key, chosen)
    )
    for each in (found.cells, found.market, found.people, found.site, found.cell, found.drive_s, found.open_count):
        each.setflags(write=False)  # shared by all readers
    return found


def _open_count(key: VersionKey, empty: Reach) -> Integers:
    """Return for each cell how many open malls of its market reach it."""
    malls = [mall.id for mall in reference.malls(key.version) if mall.status == OPEN and mall.market_id in empty.market_ids]
    rows = Engine.of(key.version).table(_DRIVES.format(weight=empty.weight), {"within": empty.within_s, "malls": malls})
    cell = _cell_positions(empty, _positions(rows.column("market_id"), empty.market_ids), _whole(rows, "cell"))
    return np.bincount(cell, minlength=len(empty.cells)).astype(np.int64)


def _of_malls(key: VersionKey, empty: Reach) -> tuple[Integers, Integers, Integers]:
    """Return the pairs of malls: position of the site, position of the cell, seconds."""
    malls = [site.id for site in empty.sites if not site.is_pin]
    rows = Engine.of(key.version).table(_DRIVES.format(weight=empty.weight), {"within": empty.within_s, "malls": malls})
    site = _positions(rows.column("mall_id"), tuple(each.id for each in empty.sites))
    market = _positions(rows.column("market_id"), empty.market_ids)
    return site, _cell_positions(empty, market, _whole(rows, "cell")), _whole(rows, "drive_s")


def _of_pins(key: VersionKey, empty: Reach) -> list[tuple[Integers, Integers, Integers]]:
    """Return the pairs of pins, as of malls."""
    parts = []
    for position, site in enumerate(empty.sites):
        if site.is_pin:
            found = _model(key, site.market_id).drives_from(site.latitude, site.longitude)
            near = found.drive_s <= empty.within_s
            market = np.full(int(near.sum()), empty.market_ids.index(site.market_id), np.int64)
            cell = _cell_positions(empty, market, found.cell[near])
            known = cell >= 0
            parts.append((np.full(int(known.sum()), position, np.int64), cell[known], found.drive_s[near][known]))
    return parts


def _notes(key: VersionKey, chosen: Sequence[Site]) -> tuple[str, ...]:
    """Say in which markets pins have another model than the malls."""
    names = {market.id: market.name for market in reference.markets(key.version)}
    markets = sorted({site.market_id for site in chosen if site.is_pin})
    return tuple(
        f"drives from dropped pins in {names[each]} are modelled over distance: what made its malls' drives is not at hand"
        for each in markets
        if not _model(key, each).is_same
    )


def _positions(values: pa.ChunkedArray, among: tuple[str, ...]) -> Integers:
    """Return the position of each text among some; -1 where it is none of them."""
    encoded = values.combine_chunks().dictionary_encode()
    place = {text: position for position, text in enumerate(among)}
    known = np.array([place.get(text, -1) for text in encoded.dictionary.to_pylist()] or [-1], np.int64)
    return np.asarray(known[encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)], np.int64)


def _cell_positions(reach_: Reach, market: Integers, cells: Integers) -> Integers:
    """Return where cells of markets stand among the demand cells; -1 where nobody lives in them."""
    found = np.full(len(cells), -1, np.int64)
    for each in np.unique(market).tolist():
        own = market == each
        first, last = np.searchsorted(reach_.market, [each, each + 1])
        known = reach_.cells[first:last]
        if not len(known):
            continue
        place = np.minimum(np.searchsorted(known, cells[own]), len(known) - 1)
        found[own] = np.where(known[place] == cells[own], first + place, -1)
    return found


def _whole(table: pa.Table, name: str) -> Integers:
    return np.array(table.column(name).to_numpy(), np.int64)
