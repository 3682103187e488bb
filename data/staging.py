"""Staging: a source's columns renamed and cast to the contract's types, with a findable reason for every value that could not be read.

Everything is one SQL statement per source and table, in layers: ``r_`` the value as it stands in the source, ``q_`` the value cast, ``v_``
the value that the contract accepts. Bit masks (one bit per loaded column) say which values were lost on the way, so that ten million
rows need no text beside the numbers.

Times: floored to whole UTC seconds before anything is subtracted. With an offset, or as epoch seconds, milliseconds or microseconds, they
are absolute; else local. A local time that the clocks skipped is read with the offset before the change, so it moves forward by the hour
skipped; one that occurs twice is read as the second of the two (standard time).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data.cells import haversine_sql
from data.checks import reject_case
from data.contracts import CELL_RESOLUTION, TIMELINE, Column, Kind, Table
from data.derivations import lacks_year
from data.errors import MappingError
from data.mapping import Feed
from data.sources import Source, parquet

UTC = "UTC"

_DECIMAL_COMMA = "[-+]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+),[0-9]+"
_NUMBER_KINDS = (Kind.INTEGER, Kind.SECONDS, Kind.METERS, Kind.CENTS)
_ABSOLUTE_TYPES = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"}
_LOCAL_TYPES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}
_WHOLE_TYPES = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_EARLIEST, _LATEST = "TIMESTAMP '1900-01-01'", "TIMESTAMP '2200-01-01'"
_LARGEST_EXACT = 9e15
_LONGEST_SPAN = 3.2e9
_FIRST_PLAUSIBLE, _FIRST_IMPLAUSIBLE = "TIMESTAMP '2000-01-01'", "TIMESTAMP '2100-01-01'"
_LONGEST_WORD_FOR_NOTHING = 6
_WORDS_FOR_NOTHING = r"(?i)nan|nat|null|none|nil|n/a|#n/a|#n/a!|<na>|<nan>|\\n|-+"
_FIRST_OF_NOTHING = "nN#<-\\"
_CODES = "list_transform(regexp_split_to_array({raw}, '[ ,;]+'), lambda code: lpad(code, 5, '0'))"
OF_ROWS = ("#line", "#file")
"""Names by which a mapping speaks of a row's number in its file and of the file's name, where rows have no id."""
BETWEEN = "-"
"""What stands between the parts of an id that is made of several columns: 1 and 23 are not 12 and 3."""
_CODED = ("area_id",)
"""Ids whose parts are codes of fixed width that are written without anything between, such as a block group's."""
_NAMED = {
    "time_zone": "CASE WHEN {raw} IN (SELECT name FROM pg_timezone_names()) THEN {raw} END",
    "boundary_polygon": "CASE WHEN is_polygon({raw}) THEN {raw} END",
    "boundary_counties": f"array_to_string({_CODES}, ' ')",
    "county": "lpad({raw}, greatest(5, length({raw}))::INTEGER, '0')",
    "dropoff_cell": "cell_near({raw})",
    "shape": "CASE WHEN is_shape({raw}) THEN {raw} END",
    "week_start": "CASE WHEN try_cast({raw} AS BIGINT) <= 7 THEN try_cast({raw} AS BIGINT) END",
}
"""Columns whose text must be more than of their kind: a known zone, a polygon, codes with their leading zero, a weekday."""
_CHECKED_TEXTS = ("time_zone", "boundary_polygon", "shape")


