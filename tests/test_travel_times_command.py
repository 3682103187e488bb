"""``python -m data travel-times``: drive times made anew for loaded data, published once, and kept by later loads."""

from pathlib import Path

import h3
import numpy as np
import pytest

from analytics import reference
from analytics.choosing.sites import Pin, reach, sites
from data.__main__ import main
from data.cells import centers
from data.routing.roads import Roads, roads
from data.travel_time.anew import market_model
from data.travel_time.rebuild import rebuild
from tests.loading import Shop
from tests.test_routing import Way, extract
from tests.test_travel_time_fit import rides

DESERT = {100 * row + column + 1: (33.38 + row * 0.01, -112.12 + column * 0.01) for row in range(25) for column in range(25)}
STREETS: list[Way] = [
    *(([100 * row + column + 1 for column in range(25)], {"highway": "tertiary"}) for row in range(25)),
    *(([100 * row + column + 1 for row in range(25)], {"highway": "tertiary"}) for column in range(25)),
]
"""Streets of the desert market, a kilometer apart: cells in the middle of a block are farther than 400 m from all of them."""


@pytest.fixture
def roads_file(tmp_path: Path) -> Path:
    return extract(tmp_path / "desert.osm.pbf", DESERT, STREETS)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop").open()
    shop.orders(*rides(300, factor=1.5))
    return shop


