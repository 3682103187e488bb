"""Every fault of anybody's data: one load that has it, and the finding that names it, explains it and says how to mend it."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import SourceError
from data.load import LoadResult
from data.manifest import Finding
from data.report import report
from data.rules import RULES
from data.suspicions import proposal
from tests.loading import DELIVERED, Shop, rules

MONDAY = datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def finding(result: LoadResult, rule: str) -> Finding:
    (found,) = (each for each in result.findings if each.rule == rule)
    return found


def order(number: int, at: datetime, **changes: object) -> dict[str, object]:
    """Return an order of M1 placed at an instant and delivered 40 minutes later."""
    return {
        "order_id": f"o{number}",
        "mall_id": "M1",
        "placed_at": f"{at:%Y-%m-%d %H:%M:%S}",
        "delivered_at": f"{at + timedelta(minutes=40):%Y-%m-%d %H:%M:%S}",
        "dropoff_latitude": "33.51",
        "dropoff_longitude": "-112.01",
        "fee_cents": 499,
        **changes,
    }


def days_of_orders(days: Iterable[int], per_day: int = 10) -> list[dict[str, object]]:
    return [order(100 * day + place, MONDAY + timedelta(days=day, minutes=place)) for day in days for place in range(per_day)]


def load_orders(shop: Shop, rows: list[dict[str, object]], name: str = "orders.csv") -> LoadResult:
    return shop.load(shop.rows_file(name, rows))


# Texts


@pytest.mark.parametrize("word", ["NaN ", "nan", "NULL", "None", "N/A", "#N/A", "NaT", "<NA>", "-", "\\N"])
def test_a_word_for_nothing_is_read_as_missing(shop: Shop, word: str) -> None:
    result = shop.orders({"driver_id": word, "fee_cents": word, "ready_at": word})

    assert {(rule, column) for rule, column in rules(result) if rule == "word_for_nothing"} == {
        ("word_for_nothing", "driver_id"),
        ("word_for_nothing", "fee_cents"),
        ("word_for_nothing", "ready_at"),
    }
    assert shop.row("SELECT driver_id, fee_cents, ready_at FROM orders") == {"driver_id": None, "fee_cents": None, "ready_at": None}
    assert ("unparsable_optional", "fee_cents") not in rules(result)


def test_a_word_for_nothing_is_no_key(shop: Shop) -> None:
    assert rules(shop.orders({"order_id": "NaN "})) == {("missing_key", "order_id"): 1}


def test_na_is_a_code_where_texts_are_held_and_nothing_where_numbers_are(shop: Shop) -> None:
    result = shop.orders({"customer_id": "NA", "fee_cents": "NA"})

    assert shop.row("SELECT customer_id, fee_cents FROM orders") == {"customer_id": "NA", "fee_cents": None}
    assert rules(result) == {("word_for_nothing", "fee_cents"): 1}


def test_a_text_that_was_encoded_twice_is_told(shop: Shop) -> None:
    names = ["CafÃ© Zoo", "Bäckerei", "SÃO PAULO", "Joeâ€™s", "MÃ¼ller", "Plain", "Lost \ufffd"]
    rows = [{"store_id": place, "mall_id": "M1", "name": name} for place, name in enumerate(names)]

    result = shop.load(shop.rows_file("stores.csv", rows))

    assert rules(result) == {("wrong_encoding", "name"): 4}
    assert "stores.csv line 2: CafÃ© Zoo" in finding(result, "wrong_encoding").example


def test_records_divided_by_another_character_are_told_from_broken_ones(shop: Shop) -> None:
    content = "order_id,status,mall_id,placed_at\no1,failed,M1,2026-03-02\no2;failed;M1;2026-03-02\no3,failed\n"

    result = shop.load(shop.write("orders.csv", content))

    assert rules(result) == {("mixed_delimiters", ""): 1, ("malformed_record", ""): 1}
    assert "1 fields instead of 4, divided by ';' instead of ','" in finding(result, "mixed_delimiters").example


# Times


def test_an_optional_time_of_1970_becomes_null(shop: Shop) -> None:
    result = shop.orders({"delivered_at": "1970-01-01 00:00:00", "ready_at": "1999-12-31 23:59:59"}, {"order_id": "o2", "ready_at": None})

    assert rules(result)["impossible_time", "delivered_at"] == 1
    assert rules(result)["impossible_time", "ready_at"] == 1
    assert ("unparsable_optional", "delivered_at") not in rules(result)
    row = shop.row("SELECT delivered_at, ready_at, status, click_to_door_s FROM orders WHERE order_id = 'o1'")
    assert row == {"delivered_at": None, "ready_at": None, "status": None, "click_to_door_s": None}


def test_a_required_time_of_1970_leaves_the_row_without_a_day_and_durations(shop: Shop) -> None:
    result = shop.orders({}, {"order_id": "o2", "placed_at": "1970-01-01 00:00:00"})

    assert rules(result)["impossible_time", "placed_at"] == 1
    row = shop.row("SELECT local_date, click_to_door_s, drive_s, placed_to_ready_s FROM orders WHERE order_id = 'o2'")
    assert set(row.values()) == {None}
    assert result.version is not None
    assert str(result.version.manifest.extent["desert"].first_on) == "2026-03-02"


def test_the_first_second_of_2000_is_possible(shop: Shop) -> None:
    assert ("impossible_time", "placed_at") not in rules(shop.orders({"placed_at": "2000-01-01 00:00:00"}))


def test_what_lies_after_the_clock_of_the_load_is_told_and_kept(shop: Shop) -> None:
    tomorrow, later = (f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}" for hours in (23, 25))

    result = shop.orders(
        {"order_id": "soon", "placed_at": tomorrow, "delivered_at": None, "promised_by": later},
        {"order_id": "future", "placed_at": later, "delivered_at": None},
    )

    assert rules(result)["future_time", "placed_at"] == 1
    assert ("future_time", "promised_by") not in rules(result)
    assert shop.row("SELECT placed_at::VARCHAR AS at FROM orders WHERE order_id = 'future'") == {"at": later}


def test_a_shift_may_be_planned_a_year_ahead(shop: Shop) -> None:
    start, far = (datetime.now(UTC) + timedelta(days=days) for days in (300, 400))
    rows = [
        {"shift_id": name, "driver_id": "D1", "mall_id": "M1", "start_at": f"{at:%F %T}", "end_at": f"{at + timedelta(hours=1):%F %T}"}
        for name, at in (("planned", start), ("wrong", far))
    ]

    result = shop.load(shop.rows_file("shifts.csv", rows))

    assert rules(result)["future_time", "start_at"] == 1


def test_a_row_years_off_is_told_and_bounds_no_data(shop: Shop) -> None:
    result = load_orders(
        shop, [*days_of_orders(range(5), 2), order(9001, MONDAY.replace(year=2016)), order(9002, MONDAY.replace(year=2027, month=4))]
    )

    assert rules(result)["years_off", "placed_at"] == 2
    assert result.version is not None
    extent = result.version.manifest.extent["desert"]
    assert (str(extent.first_on), str(extent.last_complete_on)) == ("2026-03-02", "2026-03-06")


def test_two_spans_of_like_size_are_both_data(shop: Shop) -> None:
    result = load_orders(shop, [order(1, MONDAY.replace(year=2016)), order(2, MONDAY)])

    assert ("years_off", "placed_at") not in rules(result)
    assert result.version is not None
    assert str(result.version.manifest.extent["desert"].first_on) == "2016-03-02"


def test_data_of_many_small_spans_have_a_beginning_and_an_end(shop: Shop) -> None:
    result = load_orders(shop, [order(year, MONDAY.replace(year=year)) for year in range(2010, 2020, 2)])

    assert not result.findings
    assert result.version is not None
    extent = result.version.manifest.extent["desert"]
    assert (str(extent.first_on), str(extent.last_complete_on)) == ("2010-03-02", "2018-03-02")


def test_a_delivery_a_day_before_its_order_is_a_missed_midnight(shop: Shop) -> None:
    wrapped = {"placed_at": "2026-03-02 23:50:00", "accepted_at": None, "arrived_at": None, "ready_at": None}
    result = shop.orders(
        {**wrapped, "order_id": "wrap", "picked_up_at": "2026-03-02 00:05:00", "delivered_at": "2026-03-02 00:20:00"},
        {**wrapped, "order_id": "early", "picked_up_at": None, "delivered_at": "2026-03-02 23:40:00"},
        {**wrapped, "order_id": "noon", "picked_up_at": None, "delivered_at": "2026-03-02 12:00:00"},
    )

    assert rules(result)["midnight_wrap", "delivered_at"] == 1
    assert rules(result)["midnight_wrap", "picked_up_at"] == 1
    assert rules(result)["delivered_before_placed", "delivered_at"] == 3
    assert "rolls" in RULES["midnight_wrap"].mend


def test_a_shift_that_ends_before_it_began_by_less_than_a_day_is_a_missed_midnight(shop: Shop) -> None:
    rows = [
        {"shift_id": "night", "driver_id": "D1", "mall_id": "M1", "start_at": "2026-03-02 22:00:00", "end_at": "2026-03-02 02:00:00"},
        {"shift_id": "wrong", "driver_id": "D2", "mall_id": "M1", "start_at": "2026-03-02 22:00:00", "end_at": "2026-03-02 21:00:00"},
    ]

    result = shop.load(shop.rows_file("shifts.csv", rows))

    assert rules(result)["midnight_wrap", "end_at"] == 1
    assert rules(result)["end_not_after_start", "end_at"] == 2


# Days and units


def test_a_day_missing_in_the_middle_is_named(shop: Shop) -> None:
    result = load_orders(shop, days_of_orders(day for day in range(14) if day != 8))

    found = finding(result, "day_missing")
    assert (found.rows, found.column) == (1, "local_date")
    assert "2026-03-10 (Tuesday) in desert: 0 rows, where about 10 are usual" in found.example


def test_a_weekday_without_orders_is_a_closed_day_and_none_that_is_missing(shop: Shop) -> None:
    result = load_orders(shop, days_of_orders(day for day in range(35) if day % 7 != 6))

    assert not result.findings


def test_few_orders_a_day_say_nothing_about_a_day_without_any(shop: Shop) -> None:
    assert not load_orders(shop, days_of_orders((day for day in range(14) if day != 8), per_day=7)).findings


def test_a_day_with_a_fraction_of_its_usual_rows_is_named(shop: Shop) -> None:
    rows = [*days_of_orders((day for day in range(14) if day != 8), per_day=20), *days_of_orders([8], per_day=5)]

    found = finding(load_orders(shop, rows), "day_thin")

    assert found.rows == 1
    assert "2026-03-10 (Tuesday) in desert: 5 rows, where about 20 are usual" in found.example


def test_a_gap_between_two_loads_is_found_by_the_second_and_not_told_again(shop: Shop) -> None:
    first = load_orders(shop, days_of_orders(range(10)))
    second = load_orders(shop, days_of_orders(range(11, 30)))
    third = load_orders(shop, days_of_orders(range(30, 33)))

    assert not first.findings
    assert "2026-03-12" in finding(second, "day_missing").example
    assert not third.findings


@pytest.mark.parametrize(("factor", "words"), [(60, "60 times"), (100, "100 times"), (1000, "1,000 times"), (1 / 100, "1/100")])
def test_a_column_whose_unit_changed_half_way_is_named_with_the_day(shop: Shop, factor: float, words: str) -> None:
    rows = [
        {
            "offer_id": f"f{day}-{place}",
            "mall_id": "M1",
            "shown_at": f"{MONDAY + timedelta(days=day):%F %T}",
            "distance_m": 1000 + 10 * place,
            "pay_cents": round((10_000 + 100 * place) * (factor if day >= 6 else 1)),
        }
        for day in range(10)
        for place in range(5)
    ]

    found = finding(shop.load(shop.rows_file("offers.csv", rows)), "unit_changed")

    assert (found.column, found.rows) == ("pay_cents", 20)
    assert "until 2026-03-07" in found.example
    assert "from 2026-03-08 on" in found.example
    assert words in found.example


def test_single_rows_far_away_in_time_hide_no_change_of_a_unit(shop: Shop) -> None:
    far = [{"offer_id": f"far{month}", "mall_id": "M1", "shown_at": f"2026-{month}-01 12:00:00", "pay_cents": 900} for month in (10, 11)]
    near = [
        {
            "offer_id": f"f{day}-{place}",
            "mall_id": "M1",
            "shown_at": f"{MONDAY + timedelta(days=day):%F %T}",
            "pay_cents": 90_000 if day >= 6 else 900,
        }
        for day in range(10)
        for place in range(5)
    ]

    found = finding(shop.load(shop.rows_file("offers.csv", near + far)), "unit_changed")

    assert "until 2026-03-07" in found.example
    assert "from 2026-03-08 on" in found.example


def test_degrees_that_become_millionths_are_a_changed_unit(shop: Shop) -> None:
    rows = days_of_orders(range(6))
    for row in rows[30:]:
        row |= {"dropoff_latitude": 33_510_000, "dropoff_longitude": -112_010_000}

    result = load_orders(shop, rows)

    assert rules(result)["unit_changed", "dropoff_latitude"] == 30
    assert rules(result)["impossible_coordinates", "dropoff_latitude"] == 30
    assert rules(result)["scaled_coordinates", "dropoff_latitude"] == 30


def test_durations_that_become_sixty_times_as_long_are_a_changed_unit(shop: Shop) -> None:
    rows = days_of_orders(range(6))
    for place, row in enumerate(rows[30:]):
        row["delivered_at"] = f"{MONDAY + timedelta(days=3 + place // 10, minutes=place % 10 + 40 * 60):%F %T}"

    assert finding(load_orders(shop, rows), "unit_changed").column == "delivered_at"


def test_a_column_that_doubles_keeps_its_unit(shop: Shop) -> None:
    rows = days_of_orders(range(6))
    for row in rows[30:]:
        row["fee_cents"] = 998

    assert not load_orders(shop, rows).findings


def test_a_unit_that_changed_between_two_loads_is_seen_by_the_second(shop: Shop) -> None:
    first = load_orders(shop, days_of_orders(range(6)))
    rows = days_of_orders(range(6, 8))
    for row in rows:
        row["fee_cents"] = 5

    assert not first.findings
    assert finding(load_orders(shop, rows), "unit_changed").column == "fee_cents"


# Points

WAYS = {
    "longitude flipped": ("33.51", "112.01", "flipped_coordinates", 'flip = ["dropoff_longitude"]'),
    "latitude flipped": ("-33.51", "-112.01", "flipped_coordinates", 'flip = ["dropoff_latitude"]'),
    "both flipped": ("-33.51", "112.01", "flipped_coordinates", 'flip = ["dropoff_latitude", "dropoff_longitude"]'),
    "swapped": ("-112.01", "33.51", "swapped_coordinates", 'swap = ["dropoff_latitude", "dropoff_longitude"]'),
    "millionths": (
        "33510000",
        "-112010000",
        "scaled_coordinates",
        'units = { dropoff_latitude = "microdegrees", dropoff_longitude = "microdegrees" }',
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_report_proposes_the_line_that_mends_a_column_of_points_and_the_line_does(shop: Shop, way: str) -> None:
    latitude, longitude, rule, line = WAYS[way]
    rows = [order(place, MONDAY, dropoff_latitude=latitude, dropoff_longitude=longitude) for place in range(3)]

    result = load_orders(shop, [*rows, order(3, MONDAY)])
    found = finding(result, rule)

    assert found.rows == 3
    assert proposal(found) == line
    assert f"put `{line}` under [orders] in the mapping" in report(result)
    mended = shop.load(shop.rows_file("orders.csv", rows), mapping=f'[orders]\nfile = "orders.csv"\ntime_zone = "UTC"\n{line}\n')
    assert not mended.findings
    assert shop.row("SELECT max(distance_m) < 2000 AS is_near FROM orders") == {"is_near": True}


@pytest.mark.parametrize(
    ("latitude", "longitude", "line"),
    [
        ("33.5", "112.0", 'flip = ["pickup_longitude"]'),
        ("-112.0", "33.5", 'swap = ["pickup_latitude", "pickup_longitude"]'),
    ],
)
def test_pick_up_points_that_find_no_mall_are_mended_by_a_line_too(shop: Shop, latitude: str, longitude: str, line: str) -> None:
    rows = [{**order(place, MONDAY), "mall_id": None, "lat": latitude, "lon": longitude} for place in range(3)]
    path = shop.rows_file("orders.csv", rows)
    mapping = '[orders]\nfile = "orders.csv"\ntime_zone = "UTC"\nnearest = { latitude = "lat", longitude = "lon", within_m = 800 }\n'

    result = shop.load(path, mapping=mapping)
    mended = shop.load(path, mapping=f"{mapping}{line}\n", replace=True)

    assert line in [proposal(each) for each in result.findings]
    assert rules(result)["no_mall_within_distance", "mall_id"] == 3
    assert not mended.findings
    assert shop.row("SELECT min(mall_id) AS mall, count(*) AS n FROM orders") == {"mall": "M1", "n": 3}


def test_a_single_flipped_point_is_told_and_no_line_proposed(shop: Shop) -> None:
    result = load_orders(shop, [*days_of_orders([0]), order(9001, MONDAY, dropoff_longitude="112.01")])

    found = finding(result, "flipped_coordinates")
    assert found.rows == 1
    assert proposal(found) is None
    assert "1 of 11 points" in found.example
    assert rules(result)["suspicious_distance", "distance_m"] == 1


def test_one_file_of_two_may_have_its_points_flipped(shop: Shop) -> None:
    good = shop.rows_file("orders-1.csv", days_of_orders([0]))
    bad = shop.rows_file("orders-2.csv", [{**row, "dropoff_longitude": "112.01"} for row in days_of_orders([1], 4)])

    found = finding(shop.load(good, bad), "flipped_coordinates")

    assert "4 of 4 points of orders-2.csv" in found.example


def test_points_hardly_beside_zero_are_rejected_as_zero_is(shop: Shop) -> None:
    result = shop.orders(
        {"order_id": "zero", "dropoff_latitude": "0.0001", "dropoff_longitude": "-0.009"},
        {"order_id": "equator", "dropoff_latitude": "0.5", "dropoff_longitude": "0.5"},
    )

    assert rules(result) == {("impossible_coordinates", "dropoff_latitude"): 1, ("suspicious_distance", "distance_m"): 1}


def test_malls_are_held_against_the_city_of_their_zone(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    markets = shop.write("markets.csv", "market_id,name,time_zone\ndesert,Desert,America/Phoenix\n")
    malls = shop.write("malls.csv", "mall_id,market_id,name,latitude,longitude\nM1,desert,One,33.5,112\nM2,desert,Two,33.6,112.1\n")

    result = shop.load(markets, malls, shop.rows_file("orders.csv", days_of_orders([0], 3)))

    found = finding(result, "flipped_coordinates")
    # The malls are what is wrong: nothing is proposed for the doors.
    assert (found.table, proposal(found)) == ("malls", 'flip = ["longitude"]')


def test_other_points_are_held_against_the_malls_of_their_market(shop: Shop) -> None:
    rows = [
        {"station_id": "S1", "market_id": "desert", "latitude": "33.4", "longitude": "-112.1"},
        {"station_id": "S2", "market_id": "desert", "latitude": "45.0", "longitude": "-93.2"},
    ]

    result = shop.load(shop.rows_file("stations.csv", rows))

    assert rules(result) == {("far_from_market", "latitude"): 1}
    assert "stations.csv line 3: latitude, longitude = 45.0, -93.2" in finding(result, "far_from_market").example


# Files


def test_two_files_that_disagree_are_named_with_both_places(shop: Shop) -> None:
    one = shop.rows_file("orders-1.csv", [DELIVERED])
    two = shop.rows_file("orders-2.csv", [{**DELIVERED, "order_id": "o9"}, {**DELIVERED, "delivered_at": "2026-03-02 18:10:00"}])

    result = shop.load(one, two)

    found = finding(result, "files_disagree")
    assert (found.rows, found.column) == (1, "delivered_at")
    assert found.example == ("orders-1.csv line 2: delivered_at = 2026-03-02 17:40:00; orders-2.csv line 3: 2026-03-02 18:10:00")
    assert rules(result)["contradictory_duplicate", "delivered_at"] == 1


def test_rows_of_one_file_that_contradict_are_no_disagreement_of_files(shop: Shop) -> None:
    one = shop.rows_file("orders-1.csv", [DELIVERED, {**DELIVERED, "delivered_at": "2026-03-02 18:10:00"}])
    two = shop.rows_file("orders-2.csv", [{**DELIVERED, "order_id": "o2"}])

    assert rules(shop.load(one, two)) == {("contradictory_duplicate", "delivered_at"): 1}


def test_a_file_of_a_header_only_is_told(shop: Shop) -> None:
    one = shop.rows_file("orders-1.csv", [DELIVERED])
    two = shop.write("orders-2.csv", "order_id,placed_at\n")

    assert finding(shop.load(one, two), "no_rows").example == "orders-2.csv: a header and no row"


def test_a_parquet_cut_off_in_the_middle_is_one_sentence_that_names_it(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    pq.write_table(pa.table({"order_id": ["a"] * 1000, "placed_at": ["2026-03-02"] * 1000}), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(SourceError, match=r"orders\.parquet: the file is no readable Parquet"):
        shop.load(path)


# Words


def test_every_rule_says_what_it_is_shows_a_row_and_how_to_mend_it() -> None:
    for rule in RULES.values():
        assert rule.meaning[0].isupper(), rule.name
        assert not rule.meaning.endswith("."), rule.name
        assert rule.example, rule.name
        assert rule.mend, rule.name
        assert "|" not in rule.meaning + rule.example + rule.mend, rule.name


def test_the_report_says_of_each_rule_how_to_mend_it(shop: Shop) -> None:
    result = shop.orders({"fee_cents": "-1"})

    assert f"to mend: {RULES['below_minimum'].mend}" in report(result)


@pytest.mark.parametrize(
    ("column", "value", "is_named"),
    [
        ("fee_cents", "40,75", True),
        ("fee_cents", "1.240,75", True),
        ("dropoff_latitude", "33,51234", True),
        ("fee_cents", "1,240", False),  # may be over a thousand
        ("fee_cents", "ask", False),
        ("ready_at", "40,75", False),
    ],
)
def test_a_number_with_a_comma_is_mended_by_the_key_that_reads_it(shop: Shop, column: str, value: str, *, is_named: bool) -> None:
    text = report(shop.orders({column: value}))

    assert f"{column} = {value}" in text
    assert ("decimal_comma = true" in text) is is_named
    assert (RULES["unparsable_optional"].mend in text) is not is_named


def test_the_report_shows_control_characters_and_line_breaks_as_such(shop: Shop) -> None:
    text = report(shop.orders({"fee_cents": "a\nb\x1b[31m\u2028c"}, {"order_id": "o2", "status": "é"}))

    assert r"fee_cents = a\nb\x1b[31m\u2028c" in text
    assert "status = é" in text
    assert all(each.isprintable() for each in text.split("\n"))


def test_one_row_of_one_file_is_said_so(shop: Shop) -> None:
    assert ": 1 row of 1 file in " in report(shop.orders({}))
    assert ": 2 rows of 1 file in " in report(shop.orders({}, {"order_id": "o2"}))


def test_the_same_load_again_tells_no_more_than_the_first(shop: Shop) -> None:
    rows = [*days_of_orders(day for day in range(14) if day != 8), order(9001, MONDAY, dropoff_longitude="112.01")]
    first, again = load_orders(shop, rows), load_orders(shop, rows)

    assert not again.is_new
    assert set(rules(again)) <= set(rules(first))


def test_rejects_name_the_other_delimiter(shop: Shop) -> None:
    result = shop.load(shop.write("orders.csv", "order_id,placed_at\no1,2026-03-02\no2|2026-03-02\n"))

    assert result.rejects_path is not None
    with result.rejects_path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["rule"], row["line"]) == ("mixed_delimiters", "3")
