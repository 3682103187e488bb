"""A courier data set of foreign shape, loaded by mapping: utilization, deliveries an hour and click-to-door, counted second by second."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from analytics.answers import answers
from analytics.parameters import EVERYTHING, Parameters
from data.warehouse import Version
from tests.loading import Shop

START_S = 1_772_431_200
"""2026-03-01 23:00 in Phoenix: the couriers work past midnight."""

SPAN_S = 3 * 86_400
COURIERS = 12

MAPPING = """
[shifts]
file = "couriers.csv"
time_zone = "UTC"
[shifts.columns]
shift_id = "session"
driver_id = "rider"
start_at = "on_time"
end_at = "off_time"
[trips]
file = "waves.csv"
time_zone = "UTC"
[trips.columns]
trip_id = "wave"
driver_id = "rider"
mall_id = "shop_area"
accepted_at = "grab_time"
ended_at = "done_time"
[orders]
file = "bills.csv"
time_zone = "UTC"
[orders.columns]
order_id = "bill"
mall_id = "shop_area"
driver_id = "rider"
trip_id = "wave"
placed_at = "create_time"
delivered_at = "arrive_time"
status = "state"
[orders.values]
status = { done = "delivered", void = "cancelled" }
"""

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Mapping[str, Rows]:
    """Make sessions that overlap, waves that overlap and outlast them, and bills of which some are void; times are epoch seconds."""
    rng = np.random.default_rng(11)
    sessions, waves, bills = [], [], []
    for rider in range(COURIERS):
        for _ in range(5):
            on = START_S + int(rng.integers(SPAN_S))
            sessions.append(
                {"session": f"s{len(sessions)}", "rider": f"r{rider}", "on_time": on, "off_time": on + int(rng.integers(1800, 30_000))}
            )
        for _ in range(30):
            grab = START_S + int(rng.integers(SPAN_S))
            wave = {"wave": f"w{len(waves)}", "rider": f"r{rider}", "shop_area": "M1", "grab_time": grab}
            waves.append({**wave, "done_time": grab + int(rng.integers(60, 5400))})
            for _ in range(int(rng.integers(1, 4))):
                created = grab - int(rng.integers(0, 900))
                arrived = grab + int(rng.integers(300, 6000))
                bill = {"bill": f"b{len(bills)}", "rider": f"r{rider}", "shop_area": "M1", "wave": wave["wave"], "create_time": created}
                is_void = rng.random() < 0.1
                bills.append({**bill, "arrive_time": None if is_void else arrived, "state": "void" if is_void else "done"})
    return {"couriers": sessions, "waves": waves, "bills": bills}


@pytest.fixture(scope="module")
def version(made: Mapping[str, Rows], tmp_path_factory: pytest.TempPathFactory) -> Version:
    shop = Shop(tmp_path_factory.mktemp("courier"))
    market = shop.write("markets.csv", "market_id,name,time_zone,boundary_counties\ndesert,Desert,America/Phoenix,04013\n")
    shop.load(market, shop.write("malls.csv", "mall_id,market_id,name,status,latitude,longitude\nM1,desert,One,open,33.5,-112.0\n"))
    shop.load(*(shop.rows_file(f"{name}.csv", rows) for name, rows in made.items()), mapping=MAPPING)
    found = shop.warehouse.current()
    assert found is not None
    return found


def seconds(rows: Rows, rider: str, start: str, end: str) -> np.ndarray:
    """Mark every second in which a rider has at least one of the spans."""
    marked = np.zeros(SPAN_S + 100_000, bool)
    for row in rows:
        if row["rider"] == rider:
            marked[row[start] - START_S : row[end] - START_S] = True
    return marked


def time_of_all(made: Mapping[str, Rows]) -> tuple[int, int]:
    online = engaged = 0
    for rider in {row["rider"] for row in made["couriers"]}:
        there = seconds(made["couriers"], rider, "on_time", "off_time")
        online += int(there.sum())
        engaged += int((there & seconds(made["waves"], rider, "grab_time", "done_time")).sum())
    return online, engaged


def ask(metric: str, version: Version, **parameters: Any) -> dict[str, Any]:
    return answers(metric, Parameters(**parameters), EVERYTHING, version).row()


def test_utilization_is_that_of_a_count_second_by_second(made: Mapping[str, Rows], version: Version) -> None:
    online, engaged = time_of_all(made)

    for place in ({}, {"market_id": "desert"}):
        row = ask("utilization", version, **place)
        assert (row["numerator"], row["denominator"]) == (engaged, online)


def test_deliveries_an_hour_are_those_of_a_count(made: Mapping[str, Rows], version: Version) -> None:
    online, engaged = time_of_all(made)
    delivered = sum(row["state"] == "done" for row in made["bills"])

    assert ask("deliveries_per_online_hour", version)["rate"] == pytest.approx(3600 * delivered / online)
    assert ask("deliveries_per_engaged_hour", version)["rate"] == pytest.approx(3600 * delivered / engaged)


def test_click_to_door_is_that_of_sorting(made: Mapping[str, Rows], version: Version) -> None:
    spans = sorted(row["arrive_time"] - row["create_time"] for row in made["bills"] if row["state"] == "done")

    row = ask("click_to_door", version)
    assert (row["n"], row["sum_s"]) == (len(spans), sum(spans))
    assert (row["p50_s"], row["p90_s"]) == (spans[-(-len(spans) * 50 // 100) - 1], spans[-(-len(spans) * 90 // 100) - 1])


def test_periods_add_up_to_the_whole(version: Version) -> None:
    whole = ask("utilization", version)
    days = answers("utilization", Parameters(by=("day",)), EVERYTHING, version).rows()

    assert sum(row["denominator"] for row in days) == whole["denominator"]
    assert sum(row["numerator"] for row in days) == whole["numerator"]
    assert len(days) == SPAN_S // 86_400
