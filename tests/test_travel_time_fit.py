"""Drive times calibrated on drives: the curve, the hours, the malls, the places, and the error told with them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import reference
from data.cells import cells_at, centers, haversine_m
from data.travel_time import longest_m, prior_s
from data.travel_time.calibration import BANDS_S, CUT_M, Calibration, Drives, bands, calibrated, sdlog_permille
from data.travel_time.curve import fitted_curve
from data.travel_time.models import FEWEST_DRIVES, Cells, Place, analytic_model
from tests.loading import Shop

MALL = Place("M1", 33.5, -112.0)


def drives(count: int, *, seed: int = 1, made: Callable[[Drives], np.ndarray] | None = None, noise: float = 0.0) -> Drives:
    """Return drives to doors around the mall, taking the prior's time unless ``made`` says otherwise."""
    rng = np.random.default_rng(seed)
    latitude, longitude = 33.5 + rng.normal(0, 0.06, count), -112.0 + rng.normal(0, 0.06, count)
    cell = cells_at(latitude, longitude)
    latitude, longitude = centers(cell)
    line_m = haversine_m(np.float64(MALL.latitude), np.float64(MALL.longitude), latitude, longitude)
    hour, weekend = rng.integers(10, 21, count), rng.integers(0, 2, count)
    found = Drives(np.zeros(count, np.int64), cell, latitude, longitude, line_m, hour, weekend, prior_s(line_m).astype(float))
    drive_s = (made(found) if made else found.drive_s) * np.exp(rng.normal(0, noise, count))
    return Drives(found.mall, cell, latitude, longitude, line_m, hour, weekend, drive_s)


@given(
    st.lists(st.tuples(st.floats(0, 50_000), st.floats(60, 7_200)), min_size=1, max_size=200),
)
@settings(max_examples=50)
def test_whatever_was_driven_the_curve_rises_and_gets_flatter(rows: list[tuple[float, float]]) -> None:
    line_m, drive_s = (np.array(each) for each in zip(*rows, strict=True))

    seconds = fitted_curve(line_m, drive_s).seconds(np.arange(0, 60_000, 250.0))

    steps = np.diff(seconds[seconds > 60])
    assert (np.diff(seconds) >= -1e-6).all()
    assert (np.diff(steps) <= 1e-6 * seconds.max()).all()


def test_the_curve_follows_many_drives_and_the_prior_where_there_are_none() -> None:
    line_m = np.linspace(500, 8_000, 4_000)
    twice = fitted_curve(line_m, 2.0 * prior_s(line_m))

    near, far = twice.seconds(np.array([4_000.0])), twice.seconds(np.array([20_000.0]))
    assert near == pytest.approx(2 * prior_s(np.array([4_000.0])), rel=0.03)
    # At the level of the data, and as long as the prior says from there on.
    assert far == pytest.approx(2 * prior_s(np.array([20_000.0])), rel=0.08)


def test_a_minute_matters_more_on_a_short_drive() -> None:
    line_m = np.linspace(500, 20_000, 4_000)

    # Drives that get slower with distance are no curve of this kind: it is off by the same share, not by the same minutes.
    fitted = fitted_curve(line_m, 120 + 60 * (line_m / 1000) ** 1.4).seconds(np.array([2_000.0]))

    assert fitted / (120 + 60 * 2**1.4) < 1.25


def test_one_drive_in_ten_that_took_two_hours_does_not_move_the_curve() -> None:
    line_m = np.linspace(500, 15_000, 3_000)
    drive_s = prior_s(line_m).astype(float)
    drive_s[::10] = 7_200

    assert fitted_curve(line_m, drive_s).seconds(line_m) == pytest.approx(prior_s(line_m), rel=0.12)


