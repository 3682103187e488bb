"""Queries on PostgreSQL against a real server: what is loaded, what is read again, and what is said when it fails."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data import postgres
from data.errors import MappingError, SourceError
from data.load import load
from data.mapping import Mapping
from data.postgres import Database
from data.report import report
from data.watermark import Rising
from tests.disks import can_mount
from tests.loading import Shop
from tests.postgres import OWNER_PASSWORD, READER, READER_PASSWORD, Server, programs
from tests.test_remote import full_disk, written

ROOT = Path(__file__).resolve().parent.parent
PLANTED = (READER_PASSWORD, READER_PASSWORD.replace("/", "%2F"), OWNER_PASSWORD, "wr0ng")

pytestmark = pytest.mark.skipif(
    programs() is None and not os.environ.get("CI"),
    reason="PostgreSQL's server is not installed (on Debian and Ubuntu: apt install postgresql)",
)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server with an empty table of orders that the reader may read."""
    running.run(
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "GRANT USAGE ON SCHEMA public TO reader",
        "CREATE TABLE orders (order_id text PRIMARY KEY, mall_id text, placed_at timestamptz, delivered_at timestamptz, "
        "updated_at timestamptz)",
        "GRANT SELECT ON orders TO reader",
    )
    monkeypatch.setenv("SHOP_PG", running.address())
    return running


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def add(server: Server, number: int, updated_at: str, minutes: int = 30) -> None:
    placed = "timestamptz '2026-03-02 17:00Z'"
    server.run(
        f"INSERT INTO orders VALUES ('o{number}', 'M1', {placed}, {placed} + interval '{minutes} min', '{updated_at}') "
        "ON CONFLICT (order_id) DO UPDATE SET delivered_at = excluded.delivered_at, updated_at = excluded.updated_at"
    )


def mapping(query: str = "SELECT * FROM orders", more: str = "", table: str = "orders") -> Mapping:
    return Mapping.parse(f"[{table}]\nquery = '''{query}'''\ndatabase = \"env:SHOP_PG\"\n{more}\n")


def fetch(shop: Shop, query: str = "SELECT * FROM orders", more: str = "", **arguments: object):
    return load([], warehouse=shop.warehouse, mapping=mapping(query, more), **arguments)


def ids(shop: Shop) -> list[str]:
    return [row["order_id"] for row in shop.rows("SELECT order_id FROM orders ORDER BY order_id")]


def assert_clean(error: BaseException) -> None:
    """Neither the error nor anything it drags along holds a planted password."""
    while error is not None:
        assert not [each for each in PLANTED if each in f"{error!r} {error}"]
        error = error.__cause__ or error.__context__


# What is loaded


def test_a_query_is_loaded_and_the_version_says_what_and_where_from(shop, server):
    add(server, 1, "2026-03-02 18:00Z")
    add(server, 2, "2026-03-02 19:00Z", minutes=45)

    result = fetch(shop, "SELECT * FROM orders -- all of them\n;")

    assert shop.rows("SELECT order_id, click_to_door_s FROM orders ORDER BY order_id") == [
        {"order_id": "o1", "click_to_door_s": 1800},
        {"order_id": "o2", "click_to_door_s": 2700},
    ]
    (source,) = result.version.manifest.sources
    assert (source.path, source.rows, len(source.sha256)) == ("orders-query.parquet", 2, 64)
    assert "orders-query.parquet: 2 rows of a query on env:SHOP_PG" in result.version.manifest.notes


def test_every_type_arrives_as_a_value_that_can_be_read(server, tmp_path):
    server.run("CREATE TYPE state AS ENUM ('placed', 'delivered')")
    query = (
        "SELECT 1::int2 AS small, 2::int8 AS big, 12.50::numeric AS price, '12.50'::numeric::money AS pay, 'x'::varchar(9) AS name, "
        "'delivered'::state AS status, '0953a0b7-444b-482a-ab09-6a66c5da90cd'::uuid AS id, timestamptz '2026-03-02 10:00-07' AS at, "
        "timestamp '2026-03-02 10:00' AS local, date '2026-03-02' AS day, time '23:50' AS clock, interval '90 min' AS took, "
        "'{\"a\": 1}'::jsonb AS j, true AS flag, 1.5::float8 AS lat, NULL::uuid AS none, ARRAY[1, 2] AS list"
    )

    with Database("env:SHOP_PG") as database:
        assert database.fetch(query, tmp_path / "all.parquet", "here").rows == 1

    table = pq.read_table(tmp_path / "all.parquet")
    (row,) = table.to_pylist()
    assert {name: str(value) for name, value in row.items()} == {
        "small": "1", "big": "2", "price": "12.50", "pay": "12.50", "name": "x", "status": "delivered",
        "id": "0953a0b7-444b-482a-ab09-6a66c5da90cd", "at": "2026-03-02 17:00:00+00:00", "local": "2026-03-02 10:00:00",
        "day": "2026-03-02", "clock": "23:50:00", "took": "01:30:00", "j": '{"a": 1}', "flag": "True", "lat": "1.5", "none": "None",
        "list": "{1,2}",
    }  # fmt: skip


