"""Demand: census files load as they are, and people are spread over cells without losing one."""

from pathlib import Path

import h3
import numpy as np
import pytest

from data.cells import cells_at, centers, haversine_m
from data.demand import RADIUS_M, spread, whole_shares
from data.warehouse import Count
from tests.loading import MALLS, MARKETS, Shop, rules

CENSUS = (
    "\ufeffSTATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE\r\n"
    "04,013,010101,1,1801,+33.500000,-0112.000000\r\n"
    "04,013,010101,2,1,+33.508000,-0112.004000\r\n"
    "04,013,010102,1,0,+33.512000,-0111.990000\r\n"
    "04,013,010102,2,2999,+33.494000,-0112.010000\r\n"
    "11,001,000101,1,777,+38.900000,-0077.200000\r\n"
    "06,037,000101,1,5000,+34.100000,-0118.200000\r\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    files = [shop.write("markets.csv", MARKETS), shop.write("malls.csv", MALLS), shop.write("CenPop2020_Mean_BG99.txt", CENSUS)]
    shop.load(*files)
    return shop


def test_census_files_load_as_they_are_and_keep_every_person(shop: Shop) -> None:
    people = {
        row["market_id"]: row["people"]
        for row in shop.rows("SELECT market_id, sum(population)::BIGINT AS people FROM demand_cells GROUP BY 1")
    }

    assert people == {"desert": 4801, "coast": 777}
    area = shop.row("SELECT * FROM demand_areas WHERE area_id = '040130101011'")
    assert (area["county"], area["market_id"], area["latitude"], area["longitude"], area["population"]) == (
        "04013",
        "desert",
        33.5,
        -112.0,
        1801,
    )


def test_a_county_of_no_market_is_rejected(shop: Shop) -> None:
    result = shop.load(shop.write("CenPop2020_Mean_BG99.txt", CENSUS))

    assert result.counts["demand_areas"] == Count(rows_in=6, unchanged=5, rejected=1)
    assert rules(result) == {("no_market", "county"): 1}


def test_cells_have_areas_are_inside_and_hold_somebody(shop: Shop) -> None:
    rows = shop.rows("SELECT * FROM demand_cells")

    assert all(row["is_inside"] and row["population"] > 0 and row["households"] is None for row in rows)
    for row in rows:
        assert row["cell_area_m2"] == pytest.approx(h3.cell_area(h3.int_to_str(row["cell"]), "m^2"), abs=1)


def test_changed_areas_rebuild_the_cells_of_their_market(shop: Shop) -> None:
    shop.load(shop.write("CenPop2020_Mean_BG99.txt", CENSUS.replace(",777,", ",800,")))

    people = {
        row["market_id"]: row["people"]
        for row in shop.rows("SELECT market_id, sum(population)::BIGINT AS people FROM demand_cells GROUP BY 1")
    }
    assert people == {"desert": 4801, "coast": 800}
    assert shop.warehouse.check() == []


def test_replaced_areas_take_the_cells_of_a_market_that_has_none_left(shop: Shop) -> None:
    only_coast = "\n".join(line for line in CENSUS.splitlines() if not line.startswith("04"))

    shop.load(shop.write("CenPop2020_Mean_BG99.txt", only_coast), replace=True)

    assert shop.row("SELECT min(market_id) AS market, max(market_id) AS last FROM demand_cells") == {"market": "coast", "last": "coast"}


def test_an_area_is_in_the_market_whose_polygon_holds_it_and_cells_beyond_the_polygon_are_outside(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    polygon = "POLYGON((-112.1 33.4, -112.0 33.4, -112.0 33.6, -112.1 33.6, -112.1 33.4))"
    markets = shop.rows_file(
        "markets.csv", [{"market_id": "box", "name": "Box", "time_zone": "America/Phoenix", "boundary_polygon": polygon}]
    )
    inside = [
        {"area_id": f"in{each}", "latitude": f"{33.5 + each / 100}", "longitude": "-112.003", "population": "200"} for each in range(5)
    ]
    beyond = {"area_id": "out", "latitude": "33.5", "longitude": "-111.9", "population": "5"}

    result = shop.load(markets, shop.rows_file("demand_areas.csv", [*inside, beyond]))

    assert result.counts["demand_areas"] == Count(rows_in=6, kept=5, rejected=1)
    sides = {
        row["is_inside"]: row["people"]
        for row in shop.rows("SELECT is_inside, sum(population)::BIGINT AS people FROM demand_cells GROUP BY 1")
    }
    assert sum(sides.values()) == 1000
    assert sides[True] > sides[False] > 0


def test_cells_may_be_loaded_themselves_as_hexadecimal_text_or_number(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    cell = h3.latlng_to_cell(33.5, -112.0, 9)
    other = h3.latlng_to_cell(33.6, -112.0, 9)
    rows = [
        {"market_id": "desert", "cell": cell, "population": 5, "households": 2},
        {"market_id": "desert", "cell": h3.str_to_int(other), "population": 6},
        {"market_id": "desert", "cell": h3.cell_to_parent(cell, 8), "population": 7},
        {"market_id": "desert", "cell": "here", "population": 8},
    ]

    result = shop.load(shop.rows_file("demand_cells.csv", rows))

    assert result.counts["demand_cells"] == Count(rows_in=4, kept=2, rejected=2)
    found = shop.rows("SELECT cell, population, is_inside FROM demand_cells ORDER BY population")
    assert [row["cell"] for row in found] == [h3.str_to_int(cell), h3.str_to_int(other)]
    assert all(row["is_inside"] for row in found)


def test_income_of_a_cell_is_weighted_by_households(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()
    point = {"latitude": "33.5", "longitude": "-112.0", "county": "04013"}
    rows = [
        {"area_id": "a", **point, "population": "10", "households": "3", "income_cents": "1000"},
        {"area_id": "b", **point, "population": "10", "households": "1", "income_cents": "2000"},
    ]

    shop.load(shop.rows_file("demand_areas.csv", rows))

    own = cells_at(np.array([33.5]), np.array([-112.0]))[0]
    assert shop.row("SELECT sum(households)::BIGINT AS n, sum(population)::BIGINT AS people FROM demand_cells") == {"n": 4, "people": 20}
    assert 1000 <= shop.row(f"SELECT income_cents FROM demand_cells WHERE cell = {own}")["income_cents"] <= 2000


def _random_areas(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    latitude = 33.5 + random.normal(0, 0.15, count)
    longitude = -112.0 + random.normal(0, 0.15, count)
    return latitude, longitude, random.integers(0, 4000, count)


def test_every_area_s_total_is_conserved_exactly() -> None:
    latitude, longitude, people = _random_areas(400)

    pairs = spread(latitude, longitude)
    shares = whole_shares(people, pairs)

    assert np.array_equal(np.bincount(pairs.area, shares, minlength=len(people)).astype(int), people)
    assert (shares >= 0).all()


def test_people_stay_within_the_radius_and_near_their_center() -> None:
    latitude, longitude, _ = _random_areas(400)

    pairs = spread(latitude, longitude)

    distance = haversine_m(latitude[pairs.area], longitude[pairs.area], *centers(pairs.cell))
    own = cells_at(latitude, longitude)
    assert set(range(400)) == set(pairs.area.tolist())
    assert (distance[pairs.cell != own[pairs.area]] <= RADIUS_M[1] * 1.01).all()
    for area in range(0, 400, 37):
        mine = pairs.area == area
        assert pairs.weight[mine].sum() == pytest.approx(1)
        assert own[area] in pairs.cell[mine]


def test_spreading_depends_neither_on_the_run_nor_on_the_order_of_areas() -> None:
    latitude, longitude, people = _random_areas(200)
    order = np.random.default_rng(1).permutation(200)

    first = spread(latitude, longitude)
    other = spread(latitude[order], longitude[order])

    def by_cell(pairs: object, totals: np.ndarray) -> dict[int, int]:
        shares = whole_shares(totals, pairs)  # type: ignore[arg-type]
        cells, place = np.unique(pairs.cell, return_inverse=True)  # type: ignore[attr-defined]
        return dict(zip(cells.tolist(), np.bincount(place, shares).astype(int).tolist(), strict=True))

    assert by_cell(first, people) == by_cell(other, people[order])


def test_remainders_go_to_the_largest_and_ties_to_the_smaller_cell() -> None:
    from data.demand import Spread  # noqa: PLC0415 -- only here

    pairs = Spread(np.array([0, 0, 0, 1, 1]), np.array([10, 11, 12, 10, 13]), np.array([0.5, 0.3, 0.2, 0.5, 0.5]))

    assert whole_shares(np.array([8, 3]), pairs).tolist() == [4, 2, 2, 2, 1]


def test_a_single_area_and_coinciding_centers_are_spread_too() -> None:
    for count in (1, 2, 5):
        pairs = spread(np.full(count, 33.5), np.full(count, -112.0))
        shares = whole_shares(np.full(count, 100), pairs)
        assert shares.sum() == 100 * count
