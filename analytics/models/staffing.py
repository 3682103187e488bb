"""Drivers needed hour by hour: Erlang's delay formula on the load that orders bring, lagged over the time until it is worked off.

An order placed at time t keeps a driver busy from when the trip is accepted until the driver is back at the mall. With orders arriving at
rate ``lambda`` the load at time t is ``m(t) = sum lambda(t - u) P(busy at age u)``: the evening's last orders keep drivers busy after the
mall has shut. An hour is staffed for its busiest five minutes with the fewest drivers under whom at most a given share of trips waits
longer than a given time (Erlang C).

Source: Jennings, Mandelbaum, Massey and Whitt 1996, Server Staffing to Meet Time-Varying Demand; Erlang 1917.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.between import Floats

Integers = npt.NDArray[np.int64]

HOURS: Final = 7 * 24
_STEP_S: Final = 300
_STEPS: Final = 3600 // _STEP_S
_LEAST_LOAD: Final = 0.1
"""Load of an hour without orders below which nobody is kept for it."""


def offered_load(orders: npt.ArrayLike, start_s: Floats, busy_s: Floats, trips: Floats) -> Floats:
    """Return the drivers kept busy in the busiest five minutes of each hour of the week, as weeks follow each other.

    Parameters
    ----------
    orders
        Orders placed in each hour of the week, evenly within it; shape (..., 168).
    start_s, busy_s
        Of orders alike likely: seconds from placing until a driver accepts, and from there until that driver is free again.
    trips
        Trips per order: an order that rides with another one counts half.

    Returns
    -------
    numpy.ndarray
        Shape of ``orders``.
    """
    per_step = np.repeat(np.asarray(orders, float) / _STEPS, _STEPS, axis=-1)
    kernel = _busy_at_age(start_s, busy_s, trips)
    folded = np.zeros(per_step.shape[-1])
    np.add.at(folded, np.arange(len(kernel)) % len(folded), kernel)
    load = np.fft.irfft(np.fft.rfft(per_step) * np.fft.rfft(folded), n=len(folded))
    # What the transform leaves of rounding is no load.
    load = np.where(np.abs(load) < 1e-9, 0.0, load)
    return np.asarray(load.reshape(*load.shape[:-1], -1, _STEPS).max(axis=-1), float)


def _busy_at_age(start_s: Floats, busy_s: Floats, trips: Floats) -> Floats:
    """Return the drivers that one order keeps busy on average, so many steps of five minutes after the step in which it was placed."""
    last = int((start_s + busy_s).max(initial=0.0) // _STEP_S) + 1
    age_s = np.asarray((np.arange(last) + 0.5) * _STEP_S, float)
    begun, done = _running(start_s, trips, age_s), _running(start_s + busy_s, trips, age_s)
    at_age = (begun - done) / len(start_s)
    # Orders come all through a step: those of one step earlier are up to two steps old, one on average.
    return (np.append(at_age, 0.0) + np.insert(at_age, 0, 0.0)) / 2


def _running(at_s: Floats, weight: Floats, age_s: Floats) -> Floats:
    """Return the weights of all events up to each age."""
    order = np.argsort(at_s, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weight[order])])
    return np.asarray(running[np.searchsorted(at_s[order], age_s, side="right")], float)


def drivers_needed(load: npt.ArrayLike, busy_s: float, *, wait_s: int, waiting_share: float, has_orders: npt.ArrayLike = True) -> Integers:
    """Return the fewest drivers under whom no more than a share of trips waits longer than a time.

    Parameters
    ----------
    load
        Offered load, drivers.
    busy_s
        Mean time that a trip keeps a driver, seconds.
    wait_s, waiting_share
        At most this share, over 0 and under 1, waits longer than so many seconds.
    has_orders
        Where no order is placed, drivers only finish what was begun: as many as the load, rounded up; none for less than a tenth of one.

    Returns
    -------
    numpy.ndarray
        Whole numbers of the shape of ``load``; at least one where orders are placed.
    """
    wanted = np.asarray(load, float)
    placed = np.broadcast_to(np.asarray(has_orders, bool), wanted.shape) & (wanted > 0)
    needed = np.where(wanted >= _LEAST_LOAD, np.ceil(wanted), 0).astype(np.int64)
    blocked, is_open, drivers = np.ones(wanted.shape), placed.copy(), 0
    while is_open.any():
        drivers += 1
        blocked = wanted * blocked / (drivers + wanted * blocked)  # Erlang B, one driver more
        free = drivers - wanted
        with np.errstate(divide="ignore", invalid="ignore"):
            delayed = drivers * blocked / (drivers - wanted * (1 - blocked))
            waits = np.where(free > 0, delayed * np.exp(-free * wait_s / busy_s), 1.0)
        is_enough = is_open & (waits <= waiting_share)
        needed[is_enough] = drivers
        is_open &= ~is_enough
    return needed


def waiting_share(load: float, drivers: int, busy_s: float, wait_s: int) -> float:
    """Return the share of trips that wait longer than a time for one of so many drivers (Erlang C); 1 where they never catch up.

    Examples
    --------
    >>> round(waiting_share(2.0, 3, 1800.0, 0), 4)
    0.4444
    """
    if drivers <= load:
        return 1.0
    blocked = 1.0
    for each in range(1, drivers + 1):
        blocked = load * blocked / (each + load * blocked)
    delayed = drivers * blocked / (drivers - load * (1 - blocked))
    return float(delayed * np.exp(-(drivers - load) * wait_s / busy_s))