@dataclass(frozen=True)
class Reading:
    """One source read for one table: the feed, where its records stand, and its number in this load.

    ``relation`` has the source's fields, ``__line`` and ``__fault``; ``zone`` is the zone of all its local times (None: that of each row's
    market). Where fields were joined or mended, ``source`` has them too, ``origin`` is the source as the file has it, and ``taken`` are its
    columns that something was made of.
    """

    position: int
    feed: Feed
    source: Source | None
    relation: str
    zone: str | None
    origin: Source | None = None
    taken: frozenset[str] = frozenset()

    @property
    def file(self) -> Source | None:
        """The source as the file has it."""
        return self.origin or self.source

    @property
    def table(self) -> Table:
        """Contract of the table that is fed."""
        return self.feed.table

    @property
    def given(self) -> frozenset[str]:
        """Contract columns that this source has."""
        return frozenset(column.name for column in self.table.loaded if self.raw(column)[0] != "NULL")

    @property
    def used(self) -> set[str]:
        """Columns of the file that something was taken from."""
        if self.source is None or self.origin:
            return set(self.taken)
        nearest = self.feed.nearest
        used = {name for names in self.feed.columns.values() for name in names}
        used |= {
            column.name for column in self.table.loaded if column.name not in self.feed.columns and column.name not in self.feed.constants
        }
        used |= {nearest.latitude, nearest.longitude} if nearest else set()
        places = {self.source.position(name) for name in used} - {None}
        return {name for place, name in enumerate(self.source.columns) if place in places}

    def raw(self, column: Column) -> tuple[str, str]:
        """Return the SQL of a column as it stands in the source, and its type; ``NULL`` where the source does not have it.

        Raises
        ------
        MappingError
            If the mapping names a column that the file does not have.
        """
        if column.name in self.feed.constants:
            return quoted(self.feed.constants[column.name]), "VARCHAR"
        names = self.feed.columns.get(column.name)
        if names is None:
            place = self.source.position(column.name) if self.source else None
            return ("NULL", "VARCHAR") if place is None else self.number(column.name, column.kind)
        if len(names) == 1:
            return self.number(names[0], column.kind)
        parts = [f"({self.id_of(*self.field(name))})" for name in names]
        if not column.name.endswith("_id") or column.name in _CODED:
            return " || ".join(parts), "VARCHAR"
        # An id with a part that is missing is missing: nan-17 names nothing.
        return f" || '{BETWEEN}' || ".join(f"CASE WHEN NOT {is_nothing_sql(part, column)} THEN {part} END" for part in parts), "VARCHAR"

    def number(self, name: str, kind: Kind) -> tuple[str, str]:
        """Return the SQL of a source's column and its type; a decimal comma is a point where the mapping says so and a number is wanted."""
        sql, type_ = self.field(name)
        if not self.feed.decimal_comma or type_ != "VARCHAR" or kind not in (*_NUMBER_KINDS, Kind.LATITUDE, Kind.LONGITUDE):
            return sql, type_
        return (
            f"CASE WHEN regexp_full_match({sql}, '{_DECIMAL_COMMA}') THEN replace(replace({sql}, '.', ''), ',', '.') ELSE {sql} END",
            type_,
        )

    def id_of(self, raw: str, kind: str) -> str:
        """Return the SQL of a value as an id: text, in which 17.0 is 17. Typed files have numbers for what is a number, and texts stay."""
        is_written = kind == "VARCHAR" and self.source is not None and not self.source.is_parquet
        return _without_fraction(raw) if is_written else text_of(raw, kind)

    def field(self, name: str) -> tuple[str, str]:
        """Return the SQL of a source's column, text without blanks around it, and its type."""
        if self.source is not None and name in OF_ROWS:
            return ("__line", "BIGINT") if name == OF_ROWS[0] else (quoted(self.source.name), "VARCHAR")
        place = self.source.position(name) if self.source else None
        if self.source is None or place is None:
            file = self.source.name if self.source else "a table of constants"
            raise MappingError(f"{self.table.name}: {file} has no column {name!r}; {_columns_in(self.source)}")
        kind = self.source.types[place]
        expression = identifier(self.source.columns[place]) if self.source.is_parquet else f"c{place}"
        # Typed files are spared the search for exotic blanks: it costs as much as reading the text.
        blanks = "" if self.source.is_parquet else f", {_BLANKS}"
        return (f"nullif(trim({expression}{blanks}), '')", kind) if kind == "VARCHAR" else (expression, kind)


def _columns_in(source: Source | None) -> str:
    return f"its columns are {', '.join(source.columns)}" if source else "name a file"