def test_without_a_file_nothing_changes_what_the_load_made(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    before = shop.warehouse.current()

    assert main(["travel-times", "--warehouse", str(shop.warehouse.root)]) == 0

    assert shop.warehouse.current() == before
    assert "nothing changed" in capsys.readouterr().out


def test_roads_are_put_on_the_level_of_the_drives_and_only_where_there_are_any(shop: Shop, roads_file: Path) -> None:
    steps: list[str] = []

    done = rebuild(shop.warehouse, osm=roads_file, progress=lambda text, *_: steps.append(text))

    desert, coast = sorted(done.fits, key=lambda fit: fit.market_id, reverse=True)
    assert (desert.source, coast.source) == ("road_graph", "prior")
    assert done.is_new
    assert steps[0] == "reading roads"
    door = shop.row("SELECT median(drive_s / modelled_s) AS ratio, count(*) AS n FROM drives WHERE source = 'road_graph'")
    assert door["ratio"] == pytest.approx(1.0, abs=0.05)
    assert desert.drives == door["n"]
    note = reference.drive_time_note(done.version, "desert")
    assert "OpenStreetMap contributors, ODbL" in note
    assert f"calibrated on {door['n']} single drives" in note
    assert shop.row("SELECT count(*) AS n FROM hour_factors WHERE market_id = 'desert'")["n"] == 240
    assert not rebuild(shop.warehouse, osm=roads_file, progress=lambda *_: None).is_new


def test_a_place_that_is_no_mall_drives_on_the_same_roads_while_their_graph_is_kept(shop: Shop, roads_file: Path, tmp_path: Path) -> None:
    version = rebuild(shop.warehouse, osm=roads_file).version
    mall = shop.row("SELECT mall_id, latitude, longitude FROM malls WHERE market_id = 'desert' ORDER BY mall_id LIMIT 1")

    kept = market_model(version, "desert")

    assert (kept.is_same, kept.source) == (True, "road_graph")
    roads(extract(tmp_path / "other.osm.pbf", DESERT, STREETS[:30]), version.root / "roads")  # newer, and of fewer streets
    again = market_model(version, "desert")
    assert again.is_same
    assert isinstance(kept.model.base, Roads)
    assert isinstance(again.model.base, Roads)
    assert again.model.base.matrix.shape == kept.model.base.matrix.shape
    for graph in (version.root / "roads").glob("*.npz"):
        graph.unlink()
    over_distance = market_model(version, "desert")
    assert (over_distance.is_same, over_distance.source) == (False, "analytic")
    pins = [Pin("pin", "desert", "Pin", mall["latitude"], mall["longitude"])]
    (note,) = reach(version, sites(version, ("desert",), pins)).notes
    assert "modelled over distance" in note


def test_what_the_load_said_of_itself_stays_on_record(shop: Shop, roads_file: Path) -> None:
    before = shop.warehouse.current()
    after = rebuild(shop.warehouse, osm=roads_file, progress=lambda *_: None).version

    assert before is not None
    for name in ("sources", "counts", "findings", "extent", "notes", "synthetic", "watermarks"):
        assert getattr(after.manifest, name) == getattr(before.manifest, name), name
    assert "on the roads of desert.osm.pbf" in after.manifest.note
    assert shop.warehouse.check() == []


def test_a_cell_far_from_every_road_has_no_drive_and_is_told(shop: Shop, tmp_path: Path) -> None:
    lonely = {number: where for number, where in DESERT.items() if where[0] < 33.56}
    path = extract(tmp_path / "south.osm.pbf", lonely, [([ref for ref in refs if ref in lonely], tags) for refs, tags in STREETS])
    inside, outside = (h3.latlng_to_cell(latitude, -112.0, 9) for latitude in (33.5, 33.6))
    people = [{"market_id": "desert", "cell": cell, "population": count} for cell, count in ((inside, 300), (outside, 100))]
    shop.load(shop.rows_file("demand_cells.csv", people))

    fit = next(fit for fit in rebuild(shop.warehouse, osm=path, progress=lambda *_: None).fits if fit.market_id == "desert")

    reached = {h3.int_to_str(row["cell"]) for row in shop.rows("SELECT cell FROM catchments WHERE mall_id = 'M1'")}
    assert inside in reached
    assert outside not in reached
    assert fit.people_without_permille == 250


def test_a_later_load_keeps_the_roads_and_models_only_what_is_new(shop: Shop, roads_file: Path) -> None:
    rebuild(shop.warehouse, osm=roads_file, progress=lambda *_: None)
    roads = shop.rows("SELECT * FROM catchments WHERE source = 'road_graph' ORDER BY ALL")
    drives, factors = (shop.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in ("drives", "hour_factors"))
    new = {"order_id": "new", "dropoff_latitude": "33.7", "dropoff_longitude": "-112.0"}

    shop.orders(new, {**rides(1)[0], "delivered_at": "2026-03-02 19:00:00"})

    kept = shop.rows("SELECT * FROM catchments WHERE source = 'road_graph' ORDER BY ALL")
    (other,) = shop.rows("SELECT cell, mall_id FROM catchments WHERE source = 'analytic'")
    assert kept == roads
    assert h3.int_to_str(other["cell"]) == h3.latlng_to_cell(33.7, -112.0, 9)
    assert shop.rows("SELECT * FROM drives ORDER BY ALL") == drives
    assert shop.rows("SELECT * FROM hour_factors ORDER BY ALL") == factors

    moved = shop.write("malls.csv", "mall_id,market_id,name,status,latitude,longitude\nM1,desert,One,open,33.51,-112.0\n")
    shop.load(moved)

    assert {row["source"] for row in shop.rows("SELECT DISTINCT source FROM catchments WHERE mall_id = 'M1'")} == {"analytic"}


def test_the_command_without_a_file_takes_roads_back(shop: Shop, roads_file: Path) -> None:
    before = shop.rows("SELECT * FROM catchments ORDER BY ALL")
    rebuild(shop.warehouse, osm=roads_file, progress=lambda *_: None)

    assert rebuild(shop.warehouse, progress=lambda *_: None).is_new

    assert shop.rows("SELECT * FROM catchments ORDER BY ALL") == before


def test_roads_follow_the_streets_and_not_the_straight_line(shop: Shop, roads_file: Path) -> None:
    rebuild(shop.warehouse, osm=roads_file, progress=lambda *_: None)
    rows = shop.rows("SELECT cell, drive_s FROM catchments WHERE mall_id = 'M1' AND source = 'road_graph'")
    cell = np.array([row["cell"] for row in rows])
    latitude, longitude = centers(cell)
    drive_s = np.array([row["drive_s"] for row in rows])
    # On a grid of streets the way is the sum of both legs.
    legs_m = 111_195 * (np.abs(latitude - 33.5) + np.abs(longitude + 112) * np.cos(np.radians(33.5)))
    line_m = 111_195 * np.hypot(latitude - 33.5, (longitude + 112) * np.cos(np.radians(33.5)))
    far = line_m > 4_000
    assert np.corrcoef(drive_s[far], legs_m[far])[0, 1] > np.corrcoef(drive_s[far], line_m[far])[0, 1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--osm", "nowhere.pbf"], "no such file"),
        (["--market", "moon"], "there is no market 'moon'; markets are coast, desert"),
        (["--osrm", "routes:5000"], "begins with http"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(shop: Shop, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    before = shop.warehouse.current()

    assert main(["travel-times", "--warehouse", str(shop.warehouse.root), *arguments]) == 2

    assert said in capsys.readouterr().err
    assert shop.warehouse.current() == before


def test_an_empty_warehouse_has_no_malls_to_drive_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["travel-times", "--warehouse", str(tmp_path / "none")]) == 2
    assert "nothing is loaded yet" in capsys.readouterr().err
