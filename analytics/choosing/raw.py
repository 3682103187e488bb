"""What sets of malls are worth, from the raw tables by SQL and plain sums: the second, slow version beside ``analytics.choosing.worth``."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analytics.answers import answers
from analytics.choosing.areas import AREA_RESOLUTION
from analytics.choosing.carried import source
from analytics.choosing.forecast import Forecast, demands, forecasts
from analytics.choosing.measures import recent
from analytics.choosing.pilots import history
from analytics.choosing.sites import Site, model_of, sites
from analytics.choosing.staffing import spare_drivers
from analytics.choosing.wish import Wish
from analytics.parameters import EVERYTHING, LONGEST_DRIVE_S, Parameters
from analytics.reference import VersionKey
from data.engine import Engine
from data.warehouse import Version

_DRIVES: Final = """
WITH people AS (
    SELECT market_id, cell, {weight} AS people FROM demand_cells
    WHERE is_inside AND {weight} > 0 AND ($market IS NULL OR market_id = $market)
), drives AS (
    SELECT mall_id, market_id, cell, drive_s FROM catchments UNION ALL BY NAME
    SELECT unnest($pins) AS mall_id, unnest($pin_markets) AS market_id, unnest($pin_cells)::BIGINT AS cell,
        unnest($pin_seconds)::BIGINT AS drive_s
)
"""
_TOTAL: Final = _DRIVES + "SELECT coalesce(sum(people), 0)::BIGINT AS total FROM people"
_COVERED: Final = (
    _DRIVES
    + """
SELECT coalesce(sum(people), 0)::BIGINT AS value FROM people WHERE (
    SELECT count(*) FROM drives
    WHERE drives.market_id = people.market_id AND drives.cell = people.cell AND drive_s <= $within AND mall_id IN (SELECT unnest($malls))
) >= $times
"""
)
_MINUTES: Final = (
    _DRIVES
    + """
