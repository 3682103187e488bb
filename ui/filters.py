"""The filter row: what was chosen, and the widgets that show it and write to it.

What was chosen is one dictionary of short texts (``ui.links``). Widgets are set from it before they are drawn and change it by callbacks:
a filter that a page does not draw keeps its value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, NoReturn, cast

import streamlit as st

from analytics import reference
from analytics.periods import PRESETS
from ui import format as write
from ui import links
from ui.view import COMPARISONS, View

_CHOSEN = "chosen"
_PREVIOUS = "previous"
_ACTED_UNDER = "acted_under"
_CHARACTER_PX, _ARROW_PX, _WIDEST_PX = 7, 50, 260


@dataclass(frozen=True)
class Control:
    """A choice of one page: its key in the address, its label, the texts and words to choose from, the text that is no entry, and whether
    its label is drawn (screen readers have it in any case).
    """

    key: str
    label: str
    options: Mapping[str, str]
    default: str
    is_label_shown: bool = False


def chosen() -> links.Chosen:
    """Return what this reader chose: the very dictionary, so that a change to it is kept."""
    return cast("links.Chosen", st.session_state.setdefault(_CHOSEN, {}))


def restart(texts: links.Chosen) -> None:
    """Take over an address: what was chosen before is forgotten."""
    st.session_state[_CHOSEN] = texts
    st.session_state[_ACTED_UNDER] = st.query_params.to_dict()


def acted_under() -> Mapping[str, str] | None:
    """Return the address under which the reader last chose something, once; None where nothing was chosen since this was asked.

    Who chooses twice in quick succession does so under an address that does not have the first choice yet: it is not to be taken over.
    """
    address: Mapping[str, str] | None = st.session_state.pop(_ACTED_UNDER, None)
    return address


def choose(**texts: str | None) -> None:
    """Change what was chosen, from a callback, as a click on a map does; None takes an entry back."""
    st.session_state[_ACTED_UNDER] = st.query_params.to_dict()
    for key, text in texts.items():
        if text is None:
            chosen().pop(key, None)
        else:
            chosen()[key] = text


def run_again() -> NoReturn:
    """Run the page again of its own accord: its address, which may not have what was chosen last yet, says nothing new."""
    st.session_state[_ACTED_UNDER] = st.query_params.to_dict()
    st.rerun(scope="app")


def segments(control: Control) -> None:
    """Draw a control of a page as a row of buttons."""
    known = chosen().get(control.key)
    widget = f"w-{control.key}"
    st.session_state[widget] = known if known in control.options else control.default
    st.segmented_control(
        control.label,
        list(control.options),
        format_func=lambda text: control.options.get(text, text),
        key=widget,
        required=True,
        on_change=_take,
        args=(control.key, control.default),
        label_visibility="visible" if control.is_label_shown else "collapsed",
    )


def draw(name: str, view: View) -> None:
    """Draw one filter of ``ui.links.FILTERS`` by its name."""
    _FILTERS[name](view)


def _take(key: str, default: str = "") -> None:
    """Write a widget's value to what was chosen; the default is no entry."""
    value = st.session_state[f"w-{key}"]
    text = value.isoformat() if isinstance(value, date) else value
    choose(**{key: text if text != default else None})


def _select(key: str, label: str, options: Mapping[Any, str], shown: str, *, width: int, take: Callable[[], None]) -> None:
    st.session_state[f"w-{key}"] = shown
    st.selectbox(
        label,
        list(options),
        format_func=lambda text: options.get(text, text),
        key=f"w-{key}",
        on_change=take,
        filter_mode="contains",
        width=width,
        label_visibility="collapsed",  # the choices name themselves: "All markets", "vs previous period"
    )


def _width(options: Mapping[Any, str], least_px: int) -> int:
    """Return a width in which the longest choice can be read, up to one that leaves room for the other filters."""
    return min(_WIDEST_PX, max(least_px, _ARROW_PX + _CHARACTER_PX * max(map(len, options.values()), default=0)))


def _market(view: View) -> None:
    everywhere = {} if view.is_of_one_market else {"": write.ALL_MARKETS}
    options = {**everywhere, **{market.id: market.name for market in view.markets}}
    shown = view.market.id if view.market else ""
    _select("market", "Market", options, shown, width=_width(options, 130), take=partial(_take_market, view))


def _take_market(view: View) -> None:
    """Take over another market; a mall of another one, and what was clicked on the map, are left behind."""
    _take("market")
    homes = {mall.id: mall.market_id for mall in reference.malls(view.version)}
    market, mall = chosen().get("market"), chosen().get("mall", "")
    if market and homes.get(mall) != market:
        choose(mall=None)
    choose(cell=None, map=None)


def _mall(view: View) -> None:
    words = {mall.id: f"{mall.name} ({write.STATUS_WORDS.get(mall.status or '', 'status unknown')})" for mall in view.malls}
    _select("mall", "Mall", {"": write.ALL_MALLS, **words}, view.mall.id if view.mall else "", width=_width(words, 205), take=_take_mall)


def _take_mall() -> None:
    _take("mall")
    choose(cell=None)


def _period(view: View) -> None:
    options = {preset: f"{label}: {view.days}" if preset == view.preset else label for preset, label in PRESETS.items()}
    _select("period", "Period", options, view.preset, width=212, take=partial(_take_period, view))
    if view.preset == links.CUSTOM:
        _day("from", "From", view.period.start_on)
        _day("to", "To", view.period.last_on)


def _take_period(view: View) -> None:
    """Take over another period; a custom one starts from the days that were shown."""
    preset = st.session_state["w-period"]
    days = {"from": view.period.start_on.isoformat(), "to": view.period.last_on.isoformat()} if preset == links.CUSTOM else {}
    choose(**{"period": preset, "from": days.get("from"), "to": days.get("to")})


def _day(key: str, label: str, shown: date) -> None:
    widget = f"w-{key}"
    st.session_state[widget] = shown
    st.date_input(
        label, key=widget, format="YYYY-MM-DD", required=True, on_change=_take_day, args=(key,), width=125, label_visibility="collapsed"
    )


def _take_day(key: str) -> None:
    """Take over a day; the other one moves along where the period would run backwards."""
    _take(key)
    start_on, last_on = links.day(chosen().get("from")), links.day(chosen().get("to"))
    if start_on and last_on and start_on > last_on:
        choose(**{"from": chosen()[key], "to": chosen()[key]})


def _comparison(view: View) -> None:
    shown = view.choice("vs", _PREVIOUS)
    shown = shown if shown in COMPARISONS else _PREVIOUS
    _select("vs", "Compare with", COMPARISONS, shown, width=165, take=partial(_take, "vs", _PREVIOUS))


_FILTERS: dict[str, Callable[[View], None]] = {"market": _market, "mall": _mall, "period": _period, "vs": _comparison}
