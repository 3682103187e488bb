"""What the pilots tell of a mall that is not open yet: their weeks, the people around them, and some of their orders, whole.

Read once for a version. Open malls with orders of at least ten customers in the last 13 weeks, people in reach and one complete week are
pilots; everything of theirs that leaves here is summed up over all of them, or is a figure that the other pages show too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import numpy as np

from analytics import reference
from analytics.answers import Answer, answers
from analytics.choosing.areas import areas_of, floats, income_logs, less_typical, stacked, typical_income_log
from analytics.choosing.sites import Integers, Reach, Site, reach, sites
from analytics.launch import complete_weeks
from analytics.models.between import Floats
from analytics.models.demand import Areas
from analytics.models.launch_ramp import Weeks
from analytics.models.transfer import Carried, carried_of
from analytics.parameters import EVERYTHING, Parameters
from analytics.periods import Period, period
from analytics.reference import Mall, VersionKey
from data.engine import Engine
from data.warehouse import Version

SAMPLED_ORDERS: Final = 1_500
"""Delivered orders of a pilot that are carried over, about."""

MATURE_WEEKS: Final = 200
"""A mall of which nobody knows when it opened is taken to be open for so long."""

_COMMON_ORDERS: Final = 5 * 168
_SERVED_SHARE: Final = 0.999
_CACHED: Final = 8
_CACHED_WITHOUT: Final = 64
_WEEK: Final = timedelta(days=7)

_WEEKS = """
WITH asked AS (SELECT unnest($malls) AS mall_id, unnest($starts) AS start_on, unnest($ends) AS end_on)
SELECT mall_id, (local_date - start_on) // 7 AS week, count(*) AS orders
FROM orders JOIN asked USING (mall_id) WHERE local_date >= start_on AND local_date < end_on GROUP BY ALL ORDER BY ALL
"""
_CELLS = """
WITH asked AS (SELECT unnest($malls) AS mall_id, unnest($starts) AS start_on, unnest($ends) AS end_on)
SELECT mall_id, coalesce(dropoff_cell, -1) AS cell, count(*) AS orders
FROM orders JOIN asked USING (mall_id) WHERE local_date >= start_on AND local_date < end_on GROUP BY ALL ORDER BY ALL
"""
_HOURS = """
SELECT mall_id, local_dow, local_hour, count(*) AS orders FROM orders
WHERE mall_id IN (SELECT unnest($malls)) AND local_date >= $start AND local_date < $end GROUP BY ALL ORDER BY ALL
"""
_CARRIED = """
WITH asked AS (SELECT unnest($malls) AS mall_id, unnest($steps) AS step), taken AS (
    SELECT orders.* FROM orders JOIN asked USING (mall_id)
    WHERE status = 'delivered' AND drive_s > 0 AND click_to_door_s >= drive_s AND dropoff_cell IS NOT NULL
        AND local_date >= $start AND local_date < $end AND hash(order_id) % step = 0
), carrying AS (
    SELECT trip_id, trips.engaged_s, coalesce(trips.order_count, 1) AS order_count, trips.pay_cents
    FROM trips WHERE trip_id IN (SELECT trip_id FROM taken)
)
SELECT taken.mall_id, catchments.drive_s AS modelled_s, taken.drive_s, click_to_door_s, click_to_door_s - late_s AS promise_s,
    epoch(accepted_at - placed_at)::BIGINT AS start_s, coalesce(carrying.engaged_s, epoch(delivered_at - accepted_at)::BIGINT) AS trip_s,
    coalesce(carrying.order_count, 1) AS trip_orders, carrying.pay_cents / carrying.order_count AS pay_cents
