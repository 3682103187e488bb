"""The sentence, the four figures and the bar of stages."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from analytics.answers import Answer
from ui import format as write
from ui.charts import STAGE_LABELS, stage_bar
from ui.delivery_times.question import ON_TIME, P50, P90, ShownFigure, asked
from ui.session import compute, is_phone
from ui.view import View

STAGES = ("prep", "assign", "approach", "mall_dwell", "drive", "unsplit")


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside where the time goes or why nothing can be said."""
    speed, place = compute("click_to_door", view, **asked(view)), view.mall.name if view.mall else view.focus.name
    row = speed.row()
    if row["suppressed"]:
        return f"Delivery times of {place} are hidden: {speed.too_few}.", "Choose more days or all malls."
    if not row["n"]:
        return f"No delivery times for {place} on {view.days}.", _why_none(view, speed)
    text = f"9 of 10 orders from {place} reached the door within {write.duration(row['p90_s'])}, half within {write.duration(row['p50_s'])}"
    on_time = compute("on_time_share", view, **asked(view)).row()
    if on_time["share"] is not None:
        text += f"; {write.percent(on_time['share'])} came on time{_late(view)}"
    return f"{text}.", _longest(view)


def _why_none(view: View, speed: Answer) -> str:
    lost = [f"{write.whole(count)} {what}" for what, count in speed.left_out.items()]
    if lost:
        return f"Left out: {'; '.join(lost)}."
    if view.mall is not None and view.mall.status == "candidate":
        return "A candidate: no deliveries yet."
    return "No order was delivered. Choose other days or another mall."


def _late(view: View) -> str:
    row = compute("lateness", view, **asked(view)).row()
    return "" if row["late_p50_s"] is None else f", late ones by {write.duration(row['late_p50_s'])} (median)"


def _longest(view: View) -> str:
    """Say which stage takes the most of the mean order; nothing where no stage is known."""
    row = compute("stages", view, **asked(view)).row()
    known = {stage: row[f"{stage}_mean_s"] for stage in STAGES if row[f"{stage}_mean_s"]}
    longest = max(known, key=lambda stage: known[stage], default=None)
    if longest is None:
        return ""
    whole = f"of {write.duration(row['click_to_door_mean_s'])} on average"
    if longest == "unsplit":
        return f"The events between click and door are unknown for {write.duration(known[longest])} {whole}: stages cannot be told apart."
    return f"Most of the time goes into the {STAGE_LABELS[longest].lower()}: {write.duration(known[longest])} {whole}."


def figures(view: View) -> list[tuple[str, str, str]]:
    """Return four figures, each with its interval or why it is missing beside it."""
    return [*(_figure(view, shown) for shown in (P50, P90, ON_TIME)), _lateness(view)]


def _figure(view: View, shown: ShownFigure) -> tuple[str, str, str]:
    answer = compute(shown.metric, view, **asked(view))
    row = answer.row()
    value = row[shown.column]
    if value is None:
        return shown.label, write.MISSING, _reason(answer, "no promise times" if shown.is_share else "no delivery times")
    bounds, unit = shown.interval(row), "%" if shown.is_share else "min"
    interval = f"{bounds} {unit}, " if bounds != write.MISSING else ""
    return shown.label, shown.words(value), f"{interval}{write.n(row[shown.rows])}"


def _lateness(view: View) -> tuple[str, str, str]:
    answer = compute("lateness", view, **asked(view))
    row = answer.row()
    if row["late_sum_s"] is None:
        return "Late by, median", write.MISSING, f"hidden: {answer.too_few}"
    if not row["late_n"]:
        return "Late by, median", write.MISSING, "nobody was late" if row["n"] else "no promise times"
    nine = f"9 of 10 by {write.duration(row['late_p90_s'])}, {write.n(row['late_n'])}"
    return "Late by, median", write.duration(row["late_p50_s"]), nine


def _reason(answer: Answer, none: str) -> str:
    return f"hidden: {answer.too_few}" if answer.row()["suppressed"] else none


def bar(view: View) -> go.Figure | None:
    """Return the mean stages as one bar across the width; None where nothing is known of them."""
    row = compute("stages", view, **asked(view)).row()
    means = stage_means(row)
    return stage_bar({"": means}, theme=view.theme, is_narrow=is_phone()) if any(means.values()) else None


def stage_means(row: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    """Return the mean seconds of each stage of a row."""
    return {stage: row[f"{prefix}{stage}_mean_s"] for stage in STAGES}


def bar_note(view: View) -> str:
    """Return what a reader must know about the bar: means, and which parts are missing."""
    answer = compute("stages", view, **asked(view))
    lost = [f"{write.whole(count)} {what} are left out." for what, count in answer.left_out.items()]
    said = "Mean minutes, which add up; medians would not." if answer.row()["n"] else ""
    note = f"{answer.note[:1].upper()}{answer.note[1:]}." if answer.note else ""
    return " ".join(filter(None, [said, *lost, note]))