@pytest.mark.usefixtures("server")
def test_a_long_result_is_streamed_in_batches(tmp_path):
    with Database("env:SHOP_PG") as database:
        result = database.fetch("SELECT repeat('x', 100) AS a FROM generate_series(1, 300000)", tmp_path / "long.parquet", "here")

    written_file = pq.ParquetFile(tmp_path / "long.parquet")
    assert (result.rows, written_file.metadata.num_rows) == (300_000, 300_000)
    assert written_file.num_row_groups >= 3


def test_all_queries_of_a_load_see_one_moment_of_the_database(shop, server):
    add(server, 1, "2026-03-02 18:00Z")
    text = "\n".join(
        f"[{table}]\nquery = '''{query}'''\ndatabase = \"env:SHOP_PG\""
        for table, query in (("drivers", "SELECT 'd1' AS driver_id, 'desert' AS market_id"), ("orders", "SELECT * FROM orders"))
    )

    def meanwhile(step: str, *_: int) -> None:
        if step == "fetching orders":
            add(server, 2, "2026-03-02 19:00Z")

    load([], warehouse=shop.warehouse, mapping=Mapping.parse(text), progress=meanwhile)

    assert ids(shop) == ["o1"]


# Watermarks


@pytest.mark.parametrize("query", ["SELECT * FROM orders", "SELECT * FROM orders WHERE updated_at >= $watermark"])
def test_only_rows_from_the_watermark_on_are_read_and_ties_are_not_lost(shop, server, query):
    more = 'watermark = "updated_at"'
    add(server, 1, "2026-03-02 18:00Z")
    add(server, 2, "2026-03-02 19:00:00.000001Z")
    first = fetch(shop, query, more)
    assert first.counts["orders"].rows_in == 2
    assert [each.value for each in first.version.manifest.watermarks.values()] == ["2026-03-02T19:00:00.000001+00:00"]

    add(server, 3, "2026-03-02 19:00:00.000001Z")
    add(server, 1, "2026-03-02 20:00Z", minutes=60)
    add(server, 4, "2026-03-02 18:59Z")  # below: who sets the time so early wants an overlap
    count = fetch(shop, query, more).counts["orders"]

    assert (count.rows_in, count.kept, count.replaced, count.unchanged) == (3, 1, 1, 1)
    assert shop.row("SELECT click_to_door_s FROM orders WHERE order_id = 'o1'")["click_to_door_s"] == 3600
    assert ids(shop) == ["o1", "o2", "o3"]
    assert not fetch(shop, query, more).is_new


def test_rows_without_a_value_are_read_each_time(shop, server):
    more = 'watermark = "updated_at"'
    add(server, 1, "2026-03-02 18:00Z")
    fetch(shop, more=more)
    server.run("INSERT INTO orders (order_id, mall_id, placed_at) VALUES ('o2', 'M1', '2026-03-02 17:00Z')")

    fetch(shop, more=more)

    assert ids(shop) == ["o1", "o2"]


def test_an_overlap_reads_rows_that_were_committed_later_than_their_time_says(shop, server):
    more = 'watermark = "updated_at"\noverlap = "10m"'
    add(server, 1, "2026-03-02 18:00Z")
    fetch(shop, more=more)
    add(server, 2, "2026-03-02 17:50Z")
    add(server, 3, "2026-03-02 17:49:59Z")

    fetch(shop, more=more)

    assert ids(shop) == ["o1", "o2"]


@pytest.mark.usefixtures("server")
def test_whole_numbers_days_and_local_times_can_be_watermarks_from_the_first_load_on(tmp_path):
    with Database("env:SHOP_PG") as database:
        for kind in ("bigint", "date", "timestamp"):
            series = "g" if kind == "bigint" else f"('2026-03-01'::date + g)::{kind}"
            for query in (
                f"SELECT {series}::{kind} AS v FROM generate_series(1, 5) g",
                f"SELECT v FROM (SELECT {series}::{kind} AS v FROM generate_series(1, 5) g) r WHERE v >= $watermark",
            ):
                first = database.fetch(query, tmp_path / "a.parquet", "here", Rising("orders", "v"))
                again = database.fetch(query, tmp_path / "a.parquet", "here", Rising("orders", "v", first.high.watermark))
                assert (first.rows, again.rows) == (5, 1), kind


