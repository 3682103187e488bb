"""What drivers do in every hour of their shifts: the glossary's cases counted by hand, and a second by second count of everything else."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import activity
from data.contracts import table
from tests.loading import Shop

ZONES = {"M1": "America/Phoenix", "M2": "America/New_York"}
COLUMNS = {
    "shifts": ("shift_id", "driver_id", "mall_id", "market_id", "start_at", "end_at"),
    "trips": ("trip_id", "driver_id", "mall_id", "accepted_at", "arrived_at", "picked_up_at", "ended_at", "status"),
    "offers": ("offer_id", "driver_id", "mall_id", "shown_at", "status"),
    "orders": ("order_id", "driver_id", "mall_id", "trip_id", "placed_at", "ready_at", "status"),
}
DAY = "2026-03-02"
NEW_YEAR = datetime.fromisoformat("2026-01-01")
Row = Mapping[str, Any]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def at(clock: str, *, mall: str = "M1", day: str = DAY) -> datetime:
    """Return the UTC instant of a wall clock at a mall."""
    wall = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(ZONES.get(mall, "America/Phoenix")))
    return wall.astimezone(UTC).replace(tzinfo=None)


def shift(shift_id: str, start: str, end: str, *, driver: str = "ann", mall: str | None = None, day: str = DAY, **more: Any) -> Row:
    zone = mall or "M1"
    spans = {"start_at": at(start, mall=zone, day=day), "end_at": at(end, mall=zone, day=more.pop("end_day", day))}
    return {"shift_id": shift_id, "driver_id": driver, "mall_id": mall, "market_id": "desert" if zone == "M1" else "coast", **spans, **more}


def trip(trip_id: str, start: str, end: str, *, driver: str = "ann", mall: str | None = "M1", day: str = DAY, **more: Any) -> Row:
    zone = mall or "M1"
    clocks = {name: at(more.pop(name), mall=zone, day=day) for name in ("arrived_at", "picked_up_at") if name in more}
    spans = {"accepted_at": at(start, mall=zone, day=day), "ended_at": at(end, mall=zone, day=more.pop("end_day", day))}
    return {"trip_id": trip_id, "driver_id": driver, "mall_id": mall, "status": "completed", **spans, **clocks, **more}


def put(shop: Shop, *, replace: bool = False, **tables: Sequence[Row]) -> None:
    """Load rows of several tables at once; times are in UTC."""
    files, head = [], ""
    for name, rows in tables.items():
        files.append(shop.rows_file(f"{name}.csv", [{column: row.get(column) for column in COLUMNS[name]} for row in rows]))
        head += f'[{name}]\nfile = "{name}.csv"\ntime_zone = "UTC"\n'
    shop.load(*files, mapping=head, replace=replace)


def sums(shop: Shop, mall: str | None = None, columns: Sequence[str] = ("online_s", "engaged_s")) -> tuple[int | None, ...]:
    """Return sums of columns over one view."""
    where = "mall_id IS NULL" if mall is None else f"mall_id = '{mall}'"
    row = shop.row(f"SELECT {', '.join(f'sum({each})::BIGINT AS {each}' for each in columns)} FROM shift_activity WHERE {where}")
    return tuple(row.values())


def by_hour(shop: Shop, columns: str = "online_s, engaged_s") -> dict[tuple[str, int], tuple[int, ...]]:
    rows = shop.rows(f"SELECT local_date, local_hour, {columns} FROM shift_activity WHERE mall_id IS NULL ORDER BY ALL")
    return {(row.pop("local_date").isoformat(), row.pop("local_hour")): tuple(row.values()) for row in rows}


GOLDEN = [
    trip("t1", "09:10", "10:05", arrived_at="09:30", picked_up_at="09:40"),
    trip("t2", "09:20", "10:20", arrived_at="09:35", picked_up_at="09:50"),
    trip("t3", "10:50", "11:00", status="cancelled"),
    trip("t4", "11:20", "12:10", arrived_at="11:30", picked_up_at="11:40"),
]


def test_overlapping_trips_count_once_and_what_outlasts_the_shift_does_not_count(shop: Shop) -> None:
    put(shop, shifts=[shift("s", "09:00", "12:00")], trips=GOLDEN)

    online, engaged, loaded = sums(shop, columns=("online_s", "engaged_s", "loaded_s"))
    assert (online, engaged, loaded) == (3 * 3600, 7200, 3600)  # 0.667 and 0.333, as the glossary says
    assert by_hour(shop, "engaged_s, loaded_s") == {(DAY, 9): (3000, 1200), (DAY, 10): (1800, 1200), (DAY, 11): (2400, 1200)}


def test_a_driver_who_works_for_two_malls_is_as_busy_at_both(shop: Shop) -> None:
    put(shop, shifts=[shift("s", "09:00", "13:00")], trips=[trip("a", "09:00", "09:30"), trip("b", "10:00", "11:30", mall="B")])

    columns = ("online_s", "engaged_s", "engaged_here_s")
    assert sums(shop, columns=columns) == (14400, 7200, 7200)
    assert sums(shop, "M1", columns) == (14400, 7200, 1800)
    assert sums(shop, "B", columns) == (14400, 7200, 5400)


def test_a_shift_over_midnight_and_a_clock_put_forward_keeps_its_true_length(shop: Shop) -> None:
    times = {"mall": "M2", "day": "2026-03-07", "end_day": "2026-03-08"}
    put(shop, shifts=[shift("s", "22:00", "04:00", **times)], trips=[trip("t", "23:30", "03:15", **times)])

    whole, none = 3600, 0
    assert by_hour(shop) == {
        ("2026-03-07", 22): (whole, none),
        ("2026-03-07", 23): (whole, 1800),
        ("2026-03-08", 0): (whole, whole),
        ("2026-03-08", 1): (whole, whole),
        ("2026-03-08", 3): (whole, 900),
    }


def test_the_hour_that_a_clock_repeats_is_one_row_of_two_hours(shop: Shop) -> None:
    times = {"mall": "M2", "day": "2026-10-31", "end_day": "2026-11-01"}
    put(shop, shifts=[shift("s", "22:00", "02:00", **times)], trips=[trip("t", "23:50", "02:00", **times)])

    hours = by_hour(shop)
    assert hours["2026-11-01", 1] == (7200, 7200)
    assert sums(shop) == (5 * 3600, 3 * 3600 + 600)
    assert shop.row("SELECT count(*) AS rows FROM shift_activity WHERE mall_id IS NULL")["rows"] == 4


def test_overlapping_shifts_are_one_under_the_id_of_the_first(shop: Shop) -> None:
    shifts = [shift("late", "11:00", "14:00", mall="M1"), shift("early", "09:00", "12:00"), shift("next", "14:00", "15:00")]
    put(shop, shifts=shifts, trips=[trip("t", "11:30", "12:30")])

    rows = shop.rows("SELECT mall_id, shift_id, sum(online_s)::BIGINT AS online_s FROM shift_activity GROUP BY ALL ORDER BY ALL")
    assert [tuple(row.values()) for row in rows] == [("M1", "early", 18000), (None, "early", 18000), (None, "next", 3600)]
    assert sums(shop) == (21600, 3600)


def test_a_trip_within_another_adds_nothing_and_one_may_reach_into_the_next_shift(shop: Shop) -> None:
    trips = [trip("out", "09:30", "11:30"), trip("in", "10:00", "10:10")]
    put(shop, shifts=[shift("a", "09:00", "10:00"), shift("b", "11:00", "12:00"), shift("c", "13:00", "14:00")], trips=trips)

    rows = shop.rows("SELECT shift_id, engaged_s FROM shift_activity WHERE mall_id IS NULL ORDER BY ALL")
    assert [tuple(row.values()) for row in rows] == [("a", 1800), ("b", 1800), ("c", 0)]


def test_a_mall_has_the_shifts_that_carry_it_else_those_with_an_offer_or_a_trip_of_it(shop: Shop) -> None:
    put(
        shop,
        shifts=[
            shift("carries", "09:00", "10:00", mall="M1"),
            shift("offered", "11:00", "12:00"),
            shift("on a trip", "13:00", "14:00"),
            shift("neither", "15:00", "16:00"),
            shift("of another", "11:00", "12:00", driver="bob"),
        ],
        trips=[trip("b", "09:10", "09:20", mall="B"), trip("c", "13:10", "13:20", mall="C"), trip("late", "12:00", "12:10", mall="D")],
        offers=[
            {"offer_id": "1", "driver_id": "ann", "mall_id": "O", "shown_at": at("11:00"), "status": "declined"},
            {"offer_id": "2", "driver_id": "ann", "mall_id": "P", "shown_at": at("12:00"), "status": "declined"},
        ],
    )

    rows = shop.rows("SELECT DISTINCT mall_id, shift_id FROM shift_activity WHERE mall_id IS NOT NULL ORDER BY ALL")
    assert [tuple(row.values()) for row in rows] == [("C", "on a trip"), ("M1", "carries"), ("O", "offered")]


def test_waiting_for_an_order_to_be_packed_is_no_work(shop: Shop) -> None:
    orders = [
        {"order_id": "o1", "mall_id": "M1", "trip_id": "t1", "placed_at": at("09:00"), "ready_at": at("09:33"), "status": "delivered"},
        {"order_id": "o2", "mall_id": "M1", "trip_id": "t1", "placed_at": at("09:00"), "ready_at": at("09:36"), "status": "delivered"},
        {"order_id": "o4", "mall_id": "M1", "trip_id": "t4", "placed_at": at("11:00"), "ready_at": at("11:10"), "status": "delivered"},
    ]
    trips = [GOLDEN[0], trip("t3", "10:50", "11:00", status="cancelled", arrived_at="10:56"), GOLDEN[3]]
    put(shop, shifts=[shift("s", "09:00", "12:00")], trips=trips, orders=orders)

    # t1: 09:10-09:30 and from 09:36 to 10:05; t3: until 10:56; t4 waits for nothing and is clipped at 12:00.
    assert sums(shop, columns=("work_s", "engaged_s")) == (60 * (20 + 29 + 6 + 40), 60 * (55 + 10 + 40))


def test_what_the_events_do_not_tell_is_null_for_the_whole_shift(shop: Shop) -> None:
    put(shop, shifts=[shift("s", "09:00", "12:00"), shift("u", "13:00", "14:00")], trips=[GOLDEN[0], trip("t", "11:10", "11:20")])

    rows = shop.rows("SELECT DISTINCT shift_id, loaded_s, work_s FROM shift_activity WHERE mall_id IS NULL ORDER BY ALL")
    assert [tuple(row.values()) for row in rows] == [("s", None, None), ("u", 0, 0)]
    assert sums(shop) == (4 * 3600, 3900)


def test_without_trips_nothing_is_known_of_engaged_time(shop: Shop) -> None:
    put(shop, shifts=[shift("s", "09:00", "12:00")])

    assert sums(shop) == (10800, None)


def test_a_trip_that_ends_in_the_second_in_which_it_begins_took_no_time(shop: Shop) -> None:
    trips = [GOLDEN[0], trip("t", "10:10", "10:10", status="cancelled")]
    put(shop, shifts=[shift("s", "09:00", "12:00", mall="M1")], trips=trips)

    assert sums(shop, columns=("online_s", "engaged_s", "loaded_s")) == (10800, 3300, 1500)


@pytest.mark.parametrize("ended_at", [None, at("09:05")])
def test_a_trip_without_a_usable_end_makes_the_time_of_its_shift_unknown_and_of_no_other(shop: Shop, ended_at: datetime | None) -> None:
    trips = [{**GOLDEN[0], "ended_at": ended_at}, trip("t", "15:10", "15:20", picked_up_at="15:15")]
    put(shop, shifts=[shift("s", "09:00", "12:00", mall="M1"), shift("u", "15:00", "16:00")], trips=trips)

    columns = "engaged_s, engaged_here_s, loaded_s, work_s"
    rows = shop.rows(f"SELECT DISTINCT shift_id, {columns} FROM shift_activity ORDER BY ALL")
    assert [tuple(row.values()) for row in rows] == [("s", None, None, None, None), ("u", 600, 600, 300, None)]
    assert sums(shop)[0] == 4 * 3600


def test_trips_of_which_none_has_an_end_are_no_trips(shop: Shop) -> None:
    put(shop, shifts=[shift("s", "09:00", "12:00"), shift("u", "09:00", "12:00", driver="bob")], trips=[{**GOLDEN[0], "ended_at": None}])

    assert sums(shop) == (6 * 3600, None)


def test_a_day_loaded_later_gives_what_both_loaded_at_once_give(shop: Shop, tmp_path: Path) -> None:
    first = {"shifts": [shift("a", "09:00", "12:00"), shift("b", "18:00", "19:00")], "trips": GOLDEN[:2]}
    second = {"shifts": [shift("b", "11:00", "13:00"), shift("c", "15:00", "16:00", driver="bob")], "trips": GOLDEN[2:]}
    put(shop, **first)
    put(shop, **second)

    other = Shop(tmp_path / "other").open()
    put(other, shifts=[first["shifts"][0], *second["shifts"]], trips=GOLDEN)
    everything = "SELECT * FROM shift_activity ORDER BY mall_id, shift_id, local_hour"
    assert shop.rows(everything) == other.rows(everything)
    assert sums(shop)[0] == 5 * 3600


def test_times_of_the_orders_change_what_was_work(shop: Shop) -> None:
    order = {"order_id": "o", "mall_id": "M1", "trip_id": "t1", "placed_at": at("09:00"), "status": "delivered"}
    put(shop, shifts=[shift("s", "09:00", "12:00")], trips=GOLDEN[:1], orders=[order])
    assert sums(shop, columns=("work_s",)) == (None,)

    put(shop, orders=[{**order, "ready_at": at("09:35")}])
    assert sums(shop, columns=("work_s",)) == (60 * 50,)


def seconds_of(rows: Sequence[Row], start: str, end: str) -> dict[str, set[int]]:
    """Return every second between two instants of each row, by driver."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row[start] is not None and row[end] is not None:
            found[row["driver_id"]].update(range(minute(row[start]), minute(row[end])))
    return found


