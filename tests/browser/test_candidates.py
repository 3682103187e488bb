"""Choosing malls in a real browser: the manager's whole way, from the first page to a decision that others can open."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.saved import Saved
from tests.browser.conftest import serving
from tests.browser.test_app import SLOW_MS, drawn, open_page, serious

pytestmark = pytest.mark.browser


def _settled(page: Page) -> None:
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=SLOW_MS)
    expect(page.locator(".mr-footer")).to_be_visible(timeout=SLOW_MS)
    assert page.locator("[data-testid=stException]").count() == 0


def _dropped(page: Page, x: float, y: float, answer: str) -> None:
    """Click the map for a pin, as a hand does, until the answer has it; a slow machine takes its time to answer."""
    said, tooltip = page.locator(".mr-answer").first, page.locator(".deck-tooltip")
    for _ in range(10):
        for _ in range(120):  # what is under a hand that rests is looked at when it moves
            page.mouse.move(x - 3, y)
            page.mouse.move(x, y)
            if answer in said.inner_text() or "Drop a pin here" in tooltip.inner_text():
                break
            page.wait_for_timeout(250)
        if answer in said.inner_text():  # the tap before was taken after all
            return
        expect(tooltip).to_contain_text("Drop a pin here")
        page.mouse.down()
        page.mouse.up()
        try:
            expect(said).to_contain_text(answer, timeout=SLOW_MS / 6)
        except AssertionError:  # the tap took too long, and was taken for a drag
            continue
        return
    pytest.fail("no click on the map was taken")


def test_a_manager_goes_the_whole_way_from_the_first_page_to_a_decision_that_others_open(
    own_warehouse: Path, watched, complaints, tmp_path: Path
) -> None:
    """Eight interactions from opening the app to a proven set; then it is saved, taken away and opened by its link."""
    with serving(own_warehouse, tmp_path / "log") as server:
        page = drawn(watched(), server)
        open_page(page, "Choose malls", "Candidates")  # 1 and 2: the menu opens, and a page of it
        expect(page.locator(".mr-answer").first).to_contain_text("comes first of 10 candidates", timeout=SLOW_MS)
        page.get_by_text("Drop a pin").click()  # 3
        _settled(page)
        box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()
        _dropped(page, box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.55, "of 11 candidates")  # 4
        expect(page.get_by_text("Pin 1 would have")).to_be_visible(timeout=SLOW_MS)  # its forecast
        assert "pins=" in page.url
        assert "site=pin-" in page.url
        with page.expect_download(timeout=SLOW_MS) as csv:
            page.get_by_role("button", name="CSV, 11 rows").click()
        with page.expect_download(timeout=SLOW_MS) as sheet:
            page.get_by_role("button", name="Decision sheet, PDF").click()
        lines = Path(csv.value.path()).read_text().splitlines()
        assert (len(lines), sum("Pin 1" in line for line in lines)) == (12, 1)
        assert Path(sheet.value.path()).read_bytes().startswith(b"%PDF")

        open_page(page, "Choose malls", "Portfolio")  # 5 and 6
        expect(page.locator(".mr-answer").first).to_contain_text("Best set, proven", timeout=SLOW_MS)
        page.locator("[data-testid=stButtonGroup] button", has_text="Budget").click()  # 7
        expect(page.locator(".mr-question").first).to_contain_text("for this budget", timeout=SLOW_MS)
        page.get_by_role("spinbutton", name="Malls within the budget").fill("3")  # 8
        page.get_by_role("spinbutton", name="Malls within the budget").press("Enter")
        page.wait_for_url("**open=3*", timeout=SLOW_MS)
        chosen = re.compile(r"Open .+, .+ and .+: [\d.]+ to [\d.]+\s% of people covered\. Best set, proven; next best set .+")
        _settled(page)
        expect(page.locator(".mr-answer").first).to_have_text(chosen, timeout=SLOW_MS)
        decision = page.locator(".mr-answer").first.inner_text()
        assert "budget=250000000" in page.url
        assert "pins=" in page.url

        page.get_by_role("button", name="Scenarios").first.click()
        page.get_by_label("Save what is assumed").fill("Next pilots")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved as Next pilots.")).to_be_visible(timeout=SLOW_MS)
        assert [item.name for item in Saved(own_warehouse, "scenarios").items()] == ["Next pilots"]

        other = drawn(watched(), f"{server}/portfolio?scenario=Next+pilots")
        expect(other.locator(".mr-answer").first).to_have_text(decision, timeout=SLOW_MS)
        assert "pins=" in other.url
        assert "open=3" in other.url
    assert serious(complaints) == []


def test_every_part_of_the_page_opens_and_stands_in_the_address(server: str, watched, complaints) -> None:
    page = drawn(watched(), f"{server}/candidates?on-map=p90&limits=newly:300000:&below=criteria")
    expect(page.get_by_role("heading", name="every criterion")).to_be_visible(timeout=SLOW_MS)

    for words, key, seen in (
        ("Two criteria", "two", "beats"),
        ("Ranks", "ranks", "How sure"),
        ("Scenarios", "scenarios", "No scenario is saved"),
    ):
        page.locator("[data-testid=stButtonGroup] button", has_text=words).first.click()
        page.wait_for_url(f"**below={key}*", timeout=SLOW_MS)
        _settled(page)
        expect(page.get_by_text(seen).first).to_be_visible(timeout=SLOW_MS)
    page.locator("[data-testid=stButtonGroup] button", has_text="Speed").first.click()
    page.wait_for_url("**preset=speed*", timeout=SLOW_MS)
    page.get_by_role("button", name="Weights").click()
    page.get_by_role("spinbutton", name="Newly reached, 15 %").fill("60")
    page.get_by_role("spinbutton", name="Newly reached, 15 %").press("Enter")
    page.wait_for_url("**preset=own*", timeout=SLOW_MS)
    assert "newly%3A60" in page.url
    _settled(page)
    assert serious(complaints) == []
