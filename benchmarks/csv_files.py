"""Tables of a made world as CSV files, as somebody would hand them in."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def written(folder: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Path]:
    """Write each table, whose rows have the same columns, as ``NAME.csv`` in a folder; return the paths."""
    return [_written(folder / f"{name}.csv", rows) for name, rows in tables.items()]


def _written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
