"""What changed: the change of a figure as bars that sum to it, by stage and mall, and its largest part in words."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from analytics.changes import MIX, Change, Contribution, Estimate, Group, change, contributions, ratio
from analytics.intervals import wilson
from analytics.periods import Period
from ui import format as write
from ui.charts import STAGE_LABELS, Step, Tone, change_bars
from ui.filters import Control
from ui.overview.gauges import ON_TIME, SPEED, estimate, is_known
from ui.overview.weeks import span, total
from ui.session import Ask, ask_ahead, compute
from ui.view import View

WHAT = Control("why", "What changed", {"on_time_share": "On time", "stages": "Mean minutes"}, "on_time_share")
_MOST_BARS = 7
_MOST_SPLIT = 2
_WORTH_SAYING = 0.3
"""Least part of a change that the sentence names as its explanation."""
_LATE = "late"
_REST = "rest"
_LABELS = {
    **STAGE_LABELS,
    "promise_too_short": "Promises too short",
    "no_history": "Late, no history yet",
    _LATE: "Late orders",
    _REST: "Late, not split",
}
_EXPLAINED = {
    "prep": ("longer packing", "shorter packing"),
    "assign": ("a longer wait for drivers", "a shorter wait for drivers"),
    "approach": ("a longer way to the mall", "a shorter way to the mall"),
    "mall_dwell": ("longer mall dwell", "shorter mall dwell"),
    "drive": ("a longer drive", "a shorter drive"),
    "promise_too_short": ("a tighter promise", "a wider promise"),
    _LATE: ("a higher late rate", "a lower late rate"),
}
"""What a piece is called in a sentence where it makes the figure worse, and better; the others explain nothing."""
_LATE_PIECES = ("prep", "assign", "approach", "mall_dwell", "drive", "unsplit", "promise_too_short", "no_history")
_STAGES = tuple(STAGE_LABELS)

Groups = Mapping[Hashable, Group]


@dataclass(frozen=True)
class Split:
    """A change and what it is made of: parts in the unit of the figure, and how a difference is written."""

    total: Change
    parts: list[Contribution]
    write: Callable[[float], str]
    is_more_better: bool


def control(view: View) -> Control:
    """Return the choice between the figures whose change is split; what the data cannot tell is no choice."""
    known = {"on_time_share": is_known(ON_TIME, view), "stages": is_known(SPEED, view)}
    options = {key: label for key, label in WHAT.options.items() if known[key]}
    return Control(WHAT.key, WHAT.label, options, next(iter(options), "stages"))


def chart(view: View) -> go.Figure | None:
    """Return the change of the chosen figure as bars that sum to it; None where there is nothing to compare or to split."""
    found = _split(view)
    return None if found is None else change_bars(_steps(found, view), _step("Change", found.total, found), theme=view.theme)


def note(view: View) -> str:
    """Return how the bars are to be read, or why there are none."""
    if view.compared is None:
        return view.unfair or "Choose a period to compare with to see what changed."
    if _split(view) is None:
        return f"Nothing to compare with on {write.day_range(view.compared.start_on, view.compared.end_on)}."
    if _what(view) == "on_time_share":
        how = "Late orders are shared out over stages by the seconds that each stage took longer than is typical"
    else:
        how = "Means of stages add up to the mean click-to-door"
    return f"{view.comparison}. {how}; each part counts at its mall's share of the orders. Grey: within normal variation."


def explanation(view: View) -> str:
    """Return the largest part of a change of on time in words; empty where chance explains it, or no part is large enough to name."""
    found = _on_time(view) if view.compared else None
    if found is None or not found.total.is_beyond_chance:
        return ""
    total = found.total.difference
    named = [part for part in found.parts if part.piece in _EXPLAINED and part.change.difference * total > 0]
    if not named or abs(named[0].change.difference) < _WORTH_SAYING * abs(total):
        return ""
    words = _EXPLAINED[named[0].piece][named[0].change.difference > 0]
    return f"{words} at {_names(view)(named[0].group)} explains {abs(100 * named[0].change.difference):.1f}"


def _what(view: View) -> str:
    choice = control(view)
    wanted = view.choice(choice.key, choice.default)
    return wanted if wanted in choice.options else choice.default


def _split(view: View) -> Split | None:
    if view.compared is None:
        return None
    return _on_time(view) if _what(view) == "on_time_share" else _minutes(view)


def _steps(found: Split, view: View) -> list[Step]:
    """Return the largest parts, each with the name of its mall; what remains of the change is one bar."""
    name = _names(view)
    shown = [part for part in found.parts if part.change.difference][:_MOST_BARS]
    steps = [_step(_label(part, name), part.change, found) for part in shown]
    rest = found.total.difference - sum(part.change.difference for part in shown)
    if abs(rest) > 1e-9 * max(1.0, abs(found.total.difference)):
        steps.append(_step("Everything else", Change(rest), found))
    return steps


def _label(part: Contribution, name: Callable[[Hashable], str]) -> str:
    return "Shift between malls" if part.piece == MIX else f"{_LABELS[part.piece]}, {name(part.group)}"


def _step(label: str, moved: Change, found: Split) -> Step:
    tone: Tone = "plain"
    if moved.is_beyond_chance:
        tone = "good" if (moved.difference > 0) == found.is_more_better else "bad"
    return Step(label, moved.difference, found.write(moved.difference), tone)


def _names(view: View) -> Callable[[Hashable], str]:
    names: dict[Hashable, str] = {mall.id: mall.name for mall in view.malls}
    return lambda mall_id: names.get(mall_id, "no known mall")


def _on_time(view: View) -> Split | None:
    """Split the change of the share on time: late orders by mall, and those of the malls that made most of it by stage."""
    if view.compared is None:
        return None
    periods = (view.period, view.compared)
    totals = [estimate(ON_TIME, total(view, ON_TIME, period)[0]) for period in periods]
    if totals[0] is None or totals[1] is None:
        return None
    rows = [compute("on_time_share", view, by=("mall",), **span(period)).rows() for period in periods]
    whole = contributions(*(_late_groups(each, {}) for each in rows))
    ask_ahead(view, [_late_asked(mall_id, period) for mall_id in _largest(whole, view) for period in periods])
    stages = {mall_id: [_late(view, mall_id, period) for period in periods] for mall_id in _largest(whole, view)}
    told = {mall_id: pair for mall_id, pair in stages.items() if all(row["late_sum_s"] is not None for row in pair)}
    late = [{mall_id: pair[place] for mall_id, pair in told.items()} for place in range(len(periods))]
    parts = contributions(*(_late_groups(each, split) for each, split in zip(rows, late, strict=True)))
    return Split(change(totals[0], totals[1]), parts, write.points, is_more_better=True)


def _largest(whole: Sequence[Contribution], view: View) -> list[str]:
    """Return the malls that made most of a change: what stages did there is asked mall by mall, which reads few orders."""
    known = {mall.id for mall in view.malls}
    moved = [str(part.group) for part in whole if part.group in known and part.change.difference]
    return list(dict.fromkeys(moved))[:_MOST_SPLIT]


def _late(view: View, mall_id: str, period: Period) -> Mapping[str, Any]:
    """Return a mall's late seconds by stage."""
    metric, changes = _late_asked(mall_id, period)
    return compute(metric, view, **changes).row()


