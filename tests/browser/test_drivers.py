"""Drivers in a real browser: the grid and the map answer to clicks, the address holds both, and the table below follows."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_app import SLOW_MS, click, drawn, serious, settled, text, wait_for_hexagons
from ui.palette import DIVERGING

pytestmark = pytest.mark.browser

QUERY = "market=phoenix&mall=chandler-fashion-center"
GRID = ".st-key-grid .js-plotly-plot"


def click_hour(page, place):
    """Click on a cell of the grid: the one with that place among its bars, which go row by row."""
    page.locator(GRID).scroll_into_view_if_needed()
    box = page.locator(f"{GRID} .barlayer .trace").first.locator(".point").nth(place).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    expect(page.locator(f"{GRID} .hoverlayer .hovertext")).to_be_visible(timeout=SLOW_MS)
    page.mouse.click(x, y)


def test_a_click_on_an_hour_chooses_it_for_the_map_and_the_table_and_a_second_one_takes_it_back(server, watched, complaints):
    page = drawn(watched(), f"{server}/drivers?{QUERY}&below=cells")
    wait_for_hexagons(page, scale=DIVERGING)
    expect(page.locator(".map-legend").last).to_contain_text("modelled")

    click_hour(page, 13)  # Tuesday, the third hour

    expect(page.get_by_role("heading", name="Cells on the map, Tue 12 pm")).to_be_visible(timeout=SLOW_MS)
    assert "hour=tue-12" in page.url
    settled(page)
    expect(page.locator(".map-legend").last).to_contain_text("Tue 12 pm")
    expect(page.locator(".mr-note", has_text="the hour that was clicked")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Cells on the map, Tue 12 pm")).to_be_visible(timeout=SLOW_MS)
    wait_for_hexagons(page, scale=DIVERGING)

    click_hour(page, 13)

    expect(page.locator(".mr-note", has_text="The map shows")).to_contain_text("the busiest hour", timeout=SLOW_MS)
    page.wait_for_url(lambda url: "hour=" not in url, timeout=SLOW_MS)
    assert serious(complaints) == []


def test_a_click_on_a_cell_of_the_map_tells_its_hours(server, watched):
    page = drawn(watched(), f"{server}/drivers?{QUERY}")
    wait_for_hexagons(page, scale=DIVERGING)
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()

    click(page, box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2 + 50)

    expect(page.locator(".mr-story")).to_contain_text("Required", timeout=SLOW_MS)
    assert "cell=8" in page.url
    story = text(page, ".mr-story")
    page.reload()
    expect(page.locator(".mr-story")).to_be_visible(timeout=SLOW_MS)
    assert text(page, ".mr-story") == story