def quoted(text: str) -> str:
    """Return a text as SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def relation_of(source: Source | None, raw_table: str) -> str:
    """Return the SQL of a source's records with ``__line`` and ``__fault``; ``raw_table`` is where a CSV was read into."""
    if source is None:
        return "(SELECT 1 AS __line, NULL::VARCHAR AS __fault)"
    if source.is_parquet:
        return f"(SELECT *, file_row_number + 1 AS __line, NULL::VARCHAR AS __fault FROM {parquet(source)})"
    if source.has_lines:
        return f"(SELECT * EXCLUDE (fault, line), fault AS __fault, line AS __line FROM {raw_table})"
    return f"(SELECT * EXCLUDE (fault), fault AS __fault, rowid + 2 AS __line FROM {raw_table})"


def has_zone(table: Table) -> bool:
    """Whether a table's rows have instants and a market, so that local times and calendar columns follow from its zone."""
    return any(column.name == "local_hour" for column in table.columns)


def staged(reading: Reading, world: "World") -> str:
    """Return the SQL that stages one source for its table: content, ``fault``, masks, ``source`` and ``line``.

    Parameters
    ----------
    reading
        The source and its feed.
    world
        Names of the relations that hold the malls, markets and drivers as they are after this load.
    """
    table = reading.table
    layers = [_as_it_stands(reading), _cast(reading), _located(reading, world), *_followed(reading), *_doors(reading)]
    layers += [_plausible(reading), _accepted(reading)]
    sql, *above = layers  # names and words of a source stand in the first one alone, whatever they are
    for layer in above:
        sql = layer.replace("{below}", f"({sql})")
    zone_dependent = frozenset(column.name for column in table.loaded if column.kind is Kind.INSTANT)
    local = _local(table, has_doors=bool(_doors(reading)))
    content = ", ".join([*(f"v_{column.name} AS {column.name}" for column in table.loaded), *local])
    return (
        f"SELECT {content}, {reject_case(table, zone_dependent)} AS fault, unparsed, unlisted, negative, "
        f"spelled, untimely, "
        f"{reading.position}::INTEGER AS source, line FROM ({sql})"
    )


@dataclass(frozen=True)
class World:
    """Relations that staging looks things up in: malls and markets as they are after this load, and where demand is looked for.

    ``single_zone`` is the zone shared by all markets, or None; ``has_polygons`` whether a market's boundary is a polygon. ``stores``
    is None where no store is known to be in a mall.
    """

    malls: str
    markets: str
    drivers: str
    counties: str
    single_zone: str | None
    has_polygons: bool
    stores: str | None = None


def _as_it_stands(reading: Reading) -> str:
    columns, spelled = [], ["0"]
    for place, column in enumerate(reading.table.loaded):
        raw, kind = reading.raw(column)
        if kind == "VARCHAR" and raw != "NULL":
            is_nothing = is_nothing_sql(raw, column)
            spelled.append(f"coalesce({is_nothing}, false)::UINTEGER << {place}")
            raw = f"CASE WHEN NOT {is_nothing} THEN {raw} END"
        columns.append(f"{raw} AS r_{column.name}")
    columns.append(f"({' | '.join(f'({term})' for term in spelled)})::UINTEGER AS spelled")
    nearest = reading.feed.nearest
    if nearest:
        columns += [f"try_cast({reading.number(nearest.latitude, Kind.LATITUDE)[0]} AS DOUBLE) AS near_latitude"]
        columns += [f"try_cast({reading.number(nearest.longitude, Kind.LONGITUDE)[0]} AS DOUBLE) AS near_longitude"]
    spans = reading.feed.derivations.after.items()
    columns += [f"({reading.field(after.by)[0]})::VARCHAR AS by_{name}" for name, after in spans if isinstance(after.by, str)]
    return f"SELECT __line AS line, __fault AS fault, {', '.join(columns)} FROM {reading.relation}"


def is_nothing_sql(raw: str, column: Column) -> str:
    """Return the SQL of whether a text is a word for a missing value; ``NA`` may be a code where texts are held."""
    return is_word_for_nothing(raw, _WORDS_FOR_NOTHING if column.kind is Kind.TEXT else f"{_WORDS_FOR_NOTHING}|na")


