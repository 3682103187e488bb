"""Versions, never edits: what readers may rely on while somebody publishes, rolls back, prunes, or breaks something."""

import dataclasses
import json
import shutil
import subprocess
import sys
import textwrap
import threading
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data import __main__ as command_line
from data.contracts import TABLES, Kind, table
from data.engine import Engine, connection
from data.errors import WarehouseError
from data.manifest import Manifest
from data.warehouse import Count, Extent, Finding, PartSpec, Record, SourceFile, Warehouse
from tests.disks import can_mount

ROOT = Path(__file__).resolve().parent.parent


def town(name, market_id="M"):
    return {"market_id": market_id, "name": name, "time_zone": "America/Phoenix"}


def order(order_id, seconds, mall_id="A"):
    return {"order_id": order_id, "mall_id": mall_id, "click_to_door_s": seconds}


def names(version):
    return [row["name"] for row in Engine.of(version).table("SELECT name FROM markets ORDER BY name").to_pylist()]


def orders(version):
    return [
        tuple(row.values()) for row in Engine.of(version).table("SELECT order_id, click_to_door_s FROM orders ORDER BY 1, 2").to_pylist()
    ]


def entries(warehouse):
    return sorted(str(path.relative_to(warehouse.root)) for path in warehouse.root.rglob("*") if path.is_file() and path.name != ".lock")


# Nothing yet


def test_a_warehouse_that_does_not_exist_serves_nothing_and_is_not_made_by_asking(warehouse):
    assert (warehouse.current(), warehouse.versions(), warehouse.check(), warehouse.prune(1)) == (None, [], [], [])
    with pytest.raises(WarehouseError, match="nothing to roll back to"):
        warehouse.rollback(None)
    assert not warehouse.root.exists()


def test_a_draft_that_is_not_published_leaves_no_trace(warehouse):
    with warehouse.draft() as draft:
        assert draft.base is None
        assert draft.id_hint == "v0001"
        duckdb.connect(str(draft.file)).close()

    assert warehouse.current() is None
    assert entries(warehouse) == ["CURRENT"]


def test_a_load_that_fails_leaves_no_trace_and_the_last_version_serving(warehouse, publish):
    first = publish({"markets": [town("one")]})
    before = entries(warehouse)

    def attempt():
        with warehouse.draft() as draft:
            (draft.folder / "half").write_text("written")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt()

    assert entries(warehouse) == before
    assert warehouse.current() == first


# Publishing


def test_what_was_published_is_served_and_recorded(warehouse, publish, tmp_path):
    rejects = tmp_path / "bad.csv"
    rejects.write_text("table,line\norders,7\n")
    record = Record(
        sources=(SourceFile("orders.csv", "ab" * 32, 120, ("orders",), 5),),
        counts={"orders": Count(rows_in=5, kept=2, merged=1, replaced=0, unchanged=1, rejected=1)},
        findings=(Finding("orders", "no key", "reject", "order_id", 1, "line 7: ''"),),
        rejects=rejects,
        extent={"M": Extent(date(2026, 1, 1), None)},
        notes=("orders: column not in the source: ready_at",),
        synthetic=True,
        note="by hand",
    )

    version = publish({"orders": [order("1", 60), order("2", 61)]}, record=record)
    manifest = Manifest.from_json((warehouse.root / version.id / "manifest.json").read_text())

    assert warehouse.current() == version
    assert manifest == version.manifest
    assert (manifest.rows("orders"), manifest.rows("malls"), manifest.rejected, manifest.base) == (2, 0, 1, None)
    assert (manifest.sources, dict(manifest.counts), manifest.findings) == (record.sources, record.counts, record.findings)
    assert manifest.extent["M"] == Extent(date(2026, 1, 1), None)
    assert (manifest.synthetic, manifest.note, manifest.notes) == (True, "by hand", record.notes)
    assert version.rejects_path.read_text() == "table,line\norders,7\n"
    assert manifest.code_version.startswith("0.")
    assert orders(version) == [("1", 60), ("2", 61)]


def test_ids_sort_by_age_and_carry_the_hash_of_their_manifest(publish):
    first, second = publish({"markets": [town("one")]}), publish({"markets": [town("two", "N")]})

    assert first.id == f"v0001-{first.manifest.digest()[:6]}"
    assert [first.number, second.number] == [1, 2]
    assert second.manifest.base == first.id


def test_every_table_of_the_contracts_is_there_with_its_columns_even_without_a_row(publish):
    engine = Engine.of(publish({"markets": [town("one")]}))

    for each in TABLES:
        described = engine.table(f"DESCRIBE SELECT * FROM {each.name}").to_pylist()
        assert [(row["column_name"], row["column_type"]) for row in described] == [
            (column.name, column.kind.duckdb_type) for column in each.columns
        ]
        assert engine.table(f"SELECT * FROM {each.name}").num_rows == (each.name == "markets")


