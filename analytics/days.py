"""Rows and people by mall and local day, counted once for a version: what is asked of whole days need not look at every order again.

Who stands behind the figures, and what had to be left out, takes longer to count than most figures. Both add up over days: rows as numbers,
people as the buckets that they fill (``analytics.privacy.behind``). They are counted for every condition of the metrics that are marked
``by_days``, when the first of them is asked, and kept with the connection: exact, and never stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import and_, or_
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.catalog import METRICS, Metric
from analytics.catalog.metric import Counting
from analytics.parameters import Parameters
from analytics.privacy import BUCKETS, SUBJECTS, bit_count, bit_or
from analytics.tables import unbound

FEWEST_ROWS: Final = 100_000
"""Rows of a table from which on its days are kept: smaller ones are read as fast."""

PLACE_AND_DAY: Final = ("market_id", "mall_id", "local_date", "local_week_on", "local_dow")
_GROUPS: Final = frozenset({*PLACE_AND_DAY, "weeks_open"})


_ROW, _LOST = "", "lost"


@dataclass(frozen=True)
class Kept:
    """A table that is counted once for a version, or part by part: its name, the query that makes it, and of which mall it tells."""

    name: str
    sql: str
    part: str = ""


def serve(metric: Metric, named: Sequence[str], asked: Parameters) -> bool:
    """Tell whether the people behind a question, and what it leaves out, can be told from days: its groups are, and no hour is asked."""
    return metric.by_days and asked.hour is None and _GROUPS.issuperset(named)


def rows_of(table: str, metric: Metric) -> ir.Table:
    """Return the days of a table of facts with what a metric needs of them.

    Returns
    -------
    ibis.expr.types.Table
        ``PLACE_AND_DAY``, ``rows_all``, and for each condition of the metric its rows and the buckets of its people. There are a hundred
        columns: to bind them all took as long as to add these up.
    """
    rows = ibis.table(_counted(table).schema(), name=_name(table))
    places = sorted({_place(table, condition) for condition in _conditions_of(metric, table).values()})
    needed = [f"{kind}_{place}" for place in places for kind in ("rows", "people")]
    return rows.select(*PLACE_AND_DAY, "rows_all", *(name for name in needed if name in rows.columns))


@lru_cache(maxsize=16)
def kept(table: str) -> Kept:
    """Return the query that counts the days of a table of facts."""
    return Kept(_name(table), str(ibis.to_sql(_counted(table), dialect="duckdb")))


def tell_values(metric: Metric, mall_id: str | None) -> bool:
    """Tell whether the figures of a question that days serve are made of sums by day, too."""
    return bool(metric.day_sums) and (mall_id is not None or not metric.mall_by_mall)


def sums_of(metric: Metric) -> tuple[tuple[str, ir.Table], ...]:
    """Return for each table that a metric adds up by day its name and its days: ``PLACE_AND_DAY`` and the sums."""
    return tuple((table, ibis.table(_summed(table, sums).schema(), name=_sums_name(sums))) for table, sums in metric.day_sums)


def kept_by(metric: Metric, mall_id: str | None) -> tuple[Kept, ...]:
    """Return the queries that count the days of a metric: the people behind them, and its sums, of one mall where they are made by mall."""
    people = tuple(kept(table) for table in metric.all_facts)
    if not tell_values(metric, mall_id):
        return people
    part = mall_id if metric.mall_by_mall and mall_id is not None else ""
    return (*people, *(_kept_sums(table, sums, part) for table, sums in metric.day_sums))


@lru_cache(maxsize=32)
def _kept_sums(table: str, sums: Callable[..., ir.Table], mall_id: str) -> Kept:
    rows = unbound(table)
    rows = rows.filter(rows.mall_id == mall_id) if mall_id else rows
    return Kept(_sums_name(sums), str(ibis.to_sql(sums(rows, by=PLACE_AND_DAY), dialect="duckdb")), mall_id)


def values(metric: Metric, days: Sequence[ir.Table], *, by: Sequence[str], options: Mapping[str, Any]) -> ir.Table:
    """Return a metric from its sums by day: what its function returns of the rows themselves.

    Parameters
    ----------
    metric
        One with ``day_sums``.
    days
        Days of each of these, filtered, with the columns of ``by``.
    by, options
        Columns that make the groups, and what its function takes beside them.
    """
    if metric.of_days is not None:
        return metric.of_days(*days, by=by, **options)
    (sums,) = days
    return sums.aggregate({name: whole(sums[name]) for name in sums.columns if name not in {*PLACE_AND_DAY, *by}}, by=list(by))


def behind(metric: Metric, table: str, rows: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Count the rows and the people behind each group, from days.

    Parameters
    ----------
    metric, table
        What is asked, and which of its tables of facts.
    rows
        Days of the table, filtered, with the columns of ``by``.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        As ``analytics.privacy.behind`` returns it where it is not exact: ``people_behind`` are so many at the least.
    """
    places = {
        f"_{name}" if name else name: _place(table, condition) for name, condition in _conditions_of(metric, table).items() if name != _LOST
    }
    own = rows[f"rows_{places[_ROW]}"]
    there = rows.filter(own > 0) if by else rows  # a day without such rows makes no group
    filled = {f"filled{part}": bit_or(there[f"people_{place}"]).fill_null(0) for part, place in places.items()}
    spread = there.aggregate({"rows_behind": whole(there[f"rows_{places[_ROW]}"]), **filled}, by=list(by))
    known = {f"buckets_behind{part}": spread[f"filled{part}"] & ((1 << BUCKETS) - 1) for part in places}
    least = {f"people_behind{part}": _least(known[f"buckets_behind{part}"], spread[f"filled{part}"]) for part in places}
    return spread.select(*by, "rows_behind", **known, **least)


