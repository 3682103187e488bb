"""A kill at any moment leaves the last version serving: real processes, ended by SIGKILL, while another one reads all the time."""

import itertools
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from data.engine import connection
from data.load import load
from data.warehouse import Version, Warehouse
from tests.nursery import ROOT, Child, nursery

KILLS = 50
ORDERS = 5_000
SEED = 20261122

READER = """
    import select, sys
    from data.engine import Engine
    from data.warehouse import Warehouse

    warehouse, questions, versions = Warehouse(sys.argv[1]), 0, set()
    print("reading", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        version = warehouse.current()
        (row,) = Engine.of(version).table("SELECT count(*) AS orders, count(DISTINCT order_id) AS ids FROM orders").to_pylist()
        rows = version.manifest.rows("orders")
        assert row == {"orders": rows, "ids": rows}, (version.id, rows, row)
        questions += 1
        versions.add(version.id)
    print(questions, len(versions))
"""

LOAD = """
    import data.load, data.report
    from data.__main__ import main

    def live(folder, root):
        return main(["load", folder, "--warehouse", root])
"""

STEP = """
    import os, signal, sys
    from pathlib import Path
    import duckdb
    from data.contracts import table
    from data.warehouse import PartSpec, Record, Warehouse

    CHANGES = {"write", "rename", "replace", "mkdir", "unlink", "rmdir", "chmod"}

    def count(frame, event, called):
        global steps
        if event == "c_call" and called.__name__ in CHANGES:
            steps -= 1
            if steps < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def load(warehouse):
        with warehouse.draft() as draft:
            with duckdb.connect(str(draft.file)) as file:
                file.execute(table("orders").ddl())
                file.execute("INSERT INTO orders (order_id, click_to_door_s) SELECT 'b' || range, 70 FROM range(100)")
                file.execute("CREATE TABLE orders_superseded AS SELECT 'a' || range AS order_id FROM range(10)")
            rejects = draft.folder / "rejects.csv"
            rejects.write_text("table,line")
            draft.publish(tables={"orders": PartSpec(100, 10)}, replace=set(), record=Record(rejects=rejects, note="new"))

    def live(root, action, allowed):
        global steps
        steps = allowed
        sys.setprofile(count)
        actions[action](Warehouse(Path(root).absolute()))
        sys.setprofile(None)

    actions = {"load": load, "rollback": lambda warehouse: warehouse.rollback(None), "prune": lambda warehouse: warehouse.prune(1)}
"""


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[list[int]]:
    """Let another process ask the serving version all the time; what it met is told at the end: questions and versions."""
    met: list[int] = []
    arguments = [sys.executable, "-c", textwrap.dedent(READER), warehouse.root]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "reading\n"
        yield met
        printed, errors = reader.communicate("stop\n")
    assert reader.returncode == 0, errors
    met += map(int, printed.split())


def leftovers(warehouse: Warehouse) -> list[str]:
    """Return what no published version names."""
    versions = warehouse.versions()
    named = {version.id for version in versions} | {name for version in versions for name in version.manifest.files}
    there = [*(warehouse.root / ".drafts").iterdir(), *(warehouse.root / "files").iterdir(), *warehouse.root.glob("v*")]
    return [path.name for path in there if path.name not in named]


def rows(version: Version) -> int:
    """Count a version's orders with a fresh connection, as a process that starts now would."""
    with connection(version) as reader:
        return reader.execute("SELECT count(*) FROM orders").fetchone()[0]


# Every step, one by one


@pytest.mark.slow
@pytest.mark.parametrize("action", ["load", "rollback", "prune"])
def test_a_kill_before_any_step_of_writing_leaves_a_whole_version_serving(tmp_path, warehouse, publish, action):
    """The process kills itself before the first call that writes, renames or deletes something, then before the second, and so on."""
    before, after, least_steps = {"load": (20, 110, 12), "rollback": (20, 10, 3), "prune": (20, 20, 20)}[action]
    publish({"orders": [{"order_id": f"a{number}", "click_to_door_s": 60} for number in range(10)]})
    publish({"orders": [{"order_id": f"c{number}", "click_to_door_s": 60} for number in range(10)]})
    served, left = [], 0
    with nursery(STEP) as process_of:
        for step in itertools.count():
            trial = Warehouse(shutil.copytree(warehouse.root, tmp_path / f"step-{step}"))
            code = process_of.born(str(trial.root), action, step).wait()

            assert code in {0, -signal.SIGKILL}
            assert [fault for version in trial.versions() for fault in trial.check(version.id)] == []
            served.append(rows(trial.current()))
            left += bool(leftovers(trial))
            with trial.draft():
                pass
            assert leftovers(trial) == []
            assert served[-1] == rows(trial.current())
            shutil.rmtree(trial.root)
            if code == 0:
                break

    swap = served.index(after)
    assert served == [before] * swap + [after] * (len(served) - swap)
    assert left > 0
    assert len(served) > least_steps


# Any moment, by the clock and by what appears