ONE_MARKET = (TABLES[0].ddl(), "INSERT INTO markets (market_id) VALUES ('M')")


@pytest.mark.parametrize(
    ("statements", "specs", "fault"),
    [
        (ONE_MARKET, {"markets": PartSpec(2)}, "markets holds 1 rows instead of 2"),
        (ONE_MARKET, {"markets": PartSpec(1), "malls": PartSpec(1)}, "malls is missing in it"),
        (ONE_MARKET, {"markets": PartSpec(1, superseded=1)}, "1 rows cannot be superseded where 0 stand"),
        (["CREATE TABLE markets AS SELECT 'M' AS market_id"], {"markets": PartSpec(1)}, "columns of markets are not those of the contract"),
        ([*ONE_MARKET, "CREATE TABLE staging (customer VARCHAR)"], {"markets": PartSpec(1)}, "staging does not belong in it"),
        ([*ONE_MARKET, "CREATE TABLE malls (mall_id VARCHAR)"], {"markets": PartSpec(1), "malls": PartSpec(0)}, "columns of malls"),
        ([], {"markets": PartSpec(1)}, "was not written"),
    ],
)
def test_a_file_that_is_not_what_is_said_of_it_is_not_published(warehouse, statements, specs, fault):
    def attempt():
        with warehouse.draft() as draft:
            for statement in statements:
                with duckdb.connect(str(draft.file)) as file:
                    file.execute(statement)
            draft.publish(tables=specs, replace=set(), record=Record())

    with pytest.raises(WarehouseError, match=fault):
        attempt()
    assert warehouse.current() is None
    assert entries(warehouse) == ["CURRENT"]


def test_a_draft_that_is_still_open_is_refused(warehouse):
    with warehouse.draft() as draft, duckdb.connect(str(draft.file)) as file:
        file.execute(TABLES[0].ddl())
        file.execute("INSERT INTO markets (market_id) VALUES ('M')")
        with pytest.raises(WarehouseError, match="nothing was published"):
            draft.publish(tables={"markets": PartSpec(1)}, replace=set(), record=Record())


def test_real_rows_beside_synthetic_ones_stay_labelled_synthetic_until_all_are_replaced(publish):
    publish({"markets": [town("made up")], "orders": [order("1", 60)]}, record=Record(synthetic=True))
    beside = publish({"orders": [order("2", 60)]}, replace=["orders"])
    instead = publish({"markets": [town("real")], "orders": [order("2", 60)]}, replace=["markets", "orders"])

    assert beside.manifest.synthetic
    assert not instead.manifest.synthetic


# Parts and overlays


def test_parts_add_up_and_share_the_files_of_earlier_versions(publish):
    first = publish({"orders": [order("1", 60)], "markets": [town("one")]})
    second = publish({"orders": [order("2", 90)]})

    assert orders(second) == [("1", 60), ("2", 90)]
    assert orders(first) == [("1", 60)]
    assert set(first.manifest.files) < set(second.manifest.files)
    assert names(second) == ["one"]


def test_a_later_part_wins_by_key_and_only_over_earlier_parts(publish, warehouse):
    publish({"orders": [order("1", 60), order("2", 60), order("3", 60)]})
    publish({"orders": [order("2", 70), order("4", 70)]}, superseded={"orders": [{"order_id": "2"}]})
    third = publish({"orders": [order("2", 80), order("3", 80)]}, superseded={"orders": [{"order_id": "2"}, {"order_id": "3"}]})

    assert orders(third) == [("1", 60), ("2", 80), ("3", 80), ("4", 70)]
    assert third.manifest.rows("orders") == 4
    assert warehouse.check() == []


def test_a_table_that_came_out_empty_is_no_part(publish):
    version = publish({"markets": [town("one")], "malls": []})

    assert set(version.manifest.tables) == {"markets"}
    assert Engine.of(version).table("SELECT * FROM malls").num_rows == 0


def test_an_overlay_may_only_take_away(publish):
    publish({"orders": [order("1", 60), order("2", 60)]})
    version = publish({"orders": []}, superseded={"orders": [{"order_id": "1"}]})

    assert orders(version) == [("2", 60)]


def test_a_null_in_a_key_names_the_same_row(publish):
    def day(cell, count):
        return {"market_id": "M", "cell": cell, "local_date": date(2026, 1, 1), "orders": count}

    publish({"baseline": [day(None, 5), day(7, 6)]})
    version = publish(
        {"baseline": [day(None, 50)]}, superseded={"baseline": [{"market_id": "M", "cell": None, "local_date": date(2026, 1, 1)}]}
    )

    assert [tuple(row.values()) for row in Engine.of(version).table("SELECT cell, orders FROM baseline ORDER BY orders").to_pylist()] == [
        (7, 6),
        (None, 50),
    ]


