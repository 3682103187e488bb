"""The rows behind a figure: every one that is counted in what is shown, none of what is hidden, and nobody in them."""

import csv
import io
import json
from collections import Counter
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest

from analytics import export
from analytics.answers import answers
from analytics.catalog import METRICS
from analytics.errors import ParameterError
from analytics.export.behind import rests_on
from analytics.parameters import EVERYTHING, Parameters
from data.contracts import TABLES, table
from data.warehouse import Warehouse
from tests.test_laws import populate
from tests.town import MONDAY, Town, cells

SECRET = {
    *("customer_id", "driver_id", "order_id", "trip_id", "offer_id", "shift_id", "customer_bucket"),
    *("dropoff_latitude", "dropoff_longitude", "dropoff_cell", "home_latitude", "home_longitude", "home_cell", "distance_m"),
}
OBSERVED = [metric for metric in METRICS if metric.facts]


def rows_of(town, answer):
    content = b"".join(export.pieces(export.rows_behind(answer, town.version), "csv")).decode()
    return list(csv.DictReader(io.StringIO(content)))


def test_each_order_that_counts_is_a_row_with_its_instant_and_what_the_figure_rests_on(town):
    town.deliver("M1", seconds=[*range(600, 610), None], cell=3)
    town.deliver("M1", seconds=[5000] * 10, day=MONDAY + timedelta(days=7))
    answer = town.ask("click_to_door", by=("mall",), end_on=MONDAY + timedelta(days=1))

    rows = rows_of(town, answer)

    assert [list(row) for row in rows[:1]] == [["mall_id", "placed_at_utc", "placed_at_local", "click_to_door_s"]]
    assert sorted(int(row["click_to_door_s"]) for row in rows) == list(range(600, 610))
    assert {(row["placed_at_utc"], row["placed_at_local"]) for row in rows} == {("2026-03-02 20:00:00", "2026-03-02 12:00:00")}
    assert export.count_text(answer) == "all 10 orders"


def test_rows_of_hidden_groups_are_not_there(town):
    town.deliver("M1", seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)
    answer = town.ask("orders", by=("mall",))

    assert Counter(row["mall_id"] for row in rows_of(town, answer)) == {"M2": 10}
    assert export.count_text(answer) == "all 10 orders"


def test_a_group_without_a_name_is_hidden_like_any_other(town):
    town.deliver(None, seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)

    assert Counter(row["mall_id"] for row in rows_of(town, town.ask("orders", by=("mall",)))) == {"M2": 10}


def test_people_are_counted_and_not_their_orders(town):
    town.deliver("M1", seconds=[600] * 30, customer_id="one")
    town.deliver("M2", seconds=[600] * 10)

    assert Counter(row["mall_id"] for row in rows_of(town, town.ask("orders", by=("mall",)))) == {"M2": 10}


def test_what_was_measured_is_empty_where_a_part_of_the_group_is_hidden(town):
    town.deliver("M1", seconds=[600] * 20 + [None] * 3)
    town.deliver("M2", seconds=[600] * 20 + [None] * 10)

    found = Counter((row["mall_id"], row["status"]) for row in rows_of(town, town.ask("orders", by=("mall",))))

    assert found == {("M1", ""): 23, ("M2", "delivered"): 20, ("M2", "cancelled"): 10}


def test_no_group_is_told_but_those_that_were_asked_for(town):
    town.deliver("M1", cell=3, seconds=[600] * 10, store_id="s")

    alone, by_cell = (rows_of(town, town.ask("orders", by=by))[0] for by in ((), ("cell",)))

    assert set(alone) == {"placed_at_utc", "status"}
    assert set(by_cell) == {"cell", "placed_at_utc", "status"}
    assert by_cell["cell"] == f"{cells()[3]:x}"


@pytest.mark.parametrize("asked", [{"market_id": "V"}, {"mall_id": "M1"}, {"by": ("market",)}])
def test_local_time_is_told_where_the_place_is(town, asked):
    town.deliver("M1", seconds=[600] * 10)

    assert rows_of(town, town.ask("orders", **asked))[0]["placed_at_local"] == "2026-03-02 12:00:00"


