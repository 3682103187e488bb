"""Whatever a page draws can be asked where it comes from: the definition, the query and the rows are one click away."""

from itertools import zip_longest
from pathlib import Path
from threading import current_thread

import pytest
from streamlit.testing.v1 import AppTest

from analytics.answers import Answer
from analytics.catalog.shown import SHOWN
from data.engine import connection
from data.warehouse import Warehouse
from ui import coverage, delivery_times, drivers, session, source
from ui.coverage import SHOW
from ui.frame import PAGES

ROOT = Path(__file__).resolve().parent.parent


def each(control) -> list[dict[str, str]]:
    return [{control.key: option} for option in control.options]


CHOICES = {
    "pages/review/overview.py": [{}, {"why": "stages", "weeks": "calendar"}],
    "pages/around/coverage.py": [
        *({**shown, **below} for shown, below in zip_longest(each(SHOW), each(coverage.BELOW), fillvalue={})),
        {"show": "access", "below": "cells"},
    ],
    "pages/around/delivery_times.py": [*each(delivery_times.BELOW), {"figure": "on_time"}],
    "pages/around/drivers.py": each(drivers.BELOW),
    "pages/data/travel_times.py": [{}],
}
"""What a reader may choose on each page, so that everything is drawn once."""


@pytest.fixture
def run(demo_root, monkeypatch):
    """Run a page; return what it asked, and what it offers to open."""
    asked: list[Answer] = []
    offered: list[source.Behind] = []
    spoken: list[str] = []
    answer = session._answer

    def asking(*question):
        found = answer(*question)
        if not current_thread().name.startswith("asker"):  # what is asked ahead is drawn only where the page asks for it too
            asked.append(found)
        return found

    def button(behind, key):
        offered.extend(behind)
        spoken.append(source.spoken(key, behind))

    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(demo_root))
    monkeypatch.setattr(session, "_answer", asking)
    monkeypatch.setattr(source, "_button", button)

    def run(script: str, chosen: dict[str, str]):
        asked.clear()
        offered.clear()
        spoken.clear()
        test = AppTest.from_file(str(ROOT / script), default_timeout=60)
        test.session_state["chosen"] = dict(chosen)
        test.run()
        assert not test.exception
        notes = [each.proto.body for each in test.get("html") if "mr-note" in each.proto.body]
        assert len(set(notes)) == len(notes)  # nothing is said twice
        assert len(set(spoken)) == len(spoken)  # all look alike: a screen reader has to be told what each belongs to
        return [*asked], [*offered]

    return run


def not_offered(asked: list[Answer], offered: list[source.Behind]) -> set[str]:
    queries = {each.sql for each in offered}
    return {each.metric.id for each in asked if each.sql not in queries}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_every_answer_that_a_page_asks_for_can_be_opened_and_the_dictionary_knows_the_page(run, page):
    drawn: set[str] = set()
    for chosen in CHOICES.get(page.script, [{}]):
        asked, offered = run(page.script, chosen)

        assert not_offered(asked, offered) == set(), chosen
        assert offered or page.title in {"Dictionary", "Explore"}  # the one is its own source, the other may still be asking
        drawn |= {each.metric.id for each in asked}
    if page.title == "Coverage":
        (cells,) = {each.table.column("cell")[0].as_py() for each in asked if each.metric.id == "coverage_cells"}
        asked, offered = run(page.script, {"cell": f"{cells:x}"})

        assert not_offered(asked, offered) == set()
        drawn |= {each.metric.id for each in asked}
    if page.script in CHOICES:
        assert drawn == set(SHOWN[page.title])


def test_queries_behind_tables_that_are_no_answers_run_by_hand(run, demo_root):
    _, offered = run("pages/data/quality.py", {})
    version = Warehouse(demo_root).current()

    with connection(version) as by_hand:
        for each in offered:
            for statement in filter(None, each.sql.split(";")):
                assert by_hand.sql(statement).columns
    assert [each.title for each in offered if each.sql] == ["Orders that figures leave out", "Suspicious doors", "How far the data reach"]


def test_what_a_button_says_has_no_power_of_its_own():
    shop = source.Behind("Orders, *[shop](http://b.example)*, $x$", "", "")

    assert source.spoken("late-hours", [shop]) == r"late hours\: Orders, \*\[shop\](http\://b.example)\*, \$x\$"
    assert source.spoken("map", [shop, shop, shop]).endswith(" and 2 others")