def is_word_for_nothing(raw: str, words: str = _WORDS_FOR_NOTHING) -> str:
    """Return the SQL of whether a text is one of the words that mean nothing, given as a pattern."""
    # Length and first letter cost next to nothing, and hardly a value is left for the pattern. A list of six after IN would become a join.
    is_likely = f"strlen({raw}) <= {_LONGEST_WORD_FOR_NOTHING} AND contains({quoted(_FIRST_OF_NOTHING)}, left({raw}, 1))"
    return f"CASE WHEN {is_likely} THEN regexp_full_match({raw}, {quoted(words)}) ELSE false END"


def _cast(reading: Reading) -> str:
    columns = []
    for column in reading.table.loaded:
        if column.kind is Kind.INSTANT:
            raw, kind, formats = f"r_{column.name}", reading.raw(column)[1], reading.feed.date_formats
            absolute, naive = instant_of(raw, kind, formats)
            if column.name in reading.feed.derivations.whole_days:
                naive = end_of_day(naive)
            elif column.name == "promised_by" and kind in ("DATE", "VARCHAR"):
                naive = f"CASE WHEN {_is_day(raw, kind, formats)} THEN {end_of_day(naive)} ELSE {naive} END"
            columns += [f"{absolute} AS absolute_{column.name}", f"{naive} AS naive_{column.name}"]
        else:
            value = _value(reading, column) if column.name in reading.given else f"NULL::{column.kind.duckdb_type}"
            columns.append(f"{value} AS q_{column.name}")
    return f"SELECT *, {', '.join(columns)} FROM {{below}}"


def _value(reading: Reading, column: Column) -> str:
    """Return the SQL that casts one value; null where that cannot be done."""
    raw, kind = f"r_{column.name}", reading.raw(column)[1]
    if column.name in _NAMED:
        return _NAMED[column.name].replace("{raw}", f"{raw}::VARCHAR")
    if column.kind in _NUMBER_KINDS:
        return _number(raw, kind, column, reading.feed.factor(column))
    if column.kind is Kind.DAY:
        return day_of(raw, kind, reading.feed.date_formats, reading.feed.derivations.base_date)
    if column.kind in (Kind.LATITUDE, Kind.LONGITUDE):
        return f"CASE WHEN isfinite(try_cast({raw} AS DOUBLE)) THEN try_cast({raw} AS DOUBLE) END"
    if column.kind is Kind.TEXT:
        text = reading.id_of(raw, kind) if column.name.endswith("_id") else text_of(raw, kind)
        return f"lower({text})" if column.choices else text
    return f"cell_of({raw}::VARCHAR)" if column.kind is Kind.CELL else f"try_cast({raw} AS BOOLEAN)"


def text_of(raw: str, kind: str) -> str:
    """Return the SQL of a value as text."""
    if kind in ("DOUBLE", "FLOAT"):
        # Whole numbers beside nulls come as floats from some writers; 17.0 is the id 17.
        return f"CASE WHEN {raw} = floor({raw}) AND abs({raw}) < {_LARGEST_EXACT} THEN {raw}::BIGINT::VARCHAR ELSE {raw}::VARCHAR END"
    return raw if kind == "VARCHAR" else f"nullif(trim({raw}::VARCHAR, {_BLANKS}), '')"


def _without_fraction(raw: str) -> str:
    # Whole numbers beside nulls are written with a fraction by some programs. Looking at the end first costs next to nothing.
    is_whole = f"ends_with({raw}, '.0') AND regexp_full_match({raw}, '[0-9]+[.]0')"
    return f"CASE WHEN {is_whole} THEN left({raw}, strlen({raw}) - 2) ELSE {raw} END"


def _number(raw: str, kind: str, column: Column, factor: float) -> str:
    if kind in _WHOLE_TYPES and factor == 1:
        return f"try_cast({raw} AS BIGINT)"
    text = f"ltrim({raw}, '$')" if kind == "VARCHAR" and column.kind is Kind.CENTS else raw
    number = f"try_cast({text} AS DOUBLE)"
    # Cents and counts with a fraction are in another unit than said; meters and seconds may be measured finer than whole.
    is_measured = factor != 1 or column.kind in (Kind.SECONDS, Kind.METERS)
    is_whole = "" if is_measured else f" AND {number} = floor({number})"
    is_fit = f"isfinite({number}) AND abs({number}) * {factor} < {_LARGEST_EXACT}{is_whole}"
    return f"CASE WHEN {is_fit} THEN round({number} * {factor})::BIGINT END"


