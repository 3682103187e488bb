"""What the Coverage page measures by, and what it says of it: the controls, the sentence, the figures and the curve."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import plotly.graph_objects as go

from analytics.answers import Answer
from analytics.places import cells_with_people
from analytics.reference import Mall
from ui import format as write
from ui.charts import coverage_curve
from ui.filters import Control
from ui.maps import finest_resolution
from ui.maps.figures import Weight
from ui.session import compute
from ui.view import View

Mode = Literal["bands", "not_covered", "orders", "access"]
Below = Literal["malls", "places", "origins", "markets", "cells"]

_OFF = 0.1
"""Calibrated on the same drives, two models of a market still differ by about this much in level."""

_MODES: tuple[Mode, ...] = ("bands", "not_covered", "orders", "access")
_BELOW: tuple[Below, ...] = ("malls", "places", "origins", "markets", "cells")
_NO_PEOPLE = "The map shows orders instead. Load demand cells or census files to see who lives within reach."


SHOW = Control(
    "show", "Show", {"bands": "Bands", "not_covered": "Not covered", "orders": "Orders per sq mi", "access": "Driver access"}, "bands"
)
"""What the map shows; stands over it, where a phone has it too."""

BELOW = Control(
    "below",
    "Table",
    {"malls": "Malls", "places": "Largest places left out", "origins": "Where orders come from", "markets": "Markets", "cells": "Cells"},
    "malls",
)
"""Which table stands below the map: one at a time, so that a page asks for no more than it shows."""


@dataclass(frozen=True)
class Standard:
    """What the page's controls say: drive time, who is counted, what the map shows, and which table stands below."""

    within_s: int
    weight: Weight
    mode: Mode
    below: Below = "malls"

    @property
    def words(self) -> str:
        """The drive time in words; always "drive", so that nobody reads it as a promise."""
        return f"within {self.within_s // 60} min drive"

    @property
    def who(self) -> str:
        """People or households."""
        return "people" if self.weight == "population" else "households"


def standard(view: View) -> Standard:
    """Return what the controls say; what the address says wrongly is the default. Without people there are only orders to draw."""
    minutes, weight, mode = view.choice("drive", "20"), view.choice("of", "population"), view.choice("show", "bands")
    below = view.choice("below", "malls")
    by = Standard(
        within_s=60 * int(minutes) if minutes in {"10", "15", "20", "30", "45"} else 1200,
        weight="households" if weight == "households" else "population",
        mode=next((each for each in _MODES if each == mode), "bands"),
        below=next((each for each in _BELOW if each == below), "malls"),
    )
    if not covered(view, by)["denominator"]:
        return replace(by, mode="orders")
    return replace(by, mode="bands") if by.mode == "access" and not has_drivers(view, by) else by


def reason(view: View, by: Standard) -> str:
    """Return why the map does not show driver access although it was asked for; empty where it does, and where the sentence says why."""
    is_missing = view.choice("show", "bands") == "access" and by.mode == "bands"
    return "No shifts of five drivers or more in these days: driver access cannot be shown." if is_missing else ""


def access(view: View, by: Standard, resolution: int) -> Answer:
    """Return driver time within reach by cell, of the drivers of the chosen mall where it is open, else of all."""
    mall_id = view.mall.id if view.mall and view.mall.status == "open" else None
    return compute("driver_access", view, **asked(view, by, mall_id=mall_id, resolution=resolution))


def has_drivers(view: View, by: Standard) -> bool:
    """Tell whether there is driver time to show."""
    table = access(view, by, resolution_of(view, by.weight)).table
    return bool(table.num_rows) and table.column("rate").null_count < table.num_rows


def resolution_of(view: View, weight: Weight) -> int:
    """Return the resolution in which the map can show the market's cells."""
    return finest_resolution(cells_with_people(view.version, view.focus.id, weight))


def asked(view: View, by: Standard, **changes: Any) -> dict[str, Any]:
    """Return the parameters of a question about the market shown."""
    return {"market_id": view.focus.id, "within_s": by.within_s, "weight": by.weight, **changes}


def covered(view: View, by: Standard) -> Mapping[str, Any]:
    """Return people covered by any open mall of the market: ``numerator``, ``denominator``, ``share``, ``n`` cells."""
    return _covered(view, by).row()


def _covered(view: View, by: Standard) -> Answer:
    return compute("covered_share", view, **asked(view, by, mall_id=None))


