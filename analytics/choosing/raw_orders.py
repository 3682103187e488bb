"""Expected orders, and the money they leave, cell by cell in plain loops over the forecast: the second, slow version."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from analytics.answers import answers
from analytics.choosing.areas import AREA_RESOLUTION
from analytics.choosing.carried import source
from analytics.choosing.every_set import LARGEST, Form, TooMany, largest
from analytics.choosing.forecast import Forecast, demands
from analytics.choosing.measures import recent
from analytics.choosing.raw_tables import PAIRS, Raw
from analytics.choosing.sites import Integers
from analytics.parameters import EVERYTHING, LONGEST_DRIVE_S, Parameters


class Orders(Raw):
    """Expected orders a week; a cell that several malls reach counts once, where it has most."""

    @property
    def weight(self) -> str:
        """Column of ``demand_cells`` that forecasts follow."""
        return self.wish.terms.of_forecast.weight

    @cached_property
    def expected(self) -> dict[str, dict[tuple[str, int], int]]:
        """Thousandths of an order a week that each mall would have from each cell within the drive."""
        pairs: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows(PAIRS, malls=[site.id for site in self.sites], within=LONGEST_DRIVE_S):
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
        """Return what a set has together with the open malls, thousandths of an order a week."""
        most: dict[tuple[str, int], int] = {}
        for mall in [*malls, *self.open_ids]:
            for cell, orders in self.expected[mall].items():
                most[cell] = max(orders, most.get(cell, 0))
        return sum(most.values())

    def form(self, names: Sequence[str]) -> Form:
        """Return expected orders by mall and cell."""
        pays, there = self.by_cell([self.expected[name] for name in names])
        return largest(pays, there, np.zeros(len(names), np.int64))

    def by_cell(self, found: Sequence[Mapping[tuple[str, int], int]]) -> tuple[Integers, Integers]:
        """Return what some malls have by mall and cell, and what the open ones have in the same cells."""
        have = [self.expected[mall] for mall in self.open_ids]
        cells = {cell: place for place, cell in enumerate(dict.fromkeys(cell for each in (*found, *have) for cell in each))}
        if len(cells) * (len(found) + 1) > LARGEST:
            raise TooMany
        pays, there = np.zeros((len(found), len(cells)), np.int64), np.zeros(len(cells), np.int64)
        for mall, own in enumerate(found):
            pays[mall, [cells[cell] for cell in own]] = [*own.values()]
        for own in have:
            at = [cells[cell] for cell in own]
            there[at] = np.maximum(there[at], [*own.values()])
        return pays, there

    def unknown(self, mall: str) -> bool:
        """Tell whether no orders can be forecast for a mall."""
        return self._forecast[mall].orders_week is None

    @cached_property
    def _forecast(self) -> dict[str, Forecast]:
        return {each.site.id: each for each in self.told}


class Money(Orders):
    """What cells bring in, cents over the weeks, less what malls lose and cost."""

    def value(self, malls: Sequence[str]) -> int:
        """Return what a set leaves over the weeks, cents."""
        most: dict[tuple[str, int], int] = {}
        for mall in malls:
            for cell, cents in self._cents(mall).items():
                most[cell] = max(cents, most.get(cell, 0))
        return sum(most.values()) + sum(self._own(mall) for mall in malls)

    def form(self, names: Sequence[str]) -> Form:
        """Return cents by mall and cell; losses stand with what a mall adds by itself."""
        pays, _ = self.by_cell([{cell: max(cents, 0) for cell, cents in self._cents(name).items()} for name in names])
        return largest(pays, np.zeros(pays.shape[1], np.int64), np.array([self._own(name) for name in names], np.int64))

    def unknown(self, mall: str) -> bool:
        """Tell whether orders or their cost cannot be forecast for a mall."""
        return super().unknown(mall) or self._forecast[mall].cost_cents is None

    @cached_property
    def _there(self) -> dict[tuple[str, int], int]:
        """Orders that open malls have in each cell."""
        there: dict[tuple[str, int], int] = {}
        for mall in self.open_ids:
            for cell, orders in self.expected[mall].items():
                there[cell] = max(orders, there.get(cell, 0))
        return there

    def _cents(self, mall: str) -> dict[tuple[str, int], int]:
        """Return what the orders that a mall adds in each cell leave; under 0 where each costs more than it brings in."""
        left = self._left(mall) * self.wish.weeks
        there = self._there
        return {cell: max(orders - there.get(cell, 0), 0) * left // 1000 for cell, orders in self.expected[mall].items()}

    def _own(self, mall: str) -> int:
        """Return what a mall adds by itself: its losses on orders, and its cost."""
        return sum(min(cents, 0) for cents in self._cents(mall).values()) - self.wish.cost_cents(mall)

    def _left(self, mall: str) -> int:
        cost = self._forecast[mall].cost_cents
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


def _parent(cell: int) -> int:
    return (cell & ~(15 << 52)) | (AREA_RESOLUTION << 52) | ((1 << (3 * (15 - AREA_RESOLUTION))) - 1)
