"""Files in a real browser: what stands under More is what the button says, in every format, and the rows behind it."""

import csv
import io
import json
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_app import SLOW_MS, drawn, serious

pytestmark = pytest.mark.browser


def test_the_files_under_more_hold_the_rows_of_the_button_and_the_rows_behind_them(server, watched, complaints):
    page = drawn(watched(), f"{server}/coverage?market=las-vegas&show=orders&below=cells")

    def taken(button):
        expect(button).to_be_visible(timeout=SLOW_MS)
        with page.expect_download(timeout=SLOW_MS) as download:
            button.click()
        return download.value

    visible = page.get_by_role("button", name=re.compile("^CSV, "))
    rows = int(re.sub(r"\D", "", visible.first.inner_text()))
    file = taken(visible.first)
    with file.path().open(newline="") as content:
        figures = {row["cell"]: row["orders"] for row in csv.DictReader(content)}
    assert len(figures) == rows > 10
    assert file.suggested_filename.endswith("_synthetic.csv")

    page.get_by_role("button", name="More", exact=True).last.click()
    more = page.locator("[data-testid=stPopoverBody]")
    book = taken(more.get_by_role("button", name="Excel", exact=True)).path().read_bytes()
    sheet = openpyxl.load_workbook(io.BytesIO(book))["rows"]
    features = json.loads(taken(more.get_by_role("button", name="GeoJSON")).path().read_text())["features"]
    behind = taken(more.get_by_role("button", name=re.compile("^CSV, ")))

    assert {
        cell: "" if orders is None else str(orders) for cell, orders in sheet.iter_rows(min_row=2, max_col=2, values_only=True)
    } == figures
    assert {each["properties"]["cell"] for each in features} == set(figures)
    with behind.path().open(newline="") as content:
        orders = list(csv.DictReader(content))
    assert len(orders) == sum(int(count) for count in figures.values() if count)
    assert {order["cell"] for order in orders} == {cell for cell, count in figures.items() if count}
    assert not {"customer_id", "driver_id", "order_id", "dropoff_latitude"} & set(orders[0])
    assert serious(complaints) == []
