"""Times and pay of a mall without orders, carried over from whole orders of others with the drive rescaled.

For each of the new mall's likely drives, orders of every pilot with about such a drive are taken *whole*: packing, waiting for a driver,
handling, detours for other doors and pay stay together as they were, and only the drive is scaled from what the model said of the pilot's
door to what it says of the new one. Stages drawn one by one would make slow orders too rare (they kept 84 of 100 orders under the p90 that
was told, whole orders 89 to 90). What a pilot's own figures differ from what its likes would have told is carried on as an error
(``analytics.models.between``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.between import Floats

Integers = npt.NDArray[np.int64]

NODES: Final = 48
"""Equally likely drives by which a mall's doors are told."""

_NEIGHBORS: Final = 240
_FEWEST_NEIGHBORS: Final = 8


@dataclass(frozen=True)
class Carried:
    """Delivered orders of pilots, sorted by pilot and modelled drive; NaN where a figure is unknown.

    Attributes
    ----------
    mall
        Which pilot, from 0; shape (orders,).
    modelled_s, drive_s
        Drive from the mall to the door's cell by the model, over 0, and as it was.
    click_to_door_s
        From placed to delivered.
    promise_s
        From placed to promised.
    start_s
        From placed until a driver accepted.
    trip_s, trip_orders
        Length of the trip that carried it, and how many orders rode with it, itself included.
    pay_cents
        Pay of the trip, divided by its orders.
    """

    mall: Integers
    modelled_s: Floats
    drive_s: Floats
    click_to_door_s: Floats
    promise_s: Floats
    start_s: Floats
    trip_s: Floats
    trip_orders: Floats
    pay_cents: Floats


@dataclass(frozen=True)
class Sample:
    """Orders as the new mall would have them, all as likely; NaN where unknown.

    Attributes
    ----------
    click_to_door_s, is_on_time, start_s, pay_cents
        As of ``Carried``; ``is_on_time`` is 1, 0 or NaN, and the promise moves with the modelled drive.
    busy_s
        From accepting to being back at the mall: the trip, and the drive back.
    trip_orders
        Orders of the trip.
    """

    click_to_door_s: Floats
    is_on_time: Floats
    start_s: Floats
    busy_s: Floats
    trip_orders: Floats
    pay_cents: Floats

    def percentile_s(self, share: float) -> float:
        """Return the smallest click-to-door within which this share of the orders is, nearest rank; NaN without orders."""
        known = np.sort(self.click_to_door_s[~np.isnan(self.click_to_door_s)])
        return float(known[int(np.ceil(share * len(known))) - 1]) if len(known) else float("nan")


def drive_nodes(drive_s: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """Return equally likely drives of a mall's orders.

    Parameters
    ----------
    drive_s
        Drive to each area, seconds.
    share
        Part of the orders that comes from each; sums to 1.

    Returns
    -------
    numpy.ndarray
        Ascending; shape (48,).
    """
    seconds, weights = np.asarray(drive_s, float), np.asarray(share, float)
    order = np.argsort(seconds, kind="stable")
    running = np.cumsum(weights[order])
    wanted = (np.arange(NODES) + 0.5) / NODES * running[-1]
    nodes: Floats = seconds[order][np.searchsorted(running, wanted).clip(max=len(seconds) - 1)]
    return nodes


def like(carried: Carried, nodes: Floats) -> Sample:
    """Return orders of the pilots as a mall with these drives would have them; every pilot counts the same.

    Parameters
    ----------
    carried
        Orders of pilots; at least one.
    nodes
        Drives of the new mall, seconds, each as likely.
    """
    taken, target_s = _neighbors(carried, nodes)
    scale = target_s / carried.modelled_s[taken]
    longer_s = carried.drive_s[taken] * (scale - 1)
    click_to_door_s = carried.click_to_door_s[taken] + longer_s
    promise_s = carried.promise_s[taken] + target_s - carried.modelled_s[taken]
    is_on_time = np.where(np.isnan(promise_s), np.nan, click_to_door_s <= promise_s)
    return Sample(
        click_to_door_s=click_to_door_s,
        is_on_time=is_on_time,
        start_s=carried.start_s[taken],
        busy_s=np.maximum(carried.trip_s[taken] + longer_s, 0) + target_s,
        trip_orders=carried.trip_orders[taken],
        pay_cents=carried.pay_cents[taken],
    )


def carried_of(carried: Carried, malls: Sequence[int]) -> Carried:
    """Return the orders of some pilots, ascending, numbered in their order."""
    keep = np.isin(carried.mall, malls)
    left = {name: getattr(carried, name)[keep] for name in Carried.__dataclass_fields__}
    left["mall"] = np.searchsorted(malls, left["mall"])
    return Carried(**left)


def _neighbors(carried: Carried, nodes: Floats) -> tuple[Integers, Floats]:
    """Return for each drive the orders of each pilot with the nearest modelled drives, and the drive they are taken for."""
    pilots = np.unique(carried.mall)
    count = max(_FEWEST_NEIGHBORS, _NEIGHBORS // max(1, len(pilots)))
    taken = []
    for pilot in pilots.tolist():
        first, last = np.searchsorted(carried.mall, [pilot, pilot + 1])
        logs, size = np.log(carried.modelled_s[first:last]), last - first
        # The nearest ones stand together: their window begins where its two ends are as far from the drive, by ratio.
        ends = logs[:-count] + logs[count:] if size > count else np.empty(0)
        start = np.searchsorted(ends, 2 * np.log(nodes))
        # A pilot with few orders gives each of them several times: pilots count the same.
        taken.append(first + (start[:, None] + np.arange(count)) % size)
    return np.concatenate(taken, axis=1).ravel(), np.repeat(nodes, count * len(pilots))
