"""Fixtures for tests that need a warehouse: an empty one, and a way to publish a few rows written in the test."""

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from data.contracts import table
from data.demo import build
from data.durable import alone_in
from data.warehouse import PartSpec, Record, Version, Warehouse
from tests.town import Town

Rows = Sequence[Mapping[str, object]]

settings.register_profile(
    "untimed",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,  # how long a test takes on a busy machine says nothing of the code
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.load_profile("untimed")


class _ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process where several share the work, and those of all browser files: one Chromium at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _ByFile(config, log)


def pytest_collection_finish() -> None:
    """Spare the collector of cycles the modules and tests that stay to the end: it would walk through all of them again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Hand them back to it, so that the interpreter ends as ever."""
    gc.unfreeze()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse in which nothing was ever published."""
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A toy town with nothing in it but its malls: see ``tests/town.py``."""
    return Town(tmp_path / "town")


@pytest.fixture
def publish(warehouse: Warehouse) -> Callable[..., Version]:
    """Publish rows of any tables; columns left out are null."""

    def publish(
        tables: Mapping[str, Rows],
        *,
        superseded: Mapping[str, Rows] | None = None,
        replace: Sequence[str] = (),
        record: Record | None = None,
    ) -> Version:
        overlays = superseded or {}
        with warehouse.draft() as draft:
            with duckdb.connect(str(draft.file)) as file:
                for name, rows in tables.items():
                    file.execute(table(name).ddl())
                    _insert(file, name, rows)
                    if name in overlays:
                        file.execute(f"CREATE TABLE {name}_superseded AS SELECT {', '.join(table(name).key)} FROM {name} WHERE false")
                        _insert(file, f"{name}_superseded", overlays[name])
            specs = {name: PartSpec(len(rows), len(overlays.get(name, ()))) for name, rows in tables.items()}
            return draft.publish(tables=specs, replace=set(replace), record=record or Record())

    return publish


def _insert(file: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    for row in rows:
        file.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", list(row.values()))


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A warehouse with a small demo, built once for all processes of a run; whoever loads into it copies it first."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "demo"
    with alone_in(folder, "the demo for the tests was not built"):
        warehouse = Warehouse(folder / "warehouse")
        if warehouse.current() is None:
            build(warehouse, orders=5_000, seed=1, progress=lambda *_: None)
    return warehouse.root
