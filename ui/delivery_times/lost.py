"""Where time is lost: late minutes by stage, and the stages of usual and of slow orders."""

from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from ui import format as write
from ui.charts import STAGE_LABELS, stage_bar
from ui.delivery_times.question import asked, of_hour
from ui.delivery_times.strip import stage_means
from ui.panels import Shown
from ui.session import Ask, compute, is_phone
from ui.view import View

_REASONS = {
    "prep": STAGE_LABELS["prep"],
    "assign": STAGE_LABELS["assign"],
    "approach": STAGE_LABELS["approach"],
    "store_wait": STAGE_LABELS["store_wait"],
    "handling": STAGE_LABELS["handling"],
    "drive": STAGE_LABELS["drive"],
    "unsplit": STAGE_LABELS["unsplit"],
    "promise_too_short": "Promise too short",
    "no_history": "Nothing to compare with",
}
_WHY = {
    "prep": "Packed later than usual, with no driver yet",
    "assign": "Packed, and longer than usual without a driver",
    "approach": "The driver was longer than usual on the way to the mall",
    "store_wait": "The driver was there, the order was packed later than usual",
    "handling": "Parking, walking and finding the store took longer than usual",
    "undivided_dwell": "At the mall for longer than usual; when it was packed is unknown",
    "drive": "The drive to the door took longer than usual",
    "unsplit": "Events between are unknown",
    "promise_too_short": "No stage took longer than usual",
    "no_history": "The mall has no orders in the 8 weeks before",
}
_LOST = {
    "unsplit": "between events that are unknown",
    "promise_too_short": "where no stage was slow, but the promise short",
    "no_history": "at a mall with nothing to compare with",
}
LATE = (
    Shown("stage", "Made late by", is_pinned=True),
    Shown("share", "Of late minutes", "percent"),
    Shown("minutes", "Late, min", "count"),
    Shown("per_order", "Min per late order", "minutes"),
    Shown("why", "What it means"),
)
STAGES = (
    Shown("stage", "Time", is_pinned=True),
    Shown("mean_s", "Mean, min", "minutes"),
    Shown("p50_s", "p50, min", "minutes"),
    Shown("p50_interval", "95 %", "interval", help="Interval of the p50, in minutes"),
    Shown("p90_s", "p90, min", "minutes"),
    Shown("p90_interval", "95 %", "interval", help="Interval of the p90, in minutes"),
    Shown("n", "n", "count"),
    Shown("note", "Note"),
)
_TIMES = (
    ("click_to_door", "Click-to-door"),
    ("prep", STAGE_LABELS["prep"]),
    ("assign", STAGE_LABELS["assign"]),
    ("approach", STAGE_LABELS["approach"]),
    ("store_wait", STAGE_LABELS["store_wait"]),
    ("handling", STAGE_LABELS["handling"]),
    ("drive", STAGE_LABELS["drive"]),
    ("placed_to_ready", "Packing by the store"),
    ("ready_to_pickup", "Ready-to-pickup"),
    ("ready_to_door", "Ready-to-door"),
)


def late_asked(view: View) -> list[Ask]:
    """Return what the bar and the table of late minutes are going to ask."""
    return [("late_attribution", asked(view, **of_hour(view)))]


def late(view: View) -> Answer:
    """Return late seconds by stage, in the clicked hour where one was."""
    ((metric, changes),) = late_asked(view)
    return compute(metric, view, **changes)


def late_sentence(view: View) -> str:
    """Return what made orders late in one sentence, or why nothing can be said."""
    answer = late(view)
    row = answer.row()
    if row["late_sum_s"] is None:
        return f"Hidden: {answer.too_few} were late."
    if not row["n"]:
        return "No promise times in this data for these days, so nobody is known to be late."
    if not row["late_n"]:
        return "Nobody was late."
    parts = {reason: row[f"late_{reason}_sum_s"] for reason in _reasons(row)}
    most = max(parts, key=lambda reason: parts[reason] or 0)
    share = (parts[most] or 0) / row["late_sum_s"]
    head = f"{write.counted(row['late_n'], 'late order')}, {write.duration(row['late_sum_s'] / row['late_n'], decimals=1)} late on average"
    where = _LOST.get(most, f"in the stage {_label(most).lower()}")
    return f"{head}; {write.percent(share, decimals=0)} of the late minutes were lost {where}."


def _reasons(row: dict[str, Any]) -> list[str]:
    """Return the parts in timeline order; a mall dwell that cannot be divided stands for its two parts."""
    dwell, parts = row["late_mall_dwell_sum_s"], [row["late_store_wait_sum_s"], row["late_handling_sum_s"]]
    is_divided = dwell is not None and None not in parts and dwell == sum(parts)
    divided = ["store_wait", "handling"] if is_divided else ["mall_dwell"]
    return ["prep", "assign", "approach", *divided, "drive", "unsplit", "promise_too_short", "no_history"]


def _label(reason: str) -> str:
    return _REASONS.get(reason, STAGE_LABELS.get(reason, reason))


