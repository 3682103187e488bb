"""What a mapping asks to be derived: words, joins, times and places, each counted by hand on a few rows."""

from datetime import date, datetime, time

import h3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import MappingError
from data.load import LoadResult
from data.mapping import Mapping
from data.warehouse import Count
from tests.loading import Shop, rules

ORDERS = '[orders]\nfile = "orders.csv"\ntime_zone = "UTC"\n'
REFUSED = {
    "rows by a number of words": ("only = { state = [] }", "at least one word"),
    "rows by a table of words": ("except = { state = { A = 1 } }", "a text, a number or a date"),
    "a list that joins nothing": ('join = { file = "b.csv", on = "id", split = "ids" }', "on names no column"),
    "a join of rows with a typo": ('join = { file = "b.csv", on = "id", onyl = { a = 1 } }', "did you mean 'only'"),
    "days of no year": ('date_formats = ["%m-%d %H:%M"]', "has no year; say from which day on"),
    "a word for nothing known": ('values = { state = { A = "delivered" } }', "a source cannot give a column 'state'"),
    "a meaning that is no choice": ('values = { status = { A = "deliverd" } }', "did you mean 'delivered'"),
    "words of a time": ('values = { placed_at = { A = "2026" } }', "only columns of words"),
    "a join without a key": ('join = { file = "b.csv" }', "on is missing"),
    "a join with a typo": ('join = { file = "b.csv", on = "id", kep = "last" }', "did you mean 'keep'"),
    "a join that keeps the lot": ('join = { file = "b.csv", on = "id", keep = "lats", by = "t" }', "did you mean 'last'"),
    "a last without an order": ('join = { file = "b.csv", on = "id", keep = "last" }', "belong together"),
    "two joins of one name": ('join = [{ file = "b.csv", on = "id" }, { file = "x/b.csv", on = "id" }]', "two joined files"),
    "an event that is none": ('first_of = { accepted_at = ["pickedup_at"] }', "did you mean 'picked_up_at'"),
    "an event before itself": ('first_of = { accepted_at = ["arrived_at"], arrived_at = ["accepted_at"] }', "made from itself"),
    "a duration without a unit": ('after = { delivered_at = { event = "placed_at", by = "t" } }', "unit is missing"),
    "a duration in fortnights": ('after = { delivered_at = { event = "placed_at", by = "t", unit = "minute" } }', "did you mean 'minutes'"),
    "a duration that is no number": ('after = { delivered_at = { event = "placed_at", by = true, unit = "minutes" } }', "a number"),
    "a base that is no day": ('base_date = "1 May"', "a day such as"),
    "clocks of no day": ('units = { placed_at = "minutes" }', "after midnight of which day"),
    "a roll of nothing": ('rolls = ["pickedup_at"]', "did you mean 'picked_up_at'"),
    "a whole day of nothing": ('whole_days = ["promised"]', "did you mean 'promised_by'"),
    "missing in nothing": ('missing = { feecents = ["0"] }', "did you mean 'fee_cents'"),
    "a plane at the pole": ("planar = { latitude = 90, longitude = 0 }", "no point"),
    "a plane without an origin": ("planar = { latitude = 41.8 }", "longitude is missing"),
    "a plane with two units": ('planar = { latitude = 1, longitude = 1 }\nunits = { dropoff_latitude = "e7" }', "planar.unit"),
    "a flip of nothing": ('flip = ["dropoff_lat"]', "did you mean 'dropoff_latitude'"),
    "a flip half way": ('flip = { dropoff_latitude = "positiv" }', "did you mean 'positive'"),
    "a swap of nothing": ('swap = ["dropoff"]', "there is no coordinate 'dropoff'"),
    "a scale of nothing": ('units = { dropoff_latitude = "microdegree" }', "did you mean 'microdegrees'"),
    "orders from nothing": ('infer = "trips"', "only trips, shifts, offers can be inferred"),
    "rest of orders": ("gap_hours = 2", "belongs to shifts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_derivation_is_refused_in_one_sentence_with_a_hint(case: str) -> None:
    text, message = REFUSED[case]

    with pytest.raises(MappingError, match=message) as caught:
        Mapping.parse(ORDERS + text + "\n")

    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("derivations")).open()


def loaded(shop: Shop, derivations: str, *rows: dict[str, object], head: str = ORDERS, **columns: object) -> LoadResult:
    """Load orders of M1 by the default mapping with some derivations; ``columns`` are the same in every row."""
    rows_ = [{"order_id": f"o{place}", "mall_id": "M1", **columns, **row} for place, row in enumerate(rows)]
    return shop.load(shop.rows_file("orders.csv", rows_), mapping=head + derivations + "\n", replace=True)


def column(shop: Shop, sql: str) -> list[object]:
    return [next(iter(row.values())) for row in shop.rows(f"SELECT {sql} FROM orders ORDER BY order_id")]


def test_words_mean_what_the_mapping_says_in_any_case_and_others_stay_a_finding(shop: Shop) -> None:
    result = loaded(
        shop,
        'values = { status = { FINISHED = "delivered", CANCELED = "cancelled", OPEN = "" } }',
        *({"status": word} for word in ("Finished", "CANCELED", "returned", "eaten", "open")),
        placed_at="2026-03-02 17:00",
    )

    assert column(shop, "status") == ["delivered", "cancelled", "returned", None, None]
    assert rules(result)["not_in_choices", "status"] == 1
    assert [each.example for each in result.findings if each.rule == "not_in_choices"] == ["orders.csv line 5: status = eaten"]


def test_a_second_file_is_joined_by_key_the_last_of_several_kept_and_unmatched_rows_stay(shop: Shop) -> None:
    shop.rows_file(
        "deliveries.csv",
        [
            {"delivery_order_id": "7", "delivery_id": "9", "driver_id": "old"},
            {"delivery_order_id": "7", "delivery_id": "10", "driver_id": "new"},
            {"delivery_order_id": "8", "delivery_id": "1", "driver_id": "bob"},
        ],
    )
    shop.rows_file("drivers.csv", [{"driver_id": "new", "modal": "bike"}, {"driver_id": "bob", "modal": "car"}])
    join = """
    join = [
        { file = "deliveries.csv", on = { link = "delivery_order_id" }, keep = "last", by = "delivery_id" },
        { file = "drivers.csv", on = { "deliveries.driver_id" = "driver_id" } },
    ]
    columns = { driver_id = "deliveries.driver_id", customer_id = "modal" }
    """

    result = loaded(shop, join, {"link": "7"}, {"link": "8"}, {"link": "6"}, {"link": None}, placed_at="2026-03-02 17:00")

    # 10 comes after 9 as a number, not as a text.
    assert column(shop, "driver_id") == ["new", "bob", None, None]
    assert column(shop, "customer_id") == ["bike", "car", None, None]
    assert result.counts["orders"] == Count(rows_in=4, kept=4)
    assert "orders: 1 of 2 keys of deliveries.csv have several rows; the last by delivery_id was kept" in result.notes
    assert "orders: 2 rows have no match in deliveries.csv; they stay" in result.notes
    assert [(each.path, each.rows, each.tables) for each in result.sources] == [
        ("orders.csv", 4, ("orders",)),
        ("deliveries.csv", 3, ("orders",)),
        ("drivers.csv", 2, ("orders",)),
    ]


def test_several_matches_without_a_choice_are_refused(shop: Shop) -> None:
    shop.rows_file("twice.csv", [{"id": "o0", "x": "1"}, {"id": "o0", "x": "2"}])

    with pytest.raises(MappingError, match="several rows of id o0; say which to keep"):
        loaded(shop, 'join = { file = "twice.csv", on = { order_id = "id" } }', {}, placed_at="2026-03-02 17:00")


@pytest.mark.parametrize(
    ("join", "message"),
    [
        ('{ file = "side.csv", on = { order_id = "nr" } }', "side.csv has no column 'nr'; it has id, x"),
        ('{ file = "side.csv", on = { nr = "id" } }', "has no column 'nr'"),
        ('{ file = "side.csv", on = { order_id = "id" }, keep = "last", by = "nr" }', "has no column 'nr'"),
        ('{ file = "none.csv", on = "id" }', "no such file"),
    ],
)
def test_a_join_that_cannot_be_is_refused(shop: Shop, join: str, message: str) -> None:
    shop.rows_file("side.csv", [{"id": "o0", "x": "1"}])

    with pytest.raises(MappingError, match=message):
        loaded(shop, f"join = {join}", {}, placed_at="2026-03-02 17:00")


def test_a_day_and_a_time_of_day_are_one_time_and_roll_past_midnight(shop: Shop) -> None:
    result = loaded(
        shop,
        """
        date_formats = ["%d-%m-%Y"]
        rolls = true
        columns = { placed_at = ["day", "placed"], picked_up_at = ["day", "picked"], delivered_at = ["day", "done"] }
        """,
        {"placed": "23:50:00", "picked": "00:05:00", "done": "0:35"},
        {"placed": "11:30", "picked": "11:20", "done": "12:10"},
        {"placed": "23:30", "picked": "23:40", "done": "24:05:00"},
        {"placed": "0.5", "picked": "1:10 PM", "done": "1:30 pm"},
        {"placed": "10:00", "picked": "NaN ", "done": "10:40"},
        day="19-03-2022",
    )

    assert column(shop, "placed_at::VARCHAR") == [
        "2022-03-19 23:50:00",
        "2022-03-19 11:30:00",
        "2022-03-19 23:30:00",
        "2022-03-19 12:00:00",
        "2022-03-19 10:00:00",
    ]
    # Order 1 was picked up ten minutes before it was placed: no midnight lies between, so it stays and is out of order.
    assert column(shop, "date_diff('second', placed_at, picked_up_at)") == [900, -600, 600, 4200, None]
    assert column(shop, "click_to_door_s") == [2700, 2400, 2100, 5400, 2400]
    assert rules(result)["out_of_order", "picked_up_at"] == 1
    assert ("unparsable_optional", "picked_up_at") not in rules(result)
    assert any(note.startswith("orders.picked_up_at: 1 times of day are earlier") for note in result.notes)
    assert any(note.startswith("orders.delivered_at: 1 times of day are earlier") for note in result.notes)


@pytest.mark.parametrize(("placed", "picked", "rolls"), [("18:00", "06:00", 1), ("18:00", "06:01", 0), ("12:00", "12:00", 0)])
def test_a_time_of_day_rolls_if_it_lies_at_least_twelve_hours_before_the_event_before_it(
    shop: Shop, placed: str, picked: str, rolls: int
) -> None:
    columns = 'rolls = true\ncolumns = { placed_at = ["day", "a"], picked_up_at = ["day", "b"] }'

    loaded(shop, columns, {"a": placed, "b": picked}, day="2026-03-02")

    assert column(shop, "date_diff('day', placed_at, picked_up_at)") == [rolls]


def test_a_format_may_want_the_parts_of_a_time_without_a_space(shop: Shop) -> None:
    loaded(shop, 'date_formats = ["%Y%m%d%H%M"]\ncolumns = { placed_at = ["a", "b"] }', {"a": "20260302", "b": "1205"})

    assert column(shop, "placed_at::VARCHAR") == ["2026-03-02 12:05:00"]


def test_whole_times_roll_only_where_they_are_named(shop: Shop) -> None:
    rows = [{"placed_at": "2026-03-02 23:50", "delivered_at": "2026-03-02 00:20"}]

    loaded(shop, "rolls = true", *rows)
    assert column(shop, "click_to_door_s") == [None]

    loaded(shop, 'rolls = ["delivered_at"]', *rows)
    assert column(shop, "click_to_door_s") == [1800]


def test_a_clock_that_cannot_be_read_is_reported_as_it_stands(shop: Shop) -> None:
    result = loaded(
        shop,
        'columns = { placed_at = ["day", "a"], picked_up_at = ["day", "b"] }',
        {"a": "12:00", "b": "noon"},
        {"a": "12:77", "b": "12:00"},
        day="2026-03-02",
    )

    assert [(each.rule, each.example) for each in result.findings][:2] == [
        ("unparsable_value", "orders.csv line 3: placed_at = 2026-03-02 12:77"),
        ("unparsable_optional", "orders.csv line 2: picked_up_at = 2026-03-02 noon"),
    ]


def test_times_of_day_and_numbers_after_midnight_take_the_base_date_even_beyond_24_hours(shop: Shop) -> None:
    loaded(
        shop,
        """
        base_date = 2026-03-02
        units = { picked_up_at = "minutes", delivered_at = "seconds" }
        columns = { placed_at = "a", picked_up_at = "b", delivered_at = "c" }
        """,
        {"a": "17:30", "b": "1062.5", "c": "64800"},
        {"a": "25:00:30", "b": "1520", "c": "91500"},
        {"a": "2026-03-05 10:00", "b": "", "c": ""},
        head='[orders]\nfile = "orders.csv"\n',
    )

    # Phoenix is seven hours behind: 17:30 on 2 March is 00:30 on 3 March in UTC.
    assert column(shop, "placed_at::VARCHAR") == ["2026-03-03 00:30:00", "2026-03-03 08:00:30", "2026-03-05 17:00:00"]
    assert column(shop, "date_diff('second', placed_at, picked_up_at)") == [750, 1170, None]
    assert column(shop, "click_to_door_s") == [1800, 1470, None]
    assert column(shop, "local_date::VARCHAR") == ["2026-03-02", "2026-03-03", "2026-03-05"]


def test_events_are_made_from_others_and_what_the_source_says_itself_goes_before(shop: Shop) -> None:
    result = loaded(
        shop,
        """
        columns = { placed_at = "a", picked_up_at = "b", delivered_at = "d" }
        first_of = { accepted_at = ["arrived_at", "picked_up_at"], arrived_at = ["picked_up_at"] }
        [orders.after]
        delivered_at = { event = "picked_up_at", by = "Time_taken(min)", unit = "minutes" }
        promised_by = { event = "placed_at", by = 45, unit = "minutes" }
        """,
        {"b": "2026-03-02 17:10", "Time_taken(min)": "(min) 24"},
        {"b": "2026-03-02 17:10", "Time_taken(min)": "30.5"},
        {"b": "2026-03-02 17:10", "Time_taken(min)": "soon"},
        {"b": None, "Time_taken(min)": "20"},
        {"b": "2026-03-02 17:10", "Time_taken(min)": "20", "d": "2026-03-02 17:11"},
        a="2026-03-02 17:00",
    )

    assert column(shop, "click_to_door_s") == [2040, 2430, None, None, 660]
    assert column(shop, "drive_s") == [1440, 1830, None, None, 60]
    assert column(shop, "date_diff('second', placed_at, accepted_at)") == [600, 600, 600, None, 600]
    assert (column(shop, "approach_s")[0], column(shop, "mall_dwell_s")[0]) == (0, 0)
    assert column(shop, "late_s") == [-660, -270, None, None, -2040]
    assert rules(result)["unparsable_optional", "delivered_at"] == 1
    assert "orders.csv line 4: delivered_at = soon" in [each.example for each in result.findings]


def test_a_known_event_goes_before_the_one_that_stands_in_for_it(shop: Shop) -> None:
    rows = [{"accepted_at": each, "picked_up_at": "2026-03-02 17:20"} for each in ("2026-03-02 17:05", None)]

    loaded(shop, 'first_of = { accepted_at = ["picked_up_at"] }', *rows, placed_at="2026-03-02 17:00")

    assert column(shop, "date_diff('second', placed_at, accepted_at)") == [300, 1200]


def test_a_required_time_may_be_made_from_another(shop: Shop) -> None:
    result = loaded(shop, 'first_of = { placed_at = ["accepted_at"] }', {"accepted_at": "2026-03-02 17:00"}, {"accepted_at": None})

    assert result.counts["orders"] == Count(rows_in=2, kept=1, rejected=1)
    assert column(shop, "placed_at::VARCHAR") == ["2026-03-02 17:00:00"]


def test_sentinels_are_missing_where_the_mapping_says_so_only(shop: Shop) -> None:
    rows = [{"placed_at": "1772470800", "picked_up_at": "0", "fee_cents": "0"}, {"placed_at": "1772470800", "picked_up_at": "-"}]

    everywhere = loaded(shop, 'missing = ["0", "-"]', *rows)
    assert column(shop, "fee_cents") == [None, None]
    assert ("unparsable_optional", "picked_up_at") not in rules(everywhere)

    one = loaded(shop, 'missing = { picked_up_at = ["0"] }', *rows)
    assert column(shop, "fee_cents") == [0, None]
    assert ("unparsable_optional", "picked_up_at") not in rules(one)


def test_a_promise_that_is_only_a_day_is_its_local_end(shop: Shop) -> None:
    rows = [{"promised_by": each} for each in ("2026-03-02", "2026-03-02 00:00:00", "2026-03-02 18:00")]

    loaded(shop, "", *rows, placed_at="2026-03-02 12:00", head='[orders]\nfile = "orders.csv"\n')
    assert column(shop, "promised_by::VARCHAR") == ["2026-03-03 06:59:59", "2026-03-02 07:00:00", "2026-03-03 01:00:00"]

    loaded(shop, 'whole_days = ["promised_by"]', *rows, placed_at="2026-03-02 12:00", head='[orders]\nfile = "orders.csv"\n')
    assert column(shop, "promised_by::VARCHAR") == ["2026-03-03 06:59:59"] * 3


def test_years_of_two_digits_and_halves_of_the_day_are_read_by_a_format(shop: Shop) -> None:
    formats = 'date_formats = ["%m/%d/%Y %I:%M:%S %p", "%d.%m.%y %H:%M"]'

    loaded(shop, formats, {"placed_at": "1/29/2021 12:01:36 AM"}, {"placed_at": "29.01.21 13:05"})

    assert column(shop, "placed_at::VARCHAR") == ["2021-01-29 00:01:36", "2021-01-29 13:05:00"]


@pytest.mark.parametrize(
    ("derivation", "latitude", "longitude"),
    [
        ('units = { dropoff_latitude = "microdegrees", dropoff_longitude = "microdegrees" }', "33510000", "-112010000"),
        ('units = { dropoff_latitude = "e7", dropoff_longitude = 0.0000001 }', "335100000", "-1120100000"),
        ('flip = ["dropoff_longitude"]', "33.51", "112.01"),
        ('flip = { dropoff_latitude = "positive", dropoff_longitude = "negative" }', "-33.51", "-112.01"),
        ('swap = ["dropoff_latitude"]', "-112.01", "33.51"),
        # 1 minute of arc of latitude is 1853.25 m on the mean sphere; of longitude at 33.5 degrees cos(33.5) of that.
        ("planar = { latitude = 33.5, longitude = -112.0 }", "1111.95080", "-927.23873"),
        ('planar = { latitude = 33.5, longitude = -112.0, unit = "km" }', "1.11195080", "-0.92723873"),
    ],
)
def test_coordinates_of_other_scales_signs_and_order_are_mended(shop: Shop, derivation: str, latitude: str, longitude: str) -> None:
    loaded(shop, derivation, {"dropoff_latitude": latitude, "dropoff_longitude": longitude}, placed_at="2026-03-02 17:00")

    point = shop.row("SELECT round(dropoff_latitude, 6) AS y, round(dropoff_longitude, 6) AS x FROM orders")
    assert point == {"y": 33.51, "x": -112.01}


def test_the_pick_up_point_is_mended_like_a_door(shop: Shop) -> None:
    mapping = """
    nearest = { latitude = "y", longitude = "x", within_m = 1000 }
    units = { pickup_latitude = "microdegrees", pickup_longitude = "microdegrees" }
    flip = ["pickup_longitude"]
    """

    loaded(shop, mapping, {"y": "33505000", "x": "112000000", "mall_id": None}, placed_at="2026-03-02 17:00")

    assert column(shop, "mall_id") == ["M1"]


def test_an_unreadable_coordinate_is_reported_as_it_stands(shop: Shop) -> None:
    result = loaded(
        shop, 'flip = ["dropoff_longitude"]', {"dropoff_latitude": "33.5", "dropoff_longitude": "west"}, placed_at="2026-03-02 17:00"
    )

    assert "orders.csv line 2: dropoff_longitude = west" in [each.example for each in result.findings]


def test_doors_given_as_cells_have_no_point_and_coarse_ones_are_labelled(shop: Shop) -> None:
    at = {level: h3.latlng_to_cell(33.51, -112.01, level) for level in (7, 9, 11)}
    rows = [
        {"dropoff_cell": at[9]},
        {"dropoff_cell": at[11]},
        {"dropoff_cell": at[7]},
        {"dropoff_cell": "nowhere"},
        {"dropoff_cell": at[7], "dropoff_latitude": "33.51", "dropoff_longitude": "-112.01"},
    ]

    result = loaded(shop, "", *rows, placed_at="2026-03-02 17:00")

    nine, middle = int(at[9], 16), int(h3.cell_to_center_child(at[7], 9), 16)
    assert column(shop, "dropoff_cell") == [nine, nine, middle, None, nine]
    assert column(shop, "is_dropoff_area") == [False, False, True, False, False]
    assert rules(result)["unparsable_optional", "dropoff_cell"] == 1
    again = loaded(shop, "", *rows, placed_at="2026-03-02 17:00")
    assert not again.is_new


def test_typed_files_are_derived_from_like_texts(shop: Shop) -> None:
    day = date(2026, 3, 2)
    pq.write_table(
        pa.table(
            {
                "order_id": [1.0, 2.0],
                "mall_id": ["M1", "M1"],
                "day": pa.array([day, day], pa.date32()),
                "clock": pa.array([time(23, 50), time(9, 0)], pa.time64("us")),
                "picked": pa.array([time(0, 5), None], pa.time64("us")),
                "door": pa.array([0, 1772447400], pa.int64()),
                "minutes": pa.array([20, 30], pa.int16()),
                "lat": pa.array([33510000, 33510000], pa.int32()),
                "lon": pa.array([-112010000, 0], pa.int32()),
                "key": pa.array([7, 8], pa.int64()),
            }
        ),
        shop.folder / "orders.parquet",
    )
    pq.write_table(pa.table({"key": [7.0, 9.0], "who": ["ann", "bob"], "at": pa.array([day, day])}), shop.folder / "side.parquet")
    mapping = """
    [orders]
    file = "orders.parquet"
    time_zone = "UTC"
    rolls = true
    missing = { delivered_at = ["0"], dropoff_longitude = ["0"] }
    units = { dropoff_latitude = "microdegrees", dropoff_longitude = "microdegrees" }
    after = { promised_by = { event = "placed_at", by = "minutes", unit = "minutes" } }
    join = { file = "side.parquet", on = "key", keep = "last", by = "at" }
    [orders.columns]
    placed_at = ["day", "clock"]
    picked_up_at = ["day", "picked"]
    delivered_at = "door"
    driver_id = "who"
    dropoff_latitude = "lat"
    dropoff_longitude = "lon"
    """

    result = shop.load(mapping=mapping, replace=True)

    found = shop.rows(
        "SELECT order_id, driver_id, placed_at, picked_up_at, delivered_at, promised_by, dropoff_longitude FROM orders ORDER BY 1"
    )
    at = [[None if each is None else f"{each:%d %H:%M}" if isinstance(each, datetime) else each for each in row.values()] for row in found]
    assert at == [
        ["1", "ann", "02 23:50", "03 00:05", None, "03 00:10", -112.01],
        ["2", None, "02 09:00", None, "02 10:30", "02 09:30", None],
    ]
    assert not shop.load(mapping=mapping, replace=True).is_new
    assert not [each for each in result.findings if each.rule.startswith("unparsable")]
