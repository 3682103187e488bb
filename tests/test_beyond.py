"""Which groups of an answer are judged, and on which side."""

from analytics.beyond import judged


def test_a_store_far_slower_than_the_others_is_slow_beyond_chance(town):
    for store in range(5):
        town.deliver("M1", seconds=[1800 + 10 * order for order in range(60)], store_id=f"s{store}", promise_s=3000)
    town.deliver("M1", seconds=[3800 + 10 * order for order in range(60)], store_id="slow", promise_s=3000)

    found = judged(town.ask("click_to_door", by=("store",)), "p90_s")

    assert [row["store_id"] for row in found.rows.to_pylist() if row["verdict"] == "worse"] == ["slow"]
    slow = next(row for row in found.rows.to_pylist() if row["store_id"] == "slow")
    assert found.center < slow["shrunk_low"] < slow["shrunk"] <= slow["p90_s"]


def test_late_is_worse_for_a_share_that_should_be_high(town):
    for store, late in (("a", 3), ("b", 4), ("c", 3), ("late", 40)):
        town.deliver("M1", seconds=[1000] * (60 - late) + [4000] * late, store_id=store, promise_s=3000)

    rows = judged(town.ask("on_time_share", by=("store",)), "share").rows.to_pylist()

    assert [row["store_id"] for row in rows if row["verdict"] == "worse"] == ["late"]
    assert 20 / 60 <= next(row["shrunk"] for row in rows if row["store_id"] == "late") < 0.5


def test_under_thirty_orders_and_without_a_name_nothing_is_judged(town):
    for store, orders in (("many", 30), ("few", 29), ("hidden", 5), (None, 60)):
        town.deliver("M1", seconds=[1000] * (orders - 2) + [4000] * 2, store_id=store, promise_s=3000)

    rows = judged(town.ask("on_time_share", by=("store",)), "share").rows.to_pylist()

    assert [row["store_id"] for row in rows if row["verdict"] != "not judged"] == ["many"]
    assert [row["shrunk"] is None for row in rows] == [row["store_id"] != "many" for row in rows]
