"""Where a figure comes from, in a real browser: its query gives it by hand, the dictionary tells what it means, an address opens it."""

import duckdb
import pytest
from playwright.sync_api import expect

from data.engine import script
from data.warehouse import Warehouse
from tests.browser.test_app import SLOW_MS, drawn, serious, settled, take

pytestmark = pytest.mark.browser


def test_a_figure_opens_its_query_which_gives_it_by_hand_and_its_entry_in_the_dictionary(server, watched, complaints, demo_root):
    page = drawn(watched(), f"{server}/drivers?market=phoenix&mall=chandler-fashion-center")
    shown = page.locator(".mr-figures div", has_text="Driver utilization").locator("dd").inner_text()

    page.locator(".st-key-where-figures button").click()
    opened = page.get_by_role("dialog")
    opened.get_by_role("combobox").click(timeout=SLOW_MS)
    take(page, "Driver utilization")

    expect(opened).to_contain_text("engaged_s / online_s", timeout=SLOW_MS)
    expect(opened).to_contain_text("shift hours are behind it")
    expect(opened).to_contain_text("python -m analytics metric utilization --market phoenix --mall chandler-fashion-center")
    query = opened.locator("[data-testid=stCode] code").first.inner_text()
    with duckdb.connect() as by_hand:
        by_hand.execute(script(Warehouse(demo_root).current()))
        (row,) = by_hand.sql(query).to_arrow_table().to_pylist()
    assert shown.startswith(f"{100 * row['numerator'] / row['denominator']:.0f} %")
    with page.context.expect_page() as another:
        opened.get_by_role("link", name="In the dictionary").click()
    entry = another.value
    expect(entry.get_by_role("heading", name="Driver utilization", exact=True)).to_be_visible(timeout=SLOW_MS)
    assert entry.url == f"{server}/dictionary?metric=utilization"
    assert serious(complaints) == []


def test_the_dictionary_is_searched_and_a_link_opens_the_same_figure_for_somebody_else(server, watched, chromium, complaints):
    page = drawn(watched(), f"{server}/dictionary")

    page.get_by_role("textbox", name="Search").fill("huff")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page.locator(".mr-answer")).to_contain_text("2 of ", timeout=SLOW_MS)
    expect(page.get_by_role("heading", name="Chance of choosing a mall")).to_be_visible()
    page.wait_for_url("**/dictionary?find=huff")
    settled(page)
    page.locator("[data-testid=stExpander]", has_text="The query").click()
    expect(page.locator("[data-testid=stExpander]", has_text="The query").locator("code")).to_contain_text("SELECT", timeout=SLOW_MS)
    link = page.locator("[data-testid=stCode]", has_text="dictionary?metric=").inner_text().strip()

    other = chromium.new_context()
    elsewhere = drawn(other.new_page(), link)
    expect(elsewhere.get_by_role("heading", name="Chance of choosing a mall")).to_be_visible(timeout=SLOW_MS)
    expect(elsewhere.locator(".mr-answer")).to_contain_text("each with one definition")
    other.close()
    assert serious(complaints) == []
