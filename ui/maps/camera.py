"""Where a map looks: the box that fits, pixels and degrees, and how fine its cells can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import atan, cos, degrees, exp, log, log2, pi, radians, sqrt, tan

import h3
import numpy as np
import numpy.typing as npt

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

MOST_CELLS = 5_000
LEAST_CELL_PX = 5.0
WORLD_PX = 512
METERS_PER_MILE = 1_609.344
_EQUATOR_M = 40_075_016.686
_DEGREE_M = 111_320.0
_LEAST_AROUND_M, _MOST_AROUND_M = 4_000.0, 17_000.0


@dataclass(frozen=True)
class Camera:
    """A view from straight above: its middle, zoom (512-pixel tiles) and the size in pixels for which it was fitted."""

    latitude: float
    longitude: float
    zoom: float
    width_px: int = 860
    height_px: int = 520

    @property
    def meters_per_px(self) -> float:
        """Ground meters under one pixel in the middle of the view."""
        return _EQUATOR_M * cos(radians(self.latitude)) / (WORLD_PX * 2**self.zoom)

    def pixel(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Return where a point falls, in pixels right and down from the upper left corner."""
        world = WORLD_PX * 2**self.zoom
        x = (longitude - self.longitude) / 360 * world
        y = (_mercator(self.latitude) - _mercator(latitude)) / (2 * pi) * world
        return x + self.width_px / 2, y + self.height_px / 2

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return latitude and longitude under a pixel; the inverse of ``pixel``."""
        world = WORLD_PX * 2**self.zoom
        longitude = self.longitude + (x - self.width_px / 2) / world * 360
        mercator = _mercator(self.latitude) - (y - self.height_px / 2) / world * 2 * pi
        return degrees(2 * atan(exp(mercator)) - pi / 2), longitude

    @property
    def bounds(self) -> Bounds:
        """The box in view."""
        north, west = self.point(0, 0)
        south, east = self.point(self.width_px, self.height_px)
        return west, south, east, north


def camera_for(bounds: Bounds, *, width_px: int = 860, height_px: int = 520, margin_px: int = 24) -> Camera:
    """Return the camera that shows the whole box in a map of that size; wide layout 860 x 520, phone 358 x 360.

    A box without extent is seen at zoom 13, and no view is closer.
    """
    west, south, east, north = bounds
    low, high = _mercator(south), _mercator(north)
    across = max(1e-9, (east - west) / 360)
    upward = max(1e-9, (high - low) / (2 * pi))
    room_x, room_y = max(1, width_px - 2 * margin_px), max(1, height_px - 2 * margin_px)
    zoom = min(13.0, log2(room_x / (WORLD_PX * across)), log2(room_y / (WORLD_PX * upward)))
    middle = degrees(2 * atan(exp((low + high) / 2)) - pi / 2)
    return Camera(round(middle, 5), round((west + east) / 2, 5), round(zoom, 3), width_px, height_px)


def market_camera(
    points: Iterable[tuple[float, float]], *, around_m: float | None = None, width_px: int = 860, height_px: int = 520
) -> Camera:
    """Return the camera that shows points (latitude, longitude), the malls of a market or the one mall, with ground around them.

    Parameters
    ----------
    points
        Latitudes and longitudes, at least one.
    around_m
        Meters of ground on every side of the outermost points, about 20 km for one mall; None: as much as the points are apart, 4 to 17 km,
        so that a dense city is not lost in its surroundings (17 km where there are fewer than three points).
    width_px, height_px
        Size of the map on screen.

    Raises
    ------
    ValueError
        No point was given.
    """
    latitudes, longitudes = [], []
    for latitude, longitude in points:
        latitudes.append(latitude)
        longitudes.append(longitude)
    if not latitudes:
        raise ValueError("a camera needs at least one point to look at")
    middle = radians(sum(latitudes) / len(latitudes))
    apart_m = _DEGREE_M * max(max(latitudes) - min(latitudes), (max(longitudes) - min(longitudes)) * cos(middle))
    own_m = min(_MOST_AROUND_M, max(_LEAST_AROUND_M, apart_m)) if len(latitudes) > 2 else _MOST_AROUND_M
    up = (own_m if around_m is None else around_m) / _DEGREE_M
    across = up / cos(middle)
    box = (min(longitudes) - across, min(latitudes) - up, max(longitudes) + across, max(latitudes) + up)
    return camera_for(box, width_px=width_px, height_px=height_px, margin_px=0)


def finest_resolution(
    cells: npt.ArrayLike, *, view: Camera | None = None, most: int = MOST_CELLS, finest: int = 9, coarsest: int = 5
) -> int:
    """Return the finest H3 resolution at which these cells are at most ``most`` hexagons, for a map that stays quick.

    Parents are taken by bit arithmetic, as everywhere in the project.

    Parameters
    ----------
    cells
        H3 cells as signed integers, all of one resolution that is at least ``finest``; empty gives the finest one that the view allows.
    view
        With a camera, hexagons are also at least 5 pixels wide in it: smaller ones cannot be told apart.
    most
        Most hexagons in a view.
    finest, coarsest
        Limits of the answer.
    """
    ids = np.unique(np.asarray(cells, dtype=np.int64))
    for resolution in range(finest, coarsest, -1):
        ids = np.unique((ids & ~np.int64(15 << 52)) | np.int64(resolution << 52) | np.int64((1 << (3 * (15 - resolution))) - 1))
        is_wide_enough = view is None or _width_m(resolution) >= LEAST_CELL_PX * view.meters_per_px
        if len(ids) <= most and is_wide_enough:
            return resolution
    return coarsest


def _width_m(resolution: int) -> float:
    return sqrt(3) * float(h3.average_hexagon_edge_length(resolution, unit="m"))


def _mercator(latitude: float) -> float:
    return log(tan(pi / 4 + radians(latitude) / 2))
