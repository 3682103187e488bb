"""Figures week by week: the lines of the tiles, of the scorecard, of the markets, and of malls since they opened."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go

from analytics import catalog
from analytics.answers import Answer
from analytics.changes import Estimate
from analytics.launch import complete_weeks
from analytics.periods import Period, week_of
from analytics.reference import Mall, Market
from ui import format as write
from ui.charts import launch_curves, weekly_trend
from ui.filters import Control
from ui.overview.gauges import COST, ON_TIME, ORDERS, SEVERAL, SPEED, UTILIZATION, Gauge, bounded, estimate, is_known
from ui.session import Ask, compute, is_phone
from ui.view import View

TREND = Control("trend", "Figure", {}, "")
_AXIS = Control("weeks", "Weeks", {"launch": "Since opening", "calendar": "By calendar"}, "launch")
_GAUGES = (ON_TIME, SPEED, ORDERS, COST, UTILIZATION)
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_MOST_CURVES = 6


def trend_control(view: View) -> Control:
    """Return the choice between the figures drawn week by week; what the data cannot tell is no choice."""
    options = {gauge.metric: gauge.label for gauge in _GAUGES if is_known(gauge, view)} or {ORDERS.metric: ORDERS.label}
    return Control(TREND.key, TREND.label, options, next(iter(options)))


def _chosen(view: View) -> Gauge:
    control = trend_control(view)
    metric = view.choice(control.key, control.default)
    metric = metric if metric in control.options else control.default
    return next(gauge for gauge in _GAUGES if gauge.metric == metric)


def axis_control(view: View) -> Control:
    """Return the choice of how weeks are counted; where no mall's opening is known, they can only be counted by calendar."""
    return _AXIS if _youngest(view) else replace(_AXIS, options={"calendar": _AXIS.options["calendar"]}, default="calendar")


def is_since_opening(view: View) -> bool:
    """Whether weeks are counted from the opening of each mall."""
    axis = axis_control(view)
    wanted = view.choice(axis.key, axis.default)
    return (wanted if wanted in axis.options else axis.default) == "launch"


def chart(view: View) -> go.Figure:
    """Return the chosen figure week by week: a line a mall since its opening, or a line a market by calendar."""
    return _launch_chart(view) if is_since_opening(view) else trend_chart(view)


def chart_note(view: View) -> str:
    """Say what a point of the chart is."""
    if not is_since_opening(view):
        return f"Whole calendar weeks up to {write.day(view.trend.last_on)}."
    named = [mall.name for mall in view.malls if mall.status == "open" and mall.opened_on is None]
    unknown = f" No opening day is known of {', '.join(named)}." if named else ""
    if len([mall for mall in view.malls if mall.opened_on is not None and mall.status != "candidate"]) > _MOST_CURVES:
        unknown = f" The {_MOST_CURVES} malls that opened last.{unknown}"
    return f"Complete weeks since the first day of retail delivery, as far as the data covers them.{unknown}"


def _launch_chart(view: View) -> go.Figure:
    gauge = _chosen(view)
    markets = {market.id: market for market in view.markets}
    series: dict[str, list[tuple[int, float | None]]] = {}
    rows = [row for metric, changes in _since_opening(gauge, view) for row in compute(metric, view, **changes).rows()]
    found = {(row["mall_id"], row["weeks_open"]): row for row in rows}
    for mall in _youngest(view):
        weeks = complete_weeks(
            mall.opened_on,
            first_on=markets[mall.market_id].first_on,
            last_on=markets[mall.market_id].last_complete_on,
            end_on=view.period.end_on,
            closed_on=mall.closed_on,
        )
        if any((mall.id, week) in found for week in weeks):
            series[mall.name] = [(week, in_week(gauge, found.get((mall.id, week)))) for week in weeks]
    return launch_curves(series, measure=gauge.measure, theme=view.theme, is_narrow=is_phone())


def _since_opening(gauge: Gauge, view: View) -> list[Ask]:
    """Return the questions of the curves: one of all malls where sums by day answer it.

    Other figures are asked mall by mall: that reads the orders of these malls alone, which lie together.
    """
    asked: dict[str, Any] = {"by": ("mall", "weeks_open"), "start_on": None}
    if catalog.metric(gauge.metric).day_sums:
        return [(gauge.metric, {**asked, "mall_id": None})]
    return [(gauge.metric, {**asked, "market_id": None, "mall_id": mall.id}) for mall in _youngest(view)]


def _youngest(view: View) -> list[Mall]:
    """Return the malls that opened last, the youngest first: as many as a reader can tell apart."""
    opened = [mall for mall in view.malls if mall.opened_on is not None and mall.status != "candidate"]
    return sorted(opened, key=lambda mall: (mall.opened_on or view.period.end_on, mall.name), reverse=True)[:_MOST_CURVES]