def test_the_rush_hour_is_found_grows_with_the_drive_and_averages_out() -> None:
    def slow_at_five(each: Drives) -> np.ndarray:
        return each.drive_s * np.where((each.hour == 17) & (each.is_weekend == 0), 1 + 0.3 * np.minimum(each.drive_s / 900, 1), 1)

    model = analytic_model(drives(6_000, made=slow_at_five, noise=0.1), 1)

    assert model.calibration is not None
    share = model.calibration.share
    permille = np.stack([model.calibration.permille(band) for band in range(len(BANDS_S))])
    at_five = permille[:, 17, 0]
    assert (np.diff(at_five) >= 0).all()
    assert at_five[-1] / permille[-1, 12, 0] == pytest.approx(1.3, abs=0.04)
    assert at_five[0] / permille[0, 12, 0] == pytest.approx(1.05, abs=0.03)
    assert (permille * share).sum(axis=(1, 2)) == pytest.approx(np.full(len(BANDS_S), 1000), abs=1)
    assert permille[:, 3, 0].tolist() == pytest.approx((1000 / (permille[:, 12, 0] / 1000)).tolist(), rel=0.1)


def test_the_typical_drive_is_weighted_over_the_hours_by_their_drives() -> None:
    hours, share = np.zeros((24, 2)), np.zeros((24, 2))
    hours[17, 0], share[17, 0], share[12, 1] = 0.4, 0.25, 0.75
    calibration = Calibration(0.1, hours, share, np.array([0.0, 0.2]), {})
    base_s, there = np.array([450.0, 1_800.0]), (np.array([33.5, 33.5]), np.array([-112.0, -112.0]))

    typical = calibration.typical_s(base_s, 1, *there)

    # The hour tells by half at 450 seconds and fully from 900 on.
    by_hand = [450 * np.exp(0.3) * (0.25 * np.exp(0.2) + 0.75), 1_800 * np.exp(0.3) * (0.25 * np.exp(0.4) + 0.75)]
    assert typical.tolist() == pytest.approx(by_hand, rel=1e-4)


def test_a_river_in_the_north_makes_the_north_longer_and_the_south_not() -> None:
    def behind_a_river(each: Drives) -> np.ndarray:
        return each.drive_s * np.where(each.latitude > 33.54, 1.4, 1.0)

    model = analytic_model(drives(6_000, made=behind_a_river, noise=0.1), 1)

    cell = cells_at(np.array([33.56, 33.44]), np.array([-112.0, -112.0]))
    north, south = model.typical_s(0, MALL, Cells(cell, *centers(cell)))
    assert north / south == pytest.approx(1.4, abs=0.1)


def test_three_drives_to_a_place_move_it_a_little_and_fifty_nearly_wholly() -> None:
    def there(count: int) -> float:
        away = drives(2_000)
        here = np.arange(2_000 + count) >= 2_000
        columns = {name: np.r_[getattr(away, name), np.repeat(getattr(away, name)[:1], count)] for name in away.__dataclass_fields__}
        columns["latitude"][here], columns["longitude"][here] = 34.5, -112.0
        columns["hour"][here] = 10 + np.arange(count) % 11
        columns["drive_s"] = columns["drive_s"] * np.where(here, 1.5, 1.0)
        found = Drives(**columns)
        surface = calibrated(found, prior_s(found.distance_m).astype(float), 1).surfaces[0]
        return float(np.exp(surface.at(np.array([34.5]), np.array([-112.0])))[0])

    # 3 of 3 + 8 and 50 of 50 + 8 parts of the log.
    assert there(3) == pytest.approx(1.5 ** (3 / 11), abs=0.02)
    assert there(50) == pytest.approx(1.5 ** (50 / 58), abs=0.04)


def test_a_place_where_nobody_went_is_as_the_curve_has_it() -> None:
    found = drives(3_000, made=lambda each: each.drive_s * np.where(each.latitude > 33.54, 1.4, 1.0))
    surface = calibrated(found, prior_s(found.distance_m).astype(float), 1).surfaces[0]
    away = np.degrees(2 * CUT_M / 6_371_008.8)

    beyond = surface.at(np.array([found.latitude.max() + away]), np.array([found.longitude.min() - away]))

    assert beyond.tolist() == [0.0]


def test_a_few_drives_of_a_mall_move_it_a_little_and_many_move_it_wholly() -> None:
    def of_two(few: int) -> float:
        found = drives(4_000)
        mall = np.r_[np.zeros(4_000 - few, np.int64), np.ones(few, np.int64)]
        drive_s = found.drive_s * np.where(mall == 1, 1.5, 1.0)
        both = Drives(mall, found.cell, found.latitude, found.longitude, found.distance_m, found.hour, found.is_weekend, drive_s)
        return float(np.exp(calibrated(both, prior_s(found.distance_m).astype(float), 3, has_surface=False).malls)[1])

    assert of_two(5) < 1.06
    assert of_two(1_000) == pytest.approx(1.5, abs=0.04)


