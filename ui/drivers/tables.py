"""Tables under the hours: what counts as utilized, trips and pay, time at the mall, and the malls side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.dimensions import DISTANCE_BANDS_M, PAY_BANDS_CENTS, columns
from analytics.reference import malls
from ui import format as write
from ui.charts import stage_bar
from ui.drivers.question import asked, bounds, figure, is_of_market, reason, value, weekly_hours
from ui.panels import Shown
from ui.session import Ask, compute, is_phone
from ui.view import View

_NOTE = Shown("note", "Note")
_MILE_M = 1609.344
_ACCEPTANCE = pa.schema(
    [("band", pa.string()), ("share", pa.float64()), ("interval", pa.string()), ("n", pa.int64()), ("note", pa.string())]
)

VARIANTS = (
    Shown("what", "What counts", is_pinned=True),
    Shown("share", "of online time", "percent"),
    Shown("interval", "95 %", "interval", help="Interval in percent, from the spread between drivers"),
    Shown("hours", "Hours a week", "decimal"),
    Shown("n", "n", "count", help="Hours of shifts that count, begun ones too"),
)
_VARIANTS = pa.schema(
    [
        ("what", pa.string()),
        ("share", pa.float64()),
        ("interval", pa.string()),
        ("hours", pa.float64()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)
_VARIANT_LABELS = {
    "utilization": "On a trip: utilization",
    "utilization_work": "Driving or serving, waiting left out",
    "utilization_loaded": "Goods aboard",
}

MEASURES = (
    Shown("label", "Figure", is_pinned=True),
    Shown("shown", "Value", "figure"),
    Shown("bounds", "95 %", "figure"),
    Shown("n", "n", "count"),
)
_MEASURES = pa.schema(
    [
        ("metric", pa.string()),
        ("label", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
        ("shown", pa.string()),
        ("bounds", pa.string()),
        ("note", pa.string()),
    ]
)
_METRICS = (
    "acceptance_share",
    "batch_share",
    "multi_store_share",
    "deadhead_share",
    "deliveries_per_online_hour",
    "deliveries_per_engaged_hour",
    "earnings_per_online_hour",
    "cost_per_delivery",
    "contribution_per_order",
)
MONEY_NOTE = "Handling, surcharges and commission count as zero until they are set; the contribution is then the fee less the drivers' pay."

MALLS = (
    Shown("mall", "Mall", is_pinned=True),
    Shown("short", "Short, h a week", "decimal"),
    Shown("spare", "Spare, h a week", "decimal"),
    Shown("utilization", "Utilization", "percent"),
    Shown("deliveries", "Deliveries per online h", "rate"),
    Shown("earnings", "Earnings per online h", "money"),
    Shown("acceptance", "Acceptance", "percent"),
    Shown("cost", "Cost per delivery", "money"),
    Shown("n", "n shift hours", "count"),
)
_BY_MALL = {
    "utilization": "utilization",
    "deliveries": "deliveries_per_online_hour",
    "earnings": "earnings_per_online_hour",
    "acceptance": "acceptance_share",
    "cost": "cost_per_delivery",
}
_OF_MALLS: Mapping[str, Any] = {"mall_id": None, "by": ("mall",)}
_MALLS = pa.schema(
    [
        ("mall_id", pa.string()),
        ("mall", pa.string()),
        *((name, pa.float64()) for name in ("short", "spare", *_BY_MALL)),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)


def use_asked(view: View) -> list[Ask]:
    """Return what the tables of use are going to ask."""
    return [*((metric, asked(view)) for metric in _VARIANT_LABELS), ("stages", asked(view, by=("mall",))), ("mall_dwell", asked(view))]


def measures_asked(view: View) -> list[Ask]:
    """Return what the table of trips and pay is going to ask."""
    return [(metric, asked(view)) for metric in _METRICS]


def malls_asked(view: View) -> list[Ask]:
    """Return what the table of malls is going to ask."""
    return [(metric, {"market_id": view.focus.id, **_OF_MALLS}) for metric in ("hours_gap", *_BY_MALL.values())]


def acceptance_asked(view: View) -> list[Ask]:
    """Return what the tables of acceptance are going to ask."""
    return [("acceptance_share", asked(view, by=(dimension,))) for dimension in BANDS]


def variant_answers(view: View) -> list[Answer]:
    """Return the answers behind the variants."""
    return [compute(metric, view, **asked(view)) for metric in _VARIANT_LABELS]


def measure_answers(view: View) -> list[Answer]:
    """Return the answers behind the figures of trips and pay."""
    return [compute(metric, view, **asked(view)) for metric in _METRICS]


def mall_answers(view: View) -> list[Answer]:
    """Return the answers behind the table of malls."""
    return [_mall_answer(view, metric) for metric in ("hours_gap", *_BY_MALL.values())]


def _mall_answer(view: View, metric: str) -> Answer:
    return compute(metric, view, market_id=view.focus.id, **_OF_MALLS)


def variants(view: View) -> pa.Table:
    """Return what may count as utilized, the variants side by side: share of online time, and hours a week."""
    rows = [_variant(view, metric) for metric in _VARIANT_LABELS]
    row = compute("utilization", view, **asked(view)).row()
    if view.mall is not None and not is_of_market(view) and row["denominator"]:
        here = {"share": row["engaged_here_s"] / row["denominator"], "hours": weekly_hours(view, row["engaged_here_s"])}
        rows.insert(1, {"what": f"Of which for {view.mall.name}", **here, "n": row["n"], "note": ""})
    return pa.Table.from_pylist(rows, schema=_VARIANTS)


def variants_file(rows: pa.Table) -> pa.Table:
    """Return the variants as a file has them."""
    return rows.select(["what", "share", "hours", "n", "note"]).rename_columns(
        ["counts_as_utilized", "share", "hours_per_week", "n_shift_hours", "note"]
    )


def _variant(view: View, metric: str) -> dict[str, Any]:
    answer = compute(metric, view, **asked(view))
    row = answer.row()
    known = row["share"] is not None
    return {
        "what": _VARIANT_LABELS[metric],
        "share": row["share"],
        "interval": _percents(row),
        "hours": weekly_hours(view, row["numerator"]) if known else None,
        "n": row["n"],
        "note": "" if known else reason(answer),
    }


def _percents(row: Mapping[str, Any]) -> str | None:
    low, high = row.get("low"), row.get("high")
    return None if low is None or high is None else write.interval(100 * low, 100 * high)


def measures(view: View) -> pa.Table:
    """Return a row a metric: its figure as it is written and as a number in its unit, the interval, n, and why it is missing."""
    return pa.Table.from_pylist([_measure(view, metric) for metric in _METRICS], schema=_MEASURES)


def measures_file(rows: pa.Table) -> pa.Table:
    """Return the measures as a file has them: the figure as a number, and its unit beside it, which differs from row to row."""
    return rows.select(["metric", "label", "value", "unit", "low", "high", "n", "note"])


def _measure(view: View, metric: str) -> dict[str, Any]:
    answer = compute(metric, view, **asked(view))
    row, kind = answer.row(), answer.metric.kind
    number = value(row)
    return {
        "metric": metric,
        "label": answer.metric.label,
        "value": number,
        "unit": answer.metric.unit,
        "low": row.get("low"),
        "high": row.get("high"),
        "n": row["n"],
        "shown": write.MISSING if number is None else figure(kind, number),
        "bounds": bounds(kind, row) or None,
        "note": reason(answer) if number is None else "",
    }


def malls_table(view: View) -> pa.Table:
    """Return one row an open mall of the market: its drivers' hours, their use, pay and cost. Malls do not add up to the market."""
    gaps, by_mall = _by_mall(view, "hours_gap"), {column: _by_mall(view, metric) for column, metric in _BY_MALL.items()}
    rows = []
    for mall in malls(view.version, view.focus.id):
        hours, busy = gaps.get(mall.id, {}), by_mall["utilization"].get(mall.id, {})
        if mall.status == "open" or busy:
            rows.append(
                {
                    "mall_id": mall.id,
                    "mall": mall.name,
                    "short": weekly_hours(view, hours.get("hours_short")),
                    "spare": weekly_hours(view, hours.get("hours_spare")),
                    **{column: value(found.get(mall.id, {})) for column, found in by_mall.items()},
                    "n": busy.get("n"),
                    "note": _mall_note(view, busy),
                }
            )
    return pa.Table.from_pylist(rows, schema=_MALLS)


