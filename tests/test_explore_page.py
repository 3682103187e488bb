"""What Explore says in the toy town: the address is the question, the table is the file, and what cannot be is said."""

import csv
import io
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from analytics import catalog
from analytics.answers import answers
from analytics.errors import ParameterError
from analytics.explore import Beside, explored
from analytics.export import pieces
from analytics.figures import figure
from analytics.parameters import EVERYTHING
from data.engine import Engine
from data.errors import Stopped
from data.saved import Saved
from tests.town import MONDAY, cells
from ui.explore import Look, asking, choice_of, pictures, saved_views, sentences, table, waiting, words
from ui.explore.asking import Asking, Key, Shelf
from ui.explore.choice import beside_of, comparisons, picked, picks_text
from ui.view import view_of

ROOT = Path(__file__).resolve().parent.parent
WEEK = timedelta(days=7)


def looking(town, *, weeks=1, **chosen):
    days = {"period": "custom", "from": MONDAY.isoformat(), "to": (MONDAY + weeks * WEEK - timedelta(days=1)).isoformat()}
    return view_of({**days, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week")


def look(town, **chosen):
    view = looking(town, **chosen)
    choice = choice_of(view)
    return Look(view, choice, explored(choice.asked, lambda name, wanted: answers(name, wanted, EVERYTHING, town.version), town.version))


def file_rows(shown):
    return list(csv.DictReader(io.StringIO(b"".join(pieces(table.file(shown), "csv")).decode())))


@pytest.fixture
def busy(town):
    """Two malls with stores, this week and the one before; on time is rarer at M2."""
    for number, name in (("s1", "Shoes"), ("s2", "=Books")):
        town.add("stores", store_id=number, mall_id="M1", name=name)
    for back, (first, second, third) in enumerate(((40, 20, 30), (30, 25, 4))):
        day = MONDAY - back * WEEK
        town.deliver("M1", seconds=[600] * first, store_id="s1", promise_s=900, day=day, cell=1)
        town.deliver("M1", seconds=[1200] * second, store_id="s2", promise_s=900, day=day, cell=8)
        town.deliver("M2", seconds=[1500] * third, promise_s=900, day=day, cell=9, hour=18)
    return town


# The address.


def test_without_a_word_in_the_address_it_is_click_to_door_by_mall(busy):
    choice = choice_of(looking(busy))

    assert (choice.metric.id, choice.figure.column, choice.by, choice.asked.top, choice.asked.order) == (
        "click_to_door",
        "p90_s",
        ("mall",),
        20,
        "most",
    )
    assert choice.left_out == ()


def test_the_address_is_the_question(busy):
    only = picks_text({"status": "delivered", "hour": 12})
    chosen = {"metric": "orders", "stat": "delivered", "by": "store,week", "only": only, "top": "10", "order": "least", "res": "7"}

    choice = choice_of(looking(busy, mall="M1", beside="mall:M2", **chosen))

    asked = choice.asked
    assert (asked.metric, asked.column, asked.by, asked.only) == (
        "orders",
        "delivered",
        ("store", "week", "status"),
        (("status", "delivered"),),
    )
    assert (asked.parameters.hour, asked.parameters.mall_id, asked.parameters.resolution) == (12, "M1", 7)
    assert (asked.top, asked.order, asked.beside) == (10, "least", Beside(mall_id="M2", is_of_mall=True))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (
            {"metric": "orders", "by": "pay_band"},
            "Orders cannot be grouped by pay: an order may be shown in several offers, and",
        ),
        ({"metric": "orders", "by": "moon"}, "There is no dimension named moon"),
        ({"metric": "moon"}, "There is no figure named moon"),
        ({"metric": "orders", "stat": "p90_s"}, "Orders has no p90_s"),
        ({"metric": "coverage_by_mall", "by": "mall"}, "its rows are fixed by its definition"),
        ({"metric": "acceptance_share", "only": "status:delivered"}, "an offer may hold several orders"),
        ({"metric": "orders", "by": "market,mall,day,hour"}, "at most 3 dimensions; hour left out"),
        ({"metric": "orders", "only": "hour:99;dow:0"}, "no rows of hour\\:99; dow\\:0 to pick"),
        ({"metric": "orders", "only": f"batch:{'9' * 5000}"}, "to pick"),
        ({"metric": "orders", "beside": "mall:M9"}, "nothing named mall\\:M9 to compare"),
        ({"metric": "orders", "beside": "9999-12-31"}, "nothing named 9999-12-31 to compare"),
        ({"metric": "[here](//evil)"}, "no figure named \\[here\\](//evil);"),
    ],
)
def test_what_the_address_cannot_mean_is_left_out_and_said(busy, chosen, said):
    choice = choice_of(looking(busy, **chosen))

    assert said in choice.left_out[0]
    assert "pay_band" not in choice.by


