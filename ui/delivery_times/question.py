"""What the Delivery times page asks: of which mall, which figure, and how that figure is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.answers import Answer
from analytics.beyond import Figure
from analytics.catalog import metric
from ui import format as write
from ui.filters import Control
from ui.palette import AMOUNT, BURDEN, Classes
from ui.session import Ask, compute
from ui.view import View

Below = Literal["stages", "late", "stores", "distance", "days", "cells"]

FIGURE = Control("figure", "Show", {"p90": "p90", "p50": "p50", "on_time": "On time"}, "p90", is_label_shown=True)
BELOW = Control(
    "lost",
    "Below",
    {
        "late": "Late minutes",
        "stores": "Stores",
        "distance": "Distance",
        "days": "Days",
        "stages": "Stages",
        "cells": "Cells",
    },
    "late",
)
"""Which table stands below the map: one at a time, so that the page asks for no more than it shows."""


@dataclass(frozen=True)
class ShownFigure:
    """A figure of the page: the metric it belongs to, its column, its classes and its words."""

    metric: str
    column: Figure
    label: str
    classes: Classes

    @property
    def is_share(self) -> bool:
        """Whether it is a share, in percent on screen; else seconds, in minutes."""
        return self.column == "share"

    @property
    def kind(self) -> Literal["percent", "minutes"]:
        """How a column of it is written."""
        return "percent" if self.is_share else "minutes"

    @property
    def heading(self) -> str:
        """Heading of a column of it, with the unit that does not stand in its cells."""
        return self.label if self.is_share else f"{self.label}, min"

    @property
    def rows(self) -> str:
        """Column of the orders behind it."""
        return "denominator" if self.is_share else "n"

    @property
    def bounds(self) -> tuple[str, str]:
        """Columns of its 95 percent bounds."""
        return ("low", "high") if self.is_share else (self.column.replace("_s", "_low_s"), self.column.replace("_s", "_high_s"))

    def on_screen(self, value: float | None) -> float | None:
        """Return a value in the unit on screen: percent or minutes."""
        return None if value is None else 100 * value if self.is_share else value / 60

    def words(self, value: float | None, *, decimals: int = 0) -> str:
        """Return a value as it stands in a sentence."""
        return write.percent(value, decimals=1) if self.is_share else write.duration(value, decimals=decimals)

    def interval(self, row: Mapping[str, Any]) -> str:
        """Return the 95 percent interval as one text in the unit on screen."""
        low, high = (self.on_screen(row[name]) for name in self.bounds)
        return write.interval(low, high)


def _classes(metric_id: str, column: str, title: str) -> Classes:
    limits = metric(metric_id).breaks_of(column) or ()
    if column == "share":
        return Classes(title, "%", tuple(100 * limit for limit in limits), AMOUNT)
    return Classes(title, "min", tuple(limit / 60 for limit in limits), BURDEN)


P90 = ShownFigure("click_to_door", "p90_s", "Click-to-door p90", _classes("click_to_door", "p90_s", "Click-to-door p90"))
P50 = ShownFigure("click_to_door", "p50_s", "Click-to-door p50", _classes("click_to_door", "p50_s", "Click-to-door p50"))
ON_TIME = ShownFigure("on_time_share", "share", "On time", _classes("on_time_share", "share", "On time"))
_FIGURES = {"p90": P90, "p50": P50, "on_time": ON_TIME}


def asked(view: View, **changes: Any) -> dict[str, Any]:
    """Return what the page asks of every metric: the chosen mall, or the whole market."""
    return {"market_id": view.focus.id, **changes}


def has_promises(view: View) -> bool:
    """Whether any order in the filter came with a promise; where that is hidden, it is not denied."""
    row = compute("on_time_share", view, **asked(view)).row()
    return bool(row["suppressed"] or row["denominator"])


def figure(view: View) -> ShownFigure:
    """Return the figure that the page shows; without promises there is no on time, and p90 stands in."""
    chosen = _FIGURES.get(view.choice(FIGURE.key, FIGURE.default), P90)
    return P90 if chosen is ON_TIME and not has_promises(view) else chosen


def missing_figure(view: View) -> str:
    """Return why another figure is shown than the one that was chosen; empty where it is that one."""
    wanted = view.choice(FIGURE.key, FIGURE.default)
    return (
        "No promise times in this data for these days: the page shows p90 instead." if wanted == "on_time" and figure(view) is P90 else ""
    )


def below(view: View) -> Below:
    """Return which table stands below the map."""
    chosen = view.choice(BELOW.key, BELOW.default)
    known: tuple[Below, ...] = ("late", "stores", "distance", "days", "stages", "cells")
    return next((each for each in known if each == chosen), "late")


def of_hour(view: View) -> dict[str, int | None]:
    """Return the clicked hour of the week as filters; none where none was clicked."""
    dow, hour = view.hour or (None, None)
    return {"dow": dow, "hour": hour}


def asked_by_all(view: View) -> list[Ask]:
    """Return what the sentence, the figures, the map and the grid are going to ask, whatever stands below."""
    whole = ("on_time_share", "click_to_door", "lateness", "stages")
    chosen = _FIGURES.get(view.choice(FIGURE.key, FIGURE.default), P90).metric
    places: list[Ask] = [(chosen, asked(view, by=("cell",), resolution=8, **of_hour(view)))]
    hours: list[Ask] = [] if view.cell else [(chosen, asked(view, by=("dow", "hour")))]
    return [*((metric, asked(view)) for metric in whole), *places, *hours]


def leading(view: View, **changes: Any) -> Answer:
    """Return the answer that the chosen figure stands in."""
    return compute(figure(view).metric, view, **asked(view, **changes))
