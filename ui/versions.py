"""The versions of a warehouse, newest first, each with a button that serves it: taking a load back, and taking that back again."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from data.errors import MallReachError
from data.warehouse import Version
from ui import format as write
from ui import loaded, session

_SHOWN = 8


def draw(serving: Version, shown: Version, *, may_serve: bool) -> None:
    """Draw the versions.

    Parameters
    ----------
    serving, shown
        Version that serves, and the one that this page shows.
    may_serve
        Whether the reader may serve another one.
    """
    versions = session.warehouse().versions()[::-1]
    _rows(versions[:_SHOWN], serving, shown, may_serve=may_serve)
    if versions[_SHOWN:]:
        with st.expander(f"{write.counted(len(versions) - _SHOWN, 'older version')}"):
            _rows(versions[_SHOWN:], serving, shown, may_serve=may_serve)


def _rows(versions: Sequence[Version], serving: Version, shown: Version, *, may_serve: bool) -> None:
    for each in versions:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"version-{each.id}"):
            st.html(_words(each, serving, shown))
            if may_serve and each.id != serving.id:
                _serve(each, serving)


def _words(version: Version, serving: Version, shown: Version) -> str:
    manifest = version.manifest
    state = write.listed([word for word, other in (("serving", serving), ("shown here", shown)) if version.id == other.id])
    facts = [
        write.instant(manifest.created_at),
        write.counted(manifest.rows("orders"), "order"),
        f"{write.counted(manifest.rejected, 'row')} rejected" if manifest.rejected else "",
        write.listed([each.path for each in manifest.sources][:3]) + (" and more" if len(manifest.sources) > 3 else ""),
        manifest.note,
    ]
    title = f"<b>{escape(version.id)}</b>{f' <span class=mr-state>{escape(state)}</span>' if state else ''}"
    return f'{title}<p class="mr-note">{escape(" · ".join(filter(None, facts)))}</p>'


def _serve(version: Version, serving: Version) -> None:
    """Draw the button, and behind it what would change."""
    word = "Roll back to this" if version.number < serving.number else "Serve this again"
    with st.popover(word, key=f"serve-{version.id}"):
        st.markdown(f"**{version.id} instead of {serving.id}, for everybody.** What changes:")
        st.markdown("\n".join(f"- {each}" for each in loaded.changes(serving, version)))
        st.markdown("Nothing is deleted: the other way works the same.")
        if st.button(f"Serve {version.id}", type="primary", key=f"sure-{version.id}"):
            try:
                session.warehouse().rollback(version.id)
            except MallReachError as error:
                st.error(f"{error}.")
                return
            st.rerun()
