"""Overview in a real browser: clicks that tables follow, choices that stand in the address, and links that keep the filters."""

from urllib.parse import parse_qs, urlsplit

import h3
import pytest
from playwright.sync_api import expect

from analytics.answers import answers
from analytics.parameters import EVERYTHING, Parameters
from analytics.reference import malls
from data.warehouse import Warehouse
from tests.browser.test_app import SLOW_MS, click, drawn, serious, settled, text, wait_for_hexagons
from ui.maps import market_camera
from ui.overview.cells import MAP_PX
from ui.panels import ROW_PX

pytestmark = pytest.mark.browser

QUERY = "market=las-vegas&period=last-13-weeks"


def table(page, holding):
    """Return the table whose rows, as screen readers have them, hold a text."""
    return page.locator("[data-testid=stDataFrame]", has=page.locator("td", has_text=holding)).first


def busiest_cell(version, resolution):
    """Return the cell of Las Vegas with the most orders that have a promise."""
    parameters = Parameters(market_id="las-vegas", by=("cell",), resolution=resolution)
    rows = [row for row in answers("on_time_share", parameters, EVERYTHING, version).rows() if row["cell"] is not None]
    return f"{max(rows, key=lambda row: row['denominator'] or 0)['cell']:x}"


def test_the_table_of_cells_follows_a_click_on_the_map(server, demo_root, watched, complaints):
    version = Warehouse(demo_root).current()
    page = drawn(watched(), f"{server}/?{QUERY}")
    wait_for_hexagons(page)
    shown = page.locator("[data-testid=stDataFrame]").last.locator("tbody tr").first.locator("td").first.inner_text()
    cell = busiest_cell(version, h3.get_resolution(shown))
    here = malls(version, "las-vegas")
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()
    fitted = market_camera([(each.latitude, each.longitude) for each in here], width_px=545, height_px=MAP_PX)
    camera = type(fitted)(fitted.latitude, fitted.longitude, fitted.zoom, width_px=round(box["width"]), height_px=round(box["height"]))
    x, y = camera.pixel(*h3.cell_to_latlng(cell))

    click(page, box["x"] + x + 4, box["y"] + y + 4)

    expect(page.locator(".mr-story")).to_contain_text("On time", timeout=SLOW_MS)
    (chosen,) = parse_qs(urlsplit(page.url).query)["cell"]
    expect(page.locator("[data-testid=stDataFrame]").last.locator("tbody tr").first.locator("td").first).to_have_text(chosen)
    assert chosen in text(page, ".mr-story")
    assert serious(complaints) == []


def test_a_chosen_row_of_the_scorecard_leads_to_its_mall_with_the_same_filters(server, watched, complaints):
    page = drawn(watched(), f"{server}/?{QUERY}")
    scorecard = table(page, "Fashion Show")
    expect(scorecard).to_be_visible(timeout=SLOW_MS)
    box = scorecard.bounding_box()

    page.mouse.click(box["x"] + 16, box["y"] + 1.5 * ROW_PX)
    page.wait_for_url("**mall=fashion-show*", timeout=SLOW_MS)
    expect(page.get_by_text("Fashion Show, the same days:")).to_be_visible(timeout=SLOW_MS)
    page.locator("[data-testid=stPageLink] a", has_text="Coverage").last.scroll_into_view_if_needed()
    page.get_by_test_id("stPageLink").get_by_text("Coverage", exact=True).last.click()

    expect(page.locator(".mr-answer")).to_contain_text("Fashion Show reaches", timeout=SLOW_MS)
    settled(page)
    assert parse_qs(urlsplit(page.url).query) == parse_qs(f"{QUERY}&mall=fashion-show")
    assert serious(complaints) == []


def test_what_a_section_shows_can_be_chosen_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), f"{server}/?{QUERY}")
    choices = {"By calendar": "weeks=calendar", "Orders": "trend=orders", "Mean minutes": "why=stages"}

    for words, entry in choices.items():
        page.locator("[data-testid=stButtonGroup] button", has_text=words).first.click()
        page.wait_for_url(f"**{entry}*", timeout=SLOW_MS)
        settled(page)
    page.reload()
    settled(page)

    assert page.locator("[data-testid=stException]").count() == 0
    assert all(entry in page.url for entry in choices.values())
    assert serious(complaints) == []
