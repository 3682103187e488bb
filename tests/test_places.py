"""Uncovered places by name: the nearest one, or a direction from it."""

import h3
import pyarrow as pa
import pytest

from analytics.places import Name, by_place, cells_with_people
from tests.town import cells

TOWN = Name("Town", 36.0, -115.0)
FAR = Name("Far", 36.0, -113.0)


def cell(latitude, longitude):
    return int(h3.latlng_to_cell(latitude, longitude, 8), 16)


def rows(*cells):
    names = ("cell", "mall_id", "drive_s", "numerator", "denominator")
    return pa.Table.from_pylist([dict(zip(names, each, strict=True)) for each in cells])


def test_cells_near_a_name_are_that_place_and_others_lie_in_a_direction():
    here, north, southwest = cell(36.02, -115.0), cell(36.2, -115.0), cell(35.85, -115.2)
    found = by_place(rows((here, "M1", 900, 10, 10), (north, "M1", 1500, 30, 30), (southwest, None, None, 20, 20)), [TOWN, FAR]).to_pylist()

    assert [(row["place"], row["direction"], row["people"]) for row in found] == [
        ("Town", "north", 30),
        ("Town", "southwest", 20),
        ("Town", None, 10),
    ]


@pytest.mark.parametrize(
    ("north", "east", "direction"),
    [(1, 0, "north"), (1, 1, "northeast"), (0, 1, "east"), (-1, 1, "southeast"), (-1, 0, "south"), (0, -1, "west"), (1, -1, "northwest")],
)
def test_directions_are_those_of_the_compass(north, east, direction):
    there = cell(36.0 + 0.2 * north, -115.0 + 0.2 * east / 0.809)

    assert by_place(rows((there, "M1", 900, 10, 10)), [TOWN]).to_pylist()[0]["direction"] == direction


def test_each_cell_belongs_to_the_nearest_name():
    found = by_place(rows((cell(36.0, -113.05), "M1", 900, 10, 10)), [TOWN, FAR]).to_pylist()

    assert [(row["place"], row["direction"]) for row in found] == [("Far", None)]


def test_the_drive_of_a_place_is_that_of_half_of_its_people():
    near, middle, far = cell(36.0, -115.0), cell(36.02, -115.0), cell(36.0, -115.03)
    found = by_place(rows((near, "M1", 1300, 1, 10), (far, "M3", None, 50, 50), (middle, "M2", 1500, 30, 45)), [TOWN]).to_pylist()

    (row,) = found
    assert (row["people"], row["all_people"], row["drive_s"], row["mall_id"], row["cells"]) == (81, 105, 1500, "M2", 3)


def test_no_cells_need_no_names_and_cells_do():
    assert by_place(rows((cell(36, -115), "M1", 900, 1, 1)).slice(0, 0), []).num_rows == 0
    with pytest.raises(ValueError, match="at least one name"):
        by_place(rows((cell(36, -115), "M1", 900, 1, 1)), [])


def test_cells_with_people_are_those_inside_the_market(town):
    town.demand(0, 5, households=0)
    town.demand(1, 0)
    town.demand(2, 9, inside=False)
    town.demand(3, 9, market="W")

    assert cells_with_people(town.version, "V", "population").tolist() == [cells()[0]]
    assert cells_with_people(town.version, "V", "households").tolist() == []
