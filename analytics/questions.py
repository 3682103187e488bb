"""Questions as SQL: a metric over filtered tables, who stands behind each of its rows, and what it had to leave out.

Compiling takes longer than most answers. A question is therefore compiled once for its shape, with stand-ins for the names and days that
are asked for, and these are written into the text afterwards.
"""

import copy
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from analytics import catalog, days, launch
from analytics.catalog import Metric
from analytics.catalog.metric import Counting
from analytics.dimensions import OF_DRIVERS, columns, with_made_columns
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS, behind
from analytics.tables import unbound

_WHOLE_SHIFTS: Final = "shift_activity"
"""Its rows with a mall are the shifts of that mall's drivers, a second view of the same hours; those without are all shifts once."""

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

_compiling = threading.Lock()


@dataclass(frozen=True)
class People:
    """Queries for the people behind each group in one table of facts.

    Attributes
    ----------
    table
        Table of facts.
    group
        Columns that make the groups; none for one row over everything.
    at_least_sql
        Rows, and how many people there are at the least, which for large groups is enough.
    exact_sql
        The same, with the people of small groups counted one by one.
    is_sparse
        The groups are places, of which many are small in any case.
    """

    table: str
    group: tuple[str, ...]
    at_least_sql: str
    exact_sql: str
    is_sparse: bool


@dataclass(frozen=True)
class Question:
    """SQL of a metric and its parameters, and the types of its columns; who is behind its rows; the rows left out."""

    sql: str
    schema: pa.Schema
    people: tuple[People, ...]
    left_out_sql: str | None


def question(metric: Metric, asked: Parameters) -> Question:
    """Return the SQL of a question.

    Parameters
    ----------
    metric, asked
        What is asked, with fields that the metric does not use at their defaults.
    """
    given = {field: value for field in _STAND_INS if (value := getattr(asked, field)) is not None}
    stood_for = {field: _STAND_INS[field] for field in given}
    shape = copy.copy(asked)
    for field, value in stood_for.items():
        object.__setattr__(shape, field, value)  # a stand-in is no real value, so that it is not checked as one
    compiled = _compiled(metric, shape)
    meant = {_literal(stood_for[field]): _literal(given[field]) for field in stood_for}
    if "start_on" in stood_for:
        before = timedelta(weeks=metric.history_weeks)
        meant[_literal(stood_for["start_on"] - before)] = _literal(given["start_on"] - before)
    pattern = re.compile("|".join(map(re.escape, meant))) if meant else None

    def written(sql: str) -> str:
        return pattern.sub(lambda found: meant[found.group()], sql) if pattern else sql

    return Question(
        sql=written(compiled.sql),
        schema=compiled.schema,
        people=tuple(
            People(each.table, each.group, written(each.at_least_sql), written(each.exact_sql), each.is_sparse) for each in compiled.people
        ),
        left_out_sql=None if compiled.left_out_sql is None else written(compiled.left_out_sql),
    )


def keys(metric: Metric, asked: Parameters) -> tuple[str, ...]:
    """Return the columns that name a row."""
    return (*columns(asked.by), *metric.keys)


def expression(metric: Metric, asked: Parameters) -> ir.Table:
    """Return the metric over filtered tables, sorted by what names the rows."""
    tables = _tables(metric, asked)
    options = {name: columns(asked.by) if name == "by" else getattr(asked, name) for name in metric.options}
    values = metric.function(*tables.values(), **options)
    named = keys(metric, asked)
    return _sorted(values.select(*named, *(name for name in values.columns if name not in named)), named)


def counting_rows(metric: Metric, asked: Parameters) -> dict[str, tuple[tuple[str, ...], ir.Table]]:
    """Return for each table of facts the columns of its groups, and the rows that count in the figures."""
    tables, asked_for, found = _tables(metric, asked), columns(asked.by), {}
    for name in metric.all_facts:
        # A table that does not know the place is counted over all places: orders have cells, drivers' hours have not.
        group = tuple(key for key in keys(metric, asked) if key in asked_for or key in tables[name].columns)
        found[name] = group, _known_beside(_counting(tables[name], name, metric, asked), name, tables, metric, asked)
    return found


