"""Every file that leaves the program is made here: CSV, Parquet, JSON, and the description that goes with it.

Columns carry their unit in their name, cells are hexadecimal text, hidden rows are marked and empty, and rows of made-up data say so.
"""

import io
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.dimensions import DIMENSIONS
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS
from data.warehouse import Version

Format = Literal["csv", "parquet", "json"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "parquet", "json")
BATCH_ROWS: Final = 65_536

_UNITS: Final = ("_s", "_m", "_m2", "_cents", "_share", "_min", "_on", "_at", "_id")
_COUNTED: Final = (
    "_orders",
    "_offers",
    "_trips",
    "_drives",
    "_shifts",
    "_drivers",
    "_stores",
    "_cells",
    "_people",
    "_households",
    "_malls",
)
_PLAIN: Final = frozenset({*DIMENSIONS.values(), "suppressed", "within_min", "cell_area_m2"})
_FORMULA: Final = r"^[\s\x{FEFF}]*[=+\-@]|^[ \x{FEFF}]*[\t\r]"
_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def stream(answer: Answer, version: Version, format_: Format) -> Iterator[bytes]:
    """Write an answer as a file, piece by piece.

    Parameters
    ----------
    answer
        What is written: exactly the rows that may be shown.
    version
        Version that was asked; its sources go into the description.
    format_
        ``csv``, ``parquet`` or ``json``. Parquet and JSON carry the description inside; beside a CSV it is a file of its own.

    Yields
    ------
    bytes
        Pieces of the file. CSV: UTF-8, comma, a plain header line, line feeds.
    """
    table = exported(answer)
    if format_ == "csv":
        yield from _csv(table)
    elif format_ == "parquet":
        yield _parquet(table, description(answer, version))
    else:
        yield from _json(table, description(answer, version))


def table_csv(table: pa.Table, *, is_synthetic: bool) -> bytes:
    """Return a table that is no answer, such as findings, as CSV: cells as text, formulas disarmed, made-up data marked."""
    return b"".join(_csv(leaving(table, is_synthetic=is_synthetic)))


def exported(answer: Answer) -> pa.Table:
    """Return the table that leaves the program: names with units, cells as text, formulas disarmed, made-up data marked."""
    table = answer.table.rename_columns([exported_name(answer.metric, name, answer.parameters) for name in answer.table.column_names])
    return leaving(table, is_synthetic=answer.is_synthetic)


def leaving(table: pa.Table, *, is_synthetic: bool) -> pa.Table:
    """Return a table with cells as hexadecimal text, formulas disarmed and, where they are made up, its rows marked."""
    for position, name in enumerate(table.column_names):
        column = table.column(name)
        if name == "cell":
            table = table.set_column(
                position, name, pa.array([None if each is None else f"{each:x}" for each in column.to_pylist()], pa.string())
            )
        elif pa.types.is_string(column.type):
            table = table.set_column(position, name, disarmed(column))
    if is_synthetic:
        table = table.append_column("data", pa.array(["synthetic"] * table.num_rows, pa.string()))
    return table


def exported_name(metric: Metric, column: str, parameters: Parameters) -> str:
    """Return a column's name in a file: the metric's id before it, its unit behind it.

    Columns that name the row keep their names; ``share`` is the metric itself; counts say what is counted.
    """
    if column in _PLAIN or column in metric.keys or column == metric.id:
        return column
    figure = _figure_name(metric, column)
    if figure is not None:
        return figure
    name = f"{metric.id}_{column}"
    if metric.units is not None and column in {"numerator", "denominator"}:
        return f"{name}_{_weighed(metric.units[column == 'denominator'], metric, parameters)}"
    return name if name.endswith((*_UNITS, *_COUNTED)) else _counted_name(metric, column, parameters)


def _weighed(unit: str, metric: Metric, parameters: Parameters) -> str:
    """Return a unit with ``households`` in the place of people, where these are asked for."""
    return unit.replace("people", "households") if metric.uses("weight") and parameters.weight == "households" else unit


def _figure_name(metric: Metric, column: str) -> str | None:
    """Return the name of the figure that the metric is, and of its bounds; None for other columns."""
    is_rate = metric.kind in {"ratio", "money"}
    stem = metric.id if is_rate or metric.id.endswith("_share") else f"{metric.id}_share"
    cents = "_cents" if metric.kind == "money" else ""
    if column in {"share", "rate"}:
        return f"{stem}{cents}"
    return f"{stem}_{column}{cents}" if column in {"low", "high"} else None


