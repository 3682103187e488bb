"""The one door to the warehouse: a metric, its parameters, who asks and a version make a table that may be shown."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from analytics import attraction, catalog, launch, notes, reference
from analytics.catalog import Metric
from analytics.dimensions import columns, with_made_columns
from analytics.errors import ParameterError
from analytics.finish import with_figures
from analytics.parameters import Parameters, Scope, check_scope
from analytics.privacy import SUBJECTS, Booleans, Integers, at_least, behind, hidden_parts, is_hidden
from data.contracts import Kind, table
from data.engine import Engine
from data.warehouse import Version

_ROWS, _PEOPLE, _BUCKETS = "rows_behind", "people_behind", "buckets_behind"
_OTHERS = "behind_"
_SECRET_KINDS = frozenset({Kind.LATITUDE, Kind.LONGITUDE})
_SECRET_COLUMNS = frozenset({"home_cell"})
_TYPES = {Kind.TEXT: "string", Kind.BOOLEAN: "boolean", Kind.INSTANT: "timestamp", Kind.DAY: "date"}
_PARTS_HIDDEN = "figures with {too_few} behind them are empty, and so are those from which they would follow"
_WHOLE_SHIFTS = "shift_activity"
"""Its rows with a mall are the shifts of that mall's drivers, a second view of the same hours; those without are all shifts once."""

