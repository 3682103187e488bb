"""Fixtures for tests that need a warehouse: an empty one, and a way to publish a few rows written in the test."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from data.contracts import table
from data.demo import build
from data.warehouse import PartSpec, Record, Version, Warehouse
from tests.town import Town

Rows = Sequence[Mapping[str, object]]


class _ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process where several share the work, and those of all browser files: one Chromium at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _ByFile(config, log)


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
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a small demo, built once; whoever loads into it copies it first."""
    root = tmp_path_factory.mktemp("demo") / "warehouse"
    build(Warehouse(root), orders=5_000, seed=1, progress=lambda *_: None)
    return root
