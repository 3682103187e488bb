"""What Coverage says of a clicked cell, in the toy town: too few customers are hidden, with the number that decides."""

from analytics.parameters import EVERYTHING
from tests.town import MONDAY
from ui import coverage
from ui.maps import hex_id
from ui.view import view_of


def test_a_cell_of_too_few_customers_says_how_few_are_hidden(town):
    for cell in range(14):
        town.demand(cell, 1000)
        town.drive("M1", cell, 600)
    town.deliver("M1", seconds=[1800] * 40, promise_s=3600, cell=0)
    town.deliver("M1", seconds=[1800] * 3, promise_s=3600, cell=7)
    days = {"market": "V", "period": "custom", "from": MONDAY.isoformat(), "to": MONDAY.isoformat()}
    first = view_of(days, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week")
    by = coverage.standard(first)
    _, cells = coverage.cells_map(first, by)
    hidden = next(row["cell"] for row in cells.to_pylist() if row["suppressed"])

    view = view_of({**days, "cell": hex_id(hidden)}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week")
    story = dict(coverage.cell_story(view, by, cells))

    assert story["Orders"] == story["On time"] == "hidden: fewer than 10 customers"
