"""How late late orders are, and which stages made them late."""

from collections.abc import Sequence
from functools import reduce
from operator import add, or_

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.quantiles import lower_median, percentiles

PIECES = ("prep", "assign", "approach", "store_wait", "handling", "undivided_dwell", "drive", "unsplit")
"""What an order's time is cut into, in timeline order: the stages, and in place of those that cannot be told apart their sum."""

HISTORY_WEEKS = 8
"""Weeks before an order's own week that tell what is typical."""

LOOK_BACK_WEEKS = HISTORY_WEEKS + 1
"""Weeks before a period that hold the history of all its orders: a period may begin in the middle of a week."""

FEWEST = 30
"""Orders of the same hour of the week that make a typical time; with fewer, those of this hour of any day do, then all of the mall's."""

DWELL = ("store_wait", "handling", "undivided_dwell")
PARTS = tuple(
    f"late_{part}"
    for part in (
        "prep",
        "assign",
        "approach",
        "mall_dwell",
        "drive",
        "unsplit",
        "store_wait",
        "handling",
        "promise_too_short",
        "no_history",
    )
)

LATE_TILINGS = (
    (
        "late_sum",
        (
            "late_unsplit",
            "late_assign",
            "late_prep",
            "late_approach",
            "late_drive",
            "late_mall_dwell",
            "late_no_history",
            "late_promise_too_short",
        ),
    ),
    ("late_mall_dwell", ("late_handling", "late_store_wait", "late_undivided_dwell")),
)
"""Late seconds and their parts; of parts with as many people behind them, the first one is hidden first."""

_DAYS_A_WEEK = 7
_EPOCH = "2000-01-03"
_LEVELS = (("mall_id", "local_dow", "local_hour"), ("mall_id", "local_hour"), ("mall_id",))
_TARGET = (*_LEVELS[0], "week_day")


def late_part(orders: ir.Table) -> dict[str, ir.BooleanValue]:
    """Return which orders stand behind the seconds of late orders; how many these are is what the share on time leaves."""
    return dict.fromkeys(("late_sum", "late_p50", "late_p90", "late_max"), orders.late_s > 0)


