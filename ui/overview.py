"""What the Overview page says: the sentence, the tiles, the scorecard, the map and the weekly lines. Choosing and wording; no formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.changes import Change, Estimate, change, rate
from analytics.periods import Period, week_of
from analytics.reference import Mall, Market, extent, malls
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
_TILE_CHARS = 80
"""Longest remark on a tile: two lines of it."""
_COARSEST = 6
_MOST_HIDDEN = 0.2
_MEASURES = {
    "on_time_share": Measure("% on time", 1),
    "click_to_door": Measure("min, p90", 0),
    "orders": Measure("orders a week", 0, is_from_zero=True),
}
_SCORED = ("orders", "on_time_share", "click_to_door")
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_UNPLACED = "No known mall"
_SPANS = {
    "last-week": "last week",
    "last-4-weeks": "in the last 4 weeks",
    "last-13-weeks": "in the last 13 weeks",
    "since-opening": "since opening",
}

_NOT_OPEN = {"candidate": "Candidate: no deliveries yet", "closed": "Closed"}

SCORECARD = (
    Shown("mall", "Mall", is_pinned=True),
    Shown("market", "Market"),
    Shown("orders", "Orders", "count"),
    Shown("trend", "13 weeks", "trend", help="Orders a week, over the whole weeks with data among the 13 that end with the period"),
    Shown("on_time_share", "On time", "percent"),
    Shown("interval", "95 %", "interval", help="Interval of on time, in percent (Wilson)"),
    Shown("p90_s", "p90, min", "minutes", help="Click-to-door: 9 of 10 orders are faster"),
    Shown("n", "n", "count", help="Delivered orders that have a promise"),
    Shown("note", "Note", help="Complete weeks since the first day of retail delivery, and why a figure is missing"),
)
_WITHOUT_PROMISES = (
    *(each for each in SCORECARD if each.column not in {"on_time_share", "interval", "n", "note"}),
    Shown("interval", "95 %", "interval", help="Interval of the p90, in minutes"),
    Shown("n", "n", "count", help="Delivered orders"),
    SCORECARD[-1],
)
"""Columns of the scorecard where the data holds no promise: interval and n are those of click-to-door."""

_CELL = Shown("cell", "Cell", "cell", is_pinned=True)
_INTERVAL = Shown("interval", "95 %", "interval", help="Interval of the figure before it")
CELLS = {
    "on_time_share": (
        _CELL,
        Shown("share", "On time", "percent"),
        _INTERVAL,
        Shown("numerator", "On time, orders", "count"),
        Shown("denominator", "n", "count"),
    ),
    "click_to_door": (
        _CELL,
        Shown("p90_s", "p90, min", "minutes"),
        _INTERVAL,
        Shown("p50_s", "p50, min", "minutes"),
        Shown("n", "n", "count"),
    ),
}
"""Columns of the cells' table, by what the map shows."""


def leading(view: View) -> str:
    """Return the metric that the map and the weekly lines begin with: on time, or click-to-door where the data holds no promise."""
    promises = compute("on_time_share", view, market_id=None, mall_id=None, start_on=None, end_on=None).row()
    return "on_time_share" if promises["suppressed"] or promises["denominator"] else "click_to_door"


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
    return ", ".join(filter(None, (view.days, view.data_from, view.comparison)))