def minute(instant: datetime) -> int:
    return int((instant - NEW_YEAR).total_seconds()) // 60


def counted(shifts: Sequence[Row], trips: Sequence[Row], zone: ZoneInfo) -> dict[tuple[str, str, int], tuple[int, int, int]]:
    """Count online, engaged and loaded minutes by driver and local hour: minute by minute, without intervals."""
    online, engaged = seconds_of(shifts, "start_at", "end_at"), seconds_of(trips, "accepted_at", "ended_at")
    loaded = seconds_of(trips, "picked_up_at", "ended_at")
    found: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for driver, minutes in online.items():
        for each in minutes:
            wall = (NEW_YEAR.replace(tzinfo=UTC) + timedelta(minutes=each)).astimezone(zone)
            row = found[driver, wall.date().isoformat(), wall.hour]
            row[0] += 1
            row[1] += each in engaged[driver]
            row[2] += each in loaded[driver]
    return {key: (row[0], row[1], row[2]) for key, row in found.items()}


@st.composite
def spans(draw: st.DrawFn, longest: int) -> tuple[datetime, datetime]:
    """Draw a span of whole minutes around the night on which New York's clocks go back."""
    start = datetime.fromisoformat("2026-11-01 02:00") + timedelta(minutes=draw(st.integers(0, 600)))
    return start, start + timedelta(minutes=draw(st.integers(1, longest)))


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    def shifts() -> Iterator[Row]:
        for number in range(draw(st.integers(1, 6))):
            start, end = draw(spans(300))
            yield {
                "shift_id": f"s{number}",
                "driver_id": draw(st.sampled_from("ab")),
                "market_id": "coast",
                "start_at": start,
                "end_at": end,
            }

    def trips() -> Iterator[Row]:
        for number in range(draw(st.integers(1, 8))):
            start, end = draw(spans(120))
            picked = start + timedelta(minutes=draw(st.integers(0, minute(end) - minute(start))))
            row = {"trip_id": f"t{number}", "driver_id": draw(st.sampled_from("ab")), "market_id": "coast", "status": "completed"}
            yield {**row, "accepted_at": start, "picked_up_at": picked, "ended_at": end}

    return list(shifts()), list(trips())


