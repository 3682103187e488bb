"""How many orders there were, and how they ended."""

from collections.abc import Sequence

import ibis.expr.types as ir
from ibis import _

ENDS = ("delivered", "cancelled", "failed", "returned")
ENDINGS = (("orders", (*ENDS, "other")),)
"""How orders end adds up to all of them, with those whose end is unknown."""


def endings(orders: ir.Table) -> dict[str, ir.BooleanValue]:
    """Return which orders stand behind each way of ending, and which have no known end."""
    return {status: orders.status == status for status in ENDS} | {"other": ~orders.status.isin(ENDS).fill_null(False)}


def orders(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders placed in the period, whatever became of them, and how many ended in which way.

    Observed. Counts add up over any groups. Cancelled and failed orders are counted: they are demand.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` one row, zero where there are none):

        - the columns of ``by``
        - ``orders``: orders placed
        - ``delivered``, ``cancelled``, ``failed``, ``returned``: of these, by how they ended; the rest has no known end; null where hidden
    """
    ended = {status: (_.status == status).sum().fill_null(0) for status in ENDS}
    return orders.aggregate({"orders": _.count(), **ended}, by=list(by))
