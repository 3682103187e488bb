"""What Coverage says, in the toy town: the cell that was clicked, the tables below the map, and why something is not there."""

from types import ModuleType

import pytest

from analytics.parameters import EVERYTHING
from tests.town import MONDAY, cells
from ui import coverage
from ui.coverage import tables
from ui.maps import hex_id
from ui.view import View, view_of

DAYS = {"market": "V", "period": "custom", "from": MONDAY.isoformat(), "to": MONDAY.isoformat()}


def viewed(town, **chosen: str) -> View:
    return view_of({**DAYS, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week")


def told(module: ModuleType, name: str, view: View) -> list[dict]:
    return getattr(module, name)(view, coverage.standard(view)).to_pylist()


@pytest.fixture
def peopled(town):
    """Cells of 1,000 people ten minutes from M1; the last seven only M2 reaches, and seven more nobody."""
    for cell in range(21):
        town.demand(cell, 1000, households=400)
        if cell < 14:
            town.drive("M1" if cell < 7 else "M2", cell, 600)
            town.drive("M3", cell, 900)
    return town


def test_a_cell_of_too_few_customers_says_how_few_are_hidden(peopled):
    peopled.deliver("M1", seconds=[1800] * 40, promise_s=3600, cell=0)
    peopled.deliver("M1", seconds=[1800] * 3, promise_s=3600, cell=7)
    first = viewed(peopled, show="orders")
    by = coverage.standard(first)
    _, drawn = coverage.cells_map(first, by)
    hidden = next(row["cell"] for row in drawn.to_pylist() if row["suppressed"])

    story = dict(coverage.cell_story(viewed(peopled, cell=hex_id(hidden)), by, drawn))

    assert story["Orders"] == story["On time"] == story["In 60 min"] == "hidden: fewer than 10 customers"


def test_the_clicked_cell_tells_people_drive_orders_choice_and_drivers(peopled):
    peopled.deliver("M1", seconds=[1800] * 30 + [5400] * 10, promise_s=3600, cell=0)
    peopled.work("M1", drivers=5)
    view = viewed(peopled, cell=hex_id(cells()[0]))
    by = coverage.standard(view)
    _, drawn = coverage.cells_map(view, by)

    story = dict(coverage.cell_story(view, by, drawn))

    assert story["People"] == "1,000"
    assert story["Drive"] == "10 min from Mall 1"
    assert story["Orders"].startswith("40, ")
    assert story["On time"] == story["In 60 min"] == "75.0 %, n 40"
    assert story["Would choose"] == "Mall 1 50 % (model)"
    assert story["Driver access"] == "5.00 driver-hours a week per 1,000 people (model)"


def test_malls_tell_with_whom_they_share_and_what_they_would_take(peopled):
    rows = {row["mall"]: row for row in told(tables, "malls_table", viewed(peopled, market="V"))}

    assert rows["Mall 3"]["with"] == "Mall 2 100 %, Mall 1 100 %"
    assert rows["Mall 3"]["taken"] == pytest.approx(1 - (1 / (1 + 1 + 4 / 9)) / 0.5, abs=0.001)
    assert rows["Mall 1"]["taken"] is None
    assert rows["Mall 1"]["with"] is None


def test_the_file_of_malls_has_what_their_table_has(peopled):
    view = viewed(peopled, market="V")
    rows = {row["mall_id"]: row for row in told(tables, "malls_file", view)}
    shown = {row["mall"]: row for row in told(tables, "malls_table", view)}

    assert len(rows) == len(shown) == 3
    for number in ("1", "2", "3"):
        row, beside = rows[f"M{number}"], shown[f"Mall {number}"]
        assert (row["shared_with"], row["taken_if_opened_share"]) == (beside["with"], beside["taken"])


def test_places_left_out_are_named_after_the_malls_where_the_map_has_no_names(peopled):
    view = viewed(peopled)
    (row,) = told(tables, "places_table", view)

    assert row["people"] == 7000
    assert row["share"] == pytest.approx(1 / 3)
    assert row["mall"] is None
    assert "Mall" in row["place"]


def test_markets_are_compared_by_rates(peopled):
    peopled.deliver("M1", seconds=[1800] * 42)
    view = viewed(peopled)
    by = coverage.standard(view)

    rows = {row["market"]: row for row in tables.markets_table(view, tables.market_answers(view, by)).to_pylist()}

    assert (rows["Las Vegas"]["rate"], rows["Las Vegas"]["served"], rows["Las Vegas"]["n"]) == (2.0, 1.0, 42)
    assert (rows["Washington"]["rate"], rows["Washington"]["note"]) == (None, "No orders in these days")


def test_origins_of_a_mall_with_too_few_customers_say_so(town):
    town.deliver("M1", seconds=[600] * 20)
    town.deliver("M2", seconds=[600] * 3)
    view = viewed(town)

    rows = tables.origins_table(view, tables.origins(view)).to_pylist()

    assert [(row["mall"], row["percent"], row["cells"]) for row in rows[:3]] == [("Mall 1", f"{each} %", 1) for each in (50, 70, 90)]
    assert {row["note"] for row in rows[3:]} == {"Hidden: fewer than 10 customers"}
    assert {row["cells"] for row in rows[3:]} == {None}


def test_without_drivers_the_map_shows_drive_times_and_says_why(peopled):
    asked = viewed(peopled, show="access")

    by = coverage.standard(asked)

    assert by.mode == "bands"
    assert "five drivers" in coverage.reason(asked, by)
    assert coverage.reason(viewed(peopled), by) == ""


def test_without_people_the_map_shows_orders(town):
    town.deliver("M1", seconds=[600] * 20)

    assert coverage.standard(viewed(town, show="access")).mode == "orders"


def test_a_candidate_is_drawn_beside_all_open_malls(peopled):
    alone, beside = (coverage.curve(view, coverage.standard(view)) for view in (viewed(peopled), viewed(peopled, mall="M3")))

    assert not [note for note in alone.layout.annotations if note.text == "All open malls"]
    assert [note for note in beside.layout.annotations if note.text == "All open malls"]


@pytest.mark.parametrize("key", ["show", "below", "drive", "of"])
def test_what_the_address_says_wrongly_is_the_default(peopled, key):
    assert coverage.standard(viewed(peopled, **{key: "nonsense"})) == coverage.standard(viewed(peopled))
