"""Times carried over: whole orders, the drive rescaled, every pilot counting the same."""

import numpy as np
import pytest

from analytics.models.transfer import NODES, Carried, carried_of, drive_nodes, like


def carried(*orders):
    """Orders given as pilot, modelled drive, drive and click-to-door; the rest is the same for all."""
    mall, modelled_s, drive_s, door_s = (np.array(column, float) for column in zip(*orders, strict=True))
    count = len(orders)
    return Carried(
        mall=mall.astype(np.int64),
        modelled_s=modelled_s,
        drive_s=drive_s,
        click_to_door_s=door_s,
        promise_s=np.full(count, 2_400.0),
        start_s=np.full(count, 300.0),
        trip_s=np.full(count, 1_500.0),
        trip_orders=np.full(count, 2.0),
        pay_cents=np.full(count, 800.0),
    )


def test_the_drive_is_rescaled_and_the_rest_of_the_order_stays():
    found = like(carried((0, 600, 900, 2_000)), np.full(NODES, 1_200.0))

    # 900 s of drive where the model said 600 become 1,800 where it says 1,200; the other 1,100 s stay
    assert set(found.click_to_door_s) == {2_900.0}
    assert set(found.is_on_time) == {1.0}  # the promise moved by 600 s to 3,000
    assert set(found.busy_s) == {1_500.0 + 900 + 1_200}  # the longer trip, and the drive back
    assert (set(found.start_s), set(found.trip_orders), set(found.pay_cents)) == ({300.0}, {2.0}, {800.0})


def test_a_mall_with_the_drives_of_its_only_pilot_has_its_times():
    rng = np.random.default_rng(1)
    modelled_s = np.sort(rng.integers(200, 1_800, 4_000)).astype(float)
    drive_s = modelled_s * rng.lognormal(0, 0.2, 4_000)
    door_s = drive_s + rng.lognormal(7, 0.4, 4_000)
    own = carried(*zip(np.zeros(4_000), modelled_s, drive_s, door_s, strict=True))

    found = like(own, drive_nodes(modelled_s, np.full(4_000, 1 / 4_000)))

    for share in (0.5, 0.9):
        assert found.percentile_s(share) == pytest.approx(np.quantile(door_s, share), rel=0.02)


def test_orders_with_about_the_same_drive_are_taken():
    near, far = [(0, 300, 300, 1_000)] * 300, [(0, 1_500, 1_500, 9_000)] * 300

    assert like(carried(*near, *far), np.full(NODES, 310.0)).percentile_s(1.0) == pytest.approx(1_010)


def test_a_pilot_with_few_orders_counts_as_much_as_one_with_many():
    found = like(carried(*[(0, 600, 600, 1_000)] * 500, *[(1, 600, 600, 3_000)] * 7), np.full(NODES, 600.0))

    assert np.mean(found.click_to_door_s == 3_000) == 0.5


def test_unknown_stays_unknown():
    one = carried((0, 600, 600, 1_000))

    found = like(Carried(**{**vars(one), "promise_s": np.array([np.nan]), "pay_cents": np.array([np.nan])}), np.full(NODES, 600.0))

    assert np.isnan(found.is_on_time).all()
    assert np.isnan(found.pay_cents).all()


def test_drives_are_those_of_the_orders_not_of_the_areas():
    nodes = drive_nodes([900, 300, 600], [0.25, 0.5, 0.25])

    assert [int((nodes == each).sum()) for each in (300, 600, 900)] == [NODES // 2, NODES // 4, NODES // 4]


def test_without_a_pilot_the_others_close_ranks():
    left = carried_of(carried((0, 1, 1, 1), (1, 2, 2, 2), (2, 3, 3, 3)), [0, 2])

    assert (left.mall.tolist(), left.modelled_s.tolist()) == ([0, 1], [1.0, 3.0])
