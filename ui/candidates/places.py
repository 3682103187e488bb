"""Places of one's own: by coordinates or out of a file, and those that were added."""

from functools import partial

import streamlit as st

from analytics.choosing.scenario import pin_at, pins_text, with_pin
from analytics.choosing.sites import Pin
from analytics.errors import ParameterError
from data.candidates import Read, read_candidates
from data.errors import MallReachError
from data.warehouse import Warehouse
from ui import format as write
from ui import panels
from ui.candidates.asked import SITE, Asked, change
from ui.candidates.pins import drop
from ui.tray import TYPES
from ui.view import View

_PROBLEM, _ROUND = "places_problem", "places_round"
_MOST_LISTED = 12


def draw(view: View, by: Asked) -> None:
    """Draw the button that opens the ways to add a place, and the list of those that were added."""
    count = len(by.scenario.pins)
    with st.popover(f"Add places{f' ({count})' if count else ''}", key="places-tool", icon=":material/add_location_alt:"):
        _by_coordinates(view, by)
        st.divider()
        _from_file(view, by)
        if count:
            st.divider()
            _added(view, by)
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        st.error(problem)


def _by_coordinates(view: View, by: Asked) -> None:
    with st.form("place-form", border=False, clear_on_submit=True):
        st.markdown(f"**By coordinates**, in {by.home(view).name}; or switch on *Drop a pin* and click the map.")
        name = st.text_input("Name", key="place-name", max_chars=80, placeholder="Old airport")
        left, middle, right = st.columns(3)
        latitude = left.number_input("Latitude", -90.0, 90.0, value=None, format="%.5f", key="place-latitude")
        longitude = middle.number_input("Longitude", -180.0, 180.0, value=None, format="%.5f", key="place-longitude")
        stores = right.number_input("Stores", 0, 10_000, value=None, step=1, key="place-stores", placeholder="unknown")
        if st.form_submit_button("Add", key="place-add"):
            _add(view, by, name, (latitude, longitude), stores)


def _add(view: View, by: Asked, name: str, place: tuple[float | None, float | None], stores: int | None) -> None:
    latitude, longitude = place
    try:
        if latitude is None or longitude is None:
            raise ParameterError("a place needs a latitude and a longitude, in degrees")
        drop(view, by, name or f"Pin {len(by.scenario.pins) + 1}", (latitude, longitude), stores=stores)
    except MallReachError as error:
        st.error(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return
    st.rerun()


def _from_file(view: View, by: Asked) -> None:
    st.markdown("**From a file**: name, latitude and longitude, and stores where known; checked as in loading.")
    brought = st.file_uploader(
        "File of candidate malls",
        type=TYPES,
        key=f"places-file-{st.session_state.get(_ROUND, 0)}",
        label_visibility="collapsed",
        help="CSV, GeoJSON, Excel or any other form that can be loaded. Nothing is loaded: the places join this scenario.",
    )
    if brought is None:
        return
    try:
        found = _read(view, brought.name, brought.getvalue())
    except MallReachError as error:
        st.error(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return
    taken = write.listed([f"{name} from {column!r}" for name, column in found.columns.items()])
    panels.note(f"Read: {taken}.")
    for file, line, why in found.rejected[:_MOST_LISTED]:
        panels.note(f"{file} line {line}: rejected, {why}.")
    if len(found.rejected) > _MOST_LISTED:
        panels.note(f"... and {len(found.rejected) - _MOST_LISTED:,} more lines are rejected.")
    st.button(
        f"Add {write.counted(len(found.candidates), 'place')}",
        key="places-add",
        disabled=not found.candidates,
        on_click=partial(_take_file, view, by, found),
    )


@st.cache_data(max_entries=8, show_spinner="Checking")
def _checked(root: str, version_id: str, name: str, content: bytes) -> Read:
    warehouse = Warehouse(root)
    return read_candidates([(name, content)], warehouse, warehouse.version(version_id))


def _read(view: View, name: str, content: bytes) -> Read:
    return _checked(str(view.version.root), view.version.id, name, content)


def _take_file(view: View, by: Asked, found: Read) -> None:
    chosen = by.scenario
    try:
        for each in found.candidates:
            chosen = with_pin(chosen, pin_at(each.name, each.latitude, each.longitude, each.market_id, each.store_count))
        elsewhere = any(pin.market_id != by.scenario.market_id for pin in chosen.pins)
        change(view, pins=pins_text(chosen.pins), **({"market": None} if elsewhere else {}))
    except MallReachError as error:
        st.session_state[_PROBLEM] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _added(view: View, by: Asked) -> None:
    pins = by.scenario.pins
    st.markdown(f"**Added**: {write.counted(len(pins), 'place')}, kept in this scenario and its link.")
    for pin in pins[:_MOST_LISTED]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{pin.name} ({pin.latitude:.4f}, {pin.longitude:.4f})", width="stretch")
            left = tuple(each for each in pins if each.id != pin.id)
            st.button("Remove", key=f"remove-{pin.id}", type="tertiary", on_click=partial(_keep, view, left))
    if len(pins) > 1:
        st.button("Remove all", key="remove-all", on_click=partial(_keep, view, ()))


def _keep(view: View, left: tuple[Pin, ...]) -> None:
    change(view, pins=pins_text(left) or None, **{SITE: None})