def _late_asked(mall_id: str, period: Period) -> Ask:
    return "late_attribution", {"mall_id": mall_id, **span(period)}


def _late_groups(rows: Sequence[Mapping[str, Any]], late: Mapping[str, Mapping[str, Any]]) -> Groups:
    """Return the malls with pieces that add up to minus the share of late orders."""
    groups: dict[Hashable, Group] = {}
    for row in rows:
        if row["denominator"]:
            count = row["denominator"] - row["numerator"]
            pieces = {name: _lost(count * part, row["denominator"]) for name, part in _parts(late.get(row["mall_id"], {})).items()}
            groups[row["mall_id"]] = Group(row["denominator"], pieces)
    return groups


def _parts(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the parts of a mall's late seconds, which sum to one; what is hidden or unknown is one part."""
    whole = row.get("late_sum_s")
    if not whole:
        return {_LATE: 1.0}
    known = {piece: row[f"late_{piece}_sum_s"] / whole for piece in _LATE_PIECES if row.get(f"late_{piece}_sum_s")}
    rest = 1.0 - sum(known.values())
    return known | ({_REST: rest} if rest > 1e-9 else {})


def _lost(count: float, n: int) -> Estimate:
    """Return what so many late orders take from the share on time, with Wilson's bounds turned round."""
    low, high = (float(bound[0]) for bound in wilson(np.array([count]), np.array([float(n)])))
    return Estimate(-count / n, -high, -low)


def _minutes(view: View) -> Split | None:
    """Split the change of the mean click-to-door: the mean stages of each mall; bounds are those of the days."""
    if view.compared is None:
        return None
    periods = (view.period, view.compared)
    totals = [_mean(view, period) for period in periods]
    if totals[0] is None or totals[1] is None:
        return None
    rows = [compute("stages", view, by=("mall",), **span(period)).rows() for period in periods]
    whole = contributions(*(_stage_groups(each, {}) for each in rows))
    malls = _largest(whole, view)
    days = [{mall_id: _days(view, mall_id, period) for mall_id in malls} for period in periods]
    parts = contributions(*(_stage_groups(each, own) for each, own in zip(rows, days, strict=True)))
    return Split(change(totals[0], totals[1]), parts, write.minutes_change, is_more_better=False)


def _mean(view: View, period: Period) -> Estimate | None:
    row = compute("stages", view, **span(period)).row()
    value = row["click_to_door_mean_s"]
    return None if value is None else _bounded(value, compute("stages", view, by=("day",), **span(period)).rows(), "click_to_door_sum_s")


def _days(view: View, mall_id: str, period: Period) -> list[dict[str, Any]]:
    return compute("stages", view, mall_id=mall_id, by=("day",), **span(period)).rows()


def _stage_groups(rows: Sequence[Mapping[str, Any]], days: Mapping[str, Sequence[Mapping[str, Any]]]) -> Groups:
    """Return the malls with their mean stages; with bounds where their days are given."""
    groups: dict[Hashable, Group] = {}
    for row in rows:
        if row["n"]:
            own = days.get(row["mall_id"], ())
            means = {stage: row[f"{stage}_sum_s"] / row["n"] for stage in _STAGES if row.get(f"{stage}_sum_s")}
            groups[row["mall_id"]] = Group(row["n"], {stage: _bounded(mean, own, f"{stage}_sum_s") for stage, mean in means.items()})
    return groups


def _bounded(value: float, days: Sequence[Mapping[str, Any]], column: str) -> Estimate:
    """Return a mean with the bounds that its days give; without where a day is hidden."""
    if any(day["n"] is None or day[column] is None for day in days):
        return Estimate(value)
    return ratio([(day[column], day["n"]) for day in days]) or Estimate(value)
