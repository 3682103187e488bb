"""What a page run works with: the warehouse, the version pinned for this run, and answers from the cache.

Streamlit's cache is shared by all readers, so that who asks (the scope) and which data (the version) are arguments of every cached
function, and every cache is bounded.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from analytics import catalog
from analytics.answers import Answer, answers, hidden_share
from analytics.baseline import Baseline, baselines
from analytics.parameters import Parameters, Scope, check_scope
from analytics.periods import Period
from data.background import Background, background
from data.errors import WarehouseError
from data.warehouse import Version, Warehouse, default_root
from ui import format as write
from ui.palette import Theme, theme_of
from ui.view import View

LOOK_EVERY = timedelta(seconds=4)
"""How often a running page looks whether a newer version was published: one small file is read."""

_COARSEST = 6
_MOST_HIDDEN = 0.2

Bounds = tuple[float, float, float, float]

_heard: ContextVar[tuple[list[Answer], ...]] = ContextVar("heard", default=())


def warehouse() -> Warehouse:
    """Return the warehouse of this process: ``$MALLREACH_WAREHOUSE``, else the folder ``warehouse``."""
    return Warehouse(default_root())


def pinned(version_id: str | None) -> tuple[Version | None, str]:
    """Return the version a run shows, and a sentence where it is not the one asked for.

    Parameters
    ----------
    version_id
        Version named by a link; None or empty: the one that serves.
    """
    current = warehouse().current()
    if not version_id:
        return current, ""
    try:
        return warehouse().version(version_id), ""
    except WarehouseError:
        named = write.quoted(version_id)
        return current, f"The data version of this link, {named}, is no longer kept. These are the newest numbers; they may differ."


_AS_TEXT: Final[dict[str | type[Any], Callable[[Any], Any]]] = {Parameters: repr, Scope: repr}
"""What tells questions apart in a cache: to hash their fields one by one took longer than to draw a chart."""


@st.cache_data(max_entries=1000, show_spinner=False, hash_funcs=_AS_TEXT)
def _answer(metric: str, parameters: Parameters, scope: Scope, root: str, version_id: str) -> Answer:
    return answers(metric, parameters, scope, Warehouse(root).version(version_id))


def compute(metric: str, view: View, **changes: object) -> Answer:
    """Return a metric over the view's filters with some of them changed, from the cache where it was asked before.

    Parameters
    ----------
    metric
        Id in the catalog.
    view
        Filters, reader and data version.
    changes
        Fields of ``Parameters``: ``by=("mall",)``, ``within_s=600``.
    """
    asked = catalog.metric(metric).understood(view.parameters(**changes))
    answer = _answer(metric, asked, view.scope, str(view.version.root), view.version.id)
    for heard_by in _heard.get():
        heard_by.append(answer)
    return answer


Ask = tuple[str, dict[str, Any]]
"""A metric, and the fields of ``Parameters`` that a page changes: what ``compute`` is asked."""


def ask_ahead(view: View, asked: Iterable[Ask]) -> None:
    """Begin to answer several questions, as many at a time as there are cores; ``compute`` waits for those that it is asked for.

    Most questions of one mall are too small to keep two cores busy: side by side they take half the time. What is asked ahead must be asked
    by the page afterwards, else it was for nothing; an error is met there.

    Parameters
    ----------
    view
        Filters, reader and data version.
    asked
        What the page is going to ask; each question is answered once.
    """
    root, version_id, context = str(view.version.root), view.version.id, get_script_run_ctx()
    wanted = dict.fromkeys((metric, catalog.metric(metric).understood(view.parameters(**changes))) for metric, changes in asked)

    def answer(question: tuple[str, Parameters]) -> Answer:
        add_script_run_ctx(threading.current_thread(), context)
        return _answer(*question, view.scope, root, version_id)

    for question in wanted:
        _askers().submit(answer, question)


@lru_cache(maxsize=1)
def _askers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="asker")


@contextmanager
def heard() -> Iterator[list[Answer]]:
    """Collect the answers that are asked for inside, from the cache or not, in the order in which they are asked."""
    answers: list[Answer] = []
    token = _heard.set((*_heard.get(), answers))
    try:
        yield answers
    finally:
        _heard.reset(token)


@st.cache_data(max_entries=64, show_spinner=False)
def _baselines(scope: Scope, root: str, version_id: str, period: Period) -> dict[str, Baseline]:
    check_scope(scope)
    return baselines(Warehouse(root).version(version_id), period)


def baselines_of(view: View) -> dict[str, Baseline]:
    """Return the baseline of each market over the days shown, from the cache where it was asked before."""
    return _baselines(view.scope, str(view.version.root), view.version.id, view.period)


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs=_AS_TEXT)
def _hidden_share(metric: str, parameters: Parameters, scope: Scope, root: str, version_id: str) -> float:
    return hidden_share(metric, parameters, scope, Warehouse(root).version(version_id))


def is_coarse_enough(metric: str, view: View, **changes: object) -> bool:
    """Tell whether hidden cells hold at most 20 % of the rows behind an answer, which is not asked for itself."""
    asked = catalog.metric(metric).understood(view.parameters(**changes))
    return _hidden_share(metric, asked, view.scope, str(view.version.root), view.version.id) <= _MOST_HIDDEN


def coarse_enough(
    asked_at: Callable[[int], Answer], *, finest: int = 8, is_worth_asking: Callable[[int], bool] = lambda _resolution: True
) -> Answer:
    """Return an answer by cell at the finest resolution whose hidden cells hold at most 20 % of the rows behind it.

    Parameters
    ----------
    asked_at
        Asks the question at a resolution.
    finest
        Where to begin. Where nothing finer will do, the answer is the one at resolution 6.
    is_worth_asking
        Tells beforehand that a resolution would not do, where that costs less than the answer.
    """
    for resolution in filter(is_worth_asking, range(finest, _COARSEST, -1)):
        answer = asked_at(resolution)
        if answer.hidden_share <= _MOST_HIDDEN:
            return answer
    return asked_at(_COARSEST)


@st.cache_data(max_entries=16, show_spinner=False)
def ground(market_id: str, bounds: Bounds, boundary_counties: tuple[str, ...]) -> Background:
    """Return what lies under a market's map, from the cache."""
    return background(market_id, bounds, boundary_counties=" ".join(boundary_counties))


def theme() -> Theme:
    """Return the reader's theme; light on a first paint, when the browser has not said yet."""
    return theme_of(st.context.theme.type)


def is_phone() -> bool:
    """Whether the browser calls itself a phone: a map's camera is fitted to a smaller picture then."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


@st.fragment(run_every=LOOK_EVERY)
def watch(newest_id: str | None) -> None:
    """Run the page again as soon as another version serves than the one that was newest when it was drawn."""
    current = warehouse().current()
    if (current.id if current else None) != newest_id:
        st.rerun(scope="app")
