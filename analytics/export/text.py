"""CSV and JSON, piece by piece; in CSV, texts that a spreadsheet would run as a formula are disarmed."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from analytics.export.about import on_one_line, plain
from analytics.export.tables import Leaving, in_slices

BOM: Final = b"\xef\xbb\xbf"
"""Byte-order mark: older spreadsheets read a file as UTF-8 only where it begins with one."""

_FORMULA: Final = r"^'*(?:[\s\x{FEFF}]*[=+\-@]|[ \x{FEFF}]*[\t\r])"
_NUMBER: Final = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"


def csv(table: Leaving, *, bom: bool = False) -> Iterator[bytes]:
    """Write CSV after RFC 4180: UTF-8, comma, one plain header line, texts in quotes, line feeds.

    Null is an empty field, an empty text a pair of quotes. Numbers are never touched; texts are disarmed, see ``disarmed``.
    """
    yield (BOM if bom else b"") + (",".join(map(_heading, table.schema.names)) + "\n").encode()
    options = pacsv.WriteOptions(include_header=False)
    for batch in table.batches():
        buffer = io.BytesIO()
        pacsv.write_csv(_disarmed_batch(batch), buffer, options)
        yield buffer.getvalue()


def _heading(name: str) -> str:
    """Return a column's name as it stands in the first line; in quotes only where it must be."""
    if re.search(r'[",\r\n]', name) or name != name.strip():
        return '"' + name.replace('"', '""') + '"'
    return name


def _disarmed_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [disarmed(pa.chunked_array([each])).combine_chunks() if pa.types.is_string(each.type) else each for each in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def disarmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put an apostrophe before texts that a spreadsheet would run as a formula: those that begin with ``= + - @``, tab or return.

    Spaces and byte-order marks before do not help such a text through; numbers such as ``-3.5`` stay as they are. A text that looks
    disarmed already gets one more apostrophe, so that taking one away always gives the text back.
    """
    suspicious = is_formula(texts)
    return pc.if_else(suspicious, pc.binary_join_element_wise("'", texts, ""), texts) if pc.any(suspicious, min_count=0).as_py() else texts


def is_formula(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Tell which texts a spreadsheet would run, or would once an apostrophe is taken from them."""
    begins_so = pc.match_substring_regex(texts, _FORMULA)
    return pc.fill_null(pc.and_not(begins_so, pc.match_substring_regex(texts, _NUMBER)), False)


def json_(table: Leaving, about: dict[str, Any]) -> Iterator[bytes]:
    """Write one JSON object: the description, and the rows as objects."""
    yield b'{"description": ' + on_one_line(about).encode() + b',\n"rows": ['
    separator = "\n"
    for batch in in_slices(table):
        rows = [json.dumps(row, default=plain, ensure_ascii=False) for row in batch.to_pylist()]
        if rows:
            yield (separator + ",\n".join(rows)).encode()
            separator = ",\n"
    yield b"\n]}\n"
