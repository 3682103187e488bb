"""What a portfolio must keep to: how many malls or which budget over the table, everything else one click deeper."""

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Final

import streamlit as st

from analytics.choosing.sites import Site, sites
from analytics.choosing.wish import MOST_BACKUP, MOST_OPEN, MOST_WEEKS, OPEN, Wish
from ui.candidates.asked import PEOPLE
from ui.portfolio.asked import Asked, change, wish_of
from ui.view import View

_KIND: Final = "w-allowed"
_BUDGET_CENTS: Final = 250_000_000
_MILLION_CENTS: Final = 100_000_000


def allowed(by: Asked) -> None:
    """Draw how many malls are opened, or what they may cost together."""
    wish = by.wish
    kinds = {"open": "Open", "budget": "Budget"} | ({"free": "As many as pay"} if wish.aim == "contribution" else {})
    kind = "budget" if wish.budget_cents is not None else "open" if wish.count is not None else "free"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="portfolio-allowed"):
        st.session_state[_KIND] = kind
        st.segmented_control(
            "What is allowed",
            list(kinds),
            format_func=kinds.__getitem__,
            key=_KIND,
            required=True,
            on_change=partial(_take_kind, wish),
            label_visibility="collapsed",
        )
        if kind == "open":
            st.session_state["w-open"] = wish.count or 0
            st.number_input(
                "Malls to open",
                min_value=0,
                max_value=MOST_OPEN,
                step=1,
                key="w-open",
                on_change=partial(_take_open, wish),
                label_visibility="collapsed",
                width=120,
            )
        elif kind == "budget":
            millions = (wish.budget_cents or 0) / _MILLION_CENTS
            st.session_state["w-budget"] = millions
            st.number_input(
                "Budget, $ M",
                min_value=0.0,
                max_value=100_000.0,
                step=0.25,
                format="%.2f",
                key="w-budget",
                on_change=_take_budget,
                label_visibility="collapsed",
                width=140,
                help="Millions, for opening and running the malls over the weeks of Conditions",
            )
            _beside(f"$ M over {wish.weeks} weeks, for")
            st.session_state["w-within"] = wish.count
            st.number_input(
                "Malls within the budget",
                min_value=0,
                max_value=MOST_OPEN,
                step=1,
                key="w-within",
                on_change=_take_within,
                placeholder="any number",
                label_visibility="collapsed",
                width=130,
                help="Exactly so many malls within the budget; empty: as many as help",
            )
            _beside("malls")


def _beside(text: str) -> None:
    """Draw grey words no wider than they are, so that the next box stands right behind them."""
    st.html(f'<p class="mr-note">{escape(text)}</p>', width="content")


def _take_kind(wish: Wish) -> None:
    kind = st.session_state[_KIND]
    change(
        open=_open_text(wish, OPEN if wish.count is None else wish.count) if kind == "open" else None,
        budget=str(_BUDGET_CENTS) if kind == "budget" else None,
    )


def _is_shown(kind: str) -> bool:
    """Tell whether the boxes of a kind are those shown: the browser may send one that has just gone once more, and nobody meant it."""
    return bool(st.session_state.get(_KIND) == kind)


def _take_open(wish: Wish) -> None:
    if not _is_shown("open"):
        return
    change(open=_open_text(wish, int(st.session_state["w-open"])), budget=None)


def _open_text(wish: Wish, count: int) -> str | None:
    """Return the entry of a number of malls; the default is none, but where money is the aim as many as pay are the default."""
    return str(count) if count != OPEN or wish.aim == "contribution" else None


def _take_budget() -> None:
    if not _is_shown("budget"):
        return
    change(budget=str(round(st.session_state["w-budget"] * _MILLION_CENTS)))


def _take_within() -> None:
    if not _is_shown("budget"):
        return
    count = st.session_state["w-within"]
    change(open=None if count is None else str(int(count)))


def conditions(view: View) -> None:
    """Draw the button that opens the other conditions; its label says how many hold."""
    wish = wish_of(view)
    count = sum((wish.most is not None, wish.backup > 1, wish.hire_hours is not None, *(True for _ in wish.apart)))
    if st.button(f"Conditions{f' ({count})' if count else ''}", key="conditions-tool", icon=":material/rule:"):
        _opened(view)