def _by_mall(view: View, metric: str) -> dict[str, dict[str, Any]]:
    return {row["mall_id"]: row for row in _mall_answer(view, metric).rows()}


def _mall_note(view: View, row: Mapping[str, Any]) -> str:
    if not row:
        return "No shifts in this period"
    return f"Hidden: {_mall_answer(view, 'utilization').too_few}" if row["suppressed"] else ""


MALLS_NOTE = "Malls do not add up to the market: the hours of a driver who works for two malls count at both."


def dwell_bar(view: View) -> go.Figure | None:
    """Return the mean stay at the mall in its two parts, mall by mall or of the chosen one; None where neither is known."""
    names = {mall.id: mall.name for mall in malls(view.version, view.focus.id)}
    rows = compute("stages", view, **asked(view, by=("mall",))).rows()
    parts = {
        names[row["mall_id"]]: {part: row[f"{part}_mean_s"] for part in ("store_wait", "handling")}
        for row in rows
        if row["mall_id"] in names and row["store_wait_mean_s"] is not None
    }
    if len(parts) == 1:
        parts = {"": next(iter(parts.values()))}
    return stage_bar(parts, theme=view.theme, is_narrow=is_phone()) if parts else None


def dwell_note(view: View) -> str:
    """Return the percentiles of the stay at the mall in words, or why there are none."""
    answer = compute("mall_dwell", view, **asked(view))
    row = answer.row()
    if row["p50_s"] is None:
        return f"Time at the mall: {reason(answer)}."
    half, most = write.duration(row["p50_s"]), write.duration(row["p90_s"])
    stay = f"Half of the orders left the mall within {half} of the driver's arrival, 9 of 10 within {most} ({write.n(row['n'])})"
    return f"{stay}. Handling is to park, walk, find and walk back. The bars are means: they add up, these do not."