@pytest.mark.parametrize(
    ("text", "value"), [("", ()), ("status", ()), ("dow:x", ()), ("moon:1", ()), ("dow:5;hour:17", (("dow", 5), ("hour", 17)))]
)
def test_picks_are_read_from_the_address_and_nothing_else_is(text, value):
    assert picked(text) == value


def test_no_number_and_no_day_of_a_link_is_too_large_for_the_page(busy):
    assert choice_of(looking(busy, metric="covered_share", drive="9" * 5000)).asked.parameters.within_s == 1200
    for first, last in (("0001-01-02", "0001-01-09"), ("9999-12-20", "9999-12-31")):
        assert choice_of(looking(busy, **{"from": first, "to": last})).asked.parameters.start_on.year > 2000


def test_any_value_survives_the_address():
    values = {"store": "a;b:c, %d", "status": "delivered", "batch": 2}

    assert dict(picked(picks_text(values))) == values
    assert picks_text({}) is None


def test_what_may_be_compared_is_as_long_as_the_period(busy):
    view = looking(busy, mall="M1", beside="2026-02-01")

    assert beside_of(view, "previous") == Beside(MONDAY - WEEK, MONDAY)
    assert beside_of(view, "year") == Beside(MONDAY - 52 * WEEK, MONDAY - 51 * WEEK)
    assert beside_of(view, "2026-02-01") == Beside(date(2026, 2, 1), date(2026, 2, 8))
    assert beside_of(view, "mall:") == Beside(mall_id=None, is_of_mall=True)
    assert beside_of(view, "mall:moon") is None
    assert beside_of(view, "moon") is None
    known = comparisons(view)
    assert {"", "previous", "year", "2026-02-01", "mall:", "mall:M2"} <= set(known)
    assert {"mall:M1", "mall:M3"}.isdisjoint(known)


# What stands on the page.


def test_the_sentence_tells_the_whole_the_highest_and_the_lowest(busy):
    shown = look(busy, metric="on_time_share", by="mall")

    assert sentences.sentence(shown) == "On time: 44.4 % over all; highest Mall 1 (66.7 %), lowest Mall 2 (0.0 %)."
    assert sentences.aside(shown) == "All markets \N{MIDDLE DOT} 2-8 Mar \N{MIDDLE DOT} 90 orders"


def test_a_comparison_tells_the_change_and_whether_it_is_chance(busy):
    shown = look(busy, metric="orders", by="store", mall="M1", beside="previous")

    assert sentences.aside(shown).startswith("+5 (+9.1 %) against 23 Feb-1 Mar, within normal variation")
    rows = table.table(shown).to_pylist()
    assert [(row["store_id"], row["value"], row["before"], row["change"], row["verdict"]) for row in rows] == [
        ("Shoes", 40.0, 30.0, "+10 (+33.3 %)", "Within chance"),
        ("=Books", 20.0, 25.0, "\N{MINUS SIGN}5 (\N{MINUS SIGN}20.0 %)", "Within chance"),
    ]


