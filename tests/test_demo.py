"""The demo's files: every order obeys its timeline, every driver is in one place, and the model's marks can be seen."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import h3
import numpy as np
import pytest

from data.contracts import table
from data.demo.generate import write_demo
from data.demo.geography import market_cells
from data.demo.model import MODEL
from data.demo.plan import Place, daily_orders, plan, real_markets, recruited_share, rounded
from data.errors import DemoError

ORDERS = 20_000
OPEN = ("chandler-fashion-center", "fashion-show", "tysons-corner-center")

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """Answer SQL over the files of a demo of 20,000 orders; orders carry their market's local time of the click."""
    folder = tmp_path_factory.mktemp("demo")
    written = write_demo(folder, orders=ORDERS, seed=1)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        for path in written.paths:
            connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
        connection.execute(
            "CREATE VIEW clicks AS SELECT orders.*, placed_at AT TIME ZONE time_zone AS local_at FROM orders JOIN markets USING (market_id)"
        )
        yield lambda sql: connection.sql(sql).fetchall()


def value(rows: Rows, sql: str) -> Any:
    return rows(sql)[0][0]


def test_as_many_orders_are_placed_as_asked_for(rows: Rows) -> None:
    assert value(rows, "SELECT count(*) FROM orders") == ORDERS
    assert value(rows, "SELECT count(DISTINCT order_id) FROM orders") == ORDERS


def test_every_file_has_columns_of_its_contract_only(rows: Rows) -> None:
    for name in ("markets", "malls", "stores", "drivers", "shifts", "offers", "trips", "orders", "demand_cells", "baseline", "stations"):
        columns = [row[0] for row in rows(f"DESCRIBE {name}")]
        assert set(columns) <= {column.name for column in table(name).loaded}
        required = {column.name for column in table(name).loaded if column.required}
        assert required <= set(columns)
        assert not value(rows, f"SELECT count(*) FROM {name} WHERE " + " OR ".join(f"{each} IS NULL" for each in required))


def test_every_order_obeys_the_timeline(rows: Rows) -> None:
    events = ("placed_at", "accepted_at", "arrived_at", "picked_up_at", "delivered_at")
    for earlier, later in itertools.pairwise(events):
        assert value(rows, f"SELECT count(*) FROM orders WHERE {later} < {earlier} OR ({later} IS NOT NULL AND {earlier} IS NULL)") == 0
    assert value(rows, "SELECT count(*) FROM orders WHERE ready_at IS NULL OR ready_at < placed_at OR ready_at > picked_up_at") == 0


def test_what_an_order_knows_follows_from_how_it_ended(rows: Rows) -> None:
    assert {row[0] for row in rows("SELECT DISTINCT status FROM orders")} == {"delivered", "cancelled", "failed", "returned"}
    assert value(rows, "SELECT count(*) FROM orders WHERE (delivered_at IS NOT NULL) <> (status = 'delivered')") == 0
    assert value(rows, "SELECT count(*) FROM orders WHERE (picked_up_at IS NULL) <> (status = 'cancelled')") == 0
    assert value(rows, "SELECT count(*) FROM orders WHERE (driver_id IS NULL) <> (trip_id IS NULL)") == 0


def test_a_driver_is_in_one_place_at_a_time(rows: Rows) -> None:
    doubles = """
        SELECT count(*) FROM (
            SELECT accepted_at < max(ended_at) OVER (PARTITION BY driver_id ORDER BY accepted_at
                                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_double FROM trips
        ) WHERE is_double
    """
    assert value(rows, "SELECT count(*) FROM trips WHERE ended_at <= accepted_at") == 0
    assert value(rows, doubles) == 0
    assert (
        value(
            rows,
            "SELECT count(*) FROM shifts AS a JOIN shifts AS b USING (driver_id) WHERE a.start_at < b.start_at AND b.start_at < a.end_at",
        )
        == 0
    )


