"""Columns of a second file put beside a source's rows by key; every row stays, with nulls where nothing matches.

A joined file's columns are called ``name.column``. They feed a contract's column only where the mapping names them, by that name or, where
no other column bears it, by the bare one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from data.chosen import chosen_rows, elements
from data.derivations import Chosen, Join
from data.errors import MappingError
from data.mapping import Feed
from data.sources import Source
from data.staging import OF_ROWS, Reading, identifier, quoted


@dataclass(frozen=True)
class Joined:
    """A join and the source that it names."""

    join: Join
    source: Source

    @property
    def is_area(self) -> bool:
        """Whether a point of it stands for an area: a polygon's inner point, or the median of many points."""
        return self.join.keep == "median" or self.source.is_geojson


def view(source: Source, joined: Sequence[Joined]) -> Source:
    """Return a source as it looks with the joined columns behind its own."""
    names, types = [*source.columns], [*source.types]
    for each in joined:
        names += [f"{each.join.name}.{column}" for column in each.source.columns]
        types += ["VARCHAR"] * len(each.source.types) if each.join.keep == "median" else [*each.source.types]
    return replace(source, columns=tuple(names), types=tuple(types))


def qualified(name: str, source: Source, joined: Sequence[Joined], place: str) -> str:
    """Return the full name of a column that a mapping names.

    Raises
    ------
    MappingError
        If no file has it, or only several joined ones.
    """
    if source.position(name) is not None or name in OF_ROWS:
        return name
    full = [(column, f"{each.join.name}.{column}") for each in joined for column in each.source.columns]
    found = [pair[1] for pair in full if name in pair]
    if not found:
        files = [f"{source.path} has no column {name!r}; it has {', '.join(source.columns)}"]
        files += [f"{each.source.name} (joined as {each.join.name}) has {', '.join(each.source.columns)}" for each in joined]
        raise MappingError(f"{place}: {'; '.join(files)}")
    if len(found) > 1:
        raise MappingError(f"{place}: several joined files have a column {name!r}; say which: {' or '.join(map(repr, found))}")
    return found[0]


def resolved(feed: Feed, source: Source, joined: Sequence[Joined]) -> Feed:
    """Return a feed with every source column named in full, and drop-offs that come of areas labelled so."""
    table = feed.table.name

    def full(name: str, where: str) -> str:
        return qualified(name, source, joined, f"{table}{where}")

    columns = {key: tuple(full(name, f".{key}") for name in names) for key, names in feed.columns.items()}
    nearest = feed.nearest
    if nearest:
        nearest = replace(nearest, latitude=full(nearest.latitude, " nearest"), longitude=full(nearest.longitude, " nearest"))
    after = {
        key: replace(each, by=full(each.by, f" after.{key}.by")) if isinstance(each.by, str) else each
        for key, each in feed.derivations.after.items()
    }
    rows = feed.derivations.rows
    rows = Chosen(*({full(name, " only, except"): words for name, words in each.items()} for each in (rows.only, rows.without)))
    constants = feed.constants
    areas = {each.join.name for each in joined if each.is_area}
    if table == "orders" and columns.get("dropoff_latitude", ("",))[0].split(".", 1)[0] in areas:
        constants = {"is_dropoff_area": "true", **constants}
    for place, each in enumerate(joined):
        for left, right in each.join.on:
            qualified(left, source, joined[:place], f"{table} join {each.join.name}.on")
            _require(each, right, f"{table} join {each.join.name}.on")
        if each.join.by:
            _require(each, each.join.by, f"{table} join {each.join.name}.by")
        for name in each.join.rows.columns:
            _require(each, name, f"{table} join {each.join.name}: only, except")
    derivations = replace(feed.derivations, after=after, rows=rows)
    return replace(feed, columns=columns, nearest=nearest, constants=constants, derivations=derivations)


def _require(joined: Joined, name: str, place: str) -> None:
    if joined.source.position(name) is None and name not in OF_ROWS:
        raise MappingError(f"{place}: {joined.source.path} has no column {name!r}; it has {', '.join(joined.source.columns)}")


def joined_relation(
    connection: duckdb.DuckDBPyConnection, reading: Reading, joined: Sequence[Joined], relations: Sequence[str]
) -> tuple[str, list[str]]:
    """Put joined columns beside a reading's records.

    Parameters
    ----------
    connection
        Where ``scratch`` is; a table ``scratch.joined_<reading>_<join>`` is made for every join.
    reading
        The source before anything is joined; its feed's names are in full.
    joined
        The joins, in the order in which they build on each other.
    relations
        SQL of the joined files' records, as ``relation_of`` gives it.

    Returns
    -------
    tuple of str and list of str
        The SQL of all records with all columns of ``view``, and what was done, in words.
    """
    sql, notes = reading.relation, []
    whole, first = view(reading.source, joined) if reading.source else None, len(reading.source.columns) if reading.source else 0
    for number, (each, relation) in enumerate(zip(joined, relations, strict=True)):
        before, table = sql, f"scratch.joined_{reading.position}_{number}"
        other = Reading(reading.position, reading.feed, each.source, relation, None)
        notes += [*_broken(connection, other, each.join), *_make(connection, table, other, each)]
        here = replace(reading, source=whole)
        keys = [
            (qualified(left, reading.source, joined[:number], "join"), f"__key_{place}")
            for place, (left, _) in enumerate(each.join.on)
            if reading.source
        ]
        same = " AND ".join(f"{here.id_of(*here.field(left))} = other.{right}" for left, right in keys)
        names = [_sql_name(whole, first + place) for place in range(len(each.source.columns))]
        columns = ", ".join(f"other.__v_{place} AS {name}" for place, name in enumerate(names))
        sql = f"(SELECT item.*, {columns} FROM {sql} AS item LEFT JOIN {table} AS other ON {same})"
        first += len(each.source.columns)
        absent = f"SELECT count(*) FROM {before} AS item WHERE NOT EXISTS (SELECT 1 FROM {table} AS other WHERE {same})"
        (unmatched,) = connection.execute(absent).fetchone() or (0,)
        if unmatched:
            notes.append(f"{reading.table.name}: {unmatched:,} rows have no match in {each.source.name}; they stay")
    return sql, notes


