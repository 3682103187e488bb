"""Travel times in a real browser: the map of residuals is drawn, a click on it tells the cell's drives, the table follows the filters."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_app import SLOW_MS, click, drawn, serious, text
from ui.maps.legend import CELL_OPACITY
from ui.palette import DIVERGING, blend, rgb, tokens

pytestmark = pytest.mark.browser

PATH = "/travel-times?mall=fashion-show"


def places_of_color(page):
    """Return row and column of the map's pixels in a color of the scale."""
    picture = Image.open(io.BytesIO(page.locator("[data-testid=stDeckGlJsonChart]").screenshot())).convert("RGB")
    pixels = np.asarray(picture, dtype=np.int16)
    shades = [np.array(rgb(blend(color, tokens("light").ground, CELL_OPACITY))) for color in DIVERGING.colors("light")]
    return np.argwhere(np.any([np.abs(pixels - shade).max(axis=2) <= 3 for shade in shades], axis=0))


def wait_for_residuals(page, at_least=3_000):
    page.locator("[data-testid=stDeckGlJsonChart] canvas").wait_for(state="attached", timeout=SLOW_MS)
    found = []
    for _ in range(60):
        found = places_of_color(page)
        if len(found) >= at_least:
            return found
        page.wait_for_timeout(500)
    pytest.fail(f"only {len(found)} pixels of the map have a color of the scale")


def test_a_click_on_the_map_of_residuals_tells_the_cell_s_drives_and_stands_in_the_address(server, watched, complaints):
    page = drawn(watched(), server + PATH)
    found = wait_for_residuals(page)
    box = page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()
    # Between the malls and places that are written over the cells: where most of the neighbors are of a color of the scale too.
    row, column = found[len(found) // 4]

    click(page, box["x"] + int(column), box["y"] + int(row))

    expect(page.locator(".mr-story")).to_contain_text("Observed", timeout=SLOW_MS)
    assert "cell=8" in page.url
    story = text(page, ".mr-story")
    page.reload()
    expect(page.locator(".mr-story")).to_be_visible(timeout=SLOW_MS)
    assert text(page, ".mr-story") == story
    assert serious(complaints) == []


def test_the_tables_follow_the_mall(server, watched):
    page = drawn(watched(), server + PATH)
    expect(page.locator(".mr-answer")).to_contain_text("Around Fashion Show half of the drives")
    expect(page.get_by_role("button", name="rows")).to_have_count(3, timeout=SLOW_MS)
    first = page.get_by_role("button", name="rows").all_inner_texts()

    page = drawn(watched(), f"{server}/travel-times?mall=tysons-corner-center")

    expect(page.locator(".mr-answer")).to_contain_text("Around Tysons Corner Center half of the drives")
    expect(page.get_by_role("button", name="rows")).to_have_count(3, timeout=SLOW_MS)
    assert page.get_by_role("button", name="rows").all_inner_texts() != first