@pytest.mark.usefixtures("server")
def test_what_cannot_be_a_watermark_is_refused(shop):
    with pytest.raises(MappingError, match=r"watermark: order_id holds string; .* \(cast it in the query\)"):
        fetch(shop, more='watermark = "order_id"')
    with pytest.raises(MappingError, match="watermark: the query gives no column 'changed_at'; it gives order_id, mall_id"):
        fetch(shop, more='watermark = "changed_at"')
    with pytest.raises(MappingError, match="say which column rises"):
        fetch(shop, "SELECT * FROM orders WHERE updated_at >= $watermark")


# What is refused


def refused(shop: Shop, kind: type[Exception], query: str = "SELECT * FROM orders", **arguments: object) -> str:
    """Return the one sentence; the version that served still serves, and nothing is left behind."""
    before = shop.warehouse.current()
    with pytest.raises(kind) as error:
        fetch(shop, query, **arguments)
    assert_clean(error.value)
    assert shop.warehouse.current() == before
    assert list((shop.warehouse.root / ".drafts").iterdir()) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_wrong_password_is_said_without_it(shop, server, monkeypatch):
    monkeypatch.setenv("SHOP_PG", server.address(READER, "wr0ng"))

    assert refused(shop, SourceError) == "the database of env:SHOP_PG: the user or the password was refused"


def test_a_database_that_cannot_be_reached_is_said(shop, server, monkeypatch):
    monkeypatch.setenv("SHOP_PG", server.address(port=1))

    assert (
        refused(shop, SourceError) == "the database of env:SHOP_PG: the database cannot be reached; look at host and port of the connection"
    )


@pytest.mark.parametrize(
    "spelling", ["postgresql://reader:p@wr0ng@host/x", "postgresql://reader:wr0ng/x@127.0.0.1/x", "host=127.0.0.1 port=wr0ng"]
)
def test_a_mistyped_connection_is_not_quoted(shop, monkeypatch, spelling):
    monkeypatch.setenv("SHOP_PG", spelling)

    assert refused(shop, SourceError).startswith("the database of env:SHOP_PG: ")


def test_a_missing_database_table_or_right_is_named(shop, server, monkeypatch):
    server.run("CREATE TABLE wages (order_id text)")
    assert refused(shop, SourceError, "SELECT * FROM wages") == (
        "mapping [orders] query on env:SHOP_PG: access was denied: permission denied for table wages"
    )
    assert refused(shop, SourceError, "SELECT * FROM nothing").endswith('the query failed: relation "nothing" does not exist')

    monkeypatch.setenv("SHOP_PG", server.address(database="elsewhere"))
    assert refused(shop, SourceError) == 'the database of env:SHOP_PG: the database refused: database "elsewhere" does not exist'


@pytest.mark.usefixtures("server")
def test_a_query_that_fails_half_way_loads_nothing(shop):
    query = "SELECT 'o' || g || 1 / (g - 90000) AS order_id, now() AS placed_at FROM generate_series(1, 100000) AS g"

    assert refused(shop, SourceError, query).endswith("the query failed: division by zero")


@pytest.mark.usefixtures("server")
def test_a_password_that_the_database_quotes_is_cut_out(shop):
    said = refused(shop, SourceError, f"SELECT '{READER_PASSWORD}'::int AS order_id")

    assert said.endswith('the query failed: invalid input syntax for type integer: "***"')


def test_a_query_can_change_nothing(shop, server):
    server.run("GRANT INSERT ON orders TO reader", "CREATE FUNCTION sneak() RETURNS text LANGUAGE sql AS "
               "$$ INSERT INTO orders (order_id) VALUES ('sneaked') RETURNING order_id $$")  # fmt: skip

    assert "cannot execute INSERT in a read-only transaction" in refused(shop, SourceError, "SELECT sneak() AS order_id")
    assert refused(shop, SourceError, "SELECT 'a' AS order_id; DROP TABLE orders")


@pytest.mark.usefixtures("server")
def test_two_columns_of_one_name_are_refused(shop):
    assert "the query gives two columns named 'order_id'" in refused(shop, MappingError, "SELECT a.*, a.order_id FROM orders AS a")


def test_a_database_that_goes_away_in_the_middle_loads_nothing(shop, monkeypatch):
    server = Server()
    try:
        server.run(
            "CREATE TABLE many AS SELECT 'o' || g AS order_id, repeat('x', 200) AS remark FROM generate_series(1, 300000) AS g",
            "GRANT SELECT ON many TO reader",
        )
        monkeypatch.setenv("SHOP_PG", server.address())
        batches = []

        class Writer(pq.ParquetWriter):
            def write_batch(self, batch, row_group_size=None) -> None:
                super().write_batch(batch, row_group_size)
                batches.append(len(batch))
                if len(batches) == 1:
                    server.stop()

        monkeypatch.setattr(postgres.pq, "ParquetWriter", Writer)
        said = refused(shop, SourceError, "SELECT * FROM many")
    finally:
        server.close()

    assert said == "mapping [orders] query on env:SHOP_PG: the connection to the database was lost; nothing was loaded"
    assert 0 < sum(batches) < 300_000


