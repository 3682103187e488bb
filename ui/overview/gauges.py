"""The figures that a review reads, each with its column, its bounds, how it is written, and the page that tells more. No formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from analytics import catalog
from analytics.changes import Estimate, ratio
from analytics.dimensions import columns
from analytics.reference import has_values
from analytics.targets import Target, Verdict, figure_name
from ui import format as write
from ui.charts import Measure
from ui.session import compute
from ui.view import View

Kind = Literal["count", "percent", "minutes", "money"]
_LONG_S: Final = 7200
"""Differences beyond it are told in hours."""
VERDICTS: Final[dict[Verdict, str]] = {"met": "met", "missed": "missed", "open": "within chance of it"}


@dataclass(frozen=True)
class Gauge:
    """One figure of the review.

    Attributes
    ----------
    metric, column
        Id in the catalog, and the column of its answers.
    label, kind
        Name on screen, and how its values are written: ``percent`` takes a share, ``minutes`` seconds, ``money`` cents.
    page
        Title of the page that tells more.
    measure
        How it is drawn over weeks.
    bounds
        Columns of its 95 percent bounds.
    counted
        Column of what stands behind it, and in words what that is.
    daily
        Columns whose sums over days make the figure, where its answers carry no bounds.
    source, lacking
        Table and column that must have values for it to be known, and what is missing where they have none.
    target
        Name under which a target of it is set, where that is not the name of the metric's figure.
    """

    metric: str
    column: str
    label: str
    kind: Kind
    page: str
    measure: Measure
    bounds: tuple[str, str] = ("low", "high")
    counted: tuple[str, str] = ("n", "n")
    daily: tuple[str, str] | None = None
    source: tuple[str, str] = ("orders", "order_id")
    lacking: str = "No orders in this data"
    target: str = ""

    @property
    def factor(self) -> float:
        """What a value is multiplied by to be in the unit of its axis."""
        return {"count": 1.0, "percent": 100.0, "minutes": 1 / 60, "money": 0.01}[self.kind]

    @property
    def target_key(self) -> str:
        """Name under which a target of it is set."""
        return self.target or figure_name(catalog.metric(self.metric), self.column)


ORDERS: Final = Gauge("orders", "orders", "Orders", "count", "Delivery times", Measure("orders a week", 0, is_from_zero=True))
ON_TIME: Final = Gauge(
    "on_time_share",
    "share",
    "On time",
    "percent",
    "Delivery times",
    Measure("% on time", 1),
    source=("orders", "late_s"),
    lacking="No promise times in this data",
)
SPEED: Final = Gauge(
    "click_to_door",
    "p90_s",
    "Click-to-door p90",
    "minutes",
    "Delivery times",
    Measure("min, p90", 0),
    bounds=("p90_low_s", "p90_high_s"),
    source=("orders", "click_to_door_s"),
    lacking="No delivery times in this data",
)
COST: Final = Gauge(
    "cost_per_delivery",
    "rate",
    "Cost per delivery",
    "money",
    "Drivers",
    Measure("$ a delivery", 2),
    counted=("denominator", "n"),
    daily=("numerator", "denominator"),
    source=("trips", "pay_cents"),
    lacking="No driver pay in this data",
)
UTILIZATION: Final = Gauge(
    "utilization",
    "share",
    "Driver utilization",
    "percent",
    "Drivers",
    Measure("% of online time", 0),
    counted=("denominator", "h online"),
    source=("shift_activity", "online_s"),
    lacking="No shifts in this data",
)
SEVERAL: Final = (ON_TIME, SPEED, COST, UTILIZATION)
"""Figures with an interval, in the order of the tiles."""


def is_known(gauge: Gauge, view: View) -> bool:
    """Whether the data can tell the figure at all, anywhere and on any day."""
    return has_values(view.version, *gauge.source)


def estimate(gauge: Gauge, row: Mapping[str, Any]) -> Estimate | None:
    """Return the figure of a row with its bounds; None where it is missing or hidden, and where nothing was paid: pay is unknown then."""
    value = row.get(gauge.column)
    if gauge.kind == "money" and not value:
        return None
    return None if value is None else Estimate(value, *(row.get(bound) for bound in gauge.bounds))


def estimates(gauge: Gauge, view: View, dimension: str) -> dict[Any, Estimate]:
    """Return a figure with its bounds by one dimension; those of its days where its answers carry none."""
    column = columns((dimension,))[0]
    rows = compute(gauge.metric, view, by=(dimension,)).rows()
    found = {row[column]: each for row in rows if (each := estimate(gauge, row)) is not None}
    if gauge.daily is None or not found:
        return found
    days: dict[Any, list[Mapping[str, Any]]] = {}
    for row in compute(gauge.metric, view, by=(dimension, "day")).rows():
        days.setdefault(row[column], []).append(row)
    return {key: bounded(gauge, each, days.get(key, [])) for key, each in found.items()}


def bounded(gauge: Gauge, figure: Estimate, days: Sequence[Mapping[str, Any]]) -> Estimate:
    """Return a figure with the bounds that its days give; as it is where a day is hidden."""
    top, bottom = gauge.daily or ("", "")
    if any(day[top] is None or day[bottom] is None for day in days):
        return figure
    return ratio([(day[top], day[bottom]) for day in days]) or figure


def text(gauge: Gauge, value: float | None) -> str:
    """Return a value as it stands on screen."""
    if value is None:
        return write.MISSING
    if gauge.kind == "percent":
        return write.percent(value)
    if gauge.kind == "minutes":
        return write.duration(value)
    return write.money(round(value)) if gauge.kind == "money" else write.compact(round(value))


def difference_text(gauge: Gauge, difference: float) -> str:
    """Return a difference of two values, signed, in the words of its unit."""
    if gauge.kind == "percent":
        return write.points(difference)
    if gauge.kind == "money":
        return write.money_change(difference)
    if abs(difference) > _LONG_S:
        return f"{'+' if difference > 0 else ''}{write.duration(difference)}"
    return write.minutes_change(difference)


def interval_text(gauge: Gauge, figure: Estimate | None, *, decimals: int | None = None) -> str:
    """Return the bounds of a figure as one text without their unit; ``-`` where it has none."""
    if figure is None or figure.low is None or figure.high is None:
        return write.MISSING
    digits = decimals if decimals is not None else 2 if gauge.kind == "money" else 1
    return write.interval(figure.low * gauge.factor, figure.high * gauge.factor, decimals=digits)


def interval_words(gauge: Gauge, figure: Estimate, *, decimals: int | None = None) -> str:
    """Return the bounds of a figure with their unit; empty where it has none."""
    if figure.low is None or figure.high is None:
        return ""
    bounds = interval_text(gauge, figure, decimals=decimals)
    return f"${bounds}" if gauge.kind == "money" else f"{bounds} {'%' if gauge.kind == 'percent' else 'min'}"


def n_text(gauge: Gauge, row: Mapping[str, Any]) -> str:
    """Return what stands behind a figure, in words: ``n 2,481``, ``1,240 h online``."""
    column, words = gauge.counted
    count = row.get(column)
    if count is None:
        return ""
    return write.n(count) if words == "n" else f"{write.compact(round(count / 3600))} {words}"


def target_text(gauge: Gauge, target: Target) -> str:
    """Return a target in words: ``at least 92 %``, ``55 to 70 %``."""
    low, high = (None if bound is None else _bound_text(gauge, bound) for bound in (target.low, target.high))
    if low is not None and high is not None:
        return f"{low.removesuffix(' %')} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


def _bound_text(gauge: Gauge, bound: float) -> str:
    """Return a bound that somebody wrote: a share without decimals where it has none."""
    is_whole = gauge.kind == "percent" and abs(100 * bound - round(100 * bound)) < 1e-9
    return write.percent(bound, decimals=0) if is_whole else text(gauge, bound)


def standing_text(gauge: Gauge, target: Target, figure: Estimate) -> str:
    """Return a target and how a figure stands to it, in few words: ``target at least 92 %: missed``."""
    return f"target {target_text(gauge, target)}: {VERDICTS[target.verdict(figure)]}"


def why_missing(gauge: Gauge, view: View, row: Mapping[str, Any], too_few: str) -> str:
    """Return why the figure of a row is missing: hidden, nothing happened, or not in the data."""
    if row["suppressed"]:
        return f"Hidden: {too_few}"
    if not is_known(gauge, view):
        return gauge.lacking
    if compute("orders", view).row()["orders"] == 0:
        return "No orders on these days"
    return gauge.lacking.replace("in this data", "here on these days")