def day_of(raw: str, kind: str, formats: Sequence[str], base: str | None = None) -> str:
    """Return the SQL of a day, of one without a year from a base on; null where the value is none."""
    if kind != "VARCHAR":
        return f"try_cast({raw} AS DATE)"
    ways = [f"{each}::DATE" for each in with_year(raw, base, formats)]
    ways += [f"try_strptime({raw}, {_list(formats)})::DATE"] if formats else []
    return f"coalesce({', '.join([*ways, f'try_cast({raw} AS DATE)', f'try_cast({raw} AS TIMESTAMP)::DATE'])})"


def with_year(text: str, base: str | None, formats: Sequence[str]) -> Iterator[str]:
    """Yield the SQL of a time that is written without its year, by each format that has none: the first such moment from a day on."""
    for each in filter(lacks_year, formats if base else ()):
        year = int(str(base)[:4])
        this, next_ = (f"try_strptime('{number} ' || {text}, {quoted(f'%Y {each}')})" for number in (year, year + 1))
        yield f"CASE WHEN {this} >= TIMESTAMP '{base}' THEN {this} ELSE {next_} END"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(quoted(text) for text in texts)}]"


def instant_of(raw: str, kind: str, formats: Sequence[str]) -> tuple[str, str]:
    """Return the SQL of an instant that the value itself determines, and of a local time that needs a zone; one of them is null."""
    nothing = "NULL::TIMESTAMP"
    if kind in _ABSOLUTE_TYPES:
        # The same as AT TIME ZONE 'UTC', without the calendar that makes it three times as slow.
        return _bounded(f"make_timestamp(epoch_us({raw}::TIMESTAMPTZ))"), nothing
    if kind in _LOCAL_TYPES:
        return nothing, _bounded(f"try_cast({raw} AS TIMESTAMP)")
    if kind != "VARCHAR":
        return _bounded(_epoch(raw)), nothing
    # From the twelfth character on, an ISO time has a sign or a letter only if it names its offset.
    is_absolute = f"regexp_matches(substr({raw}, 12), '[-+A-Za-z]')"
    absolute = [f"CASE WHEN {is_absolute} THEN try_cast({raw} AS TIMESTAMPTZ) AT TIME ZONE '{UTC}' END", _epoch(raw)]
    naive = [f"CASE WHEN NOT {is_absolute} THEN try_cast({raw} AS TIMESTAMP) END"]
    zoned = [each for each in formats if "%z" in each]
    plain = [each for each in formats if "%z" not in each]
    if zoned:
        absolute.insert(0, f"try_strptime({raw}, {_list(zoned)})::TIMESTAMPTZ AT TIME ZONE '{UTC}'")
    if plain:
        naive.insert(0, f"try_strptime({raw}, {_list(plain)})")
    local = f"coalesce({', '.join(naive)})"
    if plain:
        # A format that was given goes before the guess at an epoch or an offset.
        absolute = [f"CASE WHEN try_strptime({raw}, {_list(plain)}) IS NULL THEN {each} END" for each in absolute]
    return _bounded(f"coalesce({', '.join(absolute)})"), _bounded(local)


def end_of_day(local: str) -> str:
    """Return the SQL of the last second of a local time's day."""
    return f"(date_trunc('day', {local}) + INTERVAL '86399 seconds')"


def _is_day(raw: str, kind: str, formats: Sequence[str]) -> str:
    """Return the SQL of whether a value names a day and no time of it."""
    days = [each for each in formats if not re.search("%-?[HIcXT]", each)]
    if kind == "DATE":
        return "true"
    written = f"strlen({raw}) = 10 AND try_cast({raw} AS DATE) IS NOT NULL"
    return f"coalesce(({written}){f' OR try_strptime({raw}, {_list(days)}) IS NOT NULL' if days else ''}, false)"