def lagging(view: View) -> str:
    """Return which markets' data ended long before the others', so that later days lack them; empty where none did."""
    names = set(extent(view.version, view.market_id).lagging)
    ends = [f"{each.name} ({write.day(each.last_complete_on)})" for each in view.markets if each.name in names]
    if not ends:
        return ""
    return f"The data of {write.listed(ends)} {'ends' if len(ends) == 1 else 'end'} before the other markets': later days are without it."


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside why it says less than usual."""
    answer = compute("orders", view)
    orders = answer.row()
    if orders["suppressed"]:
        return f"{_hidden(answer)} ordered on {view.days} in {view.place}.", "Choose more days or another market."
    if not orders["orders"]:
        return f"No order was placed on {view.days} in {view.place}.", "Choose other days or another market."
    pace, on_time = _pace(view, orders["orders"]), compute("on_time_share", view)
    if on_time.row()["share"] is not None:
        return f"{_moved('On time', on_time.row(), view)}; {pace}.", ""
    if on_time.row()["suppressed"]:
        return f"{pace[0].upper()}{pace[1:]}.", f"Punctuality is hidden: fewer than {on_time.k} customers with a promise."
    return f"{pace[0].upper()}{pace[1:]}.", f"No promise times {_held(view)}, so nothing can be said about punctuality."


def _pace(view: View, orders: int) -> str:
    """Say how fast orders came, or how many where nothing more is known."""
    speed = compute("click_to_door", view).row()
    if speed["p90_s"] is None:
        return f"{write.counted(orders, 'order')} came in"
    return f"9 of 10 of {write.counted(speed['n'], 'delivery', 'deliveries')} reached the door within {write.duration(speed['p90_s'])}"


def _hidden(answer: Answer) -> str:
    """Say that a figure is hidden; never to be mistaken for zero."""
    return f"Hidden: fewer than {answer.k} customers"


def _held(view: View) -> str:
    """Say whether the data lacks promises as a whole or only here."""
    return "in this data" if leading(view) == "click_to_door" else "here on these days"


def _moved(label: str, now: Mapping[str, Any], view: View) -> str:
    """Say that a share rose, fell or held."""
    share = write.percent(now["share"])
    moved, _ = _share_change(view, now)
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
    now, weeks = answer.row()["orders"], _weekly(view, "orders", "orders")
    if now is None:
        return Tile(answer.metric, "Orders", write.MISSING, weeks=weeks, reason=_hidden(answer))
    before, remark = _before(view, "orders", "orders")
    moved, text = None, ""
    if before and view.compared:
        pace, was = rate(now, view.period.days / 7), rate(before["orders"], view.compared.days / 7)
        moved, text = change(pace, was), write.relative_change(pace.value, was.value)
    return Tile(answer.metric, "Orders", write.compact(now), moved, text, remark, weeks=weeks)


def _before(view: View, metric: str, column: str) -> tuple[Mapping[str, Any], str]:
    """Return the figures of the days compared with, nothing where they cannot be compared with; and in words, what they are or why not."""
    if view.compared is None:
        return {}, view.unfair if len(view.unfair) <= _TILE_CHARS else "No fair comparison: not every market has data on all of these days"
    answer = compute(metric, view, **_span(view.compared))
    row, span = answer.row(), write.day_range(view.compared.start_on, view.compared.end_on)
    if row["suppressed"]:
        return {}, f"{span} is hidden: fewer than {answer.k} customers"
    if row[column] is None or (column == "orders" and not row[column]):
        return {}, f"Nothing to compare with on {span}"
    return row, view.comparison


def _on_time_tile(view: View) -> Tile:
    answer = compute("on_time_share", view)
    now, weeks = answer.row(), _weekly(view, "on_time_share", "share")
    if now["share"] is None:
        return Tile(
            answer.metric, "On time", write.MISSING, weeks=weeks, reason=_why_missing(view, answer, f"No promise times {_held(view)}")
        )
    moved, remark = _share_change(view, now)
    return Tile(
        answer.metric,
        "On time",
        write.percent(now["share"]),
        moved,
        write.points(moved.difference) if moved else "",
        remark,
        n=write.n(now["denominator"]),
        weeks=weeks,
        interval=f"{_percents(now)} %",
        width=now["high"] - now["low"],
    )


def _speed_tile(view: View) -> Tile:
    answer = compute("click_to_door", view)
    now, weeks, label = answer.row(), _weekly(view, "click_to_door", "p90_s"), "Click-to-door p90"
    if now["p90_s"] is None:
        return Tile(
            answer.metric, label, write.MISSING, weeks=weeks, reason=_why_missing(view, answer, "No delivery times here on these days")
        )
    before, remark = _before(view, "click_to_door", "p90_s")
    moved = change(_p90(now), _p90(before)) if before else None
    is_bounded = now["p90_low_s"] is not None and now["p90_high_s"] is not None
    return Tile(
        answer.metric,
        label,
        write.duration(now["p90_s"]),
        moved,
        write.minutes_change(moved.difference) if moved else "",
        remark,
        n=write.n(now["n"]),
        weeks=weeks,
        interval=f"{_minutes(now, decimals=0)} min" if is_bounded else "",
        width=now["p90_high_s"] - now["p90_low_s"] if is_bounded else 0.0,
    )


def _percents(row: Mapping[str, Any]) -> str:
    """Return the interval of a share in percent, as one text; ``-`` where it has none."""
    low, high = row["low"], row["high"]
    return write.interval(low if low is None else 100 * low, high if high is None else 100 * high)


def _minutes(row: Mapping[str, Any], *, decimals: int = 1) -> str:
    """Return the interval of a p90 in minutes, as one text; ``-`` where so few orders bound nothing."""
    low, high = row["p90_low_s"], row["p90_high_s"]
    return write.interval(low if low is None else low / 60, high if high is None else high / 60, decimals=decimals)


def _reach_tile(view: View) -> Tile:
    answer = compute("covered_share", view, mall_id=None, within_s=WITHIN_S)
    now = answer.row()
    label = "People within 20 min drive"
    if not now["denominator"]:
        return Tile(answer.metric, label, write.MISSING, reason="No people in this data")
    share = f"{write.percent(now['share'], decimals=0)} of {write.compact(now['denominator'])}, modelled"
    return Tile(answer.metric, label, write.compact(now["numerator"]), reason=share)


def _why_missing(view: View, answer: Answer, reason: str) -> str:
    """Return why the only figure of an answer is missing: hidden, nothing happened, or not in the data."""
    if answer.row()["suppressed"]:
        return _hidden(answer)
    return "No orders on these days" if compute("orders", view).row()["orders"] == 0 else reason


def _share_change(view: View, now: Mapping[str, Any]) -> tuple[Change | None, str]:
    """Return how a share moved, and against what, or why nothing is said about it."""
    before, remark = _before(view, "on_time_share", "share")
    return change(*(Estimate(row["share"], row["low"], row["high"]) for row in (now, before))) if before else None, remark


def _p90(row: Mapping[str, Any]) -> Estimate:
    return Estimate(row["p90_s"], row["p90_low_s"], row["p90_high_s"])


def _span(period: Period) -> dict[str, date]:
    return {"start_on": period.start_on, "end_on": period.end_on}


def _weekly(view: View, metric: str, column: str) -> list[float | None]:
    """Return the whole weeks of the trend, oldest first; a week that is hidden or has no such figure is None."""
    markets = [market for market in view.markets if view.market_id in {None, market.id} and market.first_on]
    rows = {row["local_week_on"]: row for row in compute(metric, view, by=("week",), **_span(view.trend)).rows()}
    return [_in_week(rows.get(week_on), column) for week_on in _whole_weeks(view, markets)]


def _whole_weeks(view: View, markets: Sequence[Market]) -> list[date]:
    """Return the first days of the trend's weeks in which the data of these markets covers every day; none where their weeks differ.

    A week in which the data begins would look like a low one.
    """
    if len({market.week_start for market in markets}) != 1:
        return []
    firsts = [market.first_on for market in markets if market.first_on]
    lasts = [market.last_complete_on for market in markets if market.last_complete_on]
    if not firsts or not lasts:
        return []
    week_on = week_of(max(view.trend.start_on, min(firsts)) + 6 * _DAY, markets[0].week_start)
    weeks = (min(view.trend.end_on, max(lasts) + _DAY) - week_on).days // 7
    return [week_on + number * _WEEK for number in range(weeks)]


def _in_week(row: Mapping[str, Any] | None, column: str) -> float | None:
    """Return a week's figure: no row means no orders, a count of zero and no figure of anything else."""
    if row is None:
        return 0.0 if column == "orders" else None
    return None if row[column] is None else float(row[column])


