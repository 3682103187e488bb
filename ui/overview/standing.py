"""Markets against their targets and against the baseline: one row a market and figure, and dots beside each target."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import plotly.graph_objects as go
import pyarrow as pa

from analytics.baseline import Baseline
from analytics.changes import Change, Estimate, change
from analytics.errors import TargetError
from analytics.reference import Market
from analytics.targets import Target, Targets, Verdict, default_path, read_targets
from ui import format as write
from ui.charts import Dot, Measure, Tone, target_dots
from ui.overview.gauges import (
    COST,
    SEVERAL,
    SPEED,
    VERDICTS,
    Gauge,
    difference_text,
    estimates,
    interval_words,
    is_known,
    n_text,
    target_text,
    text,
)
from ui.panels import Shown
from ui.session import Ask, baselines_of, compute
from ui.view import View

MEAN: Final = Gauge(
    "mean_click_to_door",
    "mean_s",
    "Click-to-door, mean",
    "minutes",
    "Delivery times",
    Measure("min, mean", 1),
    daily=("sum_s", "n"),
    source=SPEED.source,
    lacking=SPEED.lacking,
    target="click_to_door_mean_s",
)
"""The figure that a baseline can be compared by: it has sums, and no percentiles."""
_GAUGES: Final = (*SEVERAL[:2], MEAN, *SEVERAL[2:])
_DAY: Final = timedelta(days=1)
_TONES: Final[dict[Verdict, Tone]] = {"met": "good", "missed": "bad", "open": "plain"}
NO_TARGETS: Final = "No targets are set: the table [targets] of a file mallreach.toml sets them (docs/targets.md)."

COLUMNS: Final = (
    Shown("market", "Market", is_pinned=True),
    Shown("figure", "Figure"),
    Shown("now", "Now", "figure"),  # texts, for the unit differs from row to row
    Shown("interval", "95 %", "interval"),
    Shown("target", "Target", "figure"),
    Shown("stands", "Stands", help="Met or missed only where the whole interval is on one side"),
    Shown("baseline", "Baseline", "figure", help="How orders were delivered before, or are delivered otherwise"),
    Shown("against", "Against it", "figure", help="Now minus baseline; in brackets where the interval holds zero"),
    Shown("n", "Rests on", "figure"),
)
_NUMBERS: Final = ("value", "low", "high", "target_low", "target_high", "baseline_value", "difference", "difference_low", "difference_high")
_SCHEMA: Final = pa.schema(
    [*((each.column, pa.string()) for each in COLUMNS), ("unit", pa.string()), *((name, pa.float64()) for name in _NUMBERS)]
)


def targets(view: View) -> tuple[Targets, str]:
    """Return the targets that the configuration sets, and in words what is wrong with it; none apply then."""
    try:
        return read_targets(default_path(), [market.id for market in view.markets]), ""
    except TargetError as error:
        return Targets(), f"No target is applied. {error}."


def rows(view: View, wanted: Targets) -> pa.Table:
    """Return one row a market and figure with a target or a baseline. Columns as in ``COLUMNS``, all of them texts; null is unknown."""
    before = baselines_of(view)
    found: list[dict[str, Any]] = []
    for gauge in _GAUGES:
        is_asked = wanted.sets(gauge.target_key) or any(_baseline(gauge, each) for each in before.values())
        for market, now, row in _by_market(gauge, view) if is_asked else ():
            target, was = wanted.of(gauge.target_key, market.id), _baseline(gauge, before.get(market.id))
            if target is not None or was is not None:
                found.append(_row(gauge, market, now, row, target=target, was=was))
    order = {market.name: place for place, market in enumerate(view.markets)}
    found.sort(key=lambda row: order[row["market"]])
    return pa.Table.from_pylist(found, schema=_SCHEMA)


def asked(view: View, wanted: Targets) -> list[Ask]:
    """Return what the markets' table is going to ask."""
    before = baselines_of(view)
    gauges = [
        gauge
        for gauge in _GAUGES
        if is_known(gauge, view) and (wanted.sets(gauge.target_key) or any(_baseline(gauge, each) for each in before.values()))
    ]
    whole: list[Ask] = [(gauge.metric, {"by": ("market",)}) for gauge in gauges]
    return whole + [(gauge.metric, {"by": ("market", "day")}) for gauge in gauges if gauge.daily]


