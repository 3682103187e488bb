"""What the Overview page says: the sentence, the tiles, the scorecard, the map and the weekly lines. Choosing and wording; no formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.changes import Change, Estimate, change, rate
from analytics.periods import Period
from analytics.reference import Mall, Market, malls
from ui import format as write
from ui.charts import Measure, weekly_trend
from ui.filters import Control
from ui.maps import Figure, on_time_map, speed_map
from ui.panels import Shown, Tile
from ui.scene import scene
from ui.session import compute
from ui.view import View

TREND = Control("trend", "By week", {"on_time_share": "On time", "click_to_door": "Click-to-door p90", "orders": "Orders"}, "on_time_share")
WITHIN_S = 1200
MAP_PX = 430
"""Lower than other maps: question, tiles and map share one screen."""
_COARSEST = 6
_MOST_HIDDEN = 0.2
_MEASURES = {
    "on_time_share": Measure("% on time", 1),
    "click_to_door": Measure("min, p90", 0),
    "orders": Measure("orders a week", 0, is_from_zero=True),
}
_SCORED = ("orders", "on_time_share", "click_to_door")
_SPANS = {
    "last-week": "last week",
    "last-4-weeks": "in the last 4 weeks",
    "last-13-weeks": "in the last 13 weeks",
    "since-opening": "since opening",
}

SCORECARD = (
    Shown("mall", "Mall", is_pinned=True),
    Shown("market", "Market"),
    Shown("weeks_open", "Weeks", "count", help="Complete weeks since the first day of retail delivery"),
    Shown("orders", "Orders", "count"),
    Shown("trend", "13 weeks", "trend", help="Orders a week, over the 13 weeks that end with the period"),
    Shown("on_time_share", "On time", "percent"),
    Shown("p90_s", "p90, min", "minutes", help="Click-to-door: 9 of 10 orders are faster"),
    Shown("n", "n", "count", help="Delivered orders that have a promise"),
    Shown("note", "Note"),
)

_CELL = Shown("cell", "Cell", "cell", is_pinned=True)
CELLS = {
    "on_time_share": (
        _CELL,
        Shown("share", "On time", "percent"),
        Shown("numerator", "On time, orders", "count"),
        Shown("denominator", "n", "count"),
    ),
    "click_to_door": (_CELL, Shown("p90_s", "p90, min", "minutes"), Shown("p50_s", "p50, min", "minutes"), Shown("n", "n", "count")),
}
"""Columns of the cells' table, by what the map shows."""


def leading(view: View) -> str:
    """Return the metric that the map and the weekly lines begin with: on time, or click-to-door where the data holds no promise."""
    promises = compute("on_time_share", view, market_id=None, mall_id=None, start_on=None, end_on=None)
    return "click_to_door" if promises.rows_behind == 0 else "on_time_share"


def trend_control(view: View) -> Control:
    """Return the choice between the figures of the weekly lines; what the data cannot tell is no choice."""
    first = leading(view)
    options = {key: label for key, label in TREND.options.items() if key != "on_time_share" or first == "on_time_share"}
    return replace(TREND, options=options, default=first)


def question(view: View) -> str:
    """Return the page's question for the place and the period chosen."""
    who = f"the program in {view.market.name}" if view.market else "the program"
    return f"How did {who} do {_SPANS.get(view.preset, f'on {view.days}')}?"


