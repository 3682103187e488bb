"""Waiting for an answer: at first in silence, then with what is known of its progress and a way to give it up."""

import threading
from dataclasses import dataclass
from typing import Final, cast

import streamlit as st

from analytics.explore import Explored
from data.errors import Stopped
from ui import filters
from ui.explore import asking
from ui.explore.asking import Asking, Key
from ui.explore.choice import Choice
from ui.view import View

PATIENCE_S: Final = 1.0
"""Longer waits are shown."""

LOOK_EVERY_S: Final = 0.5
_RUNNING: Final = "exploring"


@dataclass
class _Seat:
    """Where a reader waits for an answer: left when the browser is closed or loses its way here."""

    asking: Asking | None = None

    def leave(self) -> None:
        """Give up what nobody waits for any more, without holding up the server for it."""
        if self.asking is not None:
            threading.Thread(target=self.asking.cancel, daemon=True, name="giving up").start()


@st.cache_resource(scope="session", show_spinner=False, on_release=_Seat.leave)
def _seat() -> _Seat:
    return _Seat()


def found(view: View, choice: Choice) -> Explored:
    """Return what was found; while that takes long, and where it cannot be, draw that and end the run."""
    running = _asked(view, choice)
    if isinstance(running, Explored):
        return running
    if running.found is None:
        _say(running) if running.error is not None else _follow()
        st.stop()
    return running.found


def _asked(view: View, choice: Choice) -> Explored | Asking:
    """Return what is known, else the question, after a little patience.

    A reader has one question at a time: the one before is given up as soon as another is asked. Who comes back to a seat that was left
    asks again.
    """
    key = Key.of(choice.asked, view.scope, view.version)
    known = asking.kept(key)
    running = cast("Asking | None", st.session_state.get(_RUNNING))
    if running is not _seat().asking:
        running = None
    if running is not None and running.key != key:
        running.cancel()
        running = None
    if known is not None:
        return known
    if running is None:
        running = asking.begin(key, view.version)
        st.session_state[_RUNNING] = _seat().asking = running
    try:
        running.wait(PATIENCE_S)
    except BaseException:
        st.session_state.pop(_RUNNING)  # the next run asks again: what failed once may have been out of memory
        raise
    return running


def _say(ended: Asking) -> None:
    """Say why there is no answer; a question that was given up may be asked again."""
    if isinstance(ended.error, Stopped):
        st.info("Canceled. Choose fewer days, a mall or fewer dimensions, or ask again.")
        st.button("Ask again", on_click=_forget, icon=":material/refresh:")
    else:
        st.session_state.pop(_RUNNING)
        st.warning(f"This cannot be explored so: {ended.error}.")


def _forget() -> None:
    st.session_state.pop(_RUNNING, None)


@st.fragment(run_every=LOOK_EVERY_S)
def _follow() -> None:
    """Draw how far the question is, and run the page again once it is over."""
    running = cast("Asking | None", st.session_state.get(_RUNNING))
    if running is None or running.is_over:
        filters.run_again()
    expected = max(running.expected, running.answered)  # larger cells take further answers
    told = f"{running.answered} of {expected} answers, {running.seconds:.0f} s"
    st.progress(running.answered / expected, text=f"This takes longer than a second: {told}.")
    st.button("Cancel", on_click=running.cancel, icon=":material/close:", key="cancel-exploring")
