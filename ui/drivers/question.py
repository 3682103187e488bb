"""What the Drivers page asks: of which drivers, of which hour of the week; and how a figure of it is written."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from analytics.answers import Answer
from analytics.reference import freshness
from ui import format as write
from ui.charts import HourOfWeek
from ui.session import Ask, compute
from ui.view import View

HOUR_S = 3600
_NOTED = ("utilization", "earnings_per_online_hour")
"""Metrics that with the hours short and spare read every table behind the page's figures."""


def is_of_market(view: View) -> bool:
    """Whether the page shows the whole market: no mall is chosen, or the area says so."""
    return view.mall is None or view.choice("area", "mall") == "market"


def asked(view: View, **changes: Any) -> dict[str, Any]:
    """Return what the page asks of every metric: the chosen mall's drivers, or all of the market."""
    mall_id = None if view.mall is None or is_of_market(view) else view.mall.id
    return {"market_id": view.focus.id, "mall_id": mall_id, **changes}


def place(view: View) -> str:
    """Return whose drivers are shown, in words."""
    return view.focus.name if view.mall is None or is_of_market(view) else view.mall.name


def has_shifts(view: View) -> bool:
    """Whether anything is known of the hours in which drivers are online."""
    return dict(freshness(view.version).rows_by_table).get("shift_activity", 0) > 0


def weekly_hours(view: View, seconds: int | None) -> float | None:
    """Return seconds of the period as hours a week."""
    return None if seconds is None or not view.period.days else seconds / HOUR_S * 7 / view.period.days


def gap_by_hour(view: View) -> Answer:
    """Return driver-hours short and spare by weekday and hour."""
    return compute("hours_gap", view, **asked(view, by=("dow", "hour")))


def gap(view: View) -> Mapping[str, Any]:
    """Return driver-hours short and spare of the whole period: its hours of the week add up; where one is hidden, it is asked by itself."""
    rows = gap_by_hour(view).rows()
    if not rows or any(row["suppressed"] for row in rows):
        return compute("hours_gap", view, **asked(view)).row()
    known = [row for row in rows if row["hours_short"] is not None]
    names = ("hours_short", "hours_spare", "required_s", "online_s", "engaged_s")
    sums = {name: sum(row[name] for row in known) if known and all(row[name] is not None for row in known) else None for name in names}
    return {**sums, **{name: sum(row[name] for row in rows) for name in ("n", "unknown_n")}, "suppressed": False}


RATES: Final = ("utilization", "deliveries_per_online_hour", "earnings_per_online_hour")
"""Figures of drivers' time that stand above the grid."""


def hours_asked(view: View) -> list[Ask]:
    """Return what the sentence, the figures and the grid are going to ask."""
    return [("hours_gap", asked(view, by=("dow", "hour"))), *((metric, asked(view)) for metric in RATES)]


def shown_hour(view: View) -> HourOfWeek | None:
    """Return the hour of the week that the map shows: the clicked one, else the busiest, the one that requires most; None without any."""
    if view.hour is not None:
        return view.hour
    rows = [row for row in gap_by_hour(view).rows() if row["required_s"]]
    busiest = max(rows, key=lambda row: (row["required_s"], -row["local_dow"], -row["local_hour"]), default=None)
    return None if busiest is None else (busiest["local_dow"], busiest["local_hour"])


def notes(answers: Iterable[Answer], *, but: Iterable[Answer] = ()) -> str:
    """Return as sentences what a reader must know of the data behind answers, such as shifts that were inferred at load, each once.

    What stands behind the answers of ``but`` too is said elsewhere on the page.
    """
    said = {clause for answer in but for clause in answer.note.split("; ")}
    clauses = dict.fromkeys(clause for answer in answers for clause in answer.note.split("; ") if clause and clause not in said)
    return " ".join(f"{clause[0].upper()}{clause[1:]}." for clause in clauses)


def data_notes(view: View) -> str:
    """Return what a reader must know of the data behind the page's figures."""
    return notes([gap_by_hour(view), *(compute(metric, view, **asked(view)) for metric in _NOTED)])


def value(row: Mapping[str, Any]) -> float | None:
    """Return the leading figure of a row: a share or a rate."""
    found: float | None = row.get("share", row.get("rate"))
    return found


def figure(kind: str, number: float) -> str:
    """Return a figure as it is written."""
    if kind == "money":
        return write.money(round(number))
    return write.percent(number, decimals=0) if kind == "share" else f"{number:.2f}"


def bounds(kind: str, row: Mapping[str, Any]) -> str:
    """Return the 95 percent interval in the figure's unit; empty where there is none."""
    low, high = row.get("low"), row.get("high")
    if low is None or high is None:
        return ""
    if kind == "money":
        return f"{write.money(round(low))} to {write.money(round(high))}"
    return f"{write.interval(100 * low, 100 * high)} %" if kind == "share" else write.interval(low, high, decimals=2)


def reason(answer: Answer) -> str:
    """Return why the only figure of an answer is missing."""
    if answer.row()["suppressed"]:
        return f"hidden: {answer.too_few}"
    lacking = max(answer.left_out, key=lambda each: answer.left_out[each], default="")
    return f"only {lacking}" if lacking else f"no {answer.rows_are} in this data"