SELECT coalesce(sum(people * least($longest, coalesce(drive_s, $longest))), 0)::BIGINT AS value FROM people LEFT JOIN (
    SELECT market_id, cell, min(drive_s) AS drive_s FROM drives WHERE mall_id IN (SELECT unnest($malls)) GROUP BY market_id, cell
) USING (market_id, cell)
"""
)
_PAIRS: Final = _DRIVES + "SELECT market_id, cell, people, mall_id, drive_s FROM people JOIN drives USING (market_id, cell)"


@dataclass(frozen=True)
class Raw(ABC):
    """The tables, as a check of one wish reads them."""

    version: Version
    wish: Wish
    sites: tuple[Site, ...]

    @cached_property
    def candidates(self) -> Mapping[str, Site]:
        """Candidates and pins by id."""
        return {site.id: site for site in self.sites if not site.is_open}

    @cached_property
    def open_ids(self) -> list[str]:
        """Ids of open malls."""
        return [site.id for site in self.sites if site.is_open]

    @cached_property
    def told(self) -> tuple[Forecast, ...]:
        """Forecasts of the sites."""
        return forecasts(self.version, self.sites, self.wish.terms.of_forecast)

    @property
    def weight(self) -> str:
        """Column of ``demand_cells`` that is counted."""
        return self.wish.terms.weight

    @cached_property
    def total(self) -> int:
        """All demand inside the boundaries."""
        return int(self.rows(_TOTAL)[0]["total"])

    @abstractmethod
    def value(self, malls: Sequence[str]) -> int:
        """Return what a set of candidates is worth beside the open malls."""

    @abstractmethod
    def quick(self, names: Sequence[str]) -> tuple[Callable[[tuple[int, ...]], int], int]:
        """Return a quick version of ``value`` by places in ``names``, and how many numbers it looks at."""

    def rows(self, sql: str, **more: object) -> list[dict[str, Any]]:
        """Run SQL of this module."""
        found: list[dict[str, Any]] = self.table(sql, **more).to_pylist()
        return found

    def table(self, sql: str, **more: object) -> pa.Table:
        """Run SQL of this module."""
        return Engine.of(self.version).table(sql.format(weight=self.weight), {"market": self.wish.market_id, **self._pins, **more})

    @cached_property
    def _pins(self) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {"pins": [], "pin_markets": [], "pin_cells": [], "pin_seconds": []}
        for site in self.sites:
            if site.is_pin:
                drives = model_of(self.version, site.market_id).drives_from(site.latitude, site.longitude)
                columns["pins"] += [site.id] * len(drives.cell)
                columns["pin_markets"] += [site.market_id] * len(drives.cell)
                columns["pin_cells"] += drives.cell.tolist()
                columns["pin_seconds"] += drives.drive_s.tolist()
        return columns

    def by_market(self, malls: Sequence[str]) -> dict[str, list[str]]:
        """Return malls by their market."""
        found: dict[str, list[str]] = {}
        for mall in malls:
            found.setdefault(self.candidates[mall].market_id, []).append(mall)
        return found

    def hours_needed(self, malls: Sequence[str]) -> int:
        """Return the driver-hours a week that malls need by their forecasts."""
        bands = {each.site.id: each.driver_hours_week for each in self.told}
        return sum(band.middle for mall in malls if (band := bands[mall]) is not None)

    def hours_there(self, market_id: str) -> int:
        """Return the driver-hours a week that a market has to spare and can add."""
        found = history(self.version, self.wish.terms.of_forecast.weight)
        spare = spare_drivers(VersionKey.of(self.version), market_id, found)
        return (0 if spare is None else int(spare.sum())) + (self.wish.hire_hours or 0)


class _Covered(Raw):
    def value(self, malls: Sequence[str]) -> int:
        asked = {"malls": [*malls, *self.open_ids], "within": self.wish.terms.within_s, "times": self.wish.backup}
        return int(self.rows(_COVERED, **asked)[0]["value"])

    def quick(self, names: Sequence[str]) -> tuple[Callable[[tuple[int, ...]], int], int]:
        """Cells with the same malls around them are one number: a bit for each mall."""
        bit = {name: 1 << place for place, name in enumerate([*names, *self.open_ids])}
        around: dict[tuple[str, int, int], int] = {}
        for row in self.rows(_PAIRS):
            if row["mall_id"] in bit and row["drive_s"] <= self.wish.terms.within_s:
                cell = (row["market_id"], row["cell"], row["people"])
                around[cell] = around.get(cell, 0) | bit[row["mall_id"]]
        together: dict[int, int] = {}
        for (_, _, people), mask in around.items():
            together[mask] = together.get(mask, 0) + people
        there = sum(bit[name] for name in self.open_ids)

        def worth(places: tuple[int, ...]) -> int:
            chosen = there | sum(1 << place for place in places)
            return sum(people for mask, people in together.items() if (mask & chosen).bit_count() >= self.wish.backup)

        return worth, 20 * len(together)


class _Minutes(Raw):
    def value(self, malls: Sequence[str]) -> int:
        return int(self.rows(_MINUTES, malls=[*malls, *self.open_ids], longest=LONGEST_DRIVE_S)[0]["value"])

    def quick(self, names: Sequence[str]) -> tuple[Callable[[tuple[int, ...]], int], int]:
        places = {name: place for place, name in enumerate([*names, *self.open_ids])}
        rows = [row for row in self.rows(_PAIRS) if row["mall_id"] in places]
        cells = {key: place for place, key in enumerate(dict.fromkeys((row["market_id"], row["cell"]) for row in rows))}
        drive_s, people = np.full((len(places), len(cells)), LONGEST_DRIVE_S), np.zeros(len(cells), np.int64)
        for row in rows:
            cell = cells[row["market_id"], row["cell"]]
            people[cell] = row["people"]
            drive_s[places[row["mall_id"]], cell] = min(LONGEST_DRIVE_S, row["drive_s"])
        far = (self.total - int(people.sum())) * LONGEST_DRIVE_S
        there = drive_s[len(names) :].min(axis=0, initial=LONGEST_DRIVE_S)

        def worth(chosen: tuple[int, ...]) -> int:
            return far + int((people * np.minimum(there, drive_s[list(chosen)].min(axis=0, initial=LONGEST_DRIVE_S))).sum())

        return worth, 10 * len(cells)


class _Orders(Raw):
    """Expected orders, cell by cell in plain loops; ``money`` where it is cents."""

    @property
    def weight(self) -> str:
        return self.wish.terms.of_forecast.weight

    @cached_property
    def expected(self) -> dict[str, dict[tuple[str, int], int]]:
        """Thousandths of an order a week that each mall would have from each cell within the drive."""
        pairs: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows(_PAIRS):
            pairs.setdefault(row["mall_id"], []).append(row)
        found: dict[str, dict[tuple[str, int], int]] = {}
        for site, told, demand in zip(self.sites, self.told, demands(self.version, self.sites, self.weight), strict=True):
            found[site.id] = {}
            if told.orders_week is None or demand is None:
                continue
            week = self._had.get(site.id, told.orders_week.middle) if site.is_open else told.orders_week.middle
            longest_s = source(self.version, self.weight, without=site.id).history.longest_s
            near = [row for row in pairs.get(site.id, []) if row["drive_s"] <= longest_s]
            areas: dict[int, int] = {}
            for row in near:
                areas[_parent(row["cell"])] = areas.get(_parent(row["cell"]), 0) + row["people"]
            share = dict(zip(sorted(areas), demand.share.tolist(), strict=True))
            for row in near:
                if row["drive_s"] <= self.wish.terms.within_s:
                    area = _parent(row["cell"])
                    part = share[area] * row["people"] / areas[area]
                    found[site.id][row["market_id"], row["cell"]] = int(1000 * week * part)
        return found

    @cached_property
    def _had(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for market_id in {site.market_id for site in self.sites}:
            days = recent(self.version, market_id)
            if days is not None:
                asked = Parameters(market_id=market_id, start_on=days.start_on, end_on=days.end_on, by=("mall",))
                rows = answers("orders", asked, EVERYTHING, self.version).rows()
                found |= {row["mall_id"]: round(row["orders"] * 7 / days.days) for row in rows if row["orders"] is not None}
        return found

    def value(self, malls: Sequence[str]) -> int:
        most: dict[tuple[str, int], int] = {}
        for mall in [*malls, *self.open_ids]:
            for cell, orders in self.expected[mall].items():
                most[cell] = max(orders, most.get(cell, 0))
        return sum(most.values())

    def quick(self, names: Sequence[str]) -> tuple[Callable[[tuple[int, ...]], int], int]:
        return (lambda places: self.value([names[place] for place in places])), 100 * sum(len(each) for each in self.expected.values())


class _Money(_Orders):
    def value(self, malls: Sequence[str]) -> int:
        there: dict[tuple[str, int], int] = {}
        for mall in self.open_ids:
            for cell, orders in self.expected[mall].items():
                there[cell] = max(orders, there.get(cell, 0))
        most: dict[tuple[str, int], int] = {}
        lost = 0
        for mall in malls:
            left = self._left(mall)
            for cell, orders in self.expected[mall].items():
                cents = max(orders - there.get(cell, 0), 0) * left * self.wish.weeks // 1000
                lost += min(cents, 0)
                most[cell] = max(cents, most.get(cell, 0))
        return sum(most.values()) + lost - sum(self.wish.cost_cents(mall) for mall in malls)

    def _left(self, mall: str) -> int:
        cost = {each.site.id: each.cost_cents for each in self.told}[mall]
        return 0 if cost is None or self._earns is None else self._earns - cost.middle

    @cached_property
    def _earns(self) -> int | None:
        if self.wish.earns_cents is not None:
            return self.wish.earns_cents
        days = recent(self.version, None)
        if days is None:
            return None
        asked = Parameters(start_on=days.start_on, end_on=days.end_on)
        mean = answers("contribution_per_order", asked, EVERYTHING, self.version).row().get("fee_mean_cents")
        return None if mean is None else round(mean)


def raw(version: Version, wish: Wish) -> Raw:
    """Return the tables of a version, as a check of a wish reads them.

    Raises
    ------
    ParameterError
        If the version has no such market.
    """
    there = sites(version, [wish.market_id] if wish.market_id else (), wish.pins)
    kinds: dict[str, Callable[[Version, Wish, tuple[Site, ...]], Raw]] = {
        "cover": _Covered,
        "minutes": _Minutes,
        "orders": _Orders,
        "contribution": _Money,
    }
    return kinds[wish.aim](version, wish, there)


def _parent(cell: int) -> int:
    return (cell & ~(15 << 52)) | (AREA_RESOLUTION << 52) | ((1 << (3 * (15 - AREA_RESOLUTION))) - 1)


def by_hand(version: Version, wish: Wish, malls: Sequence[str]) -> str:
    """Return SQL that gives the value of a set from the tables of the version; empty for expected orders, and where places were dropped.

    Parameters
    ----------
    version, wish
        Data and question.
    malls
        Ids of the candidates in the set.
    """
    known = raw(version, wish)
    if wish.aim not in {"cover", "minutes"} or any(site.is_pin for site in known.sites):
        return ""
    sql = (_COVERED if wish.aim == "cover" else _MINUTES).format(weight=known.weight)
    head, rest = sql.split(" UNION ALL BY NAME")
    sql = head + rest[rest.index("\n)") :]
    names = ", ".join(_quoted(name) for name in sorted([*malls, *known.open_ids]))
    values = {
        "$market": "NULL" if wish.market_id is None else _quoted(wish.market_id),
        "$within": str(wish.terms.within_s),
        "$times": str(wish.backup),
        "$longest": str(LONGEST_DRIVE_S),
        "$malls": f"[{names}]",
    }
    for name, value in values.items():
        sql = sql.replace(name, value)
    return sql.strip()


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