def test_replace_drops_the_earlier_parts_of_the_tables_given_and_of_no_other(publish):
    publish({"orders": [order("1", 60)], "markets": [town("one")]})
    version = publish({"orders": [order("9", 90)]}, replace=["orders"])
    emptied = publish({}, replace=["orders"])

    assert (orders(version), names(version)) == ([("9", 90)], ["one"])
    assert (orders(emptied), names(emptied)) == ([], ["one"])


# Rolling back


def test_rollback_serves_what_the_current_version_was_made_from(warehouse, publish):
    first, second = publish({"markets": [town("one")]}), publish({"markets": [town("two")]}, replace=["markets"])

    assert warehouse.rollback(None) == first
    assert names(warehouse.current()) == ["one"]
    assert warehouse.versions() == [first, second]

    third = publish({"markets": [town("three")]}, replace=["markets"])
    assert third.number == 3
    assert third.manifest.base == first.id
    assert warehouse.rollback(None) == first
    assert warehouse.rollback(second.id) == second
    assert names(warehouse.current()) == ["two"]
    assert [(event.action, event.version_id) for event in warehouse.events()] == [
        ("published", first.id),
        ("published", second.id),
        ("rolled-back", first.id),
        ("published", third.id),
        ("rolled-back", first.id),
        ("rolled-back", second.id),
    ]


def test_rollback_behind_the_first_version_and_to_an_unknown_one_are_refused(warehouse, publish):
    first = publish({"markets": [town("one")]})

    with pytest.raises(WarehouseError, match="is the first version"):
        warehouse.rollback(None)
    with pytest.raises(WarehouseError, match=r"v0009-000000 is not a version of this warehouse; it holds v0001"):
        warehouse.rollback("v0009-000000")
    assert warehouse.current() == first


def test_rollback_to_a_version_that_cannot_be_read_is_refused(warehouse, publish):
    first = publish({"markets": [town("one")]})
    second = publish({"markets": [town("two")]}, replace=["markets"])
    for name in first.manifest.files:
        first.file(name).unlink()

    with pytest.raises(WarehouseError, match="is missing"):
        warehouse.rollback(first.id)
    assert warehouse.current() == second


def test_a_lost_pointer_is_an_error_that_names_the_way_out_and_never_an_empty_warehouse(warehouse, publish):
    first = publish({"markets": [town("one")]})
    publish({"markets": [town("two")]}, replace=["markets"])
    (warehouse.root / "CURRENT").unlink()

    with pytest.raises(WarehouseError, match="is missing; name the version to serve"):
        warehouse.current()
    with pytest.raises(WarehouseError, match="is missing"):
        publish({"markets": [town("three")]})
    assert len(warehouse.check()) == 1

    assert warehouse.rollback(first.id) == first
    assert len(warehouse.versions()) == 2


@pytest.mark.parametrize("text", ["", "v0001-aaaaaa\n", "nonsense\nmore nonsense\n"])
def test_a_damaged_pointer_is_one_clear_error(warehouse, publish, text):
    version = publish({"markets": [town("one")]})
    (warehouse.root / "CURRENT").write_text(text)

    with pytest.raises(WarehouseError, match="CURRENT"):
        warehouse.current()
    assert warehouse.rollback(version.id) == version


# Checking


def test_a_sound_warehouse_has_no_faults(warehouse, publish):
    publish({"markets": [town("one")], "orders": [order("1", 60)]})
    publish({"orders": [order("1", 70)]}, superseded={"orders": [{"order_id": "1"}]})

    assert [warehouse.check(version.id) for version in warehouse.versions()] == [[], []]


