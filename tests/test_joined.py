"""Several answers side by side are the table that was drawn, row for row."""

import csv
import io

import pyarrow as pa
import pytest

from analytics.answers import answers
from analytics.export import pieces
from analytics.joined import file, row_count, side_by_side
from analytics.parameters import EVERYTHING, Parameters
from analytics.reference import malls
from data.warehouse import Warehouse


@pytest.fixture(scope="module")
def version(demo_root):
    return Warehouse(demo_root).current()


def asked(version, metric, by=("mall",)):
    return answers(metric, Parameters(by=by), EVERYTHING, version)


def test_each_group_has_one_row_with_every_metric_and_made_up_data_is_marked_once(version):
    table = side_by_side([asked(version, metric) for metric in ("orders", "on_time_share")])

    alone = {row["mall_id"]: row["orders"] for row in asked(version, "orders").rows()}
    assert {row["mall_id"]: row["orders"] for row in table.to_pylist()} == alone
    assert {"orders_suppressed", "on_time_share_suppressed", "on_time_share"} <= set(table.column_names)
    assert set(table.column("data").to_pylist()) == {"synthetic"}
    assert table.column_names.count("data") == 1


def test_a_group_without_orders_has_its_row_too(version):
    groups = pa.table({"mall_id": [mall.id for mall in malls(version)]})

    written = file("malls", [asked(version, "orders"), asked(version, "click_to_door")], version, groups)
    rows = list(csv.DictReader(io.StringIO(b"".join(pieces(written, "csv")).decode())))

    assert len(rows) == written.rows

    assert [row["mall_id"] for row in rows] == sorted(mall.id for mall in malls(version))
    assert next(row for row in rows if row["mall_id"] == "meadows-mall")["orders"] == ""


def test_answers_that_are_grouped_differently_are_refused(version):
    with pytest.raises(ValueError, match="same groups"):
        side_by_side([asked(version, "orders"), asked(version, "on_time_share", ("market",))])


def test_orders_without_a_mall_are_one_row_and_the_last(town):
    town.deliver("M1", seconds=[600] * 10, promise_s=900)
    town.deliver(None, seconds=[600] * 12, promise_s=900)
    answers_ = [town.ask(metric, by=("mall", "store")) for metric in ("orders", "on_time_share", "click_to_door")]

    table = side_by_side(answers_)

    assert [(row["mall_id"], row["orders"], row["on_time_share_n_orders"], row["click_to_door_n_orders"]) for row in table.to_pylist()] == [
        ("M1", 10, 10, 10),
        (None, 12, 12, 12),
    ]
    assert row_count(answers_) == 2


def test_the_rows_of_the_file_are_counted_with_the_groups_that_have_a_row_in_any_case(town):
    town.deliver("M2", seconds=[600] * 10)
    town.deliver(None, seconds=[600] * 12)
    answers_ = [town.ask("orders", by=("mall",)), town.ask("on_time_share", by=("mall",))]
    groups = pa.table({"mall_id": ["M1", "M2", "=M"], "shown": ["a", "b", "c"]})

    table = side_by_side(answers_, groups)

    assert [(row["mall_id"], row["orders"]) for row in table.to_pylist()] == [("=M", None), ("M1", None), ("M2", 10), (None, 12)]
    assert row_count(answers_, groups) == table.num_rows == 4


def test_one_row_over_everything_is_one_row(town):
    town.deliver("M2", seconds=[600] * 10)

    assert side_by_side([town.ask("orders"), town.ask("click_to_door")]).num_rows == 1
