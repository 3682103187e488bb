"""From what was made for one mall and week to rows of the contracts' tables: ids, instants, nulls."""

from dataclasses import dataclass, field

import numpy as np

from data.cells import Integers
from data.demo.batches import Batches
from data.demo.demand import CANCELLED, DELIVERED, STATUSES, Orders, Week
from data.demo.dispatch import ACCEPTED, NOBODY, OFFER_STATUSES, RefusedOffers, Trips
from data.demo.drivers import Pool, Shifts
from data.demo.files import Files, choice, constant, ids, instants
from data.demo.ground import Ground
from data.demo.model import Model

VEHICLES = ("car", "SUV", "van")
OF_TEN_DRIVERS = np.array([0, 0, 1, 0, 0, 2, 0, 1, 0, 0])
"""Vehicles of every ten drivers, by their place in ``VEHICLES``; what somebody drives changes nothing else."""


@dataclass
class Counter:
    """Next numbers of the ids."""

    order: int = 0
    trip: int = 0
    offer: int = 0
    shift: int = 0


@dataclass(frozen=True)
class Made:
    """One mall-week: the orders, what became of them, and who was online."""

    week: Week
    orders: Orders
    batches: Batches
    trips: Trips
    refused: RefusedOffers
    shifts: Shifts


@dataclass(frozen=True)
class MallRows:
    """Appends the rows of one mall, week by week.

    Attributes
    ----------
    files, counter
        Where rows go and the next ids; shared by all malls.
    market_number, ground, drivers, model
        The mall.
    """

    files: Files
    counter: Counter
    market_number: int
    ground: Ground
    drivers: Pool
    model: Model
    store_ids: list[str] = field(init=False)
    driver_ids: list[str] = field(init=False)

    def __post_init__(self) -> None:
        mall = self.ground.number + 1
        object.__setattr__(self, "store_ids", [f"s{mall:03d}-{rank + 1:02d}" for rank in range(len(self.ground.sellers))])
        object.__setattr__(self, "driver_ids", [f"d{mall:03d}-{number + 1:04d}" for number in range(len(self.drivers))])

    def add_mall(self) -> None:
        """Append the stores and drivers."""
        self.files.add(
            "stores",
            {
                "store_id": self.store_ids,
                "mall_id": constant(self.ground.mall.mall_id, len(self.ground.sellers)),
                "name": [store.name for store in self.ground.sellers],
                "category": [store.category for store in self.ground.sellers],
            },
        )
        count = len(self.drivers)
        self.files.add(
            "drivers",
            {
                "driver_id": self.driver_ids,
                "market_id": constant(self.ground.market.market_id, count),
                "vehicle": choice(VEHICLES, OF_TEN_DRIVERS[np.arange(count) % len(OF_TEN_DRIVERS)]),
                "home_latitude": self.drivers.latitude,
                "home_longitude": self.drivers.longitude,
            },
        )

    def add_week(self, made: Made) -> None:
        """Append orders, shifts, trips and offers of a week."""
        numbers = self._add_trips(made)
        self._add_offers(made, numbers)
        self._add_orders(made, numbers)
        self._add_shifts(made.shifts, made.week.midnight)

    def _add_shifts(self, shifts: Shifts, midnights: Integers) -> None:
        count = len(shifts.day)
        self.files.add(
            "shifts",
            {
                "shift_id": ids("h", self.counter.shift + np.arange(count), width=8),
                "driver_id": choice(self.driver_ids, shifts.driver),
                "market_id": constant(self.ground.market.market_id, count),
                "mall_id": constant(self.ground.mall.mall_id, count),
                "start_at": instants(midnights[shifts.day] + shifts.start_s),
                "end_at": instants(midnights[shifts.day] + shifts.end_s),
            },
        )
        self.counter.shift += count

    def _add_trips(self, made: Made) -> Integers:
        """Append trips in order of acceptance; return the trip number of each batch, NOBODY where no driver was found."""
        batches, trips = made.batches, made.trips
        midnight = made.week.midnight[batches.day]
        driven = np.flatnonzero(trips.driver != NOBODY)
        driven = driven[np.lexsort((driven, (midnight + trips.accepted_s)[driven]))]
        number = np.full(len(batches.day), NOBODY, np.int64)
        number[driven] = self.counter.trip + np.arange(len(driven))
        self.counter.trip += len(driven)
        offered = self._offered_cents(batches.pay_cents, _refusal_count(made), trips.shown_s - batches.release_s)
        cancelled = batches.is_cancelled[driven]
        at = midnight[driven]
        self.files.add(
            "trips",
            {
                "trip_id": ids("t", number[driven], width=8),
                "market_id": constant(self.ground.market.market_id, len(driven)),
                "mall_id": constant(self.ground.mall.mall_id, len(driven)),
                "driver_id": choice(self.driver_ids, trips.driver[driven]),
                "accepted_at": instants(at + trips.accepted_s[driven]),
                "arrived_at": instants(at + trips.arrived_s[driven]),
                "picked_up_at": instants(at + trips.left_s[driven], cancelled),
                "ended_at": instants(at + trips.ended_s[driven]),
                "status": choice(("completed", "cancelled"), cancelled.astype(np.int64)),
                "order_count": batches.order_count[driven],
                "store_count": batches.store_count[driven],
                "pay_cents": np.where(cancelled, offered[driven] * self.model.cancelled_pay_share, offered[driven]).astype(np.int64),
                "empty_m": trips.empty_m[driven],
                "loaded_m": np.where(cancelled, 0, batches.loaded_m[driven]),
            },
        )
        return number

    def _add_offers(self, made: Made, trip_number: Integers) -> None:
        """Append offers in order of showing: those taken (one per trip) and those refused."""
        batches, trips, refused = made.batches, made.trips, made.refused
        driven = np.flatnonzero(trip_number != NOBODY)
        batch = np.r_[driven, refused.batch]
        midnight = made.week.midnight[batches.day[batch]]
        shown_s = np.r_[trips.shown_s[driven], refused.shown_s]
        shown, waited_s = midnight + shown_s, shown_s - batches.release_s[batch]
        decided = midnight + np.r_[trips.accepted_s[driven], refused.decided_s]
        attempt = np.r_[_refusal_count(made)[driven], refused.attempt]
        status = np.r_[np.full(len(driven), ACCEPTED), refused.status]
        driver = np.r_[trips.driver[driven], refused.driver]
        order = np.lexsort((attempt, batch, shown))
        batch = batch[order]
        self.files.add(
            "offers",
            {
                "offer_id": ids("f", self.counter.offer + np.arange(len(batch)), width=8),
                "market_id": constant(self.ground.market.market_id, len(batch)),
                "mall_id": constant(self.ground.mall.mall_id, len(batch)),
                "driver_id": choice(self.driver_ids, driver[order]),
                "trip_id": ids("t", trip_number[batch], width=8, missing=(status != ACCEPTED)[order]),
                "shown_at": instants(shown[order]),
                "decided_at": instants(decided[order]),
                "status": choice(OFFER_STATUSES, status[order]),
                "order_count": batches.order_count[batch],
                "pay_cents": self._offered_cents(batches.pay_cents[batch], attempt[order], waited_s[order]),
                "distance_m": batches.loaded_m[batch],
            },
        )
        self.counter.offer += len(batch)

    def _offered_cents(self, pay_cents: Integers, refusals: Integers, waited_s: Integers) -> Integers:
        raised = self.model.raise_per_refusal * refusals + self.model.raise_per_waiting_hour * waited_s / 3600
        return (pay_cents * (1 + raised)).astype(np.int64)

    def _add_orders(self, made: Made, trip_number: Integers) -> None:
        """Append orders as they were placed; those of which no driver came are cancelled."""
        orders, batches, trips = made.orders, made.batches, made.trips
        count = len(orders.day)
        batch = np.full(count, -1, np.int64)
        batch[batches.stop_order] = batches.stop_batch
        drive_s = np.zeros(count, np.int64)
        drive_s[batches.stop_order] = batches.stop_drive_s
        nobody = (batch < 0) | (trips.driver[batch] == NOBODY)
        ending = np.where(nobody, CANCELLED, orders.ending)
        midnight = made.week.midnight[orders.day]
        self.files.add(
            "orders",
            {
                "order_id": ids("o", self.counter.order + np.arange(count), width=8),
                "market_id": constant(self.ground.market.market_id, count),
                "mall_id": constant(self.ground.mall.mall_id, count),
                "store_id": choice(self.store_ids, orders.store),
                "customer_id": ids(f"c{self.market_number + 1:02d}-", orders.customer, width=8),
                "driver_id": choice(self.driver_ids, trips.driver[batch].clip(0), nobody),
                "trip_id": ids("t", trip_number[batch], width=8, missing=nobody),
                "status": choice(STATUSES, ending),
                "placed_at": instants(midnight + orders.placed_s),
                "ready_at": instants(midnight + orders.ready_s),
                "accepted_at": instants(midnight + trips.accepted_s[batch], nobody),
                "arrived_at": instants(midnight + trips.arrived_s[batch], nobody),
                "picked_up_at": instants(midnight + trips.left_s[batch], ending == CANCELLED),
                "delivered_at": instants(midnight + trips.left_s[batch] + drive_s, ending != DELIVERED),
                "promised_by": instants(midnight + orders.promised_s),
                "dropoff_latitude": orders.latitude,
                "dropoff_longitude": orders.longitude,
                "fee_cents": orders.fee_cents,
            },
        )
        self.counter.order += count


def _refusal_count(made: Made) -> Integers:
    return np.bincount(made.refused.batch, minlength=len(made.batches.day))
