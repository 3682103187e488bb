"""Portfolio in a real browser: the answer, a box that must hold, a budget, the map of who serves whom, conditions that conflict."""

import json
import re

from playwright.sync_api import Page, expect

from tests.browser.test_app import serious


def _answered(page: Page) -> str:
    expect(page.locator(".mr-footer")).to_be_visible(timeout=60_000)
    expect(page.locator(".mr-answer")).to_contain_text("next best set", timeout=60_000)
    return page.locator(".mr-answer").inner_text()


def test_a_portfolio_is_chosen_certified_and_changed_by_its_conditions(watched, server, complaints, tmp_path):
    page = watched()
    page.goto(f"{server}/portfolio?market=phoenix&open=2")
    first = _answered(page)
    assert re.match(r"Open .+ and .+: [\d.]+ to [\d.]+\s% of people covered\. Best set, proven; next best set", first)
    expect(page.locator("#portfolio-curve, .st-key-portfolio-curve").first).to_be_visible(timeout=30_000)

    page.get_by_text("Proof and certificate", exact=True).first.click()
    expect(page.get_by_text("Proven: no set that keeps to the conditions is better")).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Certificate (JSON)").click()
    download.value.save_as(tmp_path / "certificate.json")
    told = json.loads((tmp_path / "certificate.json").read_text())
    assert told["proven"]
    assert told["choices"]["open"] == "2"
    assert all(name in first for name in told["names"].values())

    page.get_by_role("radio", name="Who serves whom").or_(page.get_by_text("Who serves whom", exact=True)).first.click()
    expect(page.locator(".map-legend")).to_contain_text("Nearest mall", timeout=30_000)
    assert "set-map=served" in page.url

    page.goto(f"{server}/portfolio?market=phoenix&budget=80000000&must={told['malls'][1]}")
    expect(page.locator(".mr-question")).to_contain_text("for this budget", timeout=60_000)
    expect(page.locator(".mr-answer")).to_contain_text(told["names"][told["malls"][1]], timeout=30_000)

    page.goto(f"{server}/portfolio?market=phoenix&open=2&most=1")
    expect(page.locator(".mr-answer")).to_contain_text("cannot hold together: open exactly 2 and at most 1 in Phoenix", timeout=60_000)
    assert serious(complaints) == []
