"""What the maps of a page share: ground, malls, camera, and what a click does."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from analytics.reference import Mall, Market
from ui import filters, session
from ui.maps import Camera, Figure, MallMark, Picked, Scene, hex_id, market_camera, picked
from ui.view import View

MAP_PX = 520
PHONE_MAP_PX = 360
_AROUND_MALL_M = 20_000
_RESETS = "map_resets"


def scene(
    view: View, market: Market, malls: Sequence[Mall], *, mall: Mall | None = None, width_px: int = 844, height_px: int = MAP_PX
) -> Scene:
    """Return the ground, the malls and the camera of one market, or around one of its malls.

    Parameters
    ----------
    view
        Theme, and what was clicked.
    market, malls
        The market and its malls, in order of importance.
    mall
        Mall in the middle of the picture; None: all malls are in it.
    width_px, height_px
        Size of the map on a wide screen.
    """
    marks = tuple(_mark(each) for each in malls)
    camera = _camera(malls, mall, width_px, height_px)
    background = session.ground(market.id, camera.bounds, market.boundary_counties)
    return Scene(background, marks, view.theme, camera, selected_cell=view.cell, selected_mall=mall.id if mall else view.chosen.get("mall"))


def _mark(mall: Mall) -> MallMark:
    return MallMark(mall.id, mall.name, mall.status or "candidate", mall.latitude, mall.longitude)


def _camera(malls: Sequence[Mall], mall: Mall | None, width_px: int, height_px: int) -> Camera:
    seen = [mall] if mall else malls
    width, height = (358, PHONE_MAP_PX) if session.is_phone() else (width_px, height_px)
    points = [(each.latitude, each.longitude) for each in seen]
    if mall:
        return market_camera(points, around_m=_AROUND_MALL_M, width_px=width, height_px=height)
    return market_camera(points, width_px=width, height_px=height)


def draw(figure: Figure, *, alt: str, on_click: Callable[[Picked], None] | None = None) -> None:
    """Draw a map with its legend, as high as its camera was fitted for.

    A click chooses the cell or the mall, and the page follows, unless ``on_click`` takes it over.
    """
    st.html(figure.legend)
    key = f"map-{st.session_state.get(_RESETS, 0)}"
    with st.container(key="map-frame", gap="xsmall"):
        follow = partial(_follow_click, key, on_click or _choose)
        st.pydeck_chart(figure.deck, height=figure.height_px, on_select=follow, selection_mode="single-object", key=key, alt=alt)
        st.button("Reset view", key="reset-view", type="tertiary", icon=":material/filter_center_focus:", on_click=_reset_view)


def _follow_click(key: str, on_click: Callable[[Picked], None]) -> None:
    on_click(picked(st.session_state[key].selection))


def _choose(clicked: Picked) -> None:
    """Take over what was clicked; a click beside everything takes the cell back."""
    if clicked.mall_id:
        filters.choose(mall=clicked.mall_id, cell=None)
    else:
        filters.choose(cell=hex_id(clicked.cell) if clicked.cell else None)


def _reset_view() -> None:
    """Draw the map anew under another key: its camera stands where it stood at first."""
    st.session_state[_RESETS] = st.session_state.get(_RESETS, 0) + 1
