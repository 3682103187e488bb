"""Source files: which there are, what they look like, and how DuckDB reads them record by record.

A CSV is read as text in file order, so that every fault can be named by its line: the record's number with the header as line 1. JSON
lines and the sheets of a workbook are read as text too; their lines are numbered as an editor and the workbook show them. A Parquet file
keeps its types; its line is the row's number, from 1. What is wrong with a whole file is one ``SourceError``, raised before anything is
written.
"""

import codecs
import csv
import gzip
import hashlib
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import pyarrow as pa

from data import geojson, json_lines, workbooks
from data.errors import SourceError
from data.rules import DIVIDED_BY

_TEXTS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
SUFFIXES = (".parquet", ".pq", *_TEXTS, *json_lines.SUFFIXES, *workbooks.SUFFIXES, *geojson.SUFFIXES)
"""Endings of the files that are taken from a folder; a file that is named itself may end otherwise."""

_CHUNK = 1 << 20
_SAMPLE_RECORDS = 50
_BATCH_RECORDS = 50_000
_DELIMITERS = ",;\t|"
_QUOTE = '"'


@dataclass(frozen=True)
class Source:
    """One file and how to read it.

    Attributes
    ----------
    path, sha256, bytes
        The file, the hash of its bytes as they stand, and their number.
    columns, types
        Names in file order, blanks around them removed, and their DuckDB types (``VARCHAR`` throughout for a CSV).
    is_parquet
        Parquet, else read as text.
    delimiter, encoding
        Of a CSV; else empty.
    notes
        What the reader should know, such as an encoding that had to be guessed.
    sheet
        Sheet of a workbook; else empty.
    json_paths
        Of JSON lines: where each column stands in an object; else empty.
    is_geojson
        A GeoJSON file, whose rows are its features.
    """

    path: Path
    sha256: str
    bytes: int
    columns: tuple[str, ...]
    types: tuple[str, ...]
    is_parquet: bool
    delimiter: str = ""
    encoding: str = ""
    notes: tuple[str, ...] = field(default=())
    sheet: str = ""
    json_paths: tuple[str, ...] = ()
    is_geojson: bool = False

    @property
    def name(self) -> str:
        """Name of the file without its folder, and of its sheet."""
        return f"{self.path.name}#{self.sheet}" if self.sheet else self.path.name

    @property
    def key(self) -> tuple[Path, str]:
        """What tells this source from every other: its file and sheet."""
        return self.path.resolve(), self.sheet

    @property
    def has_lines(self) -> bool:
        """Whether a record's line is not its number: sheets and JSON lines may have blank ones."""
        return bool(self.sheet or self.json_paths or self.is_geojson)

    def position(self, column: str) -> int | None:
        """Return where a column stands, or None: by its exact name, else by its name in any case.

        Raises
        ------
        SourceError
            If two columns bear the name.
        """
        for names, wanted in ((self.columns, column), (tuple(map(str.casefold, self.columns)), column.casefold())):
            found = [place for place, name in enumerate(names) if name == wanted]
            if len(found) > 1:
                raise SourceError(f"{self.path}: two columns are named {column!r}; rename one of them")
            if found:
                return found[0]
        return None


def expand(paths: Sequence[Path | str]) -> list[Path]:
    """Return the files that paths, folders and globs name, each once, in a stable order.

    Raises
    ------
    SourceError
        If a path names nothing, or a folder holds no file that can be loaded.
    """
    files = itertools.chain.from_iterable(_files(Path(path)) for path in paths)
    return list({path.resolve(): path for path in files}.values())


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and each.name.lower().endswith(SUFFIXES))
        found = [each for each in found if not any(part.startswith(".") for part in each.relative_to(path).parts)]
        if not found:
            raise SourceError(f"{path}: the folder holds no file that ends in {', '.join(SUFFIXES)}")
        return found
    if has_magic(str(path)):
        # glob here and not Path.glob: the pattern may be absolute.
        found = sorted(Path(each) for each in glob(str(path), recursive=True) if Path(each).is_file())  # noqa: PTH207
        if found:
            return found
    raise SourceError(f"{path}: there is no such file")


def described(path: Path) -> list[Source]:
    """Look at one file: a source, or one for every sheet of a workbook.

    Raises
    ------
    SourceError
        As ``describe``.
    """
    if not path.name.lower().endswith(workbooks.SUFFIXES):
        return [describe(path)]
    sha256 = _magic_and_hash(path)[1]
    found = workbooks.sheets(path)
    return [
        Source(path, sha256, path.stat().st_size, each.columns, ("VARCHAR",) * len(each.columns), is_parquet=False, sheet=each.name)
        for each in found
    ]


