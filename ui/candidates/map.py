"""The map of candidates: whom the opened place would newly reach, or how every candidate stands by one criterion."""

from functools import partial
from typing import Final

import h3
import streamlit as st

from analytics.choosing.criteria import CRITERIA
from analytics.choosing.newly import newly_covered
from analytics.choosing.ranking import in_units
from analytics.choosing.sites import Site, reach
from data.errors import MallReachError
from ui import filters, scene, source
from ui.candidates import behind, places
from ui.candidates.asked import NEWLY, SHOW_KEY, SITE, Asked
from ui.candidates.pins import drop
from ui.maps import Figure, Halo, Picked, Scene, click_targets, finest_resolution, newly_map, sites_map
from ui.maps.figures import Weight
from ui.view import View

PINNING: Final = "candidates_pinning"
_WIDTH_PX: Final = 519
_PROBLEM: Final = "candidates_pin_problem"


def draw(view: View, by: Asked) -> None:
    """Draw the choice of what the map shows, the pin, and the map; a click opens a mall, or drops the pin."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map-choice"):
        options = shown_options(by)
        st.session_state["w-on-map"] = by.on_map
        st.selectbox(
            "Map shows",
            list(options),
            format_func=lambda name: options[name],
            key="w-on-map",
            on_change=_take_shown,
            label_visibility="collapsed",
            width=240,
        )
        st.toggle("Drop a pin", key=PINNING, help="Then click the map where a mall could stand: it joins the candidates")
        places.draw(view, by)
    if st.session_state.get(PINNING):
        st.info("Click the map where the mall would stand.", icon=":material/add_location_alt:")
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(problem)
    figure, alt = _figure(view, by)
    scene.draw(figure, alt=alt, on_click=partial(_clicked, view, by))
    source.offer(behind.of_map(view, by), key="candidates-map")


def shown_options(by: Asked) -> dict[str, str]:
    """Return what the map can show, each under a name of its own: the browser knows an option by its name alone."""
    cells = "Newly reached cells" if by.opened else "Reached by open malls"
    return {NEWLY: cells, **{each.id: each.label for each in CRITERIA}}


def _take_shown() -> None:
    shown = st.session_state["w-on-map"]
    filters.choose(**{SHOW_KEY: shown if shown != NEWLY else None})


def _newly_label(by: Asked) -> str:
    return f"Newly reached by {by.opened.name}" if by.opened else "Reached by open malls"


def _figure(view: View, by: Asked) -> tuple[Figure, str]:
    market = by.home(view)
    here = [site for site in by.places if site.market_id == market.id]
    shown = _scene(view, by, here)
    targets = click_targets(shown.view) if st.session_state.get(PINNING) else []
    if by.criterion is not None:
        return _by_criterion(by, shown, here, targets)
    terms = by.scenario.terms
    weight: Weight = "households" if terms.weight == "households" else "population"
    whom = reach(view.version, here, within_s=terms.within_s, weight=terms.weight)
    chosen = [place for place, site in enumerate(here) if by.opened is not None and site.id == by.opened.id]
    cells = newly_covered(whom, chosen, market.id, finest_resolution(whom.cells)) if whom.sites else None
    if cells is None:
        return sites_map([], shown, title="No places", ends="", targets=targets), "No places in this market."
    alt = f"{_newly_label(by)}: {int(whom.only_here[chosen[0]]):,} people." if chosen else "Cells that open malls reach."
    return newly_map(cells, shown, weight=weight, within_s=terms.within_s, targets=targets), alt


def _scene(view: View, by: Asked, here: list[Site]) -> Scene:
    """Return the ground with the sites as its malls; their names carry the figure where the map shows one."""
    figures = _figures(by) if by.criterion is not None else {}
    malls = [site.as_mall(f"{site.name} {figures[site.id]}" if site.id in figures else site.name) for site in _important_first(by, here)]
    opened = next((mall for mall in malls if by.opened is not None and mall.id == by.opened.id), None)
    found = scene.scene(view, by.home(view), malls, width_px=_WIDTH_PX)
    return Scene(found.background, found.malls, found.theme, found.view, selected_mall=opened.id if opened else None)


def _important_first(by: Asked, here: list[Site]) -> list[Site]:
    """Return the opened place, the open malls, the candidates by rank: the first names get the better places."""
    rank = {row.site.id: place for place, row in enumerate(by.ranked.rows)}
    opened = by.opened.id if by.opened else ""
    return sorted(here, key=lambda site: (site.id != opened, not site.is_open, rank.get(site.id, 0)))


def _figures(by: Asked) -> dict[str, str]:
    if by.criterion is None or by.criterion.id not in by.ranked.measured:
        return {}
    values = by.ranked.measured[by.criterion.id].values
    pairs = zip(by.ranked.rows, values, strict=True)
    return {row.site.id: in_units(value, by.criterion.unit) for row, value in pairs if value is not None}


def _by_criterion(by: Asked, shown: Scene, here: list[Site], targets: list[str]) -> tuple[Figure, str]:
    each = by.criterion
    if each is None:
        return sites_map([], shown, title="", ends=""), ""
    scores, values = by.ranked.scores[each.id].tolist(), by.ranked.measured[each.id].values
    known = {row.site.id: None if value is None else score / 100 for row, score, value in zip(by.ranked.rows, scores, values, strict=True)}
    halos = [Halo(site.latitude, site.longitude, known.get(site.id)) for site in here if site.id in known]
    scale = by.ranked.scales[each.id]
    ends = f"0 at {in_units(scale.worst, each.unit)}, 100 at {in_units(scale.ideal, each.unit)}"
    told = [f"{row.site.name} {in_units(value, each.unit)}" for row, value in zip(by.ranked.rows, values, strict=True) if value is not None]
    alt = f"{each.label} of each candidate. {', '.join(told[:10]) or 'Unknown of all of them'}."
    return sites_map(halos, shown, title=f"{each.label}: score", ends=ends, targets=targets), alt


def _clicked(view: View, by: Asked, clicked: Picked) -> None:
    """Open the mall that was clicked, or drop the pin; other clicks change nothing."""
    if clicked.target is not None and st.session_state.get(PINNING):
        try:
            drop(view, by, f"Pin {len(by.scenario.pins) + 1}", h3.cell_to_latlng(clicked.target))
        except MallReachError as error:
            st.session_state[_PROBLEM] = f"{str(error)[:1].upper()}{str(error)[1:]}."
        st.session_state[PINNING] = False
    elif clicked.mall_id:
        filters.choose(**{SITE: clicked.mall_id})