def _counted_name(metric: Metric, column: str, parameters: Parameters) -> str:
    """Return the name of a count with what is counted behind it."""
    name = f"{metric.id}_{column}"
    if metric.n_of and (column == "n" or column.endswith("_n")):
        return f"{name}_{metric.n_of}"
    if metric.kind == "hours":
        return f"{name}_s"
    if metric.facts is None:
        return f"{name}_cells" if column == "n" else f"{name}_{_weighed('people', metric, parameters)}"
    counted = SUBJECTS[metric.facts].rows.replace(" ", "_")
    return name if name.startswith(f"{counted}_") else f"{name}_{counted}"


def disarmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put an apostrophe before texts that a spreadsheet would run as a formula: those that begin with ``= + - @``, tab or return.

    Spaces and byte-order marks before do not help such a text through; numbers such as ``-3.5`` stay as they are.
    """
    suspicious = pc.fill_null(pc.match_substring_regex(texts, _FORMULA), False)
    if not pc.any(suspicious, min_count=0).as_py():
        return texts
    return pa.chunked_array(
        [
            pa.array(
                [
                    f"'{text}" if is_suspicious and not _NUMBER.fullmatch(text) else text
                    for text, is_suspicious in zip(texts.to_pylist(), suspicious.to_pylist(), strict=True)
                ],
                pa.string(),
            )
        ]
    )


def description(answer: Answer, version: Version) -> dict[str, Any]:
    """Return what a reader of the file must know to make it again and to trust it."""
    return {
        "metric": answer.metric.id,
        "label": answer.metric.label,
        "definition": answer.metric.definition.split("\n\n", 1)[0],
        "source": answer.metric.source,
        "is_modelled": answer.metric.modelled,
        "note": answer.note,
        "data": "synthetic" if answer.is_synthetic else "loaded",
        "data_version": answer.version_id,
        "published_at_utc": version.manifest.created_at,
        "sources": [{"name": source.path, "sha256": source.sha256} for source in version.manifest.sources],
        "filters": {name: _plain(getattr(answer.parameters, name)) for name in Parameters.__dataclass_fields__ if answer.metric.uses(name)},
        "period": "start included, end excluded, market-local days",
        "scope": "everything",
        "suppressed_below_people": answer.k,
        "suppressed": answer.too_few if answer.k else "nothing",
        "hidden_share": round(answer.hidden_share, 3),
        "hidden_share_is": "exact" if answer.rows_behind is not None else "at most; fewer people than that are behind all hidden rows",
        "rows": answer.table.num_rows,
        f"{answer.rows_are.replace(' ', '_')}_behind": answer.rows_behind,
        "left_out": dict(answer.left_out),
        "columns": [exported_name(answer.metric, name, answer.parameters) for name in answer.table.column_names]
        + (["data"] if answer.is_synthetic else []),
        "sql": answer.sql,
    }


def description_text(answer: Answer, version: Version) -> str:
    """Return the description as the JSON text that stands beside a CSV."""
    return json.dumps(description(answer, version), indent=1, ensure_ascii=False) + "\n"


def file_name(answer: Answer, format_: Format) -> str:
    """Return a name that tells what is inside: metric, place, period, version, and ``synthetic`` where it is."""
    asked = answer.parameters
    parts = [
        answer.metric.id,
        "by-" + "-".join(asked.by) if asked.by else "",
        asked.mall_id or asked.market_id or "",
        asked.start_on.isoformat() if asked.start_on else "",
        f"to-{asked.end_on.isoformat()}" if asked.end_on else "",
        answer.version_id,
        "synthetic" if answer.is_synthetic else "",
    ]
    return (
        "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) if position else part for position, part in enumerate(parts) if part) + f".{format_}"
    )


def description_name(name: str) -> str:
    """Return the name of the description beside a file."""
    return f"{name}.description.json"


def _csv(table: pa.Table) -> Iterator[bytes]:
    yield (",".join(table.column_names) + "\n").encode()
    options = pacsv.WriteOptions(include_header=False)
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        buffer = io.BytesIO()
        pacsv.write_csv(batch, buffer, options)
        yield buffer.getvalue()


def _parquet(table: pa.Table, about: dict[str, Any]) -> bytes:
    metadata = {"mallreach": json.dumps(about, ensure_ascii=False)}
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), buffer)
    return buffer.getvalue()


def _json(table: pa.Table, about: dict[str, Any]) -> Iterator[bytes]:
    yield b'{"description": ' + json.dumps(about, ensure_ascii=False).encode() + b',\n"rows": ['
    separator = "\n"
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        for row in batch.to_pylist():
            yield (separator + json.dumps(row, default=_plain, ensure_ascii=False)).encode()
            separator = ",\n"
    yield b"\n]}\n"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