def people_expressions(metric: Metric, asked: Parameters) -> dict[str, tuple[tuple[str, ...], ir.Table, ir.Table]]:
    """Return for each table of facts the columns of its groups, and who is behind each group: at the least, and exactly."""
    found = {}
    for name, (group, counting) in counting_rows(metric, asked).items():
        parts = metric.parts_of(counting, group, asked.service_s) if name == metric.facts else {}
        at_least, exact = (
            _sorted(behind(counting, SUBJECTS[name], by=group, parts=parts, is_exact=is_exact), group) for is_exact in (False, True)
        )
        found[name] = (group, at_least, exact)
        if name == "orders" and not OF_DRIVERS.isdisjoint(asked.by):
            carriers = (_sorted(behind(counting, SUBJECTS[CARRIERS], by=group, is_exact=is_exact), group) for is_exact in (False, True))
            found[CARRIERS] = (group, *carriers)
    return found


@lru_cache(maxsize=1024)
def _compiled(metric: Metric, asked: Parameters) -> Question:
    """Compile a question; each shape is compiled once per process, whatever the version."""
    with _compiling:  # Ibis makes no promise about compiling in several threads
        values = expression(metric, asked)
        people = tuple(
            People(name, group, _sql(at_least), _sql(exact), is_sparse=bool({"cell", "store_id"} & set(group)))
            for name, (group, at_least, exact) in people_expressions(metric, asked).items()
        )
        left_out = _left_out_expression(metric, asked)
        return Question(_sql(values), values.schema().to_pyarrow(), people, None if left_out is None else _sql(left_out))


def _sql(values: ir.Table) -> str:
    return str(ibis.to_sql(values, dialect="duckdb"))


def _literal(value: str | date | int) -> str:
    """Return a value as the compiler writes it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"MAKE_DATE({value.year}, {value.month}, {value.day})" if isinstance(value, date) else str(value)


def _sorted(values: ir.Table, named: tuple[str, ...]) -> ir.Table:
    return values.order_by([values[key].asc(nulls_first=False) for key in named]) if named else values


def _tables(metric: Metric, asked: Parameters) -> dict[str, ir.Table]:
    return {name: _filtered(name, metric, asked) for name in metric.tables}


def _filtered(name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Apply market, mall, period and hour of the week: once, alike for every metric; models take the mall as an option.

    A metric with ``history_weeks`` also sees as many weeks before the period, its rows marked by ``in_period``; one that takes ``dow`` or
    ``hour`` as an option sees all hours and chooses by itself.
    """
    rows = _of_place(name, metric, asked)
    if "local_date" not in rows.columns:
        return rows
    kept = _in_period(rows, asked, before=timedelta(weeks=metric.history_weeks))
    if name in catalog.FACTS:
        kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked) if slot not in metric.options]
    rows = rows.filter(*kept) if kept else rows
    if metric.history_weeks:
        rows = rows.mutate(in_period=ibis.literal(True) if asked.start_on is None else rows.local_date >= asked.start_on)
    if launch.COLUMN in keys(metric, asked) and name in catalog.FACTS:
        rows = launch.with_weeks_open(rows, unbound("malls"))
    named = keys(metric, asked) if name in {"orders", "drives", "offers"} else columns(asked.by)
    return with_made_columns(rows, named, asked.resolution, unbound) if name in catalog.FACTS else rows


def _of_place(name: str, metric: Metric, asked: Parameters) -> ir.Table:
    rows = unbound(name)
    if asked.market_id is not None:
        rows = rows.filter(_.market_id == asked.market_id)
    if asked.mall_id is not None and name in catalog.FACTS:
        return rows.filter(_.mall_id == asked.mall_id)
    if name == _WHOLE_SHIFTS:
        is_by_mall = metric.by_mall or not {"mall_id", launch.COLUMN}.isdisjoint(keys(metric, asked))
        rows = rows.filter(_.mall_id.notnull() if is_by_mall else _.mall_id.isnull())
    return rows


