"""Loading from the page, without a browser: the tray of files, the mapping as a table, and the page's way from files to a version."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.errors import MallReachError, MappingError
from data.guess import to_toml
from data.guess_known import among, with_constant
from data.mapping import Mapping
from tests.loading import Shop
from ui import loaded, upload
from ui.frame import PAGES
from ui.local import is_local
from ui.tray import Tray, edited, mapping_rows, source_columns

ROOT = Path(__file__).resolve().parent.parent
DATA = next(page.script for page in PAGES if page.title == "Data")


def csv(*, count=12, first=0, placed="ordered", month="03"):
    lines = [f"Order ID,mall,{placed},delivered"]
    for number in range(first, first + count):
        minute = f"{number % 60:02d}"
        lines.append(f"x{number},M1,2026-{month}-05 17:{minute}:00,2026-{month}-05 18:{minute}:00")
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path).open()


@pytest.fixture
def tray(shop):
    return Tray([("orders export.csv", csv())], shop.warehouse.current())


def row_of(guess, column, place=0):
    return next(number for number, row in enumerate(mapping_rows(guess, place)) if row["column"] == column)


# The tray.


def test_files_stand_in_a_folder_of_their_own_and_go_with_it(shop, tray):
    assert shop.warehouse.root not in tray.folder.parents
    assert [path.name for path in tray.folder.iterdir()] == ["orders export.csv"]

    tray.clear()

    assert not tray.folder.exists()


def test_a_tray_that_nobody_holds_is_removed(shop):
    tray = Tray([("orders.csv", csv())], shop.warehouse.current())
    folder = tray.folder

    del tray

    assert not folder.exists()


def test_folders_of_a_server_that_is_gone_are_swept(shop):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = Path(tempfile.mkdtemp(prefix=f"mallreach-upload-{gone.pid}-"))
    alive = Path(tempfile.mkdtemp(prefix=f"mallreach-upload-{os.getpid()}-"))

    Tray([("orders.csv", csv())], shop.warehouse.current())

    assert not left.exists()
    assert alive.exists()
    alive.rmdir()


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "/etc/passwd.csv", "..\\passwd.csv", ".passwd.csv", "passwd.csv"])
def test_a_name_never_leaves_the_folder(shop, name):
    tray = Tray([(name, csv())], shop.warehouse.current())

    assert [path.name for path in tray.folder.iterdir()] == ["passwd.csv"]


def test_a_name_longer_than_a_folder_takes_is_cut_at_its_beginning(shop):
    tray = Tray([(f"{'ü' * 300}.csv", csv())], shop.warehouse.current())

    assert tray.names == (f"{'ü' * 98}.csv",)


def test_two_files_of_one_name_are_both_kept(shop):
    tray = Tray([("a.csv", csv()), ("A.csv", csv(first=50))], shop.warehouse.current())

    assert tray.names == ("a.csv", "A-2.csv")


def test_a_file_that_cannot_be_read_is_one_sentence_without_its_folder(shop):
    with pytest.raises(MallReachError) as error:
        Tray([("empty.csv", b"")], shop.warehouse.current())

    assert str(error.value).startswith("empty.csv: ")


# What a mapping may name.


ORDERS = 'columns = { order_id = "Order ID", mall_id = "mall", placed_at = "ordered" }'
ELSEWHERE = [
    "{outside}/secret.csv",
    "/etc/passwd",
    "../secret.csv",
    "x/../../secret.csv",
    "..\\\\secret.csv",
    "~/secret.csv",
    "[.][.]/secret.csv",
    "link.csv",
    "l*.csv",
    "*",
    "nothing.csv",
    "",
    ".",
    "https://example.org/orders.parquet",
    "s3://bucket/orders.parquet",
    "file:///etc/passwd",
    "env:SECRET_FILE",
]


@pytest.fixture
def exposed(tray, tmp_path, monkeypatch):
    """Return a tray in whose folder somebody put a link to a file outside, and that file's folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(csv())
    (tray.folder / "link.csv").symlink_to(outside / "secret.csv")
    monkeypatch.chdir(outside)
    monkeypatch.setenv("SECRET_FILE", str(outside / "secret.csv"))
    return tray, outside


