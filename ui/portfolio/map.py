"""The map of a portfolio: whom the chosen malls would newly reach, or who serves whom; beneath it the curve."""

from typing import Final, Literal

import plotly.graph_objects as go
import streamlit as st

from analytics.choosing.newly import newly_covered
from analytics.choosing.portfolio_words import money, shown, who
from analytics.choosing.sites import Site, reach
from analytics.parameters import LONGEST_DRIVE_S
from analytics.reference import Market
from ui import filters, scene
from ui.charts import CONFIG
from ui.charts.portfolio import Allowed, Axes, portfolio_curve
from ui.filters import Control
from ui.maps import Figure, Picked, Scene, finest_resolution, newly_map
from ui.maps.figures import Weight
from ui.maps.portfolio import served_map
from ui.portfolio.asked import HOME, SHOW, Asked
from ui.view import View

_WIDTH_PX: Final = 557
_MAP_PX: Final = 480
_SEVERAL: Final = 2
_SHORT: Final = 10


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


def curve(view: View, by: Asked, *, side: Literal["table", "map"]) -> None:
    """Draw the best value for each number of malls or budget, once it is known: under the map, or under a short table."""
    points = list(by.running.points)
    is_short = sum(not site.is_open for site in by.places) <= _SHORT
    if not points or is_short != (side == "table"):
        return
    figure = _curve(view, by)
    label = "budget" if by.wish.budget_cents is not None else "number of malls"
    best = [each for each in points if each.value is not None]
    ends = [f"{shown(by.found, each.value or 0):,.1f}" for each in (best[0], best[-1])] if best else []
    alt = f"Best value by {label}, from {' to '.join(ends)}."
    st.plotly_chart(figure, theme=None, config=CONFIG, key="portfolio-curve", alt=alt)


def _curve(view: View, by: Asked) -> go.Figure:
    wish, names = by.wish, {site.id: site.name for site in by.places}
    is_budget = wish.budget_cents is not None
    unit = {
        "cover": f"% of {who(wish)} covered",
        "orders": "expected orders a week",
        "minutes": "min mean drive",
        "contribution": f"$ over {wish.weeks} weeks",
    }[wish.aim]
    points = [
        Allowed(
            each.allowed / 100 if is_budget else each.allowed,
            None if each.value is None else shown(by.found, each.value),
            _tip(by, each.allowed, each.value, None if each.ids is None else [names[name] for name in sorted(each.ids)]),
        )
        for each in by.running.points
    ]
    chosen = None if wish.budget_cents is None else wish.budget_cents / 100
    axes = Axes(
        unit,
        "budget" if is_budget else "new malls",
        decimals=1 if wish.aim in {"cover", "minutes"} else 0,
        prefix="$" if is_budget else "",
        suffix=" %" if wish.aim == "cover" else "",
    )
    mark = chosen if is_budget else wish.count if wish.count is not None else len(by.found.sites)
    return portfolio_curve(points, chosen=mark, axes=axes, theme=view.theme)


def _tip(by: Asked, allowed: int, value: int | None, names: list[str] | None) -> str:
    head = money(allowed) if by.wish.budget_cents is not None else f"{allowed} new {'mall' if allowed == 1 else 'malls'}"
    if value is None or names is None:
        return f"<b>{head}</b><br>conditions conflict"
    said = f"{shown(by.found, value):,.1f}{' %' if by.wish.aim == 'cover' else ''}"
    return f"<b>{head}</b>: {said}<br>{'<br>'.join(names[:6])}{f'<br>and {len(names) - 6} more' if len(names) > 6 else ''}"
