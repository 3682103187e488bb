"""How many orders there were, and how they ended."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def cancelled_share(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders that were cancelled, out of all orders placed.

    Observed. Cancelled by anybody, before they were picked up or after. An order whose end is unknown counts as placed.
    Shares over groups are sums of numerators over sums of denominators.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders cancelled; null where it is hidden
        - ``denominator``: orders placed
        - ``n``: the same number, the orders that count
    """
    return _share_of(orders, "cancelled", by)


def failed_share(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders that failed at the door, out of all orders placed.

    Observed. Carried to the door and not handed over. An order whose end is unknown counts as placed.
    Shares over groups are sums of numerators over sums of denominators.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders failed; null where it is hidden
        - ``denominator``: orders placed
        - ``n``: the same number, the orders that count
    """
    return _share_of(orders, "failed", by)


def returned_share(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders that were returned, out of all orders placed.

    Observed. Delivered, and brought back. An order whose end is unknown counts as placed.
    Shares over groups are sums of numerators over sums of denominators.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders returned; null where it is hidden
        - ``denominator``: orders placed
        - ``n``: the same number, the orders that count
    """
    return _share_of(orders, "returned", by)


@dataclass(frozen=True)
class Ended:
    """Tells which orders ended in one way, and which did not: ``numerator`` and ``others``. A value, so that answers can be cached."""

    status: str

    def __call__(self, orders: ir.Table) -> dict[str, ir.BooleanValue]:
        """Return the orders of both kinds."""
        has_ended = (orders.status == self.status).fill_null(False)
        return {"numerator": has_ended, "others": ~has_ended}


SHARE_TILINGS = (("denominator", ("numerator", "others")),)
"""A share's numerator must not follow where it rests on too few people, and neither must what is left of the denominator."""


def _share_of(orders: ir.Table, status: str, by: Sequence[str]) -> ir.Table:
    numerator = (_.status == status).sum().fill_null(0)
    return orders.aggregate({"numerator": numerator, "denominator": _.count(), "n": _.count()}, by=list(by))
