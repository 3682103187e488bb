"""The sentence, the figures and the grid of hours short and spare."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.opening_hours import open_hours_of_any
from analytics.reference import extent, malls
from ui import format as write
from ui.charts import Hour, HourOfWeek, week_hour_grid
from ui.drivers.question import (
    RATES,
    asked,
    bounds,
    figure,
    gap,
    gap_by_hour,
    has_shifts,
    is_of_market,
    place,
    reason,
    shown_hour,
    value,
    weekly_hours,
)
from ui.maps import Specials, legend_html
from ui.overview.gauges import UTILIZATION, target_text
from ui.overview.standing import targets
from ui.palette import DIVERGING, Classes, number_text
from ui.panels import Shown
from ui.session import compute
from ui.view import View

GRID_PX = 410


class Balance(Classes):
    """Classes of hours short and spare: the labels at the ends say which side is which, so that no reader has to remember a sign."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Texts of the classes, spare first: ``over 20 spare``, ``8-20``, ``2-8``, ``under 2``, ``2-8``, ``8-20``, ``over 20 short``."""
        limits = [number_text(limit) for limit in self.breaks if limit > 0]
        sizes = [f"{low}-{high}" for low, high in pairwise(limits)]
        last = f"over {limits[-1]}"
        return (f"{last} spare", *reversed(sizes), f"under {limits[0]}", *sizes, f"{last} short")


BY_HOUR = Balance("Driver-hours", "a week", (-20, -8, -2, 2, 8, 20), DIVERGING)
"""Fixed, so that a color means the same in every grid: short is above zero."""

HOURS = (
    Shown("day", "Day", is_pinned=True),
    Shown("hour", "Hour"),
    Shown("required", "Required, h a week", "decimal", help="Modelled from orders placed"),
    Shown("online", "Online, h a week", "decimal"),
    Shown("short", "Short, h a week", "decimal"),
    Shown("spare", "Spare, h a week", "decimal"),
    Shown("busy", "On trips", "percent", help="Part of the online time; where it is nearly all, more hours may be lacking than are told"),
    Shown("n", "n hours", "count", help="Hours of the period whose requirement is known"),
)

FULL_SHARE = 0.85
"""Part of the online time on trips from which on hardly anybody is free: between trips drivers come back and read offers."""

_FULL = "Hardly anybody is free: more may be lacking"
_LEAST = min(limit for limit in BY_HOUR.breaks if limit > 0)


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    if not has_shifts(view):
        return f"No shifts in this data, so nothing can be said about drivers' hours in {place(view)}.", (
            "Load a file of shifts, or one of trips or orders that names the drivers."
        )
    row, answer = gap(view), gap_by_hour(view)
    if row["suppressed"]:
        return f"Drivers' hours in {place(view)} are hidden: {answer.too_few}.", "Choose more days or the whole market."
    if row["hours_short"] is None:
        return f"No driver-hours to compare in {place(view)} on {view.days}.", _why_unknown(view, row)
    short, spare = (write.driver_hours(weekly_hours(view, row[f"hours_{side}"])) for side in ("short", "spare"))
    return f"{place(view)}: {short} short, {spare} spare a week{_worst(view)}.", (
        "Online hours are observed, required hours modelled from orders placed; short and spare are counted hour by hour, never netted."
    )


def _why_unknown(view: View, row: Mapping[str, Any]) -> str:
    if row["unknown_n"]:
        return f"{write.counted(row['unknown_n'], 'hour')} had nothing to compare with in the 8 weeks before. Choose later days."
    return f"No order was placed and no driver was online. Choose other days{'' if is_of_market(view) else ' or the whole market'}."


def _worst(view: View) -> str:
    """Say which hour of the week lacks most; nothing where none lacks a tenth of an hour."""
    rows = [row for row in gap_by_hour(view).rows() if row["hours_short"]]
    worst = max(rows, key=lambda row: row["hours_short"], default=None)
    hours = None if worst is None else weekly_hours(view, worst["hours_short"])
    if worst is None or hours is None or hours < 0.05:
        return ""
    return f"; most are lacking {write.hour_of_week((worst['local_dow'], worst['local_hour']))} ({write.driver_hours(hours)})"


def figures(view: View) -> list[tuple[str, str, str]]:
    """Return five figures: hours short and spare a week, utilization, deliveries and earnings by the online hour."""
    row = gap(view)
    short, spare = (write.driver_hours(weekly_hours(view, row[f"hours_{side}"])) for side in ("short", "spare"))
    return [("Hours short", short, "a week"), ("Hours spare", spare, "a week"), *(_rate(view, metric) for metric in RATES)]


def _rate(view: View, metric: str) -> tuple[str, str, str]:
    """Return a figure in words, and beside it its interval or why it is missing."""
    answer = compute(metric, view, **asked(view))
    row, kind = answer.row(), answer.metric.kind
    number = value(row)
    if number is None:
        return answer.metric.label, write.MISSING, reason(answer)
    beside = ", ".join(filter(None, (bounds(kind, row) or write.n(row["n"]), _target(view) if metric == UTILIZATION.metric else "")))
    return answer.metric.label, figure(kind, number), beside