def days(view: View) -> str:
    """Return the days shown and those they are compared with."""
    return f"{view.days}{', ' + view.comparison if view.comparison else ''}"


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside why it says less than usual."""
    orders = compute("orders", view).row()["orders"] or 0
    if not orders:
        return f"No order was placed on {view.days} in {view.place}.", "Choose other days or another market."
    on_time, speed = compute("on_time_share", view).row(), compute("click_to_door", view).row()
    pace = f"9 of 10 of {write.counted(speed['n'] or 0, 'delivery', 'deliveries')} reached the door within {write.duration(speed['p90_s'])}"
    pace = pace if speed["p90_s"] is not None else f"{write.counted(orders, 'order')} came in"
    if on_time["share"] is None:
        return f"{pace[0].upper()}{pace[1:]}.", "No promise times in this data, so nothing can be said about punctuality."
    return f"{_moved('On time', on_time, view)}; {pace}.", ""


def _moved(label: str, now: Mapping[str, Any], view: View) -> str:
    """Say that a share rose, fell or held."""
    share = write.percent(now["share"])
    moved = _share_change(view, now)
    if moved is None:
        return f"{label} was {share}"
    if not moved.is_beyond_chance:
        return f"{label} held at {share}, within normal variation"
    word = "rose" if moved.difference > 0 else "fell"
    return f"{label} {word} {write.points(abs(moved.difference)).removeprefix('+')} to {share}"


def tiles(view: View) -> list[Tile]:
    """Return the figures of the page: orders, on time, click-to-door p90, people within 20 minutes' drive."""
    return [_orders_tile(view), _on_time_tile(view), _speed_tile(view), _reach_tile(view)]


def _orders_tile(view: View) -> Tile:
    answer = compute("orders", view)
    now = answer.row()["orders"] or 0
    before = compute("orders", view, **_span(view.compared)).row()["orders"] or 0 if view.compared else 0
    moved, text = None, ""
    if view.compared and before:
        pace, was = rate(now, view.period.days / 7), rate(before, view.compared.days / 7)
        moved, text = change(pace, was), write.relative_change(pace.value, was.value)
    return Tile(answer.metric, "Orders", write.compact(now), moved, text, view.comparison, weeks=_weekly(view, "orders", "orders"))


def _on_time_tile(view: View) -> Tile:
    answer = compute("on_time_share", view)
    now = answer.row()
    moved = _share_change(view, now)
    return Tile(
        answer.metric,
        "On time",
        write.percent(now["share"]),
        moved,
        write.points(moved.difference) if moved else "",
        view.comparison,
        n=write.n(now["denominator"]) if now["share"] is not None else "",
        weeks=_weekly(view, "on_time_share", "share"),
        reason="" if now["share"] is not None else _why_missing(answer, "No promise times in this data"),
    )


def _speed_tile(view: View) -> Tile:
    answer = compute("click_to_door", view)
    now = answer.row()
    before = compute("click_to_door", view, **_span(view.compared)).row() if view.compared else {}
    known = now["p90_s"] is not None and before.get("p90_s") is not None
    moved = change(_p90(now), _p90(before)) if known else None
    return Tile(
        answer.metric,
        "Click-to-door p90",
        write.duration(now["p90_s"]),
        moved,
        write.minutes_change(moved.difference) if moved else "",
        view.comparison,
        n=write.n(now["n"]) if now["p90_s"] is not None else "",
        weeks=_weekly(view, "click_to_door", "p90_s"),
        reason="" if now["p90_s"] is not None else _why_missing(answer, "No delivery times in this data"),
    )


def _reach_tile(view: View) -> Tile:
    answer = compute("covered_share", view, mall_id=None, within_s=WITHIN_S)
    now = answer.row()
    label = "People within 20 min drive"
    if not now["denominator"]:
        return Tile(answer.metric, label, write.MISSING, reason="No people in this data")
    share = f"{write.percent(now['share'], decimals=0)} of {write.compact(now['denominator'])}, modelled"
    return Tile(answer.metric, label, write.compact(now["numerator"]), reason=share)


def _why_missing(answer: Answer, reason: str) -> str:
    """Return why a figure is missing: hidden, or not in the data."""
    return f"Hidden: fewer than {answer.k} customers" if answer.rows_behind else reason


def _share_change(view: View, now: Mapping[str, Any]) -> Change | None:
    if view.compared is None or now["share"] is None:
        return None
    before = compute("on_time_share", view, **_span(view.compared)).row()
    if before["share"] is None:
        return None
    return change(*(Estimate(row["share"], row["low"], row["high"]) for row in (now, before)))


