"""Maps: a table in, a ``pydeck.Deck`` and its legend out. No Streamlit, no SQL, and nothing that asks for a network.

A map is ground, water, county lines and roads; above them the cells in the fixed classes of their metric; above those the chosen cell,
place names and malls. Every layer has an ``id``; ``cells`` and ``malls`` answer to clicks (see ``picked``).
"""

from ui.maps.camera import Camera, camera_for, finest_resolution, market_camera
from ui.maps.choosing import Halo, click_targets, newly_map, sites_map
from ui.maps.coverage import coverage_map
from ui.maps.deck import Scene
from ui.maps.figures import Figure, market_map, on_time_map, speed_map, value_map
from ui.maps.legend import Specials, legend_html
from ui.maps.marks import MallMark, Picked, hex_id, picked

__all__ = [
    "Camera",
    "Figure",
    "Halo",
    "MallMark",
    "Picked",
    "Scene",
    "Specials",
    "camera_for",
    "click_targets",
    "coverage_map",
    "finest_resolution",
    "hex_id",
    "legend_html",
    "market_camera",
    "market_map",
    "newly_map",
    "on_time_map",
    "picked",
    "sites_map",
    "speed_map",
    "value_map",
]
