"""What stands right of the filters: weights, assumptions, places of one's own and scenarios, each behind a button."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.choosing.criteria import CRITERIA, Criterion, Unit, scales
from analytics.choosing.measures import Terms, yardstick
from analytics.choosing.scenario import LARGEST_WEIGHT, OWN, Limit, Scenario, scenario
from analytics.errors import ParameterError
from analytics.models.scores import Scale
from ui import filters, panels
from ui import format as write
from ui.candidates.asked import PEOPLE, TRIED, change, scenario_of
from ui.view import View

_STEP: Final = 5
_SCREEN: Final[dict[Unit, tuple[float, str]]] = {
    "people": (1, ""),
    "count": (1, ""),
    "orders": (1, "a week"),
    "minutes": (60, "min"),
    "share": (10, "%"),
    "money": (100, "$"),
    "hours": (1, "h a week"),
    "distance": (1609.344, "mi"),
}
"""How many stored units one unit on screen is, and its name."""

_COLUMNS: Final = ("worst", "ideal", "beyond", "least", "most")
_EDITED: Final = pa.schema([("criterion", pa.string()), ("unit", pa.string()), *((name, pa.float64()) for name in _COLUMNS)])


def draw(view: View) -> None:
    """Draw the buttons; what they open is drawn when it is opened."""
    with st.popover("Weights", key="weights-tool"):
        _weights(view, scenario_of(view))
    if st.button("Assumptions", key="assumptions-tool", icon=":material/tune:"):
        _assumptions(view)


def _weights(view: View, chosen: Scenario) -> None:
    weights = chosen.weighting
    total = sum(weights.values()) or 1
    filters.segments(TRIED)
    st.markdown("**Weights** from 0 to 100; what counts is their share of the sum.")
    columns = st.columns(2)
    half = (len(CRITERIA) + 1) // 2
    for place, each in enumerate(CRITERIA):
        weight = weights.get(each.id, 0)
        key = f"w-weight-{each.id}"
        st.session_state[key] = weight
        columns[place // half].number_input(
            f"{each.label}{f', {write.percent(weight / total, decimals=0)}' if weight else ''}",
            min_value=0,
            max_value=LARGEST_WEIGHT,
            step=_STEP,
            key=key,
            help=f"{each.help}. Source: {each.source}.",
            on_change=_take_weight,
            args=(view, weights, each.id),
        )


def _take_weight(view: View, weights: dict[str, int], name: str) -> None:
    """Write one changed weight with the others to the address; none of them may be left."""
    changed = {each.id: weights.get(each.id, 0) for each in CRITERIA} | {name: int(st.session_state[f"w-weight-{name}"])}
    kept = {each: weight for each, weight in changed.items() if weight}
    change(view, preset=OWN if kept else None, weights=",".join(f"{each}:{weight}" for each, weight in kept.items()) or None)


@st.dialog("Assumptions", width="large")
def _assumptions(view: View) -> None:
    """Draw what figures depend on, and the anchors and limits of criteria, in the units on screen; taken over when it is applied."""
    chosen = scenario_of(view)
    terms = chosen.terms
    first, second, third = st.columns(3)
    words = PEOPLE.options
    weight = first.segmented_control("Count", [*words], default=terms.weight, format_func=words.__getitem__, required=True)
    money = partial(st.number_input, min_value=0.0, max_value=1000.0, step=0.25, format="%.2f")
    with second:
        handling = money("Handling an order, $", value=terms.handling_cents / 100)
    with third:
        surcharge = money("Fuel and other surcharges an order, $", value=terms.surcharge_cents / 100)
    wait = second.number_input("A trip may wait for a driver, min", 0.5, 60.0, terms.wait_s / 60, step=0.5, format="%.1f")
    waiting = third.number_input("% of trips that may wait longer", 0.1, 99.9, terms.waiting_permille / 10, step=1.0, format="%.1f")
    st.markdown("**Anchors and hard limits**")
    panels.note("A criterion scores 0 at its worst value and 100 at its ideal. Malls that fail a hard limit stand last, with the reason.")
    usual = scales(chosen.terms.within_s, yardstick(view.version))
    problem, texts = _texts_of(_edited(chosen, usual), usual)
    if problem:
        st.error(problem)
    with st.container(horizontal=True):
        if st.button("Apply", type="primary", key="apply-assumptions", disabled=bool(problem)):
            costs = round(100 * handling), round(100 * surcharge)
            made = Terms(terms.within_s, weight or terms.weight, *costs, wait_s=round(60 * wait), waiting_permille=round(10 * waiting))
            told = replace(Scenario(), terms=made).texts
            change(view, **{name: told.get(name) for name in ("of", "costs", "staffing")}, **texts)
            st.rerun()
        if st.button("Back to the usual ones", key="reset-assumptions"):
            change(view, **dict.fromkeys(("of", "costs", "staffing", "anchors", "limits")))
            st.rerun()


def _edited(chosen: Scenario, usual: dict[str, Scale]) -> list[dict[str, Any]]:
    """Draw the table of anchors and limits, and return its rows as they were edited."""
    anchors, limits = dict(chosen.anchors), dict(chosen.limits)
    shown = pa.Table.from_pylist([_row(each, anchors.get(each.id, usual[each.id]), limits) for each in CRITERIA], schema=_EDITED)
    number = partial(st.column_config.NumberColumn, format="localized", width=86)
    edited = st.data_editor(
        shown.to_pandas(),
        hide_index=True,
        key="anchors-editor",
        height=352,
        placeholder="",
        disabled=["criterion", "unit"],
        column_config={
            "criterion": st.column_config.TextColumn("Criterion", pinned=True, width=150),
            "unit": st.column_config.TextColumn("Unit", width=70),
            "worst": number("Worst", required=True, help="Scores 0, and everything beyond it"),
            "ideal": number("Ideal", required=True, help="Scores 100. Over the worst: more is better; under it: less is better"),
            "beyond": number("As bad again", help="Where too much is as bad as the worst; empty: beyond the ideal all is as good"),
            "least": number("At least", help="Hard limit: malls below it stand last"),
            "most": number("At most", help="Hard limit: malls above it stand last"),
        },
    )
    rows: list[dict[str, Any]] = edited.to_dict("records")
    return rows


def _row(each: Criterion, scale: Scale, limits: dict[str, Limit]) -> dict[str, Any]:
    factor, unit = _SCREEN[each.unit]
    limit = limits.get(each.id, Limit())
    numbers = (scale.worst, scale.ideal, scale.beyond, limit.least, limit.most)
    shown = {name: None if number is None else round(number / factor, 6) for name, number in zip(_COLUMNS, numbers, strict=True)}
    return {
        "criterion": each.label,
        "unit": unit or each.stored_unit,
        **{name: None if number is None else float(number) for name, number in shown.items()},
    }


def _texts_of(rows: list[dict[str, Any]], usual: dict[str, Scale]) -> tuple[str, dict[str, str | None]]:
    """Return what is wrong with edited rows, in a sentence, and the entries of the address that they make."""
    anchors: list[tuple[str, Scale]] = []
    limits: list[tuple[str, Limit]] = []
    for each, row in zip(CRITERIA, rows, strict=True):
        factor = _SCREEN[each.unit][0]
        worst, ideal, beyond, least, most = (None if pd.isna(row[name]) else row[name] * factor for name in _COLUMNS)
        if worst is None or ideal is None:
            return f"{each.label}: the worst and the ideal value are numbers.", {}
        try:
            scale = Scale(round(worst, 4), round(ideal, 4), None if beyond is None else round(beyond, 4))
        except ValueError as error:
            return f"{each.label}: {error}.", {}
        if _differs(scale, usual[each.id]):
            anchors.append((each.id, scale))
        if least is not None or most is not None:
            limits.append((each.id, Limit(least, most)))
    made = replace(Scenario(), anchors=tuple(anchors), limits=tuple(limits)).texts
    try:
        scenario(made)
    except ParameterError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}.", {}
    return "", {"anchors": made.get("anchors"), "limits": made.get("limits")}


def _differs(one: Scale, other: Scale) -> bool:
    pairs = zip((one.worst, one.ideal, one.beyond), (other.worst, other.ideal, other.beyond), strict=True)
    return any((a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > 1e-3 * max(1.0, abs(b))) for a, b in pairs)
