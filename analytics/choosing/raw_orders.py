"""Expected orders, and the money they leave, cell by cell by SQL over the raw tables and the forecast: the second version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analytics.answers import answers
from analytics.choosing.areas import AREA_RESOLUTION
from analytics.choosing.carried import source
from analytics.choosing.every_set import LARGEST, Form, TooMany, largest
from analytics.choosing.forecast import Forecast, demands
from analytics.choosing.measures import recent
from analytics.choosing.raw_tables import PAIRS, Raw
from analytics.choosing.sites import Integers
from analytics.models.demand import Demand
from analytics.parameters import EVERYTHING, LONGEST_DRIVE_S, Parameters
from data.blocking import parent_sql

_EXPECTED: Final = (
    """
WITH pairs AS ("""
    + PAIRS
    + """
), near AS (
    SELECT market_id, cell, people, mall_id, drive_s, week, {area} AS area FROM pairs
    JOIN (SELECT unnest($malls) AS mall_id, unnest($longest) AS longest_s, unnest($weeks) AS week) USING (mall_id)
    WHERE drive_s <= longest_s
), areas AS (
    SELECT mall_id, area, sum(people)::DOUBLE AS people_there, row_number() OVER (PARTITION BY mall_id ORDER BY area) AS number
    FROM near GROUP BY mall_id, area
), shares AS (
    SELECT unnest($share_malls) AS mall_id, unnest($share_numbers)::BIGINT AS number, unnest($shares)::DOUBLE AS share
)
SELECT mall_id, cell, floor(1000 * week * (share * people / people_there))::BIGINT AS orders
FROM near JOIN areas USING (mall_id, area) JOIN shares USING (mall_id, number)
WHERE drive_s <= $terms_within ORDER BY mall_id, cell
"""
)


@dataclass(frozen=True, eq=False)
class Spread:
    """Cells of a mall in ascending order, and what it would have from each: thousandths of an order a week, or cents."""

    cell: Integers
    amount: Integers


_NOTHING: Final = Spread(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Orders(Raw):
    """Expected orders a week; a cell that several malls reach counts once, where it has most."""

    @property
    def weight(self) -> str:
        """Column of ``demand_cells`` that forecasts follow."""
        return self.wish.terms.of_forecast.weight

    def expected(self, mall: str) -> Spread:
        """Return what a mall would have from each cell within the drive, thousandths of an order a week."""
        market_id = self._market[mall]
        if market_id not in self._read:
            self._read[market_id] = self._of_market(market_id)
        return self._read[market_id].get(mall, _NOTHING)

    def _of_market(self, market_id: str) -> dict[str, Spread]:
        known = {}
        for site, told, demand in zip(self.sites, self.told, self._demands, strict=True):
            if site.market_id == market_id and told.orders_week is not None and demand is not None:
                week = self._had.get(site.id, told.orders_week.middle) if site.is_open else told.orders_week.middle
                known[site.id] = week, source(self.version, self.weight, without=site.id).history.longest_s, demand.share.tolist()
        if not known:
            return {}
        rows = self.table(
            _EXPECTED.replace("{area}", parent_sql("cell", AREA_RESOLUTION)),
            malls=[*known],
            weeks=[week for week, _, _ in known.values()],
            longest=[longest_s for _, longest_s, _ in known.values()],
            share_malls=[mall for mall, (_, _, shares) in known.items() for _ in shares],
            share_numbers=[number for _, _, shares in known.values() for number in range(1, len(shares) + 1)],
            shares=[share for _, _, shares in known.values() for share in shares],
            within=LONGEST_DRIVE_S,
            terms_within=self.wish.terms.within_s,
            market=market_id,
        )
        names = np.array(rows.column("mall_id").to_pylist(), np.str_)
        cell, orders = (rows.column(name).to_numpy().astype(np.int64) for name in ("cell", "orders"))
        return {mall: Spread(cell[names == mall], orders[names == mall]) for mall in known}

    @cached_property
    def _read(self) -> dict[str, dict[str, Spread]]:
        return {}

    @cached_property
    def _market(self) -> Mapping[str, str]:
        return {site.id: site.market_id for site in self.sites}

    @cached_property
    def _demands(self) -> Sequence[Demand | None]:
        return demands(self.version, self.sites, self.weight)

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
        own = [*malls, *self.open_ids]
        return _worth(_by_market(self._market, own, [self.expected(mall) for mall in own]))

    def form(self, names: Sequence[str], market_id: str | None = None) -> Form:
        """Return expected orders by mall and cell."""
        pays, there = self.by_cell(names, [self.expected(name) for name in names], self.open_in(market_id))
        return largest(pays, there, np.zeros(len(names), np.int64))

    def by_cell(self, names: Sequence[str], found: Sequence[Spread], open_ids: Sequence[str]) -> tuple[Integers, Integers]:
        """Return what some malls have by mall and cell, and what the open ones have in the same cells."""
        there = _by_market(self._market, open_ids, [self.expected(mall) for mall in open_ids])
        ours, parts, size = _by_market(self._market, names, found), list[tuple[Integers, Integers]](), 0
        for market_id in dict.fromkeys([*ours, *there]):
            own, others = ours.get(market_id, []), [spread for _, spread in there.get(market_id, [])]
            cells = np.unique(np.concatenate([_NOTHING.cell, *(spread.cell for _, spread in own), *(spread.cell for spread in others)]))
            if (size := size + len(cells)) * (len(names) + 1) > LARGEST:
                raise TooMany
            pays, have = np.zeros((len(names), len(cells)), np.int64), np.zeros(len(cells), np.int64)
            for place, spread in own:
                pays[place, np.searchsorted(cells, spread.cell)] = spread.amount
            open_ones = _most(others)
            have[np.searchsorted(cells, open_ones.cell)] = open_ones.amount
            parts.append((pays, have))
        none = np.zeros((len(names), 0), np.int64)
        return np.hstack([none, *(pays for pays, _ in parts)]), np.concatenate([none.sum(axis=0), *(have for _, have in parts)])

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
        return _worth(_by_market(self._market, malls, [self._gains(mall) for mall in malls])) + sum(self._own(mall) for mall in malls)

    def form(self, names: Sequence[str], market_id: str | None = None) -> Form:
        """Return cents by mall and cell; losses stand with what a mall adds by itself."""
        del market_id
        pays, there = self.by_cell(names, [self._gains(name) for name in names], ())
        return largest(pays, there, np.array([self._own(name) for name in names], np.int64))

    def unknown(self, mall: str) -> bool:
        """Tell whether orders or their cost cannot be forecast for a mall."""
        return super().unknown(mall) or self._forecast[mall].cost_cents is None

    @cached_property
    def _there(self) -> Mapping[str, Spread]:
        """Orders that open malls have in each cell, by market."""
        had = _by_market(self._market, self.open_ids, [self.expected(mall) for mall in self.open_ids])
        return {market_id: _most([spread for _, spread in own]) for market_id, own in had.items()}

    def _cents(self, mall: str) -> Spread:
        """Return what the orders that a mall adds in each cell leave; under 0 where each costs more than it brings in."""
        own, there = self.expected(mall), self._there.get(self._market[mall], _NOTHING)
        had = np.zeros(len(own.cell), np.int64)
        _, at, of = np.intersect1d(own.cell, there.cell, assume_unique=True, return_indices=True)
        had[at] = there.amount[of]
        return Spread(own.cell, np.maximum(own.amount - had, 0) * (self._left(mall) * self.wish.weeks) // 1000)

    def _gains(self, mall: str) -> Spread:
        cents = self._cents(mall)
        return Spread(cents.cell, np.maximum(cents.amount, 0))

    def _own(self, mall: str) -> int:
        """Return what a mall adds by itself: its losses on orders, and its cost."""
        return int(np.minimum(self._cents(mall).amount, 0).sum()) - self.wish.cost_cents(mall)

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


def _by_market(market: Mapping[str, str], malls: Sequence[str], spreads: Sequence[Spread]) -> dict[str, list[tuple[int, Spread]]]:
    """Return what malls have by their market, each with its place among them."""
    found: dict[str, list[tuple[int, Spread]]] = {}
    for place, (mall, spread) in enumerate(zip(malls, spreads, strict=True)):
        found.setdefault(market[mall], []).append((place, spread))
    return found


def _worth(by_market: Mapping[str, Sequence[tuple[int, Spread]]]) -> int:
    """Return what malls have together: in each cell what the best of them has."""
    return sum(int(_most([spread for _, spread in own]).amount.sum()) for own in by_market.values())


def _most(spreads: Sequence[Spread]) -> Spread:
    """Return what the best of some malls of one market has in each cell, 0 or more."""
    cells, place = np.unique(np.concatenate([_NOTHING.cell, *(spread.cell for spread in spreads)]), return_inverse=True)
    most = np.zeros(len(cells), np.int64)
    np.maximum.at(most, place, np.concatenate([_NOTHING.amount, *(spread.amount for spread in spreads)]))
    return Spread(cells, most)
