"""Where orders come from, which mall people would choose, and how malls share their people.

Observed: the captured catchment and orders per thousand people. Modelled: overlap, Huff's probabilities and what a mall takes from others.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.cells import parent
from analytics.metrics.coverage import demand_inside, drives_to, total
from analytics.metrics.drivers.rows import in_known_markets
from analytics.privacy import BUCKETS, SUBJECTS, bit_count, bit_or

CAPTURED_PERCENT = (50, 70, 90)
"""Shares of orders for which the captured catchment is told."""

ATTRACTION_PERMILLE, DECAY_PERMILLE, OUTSIDE_PERMILLE = 1_000, 2_000, 1_000
"""Exponents of stores and of drive, and the weight of not ordering, where none were fitted: the field's usual 1 and 2, and one mall of 100
stores at 10 minutes."""

WHOLE = 1_000_000
"""Probabilities are counted in millionths, so that they add up exactly."""

_SPANS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Rings of the captured catchment, first and last: what a percentage takes, and what it adds to one before it."""

_PLACE = ("market_id", "cell")
_SCALE = 1_000_000_000
_LARGEST = 9 * 10**18
"""No attraction is larger, that it is a number of 64 bits: 2,000 stores a minute away reach it at the largest exponents."""


def captured_catchment(
    orders: ir.Table, catchments: ir.Table, demand_cells: ir.Table, *, by: Sequence[str] = (), resolution: int
) -> ir.Table:
    """Fewest cells that give 50, 70 and 90 percent of the orders: where orders come from.

    Observed. Cells are taken by orders descending, then by drive time, then by cell, until their share of the orders first reaches the
    percentage. Cells that no drive reaches come last among equals. The area is that of the cells; where a cell has no people, the mean
    area of the market's cells stands in for it. A percentage is null where its cells have fewer than ten customers, or those that it adds
    to the last percentage shown: a single cell and its drive would tell where they live.

    Parameters
    ----------
    orders, catchments, demand_cells
        Tables of the contracts of the same names; orders filtered.
    by
        Columns that make the groups; none for one row over everything.
    resolution
        H3 resolution of the cells, 9 or coarser.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` one row, zero where there are none):

        - the columns of ``by``
        - ``orders``: orders placed from a known cell
        - ``q50_cells``, ``q70_cells``, ``q90_cells``: cells taken
        - ``q50_orders``, ``q70_orders``, ``q90_orders``: orders from them
        - ``q50_area_m2``, ``q70_area_m2``, ``q90_area_m2``: their area, square meters; null where no areas are loaded
        - ``q50_farthest_s``, ``q70_farthest_s``, ``q90_farthest_s``: longest drive to one of them, seconds, of those that a drive reaches
    """
    group = list(by)
    known = orders.filter(_.dropoff_cell.notnull())
    # Malls and cells first: few rows, whatever the number of orders.
    keys = [*dict.fromkeys([*by, "market_id", "mall_id"]), "dropoff_cell"]
    counted = known.group_by(keys).agg(orders=_.count(), people=bit_or(SUBJECTS["orders"].bucket_of(known)))
    drives = catchments.select("mall_id", dropoff_cell=_.cell, drive_s=_.drive_s)
    near = counted.left_join(drives, ["mall_id", "dropoff_cell"]).select(*keys, "orders", "people", "drive_s")
    areas = _areas(demand_cells, resolution)
    placed = near.mutate(cell=parent(near.dropoff_cell, resolution))
    cells = placed.group_by([*group, "cell"]).agg(
        orders=_.orders.sum(), people=bit_or(placed.people), drive_s=_.drive_s.min(), market_of=_.market_id.min()
    )
    cells = cells.left_join(areas, "cell").select(*group, "cell", "orders", "people", "drive_s", "market_of", "area_m2")
    typical = areas.group_by(market_of=_.area_market).agg(typical_m2=_.area_m2.sum() // _.count())
    cells = cells.left_join(typical, "market_of").mutate(area_m2=ibis.coalesce(_.area_m2, _.typical_m2))
    most_first = [_.orders.desc(), _.drive_s.isnull(), _.drive_s, _.cell]
    running = _.orders.sum().over(ibis.cumulative_window(group_by=group, order_by=most_first))
    whole = _.orders.sum().over(ibis.window(group_by=group))
    ranked = cells.mutate(before=running - _.orders, whole=whole)
    rings = [(ranked.before * 100 < percent * ranked.whole, place) for place, percent in enumerate(CAPTURED_PERCENT)]
    ringed = ranked.mutate(ring=ibis.cases(*rings, else_=len(rings)))
    figures = {"orders": total(_.orders)}
    for place, percent in enumerate(CAPTURED_PERCENT):
        is_taken = ringed.ring <= place
        figures |= {
            f"q{percent}_cells": is_taken.sum().fill_null(0),
            f"q{percent}_orders": total(ringed.orders, where=is_taken),
            f"q{percent}_area_m2": ringed.area_m2.sum(where=is_taken),
            f"q{percent}_farthest_s": ringed.drive_s.max(where=is_taken),
        }
    filled = {_span("filled", *span): bit_or(_where(ringed.people, ringed.ring.between(*span))).fill_null(0) for span in _SPANS}
    told = ringed.aggregate(figures | filled, by=group)
    people = _with_people(told, known.mutate(cell=parent(known.dropoff_cell, resolution)), ringed, group)
    return _shown(people).select(*group, *figures)


def _with_people(told: ir.Table, orders: ir.Table, ringed: ir.Table, group: Sequence[str]) -> ir.Table:
    """Add to each group the people behind each span of rings, fewer than k exactly.

    Buckets tell most of them, and only the orders of rings whose buckets are few are looked at one by one.
    """
    subject = SUBJECTS["orders"]
    # Without groups a constant stands in for one.
    keys = [*group, "everything"]
    spread = told.mutate(everything=ibis.literal(1))
    least = {span: bit_count(spread[_span("filled", *span)] & ((1 << BUCKETS) - 1)).cast("int64") for span in _SPANS}
    unsure = {_span("unsure", *span): (least[span] < subject.k) & (spread[_span("filled", *span)] > 0) for span in _SPANS}
    few = spread.filter(reduce(or_, unsure.values())).select(*keys, **unsure)
    rings = ringed.mutate(everything=ibis.literal(1)).select(*keys, "cell", "ring")
    rings = rings.inner_join(few, _same(rings, few, keys), rname="few_{name}").select(*keys, "cell", "ring", *unsure)
    meant = [rings[_span("unsure", *span)] & rings.ring.between(*span) for span in _SPANS]
    rings = rings.filter(reduce(or_, meant))
    placed = orders.mutate(everything=ibis.literal(1)).select(*keys, "cell", person=subject.of(orders))
    there = placed.inner_join(rings, _same(placed, rings, [*keys, "cell"]), rname="few_{name}").select(*keys, "ring", "person")
    exact = {_span("exactly", *span): there.person.nunique(where=there.ring.between(*span)) for span in _SPANS}
    counted = there.aggregate(exact, by=keys)
    joined = spread.left_join(counted, _same(spread, counted, keys), rname="few_{name}")
    people = {_span("people", *span): ibis.greatest(least[span], counted[_span("exactly", *span)].fill_null(0)) for span in _SPANS}
    return joined.select(*told.columns, **people)


def _shown(told: ir.Table) -> ir.Table:
    """Empty the percentages whose cells have too few people, or those that they add to the last one shown."""
    is_few = {span: told[_span("people", *span)].between(1, SUBJECTS["orders"].k - 1) for span in _SPANS}
    (is_few_50, is_few_to_70, is_few_to_90) = (is_few[0, last] for last in range(len(CAPTURED_PERCENT)))
    is_hidden_70 = is_few_to_70 | (~is_few_50 & is_few[1, 1])
    since_50 = ibis.ifelse(is_few_50, is_few_to_90, is_few[1, 2])
    is_hidden_90 = is_few_to_90 | ibis.ifelse(is_hidden_70, since_50, is_few[2, 2])
    hidden = dict(zip(CAPTURED_PERCENT, (is_few_50, is_hidden_70, is_hidden_90), strict=True))
    return told.mutate(
        **{
            name: ibis.ifelse(is_hidden, ibis.null("int64"), told[name])
            for percent, is_hidden in hidden.items()
            for name in told.columns
            if name.startswith(f"q{percent}_")
        }
    )


def _span(name: str, first: int, last: int) -> str:
    """Return the column of a span of rings."""
    return f"{name}_{first}_{last}"


def _where(value: ir.IntegerValue, condition: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.ifelse(condition, value, ibis.null("int64"))


def _same(left: ir.Table, right: ir.Table, keys: Sequence[str]) -> list[ir.BooleanValue]:
    """Return the conditions under which two rows belong to one group; a null is a group of its own."""
    return [left[key].identical_to(right[key]) for key in keys]


def order_rate(orders: ir.Table, demand_cells: ir.Table, *, by: Sequence[str] = (), weight: str) -> ir.Table:
    """Orders placed for every thousand people inside the market's boundary: comparable across markets, which counts are not.

    Orders are observed, people are those of public statistics. Only markets with orders and with people count: orders of the others, or of
    no market, are left out and counted.

    Parameters
    ----------
    orders, demand_cells
        Tables of the contracts of the same names; orders filtered.
    by
        Columns that make the groups: ``market_id``, or none.
    weight
        ``population`` or ``households``.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders (without ``by`` one row, zero where there are none):

        - the columns of ``by``
        - ``numerator``: orders placed
        - ``denominator``: people inside the boundary
        - ``area_m2``: area of the cells with people inside the boundary, square meters
        - ``n``: orders placed
    """
    inside = demand_inside(demand_cells, weight, "cell_area_m2").filter(_.weight > 0)
    people = inside.group_by("market_id").agg(people=_.weight.sum(), area_m2=_.cell_area_m2.sum())
    counted = orders.group_by("market_id").agg(n=_.count())
    joined = counted.inner_join(people, "market_id").select("market_id", "n", "people", "area_m2")
    figures = {"numerator": total(_.n), "denominator": total(_.people), "area_m2": total(_.area_m2), "n": total(_.n)}
    return joined.aggregate(figures, by=list(by))


def of_peopled_markets(orders: ir.Table, demand_cells: ir.Table, by: Sequence[str], *, weight: str) -> ir.Table:
    """Return the orders of markets with people inside the boundary."""
    return in_known_markets(orders, demand_inside(demand_cells, weight).filter(_.weight > 0), by)


def catchment_overlap(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    within_s: int,
    weight: str,
) -> ir.Table:
    """People within the drive time of two malls, out of those within that of the smaller one.

    Modelled, not observed. The second mall of a pair is an open one of the same market, the first is any.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only pairs of this mall with the open ones; None: of every mall.
    within_s
        Drive time, seconds; equal is reached.
    weight
        ``population`` or ``households``.

    Returns
    -------
    ibis.expr.types.Table
        One row per pair:

        - ``market_id``, ``mall_id``, ``other_mall_id``
        - ``numerator``: people within reach of both
        - ``denominator``: people within reach of the one that reaches fewer
        - ``n``: demand cells within reach of both
    """
    reached = drives_to(catchments, malls).filter(_.drive_s <= within_s).inner_join(demand_inside(demand_cells, weight), _PLACE)
    reached = reached.select("market_id", "cell", "mall_id", "status", "weight")
    reach = malls.left_join(reached.group_by("mall_id").agg(reach=_.weight.sum()), "mall_id")
    reach = reach.select("market_id", "mall_id", "status", reach=_.reach.fill_null(0))
    first = reach if mall_id is None else reach.filter(_.mall_id == mall_id)
    second = reach.filter(_.status == "open").select("market_id", other_mall_id=_.mall_id, other_reach=_.reach)
    pairs = first.inner_join(second, "market_id").filter(_.mall_id != _.other_mall_id)
    others = reached.filter(_.status == "open").select("market_id", "cell", other_mall_id=_.mall_id)
    own = reached if mall_id is None else reached.filter(_.mall_id == mall_id)
    both = own.inner_join(others, _PLACE).filter(_.mall_id != _.other_mall_id)
    both = both.group_by(["mall_id", "other_mall_id"]).agg(shared=_.weight.sum(), shared_cells=_.weight.count())
    joined = pairs.left_join(both, ["mall_id", "other_mall_id"])
    return joined.select(
        "market_id",
        "mall_id",
        "other_mall_id",
        numerator=_.shared.fill_null(0),
        denominator=ibis.least(_.reach, _.other_reach),
        n=_.shared_cells.fill_null(0),
    )


def huff_probability(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    weight: str,
    resolution: int,
    attraction_permille: int | None = None,
    decay_permille: int | None = None,
    outside_permille: int | None = None,
) -> ir.Table:
    """Cell by cell, the probability that its people choose a mall, when they order from one at all or do not.

    Modelled, not observed: ``A_j^a t_ij^-b / (outside + sum_k A_k^a t_ik^-b)`` over the open malls k of the market within 45 minutes,
    where A are stores in hundreds (100 stores where unknown, one at least), t the drive in 10 minutes (a minute at least), and ``outside``
    is not ordering. Probabilities are rounded down to millionths and what is left goes to ``outside``, so that those of a cell add up to 1.
    A cell coarser than resolution 9 rolls up its children by their people.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only the rows of this mall, which competes whatever its status; None: the open malls, and a row without a mall for ``outside``.
    weight
        ``population`` or ``households``.
    resolution
        H3 resolution of the rows, 9 or coarser.
    attraction_permille, decay_permille, outside_permille
        a, b and ``outside``, thousandths; None: 1,000, 2,000 and 1,000.

    Returns
    -------
    ibis.expr.types.Table
        One row per cell with people and mall that reaches it:

        - ``market_id``, ``cell``
        - ``mall_id``: the mall chosen; null for none of them
        - ``numerator``: people times probability in millionths
        - ``denominator``: people times a million
    """
    competing = _weighted(catchments, malls, attraction_permille, decay_permille)
    is_in = _.status == "open" if mall_id is None else (_.status == "open") | (_.mall_id == mall_id)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    chances = _chances(competing.filter(is_in.fill_null(False)), _outside(outside_permille))
    shares = people.inner_join(chances, _PLACE).select("market_id", "cell", "mall_id", "weight", "chance")
    if mall_id is not None:
        shares = shares.filter(_.mall_id == mall_id)
    else:
        taken = shares.group_by(_PLACE).agg(taken=_.chance.sum())
        rest = people.left_join(taken, _PLACE).select(
            "market_id", "cell", mall_id=ibis.null("string"), weight=_.weight, chance=WHOLE - _.taken.fill_null(0)
        )
        shares = shares.union(rest)
    totals = people.group_by(market_id=_.market_id, cell=parent(_.cell, resolution)).agg(people=_.weight.sum())
    rows = shares.group_by(market_id=_.market_id, cell=parent(_.cell, resolution), mall_id=_.mall_id)
    numerators = rows.agg(numerator=(_.weight * _.chance).sum())
    joined = numerators.inner_join(totals, _PLACE)
    return joined.select("market_id", "cell", "mall_id", "numerator", denominator=_.people * WHOLE)


def cannibalization(
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    weight: str,
    attraction_permille: int | None = None,
    decay_permille: int | None = None,
    outside_permille: int | None = None,
) -> ir.Table:
    """People expected at each open mall before and after another one opens or closes: what it takes from them, or leaves to them.

    Modelled, not observed. The expected people of a mall are the sum over cells of people times ``huff_probability``. A mall that is not
    open opens; an open one closes. The row of the mall itself tells what it wins or gives up: what the others do not lose or win of it
    are people who would not order otherwise.

    Parameters
    ----------
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only this mall opens or closes; None: each mall in turn.
    weight
        ``population`` or ``households``.
    attraction_permille, decay_permille, outside_permille
        As for ``huff_probability``.

    Returns
    -------
    ibis.expr.types.Table
        One row per mall that opens or closes and mall concerned, itself included:

        - ``market_id``
        - ``mall_id``: the mall that opens or closes
        - ``other_mall_id``: the mall concerned
        - ``before``, ``after``: its expected people, whole ones
        - ``numerator``: before - after, the people taken from it; below zero where it wins
        - ``denominator``: before
    """
    outside = _outside(outside_permille)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    reached = _weighted(catchments, malls, attraction_permille, decay_permille).inner_join(people, _PLACE)
    reached = reached.select("market_id", "cell", "mall_id", "status", "attraction", "weight")
    is_open = (_.status == "open").fill_null(False)
    standing = ibis.window(group_by=_PLACE)
    reached = reached.mutate(is_open=is_open).mutate(standing=_.attraction.sum(where=_.is_open).over(standing).fill_null(0))
    changing = reached if mall_id is None else reached.filter(_.mall_id == mall_id)
    moved = changing.select(
        "market_id",
        "cell",
        changed_id=_.mall_id,
        later=ibis.ifelse(_.is_open, _.standing - _.attraction, _.standing + _.attraction),
        opens=~_.is_open,
    )
    concerned = reached.inner_join(moved, _PLACE).filter(_.is_open | (_.mall_id == _.changed_id))
    is_self = concerned.mall_id == concerned.changed_id
    before = ibis.ifelse(concerned.is_open, _chance(concerned.attraction, concerned.standing + outside), 0)
    after = ibis.ifelse(is_self & ~concerned.opens, 0, _chance(concerned.attraction, concerned.later + outside))
    changes = concerned.select("changed_id", "mall_id", change=concerned.weight * (after - before))
    changes = changes.group_by(changed_id=_.changed_id, other_id=_.mall_id).agg(change=_.change.sum())
    expected = reached.filter(_.is_open).select("mall_id", expected=_.weight * _chance(_.attraction, _.standing + outside))
    expected = expected.group_by(other_id=_.mall_id).agg(expected=_.expected.sum())
    all_malls = malls.select("market_id", "mall_id", "status")
    first = all_malls if mall_id is None else all_malls.filter(_.mall_id == mall_id)
    second = all_malls.select("market_id", other_mall_id=_.mall_id, other_status=_.status)
    pairs = first.inner_join(second, "market_id").filter((_.other_status == "open").fill_null(False) | (_.mall_id == _.other_mall_id))
    pairs = pairs.left_join(expected, _.other_mall_id == expected.other_id).select("market_id", "mall_id", "other_mall_id", "expected")
    same = [pairs.mall_id == changes.changed_id, pairs.other_mall_id == changes.other_id]
    joined = pairs.left_join(changes, same)
    known = joined.select(
        "market_id",
        "mall_id",
        "other_mall_id",
        before=_.expected.fill_null(0) // WHOLE,
        after=(_.expected.fill_null(0) + _.change.fill_null(0)) // WHOLE,
    )
    return known.mutate(numerator=_.before - _.after, denominator=_.before)


def _outside(outside_permille: int | None) -> ir.IntegerScalar:
    """Return the weight of not ordering, on the scale of ``_weighted``."""
    permille = OUTSIDE_PERMILLE if outside_permille is None else outside_permille
    return ibis.literal(permille * _SCALE // 1000, "int64")


def _weighted(catchments: ir.Table, malls: ir.Table, attraction_permille: int | None, decay_permille: int | None) -> ir.Table:
    """Return one row per mall and cell with ``attraction``: ``A^a t^-b`` in whole billionths, so that sums do not depend on their order."""
    attraction = ATTRACTION_PERMILLE if attraction_permille is None else attraction_permille
    decay = DECAY_PERMILLE if decay_permille is None else decay_permille
    # As the fit reads them: a mall that says it has no stores still stands there as one.
    sizes = malls.select("mall_id", stores=ibis.greatest(1, ibis.coalesce(_.store_count, 100)))
    pairs = drives_to(catchments, malls).inner_join(sizes, "mall_id")
    size = (_real(pairs.stores) / 100) ** (_real(ibis.literal(attraction)) / 1000)
    near = (_real(ibis.literal(600)) / ibis.greatest(pairs.drive_s, 60)) ** (_real(ibis.literal(decay)) / 1000)
    weight = ibis.least(size * near * _SCALE, _real(ibis.literal(_LARGEST))).floor().cast("int64")
    return pairs.select("market_id", "cell", "mall_id", "status", attraction=weight)


def _chances(competing: ir.Table, outside: ir.IntegerScalar) -> ir.Table:
    """Return the chance of each mall in each cell, millionths."""
    standing = competing.attraction.sum().over(ibis.window(group_by=_PLACE))
    return competing.select("market_id", "cell", "mall_id", chance=_chance(competing.attraction, standing + outside))


def _chance(attraction: ir.IntegerValue, whole: ir.IntegerValue) -> ir.IntegerValue:
    """Return a part of a whole in millionths, rounded down; 0 of nothing. Floats of two integers are the same on every machine."""
    return (_real(attraction) / _real(ibis.greatest(whole, 1)) * WHOLE).floor().cast("int64")


def _real(number: ir.IntegerValue) -> ir.FloatingValue:
    """Return a whole number as a float; engines write literals of floats in ways of their own."""
    return number.cast("float64")


def _areas(demand_cells: ir.Table, resolution: int) -> ir.Table:
    """Return the area of the cells that have people; a coarser cell is as large as its children are on average, times their number."""
    children = 7 ** (9 - resolution)
    located = demand_cells.filter(_.cell_area_m2.notnull()).mutate(own=parent(_.cell, resolution))
    means = located.group_by(cell=_.own).agg(area_market=_.market_id.min(), area_sum=_.cell_area_m2.sum(), area_cells=_.count())
    return means.select("cell", "area_market", area_m2=_.area_sum * children // _.area_cells)
