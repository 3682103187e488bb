"""Files at addresses: loaded like local ones, refused in one sentence, and never a credential in anything that is written or said."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import xml.sax.saxutils
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import MappingError, SourceError
from data.load import load
from data.manifest import Manifest
from data.mapping import Mapping
from data.remote import redacted
from data.report import report
from tests.disks import can_mount
from tests.loading import DELIVERED, Shop

ROOT = Path(__file__).resolve().parent.parent
PLANTED = "pl4nted-s3cret/pass"
KEY = "PLANTEDKEYID"


class Site(BaseHTTPRequestHandler):
    """A web server, and as much of S3 as reading needs: files by path, with ETags, a key that is asked for, and faults on demand."""

    files: ClassVar[dict[str, bytes]] = {}
    faults: ClassVar[dict[str, Callable[["Site"], None]]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.asked.append((path, self.headers.get("Authorization", "")))
        if path in self.faults:
            self.faults[path](self)
        elif path.startswith("/bucket") and KEY not in self.headers.get("Authorization", ""):
            self.answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif "list-type" in url.query:
            self.listing(parse_qs(url.query).get("prefix", [""])[0])
        elif path in self.files:
            self.content(self.files[path])
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>")

    def do_HEAD(self) -> None:
        self.do_GET()

    def content(self, content: bytes) -> None:
        etag = hashlib.sha256(content).hexdigest()[:16]
        begin, end = 0, len(content)
        if asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(int(last) + 1 if last else end, end)
        self.answer(206 if asked else 200, content[begin:end], ETag=f'"{etag}"')

    def listing(self, prefix: str) -> None:
        keys = sorted(path.removeprefix("/bucket/") for path in self.files if path.startswith(f"/bucket/{prefix}"))
        items = "".join(
            f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key><Size>{len(self.files[f'/bucket/{key}'])}</Size>"
            "<LastModified>2026-03-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        found = f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{items}</ListBucketResult>"
        self.answer(200, found.encode(), **{"Content-Type": "application/xml"})

    def answer(self, code: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), "Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(files: dict[str, bytes], faults: dict[str, Callable[[Site], None]] | None = None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Serve files on a free port of this machine; give the address and what was asked of it."""
    site = type("_Site", (Site,), {"files": files, "faults": faults or {}, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", site.asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PLANTED)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def orders(*ids: str, **changes: str) -> bytes:
    rows = [{**DELIVERED, "order_id": each, **changes} for each in ids]
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]).encode() + b"\n"


