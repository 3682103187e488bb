"""The dictionary of figures: found by words or by family, one opened beside the list. All of it is what the catalog says."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import streamlit as st

from analytics import catalog
from analytics.answers import query
from analytics.catalog import Metric
from analytics.catalog.search import found
from analytics.catalog.shown import pages_of
from analytics.docs import columns_in_words, definition_in_full
from analytics.errors import UnknownMetric
from analytics.export import Table
from analytics.parameters import EVERYTHING, Parameters
from data.warehouse import Version
from ui import filters, links, panels, source
from ui import format as write
from ui.filters import Control
from ui.panels import Shown

METRIC, WORDS = "metric", "find"
_FAMILIES: Final = {
    "orders": "Orders",
    "delivery_times": "Delivery times",
    "coverage": "Coverage",
    "drivers": "Drivers",
    "travel_times": "Travel times",
}
FAMILY: Final = Control("family", "Family", {"all": "All", **_FAMILIES}, "all")
KEYS: Final = (METRIC, WORDS, FAMILY.key)
"""Entries of the address that keep what was found and opened: ``/dictionary?metric=on_time_share`` is a link to one figure."""

_BETTER: Final = {"up": "Higher", "down": "Lower", "none": "Neither"}
LIST: Final = (
    Shown("figure", "Figure", is_pinned=True, width_px=205),
    Shown("family", "Family"),
    Shown("unit", "Unit"),
    Shown("better", "Better"),
    Shown("kind", "Kind", help="Observed: counted from what happened. Modelled: a model stands behind it, which the answer names"),
)
_SCHEMA: Final = pa.schema([(name, pa.string()) for name in ("metric", "figure", "family", "unit", "better", "kind")])
_FILE: Final = ("definition", "formula", "source", "shown_on", "definition_version", "changes")


def words() -> str:
    """Return what was searched for."""
    return filters.chosen().get(WORDS, "")


def matches() -> list[Metric]:
    """Return the metrics of the chosen family in which the words stand, best first."""
    family = filters.chosen().get(FAMILY.key, FAMILY.default)
    return found(words(), catalog.FAMILIES.get(family, catalog.METRICS))


def sentence(shown: list[Metric]) -> tuple[str, str]:
    """Return how many figures there are, or how many were found; in the aside what holds for all of them."""
    modelled = sum(each.modelled for each in shown)
    kinds = f"{len(shown) - modelled} observed, {modelled} modelled"
    if len(shown) == len(catalog.METRICS):
        text = f"{len(shown)} figures, each with one definition: {kinds}."
    else:
        text = f"{len(shown)} of {len(catalog.METRICS)} figures: {kinds}." if shown else _nothing()
    return text, "Pages, files, the command line and SQL take them from here, so that one question has one answer."


def _nothing() -> str:
    place = filters.chosen().get(FAMILY.key, FAMILY.default)
    family = f" of {FAMILY.options[place]}" if place in FAMILY.options and place != FAMILY.default else ""
    return (
        f"No figure{family} has \N{LEFT DOUBLE QUOTATION MARK}{words()}\N{RIGHT DOUBLE QUOTATION MARK} in its name, definition or source."
    )


def opened(shown: list[Metric]) -> tuple[Metric | None, str]:
    """Return the metric that the address names, else the first one found; and a sentence where there is none of that name."""
    wanted = filters.chosen().get(METRIC)
    first = shown[0] if shown else None
    if not wanted:
        return first, ""
    try:
        return catalog.metric(wanted), ""
    except UnknownMetric as error:
        return first, f"{str(error)[:1].upper()}{str(error)[1:]}."


def search() -> None:
    """Draw the field for words and the choice of a family."""
    with st.container(horizontal=True, vertical_alignment="center", key="search", gap="small"):
        widget = f"w-{WORDS}"
        st.session_state[widget] = words()
        st.text_input(
            "Search",
            key=widget,
            on_change=_take_words,
            placeholder="Search: late, p90, utilization, Huff ...",
            icon=":material/search:",
            label_visibility="collapsed",
            width=360,
        )
        filters.segments(FAMILY)


def _take_words() -> None:
    filters.choose(**{WORDS: st.session_state[f"w-{WORDS}"].strip() or None, METRIC: None})


def table(shown: list[Metric]) -> pa.Table:
    """Return one row a metric. Columns as in ``LIST``, and its id."""
    families = {each.id: name for name, members in catalog.FAMILIES.items() for each in members}
    rows = [
        {
            "metric": each.id,
            "figure": each.label,
            "family": _FAMILIES[families[each.id]],
            "unit": source.unit(each),
            "better": _BETTER[each.direction],
            "kind": source.kind(each),
        }
        for each in shown
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def file(shown: list[Metric]) -> Table:
    """Return the list as a file: with definitions, formulas, sources, pages and changes. Nothing in it is made up or loaded."""
    long = [
        {
            "definition": definition_in_full(each),
            "formula": each.formula,
            "source": each.source,
            "shown_on": ", ".join(pages_of(each.id)),
            "definition_version": str(each.version),
            "changes": "; ".join(changes(each)),
        }
        for each in shown
    ]
    rows = table(shown)
    for name in _FILE:
        rows = rows.append_column(name, pa.array([row[name] for row in long], pa.string()))
    return Table(rows, "dictionary", {"what": "dictionary", "rows": rows.num_rows}, is_synthetic=False)


def choose(shown: list[Metric], row: int | None) -> None:
    """Open the metric of a row; a row taken back opens the first one."""
    filters.choose(**{METRIC: None if row is None else shown[row].id})


def changes(metric: Metric) -> list[str]:
    """Return what changed in the definition, one sentence a version, the newest first."""
    told = [f"Version {number}, {each.on}: {each.text}" for number, each in enumerate(metric.changes, start=2)]
    return told[::-1]


def facts(metric: Metric) -> list[tuple[str, str]]:
    """Return what is known of a metric, a line each."""
    return [
        ("Name in files and commands", metric.id),
        ("Unit", source.unit(metric)),
        ("Better", {"up": "Higher", "down": "Lower", "none": "Neither more nor less"}[metric.direction]),
        ("Kind", source.kind(metric) + (f": {metric.model}" if metric.model else "")),
        ("Source", metric.source),
        ("Made from", write.listed(list(metric.tables))),
        ("Grouped by", write.listed([source.in_words(each) for each in metric.dimensions]) or "nothing; its rows are fixed"),
        ("Left out and counted", _left_out(metric) or "nothing"),
        ("Version", f"{metric.version}" + (f", since {metric.changes[-1].on}" if metric.changes else ", the first definition")),
    ]


def _left_out(metric: Metric) -> str:
    told = [
        reason for table in metric.all_facts for each in (metric.counting(table),) for reason in (each.left_out, each.not_kept) if reason
    ]
    return "; ".join(told)


def entry(metric: Metric, version: Version, *, link: Callable[[str, str], None]) -> None:
    """Draw one figure: what it means, how it is made, where it is shown (by links of title and label), and what changed."""
    st.subheader(metric.label, anchor=False)
    st.markdown(metric.help)
    st.markdown("**Formula**")
    st.code(metric.formula, language=None, wrap_lines=True)
    st.markdown(f"**Definition.** {definition_in_full(metric)}")
    panels.story("", facts(metric))
    _shown_on(metric, link)
    st.markdown("**Changes of the definition**")
    st.markdown("\n".join(f"- {each}" for each in changes(metric)) or "None since the first one.")
    with st.expander("Rows and columns of its answers"):
        st.markdown(columns_in_words(metric))
    _query(metric, version)
    st.markdown("**Link to this figure**")
    st.code(links.address(st.context.url or "", {METRIC: metric.id}), language=None, wrap_lines=True)


def _shown_on(metric: Metric, link: Callable[[str, str], None]) -> None:
    st.markdown("**Shown on**")
    with st.container(horizontal=True, gap="small", key="shown-on"):
        for page in pages_of(metric.id):
            link(page, page)


@st.fragment
def _query(metric: Metric, version: Version) -> None:
    """Draw the query over everything; it is made when it is opened."""
    shown = st.expander("The query, over all data of this version", on_change="rerun", key=f"query-{metric.id}")
    if shown.open:
        with shown:
            st.code(query(metric.id, Parameters(), EVERYTHING, version), language="sql", height=320)