@pytest.mark.parametrize("file", ELSEWHERE)
def test_a_mapping_of_the_page_reaches_the_uploaded_files_only(exposed, shop, file):
    tray, outside = exposed
    named = file.format(outside=outside)
    join = f'join = {{ name = "x", file = "{named}", on = {{ "Order ID" = "Order ID" }} }}'
    texts = [f'[orders]\nfile = "{named}"\n{ORDERS}', f'[orders]\nfile = "orders export.csv"\n{ORDERS}\n{join}']

    for text in texts:
        with pytest.raises(MappingError, match="uploaded files only") as error:
            tray.preview(text, shop.warehouse, shop.warehouse.current())
        assert str(error.value).startswith("on this page a mapping names uploaded files only (orders export.csv); load '")


def test_a_mapping_of_the_page_asks_no_database(tray):
    with pytest.raises(MappingError, match=r"uploaded files only .*; load a query by"):
        tray.mapping('[orders]\nquery = "select * from orders"\ndatabase = "env:PG"')


def test_a_second_table_and_a_second_join_are_looked_at_too(tray):
    good = '{ name = "a", file = "orders export.csv", on = { "Order ID" = "Order ID" } }'
    bad = '{ name = "b", file = "/etc/hosts", on = { "Order ID" = "Order ID" } }'
    for text in (
        f'[orders]\nfile = "orders export.csv"\njoin = [{good}, {bad}]',
        '[[orders]]\nfile = "orders export.csv"\n[[orders]]\nfile = "/etc/hosts"',
        '[orders]\nfile = "orders export.csv"\n[drivers]\nfile = "/etc/hosts"',
    ):
        with pytest.raises(MappingError, match="uploaded files only"):
            tray.mapping(text)


def test_uploaded_files_are_named_by_name_or_pattern_and_other_texts_are_no_paths(tray):
    said = f'{ORDERS}\ndate_formats = ["%m/%d/%Y"]\nmissing = ["/", "~", "..", "a://b"]\nconstants = {{ store_id = "/x" }}'
    for file in ("orders export.csv", "orders*.csv", "*"):
        (feed,) = tray.mapping(f'[orders]\nfile = "{file}"\n{said}').feeds
        assert feed.file == file


def test_no_word_of_a_mapping_is_run_as_sql(exposed, shop):
    tray, outside = exposed
    evil = f"x' || (SELECT content FROM read_text('{outside}/secret.csv')) || '"
    text = (
        f'[orders]\nfile = "orders export.csv"\n{ORDERS}\nmissing = ["{evil}"]\nconstants = {{ store_id = "{evil}" }}\n'
        f'date_formats = ["%Y{evil}"]\nvalues = {{ status = {{ "{evil}" = "delivered" }} }}\n'
        f"""join = {{ name = "x\\" {evil}", file = "orders export.csv", on = {{ "Order ID" = "Order ID" }} }}"""
    )

    (orders,) = tray.preview(text, shop.warehouse, shop.warehouse.current())

    assert set(orders.rows.column("store_id").to_pylist()) == {evil}


# A guess beside loaded data.


def test_a_market_that_is_loaded_is_not_made_up_again(tray):
    alone = Tray([("orders export.csv", csv())], None)

    assert "markets" not in [each.table.name for each in tray.guess.feeds]
    assert not [each for each in tray.guess.missing if each.startswith("no malls")]
    assert [each for each in alone.guess.missing if each.startswith("no malls")]


def test_a_made_up_market_gives_way_to_the_loaded_ones(shop):
    malls = b"mall_id,name,latitude,longitude\nM7,Seven,36.1,-115.2\nM8,Eight,36.2,-115.1\n"
    alone = Tray([("malls.csv", malls)], None).guess
    assert [each.table.name for each in alone.feeds] == ["markets", "malls"]

    (feed,) = among(alone, ("desert", "coast"), shop.warehouse.current().manifest).feeds

    assert feed.feed.constants["market_id"] == "desert"
    assert any("desert, coast" in each.text for each in feed.remarks)


# The mapping as a table.


def test_given_columns_stand_first_then_required_ones(tray):
    rows = mapping_rows(tray.guess.with_column("orders", "placed_at", None), 0)

    ranks = [row["rank"] for row in rows]
    assert ranks == sorted(ranks)
    assert {"placed_at"} == {row["column"] for row in rows if row["rank"] == "1"}
    assert rows[0]["column"] == "order_id"
    assert (rows[0]["source"], rows[0]["confidence"]) == ("Order ID", "high")


def test_an_edit_changes_the_column_that_the_row_names(tray):
    guess = edited(tray.guess, 0, {row_of(tray.guess, "ready_at"): {"source": "delivered"}})

    assert guess.feeds[0].feed.columns["ready_at"] == ("delivered",)
    assert guess.feeds[0].feed.columns["placed_at"] == ("ordered",)


