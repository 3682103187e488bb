"""Questions as SQL: a metric over filtered tables, who stands behind each of its rows, and what it had to leave out.

Compiling takes longer than most answers. A question is therefore compiled once for its shape, with stand-ins for the names and days that
are asked for, and these are written into the text afterwards.
"""

import copy
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from analytics import days, hours
from analytics.asked_rows import days_of, days_that_count, filtered, filtered_tables, is_by_mall, keys, known_beside, that_count
from analytics.catalog import Metric
from analytics.catalog.metric import Hourly, tables_of
from analytics.dimensions import OF_DRIVERS, columns
from analytics.left_out import left_out
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS, behind
from analytics.tables import unbound as unbound  # noqa: PLC0414 -- offered here too

_STAND_INS: Final[Mapping[str, Any]] = {
    "market_id": "\N{INVISIBLE SEPARATOR}market\N{INVISIBLE SEPARATOR}",
    "mall_id": "\N{INVISIBLE SEPARATOR}mall\N{INVISIBLE SEPARATOR}",
    "start_on": date(1001, 1, 1),
    "end_on": date(1002, 1, 1),
    "dow": 1_000_000_007,
    "hour": 1_000_000_009,
}
"""Values that nobody asks for, by the field of ``Parameters`` that they stand for. A definition that is handed one may only compare it."""

CARRIERS: Final = "orders_of_drivers"
"""Orders once more, by who carried them: groups that tell of drivers need enough of these too."""

UNSURE: Final = "unsure"
"""Stands for a table of the groups whose people are to be counted one by one; its rows are written into the text."""

compiling = threading.Lock()
"""Held while expressions are made into SQL: Ibis makes no promise about compiling in several threads."""


@dataclass(frozen=True)
class People:
    """Queries for the people behind each group in one table of facts.

    Attributes
    ----------
    table
        Table of facts.
    group
        Columns that make the groups; none for one row over everything.
    metric, asked
        What is asked.
    from_days
        How many there are at the least is told from sums by day.
    """

    table: str
    group: tuple[str, ...]
    metric: Metric
    asked: Parameters
    from_days: bool

    @property
    def is_sparse(self) -> bool:
        """Whether the groups are places, of which many are small in any case."""
        return not {"cell", "store_id"}.isdisjoint(self.group)

    @property
    def at_least_sql(self) -> str:
        """Rows, and how many people there are at the least, which for large groups is enough."""
        return self._sql(is_exact=False)

    @property
    def exact_sql(self) -> str:
        """The same, with the people of small groups counted one by one."""
        return self._sql(is_exact=True)

    def _sql(self, *, is_exact: bool) -> str:
        """Compile on demand: of the two queries nearly every question needs one."""
        shape, written = _stood_for(self.metric, self.asked)
        if self.from_days and not is_exact and self.table != CARRIERS:
            return written(_behind_days_compiled(self.metric, shape, self.table, self.group))
        return written(_behind_compiled(self.metric, shape, self.table, is_exact=is_exact))


@dataclass(frozen=True)
class Question:
    """SQL of a metric and its parameters, and the types of its columns; who is behind its rows; the rows left out.

    ``sql`` is the definition; ``run_sql`` gives the same integers, and may read sums by day for it. ``kept`` are tables that some of these
    read and that have to be counted first, once for a version.
    """

    sql: str
    schema: pa.Schema
    run_sql: str
    people: tuple[People, ...]
    left_out_sql: str | None
    kept: tuple[days.Kept, ...] = ()


def question(metric: Metric, asked: Parameters, large: Collection[str] = ()) -> Question:
    """Return the SQL of a question.

    Parameters
    ----------
    metric, asked
        What is asked, with fields that the metric does not use at their defaults.
    large
        Tables of facts whose days are worth keeping: people and rows left out are told from these where they can be.
    """
    is_large = not set(metric.all_facts).isdisjoint(large)
    shape, written = _stood_for(metric, asked)
    compiled = _compiled(metric, shape, from_days=is_large and days.serve(metric, keys(metric, asked), asked), is_large=is_large)
    return replace(
        compiled,
        sql=written(compiled.sql),
        run_sql=written(compiled.run_sql),
        people=tuple(replace(each, asked=asked) for each in compiled.people),
        left_out_sql=None if compiled.left_out_sql is None else written(compiled.left_out_sql),
        kept=tuple(replace(each, sql=written(each.sql), part=asked.mall_id or "") if each.part else each for each in compiled.kept),
    )


