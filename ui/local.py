"""Whether a reader sits at the machine that serves the app: the default answer to who may load."""

import streamlit as st

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


def is_local() -> bool:
    """Whether the server listens to its own machine only, and no proxy says that it passes somebody on.

    A proxy on the same machine that adds none of the usual headers cannot be told from a reader at it: whoever runs one decides in
    ``may_load`` of ``app.py``.
    """
    headers = st.context.headers
    return st.get_option("server.address") in _LOOPBACK and not any(name in headers for name in _PROXY_HEADERS)
