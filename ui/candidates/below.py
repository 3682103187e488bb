"""What stands below the table and the map: the mall that is opened, every criterion, two of them, ranks, or scenarios."""

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import streamlit as st

from analytics.choosing.criteria import BY_ID, CRITERIA, Criterion
from analytics.choosing.look_alikes import METHOD, look_alikes
from analytics.choosing.ranking import TOP, in_units, span
from analytics.models.scores import WEIGHTINGS
from ui import filters, panels, session, source
from ui import format as write
from ui.candidates import behind, one, scenarios, table
from ui.candidates.asked import BELOW, PRESET, Asked
from ui.charts import CONFIG, Point, rank_shares, two_criteria
from ui.panels import Shown
from ui.view import View

_ACROSS, _UP = "across", "up"
_USUAL_ACROSS, _USUAL_UP = "newly", "cost"
_MOST_RANKED = 20
_SCREEN: Final = {"minutes": (1 / 60, "min"), "share": (0.1, "%"), "money": (0.01, "$"), "distance": (1 / 1609.344, "mi")}


def draw(view: View, by: Asked) -> None:
    """Draw the choice of what stands below, and the chosen one."""
    filters.segments(BELOW)
    chosen = view.choice(BELOW.key, BELOW.default)
    _DRAWN.get(chosen, _opened)(view, by)


def _opened(view: View, by: Asked) -> None:
    if by.opened is None:
        panels.note("No mall to open: this data has no candidate here. Drop a pin on the map, or add places.")
        return
    pilots = [site for site in by.places if site.is_open] or []
    found = look_alikes(view.version, by.opened, pilots)
    alike = [(each.pilot.name, _closeness(each.alike, each.most_like, each.least_like)) for each in found[:TOP]]
    how = [("Measured by", METHOD)] if alike else []
    terms = by.scenario.terms
    one.draw(view, by.opened, terms.of_forecast, alike=[*alike, *how], within_s=terms.within_s)


def _closeness(alike: float, most: str, least: str) -> str:
    told = f", most alike in {most}, least in {least}" if most else ""
    return f"{write.percent(alike, decimals=0)} alike{told}"


def _criteria(view: View, by: Asked) -> None:
    """Draw every criterion of the opened mall: raw figure, unit, interval, score, weight, anchors; then the file of all candidates."""
    places = [place for place, row in enumerate(by.ranked.rows) if by.opened is not None and row.site.id == by.opened.id]
    if not places:
        panels.note("Choose a candidate: an open mall is no candidate, and has no score.")
        return
    (place,) = places
    with panels.table_heading(f"{by.ranked.rows[place].site.name}: every criterion"):
        panels.export(table.file(view, by), key="criteria")
    found = pa.Table.from_pylist([_criterion(by, each, place) for each in CRITERIA], schema=_CRITERIA)
    panels.table(found, _CRITERIA_SHOWN, key="criteria-table", alt="Raw figure, score and weight of each criterion.", height_rows=16)
    source.offer(behind.of_table(view, by), key="criteria")
    panels.note(" ".join(filter(None, ["The file holds every candidate.", table.limits_in_words(by)])))


_CRITERIA: Final = pa.schema(
    [
        ("label", pa.string()),
        ("value", pa.string()),
        ("range", pa.string()),
        ("score", pa.float64()),
        ("weight", pa.float64()),
        ("anchors", pa.string()),
        ("rests", pa.string()),
        ("note", pa.string()),
    ]
)
_CRITERIA_SHOWN: Final = (
    Shown("label", "Criterion", is_pinned=True, width_px=160),
    Shown("value", "Figure", "figure", width_px=110),
    Shown("range", "80 % range", "figure", width_px=130),
    Shown("score", "Score", "score", width_px=110),
    Shown("weight", "Weight", "percent"),
    Shown("anchors", "0 at, 100 at", width_px=150),
    Shown("rests", "Rests on", width_px=210),
    Shown("note", "Note", width_px=300),
)


def _criterion(by: Asked, each: Criterion, place: int) -> dict[str, object]:
    measure, scale = by.ranked.measured[each.id], by.ranked.scales[each.id]
    value = measure.values[place]
    low, high = (ends[place] if ends else None for ends in (measure.low, measure.high))
    total = sum(by.ranked.weights.values())
    weight = by.ranked.weights.get(each.id)
    anchors = [scale.worst, scale.ideal] if scale.beyond is None else [scale.worst, scale.ideal, scale.beyond]
    return {
        "label": each.label,
        "value": None if value is None else in_units(value, each.unit),
        "range": None if low is None or high is None else span(low, high, each.unit),
        "score": None if value is None else int(by.ranked.scores[each.id][place]) / 100,
        "weight": weight / total if weight and total else None,
        "anchors": ", ".join(in_units(number, each.unit) for number in anchors),
        "rests": each.source,
        "note": (measure.reasons or {}).get(place),
    }