def write_sources(folder: Path) -> tuple[Path, Path, Path]:
    """Write malls with a first thousand orders, the 5,000 orders whose load is killed, half a thousand known, and twenty more."""
    base, new, later = (folder / name for name in ("base", "new", "later"))
    for each in (base, new, later):
        each.mkdir()
    (base / "markets.csv").write_text("market_id,name,time_zone\nphoenix,Phoenix,America/Phoenix\n")
    (base / "malls.csv").write_text(
        "mall_id,market_id,name,status,latitude,longitude\n"
        "A,phoenix,Mall A,open,33.3017,-111.8985\nB,phoenix,Mall B,open,33.5033,-111.9293\n"
    )
    with duckdb.connect() as writer:
        for path, first, last in ((base, 0, 1000), (new, 500, 500 + ORDERS), (later, 90_000, 90_020)):
            writer.execute(
                f"""COPY (
                    SELECT 'o' || range AS order_id, if(range % 2 = 0, 'A', 'B') AS mall_id, 'delivered' AS status,
                        TIMESTAMP '2026-03-02 17:00:00' + INTERVAL (range * 30 + {first}) SECOND AS placed_at,
                        placed_at + INTERVAL (1500 + range % 900) SECOND AS picked_up_at,
                        placed_at + INTERVAL (2400 + range % 1800) SECOND AS delivered_at,
                        33.30 + (range % 200) / 1000 AS dropoff_latitude, -111.90 + (range % 170) / 1000 AS dropoff_longitude
                    FROM range({first}, {last})
                ) TO '{path / "orders.csv"}' (HEADER)"""
            )
    return base, new, later


def signs(warehouse: Warehouse) -> dict[str, Callable[[], object]]:
    """Return what appears in the folder while a load goes through its steps, each as a question to ask again and again."""
    root = warehouse.root
    versions, pointer = set(root.glob("v*")), (root / "CURRENT").stat().st_ino
    files = set((root / "files").iterdir())
    return {
        "the draft's folder": lambda: any((root / ".drafts").iterdir()),
        "the draft's file": lambda: any(root.glob(".drafts/*/load.duckdb")),
        "a file among the published": lambda: set((root / "files").iterdir()) - files,
        "the version's folder in the draft": lambda: any(root.glob(".drafts/*/version")),
        "the manifest in the draft": lambda: any(root.glob(".drafts/*/version/manifest.json")),
        "the version's folder": lambda: set(root.glob("v*")) - versions,
        "the new pointer": lambda: any(root.glob(".drafts/tmp*")),
        "the pointer replaced": lambda: (root / "CURRENT").stat().st_ino != pointer,
    }


def kill_at(process: Child, *, delay_s: float = 0.0, sign: Callable[[], object] | None = None) -> bool:
    """Kill a process after a delay, or as soon as a sign shows; return whether it was still running."""
    process.wait(delay_s)
    while sign is not None and process.wait(0) is None and not sign():
        pass
    process.kill()
    assert process.returncode in {0, -signal.SIGKILL}
    return process.returncode != 0


@pytest.mark.slow
def test_a_load_killed_at_fifty_moments_never_disturbs_the_version_that_serves(tmp_path, warehouse):
    moments = random.Random(SEED)
    base_folder, new_folder, later_folder = write_sources(tmp_path)
    load([base_folder], warehouse=warehouse)
    base = warehouse.current()
    assert rows(base) == 1000

    with reading(warehouse) as met, nursery(LOAD) as process_of:
        started = time.monotonic()
        assert process_of.born(str(new_folder), str(warehouse.root)).wait() == 0
        load_s = time.monotonic() - started
        assert rows(warehouse.current()) == 500 + ORDERS
        warehouse.rollback(base.id)

        aims = [{"sign": sign} for sign in signs(warehouse)] * 2
        clock = [{"share": (part + moments.random()) / (KILLS - len(aims))} for part in range(KILLS - len(aims))]
        killed = published = swept = 0
        for aim in moments.sample(aims + clock, KILLS):
            sign = signs(warehouse)[aim["sign"]] if "sign" in aim else None
            started = time.monotonic()
            was_killed = kill_at(process_of.born(str(new_folder), str(warehouse.root)), delay_s=load_s * aim.get("share", 0), sign=sign)
            killed += was_killed
            if not was_killed:  # the machine has become faster since the first load was measured
                load_s = min(load_s, time.monotonic() - started)

            survivor = warehouse.current()
            assert rows(survivor) == (1000 if survivor == base else 500 + ORDERS)
            assert warehouse.check() == []
            published += survivor != base
            swept += bool(leftovers(warehouse))

            load([later_folder], warehouse=warehouse)
            assert rows(warehouse.current()) == rows(survivor) + 20
            assert leftovers(warehouse) == []
            warehouse.rollback(base.id)
            if len(warehouse.versions()) > 10:
                warehouse.prune(1)

    questions, versions = met
    assert killed >= KILLS * 0.7
    assert 0 < published < killed
    assert swept >= KILLS * 0.3
    assert questions > 10 * KILLS
    assert versions > KILLS