_compiling = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """A table that may be shown, and everything that must be said beside it.

    Attributes
    ----------
    table
        One row per group, sorted. The columns that name the group, the metric's values (null where hidden), figures made from them
        (``share``, ``low``, ``high``, ``mean_s``, ``cell_area_m2``), and ``suppressed``.
    metric, parameters, scope
        What was asked; parameters that the metric does not use are back at their defaults, and a modelled metric of one mall is asked of
        the mall's own market.
    version_id, is_synthetic
        What it was asked of.
    sql
        The query that ran: the same text gives the same integers in any DuckDB that has the version's tables.
    k
        Fewest people behind a shown row, of those in the metric's first table of facts; 0 where no person stands behind the figures.
    rows_behind
        Rows of the metric's first table of facts (orders, offers, trips, hours of shifts) that count in the table, those in hidden rows
        too; 0 for modelled metrics, and where every row is hidden: the number would tell what the rows must not. None where the hidden
        rows together have fewer than k people behind them: the shown rows taken from the total would tell how many orders these few
        placed.
    hidden_share
        Part of these in hidden rows, 0 to 1; where ``rows_behind`` is None, what it is at most.
    left_out
        Rows of the filter that could not count, by reason in words; empty where there are none or every row is hidden.
    note
        What a reader must know about the figures, such as the model behind them.
    """

    table: pa.Table
    metric: Metric
    parameters: Parameters
    scope: Scope
    version_id: str
    is_synthetic: bool
    sql: str
    k: int = 0
    rows_behind: int | None = 0
    hidden_share: float = 0.0
    left_out: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def too_few(self) -> str:
        """Who is too few behind a hidden row, in words: ``fewer than 5 drivers or 10 customers``."""
        return _too_few(self.metric)

    @property
    def rows_are(self) -> str:
        """What ``rows_behind`` counts: ``orders``, ``offers``, ``trips`` or ``shift hours``."""
        return SUBJECTS[self.metric.facts or "orders"].rows

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: no rows, or only a total of nothing."""
        if self.table.num_rows == 0:
            return True
        return self.metric.facts is not None and self.rows_behind == 0 and self.hidden_share == 0

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def row(self) -> dict[str, Any]:
        """Return the only row.

        Raises
        ------
        ValueError
            If the answer has no row or several.
        """
        (row,) = self.rows()
        return row


@dataclass(frozen=True)
class _Question:
    """Compiled SQL of a metric and its parameters: the values, and the rows left out."""

    sql: str
    schema: pa.Schema
    left_out_sql: str | None


def answers(metric: str, parameters: Parameters, scope: Scope, version: Version) -> Answer:
    """Ask one metric of one version.

    Parameters
    ----------
    metric
        Id in the catalog.
    parameters
        Filters, groups and options.
    scope
        Who asks; ``Scope()`` means everything.
    version
        Version of the warehouse.

    Returns
    -------
    Answer
        Rows whose group has fewer than k people are there, marked ``suppressed`` and empty.

    Raises
    ------
    UnknownMetric, ParameterError, ScopeError
        If the question cannot be asked so.
    WarehouseError
        If the version cannot be read.
    """
    check_scope(scope)
    chosen = catalog.metric(metric)
    asked = _asked(chosen, parameters, version)
    question = _question(chosen, asked)
    engine = Engine.of(version)
    raw = engine.table(question.sql).cast(question.schema)
    keys = _keys(chosen, asked)
    k = SUBJECTS[chosen.facts].k if chosen.facts else 0
    hidden = _hidden(raw, chosen)
    values, is_incomplete = _without_hidden_parts(raw, chosen, k)
    shown = _shown(values, chosen, keys, hidden)
    rows_behind, hidden_share = _counted(raw, hidden, k)
    return Answer(
        table=shown,
        metric=chosen,
        parameters=asked,
        scope=scope,
        version_id=version.id,
        is_synthetic=version.manifest.synthetic,
        sql=question.sql,
        k=k,
        rows_behind=rows_behind,
        hidden_share=hidden_share,
        left_out={} if hidden.size and hidden.all() else _left_out(engine, question.left_out_sql),
        note="; ".join(
            filter(
                None,
                [
                    _PARTS_HIDDEN.format(too_few=_too_few(chosen)) if (is_incomplete & ~hidden).any() else "",
                    _note(chosen, asked, shown, version),
                    attraction.note(asked, version) if attraction.is_asked_by(chosen) else "",
                    *notes.of_data(chosen, asked, version),
                ],
            )
        ),
    )


def query(metric: str, parameters: Parameters, scope: Scope, version: Version) -> str:
    """Return the SQL that ``answers`` would run, without running it; refuses what ``answers`` refuses."""
    check_scope(scope)
    chosen = catalog.metric(metric)
    return _question(chosen, _asked(chosen, parameters, version)).sql


def _asked(metric: Metric, parameters: Parameters, version: Version) -> Parameters:
    """Return what is really asked: what the metric does not use at its default, and of a model with a mall the mall's own market.

    Raises
    ------
    ParameterError
        If the version has no such market or mall: a misspelled name must not look like an empty answer.
    """
    asked = metric.understood(parameters)
    home = _home(asked, version)
    asked = replace(asked, market_id=home) if metric.modelled and home is not None else asked
    return attraction.with_exponents(asked, version) if attraction.is_asked_by(metric) else asked


def _home(asked: Parameters, version: Version) -> str | None:
    """Return the market of the mall that is asked for, if any; refuse names that the version does not have."""
    markets = {market.id for market in reference.markets(version)}
    if asked.market_id is not None and asked.market_id not in markets:
        raise ParameterError(f"there is no market {asked.market_id!r} in {version.id}; markets are {', '.join(sorted(markets)) or 'none'}")
    if asked.mall_id is None:
        return None
    home = {mall.id: mall.market_id for mall in reference.malls(version)}
    if asked.mall_id not in home:
        raise ParameterError(f"there is no mall {asked.mall_id!r} in {version.id}; malls are {', '.join(sorted(home)) or 'none'}")
    if asked.market_id is not None and home[asked.mall_id] != asked.market_id:
        raise ParameterError(f"mall {asked.mall_id!r} is in market {home[asked.mall_id]!r}, not in {asked.market_id!r}")
    return home[asked.mall_id]


@lru_cache(maxsize=1024)
def _question(metric: Metric, asked: Parameters) -> _Question:
    """Compile a question; each is compiled once per process, whatever the version."""
    values = _expression(metric, asked)
    left_out = _left_out_expression(metric, asked) if metric.facts else None
    with _compiling:  # Ibis makes no promise about compiling in several threads
        return _Question(
            sql=str(ibis.to_sql(values, dialect="duckdb")),
            schema=values.schema().to_pyarrow(),
            left_out_sql=None if left_out is None else str(ibis.to_sql(left_out, dialect="duckdb")),
        )


def _expression(metric: Metric, asked: Parameters) -> ir.Table:
    """Return the metric over filtered tables, with the people behind each row, sorted by what names the rows."""
    group = columns(asked.by)
    tables = {name: _filtered(name, metric, asked) for name in metric.tables}
    options = {name: group if name == "by" else getattr(asked, name) for name in metric.options}
    values = metric.function(*tables.values(), **options)
    if metric.facts:
        values = _with_people(values, tables, metric, asked)
    keys = _keys(metric, asked)
    ordered = values.select(*keys, *(name for name in values.columns if name not in keys))
    return ordered.order_by([ordered[key].asc(nulls_first=False) for key in keys]) if keys else ordered


def _keys(metric: Metric, asked: Parameters) -> tuple[str, ...]:
    """Return the columns that name a row."""
    return (*columns(asked.by), *metric.keys)


@lru_cache(maxsize=32)
def _unbound(name: str) -> ir.Table:
    """Return a table of the contracts without coordinates and homes: what a metric cannot see it cannot leak."""
    visible = {
        column.name: _TYPES.get(column.kind, "int64")
        for column in table(name).columns
        if column.kind not in _SECRET_KINDS and column.name not in _SECRET_COLUMNS
    }
    return ibis.table(visible, name=name)


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
    if launch.COLUMN in _keys(metric, asked) and name in catalog.FACTS:
        rows = launch.with_weeks_open(rows, _unbound("malls"))
    return with_made_columns(rows, _keys(metric, asked), asked.resolution) if name == "orders" else rows


def _of_place(name: str, metric: Metric, asked: Parameters) -> ir.Table:
    rows = _unbound(name)
    if asked.market_id is not None:
        rows = rows.filter(_.market_id == asked.market_id)
    if asked.mall_id is not None and name in catalog.FACTS:
        return rows.filter(_.mall_id == asked.mall_id)
    if name == _WHOLE_SHIFTS:
        is_by_mall = metric.by_mall or not {"mall_id", launch.COLUMN}.isdisjoint(_keys(metric, asked))
        rows = rows.filter(_.mall_id.notnull() if is_by_mall else _.mall_id.isnull())
    return rows


def _in_period(rows: ir.Table, asked: Parameters, *, before: timedelta = timedelta(0)) -> list[ir.BooleanValue]:
    start = [] if asked.start_on is None else [rows.local_date >= asked.start_on - before]
    end = [] if asked.end_on is None else [rows.local_date < asked.end_on]
    return start + end


def _slots(asked: Parameters) -> list[str]:
    """Return which parts of an hour of the week are asked for."""
    return [slot for slot in ("dow", "hour") if getattr(asked, slot) is not None]


def _with_people(values: ir.Table, tables: Mapping[str, ir.Table], metric: Metric, asked: Parameters) -> ir.Table:
    """Add to each group the rows and the people that count in it, from the same rows in the same query, for each table of facts."""
    asked_for, facts = columns(asked.by), [tables[name] for name in metric.all_facts]
    group = [key for key in _keys(metric, asked) if key in asked_for or all(key in each.columns for each in facts)]
    for name in metric.all_facts:
        counting = _counting(tables[name], name, metric, asked)
        is_first = name == metric.facts
        people = behind(counting, SUBJECTS[name], by=group, parts=metric.parts_of(counting, group) if is_first else {})
        if not is_first:
            people = people.select(*group, _[_PEOPLE].name(f"{_OTHERS}{name}"))
        values = _beside(values, people, group, is_alone=len(metric.all_facts) == 1)
    if group and len(metric.all_facts) > 1:  # a group may lack rows in one table, but not in all
        values = values.filter(reduce(or_, [values[name] > 0 for name in values.columns if name == _PEOPLE or name.startswith(_OTHERS)]))
    return values


def _beside(values: ir.Table, people: ir.Table, group: list[str], *, is_alone: bool) -> ir.Table:
    """Join counts to their groups; where other facts make groups too, a group without rows has zeros."""
    if not group:
        return values.cross_join(people)
    if not is_alone:  # else Ibis adds to the joins within, and takes columns of the same origin for one another
        values, people = values.view(), people.view()
    same = [values[column].identical_to(people[column]) for column in group]
    counts = [name for name in people.columns if name not in group]
    if is_alone:
        return values.inner_join(people, same).select(*values.columns, *counts)
    return values.left_join(people, same).select(*values.columns, **{name: people[name].fill_null(0) for name in counts})


def _counting(rows: ir.Table, name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Return the rows of a table of facts that count in the figures: in the period, at the hour, with what the metric needs."""
    wanted = metric.counting(name)
    kept = [rows[column].notnull() for column in wanted.needs]
    kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked) if slot in metric.options]
    if metric.history_weeks:
        kept.append(rows.in_period)
    if wanted.where is not None:
        kept.append(wanted.where(rows))
    return rows.filter(*kept) if kept else rows


