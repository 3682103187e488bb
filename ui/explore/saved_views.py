"""Saved views: what was chosen on the Explore page, under a name in the warehouse's folder, and as one line of text for others."""

from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from data.errors import MallReachError
from data.saved import LONGEST_NAME, Saved
from ui import filters, links
from ui.explore.choice import KEYS
from ui.view import View

KIND: Final = "views"
_START: Final = "explore?"
_SAID: Final = "views-said"
_LIST_PX: Final = 220


def as_text(view: View, *, is_fixed: bool = False) -> str:
    """Return what was chosen as one line; ``is_fixed`` keeps the very days and the data version, else newest data is shown."""
    chosen = {key: text for key, text in view.chosen.items() if key in (*links.FILTERS, *KEYS)}
    if is_fixed:
        chosen = links.absolute(chosen, start_on=view.period.start_on, end_on=view.period.end_on, version_id=view.version.id)
    return _START + urlencode(dict(sorted(chosen.items())))


def chosen_of(text: str) -> links.Chosen | None:
    """Return what a line or a whole link says was chosen; None where it says nothing of the kind."""
    path, mark, query = text.strip().partition("?")
    if not mark or not path.endswith(_START[:-1]):
        return None
    return links.known(dict(parse_qsl(query)), KEYS)


def draw(view: View, *, may_change: bool) -> None:
    """Draw the button that opens, saves and shares views.

    Parameters
    ----------
    view
        What is looked at.
    may_change
        Whether this reader may replace and delete what others saved; everybody may save under a new name.
    """
    with st.popover("Saved views", icon=":material/bookmark:", key="views"):
        saved = Saved(view.version.root, KIND)
        said = st.session_state.pop(_SAID, "")
        if said:
            st.info(said)
        _list(saved, may_change=may_change)
        st.text_input("Save this view as", key="view-name", max_chars=LONGEST_NAME)
        st.checkbox("With these very days and this data", key="view-fixed")
        if may_change:
            st.checkbox("In the place of a view of that name", key="view-replace")
        st.button("Save", key="view-save", on_click=partial(_save, saved, view, may_change=may_change), icon=":material/save:")
        st.markdown("**As text**, to share:")
        st.code(as_text(view), language=None, wrap_lines=True)
        st.text_input("Open a view from a text or link", key="view-text")
        st.button("Open", key="view-open", on_click=_open_text)


def _list(saved: Saved, *, may_change: bool) -> None:
    items = saved.items()
    if not items:
        st.caption("No view is saved yet.")
        return
    with st.container(height=min(_LIST_PX, 20 + 48 * len(items)), border=False):
        for place, item in enumerate(items):
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.button(item.name, key=f"view-{place}", on_click=partial(_open, item.text), type="tertiary", width="stretch")
                if may_change:
                    delete = partial(_delete, saved, item.name)
                    st.button(
                        "Delete",
                        key=f"view-{place}-delete",
                        on_click=delete,
                        icon=":material/delete:",
                        type="tertiary",
                        help=f"Delete {item.name}",
                    )


def _save(saved: Saved, view: View, *, may_change: bool) -> None:
    text = as_text(view, is_fixed=bool(st.session_state.get("view-fixed")))
    may_replace = may_change and bool(st.session_state.get("view-replace"))
    try:
        item = saved.save(st.session_state.get("view-name", ""), text, may_replace=may_replace)
    except MallReachError as error:
        st.session_state[_SAID] = f"Not saved: {error}."
    else:
        st.session_state[_SAID] = f"Saved as {item.name}."
        st.session_state["view-name"] = ""


def _delete(saved: Saved, name: str) -> None:
    try:
        saved.delete(name)
    except MallReachError as error:
        st.session_state[_SAID] = f"Not deleted: {error}."


def _open_text() -> None:
    _open(st.session_state.get("view-text", ""))


def _open(text: str) -> None:
    chosen = chosen_of(text)
    if chosen is None:
        st.session_state[_SAID] = f"This is no view: one begins with {_START}, or is a link to this page."
    else:
        filters.restart(chosen)
