"""A cell is told by the place that readers know it lies in."""

import h3
import pyarrow as pa

from analytics.places import Name, nearest
from data.background import places, reference_markets
from ui import near, panels
from ui.panels import Shown

HENDERSON = next(each for each in places("las-vegas") if each.name == "Henderson")


def cell(latitude: float, longitude: float) -> int:
    return int(h3.latlng_to_cell(latitude, longitude, 8), 16)


def test_every_market_with_a_ground_of_its_own_has_names_and_others_have_none():
    assert all(places(market) for market in reference_markets())
    assert places("nowhere") == ()


def test_a_cell_is_told_by_its_place_by_a_direction_from_it_or_not_at_all():
    here = cell(HENDERSON.latitude, HENDERSON.longitude)
    desert = cell(HENDERSON.latitude - 0.3, HENDERSON.longitude)
    abroad = cell(48.85, 2.35)

    told = near.of_cells([here, None, desert, abroad, here])

    assert told[0] == told[4] == "Henderson"
    assert told[1] is told[3] is None
    assert told[2] is not None
    assert told[2].startswith(("South of", "Southeast of", "Southwest of"))
    assert near.of_cell(here) == f"{here:x}, Henderson"
    assert near.of_cell(f"{abroad:x}") == f"{abroad:x}"
    assert near.of_cells([]) == []
    assert near.of_cell(None) == ""


def test_the_nearest_name_is_that_of_least_distance_and_of_two_alike_the_first():
    names = [Name("Far", 0.0, 1.0), Name("Near", 0.0, 0.02), Name("Twin", 0.0, 0.02)]

    (found,) = nearest(pa.array([cell(0.0, 0.0)]).to_numpy(), names)

    assert (found.name, found.direction) == ("Near", None)
    assert 1_500 < found.away_m < 3_000


def test_a_table_of_cells_says_where_they_lie_only_where_that_is_known():
    shown = (Shown("cell", "Cell", "cell"), Shown("n", "n", "count"))
    here, abroad = cell(HENDERSON.latitude, HENDERSON.longitude), cell(48.85, 2.35)

    rows, columns = panels.with_places(pa.table({"cell": [here, abroad], "n": [1, 2]}), shown)
    plain, same = panels.with_places(pa.table({"cell": [abroad], "n": [2]}), shown)

    assert [each.column for each in columns] == ["cell", "near", "n"]
    assert rows.column("near").to_pylist() == ["Henderson", None]
    assert (plain.column_names, same) == (["cell", "n"], shown)