def that_count(metric: Metric, table: str, rows: ir.Table) -> ir.Table:
    """Return the days on which a row counts in the metric, with ``counting_n``, how many do."""
    own = rows[f"rows_{_place(table, _conditions_of(metric, table)[_ROW])}"]
    return rows.mutate(counting_n=own).filter(_.counting_n > 0)


def lost(metric: Metric, table: str, rows: ir.Table) -> ir.IntegerScalar:
    """Return how many rows of the days were expected to count and cannot."""
    return whole(rows[f"rows_{_place(table, _conditions_of(metric, table)[_LOST])}"])


def lost_rows(rows: ir.Table, wanted: Counting) -> ir.BooleanValue | None:
    """Return which rows were expected to count in a metric and cannot; None where nothing is said of such rows."""
    lacking = [rows[column].isnull() for column in (*wanted.needs, *wanted.missed)]
    lacking += [~wanted.where(rows)] if wanted.where is not None and wanted.left_out else []
    if not lacking:
        return None
    return (rows.status == wanted.status) & reduce(or_, lacking) if wanted.status else reduce(or_, lacking)


def _least(buckets: ir.IntegerValue, filled: ir.IntegerValue) -> ir.IntegerValue:
    """Return how many people fill these buckets at the least; one where there are people whose bucket is unknown."""
    return ibis.greatest(bit_count(buckets).cast("int64"), (filled > 0).cast("int64"))


def whole(rows: ir.IntegerColumn) -> ir.IntegerScalar:
    """Return how many rows these are over all days; zero where there is no day."""
    return rows.sum().fill_null(0).cast("int64")


def _name(table: str) -> str:
    return f"people_of_{table}"


def _conditions_of(metric: Metric, table: str) -> dict[str, ir.BooleanValue]:
    """Return which rows of a table count in a metric, which stand behind each of its parts, and which are lost to it."""
    rows, wanted = unbound(table), metric.counting(table)
    needed = [rows[column].notnull() for column in wanted.needs] + ([] if wanted.where is None else [wanted.where(rows)])
    own = reduce(and_, needed, ibis.literal(True))
    parts = metric.parts_of(rows, (), 0) if table == metric.facts else {}
    is_lost = lost_rows(rows, wanted)
    return {_ROW: own} | {name: own & part for name, part in parts.items()} | ({} if is_lost is None else {_LOST: is_lost})


@lru_cache(maxsize=16)
def _summed(table: str, sums: Callable[..., ir.Table]) -> ir.Table:
    return sums(unbound(table), by=PLACE_AND_DAY)


def _sums_name(sums: Callable[..., ir.Table]) -> str:
    return f"sums_of_{sums.__name__}"


@lru_cache(maxsize=16)
def _counted(table: str) -> ir.Table:
    rows = unbound(table)
    sums: dict[str, ir.Value] = {"rows_all": rows.count()}
    bucket = SUBJECTS[table].bucket_of(rows)
    for place, (condition, has_people) in enumerate(_conditions(table).values()):
        sums[f"rows_{place}"] = rows.count(where=condition)
        if has_people:
            sums[f"people_{place}"] = bit_or(ibis.ifelse(condition, bucket, ibis.null("int64"))).fill_null(0)
    return rows.aggregate(sums, by=list(PLACE_AND_DAY))


@lru_cache(maxsize=16)
def _conditions(table: str) -> dict[str, tuple[ir.BooleanValue, bool]]:
    """Return every condition of a metric by days once, by its text, and whether people are counted for it."""
    found: dict[str, tuple[ir.BooleanValue, bool]] = {}
    for metric in METRICS:
        for name, condition in _conditions_of(metric, table).items() if metric.by_days and table in metric.all_facts else ():
            text = _text(condition)
            found[text] = (condition, name != _LOST or (text in found and found[text][1]))
    return found


def _place(table: str, condition: ir.BooleanValue) -> int:
    return list(_conditions(table)).index(_text(condition))


def _text(condition: ir.BooleanValue) -> str:
    return repr(condition)
