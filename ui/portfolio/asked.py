"""What the Portfolio page is asked: the wish of its address, and the answer with what follows it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import streamlit as st

from analytics.choosing.portfolio import Point, Portfolio, in_all
from analytics.choosing.robustness import Lead, Standing
from analytics.choosing.sites import Site, sites
from analytics.choosing.wish import AIMS, KEYS, Wish, wish
from analytics.errors import ParameterError
from analytics.parameters import check_scope
from analytics.reference import Market
from ui import candidates, filters
from ui.filters import Control
from ui.portfolio.following import Following, following
from ui.view import View

AIM = Control("aim", "Aim", dict[str, str](AIMS.items()), "cover", is_label_shown=True)
SHOW = Control("set-map", "Map shows", {"newly": "Newly reached", "served": "Who serves whom"}, "newly")
BELOW = Control("set-below", "Below", {"sets": "Next best sets", "worlds": "What if", "proof": "Proof and certificate"}, "sets")
HOME: Final = "set-market"
PAGE_KEYS: Final = (*candidates.PAGE_KEYS, *KEYS, SHOW.key, BELOW.key, HOME)
"""Entries of the address that keep what a reader chose here; those of Candidates stay, so that one link holds both pages."""

_PATIENCE_S: Final = 0.5
"""Seconds after which a page is drawn with what there is, counted from when the question was first asked."""


@dataclass(frozen=True)
class Asked:
    """A reader's wish, and what came of it.

    Attributes
    ----------
    wish
        What is asked.
    places
        Open malls, candidates and pins of the markets shown.
    running
        The answer, and what follows it.
    elsewhere
        Malls that conditions name and that are none of these markets' candidates: they count for nothing here.
    sections
        Parts of the answer that were complete when the page was begun.
    """

    wish: Wish
    places: tuple[Site, ...]
    running: Following
    elsewhere: tuple[str, ...] = ()
    sections: int = 0

    @cached_property
    def found(self) -> Portfolio:
        """The best set."""
        return self.running.main()

    @cached_property
    def others(self) -> tuple[Portfolio, ...]:
        """Next best sets, as far as they are known; none where a longer search has found another best set since the page was begun."""
        return tuple(self.running.others) if self.found is self.running.found else ()

    @property
    def sets_asked(self) -> int:
        """How many next best sets were asked for, of which ``others`` are all that there are; so many as these before."""
        asked = self.running.sets_asked  # first: once all were found, no further one is added
        is_all = self.found is self.running.found and len(self.others) == len(self.running.others)
        return asked if is_all else len(self.others)

    # Lists grow while a page is drawn: what it says of them is said of one state.
    @cached_property
    def leads(self) -> tuple[Lead | None, ...]:
        """How far the best set is ahead of each next one, as far as it is known."""
        return tuple(self.running.leads)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The curve, as far as it is known."""
        return tuple(self.running.points)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """The scenarios, as far as they are known."""
        return tuple(self.running.standings)

    @property
    def every(self) -> tuple[str, ...]:
        """Ids of malls in the best and all next best sets."""
        return in_all([self.found, *self.others]) if self.others else ()

    def home(self, view: View) -> Market:
        """Return the market that the map shows: the chosen one, else that of the first mall to open."""
        if view.market is not None:
            return view.market
        first = self.found.sites[0].market_id if self.found.sites else view.focus.id
        wanted = view.choice(HOME, first)
        return next((market for market in view.markets if market.id == wanted), view.focus)


def asked(view: View) -> Asked:
    """Return what the address asks; a text that cannot be read is left out and said."""
    check_scope(view.scope)
    wanted, problems = _readable(view)
    if problems:
        st.warning(f"Parts of this address cannot be read and are left out. {' '.join(problems)}")
    places = sites(view.version, (wanted.market_id,) if wanted.market_id else (), wanted.pins)
    known = {site.id for site in places if not site.is_open}
    here = replace(
        wanted,
        must=tuple(name for name in wanted.must if name in known),
        must_not=tuple(name for name in wanted.must_not if name in known),
        apart=tuple(pair for pair in wanted.apart if known.issuperset(pair)),
        prices=tuple(pair for pair in wanted.prices if pair[0] in known),
    )
    named = {*wanted.must, *wanted.must_not, *(name for pair in wanted.apart for name in pair), *(name for name, _ in wanted.prices)}
    running = following(view.version, here)
    running.main()
    running.wait(_PATIENCE_S - running.seconds)
    return Asked(here, places, running, tuple(sorted(named - known)), running.sections)


def wish_of(view: View) -> Wish:
    """Return the wish of a view's address; what cannot be read is left out."""
    return _readable(view)[0]


def _readable(view: View) -> tuple[Wish, list[str]]:
    """Return the wish of the texts that can be read, and a sentence for each of the others."""
    chosen = candidates.scenario_of(view)
    texts: dict[str, str] = {}
    problems = []
    for key in KEYS:
        text = view.chosen.get(key)
        if not text:
            continue
        try:
            wish(replace(chosen, others=tuple({**texts, key: text}.items())))
        except ParameterError as error:
            problems.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            texts[key] = text
    return wish(replace(chosen, others=tuple(texts.items()))), problems


def change(**texts: str | None) -> None:
    """Change entries of the wish, from a callback."""
    filters.choose(**texts)