def test_the_error_is_that_of_drives_to_cells_not_seen_and_few_of_them_leave_the_prior_s() -> None:
    model = analytic_model(drives(6_000, noise=0.15), 1)
    few = analytic_model(drives(FEWEST_DRIVES, noise=0.15), 1)

    assert model.sdlog_permille[1:3] == pytest.approx([150, 150], abs=12)
    assert abs(few.sdlog_permille[-1] - 230) < 40
    assert (model.modelled_s > 0).all()


def test_a_mall_from_which_nobody_drove_is_no_surer_than_the_prior() -> None:
    model = analytic_model(drives(6_000, noise=0.15), 2)
    drive_s = np.array([400, 1_000])

    assert (model.spread_permille(0, drive_s) < 180).all()
    assert model.spread_permille(1, drive_s).tolist() == [230, 230]


def test_the_error_of_a_band_by_hand() -> None:
    modelled_s = np.full(1_000, 450.0)
    drive_s = modelled_s * np.exp(np.where(np.arange(1_000) % 2, 0.1, -0.1))

    # 1.4826 times the median of 0.1, and 30 drives' worth of 0.23: sqrt((1000 * 0.14826^2 + 30 * 0.23^2) / 1030).
    assert sdlog_permille(drive_s, modelled_s).tolist() == [230, 151, 230, 230, 230]
    assert bands(np.array([0.0, 299.9, 300.0, 1199.0, 5000.0])).tolist() == [0, 0, 1, 3, 4]


def rides(count: int, *, start: int = 0, factor: float = 1.0, **changes: object) -> list[dict[str, object]]:
    """Return orders of M1, one drop a trip, that drive the prior's time times a factor."""
    rng = np.random.default_rng(7)
    rows = []
    for number in range(start, start + count):
        latitude, longitude = 33.5 + rng.normal(0, 0.04), -112.0 + rng.normal(0, 0.04)
        line_m = haversine_m(np.float64(33.5), np.float64(-112.0), np.array([latitude]), np.array([longitude]))
        left = datetime(2026, 3, 2, 18, tzinfo=UTC) + timedelta(minutes=7 * number)
        door = left + timedelta(seconds=int(factor * prior_s(line_m)[0]))
        events = {"placed_at": -40, "ready_at": -20, "accepted_at": -30, "arrived_at": -5, "picked_up_at": 0}
        row = {name: f"{left + timedelta(minutes=each):%Y-%m-%d %H:%M:%S}" for name, each in events.items()}
        rows.append(
            {
                **row,
                "order_id": f"r{number}",
                "trip_id": f"t{number}",
                "delivered_at": f"{door:%Y-%m-%d %H:%M:%S}",
                "dropoff_latitude": f"{latitude:.6f}",
                "dropoff_longitude": f"{longitude:.6f}",
                **changes,
            }
        )
    return rows


def test_a_load_calibrates_its_market_and_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    shop.orders(*rides(400, factor=1.5))

    ratio = "SELECT source, median(drive_s / {prior}) AS ratio FROM catchments WHERE mall_id = 'M1' GROUP BY source"
    (row,) = shop.rows(ratio.format(prior=1))
    assert row["source"] == "analytic"
    (door,) = shop.rows("SELECT median(modelled_s / drive_s) AS ratio, count(*) AS n, min(source) AS source FROM drives")
    assert (door["n"], door["source"]) == (400, "analytic")
    assert door["ratio"] == pytest.approx(1.0, abs=0.03)
    version = shop.warehouse.current()
    assert version is not None
    assert "calibrated on 400 single drives" in reference.drive_time_note(version, "desert")
    assert "no delivery has calibrated" in reference.drive_time_note(version, "coast")
    factors = shop.row("SELECT count(*) AS n, count(DISTINCT local_hour) AS hours, min(market_id) AS market FROM hour_factors")
    assert factors == {"n": 24 * 2 * len(BANDS_S), "hours": 24, "market": "desert"}