def _scored_place(view: View) -> dict[str, str | None]:
    """Return what the scorecard is asked of: the chosen market or all of them, whichever mall is chosen."""
    return {"market_id": view.market.id if view.market else None, "mall_id": None}


def scorecard_answers(view: View) -> list[Answer]:
    """Return what stands in the scorecard, as it was asked: every mall of the market, whichever is chosen."""
    return [compute(metric, view, by=("mall",), **_scored_place(view)) for metric in _SCORED]


def scorecard(view: View) -> pa.Table:
    """Return one row a mall, grouped by market; a mall without orders says why. Columns as in ``SCORECARD``.

    Orders that belong to none of these malls have a row of their own: all rows together are the orders of the filter.
    """
    answers = scorecard_answers(view)
    by_metric = [{row["mall_id"]: row for row in answer.rows()} for answer in answers]
    names = {market.id: market.name for market in view.markets}
    shown = sorted(view.malls, key=lambda mall: (names.get(mall.market_id, ""), mall.status != "open", mall.name))
    others = [mall_id for mall_id in by_metric[0] if mall_id not in {mall.id for mall in shown}]
    places = [*((mall.id, mall) for mall in shown), *((mall_id, None) for mall_id in others)]
    trends = _mall_trends(view)
    rows = [
        _score(
            mall_id,
            mall,
            names=names,
            rows=[rows.get(mall_id, {}) for rows in by_metric],
            weeks=trends.get(mall_id, ()),
            view=view,
            k=answers[0].k,
        )
        for mall_id, mall in places
    ]
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
        ("interval", pa.string()),
        ("p90_s", pa.int64()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)


