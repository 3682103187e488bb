"""The dispatch loop, counted by hand: one day, one or two drivers, seconds since midnight."""

import numpy as np

from data.demo.batches import Batches
from data.demo.dispatch import DECLINED, EXPIRED, NOBODY, Refusals, RefusedOffers, Trips, week_trips
from data.demo.drivers import Shifts
from data.demo.model import MODEL

TEN = 36_000


def column(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def dispatched(
    released: list[int], *, ready: list[int], drivers: int = 1, refused: list[int] | None = None, silent: int = 0, cancelled: bool = False
) -> tuple[Trips, RefusedOffers]:
    """Run a day: approach 300 s, inside 400, drive 600, back 500, decisions 10; drivers come at 09:45, 200 s from the mall, for 4 h."""
    count = len(released)
    each = {"approach_s": 300, "inside_s": 400, "drive_s": 600, "back_s": 500, "loaded_m": 5_000, "pay_cents": 900}
    batches = Batches(
        day=column([0] * count),
        release_s=column(released),
        ready_s=column(ready),
        order_count=column([1] * count),
        store_count=column([1] * count),
        is_cancelled=np.full(count, cancelled),
        stop_order=np.arange(count),
        stop_batch=np.arange(count),
        stop_drive_s=column([600] * count),
        **{name: column([value] * count) for name, value in each.items()},
    )
    answers = Refusals(column(refused or [0] * count), np.full((count, 5), 10), np.full((count, 5), silent))
    start, all_drivers = TEN - 900, np.arange(drivers)
    shifts = Shifts(0 * all_drivers, 0 * all_drivers + start, 0 * all_drivers + start + 4 * 3600, all_drivers, 0 * all_drivers + 200)
    return week_trips(batches, shifts, answers, 1, MODEL)


def test_a_driver_waits_for_the_goods_and_comes_back_before_the_next_trip() -> None:
    trips, _ = dispatched([TEN, TEN + 60], ready=[TEN + 3_600, TEN + 100])
    assert trips.accepted_s.tolist() == [TEN + 10, 40_370]  # 40 s after the first door
    assert trips.arrived_s.tolist() == [TEN + 310, 40_820]  # the way back from the first door, 500 s, is longer than 300
    assert trips.left_s.tolist() == [TEN + 3_720, 41_220]  # the goods and 120 s to walk back; then 400 s inside
    assert trips.ended_s.tolist() == [40_320, 41_820]


def test_a_refused_trip_goes_to_the_next_driver_and_the_first_stays_free() -> None:
    trips, refused = dispatched([TEN, TEN + 30], ready=[TEN, TEN], drivers=2, refused=[1, 0])
    assert (refused.driver.tolist(), refused.shown_s.tolist(), refused.decided_s.tolist()) == ([0], [TEN], [TEN + 10])
    assert refused.status.tolist() == [DECLINED]
    assert trips.driver.tolist() == [1, 0]
    assert trips.accepted_s.tolist() == [TEN + 20, TEN + 40]


def test_silence_expires_and_the_only_driver_is_asked_again_later() -> None:
    trips, refused = dispatched([TEN], ready=[TEN], refused=[1], silent=1)
    assert refused.status.tolist() == [EXPIRED]
    assert refused.decided_s.tolist() == [TEN + 45]
    assert trips.shown_s.tolist() == [TEN + 45 + 180]


def test_nobody_takes_an_offer_at_the_end_of_a_block_or_after_long_patience() -> None:
    last = TEN - 900 + 4 * 3600 - 1_500
    assert dispatched([last], ready=[last])[0].driver.tolist() == [0]
    assert dispatched([last + 1], ready=[last + 1])[0].driver.tolist() == [NOBODY]
    busy_until_s = TEN + 7_000 + 120 + 600 + 40
    impatient = busy_until_s - MODEL.patience_s - 1
    assert dispatched([TEN, impatient], ready=[TEN + 7_000, TEN])[0].driver.tolist() == [0, NOBODY]
    assert dispatched([TEN, impatient + 1], ready=[TEN + 7_000, TEN])[0].driver.tolist() == [0, 0]


def test_a_trip_cancelled_on_the_way_ends_at_the_mall() -> None:
    trips, _ = dispatched([TEN], ready=[TEN], cancelled=True)
    assert trips.ended_s.tolist() == [TEN + 310 + 200]
