"""Whom malls can reach by car: demand inside the market's boundary against modelled drive times; and, observed, whom they serve in time.

Coverage is modelled. A market's demand is what lies inside its boundary, whatever was loaded; a mall counts for its own market. The
bound belongs to the catchment: a cell at exactly ``within_s`` is reached. Source: Church and ReVelle 1974, The Maximal Covering Location
Problem.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.cells import parent

LONGEST_MIN = 45
"""Catchments hold the cells within 45 minutes' drive."""

_PLACE = ("market_id", "cell")


def covered_share(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    by: Sequence[str] = (),
    mall_id: str | None = None,
    within_s: int,
    weight: str,
) -> ir.Table:
    """People (or households) who live within the drive time of an open mall, out of all inside the market's boundary.

    Modelled, not observed. A cell is covered when its least ``drive_s`` over the open malls of its market is at most ``within_s``.
    Markets add up as sums of numerators over sums of denominators.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    by
        Columns that make the groups: ``market_id``, or none.
    mall_id
        Only this mall counts, whatever its status; None: all open malls.
    within_s
        Drive time, seconds; equal is covered.
    weight
        ``population`` or ``households``.

    Returns
    -------
    ibis.expr.types.Table
        One row per group (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: people covered
        - ``denominator``: people inside the boundary
        - ``n``: demand cells inside the boundary whose weight is known
    """
    reached = _reached_demand(demand_cells, catchments, malls, mall_id, weight)
    return reached.aggregate(
        {"numerator": total(_.weight, where=_.drive_s <= within_s), "denominator": total(_.weight), "n": _.weight.count()},
        by=list(by),
    )