def test_an_emptied_source_takes_the_column_out(tray):
    guess = edited(tray.guess, 0, {row_of(tray.guess, "delivered_at"): {"source": None}})

    assert "delivered_at" not in guess.feeds[0].feed.columns


def test_a_constant_is_the_same_value_in_every_row(tray):
    guess = edited(tray.guess, 0, {row_of(tray.guess, "store_id"): {"constant": "S1"}})

    assert guess.feeds[0].feed.constants["store_id"] == "S1"
    assert 'store_id = "S1"' in to_toml(guess)
    assert "store_id" not in with_constant(guess, 0, "store_id", None).feeds[0].feed.constants


def test_a_column_and_a_constant_at_once_are_refused(tray):
    with pytest.raises(MappingError, match="by a column and by a constant"):
        edited(tray.guess, 0, {row_of(tray.guess, "mall_id"): {"constant": "M1"}})


def test_a_column_that_the_file_lacks_is_refused(tray):
    with pytest.raises(MappingError, match="no column"):
        edited(tray.guess, 0, {row_of(tray.guess, "mall_id"): {"source": "nothing"}})


def test_edits_of_two_tables_do_not_meet(shop):
    files = [("orders.csv", csv()), ("orders_b.csv", csv(first=100).replace(b"mall", b"center"))]
    tray = Tray(files, shop.warehouse.current())
    places = [number for number, each in enumerate(tray.guess.feeds) if each.table.name == "orders"]
    assert len(places) == 2

    guess = edited(tray.guess, places[1], {row_of(tray.guess, "ready_at", places[1]): {"source": "delivered"}})

    assert "ready_at" not in guess.feeds[places[0]].feed.columns
    assert guess.feeds[places[1]].feed.columns["ready_at"] == ("delivered",)


def test_edits_name_rows_as_they_were_shown(tray):
    shown = tray.guess
    later = shown.with_column("orders", "mall_id", None)

    guess = upload.edited_feed(later, shown, 0, {row_of(shown, "delivered_at"): {"source": None}})

    assert "delivered_at" not in guess.feeds[0].feed.columns
    assert "placed_at" in guess.feeds[0].feed.columns


def test_an_edited_guess_is_a_mapping_that_parses(tray):
    guess = edited(tray.guess, 0, {row_of(tray.guess, "ready_at"): {"source": "delivered"}})

    (feed,) = Mapping.parse(to_toml(guess)).feeds

    assert feed.columns["ready_at"] == ("delivered",)


def test_a_column_may_be_taken_from_any_of_the_file(tray):
    assert source_columns(tray.guess, 0) == ["Order ID", "mall", "ordered", "delivered"]


def test_a_preview_is_made_once_for_the_same_mapping_and_data(shop, tray):
    version = shop.warehouse.current()
    text = to_toml(tray.guess)

    first = tray.preview(text, shop.warehouse, version)

    assert tray.preview(text, shop.warehouse, version) is first
    assert tray.preview(f"{text}\n", shop.warehouse, version) is not first


# Words about versions.


def test_what_changes_with_a_version_is_said_by_table(shop):
    first = shop.warehouse.current()
    shop.orders({"order_id": "o1"}, {"order_id": "o2"})
    second = shop.warehouse.current()

    assert "orders: 0 rows instead of 2" in loaded.changes(second, first)
    assert "orders: 2 rows instead of 0" in loaded.changes(first, second)
    assert loaded.changes(second, second) == ["nothing: both hold the same rows"]


def test_rows_that_changed_without_their_number_are_said(shop):
    shop.orders({})
    first = shop.warehouse.current()
    shop.orders({"delivered_at": "2026-03-02 18:40:00"})

    assert "orders: 1 rows as now, some of them different" in loaded.changes(shop.warehouse.current(), first)


def test_columns_that_miss_for_one_reason_share_a_line(shop, tray):
    (shown,) = tray.preview(to_toml(tray.guess), shop.warehouse, shop.warehouse.current())

    rows = loaded.missing_rows(shown.missing).to_pylist()

    assert len(rows) < len(shown.missing)
    assert sum(len(row["columns"].split(", ")) for row in rows) == len(shown.missing)


# The page.


def page(shop, monkeypatch, script=DATA, *, may_load=True):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(shop.warehouse.root))
    test = AppTest.from_file(str(ROOT / script), default_timeout=60)
    test.session_state["may_load"] = may_load
    return test.run()