def late_table(view: View) -> pa.Table:
    """Return one row per reason that made orders late; hidden ones are empty, those without a minute are left out."""
    row = late(view).row()
    rows = []
    for reason in _reasons(row) if row["late_sum_s"] else ():
        seconds = row[f"late_{reason}_sum_s"]
        if seconds == 0:
            continue
        known = {} if seconds is None else {"share": seconds / row["late_sum_s"], "per_order": seconds / row["late_n"]}
        why = _WHY.get(reason, _WHY["undivided_dwell"])
        minutes = None if seconds is None else round(seconds / 60)
        rows.append({"part": reason, "stage": _label(reason), "late_s": seconds, "minutes": minutes, "why": why, **known})
    rows.sort(key=lambda each: -(each["late_s"] or -1))
    names = [("part", pa.string()), ("stage", pa.string()), ("share", pa.float64()), ("late_s", pa.int64()), ("minutes", pa.int64())]
    names += [("per_order", pa.float64()), ("why", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def late_rows(view: View) -> pa.Table:
    """Return the same rows as a file has them: the part's id, its seconds and its share."""
    return late_table(view).select(["part", "late_s", "share"]).rename_columns(["late_part", "late_s", "late_share"])


def late_bar(view: View) -> go.Figure | None:
    """Return the late minutes of the mean late order by what made it late; None where nobody is known to be late."""
    row = late(view).row()
    if not row["late_n"]:
        return None
    means = {reason: row[f"late_{reason}_mean_s"] for reason in _reasons(row)}
    return stage_bar({"": means}, theme=view.theme, is_narrow=is_phone()) if any(means.values()) else None


def late_note(view: View) -> str:
    """Return the rule in words, and what is left out."""
    answer = late(view)
    rule = (
        "A late order's seconds are shared out over the stages that took longer than usual: than the median of the same mall and hour "
        "of the week in the 8 weeks before (fewer than 30 orders: the same hour of any day, then the mall)."
    )
    lost = [f"{write.whole(count)} {what} are left out." for what, count in answer.left_out.items()]
    note = f"{answer.note[:1].upper()}{answer.note[1:]}." if answer.note else ""
    return " ".join(filter(None, [rule, *lost, note]))


def slow_bar(view: View) -> go.Figure | None:
    """Return the mean stages of all orders and of slow ones; None where nothing is known of them."""
    usual = compute("stages", view, **asked(view, **of_hour(view))).row()
    tail = compute("tail_stages", view, **asked(view, **of_hour(view))).row()
    bars = {"All orders": stage_means(usual), "Slow orders": stage_means(tail, "tail_")}
    drawn = {name: means for name, means in bars.items() if any(means.values())}
    return stage_bar(drawn, theme=view.theme, is_narrow=is_phone()) if drawn else None


def slow_note(view: View) -> str:
    """Return which orders are slow ones."""
    tail = compute("tail_stages", view, **asked(view, **of_hour(view))).row()
    if not tail["tail_n"]:
        return ""
    low, high = (write.duration(tail[f"tail_{end}_s"]) for end in ("low", "high"))
    slow = write.counted(tail["tail_n"], "order")
    return f"Mean minutes. Slow orders: {slow} that took {low} to {high}, from the 85th to the 95th percentile."


def stages_asked(view: View) -> list[Ask]:
    """Return what the bars and the table of stages are going to ask."""
    return [(metric, asked(view, **of_hour(view))) for metric in ("tail_stages", "stages", *(metric for metric, _ in _TIMES))]


def stage_answers(view: View) -> list[Answer]:
    """Return every stage and wait with its percentiles."""
    return [compute(metric, view, **asked(view, **of_hour(view))) for metric, _ in _TIMES]


def stages_table(view: View) -> pa.Table:
    """Return one row per stage or wait: mean, percentiles with intervals, n, and why one is missing."""
    rows = []
    for answer, (_, label) in zip(stage_answers(view), _TIMES, strict=True):
        row = answer.row()
        intervals = {
            f"p{percent}_interval": write.interval(*(None if row[name] is None else row[name] / 60 for name in _bounds(percent)))
            for percent in (50, 90)
        }
        note = f"Hidden: {answer.too_few}" if row["suppressed"] else "" if row["n"] else "The events are not in this data"
        rows.append({"stage": label, **{name: row[name] for name in ("mean_s", "p50_s", "p90_s", "n")}, **intervals, "note": note})
    kinds = {"mean_s": pa.float64(), "p50_s": pa.int64(), "p90_s": pa.int64(), "n": pa.int64()}
    names = [(each.column, kinds.get(each.column, pa.string())) for each in STAGES]
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def stage_rows(view: View) -> pa.Table:
    """Return the same rows as a file has them: the metric's id, and its seconds with bounds."""
    names = ("mean_s", "p50_s", *_bounds(50), "p90_s", *_bounds(90), "n")
    rows = [{"metric": answer.metric.id, **{name: answer.row()[name] for name in names}} for answer in stage_answers(view)]
    kinds = {"metric": pa.string(), "mean_s": pa.float64()}
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, kinds.get(name, pa.int64())) for name in ("metric", *names)]))


def _bounds(percent: int) -> tuple[str, str]:
    return f"p{percent}_low_s", f"p{percent}_high_s"
