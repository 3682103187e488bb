"""The six tiles: value, change, 13 weeks, target and what stands behind each."""

from collections.abc import Mapping
from typing import Any

from analytics.answers import Answer
from analytics.changes import Change, Estimate, change, rate
from analytics.targets import Targets
from ui import format as write
from ui.overview.gauges import (
    ORDERS,
    SEVERAL,
    VERDICTS,
    Gauge,
    difference_text,
    interval_words,
    is_known,
    n_text,
    standing_text,
    text,
    why_missing,
)
from ui.overview.weeks import total, total_estimate, weekly
from ui.panels import Tile
from ui.session import compute
from ui.view import View

WITHIN_S = 1200
REACH_PAGE = "Coverage"
_REACH = "People within 20 min drive"
_TILE_CHARS = 80
"""Longest remark on a tile: two lines of it."""


def tiles(view: View, targets: Targets) -> list[Tile]:
    """Return the figures of the page: orders, on time, click-to-door p90, cost, utilization, people within 20 minutes' drive."""
    return [_orders_tile(view, targets), *(_tile(gauge, view, targets) for gauge in SEVERAL), _reach_tile(view, targets)]


def _orders_tile(view: View, targets: Targets) -> Tile:
    row, answer = total(view, ORDERS, view.period)
    now, weeks = row["orders"], weekly(view, ORDERS)
    if now is None:
        return Tile(answer.metric, ORDERS.label, write.MISSING, weeks=weeks, reason=hidden(answer), page=ORDERS.page)
    before, remark = compared_row(view, ORDERS)
    moved, words = None, ""
    if before and view.compared:
        pace, was = rate(now, view.period.days / 7), rate(before["orders"], view.compared.days / 7)
        moved, words = change(pace, was), write.relative_change(pace.value, was.value)
    target, wanted = targets.of(ORDERS.target_key, view.market_id), ""
    if target and view.period.days:
        wanted = standing_text(ORDERS, target, rate(now, view.period.days / 7)).replace(":", " a week:")
    return Tile(answer.metric, ORDERS.label, write.compact(now), moved, words, remark, weeks=weeks, target=wanted, page=ORDERS.page)


def _tile(gauge: Gauge, view: View, targets: Targets) -> Tile:
    """Return the tile of a figure with an interval."""
    row, answer = total(view, gauge, view.period)
    now, weeks = total_estimate(view, gauge, view.period), weekly(view, gauge)
    if now is None:
        reason = why_missing(gauge, view, row, answer.too_few)
        return Tile(answer.metric, gauge.label, write.MISSING, weeks=weeks, reason=reason, page=gauge.page)
    moved, remark = moved_by(gauge, view, now)
    target = targets.of(gauge.target_key, view.market_id)
    return Tile(
        answer.metric,
        gauge.label,
        text(gauge, now.value),
        moved,
        difference_text(gauge, moved.difference) if moved else "",
        remark,
        target=standing_text(gauge, target, now) if target else "",
        page=gauge.page,
        n=n_text(gauge, row),
        weeks=weeks,
        interval=interval_words(gauge, now, decimals=0 if gauge.kind == "minutes" else None),
        width=now.high - now.low if now.high is not None and now.low is not None else 0.0,
    )


def _reach_tile(view: View, targets: Targets) -> Tile:
    answer = compute("covered_share", view, mall_id=None, within_s=WITHIN_S)
    now = answer.row()
    if not now["denominator"]:
        return Tile(answer.metric, _REACH, write.MISSING, reason="No people in this data", page=REACH_PAGE)
    words = f"{write.percent(now['share'], decimals=0)} of {write.compact(now['denominator'])}, modelled"
    target, wanted = targets.of("covered_share", view.market_id), ""
    if target:  # a modelled share has no sampling error: its distance from the target is what it is
        is_met = (target.low is None or now["share"] >= target.low) and (target.high is None or now["share"] <= target.high)
        bound = " to ".join(write.percent(each, decimals=0) for each in (target.low, target.high) if each is not None)
        wanted = f"target {bound}: {VERDICTS['met' if is_met else 'missed']}"
    return Tile(answer.metric, _REACH, write.compact(now["numerator"]), reason=words, target=wanted, page=REACH_PAGE)


def compared_row(view: View, gauge: Gauge) -> tuple[Mapping[str, Any], str]:
    """Return the figures of the days compared with, nothing where they cannot be compared with; and in words, what they are or why not."""
    if view.compared is None:
        return {}, view.unfair if len(view.unfair) <= _TILE_CHARS else "No fair comparison: not every market has data on all of these days"
    row, answer = total(view, gauge, view.compared)
    days = write.day_range(view.compared.start_on, view.compared.end_on)
    if row["suppressed"]:
        return {}, f"{days} is hidden: {answer.too_few}"
    if row[gauge.column] is None or (gauge.kind == "count" and not row[gauge.column]):
        return {}, f"Nothing to compare with on {days}"
    return row, view.comparison


def moved_by(gauge: Gauge, view: View, now: Estimate) -> tuple[Change | None, str]:
    """Return how a figure moved, and against what, or why nothing is said about it."""
    before, remark = compared_row(view, gauge)
    was = total_estimate(view, gauge, view.compared) if before and view.compared else None
    return change(now, was) if was else None, remark


def notes(view: View) -> str:
    """Return what a reader must know of the data and the models behind the tiles."""
    said = dict.fromkeys(total(view, gauge, view.period)[1].note for gauge in SEVERAL if is_known(gauge, view))
    reach = compute("covered_share", view, mall_id=None, within_s=WITHIN_S)
    if reach.row()["denominator"]:
        said[f"{_REACH.lower()}: {reach.note}"] = None
    text = "; ".join(filter(None, said))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def hidden(answer: Answer) -> str:
    """Say that a figure is hidden; never to be mistaken for zero."""
    return f"Hidden: {answer.too_few}"