def _p90(row: Mapping[str, Any]) -> Estimate:
    return Estimate(row["p90_s"], row["p90_low_s"], row["p90_high_s"])


def _span(period: Period) -> dict[str, date]:
    return {"start_on": period.start_on, "end_on": period.end_on}


def _weekly(view: View, metric: str, column: str) -> list[float]:
    """Return the known weeks of the trend, oldest first."""
    rows = compute(metric, view, by=("week",), **_span(view.trend)).rows()
    return [float(row[column]) for row in rows if row[column] is not None]


def scorecard_answers(view: View) -> list[Answer]:
    """Return what stands in the scorecard, as it was asked."""
    return [compute(metric, view, by=("mall",)) for metric in _SCORED]


def scorecard(view: View) -> pa.Table:
    """Return one row a mall, grouped by market; a mall without orders says why. Columns as in ``SCORECARD``."""
    by_metric = [{row["mall_id"]: row for row in answer.rows()} for answer in scorecard_answers(view)]
    trends = _mall_trends(view)
    names = {market.id: market.name for market in view.markets}
    shown = sorted(view.malls, key=lambda mall: (names.get(mall.market_id, ""), mall.status != "open", mall.name))
    rows = [_score(mall, names, [rows.get(mall.id, {}) for rows in by_metric], trends.get(mall.id), view) for mall in shown]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("mall_id", pa.string()),
        ("mall", pa.string()),
        ("market", pa.string()),
        ("weeks_open", pa.int64()),
        ("orders", pa.int64()),
        ("trend", pa.list_(pa.float64())),
        ("on_time_share", pa.float64()),
        ("p90_s", pa.int64()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)