def describe(path: Path) -> Source:
    """Look at one file that is no workbook: hash, format, encoding, delimiter and columns.

    Raises
    ------
    SourceError
        If the file is empty, is not what its name says, or cannot be decoded.
    """
    magic, sha256 = _magic_and_hash(path)
    if magic == b"PAR1" or path.name.lower().endswith((".parquet", ".pq")):
        return _described_parquet(path, sha256)
    if magic.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceError(f"{path}: the file is UTF-16; save it as UTF-8")
    if path.name.lower().endswith(json_lines.SUFFIXES):
        return _described_json(path, sha256)
    if path.name.lower().endswith(geojson.SUFFIXES):
        names = tuple(geojson.columns(path))
        return Source(path, sha256, path.stat().st_size, names, ("VARCHAR",) * len(names), is_parquet=False, is_geojson=True)
    return _described_csv(path, sha256)


def _magic_and_hash(path: Path) -> tuple[bytes, str]:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: the file cannot be read ({error.strerror})") from error
    if not magic:
        raise SourceError(f"{path}: the file is empty; it lacks even a header")
    return magic, sha256


def _described_json(path: Path, sha256: str) -> Source:
    found = json_lines.columns(path, _literal_path(path), _compression(path))
    kinds = ("VARCHAR",) * len(found)
    return Source(path, sha256, path.stat().st_size, tuple(found), kinds, is_parquet=False, json_paths=tuple(found.values()))


def _described_parquet(path: Path, sha256: str) -> Source:
    with duckdb.connect() as connection:
        try:
            rows = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [_literal_path(path)]).fetchall()
        except duckdb.Error as error:
            raise SourceError(f"{path}: the file is no readable Parquet ({str(error).splitlines()[0]})") from error
    reserved = {"file_row_number", "__line", "__fault"} & {row[0].lower() for row in rows}
    if reserved:
        raise SourceError(f"{path}: a column cannot be named {reserved.pop()!r} here; rename it")
    return Source(path, sha256, path.stat().st_size, tuple(row[0] for row in rows), tuple(row[1] for row in rows), is_parquet=True)


def _described_csv(path: Path, sha256: str) -> Source:
    encoding = _encoding(path)
    with _text(path, encoding) as lines:
        sample = "".join(itertools.islice(lines, _SAMPLE_RECORDS * 4))
    if not sample.strip():
        raise SourceError(f"{path}: the file is empty; it lacks even a header")
    delimiter = _delimiter(sample)
    header = next(record for record in csv_records(io.StringIO(sample, newline=""), delimiter) if record)
    columns = tuple(name.strip() for name in header)
    notes = () if encoding == "utf-8" else (f"{path.name}: not UTF-8, so it was read as Latin-1",)
    return Source(
        path,
        sha256,
        path.stat().st_size,
        columns,
        ("VARCHAR",) * len(columns),
        is_parquet=False,
        delimiter=delimiter,
        encoding=encoding,
        notes=notes,
    )