def by_mall(view: View, by: Standard) -> Answer:
    """Return the reach of every mall of the market."""
    return compute("coverage_by_mall", view, **asked(view, by, mall_id=None))


def _own(view: View, by: Standard) -> Mapping[str, Any]:
    """Return the chosen mall's row."""
    mall = cast("Mall", view.mall)
    return next(row for row in by_mall(view, by).rows() if row["mall_id"] == mall.id)


def sentence(view: View, by: Standard) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    total = covered(view, by)
    boundary = view.focus.boundary_name or view.focus.name
    if not total["denominator"]:
        return f"No {by.who} in {boundary} are loaded, so nothing can be said about reach.", _NO_PEOPLE
    whole = f"{write.in_words(total['denominator'])} {by.who} in {boundary}"
    aside = f"{_model(view, by)}{_either_way(view, by)}; n {write.counted(total['n'], 'cell')}"
    if view.mall is None:
        return f"{write.percent(total['share'], decimals=0)} of {whole} live {by.words} of an open mall.", aside
    own, name = _own(view, by), view.mall.name
    if view.mall.status == "open":
        alone = f"{write.in_words(own['only_here'])} of them no other open mall reaches"
        return f"{name} reaches {write.percent(own['share'], decimals=0)} of {whole} {by.words}; {alone}.", aside
    return f"{name} would newly reach {write.in_words(own['only_here'])} of {whole} {by.words}.", aside


def _model(view: View, by: Standard) -> str:
    """Say in three words which model stands behind the figures; its limits are in the note."""
    is_prior = "calibrated yet" in _covered(view, by).note
    return "Modelled, uncalibrated" if is_prior else "Modelled"


def _either_way(view: View, by: Standard) -> str:
    """Say what the share would be if all drives took a tenth more or less: how much hangs on the model's level."""
    if view.mall and view.mall.status != "open":
        return ""
    points = _curve(view, by, view.mall.id if view.mall else None)
    minutes, shares = [0.0, *(float(minute) for minute, _ in points)], [0.0, *(share for _, share in points)]
    slower, faster = (float(np.interp(by.within_s / 60 / level, minutes, shares)) for level in (1 + _OFF, 1 - _OFF))
    between = f"{100 * slower:.0f}-{write.percent(faster, decimals=0)}"
    return f": {between} if drives took {write.percent(_OFF, decimals=0)} more or less"


def model_note(view: View, by: Standard) -> str:
    """Return what a reader must know about the model."""
    text = _covered(view, by).note
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def figures(view: View, by: Standard) -> list[tuple[str, str, str]]:
    """Return three figures: reached, only here, not covered; each with its share of the market's people."""
    total = covered(view, by)
    if not total["denominator"]:
        return []
    left_out = ("Not covered", total["denominator"] - total["numerator"])
    if view.mall is None:
        alone = [row["only_here"] for row in by_mall(view, by).rows() if row["status"] == "open"]
        several = [("By more than one", total["numerator"] - sum(alone))] if len(alone) > 1 else []
        shown = [("Reached by an open mall", total["numerator"]), *several, left_out]
    else:
        own = _own(view, by)
        label = "Only by this mall" if view.mall.status == "open" else "Newly reached"
        shown = [("Reached by this mall", own["numerator"]), (label, own["only_here"]), left_out]
    return [(label, write.compact(people), write.percent(people / total["denominator"], decimals=0)) for label, people in shown]


def curve(view: View, by: Standard) -> go.Figure | None:
    """Return the share within reach against drive minutes, of the chosen mall beside that of all open ones; None without people."""
    together = _curve(view, by, None)
    if not together:
        return None
    if view.mall is None:
        return coverage_curve(together, chosen_min=by.within_s // 60, theme=view.theme)
    beside = ("All open malls", together) if _others_open(view) else None
    return coverage_curve(_curve(view, by, view.mall.id), chosen_min=by.within_s // 60, theme=view.theme, beside=beside)


def _curve(view: View, by: Standard, mall_id: str | None) -> list[tuple[int, float]]:
    rows = compute("coverage_curve", view, market_id=view.focus.id, weight=by.weight, mall_id=mall_id).rows()
    return [(row["within_min"], row["share"]) for row in rows if row["share"] is not None]


def _others_open(view: View) -> bool:
    """Tell whether the open malls are others than the chosen one alone."""
    return any(mall.status == "open" and mall != view.mall for mall in view.malls)
