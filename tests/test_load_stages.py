"""Stages of an order: the golden cases counted by hand, and 20,000 random orders against a plain second version."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.contracts import TIMELINE
from tests.loading import Shop

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
STAGES = ("prep_s", "assign_s", "approach_s", "store_wait_s", "handling_s", "mall_dwell_s", "drive_s", "unsplit_s")


def stages(case: tuple[int | None, ...]) -> dict[str, int | None]:
    """Return the stages as the glossary defines them, written plainly: walk over the known events, divide what can be divided."""
    placed, ready, accepted, arrived, picked_up, delivered = case
    result: dict[str, int | None] = dict.fromkeys(STAGES)
    known = [each for each in (placed, accepted, arrived, picked_up, delivered) if each is not None]
    if known != sorted(known):
        return result
    result["unsplit_s"] = 0
    events = [("placed", placed), ("accepted", accepted), ("arrived", arrived), ("picked_up", picked_up), ("delivered", delivered)]
    present = [(place, name, at) for place, (name, at) in enumerate(events) if at is not None]
    r = None if ready is None else max(placed, ready if picked_up is None else min(ready, picked_up))
    for (place, name, at), (next_place, _, next_at) in itertools.pairwise(present):
        whole = next_at - at
        if next_place > place + 1 or (name == "placed" and r is None):
            result["unsplit_s"] += whole
        elif name == "placed":
            result["prep_s"] = min(r, next_at) - at
            result["assign_s"] = max(0, next_at - r)
        elif name == "accepted":
            result["approach_s"] = whole
        elif name == "arrived":
            result["mall_dwell_s"] = whole
            if r is not None:
                result["store_wait_s"] = max(0, r - at)
                result["handling_s"] = whole - max(0, r - at)
        else:
            result["drive_s"] = whole
    return result


def _load(shop: Shop, cases: list[tuple[int | None, ...]]) -> list[dict[str, int | None]]:
    """Load orders given by seconds after ``START`` (placed, ready, accepted, arrived, picked up, delivered); return them in order."""
    names = ["placed_at", "ready_at", *TIMELINE[1:]]
    columns = {
        name: pa.array(
            [None if case[place] is None else START + timedelta(seconds=case[place]) for case in cases], pa.timestamp("s", "UTC")
        )
        for place, name in enumerate(names)
    }
    path = shop.folder / "orders.parquet"
    pq.write_table(pa.table({"order_id": [f"{place:06}" for place in range(len(cases))], "mall_id": ["M1"] * len(cases), **columns}), path)
    shop.load(path, replace=True)
    return shop.rows(f"SELECT {', '.join(STAGES)}, click_to_door_s FROM orders ORDER BY order_id")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("stages")).open()


GOLDEN = {
    # placed, ready, accepted, arrived, picked up, delivered -> prep, assign, approach, store wait, handling, mall dwell, drive, unsplit
    "ready after the driver accepts": ((0, 600, 300, 900, 1200, 2400), (300, 0, 600, 0, 300, 300, 1200, 0)),
    "ready before the driver accepts": ((0, 200, 300, 900, 1200, 2400), (200, 100, 600, 0, 300, 300, 1200, 0)),
    "driver waits in the store": ((0, 1000, 300, 900, 1200, 2400), (300, 0, 600, 100, 200, 300, 1200, 0)),
    "ready before it was placed": ((0, -50, 300, 900, 1200, 2400), (0, 300, 600, 0, 300, 300, 1200, 0)),
    "ready after it was picked up": ((0, 1300, 300, 900, 1200, 2400), (300, 0, 600, 300, 0, 300, 1200, 0)),
    "ready unknown": ((0, None, 300, 900, 1200, 2400), (None, None, 600, None, None, 300, 1200, 300)),
    "accept unknown": ((0, 200, None, 900, 1200, 2400), (None, None, None, 0, 300, 300, 1200, 900)),
    "arrival unknown": ((0, 200, 300, None, 1200, 2400), (200, 100, None, None, None, None, 1200, 900)),
    "pick-up unknown": ((0, 200, 300, 900, None, 2400), (200, 100, 600, None, None, None, None, 1500)),
    "only the ends known": ((0, None, None, None, None, 2400), (None, None, None, None, None, None, None, 2400)),
    "everything at once": ((0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0, 0)),
    "out of order": ((0, 200, 300, 250, 1200, 2400), (None,) * 8),
}


def test_golden_cases_of_the_stages(shop: Shop) -> None:
    rows = _load(shop, [events for events, _ in GOLDEN.values()])

    found = {name: tuple(row[stage] for stage in STAGES) for name, row in zip(GOLDEN, rows, strict=True)}
    assert found == {name: expected for name, (_, expected) in GOLDEN.items()}


def test_stages_of_20_000_random_orders_tile_click_to_door_and_agree_with_a_plain_version(shop: Shop) -> None:
    random_ = random.Random(20)
    cases = []
    for _ in range(20_000):
        accepted, arrived, picked_up, delivered = sorted(random_.randint(0, 5000) for _ in range(4))
        events = [random_.randint(-100, 5100), accepted, arrived, picked_up]
        if random_.random() < 0.1:
            random_.shuffle(events)
        cases.append((0, *(None if random_.random() < 0.15 else event for event in events), delivered))

    rows = _load(shop, cases)

    tiled = 0
    for case, row in zip(cases, rows, strict=True):
        assert {stage: row[stage] for stage in STAGES} == stages(case), case
        assert row["click_to_door_s"] == case[-1]
        if row["unsplit_s"] is not None:
            tiled += 1
            parts = ("prep_s", "assign_s", "approach_s", "mall_dwell_s", "drive_s", "unsplit_s")
            assert sum(row[stage] or 0 for stage in parts) == row["click_to_door_s"]
            assert all((row[stage] or 0) >= 0 for stage in STAGES)
            assert row["store_wait_s"] is None or row["store_wait_s"] + row["handling_s"] == row["mall_dwell_s"]
    assert tiled > 15_000


def test_durations_of_orders_that_were_not_delivered_are_null(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    shop.orders({"status": "cancelled"}, {"order_id": "o2", "status": "Delivered", "promised_by": "2026-03-02 18:00:00"})

    rows = shop.rows("SELECT click_to_door_s, ready_to_door_s, late_s, unsplit_s, drive_s, placed_to_ready_s FROM orders ORDER BY order_id")

    assert list(rows[0].values()) == [None, None, None, None, None, 600]
    assert list(rows[1].values()) == [2400, 1800, -1200, 0, 1200, 600]
