"""The dictionary: every figure has a definition, a formula, a source and a history; words find it; an address opens it."""

import pickle
import re
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics import docs
from analytics.catalog import FAMILIES, METRICS, Change, metric
from analytics.catalog.metric import Metric
from analytics.catalog.search import found
from analytics.catalog.shown import EXPLORE, SHOWN, pages_of
from analytics.metrics import orders
from data.contracts import TABLES
from ui import dictionary, source
from ui.frame import PAGES

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = "pages/analyze/dictionary.py"


def named(metrics: list[Metric]) -> list[str]:
    return [each.id for each in metrics]


@pytest.fixture
def page(demo_root, monkeypatch):
    """Run the page with what a reader chose."""
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(demo_root))

    def page(**chosen: str):
        test = AppTest.from_file(str(ROOT / SCRIPT), default_timeout=60)
        test.session_state["chosen"] = dict(chosen)
        test.run()
        assert not test.exception
        return test

    return page


def text_of(test) -> str:
    html = " ".join(element.proto.body for element in test.get("html"))
    return " ".join([html, *(each.value for each in (*test.markdown, *test.code, *test.subheader))])


# The catalog


@pytest.mark.parametrize("each", METRICS, ids=lambda each: each.id)
def test_every_metric_has_a_formula_in_names_that_exist(each):
    columns = {column.name for table in TABLES for column in table.columns}
    known = columns | {metric.id for metric in METRICS} | {f"{name}_s" for name in ("within", "service", "engaged", "late")}
    symbols = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", each.formula))

    assert each.formula
    assert symbols - known - {"t_ij", "t_ik", "mall_dwell", "modelled_s"} == set()


@pytest.mark.parametrize("each", METRICS, ids=lambda each: each.id)
def test_changes_are_sentences_in_the_order_in_which_they_were_made(each):
    days = [change.on for change in each.changes]

    assert days == sorted(days)
    assert all(change.text.endswith(".") and change.text[0].isupper() for change in each.changes)


def test_a_definition_is_of_version_one_until_it_changes():
    first = Metric(orders.orders, "Orders", "Orders.", "orders", "count", "up", "counted")
    changed = Metric(orders.orders, "Orders", "Orders.", "orders", "count", "up", "counted", changes=(Change(date(2026, 1, 1), "Twice."),))

    assert (first.version, changed.version) == (1, 2)


@pytest.mark.parametrize("each", METRICS, ids=lambda each: each.id)
def test_every_metric_survives_the_cache_of_answers(each):
    assert pickle.loads(pickle.dumps(each)) == each  # noqa: S301 - our own bytes


def test_every_metric_is_in_one_family():
    assert sorted(named(METRICS)) == sorted(name for family in FAMILIES.values() for name in named(family))
    assert set(dictionary.FAMILY.options) == {"all", *FAMILIES}


def test_pages_that_show_metrics_are_pages_of_the_menu():
    assert {*SHOWN, EXPLORE} <= {page.title for page in PAGES}
    assert pages_of("on_time_share") == ("Overview", "Coverage", "Delivery times", "Explore")
    assert pages_of("failed_share") == ("Explore",)


# Words


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("on time", "on_time_share"),
        ("Click-to-DOOR", "click_to_door"),
        ("late", "lateness"),
        ("huff", "huff_probability"),
        ("spare driver", "hours_gap"),
        ("clipped to the shifts", "utilization"),
        ("bundles several", "multi_store_share"),
    ],
)
def test_words_find_a_metric_by_its_name_before_its_help_and_its_definition(words, first):
    assert found(words, METRICS)[0].id == first


def test_every_word_must_stand_somewhere_and_no_word_finds_all():
    assert named(found("", METRICS)) == named(METRICS)
    assert named(found("-- !", METRICS)) == named(METRICS)
    assert found("utilization zebra", METRICS) == []
    assert {"utilization", "utilization_work", "utilization_loaded"} <= {*named(found("utiliz", METRICS))}
    assert named(found("utiliz", FAMILIES["orders"])) == []


# The generated page


def test_the_written_dictionary_tells_formula_pages_and_changes():
    text = docs.page()

    for each in METRICS:
        section = text.split(f"\n## {each.id}\n")[1].split("\n## ")[0]
        assert f"- **Formula**: `{each.formula}`" in section
        assert all(change.text in section for change in each.changes)
        assert f"- **Version of the definition**: {each.version}" in section
        assert all(page in section for page in pages_of(each.id))


