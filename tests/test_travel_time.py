"""The prior curve: its points, its ends, and the catchments made with it."""

from pathlib import Path

import h3
import numpy as np
import pytest

from data.travel_time import KILOMETERS, LONGEST_S, MINUTES, longest_m, prior_s
from tests.loading import Shop


@pytest.mark.parametrize(("kilometers", "minutes"), list(zip(KILOMETERS, MINUTES, strict=True)))
def test_the_curve_goes_through_its_points(kilometers: float, minutes: float) -> None:
    assert prior_s(np.array([kilometers * 1000])).tolist() == [round(minutes * 60)]


@pytest.mark.parametrize(
    ("kilometers", "seconds"),
    [
        (0.0, 120),  # 4.3 - 2.3: the first slope goes back to the mall itself
        (0.5, 189),
        (4.0, 594),  # half way between 8.3 and 11.5 minutes
        (40.0, 2238),  # 32 + 10 * 0.53
        (50.0, 2556),
    ],
)
def test_the_curve_is_straight_between_and_beyond_its_points(kilometers: float, seconds: int) -> None:
    assert prior_s(np.array([kilometers * 1000])).tolist() == [seconds]


def test_longer_ways_never_take_less_time_and_45_minutes_is_the_end() -> None:
    drive_s = prior_s(np.arange(0, 60_000, 50.0))

    assert (np.diff(drive_s) >= 0).all()
    assert prior_s(np.array([longest_m() - 1, longest_m() + 20])).tolist() == [LONGEST_S, LONGEST_S + 1]


def test_catchments_hold_cells_of_demand_doors_and_malls_of_the_mall_s_own_market(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    near, edge, far = (h3.latlng_to_cell(latitude, -112.0, 9) for latitude in (33.6, 33.985, 34.0))
    rows = [{"market_id": "desert", "cell": cell, "population": 1} for cell in (near, edge, far)]
    shop.load(shop.rows_file("demand_cells.csv", rows))

    shop.orders({"dropoff_latitude": "33.51", "dropoff_longitude": "-112.0"})

    found = shop.rows("SELECT * FROM catchments WHERE mall_id = 'M1' ORDER BY drive_s")
    door, mall = h3.latlng_to_cell(33.51, -112.0, 9), h3.latlng_to_cell(33.5, -112.0, 9)
    assert [h3.int_to_str(row["cell"]) for row in found] == [mall, door, near, edge]
    assert {(row["market_id"], row["source"], row["drive_sdlog_permille"]) for row in found} == {("desert", "prior", 230)}
    # 0.1 degrees of latitude are 11.1 km: 17.2 min + 1.1 km at 1.1 min, up to the cell's own center.
    assert found[2]["drive_s"] == pytest.approx(60 * (17.2 + 1.12 * 1.1), abs=15)
    # 53.9 km are 44.7 minutes; 55.6 km would be 45.6.
    assert 44 * 60 < found[3]["drive_s"] <= 45 * 60
    assert [h3.int_to_str(row["cell"]) for row in shop.rows("SELECT cell FROM catchments WHERE mall_id = 'M2'")] == [
        h3.latlng_to_cell(38.9, -77.2, 9)
    ]
