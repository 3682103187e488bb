"""Click-to-door, on-time share and stages, counted by hand and against a plain second version."""

from collections.abc import Sequence
from datetime import timedelta
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.town import MONDAY, Town, local

MINUTE = 60


def test_percentiles_are_nearest_rank(town):
    town.deliver("M1", seconds=[100 * rank for rank in range(1, 11)])

    row = town.row("click_to_door")

    assert (row.n, row.sum_s, row.mean_s, row.p50_s, row.p90_s) == (10, 5500, 550.0, 500, 900)


def test_the_mean_counts_the_orders_that_click_to_door_counts(town):
    town.deliver("M1", seconds=[100 * rank for rank in range(1, 11)] + [None])
    town.deliver("M1", seconds=[600], delivered_at=None)

    answer = town.ask("mean_click_to_door")

    assert (answer.row()["n"], answer.row()["sum_s"], answer.row()["mean_s"]) == (10, 5500, 550.0)
    assert answer.left_out == {"delivered orders without usable times of order and delivery": 1}


def test_one_more_order_moves_the_rank_up(town):
    town.deliver("M1", seconds=[100 * rank for rank in range(1, 12)])

    row = town.row("click_to_door")

    assert (row.p50_s, row.p90_s) == (600, 1000)  # ranks 5.5 and 9.9 are not reached before 6 and 10


def test_each_group_has_its_own_ranks(town):
    town.deliver("M1", seconds=[100 * rank for rank in range(1, 11)])
    town.deliver("M2", seconds=[10 * rank for rank in range(1, 31)])

    rows = town.rows("click_to_door", by=("mall",))

    assert [(row.n, row.p50_s, row.p90_s) for row in rows] == [(10, 500, 900), (30, 150, 270)]


def test_equal_seconds_count_each(town):
    town.deliver("M1", seconds=[300] * 9 + [900])

    assert town.row("click_to_door").p90_s == 300


def test_cancelled_orders_have_no_click_to_door_and_are_no_loss(town):
    town.deliver("M1", seconds=[600] * 10 + [None] * 5)

    answer = town.ask("click_to_door")

    assert answer.row()["n"] == 10
    assert answer.left_out == {}


def test_a_delivered_order_without_its_time_is_left_out_and_counted(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 3, delivered_at=None)
    town.deliver("M2", seconds=[600] * 4, delivered_at=None)

    answer = town.ask("click_to_door", mall_id="M1")

    assert answer.row()["n"] == 10
    assert answer.left_out == {"delivered orders without usable times of order and delivery": 3}


def test_a_delivery_before_its_order_is_left_out_and_not_negative(town):
    town.deliver("M1", seconds=[600] * 10 + [-5])

    answer = town.ask("click_to_door")

    assert (answer.row()["n"], answer.row()["p50_s"]) == (10, 600)
    assert list(answer.left_out.values()) == [1]


def test_a_delivery_in_the_second_of_the_promise_is_on_time(town):
    town.deliver("M1", seconds=[2699, 2700, 2701] * 4, promise_s=2700)

    row = town.row("on_time_share")

    assert (row.numerator, row.denominator, row.n) == (8, 12, 12)
    assert row.share == pytest.approx(2 / 3)


def test_orders_without_a_promise_are_left_out_of_the_share_and_counted(town):
    town.deliver("M1", seconds=[600] * 10, promise_s=700)
    town.deliver("M1", seconds=[600] * 7)
    town.deliver("M1", seconds=[None] * 5, promise_s=700)

    answer = town.ask("on_time_share")

    assert (answer.row()["numerator"], answer.row()["denominator"]) == (10, 10)
    assert answer.left_out == {"delivered orders without a promise or without a time of delivery": 7}


def test_a_share_over_groups_is_not_a_mean_of_shares(town):
    town.deliver("M1", seconds=[600] * 30, promise_s=600)
    town.deliver("M2", seconds=[601] * 10, promise_s=600)

    assert town.row("on_time_share").share == 0.75
    assert [row.share for row in town.rows("on_time_share", by=("mall",))] == [1.0, 0.0]