def test_a_column_that_a_version_was_published_without_is_null(warehouse, publish, monkeypatch):
    row = {"driver_id": "d", "start_at": "2026-03-02 10:00", "end_at": "2026-03-02 11:00"}
    shifts = table("shifts")
    older = dataclasses.replace(shifts, columns=tuple(column for column in shifts.columns if column.name != "is_inferred"))
    with monkeypatch.context() as past, warehouse.draft() as draft:
        past.setattr("data.warehouse.table", lambda name: older if name == "shifts" else table(name))
        with duckdb.connect(str(draft.file)) as file:
            file.execute(older.ddl())
            file.execute("INSERT INTO shifts (shift_id, driver_id, start_at, end_at) VALUES ('s', 'd', '2026-03-02', '2026-03-03')")
        draft.publish(tables={"shifts": PartSpec(1)}, replace=set(), record=Record())
    version = publish({"shifts": [{"shift_id": "t", "is_inferred": True, **row}]})

    rows = Engine.of(version).table("SELECT shift_id, is_inferred FROM shifts ORDER BY shift_id").to_pylist()

    assert rows == [{"shift_id": "s", "is_inferred": None}, {"shift_id": "t", "is_inferred": True}]
    assert warehouse.check() == []


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        (lambda columns: columns[::-1], []),
        (lambda columns: [each for each in columns if each.name != "is_inferred"], []),
        (lambda columns: [*columns, dataclasses.replace(columns[0], name="unheard_of")], ["columns"]),
        (lambda columns: [dataclasses.replace(each, kind=Kind.TEXT) if each.name == "start_at" else each for each in columns], ["columns"]),
        (lambda columns: [each for each in columns if each.name != "shift_id"], ["columns"]),
    ],
    ids=["another order", "one less", "one more", "another type", "no key"],
)
def test_a_version_of_an_older_contract_may_lack_columns_and_nothing_else(warehouse, monkeypatch, was, is_now):
    shifts = table("shifts")
    older = dataclasses.replace(shifts, columns=tuple(was(shifts.columns)))
    with monkeypatch.context() as past, warehouse.draft() as draft:
        past.setattr("data.warehouse.table", lambda _: older)
        with duckdb.connect(str(draft.file)) as file:
            # Without its primary key: a table may have lacked the column that is the key today.
            names = ", ".join(f"{each.name} {each.kind.duckdb_type}" for each in older.columns)
            file.execute(f"CREATE TABLE shifts ({names})")
            file.execute("INSERT INTO shifts (driver_id) VALUES ('d')")
        version = draft.publish(tables={"shifts": PartSpec(1)}, replace=set(), record=Record())

    name = next(iter(version.manifest.files))
    found = warehouse.check()

    assert found[: len(is_now)] == [f"{name}: the columns of shifts are not those of the contract"] * len(is_now)
    assert len(found) == len(is_now)


def test_a_flipped_byte_is_found(warehouse, publish):
    version = publish({"markets": [town("one")]})
    path = version.file(next(iter(version.manifest.files)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)

    assert warehouse.check() == [f"{path.name}: the content is not what was published"]


@pytest.mark.parametrize("damage", ["truncate", "delete", "overwrite"])
def test_a_file_that_cannot_be_read_is_one_clear_error_on_opening(warehouse, publish, damage):
    version = publish({"markets": [town("one")]})
    path = version.file(next(iter(version.manifest.files)))
    size = path.stat().st_size
    path.chmod(0o644)
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "truncate" else b"x" * size)

    with pytest.raises(WarehouseError, match=path.name):
        Engine.of(version)
    assert len(warehouse.check()) == 1


def test_a_manifest_that_was_changed_is_not_believed(warehouse, publish):
    version = publish({"markets": [town("one")]})
    path = warehouse.root / version.id / "manifest.json"
    forged = json.loads(path.read_text())
    forged["synthetic"] = True
    path.write_text(json.dumps(forged))

    assert warehouse.check() == [
        f"{path}: the manifest is not the one published as {version.id}; serve another version by `python -m data rollback VERSION`"
    ]


def test_rows_that_disagree_with_the_manifest_are_found(warehouse, publish):
    publish({"orders": [order("1", 60)]})
    publish({"orders": [order("2", 70)]}, superseded={"orders": [{"order_id": "no such order"}]})

    assert warehouse.check() == ["orders shows 2 rows instead of 1"]


# Pruning


def test_prune_keeps_the_newest_and_the_serving_version_and_deletes_files_nobody_names(warehouse, publish):
    made = [publish({"markets": [town(name)]}, replace=["markets"]) for name in ("one", "two", "three", "four")]
    warehouse.rollback(made[0].id)

    deleted = warehouse.prune(1)

    assert deleted == [made[1].id, made[2].id, *sorted(set(made[1].manifest.files) | set(made[2].manifest.files))]
    assert warehouse.versions() == [made[0], made[3]]
    assert sorted(path.name for path in (warehouse.root / "files").iterdir()) == sorted(
        {**made[0].manifest.files, **made[3].manifest.files}
    )
    with pytest.raises(WarehouseError, match=f"{made[1].id} was pruned"):
        warehouse.version(made[1].id)


