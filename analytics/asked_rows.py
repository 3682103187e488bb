"""The rows that a question is about: tables of the contracts, or what is kept of their days, with the filters applied."""

from collections.abc import Mapping
from datetime import timedelta

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics import catalog, days, hours, launch
from analytics.catalog import Metric
from analytics.dimensions import columns, with_made_columns
from analytics.parameters import Parameters
from analytics.tables import unbound


def keys(metric: Metric, asked: Parameters) -> tuple[str, ...]:
    """Return the columns that name a row."""
    return (*columns(asked.by), *metric.keys)


def filtered_tables(metric: Metric, asked: Parameters) -> dict[str, ir.Table]:
    """Return the tables that a metric takes, filtered."""
    return {name: filtered(name, metric, asked) for name in metric.tables}


def filtered(name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Apply market, mall, period and hour of the week: once, alike for every metric; models take the mall as an option.

    A metric with ``history_weeks`` also sees as many weeks before the period, its rows marked by ``in_period``; one that takes ``dow`` or
    ``hour`` as an option sees all hours and chooses by itself.
    """
    rows = of_place(name, metric, asked)
    if "local_date" not in rows.columns:
        return rows
    kept = in_period(rows, asked, before=timedelta(weeks=metric.history_weeks))
    if name in catalog.FACTS:
        kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in slots(asked) if slot not in metric.options]
    rows = rows.filter(*kept) if kept else rows
    if metric.history_weeks:
        rows = rows.mutate(in_period=ibis.literal(True) if asked.start_on is None else rows.local_date >= asked.start_on)
    if launch.COLUMN in keys(metric, asked) and name in catalog.FACTS:
        rows = launch.with_weeks_open(rows, unbound("malls"))
    named = keys(metric, asked) if name in {"orders", "drives", "offers"} else columns(asked.by)
    return with_made_columns(rows, named, asked.resolution, unbound) if name in catalog.FACTS else rows


def of_place(name: str, metric: Metric, asked: Parameters, rows: ir.Table | None = None) -> ir.Table:
    """Keep the rows of a table (or its days) that are of the market and the mall asked for."""
    rows = unbound(name) if rows is None else rows
    if asked.market_id is not None:
        rows = rows.filter(_.market_id == asked.market_id)
    if asked.mall_id is not None and name in catalog.FACTS:
        return rows.filter(_.mall_id == asked.mall_id)
    return hours.by_place(rows, is_by_mall=is_by_mall(metric, asked)) if name == hours.SHIFTS else rows


def is_by_mall(metric: Metric, asked: Parameters) -> bool:
    """Tell whether a question tells of malls, each by itself, and not of whole markets."""
    return asked.mall_id is not None or metric.by_mall or not {"mall_id", launch.COLUMN}.isdisjoint(keys(metric, asked))


def in_period(rows: ir.Table, asked: Parameters, *, before: timedelta = timedelta(0)) -> list[ir.BooleanValue]:
    """Return the conditions of the period, which may begin earlier."""
    start = [] if asked.start_on is None else [rows.local_date >= asked.start_on - before]
    end = [] if asked.end_on is None else [rows.local_date < asked.end_on]
    return start + end


def slots(asked: Parameters) -> list[str]:
    """Return which parts of an hour of the week are asked for."""
    return [slot for slot in ("dow", "hour") if getattr(asked, slot) is not None]


def that_count(rows: ir.Table, name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Return the rows of a table of facts that count in the figures: in the period, at the hour, with what the metric needs."""
    wanted = metric.counting(name)
    if wanted.carried is not None:
        rows = wanted.carried(rows, columns(asked.by))
    kept = [rows[column].notnull() for column in wanted.needs]
    if not wanted.is_at_every_hour:
        kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in slots(asked) if slot in metric.options]
    if wanted.carried is not None:
        kept += in_period(rows, asked)
    elif metric.history_weeks:
        kept.append(rows.in_period)
    if wanted.where is not None:
        kept.append(wanted.where(rows))
    return rows.filter(*kept) if kept else rows


def known_beside(rows: ir.Table, name: str, tables: Mapping[str, ir.Table], metric: Metric, asked: Parameters) -> ir.Table:
    """Keep the rows of a table of facts that the other table knows of too."""
    wanted = metric.counting(name)
    return wanted.known_beside(rows, tables[wanted.beside], columns(asked.by), asked.weight) if wanted.beside else rows


def days_of(name: str, metric: Metric, asked: Parameters, rows: ir.Table | None = None, *, is_dated: bool = True) -> ir.Table:
    """Apply market, mall, period and weekday to the days of a table of facts; not the period where dates may be unknown."""
    rows = of_place(name, metric, asked, days.rows_of(name, metric) if rows is None else rows)
    kept = in_period(rows, asked) if is_dated else []
    kept += [rows[f"local_{slot}"] == getattr(asked, slot) for slot in slots(asked)] if is_dated else []
    rows = rows.filter(*kept) if kept else rows
    return launch.with_weeks_open(rows, unbound("malls")) if launch.COLUMN in keys(metric, asked) else rows


def days_that_count(name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Return the days of a table of facts, filtered, on which a row counts that the other table knows of too."""
    return days_known_beside(days.that_count(metric, name, days_of(name, metric, asked)), name, metric, asked)


def days_known_beside(rows: ir.Table, name: str, metric: Metric, asked: Parameters) -> ir.Table:
    """Keep the days of a table of facts that the days of the other table know of too."""
    wanted = metric.counting(name)
    return wanted.known_beside(rows, days_of(wanted.beside, metric, asked), columns(asked.by), asked.weight) if wanted.beside else rows