def test_the_file_has_the_rows_on_screen_with_units_and_nothing_hidden_in_it(busy):
    shown = look(busy, metric="click_to_door", by="store", mall="M1", beside="previous")
    rows = file_rows(shown)

    assert [row["store_id"] for row in rows] == [row["store_id"] for row in shown.rows] == ["s2", "s1"]
    told = {"click_to_door_p90_s": "1200", "click_to_door_p90_before_s": "1200", "click_to_door_p90_change_s": "0"}
    assert rows[0] | told | {"click_to_door_n_orders": "20", "click_to_door_n_orders_before": "25"} == rows[0]
    assert table.file(shown).about["compared_with"] == "23 Feb-1 Mar"
    by_mall = file_rows(look(busy, metric="click_to_door", by="mall", beside="previous"))
    assert [(row["mall_id"], row["click_to_door_p90_before_s"]) for row in by_mall] == [("M2", ""), ("M1", "")]


def test_hidden_rows_are_marked_counted_and_explained(busy):
    busy.deliver("M1", seconds=[600] * 3, store_id="s3")
    shown = look(busy, metric="orders", by="store", mall="M1")

    rows = [(row["store_id"], row["value"], row["note"]) for row in table.table(shown).to_pylist()]
    assert rows == [("Shoes", 40.0, None), ("=Books", None, "Hidden"), ("s3", None, "Hidden")]
    assert [row["suppressed"] for row in file_rows(shown)] == ["false", "true", "true"]
    assert "2 rows hidden: fewer than 10 customers, or the smallest row beside such ones" in sentences.about(shown)
    assert sentences.sentence(shown) == "Orders: 63 over all; 40 Shoes."


def test_picked_rows_carry_no_column_of_what_is_the_same_in_all_of_them(busy):
    shown = look(busy, metric="orders", by="mall,status", only="status:delivered")

    assert shown.columns == ("mall_id",)
    assert sentences.picks(shown) == [("Status", "Delivered")]
    assert sentences.aside(shown).endswith("only status: Delivered")  # what is behind the rows of other statuses is not theirs
    assert {"orders_behind", "hidden_share", "left_out"}.isdisjoint(table.file(shown).about)


def test_nothing_to_show_says_why(busy):
    busy.deliver("M4", seconds=[600] * 3)

    assert sentences.sentence(look(busy, metric="orders", by="mall", mall="M4")).endswith("everything is hidden, fewer than 10 customers.")
    assert sentences.sentence(look(busy, metric="acceptance_share", by="mall")).endswith("nothing is counted here in 2-8 Mar.")
    assert pictures.picture(look(busy, metric="orders", by="mall", mall="M4")) == pictures.Drawn()


@pytest.mark.parametrize(
    ("chosen", "kind", "traces"),
    [
        ({"by": "mall"}, "bar", 1),
        ({"by": "mall", "beside": "previous"}, "bar", 2),
        ({"by": "week", "weeks": 1}, "scatter", 1),
        ({"by": "day", "beside": "previous"}, "scatter", 2),
        ({"by": "mall,week"}, "scatter", 2),
        ({"by": "mall,hour"}, "heatmap", 1),
        ({"by": "mall,status"}, "heatmap", 1),
    ],
)
def test_the_chart_fits_the_dimensions(busy, chosen, kind, traces):
    chart = pictures.picture(look(busy, metric="orders", **chosen)).chart

    assert len(chart.data) == traces
    assert chart.data[-1 if kind == "scatter" else 0].type == kind


def test_the_bars_and_the_squares_are_the_rows(busy):
    bars = pictures.picture(look(busy, metric="click_to_door", by="mall")).chart.data[0]
    squares = pictures.picture(look(busy, metric="click_to_door", by="mall,hour")).chart

    assert (list(bars.y), list(bars.x)) == (["Mall 2", "Mall 1"], [25.0, 20.0])
    assert sorted(each.text for each in squares.layout.annotations) == ["20.0", "25.0"]