def _sql_name(source: Source | None, place: int) -> str:
    return identifier(source.columns[place]) if source and source.is_parquet else f"c{place}"


def _broken(connection: duckdb.DuckDBPyConnection, other: Reading, join: Join) -> list[str]:
    """Return in words how many records of a joined file are broken: they are no rows of a table, so that no finding tells of them."""
    sql = f"SELECT count(*), min(__line) FROM {other.relation} WHERE __fault IS NOT NULL"
    count, line = connection.execute(sql).fetchone() or (0, None)
    if not count or other.source is None:
        return []
    what = "they are left out" if join.rows.columns else "they are joined with the fields that they have"
    return [f"{other.table.name}: broken records of {other.source.name}: {count:,}, the first in line {line:,}; {what}"]


def _make(connection: duckdb.DuckDBPyConnection, table: str, other: Reading, joined: Joined) -> list[str]:
    """Write the joined file with one row per key; return what was done about several, in words."""
    join, columns = joined.join, joined.source.columns
    other = replace(other, relation=chosen_rows(other, join.rows, keeps_broken=False))
    keys = [
        f"{f'unnest({elements(other, right)})' if right == join.split else other.id_of(*other.field(right))} AS __key_{place}"
        for place, (_, right) in enumerate(join.on)
    ]
    names = ", ".join(f"__key_{place}" for place in range(len(keys)))
    values = [f"{other.field(name)[0]} AS __v_{place}" for place, name in enumerate(columns)]
    rank = _rank(other, join) if join.by else "NULL"
    known = " AND ".join(f"__key_{place} IS NOT NULL" for place in range(len(keys)))
    rows = f"SELECT * FROM (SELECT {', '.join([*keys, *values])}, {rank} AS __rank, __line FROM {other.relation}) WHERE {known}"
    repeated, total = connection.execute(
        f"SELECT count(*) FILTER (n > 1), count(*) FROM (SELECT count(*) AS n FROM ({rows}) GROUP BY {names})"
    ).fetchone() or (0, 0)
    if repeated and join.keep is None:
        raise MappingError(_several(connection, rows, names, other, joined))
    if join.keep == "median":
        medians = ", ".join(f"{_median(f'__v_{place}')} AS __v_{place}" for place in range(len(columns)))
        connection.execute(f"CREATE TABLE {table} AS SELECT {names}, {medians} FROM ({rows}) GROUP BY {names}")
        return [f"{other.table.name}: each key of {joined.source.name} stands for the median of its rows ({total:,} keys)"]
    way = "DESC" if join.keep == "last" else "ASC"
    connection.execute(
        f"CREATE TABLE {table} AS SELECT * EXCLUDE (__rank, __line) FROM ({rows}) "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY __rank {way} NULLS LAST, __line {way}) = 1"
    )
    if not repeated:
        return []
    several = f"{repeated:,} of {total:,} keys of {joined.source.name} have several rows"
    return [f"{other.table.name}: {several}; the {join.keep} by {join.by} was kept"]


def _median(value: str) -> str:
    """Return the SQL of the median of a group's numbers as text; of words the first."""
    number = f"try_cast({value} AS DOUBLE)"
    return f"coalesce((median({number}) FILTER (isfinite({number})))::VARCHAR, min({value}::VARCHAR))"


def _rank(other: Reading, join: Join) -> str:
    """Return the SQL of what several matches are ordered by: as numbers, else as times, else as texts."""
    raw, kind = other.field(join.by or "")
    if kind != "VARCHAR":
        return raw
    formats = other.feed.date_formats
    times = [f"try_strptime({raw}, [{', '.join(map(quoted, formats))}])"] if formats else []
    time = f"coalesce({', '.join([*times, f'try_cast({raw} AS TIMESTAMP)'])})"
    return f"struct_pack(number := try_cast({raw} AS DOUBLE), at := {time}, word := {raw})"


def _several(connection: duckdb.DuckDBPyConnection, rows: str, names: str, other: Reading, joined: Joined) -> str:
    sql = f"SELECT {names} FROM ({rows}) GROUP BY {names} HAVING count(*) > 1 ORDER BY {names} LIMIT 1"
    example = ", ".join(str(value) for value in connection.execute(sql).fetchone() or ())
    keys = ", ".join(right for _, right in joined.join.on)
    return (
        f"{other.table.name} join {joined.join.name}: {joined.source.name} has several rows of {keys} {example}; say which to keep, "
        'such as keep = "last", by = "a column", or keep = "median"'
    )