def _two(view: View, by: Asked) -> None:
    """Draw two criteria against each other: who is beaten by nobody in both."""
    names = {each.id: each.label for each in CRITERIA}
    with st.container(horizontal=True, gap="small"):
        across = _pick(_ACROSS, "Across", names, view.choice(_ACROSS, _USUAL_ACROSS))
        up = _pick(_UP, "Up", names, view.choice(_UP, _USUAL_UP))
    points = _points(by, BY_ID[across], BY_ID[up])
    if not points:
        panels.note("Nothing is known of both criteria for any candidate.")
        return
    best = [each.name for each in points if each.is_best]
    st.markdown(f"No other candidate beats {write.listed(best)} in both.")
    figure = two_criteria(
        points,
        across=_axis(by, BY_ID[across]),
        up=_axis(by, BY_ID[up]),
        opened=by.opened.name if by.opened else None,
        theme=view.theme,
        is_narrow=session.is_phone(),
    )
    st.plotly_chart(figure, theme=None, config=CONFIG, key="two-chart", alt=f"{names[across]} against {names[up]} for each candidate.")
    source.offer(behind.of_table(view, by), key="two")


def _pick(key: str, label: str, names: Mapping[str, str], shown: str) -> str:
    widget = f"w-{key}"
    st.session_state[widget] = shown if shown in names else next(iter(names))
    chosen: str = st.selectbox(label, list(names), format_func=names.__getitem__, key=widget, on_change=_take_axis, args=(key,), width=230)
    return chosen


def _take_axis(key: str) -> None:
    filters.choose(**{key: st.session_state[f"w-{key}"]})


def _points(by: Asked, across: Criterion, up: Criterion) -> list[Point]:
    """Return candidates of which both are known; the best are those that none beats in one without losing in the other."""
    first, second = by.ranked.measured[across.id], by.ranked.measured[up.id]
    signs = [1 if by.ranked.scales[each.id].is_more_better else -1 for each in (across, up)]
    known = [
        (row.site.name, value, other)
        for row, value, other in zip(by.ranked.rows, first.values, second.values, strict=True)
        if value is not None and other is not None
    ]
    good = [(signs[0] * value, signs[1] * other) for _, value, other in known]
    return [
        Point(
            name=name,
            across=value * _screen(across)[0],
            up=other * _screen(up)[0],
            is_best=not any(mine != theirs and theirs[0] >= mine[0] and theirs[1] >= mine[1] for theirs in good),
            tip=f"{name}<br>{across.label}: {in_units(value, across.unit)}<br>{up.label}: {in_units(other, up.unit)}",
        )
        for (name, value, other), mine in zip(known, good, strict=True)
    ]


def _screen(each: Criterion) -> tuple[float, str]:
    return _SCREEN.get(each.unit, (1.0, each.stored_unit))


def _axis(by: Asked, each: Criterion) -> str:
    unit = _screen(each)[1]
    better = "more" if by.ranked.scales[each.id].is_more_better else "less"
    return f"{each.label}{f', {unit}' if unit else ''} ({better} is better)"


def _ranks(view: View, by: Asked) -> None:
    """Draw how often each candidate takes each rank."""
    counts = by.ranked.counts_around if by.around else by.ranked.counts
    if not counts.shape[1]:
        panels.note("Nothing that these weights count is known, so there are no ranks.")
        return
    names = [row.site.name for row in by.ranked.standing][:_MOST_RANKED]
    shares = [[float(each) / WEIGHTINGS for each in row[:_MOST_RANKED]] for row in counts[:_MOST_RANKED].tolist()]
    preset = PRESET.options.get(by.scenario.preset, "Own")
    st.markdown(f"**How sure are the ranks?** {WEIGHTINGS:,} weightings of the criteria in *{preset}*, drawn {_drawn(by)}.")
    figure = rank_shares(names, shares, theme=view.theme, is_narrow=session.is_phone())
    st.plotly_chart(
        figure,
        theme=None,
        config=CONFIG,
        key="ranks-chart",
        alt=f"Share of weightings under which each mall takes each rank; {names[0]} is first by the weights chosen.",
    )
    source.offer(behind.of_table(view, by)[:1], key="ranks")
    panels.note(
        "A row adds up to 100 %. Malls stand in the order of the weights chosen: one that is first under few others owes it to these. "
        "Rank acceptability (SMAA-2, Lahdelma and Salminen 2001)."
    )


def _drawn(by: Asked) -> str:
    return "around these weights" if by.around else "evenly from all there are"


_DRAWN: Final[Mapping[str, Callable[[View, Asked], None]]] = {
    "opened": _opened,
    "criteria": _criteria,
    "two": _two,
    "ranks": _ranks,
    "scenarios": scenarios.compare,
}
