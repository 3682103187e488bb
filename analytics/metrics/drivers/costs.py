"""What a delivery costs, and what is left of an order."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.metrics.drivers.rows import delivered, is_accepted, is_delivered, mostly, over_places, places_of


def cost_per_delivery(
    offers: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), handling_cents: int = 0, surcharge_cents: int = 0
) -> ir.Table:
    """Pay of accepted offers, handling and surcharges over delivered orders: what one costs.

    Observed, but for the two parameters. Pay of offers counts whose trip was cancelled later. Offers belong to the hour in which they were
    shown, orders to that in which they were placed. Accepted offers whose pay is unknown are counted; where they are more than 1 in 100,
    the cost is unknown. Markets without any offer or any order are left out and counted. Source: counted.

    Parameters
    ----------
    offers, orders
        Tables of the contracts of those names, filtered.
    by
        Columns that make the groups; none for one row over everything.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay, cents.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with offers or orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: cents; null where the pay of more than 1 in 100 accepted offers is unknown
        - ``denominator``: orders delivered
        - ``n``: orders delivered
        - ``pay_sum_cents``: of the cents, pay of drivers
    """
    return cost_of_sums(
        pay_sums(offers, by=places_of(by)),
        delivered(orders, by=places_of(by)),
        by=by,
        handling_cents=handling_cents,
        surcharge_cents=surcharge_cents,
    )


def cost_of_sums(pay: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), handling_cents: int = 0, surcharge_cents: int = 0) -> ir.Table:
    """Return cost_per_delivery from sums of offers and of orders, by day or by any other groups that ``by`` adds up.

    Parameters
    ----------
    pay, orders
        What ``pay_sums`` and ``delivered`` return.
    by, handling_cents, surcharge_cents
        As in cost_per_delivery.
    """
    values = _with_pay(by, _added(orders, by), _added(pay, by))
    cost = values.pay_sum_cents + values.n * (handling_cents + surcharge_cents)
    return values.select(*by, numerator=cost, denominator=_.n, n=_.n, pay_sum_cents=_.pay_sum_cents)


def contribution_per_order(
    offers: ir.Table,
    orders: ir.Table,
    *,
    by: Sequence[str] = (),
    handling_cents: int = 0,
    surcharge_cents: int = 0,
    commission_cents: int = 0,
) -> ir.Table:
    """Fees and commission of delivered orders less their cost, over delivered orders: what is left of one.

    Observed, but for the three parameters. The cost is that of cost_per_delivery, known and unknown alike. A delivered order whose fee is
    unknown counts as one without a fee, and how many there are is said. Source: counted.

    Parameters
    ----------
    offers, orders
        Tables of the contracts of those names, filtered.
    by
        Columns that make the groups; none for one row over everything.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay, cents.
    commission_cents
        Commission earned with a delivered order, cents.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with offers or orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: cents; negative where more is paid than earned; null where the cost is unknown or no fee is known
        - ``denominator``: orders delivered
        - ``n``: orders delivered
        - ``fee_sum_cents``, ``pay_sum_cents``: fees of delivered orders, and pay of drivers
    """
    is_done = is_delivered(orders)
    sums = {"n": is_done.sum(), "fee_sum_cents": orders.fee_cents.sum(where=is_done), "fees": (is_done & orders.fee_cents.notnull()).sum()}
    values = _with_pay(by, orders.aggregate(sums, by=places_of(by)), pay_sums(offers, by=places_of(by)))
    is_earned = (values.n == 0) | (values.fees > 0)
    values = values.mutate(fee_sum_cents=is_earned.ifelse(values.fee_sum_cents, ibis.null("int64")))
    own = commission_cents - handling_cents - surcharge_cents
    left = values.fee_sum_cents - values.pay_sum_cents + values.n * own
    return values.select(*by, numerator=left, denominator=_.n, n=_.n, fee_sum_cents=_.fee_sum_cents, pay_sum_cents=_.pay_sum_cents)


def pay_sums(offers: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Return the columns of ``by``, offers ``accepted``, how many of them tell their pay (``paid``), and it (``pay_cents``)."""
    taken = is_accepted(offers)
    sums = {"accepted": taken.sum(), "paid": (taken & offers.pay_cents.notnull()).sum(), "pay_cents": offers.pay_cents.sum(where=taken)}
    return offers.aggregate(sums, by=list(by))


def _added(sums: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add sums up over the groups of ``by``, cut further by market; as they are where they are cut so."""
    names = places_of(by)
    own = [name for name in ("n", "accepted", "paid", "pay_cents") if name in sums.columns]
    return sums if len(sums.columns) == len(names) + len(own) else sums.aggregate({name: sums[name].sum() for name in own}, by=names)


def _with_pay(by: Sequence[str], counted: ir.Table, pay: ir.Table) -> ir.Table:
    """Put the pay of accepted offers beside what was counted of orders; null where too much of it is unknown."""
    values = over_places(by, counted, pay, needed=(0, 1))
    return values.mutate(pay_sum_cents=mostly(_.pay_cents, known=_.paid, of=_.accepted, is_known=_.is_known))
