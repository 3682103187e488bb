"""The ground under the maps: whole, small, and where it should be."""

import csv
from math import cos, radians

import pytest
import shapely
from shapely.geometry import Point, shape

from data.background import REFERENCE, background, boundary_shape, reference_markets

MARKETS = ("las-vegas", "phoenix", "washington")
ELSEWHERE = (0.0, 0.0, 0.1, 0.1)


def rows(name):
    with (REFERENCE / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


MALLS = {row["mall_id"]: row for row in rows("malls.csv")}


def ground(market_id):
    return background(market_id, ELSEWHERE)


def everything(found):
    return [each for layer in (found.counties, found.boundary, found.water, found.roads) for each in layer["features"]]


def kilometers(latitude, longitude, features):
    """Least distance from a point to shapes, on a plane that touches the ground at the point."""
    scale = [111.32 * cos(radians(latitude)), 111.32]
    shapes = [shapely.transform(shape(each["geometry"]), lambda xy: (xy - [longitude, latitude]) * scale) for each in features]
    return min(Point(0, 0).distance(outline) for outline in shapes)


def test_every_reference_market_has_its_ground():
    assert reference_markets() == MARKETS == tuple(sorted(row["market_id"] for row in rows("markets.csv")))


@pytest.mark.parametrize("market_id", MARKETS)
def test_a_market_file_is_small(market_id):
    assert (REFERENCE / f"{market_id}.geojson").stat().st_size <= 300_000


def test_the_outlines_of_all_counties_are_small():
    assert (REFERENCE / "us-counties.topojson.gz").stat().st_size <= 400_000


@pytest.mark.parametrize("market_id", MARKETS)
def test_shapes_are_valid_lie_on_earth_and_name_their_source(market_id):
    for each in everything(ground(market_id)):
        outline = shape(each["geometry"])
        west, south, east, north = outline.bounds
        assert outline.is_valid, each["properties"]
        assert not outline.is_empty
        assert -125 < west <= east < -66
        assert 24 < south <= north < 50
        assert each["properties"]["source"]


@pytest.mark.parametrize("market_id", MARKETS)
def test_typed_shapes_are_called_approximate(market_id):
    found = ground(market_id)
    typed = [*found.roads["features"], *(each for each in found.water["features"] if each["properties"]["name"])]

    assert len(typed) > 10
    assert {each["properties"]["source"].split(":")[0] for each in typed} == {"Approximate"}


@pytest.mark.parametrize("mall_id", MALLS)
def test_every_mall_lies_inside_its_markets_boundary(mall_id):
    mall = MALLS[mall_id]
    outlines = [shape(each["geometry"]) for each in ground(mall["market_id"]).boundary["features"]]

    assert any(outline.contains(Point(float(mall["longitude"]), float(mall["latitude"]))) for outline in outlines)


@pytest.mark.parametrize("market_id", MARKETS)
def test_no_mall_lies_in_water(market_id):
    water = [shape(each["geometry"]) for each in ground(market_id).water["features"]]
    here = [Point(float(mall["longitude"]), float(mall["latitude"])) for mall in MALLS.values() if mall["market_id"] == market_id]

    assert not any(outline.contains(point) for outline in water for point in here)


@pytest.mark.parametrize(
    ("market_id", "road", "latitude", "longitude"),
    [
        ("las-vegas", "I-15", 36.12722, -115.17194),  # Fashion Show
        ("las-vegas", "US-95", 36.1725, -115.19611),  # Meadows Mall
        ("las-vegas", "I-11", 36.06722, -115.0425),  # Galleria at Sunset
        ("las-vegas", "I-215", 36.14944, -115.33333),  # Downtown Summerlin
        ("las-vegas", "I-215", 36.0840, -115.1537),  # Harry Reid Airport
        ("las-vegas", "I-11", 36.0161, -114.7377),  # Hoover Dam
        ("phoenix", "AZ-101", 33.301354, -111.898526),  # Chandler Fashion Center
        ("phoenix", "AZ-202", 33.301354, -111.898526),
        ("phoenix", "US-60", 33.3904, -111.6901),  # Superstition Springs
        ("phoenix", "AZ-101", 33.641667, -112.225),  # Arrowhead
        ("phoenix", "I-10", 33.476917, -112.224955),  # Desert Sky
        ("phoenix", "AZ-101", 33.5276, -112.2626),  # the stadium at Glendale
        ("phoenix", "I-17", 33.4484, -112.0740),  # downtown
        ("phoenix", "I-10", 33.4352, -112.0101),  # Sky Harbor Airport
        ("washington", "I-495", 38.91713, -77.22224),  # Tysons Corner Center
        ("washington", "I-95", 38.774558, -77.174981),  # Springfield
        ("washington", "I-395", 38.863222, -77.060722),  # Pentagon City
        ("washington", "VA-28", 39.032139, -77.423833),  # Dulles Town Center
        ("washington", "VA-267", 38.9531, -77.4565),  # Dulles Airport
        ("washington", "I-495", 39.0157, -77.0420),  # Forest Glen
        ("washington", "I-270", 39.0840, -77.1528),  # Rockville
        ("washington", "I-66", 38.8776, -77.2717),  # Vienna station
        ("washington", "US-50", 38.9784, -76.4922),  # Annapolis
    ],
)
def test_a_main_road_passes_within_3_km_of_where_it_should(market_id, road, latitude, longitude):
    named = [each for each in ground(market_id).roads["features"] if each["properties"]["name"].startswith(road)]

    assert kilometers(latitude, longitude, named) < 3


@pytest.mark.parametrize(
    ("market_id", "water", "latitude", "longitude"),
    [
        ("las-vegas", "Lake Mead", 36.0161, -114.7377),  # Hoover Dam
        ("las-vegas", "Lake Mead", 36.0293, -114.7720),  # the marina
        ("phoenix", "Theodore Roosevelt Lake", 33.6717, -111.1611),  # its dam
        ("phoenix", "Lake Pleasant", 33.8462, -112.2717),  # its dam
        ("phoenix", "Salt River", 33.4330, -111.9430),  # Tempe Beach Park
        ("washington", "Potomac River", 38.9021, -77.0700),  # Key Bridge
        ("washington", "Potomac River", 38.7933, -77.0390),  # Woodrow Wilson Bridge
        ("washington", "Anacostia River", 38.8770, -76.9750),  # Sousa Bridge
    ],
)
def test_water_lies_within_1_km_of_where_it_should(market_id, water, latitude, longitude):
    named = [each for each in ground(market_id).water["features"] if each["properties"]["name"] == water]

    assert kilometers(latitude, longitude, named) < 1


def test_the_border_runs_in_the_potomac_so_that_both_banks_belong_to_their_state():
    counties = {each["properties"]["code"]: shape(each["geometry"]) for each in ground("washington").counties["features"]}

    assert counties["51013"].contains(Point(-77.0563, 38.8719))  # the Pentagon
    assert counties["11001"].contains(Point(-77.0502, 38.8893))  # Lincoln Memorial
    assert counties["51510"].contains(Point(-77.0430, 38.8048))  # Old Town Alexandria
    assert counties["24033"].contains(Point(-77.0160, 38.7850))  # National Harbor


@pytest.mark.parametrize("market_id", MARKETS)
def test_counties_overlap_nowhere_and_the_ground_goes_on_past_the_boundary(market_id):
    found = ground(market_id)
    counties = [shape(each["geometry"]) for each in found.counties["features"]]
    shared = sum(one.intersection(other).area for place, one in enumerate(counties) for other in counties[:place])
    boundary = shape(found.boundary["features"][0]["geometry"])

    assert len(counties) > 3
    assert shared < 0.001
    assert sum(outline.difference(boundary.buffer(0.001)).area for outline in counties) > 0.5


@pytest.mark.parametrize("market_id", MARKETS)
def test_names_are_ranked_and_the_market_itself_comes_among_the_first(market_id):
    places = ground(market_id).places

    assert [place.rank for place in places] == sorted(place.rank for place in places)
    assert len({place.name for place in places}) == len(places) >= 20
    assert {"las-vegas": "Las Vegas", "phoenix": "Phoenix", "washington": "Washington"}[market_id] in {
        place.name for place in places if place.rank == 1
    }


def test_land_is_wider_than_the_view():
    land = shape(background("las-vegas", (-116.0, 35.0, -114.0, 37.0)).land["features"][0]["geometry"])

    assert land.contains(Point(-119, 33))


def test_an_uploaded_market_in_the_united_states_stands_among_its_counties():
    found = background("hubs", (-74.05, 40.68, -73.85, 40.85), boundary_counties="36061 36047")
    names = {each["properties"]["name"] for each in found.counties["features"]}

    assert {"New York", "Kings", "Queens", "Hudson"} <= names
    assert shape(found.boundary["features"][0]["geometry"]).contains(Point(-73.95, 40.65))
    assert any(shape(each["geometry"]).contains(Point(-73.5, 40.4)) for each in found.water["features"])  # the Atlantic
    assert not any(shape(each["geometry"]).contains(Point(-73.78, 42.0)) for each in found.water["features"])
    assert found.roads["features"] == []


def test_a_place_without_counties_has_plain_ground():
    found = background("lyon", (4.7, 45.6, 5.0, 45.9))

    assert everything(found) == []
    assert len(found.land["features"]) == 1


def test_a_polygon_in_words_is_the_boundary():
    wkt = "POLYGON ((4.7 45.6, 5.0 45.6, 5.0 45.9, 4.7 45.9, 4.7 45.6))"
    found = background("lyon", (4.7, 45.6, 5.0, 45.9), boundary_polygon=wkt)

    assert shape(found.boundary["features"][0]["geometry"]).area == pytest.approx(0.09)


def test_other_counties_than_its_own_replace_a_reference_boundary():
    own = background("phoenix", ELSEWHERE).boundary
    same = background("phoenix", ELSEWHERE, boundary_counties="04021 04013").boundary
    smaller = background("phoenix", ELSEWHERE, boundary_counties="04021").boundary

    assert same == own
    assert shape(smaller["features"][0]["geometry"]).area < 0.7 * shape(own["features"][0]["geometry"]).area


def test_unknown_counties_have_no_boundary():
    assert boundary_shape(boundary_counties="99999") is None
    assert boundary_shape() is None