def test_a_trip_is_taken_inside_a_shift_and_ends_at_most_slightly_beyond(rows: Rows) -> None:
    held = "trips JOIN shifts ON trips.driver_id = shifts.driver_id AND accepted_at >= start_at AND accepted_at < end_at"
    trips, inside, beyond = rows(f"""
        SELECT (SELECT count(*) FROM trips), count(*), max(greatest(0, epoch(ended_at - end_at))) FROM {held}
    """)[0]
    assert inside == trips
    assert 0 < beyond < 90 * 60
    assert value(rows, f"SELECT avg((ended_at > end_at)::INTEGER) FROM {held}") < 0.1


def test_shifts_are_blocks_of_three_to_five_hours(rows: Rows) -> None:
    assert {row[0] for row in rows("SELECT DISTINCT epoch(end_at - start_at)::BIGINT FROM shifts")} == {10_800, 14_400, 18_000}


def test_orders_agree_with_the_trip_that_carried_them(rows: Rows) -> None:
    both = "orders AS o JOIN trips AS t USING (trip_id)"
    assert value(rows, f"SELECT count(*) FROM {both}") == value(rows, "SELECT count(trip_id) FROM orders")
    differs = "o.driver_id <> t.driver_id OR o.mall_id <> t.mall_id OR o.accepted_at <> t.accepted_at OR o.arrived_at <> t.arrived_at"
    assert value(rows, f"SELECT count(*) FROM {both} WHERE {differs} OR o.picked_up_at IS DISTINCT FROM t.picked_up_at") == 0
    per_trip = f"""
        SELECT trip_id, any_value(order_count) AS said, count(*) AS found, any_value(store_count) AS stores,
               count(DISTINCT store_id) AS visited, any_value(ended_at) AS ended_at, max(delivered_at) AS last_at,
               bool_and(o.status = 'delivered') AS all_delivered
        FROM {both} GROUP BY trip_id
    """
    assert value(rows, f"SELECT count(*) FROM ({per_trip}) WHERE said <> found OR stores <> visited OR last_at > ended_at") == 0
    assert value(rows, f"SELECT count(*) FROM ({per_trip}) WHERE all_delivered AND last_at <> ended_at") == 0
    assert value(rows, f"SELECT count(*) FROM ({per_trip}) WHERE found > 1 AND visited > 1") > 0


def test_a_trip_comes_of_exactly_one_accepted_offer(rows: Rows) -> None:
    assert value(rows, "SELECT count(*) FROM offers WHERE (trip_id IS NULL) = (status = 'accepted') OR decided_at < shown_at") == 0
    joined = "trips JOIN offers USING (trip_id)"
    trips = value(rows, "SELECT count(*) FROM trips")
    assert value(rows, f"SELECT count(*) FROM {joined}") == trips
    same = "decided_at = accepted_at AND offers.driver_id = trips.driver_id AND offers.order_count = trips.order_count"
    assert value(rows, f"SELECT count(*) FROM {joined} WHERE {same}") == trips


def test_refusals_come_more_often_from_far_trips(rows: Rows) -> None:
    near, far = rows("""
        SELECT avg((status = 'declined')::INTEGER) FILTER (distance_m < 6000),
               avg((status = 'declined')::INTEGER) FILTER (distance_m > 14000)
        FROM offers
    """)[0]
    assert far > near * 1.2


def test_no_order_is_placed_while_its_mall_is_shut(rows: Rows) -> None:
    shut = """
        SELECT count(*) FROM clicks JOIN malls USING (mall_id)
        WHERE CASE WHEN isodow(local_at) = 7 THEN hour(local_at) < 11
                   OR hour(local_at) >= 18 + (mall_id <> 'chandler-fashion-center')::INTEGER
                   ELSE hour(local_at) < 10 OR hour(local_at) >= 21 END
    """
    assert value(rows, shut) == 0
    sundays = rows("SELECT mall_id, min(hour(local_at)) FROM clicks WHERE local_at::DATE = DATE '2026-11-01' GROUP BY ALL ORDER BY 1")
    assert [hour for _, hour in sundays] == [11, 11, 11]  # the day the clocks go back in two of the three markets