def written(shifts: Sequence[Row], trips: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """Make the activity in a bare database, which is faster than loading files."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    for name in ("scratch", "built"):
        connection.execute(f"ATTACH ':memory:' AS {name}")
    given_rows = {"markets": [{"market_id": "coast", "time_zone": "America/New_York", "week_start": 1}], "orders": [], "offers": []}
    for name, rows in {**given_rows, "shifts": shifts, "trips": trips}.items():
        connection.execute(table(name).ddl(f"now_{name}"))
        for row in rows:
            connection.execute(f"INSERT INTO now_{name} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", list(row.values()))
    connection.execute("UPDATE now_shifts SET online_s = date_diff('second', start_at, end_at)")
    connection.execute("UPDATE now_trips SET engaged_s = date_diff('second', accepted_at, ended_at)")
    activity.write(connection)
    return connection


@settings(max_examples=30)
@given(days())
def test_counted_minute_by_minute_the_same_comes_out(made: tuple[list[Row], list[Row]]) -> None:
    shifts, trips = made
    with written(shifts, trips) as connection:
        rows = connection.execute(
            "SELECT driver_id, local_date, local_hour, sum(online_s)::BIGINT, sum(engaged_s)::BIGINT, sum(loaded_s)::BIGINT "
            "FROM built.shift_activity WHERE mall_id IS NULL GROUP BY ALL"
        ).fetchall()

    assert all(seconds % 60 == 0 for row in rows for seconds in row[3:])
    found = {(driver, day.isoformat(), hour): tuple(each // 60 for each in seconds) for driver, day, hour, *seconds in rows}
    assert found == counted(shifts, trips, ZoneInfo("America/New_York"))
    assert all(loaded <= engaged <= online for online, engaged, loaded in found.values())
