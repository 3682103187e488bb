"""Late orders and what made them late, counted by hand and against a plain second version."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.town import MONDAY, Town, local

MINUTE = 60
WEEK = timedelta(weeks=1)
STAGES = ("prep", "assign", "approach", "mall_dwell", "drive", "unsplit", "promise_too_short", "no_history")
USUAL = {"ready": 10, "accepted": 12, "arrived": 20, "picked_up": 28, "delivered": 40}
"""Minutes after the order was placed: prep 10, assign 2, approach 8, store wait 0, handling 8, drive 12."""


def place(town, minutes, *, orders=1, day=MONDAY, hour=12, mall="M1", promise=45, **columns):
    """Let orders happen by minutes after they were placed; a value may be in parts of a minute."""
    placed_at = local(day, hour, market=town.market_of(mall))
    events = {("ready_at" if name == "ready" else f"{name}_at"): placed_at + timedelta(minutes=at) for name, at in minutes.items()}
    promised_by = None if promise is None else placed_at + timedelta(minutes=promise)
    return [town.order(mall, placed_at=placed_at, promised_by=promised_by, **events, **columns) for _ in range(orders)]


def usual_weeks(town, *, weeks=1, orders=30, hour=12, **options):
    for week in range(1, weeks + 1):
        place(town, USUAL, orders=orders, day=MONDAY - week * WEEK, hour=hour, **options)


def late_minutes(row):
    return {stage: getattr(row, f"late_{stage}_sum_s") / MINUTE for stage in STAGES if getattr(row, f"late_{stage}_sum_s")}


def in_period(town, **options):
    return town.row("late_attribution", start_on=MONDAY, end_on=MONDAY + WEEK, **options)


# Lateness.


def test_only_late_orders_have_a_lateness_and_it_is_not_capped(town):
    town.deliver("M1", seconds=[900] * 20 + [901 + second for second in range(9)] + [90_000], promise_s=900)

    row = town.row("lateness")

    assert (row.n, row.late_n, row.late_sum_s) == (30, 10, 45 + 89_100)
    assert (row.late_p50_s, row.late_p90_s, row.late_max_s) == (5, 9, 89_100)
    assert row.late_mean_s == pytest.approx(89_145 / 10)


def test_nobody_late_is_zero_late_orders_and_no_percentile(town):
    town.deliver("M1", seconds=[900] * 20, promise_s=900)

    row = town.row("lateness")

    assert (row.n, row.late_n, row.late_sum_s, row.late_p50_s, row.late_max_s) == (20, 0, 0, None, None)


def test_seconds_of_few_late_customers_are_hidden_and_how_many_they_are_is_what_the_share_on_time_leaves(town):
    town.deliver("M1", seconds=[900] * 20 + [1000] * 9, promise_s=900)

    on_time, late, by_stage = (town.row(metric) for metric in ("on_time_share", "lateness", "late_attribution"))

    assert (on_time.numerator, on_time.denominator) == (20, 29)
    assert (late.n, late.late_n, by_stage.late_n) == (29, 9, 9)
    assert {late.late_sum_s, late.late_mean_s, late.late_p50_s, late.late_p90_s, late.late_p50_high_s, late.late_max_s} == {None}
    assert {by_stage.late_sum_s, by_stage.late_mean_s, by_stage.late_unsplit_sum_s, by_stage.late_no_history_sum_s} == {None}


def test_groups_without_late_orders_keep_their_row(town):
    town.deliver("M1", seconds=[900] * 20, promise_s=900)
    town.deliver("M2", seconds=[1000] * 12, promise_s=900)

    rows = town.rows("lateness", by=("mall",))

    assert [(row.mall_id, row.n, row.late_n, row.late_max_s) for row in rows] == [("M1", 20, 0, None), ("M2", 12, 12, 100)]


# Late attribution.


def test_late_seconds_are_shared_out_by_what_took_longer_than_is_typical(town):
    usual_weeks(town)
    # prep 10 over, drive 5 over; 15 + 40 = 55 minutes, 10 late: prep 10 * 10/15, drive 10 * 5/15.
    slow = {"ready": 20, "accepted": 22, "arrived": 30, "picked_up": 38, "delivered": 55}
    place(town, slow, orders=12)

    row = in_period(town)

    assert (row.n, row.late_n, row.late_sum_s) == (12, 12, 12 * 600)
    assert (row.late_prep_sum_s, row.late_drive_sum_s) == (12 * 400, 12 * 200)
    assert set(late_minutes(row)) == {"prep", "drive"}
    assert row.late_prep_mean_s == 400


def test_seconds_that_do_not_divide_go_to_the_largest_remainder_and_ties_to_the_earlier_stage(town):
    usual_weeks(town)
    # 2 over in prep, assign, approach each: a third of 100 seconds is 33, and the one left over goes to prep, the first of equals.
    slow = {"ready": 12, "accepted": 16, "arrived": 26, "picked_up": 34, "delivered": 46}
    place(town, slow, orders=12, promise=46 - 100 / 60)

    row = in_period(town)

    assert (row.late_prep_sum_s, row.late_assign_sum_s, row.late_approach_sum_s) == (12 * 34, 12 * 33, 12 * 33)
    # 1 over in prep, 5 in the drive: 100 * 1/6 = 16.67 and 100 * 5/6 = 83.33, so the second goes to prep although the drive has more.
    town.tables["orders"] = [order for order in town.tables["orders"] if order["local_date"] < MONDAY]
    place(town, {"ready": 11, "accepted": 13, "arrived": 21, "picked_up": 29, "delivered": 46}, orders=12, promise=46 - 100 / 60)

    row = in_period(town)

    assert (row.late_prep_sum_s, row.late_drive_sum_s) == (12 * 17, 12 * 83)


def test_an_order_that_took_no_longer_than_usual_had_too_short_a_promise(town):
    usual_weeks(town)
    place(town, USUAL, orders=12, promise=35)

    assert late_minutes(in_period(town)) == {"promise_too_short": 12 * 5}


def test_a_mall_without_earlier_orders_has_no_history(town):
    usual_weeks(town, mall="M2")
    place(town, USUAL, orders=12, promise=35)

    assert late_minutes(in_period(town, mall_id="M1")) == {"no_history": 12 * 5}


def test_the_wait_for_the_store_and_the_handling_are_parts_of_the_mall_dwell(town):
    usual_weeks(town)
    # Ready 5 after the arrival: prep 12 (2 over), assign 0, store wait 5 (5 over), handling 11 (3 over), drive 12: 10 minutes late.
    slow = {"ready": 25, "accepted": 12, "arrived": 20, "picked_up": 36, "delivered": 48}
    place(town, slow, orders=12, promise=38)

    row = in_period(town)

    assert (row.late_store_wait_sum_s, row.late_handling_sum_s) == (12 * 300, 12 * 180)
    assert row.late_mall_dwell_sum_s == 12 * 480
    assert row.late_prep_sum_s == 12 * 120


def test_a_dwell_and_a_beginning_that_cannot_be_divided_count_as_wholes(town):
    unpacked = {name: at for name, at in USUAL.items() if name != "ready"}
    for week in range(1, 3):
        place(town, unpacked, orders=30, day=MONDAY - week * WEEK)
    # Until accept 12 usually, now 18; dwell 8 usually, now 12: 6 and 4 over, 5 late.
    place(town, {"accepted": 18, "arrived": 26, "picked_up": 38, "delivered": 50}, orders=12)

    row = in_period(town)

    assert (row.late_unsplit_sum_s, row.late_mall_dwell_sum_s) == (12 * 180, 12 * 120)
    assert (row.late_store_wait_sum_s, row.late_handling_sum_s) == (0, 0)


def test_the_lower_median_is_typical(town):
    for drive, orders in ((12, 15), (20, 15)):
        minutes = {**USUAL, "delivered": 28 + drive}
        place(town, minutes, orders=orders, day=MONDAY - WEEK, promise=None)
    place(town, {**USUAL, "delivered": 48}, orders=12, promise=47)

    assert late_minutes(in_period(town)) == {"drive": 12}


def test_a_stage_that_mostly_takes_no_time_is_typically_zero(town):
    at_once = {"ready": 12, "accepted": 12, "arrived": 20, "picked_up": 28, "delivered": 40}
    for minutes in (at_once, {**at_once, "ready": 2}):  # without a wait for a driver, and with ten minutes of it
        place(town, minutes, orders=20, day=MONDAY - WEEK, promise=None)
    place(town, {"ready": 2, "accepted": 12, "arrived": 20, "picked_up": 28, "delivered": 40}, orders=12, promise=35)

    assert late_minutes(in_period(town)) == {"assign": 12 * 5}


@pytest.mark.parametrize(("weeks_ago", "counts"), [(0, False), (1, True), (8, True), (9, False)])
def test_the_eight_weeks_before_the_own_one_are_the_history(town, weeks_ago, counts):
    place(town, USUAL, orders=30, day=MONDAY - weeks_ago * WEEK, promise=60)
    place(town, USUAL, orders=12, promise=35)

    row = in_period(town)

    assert ("promise_too_short" in late_minutes(row)) == counts
    assert ("no_history" in late_minutes(row)) != counts


def test_history_reaches_back_from_each_week_of_a_period_not_from_its_start(town):
    place(town, USUAL, orders=30, day=MONDAY - 9 * WEEK, promise=60)
    place(town, {**USUAL, "delivered": 60}, orders=30, day=MONDAY - 3 * WEEK, promise=90)
    place(town, {**USUAL, "delivered": 60}, orders=12, day=MONDAY)
    place(town, {**USUAL, "delivered": 60}, orders=12, day=MONDAY - 3 * WEEK + timedelta(days=7))

    rows = town.rows("late_attribution", by=("week",), start_on=MONDAY - 2 * WEEK, end_on=MONDAY + WEEK)

    # Two weeks before, the usual order of nine weeks before is still known, and half of sixty orders: the lower median is its drive.
    assert [late_minutes(row) for row in rows] == [{"drive": 12 * 15}, {"promise_too_short": 12 * 15}]


def test_a_period_may_begin_in_the_middle_of_a_week(town):
    place(town, USUAL, orders=30, day=MONDAY - 8 * WEEK, promise=60)
    place(town, USUAL, orders=12, day=MONDAY + timedelta(days=6), hour=12, promise=35)

    row = town.row("late_attribution", start_on=MONDAY + timedelta(days=5), end_on=MONDAY + WEEK)

    assert late_minutes(row) == {"promise_too_short": 12 * 5}


def test_fewer_than_thirty_of_the_hour_of_the_week_give_way_to_the_hour_of_any_day_and_then_to_the_mall(town):
    slow = {**USUAL, "delivered": 60}
    place(town, slow, orders=29, day=MONDAY - WEEK, promise=None)
    place(town, USUAL, orders=31, day=MONDAY - WEEK + timedelta(days=1), promise=None)
    place(town, slow, orders=12)

    assert late_minutes(in_period(town)) == {"drive": 12 * 15}  # at twelve of any day, 31 of 60 are usual

    place(town, slow, orders=1, day=MONDAY - WEEK, promise=None)

    assert late_minutes(in_period(town)) == {"promise_too_short": 12 * 15}  # thirty of Monday at twelve

    town.tables["orders"] = []
    place(town, slow, orders=29, day=MONDAY - WEEK, promise=None)
    place(town, USUAL, orders=30, day=MONDAY - WEEK, hour=18, promise=None)
    place(town, slow, orders=12)

    assert late_minutes(in_period(town)) == {"drive": 12 * 15}  # all of the mall: 30 of 59 are usual


def test_the_history_is_that_of_the_own_mall(town):
    usual_weeks(town)
    slow = {**USUAL, "delivered": 60}
    place(town, slow, orders=30, day=MONDAY - WEEK, mall="M2", promise=None)
    for mall in ("M1", "M2"):
        place(town, slow, orders=12, mall=mall)

    rows = town.rows("late_attribution", by=("mall",), start_on=MONDAY)

    assert [late_minutes(row) for row in rows] == [{"drive": 12 * 15}, {"promise_too_short": 12 * 15}]
    assert late_minutes(in_period(town, mall_id="M2")) == {"promise_too_short": 12 * 15}


def test_cancelled_orders_and_orders_without_ordered_events_are_no_history(town):
    place(town, USUAL, orders=30, day=MONDAY - WEEK, status="cancelled")
    place(town, {**USUAL, "accepted": 25}, orders=30, day=MONDAY - WEEK)
    place(town, USUAL, orders=12, promise=35)

    assert late_minutes(in_period(town)) == {"no_history": 12 * 5}


def test_an_hour_of_the_week_is_chosen_with_the_whole_history(town):
    slow = {**USUAL, "delivered": 60}
    place(town, slow, orders=5, day=MONDAY - WEEK, promise=None)
    place(town, USUAL, orders=30, day=MONDAY - WEEK, hour=18, promise=None)
    for hour in (12, 18):
        place(town, slow, orders=12, hour=hour)

    row = in_period(town, dow=1, hour=12)

    assert (row.late_n, late_minutes(row)) == (12, {"drive": 12 * 15})


def test_orders_without_a_mall_have_no_history(town):
    usual_weeks(town)
    place(town, USUAL, orders=12, mall=None, promise=35)

    assert late_minutes(in_period(town)) == {"no_history": 12 * 5}


def test_a_stage_of_too_few_customers_is_hidden_and_does_not_follow_from_the_rest(town):
    usual_weeks(town)
    place(town, {**USUAL, "delivered": 60}, orders=30)
    place(town, {name: at for name, at in {**USUAL, "delivered": 60}.items() if name != "ready"}, orders=3)

    row = in_period(town)

    assert row.late_n == 33
    assert row.late_unsplit_sum_s is None
    assert [stage for stage in STAGES if getattr(row, f"late_{stage}_sum_s") is None] != ["unsplit"]


# A plain second version: loops over orders, medians by sorting.


def expected_attribution(orders, first_on):
    """Share out late seconds order by order; pieces are (name shown, seconds)."""
    totals = dict.fromkeys(STAGES, 0)
    tiled = [SimpleNamespace(**order) for order in orders if order.get("click_to_door_s") is not None and "unsplit_s" in order]
    for order in tiled:
        if order.local_date < first_on or order.late_s <= 0:
            continue
        over = {}
        knows = False
        for name, seconds in pieces(order).items():
            typical = typical_of(name, order, tiled)
            if typical is not None:
                knows = True
                over[name] = max(0, seconds - typical)
        whole = sum(over.values())
        if not whole:
            totals["promise_too_short" if knows else "no_history"] += order.late_s
            continue
        exact = [(name, divmod(order.late_s * weight, whole)) for name, weight in over.items()]
        shares = {name: part for name, (part, _) in exact}
        missing = order.late_s - sum(shares.values())
        for name, _ in sorted(exact, key=lambda each: -each[1][1])[:missing]:
            shares[name] += 1
        for name, share in shares.items():
            totals[name if name in totals else "mall_dwell"] += share
    return totals


def pieces(order):
    """Return the pieces of an order's time in timeline order; a missing stage is no piece."""
    names = ("prep", "assign", "approach", "store_wait", "handling")
    found = {name: getattr(order, f"{name}_s", None) for name in names}
    if found["store_wait"] is None:
        found["undivided"] = getattr(order, "mall_dwell_s", None)
    found |= {"drive": getattr(order, "drive_s", None), "unsplit": order.unsplit_s or None}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def typical_of(name, order, tiled):
    earlier = [
        other
        for other in tiled
        if other.mall_id == order.mall_id and timedelta(0) < order.local_week_on - other.local_week_on <= timedelta(weeks=8)
    ]
    circles = [
        [other for other in earlier if (other.local_dow, other.local_hour) == (order.local_dow, order.local_hour)],
        [other for other in earlier if other.local_hour == order.local_hour],
        earlier,
    ]
    for number, circle in enumerate(circles):
        seconds = sorted(pieces(other)[name] for other in circle if name in pieces(other))
        if len(seconds) >= (30 if number < 2 else 1):
            return seconds[(len(seconds) - 1) // 2]
    return None


gaps = st.lists(st.integers(0, 40), min_size=5, max_size=5)
groups = st.lists(
    st.tuples(
        gaps, st.sampled_from(["M1", "M2"]), st.integers(-70, 6), st.sampled_from([11, 12]), st.sampled_from([None, "ready", "arrived"])
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12)
@given(groups=groups, size=st.integers(10, 16))
def test_attribution_agrees_with_loops_and_sums_to_the_late_seconds(groups, size):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        for gap, mall, days, hour, lacking in groups:
            marks = [sum(gap[: number + 1]) * 61 / 60 for number in range(5)]
            minutes = dict(zip(("ready", "accepted", "arrived", "picked_up", "delivered"), marks, strict=True))
            place(town, {k: v for k, v in minutes.items() if k != lacking}, orders=size, mall=mall, day=MONDAY + timedelta(days), hour=hour)
        answer = town.ask("late_attribution", start_on=MONDAY)
        raw = SimpleNamespace(**town.by_hand(answer.sql).to_pylist()[0])

    orders = town.tables["orders"]
    late = [order["late_s"] for order in orders if order["local_date"] >= MONDAY and order.get("late_s", 0) > 0]
    assert (raw.late_n, raw.late_sum_s) == (len(late), sum(late))
    assert {stage: getattr(raw, f"late_{stage}_sum_s") for stage in STAGES} == expected_attribution(orders, MONDAY)
    assert sum(getattr(raw, f"late_{stage}_sum_s") for stage in STAGES) == raw.late_sum_s