def test_orders_stay_in_the_period_and_begin_when_the_mall_opens(rows: Rows) -> None:
    opened = dict(rows("SELECT mall_id, opened_on FROM malls WHERE status = 'open'"))
    assert opened == {
        "fashion-show": date(2026, 3, 16),
        "chandler-fashion-center": date(2026, 5, 25),
        "tysons-corner-center": date(2026, 6, 29),
    }
    for mall_id, first, last, weeks in rows("""
        SELECT mall_id, min(local_at)::DATE, max(local_at)::DATE, count(DISTINCT date_trunc('week', local_at)) FROM clicks GROUP BY ALL
    """):
        begin = max(opened[mall_id], date(2026, 5, 18))
        assert begin <= first <= begin + timedelta(days=1)
        assert last == date(2026, 11, 15)
        assert weeks == (date(2026, 11, 16) - begin).days // 7


def test_a_mall_ramps_up_after_it_opens(rows: Rows) -> None:
    weeks = [
        count
        for _, count in rows("""
            SELECT date_trunc('week', local_at) AS week, count(*)
            FROM clicks WHERE mall_id = 'tysons-corner-center' GROUP BY ALL ORDER BY week
        """)
    ]
    assert weeks[0] < 0.65 * np.mean(weeks[-4:])


def test_candidates_have_no_orders(rows: Rows) -> None:
    assert value(rows, "SELECT count(*) FROM malls WHERE status = 'candidate'") == 10
    for name in ("orders", "offers", "trips", "shifts", "stores"):
        assert {row[0] for row in rows(f"SELECT DISTINCT mall_id FROM {name}")} == set(OPEN)


def test_in_scarce_hours_before_the_holidays_orders_wait_for_drivers_and_come_late(rows: Rows) -> None:
    for scarce in MODEL.scarce:
        first, end = scarce.hours
        here = f"hour(local_at) BETWEEN {first + 1} AND {end} AND isodow(local_at) - 1 IN {(*scarce.weekdays, -1)}"
        short, others = (
            rows(f"""
            SELECT avg((delivered_at > promised_by)::INTEGER), avg(greatest(0, epoch(accepted_at - ready_at)))
            FROM clicks WHERE status = 'delivered' AND market_id = '{scarce.market_id}' AND local_at >= DATE '2026-10-19' AND {wanted}
        """)[0]
            for wanted in (here, f"hour(local_at) < {first} AND isodow(local_at) - 1 NOT IN {(*scarce.weekdays, -1)}")
        )
        assert short[0] > 1.3 * others[0]
        assert short[1] > 2 * others[1]


def test_a_trip_that_waited_for_a_driver_is_paid_more(rows: Rows) -> None:
    pay = f"pay_cents / ({MODEL.base_pay_cents} + {MODEL.pay_per_km_cents} * distance_m / 1000)"
    soon, late = rows(f"""
        SELECT avg({pay}) FILTER (waited_s < 300), avg({pay}) FILTER (waited_s BETWEEN 2400 AND 4800)
        FROM (SELECT trip_id, max(epoch(ready_at)) - {MODEL.lead_s} AS due_s FROM orders GROUP BY trip_id)
            JOIN (SELECT *, epoch(shown_at) AS shown_s FROM offers) USING (trip_id), LATERAL (SELECT shown_s - due_s AS waited_s)
        WHERE order_count = 1
    """)[0]
    assert late / soon == pytest.approx(1 + MODEL.raise_per_waiting_hour, rel=0.08)  # they waited about an hour


