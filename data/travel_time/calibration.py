"""What drives say beyond the base: level, hour, mall, and where the way is longer or shorter than it looks.

All of it is on the log scale and shrunk towards nothing by the number of drives behind it, so that few drives change little:

- the *level*: median of observed over base. Two respected road engines differ by 16 to 28 percent in it on the same map.
- the *hour*: a slope per local hour and kind of day on ``min(1, base / 15 min)``, so that its effect grows with the drive.
- the *mall*: median of what is left of its drives.
- the *surface*: per mall, a kernel mean (Nadaraya 1964) of what is left around each place, Gaussian with a bandwidth of 1.2 km, cut at
  4 km. It stands in for rivers and freeways.

Residuals are cut at ``MOST_LOG`` before they are averaged: a driver who stopped for lunch says nothing about the road.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from data.cells import EARTH_RADIUS_M, Floats, Integers
from data.travel_time.prior import SDLOG_PERMILLE

BANDS_S = (0, 300, 600, 900, 1200)
"""First second of each drive band; the last one has no end."""

BANDWIDTH_M = 1200.0
CUT_M = 4000.0
MOST_LOG = 0.7
_STEP_M = 400.0
_FULL_HOUR_S = 900.0
_LEVEL_DRIVES, _HOUR_DRIVES, _MALL_DRIVES, _PLACE_DRIVES, _ERROR_DRIVES = 10.0, 20.0, 50.0, 8.0, 30.0
_CONSISTENT = 1.4826  # turns a median absolute deviation into a standard deviation

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Drives:
    """Clean single-drop drives of one market, a row each.

    Attributes
    ----------
    mall
        Position of the mall among the market's.
    cell, latitude, longitude
        Cell of the door, and its center in degrees.
    distance_m
        Straight line from the mall to the door.
    hour, is_weekend
        Local hour in which the drive began, and whether on a Saturday or Sunday.
    drive_s
        Seconds from the mall to the door.
    """

    mall: Integers
    cell: Integers
    latitude: Floats
    longitude: Floats
    distance_m: Floats
    hour: Integers
    is_weekend: Integers
    drive_s: Floats

    def __len__(self) -> int:
        return len(self.drive_s)

    def where(self, chosen: Booleans) -> "Drives":
        """Return the chosen rows."""
        return Drives(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Surface:
    """Shrunk mean log residual on a grid of ``_STEP_M`` meters; nothing outside it."""

    south: float
    west: float
    scale: float
    grid: Floats

    def at(self, latitude: Floats, longitude: Floats) -> Floats:
        """Return the surface at points in degrees, straight between grid points."""
        row, column = _on_grid(latitude, longitude, self.south, self.west, self.scale)
        return np.asarray(map_coordinates(self.grid, np.stack((row, column)), order=1, mode="constant", cval=0.0))


@dataclass(frozen=True)
class Calibration:
    """What drives say beyond the base. ``hours`` is a slope per hour and kind of day, ``share`` the part of the drives in each."""

    level: float
    hours: Floats
    share: Floats
    malls: Floats
    surfaces: dict[int, Surface]

    def typical_s(self, base_s: Floats, mall: int, latitude: Floats, longitude: Floats) -> Floats:
        """Return drives from one mall, weighted over the hours by their drives; NaN where the base is.

        Parameters
        ----------
        base_s
            Drives by the base, seconds.
        mall
            Position of the mall.
        latitude, longitude
            Where the drives end, degrees.
        """
        neutral_s = base_s * np.exp(self.level + self.malls[mall] + self._around(mall, latitude, longitude))
        return np.asarray(neutral_s * self._mean_factor(_ramp(base_s)))

    def at_hour_s(self, base_s: Floats, mall: int, drives: Drives) -> Floats:
        """Return what drives from one mall take in their local hours."""
        neutral_s = base_s * np.exp(self.level + self.malls[mall] + self._around(mall, drives.latitude, drives.longitude))
        return np.asarray(neutral_s * np.exp(self.hours[drives.hour, drives.is_weekend] * _ramp(base_s)))

    def permille(self, band: int) -> Integers:
        """Return the factors of the hours (24) and kinds of day (2) in a band, thousandths of the typical drive; 1000 on average."""
        middle = BANDS_S[band] + (BANDS_S[1] - BANDS_S[0]) / 2
        ramp = _ramp(np.array([middle]))
        return np.asarray(np.rint(1000 * np.exp(self.hours * ramp[0]) / self._mean_factor(ramp)[0]), np.int64)

    def _around(self, mall: int, latitude: Floats, longitude: Floats) -> Floats:
        surface = self.surfaces.get(mall)
        return surface.at(latitude, longitude) if surface else np.zeros(len(latitude))

    def _mean_factor(self, ramp: Floats) -> Floats:
        # A smooth function between 0 and 1: straight pieces of a hundredth are exact to the fourth digit, and far cheaper for many cells.
        at = np.linspace(0, 1, 101)
        mean = np.exp(np.multiply.outer(at, self.hours.ravel())) @ self.share.ravel()
        return np.asarray(np.interp(ramp, at, mean))


def calibrated(drives: Drives, base_s: Floats, malls: int, *, has_surface: bool = True) -> Calibration:
    """Fit everything but the base.

    Parameters
    ----------
    drives
        Drives of one market.
    base_s
        Their seconds by the base, over 0.
    malls
        Malls in the market; those without drives stay as the base and the level have them.
    has_surface
        Whether places may differ from the base.
    """
    left = np.log(drives.drive_s / base_s)
    level = _shrunk_median(left, _LEVEL_DRIVES)
    left = left - level
    hours = hour_slopes(drives, base_s, left)
    left = left - hours[drives.hour, drives.is_weekend] * _ramp(base_s)
    factors, surfaces = np.zeros(malls), {}
    for mall in np.unique(drives.mall).tolist():
        own = drives.mall == mall
        factors[mall] = _shrunk_median(left[own], _MALL_DRIVES)
        if has_surface:
            surfaces[mall] = _surface(drives.latitude[own], drives.longitude[own], left[own] - factors[mall])
    count = np.bincount(2 * drives.hour + drives.is_weekend, minlength=48).reshape(24, 2)
    return Calibration(level, hours, count / count.sum(), factors, surfaces)


def hour_slopes(drives: Drives, base_s: Floats, left: Floats) -> Floats:
    """Return the slope per hour (24) and kind of day (2): ridge regression of log residuals on the ramp, less what hours have in common.

    Where nothing was driven the slope is 0.
    """
    ramp, cut = _ramp(base_s), np.clip(left, -MOST_LOG, MOST_LOG)
    place = 2 * drives.hour + drives.is_weekend
    across = np.bincount(place, ramp * cut, minlength=48)
    squares = np.bincount(place, ramp * ramp, minlength=48)
    common = across.sum() / squares.sum() if squares.any() else 0.0
    return np.asarray(((across - common * squares) / (squares + _HOUR_DRIVES)).reshape(24, 2))


def without_hours_s(drives: Drives, base_s: Floats, slopes: Floats) -> Floats:
    """Return the drives as they would have been at a neutral hour."""
    return np.asarray(drives.drive_s * np.exp(-slopes[drives.hour, drives.is_weekend] * _ramp(base_s)))


def bands(seconds: Floats) -> Integers:
    """Return the position of each drive's band."""
    return np.asarray(np.searchsorted(BANDS_S, seconds, side="right") - 1, np.int64)


