"""The mapping: a TOML file that says which file feeds which table, and which of its columns is which.

Without a mapping a file's name and its columns' names are those of the contract, and so are its units: seconds, meters, cents, and
UTC for times without an offset. With one, times without an offset are local: of ``time_zone``, else of the row's market.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from data.contracts import Column, Kind, Table, loadable_tables, table
from data.errors import MappingError
from data.remote import is_remote, refuse_credentials
from data.watermark import span_s

UNITS: dict[Kind, dict[str, float]] = {
    Kind.SECONDS: {"seconds": 1, "minutes": 60, "hours": 3600},
    Kind.METERS: {"meters": 1, "km": 1000, "miles": 1609.344, "feet": 0.3048},
    Kind.CENTS: {"cents": 1, "dollars": 100},
    Kind.INTEGER: {"square_feet": 0.09290304, "thousands": 1000},
}
"""Units that a source may use, by what the column holds, and how many of the contract's unit one of them is."""


@dataclass(frozen=True)
class Nearest:
    """Names of the source's columns with the pick-up point, and how far from it the mall may be."""

    latitude: str
    longitude: str
    within_m: float


@dataclass(frozen=True)
class Feed:
    """What the mapping says of one table.

    Attributes
    ----------
    table
        Contract of the table that is fed.
    file
        Path or glob; None for a table of one row made of constants.
    columns
        Contract column: name of the source's column, or several names whose texts are joined.
    constants
        Contract column: its value in every row.
    units
        Contract column: unit of the source, one of ``UNITS``.
    time_zone
        Zone of times without an offset; None: that of the row's market.
    date_formats
        Formats of times and days, as in ``strftime``, tried before ISO 8601.
    merge
        Rows of one key are expected to repeat (one row per item), and become one without a finding.
    nearest
        How ``mall_id`` follows from a pick-up point; orders only.
    sheet
        Sheet of a workbook; None: the one named after the table, else the only one.
    query, database
        Instead of a file: what to ask a PostgreSQL database, and the environment variable (``env:NAME``) with its connection.
    watermark, overlap_s
        Rising column of the source (not of the contract): only rows from its greatest loaded value on, less the overlap, are read.
    """

    table: Table
    file: str | None = None
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    date_formats: tuple[str, ...] = ()
    merge: bool = False
    nearest: Nearest | None = None
    sheet: str | None = None
    query: str | None = None
    database: str | None = None
    watermark: str | None = None
    overlap_s: int = 0

    @property
    def is_remote(self) -> bool:
        """Whether the rows must be fetched before they can be read."""
        return self.query is not None or (self.file is not None and is_remote(self.file))

    def factor(self, column: Column) -> float:
        """Return how many of the contract's units one unit of the source is."""
        unit = self.units.get(column.name)
        return UNITS[column.kind][unit] if unit else 1


@dataclass(frozen=True)
class Mapping:
    """A mapping: the file it was read from (None for text), and its feeds in the contracts' order."""

    path: Path | None
    feeds: tuple[Feed, ...]

    @classmethod
    def read(cls, path: Path | str) -> "Mapping":
        """Read a mapping file.

        Raises
        ------
        MappingError
            If the file cannot be read, is no TOML, or says something that the contracts do not know.
        """
        path = Path(path)
        try:
            text = path.read_text("utf-8-sig")
        except OSError as error:
            raise MappingError(f"{path}: the mapping cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise MappingError(f"{path}: the mapping is not UTF-8") from error
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, path: Path | None = None) -> "Mapping":
        """Make a mapping of its text; ``path`` is where relative files start from."""
        place = str(path or "mapping")
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MappingError(f"{place}: no valid TOML ({error})") from error
        contracts = {each.name: each for each in loadable_tables()}
        _refuse_unknown(raw, contracts, f"{place}: there is no table")
        feeds = [_feed(contracts[name], entry, f"{place} [{name}]") for name in contracts for entry in _entries(raw.get(name, []))]
        if not feeds:
            raise MappingError(f"{place}: the mapping names no table; `python -m data template` prints one to begin with")
        return cls(path, tuple(feeds))

    @property
    def folder(self) -> Path:
        """Folder that relative files start from."""
        return self.path.parent if self.path else Path()


