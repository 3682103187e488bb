"""Coverage in a real browser: every way to draw the map, every table below it, and clicks that both follow."""

import pytest
from playwright.sync_api import expect

from analytics.reference import malls
from data.warehouse import Warehouse
from tests.browser.test_app import SLOW_MS, click, drawn, serious, text, wait_for_hexagons
from ui.coverage import BELOW, SHOW
from ui.maps import market_camera

pytestmark = pytest.mark.browser


def first_row(page):
    """Return the first cell of the table below the map, as screen readers have it."""
    return page.locator("[data-testid=stDataFrame] tbody tr").first.locator("td").first


def choose(page, words):
    page.locator("[data-testid=stButtonGroup] button", has_text=words).first.click()


def test_every_way_to_show_the_map_draws_cells_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), f"{server}/coverage?market=las-vegas&drive=30")

    for show in [each for each in SHOW.options if each != SHOW.default]:
        choose(page, SHOW.options[show])
        page.wait_for_url(f"**show={show}*", timeout=SLOW_MS)
        expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=SLOW_MS)
        wait_for_hexagons(page, at_least=1_000)
        assert page.locator("[data-testid=stException]").count() == 0
    assert serious(complaints) == []


def test_every_table_below_the_map_opens_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), f"{server}/coverage?market=las-vegas")
    asked = page.get_by_role("button", name="Where from? map: Drive time by place")
    assert asked.locator("em").evaluate("each => each.getBoundingClientRect().width") <= 1  # heard, not seen

    for below in [each for each in BELOW.options if each != BELOW.default]:
        choose(page, BELOW.options[below])
        page.wait_for_url(f"**below={below}*", timeout=SLOW_MS)
        expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=SLOW_MS)
        expect(page.get_by_role("button", name="CSV, ")).to_be_visible(timeout=SLOW_MS)
        expect(page.locator("[data-testid=stDataFrame]")).to_have_count(1, timeout=SLOW_MS)
        assert page.locator("[data-testid=stException]").count() == 0
    assert serious(complaints) == []


def test_the_table_follows_a_click_on_a_mall(server, demo_root, watched):
    here = malls(Warehouse(demo_root).current(), "las-vegas")
    mall = next(mall for mall in here if mall.id == "meadows-mall")
    page = drawn(watched(), f"{server}/coverage?market=las-vegas")
    wait_for_hexagons(page)
    expect(first_row(page)).to_have_text("Fashion Show", timeout=SLOW_MS)
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()
    fitted = market_camera([(each.latitude, each.longitude) for each in here])
    camera = type(fitted)(fitted.latitude, fitted.longitude, fitted.zoom, width_px=round(box["width"]), height_px=round(box["height"]))
    x, y = camera.pixel(mall.latitude, mall.longitude)

    click(page, box["x"] + x, box["y"] + y)

    expect(page.locator(".mr-answer")).to_contain_text("Meadows Mall would newly reach", timeout=SLOW_MS)
    expect(first_row(page)).to_have_text("Meadows Mall", timeout=SLOW_MS)
    assert "mall=meadows-mall" in page.url


def test_a_click_on_a_cell_tells_its_story_the_table_follows_and_a_reload_keeps_both(server, watched):
    page = drawn(watched(), f"{server}/coverage?mall=fashion-show&below=cells")
    wait_for_hexagons(page)
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()

    click(page, box["x"] + box["width"] / 2 - 120, box["y"] + box["height"] / 2 + 120)

    expect(page.locator(".mr-story")).to_contain_text("Would choose", timeout=SLOW_MS)
    expect(page.locator(".mr-story")).to_contain_text("People")
    cell = page.url.split("cell=")[1].split("&")[0]
    expect(first_row(page)).to_have_text(cell, timeout=SLOW_MS)
    story = text(page, ".mr-story")
    page.reload()
    expect(page.locator(".mr-story")).to_be_visible(timeout=SLOW_MS)
    assert text(page, ".mr-story") == story
