"""How much driver time people have within reach: the two-step floating catchment, on drivers' online time at malls.

Modelled: nobody saw which driver was there for whom. Source: Luo and Wang 2003, Measures of Spatial Accessibility to Health Care in a GIS
Environment (two-step floating catchment area).
"""

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.cells import parent
from analytics.metrics.coverage import demand_inside, drives_to
from analytics.privacy import DRIVER_K

_DAYS_A_WEEK = 7
_A_SUNDAY = "1899-12-31"
"""Before all days: whole weeks since then begin on Mondays."""


def driver_access(
    shift_activity: ir.Table,
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    within_s: int,
    weight: str,
    resolution: int,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
) -> ir.Table:
    """Drivers' online time a week that falls to each cell when every mall's drivers are there for all people within the drive time alike.

    Modelled, not observed. Two steps: a mall's online time a week S_j is divided by the people within ``within_s`` of it,
    ``R_j = S_j / sum of D_i``; people of a cell have ``A_i``, the sum of R_j over the malls within ``within_s``. So the time of all cells
    adds up to that of the malls, to the second. The time of malls without people in reach stands in the row without a cell. Malls
    with fewer than five drivers are left out: their time would be that of persons. The whole shift counts at each mall whose drivers'
    shift it is. A week is seven calendar days of the period, with drivers or without; of one weekday it is one such day.

    Parameters
    ----------
    shift_activity
        Table of the contract of that name, filtered; only its rows with a mall count.
    demand_cells, catchments, malls
        Tables of the contracts of the same names.
    mall_id
        Only the drivers of this mall; None: of all malls.
    within_s
        Drive time d0 from the mall, seconds; equal is within reach.
    weight
        ``population`` or ``households``: who is counted as people here.
    resolution
        H3 resolution of the rows, 9 or coarser.
    start_on, end_on
        Period, start included, end excluded; None: from the market's first, to its last day with drivers.
    dow
        Only this weekday, 1 Monday to 7 Sunday; None: all.

    Returns
    -------
    ibis.expr.types.Table
        One row per cell with people, and one per market with time that reaches nobody:

        - ``market_id``
        - ``cell``: H3 cell of ``resolution``; null for time that reaches nobody
        - ``numerator``: online seconds a week that fall to the cell
        - ``denominator``: people in it
        - ``n``: demand cells in it within reach of a mall with drivers
    """
    supply = weekly_supply(shift_activity, start_on=start_on, end_on=end_on, dow=dow)
    supply = supply if mall_id is None else supply.filter(_.mall_id == mall_id)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    pairs = drives_to(catchments, malls).filter(_.drive_s <= within_s)
    spread = spread_over_people(supply, pairs, people)
    fallen = spread.group_by(["market_id", "cell"]).agg(online_s=_.online_s.sum())
    own = people.left_join(fallen, ["market_id", "cell"]).select("market_id", "cell", "weight", "online_s")
    rolled = own.group_by(market_id=_.market_id, cell=parent(_.cell, resolution))
    rows = rolled.agg(numerator=_.online_s.sum().fill_null(0), denominator=_.weight.sum(), n=_.online_s.count())
    placed = supply.anti_join(spread.select("mall_id").distinct(), "mall_id")
    lost = placed.group_by("market_id").agg(numerator=_.online_s.sum())
    nowhere = lost.select(
        "market_id", cell=ibis.null("int64"), numerator=_.numerator, denominator=ibis.literal(0, "int64"), n=ibis.literal(0, "int64")
    )
    return rows.union(nowhere)


def weekly_supply(
    shift_activity: ir.Table, *, start_on: date | None = None, end_on: date | None = None, dow: int | None = None
) -> ir.Table:
    """Return the online time of each mall's drivers in a calendar week of the period, of one weekday in one such day.

    Returns
    -------
    ibis.expr.types.Table
        ``market_id``, ``mall_id``, ``online_s``: one row per mall with five drivers or more.
    """
    here = shift_activity.filter(_.mall_id.notnull(), _.local_date.notnull())
    ends = here.group_by("market_id").agg(first_on=_.local_date.min(), last_on=_.local_date.max())
    start_day = _day(ends.first_on if start_on is None else ibis.literal(start_on))
    end_day = _day(ends.last_on) + 1 if end_on is None else _day(ibis.literal(end_on))
    days = ends.select(
        "market_id", days=end_day - start_day if dow is None else _DAYS_A_WEEK * (_times(dow, end_day) - _times(dow, start_day))
    )
    counting = here if dow is None else here.filter(_.local_dow == dow)
    sums = counting.group_by(["market_id", "mall_id"]).agg(sum_s=_.online_s.sum().fill_null(0), drivers=_.driver_id.nunique())
    known = sums.filter(_.drivers >= DRIVER_K).inner_join(days, "market_id")
    return known.select("market_id", "mall_id", online_s=_.sum_s * _DAYS_A_WEEK // ibis.greatest(_.days, 1))


def _times(dow: int, before_day: ir.IntegerValue) -> ir.IntegerValue:
    """Return how often a weekday has come before a day, since the first Monday."""
    return (before_day - 1 + _DAYS_A_WEEK - dow) // _DAYS_A_WEEK


def _day(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of a day: 1 for a Monday, and 7 more a week later."""
    return day.delta(ibis.date(_A_SUNDAY), unit="day")


def spread_over_people(supply: ir.Table, pairs: ir.Table, people: ir.Table, *, names: Sequence[str] = ("online_s",)) -> ir.Table:
    """Spread each mall's time over the people within its reach, each the same, in whole seconds that add up to the mall's.

    Parameters
    ----------
    supply
        ``mall_id`` and times in seconds, one row per mall.
    pairs
        ``market_id``, ``cell`` and ``mall_id``: the cells within reach of each mall.
    people
        ``market_id``, ``cell`` and ``weight``, people more than 0.
    names
        Columns of ``supply`` that are spread.

    Returns
    -------
    ibis.expr.types.Table
        ``market_id``, ``cell``, ``mall_id`` and these columns: one row per mall and cell. The running sum over cells is rounded down, so
        that a cell is off by less than a second and the sum not at all.
    """
    reached = pairs.select("market_id", "cell", "mall_id").inner_join(people, ["market_id", "cell"])
    reached = reached.select("market_id", "cell", "mall_id", "weight").inner_join(supply.select("mall_id", *names), "mall_id")
    running = _.weight.sum().over(ibis.cumulative_window(group_by="mall_id", order_by=_.cell))
    whole = _.weight.sum().over(ibis.window(group_by="mall_id"))
    ranked = reached.mutate(running=running, whole=whole)
    before = ranked.running - ranked.weight
    parts = {name: ranked[name] * ranked.running // ranked.whole - ranked[name] * before // ranked.whole for name in names}
    return ranked.select("market_id", "cell", "mall_id", **parts)
