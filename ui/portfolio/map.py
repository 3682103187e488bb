"""The map of a portfolio: whom the chosen malls would newly reach, or who serves whom."""

from typing import Final

import streamlit as st

from analytics.choosing.newly import newly_covered
from analytics.choosing.portfolio_words import who
from analytics.choosing.sites import Site, reach
from analytics.parameters import LONGEST_DRIVE_S
from analytics.reference import Market
from ui import filters, scene
from ui.filters import Control
from ui.maps import Figure, Picked, Scene, finest_resolution, newly_map
from ui.maps.figures import Weight
from ui.maps.portfolio import served_map
from ui.portfolio.asked import HOME, SHOW, Asked
from ui.view import View

_WIDTH_PX: Final = 557
_MAP_PX: Final = 480
_SEVERAL: Final = 2


def draw(view: View, by: Asked) -> None:
    """Draw the choice of what the map shows and of which market, and the map."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map-choice"):
        filters.segments(SHOW)
        _homes(view, by)
    figure, alt = _figure(view, by)
    scene.draw(figure, alt=alt, on_click=_nothing)


def _nothing(clicked: Picked) -> None:
    """Take no notice of a click: a portfolio is chosen by its conditions."""
    del clicked


def _homes(view: View, by: Asked) -> None:
    """Draw the choice of a market, where malls of several could be opened."""
    there = {site.market_id for site in by.places}
    if view.market is not None or len(there) < _SEVERAL:
        return
    home = by.home(view).id
    chosen = {site.market_id for site in by.found.sites}
    options = {market.id: f"{market.name}{' •' if market.id in chosen else ''}" for market in view.markets if market.id in there}
    if view.choice(HOME, home) not in options:
        filters.choose(**{HOME: None})
    filters.segments(Control(HOME, "Market on the map", options, home if not view.chosen.get(HOME) else _first(by, options)))


def _first(by: Asked, options: dict[str, str]) -> str:
    return next((site.market_id for site in by.found.sites if site.market_id in options), next(iter(options)))


def _figure(view: View, by: Asked) -> tuple[Figure, str]:
    market = by.home(view)
    here = [site for site in by.places if site.market_id == market.id]
    ids = [site.id for site in by.found.sites if site.market_id == market.id]
    shown_scene = _scene(view, market, here, ids)
    terms = by.wish.terms
    within_s = LONGEST_DRIVE_S if by.wish.aim == "minutes" else terms.within_s
    weight: Weight = "households" if terms.weight == "households" else "population"
    whom = reach(view.version, here, within_s=within_s, weight=terms.weight)
    chosen = [place for place, site in enumerate(here) if site.id in ids]
    names = ", ".join([site.name for site in by.found.sites if site.id in ids])
    resolution = finest_resolution(whom.cells) if len(whom.cells) else 8
    if view.choice(SHOW.key, SHOW.default) == "served":
        every = sorted({*chosen, *(place for place, site in enumerate(here) if site.is_open)})
        cells = newly_covered(whom, every, market.id, resolution)
        alt = f"Cells of {market.name} in the color of their nearest mall: {names or 'no mall'} beside the open ones."
        return served_map(cells, shown_scene, chosen=ids, within_s=within_s, who=who(by.wish)), alt
    cells = newly_covered(whom, chosen, market.id, resolution)
    newly = int(sum(cells.column("newly").to_pylist())) if chosen else 0
    alt = f"{newly:,} {who(by.wish)} of {market.name} would newly be within {within_s // 60} min drive of {names or 'no mall'}."
    return newly_map(cells, shown_scene, weight=weight, within_s=within_s), alt


def _scene(view: View, market: Market, here: list[Site], ids: list[str]) -> Scene:
    """Return the ground with open and chosen malls first: their names get the better places; chosen ones have their number."""
    order = {name: place for place, name in enumerate(ids, 1)}
    malls = [
        site.as_mall(f"{order[site.id]} {site.name}" if site.id in order else site.name)
        for site in sorted(here, key=lambda site: (site.id not in order, order.get(site.id, 0), not site.is_open, site.name))
    ]
    found = scene.scene(view, market, malls, width_px=_WIDTH_PX, height_px=_MAP_PX)
    return Scene(found.background, found.malls, found.theme, found.view)
