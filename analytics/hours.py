"""What each hour of each place requires of drivers, counted once for a version: whoever asks for any period reads a few rows of it.

An hour is told from orders, shifts and trips of the eight weeks before it, whatever period is asked. To plan such a query takes longer than
to run it for one mall; for all hours of all malls it takes a second or two (10 million orders). Kept with the connection, never stored.
"""

from functools import lru_cache
from typing import Final

import ibis
import ibis.expr.types as ir

from analytics.catalog.metric import Hourly, tables_of
from analytics.days import Kept
from analytics.tables import unbound

SHIFTS: Final = "shift_activity"
"""Its rows with a mall are the shifts of that mall's drivers, a second view of the same hours; those without are all shifts once."""


def rows_of(hourly: Hourly, *, is_by_mall: bool) -> ir.Table:
    """Return the hours of all markets, or of all malls, as a table that is kept."""
    return ibis.table(_counted(hourly, is_by_mall).schema(), name=_name(hourly, is_by_mall))


@lru_cache(maxsize=16)
def kept(hourly: Hourly, *, is_by_mall: bool) -> Kept:
    """Return the query that counts them; hours of one place stand together."""
    counted = _counted(hourly, is_by_mall)
    return Kept(_name(hourly, is_by_mall), str(ibis.to_sql(counted.order_by(*_place(is_by_mall), "local_date"), dialect="duckdb")))


def by_place(shifts: ir.Table, *, is_by_mall: bool) -> ir.Table:
    """Keep one view of the hours of shifts: those of each mall's drivers, or all of them once."""
    return shifts.filter(shifts.mall_id.notnull() if is_by_mall else shifts.mall_id.isnull())


@lru_cache(maxsize=16)
def _counted(hourly: Hourly, is_by_mall: bool) -> ir.Table:  # noqa: FBT001 -- a key of the cache
    tables = {name: unbound(name) for name in tables_of(hourly.counted)}
    if SHIFTS in tables:
        tables[SHIFTS] = by_place(tables[SHIFTS], is_by_mall=is_by_mall)
    return hourly.counted(*tables.values(), place=_place(is_by_mall))


def _place(is_by_mall: bool) -> tuple[str, ...]:  # noqa: FBT001
    return ("market_id", "mall_id") if is_by_mall else ("market_id",)


def _name(hourly: Hourly, is_by_mall: bool) -> str:  # noqa: FBT001
    return f"{hourly.counted.__name__}_of_{'malls' if is_by_mall else 'markets'}"