@st.dialog("Conditions and costs", width="large")
def _opened(view: View) -> None:
    """Draw the conditions; taken over when they are applied."""
    wish = wish_of(view)
    first, second, third = st.columns(3)
    most = first.number_input("New malls in a market, at most", 0, MOST_OPEN, wish.most, placeholder="no bound", step=1)
    backup = second.number_input(
        "Malls that must reach who counts",
        1,
        MOST_BACKUP,
        wish.backup,
        step=1,
        help="2: people count once a second mall reaches them too, open ones included. For the aim Most people",
    )
    hire = third.number_input(
        "Driver-hours a week to add in a market",
        0,
        10**6,
        wish.hire_hours,
        placeholder="drivers are no bound",
        step=100,
        help="New malls of a market need no more driver-hours (forecast) than its drivers have to spare, and these",
    )
    words = PEOPLE.options
    weight = first.segmented_control("Count", [*words], default=wish.terms.weight, format_func=words.__getitem__, required=True)
    earns = second.number_input(
        "An order brings in, $",
        0.0,
        10_000.0,
        None if wish.earns_cents is None else wish.earns_cents / 100,
        placeholder="mean fee of pilots",
        step=0.5,
        format="%.2f",
        help="Fee and commission; for the aim Most money",
    )
    st.markdown("**What a mall costs**, where the table names no price of its own")
    left, middle, right = st.columns(3)
    opening = left.number_input("To open, $", 0, 10**9, wish.price.opening_cents // 100, step=10_000)
    weekly = middle.number_input("A week, $", 0, 10**8, wish.price.weekly_cents // 100, step=500)
    weeks = right.number_input("Weeks that are paid for", 1, MOST_WEEKS, wish.weeks, step=1)
    pairs = _apart(view, wish)
    texts = {
        "most": None if most is None else str(most),
        "backup": str(backup) if backup != 1 else None,
        "hire": None if hire is None else str(hire),
        "earns": None if earns is None else str(round(100 * earns)),
        "money": _money_text(round(100 * opening), round(100 * weekly), weeks),
        "apart": ",".join("+".join(pair) for pair in pairs) or None,
        "of": weight if weight != "population" else None,
    }
    with st.container(horizontal=True):
        if st.button("Apply", type="primary", key="apply-conditions"):
            change(**texts)
            st.rerun()
        if st.button("Back to the usual ones", key="reset-conditions"):
            change(**dict.fromkeys(texts), prices=None)
            st.rerun()


def _apart(view: View, wish: Wish) -> list[tuple[str, str]]:
    """Draw the pairs of malls that are not both opened; return those that were chosen."""
    places = sites(view.version, (wish.market_id,) if wish.market_id else (), wish.pins)
    names = {site.id: site.name for site in places if not site.is_open}
    pairs = _pairs(places)
    kept = [pair for pair in wish.apart if pair in pairs or pair[::-1] in pairs]
    return st.multiselect(
        "Not both of",
        [*kept, *(pair for pair in pairs if pair not in kept and pair[::-1] not in kept)],
        default=kept,
        format_func=lambda pair: f"{names[pair[0]]} and {names[pair[1]]}",
        help="Pairs of candidates of one market of which at most one is opened",
        placeholder="no pair",
    )


def _pairs(places: Sequence[Site]) -> list[tuple[str, str]]:
    """Return pairs of candidates of one market."""
    found = [site for site in places if not site.is_open]
    return [(a.id, b.id) for place, a in enumerate(found) for b in found[place + 1 :] if a.market_id == b.market_id]


def _money_text(opening_cents: int, weekly_cents: int, weeks: int) -> str | None:
    usual = Wish()
    is_usual = (opening_cents, weekly_cents, weeks) == (usual.price.opening_cents, usual.price.weekly_cents, usual.weeks)
    return None if is_usual else f"{opening_cents}:{weekly_cents}:{weeks}"
