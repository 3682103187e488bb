"""Make a demo and load it the way real files are loaded.

``build`` is the door: plan, write Parquet piece by piece (a mall-week at a time), then ``data.load.load``.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from data.demo.batches import Batches, week_batches
from data.demo.demand import CANCELLED, DELIVERED, STATUSES, Orders, Store, Week, stores, week_orders
from data.demo.dispatch import ACCEPTED, NOBODY, OFFER_STATUSES, RefusedOffers, Trips, refusals, week_trips
from data.demo.drivers import Pool, Shifts, planned_hours_per_order, pool, week_blocks, week_shifts
from data.demo.files import Files, choice, constant, ids, instants
from data.demo.geography import METERS_PER_DEGREE, Catchment, Cells, Integers, catchment, market_cells
from data.demo.model import MODEL, Model
from data.demo.plan import Mall, MallModel, Market, Plan, daily_orders, plan, rounded

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the orders made so far and the orders to make."""

_STORES, _POOL, _WEEKS, _SHIFTS, _BASELINE = range(10, 15)  # second word of each random stream's seed
_EPOCH = date(1970, 1, 1)


@dataclass
class _Counter:
    """Running numbers of the ids."""

    order: int = 0
    trip: int = 0
    offer: int = 0
    shift: int = 0


@dataclass(frozen=True)
class _Site:
    """A mall with everything that stays the same from week to week."""

    number: int
    market: Market
    market_number: int
    mall: Mall
    cells: Cells
    around: Catchment
    sellers: tuple[Store, ...]
    drivers: Pool
    midnights: Integers
    store_ids: tuple[str, ...]
    driver_ids: tuple[str, ...]


def write_demo(folder: Path, *, orders: int, seed: int, model: Model = MODEL, progress: Progress | None = None) -> Files:
    """Write the demo's Parquet files into a folder.

    Parameters
    ----------
    folder
        An existing folder; one file per table is written into it.
    orders
        Orders to place; exactly so many are placed.
    seed
        The same seed (and number of orders) gives the same rows, whatever the machine's number of threads.

    Returns
    -------
    Files
        Rows per table and paths.

    Raises
    ------
    DemoError
        A number of orders that no plan holds.
    """
    plan_ = plan(orders, model)
    placed, expected = daily_orders(plan_, model, seed)
    counter = _Counter()
    done = 0
    with Files(folder) as files:
        _write_places(files, plan_, model, seed)
        for market_number, market in enumerate(plan_.markets):
            cells = market_cells(market, model)
            _write_cells(files, market, cells)
            for number, owner, mall, opened in plan_.open_malls():
                if owner is not market:
                    continue
                weeks = _weeks(plan_, market, opened, placed[number], expected[number], model)
                site, blocks = _site(number, market, market_number, mall, cells, weeks, plan_, model, seed)
                _write_site(files, site)
                for week, spans in zip(weeks, blocks, strict=True):
                    _write_week(files, site, week, spans, counter, model, seed)
                    done += int(week.placed.sum())
                    if progress is not None:
                        progress(done, orders)
    return files