def test_prune_merges_parts_and_overlays_into_one_file_with_the_same_content(warehouse, publish, tmp_path):
    rejects = tmp_path / "bad.csv"
    rejects.write_text("table,line\n")
    record = Record(
        sources=(SourceFile("orders.csv", "ab" * 32, 120),),
        rejects=rejects,
        extent={"M": Extent(date(2026, 1, 1), date(2026, 1, 4))},
        synthetic=True,
    )
    publish({"orders": [order("1", 60), order("2", 60)], "markets": [town("one")]}, record=record)
    scattered = publish({"orders": [order("2", 70), order("3", 70)]}, superseded={"orders": [{"order_id": "2"}]}, record=record)
    everything = {each.name: Engine.of(scattered).table(f"SELECT * FROM {each.name} ORDER BY ALL") for each in TABLES}

    warehouse.prune(2)

    merged = warehouse.current()
    assert merged.id != scattered.id
    assert len(merged.manifest.files) == 1
    assert {name: len(entry.parts) for name, entry in merged.manifest.tables.items()} == {"orders": 1, "markets": 1}
    assert {each.name: Engine.of(merged).table(f"SELECT * FROM {each.name} ORDER BY ALL") for each in TABLES} == everything
    assert (merged.manifest.sources, merged.manifest.extent, merged.manifest.synthetic) == (record.sources, record.extent, True)
    assert merged.rejects_path.read_text() == "table,line\n"
    assert [version.id for version in warehouse.versions()] == [scattered.id, merged.id]
    assert warehouse.check() == []
    assert warehouse.prune(2) == []
    assert warehouse.current() == merged


def test_readers_of_a_pruned_version_are_not_disturbed(warehouse, publish):
    first = publish({"markets": [town("one")]})
    reader = Engine.of(first)
    publish({"markets": [town("two", "N")]})

    warehouse.prune(1)

    assert len(warehouse.versions()) == 1
    assert reader.table("SELECT name FROM markets").to_pylist() == [{"name": "one"}]
    assert names(warehouse.current()) == ["one", "two"]


def test_an_unreadable_old_version_stops_neither_loads_nor_costs_files(warehouse, publish):
    first = publish({"markets": [town("one")]})
    publish({"markets": [town("two")]}, replace=["markets"])
    (warehouse.root / first.id / "manifest.json").write_text("{")

    fresh = Warehouse(Path(f"{warehouse.root}/../{warehouse.root.name}"))
    with fresh.draft() as draft:
        assert draft.base is not None

    assert all(first.file(name).is_file() for name in first.manifest.files)


# Somebody else at the same time


def test_a_second_writer_is_refused_with_the_first_ones_process_id(warehouse, publish):
    publish({"markets": [town("one")]})
    second = f"from data.warehouse import Warehouse\nwith Warehouse({str(warehouse.root)!r}).draft(): pass\n"

    with warehouse.draft():
        refused = subprocess.run([sys.executable, "-c", second], cwd=ROOT, capture_output=True, text=True, check=False)
        with pytest.raises(WarehouseError, match="another load is running"), warehouse.draft():
            pass
    allowed = subprocess.run([sys.executable, "-c", second], cwd=ROOT, capture_output=True, text=True, check=False)

    assert "WarehouseError" in refused.stderr
    assert "another load is running (pid " in refused.stderr
    assert allowed.returncode == 0, allowed.stderr


def test_a_draft_sweeps_what_killed_loads_left(warehouse, publish):
    publish({"markets": [town("one")]})
    clean = entries(warehouse)
    (warehouse.root / ".drafts" / "123-abc").mkdir()
    (warehouse.root / ".drafts" / "123-abc" / "load.duckdb").write_bytes(b"half")
    (warehouse.root / ".drafts" / "tmpfile").write_text("v0002-abcdef\n")
    (warehouse.root / "files" / "v0002-0123456789ab.duckdb").write_bytes(b"never named")
    (warehouse.root / "v0002-abcdef").mkdir()
    (warehouse.root / "v0002-abcdef" / "manifest.json").write_text("never listed")

    with warehouse.draft():
        pass

    assert entries(warehouse) == clean