@pytest.mark.skipif(not can_mount(), reason="a private mount cannot be made here")
def test_a_disk_that_a_query_fills_is_one_clear_error_and_the_last_version_serves(server, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(
        "[orders]\nquery = \"SELECT 'o' || g AS order_id, md5(g::text) || md5((g + 1)::text) AS remark "
        'FROM generate_series(1, 400000) AS g"\n'
        'database = "env:SHOP_PG"\n[orders.constants]\nplaced_at = "2026-03-02 17:00"\n'
    )

    said = full_disk(tmp_path, "", str(path), SHOP_PG=server.address())

    assert said == ["refused: DISK/warehouse: the disk is full; nothing was changed"]


@pytest.mark.usefixtures("server")
def test_a_missing_driver_names_the_extra(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)

    assert refused(shop, SourceError) == "queries on PostgreSQL need the extra `sql`; install it with `make extras`"


def test_a_connection_in_the_mapping_is_refused_and_not_repeated(server):
    for database in (f'"{server.address()}"', f'["{server.address()}"]', '"env:"', '"SHOP_PG"'):
        with pytest.raises(MappingError, match="name the environment variable that holds the connection") as error:
            Mapping.parse(f'[orders]\nquery = "SELECT 1"\ndatabase = {database}\n')
        assert_clean(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('query = "SELECT 1"', "a query and its database"),
        ('database = "env:SHOP_PG"', "a query and its database"),
        ('query = " "\ndatabase = "env:SHOP_PG"', "the query is empty"),
        ('query = "SELECT 1"\ndatabase = "env:SHOP_PG"\nfile = "orders.csv"', "rows come from a file or from a query"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(text, sentence):
    with pytest.raises(MappingError, match=sentence):
        Mapping.parse(f"[orders]\n{text}\n")


def test_a_variable_that_is_not_set_or_of_another_database_is_said(shop, monkeypatch):
    monkeypatch.delenv("SHOP_PG", raising=False)
    assert "the environment variable SHOP_PG is not set" in refused(shop, MappingError)

    monkeypatch.setenv("SHOP_PG", "mysql://reader:wr0ng@host/x")
    assert "only PostgreSQL is understood" in refused(shop, MappingError)


# Passwords


def command(shop: Shop, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data", "load", "--mapping", path, "--warehouse", shop.warehouse.root],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_password_is_printed_or_written_whatever_happens(shop, server):
    add(server, 1, "2026-03-02 18:00Z")
    server.run("INSERT INTO orders (order_id, mall_id) VALUES ('late', 'M1')")  # rejected: never placed
    path = shop.write("mapping.toml", mapping_text('watermark = "updated_at"'))

    good = command(shop, path, SHOP_PG=server.address())
    bad = [
        command(shop, path, SHOP_PG=server.address(READER, "wr0ng")),
        command(shop, path, SHOP_PG=server.address().replace("%2F", "/")),
        command(shop, path, SHOP_PG=server.address(port=1)),
        command(shop, shop.write("other.toml", mapping_text().replace("orders'", "nothing'")), SHOP_PG=server.address()),
    ]

    assert good.returncode == 0, good.stderr
    assert "1 rows of a query" not in good.stdout
    assert "2 rows of a query on env:SHOP_PG, updated_at up to 2026-03-02T18:00:00+00:00" in good.stdout
    assert shop.warehouse.current().rejects_path is not None
    assert [each.returncode for each in bad] == [2, 2, 2, 2]
    assert all(each.stderr.count("\n") == 1 and each.stderr.startswith("error: ") for each in bad)
    everything = "".join(each.stdout + each.stderr for each in (good, *bad)).encode() + written(shop.warehouse.root)
    assert [each for each in PLANTED if each.encode() in everything] == []


def mapping_text(more: str = "") -> str:
    return f"[orders]\nquery = 'SELECT * FROM orders'\ndatabase = 'env:SHOP_PG'\n{more}\n"


def test_the_report_of_a_load_names_the_query_and_not_its_copy(shop, server):
    server.run("INSERT INTO orders (order_id, mall_id) VALUES ('late', 'M1')")

    text = report(fetch(shop))

    assert "orders-query.parquet line 1" in text
    assert ".drafts" not in text
