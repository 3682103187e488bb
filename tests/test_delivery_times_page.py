"""What Delivery times says in the toy town: figures, reasons, and what a click on the map or the grid changes."""

from datetime import timedelta

import pytest

from analytics.parameters import EVERYTHING
from tests.test_metrics_lateness import USUAL, place, usual_weeks
from tests.town import MONDAY
from ui.delivery_times import groups, lost, places, question, strip
from ui.maps import hex_id
from ui.view import view_of

DAY = timedelta(days=1)


def looking(town, **chosen):
    days = {"market": "V", "period": "custom", "from": MONDAY.isoformat(), "to": (MONDAY + 6 * DAY).isoformat()}
    return view_of(
        {**days, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week", is_of_one_market=True
    )


def test_the_sentence_says_how_long_orders_take_and_where_the_time_goes(town):
    place(town, USUAL, orders=20)
    place(town, {**USUAL, "delivered": 65}, orders=10)

    text, aside = strip.sentence(looking(town, mall="M1"))

    assert text.startswith("9 of 10 orders from Mall 1 reached the door within 65 min, half within 40 min; ")
    assert text.endswith("; 66.7 % came on time, late ones by 20 min (median).")
    assert aside == "Most of the time goes into the drive: 20 min of 48 min on average."


def test_without_deliveries_the_page_says_why(town):
    town.deliver("M1", seconds=[600] * 3, delivered_at=None)

    assert strip.sentence(looking(town, mall="M3"))[1] == "A candidate: no deliveries yet."
    assert strip.sentence(looking(town, mall="M2"))[1].startswith("No order was delivered.")
    assert strip.sentence(looking(town, mall="M1"))[1].startswith("Left out: 3 delivered orders without usable times")


def test_few_customers_are_hidden_and_not_none(town):
    place(town, USUAL, orders=9)

    assert strip.sentence(looking(town, mall="M1"))[0] == "Delivery times of Mall 1 are hidden: fewer than 10 customers."
    assert [value for _, value, _ in strip.figures(looking(town, mall="M1"))] == ["-"] * 4


def test_without_promises_there_is_no_on_time_and_the_page_says_so(town):
    place(town, USUAL, orders=20, promise=None)
    view = looking(town, mall="M1", figure="on_time")

    assert question.figure(view) is question.P90
    assert "No promise times" in question.missing_figure(view)
    assert {label: why for label, _, why in strip.figures(view)}["On time"] == "no promise times"
    assert lost.late_sentence(view).startswith("No promise times in this data")
    assert lost.late_table(view).num_rows == 0


def test_late_minutes_are_told_by_what_took_longer_than_usual(town):
    usual_weeks(town)
    place(town, {"ready": 20, "accepted": 22, "arrived": 30, "picked_up": 38, "delivered": 55}, orders=12)
    view = looking(town, mall="M1")

    rows = lost.late_table(view).to_pylist()

    assert [(row["part"], row["late_s"], row["minutes"]) for row in rows] == [("prep", 4800, 80), ("drive", 2400, 40)]
    assert [row["share"] for row in rows] == pytest.approx([2 / 3, 1 / 3])
    assert lost.late_sentence(view) == "12 late orders, 10.0 min late on average; 67 % of the late minutes were lost in the stage prep."
    assert lost.late_rows(view).to_pylist()[0] == {"late_part": "prep", "late_s": 4800, "late_share": pytest.approx(2 / 3)}


def test_a_clicked_hour_filters_the_map_and_the_tables_but_not_the_grid(town):
    place(town, USUAL, orders=15, hour=12, cell=0)
    place(town, {**USUAL, "delivered": 80}, orders=12, hour=18, cell=7)
    whole, clicked = looking(town, mall="M1"), looking(town, mall="M1", hour="mon-18")

    assert sum(row["n"] or 0 for row in places.cells(whole).rows()) == 27
    assert [row["n"] for row in places.cells(clicked).rows() if row["n"]] == [12]
    assert [row["n"] for row in places.hour_rows(clicked)] == [15, 12]
    assert lost.late(clicked).row()["n"] == 12
    assert places.map_title(clicked).startswith("The map shows Mon 6 pm")


def test_a_clicked_cell_filters_the_grid_and_tells_its_story(town):
    place(town, USUAL, orders=15, hour=12, cell=0)
    place(town, {**USUAL, "delivered": 80}, orders=12, hour=18, cell=7)
    cell = next(row["cell"] for row in places.cells(looking(town, mall="M1")).rows() if row["n"] == 12)
    view = looking(town, mall="M1", cell=hex_id(cell))

    assert [(row["local_hour"], row["n"]) for row in places.hour_rows(view)] == [(18, 12)]
    story = dict(places.cell_story(view))
    assert (story["Click-to-door p90"], story["On time"], story["Drive"]) == ("80 min, n 12", "0.0 %, n 12", "52 min, n 12")
    assert groups.cells_table(view).to_pylist()[0]["cell"] == cell
    assert places.cell_story(looking(town, mall="M1", cell="88283473fffffff")) == []


def test_a_hidden_cell_says_so_in_its_story(town):
    place(town, USUAL, orders=95, cell=0)
    place(town, USUAL, orders=5, cell=7)
    cell = next(row["cell"] for row in places.cells(looking(town, mall="M1")).rows() if row["suppressed"])

    story = dict(places.cell_story(looking(town, mall="M1", cell=hex_id(cell))))

    assert story["On time"] == story["Drive"] == "hidden: fewer than 10 customers"


def test_hidden_cells_are_drawn_coarser_where_they_would_hold_a_fifth_of_the_orders(town):
    for cell in range(0, 49, 7):  # one in each cell of resolution 8, all in one of resolution 7
        place(town, USUAL, orders=5, cell=cell)

    assert places.cells(looking(town, mall="M1")).parameters.resolution < 8


def test_stores_slow_beyond_chance_come_first_and_hidden_ones_say_so(town):
    for store, drive in (("s1", 12), ("s2", 12), ("s3", 40)):
        town.add("stores", store_id=store, mall_id="M1", name=f"Store {store}")
        for order in range(40):
            place(town, {**USUAL, "delivered": 28 + drive + order / 10}, store_id=store)
    place(town, USUAL, orders=3, store_id=None)
    view = looking(town, mall="M1")

    rows = groups.stores_table(view).to_pylist()

    assert (rows[0]["store"], rows[0]["verdict"]) == ("Store s3", "Slower, beyond chance")
    assert (rows[-1]["store"], rows[-1]["verdict"], rows[-1]["value"]) == ("Unknown store", "Hidden: too few customers", None)
    assert groups.stores_sentence(view) == "1 of 3 stores are slower than the others by more than chance."
    assert groups.stores_table(looking(town, mall="M1", figure="on_time")).to_pylist()[0]["verdict"] == "Later, beyond chance"


def test_days_stand_beside_the_same_weekday_before(town):
    for week, delivered in enumerate((60, 40, 50, 44)):
        place(town, {**USUAL, "delivered": delivered}, orders=60, day=MONDAY - 7 * week * DAY)
    view = looking(town, mall="M1")

    (row,) = groups.days_table(view).to_pylist()

    assert (row["value"], row["before"], row["range"], row["n"]) == (3600, 2400, "40.0-50.0", 60)
    assert row["change"] == "+20.0 min"
    assert groups.days_sentence(view) == "1 day: 1 above and 0 below what the same weekday was in the 4 weeks before."


@pytest.mark.parametrize(
    ("start_m", "words"), [(0, "0-2 mi"), (6_437, "4-6 mi"), (16_093, "10-15 mi"), (24_140, "over 15 mi"), (None, "Distance unknown")]
)
def test_bands_are_told_in_miles(start_m, words):
    assert groups.band_words(start_m) == words


def test_the_stage_table_says_which_events_are_missing(town):
    place(town, {name: at for name, at in USUAL.items() if name != "ready"}, orders=20)

    rows = {row["stage"]: row for row in lost.stages_table(looking(town, mall="M1")).to_pylist()}

    assert (rows["Drive"]["p50_s"], rows["Drive"]["n"], rows["Drive"]["note"]) == (720, 20, "")
    assert (rows["Prep"]["p50_s"], rows["Prep"]["n"], rows["Prep"]["note"]) == (None, 0, "The events are not in this data")
