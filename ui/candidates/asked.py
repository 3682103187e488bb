"""What the Candidates page is asked: the scenario of its address, the ranking, the place that is opened, and what map and table show."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import streamlit as st

from analytics.choosing.criteria import BY_ID, CRITERIA, Criterion
from analytics.choosing.kept import kept, put_aside, taken_back
from analytics.choosing.ranking import SHOWN, TOP, Ranked, Ranking, ranking
from analytics.choosing.scenario import KEYS, OWN, Scenario, scenario
from analytics.choosing.sites import Site, sites
from analytics.choosing.wish import KEYS as PORTFOLIO
from analytics.parameters import Scope, check_scope
from analytics.reference import Market
from data.errors import MallReachError
from data.warehouse import Warehouse
from ui import filters
from ui.filters import Control
from ui.view import View

SITE, SHOW_KEY, SURE, NAME, AGAINST = "site", "on-map", "tried", "scenario", "beside"
NEWLY: Final = "newly-reached"

PRESET = Control(
    "preset",
    "Preset",
    {"balanced": "Balanced", "reach": "Reach", "speed": "Speed", "cost": "Cost", OWN: "Own"},
    "balanced",
    is_label_shown=True,
)
PEOPLE = Control("of", "Count", {"population": "People", "households": "Households"}, "population", is_label_shown=True)
TRIED = Control(SURE, "Weightings tried", {"all": "All there are", "mine": "Around these"}, "all", is_label_shown=True)
BELOW = Control(
    "below",
    "Below",
    {"opened": "One mall", "criteria": "Every criterion", "two": "Two criteria", "ranks": "Ranks", "scenarios": "Scenarios"},
    "opened",
)
PAGE_KEYS: Final = (*KEYS[2:], "of", SITE, SHOW_KEY, SURE, NAME, AGAINST, "below", "across", "up")
"""Entries of the address that keep what a reader chose on the page, beside market, drive and preset."""


@dataclass(frozen=True)
class Asked:
    """A reader's scenario and what came of it.

    Attributes
    ----------
    scenario, name
        What is assumed and preferred, and under which name it was opened; empty where under none.
    ranked
        The candidates in order.
    places
        Open malls, candidates and pins of the markets shown.
    opened_id
        The place that was chosen; None: the first in the ranking.
    on_map
        What the map shows: ``newly-reached``, or a criterion's id.
    around
        Whether ranks are told under weightings around the reader's own, instead of all there are.
    """

    scenario: Scenario
    name: str
    ranked: Ranking
    places: tuple[Site, ...]
    opened_id: str | None
    on_map: str
    around: bool

    @cached_property
    def opened(self) -> Site | None:
        """The place whose reach and forecast are shown; None where there is no candidate at all."""
        chosen = next((site for site in self.places if site.id == self.opened_id), None)
        return chosen or next((row.site for row in self.ranked.rows), None)

    @property
    def criterion(self) -> Criterion | None:
        """The criterion that the map shows; None where it shows whom the opened place would newly reach."""
        return BY_ID.get(self.on_map)

    @property
    def top(self) -> int:
        """Among how many first places ranks are told: three, or the first alone where no more than three are ranked."""
        return TOP if len(self.ranked.standing) > TOP else 1

    def sure(self, row: Ranked) -> int | None:
        """Return under how many of 1,000 weightings a candidate is among the first ``top``."""
        if self.top == 1:
            return row.first_around_permille if self.around else row.first_permille
        return row.top_around_permille if self.around else row.top_permille

    def home(self, view: View) -> Market:
        """Return the market that the map shows: the chosen one, else that of the opened place."""
        if view.market is not None or self.opened is None:
            return view.focus
        return next(market for market in view.markets if market.id == self.opened.market_id)


def asked(view: View) -> Asked:
    """Return what the address asks; a text that cannot be read is left out and said."""
    check_scope(view.scope)
    texts, problems = _readable(view)
    if problems:
        st.warning(f"Parts of this address cannot be read and are left out. {' '.join(problems)}")
    chosen = scenario(texts)
    on_map, extra = view.choice(SHOW_KEY, NEWLY), [*SHOWN]
    if on_map in BY_ID:
        extra.append(on_map)
    if view.choice("below", "opened") in {"criteria", "two"}:
        extra = [each.id for each in CRITERIA]
    ranked = _ranked(view.scope, str(view.version.root), view.version.id, tuple(sorted(texts.items())), tuple(sorted({*extra})))
    return Asked(
        scenario=chosen,
        name=view.choice(NAME, ""),
        ranked=ranked,
        places=sites(view.version, () if chosen.market_id is None else (chosen.market_id,), chosen.pins),
        opened_id=view.chosen.get(SITE),
        on_map=on_map if on_map in BY_ID else NEWLY,
        around=view.choice(SURE, "all") == "mine",
    )


def scenario_of(view: View) -> Scenario:
    """Return the scenario of a view's address, what is asked of a portfolio with it; what cannot be read is left out."""
    portfolio = {key: text for key in PORTFOLIO if (text := view.chosen.get(key))}
    return scenario({**_readable(view)[0], **portfolio})


