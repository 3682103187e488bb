"""The mapping: what it may say, what it refuses with a hint, and what loading makes of it."""

import re
from pathlib import Path

import pytest

from data.contracts import loadable_tables
from data.derivations import KEYS
from data.errors import MappingError
from data.mapping import Mapping, read_mapping, template
from data.warehouse import Count
from tests.loading import Shop, rules

REFUSED = {
    "no TOML": ("[orders", "no valid TOML"),
    "nothing": ("", "names no table"),
    "an unknown table": ('[order]\nfile = "a.csv"\n', "did you mean 'orders'"),
    "a derived table": ('[catchments]\nfile = "a.csv"\n', "there is no table 'catchments'"),
    "an unknown key": ('[orders]\nfiles = "a.csv"\n', "did you mean 'file'"),
    "an unknown column": ('[orders]\nfile = "a"\ncolumns = { placed = "x" }\n', "did you mean 'placed_at'"),
    "a derived column": ('[orders]\nfile = "a"\ncolumns = { drive_s = "x" }\n', "a source cannot give a column 'drive_s'"),
    "an unknown unit": ('[orders]\nfile = "a"\nunits = { fee_cents = "dollar" }\n', "did you mean 'dollars'"),
    "a unit of a text": ('[orders]\nfile = "a"\nunits = { order_id = "dollars" }\n', "has no unit"),
    "an unknown zone": ('[orders]\nfile = "a"\ntime_zone = "America/Pheonix"\n', "did you mean 'America/Phoenix'"),
    "a column and a constant": ('[orders]\nfile = "a"\ncolumns = { mall_id = "m" }\nconstants = { mall_id = "M1" }\n', "by a constant"),
    "no file": ("[orders]\nmerge = true\n", "name the file"),
    "merge as text": ('[orders]\nfile = "a"\nmerge = "yes"\n', "true or false"),
    "formats as text": ('[orders]\nfile = "a"\ndate_formats = "%Y"\n', "a list"),
    "nearest without a distance": ('[orders]\nfile = "a"\nnearest = { latitude = "y", longitude = "x" }\n', "within_m is missing"),
    "nearest at no distance": ('[orders]\nfile = "a"\nnearest = { latitude = "y", longitude = "x", within_m = 0 }\n', "above 0"),
    "nearest of a driver": ('[drivers]\nfile = "a"\nnearest = { latitude = "y", longitude = "x", within_m = 1 }\n', "only orders and"),
    "a table as text": ('orders = "a.csv"\n', "a table is needed"),
    "a constant list": ('[orders]\nfile = "a"\nconstants = { mall_id = ["M1"] }\n', "a text, a number or a date"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mapping_is_refused_in_one_sentence_with_a_hint(case: str) -> None:
    text, message = REFUSED[case]

    with pytest.raises(MappingError, match=message) as caught:
        Mapping.parse(text)

    assert "\n" not in str(caught.value)


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"none\.toml"):
        read_mapping(tmp_path / "none.toml")


def test_the_template_is_a_valid_mapping_of_every_table_and_column() -> None:
    mapping = Mapping.parse(template())

    assert [feed.table.name for feed in mapping.feeds] == [table.name for table in loadable_tables()]
    assert all(list(feed.columns) == [column.name for column in feed.table.loaded] for feed in mapping.feeds)


def test_every_example_of_the_documentation_is_a_valid_mapping() -> None:
    text = (Path(__file__).parent.parent / "docs" / "loading.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)

    tables = {feed.table.name for example in examples for feed in Mapping.parse(example).feeds}

    assert len(examples) >= 15
    assert {"orders", "malls", "trips", "shifts", "offers", "demand_areas"} <= tables


def test_every_derivation_is_documented() -> None:
    text = (Path(__file__).parent.parent / "docs" / "loading.md").read_text("utf-8")

    assert [key for key in KEYS if f"{key} = " not in text] == []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("mapping")).open()


def test_columns_constants_units_formats_and_zone_are_applied(shop: Shop) -> None:
    mapping = """
    [orders]
    file = "sales-*.csv"
    columns = { order_id = ["Day", "No"], placed_at = "Placed", fee_cents = "Fee" }
    constants = { mall_id = "M1", status = "CANCELLED" }
    units = { fee_cents = "dollars" }
    time_zone = "America/New_York"
    date_formats = ["%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M %z"]
    """
    rows = [
        {"Day": "A", "No": "1", "Placed": "02.03.2026 12:00", "Fee": "$7.42"},
        {"Day": "A", "No": "2", "Placed": "02/03/2026 12:00 +0200", "Fee": "0.005"},
        {"Day": "A", "No": "3", "Placed": "2026-03-02 12:00", "Fee": ""},
    ]

    shop.load(shop.rows_file("sales-1.csv", rows), mapping=mapping, replace=True)

    found = shop.rows("SELECT order_id, mall_id, status, placed_at::VARCHAR AS at, fee_cents FROM orders ORDER BY order_id")
    assert [tuple(row.values()) for row in found] == [
        ("A-1", "M1", "cancelled", "2026-03-02 17:00:00", 742),
        ("A-2", "M1", "cancelled", "2026-03-02 10:00:00", 1),
        ("A-3", "M1", "cancelled", "2026-03-02 17:00:00", None),
    ]


def test_distances_and_durations_are_converted(shop: Shop) -> None:
    mapping = """
    [trips]
    file = "trips.csv"
    units = { empty_m = "miles", loaded_m = "km" }
    [baseline]
    file = "baseline.csv"
    units = { click_to_door_sum_s = "minutes" }
    """
    trips = shop.rows_file(
        "trips.csv", [{"trip_id": "t", "driver_id": "d", "accepted_at": "2026-03-02 12:00Z", "empty_m": "2", "loaded_m": "1.5"}]
    )
    baseline = shop.rows_file(
        "baseline.csv", [{"market_id": "desert", "local_date": "2026-03-02", "orders": "3", "click_to_door_sum_s": "90.5"}]
    )

    shop.load(trips, baseline, mapping=mapping, replace=True)

    assert shop.row("SELECT empty_m, loaded_m FROM trips") == {"empty_m": 3219, "loaded_m": 1500}
    assert shop.row("SELECT click_to_door_sum_s AS s FROM baseline") == {"s": 5430}


def test_the_mall_is_the_nearest_within_the_distance(shop: Shop) -> None:
    mapping = '[orders]\nfile = "picks.csv"\ntime_zone = "UTC"\nnearest = { latitude = "y", longitude = "x", within_m = 1000 }\n'
    rows = [
        # A hundredth of a degree of latitude is 1,112 m; 0.008 degrees are 890 m.
        {"order_id": "near", "placed_at": "2026-03-02 17:00", "y": "33.508", "x": "-112.0"},
        {"order_id": "far", "placed_at": "2026-03-02 17:00", "y": "33.51", "x": "-112.0"},
        {"order_id": "unknown", "placed_at": "2026-03-02 17:00", "y": "", "x": "-112.0"},
        {"order_id": "east", "placed_at": "2026-03-02 17:00", "y": "38.9", "x": "-77.205"},
    ]

    result = shop.load(shop.rows_file("picks.csv", rows), mapping=mapping, replace=True)

    found = {row["order_id"]: (row["mall_id"], row["market_id"]) for row in shop.rows("SELECT order_id, mall_id, market_id FROM orders")}
    assert found == {"near": ("M1", "desert"), "far": (None, None), "unknown": (None, None), "east": ("M2", "coast")}
    assert rules(result)["no_mall_within_distance", "mall_id"] == 2


@pytest.mark.parametrize(("latitude", "mall"), [("33.501", "M1"), ("33.503", "M3"), ("33.5025", "M1")])
def test_of_several_malls_within_the_distance_the_nearest_is_taken_and_the_first_of_equals(
    tmp_path: Path, latitude: str, mall: str
) -> None:
    shop = Shop(tmp_path).open()
    # 0.005 degrees of latitude are 556 m; half way between both, the first by name wins.
    shop.load(shop.write("malls.csv", "mall_id,market_id,name,latitude,longitude\nM3,desert,Three,33.505,-112.0\n"))
    mapping = '[orders]\nfile = "picks.csv"\nnearest = { latitude = "y", longitude = "x", within_m = 1000 }\ntime_zone = "UTC"\n'

    shop.load(
        shop.rows_file("picks.csv", [{"order_id": "o", "placed_at": "2026-03-02 17:00", "y": latitude, "x": "-112.0"}]), mapping=mapping
    )

    assert shop.row("SELECT mall_id FROM orders") == {"mall_id": mall}


def test_one_file_may_feed_several_tables_and_a_row_of_constants_a_table(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    mapping = """
    [markets.constants]
    market_id = "island"
    name = "Island"
    time_zone = "Pacific/Honolulu"
    [drivers]
    file = "rides.csv"
    columns = { driver_id = "who" }
    merge = true
    [orders]
    file = "rides.csv"
    columns = { order_id = "ride", driver_id = "who", placed_at = "when" }
    constants = { market_id = "island" }
    """
    rides = shop.rows_file("rides.csv", [{"ride": each, "who": "ann", "when": "2026-03-02 09:00"} for each in "abc"])

    result = shop.load(rides, mapping=mapping)

    assert result.counts["markets"] == Count(rows_in=1, kept=1)
    assert result.counts["drivers"] == Count(rows_in=3, kept=1, merged=2)
    assert result.counts["orders"] == Count(rows_in=3, kept=3)
    assert shop.row("SELECT min(placed_at)::VARCHAR AS at, min(local_hour) AS hour FROM orders") == {"at": "2026-03-02 19:00:00", "hour": 9}
    assert [source.tables for source in result.sources] == [("drivers", "orders")]


def test_files_are_found_beside_the_mapping_where_no_path_is_given(shop: Shop) -> None:
    shop.rows_file("beside.csv", [{"store_id": "s"}])

    result = shop.load(mapping='[stores]\nfile = "beside.csv"\n', replace=True)

    assert result.counts["stores"] == Count(rows_in=1, kept=1)
    with pytest.raises(MappingError, match="no such file"):
        shop.load(mapping='[stores]\nfile = "nothing.csv"\n')


def test_a_mapped_column_that_the_file_lacks_is_an_error_with_its_columns(shop: Shop) -> None:
    path = shop.rows_file("some.csv", [{"id": "1", "when": "2026-03-02"}])

    with pytest.raises(MappingError, match="has no column 'number'; it has id, when"):
        shop.load(path, mapping='[orders]\nfile = "some.csv"\ncolumns = { order_id = "number", placed_at = "when" }\n')


def test_columns_that_nothing_uses_and_columns_that_are_missing_are_noted(shop: Shop) -> None:
    result = shop.load(shop.rows_file("stores.csv", [{"store_id": "s1", "color": "red"}]))

    assert "stores.csv: columns not used: color" in result.notes
    assert "stores: not in stores.csv: mall_id, name, category" in result.notes


def test_a_market_with_an_unknown_zone_is_rejected_and_defaults_are_filled(shop: Shop) -> None:
    rows = [
        {"market_id": "moon", "name": "Moon", "time_zone": "Moon/Crater", "boundary_polygon": ""},
        {"market_id": "bay", "name": "Bay", "time_zone": "America/Los_Angeles", "boundary_polygon": "POLYGON((0 0"},
    ]

    result = shop.load(shop.rows_file("markets.csv", rows))

    assert rules(result)["unparsable_value", "time_zone"] == 1
    assert rules(result)["unparsable_optional", "boundary_polygon"] == 1
    bay = shop.row("SELECT currency, week_start, boundary_polygon FROM markets WHERE market_id = 'bay'")
    assert bay == {"currency": "USD", "week_start": 1, "boundary_polygon": None}