def _bounded(instant: str) -> str:
    return f"CASE WHEN {instant} >= {_EARLIEST} AND {instant} < {_LATEST} THEN {instant} END"


def _epoch(raw: str) -> str:
    """Return the SQL of epoch seconds, milliseconds or microseconds: told apart by their size, good for 1973 to 2286."""
    number = f"try_cast({raw} AS DOUBLE)"
    return (
        f"CASE WHEN {number} >= 1e8 AND {number} < 1e10 THEN make_timestamp(floor({number})::BIGINT * 1000000) "
        f"WHEN {number} >= 1e11 AND {number} < 1e13 THEN make_timestamp(floor({number} / 1e3)::BIGINT * 1000000) "
        f"WHEN {number} >= 1e14 AND {number} < 1e16 THEN make_timestamp(floor({number} / 1e6)::BIGINT * 1000000) END"
    )


def _located(reading: Reading, world: World) -> str:
    """Join what a row needs of its mall and market: the market itself, the zone, the mall's point; then local times become instants."""
    table = reading.table
    if table.name == "demand_areas":
        return _area_located(world)
    near = ["nearest_mall(near_latitude, near_longitude)"] if reading.feed.nearest else []
    if not has_zone(table):
        return f"SELECT * REPLACE (coalesce(q_mall_id, {near[0]}) AS q_mall_id) FROM {{below}}" if near else "SELECT * FROM {below}"
    known = world.stores if table.name == "orders" and "store_id" in reading.given else None
    store = f"LEFT JOIN {known} AS store ON store.store_id = raw.q_store_id" if known else ""
    mall = ", ".join(["raw.q_mall_id", *(["store.mall_id"] if known else []), *near])
    item = f"(SELECT raw.* REPLACE (coalesce({mall}) AS q_mall_id) FROM {{below}} AS raw {store})" if known or near else "{below}"
    driver = f"LEFT JOIN {world.drivers} AS driver ON driver.driver_id = item.q_driver_id" if table.name == "shifts" else ""
    market = "coalesce(item.q_market_id, mall.market_id" + (", driver.market_id)" if driver else ")")
    below = (
        f"SELECT item.* REPLACE ({market} AS q_market_id), mall.latitude AS mall_latitude, mall.longitude AS mall_longitude "
        f"FROM {item} AS item "
        f"LEFT JOIN {world.malls} AS mall ON mall.mall_id = item.q_mall_id {driver}"
    )
    single = quoted(world.single_zone) if world.single_zone else "NULL"
    own_zone = quoted(reading.zone) if reading.zone else f"coalesce(market.time_zone, {single})"
    below = (
        f"SELECT item.*, market.time_zone, market.week_start, {own_zone} AS zone "
        f"FROM ({below}) AS item LEFT JOIN {world.markets} AS market ON market.market_id = item.q_market_id"
    )
    instants = [column.name for column in table.loaded if column.kind is Kind.INSTANT]
    casts = [f"coalesce(absolute_{name}, {_in_utc(f'naive_{name}', reading.zone)}) AS q_{name}" for name in instants]
    return f"SELECT *, {', '.join(casts)} FROM ({below})"


def _followed(reading: Reading) -> list[str]:
    """Return layers that make events from other events, each after those that it is made from; what a source says itself goes before."""
    derived, layers = reading.feed.derivations, []
    for name in derived.events:
        ways = [f"q_{name}", *(f"q_{other}" for other in derived.first_of.get(name, ()))]
        after = derived.after.get(name)
        if after:
            span = number_in(f"by_{name}") if isinstance(after.by, str) else repr(after.by)
            ways.append(f"q_{after.event} + to_microseconds(round({span} * {after.factor} * 1e6)::BIGINT)")
        made = f"CASE WHEN q_{name} IS NULL AND {_made(ways)} IS NOT NULL THEN 'made' ELSE r_{name}::VARCHAR END AS r_{name}"
        layers.append(f"SELECT * REPLACE ({_bounded(_made(ways))} AS q_{name}, {made}) FROM {{below}}")
    return layers


def _made(ways: Sequence[str]) -> str:
    return f"coalesce({', '.join(ways)})"


