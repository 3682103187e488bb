"""The Portfolio page without a browser: what follows the main answer, its map and its curve."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from analytics.choosing.portfolio import next_sets, portfolio
from analytics.choosing.scenario import scenario
from analytics.choosing.wish import wish
from data.warehouse import Warehouse
from ui import panels
from ui.charts.portfolio import Allowed, Axes, portfolio_curve
from ui.maps.portfolio import mall_colors
from ui.portfolio import answer, controls, curve
from ui.portfolio import following as module
from ui.portfolio.asked import Asked
from ui.portfolio.following import Following, Key, following, go_on

PAGE = Path(__file__).parent.parent / "pages" / "choose" / "portfolio.py"


@pytest.fixture(scope="module")
def demo(demo_root):
    return Warehouse(demo_root).current()


def asked_of(demo, **texts):
    return Key(wish(scenario(texts)), demo.root.absolute(), demo.id)


def test_what_follows_is_what_each_step_gives_alone_and_is_kept_for_the_next_reader(demo):
    running = following(demo, asked_of(demo, market="phoenix", open="2").wish)
    assert running.main() == portfolio(demo, running.key.wish, time_limit_s=module.QUICK_S)
    running.wait(120)
    assert running.is_over
    assert running.is_final
    assert [each.value for each in running.others] == [each.value for each in next_sets(demo, running.found)]
    assert len(running.leads) == len(running.others)
    assert [each.allowed for each in running.points] == [0, 1, 2, 3, 4]
    assert len(running.standings) == 5
    assert running.done <= running.expected
    assert following(demo, running.key.wish) is running


def test_what_was_given_up_makes_no_further_step_and_can_go_on(demo, monkeypatch):
    begun, may_go = threading.Event(), threading.Event()

    def slow(*arguments, **options):
        begun.set()
        may_go.wait(60)
        return iter(next_sets(*arguments, **options))

    monkeypatch.setattr(module, "next_sets", slow)
    running = Following(asked_of(demo, market="las-vegas", open="1")).begin(demo)
    assert running.main().sites
    assert begun.wait(60)
    running.cancel()
    may_go.set()
    running.wait(120)
    assert running.is_canceled()
    assert (len(running.others) <= 1, running.points, running.standings) == (True, [], [])
    monkeypatch.setattr(module, "next_sets", next_sets)
    go_on(running, demo)
    anew = following(demo, running.key.wish)
    anew.wait(120)
    assert len(anew.standings) == 5


def test_a_failure_of_the_thread_is_raised_where_somebody_waits(demo, monkeypatch):
    def broken(*arguments, **options):
        raise ArithmeticError(f"broken: {len(arguments)} {len(options)}")

    monkeypatch.setattr(module, "portfolio", broken)
    running = Following(asked_of(demo, market="las-vegas", open="1")).begin(demo)
    with pytest.raises(ArithmeticError, match="broken"):
        running.main()


def _page(demo, monkeypatch, **chosen):
    """Draw the page after everything that follows its answer is there."""
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(demo.root))
    texts = {key.rstrip("_"): text for key, text in chosen.items()}
    running = following(demo, wish(scenario(texts)))
    running.wait(120)
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.session_state["chosen"] = texts
    page.session_state["shown_page"] = "portfolio"
    page.run()
    assert not page.exception, page.exception
    return page, running


def test_the_curve_stands_on_the_page_with_its_file(demo, monkeypatch):
    files = []
    monkeypatch.setattr(panels, "export", lambda file, *, key: files.append((key, file)))
    page, running = _page(demo, monkeypatch, market="phoenix", open="2")
    assert "Best value by number of malls" in [each.value for each in page.subheader]
    (table,) = [file for key, file in files if key == "curve"]
    assert table.table.column_names == ["malls", "value_people", "mall_ids", "is_proven"]
    assert table.table.column("malls").to_pylist() == [0, 1, 2, 3, 4]
    assert table.table.column("value_people").to_pylist() == [each.value for each in running.points]
    assert running.points[2].value == running.found.value


def test_three_malls_within_a_budget_are_asked_beside_each_other(demo, monkeypatch):
    page, running = _page(demo, monkeypatch, market="phoenix", open="3", budget="250000000")
    assert [each.value for each in page.number_input if each.key in {"w-budget", "w-within"}] == [2.5, 3]
    assert len(running.found.sites) == 3
    assert running.found.cost_cents <= 250_000_000
    assert not page.warning


@pytest.mark.parametrize(("stage", "asked"), [("next best sets", 1), ("curve", 5)])
def test_a_certificate_says_all_next_sets_were_asked_only_once_they_were(demo, stage, asked):
    running = Following(asked_of(demo, market="las-vegas", open="1"), stage=stage)
    running.others.append(running)
    running._thread = threading.current_thread()
    assert running.sets_asked == asked
    running.cancel()
    assert running.sets_asked == 1


def test_a_page_tells_of_one_state_while_the_lists_behind_it_grow():
    running = Following(None, found="best", stage="next best sets", others=["second"], points=["first"])
    running._thread = threading.current_thread()
    running._has_main.set()
    by = Asked(None, (), running)
    assert (by.found, by.others, by.points, by.sets_asked) == ("best", ("second",), ("first",), 1)

    running.others.append("third")
    running.points.append("next")
    running.stage = "curve"
    assert (by.others, by.points, by.sets_asked) == (("second",), ("first",), 1)
    assert Asked(None, (), running).sets_asked == 5


def test_next_sets_stand_beside_no_other_best_set_than_theirs():
    running = Following(None, found="quick")
    running._has_main.set()
    by = Asked(None, (), running)
    assert by.found == "quick"

    running.found, running.stage, running._thread = "longer", "curve", threading.current_thread()
    assert by.sets_asked == 0
    running.others.append("second")
    assert (by.found, by.others, by.sets_asked) == ("quick", (), 0)


@pytest.mark.parametrize(("begun", "followed"), [("next best sets", 1), ("all", 0)])
def test_what_ended_while_a_page_was_drawn_is_drawn_all_the_same(monkeypatch, begun, followed):
    running, drawn = Following(None, found="best", stage="next best sets", is_final=True), []
    running._thread = threading.current_thread() if begun != "all" else threading.Thread()
    by = Asked(None, (), running, sections=running.sections)
    running._thread, running.stage = threading.Thread(), "scenarios"
    monkeypatch.setattr(answer, "_following", drawn.append)
    answer.follow(None, by)
    assert drawn == [by] * followed


def test_a_curve_that_grows_has_columns_of_one_length(monkeypatch):
    running = Following(None, found="best", points=[SimpleNamespace(allowed=0, value=1, ids=(), is_proven=True)])
    running._has_main.set()
    by, told = Asked(wish(scenario({})), (), running), []
    assert len(by.points) == 1
    running.points.append(running.points[0])
    monkeypatch.setattr(curve, "of_table", lambda table, *_, **__: told.append(table))
    curve.file(SimpleNamespace(version=None), by)
    assert told[0].num_rows == 1


def _runs_itself(again):
    import streamlit as st  # noqa: PLC0415 - runs as a script of its own

    from ui import filters, frame  # noqa: PLC0415

    page = next(each for each in frame.PAGES if each.title == "Portfolio")
    if "ran" not in st.session_state:
        st.session_state.update({"ran": True, "chosen": {"budget": "5"}, frame._PAGE: page.path, frame._WRITTEN: {"budget": "5"}})
        if again:
            filters.run_again()
    st.session_state["read"] = dict(frame._read_address(page))


@pytest.mark.parametrize(("again", "read"), [(True, {"budget": "5"}), (False, {})])
def test_a_page_that_runs_of_its_own_accord_takes_no_address_that_lags_behind_for_news(again, read):
    """An empty address where a budget was written means Back, unless the page ran itself again before the browser had it."""
    script = AppTest.from_function(_runs_itself, args=(again,)).run()
    assert not script.exception
    assert script.session_state["read"] == read


def test_a_box_that_has_just_gone_changes_nothing(monkeypatch):
    changed = []
    monkeypatch.setattr(controls, "change", lambda **texts: changed.append(texts))
    state = {"w-allowed": "budget", "w-open": 3, "w-budget": 2.5, "w-within": None}
    monkeypatch.setattr(controls.st, "session_state", state)
    controls._take_open(wish(scenario({"budget": "5"})))
    assert changed == []
    controls._take_budget()
    controls._take_within()
    assert changed == [{"budget": "250000000"}, {"open": None}]
    state["w-allowed"], state["w-open"] = "open", 4
    controls._take_budget()
    controls._take_within()
    controls._take_open(wish(scenario({})))
    assert changed[2:] == [{"open": "4", "budget": None}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_curve_marks_the_chosen_point_and_leaves_a_gap_where_nothing_is_possible(theme):
    points = [Allowed(0, None, "conflict"), Allowed(1, 30.5, "one"), Allowed(2, 46.0, "two")]
    figure = portfolio_curve(points, chosen=2, axes=Axes("% of people covered", "new malls", suffix=" %"), theme=theme)
    line, mark = figure.data
    assert list(line.y) == [None, 30.5, 46.0]
    assert not line.connectgaps
    assert (list(mark.x), list(mark.y)) == ([2], [46.0])
    assert "<b>46.0 %</b>" in [each.text for each in figure.layout.annotations]
    unmarked = portfolio_curve(points, chosen=0, axes=Axes("", "new malls"), theme=theme)
    assert len(unmarked.data) == 1


def test_a_budget_rises_in_steps():
    points = [Allowed(0.0, 10.0, ""), Allowed(1e6, 20.0, "")]
    assert portfolio_curve(points, chosen=None, axes=Axes("", "budget", prefix="$"), theme="light").data[0].line.shape == "hv"


def test_each_of_four_malls_has_a_color_of_its_own_and_the_rest_share_one():
    for theme in ("light", "dark"):
        colors = mall_colors([f"m{number}" for number in range(6)], theme)
        assert len({colors[f"m{number}"] for number in range(4)}) == 4
        assert colors["m4"] == colors["m5"]
        assert colors["m4"] not in {colors[f"m{number}"] for number in range(4)}