# The stages: golden cases, minutes after the order was placed.
TIMELINES = {
    "packed before accepted": (
        {"ready": 10, "accepted": 14, "arrived": 22, "picked_up": 30, "delivered": 45},
        {"prep": 10, "assign": 4, "approach": 8, "store_wait": 0, "handling": 8, "mall_dwell": 8, "drive": 15, "unsplit": 0},
    ),
    "packed while the driver waits at the mall": (
        {"ready": 25, "accepted": 5, "arrived": 12, "picked_up": 30, "delivered": 45},
        {"prep": 5, "assign": 0, "approach": 7, "store_wait": 13, "handling": 5, "mall_dwell": 18, "drive": 15, "unsplit": 0},
    ),
    "packed, it is said, after the driver left": (
        {"ready": 40, "accepted": 5, "arrived": 12, "picked_up": 30, "delivered": 45},
        {"prep": 5, "assign": 0, "approach": 7, "store_wait": 18, "handling": 0, "mall_dwell": 18, "drive": 15, "unsplit": 0},
    ),
    "packed, it is said, before it was ordered": (
        {"ready": -3, "accepted": 5, "arrived": 12, "picked_up": 30, "delivered": 45},
        {"prep": 0, "assign": 5, "approach": 7, "store_wait": 0, "handling": 18, "mall_dwell": 18, "drive": 15, "unsplit": 0},
    ),
    "packing unknown: nobody knows who waited, the dwell stays whole": (
        {"accepted": 5, "arrived": 12, "picked_up": 30, "delivered": 45},
        {"prep": 0, "assign": 0, "approach": 7, "store_wait": 0, "handling": 0, "mall_dwell": 18, "drive": 15, "unsplit": 5},
    ),
    "arrival unknown: from accept to pick-up is one piece": (
        {"ready": 3, "accepted": 5, "picked_up": 30, "delivered": 45},
        {"prep": 3, "assign": 2, "approach": 0, "store_wait": 0, "handling": 0, "mall_dwell": 0, "drive": 15, "unsplit": 25},
    ),
    "only order and door known": (
        {"delivered": 45},
        {"prep": 0, "assign": 0, "approach": 0, "store_wait": 0, "handling": 0, "mall_dwell": 0, "drive": 0, "unsplit": 45},
    ),
}


@pytest.mark.parametrize("name", TIMELINES)
def test_stages_tile_click_to_door(town, name):
    events, expected = TIMELINES[name]
    place_orders(town, events, orders=10)

    row = town.row("stages")

    assert {stage: getattr(row, f"{stage}_sum_s") for stage in expected} == {stage: 10 * MINUTE * span for stage, span in expected.items()}
    tiles = (row.prep_sum_s, row.assign_sum_s, row.approach_sum_s, row.mall_dwell_sum_s, row.drive_sum_s, row.unsplit_sum_s)
    assert sum(tiles) == row.click_to_door_sum_s == 10 * 45 * MINUTE
    assert row.drive_mean_s == expected["drive"] * MINUTE


def test_orders_whose_events_run_backwards_have_no_stages_but_keep_their_click_to_door(town):
    place_orders(town, TIMELINES["packed before accepted"][0], orders=10)
    place_orders(town, {"accepted": 20, "arrived": 12, "picked_up": 30, "delivered": 45}, orders=2)

    answer = town.ask("stages")

    assert answer.row()["n"] == 10
    assert list(answer.left_out.values()) == [2]
    assert town.row("click_to_door").n == 12


def test_store_wait_is_averaged_over_the_orders_whose_packing_is_known(town):
    place_orders(town, TIMELINES["packed while the driver waits at the mall"][0], orders=10)
    place_orders(town, TIMELINES["packing unknown: nobody knows who waited, the dwell stays whole"][0], orders=10)

    row = town.row("stages")

    assert (row.n, row.store_wait_n) == (20, 10)
    assert row.store_wait_mean_s == 13 * MINUTE
    assert row.mall_dwell_mean_s == 18 * MINUTE