def parquet(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def fetch(shop: Shop, file: str, more: str = "", **arguments: object):
    text = f'[orders]\nfile = "{file}"\ntime_zone = "UTC"\n{more}\n'
    return load([], warehouse=shop.warehouse, mapping=Mapping.parse(text, shop.folder / "mapping.toml"), **arguments)


def ids(shop: Shop) -> list[str]:
    return [row["order_id"] for row in shop.rows("SELECT order_id FROM orders ORDER BY order_id")]


def written(folder: Path) -> bytes:
    """Return every byte below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# What is loaded


def test_a_file_at_an_address_is_loaded_as_it_stands_and_the_version_says_what_and_where_from(shop):
    content = orders("a", "b")
    source = shop.write("elsewhere/orders.csv", content)

    result = fetch(shop, f"file://{source}")

    (recorded,) = result.version.manifest.sources
    assert (recorded.path, recorded.sha256, recorded.bytes, recorded.rows) == (
        "orders.csv",
        hashlib.sha256(content).hexdigest(),
        len(content),
        2,
    )
    assert f"orders.csv: fetched from file://{source}" in result.version.manifest.notes
    assert ids(shop) == ["a", "b"]
    assert list((shop.warehouse.root / ".drafts").iterdir()) == []


def test_a_pattern_takes_every_file_that_fits_part_by_part_and_a_folder_all_of_them(shop):
    memory = fsspec.filesystem("memory")
    for path, each in {"day-1/orders.csv": "a", "day-2/orders.csv": "b", "day-2/deep/orders.csv": "c", "other/orders.csv": "d"}.items():
        memory.pipe(f"/shop/{path}", orders(each))

    fetch(shop, "memory://shop/day-*/orders.csv")
    assert ids(shop) == ["a", "b"]

    fetch(shop, "memory://shop/day-2/")
    assert ids(shop) == ["a", "b", "c"]


def test_an_address_on_the_command_line_needs_no_mapping(shop):
    with served({"/export/orders.csv": orders("a")}) as (host, _):
        load([f"http://{host}/export/orders.csv"], warehouse=shop.warehouse)

    assert ids(shop) == ["a"]


def test_files_that_are_named_are_loaded_in_place_of_the_address_of_their_name(shop):
    mapping = Mapping.parse('[orders]\nfile = "s3://bucket/orders-*.csv"\ntime_zone = "UTC"\ncolumns = { order_id = "Nr" }\n')
    local = shop.write("orders-1.csv", orders("a").replace(b"order_id", b"Nr"))

    load([local], warehouse=shop.warehouse, mapping=mapping)

    assert ids(shop) == ["a"]


def test_one_file_that_feeds_two_tables_is_fetched_once(shop):
    with served({"/orders.csv": orders("a").replace(b"mall_id", b"driver_id,mall_id").replace(b"\na,", b"\na,d1,")}) as (host, asked):
        text = f'[orders]\nfile = "http://{host}/orders.csv"\n[drivers]\nfile = "http://{host}/orders.csv"\nmerge = true\n'
        load([], warehouse=shop.warehouse, mapping=Mapping.parse(text + '[drivers.constants]\nmarket_id = "desert"\n'))

    assert len(asked) == 3  # what it is like, what is in it, whether it is still so
    assert shop.row("SELECT count(*) AS drivers FROM drivers")["drivers"] == 1


def test_a_joined_file_may_stand_at_an_address_too(shop):
    drops = b"nr,delivered_at\na,2026-03-02 18:00:00\n"
    text = """
        [orders]
        file = "{0}/orders.csv"
        time_zone = "UTC"
        columns = {{ delivered_at = "drops.delivered_at" }}
        join = [{{ name = "drops", file = "{0}/drops.csv", on = {{ order_id = "nr" }} }}]
    """
    with served({"/orders.csv": orders("a"), "/drops.csv": drops}) as (host, _):
        load([], warehouse=shop.warehouse, mapping=Mapping.parse(textwrap.dedent(text.format(f"http://{host}"))))

    assert shop.row("SELECT click_to_door_s FROM orders")["click_to_door_s"] == 3600


@pytest.mark.usefixtures("s3")
def test_an_object_store_is_read_with_the_credentials_of_the_environment(shop, monkeypatch):
    files = {
        f"/bucket/{name}": orders(name[-5])
        for name in ("2026/orders-a.csv", "2026/orders-b.csv", "2025/orders-c.csv", "2026/x/orders-d.csv")
    }
    with served(files) as (host, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")
        result = fetch(shop, "s3://bucket/2026/orders-*.csv")

    assert ids(shop) == ["a", "b"]
    assert "orders-a.csv: fetched from s3://bucket/2026/orders-a.csv" in result.notes
    assert all(KEY in authorization for _, authorization in asked)
    assert PLANTED not in report(result)
    assert PLANTED.encode() not in written(shop.warehouse.root)


# What is refused


@pytest.mark.usefixtures("s3")
def test_a_refused_key_is_said_without_the_key(shop, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "WRONGKEY")
    with served({"/bucket/orders.csv": orders("a")}) as (host, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")
        with pytest.raises(SourceError, match=r"^s3://bucket/orders.csv: access was denied") as refused:
            fetch(shop, "s3://bucket/orders.csv")

    assert_unattached(refused.value)
    assert shop.warehouse.current().number == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (401, "access was denied"),
        (403, "access was denied"),
        (404, "there is no such file"),
        (500, r"cannot be fetched \(HTTP status 500\)"),
    ],
)
def test_what_a_server_answers_becomes_one_sentence(shop, code, sentence):
    with served({}, {"/orders.csv": lambda site: site.answer(code)}) as (host, _), pytest.raises(SourceError, match=sentence) as refused:
        fetch(shop, f"http://{host}/orders.csv")

    assert str(refused.value).startswith(f"http://{host}/orders.csv: ")
    assert shop.warehouse.current().number == 1


def test_an_address_that_cannot_be_reached_is_said(shop):
    with served({}) as (host, _):
        pass  # the port was free, and is free again

    with pytest.raises(SourceError, match=rf"^http://{host}/orders.csv: the address cannot be reached"):
        fetch(shop, f"http://{host}/orders.csv")
    assert shop.warehouse.current().number == 1


def test_an_address_without_a_file_is_said(shop):
    with pytest.raises(SourceError, match=r"^memory://nowhere/orders-\*.csv: there is no such file$"):
        fetch(shop, "memory://nowhere/orders-*.csv")
    with pytest.raises(SourceError, match="there is no such file"):
        fetch(shop, f"file://{shop.folder}/nothing.csv")


def test_a_file_that_breaks_off_is_not_loaded(shop):
    content = orders("a", "b")

    def broken(site: Site) -> None:
        site.send_response(200)
        site.send_header("Content-Length", str(len(content) + 10))
        site.end_headers()
        site.wfile.write(content)

    with served({}, {"/orders.csv": broken}) as (host, _), pytest.raises(SourceError, match=r"broke off after \d+ of \d+ bytes"):
        fetch(shop, f"http://{host}/orders.csv")
    assert shop.warehouse.current().number == 1


def test_a_file_that_changes_at_its_address_while_it_is_fetched_is_not_loaded(shop):
    versions = iter([orders("a"), orders("a"), orders("b")])  # what it is like; what is in it; whether it is still so

    with (
        served({}, {"/orders.csv": lambda site: site.content(next(versions))}) as (host, _),
        pytest.raises(SourceError, match=r"^http://[\d.:]+/orders.csv: the file changed while it was read"),
    ):
        fetch(shop, f"http://{host}/orders.csv")
    assert shop.warehouse.current().number == 1


@pytest.mark.parametrize("step", ["reading orders.csv", "checking orders", "driving times"])
def test_a_local_file_that_changes_while_it_is_loaded_is_not_loaded(shop, step):
    path = shop.write("orders.csv", orders("a", "b"))

    def change(text: str, *_: int) -> None:
        if text == step:
            path.write_bytes(orders("a", "c"))

    with pytest.raises(SourceError, match=r"orders.csv: the file changed while it was read"):
        load([path], warehouse=shop.warehouse, progress=change)
    assert shop.warehouse.current().number == 1


def test_a_parquet_file_that_is_cut_while_it_is_loaded_is_said_to_have_changed(shop):
    path = parquet(shop.folder / "orders.parquet", [{**DELIVERED, "order_id": str(number)} for number in range(50_000)])

    def cut(text: str, *_: int) -> None:
        if text == "reading orders":
            path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(SourceError, match=r"orders.parquet: the file changed while it was read"):
        load([path], warehouse=shop.warehouse, progress=cut)
    assert shop.warehouse.current().number == 1


def test_a_file_that_is_only_touched_is_loaded(shop):
    path = shop.write("orders.csv", orders("a"))

    assert load([path], warehouse=shop.warehouse, progress=lambda *_: path.touch()).is_new


def test_a_fault_of_a_fetched_file_names_its_address_and_not_the_copy(shop):
    fsspec.filesystem("memory").pipe("/shop/orders.parquet", b"PAR1 and nothing else")

    with pytest.raises(SourceError) as refused:
        fetch(shop, "memory://shop/orders.parquet")

    assert str(refused.value).startswith("memory://shop/orders.parquet: the file is no readable Parquet")
    assert ".drafts" not in str(refused.value).partition("(")[0]


def test_a_missing_extra_is_named(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(SourceError, match=r"^memory://shop/orders.csv: .* need the extra `stores`; install it with `make extras`$"):
        fetch(shop, "memory://shop/orders.csv")


def test_an_unknown_kind_of_address_is_said(shop):
    with pytest.raises(MappingError, match="there is no kind of address nonsense://"):
        fetch(shop, "nonsense://shop/orders.csv")


FULL_DISK = """
    import sys
    from pathlib import Path
    from data.errors import WarehouseError
    from data.load import load
    from data.warehouse import Warehouse

    disk, source, mapping = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    warehouse = Warehouse(disk / "warehouse")
    (disk / "markets.csv").write_text("market_id,name,time_zone\\ndesert,Desert,America/Phoenix\\n")
    before = load([disk / "markets.csv"], warehouse=warehouse).version
    try:
        load([source] if source else [], warehouse=warehouse, mapping=mapping or None)
    except WarehouseError as error:
        print("refused:", str(error).replace(str(disk), "DISK"))
    assert warehouse.current() == before and warehouse.check() == []
    assert list((disk / "warehouse" / ".drafts").iterdir()) == []
"""


def full_disk(tmp_path: Path, source: str, mapping: str = "", **environment: str) -> list[str]:
    """Load a source, or what a mapping names, into a warehouse on a disk of 12 MB; return what was said."""
    disk, script = tmp_path / "disk", tmp_path / "script.py"
    disk.mkdir()
    script.write_text(textwrap.dedent(FULL_DISK))
    mounted = 'mount -t tmpfs -o size=12m none "$1" && exec "$2" "$3" "$1" "$4" "$5"'
    run = subprocess.run(
        [shutil.which("unshare"), "-rm", "sh", "-c", mounted, "sh", disk, sys.executable, script, source, mapping],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.skipif(not can_mount(), reason="a private mount cannot be made here")
def test_a_disk_that_a_fetched_file_fills_is_one_clear_error_and_the_last_version_serves(tmp_path):
    big = tmp_path / "orders.csv"
    big.write_bytes(orders(*map(str, range(150_000))))

    assert full_disk(tmp_path, f"file://{big}") == ["refused: DISK/warehouse: the disk is full; nothing was changed"]


# Credentials


@pytest.mark.parametrize(
    "address",
    [
        f"s3://{KEY}:{PLANTED}@bucket/orders.csv",
        f"https://reader:{PLANTED}@example.com/orders.csv",
        "https://example.com/orders.csv?X-Amz-Signature=pl4nted",
        "abfs://box@account.dfs.core.windows.net/orders.csv?sig=pl4nted",
    ],
)
def test_an_address_with_a_credential_in_the_mapping_is_refused_and_not_repeated(shop, address):
    with pytest.raises(MappingError, match="does not belong in a file") as refused:
        fetch(shop, address)

    assert "pl4nted" not in str(refused.value)
    joined = f'[orders]\nfile = "orders.csv"\njoin = [{{ name = "more", file = "{address}", on = {{ order_id = "nr" }} }}]\n'
    with pytest.raises(MappingError, match="does not belong in a file") as refused:
        Mapping.parse(joined)
    assert "pl4nted" not in str(refused.value)
    with pytest.raises(MappingError, match="does not belong in a file") as refused:
        load([address], warehouse=shop.warehouse)
    assert "pl4nted" not in str(refused.value)


def test_an_address_from_the_environment_is_used_and_never_shown(shop, monkeypatch):
    content = orders("a") + orders("", "b").split(b"\n", 1)[1]  # one row without a key is rejected
    signed = "t0ken-pl4nted"
    with served({"/private/orders.csv": content}) as (host, asked):
        monkeypatch.setenv("ORDERS_URL", f"http://reader:{PLANTED.replace('/', '%2F')}@{host}/private/orders.csv?token={signed}")
        result = fetch(shop, "env:ORDERS_URL")

    expected = "Basic " + base64.b64encode(f"reader:{PLANTED}".encode()).decode()
    assert {authorization for _, authorization in asked} == {expected}
    assert ids(shop) == ["a", "b"]
    assert result.rejects_path is not None
    assert "orders.csv: fetched from env:ORDERS_URL orders.csv" in result.notes
    everything = report(result).encode() + written(shop.warehouse.root)
    for planted in (PLANTED, PLANTED.replace("/", "%2F"), signed, host):
        assert planted.encode() not in everything


def test_a_password_is_not_passed_on_to_where_a_server_leads(shop, monkeypatch):
    with (
        served({"/orders.csv": orders("a")}) as (other, asked),
        served({}, {"/orders.csv": lambda site: site.answer(302, Location=f"http://{other}/orders.csv")}) as (host, _),
    ):
        monkeypatch.setenv("ORDERS_URL", f"http://reader:secret@{host}/orders.csv")
        fetch(shop, "env:ORDERS_URL")

    assert {authorization for _, authorization in asked} == {""}


@pytest.mark.parametrize("fault", [403, 500, "break", "unreachable", "mistyped"])
def test_no_error_shows_or_carries_the_address_of_the_environment(shop, monkeypatch, fault):
    def answer(site: Site) -> None:
        if fault == "break":
            site.wfile.write(f"HTTP/1.1 {PLANTED} nonsense\r\n".encode())
        else:
            site.answer(fault)

    with served({}, {"/orders.csv": answer}) as (host, _):
        url = f"http://reader:{PLANTED.replace('/', '%2F')}@{host}/orders.csv?sig={PLANTED}"
        # An unescaped slash: the library cannot read the address, and quotes it.
        others = {"unreachable": url.replace(host, "127.0.0.1:9"), "mistyped": f"s3://{KEY}:{PLANTED}@bucket/orders.csv"}
        monkeypatch.setenv("ORDERS_URL", others.get(str(fault), url))
        with pytest.raises(SourceError, match=r"^env:ORDERS_URL") as refused:
            fetch(shop, "env:ORDERS_URL")

    assert_unattached(refused.value)


def assert_unattached(error: BaseException) -> None:
    """Neither the error nor anything it drags along holds a planted secret."""
    while error is not None:
        assert "s3cret" not in repr(error)
        assert "s3cret" not in str(error)
        error = error.__cause__ or error.__context__


def test_a_variable_that_is_not_set_is_named(shop):
    with pytest.raises(MappingError, match="the environment variable NO_SUCH_VARIABLE is not set"):
        fetch(shop, "env:NO_SUCH_VARIABLE")
    with pytest.raises(MappingError, match="the name of an environment variable is needed"):
        fetch(shop, "env:not a name")


def test_a_secret_is_cut_out_of_a_text_in_every_form_it_may_take(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "fr0m-environment")
    url = "postgresql://user:pa%2Fss@w0rd@host/db?sslkey=inquery"

    text = redacted(f"{url} | pa%2Fss@w0rd | pa/ss@w0rd | w0rd@host | inquery | fr0m-environment | user | host", url)

    for secret in ("pa%2Fss", "pa/ss", "w0rd", "inquery", "fr0m-environment"):
        assert secret not in text
    assert text.endswith("| user | host")
    monkeypatch.setenv("PWD", "/srv/shop")
    monkeypatch.setenv("XAUTHORITY", "/home/somebody")
    assert redacted("/srv/shop/orders.csv of /home/somebody") == "/srv/shop/orders.csv of /home/somebody"
    assert redacted("say hunter2 now", "host=h password='hunter2' user=u") == "say *** now"


def test_every_mapping_in_the_docs_is_understood():
    texts = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "sources.md").read_text(), re.DOTALL)

    assert len(texts) == 2
    assert [feed.is_remote for text in texts for feed in Mapping.parse(text).feeds] == [True] * 4


# Watermarks of Parquet files


def change(number: int, at: str | None, **more: str) -> dict[str, object]:
    stamp = None if at is None else pa.scalar(at).cast(pa.timestamp("us", "UTC")).as_py()
    return {**DELIVERED, "order_id": f"o{number}", "updated_at": stamp, **more}


WATERMARK = 'watermark = "updated_at"'


def source(shop: Shop, *rows: dict[str, object], name: str = "orders.parquet") -> str:
    return f"file://{parquet(shop.folder / 'elsewhere' / name, list(rows))}"


def test_only_rows_from_the_watermark_on_are_read_and_ties_are_not_lost(shop):
    first = [change(1, "2026-03-01T10:00:00Z"), change(2, "2026-03-01T12:00:00Z")]
    result = fetch(shop, source(shop, *first), WATERMARK)
    (mark,) = result.version.manifest.watermarks.values()
    assert (mark.table, mark.column, mark.kind, mark.value) == ("orders", "updated_at", "instant", "2026-03-01T12:00:00+00:00")

    # o3 bears the very time of the watermark, and came after it was taken.
    later = [*first, change(3, "2026-03-01T12:00:00Z"), change(4, "2026-03-01T13:00:00Z"), change(5, None)]
    result = fetch(shop, source(shop, *later), WATERMARK)

    assert ids(shop) == ["o1", "o2", "o3", "o4", "o5"]
    count = result.counts["orders"]
    assert (count.rows_in, count.kept, count.unchanged) == (4, 3, 1)  # o1 was not read again
    assert [each.value for each in result.version.manifest.watermarks.values()] == ["2026-03-01T13:00:00+00:00"]
    assert "orders: read by its watermark, updated_at from 2026-03-01T12:00:00+00:00 up to 2026-03-01T13:00:00+00:00" in result.notes
    assert not fetch(shop, source(shop, *later), WATERMARK).is_new


def test_an_overlap_reads_rows_that_came_later_than_their_time_says(shop):
    rows = [change(2, "2026-03-01T12:00:00Z")]
    more = f'{WATERMARK}\noverlap = "1h"'
    fetch(shop, source(shop, *rows), more)

    fetch(shop, source(shop, *rows, change(1, "2026-03-01T11:00:00Z"), change(0, "2026-03-01T10:59:59Z")), more)

    assert ids(shop) == ["o1", "o2"]


def test_a_slip_into_the_future_does_not_shut_out_what_follows(shop):
    rows = [change(1, "2026-03-01T10:00:00Z"), change(2, "2206-03-01T10:00:00Z")]
    result = fetch(shop, source(shop, *rows), WATERMARK)

    assert (
        "orders.parquet: 1 rows whose updated_at lies days in the future; they are loaded, but the watermark stays below them"
        in result.notes
    )
    fetch(shop, source(shop, *rows, change(3, "2026-03-01T11:00:00Z")), WATERMARK)
    assert ids(shop) == ["o1", "o2", "o3"]


def begin(shop: Shop) -> str:
    address = source(shop, change(1, "2026-03-01T10:00:00Z"), change(2, "2026-03-01T12:00:00Z"))
    fetch(shop, address, WATERMARK)
    return address


def test_a_changed_entry_is_read_from_the_beginning(shop):
    address = begin(shop)

    result = fetch(shop, address, f'{WATERMARK}\nconstants = {{ status = "delivered" }}')

    assert result.counts["orders"].rows_in == 2


def test_replace_reads_from_the_beginning(shop):
    result = fetch(shop, begin(shop), WATERMARK, replace=True)

    assert result.counts["orders"].rows_in == 2
    assert ids(shop) == ["o1", "o2"]


def test_rows_that_another_load_dropped_are_read_again(shop):
    address = begin(shop)
    shop.load(shop.write("orders.csv", orders("x")), replace=True)
    assert shop.warehouse.current().manifest.watermarks == {}

    fetch(shop, address, WATERMARK)

    assert ids(shop) == ["o1", "o2", "x"]


def test_a_rollback_takes_the_watermark_back_with_it_and_compacting_keeps_it(shop):
    begin(shop)
    mark = shop.warehouse.current().manifest.watermarks
    fetch(shop, source(shop, change(3, "2026-03-02T00:00:00Z")), WATERMARK)
    assert shop.warehouse.current().manifest.watermarks != mark

    shop.warehouse.rollback(None)
    assert shop.warehouse.current().manifest.watermarks == mark
    shop.warehouse.prune(1)
    assert shop.warehouse.current().manifest.watermarks == mark
    assert (
        fetch(shop, source(shop, change(2, "2026-03-01T12:00:00Z"), change(1, "2026-03-01T10:00:00Z")), WATERMARK).counts["orders"].rows_in
        == 1
    )


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([1, 2, 2, 3], 2, "3"),
        (["2026-03-01", "2026-03-02", "2026-03-02", "2026-03-03"], None, "2026-03-03"),
    ],
)
def test_days_and_whole_numbers_can_be_watermarks(shop, values, low, high):
    kind = pa.int32() if low else pa.date32()
    column = [pa.scalar(each).cast(kind).as_py() for each in values]
    rows = [{**DELIVERED, "order_id": str(number), "seq": value} for number, value in enumerate(column)]
    fetch(shop, source(shop, *rows[:2]), 'watermark = "seq"')

    result = fetch(shop, source(shop, *rows), 'watermark = "seq"')

    assert [each.value for each in result.version.manifest.watermarks.values()] == [high]
    assert result.counts["orders"].rows_in == 3  # from the second on, the tie too
    assert len(ids(shop)) == 4


def test_what_cannot_be_a_watermark_is_refused(shop):
    with pytest.raises(MappingError, match="watermark: order_id holds string; a watermark needs a column of times, days or whole numbers"):
        fetch(shop, source(shop, change(1, None)), 'watermark = "order_id"')
    with pytest.raises(MappingError, match=r"watermark: file://.* has no column 'changed_at'; it has order_id"):
        fetch(shop, source(shop, change(1, None)), 'watermark = "changed_at"')
    with pytest.raises(MappingError, match="is not Parquet; a CSV is loaded as a whole"):
        fetch(shop, f"file://{shop.write('orders.csv', orders('a'))}", WATERMARK)
    with pytest.raises(MappingError, match="local files are compared as a whole"):
        fetch(shop, "orders.parquet", WATERMARK)
    with pytest.raises(MappingError, match=r"'soon' is not a span of time"):
        fetch(shop, "memory://orders.parquet", f'{WATERMARK}\noverlap = "soon"')


def test_a_manifest_from_before_watermarks_keeps_its_id(shop):
    manifest = shop.warehouse.current().manifest
    fields = json.loads(manifest.to_json())
    assert fields.pop("watermarks") == {}

    assert Manifest.from_json(json.dumps(fields)).digest() == manifest.digest()
