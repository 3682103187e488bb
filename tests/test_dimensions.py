"""What figures may be grouped by: each row counts in exactly one group, and what would count twice is refused with the reason."""

from collections import Counter
from datetime import timedelta

import pytest

from analytics.catalog import METRICS, metric
from analytics.dimensions import DIMENSIONS
from analytics.errors import ParameterError
from data.contracts import table
from tests.town import MONDAY, local


def carry(town, *, vehicle, customers, drivers=5, orders=1, says=None):
    """Let new drivers of one kind of vehicle carry orders of new customers, so many to a trip; a trip may say how many it carries."""
    at = local(MONDAY, 12)
    names = [f"{vehicle}-{number}-{len(town.tables['trips'])}" for number in range(drivers)]
    for name in names:
        town.add("drivers", driver_id=name, market_id="V", vehicle=vehicle)
    for start in range(0, customers, orders):
        name = names[(start // orders) % drivers]
        trip = town.trip("M1", name, accepted_at=at, order_count=says)
        for _ in range(min(orders, customers - start)):
            town.order("M1", placed_at=at, delivered_at=at + timedelta(minutes=20), driver_id=name, trip_id=trip["trip_id"])


def by(town, dimension, name="orders", **parameters):
    return {getattr(row, DIMENSIONS[dimension]): row for row in town.rows(name, by=(dimension,), **parameters)}


def test_orders_are_grouped_by_the_vehicle_of_the_driver_who_carried_them(town):
    carry(town, vehicle="car", customers=20)
    carry(town, vehicle="bike", customers=12)
    town.deliver("M1", seconds=[None] * 11)

    rows = by(town, "vehicle")

    assert {vehicle: row.orders for vehicle, row in rows.items()} == {"car": 20, "bike": 12, None: 11}
    assert not any(row.suppressed for row in rows.values())


def test_a_vehicle_that_four_drivers_have_is_hidden_however_many_customers_they_served(town):
    carry(town, vehicle="car", customers=20)
    carry(town, vehicle="unicycle", customers=40, drivers=4)

    rows = by(town, "vehicle")

    assert {vehicle: row.orders for vehicle, row in rows.items()} == {"car": 20, "unicycle": None}
    assert rows["unicycle"].suppressed
    assert town.ask("orders", by=("vehicle",)).too_few == "fewer than 10 customers or 5 drivers"
    assert town.ask("orders", by=("mall",)).too_few == "fewer than 10 customers"
    assert not town.row("orders").suppressed


def test_hours_and_offers_are_grouped_by_vehicle_too(town):
    town.work("M1", drivers=6, engaged_s=1200)
    town.work("M1", drivers=5, engaged_s=1800)
    for position, trip in enumerate(town.tables["trips"]):
        town.add("drivers", driver_id=trip["driver_id"], market_id="V", vehicle="car" if position < 6 else "bike")

    used, accepted = by(town, "vehicle", "utilization"), by(town, "vehicle", "acceptance_share")

    assert {vehicle: (row.numerator, row.denominator) for vehicle, row in used.items()} == {"car": (7200, 21600), "bike": (9000, 18000)}
    assert {vehicle: row.numerator for vehicle, row in accepted.items()} == {"car": 6, "bike": 5}


def test_a_batch_is_as_large_as_its_trip_says_else_as_the_orders_that_name_it(town):
    carry(town, vehicle="car", customers=12, orders=2, says=2)
    carry(town, vehicle="car", customers=15, orders=3)
    carry(town, vehicle="car", customers=14, orders=1, says=4)
    town.deliver("M1", seconds=[None] * 11)

    assert {size: row.orders for size, row in by(town, "batch").items()} == {2: 12, 3: 15, 4: 14, None: 11}


def test_a_trip_counts_the_orders_of_every_day_that_name_it_not_only_those_asked_for(town):
    carry(town, vehicle="car", customers=20, orders=2)
    for row in town.tables["orders"][::2]:
        row["local_date"] = MONDAY - timedelta(days=1)
        row["placed_at"] -= timedelta(days=1)

    rows = by(town, "batch", start_on=MONDAY)

    assert {size: row.orders for size, row in rows.items()} == {2: 10}


def test_an_offer_is_as_large_as_it_says(town):
    at = local(MONDAY, 12)
    for number in range(12):
        town.offer("M1", f"d{number}", shown_at=at, order_count=1 + number % 2)

    rows = by(town, "batch", "acceptance_share")

    assert {size: row.denominator for size, row in rows.items()} == {1: 6, 2: 6}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_every_dimension_is_permitted_or_refused_with_its_reason(metric):
    reasons = {dimension: metric.refusal(dimension) for dimension in DIMENSIONS}

    assert {dimension for dimension, why in reasons.items() if not why} == set(metric.dimensions)
    assert not [why for why in reasons.values() if why.endswith(".")]


@pytest.mark.parametrize(
    ("name", "dimension", "why"),
    [
        ("orders", "pay_band", "an order may be shown in several offers, and would count once for each"),
        ("acceptance_share", "store", "an offer may hold several orders, and would count once for each"),
        ("deadhead_share", "cell", "a trip may carry several orders, and would count once for each"),
        ("utilization", "status", "an hour online may serve several orders, and would count once for each"),
        ("covered_share", "mall", "people within reach of several malls would count once for each"),
        ("order_rate", "day", "its people live there all the time, and would count once for each"),
        ("cost_per_delivery", "store", "an offer may hold several orders, and would count once for each"),
        ("cost_per_delivery", "vehicle", "it counts rows of several tables, which have only place and calendar in common"),
        ("hours_gap", "weeks_open", "its definition fixes the groups that it may have"),
    ],
)
def test_what_would_count_twice_is_refused_with_the_reason(town, name, dimension, why):
    with pytest.raises(ParameterError, match=why):
        town.ask(name, by=(dimension,))
    assert metric(name).refusal(dimension) == why


def test_a_row_of_facts_is_in_one_group_of_each_permitted_dimension(town):
    carry(town, vehicle="car", customers=24, orders=2)
    carry(town, vehicle="bike", customers=30, orders=3, says=3)
    expected = len(town.tables["orders"])

    for dimension in metric("orders").dimensions:
        assert sum(row.orders for row in by(town, dimension).values()) == expected, dimension


def test_what_is_joined_has_one_row_for_each_key():
    """A driver or a trip that stood twice would count its orders twice."""
    assert (table("drivers").key, table("trips").key, table("malls").key) == (("driver_id",), ("trip_id",), ("mall_id",))
    assert Counter(DIMENSIONS.values()).most_common(1)[0][1] == 1
