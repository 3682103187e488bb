"""The Candidates page without a browser: what it says, what stands below, and what an odd address leaves out."""

import csv
import io
import shlex
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.__main__ import main
from analytics.choosing.criteria import BY_ID, CRITERIA, Yardstick, scales
from analytics.choosing.scenario import pin_at, pins_text, received, scenario, shared
from analytics.parameters import EVERYTHING
from data.warehouse import Warehouse
from tests.town import Town
from ui import links
from ui.candidates import behind, tools
from ui.candidates.asked import Asked, asked, ranked_by
from ui.candidates.below import _points
from ui.candidates.scenarios import _compared
from ui.candidates.table import rows, sentence
from ui.frame import PAGES
from ui.view import View, view_of

PAGE = Path(__file__).parent.parent / "pages" / "choose" / "candidates.py"


def _view(root: Path, **chosen: str) -> View:
    version = Warehouse(root).current()
    assert version is not None
    return view_of(chosen, version=version, scope=EVERYTHING, theme="light", default_period="last-13-weeks", drawn=("market",))


@pytest.fixture
def demo(demo_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(demo_root))
    return demo_root


def _run(chosen: dict[str, str]) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.session_state["chosen"] = chosen
    page.session_state["shown_page"] = "candidates"
    page.run()
    assert not page.exception, page.exception
    for box in page.selectbox:  # the browser knows an option by its name alone
        assert len(set(box.options)) == len(box.options), box.options
    return page


@pytest.mark.parametrize("below", ["opened", "criteria", "two", "ranks", "scenarios"])
@pytest.mark.usefixtures("demo")
def test_every_part_below_is_drawn(below: str) -> None:
    page = _run({"market": "las-vegas", "below": below, "on-map": "taken"})

    assert any("comes first of 3 candidates" in each.proto.body for each in page.get("html"))


def test_without_people_orders_or_candidates_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path / "town")
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(town.version.root))

    for below in ("opened", "criteria", "two", "ranks"):
        page = _run({"market": "V", "below": below})
        assert any("Nothing is known of what these weights count" in each.proto.body for each in page.get("html"))
    page = _run({"market": "W"})
    assert any("There is no candidate mall in Washington" in each.proto.body for each in page.get("html"))


@pytest.mark.usefixtures("demo")
def test_what_an_address_says_wrongly_is_left_out_and_named_once() -> None:
    page = _run({"drive": "99", "weights": "foo:1", "pins": "xx", "limits": "newly:1:"})

    (warning,) = page.warning
    assert "Drive: minutes from 1 to 45" in warning.value
    assert "no criterion 'foo'" in warning.value
    assert "Pins: a list" in warning.value


def test_the_table_has_the_figures_of_the_ranking_and_failures_stand_last(demo: Path) -> None:
    view = _view(demo, market="las-vegas", limits="newly:200000:", preset="reach")
    by = asked(view)

    shown = rows(view, by).to_pylist()

    assert [row["mall"] for row in shown] == [row.site.name for row in by.ranked.rows]
    assert shown[-1]["rank"] is None
    assert shown[-1]["note"].startswith("Fails: Newly reached")
    assert [row["newly"] for row in shown] == list(by.ranked.measured["newly"].values)
    text, _ = sentence(view, by)
    assert text.startswith(f"{by.ranked.rows[0].site.name} comes first of 2 candidates")


def test_the_command_shown_prints_the_same_ranking(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins = pins_text([pin_at('It\'s "here"', 36.1, -115.1, "las-vegas", 50)])
    view = _view(demo, market="las-vegas", drive="15", weights="newly:2,taken:1", limits="newly:1:", pins=pins)
    by = asked(view)

    words = shlex.split(behind.command(view, by))

    assert words[:4] == ["python", "-m", "analytics", "rank"]
    assert main([*words[3:], "--warehouse", str(demo), "--format", "csv"]) == 0
    printed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"].lstrip("'") for row in printed] == [row.site.name for row in by.ranked.rows]
    assert [float(row["score"]) for row in printed] == [row.score for row in by.ranked.rows]


def test_nobody_beats_the_best_of_two_criteria_and_somebody_beats_each_other_one(demo: Path) -> None:
    view = _view(demo, below="two")
    by = asked(view)
    points = _points(by, BY_ID["newly"], BY_ID["taken"])

    for one in points:
        others = [each for each in points if (each.across, each.up) != (one.across, one.up)]
        beaten = [each for each in others if each.across >= one.across and each.up <= one.up]
        assert one.is_best == (not beaten)
    assert any(each.is_best for each in points)
    assert not all(each.is_best for each in points)


def test_anchors_and_limits_that_are_edited_come_back_as_texts_in_stored_units() -> None:
    usual = scales(1200, Yardstick(100, 100))
    shown = [tools._row(each, usual[each.id], {}) for each in CRITERIA]
    assert tools._texts_of(shown, usual) == ("", {"anchors": None, "limits": None})

    place = [each.id for each in CRITERIA].index("p90")
    shown[place] |= {"worst": 90.0, "ideal": 30.0, "most": 60.0}
    shown[0] |= {"least": 20_000.0}

    assert tools._texts_of(shown, usual) == ("", {"anchors": "p90:5400:1800", "limits": "newly:20000:,p90::3600"})
    shown[place] |= {"worst": 30.0}
    problem, _ = tools._texts_of(shown, usual)
    assert problem.startswith("Click-to-door p90: the worst and the ideal value must be two different numbers")


def test_scenarios_side_by_side_have_a_rank_for_each_mall_of_any(demo: Path) -> None:
    view = _view(demo)
    both = {"Reach": scenario({"preset": "reach"}), "Vegas": scenario({"market": "las-vegas"})}
    found = {name: {row.site.id: row for row in ranked_by(view, each).rows} for name, each in both.items()}
    table = _compared(both, found).to_pylist()

    by_mall = {row["what"]: row for row in table}
    assert by_mall["Preset"]["Reach"] == "Reach"
    first = next(iter(found["Reach"].values()))
    assert by_mall[first.site.name]["Reach"] == f"1 ({first.score:.0f})"
    elsewhere = next(row.site.name for row in found["Reach"].values() if row.site.market_id != "las-vegas")
    assert by_mall[elsewhere]["Vegas"] == "-"


def test_entries_of_the_page_are_known_to_the_address_and_what_is_sent_holds_no_view(demo: Path) -> None:
    page = next(each for each in PAGES if each.title == "Candidates")
    assert {"weights", "anchors", "limits", "costs", "staffing", "pins", "site", "scenario", "tried", "on-map"} <= set(page.keys)
    assert not set(page.keys) & set(links.FILTERS)
    chosen = scenario({"drive": "30"})
    assert received(shared(chosen, "x"))[1].texts == {"drive": "30"}
    assert isinstance(asked(_view(demo)), Asked)
