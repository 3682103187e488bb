"""What stands right of the filters: weights, assumptions, places of one's own and scenarios, each behind a button."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from analytics.choosing.criteria import CRITERIA, Criterion, Unit, scales
from analytics.choosing.measures import Terms, yardstick
from analytics.choosing.scenario import LARGEST_WEIGHT, OWN, Limit, Scenario, scenario
from analytics.errors import ParameterError
from analytics.models.scores import Scale
from ui import filters, panels
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


def draw(view: View) -> None:
    """Draw the buttons; what they open is drawn when it is opened."""
    chosen = scenario_of(view)
    with st.popover("Weights", key="weights-tool"):
        _weights(view, chosen)
    with st.popover("Assumptions", key="assumptions-tool"):
        _assumptions(view, chosen)


def _weights(view: View, chosen: Scenario) -> None:
    weights = chosen.weighting
    total = sum(weights.values()) or 1
    st.markdown("**Weights** from 0 to 100; what counts is their share of the sum.")
    columns = st.columns(2)
    half = (len(CRITERIA) + 1) // 2
    for place, each in enumerate(CRITERIA):
        weight = weights.get(each.id, 0)
        key = f"w-weight-{each.id}"
        st.session_state[key] = weight
        columns[place // half].number_input(
            f"{each.label}{f', {weight / total:.0%}' if weight else ''}",
            min_value=0,
            max_value=LARGEST_WEIGHT,
            step=_STEP,
            key=key,
            help=f"{each.help}. Source: {each.source}.",
            on_change=_take_weight,
            args=(view, weights, each.id),
        )
    filters.segments(TRIED)


def _take_weight(view: View, weights: dict[str, int], name: str) -> None:
    """Write one changed weight with the others to the address; none of them may be left."""
    changed = {each.id: weights.get(each.id, 0) for each in CRITERIA} | {name: int(st.session_state[f"w-weight-{name}"])}
    kept = {each: weight for each, weight in changed.items() if weight}
    change(view, preset=OWN if kept else None, weights=",".join(f"{each}:{weight}" for each, weight in kept.items()) or None)


def _assumptions(view: View, chosen: Scenario) -> None:
    terms = chosen.terms
    filters.segments(PEOPLE)
    left, right = st.columns(2)
    money: tuple[tuple[str, str, int], ...] = (
        ("handling", "Handling an order, $", terms.handling_cents),
        ("surcharge", "Fuel and other surcharges an order, $", terms.surcharge_cents),
    )
    for name, label, cents in money:
        st.session_state[f"w-{name}"] = cents / 100
        left.number_input(label, 0.0, 1000.0, step=0.25, format="%.2f", key=f"w-{name}", on_change=_take_costs, args=(view,))
    st.session_state["w-wait"], st.session_state["w-waiting"] = terms.wait_s / 60, terms.waiting_permille / 10
    right.number_input(
        "A trip waits for a driver, min", 0.5, 60.0, step=0.5, format="%.1f", key="w-wait", on_change=_take_staffing, args=(view,)
    )
    right.number_input(
        "or longer, at most % of trips", 0.1, 99.9, step=1.0, format="%.1f", key="w-waiting", on_change=_take_staffing, args=(view,)
    )
    st.markdown("**Anchors and hard limits**")
    panels.note("A criterion scores 0 at its worst value and 100 at its ideal. Malls that fail a hard limit stand last.")
    if st.button("Edit anchors and limits", key="edit-anchors", icon=":material/tune:"):
        _anchors(view)


def _take_costs(view: View) -> None:
    handling, surcharge = (round(100 * st.session_state[f"w-{name}"]) for name in ("handling", "surcharge"))
    change(view, costs=f"{handling}:{surcharge}" if handling or surcharge else None)


def _take_staffing(view: View) -> None:
    wait_s, permille = round(60 * st.session_state["w-wait"]), round(10 * st.session_state["w-waiting"])
    usual = Terms()
    change(view, staffing=f"{wait_s}:{permille}" if (wait_s, permille) != (usual.wait_s, usual.waiting_permille) else None)


@st.dialog("Anchors and hard limits", width="large")
def _anchors(view: View) -> None:
    """Draw the table of anchors and limits, in the units on screen, and take over what a reader edits."""
    chosen = scenario_of(view)
    usual = scales(chosen.terms.within_s, yardstick(view.version))
    shown = pa.Table.from_pylist([_row(each, dict(chosen.anchors).get(each.id, usual[each.id]), dict(chosen.limits)) for each in CRITERIA])
    number = partial(st.column_config.NumberColumn, format="localized")
    edited = st.data_editor(
        shown.to_pandas(),
        hide_index=True,
        key="anchors-editor",
        disabled=["criterion", "unit"],
        column_config={
            "criterion": st.column_config.TextColumn("Criterion", pinned=True),
            "unit": st.column_config.TextColumn("Unit"),
            "worst": number("Worst, scores 0", required=True),
            "ideal": number("Ideal, scores 100", required=True, help="Over the worst: more is better; under it: less is better"),
            "beyond": number("As bad again", help="Where too much is as bad as the worst; empty: beyond the ideal all is as good"),
            "least": number("At least", help="Hard limit: malls below it stand last"),
            "most": number("At most", help="Hard limit: malls above it stand last"),
        },
    )
    rows = edited.to_dict("records")
    problem, texts = _texts_of(rows, usual)
    if problem:
        st.error(problem)
    with st.container(horizontal=True):
        if st.button("Apply", type="primary", key="apply-anchors", disabled=bool(problem)):
            change(view, **texts)
            st.rerun()
        if st.button("Back to the usual ones", key="reset-anchors"):
            change(view, anchors=None, limits=None)
            st.rerun()


def _row(each: Criterion, scale: Scale, limits: dict[str, Limit]) -> dict[str, Any]:
    factor, unit = _SCREEN[each.unit]
    limit = limits.get(each.id, Limit())
    numbers = (scale.worst, scale.ideal, scale.beyond, limit.least, limit.most)
    shown = {name: None if number is None else round(number / factor, 6) for name, number in zip(_COLUMNS, numbers, strict=True)}
    return {"criterion": each.label, "unit": unit, **{name: None if number is None else float(number) for name, number in shown.items()}}


def _texts_of(rows: list[dict[str, Any]], usual: dict[str, Scale]) -> tuple[str, dict[str, str | None]]:
    """Return what is wrong with edited rows, in a sentence, and the entries of the address that they make."""
    anchors: list[tuple[str, Scale]] = []
    limits: list[tuple[str, Limit]] = []
    for each, row in zip(CRITERIA, rows, strict=True):
        factor = _SCREEN[each.unit][0]
        worst, ideal, beyond, least, most = (
            None if row[name] is None or row[name] != row[name] else row[name] * factor for name in _COLUMNS
        )
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
