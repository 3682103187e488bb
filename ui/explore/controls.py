"""The controls of the Explore page: what is shown, by what, of which rows alone, and beside what. They write to the address."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from analytics import catalog
from analytics.dimensions import DISTANCE_BANDS_M, PAY_BANDS_CENTS
from analytics.explore import ORDERS
from analytics.figures import figures
from analytics.parameters import WEIGHTS
from analytics.reference import stores, vehicles
from data.contracts import table as contract
from ui import filters, links
from ui.explore import words
from ui.explore.choice import (
    DEFAULT_BY,
    DEFAULT_METRIC,
    MOST_SHOWN,
    NO_DIMENSION,
    PICKABLE,
    RESOLUTIONS,
    TOPS,
    Choice,
    comparisons,
    picked,
    picks_text,
)
from ui.explore.look import Look
from ui.explore.pictures import has_map
from ui.filters import Control
from ui.view import View

ORDER_WORDS: Final = {"most": "Highest first", "least": "Lowest first", "change": "Largest change first", "groups": "In their own order"}
TOP_WORDS: Final = {**{top: f"Top {top}" for top in TOPS}, "all": "All rows"}
PICTURE: Final = Control("as", "Picture", {"map": "Map", "chart": "Chart"}, "map")
_WEIGHT_WORDS: Final = {"population": "Of people", "households": "Of households"}
_DRIVES: Final = ("10", "15", "20", "30", "45")
_LARGEST_BATCH: Final = 6
_OTHER_DAY: Final = "day"
_EVERY: Final = ""


def controls(view: View, choice: Choice, *, end: Callable[[], None]) -> None:
    """Draw the row of controls, and at its end what stands there."""
    metric = choice.metric
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="explore-controls"):
        _select("metric", "Figure", {each.id: each.label for each in catalog.METRICS}, metric.id, width=225, take=_take_metric)
        known = figures(metric)
        if len(known) > 1:
            names = {each.column: words.statistic(metric, each) for each in known}
            _select("stat", "Statistic", names, choice.figure.column, width=150, take=partial(_take, "stat", known[0].column))
        _by(choice)
        if "cell" in (*choice.by, *metric.keys):
            shown = str(choice.asked.parameters.resolution)
            _select("res", "Cells of", RESOLUTIONS, shown, width=115, take=partial(_take, "res", "8"))
        if metric.uses("within_s"):
            minutes = {each: f"{each} min" for each in _DRIVES}
            _select("drive", "Drive within", minutes, view.choice("drive", "20"), width=115, take=partial(_take, "drive", "20"))
        if metric.uses("weight"):
            _select("of", "Weight", _WEIGHT_WORDS, choice.asked.parameters.weight, width=150, take=partial(_take, "of", WEIGHTS[0]))
        _only(view, choice)
        if metric.uses("mall_id") or metric.uses("start_on"):
            _beside(view)
        end()


def _select(
    key: str, label: str, options: Mapping[str, str], shown: str, *, width: int, take: Callable[[], None], has_label: bool = True
) -> None:
    widget = f"w-{key}"
    st.session_state[widget] = shown if shown in options else next(iter(options))
    st.selectbox(
        label,
        list(options),
        format_func=lambda text: options.get(text, text),
        key=widget,
        on_change=take,
        filter_mode="contains",
        width=width,
        label_visibility="visible" if has_label else "collapsed",
    )


def _take(key: str, default: str = "") -> None:
    text = st.session_state[f"w-{key}"]
    filters.choose(**{key: text if text != default else None})


def _take_metric() -> None:
    """Take over another metric: its figures and ranks are its own, dimensions and filters stay."""
    metric = st.session_state["w-metric"]
    filters.choose(metric=metric if metric != DEFAULT_METRIC else None, stat=None, order=None, top=None, **{"as": None})


def _by(choice: Choice) -> None:
    """Draw the dimensions: those that the metric has first, then those that it refuses, which say why once they are chosen."""
    metric = choice.metric
    order = sorted(words.LABELS, key=lambda dimension: dimension not in metric.dimensions)
    labels = {each: words.LABELS[each] if each in metric.dimensions else f"{words.LABELS[each]} (refused)" for each in order}
    st.session_state["w-by"] = list(choice.by)
    st.multiselect(
        "By",
        order,
        format_func=lambda each: labels.get(each, each),
        key="w-by",
        on_change=partial(_take_by, metric),
        max_selections=MOST_SHOWN,
        placeholder="Everything together" if metric.dimensions else "Its rows are fixed",
        disabled=not metric.dimensions,
        help="Up to three. A dimension in which a row would count more than once is refused, and the reason is said.",
        width=300,
    )


def _take_by(metric: catalog.Metric) -> None:
    text = ",".join(st.session_state["w-by"]) or NO_DIMENSION
    default = next((each for each in DEFAULT_BY if each in metric.dimensions), NO_DIMENSION)
    filters.choose(by=text if text != default else None, order=None, top=None, **{"as": None})


def _only(view: View, choice: Choice) -> None:
    """Draw the values that may be picked; the button tells those that are."""
    options = _pickable(view, choice)
    if not options:
        return
    chosen = {name: value for name, value in picked(view.choice("only", "")) if name in options}
    groups = words.Groups(view.version)
    told = ", ".join(words.of_dimension(groups, name, value) for name, value in chosen.items())
    with st.popover(f"Only: {told}" if told else "Only", icon=":material/filter_alt:", key="only-popover"):
        for dimension, values in options.items():
            labels = {_EVERY: "All", **{str(value): words.of_dimension(groups, dimension, value) for value in values}}
            shown = str(chosen.get(dimension, _EVERY))
            _select(f"only-{dimension}", words.LABELS[dimension], labels, shown, width=240, take=partial(_take_only, dimension))


def _pickable(view: View, choice: Choice) -> dict[str, list[Any]]:
    """Return the values of each dimension that may be picked of this metric."""
    metric = choice.metric
    known: dict[str, list[Any]] = {
        "dow": list(range(1, 8)),
        "hour": list(range(24)),
        "store": [store.id for mall in view.malls for store in stores(view.version, mall.id) if view.mall in {None, mall}],
        "status": list(contract("orders").column("status").choices),
        "vehicle": list(vehicles(view.version)),
        "batch": list(range(1, _LARGEST_BATCH + 1)),
        "distance_band": list(DISTANCE_BANDS_M),
        "pay_band": list(PAY_BANDS_CENTS),
    }
    wanted = {each: each in metric.dimensions or (each in {"dow", "hour"} and metric.uses(each)) for each in PICKABLE}
    return {each: known[each] for each, is_wanted in wanted.items() if is_wanted and known[each]}


def _take_only(dimension: str) -> None:
    chosen = dict(picked(filters.chosen().get("only", ""))) | {dimension: st.session_state[f"w-only-{dimension}"]}
    filters.choose(only=picks_text({name: value for name, value in chosen.items() if value != _EVERY}))


def _beside(view: View) -> None:
    options = {**comparisons(view), _OTHER_DAY: "vs days from ..."}
    shown = view.choice("beside", "")
    _select("beside", "Compare", options, shown, width=215, take=partial(_take_beside, view))
    custom = links.day(shown)
    if custom is not None:
        st.session_state["w-beside-from"] = custom
        st.date_input("From", key="w-beside-from", format="YYYY-MM-DD", required=True, on_change=_take_beside_day, width=125)


def _take_beside(view: View) -> None:
    """Take over what is compared; other days begin with the period before, until a reader chooses their first one."""
    text = st.session_state["w-beside"]
    before = view.period.start_on - (view.period.end_on - view.period.start_on)
    filters.choose(beside=(before.isoformat() if text == _OTHER_DAY else text) or None)


def _take_beside_day() -> None:
    filters.choose(beside=st.session_state["w-beside-from"].isoformat())


def over_table(look: Look) -> None:
    """Draw how the rows are sorted, and how many are kept."""
    asked = look.choice.asked
    orders = {str(each): ORDER_WORDS[each] for each in ORDERS if each != "change" or look.before}
    _select("order", "Sorted", orders, asked.order, width=185, take=partial(_take, "order"), has_label=False)
    _select("top", "Rows", TOP_WORDS, str(asked.top) if asked.top else "all", width=105, take=partial(_take, "top"), has_label=False)


def over_picture(look: Look) -> None:
    """Draw the choice between map and chart where the rows are cells alone."""
    if has_map(look.choice) and look.columns == ("cell",):
        filters.segments(PICTURE)
