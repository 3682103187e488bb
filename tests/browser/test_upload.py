"""Loading from the page in a real browser: two files dropped, one line of the mapping mended, new numbers everywhere, and taken back."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from analytics.reference import extent, malls
from data.warehouse import Warehouse
from tests.browser.conftest import serving
from tests.browser.test_app import SLOW_MS, drawn, open_page, serious, settled, tile, tile_value
from ui.tray import Tray, mapping_rows

pytestmark = pytest.mark.browser

LOAD_MS = 90_000


def files_of_a_team(version, folder, *, count=400):
    """Write orders of the days after the last complete one under headers of a team's own, and a store: the door's time is no word."""
    mall = next(mall for mall in malls(version, "las-vegas") if mall.status == "open")
    start = datetime.combine(extent(version).last_complete_on, datetime.min.time(), UTC) - timedelta(days=2)
    folder.mkdir()
    orders, stores = folder / "bestellungen.csv", folder / "shops.csv"
    with orders.open("w", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Bestellnummer", "mall_id", "bestellt_um", "zugesagt_bis", "kz9"])
        for number in range(count):
            placed = start + timedelta(days=number % 8, hours=18, minutes=number % 50)
            times = (placed, placed + timedelta(hours=1), placed + timedelta(hours=4))
            rows.writerow([f"team-{number}", mall.id, *(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in times)])
    with stores.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([["store_id", "mall_id", "name"], ["team-1", mall.id, "Team store"], ["team-2", mall.id, "Other store"]])
    return [orders, stores]


def rows_of_orders(paths, version):
    """Rows of the mapping's table of orders, as the page shows them."""
    guess = Tray([(path.name, path.read_bytes()) for path in paths], version).guess
    place = next(number for number, each in enumerate(guess.feeds) if each.table.name == "orders")
    return mapping_rows(guess, place)


def mend(page, row_number, source):
    """Choose a source column in a row of the mapping as a hand on the keyboard does."""
    expect(page.locator("[data-stale=true], [data-testid=stSpinner]")).to_have_count(0, timeout=SLOW_MS)
    editor = page.locator("[data-testid=stDataFrame]").first
    editor.scroll_into_view_if_needed()
    box = editor.bounding_box()
    page.mouse.click(box["x"] + 40, box["y"] + 32 + 16)
    for _ in range(row_number):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#portal input")).to_be_visible(timeout=SLOW_MS)
    page.keyboard.type(source)
    expect(page.locator("#portal").get_by_text(source, exact=True).first).to_be_visible(timeout=SLOW_MS)
    page.keyboard.press("Enter")


def test_files_are_dropped_mended_loaded_seen_and_taken_back(own_warehouse, tmp_path, watched, complaints):
    warehouse = Warehouse(own_warehouse)
    first = warehouse.current()
    paths = files_of_a_team(first, tmp_path / "team")
    with serving(own_warehouse, tmp_path / "log") as address:
        page = drawn(watched(), f"{address}/?market=las-vegas")
        before = tile(page, "Orders")
        open_page(page, "Data", "Data")
        expect(page.get_by_text("Load files", exact=True)).to_be_visible(timeout=SLOW_MS)

        page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(paths)
        expect(page.get_by_text("Mapping: 2 tables from 2 files")).to_be_visible(timeout=SLOW_MS)
        page.get_by_role("radio", name="orders from bestellungen.csv").or_(
            page.get_by_role("button", name="orders from bestellungen.csv")
        ).first.click()
        expect(page.get_by_text("Not placed: kz9")).to_be_visible(timeout=SLOW_MS)

        row = [each["column"] for each in rows_of_orders(paths, first)].index("delivered_at")
        mend(page, row, "kz9")
        expect(page.get_by_text("Not placed: kz9")).to_have_count(0, timeout=SLOW_MS)

        page.get_by_role("button", name="Load as a new version").click()
        expect(page.get_by_text("serves now, loaded in")).to_be_visible(timeout=LOAD_MS)
        second = warehouse.current()
        assert second.id != first.id
        assert second.manifest.counts["orders"].kept == 400
        assert second.manifest.rows("stores") == first.manifest.rows("stores") + 2

        open_page(page, "Review", "Overview")
        expect(page.locator(".mr-question")).to_contain_text("the program", timeout=SLOW_MS)
        settled(page, second.id)
        expect(tile_value(page, "Orders")).not_to_have_text(before, timeout=SLOW_MS)

        open_page(page, "Data", "Data")
        page.locator(f".st-key-serve-{first.id} button").first.click()
        expect(page.get_by_text("orders: ", exact=False).filter(has_text="instead of").first).to_be_visible(timeout=SLOW_MS)
        page.get_by_role("button", name=f"Serve {first.id}").click()
        settled(page, first.id)
        assert warehouse.current().id == first.id

        open_page(page, "Review", "Overview")
        expect(page.locator(".mr-question")).to_contain_text("the program", timeout=SLOW_MS)
        settled(page, first.id)
        expect(tile_value(page, "Orders")).to_have_text(before, timeout=SLOW_MS)
        assert serious(complaints) == []