def _in_period(rows: ir.Table, asked: Parameters, *, before: timedelta = timedelta(0)) -> list[ir.BooleanValue]:
    start = [] if asked.start_on is None else [rows.local_date >= asked.start_on - before]
    end = [] if asked.end_on is None else [rows.local_date < asked.end_on]
    return start + end


def _slots(asked: Parameters) -> list[str]:
    """Return which parts of an hour of the week are asked for."""
    return [slot for slot in ("dow", "hour") if getattr(asked, slot) is not None]


def _counting(rows: ir.Table, name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Return the rows of a table of facts that count in the figures: in the period, at the hour, with what the metric needs."""
    wanted = metric.counting(name)
    if wanted.carried is not None:
        rows = wanted.carried(rows, columns(asked.by))
    kept = [rows[column].notnull() for column in wanted.needs]
    if not wanted.is_at_every_hour:
        kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked) if slot in metric.options]
    if wanted.carried is not None:
        kept += _in_period(rows, asked)
    elif metric.history_weeks:
        kept.append(rows.in_period)
    if wanted.where is not None:
        kept.append(wanted.where(rows))
    return rows.filter(*kept) if kept else rows


def _known_beside(rows: ir.Table, name: str, tables: Mapping[str, ir.Table], metric: Metric, asked: Parameters) -> ir.Table:
    """Keep the rows of a table of facts that the other table knows of too."""
    wanted = metric.counting(name)
    return wanted.known_beside(rows, tables[wanted.beside], columns(asked.by), asked.weight) if wanted.beside else rows


def _left_out_expression(metric: Metric, asked: Parameters) -> ir.Table | None:
    """Count the rows that the metric needs but cannot use, and those whose local day is unknown although a period was asked."""
    counted = [counts for name in metric.all_facts for counts in _left_out_of(name, metric, asked)]
    return reduce(lambda first, second: first.cross_join(second), counted) if counted else None


def _left_out_of(name: str, metric: Metric, asked: Parameters) -> list[ir.Table]:
    rows, wanted = _of_place(name, metric, asked), metric.counting(name)
    counts = []
    lacking = [rows[column].isnull() for column in (*wanted.needs, *wanted.missed)]
    if wanted.where is not None and wanted.left_out:
        lacking.append(~wanted.where(rows))
    if lacking:
        within = _in_period(rows, asked) + [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked)]
        expected = [rows.status == wanted.status] if wanted.status else []
        counts.append(rows.filter(*within, *expected, reduce(or_, lacking)).aggregate(**{wanted.left_out: _.count()}))
    if wanted.not_kept:
        counts.append(_not_kept(rows, wanted, metric, asked))
    if _in_period(rows, asked):
        dateless = f"{SUBJECTS[name].rows} without a local day, because their market is unknown"
        counts.append(rows.filter(rows.local_date.isnull()).aggregate(**{dateless: _.count()}))
    return counts


def _not_kept(rows: ir.Table, wanted: Counting, metric: Metric, asked: Parameters) -> ir.Table:
    """Count the rows that could count if the other table knew of them."""
    within = _in_period(rows, asked) + [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked)]
    within += [rows[column].notnull() for column in wanted.needs]
    if wanted.where is not None:
        within.append(wanted.where(rows))
    could = rows.filter(*within) if within else rows
    others = {wanted.beside: _filtered(wanted.beside, metric, asked)}
    known = _known_beside(could, wanted.table, others, metric, asked)
    both = could.aggregate(could_n=_.count()).cross_join(known.aggregate(known_n=_.count()))
    return both.select(**{wanted.not_kept: _.could_n - _.known_n})
