"""The scorecard: one row a mall, grouped by market, with a flag where a figure missed its target or got worse by more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from analytics.answers import Answer
from analytics.changes import Estimate, change
from analytics.reference import Mall
from analytics.targets import Targets
from ui import format as write
from ui.overview.gauges import (
    COST,
    ON_TIME,
    ORDERS,
    SEVERAL,
    SPEED,
    UTILIZATION,
    Gauge,
    difference_text,
    estimate,
    estimates,
    interval_text,
    is_known,
)
from ui.overview.weeks import in_week, span, whole_weeks
from ui.panels import Shown
from ui.session import Ask, compute
from ui.view import View

_UNPLACED, _LONGEST_NAME = "No known mall", 31
_NOT_OPEN = {"candidate": "Candidate: no deliveries yet", "closed": "Closed"}
_SHORT = {ON_TIME: "On time", SPEED: "p90", COST: "Cost", UTILIZATION: "Utilization"}

Figures = dict[Gauge, dict[str | None, Estimate]]

SCORECARD = (
    Shown("mall", "Mall", is_pinned=True, width_px=196),
    Shown("market", "Market", width_px=96),
    Shown("weeks_open", "Weeks", "count", help="Complete weeks since the first day of retail delivery"),
    Shown("orders", "Orders", "count"),
    Shown("on_time_share", "On time", "percent"),
    Shown("p90_s", "p90, min", "minutes", help="Click-to-door: 9 of 10 orders are faster"),
    Shown("utilization", "Utilized", "percent", help="Driver utilization: busy share of online time, of the mall's drivers"),
    Shown("cost_cents", "Cost", "money", help="Cost per delivery: pay of accepted offers, cancelled trips included, over delivered orders"),
    Shown("trend", "13 weeks", "trend", help="Orders a week, over the whole weeks with data among the 13 that end with the period"),
    Shown("flag", "Flag", help="A target missed, or a figure that got worse, each by more than chance", width_px=190),
    Shown("interval", "95 %", "interval", help="Interval of on time, in percent (Wilson)"),
    Shown("n", "n", "count", help="Delivered orders that have a promise"),
    Shown("note", "Note", help="Why a figure is missing"),
)
"""Nine columns stand before the table scrolls; among all markets the trend makes room for the market's name."""

