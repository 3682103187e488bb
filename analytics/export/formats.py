"""The one function through which every file leaves, whatever its format, and its description beside it."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.answers import Answer
from analytics.export import text
from analytics.export.about import as_text, description, on_one_line
from analytics.export.names import stem
from analytics.export.shapes import geojson, geoparquet
from analytics.export.sink import Sink
from analytics.export.tables import Leaving, Table, of_answer
from analytics.export.workbook import xlsx
from data.warehouse import Version

Format = Literal["csv", "parquet", "json", "geojson", "geoparquet", "xlsx", "zip"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
GEO_FORMATS: Final[tuple[Format, ...]] = ("geojson", "geoparquet")
"""Formats that need a column of cells."""

_MADE_AT: Final = (1980, 1, 1, 0, 0, 0)
"""Moment that the files in an archive carry, so that the same rows give the same bytes."""


@dataclass(frozen=True)
class Kind:
    """How a format is called on a button, how its files end, and what a browser is told that they are."""

    label: str
    ending: str
    mime: str


KINDS: Final[Mapping[Format, Kind]] = {
    "csv": Kind("CSV", "csv", "text/csv"),
    "parquet": Kind("Parquet", "parquet", "application/vnd.apache.parquet"),
    "json": Kind("JSON", "json", "application/json"),
    "geojson": Kind("GeoJSON", "geojson", "application/geo+json"),
    "geoparquet": Kind("GeoParquet", "geo.parquet", "application/vnd.apache.parquet"),
    "xlsx": Kind("Excel", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "zip": Kind("Zip with description", "zip", "application/zip"),
}


def pieces(table: Leaving, format_: Format, *, bom: bool = False) -> Iterator[bytes]:
    """Write a table as a file, piece by piece; no more than a batch of rows is held at a time.

    Parameters
    ----------
    table
        What leaves.
    format_
        - ``csv``: after RFC 4180, UTF-8, line feeds; texts that a spreadsheet would run as a formula are disarmed
        - ``parquet``, ``json``: with the description inside
        - ``geojson``, ``geoparquet``: rows by cell with the cells' outlines, and the description
        - ``xlsx``: a workbook with a sheet of rows and one of the description, every cell typed
        - ``zip``: the CSV and its description with the CSV's hash
    bom
        Begin CSV with a byte-order mark, for spreadsheets that would not know UTF-8 otherwise.

    Yields
    ------
    bytes
        Pieces of the file; the same rows give the same bytes.

    Raises
    ------
    ParameterError
        If the format cannot hold the rows: no cells to draw, or more rows than a sheet has.
    """
    if format_ == "csv":
        return text.csv(table, bom=bom)
    about = described(table)
    return _zip(table, about, bom=bom) if format_ == "zip" else _WRITERS[format_](table, about)


def stream(answer: Answer, version: Version, format_: Format, *, bom: bool = False) -> Iterator[bytes]:
    """Write an answer as a file, piece by piece: exactly the rows that may be shown; see ``pieces``."""
    return pieces(of_answer(answer, version), format_, bom=bom)


def table_csv(table: pa.Table, *, is_synthetic: bool) -> bytes:
    """Return a table that is no answer, such as findings, as CSV: cells as text, formulas disarmed, made-up data marked."""
    return b"".join(pieces(Table(table, "", {}, is_synthetic), "csv"))


def described(table: Leaving) -> dict[str, Any]:
    """Return the description of a table: what its maker says of it, its rows and its columns."""
    return {**table.about, "rows": table.rows, "columns": table.schema.names}


def description_text(answer: Answer, version: Version) -> str:
    """Return an answer's description as the JSON text that stands beside a file."""
    return as_text(description(answer, version))


def file_name(table: Leaving | Answer, format_: Format) -> str:
    """Return a name that tells what is inside: metric, place, period, version, and ``synthetic`` where it is."""
    return f"{stem(table) if isinstance(table, Answer) else table.name}.{KINDS[format_].ending}"


def description_name(name: str) -> str:
    """Return the name of the description beside a file."""
    return f"{name}.description.json"


def _parquet(table: Leaving, about: dict[str, Any]) -> Iterator[bytes]:
    schema = table.schema.with_metadata({"mallreach": on_one_line(about)})
    sink = Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        for batch in table.batches():
            writer.write_batch(batch.cast(schema))
            yield sink.emptied()
    yield sink.emptied()


def _zip(table: Leaving, about: dict[str, Any], *, bom: bool) -> Iterator[bytes]:
    """Write an archive of the CSV and its description, which names the CSV's hash."""
    sink, digest, name = Sink(), hashlib.sha256(), file_name(table, "csv")
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(_entry(name), "w", force_zip64=True) as file:
            for piece in text.csv(table, bom=bom):
                digest.update(piece)
                file.write(piece)
                yield sink.emptied()
        archive.writestr(_entry(description_name(name)), as_text({**about, "file": name, "sha256": digest.hexdigest()}))
    yield sink.emptied()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MADE_AT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


_WRITERS: Final[Mapping[str, Callable[[Leaving, dict[str, Any]], Iterator[bytes]]]] = {
    "parquet": _parquet,
    "json": text.json_,
    "geojson": geojson,
    "geoparquet": geoparquet,
    "xlsx": xlsx,
}