def test_two_stores_of_every_mall_are_always_late(rows: Rows) -> None:
    for mall_id in OPEN:
        packing = [
            row[0]
            for row in rows(f"""
            SELECT avg(epoch(ready_at - placed_at)) AS packing_s FROM orders WHERE mall_id = '{mall_id}'
            GROUP BY store_id ORDER BY packing_s DESC
        """)
        ]
        assert len(packing) == 24
        assert packing[1] > packing[2] + 600
    slow = "SELECT store_id FROM orders GROUP BY ALL HAVING avg(epoch(ready_at - placed_at)) > 2000"
    on_time = "SELECT avg((delivered_at <= promised_by)::INTEGER) FROM orders WHERE status = 'delivered' AND store_id"
    assert value(rows, f"{on_time} IN ({slow})") < value(rows, f"{on_time} NOT IN ({slow})") - 0.2


def test_drives_follow_the_prior_curve(rows: Rows) -> None:
    north_km = "111.195 * (dropoff_latitude - latitude)"
    east_km = "111.195 * (dropoff_longitude - longitude) * cos(radians(latitude))"
    drives = rows(f"""
        SELECT mall_id, median(epoch(orders.delivered_at - orders.picked_up_at) / 60)
        FROM orders JOIN trips USING (trip_id, mall_id) JOIN malls USING (mall_id)
        WHERE orders.status = 'delivered' AND trips.order_count = 1 AND sqrt(({north_km}) ** 2 + ({east_km}) ** 2) BETWEEN 4.5 AND 5.5
        GROUP BY ALL
    """)
    expected = {"fashion-show": 11.5, "chandler-fashion-center": 11.5 * 0.95, "tysons-corner-center": 11.5 * 1.08}
    assert dict(drives) == pytest.approx(expected, rel=0.1)


def test_promises_are_whole_five_minutes_after_the_click(rows: Rows) -> None:
    assert value(rows, "SELECT count(*) FROM orders WHERE promised_by <= placed_at OR epoch(promised_by)::BIGINT % 300 <> 0") == 0


def test_doors_stand_in_populated_cells_of_the_market(rows: Rows) -> None:
    lived_in = {(market_id, cell) for market_id, cell in rows("SELECT market_id, cell FROM demand_cells")}
    sample = rows("SELECT market_id, dropoff_latitude, dropoff_longitude FROM orders USING SAMPLE 2000 ROWS (reservoir, 1)")
    sample += rows("SELECT market_id, home_latitude, home_longitude FROM drivers")
    assert all((market_id, int(h3.latlng_to_cell(lat, lon, 9), 16)) in lived_in for market_id, lat, lon in sample)


def test_a_customer_has_one_door(rows: Rows) -> None:
    assert (
        value(
            rows, "SELECT max(n) FROM (SELECT count(DISTINCT (dropoff_latitude, dropoff_longitude)) AS n FROM orders GROUP BY customer_id)"
        )
        == 1
    )


def test_population_is_conserved_to_the_last_person(rows: Rows) -> None:
    people = dict(rows("SELECT market_id, sum(population)::BIGINT FROM demand_cells GROUP BY ALL"))
    assert people == {market.market_id: sum(place.population for place in market.places) for market in real_markets(MODEL)}
    assert people["las-vegas"] == 2_216_546  # of 2,265,461 in Clark County: the rest lives outside the places
    households = dict(rows("SELECT market_id, sum(households)::BIGINT FROM demand_cells GROUP BY ALL"))
    assert households["phoenix"] == round(people["phoenix"] / 2.66)
    assert value(rows, "SELECT count(*) - count(DISTINCT (market_id, cell)) FROM demand_cells") == 0


def test_a_cell_in_two_discs_is_counted_once() -> None:
    market = real_markets(MODEL)[0]
    inner = Place("Inner", 36.1, -115.1, 3.0, 5_000)
    outer = Place("Outer", 36.1, -115.11, 30.0, 40_000)
    cells = market_cells(replace(market, places=(inner, outer)), MODEL)
    alone = market_cells(replace(market, places=(outer,)), MODEL)
    assert cells.population.sum() == 45_000
    assert len(np.unique(cells.cell)) == len(cells.cell)
    assert len(cells.cell) <= len(alone.cell) + 20  # the inner place lies inside the outer one and adds no area of its own