def test_stores_of_one_name_are_told_apart_and_no_name_is_drawn_as_markup(busy):
    for number, mall, name in (("a1", "M1", "Apple"), ("a2", "M2", "Apple"), ("b1", "M4", "Books & <b>"), ("b2", "M4", "Books & <b>")):
        busy.add("stores", store_id=number, mall_id=mall, name=name)
        busy.deliver(mall, seconds=[600] * {"a1": 40, "a2": 15, "b1": 12, "b2": 11}[number], store_id=number)
    grid = pictures.picture(look(busy, metric="orders", by="store,hour")).chart
    lines = pictures.picture(look(busy, metric="orders", by="store,day")).chart

    tips = [tip for line in grid.data[0].customdata for tip in line if tip]
    assert {"Apple (Mall 1), 12 pm: 40", "Apple (Mall 2), 12 pm: 15"} <= set(tips)
    assert {"Books &amp; &lt;b&gt; (b1), 12 pm: 12", "Books &amp; &lt;b&gt; (b2), 12 pm: 11"} <= set(tips)
    assert not [text for text in (*tips, *grid.layout.yaxis.ticktext) if "<b>" in text]
    assert {"Apple (Mall 1)", "Apple (Mall 2)"} & {line.name for line in lines.data}
    bars = pictures.picture(look(busy, metric="orders", by="store")).chart
    assert not [name for name in bars.data[0].y if "<b>" in name]


def test_three_dimensions_have_a_table_and_no_chart(busy):
    shown = pictures.picture(look(busy, metric="orders", by="mall,hour,status"))

    assert (shown.chart, shown.map) == (None, None)
    assert "the table has all" in shown.note


def test_cells_alone_are_a_map_with_their_classes(busy):
    shown = look(busy, metric="click_to_door", by="cell", res="9", market="V")
    drawn = pictures.picture(shown)

    assert drawn.chart is None
    assert "Click-to-door p90" in drawn.map.legend
    assert {row["cell"] for row in shown.rows} == {cells()[1], cells()[8], cells()[9]}


@pytest.mark.parametrize(
    ("metric", "amount", "said"),
    [
        ("on_time_share", 0.9144, "91.4 %"),
        ("click_to_door", 2550, "42.5 min"),
        ("orders", 12480, "12,480"),
        ("cost_per_delivery", 742, "$7.42"),
        ("deliveries_per_online_hour", 2.314, "2.31 orders per hour"),
        ("hours_gap", 424_800, "118 h"),
        ("driver_access", 5400, "1.5 h per 1,000 people"),
        ("order_rate", 12.345, "12.35 orders per 1,000 people"),
    ],
)
def test_figures_are_written_with_their_unit(metric, amount, said):
    chosen = catalog.metric(metric)

    assert words.value(chosen, figure(chosen), amount) == said


# Questions that take long.


class Slow:
    """Answers only when it is let, as a large warehouse does."""

    def __init__(self):
        self.go, self.asked = threading.Event(), threading.Event()

    def __call__(self, name, parameters, scope, version):
        self.asked.set()
        assert self.go.wait(30)
        return answers(name, parameters, scope, version)


@pytest.fixture
def key(busy):
    asking.kept_answers.clear()
    asking.kept_explored.clear()
    return Key.of(choice_of(looking(busy)).asked, EVERYTHING, busy.version)


def test_a_slow_question_tells_how_far_it_is_and_is_kept_when_it_is_answered(busy, key):
    slow = Slow()
    running = asking.begin(key, busy.version, answer=slow)
    assert slow.asked.wait(30)
    running.wait(0)
    assert (running.is_over, running.answered, running.expected, asking.kept(key)) == (False, 0, 2, None)

    slow.go.set()
    running.wait(30)

    assert (running.is_over, running.answered, running.error) == (True, 2, None)
    assert asking.kept(key) is running.found
    again = asking.begin(key, busy.version, answer=lambda *_: pytest.fail("it was answered already"))
    again.wait(30)
    assert again.found.table.equals(running.found.table)