def test_six_threads_read_over_eight_live_swaps(warehouse, publish):
    """Every answer is of one version: its name, its own number of rows, no matter what is published meanwhile."""
    publish({"markets": [town("swap 0")]})
    done, seen, changed, failures, answered = threading.Event(), set(), threading.Condition(), [], [0] * 6

    def read(thread):
        while not done.is_set() and not failures:
            try:
                version = warehouse.current()
                (row,) = Engine.of(version).table("SELECT count(*) AS n, min(name) AS low, max(name) AS high FROM markets").to_pylist()
                swap = version.number - 1
                assert row == {"n": swap + 1, "low": f"swap {swap}", "high": f"swap {swap}"}
            except Exception as error:  # noqa: BLE001 -- whatever a thread meets is the test's result
                failures.append(error)
            answered[thread] += 1
            with changed:
                seen.add(version.id)
                changed.notify_all()

    threads = [threading.Thread(target=read, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    for swap in range(1, 9):
        version = publish({"markets": [town(f"swap {swap}", f"M{row}") for row in range(swap + 1)]}, replace=["markets"])
        with changed:
            assert changed.wait_for(lambda: version.id in seen or failures, timeout=30)  # noqa: B023 -- waited for before the next swap
    done.set()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(seen) >= 8
    assert min(answered) > 0


def test_an_engine_answers_only_from_its_version_and_touches_nothing_else(publish, tmp_path):
    engine = Engine.of(publish({"markets": [town("one")]}))
    outside = tmp_path / "other.csv"
    outside.write_text("a\n1\n")

    forbidden = (
        f"SELECT * FROM '{outside}'",
        f"SELECT * FROM read_csv('{outside}')",
        f"ATTACH '{tmp_path / 'x.duckdb'}'",
        "SET GLOBAL TimeZone='America/Phoenix'",
        "DELETE FROM file_0.main.markets",
    )
    for statement in forbidden:
        with pytest.raises(duckdb.Error):
            engine.table(statement)
    assert engine.table("SELECT current_setting('TimeZone') AS zone").to_pylist() == [{"zone": "UTC"}]
    assert engine.table("SELECT name FROM markets WHERE name = ?", ["one"]).num_rows == 1
    assert engine.table("SELECT name FROM markets WHERE name = $name", {"name": "two"}).num_rows == 0


def test_a_question_that_runs_too_long_is_stopped(publish, monkeypatch):
    monkeypatch.setattr("data.engine.MAX_QUERY_MS", 50)
    engine = Engine(publish({"markets": [town("one")]}))

    with pytest.raises(WarehouseError, match="was stopped"):
        engine.table("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")


def test_old_connections_are_dropped_and_opened_again_when_asked(publish):
    versions = [publish({"markets": [town(str(number))]}, replace=["markets"]) for number in range(5)]

    assert [names(version) for version in versions] == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert Engine.of(versions[4]) is Engine.of(versions[4])
    assert names(versions[0]) == ["0"]


# A disk that does not take it


def test_a_place_that_cannot_hold_a_warehouse_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(WarehouseError, match="cannot be written"), Warehouse(tmp_path / "file" / "warehouse").draft():
        pass


FULL_DISK = """
    import os, sys
    from pathlib import Path
    import duckdb
    from data.contracts import table
    from data.errors import WarehouseError
    from data.warehouse import PartSpec, Record, Warehouse

    disk = Path(sys.argv[1])
    warehouse = Warehouse(disk / "warehouse")

    def load(rows, rejects=None):
        with warehouse.draft() as draft:
            with duckdb.connect(str(draft.file)) as file:
                file.execute(table("markets").ddl())
                file.execute("INSERT INTO markets (market_id, name) SELECT uuid()::VARCHAR, uuid()::VARCHAR FROM range(?)", [rows])
                file.execute("CHECKPOINT")
            return draft.publish(tables={"markets": PartSpec(rows)}, replace={"markets"}, record=Record(rejects=rejects))

    def refused(attempt):
        try:
            attempt()
        except WarehouseError as error:
            print("refused:", str(error).replace(str(disk), "DISK"))
        assert warehouse.current() == first
        assert warehouse.check() == []
        named = {name for version in warehouse.versions() for name in version.manifest.files}
        assert {path.name for path in (warehouse.root / "files").iterdir()} == named

    first = load(10)
    rejects = Path(sys.argv[2])
    rejects.write_bytes(b"x" * 20_000_000)
    refused(lambda: load(1_000_000))
    refused(lambda: load(10, rejects))

    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    refused(lambda: load(10))
    ballast.unlink()
    assert load(10).number == 2

    first = warehouse.current()
    os.system(f"mount -o remount,ro {disk}")
    refused(lambda: load(10))
"""


@pytest.mark.skipif(not can_mount(), reason="unshare cannot make private mounts here")
def test_a_full_or_read_only_disk_is_one_clear_error_and_the_last_version_serves(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(FULL_DISK))
    mounted = 'mount -t tmpfs -o size=12m none "$1" && exec "$2" "$3" "$1" "$4"'

    run = subprocess.run(
        [shutil.which("unshare"), "-rm", "sh", "-c", mounted, "sh", disk, sys.executable, script, tmp_path / "rejects.csv"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "refused: DISK/warehouse: the disk is full; nothing was changed",
        "refused: DISK/warehouse: the disk is full; nothing was changed",
        "refused: DISK/warehouse: the disk is full; nothing was changed",
        "refused: DISK/warehouse: cannot be written (Read-only file system); nothing was changed",
    ]


# The command line


def run(capsys, *arguments):
    code = command_line.main(arguments)
    printed = capsys.readouterr()
    return code, printed.out.splitlines(), printed.err


def test_versions_lists_what_is_there_and_which_one_serves(capsys, warehouse, publish):
    sources = tuple(SourceFile(f"{name}.csv", "ab" * 32, 1) for name in ("orders", "malls", "stores", "trips", "shifts"))
    first = publish({"orders": [order(str(number), 60) for number in range(1200)]}, record=Record(sources=sources, synthetic=True))
    publish({"orders": [order("x", 60)]}, replace=["orders"], record=Record(counts={"orders": Count(rows_in=4, kept=1, rejected=3)}))
    warehouse.rollback(None)

    code, lines, _ = run(capsys, "versions", "--warehouse", str(warehouse.root))

    assert code == 0
    assert [line.split() for line in lines[:1]] == [["serves", "version", "created", "(UTC)", "orders", "rejected", "synthetic", "sources"]]
    assert lines[1].startswith(f"yes     {first.id}  20")
    assert lines[1].endswith("   1,200         0  yes        orders.csv, malls.csv, stores.csv and 2 more")
    assert lines[2].startswith("        v0002-")
    assert lines[2].endswith("       1         3  no         -")
    assert lines[3].endswith(f"rolled back to {first.id}")


def test_check_exits_with_one_for_a_fault_and_zero_for_a_sound_version(capsys, warehouse, publish):
    version = publish({"orders": [order("1", 60)]})
    path = version.file(next(iter(version.manifest.files)))

    code, lines, _ = run(capsys, "check", "--warehouse", str(warehouse.root))
    assert code == 0
    assert lines[0].startswith(f"{version.id} is sound: 1 file, ")
    path.unlink()
    assert run(capsys, "check", "v0001", "--warehouse", str(warehouse.root)) == (1, [f"{path.name}: the file is missing"], "")


def test_rollback_and_prune_say_what_they_did(capsys, warehouse, publish):
    first = publish({"orders": [order("1", 60)]})
    second = publish({"orders": [order("2", 60)]})

    code, lines, _ = run(capsys, "rollback", "--warehouse", str(warehouse.root))
    assert (code, lines[0].split(", loaded")[0]) == (0, f"{first.id} serves: 1 order")
    code, lines, _ = run(capsys, "rollback", "v0002", "--warehouse", str(warehouse.root))
    assert (code, lines[0].split(", loaded")[0]) == (0, f"{second.id} serves: 2 orders")
    code, lines, _ = run(capsys, "prune", "--keep", "1", "--warehouse", str(warehouse.root))
    assert code == 0
    assert lines[0] == f"{warehouse.current().id} serves: same content as {second.id}, compacted"
    assert lines[1:3] == [f"deleted {first.id}", f"deleted {second.id}"]


def test_an_error_is_one_line_and_exit_code_two(capsys, warehouse):
    assert run(capsys, "rollback", "v0007-abcdef", "--warehouse", str(warehouse.root)) == (
        2,
        [],
        f"error: {warehouse.root}: nothing was ever published, so there is nothing to roll back to\n",
    )


@pytest.mark.parametrize("command", ["load", "demo", "versions", "rollback", "check", "open", "prune", "mapping", "template"])
def test_every_command_explains_itself_and_takes_a_warehouse(capsys, command):
    with pytest.raises(SystemExit, match="0"):
        command_line.main([command, "--help"])
    printed = capsys.readouterr().out
    assert "--warehouse DIR" in printed
    assert f"usage: python -m data {command}" in printed


def test_output_that_nobody_reads_is_no_error(tmp_path):
    listing = [sys.executable, "-m", "data", "versions", "--warehouse", str(tmp_path / "none")]
    with subprocess.Popen(listing, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_load_says_what_it_did_and_an_identical_load_publishes_nothing(capsys, warehouse, tmp_path):
    source = tmp_path / "markets.csv"
    source.write_text("market_id,name,time_zone\nM,Phoenix,America/Phoenix\n")

    code, lines, _ = run(capsys, "load", str(source), "--warehouse", str(warehouse.root))
    first = warehouse.current()
    assert (code, lines[0].split(":")[0]) == (0, f"{first.id} serves")
    code, lines, _ = run(capsys, "load", str(source), "--warehouse", str(warehouse.root))
    assert code == 0
    assert "nothing changed" in lines[0]
    assert warehouse.versions() == [first]
    with warehouse.draft():
        code, lines, errors = run(capsys, "load", str(source), "--warehouse", str(warehouse.root))
    assert (code, lines) == (2, [])
    assert errors.startswith(f"error: {warehouse.root}: another load is running (pid ")
    assert errors.count("\n") == 1


def test_a_warehouse_that_nobody_filled_is_said_to_be_empty(capsys, warehouse):
    empty = [f"{warehouse.root}: nothing published yet"]
    assert run(capsys, "versions", "--warehouse", str(warehouse.root)) == (0, empty, "")


@pytest.mark.parametrize("command", ["check", "open", "prune"])
def test_a_mistyped_folder_does_not_pass_a_nightly_command(capsys, tmp_path, warehouse, command):
    mistyped = tmp_path / "warehuose"
    with warehouse.draft():  # a first load that fails leaves a folder in which nothing was published
        pass

    for folder, there in ((mistyped, "there is no warehouse"), (warehouse.root, "nothing was ever published in it")):
        expected = f"error: {folder}: {there}, so there is nothing to {command}; see --warehouse\n"
        assert run(capsys, command, "--warehouse", str(folder)) == (2, [], expected)
    assert not mistyped.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "the following arguments are required: COMMAND; see python -m data --help"),
        (["load", "--keep", "x"], "argument --keep: 'x' is not a whole number; see python -m data load --help"),
        (
            ["load", "--every", "fast"],
            "argument --every: 'fast' is not a span of time such as 90s, 5m, 2h or 1d; see python -m data load --help",
        ),
        (["load", "--every", "99999999d"], "argument --every: 99999999d is longer than a year; see python -m data load --help"),
        (["demo", "--orders", "0"], "argument --orders: 0 is less than 1; see python -m data demo --help"),
        (["demo", "--seed", "x\ny"], "argument --seed: 'x\\ny' is not a whole number; see python -m data demo --help"),
        (["check", "a", "b\nc"], "unrecognized arguments: b\\nc; see python -m data --help"),
    ],
)
def test_an_option_that_cannot_be_understood_is_one_line_without_private_names(capsys, arguments, expected):
    with pytest.raises(SystemExit) as ended:
        command_line.main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"error: {expected}\n")