def place_orders(town: Town, minutes: dict[str, int], *, orders: int) -> None:
    placed_at = local(MONDAY, 12)
    events = {("ready_at" if name == "ready" else f"{name}_at"): placed_at + timedelta(minutes=at) for name, at in minutes.items()}
    for _ in range(orders):
        town.order("M1", placed_at=placed_at, **events)


# Single stages and waits.


@pytest.mark.parametrize(
    ("metric", "minutes"),
    [
        ("ready_to_door", 35),
        ("ready_to_pickup", 20),
        ("placed_to_ready", 10),
        ("prep", 10),
        ("assign", 4),
        ("approach", 8),
        ("store_wait", 0),
        ("handling", 8),
        ("drive", 15),
    ],
)
def test_a_stage_or_wait_has_its_own_percentiles(town, metric, minutes):
    place_orders(town, TIMELINES["packed before accepted"][0], orders=30)

    row = town.row(metric)

    assert (row.n, row.sum_s, row.p50_s, row.p90_s) == (30, 30 * minutes * MINUTE, minutes * MINUTE, minutes * MINUTE)
    assert row.mean_s == minutes * MINUTE


def test_waits_whose_packing_is_unknown_are_left_out_and_counted(town):
    known, unknown = (TIMELINES[name][0] for name in list(TIMELINES)[:5:4])
    place_orders(town, known, orders=12)
    place_orders(town, unknown, orders=5)

    for metric in ("ready_to_door", "ready_to_pickup", "placed_to_ready", "prep", "assign", "store_wait", "handling"):
        answer = town.ask(metric)
        assert (answer.row()["n"], list(answer.left_out.values())) == (12, [5]), metric
    assert town.row("approach").n == town.row("drive").n == 17


# The slow tail.