def words(test):
    """Everything that stands on the page as text."""
    said = [*test.markdown, *test.error, *test.success, *test.info]
    return " ".join([*(element.proto.body for element in test.get("html")), *(element.value for element in said)])


def finished(test):
    """Wait for the load of the page, and draw it again."""
    test.session_state[upload._JOB].wait()
    return test.run()


def test_nobody_loads_where_the_hook_says_no(shop, monkeypatch):
    test = page(shop, monkeypatch, may_load=False)

    assert not test.file_uploader
    assert loaded.MAY_NOT_LOAD in words(test)
    assert not [button for button in test.button if (button.key or "").startswith("sure-")]


def test_files_become_a_version_that_serves_and_can_be_taken_back(shop, monkeypatch):
    first = shop.warehouse.current()
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders export.csv", csv(), "text/csv")]).run()
    assert "12 to keep" in words(test)

    test.button(key="load").click().run()
    test = finished(test)

    second = shop.warehouse.current()
    assert second.id != first.id
    assert second.manifest.rows("orders") == 12
    assert f"{second.id} serves now" in words(test)
    folder = test.session_state[upload._TRAY].folder
    test.button(key="more").click().run()
    assert not folder.exists()
    assert not test.exception

    test.button(key=f"sure-{first.id}").click().run()
    assert shop.warehouse.current().id == first.id
    test.button(key=f"sure-{second.id}").click().run()
    assert shop.warehouse.current().id == second.id


def test_replacing_needs_a_yes_that_names_the_rows(shop, monkeypatch):
    shop.orders({"order_id": "old"})
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders export.csv", csv(), "text/csv")]).run()

    test.radio[0].set_value("replace").run()
    assert test.button(key="load").disabled
    assert "orders (1 row)" in test.checkbox[0].label

    test.checkbox[0].check().run()
    test.button(key="load").click().run()
    finished(test)

    assert [row["order_id"] for row in shop.rows("SELECT order_id FROM orders WHERE order_id = 'old'")] == []
    assert shop.warehouse.current().manifest.rows("orders") == 12


def test_the_text_of_the_mapping_says_what_the_table_cannot(shop, monkeypatch):
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders export.csv", csv(), "text/csv")]).run()
    mode = next(each for each in test.get("button_group") if "mode-" in (each.proto.id or ""))
    mode.set_value("text").run()

    text = test.text_area[0].value
    test.text_area[0].set_value(text.replace('delivered_at = "delivered"', 'delivered_at = "nonsense"')).run()

    assert "no column 'nonsense'" in words(test)
    assert not [each for each in test.button if each.key == "load"]


def test_a_load_that_fails_keeps_the_files_and_says_why(shop, monkeypatch):
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders export.csv", csv(), "text/csv")]).run()
    before = shop.warehouse.current().id

    with shop.warehouse.draft():
        test.button(key="load").click().run()
        test = finished(test)

    assert "another load is running" in words(test)
    assert shop.warehouse.current().id == before
    test.button(key="back").click().run()
    assert test.session_state[upload._TRAY].folder.exists()


def test_files_may_come_one_after_the_other_and_be_taken_back(shop, monkeypatch):
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders a.csv", csv(), "text/csv")]).run()
    test.file_uploader[0].set_value([("orders b.csv", csv(first=20), "text/csv")]).run()
    assert "orders a.csv, orders b.csv" in words(test)
    test.file_uploader[0].set_value([("orders b.csv", csv(first=20, count=3), "text/csv")]).run()
    assert "orders a.csv, orders b.csv" in words(test)
    assert "15 to keep" in words(test)

    test.button(key="take-back").click().run()

    assert upload._TRAY not in test.session_state


def test_a_file_that_cannot_be_read_leaves_the_others(shop, monkeypatch):
    test = page(shop, monkeypatch)
    test.file_uploader[0].set_value([("orders a.csv", csv(), "text/csv")]).run()

    test.file_uploader[0].set_value([("orders b.csv", b"", "text/csv")]).run()

    assert "orders b.csv: the file is empty" in words(test)
    assert "12 to keep" in words(test)


def test_an_empty_warehouse_has_the_place_for_files_beside_the_command(tmp_path, monkeypatch):
    shop = Shop(tmp_path)

    test = page(shop, monkeypatch, "app.py")

    assert len(test.file_uploader) == 1
    assert "python -m data demo" in words(test)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_reader_behind_a_proxy_is_not_at_the_machine(header, monkeypatch):
    monkeypatch.setattr("ui.local.st.context", type("Context", (), {"headers": {header: "10.0.0.1"}}))

    assert not is_local()