def lateness(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds by which late orders missed their promise, ``delivered_at - promised_by``, of delivered orders that came after it.

    Observed, and never capped. Orders on time do not count in the seconds, only in ``n``. Percentiles do not add up over groups, sums and
    counts do. Orders without a promise are left out and counted.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such orders (without ``by`` always one row); seconds of late orders are null where too few people are late:

        - the columns of ``by``
        - ``n``: delivered orders that have a promise
        - ``late_n``: of these, late ones
        - ``late_sum_s``: seconds by which these were late together
        - ``late_p50_s``, ``late_p90_s``, ``late_max_s``: seconds by which half of them, 90 of 100 and the latest one were late at the most,
          nearest rank; null where none is late
        - ``late_p50_low_s``, ``late_p50_high_s``, ``late_p90_low_s``, ``late_p90_high_s``: 95 percent bounds; null where so few orders
          bound nothing
    """
    promised = orders.filter(_.late_s.notnull())
    counts = promised.aggregate({"n": _.count(), "late_max_s": _.late_s.max(where=_.late_s > 0)}, by=list(by))
    late = percentiles(promised.filter(_.late_s > 0), "late_s", by=by)
    late = late.rename({f"late_{name}": name for name in late.columns if name not in by})
    joined = _beside(counts, late, by)
    return joined.mutate(late_n=_.late_n.fill_null(0), late_sum_s=_.late_sum_s.fill_null(0))


def attributed_parts(orders: ir.Table) -> dict[str, ir.BooleanValue]:
    """Return which late orders stand behind each part of the late seconds: those that have the stage.

    Whether a promise was too short, or no history was there, is looked for in every late order.
    """
    is_late = orders.late_s > 0
    has = {piece: value.notnull() for piece, value in _pieces(orders).items()} | {"mall_dwell": orders.mall_dwell_s.notnull()}
    stages = {f"late_{piece}": is_late & known for piece, known in has.items()}
    return {"late_sum": is_late} | stages | {"late_promise_too_short": is_late, "late_no_history": is_late}


def late_attribution(orders: ir.Table, *, by: Sequence[str] = (), dow: int | None = None, hour: int | None = None) -> ir.Table:
    """Late seconds shared out over the stages that took longer than is typical, so that the parts sum to the whole to the second.

    Observed, with a rule. The weight of a stage is ``max(0, stage - typical)``; typical is the lower median of that stage over the mall's
    delivered orders of the same local hour of the week in the 8 weeks before the order's own week. Where fewer than 30 of them have the
    stage, those of the same hour on any day take their place, and where these are fewer than 30 too, all of the mall's in those weeks. The
    order's late seconds are shared out by weight in whole seconds by largest remainder, ties in timeline order. Where every weight is zero
    the promise was too short; where the mall has no earlier orders, there is no history. Stages that cannot be told apart, because an
    event between them is unknown, count as one: an undivided mall dwell, and unsplit seconds (last in timeline order). Orders without a
    promise, or whose known events run backwards, are left out and counted. Source: after Walmart's accountable rate.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered, with the 9 weeks before the period: ``in_period`` is true in the period.
    by
        Columns that make the groups; none for one row over everything.
    dow, hour
        Only late orders of this local weekday and this local hour; the history of all of them; None: all.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such orders (without ``by`` always one row); seconds of late orders are null where too few people are late:

        - the columns of ``by``
        - ``n``: delivered orders with a promise whose known events are in order
        - ``late_n``: of these, late ones
        - ``late_sum_s``: seconds by which these were late together
        - ``late_prep_sum_s``, ``late_assign_sum_s``, ``late_approach_sum_s``, ``late_mall_dwell_sum_s``, ``late_drive_sum_s``,
          ``late_unsplit_sum_s``, ``late_promise_too_short_sum_s``, ``late_no_history_sum_s``: its parts
        - ``late_store_wait_sum_s``, ``late_handling_sum_s``: parts of the mall dwell, of the orders whose moment of packing is known
    """
    cut = _cut(orders, by).alias("cut")
    wanted = [_.in_period, _.late_s.notnull()]
    wanted += [] if dow is None else [_.local_dow == dow]
    wanted += [] if hour is None else [_.local_hour == hour]
    promised = cut.filter(*wanted)
    counts = promised.aggregate(
        {"n": _.count(), "late_n": (_.late_s > 0).sum().fill_null(0), "late_sum_s": _.late_s.sum(where=_.late_s > 0).fill_null(0)},
        by=list(by),
    )
    late = promised.filter(_.late_s > 0)
    shared = _shared(_weighed(late, _typicals(cut, late), by), by)
    seconds = {f"late_{piece}": shared.seconds.sum(where=shared.place == place) for place, piece in enumerate(PIECES)}
    seconds["late_mall_dwell"] = shared.seconds.sum(where=shared.place.isin([PIECES.index(part) for part in DWELL]))
    seconds |= {"late_promise_too_short": shared.too_short_s.sum(), "late_no_history": shared.unknown_s.sum()}
    joined = _beside(counts, shared.aggregate({f"{part}_sum_s": seconds[part] for part in PARTS}, by=list(by)), by)
    return joined.mutate(**{f"{part}_sum_s": joined[f"{part}_sum_s"].fill_null(0) for part in PARTS})


def attributed(orders: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Return ``late_attribution`` of orders of all days: what an order's own weeks before say of it does not hang on the period asked."""
    return late_attribution(orders.mutate(in_period=True), by=by)


def _cut(orders: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return delivered orders with ordered events, their time cut into pieces, and nothing that is not needed."""
    tiled = orders.filter(_.click_to_door_s.notnull(), _.unsplit_s.notnull())
    pieces = {f"piece_{piece}": value for piece, value in _pieces(tiled).items()}
    plain = dict.fromkeys(("mall_id", "local_dow", "local_hour", "in_period", "late_s", *by))
    return tiled.select(*plain, week_day=tiled.local_week_on.delta(ibis.date(_EPOCH), unit="day"), **pieces)


def _pieces(orders: ir.Table) -> dict[str, ir.IntegerValue]:
    """Return what an order's time is cut into; null where the order has no such piece."""
    stages: dict[str, ir.IntegerValue] = {piece: orders[f"{piece}_s"] for piece in PIECES if f"{piece}_s" in orders.columns}
    undivided = ibis.ifelse(orders.store_wait_s.isnull(), orders.mall_dwell_s, ibis.null("int64"))
    return stages | {"undivided_dwell": undivided, "unsplit": orders.unsplit_s.nullif(0)}


def _typicals(cut: ir.Table, late: ir.Table) -> ir.Table:
    """Return what is typical of each piece for every mall, week, weekday and hour in which an order was late.

    The same hour of the week is looked at for all of them, the wider circles only for those that need them.
    """
    has = {f"has_{piece}": late[f"piece_{piece}"].count() for piece in PIECES}
    targets = late.filter(_.mall_id.notnull(), _.week_day.notnull()).aggregate(has, by=list(_TARGET))
    for number, level in enumerate(_LEVELS):
        circle = (*level, "week_day")
        if number == 0:
            asking = targets.select(*circle)
        else:
            lacking = [(targets[f"has_{piece}"] > 0) & targets[f"typical_{piece}"].isnull() for piece in PIECES]
            asking = targets.filter(reduce(or_, lacking)).select(*circle).distinct()
        found = _medians(cut, asking, level, fewest=FEWEST if number < len(_LEVELS) - 1 else 1)
        targets = _with_typicals(targets, found, circle).alias(f"typicals_{number + 1}")
    return targets.drop(*has)


def _with_typicals(targets: ir.Table, found: ir.Table, circle: Sequence[str]) -> ir.Table:
    """Add the medians of a circle where no nearer circle had any."""
    joined = targets.left_join(found, [targets[key] == found[key] for key in circle], rname="found_{name}")
    kept = [name for name in targets.columns if not name.startswith("typical_")]
    nearer = {piece: [joined[f"typical_{piece}"]] if f"typical_{piece}" in targets.columns else [] for piece in PIECES}
    return joined.select(*kept, **{f"typical_{piece}": ibis.coalesce(*nearer[piece], joined[f"usual_{piece}"]) for piece in PIECES})


def _medians(cut: ir.Table, asking: ir.Table, level: Sequence[str], *, fewest: int) -> ir.Table:
    """Return the lower median of each piece over the 8 weeks before; null where fewer than ``fewest`` orders have the piece."""
    asking = asking.rename({f"asking_{name}": name for name in asking.columns})
    earlier = cut.week_day.between(asking.asking_week_day - HISTORY_WEEKS * _DAYS_A_WEEK, asking.asking_week_day - _DAYS_A_WEEK)
    history = cut.inner_join(asking, [*(cut[key] == asking[f"asking_{key}"] for key in level), earlier])
    values = {f"usual_{piece}": _usual(history[f"piece_{piece}"], fewest) for piece in PIECES}
    return history.aggregate(values, by={key: history[f"asking_{key}"] for key in (*level, "week_day")})


def _usual(known: ir.IntegerColumn, fewest: int) -> ir.IntegerValue:
    """Return the lower median of a group's piece; null where fewer than ``fewest`` orders have it."""
    return ibis.ifelse(known.count() < fewest, ibis.null("int64"), lower_median(known))


def _weighed(late: ir.Table, typicals: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return one row per late order and piece that took longer than is typical; an order without any has one row all the same.

    Long, not wide: engines put expressions over expressions into one another, and remainders of weights of medians grow beyond planning.
    """
    joined = late.left_join(typicals, [late[key] == typicals[key] for key in _TARGET], rname="typical_of_{name}")
    weights = {}
    for piece in PIECES:
        took, typical = joined[f"piece_{piece}"], joined[f"typical_{piece}"]
        weights[piece] = ibis.greatest(0, (took - typical).fill_null(0))
    has_history = ibis.coalesce(*(joined[f"typical_{piece}"] for piece in PIECES)).notnull()
    # Only tells the orders apart, whichever number each has.
    number = ibis.row_number().over(ibis.window(order_by="late_s"))
    weighed = joined.select("late_s", *by, has_history=has_history, number=number, **weights).alias("weighed")
    total = reduce(add, [weighed[piece] for piece in PIECES])
    rows = [
        weighed.select(*by, "number", "late_s", "has_history", place=ibis.literal(place, "int64"), weight=weighed[piece], total=total)
        for place, piece in enumerate(PIECES)
    ]
    return ibis.union(*rows).filter((_.weight > 0) | ((_.total == 0) & (_.place == 0)))


def _shared(weighed: ir.Table, by: Sequence[str]) -> ir.Table:
    """Share out the late seconds of each order by largest remainder; where nothing has weight, tell why."""
    product, divisor = weighed.late_s * weighed.weight, weighed.total.nullif(0)
    divided = weighed.mutate(rest=product % divisor, whole=((product - product % divisor) // divisor).cast("int64"))
    # One window over all, for a window over each of many small orders takes longer than everything else here.
    first = [divided.number, divided.rest.desc(), divided.place]
    placed = divided.mutate(at=ibis.row_number().over(ibis.window(order_by=first)))
    each = placed.group_by("number").agg(whole_s=_.whole.sum(), first_at=_.at.min())
    ranked = placed.inner_join(each, "number").select(placed, left_over=placed.late_s - each.whole_s, nearer=placed["at"] - each.first_at)
    is_unweighed = ranked.total == 0
    return ranked.select(
        *by,
        "place",
        seconds=(ranked.whole + (ranked.nearer < ranked.left_over).cast("int64")).fill_null(0),
        too_short_s=ibis.ifelse(is_unweighed & ranked.has_history, ranked.late_s, 0),
        unknown_s=ibis.ifelse(is_unweighed & ~ranked.has_history, ranked.late_s, 0),
    )


def _beside(counts: ir.Table, figures: ir.Table, by: Sequence[str]) -> ir.Table:
    """Join figures of late orders to the groups of all orders; a null is a group of its own."""
    names = [name for name in figures.columns if name not in by]
    if not by:
        return counts.cross_join(figures)
    joined = counts.left_join(figures, [counts[key].identical_to(figures[key]) for key in by])
    return joined.select(*counts.columns, *names)