def with_notes(shown: tuple[Shown, ...], rows: pa.Table) -> tuple[Shown, ...]:
    """Return the columns, with one for remarks only where there is a remark."""
    return (*shown, _NOTE) if any(rows.column("note").to_pylist()) else shown


BANDS = {"pay_band": "Acceptance by pay", "distance_band": "Acceptance by distance"}


def acceptance(view: View, dimension: str) -> Answer:
    """Return acceptance by ``pay_band`` or ``distance_band``."""
    return compute("acceptance_share", view, **asked(view, by=(dimension,)))


def acceptance_columns(dimension: str) -> tuple[Shown, ...]:
    """Return the columns of an acceptance table."""
    label = "Pay shown" if dimension == "pay_band" else "Distance shown"
    return (
        Shown("band", label, is_pinned=True),
        Shown("share", "Accepted", "percent"),
        Shown("interval", "95 %", "interval", help="Interval in percent, from the spread between drivers"),
        Shown("n", "n offers", "count"),
    )


def acceptance_table(answer: Answer) -> pa.Table:
    """Return one row a band, the lowest first; offers without pay or distance last."""
    (column,) = columns(answer.parameters.by)
    bounds_ = PAY_BANDS_CENTS if column == "pay_from_cents" else DISTANCE_BANDS_M
    rows = sorted(answer.rows(), key=lambda row: (row[column] is None, row[column]))
    drawn = [
        {
            "band": _band(column, row[column], bounds_),
            "share": row["share"],
            "interval": _percents(row),
            "n": row["n"],
            "note": f"Hidden: {answer.too_few}" if row["suppressed"] else "",
        }
        for row in rows
    ]
    return pa.Table.from_pylist(drawn, schema=_ACCEPTANCE)


def _band(column: str, start: int | None, bounds_: Sequence[int]) -> str:
    """Return a band in words: ``$10-15``, ``2-4 mi``, ``over $40``."""
    if start is None:
        return "Not known"
    place = bounds_.index(start)
    low = _limit(column, start)
    if place + 1 == len(bounds_):
        return f"{_unit(column, low)} and more"
    high = _limit(column, bounds_[place + 1])
    return f"under {_unit(column, high)}" if place == 0 else _unit(column, f"{low}-{high}")


def _limit(column: str, bound: int) -> str:
    return f"{bound / 100:.0f}" if column == "pay_from_cents" else f"{bound / _MILE_M:.0f}"


def _unit(column: str, text: str) -> str:
    return f"${text}" if column == "pay_from_cents" else f"{text} mi"