def few_sql(people: People, part: str, groups: str) -> str:
    """Return the SQL that counts the people of some groups one by one.

    Parameters
    ----------
    people
        The people behind the groups of a question.
    part
        The part of each group whose people are meant; empty for the whole group.
    groups
        A subquery of the groups, which takes the place of ``UNSURE``; not looked at where there are no groups.

    Returns
    -------
    str
        A query with the columns of the groups and ``exactly``.
    """
    shape, written = _stood_for(people.metric, people.asked)
    # What is asked for is written in piece by piece: a mall may be called like the stand-in, quotes and all.
    return groups.join(map(written, _few_compiled(people.metric, shape, people.table, part).split(f'"{UNSURE}"')))


def _stood_for(metric: Metric, asked: Parameters) -> tuple[Parameters, Callable[[str], str]]:
    """Return the shape of a question, and what writes into its text what is asked."""
    given = {field: value for field in _STAND_INS if (value := getattr(asked, field)) is not None}
    stood_for = {field: _STAND_INS[field] for field in given}
    shape = copy.copy(asked)
    for field, value in stood_for.items():
        object.__setattr__(shape, field, value)  # a stand-in is no real value, so that it is not checked as one
    meant = {_literal(stood_for[field]): _literal(given[field]) for field in stood_for}
    if "start_on" in stood_for:
        before = timedelta(weeks=metric.history_weeks)
        meant[_literal(stood_for["start_on"] - before)] = _literal(given["start_on"] - before)
    pattern = re.compile("|".join(map(re.escape, meant))) if meant else None

    def written(sql: str) -> str:
        return pattern.sub(lambda found: meant[found.group()], sql) if pattern else sql

    return shape, written


def expression(metric: Metric, asked: Parameters) -> ir.Table:
    """Return the metric over filtered tables, sorted by what names the rows."""
    values = metric.function(*filtered_tables(metric, asked).values(), **_options(metric, asked))
    named = keys(metric, asked)
    return _sorted(values.select(*named, *(name for name in values.columns if name not in named)), named)


def _options(metric: Metric, asked: Parameters) -> dict[str, Any]:
    return {name: columns(asked.by) if name == "by" else getattr(asked, name) for name in metric.options}


def counting_rows(metric: Metric, asked: Parameters) -> dict[str, tuple[tuple[str, ...], ir.Table]]:
    """Return for each table of facts the columns of its groups, and the rows that count in the figures."""
    tables, asked_for, found = filtered_tables(metric, asked), columns(asked.by), {}
    for name in metric.all_facts:
        # A table that does not know the place is counted over all places: orders have cells, drivers' hours have not.
        group = tuple(key for key in keys(metric, asked) if key in asked_for or key in tables[name].columns)
        found[name] = group, known_beside(that_count(tables[name], name, metric, asked), name, tables, metric, asked)
    return found


def _counting_rows(metric: Metric, asked: Parameters) -> dict[str, tuple[ir.Table, tuple[str, ...], dict[str, ir.BooleanValue]]]:
    """Return for each table of facts the rows that count, the columns of its groups, and which rows stand behind each part."""
    found: dict[str, tuple[ir.Table, tuple[str, ...], dict[str, ir.BooleanValue]]] = {}
    for name, (group, counting) in counting_rows(metric, asked).items():
        found[name] = (counting, group, metric.parts_of(counting, group, asked.service_s) if name == metric.facts else {})
        if name == "orders" and not OF_DRIVERS.isdisjoint(asked.by):
            found[CARRIERS] = (counting, group, {})
    return found