def test_an_error_that_repeats_a_name_with_a_line_break_is_one_line(capsys, warehouse, tmp_path):
    code, lines, errors = run(capsys, "load", str(tmp_path / "or\nders.csv"), "--warehouse", str(warehouse.root))

    assert (code, lines) == (2, [])
    assert errors == f"error: {tmp_path}/or\\nders.csv: there is no such file\n"


def test_a_guessed_mapping_loads_without_a_path_and_its_file_is_never_overwritten(capsys, warehouse, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    (export / "places.csv").write_text("market_id;Name;time zone\nM;Phoenix;America/Phoenix\n")
    mapping = tmp_path / "mapping.toml"

    code, lines, _ = run(capsys, "mapping", str(export), "--out", str(mapping))
    assert (code, lines) == (0, [f"{mapping}: markets; read it, then python -m data load --mapping {mapping}"])
    code, lines, _ = run(capsys, "load", "--mapping", str(mapping), "--warehouse", str(warehouse.root))
    assert (code, lines[0].partition(" in ")[0]) == (0, f"{warehouse.current().id} serves: 1 row of 1 file")
    again = f"error: {mapping}: the file exists; name another, or move it away\n"
    assert run(capsys, "mapping", str(export), "--out", str(mapping)) == (2, [], again)
    elsewhere = tmp_path / "none" / "mapping.toml"
    refused = f"error: {elsewhere}: cannot be written (No such file or directory)\n"
    assert run(capsys, "mapping", str(export), "--out", str(elsewhere)) == (2, [], refused)


def test_a_connection_for_loaders_reads_a_version_beside_files_of_their_own(publish, tmp_path):
    with connection(publish({"orders": [order("1", 60)]})) as reader:
        reader.execute(f"ATTACH '{tmp_path / 'mine.duckdb'}' AS mine")
        reader.execute("CREATE TABLE mine.main.known AS SELECT order_id FROM orders")
        assert reader.execute("SELECT * FROM mine.main.known").fetchall() == [("1",)]


def test_a_version_opened_by_hand_has_the_rows_that_its_engine_has(capsys, warehouse, publish):
    first = publish({"orders": [order("1", 60), order("2", 60)], "markets": [town("one")]})
    second = publish({"orders": [order("2", 70), order("3", 70)]}, superseded={"orders": [{"order_id": "2"}]})

    for version, named in ((first, [first.id.split("-")[0]]), (second, [])):
        assert command_line.main(["open", *named, "--warehouse", str(warehouse.root)]) == 0
        with duckdb.connect() as by_hand:
            by_hand.execute(capsys.readouterr().out)
            for each in TABLES:
                content = f"SELECT * FROM {each.name} ORDER BY ALL"
                assert by_hand.sql(content).to_arrow_table() == Engine.of(version).table(content)
            with pytest.raises(duckdb.Error, match="read-only"):
                by_hand.execute("DELETE FROM file_0.main.orders")
    assert orders(second) == [("1", 60), ("2", 70), ("3", 70)]
