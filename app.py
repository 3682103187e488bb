"""MallReach, the dashboard: who may see what, then the frame and the page of the address. Start it with ``make run``."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from analytics.parameters import EVERYTHING, Scope
from ui.local import is_local


def access() -> Scope:
    """Return what this reader may see: today everybody sees everything.

    The one hook for access. It runs before every page and before anything is read: look at ``st.user`` or at a header that your proxy
    sets (``st.context.headers``), draw a refusal and ``st.stop()``, or return the reader's scope.
    """
    return EVERYTHING


def may_load(scope: Scope) -> bool:  # noqa: ARG001 - a scope of yours may say it
    """Whether this reader may load files and serve another version: by default whoever sits at the machine that serves the app.

    Everybody else reads. Behind a proxy, or with roles, answer by ``st.user``, a header or the scope; the commands of ``python -m data``
    work for whoever may write the warehouse's folder, whatever this says.
    """
    return is_local()


if __name__ == "__main__":  # a reader's run of the script
    from ui.frame import run

    run(access, may_load)
else:  # the server imports this file once, before its first request
    # A folder named `pages` makes Streamlit look for pages in it until the script has run once: a deep link as a server's very first
    # request was then greeted by "Page not found". `st.navigation` alone decides here.
    PagesManager.uses_pages_directory = False
    app = st.App(__file__)