def test_a_question_that_is_given_up_begins_no_further_one(busy, key):
    slow = Slow()
    running = asking.begin(key, busy.version, answer=slow)
    assert slow.asked.wait(30)
    ending = threading.Thread(target=running.cancel)
    ending.start()
    slow.go.set()
    ending.join(30)
    running.wait(30)

    assert isinstance(running.error, Stopped)
    assert running.found is None
    assert asking.kept(key) is None


def test_a_question_that_cannot_be_asked_ends_with_its_reason(busy, key):
    def refuse(*_):
        raise ParameterError("no")

    running = asking.begin(key, busy.version, answer=refuse)
    running.wait(30)

    assert (running.found, str(running.error)) == (None, "no")


def test_a_fault_in_the_program_is_not_swallowed(busy, key):
    def fail(*_):
        raise ZeroDivisionError

    running = asking.begin(key, busy.version, answer=fail)
    with pytest.raises(ZeroDivisionError):
        running.wait(30)
    assert isinstance(running, Asking)


def test_a_shelf_forgets_what_was_longest_unused():
    shelf = Shelf(2)
    for number in (1, 2):
        shelf.keep(number, number)
    shelf.get(1)
    shelf.keep(3, 3)

    assert [shelf.get(number) for number in (1, 2, 3)] == [1, None, 3]


# Saved views.


def test_a_saved_view_is_what_was_chosen_on_this_page_and_opens_it_again(busy):
    view = looking(busy, mall="M1", metric="orders", by="store,week", only="dow:5", show="bands")
    text = saved_views.as_text(view)

    assert text.startswith("explore?")
    opened = saved_views.chosen_of(text)
    assert opened == {key: value for key, value in view.chosen.items() if key != "show"}
    assert choice_of(looking(busy, **opened)) == choice_of(view)
    Saved(busy.version.root, saved_views.KIND).save("Fridays", text)
    assert saved_views.chosen_of(Saved(busy.version.root, saved_views.KIND).item("Fridays").text) == opened


def test_a_fixed_view_keeps_its_days_and_its_data(busy):
    opened = saved_views.chosen_of(saved_views.as_text(looking(busy), is_fixed=True))

    assert (opened["v"], opened["from"], opened["to"], opened["period"]) == (busy.version.id, "2026-03-02", "2026-03-08", "custom")


@pytest.mark.parametrize("text", ["", "hello", "coverage?mall=M1", "http://127.0.0.1/drivers?metric=orders"])
def test_what_is_no_view_is_not_opened(text):
    assert saved_views.chosen_of(text) is None


def test_a_link_opens_as_a_view_does():
    assert saved_views.chosen_of("http://127.0.0.1:8501/explore?metric=orders&by=week&evil=1") == {"metric": "orders", "by": "week"}


ENDLESS = "SELECT count(*) FROM range(10_000_000_000) AS a, range(100) AS b WHERE (a.range * b.range) % 7 = 3"


def test_a_page_shows_how_far_a_slow_question_is_gives_it_up_and_asks_again(busy, monkeypatch):
    answer, is_slow = asking.explored_on_a_map, [True]

    def slowly(*question):
        if is_slow[0]:
            Engine.of(busy.version).table(ENDLESS)
        return answer(*question)

    asking.kept_explored.clear()
    monkeypatch.setattr(asking, "explored_on_a_map", slowly)
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.05)
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(busy.version.root))
    page = AppTest.from_file(str(ROOT / "pages/analyze/explore.py"), default_timeout=60).run()
    assert [button.label for button in page.button if button.label == "Cancel"] == ["Cancel"]
    assert "mr-answer" not in " ".join(element.proto.body for element in page.get("html"))

    next(button for button in page.button if button.label == "Cancel").click().run()

    assert [told.value for told in page.info if told.value.startswith("Canceled")]
    is_slow[0] = False
    monkeypatch.setattr(waiting, "PATIENCE_S", 30)
    next(button for button in page.button if button.label == "Ask again").click().run()
    assert not page.exception
    assert "Click-to-door p90" in " ".join(element.proto.body for element in page.get("html"))


