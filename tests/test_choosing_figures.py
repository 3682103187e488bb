"""Figures for choosing malls: what is newly reached and what is covered, discs by score, cells for pins, and names in charts."""

import h3
import pyarrow as pa

from data.background import background
from ui.charts import Point, rank_shares, two_criteria
from ui.maps import Halo, MallMark, Scene, click_targets, market_camera, newly_map, sites_map
from ui.maps.choosing import MOST_TARGETS

CAMERA = market_camera([(36.1, -115.2), (36.2, -115.0)])
MALLS = (MallMark("M1", "Open <b>", "open", 36.1, -115.2), MallMark("M3", "Candidate", "candidate", 36.2, -115.0))


def _scene() -> Scene:
    return Scene(background("las-vegas", CAMERA.bounds), MALLS, "light", CAMERA)


def _layer(deck: object, name: str) -> object:
    return next(layer for layer in deck.layers if layer.id == name)  # type: ignore[attr-defined]


def test_newly_reached_cells_are_colored_and_all_others_that_are_covered_are_grey() -> None:
    cells = [int(each, 16) for each in sorted(h3.grid_disk(h3.latlng_to_cell(36.15, -115.1, 9), 1))][:4]
    table = pa.table(
        {
            "cell": cells,
            "people": [100, 50, 30, 20],
            "newly": [100, 0, 30, 20],
            "drive_s": [60, 60, None, 90],
            "mall_id": ["M3", "M3", None, "M3"],
        }
    )

    figure = newly_map(table, _scene(), within_s=900)

    drawn = {row["hex"]: row for row in _layer(figure.deck, "cells").data}  # type: ignore[attr-defined]
    assert len(drawn) == 4
    grey = drawn[f"{cells[1]:x}"]["fill"]
    # The third is newly within reach of nobody chosen: an open mall has it.
    assert [drawn[f"{cell:x}"]["fill"] == grey for cell in cells] == [False, True, True, False]
    assert drawn[f"{cells[0]:x}"]["tip1"] == "100 people newly reached"
    assert drawn[f"{cells[1]:x}"]["tip1"] == "50 people, covered already"
    assert "Covered by open malls within 15 min drive" in figure.legend


def test_discs_stand_over_places_whose_score_is_known() -> None:
    figure = sites_map(
        [Halo(36.1, -115.2, 80.0), Halo(36.2, -115.0, None)], _scene(), title="Cost: score", ends="0 at $9.00", targets=["89298699b03ffff"]
    )

    discs = _layer(figure.deck, "scores").data["features"]  # type: ignore[attr-defined]
    assert [each["geometry"]["coordinates"] for each in discs] == [[-115.2, 36.1]]
    assert "0 at $9.00" in figure.legend
    assert [row["hex"] for row in _layer(figure.deck, "targets").data] == ["89298699b03ffff"]  # type: ignore[attr-defined]
    assert figure.deck.layers[-1].id == "targets"  # over everything, so that a click on a name drops the pin too


def test_cells_for_pins_fill_the_view_and_are_as_small_as_their_number_allows() -> None:
    cells = click_targets(CAMERA)

    assert MOST_TARGETS / 10 < len(cells) <= MOST_TARGETS * 1.05
    west, south, east, north = CAMERA.bounds
    for latitude, longitude in ((south + 0.01, west + 0.01), (north - 0.01, east - 0.01), ((south + north) / 2, (west + east) / 2)):
        assert h3.latlng_to_cell(latitude, longitude, h3.get_resolution(cells[0])) in set(cells)


def test_a_name_stands_over_its_point_unless_another_point_or_name_is_there() -> None:
    near = [Point("Galleria at A", 10, 10, True, "a"), Point("Galleria at B", 10.5, 10.2, False, "b"), Point("C", 20, 20, True, "c")]

    figure = two_criteria(near, across="Reach (more is better)", up="Cost", opened="Galleria at A", theme="light")

    places = {name: place for trace in figure.data[1:] for name, place in zip(trace.text, trace.textposition, strict=True)}
    assert places == {"Galleria at A": "bottom center", "Galleria at B": "top center", "C": "top center"}
    assert list(figure.data[0].x) == [10, 20]


def test_no_name_hides_another_one_where_two_stand_side_by_side() -> None:
    # A tenth of the picture apart, each name wider than that.
    points = [Point("Springfield Town Center", 0, 5, False, ""), Point("Downtown Summerlin Mall", 10, 5, False, "")]
    points += [Point("Dulles Town Center", 50, 10, False, ""), Point("Pentagon City", 100, 0, True, "")]

    figure = two_criteria(points, across="People", up="Cost", opened=None, theme="light")

    places = {name: place for trace in figure.data[1:] for name, place in zip(trace.text, trace.textposition, strict=True)}
    assert places["Springfield Town Center"] == places["Dulles Town Center"] == places["Pentagon City"] == "top center"
    assert places["Downtown Summerlin Mall"] == "bottom center"


def test_thousands_on_an_axis_are_thousands_and_small_numbers_stay_as_they_are() -> None:
    points = [Point("A", 400_000, 14, True, ""), Point("B", 900_000, 15, False, "")]

    figure = two_criteria(points, across="People", up="Cost", opened=None, theme="light")

    assert figure.layout.xaxis.tickformat == "~s"
    assert figure.layout.yaxis.tickformat is None


def test_shares_of_ranks_are_written_where_they_are_more_than_nothing() -> None:
    figure = rank_shares(["A", "B"], [[0.75, 0.25], [0.001, 0.999]], theme="dark")

    assert [list(row) for row in figure.data[0].text] == [["75 %", "25 %"], ["", "100 %"]]
    narrow = rank_shares(["A", "B"], [[0.75, 0.25], [0.001, 0.999]], theme="dark", is_narrow=True)
    assert [list(row) for row in narrow.data[0].text] == [["75", "25"], ["", "100"]]
    assert list(figure.data[0].x) == ["1", "2"]


def test_two_malls_of_one_name_have_a_row_each_and_a_mall_named_by_a_number_is_no_number() -> None:
    figure = rank_shares(["Galleria", "Galleria", "2024"], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], theme="light")

    assert len(set(figure.data[0].y)) == 3
    assert [name.rstrip("\N{ZERO WIDTH SPACE}") for name in figure.data[0].y] == ["Galleria", "Galleria", "2024"]
    assert figure.layout.yaxis.type == "category"
