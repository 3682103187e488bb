"""The app in a real browser: pages open, maps are drawn, addresses hold, new data arrives."""

import csv
import io
import shutil
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from analytics.reference import extent, malls
from data.load import load
from data.warehouse import Warehouse
from tests.browser.conftest import PHONE, PHONE_AGENT, serving
from ui.frame import PAGES
from ui.maps.legend import CELL_OPACITY
from ui.palette import AMOUNT, blend, rgb, tokens

pytestmark = pytest.mark.browser

PATHS = {page.title: "/" if page is PAGES[0] else f"/{page.path}" for page in PAGES}
WITH_MAP = ("Overview", "Coverage")
SLOW_MS = 60_000
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""What Streamlit's page asks for under its own path first, to learn whether the app is served below a folder; the 404 is its answer."""


def drawn(page, address):
    """Open an address and wait until the page stands with its footer."""
    page.goto(address)
    expect(page.locator(".mr-footer")).to_be_visible(timeout=SLOW_MS)
    return page


def settled(page, version_id=""):
    """Wait until the page stands anew, on a version, with what was there before gone."""
    expect(page.locator(".mr-footer")).to_have_count(1, timeout=SLOW_MS)
    expect(page.locator(".mr-footer", has_text=version_id)).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=SLOW_MS)


def serious(complaints):
    return [each for each in complaints if not (each.startswith("console: Failed to load resource") and each.endswith(PROBES))]


def colored_pixels(page, theme="light", scale=AMOUNT):
    """Pixels of the map whose color is one of the scale's, as it looks over the ground."""
    picture = Image.open(io.BytesIO(page.locator("[data-testid=stDeckGlJsonChart]").screenshot())).convert("RGB")
    pixels = np.asarray(picture, dtype=np.int16)
    shades = [rgb(blend(color, tokens(theme).ground, CELL_OPACITY)) for color in scale.colors(theme)]
    return sum(int((np.abs(pixels - np.array(shade)).max(axis=2) <= 4).sum()) for shade in shades)


def wait_for_hexagons(page, at_least=3_000, scale=AMOUNT):
    page.locator("[data-testid=stDeckGlJsonChart] canvas").wait_for(state="attached", timeout=SLOW_MS)
    seen = 0
    for _ in range(60):
        seen = colored_pixels(page, scale=scale)
        if seen >= at_least:
            return
        page.wait_for_timeout(500)
    pytest.fail(f"only {seen} pixels of the map have a color of the scale")


def click(page, x, y):
    """Click on the map as a hand does: come, see the tooltip, tap.

    A tap is short. Where the machine draws so slowly that it took too long, the hand taps again, until the address says what it chose.
    """
    before = page.url
    for _ in range(10):
        page.mouse.move(x - 3, y)
        page.mouse.move(x, y)
        expect(page.locator(".deck-tooltip")).to_be_visible(timeout=SLOW_MS)
        page.mouse.down()
        page.mouse.up()
        for _ in range(12):
            page.wait_for_timeout(250)
            if page.url != before:
                return
    pytest.fail("no click on the map was taken")


def take(page, option):
    """Take an option of an open list as a hand does: scroll there, see the list stand still, press.

    Pressed while it still scrolls, the list jumps away under the pointer, and nothing is chosen.
    """
    wanted = page.get_by_role("option", name=option).first
    wanted.scroll_into_view_if_needed()
    place = None
    while place != (place := wanted.bounding_box()):
        page.wait_for_timeout(400)  # the list takes 300 ms to know that a scroll has ended
    wanted.click()


def text(page, selector):
    """What stands there, with plain blanks between numbers and units."""
    return page.locator(selector).first.inner_text().replace("\N{NO-BREAK SPACE}", " ")


def tile_value(page, label):
    return page.locator("[data-testid=stMetric]", has_text=label).locator("[data-testid=stMetricValue]")


def tile(page, label):
    return tile_value(page, label).inner_text()


def open_page(page, section, title):
    """Switch the page by the menu, as a reader does."""
    page.locator("[data-testid=stTopNavSection], header button", has_text=section).first.click()
    page.locator(
        "a[data-testid=stTopNavLink], a[data-testid=stTopNavDropdownLink], header a, [role=menu] a, a", has_text=title
    ).last.click()


def new_orders(warehouse, folder, *, count=400):
    """Load orders of the week after the last complete one: late ones, so that every figure moves."""
    version = warehouse.current()
    mall = next(mall for mall in malls(version, "las-vegas") if mall.status == "open")
    start = datetime.combine(extent(version).last_complete_on, datetime.min.time(), UTC) - timedelta(days=2)
    folder.mkdir()
    path = folder / "orders-new.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["order_id", "mall_id", "customer_id", "status", "placed_at", "delivered_at", "promised_by"])
        for number in range(count):
            placed = start + timedelta(days=number % 8, hours=18, minutes=number % 50)
            times = (placed, placed + timedelta(hours=4), placed + timedelta(hours=1))
            rows.writerow([f"new-{number}", mall.id, f"c{number}", "delivered", *(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in times)])
    result = load([path], warehouse=warehouse)
    assert result.version is not None
    assert result.version.id != version.id
    return result.version