def _score(
    mall_id: str | None,
    mall: Mall | None,
    *,
    names: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    weeks: Sequence[float | None],
    view: View,
    k: int,
) -> dict[str, Any]:
    """Return the row of a mall; ``mall`` is None for orders of no known one."""
    orders, on_time, speed = rows
    opened = mall.opened_on if mall and mall.status == "open" else None
    weeks_open = max(0, (view.period.end_on - opened).days // 7) if opened else None
    known = [week for week in weeks if week is not None]
    has_promises = leading(view) == "on_time_share"
    known_figure = on_time.get("share") if has_promises else speed.get("p90_s")
    return {
        "mall_id": mall_id,
        "mall": mall.name if mall else mall_id or _UNPLACED,
        "market": names.get(mall.market_id, mall.market_id) if mall else view.market.name if view.market else None,
        "weeks_open": weeks_open,
        "orders": orders.get("orders"),
        "trend": known if len(known) > 1 else None,
        "on_time_share": on_time.get("share"),
        "interval": (_percents(on_time) if has_promises else _minutes(speed)) if known_figure is not None else None,
        "p90_s": speed.get("p90_s"),
        "n": on_time.get("denominator") if has_promises else speed.get("n"),
        "note": _score_note(
            mall, weeks_open, hidden_weeks=len(weeks) - len(known) if len(known) > 1 else 0, orders=orders, on_time=on_time, k=k
        ),
    }


def _score_note(
    mall: Mall | None, weeks_open: int | None, *, hidden_weeks: int, orders: Mapping[str, Any], on_time: Mapping[str, Any], k: int
) -> str:
    """Return why a figure is missing, how long a mall is open, and why its line is shorter than others."""
    if not orders and mall and mall.status in _NOT_OPEN:
        return _NOT_OPEN[mall.status]
    notes = []
    if not orders:
        notes.append("no orders in this period")
    elif orders["suppressed"]:
        notes.append(f"hidden: fewer than {k} customers")
    elif on_time.get("suppressed"):
        notes.append(f"on time hidden: fewer than {k} customers")
    elif on_time.get("share") is None:
        notes.append("no promise times")
    if weeks_open is not None:
        notes.append(f"open {write.counted(weeks_open, 'week')}")
    if hidden_weeks:
        notes.append(f"{write.counted(hidden_weeks, 'hidden week')} left out of the line")
    text = "; ".join(notes)
    return text[:1].upper() + text[1:]


def _mall_trends(view: View) -> dict[str | None, list[float | None]]:
    """Return orders a week by mall over the whole weeks of its market: zero for a week without orders, None for a hidden one."""
    rows = compute("orders", view, by=("mall", "week"), **{**_scored_place(view), **_span(view.trend)}).rows()
    counts = {(row["mall_id"], row["local_week_on"]): row for row in rows}
    homes = {mall.id: mall.market_id for mall in view.malls}
    trends: dict[str | None, list[float | None]] = {}
    for mall_id in {row["mall_id"] for row in rows}:
        home = homes.get(mall_id, view.market.id if view.market else None)
        markets = [market for market in view.markets if home in {None, market.id} and market.first_on]
        trends[mall_id] = [_in_week(counts.get((mall_id, week_on)), "orders") for week_on in _whole_weeks(view, markets)]
    return trends


def scorecard_columns(rows: pa.Table, view: View) -> tuple[Shown, ...]:
    """Return the scorecard's columns with one upper end for all trends, so that malls can be compared; a chosen market is no column."""
    top = max((value for trend in rows.column("trend").to_pylist() if trend for value in trend), default=1.0)
    columns = SCORECARD if leading(view) == "on_time_share" else _WITHOUT_PROMISES
    shown = [each for each in columns if not (view.market and each.column == "market")]
    return tuple(replace(each, top=top or 1.0) if each.kind == "trend" else each for each in shown)


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
    span = write.day_range(max(period.start_on, min(market.first_on or period.start_on, period.last_on)), period.end_on)
    here = malls(view.version, market.id)
    placed = cells.table.filter(cells.table.column("cell").is_valid())
    drawn = on_time_map if cells.metric.id == "on_time_share" else speed_map
    shown = scene(view, market, here, width_px=545, height_px=MAP_PX)
    return drawn(placed, shown, period=span, hidden_share=cells.hidden_share or None), cells, span


def map_title(cells: Answer) -> str:
    """Return what the map shows, in words."""
    return {"on_time_share": "On time by cell", "click_to_door": "Click-to-door p90 by cell"}[cells.metric.id]


def cells_table(cells: Answer) -> pa.Table:
    """Return the rows of the map with their interval as one text, most orders first."""
    write_interval = _percents if cells.metric.id == "on_time_share" else _minutes
    figure = "share" if cells.metric.id == "on_time_share" else "p90_s"
    intervals = [None if row[figure] is None else write_interval(row) for row in cells.rows()]
    return cells.table.append_column("interval", pa.array(intervals, pa.string())).sort_by([(_counted(cells), "descending")])


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
    found = {(row["market_id"], row["local_week_on"]): row for row in rows}
    markets = [market for market in view.markets if any(market.id == market_id for market_id, _ in found)]
    series = {
        market.name: [(week_on, _drawn(metric, found.get((market.id, week_on)))) for week_on in _whole_weeks(view, [market])]
        for market in markets
    }
    return weekly_trend(series, measure=_MEASURES[metric], theme=view.theme)


def _drawn(metric: str, row: Mapping[str, Any] | None) -> float | None:
    """Return a week's figure in the unit of its axis."""
    column, factor = {"on_time_share": ("share", 100.0), "click_to_door": ("p90_s", 1 / 60), "orders": ("orders", 1.0)}[metric]
    value = _in_week(row, column)
    return None if value is None else value * factor