FROM taken JOIN catchments ON catchments.mall_id = taken.mall_id AND catchments.cell = taken.dropoff_cell
LEFT JOIN carrying USING (trip_id)
WHERE catchments.drive_s > 0 ORDER BY taken.mall_id, modelled_s, order_id
"""
FIGURES: Final = ("click_to_door", "on_time_share", "cost_per_delivery")


@dataclass(frozen=True)
class History:
    """What pilots tell.

    Attributes
    ----------
    malls
        Pilots, by id; their positions are those in the arrays.
    weeks, areas, known_share, carried
        As the models take them.
    rhythm
        Share of a week's orders by hour of the week, from Monday midnight; the pilots' mean; shape (168,), sums to 1, or zeros.
    longest_s
        Drive within which the pilots' orders come from, seconds: beyond it nobody is counted.
    income_log
        Logarithm of typical income, cents; None: no income in the data.
    weight
        Whose number demand follows.
    recent
        Days that times, pay and rhythm are of.
    shown
        Rows of ``FIGURES`` by mall, as other pages show them.
    """

    malls: tuple[Mall, ...]
    weeks: Weeks
    areas: Areas
    known_share: Floats
    carried: Carried
    rhythm: Floats
    longest_s: int
    income_log: float | None
    weight: str
    recent: Period
    shown: Mapping[str, Mapping[str, Mapping[str, Any]]]


def history(version: Version, weight: str = "households", *, without: str = "") -> History:
    """Return what the pilots of a version tell; without pilots its tuples and arrays are empty.

    Parameters
    ----------
    version
        Data.
    weight
        Whose number demand follows.
    without
        A mall that is left out everywhere, as if it were not open: its orders also tell nothing of the rhythm of the week, of how far
        people order, nor of the typical income.
    """
    return _history(VersionKey.of(version), weight, without if tells(version, weight, without) else "")


def tells(version: Version, weight: str, mall_id: str) -> bool:
    """Tell whether a mall is among those from which pilots are taken."""
    return mall_id in _read(VersionKey.of(version), weight).spans


@lru_cache(maxsize=_CACHED)
def _read(key: VersionKey, weight: str) -> "_Read":
    version, engine = key.version, Engine.of(key.version)
    recent = _recent(version)
    spans = _spans(version, recent)
    reached = reach(version, [site for site in sites(version) if site.id in spans], weight=weight)
    placed = _placed(reached, engine.table(_CELLS, _asked(spans)).to_pylist() if spans else [])
    malls = tuple(mall for mall in sorted(reference.malls(version), key=lambda mall: mall.id) if placed.get(mall.id, _NOTHING).inside)
    ids = [mall.id for mall in malls]
    rhythms = _rhythms(engine, ids, recent)
    return _Read(
        malls=malls,
        spans=spans,
        reached=reached,
        placed=placed,
        incomes=income_logs(engine, reached),
        weeks=_weeks(engine, ids, spans),
        carried=_carried(engine, ids, recent, rhythms),
        rhythms=rhythms,
        recent=recent,
        shown={name: _by_mall(_asked_of(name, recent, version)) if malls else {} for name in FIGURES},
    )


@lru_cache(maxsize=_CACHED_WITHOUT)
def _history(key: VersionKey, weight: str, without: str) -> History:
    read = _read(key, weight)
    malls = [mall for mall in read.malls if mall.id != without]
    longest_s = _longest_s([read.placed[mall.id] for mall in malls])
    typical = read.typical_income_log(without) if malls else None
    incomes, places = less_typical(read.incomes, typical), {site.id: place for place, site in enumerate(read.reached.sites)}
    around = [areas_of(read.reached, places[mall.id], longest_s, incomes, orders=read.placed[mall.id].orders) for mall in malls]
    # A mall whose orders all lie beyond the drive counted is none.
    pilots = [(mall, areas) for mall, areas in zip(malls, around, strict=True) if areas.orders.any()]
    ids = [mall.id for mall, _ in pilots]
    positions = [place for place, mall in enumerate(read.malls) if mall.id in ids]
    inside = np.array([areas.orders.sum() for _, areas in pilots], float)
    return History(
        malls=tuple(mall for mall, _ in pilots),
        weeks=_weeks_of(read.weeks, positions),
        areas=stacked([areas for _, areas in pilots]),
        known_share=inside / np.array([read.placed[mall_id].total for mall_id in ids], float),
        carried=carried_of(read.carried, positions),
        rhythm=_mean_rhythm({mall_id: read.rhythms[mall_id] for mall_id in ids}),
        longest_s=longest_s,
        income_log=typical,
        weight=weight,
        recent=read.recent,
        shown={name: {mall_id: row for mall_id, row in rows.items() if mall_id in ids} for name, rows in read.shown.items()},
    )


@dataclass(frozen=True)
class _Read:
    """What is read once of a version: of every open mall that may be a pilot, by itself."""

    malls: tuple[Mall, ...]
    spans: Mapping[str, "_Span"]
    reached: Reach
    placed: Mapping[str, "_Placed"]
    incomes: Floats
    weeks: Weeks
    carried: Carried
    rhythms: Mapping[str, Floats]
    recent: Period
    shown: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def typical_income_log(self, without: str) -> float | None:
        """Return the typical income of the markets in which malls other than ``without`` stand."""
        markets = {site.market_id for site in self.reached.sites if site.id != without}
        is_theirs = np.isin(self.reached.market, [place for place, name in enumerate(self.reached.market_ids) if name in markets])
        return typical_income_log(self.incomes[is_theirs], self.reached.people[is_theirs])


@dataclass(frozen=True)
class _Placed:
    """Orders of a mall: by each of its cells, in cells with people, and all; drives and orders of the former."""

    orders: Integers
    drive_s: Integers
    inside: int
    total: int


_NOTHING: Final = _Placed(np.empty(0, np.int64), np.empty(0, np.int64), 0, 0)


@dataclass(frozen=True)
class _Span:
    """Complete weeks of a mall: number of the first one, its first day, and the day after the last one."""

    first_week: int
    start_on: date
    end_on: date


def _spans(version: Version, recent: Period) -> dict[str, _Span]:
    """Return the complete weeks of open malls whose recent orders may be shown."""
    markets = {market.id: market for market in reference.markets(version)}
    shown = _by_mall(_asked_of("orders", recent, version))
    spans = {}
    for mall in reference.malls(version):
        market = markets[mall.market_id]
        if mall.status != "open" or mall.id not in shown or market.first_on is None or market.last_complete_on is None:
            continue
        opened_on = mall.opened_on or market.first_on
        weeks = complete_weeks(opened_on, first_on=market.first_on, last_on=market.last_complete_on, closed_on=mall.closed_on)
        if weeks:
            first = weeks.start + (0 if mall.opened_on else MATURE_WEEKS)
            spans[mall.id] = _Span(first, opened_on + weeks.start * _WEEK, opened_on + weeks.stop * _WEEK)
    return spans


def _asked(spans: Mapping[str, _Span]) -> dict[str, Any]:
    return {
        "malls": [*spans],
        "starts": [each.start_on for each in spans.values()],
        "ends": [each.end_on for each in spans.values()],
    }


def _recent(version: Version) -> Period:
    extent = reference.extent(version)
    last_on = extent.last_complete_on or date(2000, 1, 2)
    return period("last-13-weeks", last_complete_on=last_on, week_start=extent.week_start, first_on=extent.first_on)


def _placed(reached: Reach, rows: list[dict[str, Any]]) -> dict[str, _Placed]:
    """Return the orders of each mall by its cells."""
    by_mall: dict[str, dict[int, int]] = {}
    for row in rows:
        by_mall.setdefault(row["mall_id"], {})[row["cell"]] = row["orders"]
    found = {}
    for position, site in enumerate(reached.sites):
        counts, own = by_mall.get(site.id, {}), reached.of_site(position)
        cells = reached.cells[reached.cell[own]].tolist()
        orders = np.array([counts.get(cell, 0) for cell in cells], np.int64)
        found[site.id] = _Placed(orders, reached.drive_s[own], int(orders.sum()), sum(counts.values()))
    return found


def _longest_s(placed: list[_Placed]) -> int:
    """Return the drive within which all but one in a thousand orders of every pilot come from, in whole minutes, rounded up."""
    longest = 0
    for each in placed:
        running = np.cumsum(each.orders)  # nearest first
        longest = max(longest, int(each.drive_s[np.searchsorted(running, _SERVED_SHARE * running[-1])]))
    return -(-longest // 60) * 60


def _weeks(engine: Engine, ids: list[str], spans: Mapping[str, _Span]) -> Weeks:
    """Return the orders of each complete week; weeks without any are there."""
    rows = engine.table(_WEEKS, _asked({mall_id: spans[mall_id] for mall_id in ids})).to_pylist() if ids else []
    orders = {(row["mall_id"], row["week"]): row["orders"] for row in rows}
    mall, week, count = [], [], []
    for position, mall_id in enumerate(ids):
        span = spans[mall_id]
        for number in range((span.end_on - span.start_on) // _WEEK):
            mall.append(position)
            week.append(span.first_week + number)
            count.append(orders.get((mall_id, number), 0))
    return Weeks(np.array(mall, np.int64), np.array(week, np.int64), np.array(count, np.int64))


def _weeks_of(weeks: Weeks, malls: list[int]) -> Weeks:
    """Return the weeks of some malls, numbered in their order."""
    keep = np.isin(weeks.mall, malls)
    return Weeks(np.searchsorted(malls, weeks.mall[keep]), weeks.weeks_open[keep], weeks.orders[keep])


def _carried(engine: Engine, ids: list[str], recent: Period, rhythms: Mapping[str, Floats]) -> Carried:
    days = {"start": recent.start_on, "end": recent.end_on}
    steps = [max(1, int(rhythms[mall_id].sum()) // SAMPLED_ORDERS) for mall_id in ids]
    rows = engine.table(_CARRIED, {"malls": ids, "steps": steps, **days}) if ids else None
    if rows is None or not rows.num_rows:
        nothing = np.empty(0)
        return Carried(np.empty(0, np.int64), *[nothing] * 8)
    position = {mall_id: place for place, mall_id in enumerate(ids)}
    mall = np.array([position[each] for each in rows.column("mall_id").to_pylist()], np.int64)
    numbers = {name: floats(rows, name) for name in Carried.__dataclass_fields__ if name != "mall"}
    order = np.argsort(mall, kind="stable")
    return Carried(mall[order], **{name: values[order] for name, values in numbers.items()})


def _rhythms(engine: Engine, ids: list[str], recent: Period) -> dict[str, Floats]:
    """Return the orders of each pilot by weekday and hour."""
    weeks = {mall_id: np.zeros((7, 24)) for mall_id in ids}
    asked = {"malls": ids, "start": recent.start_on, "end": recent.end_on}
    for row in engine.table(_HOURS, asked).to_pylist() if ids else []:
        weeks[row["mall_id"]][row["local_dow"] - 1, row["local_hour"]] += row["orders"]
    return weeks


def _mean_rhythm(weeks: Mapping[str, Floats]) -> Floats:
    """Return the share of a week's orders by hour of the week, each pilot counting the same.

    A pilot's few orders do not tell the hour of every weekday: their rhythm is drawn towards that of the days times that of the hours.
    """
    shares = [_smoothed(week).ravel() for _, week in sorted(weeks.items()) if week.any()]
    return np.asarray(np.mean(shares, axis=0), float) if shares else np.zeros(168)


def _smoothed(week: Floats) -> Floats:
    """Return the share of each weekday and hour; what every weekday's hours have in common counts as much as 5 orders an hour."""
    total = week.sum()
    common = np.outer(week.sum(axis=1), week.sum(axis=0)) / total**2
    kept = total / (total + _COMMON_ORDERS)
    return np.asarray(kept * week / total + (1 - kept) * common, float)


def _asked_of(name: str, recent: Period, version: Version) -> Answer:
    return answers(name, Parameters(by=("mall",), start_on=recent.start_on, end_on=recent.end_on), EVERYTHING, version)


def _by_mall(answer: Answer) -> dict[str, dict[str, Any]]:
    return {row["mall_id"]: row for row in answer.rows() if row["mall_id"] is not None and not row["suppressed"]}


def pilot_sites(version: Version, found: History) -> tuple[Site, ...]:
    """Return the pilots as sites, in their order."""
    by_id = {site.id: site for site in sites(version)}
    return tuple(by_id[mall.id] for mall in found.malls)
