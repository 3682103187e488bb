"""From a file to a figure: the golden cases of the stages go through the real loader, and every metric answers over what it made."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.answers import answers
from analytics.catalog import METRICS
from analytics.parameters import EVERYTHING, Parameters
from data.load import load
from data.warehouse import Version, Warehouse
from tests.test_metrics_delivery_times import MINUTE, TIMELINES
from tests.town import MONDAY, local

ORDERS = 10


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A version loaded from files: a store for each golden case, ten orders each, two malls, and people within reach and beyond."""
    folder: Path = tmp_path_factory.mktemp("golden")
    market = {"market_id": "V", "name": "Las Vegas", "time_zone": "America/Los_Angeles"}
    place = {"latitude": 36.128, "longitude": -115.171}
    mall = {"mall_id": "M1", "market_id": "V", "name": "Mall", "status": "open", **place}
    other_mall = {**mall, "mall_id": "M2", "name": "Other mall", "latitude": 36.14}
    area = {"area_id": "320030001001", "market_id": "V", "county": "32003", "population": 1000, **place}
    far_area = {**area, "area_id": "320030001002", "latitude": 36.4}
    tables = {"markets": [market], "malls": [mall, other_mall], "demand_areas": [area, far_area], "orders": _orders(), **_work()}
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    result = load([folder], warehouse=Warehouse(folder / "warehouse"))
    assert result.version is not None
    return result.version


def _work() -> dict[str, list[dict[str, object]]]:
    """Five drivers, each online for two hours with one trip of half an hour."""
    at = local(MONDAY, 12)
    work: dict[str, list[dict[str, object]]] = {"shifts": [], "trips": [], "offers": []}
    for number in range(5):
        who = {"driver_id": f"d{number}", "mall_id": "M1"}
        work["shifts"].append({"shift_id": f"s{number}", **who, "start_at": at, "end_at": at + timedelta(hours=2)})
        events = {name: at + timedelta(minutes=minute) for name, minute in (("arrived_at", 10), ("picked_up_at", 15), ("ended_at", 30))}
        meters = {"empty_m": 1000, "loaded_m": 3000}
        counts = {"status": "completed", "order_count": 2, "store_count": 1, "pay_cents": 900}
        work["trips"].append({"trip_id": f"t{number}", **who, "accepted_at": at, **events, **counts, **meters})
        answer = {"shown_at": at, "decided_at": at, "status": "accepted", "pay_cents": 900, "trip_id": f"t{number}"}
        work["offers"].append({"offer_id": f"f{number}", **who, **answer})
    return work


def _orders() -> list[dict[str, object]]:
    placed_at = local(MONDAY, 12)
    rows: list[dict[str, object]] = []
    for store, (minutes, _) in TIMELINES.items():
        for number in range(ORDERS):
            row = {f"{event}_at": None for event in ("ready", "accepted", "arrived", "picked_up")}
            row |= {f"{event}_at": placed_at + timedelta(minutes=at) for event, at in minutes.items()}
            row |= {"order_id": f"o{len(rows)}", "mall_id": "M1", "store_id": store, "status": "delivered", "placed_at": placed_at}
            row |= {"trip_id": f"t{number % 5}" if "ready" in minutes else None}  # so that every event of the trips is known
            row |= {"dropoff_latitude": 36.11, "dropoff_longitude": -115.15, "promised_by": placed_at + timedelta(minutes=45)}
            rows.append(row)
    return rows


@pytest.mark.parametrize("store", TIMELINES)
def test_loaded_stages_are_those_counted_by_hand(version, store):
    rows = answers("stages", Parameters(by=("store",)), EVERYTHING, version).rows()
    (row,) = (each for each in rows if each["store_id"] == store)

    expected = TIMELINES[store][1]
    assert {stage: row[f"{stage}_sum_s"] for stage in expected} == {stage: ORDERS * MINUTE * span for stage, span in expected.items()}
    assert row["click_to_door_sum_s"] == ORDERS * 45 * MINUTE


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_every_metric_answers_over_a_load(version, metric):
    answer = answers(metric.id, Parameters(market_id="V"), EVERYTHING, version)

    assert not answer.is_empty
    assert not answer.is_synthetic


def test_a_load_makes_local_days_and_cells_that_can_be_grouped_by(version):
    row = answers("on_time_share", Parameters(by=("market", "mall", "day", "hour", "cell"), resolution=8), EVERYTHING, version).row()

    assert (row["market_id"], row["local_date"], row["local_hour"]) == ("V", MONDAY, 12)
    assert (row["numerator"], row["denominator"]) == (70, 70)


def test_people_at_the_mall_are_within_reach_of_it_and_those_far_away_are_not(version):
    row = answers("covered_share", Parameters(), EVERYTHING, version).row()

    assert (row["numerator"], row["denominator"]) == (1000, 2000)
