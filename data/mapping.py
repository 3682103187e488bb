"""The mapping: a TOML file that says which file feeds which table, and which of its columns is which.

Without a mapping a file's name and its columns' names are those of the contract, and so are its units: seconds, meters, cents, and
UTC for times without an offset. With one, times without an offset are local: of ``time_zone``, else of the row's market.
"""

import math
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from data.contracts import Column, Kind, Table, loadable_tables, table
from data.derivations import KEYS, LENGTHS, NONE, PICKUP, SPANS, Derivations, derivations, lacks_year
from data.errors import MappingError
from data.remote import is_remote, refuse_credentials
from data.toml_checks import expect, names, optional, plain, refuse_unknown, required, texts
from data.watermark import span_s

UNITS: dict[Kind, dict[str, float]] = {
    Kind.SECONDS: {"seconds": 1, "minutes": 60, "hours": 3600},
    Kind.METERS: dict(LENGTHS),
    Kind.CENTS: {"cents": 1, "dollars": 100},
    Kind.INTEGER: {"square_feet": 0.09290304, "thousands": 1000},
    Kind.INSTANT: {unit: seconds for unit, seconds in SPANS.items() if unit != "days"},
    **{kind: {"degrees": 1, "microdegrees": 1e-6, "e7": 1e-7, "radians": 180 / math.pi} for kind in (Kind.LATITUDE, Kind.LONGITUDE)},
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
        How ``mall_id`` follows from a pick-up point; orders and stores.
    sheet
        Sheet of a workbook; None: the one named after the table, else the only one.
    decimal_comma
        Texts of numbers have a comma before their fraction, and may have points between thousands.
    query, database
        Instead of a file: what to ask a PostgreSQL database, and the environment variable (``env:NAME``) with its connection.
    watermark, overlap_s
        Rising column of the source (not of the contract): only rows from its greatest loaded value on, less the overlap, are read.
    derivations
        What else is made of the source's columns.
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
    decimal_comma: bool = False
    query: str | None = None
    database: str | None = None
    watermark: str | None = None
    overlap_s: int = 0
    derivations: Derivations = NONE

    @property
    def is_remote(self) -> bool:
        """Whether the rows must be fetched before they can be read."""
        files = [self.file or "", *(join.file for join in self.derivations.joins)]
        return self.query is not None or any(is_remote(file) for file in files)

    def factor(self, column: Column) -> float:
        """Return how many of the contract's units one unit of the source is."""
        return self.factor_of(column.name, column.kind)

    def factor_of(self, name: str, kind: Kind) -> float:
        """Return the same for a name that may be that of the pick-up point; a unit may be a number."""
        unit = self.units.get(name)
        return 1 if unit is None else UNITS[kind].get(unit) or float(unit)


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
        market_id = optional(raw, "market_id", str, place)
        refuse_unknown(raw, [*contracts, "market_id"], f"{place}: there is no table")
        feeds = [_feed(contracts[name], entry, f"{place} [{name}]") for name in contracts for entry in _entries(raw.get(name, []))]
        if not feeds:
            raise MappingError(f"{place}: the mapping names no table; `python -m data template` prints one to begin with")
        return cls(path, tuple(feeds if market_id is None else (_in_market(feed, market_id) for feed in feeds)))

    @property
    def folder(self) -> Path:
        """Folder that relative files start from."""
        return self.path.parent if self.path else Path()


def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping file; the same as ``Mapping.read``."""
    return Mapping.read(path)


def _in_market(feed: Feed, market_id: str) -> Feed:
    """Return a feed whose rows are all of one market, unless the entry itself says which; of markets it is the key."""
    has_market = any(column.name == "market_id" for column in feed.table.loaded)
    if not has_market or feed.derivations.infer or "market_id" in feed.columns:
        return feed
    return replace(feed, constants={"market_id": market_id, **feed.constants})


def _entries(raw: Any) -> list[Any]:
    """Return the entries of one table: ``[orders]`` is one, ``[[orders]]`` any number."""
    return raw if isinstance(raw, list) else [raw]


def _feed(contract: Table, raw: Any, place: str) -> Feed:
    expect(raw, dict, place)
    keys = (
        "file",
        "columns",
        "constants",
        "units",
        "time_zone",
        "date_formats",
        "merge",
        "nearest",
        "sheet",
        "decimal_comma",
        *_REMOTE_KEYS,
        *KEYS,
    )
    refuse_unknown(raw, keys, f"{place}: there is no key")
    loaded = {column.name: column for column in contract.loaded}
    for key in ("columns", "constants", "units"):
        expect(raw.get(key, {}), dict, f"{place} {key}")
        known = [*loaded, *(PICKUP if key == "units" and "nearest" in raw else ())]
        refuse_unknown(raw.get(key, {}), known, f"{place} {key}: a source cannot give a column")
    feed = Feed(
        contract,
        optional(raw, "file", str, place),
        {name: names(value, f"{place} columns.{name}") for name, value in raw.get("columns", {}).items()},
        {name: plain(value, f"{place} constants.{name}") for name, value in raw.get("constants", {}).items()},
        {name: _unit(name, _kind(loaded, name), value, f"{place} units.{name}") for name, value in raw.get("units", {}).items()},
        _zone(optional(raw, "time_zone", str, place), place),
        tuple(texts(raw.get("date_formats", []), f"{place} date_formats")),
        bool(optional(raw, "merge", bool, place)),
        _nearest(contract, raw.get("nearest"), place),
        optional(raw, "sheet", str, place),
        bool(optional(raw, "decimal_comma", bool, place)),
        derivations=derivations(contract, raw, place),
        **_remote(raw, place),
    )
    for join in (each for each in feed.derivations.joins if is_remote(each.file)):
        refuse_credentials(join.file, f"{place} join {join.name}")
    both = sorted(set(feed.columns) & set(feed.constants))
    if both:
        raise MappingError(f"{place}: {both[0]} is given by a column and by a constant; keep one of them")
    _refuse_unfit(feed, place)
    if feed.file is None and feed.query is None and not feed.constants and not feed.derivations.infer:
        raise MappingError(f'{place}: name the file, such as file = "{contract.name}.csv"')
    return feed


def _kind(loaded: dict[str, Column], name: str) -> Kind:
    return loaded[name].kind if name in loaded else Kind.LATITUDE


def _refuse_unfit(feed: Feed, place: str) -> None:
    """Refuse what no single key shows: an inferred table with a file, clocks without a day, coordinates with two scales."""
    derived, table = feed.derivations, feed.table
    if derived.infer and (feed.file or feed.query or feed.columns):
        raise MappingError(f"{place}: {table.name} are inferred from {derived.infer}, or read from a file; keep one of them")
    if feed.file is None and feed.query is None and derived.rows.columns:
        raise MappingError(f"{place}: only and except choose rows of a file, and {table.name} have none here")
    for name in feed.units:
        kind = Kind.LATITUDE if name in PICKUP else table.column(name).kind
        if kind is Kind.INSTANT and derived.base_date is None and len(feed.columns.get(name, ())) < 2:
            raise MappingError(f'{place} units.{name}: {feed.units[name]} after midnight of which day? Add base_date = "2026-03-02"')
        if kind in (Kind.LATITUDE, Kind.LONGITUDE) and derived.planar:
            raise MappingError(f"{place} units.{name}: planar coordinates have their unit in planar.unit")
    if derived.base_date is None and any(map(lacks_year, feed.date_formats)):
        without = next(filter(lacks_year, feed.date_formats))
        raise MappingError(
            f"{place} date_formats: {without} has no year; say from which day on the data are, such as base_date = "
            '"2026-03-02": a day then is the first of its name from there on'
        )
    both = sorted({*derived.first_of, *derived.after} & feed.constants.keys())
    if both:
        raise MappingError(f"{place}: {both[0]} is made from other events and given by a constant; keep one of them")


_REMOTE_KEYS = ("query", "database", "watermark", "overlap")


def _remote(raw: dict[str, Any], place: str) -> dict[str, Any]:
    """Return what an entry says of a source that is not a local file; no message repeats an address, which may hold a password."""
    database = raw.get("database")
    if database is not None and not (isinstance(database, str) and re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", database)):
        raise MappingError(f'{place} database: name the environment variable that holds the connection, such as "env:MALLREACH_PG"')
    file, query, watermark, overlap = (optional(raw, key, str, place) for key in ("file", "query", "watermark", "overlap"))
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
    if contract.name not in ("orders", "stores"):
        raise MappingError(f"{place}: only orders and stores find their mall by distance")
    expect(raw, dict, place)
    keys = ("latitude", "longitude", "within_m")
    refuse_unknown(raw, keys, f"{place}: there is no key")
    required(raw, keys, place)
    within_m = raw["within_m"]
    if isinstance(within_m, bool) or not isinstance(within_m, int | float) or not within_m > 0:
        raise MappingError(f"{place}.within_m: a number of meters above 0 is needed, not {within_m!r}")
    expect(raw["latitude"], str, f"{place}.latitude")
    expect(raw["longitude"], str, f"{place}.longitude")
    return Nearest(raw["latitude"], raw["longitude"], float(within_m))


def _unit(name: str, kind: Kind, unit: Any, place: str) -> str:
    units = UNITS.get(kind)
    if units is None:
        raise MappingError(f"{place}: {name} is of kind {kind} and has no unit")
    if kind in (Kind.LATITUDE, Kind.LONGITUDE) and isinstance(unit, int | float) and not isinstance(unit, bool) and unit > 0:
        return str(float(unit))
    expect(unit, str, place)
    refuse_unknown([unit], units, f"{place}: there is no unit")
    return str(unit)


def _zone(zone: str | None, place: str) -> str | None:
    if zone is not None:
        refuse_unknown([zone], sorted(available_timezones()), f"{place} time_zone: there is no zone")
    return zone


def template() -> str:
    """Return a commented mapping with every table and column of the contracts, to be cut down to what a source has."""
    head = [
        "# Mapping of source files to MallReach's tables. Keep the tables you have, delete the rest, and put your own column names on the",
        "# right. A column that bears the contract's name need not be listed. Paths are relative to this file.",
        "# What a source does not say so, a mapping can derive: rows that count (only, except), words, joins of files, logs and lists,",
        '# ids ("#line", "#file"), times of day, days without a year, places, inferred tables; see docs/loading.md.',
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
    with_units = [column for column in contract.loaded if column.kind in (Kind.SECONDS, Kind.METERS, Kind.CENTS)]
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
