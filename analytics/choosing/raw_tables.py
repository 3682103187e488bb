"""The raw tables as a check of a set of malls reads them: demand, drives, conditions. Nothing of the solver, nor of its arrays."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analytics.choosing.every_set import LARGEST, Form, TooMany
from analytics.choosing.forecast import Forecast, forecasts
from analytics.choosing.pilots import history
from analytics.choosing.sites import Integers, Site, model_of
from analytics.choosing.staffing import spare_drivers
from analytics.choosing.wish import Wish
from analytics.reference import VersionKey
from data.engine import Engine
from data.warehouse import Version

DRIVES: Final = """
WITH people AS (
    SELECT market_id, cell, {weight} AS people FROM demand_cells
    WHERE is_inside AND {weight} > 0 AND ($market IS NULL OR market_id = $market)
), drives AS (
    SELECT mall_id, market_id, cell, drive_s FROM catchments UNION ALL BY NAME
    SELECT unnest($pins) AS mall_id, unnest($pin_markets) AS market_id, unnest($pin_cells)::BIGINT AS cell,
        unnest($pin_seconds)::BIGINT AS drive_s
)
"""
_TOTAL: Final = DRIVES + "SELECT coalesce(sum(people), 0)::BIGINT AS total FROM people"
PAIRS: Final = (
    DRIVES
    + """
SELECT dense_rank() OVER (ORDER BY market_id, cell) - 1 AS place, market_id, cell, people, mall_id, drive_s
FROM people JOIN drives USING (market_id, cell) WHERE drive_s <= $within AND mall_id IN (SELECT unnest($malls))
"""
)


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
        return self.open_in(None)

    @cached_property
    def told(self) -> tuple[Forecast, ...]:
        """Forecasts of the sites."""
        return forecasts(self.version, self.sites, self.wish.terms.of_forecast)

    def open_in(self, market_id: str | None) -> list[str]:
        """Return ids of open malls of one market, or of all."""
        return [site.id for site in self.sites if site.is_open and market_id in {None, site.market_id}]

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
    def form(self, names: Sequence[str], market_id: str | None = None) -> Form:
        """Return what sets of some candidates are worth, by their places in ``names``; more is better.

        Parameters
        ----------
        names
            Ids of candidates.
        market_id
            Where only a market is looked at: all of the candidates stand in it.

        Raises
        ------
        TooMany
            If there are more cells and malls than can be looked at.
        """

    def turned(self, value: int) -> int:
        """Return a value as one of which more is better, and back."""
        return value

    def unknown(self, mall: str) -> bool:
        """Tell whether nothing is known of what a mall would be worth, so that it is in no set."""
        del mall
        return False

    def rows(self, sql: str, **more: object) -> list[dict[str, Any]]:
        """Run SQL of this module."""
        found: list[dict[str, Any]] = self.table(sql, **more).to_pylist()
        return found

    def table(self, sql: str, **more: object) -> pa.Table:
        """Run SQL of this module."""
        return Engine.of(self.version).table(sql.format(weight=self.weight), {"market": self.wish.market_id, **self._pins, **more})

    def pairs(self, names: Sequence[str], within_s: int, market_id: str | None = None) -> "Pairs":
        """Return which malls reach which cells, of one market or of all."""
        rows = self.table(PAIRS, malls=[*names], within=within_s, market=market_id or self.wish.market_id)
        places = {name: place for place, name in enumerate(names)}
        mall = np.array([places[name] for name in rows.column("mall_id").to_pylist()], np.int64)
        cell, drive_s, people = (rows.column(name).to_numpy().astype(np.int64) for name in ("place", "drive_s", "people"))
        if len(names) * (cells := int(cell.max(initial=-1)) + 1) > LARGEST:
            raise TooMany
        by_cell = np.zeros(cells, np.int64)
        by_cell[cell] = people
        return Pairs(len(names), mall, cell, drive_s, by_cell)

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
        return sum(self._hours[mall] for mall in malls)

    @cached_property
    def _hours(self) -> Mapping[str, int]:
        return {each.site.id: 0 if each.driver_hours_week is None else each.driver_hours_week.middle for each in self.told}

    def hours_there(self, market_id: str) -> int:
        """Return the driver-hours a week that a market has to spare and can add."""
        found = history(self.version, self.wish.terms.of_forecast.weight)
        spare = spare_drivers(VersionKey.of(self.version), market_id, found)
        return (0 if spare is None else int(spare.sum())) + (self.wish.hire_hours or 0)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which of some malls reach which cells: their places, and the drive, one entry per pair; ``people`` by cell."""

    malls: int
    mall: Integers
    cell: Integers
    drive_s: Integers
    people: Integers

    def matrix(self, values: Integers) -> Integers:
        """Return the values of the pairs by mall and cell, 0 elsewhere."""
        found = np.zeros((self.malls, len(self.people)), np.int64)
        found[self.mall, self.cell] = values
        return found
