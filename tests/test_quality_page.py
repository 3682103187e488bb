"""The Quality page: orders that figures leave out, odd doors without points, rules load by load, freshness, and files that may leave."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from analytics.export import table_csv
from analytics.parameters import EVERYTHING
from analytics.suspicious import suspicious
from data import quality as facts
from data.rules import RULES
from tests.loading import Shop
from ui import links, loaded, quality
from ui.charts import Measure, load_trend
from ui.frame import PAGES
from ui.view import view_of

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = next(page.script for page in PAGES if page.title == "Quality")
FAR = {"dropoff_latitude": "31.51", "dropoff_longitude": "-112.01"}


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path).open()


def view_on(shop, monkeypatch, **chosen):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(shop.warehouse.root))
    return view_of(
        chosen,
        version=shop.warehouse.current(),
        scope=EVERYTHING,
        theme="light",
        default_period="since-opening",
        drawn=links.FILTERS,
        is_of_one_market=False,
    )


def named(number, **changes):
    return {"order_id": f"o{number}", "customer_id": f"c{number}", **changes}


def test_a_figure_says_how_many_orders_it_leaves_out_and_why(shop, monkeypatch):
    shop.orders(named(1), named(2, delivered_at="", status="delivered"), named(3), named(4))

    rows = {row["figure"]: row for row in quality.left_out(view_on(shop, monkeypatch)).to_pylist()}

    click = rows["Click-to-door"]
    assert (click["left_out"], click["orders"], click["share"]) == (1, 4, 0.25)
    assert click["why"] == "no time of delivery is known (1)"
    assert rows["Maps"]["left_out"] == 0
    assert rows["Maps"]["why"] == ""


def test_another_market_changes_nothing(shop, monkeypatch):
    shop.orders(named(1, delivered_at="", status="delivered"), named(2, mall_id="M2", dropoff_latitude="38.9", dropoff_longitude="-77.2"))

    here = {row["figure"]: row for row in quality.left_out(view_on(shop, monkeypatch, market="coast")).to_pylist()}
    everywhere = {row["figure"]: row for row in quality.left_out(view_on(shop, monkeypatch)).to_pylist()}

    assert (here["Click-to-door"]["left_out"], here["Click-to-door"]["orders"]) == (0, 1)
    assert (everywhere["Click-to-door"]["left_out"], everywhere["Click-to-door"]["orders"]) == (1, 2)


def test_markets_add_up(shop, monkeypatch):
    lost = {"delivered_at": "", "status": "delivered"}
    there = {"mall_id": "M2", "dropoff_latitude": "38.9", "dropoff_longitude": "-77.2"}
    shop.orders(named(1, **lost), named(2, **lost), named(3, **there, **lost), named(4, **there))

    rows = {row["figure"]: row for row in quality.left_out(view_on(shop, monkeypatch)).to_pylist()}

    assert (rows["Click-to-door"]["left_out"], rows["Click-to-door"]["orders"]) == (3, 4)
    assert rows["Click-to-door"]["why"] == "no time of delivery is known (3)"


def test_every_figure_has_its_words():
    assert set(facts.FIGURES) == set(quality.FIGURE_WORDS)


def test_the_sentence_says_the_share_and_its_first_reason(shop, monkeypatch):
    shop.orders(named(1), named(2, delivered_at="", status="delivered"))

    text, aside = quality.sentence(view_on(shop, monkeypatch, market="desert"))

    assert text == "50.0 % of 2 delivered orders in Desert cannot be timed to the door, mostly because no time of delivery is known."
    assert aside.startswith("The last load rejected 0 rows and had ")


@pytest.mark.parametrize(("customers", "is_hidden"), [(9, True), (10, False)])
def test_a_cell_shows_its_orders_from_ten_customers_on(shop, customers, is_hidden):
    shop.orders(*(named(number, **FAR, customer_id=f"c{number % customers}") for number in range(30)))

    (row,) = suspicious(shop.warehouse.current(), "desert", resolution=5).to_pylist()

    assert row["suppressed"] is is_hidden
    assert row["orders"] == (None if is_hidden else 30)


def test_customers_of_a_coarse_cell_are_counted_once(shop):
    near = {"dropoff_latitude": "31.53", "dropoff_longitude": "-112.01"}
    shop.orders(*(named(number, **(FAR if number % 2 else near), customer_id=f"c{number // 2}") for number in range(18)))

    (row,) = suspicious(shop.warehouse.current(), "desert", resolution=3).to_pylist()

    assert row["suppressed"]


def test_odd_doors_are_cells_and_never_points(shop, monkeypatch):
    shop.orders(*(named(number, **FAR) for number in range(12)), named(50))
    view = view_on(shop, monkeypatch, market="desert")

    cells = quality.doors(view)

    assert cells.column_names == ["cell", "orders", "rules", "suppressed", "note"]
    assert cells.column("orders").to_pylist() == [12]
    assert "31.51" not in quality.doors_map(view, cells).deck.to_json()
    assert quality.doors_sentence(view, cells).startswith("12 orders of Desert have a door farther than 100 km from the mall.")


def test_doors_on_another_side_of_the_globe_are_told_and_not_drawn(shop, monkeypatch):
    shop.orders(*(named(number, dropoff_longitude="112.01") for number in range(12)))
    view = view_on(shop, monkeypatch, market="desert")

    cells = quality.doors(view)

    assert quality.doors_map(view, cells) is None
    sentence = quality.doors_sentence(view, cells)
    assert "only because of flipped coordinates" in sentence
    assert "12 of them lie beyond 1,500 km" in sentence


def test_a_market_without_odd_doors_says_so(shop, monkeypatch):
    shop.orders(named(1))
    view = view_on(shop, monkeypatch, market="desert")

    assert quality.doors(view).num_rows == 0
    assert quality.doors_sentence(view, quality.doors(view)) == "No door lies farther than 100 km from its mall in Desert."


def test_a_rule_is_followed_over_the_loads_that_read_its_table(shop, monkeypatch):
    shop.orders(named(1, ready_at="later"))
    shop.load(shop.write("stores.csv", "store_id,mall_id,name\nS1,M1,Store\n"))
    shop.orders(named(2, ready_at="later"), named(3, ready_at="soon"))

    view = view_on(shop, monkeypatch)
    row = next(row for row in quality.findings(view).to_pylist() if row["rule"] == "unparsable_optional")

    assert row["rows"] == 2
    assert row["loads"] == [1.0, 2.0]
    assert row["mend"] == RULES["unparsable_optional"].mend
    line = next(each for each in quality.trend_chart(view).data if each.name == "unparsable optional, orders")
    assert list(line.y) == [None, 1, None, 2]


def test_an_example_shows_no_exact_point():
    example = "orders.csv line 3: (33.51234567, -112.01987) is near"

    assert loaded.without_points(example) == "orders.csv line 3: (33.5.., -112.0..) is near"
    assert loaded.without_points("410078 m at 17:05:00") == "410078 m at 17:05:00"


def test_data_reach_to_a_day_for_each_table_and_market(shop, monkeypatch):
    shop.orders(named(1))

    rows = {(row["table"], row["market"]): row for row in quality.freshness(view_on(shop, monkeypatch)).to_pylist()}

    assert rows["orders", "Desert"]["last"].startswith("Mon 2 Mar")
    assert rows["orders", "Desert"]["rows"] == 1
    assert rows["malls", "Coast"]["last"] == "-"
    assert ("orders", "Coast") not in rows


def test_what_leaves_as_csv_is_disarmed_and_marked():
    text = table_csv(pa.table({"cell": pa.array([586201875569704959]), "rule": ["=cmd()"]}), is_synthetic=True).decode()

    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {"cell": "8229b7fffffffff", "rule": "'=cmd()", "data": "synthetic"}


def test_a_line_breaks_at_a_load_that_did_not_look():
    figure = load_trend({"a": [1, None, 3]}, ["v0001", "v0002", "v0003"], measure=Measure("rows"), theme="light")

    (line,) = figure.data
    assert list(line.x) == ["v0001", "v0002", "v0003"]
    assert list(line.y) == [1, None, 3]
    assert line.connectgaps is False


def test_the_page_draws_tables_chart_and_map(shop, monkeypatch):
    shop.orders(*(named(number, **FAR) for number in range(12)))
    shop.orders(named(70, ready_at="later"))
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(shop.warehouse.root))

    test = AppTest.from_file(str(ROOT / SCRIPT), default_timeout=60).run()

    assert not test.exception
    assert len(test.dataframe) == 4
    assert list(test.get("deck_gl_json_chart"))
    assert list(test.get("plotly_chart"))
