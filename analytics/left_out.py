"""What a question had to leave out: rows that were expected to count and cannot."""

from functools import reduce

import ibis.expr.types as ir
from ibis import _

from analytics import days
from analytics.asked_rows import days_known_beside, days_of, filtered, in_period, known_beside, of_place, slots
from analytics.catalog import Metric
from analytics.catalog.metric import Counting
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS
from analytics.tables import unbound


def left_out(metric: Metric, asked: Parameters, *, from_days: bool) -> ir.Table | None:
    """Count the rows that the metric needs but cannot use, and those whose local day is unknown although a period was asked."""
    left_out_of = _left_out_of_days if from_days else _left_out_of
    counted = [counts for name in metric.all_facts for counts in left_out_of(name, metric, asked)]
    return reduce(lambda first, second: first.cross_join(second), counted) if counted else None


def _left_out_of(name: str, metric: Metric, asked: Parameters) -> list[ir.Table]:
    rows, wanted = of_place(name, metric, asked), metric.counting(name)
    counts = []
    is_lost = days.lost_rows(rows, wanted)
    if is_lost is not None:
        within = in_period(rows, asked) + [rows[f"local_{slot}"] == getattr(asked, slot) for slot in slots(asked)]
        counts.append(rows.filter(*within, is_lost).aggregate(**{wanted.left_out: _.count()}))
    if wanted.not_kept:
        counts.append(_not_kept(rows, wanted, metric, asked))
    if in_period(rows, asked):
        counts.append(rows.filter(rows.local_date.isnull()).aggregate(**{_dateless(name): _.count()}))
    return counts


def _left_out_of_days(name: str, metric: Metric, asked: Parameters) -> list[ir.Table]:
    """Count the same rows from days."""
    rows, wanted = days_of(name, metric, asked), metric.counting(name)
    counts = []
    if days.lost_rows(unbound(name), wanted) is not None:
        counts.append(rows.aggregate(**{wanted.left_out: days.lost(metric, name, rows)}))
    if wanted.not_kept:
        could = days.that_count(metric, name, rows)
        known = days_known_beside(could, name, metric, asked)
        counts.append(_less(wanted.not_kept, *(each.aggregate(n=days.whole(each.counting_n)) for each in (could, known))))
    if in_period(rows, asked):
        ever = days_of(name, metric, asked, is_dated=False)
        counts.append(ever.filter(ever.local_date.isnull()).aggregate(**{_dateless(name): days.whole(_.rows_all)}))
    return counts


def _dateless(name: str) -> str:
    return f"{SUBJECTS[name].rows} without a local day, because their market is unknown"


def _less(name: str, could: ir.Table, known: ir.Table) -> ir.Table:
    """Return the difference of two counts ``n`` in a column of that name."""
    both = could.select(could_n=_.n).cross_join(known.select(known_n=_.n))
    return both.select(**{name: _.could_n - _.known_n})


def _not_kept(rows: ir.Table, wanted: Counting, metric: Metric, asked: Parameters) -> ir.Table:
    """Count the rows that could count if the other table knew of them."""
    within = in_period(rows, asked) + [rows[f"local_{slot}"] == getattr(asked, slot) for slot in slots(asked)]
    within += [rows[column].notnull() for column in wanted.needs]
    if wanted.where is not None:
        within.append(wanted.where(rows))
    could = rows.filter(*within) if within else rows
    others = {wanted.beside: filtered(wanted.beside, metric, asked)}
    known = known_beside(could, wanted.table, others, metric, asked)
    return _less(wanted.not_kept, could.aggregate(n=_.count()), known.aggregate(n=_.count()))