def _readable(view: View) -> tuple[dict[str, str], list[str]]:
    """Return the texts of the address that a scenario understands, and a sentence for each of the others."""
    market_id = {} if view.market is None else {"market": view.market.id}
    given = {key: text for key, text in view.chosen.items() if key in KEYS and key != "market"} | market_id
    texts: dict[str, str] = {}
    problems = []
    # Preset first: weights of one's own need it.
    for key in KEYS:
        if key not in given:
            continue
        try:
            tried = {**texts, key: taken_back(view.version.root, given[key]) if key == "pins" else given[key]}
            chosen = scenario(tried)
            sites(view.version, (), chosen.pins)
            texts = tried
        except MallReachError as error:
            problems.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return texts, problems


def open_named(view: View) -> None:
    """Open the scenario that a link names, where it says nothing else of one; the page then runs again."""
    name = view.chosen.get(NAME)
    if not name or any(view.chosen.get(key) for key in (*KEYS, *PORTFOLIO)):
        return
    found = kept(view.version.root).get(name)
    if found is None:
        filters.choose(**{NAME: None})
        st.warning(f"No scenario {name!r} is saved here; the page shows the usual assumptions.")
        return
    if found.texts:
        take_over(view, found, name)
        st.rerun()


def take_over(view: View, chosen: Scenario, name: str) -> None:
    """Put a scenario into the address, under its name; what another one had said is forgotten."""
    texts = chosen.texts
    if "pins" in texts:
        texts["pins"] = put_aside(view.version.root, texts["pins"])
    old = {key: None for key in filters.chosen() if key in {*KEYS, *PORTFOLIO, SITE, NAME, "cell"}}
    filters.choose(**{**old, **texts, NAME: name or None})


def change(view: View, **texts: str | None) -> None:
    """Change entries of the scenario, from a callback; long pins are put aside."""
    if texts.get("pins"):
        texts["pins"] = put_aside(view.version.root, texts["pins"] or "")
    filters.choose(**texts)


@st.cache_data(max_entries=128, show_spinner=False)
def _ranked(scope: Scope, root: str, version_id: str, texts: tuple[tuple[str, str], ...], also: tuple[str, ...]) -> Ranking:
    check_scope(scope)
    return ranking(Warehouse(root).version(version_id), scenario(dict(texts)), also=also)


def ranked_by(view: View, chosen: Scenario) -> Ranking:
    """Return the ranking of another scenario, from the cache where it was asked before."""
    texts: Mapping[str, str] = {key: text for key, text in chosen.texts.items() if key in KEYS}
    return _ranked(view.scope, str(view.version.root), view.version.id, tuple(sorted(texts.items())), tuple(sorted(SHOWN)))