def test_the_tail_is_from_the_85th_to_the_95th_percentile_both_included(town):
    placed_at = local(MONDAY, 12)
    for minute in range(1, 101):
        events = {"accepted_at": 0, "arrived_at": 0, "picked_up_at": minute // 2, "delivered_at": minute}
        town.order(
            "M1", placed_at=placed_at, ready_at=placed_at, **{name: placed_at + timedelta(minutes=at) for name, at in events.items()}
        )

    row = town.row("tail_stages")

    assert (row.n, row.tail_n, row.tail_low_s, row.tail_high_s) == (100, 11, 85 * MINUTE, 95 * MINUTE)
    assert row.tail_click_to_door_sum_s == sum(range(85, 96)) * MINUTE
    assert row.tail_handling_sum_s == sum(minute // 2 for minute in range(85, 96)) * MINUTE
    assert row.tail_click_to_door_mean_s == 90 * MINUTE
    assert row.tail_drive_mean_s + row.tail_mall_dwell_mean_s == row.tail_click_to_door_mean_s


def test_each_group_has_its_own_tail(town):
    town.deliver("M1", seconds=[100] * 80 + [1000] * 20)
    town.deliver("M2", seconds=[100] * 20)

    rows = town.rows("tail_stages", by=("mall",))

    assert [(row.tail_n, row.tail_low_s, row.tail_high_s) for row in rows] == [(20, 1000, 1000), (20, 100, 100)]


def test_a_tail_of_few_customers_is_hidden_while_its_group_is_shown(town):
    town.deliver("M1", seconds=range(1000, 1050))

    row = town.row("tail_stages")

    assert (row.n, row.tail_n, row.tail_low_s, row.tail_click_to_door_sum_s) == (50, None, None, None)


# Plain second versions.


def nearest_rank(values: Sequence[int], percent: int) -> int:
    ordered = sorted(values)
    return next(value for rank, value in enumerate(ordered, start=1) if rank >= len(ordered) * percent / 100)


def wilson_by_hand(numerator: int, n: int) -> tuple[float, float]:
    """Solve (p - share)^2 = z^2 p (1 - p) / n for p."""
    share, z2 = numerator / n, 1.96**2
    a, b, c = 1 + z2 / n, -(2 * share + z2 / n), share**2
    root = sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


spans = st.lists(st.one_of(st.none(), *[st.integers(0, 9000)] * 5), min_size=8, max_size=60)


@settings(max_examples=15)
@given(first=spans, second=spans)
def test_click_to_door_agrees_with_sorting_and_counting(first, second):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        town.deliver("M1", seconds=first)
        town.deliver("M2", seconds=second)
        rows = {row.mall_id: row for row in town.rows("click_to_door", by=("mall",))}

    for mall, seconds in (("M1", first), ("M2", second)):
        delivered = [span for span in seconds if span is not None]
        if not delivered:
            assert mall not in rows
        elif len(delivered) < 10:
            assert rows[mall].suppressed
            assert rows[mall].n is rows[mall].sum_s is rows[mall].p90_s is None
        else:
            row = rows[mall]
            assert (row.n, row.sum_s) == (len(delivered), sum(delivered))
            assert (row.p50_s, row.p90_s) == (nearest_rank(delivered, 50), nearest_rank(delivered, 90))
            assert row.p90_low_s <= row.p90_s <= (row.p90_high_s or row.p90_s)


@settings(max_examples=15)
@given(seconds=spans, promise_s=st.integers(0, 9000))
def test_on_time_share_agrees_with_counting_and_with_the_quadratic_of_wilson(seconds, promise_s):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        town.deliver("M1", seconds=seconds, promise_s=promise_s)
        town.deliver("M2", seconds=[promise_s + 1] * 20, promise_s=promise_s)
        row = town.row("on_time_share", mall_id="M1")

    delivered = [span for span in seconds if span is not None]
    if not delivered:
        assert (row.numerator, row.denominator, row.share, row.suppressed) == (0, 0, None, False)
    elif len(delivered) < 10:
        assert (row.numerator, row.denominator, row.share, row.suppressed) == (None, None, None, True)
    else:
        on_time = sum(span <= promise_s for span in delivered)
        assert (row.numerator, row.denominator) == (on_time, len(delivered))
        assert (row.low, row.high) == pytest.approx(wilson_by_hand(on_time, len(delivered)), abs=1e-9)


@settings(max_examples=15)
@given(first=st.lists(st.integers(0, 60), min_size=1, max_size=80), second=st.lists(st.integers(0, 900), min_size=1, max_size=80))
def test_the_tail_agrees_with_sorting_and_counting(first, second):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        town.deliver("M1", seconds=first)
        town.deliver("M2", seconds=second)
        answer = town.ask("tail_stages", by=("mall",))
        raw = {row["mall_id"]: row for row in town.by_hand(answer.sql).to_pylist()}

    for mall, seconds in (("M1", first), ("M2", second)):
        low, high = nearest_rank(seconds, 85), nearest_rank(seconds, 95)
        tail = [span for span in seconds if low <= span <= high]
        row = raw[mall]
        assert (row["n"], row["tail_n"], row["tail_low_s"], row["tail_high_s"]) == (len(seconds), len(tail), low, high)
        assert row["tail_click_to_door_sum_s"] == row["tail_unsplit_sum_s"] == sum(tail)


@settings(max_examples=10)
@given(seconds=st.lists(st.integers(0, 5000), min_size=10, max_size=60), promise_s=st.integers(0, 4000))
def test_lateness_agrees_with_sorting_and_counting(seconds, promise_s):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        town.deliver("M1", seconds=seconds, promise_s=promise_s)
        town.deliver("M2", seconds=[promise_s + 7] * 20, promise_s=promise_s)
        raw = town.by_hand(town.ask("lateness", mall_id="M1").sql).to_pylist()[0]

    late = [span - promise_s for span in seconds if span > promise_s]
    assert (raw["n"], raw["late_n"], raw["late_sum_s"]) == (len(seconds), len(late), sum(late))
    expected = (nearest_rank(late, 50), nearest_rank(late, 90), max(late)) if late else (None, None, None)
    assert (raw["late_p50_s"], raw["late_p90_s"], raw["late_max_s"]) == expected