def _left_out_expression(metric: Metric, asked: Parameters) -> ir.Table | None:
    """Count the rows that the metric needs but cannot use, and those whose local day is unknown although a period was asked."""
    counted = [counts for name in metric.all_facts if (counts := _left_out_of(name, metric, asked)) is not None]
    return reduce(lambda first, second: first.cross_join(second), counted) if counted else None


def _left_out_of(name: str, metric: Metric, asked: Parameters) -> ir.Table | None:
    rows, wanted = _of_place(name, metric, asked), metric.counting(name)
    within = _in_period(rows, asked) + [rows[f"local_{slot}"] == getattr(asked, slot) for slot in _slots(asked)]
    counts = {}
    lacking = [rows[column].isnull() for column in wanted.needs]
    if wanted.where is not None and wanted.left_out:
        lacking.append(~wanted.where(rows))
    if lacking:
        is_lacking = reduce(or_, lacking)
        if wanted.status:
            is_lacking = is_lacking & (rows.status == wanted.status)
        for condition in within:
            is_lacking = is_lacking & condition
        counts[wanted.left_out] = is_lacking.sum().fill_null(0)
    if _in_period(rows, asked):
        counts[f"{SUBJECTS[name].rows} without a local day, because their market is unknown"] = rows.local_date.isnull().sum().fill_null(0)
    return rows.aggregate(counts) if counts else None


