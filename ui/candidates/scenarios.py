"""Scenarios: saved under a name, opened, sent as text, and compared side by side."""

from functools import partial

import pyarrow as pa
import streamlit as st

from analytics.choosing.criteria import BY_ID
from analytics.choosing.kept import forget, keep, kept
from analytics.choosing.ranking import Ranked
from analytics.choosing.scenario import OWN, Scenario, received, shared
from analytics.export import Table, of_table
from data.errors import MallReachError
from ui import filters, links, panels, source
from ui import format as write
from ui.candidates import behind
from ui.candidates.asked import AGAINST, NAME, PRESET, Asked, open_named, ranked_by, scenario_of, take_over
from ui.panels import Shown
from ui.view import View

_SAID, _FAILED = "scenario_said", "scenario_failed"
_MOST_COMPARED = 4
_HERE = "Now"


def draw(view: View) -> None:
    """Draw the button that opens saving, opening and sending; a link that names a scenario and nothing else opens it."""
    open_named(view)
    name = view.choice(NAME, "")
    with st.popover(name or "Scenarios", key="scenarios-tool", icon=":material/bookmark:"):
        _save(view, name)
        _open(view)
        _send(view, name)


def _save(view: View, name: str) -> None:
    with st.form("scenario-form", border=False):
        wanted = st.text_input("Save what is assumed and weighed now, as", value=name, key="scenario-name", max_chars=80)
        saved = st.form_submit_button("Save", key="scenario-save")
    if saved:
        try:
            keep(view.version.root, wanted, scenario_of(view), may_replace=wanted.strip() == name)
        except MallReachError as error:
            st.error(f"{str(error)[:1].upper()}{str(error)[1:]}.")
            return
        filters.choose(**{NAME: wanted.strip()})
        st.session_state[_SAID] = f"Saved as {wanted.strip()}."
        st.rerun()
    said = st.session_state.pop(_SAID, "")
    if said:
        st.success(said)
    if name:
        st.markdown("Its link, which always opens what is saved under this name:")
        st.code(links.address(st.context.url or "", {NAME: name}), language=None, wrap_lines=True)


def _open(view: View) -> None:
    known = kept(view.version.root)
    if not known:
        return
    chosen = st.selectbox("Saved scenarios", list(known), key="scenario-chosen", index=None, placeholder="Choose one")
    if chosen is None:
        return
    found = known[chosen]
    with st.container(horizontal=True):
        if found is None:
            panels.note("Made by another release: it cannot be opened here.")
        else:
            st.button("Open", key="scenario-open", on_click=partial(take_over, view, found, chosen))
        st.button("Delete", key="scenario-delete", on_click=partial(_delete, view, chosen))


def _delete(view: View, name: str) -> None:
    try:
        forget(view.version.root, name)
    except MallReachError as error:
        st.session_state[_FAILED] = str(error)
        return
    if view.choice(NAME, "") == name:
        filters.choose(**{NAME: None})


def _send(view: View, name: str) -> None:
    with st.expander("As text, to send and to receive"):
        st.code(shared(scenario_of(view), name or "Scenario"), language="json", height=180)
        text = st.text_area("Paste one that was sent to you", key="scenario-text", height=90)
        if st.button("Open the text", key="scenario-receive", disabled=not text.strip()):
            try:
                sent, found = received(text)
            except MallReachError as error:
                st.error(f"{str(error)[:1].upper()}{str(error)[1:]}.")
                return
            take_over(view, found, sent)
            st.rerun()
    failed = st.session_state.pop(_FAILED, "")
    if failed:
        st.error(failed)


def compare(view: View, by: Asked) -> None:
    """Draw the scenario of the page beside saved ones: what they assume, and the rank that each mall takes."""
    known = {name: each for name, each in kept(view.version.root).items() if each is not None}
    if not known:
        panels.note("No scenario is saved yet: open Scenarios above the page, and save what is assumed and weighed now under a name.")
        return
    said = [name for name in view.choice(AGAINST, "\n".join([*known][:_MOST_COMPARED])).split("\n") if name in known]
    st.session_state["w-beside"] = said
    st.multiselect(
        "Beside what the page shows",
        list(known),
        key="w-beside",
        max_selections=_MOST_COMPARED,
        on_change=_take_compared,
        label_visibility="visible",
    )
    columns = {by.name or _HERE: by.scenario} | {name: known[name] for name in said if name != by.name}
    found = {name: ranked_by(view, each) for name, each in columns.items()}
    table = _compared(columns, {name: {row.site.id: row for row in ranked.rows} for name, ranked in found.items()})
    with panels.table_heading("Scenarios side by side"):
        panels.export(_file(view, table), key="scenarios")
    shown = [Shown("what", "Mall", is_pinned=True, width_px=230), *(Shown(name, name) for name in columns)]
    panels.table(table, shown, key="scenarios-table", alt="Rank and score of each mall by scenario.", height_rows=20)
    source.offer(behind.of_table(view, by)[:1], key="scenarios")
    panels.note(
        "Rank, and score of 100. Markets, pins and limits are those of each scenario: - stands for a mall that is none of its candidates."
    )


def _take_compared() -> None:
    filters.choose(**{AGAINST: "\n".join(st.session_state["w-beside"]) or None})


def _file(view: View, table: pa.Table) -> Table:
    return of_table(table, "scenarios", view.version)


def _compared(columns: dict[str, Scenario], ranks: dict[str, dict[str, Ranked]]) -> pa.Table:
    """Return what scenarios assume and how they rank: a row a mall, a column a scenario."""
    told = {name: _assumed(each) for name, each in columns.items()}
    rows: list[dict[str, str]] = [{"what": what, **{name: told[name][what] for name in columns}} for what in next(iter(told.values()))]
    malls: dict[str, str] = {}
    for found in ranks.values():
        malls |= {site_id: row.site.name for site_id, row in found.items()}
    for site_id, mall in malls.items():
        rows.append({"what": mall, **{name: _rank(ranks[name].get(site_id)) for name in columns}})
    return pa.Table.from_pylist(rows, schema=pa.schema([("what", pa.string()), *((name, pa.string()) for name in columns)]))


def _rank(row: Ranked | None) -> str:
    if row is None:
        return write.MISSING
    rank, score = row.rank, row.score
    return f"{'fails a limit' if rank is None else rank}{'' if score is None else f' ({score:.0f})'}"


def _assumed(each: Scenario) -> dict[str, str]:
    weights = sorted(each.weighting.items(), key=lambda item: -item[1])
    terms = each.terms
    return {
        "Preset": PRESET.options[each.preset] if each.preset != OWN else "Own weights",
        "Weights": ", ".join(f"{BY_ID[name].label} {weight}" for name, weight in weights if weight),
        "Within": f"{terms.within_s / 60:g} min drive, {'people' if terms.weight == 'population' else 'households'}",
        "Costs an order": f"handling {write.money(terms.handling_cents)}, surcharge {write.money(terms.surcharge_cents)}",
        "Limits": str(len(each.limits)) if each.limits else "none",
        "Places added": str(len(each.pins)),
    }