def file(shown: pa.Table) -> pa.Table:
    """Return the rows as they leave the program: numbers in stored units, the unit beside them."""
    return shown.select([name for name in _SCHEMA.names if name not in {"now", "interval", "target", "baseline", "against", "n"}])


def columns(shown: pa.Table) -> tuple[Shown, ...]:
    """Return the columns that have something to say."""
    pairs = {"target": "target", "stands": "target", "baseline": "baseline", "against": "baseline"}
    return tuple(each for each in COLUMNS if shown.column(pairs.get(each.column, "market")).null_count < shown.num_rows)


def note(view: View, wanted: Targets) -> str:
    """Return what the baseline is of, and that no target is set where none is."""
    parts = [] if not wanted.is_empty else [NO_TARGETS]
    before = [baseline for market_id, baseline in baselines_of(view).items() if view.market_id in {None, market_id}]
    if before:
        days = sorted({write.day_range(each.first_on, each.last_on + _DAY) for each in before})
        parts.append(f"Baseline: how orders were delivered before or are delivered otherwise, {write.listed(days)}.")
    else:
        parts.append("No baseline in this data.")
    return " ".join(parts)


def dots(view: View, wanted: Targets) -> list[tuple[str, go.Figure]]:
    """Return, for each figure with a target, its heading and the markets beside it."""
    drawn = []
    for gauge in SEVERAL:
        general = wanted.of(gauge.target_key)
        targets_of = {market.id: wanted.of(gauge.target_key, market.id) for market in view.markets}
        marks = [
            _dot(gauge, market, now, target)
            for market, now, _ in (_by_market(gauge, view) if wanted.sets(gauge.target_key) else ())
            if (target := targets_of[market.id]) is not None
        ]
        if marks:
            bounds = tuple(None if bound is None else bound * gauge.factor for bound in (general.low, general.high)) if general else ()
            heading = f"{gauge.label}: {target_text(gauge, general)}" if general else f"{gauge.label}: by market"
            drawn.append((heading, target_dots(marks, target=(bounds[0], bounds[1]) if bounds else (None, None), theme=view.theme)))
    return drawn


def _dot(gauge: Gauge, market: Market, now: Estimate, target: Target) -> Dot:
    verdict = target.verdict(now)
    low, high = (None if bound is None else bound * gauge.factor for bound in (now.low, now.high))
    return Dot(market.name, now.value * gauge.factor, low, high, f"{text(gauge, now.value)}, {VERDICTS[verdict]}", _TONES[verdict])


def _by_market(gauge: Gauge, view: View) -> list[tuple[Market, Estimate, Mapping[str, Any]]]:
    """Return the figure of each market that has one, with its row."""
    if not is_known(gauge, view):
        return []
    rows = {row["market_id"]: row for row in compute(gauge.metric, view, by=("market",)).rows()}
    found = estimates(gauge, view, "market")
    return [(market, found[market.id], rows[market.id]) for market in view.markets if market.id in found]


def _baseline(gauge: Gauge, before: Baseline | None) -> Estimate | None:
    if before is None:
        return None
    return before.click_to_door_s if gauge == MEAN else before.cost_cents if gauge == COST else None


def _row(
    gauge: Gauge, market: Market, now: Estimate, row: Mapping[str, Any], *, target: Target | None, was: Estimate | None
) -> dict[str, Any]:
    moved = change(now, was) if was else None
    return {
        "market": market.name,
        "figure": gauge.label,
        "now": text(gauge, now.value),
        "interval": interval_words(gauge, now) or None,
        "target": target_text(gauge, target) if target else None,
        "stands": VERDICTS[target.verdict(now)] if target else None,
        "baseline": text(gauge, was.value) if was else None,
        "against": _against(gauge, moved) if moved else None,
        "n": n_text(gauge, row),
        "unit": {"percent": "share", "minutes": "s", "money": "cents", "count": "count"}[gauge.kind],
        "value": now.value,
        "low": now.low,
        "high": now.high,
        **({"target_low": target.low, "target_high": target.high} if target else {}),
        **({"baseline_value": was.value} if was else {}),
        **({"difference": moved.difference, "difference_low": moved.low, "difference_high": moved.high} if moved else {}),
    }


def _against(gauge: Gauge, moved: Change) -> str:
    """Return a difference; in brackets where chance could have made it."""
    words = difference_text(gauge, moved.difference)
    return words if moved.is_beyond_chance else f"({words})"