def _left_out(engine: Engine, sql: str | None) -> dict[str, int]:
    if sql is None:
        return {}
    (counts,) = engine.table(sql).to_pylist()
    return {reason: int(rows) for reason, rows in counts.items() if rows}


def _of(raw: pa.Table, name: str) -> Integers:
    """Return a count behind the rows; zeros where no person stands behind the figures."""
    counts: Integers = raw.column(name).to_numpy() if name in raw.column_names else np.zeros(raw.num_rows, np.int64)
    return counts


def _hidden(raw: pa.Table, metric: Metric) -> Booleans:
    """Tell which rows have too few people behind them, in any table of facts."""
    hidden: Booleans = np.zeros(raw.num_rows, np.bool_)
    for name in metric.all_facts:
        hidden |= is_hidden(_of(raw, _PEOPLE if name == metric.facts else f"{_OTHERS}{name}"), SUBJECTS[name].k)
    return hidden


def _too_few(metric: Metric) -> str:
    fewest = dict.fromkeys((SUBJECTS[name].k, SUBJECTS[name].people) for name in metric.all_facts)
    return "fewer than " + " or ".join(f"{k} {people}" for k, people in fewest)


def _counted(raw: pa.Table, hidden: Booleans, k: int) -> tuple[int | None, float]:
    """Return the orders behind all rows and the share in hidden ones, as far as they may be told: see ``Answer``."""
    rows, people, buckets = (_of(raw, name) for name in (_ROWS, _PEOPLE, _BUCKETS))
    total, secret = int(rows.sum()), int(rows[hidden].sum())
    if not secret:
        return total, 0.0
    if hidden.all():
        return 0, 1.0
    if at_least(people[hidden], buckets[hidden]) >= k:
        return total, secret / total
    # As if k orders were hidden, or the next power of two where these few placed more: what this leaves open is the number itself.
    most = k if secret <= k else 1 << (secret - 1).bit_length()
    return None, most / (total - secret + most)


def _without_hidden_parts(raw: pa.Table, metric: Metric, k: int) -> tuple[pa.Table, Booleans]:
    """Drop the counts behind the rows, empty parts that too few people stand behind, and tell in which rows there were any."""
    values = raw.select([name for name in raw.column_names if name != _ROWS and not name.startswith((_PEOPLE, _BUCKETS, _OTHERS))])
    names = [name.removeprefix(f"{_PEOPLE}_") for name in raw.column_names if name.startswith(f"{_PEOPLE}_")]
    people, buckets = ({name: _of(raw, f"{kind}_{name}") for name in names} for kind in (_PEOPLE, _BUCKETS))
    columns_of = {name: [column for column in values.column_names if column == name or column.startswith(f"{name}_")] for name in names}
    hidden = hidden_parts(people, buckets, metric.tilings, k=k, published=[name for name in names if columns_of[name]])
    for name in names:
        for column in columns_of[name]:
            values = values.set_column(values.column_names.index(column), column, _nulled(values.column(column), hidden[name]))
    is_incomplete = [hidden[name] for name in names if columns_of[name]]
    return values, np.any(is_incomplete, axis=0) if is_incomplete else np.zeros(raw.num_rows, np.bool_)


def _shown(values: pa.Table, metric: Metric, keys: tuple[str, ...], hidden: Booleans) -> pa.Table:
    """Empty the hidden rows and make figures of the others."""
    for position, name in enumerate(values.column_names):
        if name not in keys:
            values = values.set_column(position, name, _nulled(values.column(name), hidden))
    return with_figures(values, metric).append_column("suppressed", pa.array(hidden))


def _nulled(values: pa.ChunkedArray, hidden: Booleans) -> pa.ChunkedArray:
    return pc.if_else(pa.array(hidden), pa.scalar(None, values.type), values)


def _note(metric: Metric, asked: Parameters, shown: pa.Table, version: Version) -> str:
    """Say which model made the drive times, and whether the weight chosen is in the data at all."""
    if not {"catchments", "drives"} & {*metric.tables}:
        return ""
    notes = [reference.drive_time_note(version, asked.market_id)]
    if metric.uses("weight") and "denominator" in shown.column_names and not pc.sum(shown.column("denominator")).as_py():
        notes.append(f"no {asked.weight} in this data")
    return "; ".join(notes)