def _target(view: View) -> str:
    """Return the band that utilization should keep, where the configuration sets one."""
    target = targets(view)[0].of(UTILIZATION.target_key, view.focus.id)
    return f"target {target_text(UTILIZATION, target)}" if target else ""


def grid(view: View) -> tuple[str, go.Figure]:
    """Return the legend and the weekday x hour grid of hours short and spare a week."""
    answer = gap_by_hour(view)
    hours = [_hour(view, row) for row in answer.rows()]
    drawn = week_hour_grid(
        hours,
        classes=BY_HOUR,
        theme=view.theme,
        week_start=extent(view.version, view.focus.id).week_start,
        open_hours=_open_hours(view),
        chosen=view.hour,
        height_px=GRID_PX,
        hidden_tip=f"Hidden: {answer.too_few}",
    )
    specials = Specials(hidden_cells=sum(hour.is_hidden for hour in hours), why=f"Hidden: {answer.too_few}")
    return legend_html(BY_HOUR, theme=view.theme, period=view.days, specials=specials), drawn


def _hour(view: View, row: Mapping[str, Any]) -> Hour:
    """Return a cell of the grid: colored by the larger figure, the other one as a stripe where it has a class of its own."""
    at = row["local_dow"], row["local_hour"]
    short, spare = weekly_hours(view, row["hours_short"]), weekly_hours(view, row["hours_spare"])
    if short is None or spare is None:
        return Hour(*at, is_hidden=row["suppressed"], tip=("Nothing to compare with in the 8 weeks before",))
    larger, smaller = (short, -spare) if short >= spare else (-spare, short)
    sign = write.MINUS if larger > 0 else "+"
    return Hour(
        *at,
        value=larger,
        text=f"{sign}{int(abs(larger) + 0.5)}" if abs(larger) >= 0.5 else "0",
        tip=(f"{short:.1f} h short, {spare:.1f} h spare a week", f"{weekly_hours(view, row['required_s']):.1f} h required", *busy(row)),
        beside=smaller if abs(smaller) >= _LEAST else None,
    )


def _busy_share(row: Mapping[str, Any]) -> float | None:
    """Return the part of the online time that drivers spend on trips; None where it is unknown or nobody is online."""
    return None if row["engaged_s"] is None or not row["online_s"] else float(row["engaged_s"] / row["online_s"])


def busy(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how busy drivers are, and what that means where hardly anybody is free."""
    share = _busy_share(row)
    if share is None:
        return ()
    return (f"Drivers on trips {write.percent(share, decimals=0)} of the time", *((_FULL,) if share >= FULL_SHARE else ()))


def _open_hours(view: View) -> frozenset[HourOfWeek] | None:
    """Return the hours in which the mall, or any open mall of the market, is open; None where one's hours are unknown."""
    here = [view.mall] if view.mall is not None and not is_of_market(view) else malls(view.version, view.focus.id)
    return open_hours_of_any(each.opening_hours for each in here if each.status == "open")


def hour_words_in_full(view: View) -> str:
    """Return what is known of the hour of the week that the map shows, in one line."""
    hour = shown_hour(view)
    if hour is None:
        return "No hour to show."
    title = write.hour_of_week(hour) if view.hour else f"{write.hour_of_week(hour)}, the busiest hour"
    row = next((row for row in gap_by_hour(view).rows() if (row["local_dow"], row["local_hour"]) == hour), None)
    if row is None:
        return f"{title}: no orders and no drivers, or shut."
    if row["suppressed"]:
        return f"{title}: hidden, {gap_by_hour(view).too_few}."
    required, online, short, spare = (
        write.driver_hours(weekly_hours(view, row[column])) for column in ("required_s", "online_s", "hours_short", "hours_spare")
    )
    return f"{title}: {required} required and {online} online, so {short} short and {spare} spare a week. Hatched hours: shut."


def hours_table(view: View) -> pa.Table:
    """Return one row an hour of the week; the chosen hour first, then those that lack most."""
    rows = [
        {
            "day": write.weekday(row["local_dow"]),
            "hour": write.hour(row["local_hour"]),
            "required": weekly_hours(view, row["required_s"]),
            "online": weekly_hours(view, row["online_s"]),
            "short": weekly_hours(view, row["hours_short"]),
            "spare": weekly_hours(view, row["hours_spare"]),
            "busy": _busy_share(row),
            "n": row["n"],
            "is_chosen": (row["local_dow"], row["local_hour"]) == view.hour,
        }
        for row in gap_by_hour(view).rows()
    ]
    rows.sort(key=lambda row: (not row["is_chosen"], -(row["short"] or 0), -(row["required"] or 0)))
    numbers = ("required", "online", "short", "spare", "busy")
    schema = pa.schema([("day", pa.string()), ("hour", pa.string()), *((name, pa.float64()) for name in numbers), ("n", pa.int64())])
    return pa.Table.from_pylist(rows, schema=schema)