def _score(
    mall: Mall, names: Mapping[str, str], rows: Sequence[Mapping[str, Any]], trend: list[float] | None, view: View
) -> dict[str, Any]:
    orders, on_time, speed = rows
    opened = mall.opened_on if mall.status == "open" else None
    return {
        "mall_id": mall.id,
        "mall": mall.name,
        "market": names.get(mall.market_id, mall.market_id),
        "weeks_open": max(0, (view.period.end_on - opened).days // 7) if opened else None,
        "orders": orders.get("orders"),
        "trend": trend,
        "on_time_share": on_time.get("share"),
        "p90_s": speed.get("p90_s"),
        "n": on_time.get("denominator"),
        "note": _score_note(mall, orders, on_time),
    }


def _score_note(mall: Mall, orders: Mapping[str, Any], on_time: Mapping[str, Any]) -> str:
    if orders.get("suppressed"):
        return "Hidden: fewer than 10 customers"
    if orders:
        return "" if on_time.get("share") is not None else "No promise times"
    words = {"candidate": "Candidate: no deliveries yet", "closed": "Closed"}
    return words.get(mall.status or "", "No orders in this period")


def _mall_trends(view: View) -> dict[str, list[float]]:
    """Return orders a week by mall, a zero for a week without orders of the trend."""
    rows = compute("orders", view, by=("mall", "week"), **_span(view.trend)).rows()
    weeks = sorted({row["local_week_on"] for row in rows})
    trends: dict[str, list[float]] = {}
    counts = {(row["mall_id"], row["local_week_on"]): row["orders"] or 0 for row in rows}
    for mall_id, _ in counts:
        trends[mall_id] = [float(counts.get((mall_id, week), 0)) for week in weeks]
    return trends


def scorecard_columns(rows: pa.Table) -> tuple[Shown, ...]:
    """Return the scorecard's columns with one upper end for all trends, so that malls can be compared."""
    top = max((value for trend in rows.column("trend").to_pylist() if trend for value in trend), default=1.0)
    return tuple(replace(each, top=top) if each.kind == "trend" else each for each in SCORECARD)


def map_market(view: View) -> Market:
    """Return the market on the map: the filter's, else the one chosen beside the map, else the first with orders."""
    wanted = view.choice("map", "")
    return view.market or next((market for market in view.markets if market.id == wanted), view.focus)


def map_switch(view: View) -> Control:
    """Return the choice between the markets of the map."""
    return Control("map", "Market on the map", {market.id: market.name for market in view.markets}, view.focus.id)


def by_cell(view: View) -> tuple[Figure, Answer, str]:
    """Return the map of one market with on time (or click-to-door) by cell, its numbers, and the days in words.

    Cells need orders: the map shows at least 13 weeks, and becomes coarser where hidden cells would hold over 20 % of the orders.
    """
    market = map_market(view)
    period = view.period if view.period.days >= view.trend.days else view.trend
    cells = _coarse_enough(view, market, period)
    span = write.day_range(period.start_on, period.end_on)
    here = malls(view.version, market.id)
    placed = cells.table.filter(cells.table.column("cell").is_valid())
    drawn = on_time_map if cells.metric.id == "on_time_share" else speed_map
    shown = scene(view, market, here, width_px=545, height_px=MAP_PX)
    return drawn(placed, shown, period=span, hidden_share=cells.hidden_share or None), cells, span


def map_title(cells: Answer) -> str:
    """Return what the map shows, in words."""
    return {"on_time_share": "On time by cell", "click_to_door": "Click-to-door p90 by cell"}[cells.metric.id]


def cells_table(cells: Answer) -> pa.Table:
    """Return the rows of the map, most orders first."""
    return cells.table.sort_by([(_counted(cells), "descending")])


def _counted(cells: Answer) -> str:
    """Return the column that holds the orders behind a cell's figure."""
    return "denominator" if cells.metric.id == "on_time_share" else "n"


def off_the_map(cells: Answer) -> str:
    """Return how many orders cannot be drawn because their door is unknown; empty where there are none."""
    unplaced = sum(row[_counted(cells)] or 0 for row in cells.rows() if row["cell"] is None)
    return f"{write.counted(unplaced, 'order')} without a known door cannot be drawn." if unplaced else ""


def _coarse_enough(view: View, market: Market, period: Period) -> Answer:
    metric = leading(view)
    for resolution in range(8, _COARSEST, -1):
        cells = compute(metric, view, market_id=market.id, mall_id=None, by=("cell",), resolution=resolution, **_span(period))
        if cells.hidden_share <= _MOST_HIDDEN:
            return cells
    return compute(metric, view, market_id=market.id, mall_id=None, by=("cell",), resolution=_COARSEST, **_span(period))


def cell_story(view: View, cells: Answer) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked."""
    row = next((row for row in cells.rows() if row["cell"] is not None and f"{row['cell']:x}" == view.cell), None)
    if row is None:
        return []
    if row["suppressed"]:
        return [("Orders", f"hidden: fewer than {cells.k} customers")]
    if cells.metric.id == "click_to_door":
        figure = ("Click-to-door p90", write.duration(row["p90_s"]))
    else:
        figure = ("On time", f"{write.percent(row['share'])} (95 % interval {write.interval(100 * row['low'], 100 * row['high'])})")
    return [figure, ("Orders", write.n(row[_counted(cells)])), ("Cell", f"{row['cell']:x}")]


def trend_chart(view: View) -> go.Figure:
    """Return the chosen figure week by week, one line a market."""
    control = trend_control(view)
    metric = view.choice(control.key, control.default)
    metric = metric if metric in control.options else control.default
    rows = compute(metric, view, by=("market", "week"), **_span(view.trend)).rows()
    series: dict[str, list[tuple[date, float | None]]] = {}
    names = {market.id: market.name for market in view.markets}
    for row in rows:
        series.setdefault(names.get(row["market_id"], "Unknown market"), []).append((row["local_week_on"], _drawn(metric, row)))
    return weekly_trend(series, measure=_MEASURES[metric], theme=view.theme)


def _drawn(metric: str, row: Mapping[str, Any]) -> float | None:
    """Return a week's figure in the unit of its axis."""
    column, factor = {"on_time_share": ("share", 100.0), "click_to_door": ("p90_s", 1 / 60), "orders": ("orders", 1.0)}[metric]
    return None if row[column] is None else row[column] * factor