def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping file; the same as ``Mapping.read``."""
    return Mapping.read(path)


def _entries(raw: Any) -> list[Any]:
    """Return the entries of one table: ``[orders]`` is one, ``[[orders]]`` any number."""
    return raw if isinstance(raw, list) else [raw]


def _feed(contract: Table, raw: Any, place: str) -> Feed:
    _expect(raw, dict, place)
    keys = ("file", "columns", "constants", "units", "time_zone", "date_formats", "merge", "nearest", "sheet", *_REMOTE_KEYS)
    _refuse_unknown(raw, keys, f"{place}: there is no key")
    loaded = {column.name: column for column in contract.loaded}
    for key in ("columns", "constants", "units"):
        _expect(raw.get(key, {}), dict, f"{place} {key}")
        _refuse_unknown(raw.get(key, {}), loaded, f"{place} {key}: a source cannot give a column")
    feed = Feed(
        contract,
        _optional(raw, "file", str, place),
        {name: _names(value, f"{place} columns.{name}") for name, value in raw.get("columns", {}).items()},
        {name: _plain(value, f"{place} constants.{name}") for name, value in raw.get("constants", {}).items()},
        {name: _unit(loaded[name], value, f"{place} units.{name}") for name, value in raw.get("units", {}).items()},
        _zone(_optional(raw, "time_zone", str, place), place),
        tuple(_texts(raw.get("date_formats", []), f"{place} date_formats")),
        bool(_optional(raw, "merge", bool, place)),
        _nearest(contract, raw.get("nearest"), place),
        _optional(raw, "sheet", str, place),
        **_remote(raw, place),
    )
    both = sorted(set(feed.columns) & set(feed.constants))
    if both:
        raise MappingError(f"{place}: {both[0]} is given by a column and by a constant; keep one of them")
    if feed.file is None and feed.query is None and not feed.constants:
        raise MappingError(f'{place}: name the file, such as file = "{contract.name}.csv"')
    return feed


_REMOTE_KEYS = ("query", "database", "watermark", "overlap")


def _remote(raw: dict[str, Any], place: str) -> dict[str, Any]:
    """Return what an entry says of a source that is not a local file; no message repeats an address, which may hold a password."""
    database = raw.get("database")
    if database is not None and not (isinstance(database, str) and re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", database)):
        raise MappingError(f'{place} database: name the environment variable that holds the connection, such as "env:MALLREACH_PG"')
    file, query, watermark, overlap = (_optional(raw, key, str, place) for key in ("file", "query", "watermark", "overlap"))
    if file is not None and is_remote(file):
        refuse_credentials(file, f"{place} file")
    if (query is None) != (database is None):
        raise MappingError(f'{place}: a query and its database = "env:NAME" belong together')
    if query is not None and not query.strip():
        raise MappingError(f"{place}: the query is empty")
    if query is not None and file is not None:
        raise MappingError(f"{place}: rows come from a file or from a query; keep one of them")
    if watermark is not None and query is None and not (file is not None and is_remote(file)):
        raise MappingError(f"{place}: a watermark belongs to a query or to Parquet at an address; local files are compared as a whole")
    if watermark is None and (overlap is not None or "$watermark" in (query or "")):
        raise MappingError(f'{place}: say which column rises, such as watermark = "updated_at"')
    try:
        overlap_s = span_s(overlap) if overlap else 0
    except ValueError as error:
        raise MappingError(f"{place} overlap: {error}") from error
    return {"query": query, "database": database, "watermark": watermark, "overlap_s": overlap_s}


def _nearest(contract: Table, raw: Any, place: str) -> Nearest | None:
    if raw is None:
        return None
    place = f"{place} nearest"
    if contract.name != "orders":
        raise MappingError(f"{place}: only orders find their mall by distance")
    _expect(raw, dict, place)
    keys = ("latitude", "longitude", "within_m")
    _refuse_unknown(raw, keys, f"{place}: there is no key")
    missing = [key for key in keys if key not in raw]
    if missing:
        raise MappingError(f"{place}: {missing[0]} is missing")
    within_m = raw["within_m"]
    if isinstance(within_m, bool) or not isinstance(within_m, int | float) or not within_m > 0:
        raise MappingError(f"{place}.within_m: a number of meters above 0 is needed, not {within_m!r}")
    _expect(raw["latitude"], str, f"{place}.latitude")
    _expect(raw["longitude"], str, f"{place}.longitude")
    return Nearest(raw["latitude"], raw["longitude"], float(within_m))


def _refuse_unknown(given: Iterable[str], known: Iterable[str], complaint: str) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
            raise MappingError(f"{complaint} {name!r}; {hint}")


def _expect(value: Any, kind: type, place: str) -> None:
    if not isinstance(value, kind):
        words = {dict: "a table", str: "a text", bool: "true or false", list: "a list"}
        raise MappingError(f"{place}: {words[kind]} is needed, not {value!r}")


def _optional(raw: dict[str, Any], key: str, kind: type, place: str) -> Any:
    if key in raw:
        _expect(raw[key], kind, f"{place} {key}")
    return raw.get(key)


def _names(value: Any, place: str) -> tuple[str, ...]:
    return tuple(_texts(value if isinstance(value, list) else [value], place))


def _texts(values: Any, place: str) -> list[str]:
    _expect(values, list, place)
    for value in values:
        _expect(value, str, place)
    return list(values)


def _plain(value: Any, place: str) -> str:
    if isinstance(value, dict | list | bool):
        raise MappingError(f"{place}: a text, a number or a date is needed, not {value!r}")
    return str(value)


def _unit(column: Column, unit: Any, place: str) -> str:
    _expect(unit, str, place)
    units = UNITS.get(column.kind)
    if units is None:
        raise MappingError(f"{place}: {column.name} is of kind {column.kind} and has no unit")
    _refuse_unknown([unit], units, f"{place}: there is no unit")
    return str(unit)


def _zone(zone: str | None, place: str) -> str | None:
    if zone is not None:
        _refuse_unknown([zone], sorted(available_timezones()), f"{place} time_zone: there is no zone")
    return zone


def template() -> str:
    """Return a commented mapping with every table and column of the contracts, to be cut down to what a source has."""
    head = [
        "# Mapping of source files to MallReach's tables. Keep the tables you have, delete the rest, and put your own column names on the",
        "# right. A column that bears the contract's name need not be listed. Paths are relative to this file.",
        "# Optional in every table: constants, units, time_zone, date_formats, merge; orders also: nearest. Instead of a local file: an",
        '# address (s3://, gs://, abfs://, https://), or query = "select ..." with database = "env:MALLREACH_PG"; see docs/sources.md.',
        "",
    ]
    return "\n".join([*head, *(line for contract in loadable_tables() for line in _template_lines(contract))])


def _template_lines(contract: Table) -> list[str]:
    has_times = any(column.kind is Kind.INSTANT for column in contract.loaded)
    lines = [f"# {contract.name}: {contract.grain}", f"[{contract.name}]", f'file = "{contract.name}*.csv"']
    if has_times:
        lines.append('# time_zone = "America/Phoenix"        # of times without an offset; else the market\'s')
        lines.append('# date_formats = ["%m/%d/%Y %H:%M"]     # else ISO 8601 or epoch seconds or milliseconds')
    if contract.name == "orders":
        lines.append("# merge = true                         # the source has one row per item; rows of one order become one")
        lines.append('# nearest = { latitude = "pickup_lat", longitude = "pickup_lon", within_m = 800 }  # mall_id by distance')
    constant = next((column.name for column in contract.loaded if column.name in ("market_id", "currency")), None)
    if constant:
        lines.append(f'# constants = {{ {constant} = "..." }}')
    with_units = [column for column in contract.loaded if column.kind in UNITS and column.kind is not Kind.INTEGER]
    if with_units:
        options = ", ".join(f'{column.name} = "{list(UNITS[column.kind])[1]}"' for column in with_units)
        lines.append(f"# units = {{ {options} }}")
    lines.append(f"[{contract.name}.columns]")
    return [*lines, *(_template_column(column) for column in contract.loaded), ""]


def _template_column(column: Column) -> str:
    remarks = [
        column.meaning,
        *(["required"] if column.required else []),
        *([f"one of {', '.join(column.choices)}"] if column.choices else []),
    ]
    return f'{column.name} = "{column.name}"  # {"; ".join(remarks)}'


CENSUS_COLUMNS = ("STATEFP", "COUNTYFP", "TRACTCE", "BLKGRPCE", "POPULATION", "LATITUDE", "LONGITUDE")
"""Header by which the Census Bureau's centers of population of block groups are recognized."""


def census_feed(file: str) -> Feed:
    """Return the feed of a Census Bureau file of block groups (``CenPop2020_Mean_BG*.txt``)."""
    columns = {
        "area_id": CENSUS_COLUMNS[:4],
        "county": CENSUS_COLUMNS[:2],
        "population": ("POPULATION",),
        "latitude": ("LATITUDE",),
        "longitude": ("LONGITUDE",),
    }
    return Feed(table("demand_areas"), file, columns)