def _bar() -> tuple[Progress, Callable[[], None]]:
    bar = tqdm(desc="Making demo orders", unit=" orders", unit_scale=True, leave=False)

    def advance(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return advance, bar.close


def _weeks(plan_: Plan, market: Market, opened: MallModel, placed: Integers, expected: NDArray[np.float64], model: Model) -> list[Week]:
    """Cut the period into whole weeks, with the mall's hours of each day."""
    weekday = np.arange(7)
    is_sunday = weekday == 6
    open_s, close_s = (np.where(is_sunday, opened.sunday_hours[end], opened.weekday_hours[end]) * 3600 for end in (0, 1))
    drag = dict(model.market_drag)[market.template_id]
    return [
        Week(first, weekday, open_s, close_s, placed[first : first + 7], expected[first : first + 7], drag)
        for first in range(0, plan_.days, 7)
    ]


def _midnights(plan_: Plan, time_zone: str) -> Integers:
    """Return, per day, the UTC second from which local times of the opening hours count (noon less twelve hours: right on days of a clock change)."""
    zone = ZoneInfo(time_zone)
    noons = [datetime.combine(plan_.first_day + timedelta(days=day), time(12), zone) for day in range(plan_.days)]
    return np.array([int(noon.astimezone(UTC).timestamp()) - 12 * 3600 for noon in noons], np.int64)


def _site(
    number: int, market: Market, market_number: int, mall: Mall, cells: Cells, weeks: list[Week], plan_: Plan, model: Model, seed: int
) -> tuple[_Site, list[list[list[tuple[int, int]]]]]:
    around = catchment(cells, mall, model)
    sellers = stores(number, model, np.random.default_rng([seed, _STORES, number]))
    rng = np.random.default_rng([seed, _POOL, number])
    is_short = market.template_id == model.short_market_id and market.boundary_polygon is None
    hours_per_order = planned_hours_per_order(around, cells, mall, weeks[0].drag, model)
    blocks = [week_blocks(week, hours_per_order, model, rng, is_short=is_short) for week in weeks]
    drivers = pool(blocks, mall, cells, around, model, rng)
    site = _Site(
        number=number,
        market=market,
        market_number=market_number,
        mall=mall,
        cells=cells,
        around=around,
        sellers=sellers,
        drivers=drivers,
        midnights=_midnights(plan_, market.time_zone),
        store_ids=tuple(f"s{number + 1:03d}-{index + 1:02d}" for index in range(len(sellers))),
        driver_ids=tuple(f"d{number + 1:03d}-{index + 1:04d}" for index in range(len(drivers))),
    )
    return site, blocks


def _write_places(files: Files, plan_: Plan, model: Model, seed: int) -> None:
    """Write markets, malls, stations and the baseline."""
    markets = plan_.markets
    files.add(
        "markets",
        {
            "market_id": [market.market_id for market in markets],
            "name": [market.name for market in markets],
            "time_zone": [market.time_zone for market in markets],
            "currency": ["USD"] * len(markets),
            "week_start": [1] * len(markets),
            "boundary_counties": pa.array([market.boundary_counties for market in markets], pa.string()),
            "boundary_name": [market.boundary_name for market in markets],
            "boundary_polygon": pa.array([market.boundary_polygon for market in markets], pa.string()),
        },
    )
    pairs = [(market, mall) for market in markets for mall in market.malls]
    files.add(
        "malls",
        {
            "mall_id": [mall.mall_id for _, mall in pairs],
            "market_id": [market.market_id for market, _ in pairs],
            "name": [mall.name for _, mall in pairs],
            "status": ["candidate" if mall.model is None else "open" for _, mall in pairs],
            "opened_on": pa.array([None if mall.model is None else plan_.opened_on(mall.model) for _, mall in pairs], pa.date32()),
            "latitude": [mall.latitude for _, mall in pairs],
            "longitude": [mall.longitude for _, mall in pairs],
            "store_count": [mall.store_count for _, mall in pairs],
            "gross_leasable_m2": pa.array([mall.gross_leasable_m2 for _, mall in pairs], pa.int64()),
            "opening_hours": [_opening_hours(mall.model, model) for _, mall in pairs],
        },
    )
    stations = [_station(market, model) for market in markets]
    files.add(
        "stations",
        {
            "station_id": [f"station-{market.market_id}" for market in markets],
            "market_id": [market.market_id for market in markets],
            "name": [f"{market.name} station (invented)" for market in markets],
            "latitude": [latitude for latitude, _ in stations],
            "longitude": [longitude for _, longitude in stations],
        },
    )
    for number, market in enumerate(markets):
        files.add("baseline", _baseline(market, plan_, model, np.random.default_rng([seed, _BASELINE, number])))


def _opening_hours(opened: MallModel | None, model: Model) -> str:
    weekday, sunday = (opened.weekday_hours, opened.sunday_hours) if opened is not None else model.candidate_hours
    return f"Mo-Sa {weekday[0]:02d}:00-{weekday[1]:02d}:00; Su {sunday[0]:02d}:00-{sunday[1]:02d}:00"


def _station(market: Market, model: Model) -> tuple[float, float]:
    north_km, east_km = model.station_offset_km
    anchor = next(mall for mall in market.malls if mall.model is not None)
    latitude = anchor.latitude + north_km * 1_000 / METERS_PER_DEGREE
    return latitude, anchor.longitude + east_km * 1_000 / METERS_PER_DEGREE / float(np.cos(np.radians(anchor.latitude)))


def _baseline(market: Market, plan_: Plan, model: Model, rng: np.random.Generator) -> dict[str, object]:
    weekday = (plan_.first_day.weekday() + np.arange(plan_.days)) % 7
    orders = model.baseline_orders_per_day * np.array(model.weekday_factors)[weekday] * rng.lognormal(0, 0.06, plan_.days)
    orders = orders.astype(np.int64)
    hours = model.baseline_click_to_door_h * rng.lognormal(0, 0.03, plan_.days)
    cents = model.baseline_cost_cents * rng.lognormal(0, 0.03, plan_.days)
    return {
        "market_id": constant(market.market_id, plan_.days),
        "cell": pa.nulls(plan_.days, pa.int64()),
        "local_date": [plan_.first_day + timedelta(days=day) for day in range(plan_.days)],
        "orders": orders,
        "click_to_door_sum_s": (orders * hours * 3600).astype(np.int64),
        "cost_sum_cents": (orders * cents).astype(np.int64),
    }


def _write_cells(files: Files, market: Market, cells: Cells) -> None:
    files.add(
        "demand_cells",
        {
            "market_id": constant(market.market_id, len(cells.cell)),
            "cell": cells.cell,
            "population": cells.population,
            "households": cells.households,
        },
    )


def _write_site(files: Files, site: _Site) -> None:
    files.add(
        "stores",
        {
            "store_id": list(site.store_ids),
            "mall_id": constant(site.mall.mall_id, len(site.sellers)),
            "name": [store.name for store in site.sellers],
            "category": [store.category for store in site.sellers],
        },
    )
    count = len(site.drivers)
    files.add(
        "drivers",
        {
            "driver_id": list(site.driver_ids),
            "market_id": constant(site.market.market_id, count),
            "vehicle": constant("car", count),
            "home_latitude": site.drivers.latitude,
            "home_longitude": site.drivers.longitude,
        },
    )


def _write_week(files: Files, site: _Site, week: Week, spans: list[list[tuple[int, int]]], counter: _Counter, model: Model, seed: int) -> None:
    """Make one week of one mall and append its orders, shifts, trips and offers."""
    rng = np.random.default_rng([seed, _WEEKS, site.number, week.first_day])
    shifts = week_shifts(spans, site.drivers, np.random.default_rng([seed, _SHIFTS, site.number, week.first_day]))
    if not len(shifts.day):
        return
    orders = week_orders(week, site.mall, site.cells, site.around, site.sellers, model, rng)
    batches = week_batches(orders, week, site.mall, model, rng)
    trips, refused = week_trips(batches, shifts, site.drivers, refusals(batches, model, rng), len(week.weekday), model)
    midnights = site.midnights[week.first_day : week.first_day + len(week.weekday)]
    trip_number = _write_trips(files, site, batches, trips, refused, midnights, counter, model)
    _write_orders(files, site, orders, batches, trips, trip_number, midnights, counter)
    _write_shifts(files, site, shifts, midnights, counter)


def _write_shifts(files: Files, site: _Site, shifts: Shifts, midnights: Integers, counter: _Counter) -> None:
    count = len(shifts.day)
    files.add(
        "shifts",
        {
            "shift_id": ids("h", counter.shift + np.arange(count), width=8),
            "driver_id": choice(site.driver_ids, shifts.driver),
            "market_id": constant(site.market.market_id, count),
            "mall_id": constant(site.mall.mall_id, count),
            "start_at": instants(midnights[shifts.day] + shifts.start_s),
            "end_at": instants(midnights[shifts.day] + shifts.end_s),
        },
    )
    counter.shift += count


def _write_trips(
    files: Files, site: _Site, batches: Batches, trips: Trips, refused: RefusedOffers, midnights: Integers, counter: _Counter, model: Model
) -> Integers:
    """Append trips in order of acceptance and offers in order of showing; return the trip number of each batch (NOBODY for none)."""
    midnight = midnights[batches.day]
    driven = np.flatnonzero(trips.driver != NOBODY)
    driven = driven[np.lexsort((driven, (midnight + trips.accepted_s)[driven]))]
    number = np.full(len(batches.day), NOBODY, np.int64)
    number[driven] = counter.trip + np.arange(len(driven))
    counter.trip += len(driven)
    refusal_count = np.bincount(refused.batch, minlength=len(batches.day))
    offered = _raised(batches.pay_cents, refusal_count, model)
    cancelled = batches.is_cancelled[driven]
    at = midnight[driven]
    files.add(
        "trips",
        {
            "trip_id": ids("t", number[driven], width=8),
            "market_id": constant(site.market.market_id, len(driven)),
            "mall_id": constant(site.mall.mall_id, len(driven)),
            "driver_id": choice(site.driver_ids, trips.driver[driven]),
            "accepted_at": instants(at + trips.accepted_s[driven]),
            "arrived_at": instants(at + trips.arrived_s[driven]),
            "picked_up_at": instants(at + trips.left_s[driven], cancelled),
            "ended_at": instants(at + trips.ended_s[driven]),
            "status": choice(("completed", "cancelled"), cancelled.astype(np.int64)),
            "order_count": batches.order_count[driven],
            "store_count": batches.store_count[driven],
            "pay_cents": np.where(cancelled, offered[driven] * model.cancelled_pay_share, offered[driven]).astype(np.int64),
            "empty_m": trips.empty_m[driven],
            "loaded_m": np.where(cancelled, 0, batches.loaded_m[driven]),
        },
    )
    batch = np.r_[driven, refused.batch]
    status = np.r_[np.full(len(driven), ACCEPTED), refused.status]
    attempt = np.r_[refusal_count[driven], refused.attempt]
    shown = midnight[batch] + np.r_[trips.shown_s[driven], refused.shown_s]
    order = np.lexsort((attempt, batch, shown))
    batch, status, is_refused = batch[order], status[order], (status != ACCEPTED)[order]
    files.add(
        "offers",
        {
            "offer_id": ids("f", counter.offer + np.arange(len(batch)), width=8),
            "market_id": constant(site.market.market_id, len(batch)),
            "mall_id": constant(site.mall.mall_id, len(batch)),
            "driver_id": choice(site.driver_ids, np.r_[trips.driver[driven], refused.driver][order]),
            "trip_id": ids("t", number[batch], width=8, missing=is_refused),
            "shown_at": instants(shown[order]),
            "decided_at": instants((midnight[np.r_[driven, refused.batch]] + np.r_[trips.accepted_s[driven], refused.decided_s])[order]),
            "status": choice(OFFER_STATUSES, status),
            "order_count": batches.order_count[batch],
            "pay_cents": _raised(batches.pay_cents[batch], attempt[order], model),
            "distance_m": batches.loaded_m[batch],
        },
    )
    counter.offer += len(batch)
    return number


def _raised(pay_cents: Integers, attempt: Integers, model: Model) -> Integers:
    return (pay_cents * (1 + model.raise_per_refusal * attempt)).astype(np.int64)


def _write_orders(
    files: Files, site: _Site, orders: Orders, batches: Batches, trips: Trips, trip_number: Integers, midnights: Integers, counter: _Counter
) -> None:
    count = len(orders.day)
    batch = np.full(count, -1, np.int64)
    batch[batches.stop_order] = batches.stop_batch
    drive_s = np.zeros(count, np.int64)
    drive_s[batches.stop_order] = batches.stop_drive_s
    nobody = (batch < 0) | (trips.driver[batch] == NOBODY) if len(trips.driver) else np.ones(count, bool)
    ending = np.where(nobody, CANCELLED, orders.ending)
    midnight = midnights[orders.day]

    def of_trip(seconds: Integers) -> Integers:
        return midnight + (seconds[batch] if len(seconds) else 0)

    files.add(
        "orders",
        {
            "order_id": ids("o", counter.order + np.arange(count), width=8),
            "market_id": constant(site.market.market_id, count),
            "mall_id": constant(site.mall.mall_id, count),
            "store_id": choice(site.store_ids, orders.store),
            "customer_id": ids(f"c{site.market_number + 1:02d}-", orders.customer, width=8),
            "driver_id": choice(site.driver_ids, trips.driver[batch].clip(0) if len(trips.driver) else batch.clip(0), nobody),
            "trip_id": ids("t", trip_number[batch] if len(trip_number) else batch, width=8, missing=nobody),
            "status": choice(STATUSES, ending),
            "placed_at": instants(midnight + orders.placed_s),
            "ready_at": instants(midnight + orders.ready_s),
            "accepted_at": instants(of_trip(trips.accepted_s), nobody),
            "arrived_at": instants(of_trip(trips.arrived_s), nobody),
            "picked_up_at": instants(of_trip(trips.left_s), ending == CANCELLED),
            "delivered_at": instants(of_trip(trips.left_s) + drive_s, ending != DELIVERED),
            "promised_by": instants(midnight + orders.promised_s),
            "dropoff_latitude": orders.latitude,
            "dropoff_longitude": orders.longitude,
            "fee_cents": orders.fee_cents,
        },
    )
    counter.order += count