def opened(path: Path) -> BinaryIO:
    """Open a file for reading bytes, unpacked if it is packed."""
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path, "rb")) if is_gzip else path.open("rb")


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(opened(path), encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def _encoding(path: Path) -> str:
    """Return ``utf-8`` if every byte of the file is, else ``latin-1``, in which every byte means something."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(path) as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    except (OSError, EOFError) as error:
        raise SourceError(f"{path}: the file cannot be unpacked ({error})") from error
    return "utf-8"


def _delimiter(sample: str) -> str:
    """Return the character that splits most records into as many fields as the header; more fields win, then the usual characters."""
    header = sample.lstrip().splitlines()[0]
    unusual = [each for each in dict.fromkeys(header) if not (each.isalnum() or each in _DELIMITERS + "\"'_-. ()/$%#")]
    best, best_score = ",", (0.0, 1)
    for candidate in [*_DELIMITERS, *unusual]:
        records = csv.reader(io.StringIO(sample, newline=""), delimiter=candidate)
        counts = [len(record) for record in itertools.islice(records, _SAMPLE_RECORDS) if record]
        score = (round(Counter(counts)[counts[0]] / len(counts), 2), counts[0])
        if counts[0] > 1 and score > best_score:
            best, best_score = candidate, score
    return " " if best_score == (0.0, 1) and _is_between_blanks(sample) else best


def _is_between_blanks(sample: str) -> bool:
    """Whether blanks divide the header, and no record has fewer fields than it."""
    records = [record for record in csv_records(io.StringIO(sample, newline=""), " ") if record][:_SAMPLE_RECORDS]
    return len(records) > 1 and 1 < len(records[0]) <= min(map(len, records))


def csv_records(lines: Iterable[str], delimiter: str, *, width: int = 0, strict: bool = False) -> Iterator[list[str]]:
    """Return the records of a text.

    Between blanks a record with as many fields as the header (``width``; that of the first record where not given) is taken as it is, with
    its empty fields. Else several blanks divide like one, and what is left at the end of the line belongs to the last column.
    """
    records = csv.reader(lines, delimiter=delimiter, strict=strict)
    return _words_of_lines(records, width) if delimiter == " " else records


def _words_of_lines(records: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for record in records:
        words = [field for field in record if field]
        width = width or len(words)
        if len(record) == width or len(words) <= width:
            yield record if len(record) == width else words
        else:
            yield [*words[: width - 1], " ".join(words[width - 1 :])]


def read(connection: duckdb.DuckDBPyConnection, source: Source, table: str) -> None:
    """Make a source of text available as a table: fields ``c0, c1, ...``, ``fault`` (null, or what is wrong with the record).

    The table's ``rowid`` is a CSV record's number from 0; the others have a column ``line``.

    Raises
    ------
    SourceError
        If the file breaks off inside a quoted field, or changes while it is read.
    """
    if source.json_paths:
        json_lines.read(connection, table, _literal_path(source.path), _compression(source.path), list(source.json_paths))
        return
    if source.sheet:
        _read_sheet(connection, source, table)
        return
    if source.is_geojson:
        geojson.read(connection, table, source.path, list(source.columns))
        return
    fields = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(source.columns)))
    statement = (
        f"CREATE TABLE {table} AS SELECT *, NULL::VARCHAR AS fault FROM read_csv(?, delim=?, columns={{{fields}}}, encoding=?, "
        "header=true, auto_detect=false, quote=?, escape=?, compression=?, strict_mode=true, nullstr='', max_line_size=16777216)"
    )
    values = [_literal_path(source.path), source.delimiter, source.encoding, _QUOTE, _QUOTE, _compression(source.path)]
    try:
        connection.execute(statement, values)
    except duckdb.Error:
        # Something in the file is against the rules: read it again slowly, record by record, to say which records and to keep the others.
        _read_slowly(connection, source, table)


def _compression(path: Path) -> str:
    """Return DuckDB's word for how a file is packed; said explicitly, because a packed file may bear any name."""
    with path.open("rb") as file:
        return "gzip" if file.read(2) == b"\x1f\x8b" else "none"


def _read_sheet(connection: duckdb.DuckDBPyConnection, source: Source, table: str) -> None:
    sheet = workbooks.sheet(source.path, source.sheet)
    if sheet.columns != source.columns:
        raise SourceError(f"{source.path}: the workbook changed while it was read; load it again")
    columns = list(zip(*(row for _, row in sheet.rows), strict=True)) or [()] * len(sheet.columns)
    arrays = [*(pa.array(column, pa.string()) for column in columns), pa.nulls(len(sheet.rows), pa.string())]
    names = [*(f"c{place}" for place in range(len(columns))), "fault", "line"]
    connection.register("rows_of_sheet", pa.table([*arrays, pa.array([number for number, _ in sheet.rows], pa.int64())], names=names))
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM rows_of_sheet")
    connection.unregister("rows_of_sheet")


def _read_slowly(connection: duckdb.DuckDBPyConnection, source: Source, table: str) -> None:
    width = len(source.columns)
    fields = ", ".join(f"c{place} VARCHAR" for place in range(width))
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({fields}, fault VARCHAR)")
    schema = pa.schema([*((f"c{place}", pa.string()) for place in range(width)), ("fault", pa.string())])
    for batch in _batches(source, width):
        columns = list(zip(*batch, strict=True)) if batch else []
        arrow = pa.table([pa.array(column, pa.string()) for column in columns], schema=schema)
        connection.register("batch_of_records", arrow)
        connection.execute(f"INSERT INTO {table} SELECT * FROM batch_of_records")
        connection.unregister("batch_of_records")


def _batches(source: Source, width: int) -> Iterator[list[tuple[str | None, ...]]]:
    with _text(source.path, source.encoding) as lines:
        reader = csv_records(lines, source.delimiter, width=width, strict=True)
        records = _records(source, reader, width)
        next(records)
        while batch := list(itertools.islice(records, _BATCH_RECORDS)):
            yield batch


def _records(source: Source, reader: Iterator[list[str]], width: int) -> Iterator[tuple[str | None, ...]]:
    """Yield every record, the header too, with ``width`` fields and its fault."""
    line = 0
    try:
        for record in reader:
            if not record:
                continue
            line += 1
            fault = None if len(record) == width else f"{len(record)} fields instead of {width}{_other_delimiter(source, record, width)}"
            padded = [*(field or None for field in record[:width]), *([None] * (width - len(record)))]
            yield (*padded, fault)
    except csv.Error as error:
        raise SourceError(f"{source.path}: record {line + 1} cannot be read ({error}); look for a quote that is never closed") from error


def _other_delimiter(source: Source, record: list[str], width: int) -> str:
    """Say so if a record that is one field here has as many as the header between other characters: two exports in one file."""
    others = [each for each in _DELIMITERS if each != source.delimiter and source.delimiter.join(record).count(each) == width - 1]
    return f", {DIVIDED_BY} {others[0]!r} instead of {source.delimiter!r}" if others and width > 1 else ""


def parquet(source: Source) -> str:
    """Return the SQL that reads a Parquet source, with the row's number from 0 as ``file_row_number``."""
    path = _literal_path(source.path).replace("'", "''")
    return f"read_parquet('{path}', file_row_number=true)"


def _literal_path(path: Path) -> str:
    """Return a path that DuckDB does not take for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