def sdlog_permille(drive_s: Floats, modelled_s: Floats) -> Integers:
    """Return per band the error of the log, thousandths: a robust standard deviation around 0, shrunk to that of the prior.

    Parameters
    ----------
    drive_s, modelled_s
        Drives and what a model made of them that had not seen them.
    """
    error, band = np.log(drive_s / modelled_s), bands(modelled_s)
    found = []
    for each in range(len(BANDS_S)):
        own = np.abs(error[band == each])
        spread = _CONSISTENT * float(np.median(own)) if len(own) else 0.0
        variance = (len(own) * spread**2 + _ERROR_DRIVES * (SDLOG_PERMILLE / 1000) ** 2) / (len(own) + _ERROR_DRIVES)
        found.append(round(1000 * variance**0.5))
    return np.array(found, np.int64)


def _ramp(base_s: Floats) -> Floats:
    """Return how far the hour tells: from 0 at no distance to 1 from 15 minutes on."""
    return np.asarray(np.minimum(base_s / _FULL_HOUR_S, 1.0))


def _shrunk_median(values: Floats, strength: float) -> float:
    return float(np.median(values)) * len(values) / (len(values) + strength) if len(values) else 0.0


def _surface(latitude: Floats, longitude: Floats, left: Floats) -> Surface:
    scale = float(np.cos(np.radians(latitude.mean())))
    margin = np.degrees(CUT_M / EARTH_RADIUS_M)
    south, west = float(latitude.min() - margin), float(longitude.min() - margin / scale)
    row, column = (np.rint(each).astype(np.int64) for each in _on_grid(latitude, longitude, south, west, scale))
    beyond = int(CUT_M / _STEP_M) + 2
    shape = (int(row.max()) + beyond, int(column.max()) + beyond)
    place, size = row * shape[1] + column, shape[0] * shape[1]
    count = np.bincount(place, minlength=size).reshape(shape)
    total = np.bincount(place, np.clip(left, -MOST_LOG, MOST_LOG), minlength=size).reshape(shape)
    weight, mean = _smoothed(count), _smoothed(total)
    return Surface(south, west, scale, mean / (weight + _PLACE_DRIVES))


def _smoothed(grid: Floats | Integers) -> Floats:
    """Return sums over the kernel, which weighs 1 in its middle."""
    sigma = BANDWIDTH_M / _STEP_M
    return np.asarray(2 * np.pi * sigma**2 * gaussian_filter(grid.astype(float), sigma, mode="constant", truncate=CUT_M / BANDWIDTH_M))


def _on_grid(latitude: Floats, longitude: Floats, south: float, west: float, scale: float) -> tuple[Floats, Floats]:
    steps = np.radians(1) * EARTH_RADIUS_M / _STEP_M
    return (latitude - south) * steps, (longitude - west) * steps * scale