def number_in(raw: str) -> str:
    """Return the SQL of the number in a text: all of it, or the only one among words, such as ``(min) 24``."""
    text = f"({raw})::VARCHAR"
    only = f"CASE WHEN len(regexp_extract_all({text}, '[0-9]+([.][0-9]+)?')) = 1 THEN regexp_extract({text}, '[0-9]+([.][0-9]+)?') END"
    number = f"coalesce(try_cast({text} AS DOUBLE), try_cast({only} AS DOUBLE))"
    return f"CASE WHEN abs({number}) < {_LONGEST_SPAN} THEN {number} END"


def _doors(reading: Reading) -> list[str]:
    """Return the layer of doors that are known by a cell or an area only: no point then, and the distance is that of the cell's middle."""
    if reading.table.name != "orders" or not reading.given & {"dropoff_cell", "is_dropoff_area"}:
        return []
    latitude, longitude = "q_dropoff_latitude", "q_dropoff_longitude"
    is_point = (
        f"coalesce(abs({latitude}) <= 90 AND abs({longitude}) <= 180 AND NOT ({latitude} = 0 AND {longitude} = 0) "
        f"AND isfinite({latitude}) AND isfinite({longitude}), false)"
    )
    is_coarse = f"NOT {is_point} AND resolution_of(r_dropoff_cell::VARCHAR) < {CELL_RESOLUTION}"
    first = f"SELECT *, {is_point} AS is_point, coalesce(q_is_dropoff_area, {is_coarse}, false) AS is_area FROM {{below}}"
    of_point = f"cell_at(CASE WHEN is_point THEN {latitude} END, CASE WHEN is_point THEN {longitude} END)"
    known = "is_point OR q_dropoff_cell IS NOT NULL"
    second = (
        f"SELECT * REPLACE (CASE WHEN NOT is_point THEN q_dropoff_cell WHEN is_area THEN {of_point} END AS q_dropoff_cell, "
        f"CASE WHEN q_dropoff_cell IS NULL THEN r_dropoff_cell END AS r_dropoff_cell, "
        f"CASE WHEN r_is_dropoff_area IS NULL OR q_is_dropoff_area IS NOT NULL THEN is_area AND ({known}) END AS q_is_dropoff_area, "
        + ", ".join(f"CASE WHEN NOT (is_point AND is_area) THEN {each} END AS {each}" for each in (latitude, longitude))
        + ", "
        + ", ".join(f"CASE WHEN NOT (is_point AND is_area) THEN r{each[1:]} END AS r{each[1:]}" for each in (latitude, longitude))
        + f"), CASE WHEN is_point THEN {latitude} END AS point_latitude, CASE WHEN is_point THEN {longitude} END AS point_longitude "
        f"FROM ({first})"
    )
    middle = [f"coalesce(point_{axis}, {axis}_of(q_dropoff_cell)) AS door_{axis}" for axis in ("latitude", "longitude")]
    return [f"SELECT *, {', '.join(middle)} FROM ({second})"]


def _in_utc(naive: str, zone: str | None) -> str:
    return naive if zone == UTC else f"(timezone(zone, {naive}) AT TIME ZONE '{UTC}')"


def _area_located(world: World) -> str:
    by_point = ", market_at(q_latitude, q_longitude)" if world.has_polygons else ""
    return (
        f"SELECT area.* REPLACE (coalesce(area.q_market_id, county.market_id{by_point}) AS q_market_id) FROM {{below}} AS area "
        f"LEFT JOIN {world.counties} AS county ON county.county = area.q_county"
    )


def is_plausible(instant: str) -> str:
    """Return the SQL of whether an instant can be one of retail delivery; before are zeros and wrong epochs, after are wrong years."""
    return f"({instant} >= {_FIRST_PLAUSIBLE} AND {instant} < {_FIRST_IMPLAUSIBLE})"


