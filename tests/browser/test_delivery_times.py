"""Delivery times in a real browser: the map and the grid filter each other, the address carries both, the tables below follow."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_app import SLOW_MS, click, drawn, serious, wait_for_hexagons
from ui.delivery_times import BELOW, FIGURE
from ui.palette import AMOUNT, BURDEN

pytestmark = pytest.mark.browser

PAGE = "/delivery-times?market=las-vegas&mall=fashion-show&period=since-opening"


def first_row(page):
    """Return the first cell of the table below the map, as screen readers have it."""
    return page.locator("[data-testid=stDataFrame] tbody tr").first.locator("td").first


def choose(page, words):
    page.locator("[data-testid=stButtonGroup] button", has_text=words).first.click()


def still(page):
    """Wait until nothing on the page is from before."""
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=SLOW_MS)


def test_every_figure_draws_cells_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), f"{server}{PAGE}")

    for figure, scale in {"p50": BURDEN, "on_time": AMOUNT, "p90": BURDEN}.items():
        choose(page, FIGURE.options[figure])
        page.wait_for_url(f"**figure={figure}*" if figure != FIGURE.default else lambda url: "figure=" not in url, timeout=SLOW_MS)
        still(page)
        wait_for_hexagons(page, scale=scale)
        expect(page.locator(".mr-answer")).to_contain_text("9 of 10 orders from Fashion Show")
        assert page.locator("[data-testid=stException]").count() == 0
    assert serious(complaints) == []


def test_every_table_below_the_map_opens_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), f"{server}{PAGE}")

    for below in (*(each for each in BELOW.options if each != BELOW.default), BELOW.default):
        choose(page, BELOW.options[below])
        page.wait_for_url(f"**lost={below}*" if below != BELOW.default else lambda url: "lost=" not in url, timeout=SLOW_MS)
        still(page)
        expect(page.get_by_role("button", name="CSV, ")).to_be_visible(timeout=SLOW_MS)
        expect(page.locator("[data-testid=stDataFrame]")).to_have_count(1, timeout=SLOW_MS)
        assert page.locator("[data-testid=stException]").count() == 0
    assert serious(complaints) == []


def test_a_click_on_a_cell_filters_the_grid_and_the_table_follows(server, watched, complaints):
    page = drawn(watched(), f"{server}{PAGE}&lost=cells")
    wait_for_hexagons(page, scale=BURDEN)
    before = page.locator("[data-testid=stPlotlyChart]").last.inner_text()
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()

    click(page, box["x"] + box["width"] / 2 - 40, box["y"] + box["height"] / 2 + 40)

    expect(page.locator(".mr-story")).to_contain_text("Click-to-door p90", timeout=SLOW_MS)
    cell = page.url.split("cell=")[1].split("&")[0]
    still(page)
    expect(first_row(page)).to_have_text(cell, timeout=SLOW_MS)
    assert page.locator("[data-testid=stPlotlyChart]").last.inner_text() != before
    page.reload()
    expect(page.locator(".mr-story")).to_contain_text(cell, timeout=SLOW_MS)
    assert serious(complaints) == []


def test_a_click_on_an_hour_filters_the_map_and_the_address_keeps_it(server, watched, complaints):
    page = drawn(watched(), f"{server}{PAGE}&lost=distance")
    wait_for_hexagons(page, scale=BURDEN)
    bar = page.locator(".st-key-grid .barlayer .point path").nth(3)

    bar.click(force=True)

    page.wait_for_url("**hour=mon-*", timeout=SLOW_MS)
    expect(page.get_by_text("the hour that was clicked. Click it again")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("Of orders placed Mon")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text(re.compile(r"min, Mon \d+ [ap]m, "))).to_be_visible(timeout=SLOW_MS)  # the map's legend
    still(page)
    assert serious(complaints) == []
