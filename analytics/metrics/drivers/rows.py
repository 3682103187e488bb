"""Rows that drivers' metrics count, and sums of several tables side by side."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import Deferred, _

UNKNOWN_IN: Final = 100
"""One trip or offer in so many may lack its pay before what is paid counts as unknown."""


def is_carried(trips: ir.Table) -> ir.BooleanValue:
    """Tell which trips brought orders to doors: those that were not cancelled."""
    return trips.status.fill_null("completed") != "cancelled"


def is_accepted(offers: ir.Table) -> ir.BooleanValue:
    """Tell which offers were accepted."""
    return offers.status.fill_null("") == "accepted"


def is_delivered(orders: ir.Table) -> ir.BooleanValue:
    """Tell which orders were delivered."""
    return orders.status.fill_null("") == "delivered"


def in_known_markets(rows: ir.Table, others: ir.Table, by: Sequence[str]) -> ir.Table:
    """Keep the rows of markets, and of malls where ``by`` has them, of which the other table has a row: elsewhere it tells nothing."""
    place = place_of(by)
    known = others.select(place).distinct()
    return rows.semi_join(known, [rows[name].identical_to(known[name]) for name in place]).select(*rows.columns)


def of_markets_with_trips(rows: ir.Table, shift_activity: ir.Table, by: Sequence[str]) -> ir.Table:
    """Keep the rows of markets, and of malls where ``by`` has them, of whose drivers some engaged time is known."""
    return in_known_markets(rows, shift_activity.filter(_.engaged_s.notnull()), by)


def asked_hours(rows: ir.Table, *, start_on: date | None, end_on: date | None, dow: int | None, hour: int | None) -> list[ir.BooleanValue]:
    """Return the conditions of a period and of an hour of the week."""
    start = [] if start_on is None else [rows.local_date >= start_on]
    end = [] if end_on is None else [rows.local_date < end_on]
    return start + end + [rows[f"local_{slot}"] == value for slot, value in (("dow", dow), ("hour", hour)) if value is not None]


def place_of(by: Sequence[str]) -> list[str]:
    """Return the columns that name a place: the market, and the mall where ``by`` has it."""
    return ["market_id", "mall_id"] if "mall_id" in by else ["market_id"]


def places_of(by: Sequence[str]) -> list[str]:
    """Return the columns of the groups, cut further by market."""
    return list(dict.fromkeys([*by, *place_of(by)]))


def delivered(orders: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Return the columns of ``by`` and ``n``, orders delivered."""
    return orders.aggregate({"n": is_delivered(orders).sum()}, by=list(by))


def mostly(total: Deferred, *, known: Deferred, of: Deferred, is_known: Deferred) -> Deferred:
    """Return a sum over rows of which at most 1 in 100 do not tell their part; null where more do not, for it would be too low."""
    return ibis.ifelse(is_known & ((of - known) * UNKNOWN_IN <= of), total, ibis.null("int64"))


def over_places(by: Sequence[str], *sides: ir.Table, needed: Sequence[int]) -> ir.Table:
    """Add up the sums of several tables over the markets (and malls, where ``by`` has them) of which each needed table has a row.

    A market of which a table has nothing at all is left out of the other's sums too: where orders are known and offers are not, their pay
    is not zero. ``is_known`` tells of each group whether it has such a market; sums are zero where there is nothing to add.
    """
    names = [name for side in sides for name in side.columns if name not in places_of(by)]
    rows = [
        side.select(
            *places_of(by),
            **{name: side[name] if name in side.columns else ibis.literal(0, "int64") for name in names},
            **{f"is_{place}": ibis.literal(int(place == number), "int64") for place in range(len(sides))},
        )
        for number, side in enumerate(sides)
    ]
    united = ibis.union(*rows)
    there = united.group_by(place_of(by)).agg(is_known=ibis.and_(*(united[f"is_{place}"].max() == 1 for place in needed)))
    told = united.left_join(there, [united[name].identical_to(there[name]) for name in place_of(by)]).select(united, "is_known")
    sums = {name: told[name].sum(where=told.is_known).fill_null(0) for name in names}
    return told.aggregate({**sums, "is_known": told.is_known.any().fill_null(False)}, by=list(by))


def side_by_side(by: Sequence[str], *sides: ir.Table) -> ir.Table:
    """Put the values of equal groups in one row: zeros for a group that a side lacks; a null of its own stays null."""
    own = [[name for name in each.columns if name not in by] for each in sides]
    rows = [
        side.select(
            *by,
            **{name: side[name] if place == number else ibis.null("int64") for place, names in enumerate(own) for name in names},
            **{f"is_{place}": ibis.literal(int(place == number), "int64") for place in range(len(sides))},
        )
        for number, side in enumerate(sides)
    ]
    there = {f"is_{place}": _[f"is_{place}"].max() for place in range(len(sides))}
    values = {name: _[name].max() for names in own for name in names}
    both = ibis.union(*rows).aggregate({**values, **there}, by=list(by))
    filled = {name: (both[f"is_{place}"] == 0).ifelse(0, both[name]) for place, names in enumerate(own) for name in names}
    return both.select(*by, **filled)


def beside(values: ir.Table, others: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add the columns of the same groups."""
    if not by:
        return values.cross_join(others)
    same = [values[column].identical_to(others[column]) for column in by]
    return values.inner_join(others, same).select(*values.columns, *(name for name in others.columns if name not in by))
