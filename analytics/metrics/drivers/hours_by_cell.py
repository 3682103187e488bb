"""Hours of drivers that are lacking or spare, spread over cells by a model."""

from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.cells import parent
from analytics.metrics.coverage import demand_inside, drives_to
from analytics.metrics.driver_access import spread_over_people
from analytics.metrics.drivers.hours import opened, with_hours_after
from analytics.metrics.drivers.required import required_time
from analytics.metrics.drivers.rows import asked_hours, side_by_side
from analytics.privacy import SUBJECTS, Subject

_PLACE: Final = ("market_id", "mall_id")


def hours_gap_by_cell(  # noqa: PLR0917 -- its tables
    orders: ir.Table,
    shift_activity: ir.Table,
    trips: ir.Table,
    markets: ir.Table,
    mall_hours: ir.Table,
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
    hour: int | None = None,
    within_s: int,
    weight: str,
    resolution: int,
) -> ir.Table:
    """Where driver-hours were lacking and where they were spare: required against online time, each spread over cells.

    Modelled, not observed. Short and spare are those of hours_gap, mall by mall and hour by hour, and never netted: a cell may have both.
    The time that a mall's orders require, and what of it was short, is spread over cells like the mall's orders of the period, all hours
    together. The online time of its drivers, and what of it was spare, is spread over the people within ``within_s`` of the mall, each the
    same (driver access). Malls with fewer than five drivers or ten customers in the hours asked for are left out, and so is online time
    that reaches nobody. Source: Luo and Wang 2003, Measures of Spatial Accessibility to Health Care in a GIS Environment; Jennings et al.
    1996, Server Staffing to Meet Time-Varying Demand.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the period and the 8 weeks before; shifts by mall, orders with ``cell``.
    markets, mall_hours, demand_cells, catchments, malls
        Tables of the contracts of those names.
    mall_id
        Only this mall; None: all malls, each by itself.
    start_on, end_on
        Period in market-local days, start included, end excluded; None: open on that side.
    dow, hour
        Only this weekday, only this hour; None: all.
    within_s
        Drive time from the mall, seconds; equal is within reach.
    weight
        ``population`` or ``households``: who is counted as people here.
    resolution
        H3 resolution of the rows, 9 or coarser.

    Returns
    -------
    ibis.expr.types.Table
        One row per cell with orders or with people in reach:

        - ``market_id``
        - ``cell``: H3 cell of ``resolution``; null for orders whose door is unknown
        - ``hours_short``, ``hours_spare``: seconds short and seconds spare in the period
        - ``required_s``, ``online_s``: seconds required and online
        - ``n``: orders of the cell in the period, at all hours
    """
    required = required_time(orders, shift_activity, trips, markets, place=_PLACE)
    others = (orders, shift_activity, mall_hours, demand_cells, catchments, malls)
    asked: dict[str, Any] = {"mall_id": mall_id, "start_on": start_on, "end_on": end_on, "dow": dow, "hour": hour}
    return gap_by_cell_of_hours(required, *others, **asked, within_s=within_s, weight=weight, resolution=resolution)


def gap_by_cell_of_hours(  # noqa: PLR0917 -- its tables
    required: ir.Table,
    orders: ir.Table,
    shift_activity: ir.Table,
    mall_hours: ir.Table,
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
    hour: int | None = None,
    within_s: int,
    weight: str,
    resolution: int,
) -> ir.Table:
    """Return ``hours_gap_by_cell`` of hours whose required time is known: rows of ``required_time`` by mall, perhaps of more days."""
    known = required.filter(_.required_s.notnull())
    inside = asked_hours(known, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    hours = opened(known.filter(*inside) if inside else known, mall_hours, mall_id=mall_id, is_by_mall=True)
    gap = hours.required_s - hours.online_s
    gaps = {"hours_short": ibis.greatest(gap, 0).sum(), "hours_spare": ibis.greatest(-gap, 0).sum()}
    sums = hours.group_by(_PLACE).agg(**gaps, required_s=_.required_s.sum(), online_s=_.online_s.sum())
    asked: dict[str, Any] = {"start_on": start_on, "end_on": end_on, "dow": dow, "hour": hour}
    few = _malls_of_few(shift_activity, SUBJECTS["shift_activity"], **asked)
    # Work that is left over only adds people: where there are enough without it, it is not followed.
    enough = _people(orders, SUBJECTS["orders"], **asked).filter(_.people >= SUBJECTS["orders"].k)
    unsure = orders.anti_join(enough, "mall_id").select(*orders.columns)
    few = few.union(_malls_of_few(with_hours_after(unsure, ["mall_id"]), SUBJECTS["orders"], **asked), distinct=True)
    sums = sums.anti_join(few, "mall_id").select(*sums.columns).alias("hours_of_malls")  # written once: it is spread several times
    pairs = drives_to(catchments, malls).filter(_.drive_s <= within_s)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    spread = spread_over_people(sums, pairs, people, names=("online_s", "hours_spare"))
    online = spread.group_by(market_id=_.market_id, cell=parent(_.cell, resolution)).agg(
        online_s=_.online_s.sum(), hours_spare=_.hours_spare.sum()
    )
    placed = orders.filter(_.in_period, _.market_id.notnull()).group_by([*_PLACE, "cell"]).agg(n=_.count())
    needed = _spread(sums, placed).group_by(["market_id", "cell"])
    needed = needed.agg(required_s=_.required_s.sum(), hours_short=_.hours_short.sum(), n=_.n.sum())
    rows = side_by_side(["market_id", "cell"], needed, online)
    return rows.select("market_id", "cell", "hours_short", "hours_spare", "required_s", "online_s", "n")


def _malls_of_few(
    rows: ir.Table, subject: Subject, *, start_on: date | None, end_on: date | None, dow: int | None, hour: int | None
) -> ir.Table:
    """Return the malls with some people in the hours asked for, but fewer than may be shown."""
    counts = _people(rows, subject, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    return counts.filter(counts.people > 0, counts.people < subject.k).select("mall_id")


def _people(rows: ir.Table, subject: Subject, *, start_on: date | None, end_on: date | None, dow: int | None, hour: int | None) -> ir.Table:
    """Return ``people`` of each mall in the hours asked for."""
    inside = asked_hours(rows, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    here = rows.filter(*inside) if inside else rows
    return here.select("mall_id", person=subject.of(here)).group_by("mall_id").agg(people=_.person.nunique())


def _spread(sums: ir.Table, placed: ir.Table) -> ir.Table:
    """Spread each mall's required and short time over cells like its orders, in whole seconds that add up to the mall's."""
    joined = placed.left_join(sums, [placed[name].identical_to(sums[name]) for name in ("market_id", "mall_id")])
    names = ("required_s", "hours_short")
    cells = joined.select(*placed.columns, **{name: sums[name].fill_null(0) for name in names})
    own = list(_PLACE)
    ranked = cells.mutate(
        running=_.n.sum().over(ibis.cumulative_window(group_by=own, order_by="cell")), whole=_.n.sum().over(ibis.window(group_by=own))
    )
    before = ranked.running - ranked.n
    parts = {name: ranked[name] * ranked.running // ranked.whole - ranked[name] * before // ranked.whole for name in names}
    return ranked.select("market_id", "cell", "n", **parts)
