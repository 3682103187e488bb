"""The Portfolio page without a browser: what follows the main answer, its map and its curve."""

import threading

import pytest

from analytics.choosing.portfolio import next_sets, portfolio
from analytics.choosing.scenario import scenario
from analytics.choosing.wish import wish
from data.warehouse import Warehouse
from ui.charts.portfolio import Allowed, Axes, portfolio_curve
from ui.maps.portfolio import mall_colors
from ui.portfolio import following as module
from ui.portfolio.following import Following, Key, following, go_on


@pytest.fixture(scope="module")
def demo(demo_root):
    return Warehouse(demo_root).current()


def asked(demo, **texts):
    return Key(wish(scenario(texts)), demo.root.absolute(), demo.id)


def test_what_follows_is_what_each_step_gives_alone_and_is_kept_for_the_next_reader(demo):
    running = following(demo, asked(demo, market="phoenix", open="2").wish)
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
    running = Following(asked(demo, market="las-vegas", open="1")).begin(demo)
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
    running = Following(asked(demo, market="las-vegas", open="1")).begin(demo)
    with pytest.raises(ArithmeticError, match="broken"):
        running.main()


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