@lru_cache(maxsize=1024)
def _behind_compiled(metric: Metric, asked: Parameters, table: str, *, is_exact: bool) -> str:
    with compiling:
        counting, group, parts = _counting_rows(metric, asked)[table]
        return _sql(_sorted(behind(counting, SUBJECTS[table], by=group, parts=parts, is_exact=is_exact), group))


@lru_cache(maxsize=1024)
def _behind_days_compiled(metric: Metric, asked: Parameters, table: str, group: tuple[str, ...]) -> str:
    with compiling:
        return _sql(_sorted(days.behind(metric, table, days_that_count(table, metric, asked), by=group), group))


@lru_cache(maxsize=1024)
def _few_compiled(metric: Metric, asked: Parameters, table: str, part: str) -> str:
    with compiling:
        rows, group, parts = _counting_rows(metric, asked)[table]
        rows = rows.filter(parts[part]) if part else rows
        people = rows.select(*group, person=SUBJECTS[table].of(rows))
        if group:
            unsure = ibis.table({name: people[name].type() for name in group}, name=UNSURE)
            people = people.semi_join(unsure, [people[name].identical_to(unsure[name]) for name in group]).select(*people.columns)
        return _sql(people.aggregate({"exactly": people.person.nunique()}, by=list(group)))


def _values_of_days(metric: Metric, asked: Parameters, schema: ibis.Schema) -> ir.Table:
    """Return the metric from its sums by day, with the columns and types that its function returns."""
    sums = [days_of(name, metric, asked, rows) for name, rows in days.sums_of(metric)]
    options = {name: getattr(asked, name) for name in metric.options if name != "by"}
    values = days.values(metric, sums, by=columns(asked.by), options=options)
    return _sorted(values.select(**{name: values[name].cast(type_) for name, type_ in schema.items()}), keys(metric, asked))


def _values_of_hours(metric: Metric, hourly: Hourly, asked: Parameters, schema: ibis.Schema) -> ir.Table:
    """Return the metric from the hours that are kept, with the columns and types that its function returns."""
    kept = hours.rows_of(hourly, is_by_mall=is_by_mall(metric, asked))
    kept = kept if asked.market_id is None else kept.filter(_.market_id == asked.market_id)
    kept = kept if asked.mall_id is None else kept.filter(_.mall_id == asked.mall_id)
    _first, *others = tables_of(hourly.told)
    values = hourly.told(kept, *(filtered(name, metric, asked) for name in others), **_options(metric, asked))
    return _sorted(values.select(**{name: values[name].cast(type_) for name, type_ in schema.items()}), keys(metric, asked))


@lru_cache(maxsize=1024)
def _compiled(metric: Metric, asked: Parameters, *, from_days: bool, is_large: bool) -> Question:
    """Compile a question; each shape is compiled once per process, whatever the version."""
    with compiling:
        values = expression(metric, asked)
        people = tuple(People(name, group, metric, asked, from_days) for name, (_, group, _) in _counting_rows(metric, asked).items())
        lost = left_out(metric, asked, from_days=from_days)
        sql, schema = _sql(values), values.schema()
        quick, kept = None, days.kept_by(metric, asked.mall_id) if from_days else ()
        if from_days and days.tell_values(metric, asked.mall_id):
            quick = _values_of_days(metric, asked, schema)
        elif is_large and metric.hourly:
            quick = _values_of_hours(metric, metric.hourly, asked, schema)
            kept = (hours.kept(metric.hourly, is_by_mall=is_by_mall(metric, asked)),)
        return Question(
            sql=sql,
            schema=schema.to_pyarrow(),
            run_sql=sql if quick is None else _sql(quick),
            people=people,
            left_out_sql=None if lost is None else _sql(lost),
            kept=kept,
        )


def _sql(values: ir.Table) -> str:
    return str(ibis.to_sql(values, dialect="duckdb"))


def _literal(value: str | date | int) -> str:
    """Return a value as the compiler writes it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"MAKE_DATE({value.year}, {value.month}, {value.day})" if isinstance(value, date) else str(value)


def _sorted(values: ir.Table, named: tuple[str, ...]) -> ir.Table:
    return values.order_by([values[key].asc(nulls_first=False) for key in named]) if named else values
