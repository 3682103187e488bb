"""What Overview says, counted by hand in the toy town: hidden is not zero, and what cannot be compared is not compared."""

from dataclasses import replace
from datetime import timedelta
from math import isnan
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics import joined
from analytics.parameters import EVERYTHING
from analytics.targets import Target, Targets
from tests.town import MONDAY, local
from ui import overview
from ui.palette import tokens
from ui.view import view_of

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
PROMISE_S = 3600
FAST, SLOW = 1800, 5400
LABELS = ("Orders", "On time", "Click-to-door p90")
NONE = Targets()


def look(town, *, start=MONDAY, days=7, **chosen):
    """Look at days of the town; the filters that Overview draws unless a test names a mall."""
    period = {"period": "custom", "from": start.isoformat(), "to": (start + (days - 1) * DAY).isoformat()}
    return view_of({**period, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week")


def tiles(view):
    """The three tiles that orders alone fill."""
    return dict(zip(LABELS, overview.tiles(view, NONE), strict=False))


def week(town, orders, *, number=0, mall="M1", **columns):
    """Deliver orders on the Monday and the Sunday of a week, all on time, so that the data covers the week."""
    spans = [FAST] * orders
    for seconds, day in ((spans[: orders // 2], 0), (spans[orders // 2 :], 6)):
        town.deliver(mall, seconds=seconds, day=MONDAY + number * WEEK + day * DAY, **{"promise_s": PROMISE_S, **columns})


def scored(view):
    return {row["mall"]: row for row in overview.score.rows(view, NONE).to_pylist()}


def test_a_period_that_one_market_covers_only_in_part_is_compared_with_nothing_and_says_why(town):
    for number in range(2):
        week(town, 40, number=number)
    week(town, 60, number=1, mall="M4")

    view = look(town, start=MONDAY + WEEK, vs="previous")

    for tile in list(tiles(view).values()):
        assert (tile.change, tile.change_text) == (None, "")
        assert tile.compared == "No fair comparison: Washington has data from 9 Mar"
    assert "vs" not in overview.days(view)
    assert overview.sentence(view)[0].startswith("On time was 100.0 %")


def test_a_reason_that_names_many_places_does_not_outgrow_its_tile(town):
    for number in range(2):
        week(town, 40, number=number)
    view = replace(
        look(town), compared=None, unfair="No fair comparison: " + ", ".join(f"Market {number} has data from 29 Jun" for number in range(9))
    )

    assert {tile.compared for tile in tiles(view).values()} == {"No fair comparison: not every market has data on all of these days"}


def test_periods_that_the_data_covers_are_compared(town):
    for number, orders in enumerate((40, 80)):
        week(town, orders, number=number)

    tile = tiles(look(town, start=MONDAY + WEEK))["Orders"]

    assert (tile.value, tile.change_text, tile.compared.startswith("vs 2-8 Mar")) == ("80", "+100.0 %", True)


def test_a_hidden_count_is_never_called_zero(town):
    week(town, 9)

    view = look(town)

    text, _ = overview.sentence(view)
    assert "No order" not in text
    assert "fewer than 10 customers" in text
    assert [(tile.value, tile.reason) for tile in tiles(view).values()] == [("-", "Hidden: fewer than 10 customers")] * 3


def test_days_without_orders_are_called_so(town):
    week(town, 20)

    view = look(town, start=MONDAY + DAY, days=2)

    assert overview.sentence(view)[0].startswith("No order was placed")
    assert [(tile.value, tile.reason) for tile in tiles(view).values()] == [
        ("0", ""),
        ("-", "No orders on these days"),
        ("-", "No orders on these days"),
    ]


def test_a_hidden_share_is_hidden_and_not_missing(town):
    week(town, 30, promise_s=None)
    week(town, 4)

    view = look(town)

    assert tiles(view)["On time"].reason == "Hidden: fewer than 10 customers"
    assert "Punctuality is hidden: fewer than 10 customers" in overview.sentence(view)[1]
    assert overview.leading(view) == "on_time_share"


def test_data_without_promises_leads_with_minutes(town):
    week(town, 30, promise_s=None)

    view = look(town)

    assert overview.leading(view) == "click_to_door"
    assert tiles(view)["On time"].reason == "No promise times in this data"


def test_a_comparison_with_hidden_days_says_so(town):
    week(town, 8)
    week(town, 40, number=1)

    shown = tiles(look(town, start=MONDAY + WEEK))

    assert {tile.compared for tile in shown.values()} == {"2-8 Mar is hidden: fewer than 10 customers"}
    assert {tile.change for tile in shown.values()} == {None}


def test_the_scorecard_has_the_figures_of_every_mall_whichever_is_chosen(town):
    week(town, 40)
    week(town, 30, mall="M2")

    rows = scored(look(town, mall="M1"))

    assert (rows["Mall 1"]["orders"], rows["Mall 2"]["orders"]) == (40, 30)
    assert "no orders" not in rows["Mall 2"]["note"].lower()


def test_a_hidden_on_time_is_not_said_to_lack_promises(town):
    week(town, 30, promise_s=None)
    week(town, 4)
    week(town, 20, mall="M2", promise_s=None)
    week(town, 5, mall="M4")

    rows = scored(look(town))

    assert rows["Mall 1"]["note"] == "On time hidden: fewer than 10 customers"
    assert rows["Mall 2"]["note"] == "No promise times"
    assert rows["Mall 4"]["note"] == "Hidden: fewer than 10 customers"
    assert rows["Mall 3"]["note"] == "Candidate: no deliveries yet"


@pytest.mark.parametrize("market", [{}, {"market": "V"}])
def test_the_scorecard_and_the_orders_without_a_mall_add_up_to_the_tile(town, market):
    for mall, orders in (("M1", 40), ("M2", 30), ("M4", 20), (None, 25), ("M9", 15)):
        week(town, orders, mall=mall)

    view = look(town, **market)
    rows = overview.score.rows(view, NONE).to_pylist()

    assert str(sum(row["orders"] or 0 for row in rows)) == tiles(view)["Orders"].value
    assert {row["mall"]: row["orders"] for row in rows}["No known mall"] == 25


def test_the_file_of_the_scorecard_has_as_many_rows_as_its_button_says(town):
    for mall in ("M1", None):
        week(town, 20, mall=mall)

    view = look(town)
    answers, rows = overview.score.answers(view), overview.score.rows(view, NONE)

    assert joined.file("malls", answers, town.version, rows).rows == joined.side_by_side(answers, rows).num_rows == rows.num_rows == 5


def test_a_hidden_week_is_a_gap_in_tiles_and_left_out_of_the_scorecard_with_a_word(town):
    for number, orders in enumerate((20, 3, 30)):
        week(town, orders, number=number)

    view = look(town, start=MONDAY + 2 * WEEK)
    row = scored(view)["Mall 1"]

    assert tiles(view)["Orders"].weeks == [20.0, None, 30.0]
    assert row["trend"] == [20.0, 30.0]
    assert row["note"].endswith("1 hidden week left out of the line")


def test_a_week_without_orders_is_zero_and_has_no_share(town):
    for number in (0, 2):
        week(town, 20, number=number)

    shown = tiles(look(town, start=MONDAY + 2 * WEEK))

    assert shown["Orders"].weeks == [20.0, 0.0, 20.0]
    assert shown["On time"].weeks == [1.0, None, 1.0]


def test_the_week_in_which_the_data_begins_and_one_that_still_runs_are_no_low_weeks(town):
    town.deliver("M1", seconds=[FAST] * 12, day=MONDAY - 3 * DAY)
    for number in range(2):
        week(town, 20, number=number)
    town.deliver("M1", seconds=[FAST] * 15, day=MONDAY + 2 * WEEK + DAY)

    view = look(town, start=MONDAY, days=21)

    assert tiles(view)["Orders"].weeks == [20.0, 20.0]
    assert scored(view)["Mall 1"]["trend"] == [20.0, 20.0]
    (line,) = [
        trace
        for trace in overview.weeks.trend_chart(replace(view, chosen={**view.chosen, "weeks": "calendar"})).data
        if trace.line.dash == "solid"
    ]
    assert [str(day)[:10] for day in line.x] == ["2026-03-02", "2026-03-09"]


def test_a_single_week_is_no_line(town):
    week(town, 20)

    assert scored(look(town))["Mall 1"]["trend"] is None


def test_days_before_the_data_begins_are_said(town):
    week(town, 20)
    week(town, 20, number=1)
    week(town, 20, number=1, mall="M4")

    assert "data from 2 Mar" in overview.days(look(town, start=MONDAY - WEEK, days=21, market="V"))
    assert "data from 2 Mar, Washington from 9 Mar" in overview.days(look(town, start=MONDAY - WEEK, days=21))
    assert "data of Washington from 9 Mar" in overview.days(look(town, days=14))
    assert "data" not in overview.days(look(town, start=MONDAY + WEEK))


def test_the_map_names_no_days_before_the_data(town):
    week(town, 20)

    assert overview.cells.span_text(look(town, market="V")) == "2-8 Mar"


def test_markets_whose_data_ended_long_before_the_others_are_named(town):
    week(town, 20, mall="M4")
    for number in range(9):
        week(town, 20, number=number)

    view = look(town, start=MONDAY + 8 * WEEK)

    assert "Washington (Sun 8 Mar)" in overview.lagging(view)
    assert "Las Vegas" not in overview.lagging(view)
    assert overview.lagging(look(town, market="V")) == ""


def test_rates_on_tiles_and_in_tables_carry_their_interval(town):
    week(town, 60)
    town.deliver("M1", seconds=[SLOW] * 20, day=MONDAY + 3 * DAY, promise_s=PROMISE_S)

    view = look(town)
    tile = tiles(view)["On time"]

    # Wilson for 60 of 80: center (60 + 1.92) / 83.84, half width 1.96 / 83.84 * sqrt(60 * 20 / 80 + 0.96).
    assert (tile.value, tile.interval) == ("75.0 %", "64.5-83.2 %")
    assert tile.width == pytest.approx(0.187, abs=0.001)
    assert tiles(view)["Click-to-door p90"].interval.endswith(" min")
    assert scored(view)["Mall 1"]["interval"] == "64.5-83.2"
    view = look(town, market="V")
    cells = overview.cells.answer(view)
    assert overview.cells.cells_table(cells, view).column("interval").to_pylist() == ["64.5-83.2"]


def test_without_promises_the_scorecard_has_the_interval_and_the_n_of_minutes(town):
    week(town, 60, promise_s=None)

    view = look(town)
    rows = overview.score.rows(view, NONE)
    shown = [each.column for each in overview.score.columns(rows, view)]

    assert shown[-3:] == ["interval", "n", "note"]
    assert not {"on_time_share", "utilization", "cost_cents"} & set(shown)
    assert (scored(view)["Mall 1"]["interval"], scored(view)["Mall 1"]["n"]) == ("30.0-30.0", 60)
    assert scored(view)["Mall 3"]["interval"] is None


@pytest.mark.parametrize("market", [{}, {"market": "V"}])
def test_nine_columns_up_to_the_flag_stand_before_the_scorecard_scrolls(town, market):
    week(town, 20)
    town.work("M1", drivers=5)
    view = look(town, **market)

    shown = [each.column for each in overview.score.columns(overview.score.rows(view, NONE), view)]

    assert (
        shown[:7]
        == ["mall", *([] if market else ["market"]), "weeks_open", "orders", "on_time_share", "p90_s", "utilization", "cost_cents"][:7]
    )
    assert shown.index("flag") <= 8
    assert ("market" in shown) == (not market)
    assert shown[-2:] == ["n", "note"]


def page(town, monkeypatch, **query):
    """Run the page in its frame over the first week of the town."""
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(town.warehouse.root))
    test = AppTest.from_file(str(Path(__file__).resolve().parent.parent / "app.py"), default_timeout=60)
    assert town.version
    for key, text in {"period": "custom", "from": "2026-03-02", "to": "2026-03-08", **query}.items():
        test.query_params[key] = text
    return test.run()


def footer(test):
    return next(each.proto.body for each in test.get("html") if "mr-footer" in each.proto.body)


def test_a_figure_of_one_week_is_drawn_without_a_line(town, monkeypatch):
    week(town, 20)

    test = page(town, monkeypatch)

    assert not test.exception
    assert [list(each.proto.chart_data) for each in test.metric] == [[]] * 6


def test_a_hidden_week_is_a_gap_in_the_line_of_a_tile(town, monkeypatch):
    for number, orders in enumerate((20, 3, 30)):
        week(town, orders, number=number)

    test = page(town, monkeypatch, to="2026-03-22")

    orders = list(test.metric[0].proto.chart_data)
    assert (orders[0], isnan(orders[1]), orders[2]) == (20.0, True, 30.0)


def test_the_interval_stands_in_the_help_of_a_rate(town, monkeypatch):
    week(town, 60)

    test = page(town, monkeypatch)

    assert "95 % interval: 94.0-100.0 %." in test.metric[1].proto.help
    assert "95 % interval: 30-30 min." in test.metric[2].proto.help


def test_the_footer_never_calls_hidden_orders_none(town, monkeypatch):
    week(town, 9)

    assert "orders of fewer than 10 customers in the filter" in footer(page(town, monkeypatch))


def test_an_interval_stands_on_the_tile_only_where_it_is_wider_than_the_change(town, monkeypatch):
    for number, slow in enumerate((10, 12, 60)):
        week(town, 40, number=number)
        town.deliver("M1", seconds=[SLOW] * slow, day=MONDAY + number * WEEK + DAY, promise_s=PROMISE_S)

    small, large = (
        page(town, monkeypatch, **{"from": f"2026-03-{start:02d}", "to": f"2026-03-{start + 6:02d}"}).metric[1].proto for start in (9, 16)
    )

    # 40 of 50 to 40 of 52 moves by 3.1 pts, less than the interval's width; to 40 of 100 by 36.9 pts, more than it.
    assert "63.9-\N{WORD JOINER}86.3\N{NO-BREAK SPACE}%" in small.delta_description
    assert "%" not in large.delta_description


MINUTE = timedelta(minutes=1)


def timed(town, drives, *, number=0, mall="M1"):
    """Deliver orders that wait for no one: 20 minutes until the driver leaves the mall, then minutes of drive; promised in an hour."""
    for place, minutes in enumerate(drives):
        at = local(MONDAY + number * WEEK + (0 if place % 2 else 6) * DAY, 12, market=town.market_of(mall))
        events = {"accepted_at": 5, "ready_at": 10, "arrived_at": 15, "picked_up_at": 20, "delivered_at": 20 + minutes}
        town.order(mall, placed_at=at, promised_by=at + 60 * MINUTE, **{name: at + after * MINUTE for name, after in events.items()})


def before_and_now(town):
    """Two weeks of two malls: at the second one half of the orders become late, by a longer drive."""
    timed(town, [20] * 60, number=0)
    timed(town, [20] * 60, number=0, mall="M2")
    timed(town, [20] * 60, number=1)
    timed(town, [20] * 30 + [55] * 30, number=1, mall="M2")
    return look(town, start=MONDAY + WEEK)


def test_the_sentence_names_the_stage_and_the_mall_that_explain_most_of_a_change(town):
    text, _ = overview.sentence(before_and_now(town))

    assert text == "On time fell 25.0 pts to 75.0 %; a longer drive at Mall 2 explains 25.0."


def test_a_change_within_chance_is_not_explained(town):
    timed(town, [20] * 30 + [55], number=0)
    timed(town, [20] * 29 + [55] * 2, number=1)

    assert overview.sentence(look(town, start=MONDAY + WEEK))[0].endswith(
        "within normal variation; 9 of 10 of 31 deliveries reached the door within 40 min."
    )


def bars(view):
    """Labels, lengths and colors of the bars, the sum last."""
    figure = overview.change.chart(view)
    return {
        label: (length, color)
        for (label, _), length, color in zip(figure.data[0].customdata, figure.data[0].x, figure.data[0].marker.color, strict=True)
    }


def test_the_bars_sum_to_the_change_of_the_tile_and_only_news_is_colored(town):
    view = before_and_now(town)

    found = bars(view)
    total, red = found.pop("Change")

    assert total == pytest.approx(tiles(view)["On time"].change.difference) == pytest.approx(-0.25)
    assert sum(length for length, _ in found.values()) == pytest.approx(total)
    assert found["Drive, Mall 2"] == (pytest.approx(-0.25), red)
    assert red == tokens("light").red


def test_orders_that_move_to_a_better_mall_are_a_bar_of_their_own(town):
    for number, orders in enumerate(((40, 40), (80, 20))):
        timed(town, [20] * orders[0], number=number)
        timed(town, [55] * orders[1], number=number, mall="M2")

    found = bars(look(town, start=MONDAY + WEEK))

    assert found["Shift between malls"][0] == pytest.approx(0.3) == found["Change"][0]
    assert found["Shift between malls"][1] == tokens("light").other


def test_mean_minutes_are_split_by_stage_and_mall(town):
    found = bars(replace(before_and_now(town), chosen={"why": "stages"}))

    assert found["Drive, Mall 2"][0] == pytest.approx(0.25 * 35 * 60)
    assert found["Change"][0] == pytest.approx(0.25 * 35 * 60)
    assert set(found) == {"Drive, Mall 2", "Change"}


def test_without_days_to_compare_with_there_are_no_bars_but_a_reason(town):
    timed(town, [20] * 20)

    assert overview.change.chart(look(town, vs="none")) is None
    assert overview.change.note(look(town, vs="none")).startswith("Choose a period to compare with")
    assert "No fair comparison: Las Vegas has data from 2 Mar" in overview.change.note(look(town))


def test_hidden_malls_are_in_the_bar_of_everything_else(town):
    for number, late in enumerate((0, 5)):
        timed(town, [20] * 60, number=number)
        timed(town, [20] * (9 - late) + [55] * late, number=number, mall="M2")

    found = bars(look(town, start=MONDAY + WEEK))

    assert found["Everything else"][0] == pytest.approx(-5 / 69) == found["Change"][0]
    assert not [label for label in found if "Mall 2" in label]


def test_launch_curves_begin_with_the_first_whole_week_in_the_data_and_end_with_the_period(town):
    for number, orders in enumerate((20, 30, 40)):
        week(town, orders, number=number)
    view = replace(look(town, days=14), chosen={"trend": "orders"})

    (line,) = overview.weeks.chart(view).data

    # Mall 1 opened on 5 January, so that 2 March begins its ninth week.
    assert (line.name, list(line.x), list(line.y)) == ("Mall 1", [8, 9], [20, 30])


def test_the_figure_and_the_weeks_of_the_curves_can_be_chosen(town):
    week(town, 20)
    view = look(town)

    assert list(overview.weeks.trend_control(view).options) == ["on_time_share", "click_to_door", "orders"]
    (line,) = overview.weeks.chart(replace(view, chosen={"weeks": "calendar"})).data[:1]
    assert (line.name, list(line.y)) == ("Las Vegas", [100.0])


def others(view, wanted=NONE):
    return dict(zip(("Cost", "Utilization", "Reach"), overview.tiles(view, wanted)[3:], strict=True))


def test_cost_and_utilization_stand_on_tiles_with_what_they_rest_on(town):
    week(town, 20)
    town.work("M1", drivers=5)

    found = others(look(town))

    # Five offers of 9 dollars over 20 delivered orders; five hours online, half of each engaged.
    assert (found["Cost"].value, found["Cost"].n) == ("$2.25", "n 20")
    assert (found["Utilization"].value, found["Utilization"].n) == ("50.0 %", "5 h online")


def test_what_the_data_cannot_tell_says_so_on_its_tile(town):
    week(town, 20)

    found = others(look(town))

    assert [(tile.value, tile.reason) for tile in found.values()] == [
        ("-", "No driver pay in this data"),
        ("-", "No shifts in this data"),
        ("-", "No people in this data"),
    ]


def test_drivers_too_few_to_be_shown_are_hidden_on_their_tile(town):
    week(town, 20)
    town.work("M1", drivers=4)

    assert others(look(town))["Utilization"].reason == "Hidden: fewer than 5 drivers"


def test_every_tile_leads_to_a_page(town):
    week(town, 20)

    assert [tile.page for tile in overview.tiles(look(town), NONE)] == ["Delivery times"] * 3 + ["Drivers"] * 2 + ["Coverage"]


def test_a_tile_says_its_target_and_how_the_figure_stands_to_it(town):
    week(town, 60)
    town.deliver("M1", seconds=[SLOW] * 20, day=MONDAY + 3 * DAY, promise_s=PROMISE_S)
    view = look(town)

    words = [
        overview.tiles(view, Targets({None: {"on_time_share": target}}))[1].target
        for target in (Target(low=0.6), Target(low=0.7), Target(low=0.9))
    ]

    # 60 of 80, interval 64.5 to 83.2 %.
    assert words == ["target at least 60 %: met", "target at least 70 %: within chance of it", "target at least 90 %: missed"]
    assert overview.tiles(view, NONE)[1].target == ""


def test_flags_are_targets_missed_and_figures_that_got_worse_by_more_than_chance(town):
    view = before_and_now(town)
    wanted = Targets({None: {"on_time_share": Target(low=0.9)}, "W": {"on_time_share": Target(low=0.1)}})

    flags = {row["mall"]: row["flag"] for row in overview.score.rows(view, wanted).to_pylist()}

    assert flags == {
        "Mall 1": "",
        "Mall 2": "On time \N{MINUS SIGN}50.0 pts; p90 +35.0 min; missed: On time",
        "Mall 3": "Candidate",
        "Mall 4": None,
    }


def baseline(town, *, orders=100, seconds=7200, cents=500):
    for day in range(7):
        row = {"market_id": "V", "local_date": MONDAY + day * DAY, "orders": orders}
        town.tables.setdefault("baseline", [])
        town.add("baseline", **row, click_to_door_sum_s=orders * seconds, cost_sum_cents=orders * cents)


def test_a_market_stands_beside_its_baseline_and_its_target(town):
    for day in range(7):
        town.deliver("M1", seconds=[FAST] * 20, day=MONDAY + day * DAY, promise_s=PROMISE_S)
    baseline(town)
    view, wanted = look(town), Targets({None: {"on_time_share": Target(low=0.9)}})

    shown = {row["figure"]: row for row in overview.standing.rows(view, wanted).to_pylist()}

    assert set(shown) == {"On time", "Click-to-door, mean"}
    assert (shown["On time"]["target"], shown["On time"]["stands"], shown["On time"]["baseline"]) == ("at least 90 %", "met", None)
    assert (shown["Click-to-door, mean"]["now"], shown["Click-to-door, mean"]["baseline"]) == ("30 min", "120 min")
    assert shown["Click-to-door, mean"]["against"] == "\N{MINUS SIGN}90.0 min"
    assert "2-8 Mar" in overview.standing.note(view, wanted)


def test_a_difference_to_the_baseline_that_chance_could_make_stands_in_brackets(town):
    for day in range(7):
        town.deliver("M1", seconds=[600 + 1500 * (day % 2)] * 20, day=MONDAY + day * DAY)
    baseline(town, seconds=1800)

    (row,) = overview.standing.rows(look(town), NONE).to_pylist()

    assert row["against"].startswith("(\N{MINUS SIGN}")


def test_without_targets_and_baseline_the_page_says_how_to_set_them(town):
    week(town, 20)
    view = look(town)

    assert overview.standing.rows(view, NONE).num_rows == 0
    assert "mallreach.toml" in overview.standing.note(view, NONE)
    assert "No baseline in this data" in overview.standing.note(view, NONE)


def test_dots_stand_beside_the_target_of_their_market(town):
    week(town, 40)
    week(town, 40, mall="M4", promise_s=60)
    wanted = Targets({None: {"on_time_share": Target(low=0.9)}, "W": {"on_time_share": Target(high=0.5)}})

    ((heading, figure),) = overview.standing.dots(look(town), wanted)

    assert heading == "On time: at least 90 %"
    assert list(figure.data[-1].x) == [100.0, 0.0]
    assert list(figure.data[-1].marker.symbol) == ["circle", "circle"]


def test_targets_that_cannot_be_applied_are_said_and_the_page_stands(town, monkeypatch, tmp_path):
    week(town, 20)
    path = tmp_path / "mallreach.toml"
    path.write_text("[targets]\non_tim_share = 0.9\n")
    monkeypatch.setenv("MALLREACH_CONFIG", str(path))

    test = page(town, monkeypatch)

    words = " ".join(each.proto.body for each in test.get("html"))
    assert not test.exception
    assert "No target is applied" in words
    assert "did you mean on_time_share" in words


def test_a_target_of_the_file_stands_on_the_page(town, monkeypatch, tmp_path):
    week(town, 60)
    path = tmp_path / "mallreach.toml"
    path.write_text("[targets]\non_time_share = 0.9\n")
    monkeypatch.setenv("MALLREACH_CONFIG", str(path))

    assert "target at least 90\N{NO-BREAK SPACE}%: met" in page(town, monkeypatch).metric[1].proto.delta_description


def test_the_clicked_cell_stands_first_in_the_table_under_the_map(town):
    for cell, orders in ((0, 40), (7, 30), (14, 20)):
        town.deliver("M1", seconds=[FAST] * orders, cell=cell, promise_s=PROMISE_S)
    view = look(town, market="V")
    cells = overview.cells.answer(view)
    last = overview.cells.cells_table(cells, view).column("cell").to_pylist()[-1]

    shown = overview.cells.cells_table(cells, replace(view, chosen={"cell": f"{last:x}"})).column("cell").to_pylist()

    assert shown[0] == last
    assert len(shown) == 3


def test_a_chosen_mall_leads_to_its_pages(town, monkeypatch):
    week(town, 20)

    text = " ".join(each.proto.body for each in page(town, monkeypatch, mall="M2").get("html"))

    assert "Mall 2, the same days:" in text


def test_a_part_that_chance_could_have_made_is_grey_beside_one_that_is_news(town):
    timed(town, [20] * 60, number=0)
    timed(town, [20] * 57 + [55] * 3, number=0, mall="M2")
    timed(town, [20] * 30 + [55] * 30, number=1)
    timed(town, [20] * 55 + [55] * 5, number=1, mall="M2")

    found = bars(look(town, start=MONDAY + WEEK))

    assert found["Drive, Mall 1"] == (pytest.approx(-0.25), tokens("light").red)
    # Fewer than ten customers are late at Mall 2: by which stage is hidden, how many is not.
    assert found["Late orders, Mall 2"] == (pytest.approx(-2 / 120), tokens("light").other)


def test_late_orders_of_a_mall_are_split_in_both_periods_or_in_neither(town):
    timed(town, [20] * 57 + [55] * 3, number=0)
    timed(town, [20] * 30 + [55] * 30, number=1)

    assert set(bars(look(town, start=MONDAY + WEEK))) == {"Late orders, Mall 1", "Change"}


def test_a_period_of_two_weeks_is_not_its_first_week(town):
    for number, orders in enumerate((20, 30)):
        week(town, orders, number=number)

    assert tiles(look(town, days=14))["Orders"].value == "50"


def test_the_bar_of_the_only_mall_is_news_exactly_where_the_change_is(town):
    # None of 60 late, then 5: by Newcombe's interval of the difference, 0.7 to 18.1 points, just beyond chance.
    timed(town, [20] * 60, number=0)
    timed(town, [20] * 55 + [55] * 5, number=1)

    found = bars(look(town, start=MONDAY + WEEK))

    assert [found[name] for name in ("Late orders, Mall 1", "Change")] == [(pytest.approx(-5 / 60), tokens("light").red)] * 2


def test_a_target_that_chance_could_have_missed_is_no_flag(town):
    week(town, 60)
    town.deliver("M1", seconds=[SLOW] * 20, day=MONDAY + 3 * DAY, promise_s=PROMISE_S)

    flags = {
        row["mall"]: row["flag"] for row in overview.score.rows(look(town), Targets({None: {"on_time_share": Target(low=0.8)}})).to_pylist()
    }

    assert flags["Mall 1"] == ""


def test_where_no_opening_is_known_weeks_are_those_of_the_calendar(town):
    for mall in town.tables["malls"]:
        mall["opened_on"] = None
    for number in range(2):
        week(town, 20, number=number)
    view = look(town, days=14)

    assert list(overview.weeks.axis_control(view).options) == ["calendar"]
    assert overview.weeks.chart(replace(view, chosen={"trend": "orders"})).data[0].name == "Las Vegas"