def test_rounding_keeps_the_sum_and_gives_the_rest_to_the_largest_remainders() -> None:
    assert rounded(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert rounded(np.array([0.5, 0.3, 0.2]), 7).tolist() == [4, 2, 1]


def test_no_mall_day_passes_the_limit_and_what_it_cannot_take_goes_elsewhere() -> None:
    tight = replace(MODEL, most_orders_per_mall_day=11)
    placed, _ = daily_orders(plan(5_000, tight), tight, seed=1)
    assert placed.sum() == 5_000
    assert placed.max() == 11
    assert daily_orders(plan(200_000, MODEL), MODEL, seed=1)[0].max() <= 800


def test_the_default_is_three_malls_and_half_a_year_and_more_orders_add_weeks_then_markets() -> None:
    default, year, large = (plan(orders, MODEL) for orders in (200_000, 400_000, 10_000_000))
    assert (len(default.markets), default.days, default.first_day) == (3, 182, date(2026, 5, 18))
    assert (len(year.markets), year.days) == (3, 364)
    assert len(large.markets) > 3
    assert large.markets[3].name == "Demo market 4"
    for each in (default, year, large):
        assert each.first_day + timedelta(days=each.days) == date(2026, 11, 16)
        assert sum(mall.model is None for market in each.markets[:3] for mall in market.malls) == 10
        placed, _ = daily_orders(each, MODEL, seed=1)
        assert placed.sum() == each.orders
        assert placed.max() <= 800


def test_recruiting_trails_the_season_when_it_grows_before_the_holidays() -> None:
    year = plan(400_000, MODEL)
    recruited = dict(zip((year.first_day + timedelta(days=day) for day in range(year.days)), recruited_share(year, MODEL), strict=True))
    assert recruited[date(2026, 11, 15)] == pytest.approx(0.957 / 1.42, abs=0.01)  # the factors of 4 October and of the middle of November
    assert recruited[date(2026, 8, 1)] == pytest.approx(0.995, abs=0.02)
    assert recruited[date(2026, 1, 20)] > 1.4  # after the holidays there are more than enough


def test_invented_markets_do_not_overlap_and_keep_their_distances() -> None:
    markets = plan(10_000_000, MODEL).markets
    las_vegas, copy = markets[0], markets[3]

    def apart(market: Any) -> float:
        one, other = market.malls[:2]
        return float(h3.great_circle_distance((one.latitude, one.longitude), (other.latitude, other.longitude)))

    assert apart(copy) == pytest.approx(apart(las_vegas), rel=0.01)
    centers = [(market.malls[0].latitude, market.malls[0].longitude) for market in markets[3:]]
    nearest = min(math.dist(one, other) for index, one in enumerate(centers) for other in centers[:index])
    assert nearest > 1.5


def test_numbers_of_orders_that_no_demo_holds_are_refused() -> None:
    with pytest.raises(DemoError, match="at least 1,000"):
        plan(999, MODEL)
    with pytest.raises(DemoError, match="holds at most"):
        plan(10**9, MODEL)


def test_an_invented_market_is_written_like_a_real_one(tmp_path: Path) -> None:
    crowded = replace(MODEL, mean_orders_per_mall_day=10)  # so that 15,000 orders need a market more
    written = write_demo(tmp_path, orders=15_000, seed=1, model=crowded)
    assert written.rows["markets"] == 3 + (plan(15_000, crowded).markets[3:] != ()) * len(plan(15_000, crowded).markets[3:])
    assert written.rows["markets"] > 3
    with duckdb.connect() as connection:
        orders = connection.sql(f"SELECT market_id, count(*) FROM '{tmp_path}/orders.parquet' GROUP BY ALL").fetchall()
    assert {market_id for market_id, _ in orders} >= {"demo-4"}
    assert sum(count for _, count in orders) == 15_000
