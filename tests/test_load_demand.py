"""Demand by shapes: polygons, points and cells of other resolutions, spread evenly with totals conserved exactly."""

import json
from pathlib import Path

import h3
import pytest

from tests.loading import Shop, rules

CELL = h3.latlng_to_cell(33.5, -112.0, 9)


def feature(properties: dict[str, object], geometry: dict[str, object] | None) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def polygon(*points: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in (*points, points[0])]]}


def collection(*features: dict[str, object]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def cells(shop: Shop) -> dict[str, int]:
    return {row["cell"]: row["population"] for row in shop.rows("SELECT printf('%x', cell) AS cell, population FROM demand_cells")}


def test_people_of_a_polygon_are_shared_by_its_area_in_each_cell(shop: Shop) -> None:
    # A hexagon of the grid itself, and the same halved along the line between two opposite corners.
    corners = [(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(CELL)]
    whole, half = polygon(*corners), polygon(*corners[:4])
    path = shop.write(
        "demand_areas.geojson", collection(feature({"area_id": "1", "people": 1000}, whole), feature({"area_id": "2", "people": 7}, half))
    )
    mapping = '[demand_areas]\nfile = "demand_areas.geojson"\ncolumns = { population = "people" }\nconstants = { market_id = "desert" }\n'

    shop.load(path, mapping=mapping)

    assert cells(shop) == {CELL: 1007}
    point = shop.row("SELECT round(latitude, 2) AS y, round(longitude, 2) AS x FROM demand_areas WHERE area_id = '1'")
    assert point == {"y": 33.5, "x": -112.0}


def test_a_polygon_over_many_cells_keeps_its_total_and_fills_its_inside_evenly(shop: Shop) -> None:
    square = polygon((-112.03, 33.47), (-111.97, 33.47), (-111.97, 33.53), (-112.03, 33.53))
    path = shop.write("demand_areas.geojson", collection(feature({"area_id": "1", "population": 100_003, "market_id": "desert"}, square)))

    shop.load(path)

    found = cells(shop)
    assert sum(found.values()) == 100_003
    # 37.1 square kilometers in cells of about 0.1: those inside hold the same to a few people in a hundred.
    inside = [found[cell] for cell in h3.grid_disk(CELL, 5)]
    assert len(found) > 330
    assert max(inside) - min(inside) <= 3


def test_demand_by_cells_of_other_resolutions_goes_to_their_descendants_or_their_parent(shop: Shop) -> None:
    coarse, fine = h3.cell_to_parent(CELL, 8), h3.cell_to_center_child(CELL, 10)
    rows = [
        {"area_id": "coarse", "market_id": "desert", "hex": coarse, "population": "15"},
        {"area_id": "fine", "market_id": "desert", "hex": fine, "population": "100"},
        {"area_id": "wrong", "market_id": "desert", "hex": "8zz", "population": "1"},
    ]
    mapping = '[demand_areas]\nfile = "hex.csv"\ncolumns = { shape = "hex" }\n'

    result = shop.load(shop.rows_file("hex.csv", rows), mapping=mapping)

    # 15 over 7 cells: 2 each, one more for the first by number.
    children = sorted(h3.cell_to_children(coarse, 9), key=lambda cell: int(cell, 16))
    expected = {cell: 3 if cell == children[0] else 2 for cell in children}
    assert cells(shop) == expected | {CELL: expected[CELL] + 100}
    assert [(each.rule, each.rows) for each in result.findings if each.severity == "reject"] == [("missing_value", 1)]


def test_demand_by_points_stays_in_their_cells(shop: Shop) -> None:
    rows = [
        {"area_id": "1", "market_id": "desert", "shape": "POINT (-112.0 33.5)", "population": "40"},
        {"area_id": "2", "market_id": "desert", "shape": "POINT (-112.0 33.5001)", "population": "2"},
        {
            "area_id": "3",
            "market_id": "desert",
            "shape": "LINESTRING (0 0, 1 1)",
            "latitude": "33.5",
            "longitude": "-112",
            "population": "0",
        },
    ]

    result = shop.load(shop.rows_file("demand_areas.csv", rows))

    assert cells(shop) == {CELL: 42}
    assert rules(result)["unparsable_optional", "shape"] == 1
