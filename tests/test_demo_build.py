"""The demo as a version of a warehouse: labelled synthetic, loaded without a fault, calibrated, and the same for the same seed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analytics.calibration import PUBLISHED, Row, calibration, text
from data import demo
from data.contracts import TABLES
from data.demo.content import content_hash
from data.demo.model import MODEL
from data.engine import Engine
from data.warehouse import Version, Warehouse

DENSE = replace(
    MODEL, last_day=date(2026, 9, 13), base_weeks=4, malls=tuple((name, replace(mall, opened_after_days=-63)) for name, mall in MODEL.malls)
)
"""Four weeks of late summer, three malls past their launch: 30,000 orders there are as many a day as 200,000 in the default demo."""


def silent(_: str, __: int, ___: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return demo.build(Warehouse(tmp_path_factory.mktemp("dense")), orders=30_000, seed=1, model=DENSE, progress=silent)


@pytest.fixture(scope="module")
def small(demo_root: Path) -> Version:
    version = Warehouse(demo_root).current()
    assert version is not None
    return version


def test_the_demo_is_labelled_synthetic_and_says_what_it_is(small: Version) -> None:
    assert small.manifest.synthetic
    assert small.manifest.note == "Demo markets: 5,000 orders, seed 1"


def test_the_demo_loads_without_a_reject_or_a_finding(dense: Version, small: Version) -> None:
    for version in (dense, small):
        assert version.manifest.findings == ()
        assert all(count.rows_in == count.kept for count in version.manifest.counts.values())


def test_every_market_is_complete_until_the_last_sunday(small: Version) -> None:
    assert {market_id: extent.last_complete_on for market_id, extent in small.manifest.extent.items()} == dict.fromkeys(
        ("las-vegas", "phoenix", "washington"), date(2026, 11, 15)
    )


def test_stages_of_every_delivered_order_are_known(small: Version) -> None:
    unknown = Engine.of(small).table("SELECT count(*) AS n FROM orders WHERE status = 'delivered' AND (drive_s IS NULL OR unsplit_s > 0)")
    assert unknown.to_pylist() == [{"n": 0}]


def test_achieved_figures_lie_in_the_published_bands(dense: Version) -> None:
    whole = [row for row in calibration(dense) if row.market_id is None]
    assert [row.published.figure for row in whole] == [published.figure for published in PUBLISHED]
    assert {row.published.figure: row.achieved for row in whole if not row.is_within} == {}


def test_the_same_seed_gives_the_same_content_and_another_gives_other(small: Version, tmp_path: Path) -> None:
    again, other = (demo.build(Warehouse(tmp_path / str(seed)), orders=5_000, seed=seed, progress=silent) for seed in (1, 2))
    assert content_hash(again) == content_hash(small)
    assert content_hash(other) != content_hash(small)


def test_the_hash_sees_a_changed_value_a_row_less_and_null_for_empty(publish: Callable[..., Version]) -> None:
    rows: list[Mapping[str, object]] = [{"store_id": "a", "mall_id": "m", "name": ""}, {"store_id": "b", "mall_id": "m", "name": "n"}]
    first = content_hash(publish({"stores": rows}, replace=["stores"]))
    assert content_hash(publish({"stores": rows[::-1]}, replace=["stores"])) == first
    hashes = {first}
    for changed in ([rows[0]], [{**rows[0], "name": None}, rows[1]], [rows[0], {**rows[1], "name": "m"}]):
        hashes.add(content_hash(publish({"stores": changed}, replace=["stores"])))
    assert len(hashes) == 4


def test_a_second_build_replaces_the_first(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    for orders in (2_000, 1_500):
        version = demo.build(warehouse, orders=orders, seed=1, progress=silent)
    assert version.manifest.rows("orders") == 1_500
    assert len(warehouse.versions()) == 2


def test_nothing_of_an_earlier_load_is_left_beside_the_demo(warehouse: Warehouse, publish: Callable[..., Version]) -> None:
    every = {each.name: [] for each in TABLES}
    area = {"area_id": "320030001011", "market_id": "las-vegas", "latitude": 36.1, "longitude": -115.1, "population": 7}
    store = {"store_id": "theirs", "mall_id": "theirs"}
    publish(every | {"demand_areas": [area], "stores": [store]})
    version = demo.build(warehouse, orders=1_000, seed=1, progress=silent)
    left = "SELECT (SELECT count(*) FROM demand_areas) AS areas, (SELECT count(*) FROM stores WHERE store_id = 'theirs') AS stores"
    assert Engine.of(version).table(left).to_pylist() == [{"areas": 0, "stores": 0}]


def test_calibration_counts_by_hand(publish: Callable[..., Version]) -> None:
    """One shift of two hours; trips of 60 and 40 minutes that overlap by 10, and one of 30 that runs 20 past the shift: 100 of 120 busy."""
    day = "2026-06-01 "
    trip = {"market_id": "m", "driver_id": "d", "pay_cents": 1_500}
    order = {"market_id": "m", "status": "delivered", "placed_at": day + "10:00:00"}
    version = publish({
        "shifts": [
            {"shift_id": "s", "driver_id": "d", "market_id": "m", "start_at": day + "10:00:00", "end_at": day + "12:00", "online_s": 7_200}
        ],
        "trips": [
            {**trip, "trip_id": "a", "accepted_at": day + "10:00:00", "ended_at": day + "11:00:00"},
            {**trip, "trip_id": "b", "accepted_at": day + "10:50:00", "ended_at": day + "11:30:00"},
            {**trip, "trip_id": "c", "accepted_at": day + "11:50:00", "ended_at": day + "12:20:00"},
        ],
        "offers": [
            {"offer_id": str(number), "market_id": "m", "shown_at": day + "10:00:00", "status": status}
            for number, status in enumerate(["accepted", "accepted", "declined", "expired"])
        ],
        "orders": [
            {**order, "order_id": "1", "click_to_door_s": 1_800, "late_s": -5},
            {**order, "order_id": "2", "click_to_door_s": 3_600, "late_s": 1},
            {**order, "order_id": "3", "click_to_door_s": None, "late_s": None},
            {**order, "order_id": "4", "status": "cancelled"},
        ],
    })  # fmt: skip
    achieved = {row.published.figure: row.achieved for row in calibration(version) if row.market_id is None}
    assert achieved == pytest.approx({
        "earnings_per_online_hour": 22.5,
        "deliveries_per_online_hour": 1.5,
        "utilization": 100 * 100 / 120,
        "declined_share": 25.0,
        "click_to_door_mean": 45.0,
        "on_time_share": 50.0,
    })  # fmt: skip


def test_calibration_of_a_version_without_orders_says_so(publish: Callable[..., Version]) -> None:
    rows = calibration(publish({"stores": [{"store_id": "a", "mall_id": "m"}]}))
    assert [row.achieved for row in rows] == [None] * len(PUBLISHED)
    assert not any(row.is_within for row in rows)


def test_the_printed_calibration_marks_what_lies_outside_and_names_the_source() -> None:
    published = PUBLISHED[0]
    lines = text([Row(published, None, 30.0), Row(published, "m", 20.0)]).splitlines()
    assert "30.00" in lines[1]
    assert "outside" in lines[1]
    assert published.source in lines[1]
    assert "outside" not in lines[2]