def coverage_curve(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    by: Sequence[str] = (),
    mall_id: str | None = None,
    weight: str,
) -> ir.Table:
    """Covered share for every drive time from 1 to 45 minutes.

    Modelled, not observed. Each row is ``covered_share`` at ``within_min * 60`` seconds.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    by
        Columns that make the groups: ``market_id``, or none.
    mall_id
        Only this mall counts, whatever its status; None: all open malls.
    weight
        ``population`` or ``households``.

    Returns
    -------
    ibis.expr.types.Table
        One row per group and minute:

        - the columns of ``by``
        - ``within_min``: drive time, whole minutes
        - ``numerator``: people covered within it
        - ``denominator``: people inside the boundary
    """
    reached = _reached_demand(demand_cells, catchments, malls, mall_id, weight)
    minutes = ibis.range(1, LONGEST_MIN + 1).unnest().name("within_min").as_table()
    grid = reached.aggregate({"denominator": total(_.weight)}, by=list(by)).cross_join(minutes)
    first_min = reached.filter(_.drive_s.notnull()).mutate(first_min=(_.drive_s + 59) // 60)
    newly = first_min.aggregate({"newly": total(_.weight)}, by=[*by, "first_min"])
    same_group = [grid[column].identical_to(newly[column]) for column in by]
    curve = grid.left_join(newly, [*same_group, newly.first_min <= grid.within_min])
    return curve.aggregate({"numerator": total(_.newly), "denominator": _.denominator.max()}, by=[*by, "within_min"])


def coverage_by_mall(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    within_s: int,
    weight: str,
) -> ir.Table:
    """For each mall: the people within the drive time, those whom no other open mall reaches, and those whom another one reaches too.

    Modelled, not observed. ``only_here`` of an open mall is its marginal coverage; of a candidate it is what it would newly reach.
    Catchments overlap, so reach never adds up over malls.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only the row of this mall; None: all malls.
    within_s
        Drive time, seconds; equal is reached.
    weight
        ``population`` or ``households``.

    Returns
    -------
    ibis.expr.types.Table
        One row per mall, whatever its status:

        - ``market_id``, ``mall_id``, ``status``
        - ``numerator``: people within the drive time (its reach)
        - ``denominator``: people inside the market's boundary
        - ``only_here``: of the reach, people whom no other open mall reaches
        - ``shared``: of the reach, people whom another open mall reaches too
        - ``n``: demand cells within the drive time
    """
    demand = demand_inside(demand_cells, weight)
    pairs = drives_to(catchments, malls).filter(_.drive_s <= within_s).inner_join(demand, _PLACE)
    open_count = (_.status == "open").sum().fill_null(0).over(ibis.window(group_by=_PLACE))
    pairs = pairs.mutate(others=open_count - (_.status == "open").fill_null(False).cast("int64"))
    reach = pairs.aggregate(
        {
            "numerator": total(_.weight),
            "only_here": total(_.weight, where=_.others == 0),
            "shared": total(_.weight, where=_.others > 0),
            "n": _.weight.count(),
        },
        by=["mall_id"],
    )
    totals = demand.aggregate({"denominator": total(_.weight)}, by=["market_id"])
    chosen = malls if mall_id is None else malls.filter(_.mall_id == mall_id)
    counts = {name: _[name].fill_null(0) for name in ("numerator", "denominator", "only_here", "shared", "n")}
    places = chosen.left_join(totals, "market_id").select("market_id", "mall_id", "status", "denominator")
    return places.left_join(reach, "mall_id").select("market_id", "mall_id", "status", **counts)


def coverage_cells(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    within_s: int,
    weight: str,
    resolution: int,
) -> ir.Table:
    """Cell by cell: the people in it, how far they are from the nearest open mall, and how many of them are covered.

    Modelled, not observed. A cell coarser than resolution 9 rolls up its children by H3 index: its covered part is a share, not yes or
    no, and its drive time is the one within which at least half of its people live (nearest rank). Cells without people are left out.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only this mall counts, whatever its status; None: all open malls.
    within_s
        Drive time, seconds; equal is covered.
    weight
        ``population`` or ``households``: who is counted as people here.
    resolution
        H3 resolution of the rows, 9 or coarser.

    Returns
    -------
    ibis.expr.types.Table
        One row per market and cell inside the boundary with people in it:

        - ``market_id``
        - ``cell``: H3 cell of ``resolution``, signed integer
        - ``mall_id``: the nearest mall to those people, ties by its id; null where none is within 45 minutes
        - ``drive_s``: drive time from that mall, seconds; null where none is within 45 minutes
        - ``numerator``: people in it who are covered
        - ``denominator``: people in it
    """
    counting = _counting(catchments, malls, mall_id)
    least = _least_drive(counting)
    nearest = counting.inner_join(least, [*_PLACE, "drive_s"]).aggregate({"mall_id": _.mall_id.min()}, by=_PLACE)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    reached = people.left_join(least, _PLACE).select("market_id", "cell", "weight", "drive_s")
    located = reached.left_join(nearest, _PLACE).select("market_id", "weight", "drive_s", "mall_id", child=_.cell)
    placed = located.mutate(cell=parent(_.child, resolution))
    group = ["market_id", "cell"]
    # A cell out of reach stands behind every reached one; children of one parent never tie on their own id.
    nearest_first = [_.drive_s.isnull(), _.drive_s, _.child]
    ranked = placed.mutate(
        running=_.weight.sum().over(ibis.cumulative_window(group_by=group, order_by=nearest_first)),
        total=_.weight.sum().over(ibis.window(group_by=group)),
    )
    is_middle = (2 * _.running >= _.total) & (2 * (_.running - _.weight) < _.total)
    return ranked.aggregate(
        {
            "mall_id": _.mall_id.max(where=is_middle),
            "drive_s": _.drive_s.max(where=is_middle),
            "numerator": total(_.weight, where=_.drive_s <= within_s),
            "denominator": total(_.weight),
        },
        by=group,
    )


def white_space(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    within_s: int,
    weight: str,
    resolution: int,
) -> ir.Table:
    """People inside the market's boundary whom no open mall covers, cell by cell; cells in which everybody is covered are left out.

    Modelled, not observed. With ``covered_share`` they add up to all people inside the boundary.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only this mall counts, whatever its status; None: all open malls.
    within_s
        Drive time, seconds; equal is covered.
    weight
        ``population`` or ``households``: who is counted as people here.
    resolution
        H3 resolution of the rows, 9 or coarser.

    Returns
    -------
    ibis.expr.types.Table
        One row per market and cell with people who are not covered:

        - ``market_id``
        - ``cell``: H3 cell of ``resolution``, signed integer
        - ``mall_id``: the nearest mall to half of the people in it; null where none is within 45 minutes
        - ``drive_s``: drive time from that mall, seconds; null where none is within 45 minutes
        - ``numerator``: people in it who are not covered
        - ``denominator``: people in it
    """
    cells = coverage_cells(demand_cells, catchments, malls, mall_id=mall_id, within_s=within_s, weight=weight, resolution=resolution)
    return cells.mutate(numerator=_.denominator - _.numerator).filter(_.numerator > 0)


def has_known_end(orders: ir.Table) -> ir.BooleanValue:
    """Tell which orders count as served or not: all but those delivered at an unknown time."""
    return (orders.status != "delivered").fill_null(True) | orders.click_to_door_s.notnull()


def served_share(orders: ir.Table, *, by: Sequence[str] = (), service_s: int) -> ir.Table:
    """Orders delivered within the click-to-door standard, out of all orders placed.

    Observed; not called coverage, which is modelled. A cancelled, failed or returned order is demand that was not served. Delivered orders
    whose time from order to door is unknown are left out and counted.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.
    service_s
        Click-to-door standard, seconds; equal is served.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders that count (without ``by`` one row, zero where there are none):

        - the columns of ``by``
        - ``numerator``: orders delivered within ``service_s``; null where these, or the others, are of too few people
        - ``denominator``: orders placed
        - ``n``: the same
    """
    counting = orders.filter(has_known_end(orders))
    is_served = _is_served(counting, service_s)
    return counting.aggregate({"numerator": is_served.sum().fill_null(0), "denominator": _.count(), "n": _.count()}, by=list(by))


def served_parts(orders: ir.Table, *, service_s: int) -> dict[str, ir.BooleanValue]:
    """Return which orders were served, and which were not: ``numerator`` and ``others``.

    Orders that were cancelled, failed or returned are not, so that with a long standard the others are these.
    """
    is_served = _is_served(orders, service_s)
    return {"numerator": is_served, "others": ~is_served}


def _is_served(orders: ir.Table, service_s: int) -> ir.BooleanValue:
    return ((orders.status == "delivered") & (orders.click_to_door_s <= service_s)).fill_null(False)


def demand_inside(demand_cells: ir.Table, weight: str, *also: str) -> ir.Table:
    """Return cells inside the boundary with the weight chosen as ``weight``, and the columns named."""
    return demand_cells.filter(_.is_inside).select("market_id", "cell", *also, weight=_[weight])


def drives_to(catchments: ir.Table, malls: ir.Table) -> ir.Table:
    """Return one row per mall and cell within 45 minutes, in the mall's own market, with the mall's status."""
    return catchments.inner_join(malls.select("mall_id", "status"), "mall_id").select("market_id", "cell", "mall_id", "status", "drive_s")


def _counting(catchments: ir.Table, malls: ir.Table, mall_id: str | None) -> ir.Table:
    """Return the pairs of the malls that count: the chosen one, whatever its status, else all open ones."""
    pairs = drives_to(catchments, malls)
    return pairs.filter(_.status == "open") if mall_id is None else pairs.filter(_.mall_id == mall_id)


def _least_drive(counting: ir.Table) -> ir.Table:
    return counting.aggregate({"drive_s": _.drive_s.min()}, by=_PLACE)


def _reached_demand(demand_cells: ir.Table, catchments: ir.Table, malls: ir.Table, mall_id: str | None, weight: str) -> ir.Table:
    """Return demand cells with the least drive from a mall that counts; null where none reaches the cell."""
    least = _least_drive(_counting(catchments, malls, mall_id))
    return demand_inside(demand_cells, weight).left_join(least, _PLACE).select("market_id", "cell", "weight", "drive_s")


def total(value: ir.IntegerValue, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
    """Return a sum; zero of nothing."""
    return value.sum(where=where).fill_null(0)
