"""Explore in a real browser: two dimensions, a filter, the file, and the link that opens the same rows for somebody else."""

import pytest
from playwright.sync_api import expect

from data.saved import Saved
from tests.browser.conftest import WIDE
from tests.browser.test_app import SLOW_MS, drawn, open_page, serious, settled, take, text

pytestmark = pytest.mark.browser


def choose(page, key, option):
    """Choose an option of a select box or of a choice of several: a click, and another one."""
    page.locator(f".st-key-{key} input").first.click()
    take(page, option)
    settled(page)


def saved_csv(page):
    with page.expect_download() as download:
        page.locator("[data-testid=stDownloadButton] button", has_text="CSV,").first.click()
    return download.value.path().read_bytes()


def test_an_analyst_explores_filters_exports_and_somebody_else_opens_the_link_in_under_ten_interactions(
    server, watched, complaints, chromium
):
    page = drawn(watched(), server)
    interactions = 0

    open_page(page, "Analyze", "Explore")
    expect(page.locator(".mr-answer")).to_contain_text("Click-to-door p90", timeout=SLOW_MS)
    settled(page)
    interactions += 2
    choose(page, "w-by", "Weekday")
    expect(page.locator(".mr-question")).to_contain_text("by mall and weekday", timeout=SLOW_MS)
    settled(page)
    interactions += 2
    choose(page, "w-market", "Las Vegas")
    expect(page.locator(".mr-aside").first).to_contain_text("Las Vegas", timeout=SLOW_MS)
    settled(page)
    interactions += 2
    expect(page.locator(".st-key-explore-chart .js-plotly-plot")).to_be_visible(timeout=SLOW_MS)
    content = saved_csv(page)
    interactions += 1
    page.get_by_role("button", name="Link").click()
    interactions += 1
    link = page.locator("[data-testid=stPopoverBody] code").first.inner_text()

    assert interactions < 10
    assert "by=mall%2Cdow" in link
    assert "market=las-vegas" in link
    header, *rows = content.decode().splitlines()
    assert header.startswith("mall_id,local_dow,")
    assert "click_to_door_p90_s" in header
    assert len(rows) == 7
    assert {row.split(",")[0].strip('"') for row in rows} == {"fashion-show"}
    answer = text(page, ".mr-answer")
    other = chromium.new_context(viewport=WIDE)
    reader = drawn(other.new_page(), link)
    expect(reader.locator(".mr-answer")).to_have_text(answer, timeout=SLOW_MS)
    assert saved_csv(reader) == content
    other.close()
    assert serious(complaints) == []


def test_a_view_is_saved_opened_again_and_deleted_and_what_would_count_twice_is_refused(server, demo_root, watched, complaints):
    page = drawn(watched(), f"{server}/explore?metric=orders&by=status,pay_band&only=dow:5")
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("would count once for each", timeout=SLOW_MS)
    expect(page.locator(".mr-aside").first).to_contain_text("only weekday: Fri")
    answer = text(page, ".mr-answer")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Save this view as").fill("Fridays by end")
    page.get_by_label("Save this view as").press("Enter")
    settled(page)
    page.locator(".st-key-view-save button").click()
    expect(page.get_by_text("Saved as Fridays by end.")).to_be_visible(timeout=SLOW_MS)

    drawn(page, f"{server}/explore")
    expect(page.locator(".mr-answer")).to_contain_text("Click-to-door", timeout=SLOW_MS)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Fridays by end", exact=True).click()

    expect(page.locator(".mr-answer")).to_have_text(answer, timeout=SLOW_MS)
    settled(page)
    assert "only=dow%3A5" in page.url
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("No view is saved yet.")).to_be_visible(timeout=SLOW_MS)
    assert Saved(demo_root, "views").items() == ()
    assert serious(complaints) == []