_SCHEMA = pa.schema(
    [
        ("mall_id", pa.string()),
        ("mall", pa.string()),
        ("market", pa.string()),
        ("weeks_open", pa.int64()),
        ("orders", pa.int64()),
        ("on_time_share", pa.float64()),
        ("p90_s", pa.int64()),
        ("utilization", pa.float64()),
        ("cost_cents", pa.float64()),
        ("trend", pa.list_(pa.float64())),
        ("flag", pa.string()),
        ("interval", pa.string()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)


def _place(view: View) -> dict[str, str | None]:
    """Return what the scorecard is asked of: the chosen market or all of them, whichever mall is chosen."""
    return {"market_id": view.market.id if view.market else None, "mall_id": None}


def answers(view: View) -> list[Answer]:
    """Return what stands in the scorecard, as it was asked: every mall of the market, whichever is chosen."""
    gauges = (ORDERS, *SEVERAL)
    return [compute(gauge.metric, view, by=("mall",), **_place(view)) for gauge in gauges]


def asked(view: View) -> list[Ask]:
    """Return what the scorecard is going to ask."""
    now: list[Ask] = [(gauge.metric, {"by": ("mall",), **_place(view)}) for gauge in (ORDERS, *SEVERAL)]
    before: list[Ask] = [
        (gauge.metric, {"by": ("mall",), **_place(view), **span(view.compared)}) for gauge in (ON_TIME, SPEED) if view.compared is not None
    ]
    return [*now, *before, ("orders", {"by": ("mall", "week"), **_place(view), **span(view.trend)})]


def rows(view: View, targets: Targets) -> pa.Table:
    """Return one row a mall, grouped by market; a mall without orders says why. Columns as in ``SCORECARD``.

    Orders that belong to none of these malls have a row of their own: all rows together are the orders of the filter.
    """
    asked = answers(view)
    now = [{row["mall_id"]: row for row in answer.rows()} for answer in asked]
    too_few = dict(zip((ORDERS, *SEVERAL), (answer.too_few for answer in asked), strict=True))
    figures_now, before = _now(view, dict(zip((ORDERS, *SEVERAL), now, strict=True)), targets), _before(view)
    names = {market.id: market.name for market in view.markets}
    shown = sorted(view.malls, key=lambda mall: (names.get(mall.market_id, ""), mall.status != "open", mall.name))
    known = {mall.id for mall in shown}
    others = [mall_id for mall_id in now[0] if mall_id not in known]
    places: list[tuple[str | None, Mall | None]] = [*((mall.id, mall) for mall in shown), *((mall_id, None) for mall_id in others)]
    trends, short = _trends(view), write.shortened((mall.name for mall in shown), _LONGEST_NAME)
    scored = []
    for mall_id, mall in places:
        figures = dict(zip((ORDERS, *SEVERAL), (each.get(mall_id, {}) for each in now), strict=True))
        pairs = {gauge: (each.get(mall_id), before.get(gauge, {}).get(mall_id)) for gauge, each in figures_now.items()}
        scored.append(
            {
                **_named(mall_id, mall, names, view),
                "mall": short[mall.name] if mall else mall_id or _UNPLACED,
                **_figures(figures, view),
                "trend": _line(trends.get(mall_id, ())),
                "flag": "; ".join(_flags(pairs, targets, mall)) if any(figures.values()) else _standing(mall),
                "note": _note(mall, figures, trends.get(mall_id, ()), too_few),
            }
        )
    return pa.Table.from_pylist(scored, schema=_SCHEMA)


def chosen_mall(view: View) -> Mall | None:
    """Return the mall that was clicked, on the map or in the scorecard; figures of the other pages are then of it."""
    return next((mall for mall in view.malls if mall.id == view.chosen.get("mall")), None)


def columns(scored: pa.Table, view: View) -> tuple[Shown, ...]:
    """Return the scorecard's columns with one upper end for all trends, so that malls can be compared.

    What the data cannot tell is no column; interval and n are those of the figure that leads. A chosen market is no column; among all
    markets the trend stands behind the flag.
    """
    top = max((value for trend in scored.column("trend").to_pylist() if trend for value in trend), default=1.0)
    lacking = {column for gauge, column in _COLUMNS.items() if gauge in (ON_TIME, COST, UTILIZATION) and not is_known(gauge, view)}
    shown = [replace(each, top=top or 1.0) if each.kind == "trend" else each for each in SCORECARD if each.column not in lacking]
    if not is_known(ON_TIME, view):
        words = {"interval": "Interval of the p90, in minutes", "n": "Delivered orders"}
        shown = [replace(each, help=words.get(each.column, each.help)) for each in shown]
    if view.market:
        return tuple(each for each in shown if each.column != "market")
    trend = next(each for each in shown if each.column == "trend")
    shown.remove(trend)
    shown.insert([each.column for each in shown].index("flag") + 1, trend)
    return tuple(shown)


_COLUMNS = {ON_TIME: "on_time_share", SPEED: "p90_s", UTILIZATION: "utilization", COST: "cost_cents"}


def _now(view: View, asked: Mapping[Gauge, Mapping[str | None, Mapping[str, Any]]], targets: Targets) -> Figures:
    """Return the figures by mall with their bounds; those of costs are asked for only where a target needs them."""
    found = {gauge: _with_bounds(gauge, asked[gauge]) for gauge in (ON_TIME, SPEED, UTILIZATION)}
    return found | ({COST: estimates(COST, view, "mall")} if targets.sets(COST.target_key) and is_known(COST, view) else {})


def _before(view: View) -> Figures:
    """Return the figures of the days compared with by mall, of those that flags compare."""
    if view.compared is None:
        return {}
    answers = {gauge: compute(gauge.metric, view, by=("mall",), **_place(view), **span(view.compared)) for gauge in (ON_TIME, SPEED)}
    return {gauge: _with_bounds(gauge, {row["mall_id"]: row for row in answer.rows()}) for gauge, answer in answers.items()}


def _with_bounds(gauge: Gauge, rows: Mapping[str | None, Mapping[str, Any]]) -> dict[str | None, Estimate]:
    return {mall_id: each for mall_id, row in rows.items() if (each := estimate(gauge, row)) is not None}


def _named(mall_id: str | None, mall: Mall | None, names: Mapping[str, str], view: View) -> dict[str, Any]:
    opened = mall.opened_on if mall and mall.status == "open" else None
    return {
        "mall_id": mall_id,
        "market": names.get(mall.market_id, mall.market_id) if mall else view.market.name if view.market else None,
        "weeks_open": max(0, (view.period.end_on - opened).days // 7) if opened else None,
    }


def _figures(figures: Mapping[Gauge, Mapping[str, Any]], view: View) -> dict[str, Any]:
    first = ON_TIME if is_known(ON_TIME, view) else SPEED
    leads, counted = figures[first], "denominator" if first == ON_TIME else "n"
    return {
        "orders": figures[ORDERS].get("orders"),
        **{column: found.value if (found := estimate(gauge, figures[gauge])) else None for gauge, column in _COLUMNS.items()},
        "interval": interval_text(first, estimate(first, leads)) if leads.get(first.column) is not None else None,
        "n": leads.get(counted),
    }


def _flags(pairs: Mapping[Gauge, tuple[Estimate | None, Estimate | None]], targets: Targets, mall: Mall | None) -> list[str]:
    """Return what a reader should look at: figures that got worse, then targets missed, each by more than chance.

    ``pairs`` are the figures now and on the days compared with.
    """
    missed, worse = [], []
    for gauge, (now, before) in pairs.items():
        target = targets.of(gauge.target_key, mall.market_id if mall else None)
        if now is not None and target is not None and target.verdict(now) == "missed":
            missed.append(_SHORT[gauge])
        moved = change(now, before) if now is not None and before is not None else None
        if moved is not None and moved.is_beyond_chance and (moved.difference < 0) == (gauge == ON_TIME):
            worse.append(f"{_SHORT[gauge]} {difference_text(gauge, moved.difference)}")
    return [*worse, *([f"missed: {', '.join(missed)}"] if missed else [])]


def _standing(mall: Mall | None) -> str | None:
    """Return why a row is empty in a word: the note with the reason stands where a reader has to scroll to."""
    return write.STATUS_WORDS[mall.status] if mall and mall.status in _NOT_OPEN else None


def _note(
    mall: Mall | None, figures: Mapping[Gauge, Mapping[str, Any]], weeks: Sequence[float | None], too_few: Mapping[Gauge, str]
) -> str:
    """Return why a figure is missing, and why a line is shorter than others."""
    orders, on_time = figures[ORDERS], figures[ON_TIME]
    if not orders and mall and mall.status in _NOT_OPEN:
        return _NOT_OPEN[mall.status]
    notes = []
    if not orders:
        notes.append("no orders in this period")
    elif orders["suppressed"]:
        notes.append(f"hidden: {too_few[ORDERS]}")
    elif on_time.get("share") is None and not on_time.get("suppressed"):
        notes.append("no promise times")
    else:
        notes += [f"{_SHORT[gauge].lower()} hidden: {too_few[gauge]}" for gauge in SEVERAL if figures[gauge].get("suppressed")]
    hidden_weeks = list(weeks).count(None) if _line(weeks) else 0
    if hidden_weeks:
        notes.append(f"{write.counted(hidden_weeks, 'hidden week')} left out of the line")
    text = "; ".join(notes)
    return text[:1].upper() + text[1:]


def _line(weeks: Sequence[float | None]) -> list[float] | None:
    """Return the weeks that are known; a single one is no line."""
    known = [week for week in weeks if week is not None]
    return known if len(known) > 1 else None


def _trends(view: View) -> dict[str | None, list[float | None]]:
    """Return orders a week by mall over the whole weeks of its market: zero for a week without orders, None for a hidden one."""
    found = compute("orders", view, by=("mall", "week"), **{**_place(view), **span(view.trend)}).rows()
    counts = {(row["mall_id"], row["local_week_on"]): row for row in found}
    homes = {mall.id: mall.market_id for mall in view.malls}
    trends: dict[str | None, list[float | None]] = {}
    for mall_id in {row["mall_id"] for row in found}:
        home = homes.get(mall_id, view.market.id if view.market else None)
        markets = [market for market in view.markets if home in {None, market.id} and market.first_on]
        trends[mall_id] = [in_week(ORDERS, counts.get((mall_id, week_on))) for week_on in whole_weeks(view, markets)]
    return trends
