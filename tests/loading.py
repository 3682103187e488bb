"""A small shop for loader tests: two malls in two zones, and helpers that write files, load them and look at what came of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.engine import Engine
from data.load import LoadResult, load
from data.mapping import Mapping as FileMapping
from data.warehouse import Count, Warehouse

MARKETS = "market_id,name,time_zone,boundary_counties\ndesert,Desert,America/Phoenix,04013\ncoast,Coast,America/New_York,11001\n"
MALLS = "mall_id,market_id,name,status,latitude,longitude\nM1,desert,One,open,33.5,-112.0\nM2,coast,Two,open,38.9,-77.2\n"

DELIVERED = {
    "order_id": "o1",
    "mall_id": "M1",
    "placed_at": "2026-03-02 17:00:00",
    "ready_at": "2026-03-02 17:10:00",
    "accepted_at": "2026-03-02 17:05:00",
    "arrived_at": "2026-03-02 17:15:00",
    "picked_up_at": "2026-03-02 17:20:00",
    "delivered_at": "2026-03-02 17:40:00",
    "dropoff_latitude": "33.51",
    "dropoff_longitude": "-112.01",
}
"""A delivered order of M1 with every event known and in order."""


class Shop:
    """A folder with source files and a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "warehouse")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows_file(self, name: str, rows: Sequence[Mapping[str, object]]) -> Path:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        lines = [",".join(columns), *(",".join(_field(row.get(column)) for column in columns) for row in rows)]
        return self.write(name, "\n".join(lines) + "\n")

    def open(self) -> "Shop":
        """Load the two markets and malls first."""
        self.load(self.write("markets.csv", MARKETS), self.write("malls.csv", MALLS))
        return self

    def load(self, *paths: Path, mapping: str | None = None, replace: bool = False) -> LoadResult:
        parsed = FileMapping.parse(mapping, self.folder / "mapping.toml") if mapping else None
        return load(paths, warehouse=self.warehouse, mapping=parsed, replace=replace)

    def orders(self, *rows: Mapping[str, object], mapping: str | None = None, replace: bool = False) -> LoadResult:
        """Load orders; each row is ``DELIVERED`` with changes."""
        return self.load(self.rows_file("orders.csv", [{**DELIVERED, **row} for row in rows]), mapping=mapping, replace=replace)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        version = self.warehouse.current()
        assert version is not None
        rows: list[dict[str, Any]] = Engine.of(version).table(sql).to_pylist()
        return rows

    def row(self, sql: str) -> dict[str, Any]:
        (row,) = self.rows(sql)
        return row


def rules(result: LoadResult) -> dict[tuple[str, str], int]:
    """Return how many rows broke each rule, by rule and column."""
    return {(each.rule, each.column): each.rows for each in result.findings}


def is_conserved(count: Count) -> bool:
    return count.rows_in == count.kept + count.merged + count.replaced + count.unchanged + count.rejected


def _field(value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(each in text for each in ',"\n\r') else text
