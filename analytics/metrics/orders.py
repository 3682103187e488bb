"""How many orders there were, and how they ended."""

from collections.abc import Sequence

import ibis.expr.types as ir
from ibis import _


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
        - ``delivered``, ``cancelled``, ``failed``, ``returned``: of these, by how they ended; the rest has no known end
    """
    ended = {status: (_.status == status).sum().fill_null(0) for status in ("delivered", "cancelled", "failed", "returned")}
    return orders.aggregate({"orders": _.count(), **ended}, by=list(by))