def test_every_market_has_its_own_local_time(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M4", seconds=[600] * 10)

    rows = rows_of(town, town.ask("orders", by=("market",)))

    assert {(row["market_id"], row["placed_at_utc"][11:16], row["placed_at_local"][11:16]) for row in rows} == {
        ("V", "20:00", "12:00"),
        ("W", "17:00", "12:00"),
    }


def test_an_answer_without_rows_says_why(town):
    town.deliver("M1", seconds=[600] * 9)
    town.demand(0, 10)

    for asked, words in (
        (town.ask("orders"), "fewer than 10 customers"),
        (town.ask("covered_share"), "A model stands behind these figures"),
        (town.ask("orders", by=("mall",), end_on=date(2020, 1, 1)), "no orders behind this table"),
        (town.ask("utilization"), "no shift hours behind this table"),
    ):
        assert words in export.none_because(asked)
        with pytest.raises(ParameterError, match=words):
            export.rows_behind(asked, town.version)


def test_the_description_says_what_the_rows_are_and_what_is_not_among_them(town):
    town.deliver("M1", seconds=[600] * 10)
    behind = export.rows_behind(town.ask("click_to_door", by=("mall",)), town.version)

    content = b"".join(export.pieces(behind, "parquet"))
    about = json.loads(pq.read_schema(io.BytesIO(content)).metadata[b"mallreach"])

    assert (about["what"], about["rows"], about["metric"]) == ("the orders behind the shown figures", 10, "click_to_door")
    assert about["columns"] == behind.schema.names
    assert about["filters"]["by"] == ["mall"]
    assert "ids of persons" in about["not_here"]
    assert export.file_name(behind, "csv") == f"click_to_door_by-mall_{town.version.id}_orders.csv"


def test_rows_of_made_up_data_say_so(tmp_path):
    town = Town(tmp_path / "town", synthetic=True)
    town.deliver("M1", seconds=[600] * 10)

    assert {row["data"] for row in rows_of(town, town.ask("orders"))} == {"synthetic"}


@pytest.mark.parametrize("metric", OBSERVED, ids=lambda metric: metric.id)
def test_a_figure_rests_on_columns_of_its_own_table_and_on_no_secret(metric):
    found = rests_on(metric, metric.facts)

    assert set(found) <= {column.name for column in table(metric.facts).columns}
    assert (
        set(metric.needs) & {column.name for column in table(metric.facts).columns if column.name not in SECRET}
        <= {
            *found,
            *metric.needs[:0],
        }
        or metric.also
    )
    assert SECRET.isdisjoint(found)


def test_what_is_secret_is_in_the_contracts():
    assert {column.name for each in TABLES for column in each.columns} >= SECRET


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("filled") / "town")
    populate(town)
    town.version  # noqa: B018 - published once for all
    return town


@pytest.mark.parametrize("metric", OBSERVED, ids=lambda metric: metric.id)
def test_the_rows_of_every_metric_are_as_many_as_its_shown_figures_count_and_of_nobody(filled, metric):
    by = next(by for by in (("cell",), ("day", "hour"), ()) if set(by) <= set(metric.dimensions))
    answer = answers(metric.id, Parameters(by=by), EVERYTHING, filled.version)
    behind = export.rows_behind(answer, filled.version)

    assert SECRET.isdisjoint(behind.schema.names)
    assert behind.rows == sum(batch.num_rows for batch in behind.batches()) > 0
    if metric.id != "driver_access":  # whose rows count once for each cell
        assert export.count_text(answer) == f"all {behind.rows:,} {answer.rows_are}"


def test_the_rows_add_up_to_the_figures_of_the_demo(demo_root):
    version = Warehouse(demo_root).current()
    answer = answers("click_to_door", Parameters(by=("mall", "week")), EVERYTHING, version)

    content = b"".join(export.pieces(export.rows_behind(answer, version), "parquet"))
    rows = pq.read_table(io.BytesIO(content)).to_pylist()

    sums, counts = Counter(), Counter()
    for row in rows:
        sums[row["mall_id"], row["local_week_on"]] += row["click_to_door_s"]
        counts[row["mall_id"], row["local_week_on"]] += 1
    shown = [row for row in answer.rows() if not row["suppressed"]]
    assert counts == {(row["mall_id"], row["local_week_on"]): row["n"] for row in shown}
    assert sums == {(row["mall_id"], row["local_week_on"]): row["sum_s"] for row in shown}
    assert len(shown) > 20