def _plausible(reading: Reading) -> str:
    """Drop optional instants that cannot be, and note all that cannot; a required one stays, and what is computed from it is null."""
    untimely, plausible = ["0"], []
    for place, column in enumerate(reading.table.loaded):
        if column.kind is Kind.INSTANT and column.name in reading.given:
            name = f"q_{column.name}"
            untimely.append(f"coalesce(NOT {is_plausible(name)}, false)::UINTEGER << {place}")
            if not column.required:
                plausible.append(f"CASE WHEN {is_plausible(name)} THEN {name} END AS {name}")
    content = f"* REPLACE ({', '.join(plausible)})" if plausible else "*"
    return f"SELECT {content}, ({' | '.join(f'({term})' for term in untimely)})::UINTEGER AS untimely FROM {{below}}"


def _accepted(reading: Reading) -> str:
    """Drop what the contract does not accept, and note it in the masks."""
    table = reading.table
    values, masks = [], {"unparsed": ["0"], "unlisted": ["0"], "negative": ["0"]}
    for place, column in enumerate(table.loaded):
        name, conditions = column.name, []
        if name in reading.given and (column.kind is not Kind.TEXT or name in _CHECKED_TEXTS):
            masks["unparsed"].append(f"(r_{name} IS NOT NULL AND q_{name} IS NULL)::UINTEGER << {place}")
        if column.choices and name in reading.given:
            conditions.append(f"q_{name} IN ({', '.join(quoted(choice) for choice in column.choices)})")
            masks["unlisted"].append(f"coalesce(NOT {conditions[-1]}, false)::UINTEGER << {place}")
        if column.minimum is not None and name in reading.given:
            conditions.append(f"q_{name} >= {column.minimum}")
            masks["negative"].append(f"coalesce(q_{name} < {column.minimum}, false)::UINTEGER << {place}")
        value = f"CASE WHEN {' AND '.join(conditions)} THEN q_{name} END" if conditions else f"q_{name}"
        value = f"date_trunc('second', q_{name})" if column.kind is Kind.INSTANT else value
        values.append(f"{_filled(table, name, value)} AS v_{name}")
    if table.name == "orders":
        masks["disorder"] = list(_disorder())
    # What could be read but cannot be true is not unreadable.
    lost = dict.fromkeys(masks, "") | {"unparsed": " & ~untimely"}
    # Shifts bind no tighter than bars here: every term needs its own brackets.
    bits = ", ".join(f"({' | '.join(f'({term})' for term in terms)})::UINTEGER{lost[mask]} AS {mask}" for mask, terms in masks.items())
    return f"SELECT *, {', '.join(values)}, {bits} FROM {{below}}"


def _disorder() -> Iterator[str]:
    """Yield a bit for every event that is earlier than the known event before it; seen before seconds are floored, which hides some."""
    before = f"q_{TIMELINE[0]}"
    yield "0"
    for place, event in enumerate(TIMELINE[1:]):
        yield f"coalesce(q_{event} < {before}, false)::UINTEGER << {place}"
        before = f"coalesce(q_{event}, {before})"


def _filled(table: Table, name: str, value: str) -> str:
    """Return a value with what the contract says where the source gives none."""
    if (table.name, name) == ("orders", "status"):
        return f"coalesce({value}, CASE WHEN r_status IS NULL AND q_delivered_at IS NOT NULL THEN 'delivered' END)"
    if (table.name, name) == ("orders", "is_dropoff_area"):
        return f"coalesce({value}, false)"
    defaults = {"currency": "'USD'", "week_start": "1"}
    return f"coalesce({value}, {defaults[name]})" if table.name == "markets" and name in defaults else value


def _local(table: Table, *, has_doors: bool) -> list[str]:
    if not has_zone(table):
        return []
    instant = table.sort[1]
    local_at = f"CASE WHEN {is_plausible(f'v_{instant}')} THEN timezone(time_zone, v_{instant} AT TIME ZONE '{UTC}') END"
    # Whether there is a zone is all that is asked later, and its name would be written with every row.
    extra = ["time_zone IS NOT NULL AS has_zone", "week_start", f"{local_at} AS local_at"]
    if table.name == "orders":
        door = ("door_latitude", "door_longitude") if has_doors else ("v_dropoff_latitude", "v_dropoff_longitude")
        distance = haversine_sql("mall_latitude", "mall_longitude", *door)
        extra += [f"{distance} AS distance_m", "disorder"]
    return extra