def trend_chart(view: View) -> go.Figure:
    """Return the chosen figure by calendar week, one line a market."""
    gauge = _chosen(view)
    metric, changes = _by_market(gauge, view)
    rows = compute(metric, view, **changes).rows()
    found = {(row["market_id"], row["local_week_on"]): row for row in rows}
    markets = [market for market in view.markets if any(market.id == market_id for market_id, _ in found)]
    series = {
        market.name: [(week_on, in_week(gauge, found.get((market.id, week_on)))) for week_on in whole_weeks(view, [market])]
        for market in markets
    }
    return weekly_trend(series, measure=gauge.measure, theme=view.theme, is_narrow=is_phone())


def _by_market(gauge: Gauge, view: View) -> Ask:
    return gauge.metric, {"by": ("market", "week"), **span(view.trend)}


def asked(view: View) -> list[Ask]:
    """Return what the tiles, the sentence and the chart of weeks are going to ask."""
    drawn = _since_opening(_chosen(view), view) if is_since_opening(view) else [_by_market(_chosen(view), view)]
    weeks: list[Ask] = [(gauge.metric, {"by": ("week",), **span(view.trend)}) for gauge in (ORDERS, *SEVERAL)]
    whole = whole_weeks(view, _markets(view))
    periods = [period for period in (view.period, view.compared) if period is not None]
    totals: list[Ask] = [
        (gauge.metric, span(period))
        for gauge in (ORDERS, *SEVERAL)
        if is_known(gauge, view)
        for period in periods
        if period.days != _WEEK.days or period.start_on not in whole
    ]
    days: list[Ask] = [(gauge.metric, {"by": ("day",), **span(_both(view))}) for gauge in SEVERAL if gauge.daily and is_known(gauge, view)]
    return [*weeks, *totals, *days, *drawn]


def weekly(view: View, gauge: Gauge) -> list[float | None]:
    """Return the whole weeks of the trend, oldest first, in stored units; a week that is hidden or has no such figure is None."""
    rows = {row["local_week_on"]: row for row in _by_week(view, gauge).rows()}
    return [in_week(gauge, rows.get(week_on), factor=1.0) for week_on in whole_weeks(view, _markets(view))]


def total(view: View, gauge: Gauge, period: Period) -> tuple[Mapping[str, Any], Answer]:
    """Return the row of a figure over all days of a period, and the answer it stands in.

    A period of one whole week is a row of the weeks that the tile draws anyway: nothing more is asked.
    """
    if period.days == _WEEK.days and period.start_on in whole_weeks(view, _markets(view)):
        weeks = _by_week(view, gauge)
        row = next((row for row in weeks.rows() if row["local_week_on"] == period.start_on), None)
        if row is not None:
            return row, weeks
    answer = compute(gauge.metric, view, **span(period))
    return answer.row(), answer


def total_estimate(view: View, gauge: Gauge, period: Period) -> Estimate | None:
    """Return a figure over all days of a period with its bounds; those of its days where its answers carry none."""
    row, _ = total(view, gauge, period)
    found = estimate(gauge, row)
    if found is None or gauge.daily is None:
        return found
    whole = _both(view)
    whole = whole if whole.start_on <= period.start_on and period.end_on <= whole.end_on else period
    days = compute(gauge.metric, view, by=("day",), **span(whole)).rows()
    return bounded(gauge, found, [day for day in days if period.start_on <= day["local_date"] < period.end_on])


def _both(view: View) -> Period:
    """Return the days shown, with those compared with where they come just before: one question instead of two."""
    if view.compared is not None and view.compared.end_on == view.period.start_on:
        return Period(view.compared.start_on, view.period.end_on)
    return view.period


def _by_week(view: View, gauge: Gauge) -> Answer:
    return compute(gauge.metric, view, by=("week",), **span(view.trend))


def _markets(view: View) -> list[Market]:
    return [market for market in view.markets if view.market_id in {None, market.id} and market.first_on]


def whole_weeks(view: View, markets: Sequence[Market]) -> list[date]:
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


def in_week(gauge: Gauge, row: Mapping[str, Any] | None, *, factor: float | None = None) -> float | None:
    """Return a week's figure in the unit of its axis: no row means no orders, a count of zero and no figure of anything else."""
    if row is None:
        return 0.0 if gauge.kind == "count" else None
    found = estimate(gauge, row)
    return None if found is None else float(found.value) * (gauge.factor if factor is None else factor)


def span(period: Period) -> dict[str, Any]:
    """Return a period as parameters."""
    return {"start_on": period.start_on, "end_on": period.end_on}
