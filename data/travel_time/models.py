"""Who makes drive times: one small interface, minutes from malls to places by hour, and what stands behind it.

A *base* knows how places lie to each other (the straight line, a road graph, a server of others); the *calibration* knows what the
market's own drives say beyond it. Together they are a ``Model``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from data.cells import Floats, Integers, haversine_m
from data.travel_time.calibration import (
    BANDS_S,
    Calibration,
    Drives,
    bands,
    calibrated,
    hour_slopes,
    sdlog_permille,
    without_hours_s,
)
from data.travel_time.curve import fitted_curve
from data.travel_time.prior import LONGEST_S, SDLOG_PERMILLE, SOURCE, prior_s

FEWEST_DRIVES = 30
"""With fewer drives than these a market keeps the prior, or a base as it is."""

_ROUNDS = 3
_FOLDS = 3
_DIGIT_BIT = 18  # where the last digit of a resolution-9 cell stands


@dataclass(frozen=True)
class Place:
    """A mall as drive times need it."""

    mall_id: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Cells:
    """Cells and their centers, degrees."""

    cell: Integers
    latitude: Floats
    longitude: Floats


class Base(Protocol):
    """What knows how places lie to each other."""

    @property
    def source(self) -> str:
        """Word for the column ``source``."""

    def seconds(self, mall: Place, cells: Cells) -> Floats:
        """Return drives from a mall to cells, seconds; NaN where there is no way."""


@dataclass(frozen=True)
class Line:
    """The straight line and a curve over it."""

    source: str
    curve: Callable[[Floats], Floats]

    def seconds(self, mall: Place, cells: Cells) -> Floats:
        """Return the curve at the straight lines."""
        line_m = haversine_m(np.float64(mall.latitude), np.float64(mall.longitude), cells.latitude, cells.longitude)
        return self.curve(line_m).astype(float)


@dataclass(frozen=True)
class Model:
    """Minutes from malls to cells, by hour.

    Attributes
    ----------
    base
        How places lie to each other.
    calibration
        What the market's drives say beyond it; None: they say nothing yet.
    sdlog_permille
        Error of the log by drive band, thousandths.
    modelled_s
        For each drive of the fit what a model made of it that had not seen any drive to its cell; empty where nothing was fitted.
    measured
        Positions of the malls that have drives.
    """

    base: Base
    calibration: Calibration | None
    sdlog_permille: Integers
    modelled_s: Integers
    measured: frozenset[int] = frozenset()

    @property
    def source(self) -> str:
        """Word for the column ``source``."""
        return self.base.source

    def typical_s(self, position: int, mall: Place, cells: Cells) -> Floats:
        """Return drives weighted over the hours by the market's drives, seconds; NaN where there is no way."""
        base_s = self.base.seconds(mall, cells)
        if self.calibration is None:
            return base_s
        return self.calibration.typical_s(base_s, position, cells.latitude, cells.longitude)

    def spread_permille(self, position: int, drive_s: Integers) -> Integers:
        """Return the error of drives from one mall, thousandths of the log.

        What straight lines make of a mall from which nobody drove is no better than the prior, however well they fit the other malls.
        """
        spread = self.sdlog_permille[bands(drive_s.astype(float))]
        is_guessed = isinstance(self.base, Line) and position not in self.measured
        return np.asarray(np.maximum(spread, SDLOG_PERMILLE) if is_guessed else spread, np.int64)


def prior_model() -> Model:
    """Return the curve that nothing was fitted to."""
    spread = np.full(len(BANDS_S), SDLOG_PERMILLE, np.int64)
    return Model(Line(SOURCE, partial(_prior)), None, spread, np.empty(0, np.int64))


def _prior(distance_m: Floats) -> Floats:
    return prior_s(distance_m).astype(float)


def analytic_model(drives: Drives, malls: int) -> Model:
    """Return the model made of a market's drives alone: curve, hours, malls and surfaces."""
    return _measured(drives, partial(_fitted_line, malls=malls))


def calibrated_model(base: Base, drives: Drives, base_s: Floats, malls: int) -> Model:
    """Return a base on the level of a market's drives.

    Parameters
    ----------
    base
        How places lie to each other.
    drives
        Drives whose base is known.
    base_s
        Their seconds by the base, over 0.
    malls
        Malls in the market.
    """
    if len(drives) < FEWEST_DRIVES:
        return Model(base, None, prior_model().sdlog_permille, np.empty(0, np.int64))

    def fitted(chosen: Drives, rows: Integers) -> tuple[Base, Calibration, Floats]:
        return base, calibrated(chosen, base_s[rows], malls), base_s

    return _measured(drives, fitted)


_Fit = Callable[[Drives, Integers], tuple[Base, Calibration, Floats]]


def _measured(drives: Drives, fitted: _Fit) -> Model:
    """Fit on all drives, and measure on each third of the cells what a fit on the others makes of it."""
    fold = (drives.cell >> _DIGIT_BIT) % 8 % _FOLDS
    modelled_s = np.zeros(len(drives))
    for each in range(_FOLDS):
        held_out = fold == each
        if held_out.all() or not held_out.any():
            continue
        _, calibration, _ = found = fitted(drives.where(~held_out), np.flatnonzero(~held_out))
        modelled_s[held_out] = _at_drives(drives, found, calibration)[held_out]
    whole = fitted(drives, np.arange(len(drives)))
    unmeasured = modelled_s == 0
    modelled_s[unmeasured] = _at_drives(drives, whole, whole[1])[unmeasured]
    spread = sdlog_permille(drives.drive_s.astype(float), modelled_s)
    return Model(whole[0], whole[1], spread, np.asarray(np.rint(modelled_s), np.int64), frozenset(np.unique(drives.mall).tolist()))


def _at_drives(drives: Drives, found: tuple[Base, Calibration, Floats], calibration: Calibration) -> Floats:
    base, _, base_s = found
    if isinstance(base, Line):
        base_s = base.curve(drives.distance_m)
    made = np.zeros(len(drives))
    for mall in np.unique(drives.mall).tolist():
        own = drives.mall == mall
        made[own] = calibration.at_hour_s(base_s[own], mall, drives.where(own))
    return made


def _fitted_line(drives: Drives, _: Integers, *, malls: int) -> tuple[Base, Calibration, Floats]:
    """Fit the curve to drives as they would be at a neutral hour, and the hours to what the curve leaves, in turn."""
    slopes, drive_s = np.zeros((24, 2)), drives.drive_s.astype(float)
    for _round in range(_ROUNDS):
        curve = fitted_curve(drives.distance_m, drive_s)
        base_s = curve.seconds(drives.distance_m)
        slopes = hour_slopes(drives, base_s, np.log(drives.drive_s / base_s))
        drive_s = without_hours_s(drives, base_s, slopes)
    return Line("analytic", curve.seconds), calibrated(drives, base_s, malls), base_s


def within_reach(seconds: Floats) -> Integers:
    """Return which drives, whole seconds, are known and no longer than catchments reach, nearest first; ties keep their order."""
    known = np.flatnonzero(np.nan_to_num(seconds, nan=np.inf) <= LONGEST_S)
    return known[np.argsort(seconds[known].astype(np.int16), kind="stable")]  # numbers this short are sorted by their digits