@pytest.mark.parametrize("title", PATHS)
def test_a_page_opens_without_an_error_and_without_another_host(title, server, watched, complaints):
    page = drawn(watched(), server + PATHS[title])

    expect(page.locator(".mr-answer").first).to_be_visible()
    if title in WITH_MAP:
        wait_for_hexagons(page)

    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError], [role=dialog]").count() == 0
    assert serious(complaints) == []


def test_the_map_is_drawn_on_dark_ground_too(server, chromium):
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    page = drawn(context.new_page(), server + "/coverage")
    page.locator("[data-testid=stDeckGlJsonChart] canvas").wait_for(state="attached", timeout=SLOW_MS)

    for _ in range(60):
        if colored_pixels(page, "dark") >= 3_000:
            break
        page.wait_for_timeout(500)

    assert colored_pixels(page, "dark") >= 3_000
    context.close()


def test_a_deep_link_as_the_first_request_survives_reload_and_switch_of_page(demo_root, tmp_path, watched, complaints):
    query = "market=phoenix&mall=chandler-fashion-center&period=last-4-weeks&drive=15"
    with serving(demo_root, tmp_path / "log") as address:
        page = drawn(watched(), f"{address}/coverage?{query}")
        assert page.locator("[role=dialog]").count() == 0
        answer = text(page, ".mr-answer")
        assert answer.startswith("Chandler Fashion Center reaches")
        assert "within 15 min drive" in answer

        page.reload()
        expect(page.locator(".mr-answer")).to_have_text(answer, timeout=SLOW_MS)
        assert parse_qs(urlsplit(page.url).query) == parse_qs(query)

        open_page(page, "Review", "Overview")
        expect(page.locator(".mr-question")).to_contain_text("the program in Phoenix do in the last 4 weeks", timeout=SLOW_MS)
        assert parse_qs(urlsplit(page.url).query) == parse_qs(query)

        open_page(page, "Around", "Coverage")
        expect(page.locator(".mr-answer")).to_have_text(answer, timeout=SLOW_MS)

        page.go_back()
        if urlsplit(page.url).path == "/coverage":  # the menu may leave an entry without filters; it means the same
            settled(page)
            assert text(page, ".mr-answer") == answer
            page.go_back()
        expect(page.locator(".mr-question")).to_contain_text("the program in Phoenix", timeout=SLOW_MS)
        assert serious(complaints) == []


def test_a_page_picks_up_new_data_by_itself_and_a_copied_link_shows_the_numbers_of_before(own_warehouse, tmp_path, watched, complaints):
    with serving(own_warehouse, tmp_path / "log") as address:
        page = drawn(watched(), address + "/?market=las-vegas")
        page.locator("[data-testid=stPopover] button", has_text="Link").click()
        copied = page.locator("[data-testid=stCode]").first.inner_text().strip()
        assert "v=v0001-" in copied
        assert "period=custom" in copied
        before = [text(page, ".mr-answer"), *(tile(page, label) for label in ("Orders", "On time", "Click-to-door p90"))]

        newest = new_orders(Warehouse(own_warehouse), tmp_path / "new")

        settled(page, newest.id)
        expect(tile_value(page, "Orders")).not_to_have_text(before[1], timeout=SLOW_MS)
        assert serious(complaints) == []

        page = drawn(watched(), copied)
        assert [text(page, ".mr-answer"), *(tile(page, label) for label in ("Orders", "On time", "Click-to-door p90"))] == before
        expect(page.locator("[data-testid=stAlert]")).to_contain_text("Newer data has been loaded since")

        page.get_by_role("button", name="Show the newest data").click()
        settled(page, newest.id)
        assert "v=" not in page.url
        expect(tile_value(page, "Orders")).not_to_have_text(before[1], timeout=SLOW_MS)


def test_an_empty_warehouse_says_what_to_run_and_fills_by_itself(demo_root, tmp_path, watched):
    root = tmp_path / "later"
    with serving(root, tmp_path / "log") as address:
        page = watched()
        page.goto(address)
        expect(page.get_by_text("python -m data demo")).to_be_visible(timeout=SLOW_MS)

        shutil.copytree(demo_root, root)

        expect(page.locator(".mr-footer")).to_be_visible(timeout=SLOW_MS)


def test_a_phone_scrolls_down_and_never_sideways(server, chromium):
    context = chromium.new_context(viewport=PHONE, user_agent=PHONE_AGENT)
    for title, path in PATHS.items():
        page = drawn(context.new_page(), server + path)

        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], title
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"], title
        if title in WITH_MAP:
            assert page.locator("[data-testid=stDeckGlJsonChart]").bounding_box()["height"] == pytest.approx(360, abs=4)
        page.close()
    context.close()


def test_a_phone_folds_its_filters_behind_a_switch(server, chromium):
    context = chromium.new_context(viewport=PHONE, user_agent=PHONE_AGENT)
    page = drawn(context.new_page(), server + "/coverage")
    filters = page.locator(".st-key-filters")
    expect(filters).to_be_hidden()

    page.locator(".st-key-fold label").click()

    expect(filters).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
    context.close()


def test_a_download_holds_as_many_rows_as_its_button_says(server, watched):
    page = drawn(watched(), server + "/coverage?market=las-vegas")
    button = page.get_by_role("button", name="CSV, 4 rows")

    with page.expect_download(timeout=SLOW_MS) as download:
        button.click()

    with download.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {row["data"] for row in rows} == {"synthetic"}