def test_too_few_drives_leave_the_prior(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    shop.orders(*rides(FEWEST_DRIVES - 1, factor=3))

    assert shop.rows("SELECT DISTINCT source FROM catchments") == [{"source": "prior"}]
    assert shop.row("SELECT count(*) AS n FROM hour_factors") == {"n": 0}


def test_only_single_drops_to_known_doors_at_a_car_s_speed_count(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    clean = rides(3)
    pair = rides(2, start=10, trip_id="both")
    slow = rides(1, start=20, delivered_at="2026-03-03 02:00:00")
    late = rides(1, start=21, status="cancelled", delivered_at="")
    far = rides(1, start=22, dropoff_latitude="34.9")
    alone = rides(1, start=23, trip_id="")
    shop.orders(*clean, *pair, *slow, *late, *far, *alone)

    assert [row["order_id"] for row in shop.rows("SELECT order_id FROM drives ORDER BY 1")] == ["r0", "r1", "r2", "r23"]
    first = shop.row("SELECT local_date::VARCHAR AS day, local_hour, local_dow, drive_s FROM drives WHERE order_id = 'r0'")
    # 18:00 UTC is 11 in Arizona, when the driver left and not when the order was placed (10:20).
    assert (first["day"], first["local_hour"], first["local_dow"]) == ("2026-03-02", 11, 1)


def test_days_loaded_in_another_order_give_the_same_drive_times(tmp_path: Path) -> None:
    tables = {}
    for name in ("there", "back"):
        shop = Shop(tmp_path / name).open()
        days = [rides(200), rides(200, start=300, factor=1.3)]
        for rows in days if name == "there" else days[::-1]:
            shop.orders(*rows)
        tables[name] = [shop.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in ("catchments", "hour_factors", "drives")]

    assert tables["there"] == tables["back"]


def test_another_market_s_orders_leave_a_market_s_drive_times_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    shop.orders(*rides(100, factor=1.5))
    before = shop.rows("SELECT * FROM catchments WHERE market_id = 'desert' ORDER BY ALL")
    shop.orders({"order_id": "c1", "mall_id": "M2", "dropoff_latitude": "38.91", "dropoff_longitude": "-77.21"})

    assert shop.rows("SELECT * FROM catchments WHERE market_id = 'desert' ORDER BY ALL") == before


def test_the_sample_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.travel_time.drives.MOST_PER_MALL", 150)
    shop = Shop(tmp_path).open()
    other = [{**row, "order_id": f"c{row['order_id']}", "trip_id": "", "mall_id": "M2"} for row in rides(100)]
    far = {"dropoff_latitude": "38.92", "dropoff_longitude": "-77.21"}
    shop.orders(*rides(400), *({**row, **far} for row in other))

    # 400 are more than twice 150: one trip in four. 100 are not: all of them.
    found = {row["mall_id"]: row["n"] for row in shop.rows("SELECT mall_id, count(*) AS n FROM drives GROUP BY mall_id")}
    assert 60 < found["M1"] < 150
    assert found["M2"] == 100


def test_the_farthest_catchment_ends_where_45_minutes_do(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    away = np.degrees(np.array([longest_m() * 0.42, longest_m() * 0.72]) / 6_371_008.8)
    cells = [{"market_id": "desert", "cell": h3.latlng_to_cell(33.5 + each, -112.0, 9), "population": 1} for each in away]
    shop.load(shop.rows_file("demand_cells.csv", cells))
    shop.orders(*rides(400, factor=1.5))

    assert shop.row("SELECT max(drive_s) <= 2700 AS is_within FROM catchments") == {"is_within": True}
    reached = {h3.int_to_str(row["cell"]) for row in shop.rows("SELECT cell FROM catchments")}
    assert [row["cell"] in reached for row in cells] == [True, False]


def test_deliveries_that_end_at_a_longest_drive_do_not_bring_the_whole_region_near():
    rng = np.random.default_rng(0)
    distance_m = rng.uniform(300, 16_000, 4000)
    drive_s = np.minimum(prior_s(distance_m) * 1.25, 1680) * np.exp(rng.normal(0, 0.1, 4000))

    near, far = fitted_curve(distance_m, drive_s).seconds(np.array([15_000.0, 45_000.0]))

    assert far - near > 30 * 32  # 30 km more take at least what they take on the prior's last piece