# The page


def test_an_address_opens_one_figure_with_all_that_is_known_of_it(page):
    chosen = metric("hours_gap")

    text = text_of(page(metric="hours_gap"))

    for part in (chosen.label, chosen.help, chosen.formula, "Jennings et al. 1996", "hours_gap", "seconds", "orders, shift_activity"):
        assert part in text
    assert all(change.text in text for change in chosen.changes)
    assert text.index("Version 3") < text.index("Version 2")


def test_the_first_figure_found_is_opened_and_the_list_is_narrowed(page):
    test = page(find="huff", family="coverage")

    assert "2 of " in text_of(test)
    assert test.subheader[-1].value == metric("huff_probability").label
    assert test.dataframe[0].value["figure"].to_list() == [metric(name).label for name in ("huff_probability", "cannibalization")]


def test_a_figure_of_an_address_is_opened_whatever_was_searched_for(page):
    test = page(find="huff", metric="orders")

    assert test.subheader[-1].value == "Orders"


def test_words_that_stand_nowhere_are_said_and_nothing_is_opened(page):
    test = page(find="zebra", family="drivers")

    assert "No figure of Drivers has" in text_of(test)
    assert "zebra" in text_of(test)
    assert [each.value for each in test.subheader] == ["Figures"]


def test_a_name_that_does_not_exist_is_said_with_the_nearest_one(page):
    assert "did you mean on_time_share?" in text_of(page(metric="on_time_shar"))


def test_searching_writes_the_address_and_forgets_the_opened_figure(page):
    test = page(metric="orders")

    test.text_input[0].set_value(" late ").run()

    assert test.session_state["chosen"] == {"find": "late"}
    assert test.subheader[-1].value == metric("lateness").label


def test_the_file_of_the_dictionary_has_every_definition_and_is_not_called_synthetic():
    file = dictionary.file(list(METRICS))
    rows = {row["metric"]: row for row in file.table.to_pylist()}

    assert not file.is_synthetic
    assert set(rows) == set(named(METRICS))
    assert rows["hours_gap"]["formula"] == metric("hours_gap").formula
    assert rows["hours_gap"]["definition_version"] == "4"
    assert rows["on_time_share"]["shown_on"] == "Overview, Coverage, Delivery times, Explore"
    assert "promised_by" in rows["on_time_share"]["definition"]


# Where from


def test_what_stands_behind_an_answer_says_its_rows_and_what_is_hidden_and_left_out(town):
    town.deliver("M1", seconds=[600] * 40, promise_s=900)
    town.deliver("M2", seconds=[600] * 3, promise_s=900)
    town.deliver("M1", seconds=[600] * 2, delivered_at=None)

    whole, by_mall = town.ask("on_time_share"), town.ask("on_time_share", by=("mall",))

    assert source.rows(whole).startswith("1 row. 43 orders are behind it. Left out: 2 delivered orders")
    assert source.rows(by_mall).startswith(
        "2 rows. 40 orders are behind those that are shown; the hidden ones have fewer than 10 customers, so that no total is told."
    )
    assert "43" not in source.rows(by_mall)


def test_what_stands_behind_a_modelled_answer_counts_no_orders(town):
    town.demand(0, 10)
    town.drive("M1", 0, 60)

    told = source.rows(town.ask("covered_share"))

    assert told == "1 row. Made by a model from people and drive times: no orders are counted in them."


def test_where_all_is_hidden_nothing_is_counted(town):
    town.deliver("M1", seconds=[600] * 3)

    assert source.rows(town.ask("orders")) == "1 row. All hidden: fewer than 10 customers."


def test_one_question_asked_twice_is_offered_once_and_with_the_commands_that_give_it(town):
    town.deliver("M1", seconds=[600] * 40)
    answers = [town.ask("orders", by=("mall",)), town.ask("orders", by=("mall",)), town.ask("orders", by=("dow",))]

    behind = source._once(answers)

    assert [each.title for each in behind] == ["Orders, by mall", "Orders, by weekday"]
    assert behind[0].sql == answers[0].sql
    assert behind[0].command.splitlines()[0] == f"python -m analytics metric orders --by mall --version {town.version.id}"
    assert f"python -m data open {town.version.id}" in behind[0].command
