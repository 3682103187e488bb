"""Who drives what, when: a plain event loop over one mall-day, after everything random about a trip has been drawn.

Drivers wait in a heap ordered by the second they are free; a trip goes to the one who has waited longest. A driver is in the heap once or
on one trip, never both: that is why nobody is in two places.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from data.cells import Floats, Integers
from data.demo.batches import Batches
from data.demo.drivers import Shifts
from data.demo.model import Model

ACCEPTED, DECLINED, EXPIRED = range(3)
OFFER_STATUSES = ("accepted", "declined", "expired")
NOBODY = -1

_Six: TypeAlias = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Refusals:
    """What drivers will say to each batch: refusals before somebody takes it, and per answer the seconds and whether it was silence."""

    count: Integers
    decision_s: Integers
    is_expired: Integers


@dataclass(frozen=True)
class Trips:
    """One entry per batch; ``driver`` is NOBODY where no driver was found. Seconds since local midnight of the batch's day."""

    driver: Integers
    shown_s: Integers
    accepted_s: Integers
    arrived_s: Integers
    left_s: Integers
    ended_s: Integers
    empty_m: Integers


@dataclass(frozen=True)
class _Blocks:
    """The blocks of one day: start, end, and the way from home to the mall, in seconds."""

    start_s: list[int]
    end_s: list[int]
    home_s: list[int]


@dataclass(frozen=True)
class RefusedOffers:
    """Offers that were declined or expired: batch, driver, attempt (0 the first), seconds, status."""

    batch: Integers
    driver: Integers
    attempt: Integers
    shown_s: Integers
    decided_s: Integers
    status: Integers


def refusals(batches: Batches, model: Model, rng: Generator) -> Refusals:
    """Draw the answers to each batch: the log-odds of refusing rise with its distance and fall with pay per km above the usual.

    Each refusal raises the pay, hence lowers the odds of the next one.
    """
    km = batches.loaded_m / model.road_factor / 1_000
    attempts = np.arange(model.most_refusals)
    pay = batches.pay_cents[:, None] / 100 * (1 + model.raise_per_refusal * attempts)
    surplus = (pay - pay.mean() - model.usual_dollars_per_km * 0.5 * (km - model.mean_distance_km)[:, None]) / model.mean_distance_km
    odds = (
        model.decline_intercept + model.decline_per_km * (km - model.mean_distance_km)[:, None] + model.decline_per_dollar_per_km * surplus
    )
    refuses = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
    count = np.cumprod(refuses, axis=1).sum(axis=1)
    answers = (len(km), model.most_refusals + 1)
    is_expired = (rng.random(answers) < model.expired_share).astype(np.int64)
    decision = np.clip(model.decision_median_s * rng.lognormal(0, 0.5, answers), 2, model.expiry_s - 1).astype(np.int64)
    return Refusals(count, decision, is_expired)


def _day(batches: Batches, span: tuple[int, int], blocks: _Blocks, answers: Refusals, model: Model) -> tuple[list[_Six], list[_Six]]:
    """Run one day.

    Returns
    -------
    trips, refused
        Per batch (block, shown, accepted, arrived, left, ended); and per refused offer (batch, block, attempt, shown, decided, status).
    """
    first, last = span
    rows = zip(
        *(
            column[first:last].tolist()
            for column in (
                batches.release_s,
                batches.ready_s,
                batches.approach_s,
                batches.inside_s,
                batches.drive_s,
                batches.back_s,
                batches.is_cancelled,
                answers.count,
                answers.decision_s,
                answers.is_expired,
            )
        ),
        strict=True,
    )
    closing = [each - model.last_accept_before_end_s for each in blocks.end_s]
    back = [begin + drive for begin, drive in zip(blocks.start_s, blocks.home_s, strict=True)]
    idle = [(begin, shift) for shift, begin in enumerate(blocks.start_s)]
    heapify(idle)
    patience, expiry, pause, walk_back = model.patience_s, model.expiry_s, model.pause_s, model.walk_back_s
    ask_again = model.ask_again_s
    trips: list[_Six] = []
    refused: list[_Six] = []
    for batch, (release, ready, approach, inside, drive, home, cancelled, no_count, decisions, silences) in enumerate(rows, first):
        now, attempt = release, 0
        answered: list[tuple[int, int]] = []
        while True:
            while idle and closing[idle[0][1]] < max(idle[0][0], now):
                heappop(idle)
            if answered and (not idle or idle[0][0] > now + ask_again):
                for entry in answered:
                    heappush(idle, entry)
                answered.clear()
                now, attempt = now + ask_again, no_count
                continue
            if not idle or idle[0][0] - release > patience:
                trips.append((NOBODY, 0, 0, 0, 0, 0))
                break
            free, shift = heappop(idle)
            now = max(now, free)
            if attempt < no_count:
                decided = now + (expiry if silences[attempt] else decisions[attempt])
                refused.append((batch, shift, attempt, now, decided, DECLINED + silences[attempt]))
                answered.append((decided, shift))
                now, attempt = decided, attempt + 1
                continue
            accepted = now + decisions[attempt]
            arrived = max(accepted + approach, back[shift])
            if cancelled:
                left = ended = arrived + inside // 2
                back[shift] = ended
            else:
                left = max(arrived + inside, ready + walk_back)
                ended = left + drive
                back[shift] = ended + home
            trips.append((shift, now, accepted, arrived, left, ended))
            heappush(idle, (ended + pause, shift))
            break
        for entry in answered:
            heappush(idle, entry)
    return trips, refused


def week_trips(batches: Batches, shifts: Shifts, answers: Refusals, days: int, model: Model) -> tuple[Trips, RefusedOffers]:
    """Run the days of a week one after the other; no driver works two blocks a day, and no trip lasts until the next day's first."""
    batch_edges = np.searchsorted(batches.day, np.arange(days + 1)).tolist()
    shift_edges = np.searchsorted(shifts.day, np.arange(days + 1)).tolist()
    trips: list[_Six] = []
    refused: list[_Six] = []
    for day in range(days):
        low, high = shift_edges[day : day + 2]
        blocks = _Blocks(*(column[low:high].tolist() for column in (shifts.start_s, shifts.end_s, shifts.home_s)))
        own_trips, own_refused = _day(batches, (batch_edges[day], batch_edges[day + 1]), blocks, answers, model)
        trips += [(trip[0] if trip[0] == NOBODY else trip[0] + low, *trip[1:]) for trip in own_trips]
        refused += [(row[0], row[1] + low, *row[2:]) for row in own_refused]
    return _trips(trips, shifts, model), _refused(refused, shifts)


def _trips(rows: list[_Six], shifts: Shifts, model: Model) -> Trips:
    shift, shown, accepted, arrived, left, ended = np.array(rows, np.int64).reshape(-1, 6).T
    driver = np.where(shift == NOBODY, NOBODY, shifts.driver[shift])
    return Trips(driver, shown, accepted, arrived, left, ended, _empty_m(arrived - accepted, model))


def _empty_m(approach_s: Integers, model: Model) -> Integers:
    """Return the road meters of an approach of that many seconds: the prior curve read backwards."""
    km: Floats = np.interp(approach_s / 60, model.drive_min, model.drive_km)
    return (km * 1_000 * model.road_factor).astype(np.int64)


def _refused(rows: list[_Six], shifts: Shifts) -> RefusedOffers:
    batch, shift, attempt, shown, decided, status = np.array(rows, np.int64).reshape(-1, 6).T
    return RefusedOffers(batch, shifts.driver[shift], attempt, shown, decided, status)
