"""What Drivers says in the toy town: hours short and spare by the clock, never netted, and reasons where there is nothing to say."""

from datetime import timedelta

import pytest

from analytics.parameters import EVERYTHING
from tests.town import MONDAY, local
from ui.drivers import hours, places, question, tables
from ui.maps import hex_id
from ui.palette import DIVERGING
from ui.view import view_of

WEEK = timedelta(days=7)
NOON = (1, 12)


def looking(town, *, weeks=1, **chosen):
    days = {"market": "V", "period": "custom", "from": MONDAY.isoformat(), "to": (MONDAY + weeks * WEEK - timedelta(days=1)).isoformat()}
    return view_of(
        {**days, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week", is_of_one_market=True
    )


def placed(town, mall, day, *, orders, hour=12, cell=0):
    for _ in range(orders):
        town.order(mall, placed_at=local(day, hour), cell=cell)


def usual_mondays(town, mall="M1"):
    """Eight Mondays before on which ten orders at noon keep five drivers busy for half an hour each: 15 minutes an order."""
    for back in range(1, 9):
        placed(town, mall, MONDAY - back * WEEK, orders=10)
        town.work(mall, drivers=5, day=MONDAY - back * WEEK, engaged_s=1800)


@pytest.fixture
def busy(town):
    """On Monday at noon 40 orders need 10 driver-hours: 7.5 at once, the rest in the hour after, because a trip takes half an hour."""
    usual_mondays(town)
    placed(town, "M1", MONDAY, orders=40)
    town.work("M1", drivers=5, engaged_s=1800)
    return town


def test_the_sentence_says_how_many_hours_lack_and_when_most(busy):
    text, aside = hours.sentence(looking(busy, mall="M1"))

    assert text == "Mall 1: 5.0 h short, 0.0 h spare a week; most are lacking Mon 12 pm (2.5 h)."
    assert "never netted" in aside


def test_hours_of_the_week_add_up_to_the_whole_that_is_asked_for_where_one_is_hidden(busy):
    view = looking(busy, mall="M1")
    whole = busy.ask("hours_gap", market_id="V", mall_id="M1", start_on=MONDAY, end_on=MONDAY + WEEK).row()
    added = question.gap(view)

    assert {name: added[name] for name in whole} == whole
    assert whole["hours_short"] == 5 * 3600
    placed(busy, "M1", MONDAY + timedelta(days=2), orders=3)  # three customers: their hour is hidden, and the whole is not
    whole = busy.ask("hours_gap", market_id="V", mall_id="M1", start_on=MONDAY, end_on=MONDAY + WEEK).row()
    view = looking(busy, mall="M1")
    assert any(row["suppressed"] for row in question.gap_by_hour(view).rows())
    assert question.gap(view) == whole


@pytest.mark.parametrize(
    ("engaged_s", "told", "share"),
    [
        (1800, ("Drivers on trips 50 % of the time",), 0.5),
        (3100, ("Drivers on trips 86 % of the time", "Hardly anybody is free: more may be lacking"), 3100 / 3600),
        (None, (), None),
    ],
)
def test_the_grid_and_the_table_say_of_an_hour_how_busy_its_drivers_are(busy, engaged_s, told, share):
    for row in busy.tables["shift_activity"]:
        if row["local_date"] >= MONDAY:
            row["engaged_s"] = engaged_s
    view = looking(busy, mall="M1")

    (noon,) = [row for row in question.gap_by_hour(view).rows() if row["local_hour"] == 12]
    assert hours.grid(view)[1].to_dict()  # it draws, known or not
    assert hours.busy(noon) == told
    assert [row["busy"] for row in hours.hours_table(view).to_pylist() if row["hour"] == "12 pm"] == [share]


def test_the_figures_are_those_of_the_sentence_and_of_the_drivers(busy):
    shown = {label: value for label, value, _ in hours.figures(looking(busy, mall="M1"))}

    assert shown == {
        "Hours short": "5.0 h",
        "Hours spare": "0.0 h",
        "Driver utilization": "50 %",
        "Deliveries per online hour": "8.00",
        "Earnings per online hour": "$9.00",
    }


def test_the_grid_colors_the_hour_that_lacks_and_writes_its_hours(busy):
    legend, figure = hours.grid(looking(busy, mall="M1", hour="mon-12"))

    cells = figure.data[0]
    at = [place[:2] for place in cells.customdata].index(list(NOON))
    assert cells.marker.color[at] == DIVERGING.light[4]
    assert cells.text[at] == "\N{MINUS SIGN}3"
    assert "2.5 h short, 0.0 h spare a week" in cells.customdata[at][2]
    assert figure.layout.shapes
    assert "over 20 short" in legend


def test_short_and_spare_hours_of_one_weekday_are_both_shown(busy):
    placed(busy, "M1", MONDAY + WEEK, orders=10)
    busy.work("M1", drivers=12, day=MONDAY + WEEK, engaged_s=1800)

    view = looking(busy, mall="M1", weeks=2)
    row = next(row for row in question.gap_by_hour(view).rows() if (row["local_dow"], row["local_hour"]) == NOON)

    # one Monday 27,000 s required and 18,000 s online; the next one a quarter of the work and 43,200 s online
    assert row["hours_short"] == 9_000
    assert row["hours_spare"] > 0
    _, figure = hours.grid(view)
    cells = figure.data[0]
    at = [place[:2] for place in cells.customdata].index(list(NOON))
    assert f"1.2 h short, {row['hours_spare'] / 7200:.1f} h spare a week" in cells.customdata[at][2]


def test_the_total_is_that_of_the_whole_question_with_work_left_over_for_an_hour_without_anybody(busy):
    view = looking(busy, mall="M1")

    assert question.gap(view)["hours_short"] == 18_000
    assert sum(row["hours_short"] for row in question.gap_by_hour(view).rows()) == 18_000


def test_the_map_shows_the_clicked_hour_else_the_busiest(busy):
    assert question.shown_hour(looking(busy, mall="M1")) == NOON
    assert question.shown_hour(looking(busy, mall="M1", hour="fri-17")) == (5, 17)
    assert places.map_title(looking(busy, mall="M1")).startswith("The map shows Mon 12 pm, the busiest hour.")
    assert places.map_title(looking(busy, mall="M1", hour="fri-17")).startswith("The map shows Fri 5 pm, the hour that was clicked.")


def test_the_area_decides_whose_drivers_are_meant(busy):
    of_mall, of_market = looking(busy, mall="M1"), looking(busy, mall="M1", area="market")

    assert (question.asked(of_mall)["mall_id"], question.asked(of_market)["mall_id"]) == ("M1", None)
    assert hours.sentence(of_mall)[0].startswith("Mall 1: ")
    assert hours.sentence(of_market)[0].startswith(f"{of_market.focus.name}: ")


def test_too_few_drivers_are_hidden_and_not_none(town):
    placed(town, "M1", MONDAY, orders=20)
    town.work("M1", drivers=4)

    view = looking(town, mall="M1")
    assert hours.sentence(view)[0].startswith("Drivers' hours in Mall 1 are hidden: fewer than")
    assert [value for _, value, _ in hours.figures(view)] == ["-"] * 5
    assert all("hidden" in beside for _, value, beside in hours.figures(view)[2:])


def test_without_shifts_the_page_says_so(town):
    town.deliver("M1", seconds=[1800] * 20)

    view = looking(town, mall="M1")
    assert not question.has_shifts(view)
    assert hours.sentence(view)[0] == "No shifts in this data, so nothing can be said about drivers' hours in Mall 1."


def test_hours_without_anything_to_compare_with_are_said(town):
    placed(town, "M1", MONDAY, orders=20)
    town.work("M1", drivers=6)

    text, aside = hours.sentence(looking(town, mall="M1"))

    assert text.startswith("No driver-hours to compare in Mall 1")
    assert "nothing to compare with in the 8 weeks before" in aside


def test_days_without_orders_and_drivers_are_said(busy):
    days = {"from": "2026-04-06", "to": "2026-04-12"}

    text, aside = hours.sentence(looking(busy, mall="M2", **days))

    assert text.startswith("No driver-hours to compare in Mall 2")
    assert aside == "No order was placed and no driver was online. Choose other days or the whole market."


def test_the_variants_stand_side_by_side_with_the_part_for_the_mall(busy):
    of_mall = tables.variants(looking(busy, mall="M1")).to_pylist()
    of_market = tables.variants(looking(busy)).to_pylist()

    assert [row["what"] for row in of_mall][1] == "Of which for Mall 1"
    assert [round(row["share"], 3) for row in of_mall] == [0.5] * 4
    assert len(of_market) == 3


def test_a_mall_with_hidden_drivers_says_so_and_one_without_shifts_too(busy):
    busy.work("M2", drivers=3)

    rows = {row["mall"]: row for row in tables.malls_table(looking(busy)).to_pylist()}

    assert rows["Mall 1"]["utilization"] == pytest.approx(0.5)
    assert rows["Mall 1"]["note"] == ""
    assert rows["Mall 2"]["utilization"] is None
    assert rows["Mall 2"]["note"].startswith("Hidden: fewer than 5 drivers")


def test_bands_of_pay_and_distance_are_said_in_words(town):
    for number in range(5):
        for pay, meters in ((400, 3_000), (1_200, 5_000), (4_100, 30_000)):
            town.offer("M1", f"d{number}", shown_at=local(MONDAY, 12), pay_cents=pay, distance_m=meters)
    view = looking(town, mall="M1")

    by_pay, by_distance = (tables.acceptance_table(tables.acceptance(view, each)) for each in tables.BANDS)

    assert by_pay.column("band").to_pylist() == ["under $5", "$10-15", "$40 and more"]
    assert by_distance.column("band").to_pylist() == ["under 2 mi", "2-4 mi", "15 mi and more"]


def test_a_column_of_remarks_is_drawn_only_where_there_is_one(busy):
    rows = tables.variants(looking(busy, mall="M1"))

    assert [each.column for each in tables.with_notes(tables.VARIANTS, rows)][-1] == "n"
    missing = tables.measures(looking(busy, mall="M2"))
    assert [each.column for each in tables.with_notes(tables.MEASURES, missing)][-1] == "note"


def test_a_cell_tells_its_hours_and_a_hidden_one_that_it_is_hidden(busy):
    for cell in range(14):
        busy.demand(cell, 1000)
        busy.drive("M1", cell, 600)
    placed(busy, "M1", MONDAY, orders=3, hour=13, cell=7)
    view = looking(busy, mall="M1")
    drawn = places.cells_table(view).to_pylist()
    shown = next(row for row in drawn if not row["suppressed"] and row["balance"] is not None)

    story = dict(places.cell_story(looking(busy, mall="M1", cell=hex_id(shown["cell"])), places.cells_table(view)))

    assert story["Cell"].startswith(hex_id(shown["cell"]))
    assert story["Short"].endswith("min a week, modelled")
    for row in (row for row in drawn if row["suppressed"]):
        hidden = dict(places.cell_story(looking(busy, mall="M1", cell=hex_id(row["cell"])), places.cells_table(view)))
        assert list(hidden) == ["Hidden", "Cell"]


def test_the_legend_says_which_side_is_short():
    assert hours.BY_HOUR.labels == ("over 20 spare", "8-20", "2-8", "under 2", "2-8", "8-20", "over 20 short")