def test_a_fault_is_shown_once_and_asked_again(busy, monkeypatch):
    answer, faults = asking.explored_on_a_map, [MemoryError("no room")]

    def fails_once(*question):
        if faults:
            raise faults.pop()
        return answer(*question)

    asking.kept_explored.clear()
    monkeypatch.setattr(asking, "explored_on_a_map", fails_once)
    monkeypatch.setattr(waiting, "PATIENCE_S", 30)
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(busy.version.root))
    page = AppTest.from_file(str(ROOT / "pages/analyze/explore.py"), default_timeout=60).run()
    assert page.exception

    assert not page.run().exception


def test_all_rows_behind_the_table_leave_unless_some_are_picked_or_hidden_here_alone(busy, monkeypatch):
    assert table.whole_answer(look(busy, metric="orders", by="store", mall="M1")).rows_shown == 60
    assert table.whole_answer(look(busy, metric="orders", by="mall", only="status:delivered")) is None
    busy.deliver("M1", seconds=[600] * 3, store_id="s3")
    assert table.whole_answer(look(busy, metric="orders", by="store", mall="M1")) is None

    monkeypatch.setattr(waiting, "PATIENCE_S", 30)
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(busy.version.root))
    page = AppTest.from_file(str(ROOT / "pages/analyze/explore.py"), default_timeout=60)
    page.session_state["chosen"] = dict(looking(busy, metric="orders", by="mall").chosen)
    page.run()
    assert not page.exception
    assert [told.value for told in page.markdown if told.value.startswith("**All 93 orders behind it**")]


def endless(busy, monkeypatch):
    """The page while a question is asked that nobody lives to see answered."""
    asking.kept_explored.clear()
    monkeypatch.setattr(asking, "explored_on_a_map", lambda *_: Engine.of(busy.version).table(ENDLESS))
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.05)
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(busy.version.root))
    return AppTest.from_file(str(ROOT / "pages/analyze/explore.py"), default_timeout=60).run()


def test_another_question_gives_up_the_one_before(busy, monkeypatch):
    page = endless(busy, monkeypatch)
    first = page.session_state["exploring"]

    page.session_state["chosen"] = {"metric": "orders"}
    page.run()

    second = page.session_state["exploring"]
    assert isinstance(first.error, Stopped)
    assert second.key != first.key
    second.cancel()
    assert isinstance(second.error, Stopped)


def test_a_browser_that_goes_gives_up_its_question_and_one_that_comes_back_asks_again(busy, monkeypatch):
    page = endless(busy, monkeypatch)
    first = page.session_state["exploring"]

    clear_session_resource_cache("test session id")  # as the server does when a browser goes; the test's pages have this id
    first._thread.join(60)
    page.run()

    second = page.session_state["exploring"]
    assert isinstance(first.error, Stopped)
    assert second is not first
    assert second.key == first.key
    second.cancel()
    assert isinstance(second.error, Stopped)


def test_a_question_that_is_refused_says_why_on_the_page(busy, monkeypatch):
    asking.kept_explored.clear()
    monkeypatch.setattr("analytics.explore.limits.MOST_GROUPS", 1)
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(busy.version.root))
    page = AppTest.from_file(str(ROOT / "pages/analyze/explore.py"), default_timeout=60)
    page.session_state["chosen"] = {"metric": "orders", "by": "mall,hour"}
    page.run()

    assert not page.exception
    assert [told.value for told in page.warning if "could have" in told.value]
