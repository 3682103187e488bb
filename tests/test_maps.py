"""Maps need no network, hide what is suppressed, and say in their legend what they show."""

import json
import re
from dataclasses import replace
from math import log2

import h3
import pyarrow as pa
import pytest

from data.background import Background, Place, background
from ui.maps import (
    Camera,
    MallMark,
    Picked,
    Scene,
    Specials,
    camera_for,
    coverage_map,
    finest_resolution,
    hex_id,
    legend_html,
    market_camera,
    market_map,
    on_time_map,
    picked,
    value_map,
)
from ui.maps.labels import label_boxes, mall_boxes, mall_labels, place_labels
from ui.maps.layers import scale_box
from ui.palette import AMOUNT, Classes, rgb, rgba, tokens

HERE = (36.12722, -115.17194)
MALLS = (
    MallMark("a", "Fashion Show", "open", *HERE),
    MallMark("b", "Meadows Mall", "candidate", 36.1725, -115.19611),
    MallMark("c", "Old Mall", "closed", 36.06722, -115.0425),
)
CAMERA = market_camera([(mall.latitude, mall.longitude) for mall in MALLS])
RING = sorted(int(cell, 16) for cell in h3.grid_ring(h3.latlng_to_cell(*HERE, 8), 1))
SHARE = Classes("On time", "%", (80, 90))


def scene(**changes) -> Scene:
    return Scene(**{"background": background("las-vegas", CAMERA.bounds), "malls": MALLS, "theme": "light", "view": CAMERA, **changes})


def layers(deck) -> dict:
    return {layer["id"]: layer for layer in json.loads(deck.to_json())["layers"]}


def table(**columns) -> pa.Table:
    return pa.table({"cell": RING[: len(next(iter(columns.values())))], **columns})


def coverage(**changes) -> pa.Table:
    columns = {
        "drive_s": [300, 1200, 1201, 2700, None, 600],
        "population": [100, 200, 300, 400, 0, 1000],
        "mall_id": ["a", "a", "a", "a", None, "a"],
        "orders": [40, 0, 3, 12, None, 20],
    }
    return table(**(columns | changes))


def fill(layer, cell):
    return next(row["fill"] for row in layer["data"] if row["hex"] == hex_id(cell))


class TestDeck:
    def test_a_map_names_no_style_and_no_address(self):
        text = coverage_map(coverage(), scene(), mode="bands").deck.to_json()
        deck = json.loads(text)

        assert deck.get("mapStyle") in {None, "__MAP_STYLE__"}  # pydeck's sign for "none given", which Streamlit takes as none
        assert "mapProvider" not in deck
        assert not re.search(r"https?:|//|mapbox|cartocdn", text)

    def test_every_layer_has_its_own_id_and_only_cells_and_malls_answer(self):
        deck = json.loads(value_map(table(value=[1.0, None]), scene(), value="value", classes=SHARE).deck.to_json())
        ids = [layer["id"] for layer in deck["layers"]]

        assert len(set(ids)) == len(ids)
        assert {layer["id"] for layer in deck["layers"] if layer.get("pickable")} == {"cells", "cells-empty", "cells-hidden", "malls"}

    def test_layers_lie_from_the_ground_upward(self):
        names = list(layers(value_map(table(value=[1.0]), scene(), value="value", classes=SHARE).deck))
        order = ["ground", "water", "roads", "boundary", "cells", "cells-hidden", "edge", "selected", "places", "malls", "mall-names"]

        assert [name for name in names if name in order] == order

    def test_colors_stay_out_of_reach_of_the_fading_after_a_click(self):
        listed = {"getFillColor", "getColor", "getLineColor"}

        for name, layer in layers(coverage_map(coverage(), scene(selected_cell=RING[0]), mode="orders").deck).items():
            assert not listed & set(layer), name
            assert layer["_subLayerProps"], name

    def test_a_candidate_is_hollow_on_both_grounds_and_an_open_mall_is_not(self):
        fills = {}
        for theme in ("light", "dark"):
            discs = layers(market_map(scene(theme=theme)))["malls"]["data"]["features"]
            fills |= {(theme, each["properties"]["mall_id"]): each["properties"]["fill"] for each in discs}

        assert fills["dark", "b"] == list(rgba(tokens("dark").ground))
        assert fills["light", "b"] == list(rgba(tokens("light").ring))
        assert [fills[theme, "a"] for theme in ("light", "dark")] == [list(rgba(tokens(theme).primary)) for theme in ("light", "dark")]

    def test_text_that_is_no_accessor_is_quoted(self):
        names = layers(market_map(scene()))["mall-names"]

        assert names["fontFamily"] == "Source Sans, sans-serif"
        assert names["characterSet"] == "auto"
        assert names["getText"] == "@@=text"

    def test_cells_have_hexadecimal_text_ids_in_either_form(self):
        numbers = value_map(table(value=[95.0]), scene(), value="value", classes=SHARE).deck
        texts = value_map(pa.table({"cell": [hex_id(RING[0])], "value": [95.0]}), scene(), value="value", classes=SHARE).deck

        assert layers(numbers)["cells"]["data"] == layers(texts)["cells"]["data"]
        assert layers(numbers)["cells"]["data"][0]["hex"] == format(RING[0], "x")
        assert h3.is_valid_cell(layers(numbers)["cells"]["data"][0]["hex"])
        assert hex_id(-1) == "ffffffffffffffff"

    def test_a_cell_takes_the_color_of_its_class(self):
        drawn = layers(value_map(table(value=[79.9, 80.0, 95.0]), scene(), value="value", classes=SHARE).deck)["cells"]

        assert [tuple(fill(drawn, cell)) for cell in RING[:3]] == [rgb(color) for color in AMOUNT.light[3:]]

    def test_rows_hold_only_what_is_drawn(self):
        drawn = layers(value_map(table(value=[95.0], secret=["x"]), scene(), value="value", classes=SHARE).deck)["cells"]

        assert set(drawn["data"][0]) == {"hex", "fill", "tip1", "tip2", "tip3", "tip4"}

    def test_dark_ground_has_dark_colors(self):
        drawn = layers(value_map(table(value=[95.0]), scene(theme="dark"), value="value", classes=SHARE).deck)

        assert tuple(fill(drawn["cells"], RING[0])) == rgb(AMOUNT.dark[-1])
        assert drawn["ground"]["_subLayerProps"]["polygons-fill"]["getFillColor"][:3] == list(rgb(tokens("dark").ground))

    def test_cells_without_classes_are_refused(self):
        with pytest.raises(ValueError, match="without classes"):
            market_map(scene(), cells=table(value=[1.0]))

    def test_a_map_of_malls_alone_has_no_cells(self):
        drawn = layers(market_map(scene()))

        assert drawn["cells"]["data"] == []
        assert [each["properties"]["mall_id"] for each in drawn["malls"]["data"]["features"]] == ["a", "b", "c"]

    def test_the_selected_cell_and_mall_stand_out(self):
        drawn = layers(market_map(scene(selected_cell=RING[0], selected_mall="b")))

        assert drawn["selected"]["data"] == [{"hex": hex_id(RING[0])}]
        assert drawn["selected"]["getLineWidth"] == 3
        assert drawn["selected"]["filled"] is False
        assert [each["properties"]["radius"] for each in drawn["malls"]["data"]["features"]] == [6, 8, 6]
        assert layers(market_map(scene()))["selected"]["data"] == []

    def test_malls_differ_by_status_and_a_closed_one_is_crossed(self):
        drawn = layers(market_map(scene()))
        color = tokens("light")
        fills = [tuple(each["properties"]["fill"][:3]) for each in drawn["malls"]["data"]["features"]]

        assert fills == [rgb(color.primary), rgb("#FFFFFF"), rgb(color.closed)]
        assert [each["position"] for each in drawn["mall-crosses"]["data"]] == [[-115.0425, 36.06722]]

    def test_without_names_there_is_no_layer_of_names(self):
        drawn = layers(market_map(scene(malls=MALLS[:1])))

        assert "mall-crosses" not in drawn
        assert "mall-names" in drawn


class TestSuppression:
    def test_a_suppressed_row_carries_no_number_and_no_fill(self):
        cells = table(value=[97.5, 88.0], n=[4321, 50], drive_s=[600, 660], suppressed=[True, False])
        text = value_map(cells, scene(), value="value", classes=SHARE).deck.to_json()
        drawn = {layer["id"]: layer for layer in json.loads(text)["layers"]}

        assert [row["hex"] for row in drawn["cells"]["data"]] == [hex_id(RING[1])]
        assert [row["hex"] for row in drawn["cells-hidden"]["data"]] == [hex_id(RING[0])]
        assert "fill" not in drawn["cells-hidden"]["data"][0]
        assert drawn["cells-hidden"]["_subLayerProps"]["hexagon-cell"]["getFillColor"] == [0, 0, 0, 0]
        assert "97.5" not in text
        assert "4,321" not in text
        assert len(drawn["cells-hidden-dots"]["data"]["features"]) == 1

    def test_a_suppressed_cell_shows_its_minutes_but_never_its_orders(self):
        cells = coverage(orders=[4321, 7654, 3, 12, None, 20], suppressed=[True, False, False, False, False, False])
        bands = coverage_map(cells, scene(), mode="bands").deck.to_json()
        orders = coverage_map(cells, scene(), mode="orders").deck.to_json()

        assert "4,321" not in bands
        assert "7,654" in bands
        assert "4,321" not in orders
        assert len(layers(coverage_map(cells, scene(), mode="bands").deck)["cells"]["data"]) == 5

    def test_no_orders_is_an_outline_and_not_the_lowest_class(self):
        drawn = layers(coverage_map(coverage(), scene(), mode="orders").deck)

        assert [row["hex"] for row in drawn["cells-empty"]["data"]] == [hex_id(RING[1]), hex_id(RING[4])]
        assert "fill" not in drawn["cells-empty"]["data"][0]
        assert len(drawn["cells"]["data"]) == 4


class TestBuilders:
    def test_the_nearest_band_is_the_strongest_and_its_bound_belongs_to_it(self):
        drawn = layers(coverage_map(coverage(drive_s=[300, 600, 601, 2700, None, 2701]), scene(), mode="bands").deck)["cells"]

        assert [tuple(fill(drawn, cell)) for cell in RING[:4]] == [rgb(AMOUNT.light[place]) for place in (5, 5, 4, 1)]
        assert len(drawn["data"]) == 4

    def test_a_cell_out_of_reach_is_absent_from_the_bands(self):
        drawn = layers(coverage_map(coverage(), scene(), mode="bands").deck)

        assert hex_id(RING[4]) not in {row["hex"] for name in ("cells", "cells-empty", "cells-hidden") for row in drawn[name]["data"]}

    def test_the_line_runs_around_what_lies_within_the_standard(self):
        near = coverage(drive_s=[300, 1200, 1201, None, None, None])
        line = layers(coverage_map(near, scene(), mode="bands", within_s=1200).deck)["edge"]["data"]["features"]
        around_both = h3.cells_to_geo([hex_id(RING[0]), hex_id(RING[1])])
        rings = around_both["coordinates"] if around_both["type"] == "Polygon" else [each[0] for each in around_both["coordinates"]]

        assert sorted(len(each["geometry"]["coordinates"]) for each in line) == sorted(len(ring) for ring in rings)
        assert layers(coverage_map(near, scene(), mode="orders").deck)["edge"]["data"]["features"] == []

    def test_not_covered_colors_people_per_square_mile_beyond_the_standard_only(self):
        drawn = layers(coverage_map(coverage(), scene(), mode="not_covered", within_s=1200).deck)["cells"]
        grey = list(rgb(tokens("light").county_line))
        area = h3.cell_area(hex_id(RING[3]), unit="km^2") / 2.589988110336

        assert [fill(drawn, cell) == grey for cell in RING] == [True, True, False, False, False, True]
        assert 1000 <= 400 / area < 2500
        assert tuple(fill(drawn, RING[3])) == rgb(AMOUNT.light[2])

    def test_orders_are_drawn_per_square_mile(self):
        drawn = layers(coverage_map(coverage(), scene(), mode="orders").deck)["cells"]
        area = h3.cell_area(hex_id(RING[0]), unit="km^2") / 2.589988110336

        assert 100 <= 40 / area < 250
        assert tuple(fill(drawn, RING[0])) == rgb(AMOUNT.light[4])
        assert 3 / area < 10
        assert tuple(fill(drawn, RING[2])) == rgb(AMOUNT.light[0])

    def test_households_are_counted_where_households_are_asked_for(self):
        cells = coverage(households=[50, 60, 70, 80, 0, 90])
        drawn = coverage_map(cells, scene(), mode="not_covered", weight="households")

        assert "80 households" in drawn.deck.to_json()
        assert "households per sq mi" in drawn.legend

    def test_the_legend_names_the_chosen_mall_where_every_drive_starts_there(self):
        chosen = coverage_map(coverage(), scene(selected_mall="a"), mode="bands")
        other = coverage_map(coverage(), scene(selected_mall="b"), mode="bands")

        assert "Drive from Fashion Show" in chosen.legend
        assert layers(chosen.deck)["cells"]["data"][0]["tip4"] == "From Fashion Show"
        assert "Drive to the nearest open mall" in other.legend
        assert layers(other.deck)["cells"]["data"][0]["tip4"] == "Nearest: Fashion Show"

    def test_an_unknown_mode_is_named(self):
        with pytest.raises(ValueError, match=r"'heat'.*bands, not_covered, orders"):
            coverage_map(coverage(), scene(), mode="heat")

    def test_on_time_is_a_share_of_orders_with_a_promise(self):
        cells = table(numerator=[9, 0, None], denominator=[12, 0, None], suppressed=[False, False, True])
        drawn = layers(on_time_map(cells, scene()).deck)

        assert drawn["cells"]["data"][0]["tip1"] == "75.0 % on time"
        assert drawn["cells"]["data"][0]["tip2"] == "n 12"
        assert tuple(fill(drawn["cells"], RING[0])) == rgb(AMOUNT.light[1])
        assert [row["hex"] for row in drawn["cells-empty"]["data"]] == [hex_id(RING[1])]
        assert [row["hex"] for row in drawn["cells-hidden"]["data"]] == [hex_id(RING[2])]

    def test_an_empty_table_is_still_a_map(self):
        empty = pa.table({"cell": pa.array([], pa.int64()), "value": pa.array([], pa.float64())})
        drawn = value_map(empty, scene(), value="value", classes=SHARE)

        assert layers(drawn.deck)["cells"]["data"] == []
        assert "under 80" in drawn.legend

    def test_a_market_without_reference_is_still_legible(self):
        hubs = (MallMark("h", "Midtown", "open", 45.76, 4.84),)
        view = market_camera([(45.76, 4.84)])
        drawn = layers(market_map(scene(background=background("lyon", view.bounds), malls=hubs, view=view)))

        assert drawn["mall-names"]["data"][0]["text"] == "Midtown"
        assert [each["text"].split()[1] for each in drawn["scale-text"]["data"]] == ["mi", "km"]
        assert "places" not in drawn


class TestTooltips:
    def test_a_tooltip_has_value_n_drive_and_nearest_mall(self):
        cells = table(value=[88.5], n=[1234], drive_s=[754], mall_id=["a"])
        row = layers(value_map(cells, scene(), value="value", classes=SHARE).deck)["cells"]["data"][0]

        assert [row[f"tip{line}"] for line in (1, 2, 3, 4)] == ["On time: 88.5 %", "n 1,234", "13 min drive", "Fashion Show"]

    def test_lines_move_up_where_one_is_missing(self):
        row = layers(value_map(table(value=[88.5], drive_s=[600]), scene(), value="value", classes=SHARE).deck)["cells"]["data"][0]

        assert [row[f"tip{line}"] for line in (1, 2, 3, 4)] == ["On time: 88.5 %", "10 min drive", "", ""]

    def test_names_reach_the_template_as_plain_text_and_the_template_is_ours(self):
        evil = (MallMark("a", "<img src=x onerror=alert(1)> {tip2}", "open", *HERE),)
        deck = market_map(scene(malls=evil))
        drawn = layers(deck)["malls"]["data"]["features"][0]["properties"]

        # Streamlit escapes what it puts between the braces (seen in a browser); the template itself holds nothing of the data.
        assert deck._tooltip["html"] == "<b>{tip1}</b><div>{tip2}</div><div>{tip3}</div><div>{tip4}</div>"
        assert drawn["tip1"].startswith("<img src=x")
        assert "{" not in drawn["tip1"]
        assert "}" not in drawn["tip1"]

    def test_no_cell_id_stands_in_a_tooltip(self):
        rows = layers(coverage_map(coverage(), scene(), mode="bands").deck)["cells"]["data"]

        assert not any(row["hex"] in row[f"tip{line}"] for row in rows for line in (1, 2, 3, 4))


class TestLegend:
    def test_title_unit_period_and_breaks_stand_in_one_line(self):
        html = legend_html(SHARE, theme="light", period="last 13 weeks", note="model")
        text = re.sub(r"<[^>]+>", " ", html)

        assert re.sub(r"\s+", " ", text).strip() == "On time , %, last 13 weeks, model under 80 80-90 over 90"
        assert html.count("\n") == 0

    def test_special_states_stand_there_only_when_they_occur(self):
        plain = legend_html(SHARE, theme="light", specials=Specials())
        full = legend_html(
            SHARE,
            theme="light",
            specials=Specials(
                hidden_cells=3, hidden_share=0.06, empty_cells=1, absent_cells=2, absent_share=0.004, covered_cells=1, covered_label="Grey"
            ),
        )

        for text in ("Hidden", "No orders", "No travel time", "Grey"):
            assert text not in plain
            assert text in full
        assert "Hidden cells: 6 % of orders" in full
        assert "not drawn: under 1 % of people" in full

    def test_a_map_without_hidden_cells_does_not_speak_of_them(self):
        shown = value_map(table(value=[95.0]), scene(), value="value", classes=SHARE, hidden_share=0.0).legend
        hidden = value_map(table(value=[95.0], suppressed=[True]), scene(), value="value", classes=SHARE, hidden_share=0.125).legend

        assert "Hidden" not in shown
        assert "Hidden cells: 12 % of orders" in hidden

    def test_coverage_says_how_many_people_are_farther_than_the_last_band(self):
        legend = coverage_map(coverage(population=[100, 200, 300, 300, 100, 0]), scene(), mode="bands").legend

        assert "Over 45 min, not drawn: 10 % of people" in legend
        assert "Over 45 min" not in coverage_map(coverage(), scene(), mode="orders").legend

    def test_swatches_are_the_colors_seen_on_the_map(self):
        html = legend_html(Classes("Orders", "", (1,), AMOUNT), theme="light")

        # 85 % of #1F3D69 over #F3F2EE
        assert "#3F587D" in html

    def test_statuses_on_the_map_are_explained_and_no_others(self):
        html = legend_html(None, theme="dark", statuses=("open", "closed"))

        assert "Open" in html
        assert "Closed" in html
        assert "Candidate" not in html

    def test_what_is_not_ours_is_escaped(self):
        html = legend_html(Classes("<b>x</b>", "a&b", (1,)), theme="light", period="<script>", note='"')

        assert "<script>" not in html
        assert "&lt;b&gt;x&lt;/b&gt;" in html
        assert "a&amp;b" in html


class TestCamera:
    def test_a_pixel_and_back_is_the_same_point(self):
        view = Camera(36.1, -115.2, 9.5, 860, 520)

        assert view.point(*view.pixel(36.2, -115.0)) == pytest.approx((36.2, -115.0))
        assert view.pixel(36.1, -115.2) == pytest.approx((430, 260))

    def test_the_world_is_512_pixels_wide_at_zoom_0(self):
        assert Camera(0, 0, 0).meters_per_px == pytest.approx(40_075_016.686 / 512)
        assert Camera(60, 0, 1).meters_per_px == pytest.approx(40_075_016.686 / 512 / 4)

    @pytest.mark.parametrize(("width_px", "height_px"), [(860, 520), (358, 360)])
    def test_all_malls_are_in_view_with_ground_around_them(self, width_px, height_px):
        view = market_camera([(mall.latitude, mall.longitude) for mall in MALLS], width_px=width_px, height_px=height_px)
        around_px = 13_500 / view.meters_per_px

        for mall in MALLS:
            x, y = view.pixel(mall.latitude, mall.longitude)
            assert around_px <= x <= width_px - around_px
            assert around_px <= y <= height_px - around_px

    def test_the_box_fills_the_narrower_side(self):
        wide = camera_for((-10, -1, 10, 1), width_px=560, height_px=560, margin_px=24)

        assert wide.zoom == pytest.approx(log2(512 / 512 * 360 / 20), abs=0.01)
        assert camera_for((5, 5, 5, 5)).zoom == 13

    def test_a_camera_needs_a_point(self):
        with pytest.raises(ValueError, match="at least one"):
            market_camera([])

    def test_the_resolution_is_the_finest_that_stays_under_the_limit(self):
        parent = h3.latlng_to_cell(*HERE, 7)
        cells = [int(cell, 16) for cell in h3.cell_to_children(parent, 9)]

        assert len(cells) == 49
        assert finest_resolution(cells) == 9
        assert finest_resolution(cells, most=48) == 8
        assert finest_resolution(cells, most=7) == 8
        assert finest_resolution(cells, most=6) == 7
        assert finest_resolution([]) == 9

    def test_cells_are_never_narrower_than_five_pixels(self):
        cells = [int(h3.latlng_to_cell(*HERE, 9), 16)]
        # A cell of resolution 9 is about 350 m wide, one of resolution 8 about 920 m.
        assert finest_resolution(cells, view=Camera(0, 0, log2(40_075_016.686 / 512 / 60))) == 9
        assert finest_resolution(cells, view=Camera(0, 0, log2(40_075_016.686 / 512 / 100))) == 8

    def test_the_scale_bar_is_as_long_as_it_says(self):
        drawn = layers(market_map(scene()))
        texts = {each["text"].split()[1]: float(each["text"].split()[0]) for each in drawn["scale-text"]["data"]}
        ends = [each["geometry"]["coordinates"][1:3] for each in drawn["scale-bar"]["data"]["features"]]
        lengths = [h3.great_circle_distance(tuple(one[::-1]), tuple(other[::-1]), unit="km") for one, other in ends]

        assert lengths[0] == pytest.approx(texts["mi"] * 1.609344, rel=0.01)
        assert lengths[1] == pytest.approx(texts["km"], rel=0.01)

    @pytest.mark.parametrize("width_px", [358, 519, 844, 1300])
    def test_the_scale_bar_is_whole_on_a_screen_half_as_wide_and_no_name_stands_on_it(self, width_px):
        camera = market_camera([HERE], width_px=width_px)
        drawn = layers(market_map(replace(scene(), view=camera)))
        points = [each["geometry"]["coordinates"] for each in drawn["scale-bar"]["data"]["features"]]
        across = [camera.pixel(latitude, longitude)[0] for line in points for longitude, latitude in line]

        assert all(width_px / 4 <= x <= 3 * width_px / 4 for x in across)
        assert scale_box(camera)[0] <= min(across) < max(across) <= scale_box(camera)[2]

    def test_a_map_is_as_high_as_its_camera_was_fitted_for(self):
        wide = replace(scene(), view=market_camera([HERE], width_px=1300, height_px=430))
        assert value_map(table(value=[95.0]), wide, value="value", classes=SHARE).height_px == 430


class TestLabels:
    def test_names_of_malls_hide_neither_each_other_nor_a_disc(self):
        close = tuple(MallMark(str(place), f"Mall number {place}", "open", 36.10 + 0.035 * place, -115.17) for place in range(4))
        labels = mall_labels(close, CAMERA)
        boxes = label_boxes(labels, CAMERA)
        all_boxes = boxes + mall_boxes(close, CAMERA)

        assert [label.text for label in labels] == [mall.name for mall in close]
        for place, one in enumerate(boxes):
            for other in all_boxes[place + 1 :]:
                assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]

    def test_of_many_malls_a_dozen_names_stand_apart_and_the_chosen_one_has_its_own(self):
        many = [
            MallMark(f"m{place}", f"The Grand Promenade Shops at Superstition Vista {place:02d}", "open", *CAMERA.point(x, y))
            for place, (x, y) in enumerate((90 + 95 * column, 60 + 80 * row) for row in range(5) for column in range(8))
        ]
        labels = mall_labels(many, CAMERA, chosen="m27")
        boxes = label_boxes(labels, CAMERA)
        hidden = [
            max(0.0, min(one[2], other[2]) - max(one[0], other[0])) * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
            for place, one in enumerate(boxes)
            for other in boxes[place + 1 :]
        ]

        assert 6 <= len(labels) <= 12
        assert labels[0].text == "The Grand Promenade Sh\N{HORIZONTAL ELLIPSIS}on Vista 27"
        assert max(hidden) <= 150

    def test_a_mall_whose_name_found_no_room_is_a_disc_that_tells_it(self):
        points = [CAMERA.point(250 + 22 * column, 150 + 22 * row) for row in range(9) for column in range(15)]
        close = tuple(MallMark(f"m{place}", f"Mall number {place}", "open", *point) for place, point in enumerate(points))
        drawn = layers(market_map(scene(malls=close, selected_mall="m67")))

        told = {each["text"] for each in drawn["mall-names"]["data"]}
        assert "Mall number 67" in told
        assert len(told) <= 12
        assert {each["properties"]["tip1"] for each in drawn["malls"]["data"]["features"]} == {mall.name for mall in close}

    def test_a_name_turns_away_from_a_neighbor_on_its_right(self):
        x, y = CAMERA.pixel(*HERE)
        neighbor = MallMark("n", "N", "open", *CAMERA.point(x + 60, y))

        assert mall_labels([MallMark("m", "Main Street Mall", "open", *HERE), neighbor], CAMERA)[0].anchor != "start"
        assert mall_labels([MallMark("m", "Main Street Mall", "open", *HERE)], CAMERA)[0].anchor == "start"

    def test_a_name_at_the_right_edge_turns_to_the_left(self):
        latitude, longitude = CAMERA.point(CAMERA.width_px - 30, 200)

        assert mall_labels([MallMark("x", "A long name indeed", "open", latitude, longitude)], CAMERA)[0].anchor == "end"

    def test_at_most_twelve_places_by_rank_and_only_those_in_view(self):
        grid = [
            Place(f"P{row}{column}", *CAMERA.point(60 + 100 * column, 40 + 60 * row), 1 + row) for row in range(8) for column in range(8)
        ]
        labels = place_labels([*grid, Place("Far", 10.0, 10.0, 0)], CAMERA)

        assert len(labels) == 12
        assert "Far" not in {label.text for label in labels}
        assert [label.text[1] for label in labels] == ["0"] * 8 + ["1"] * 4

    def test_a_place_name_gives_way_to_a_mall(self):
        named = layers(market_map(scene(background=place_at(*HERE))))["places"]["data"][0]

        assert named["text"] == "Here"
        assert named["offset"] != [0, 0]


def place_at(latitude, longitude) -> Background:
    nothing = {"type": "FeatureCollection", "features": []}
    return Background("x", CAMERA.bounds, nothing, nothing, nothing, nothing, nothing, (Place("Here", latitude, longitude, 1),))


class TestPicked:
    def test_a_click_on_a_cell_of_any_kind_gives_its_id(self):
        for layer in ("cells", "cells-empty", "cells-hidden"):
            assert picked({"objects": {layer: [{"hex": "88ab"}]}}) == Picked(cell="88ab")

    def test_a_click_on_a_mall_gives_its_id(self):
        feature = layers(market_map(scene()))["malls"]["data"]["features"][1]

        assert picked({"objects": {"malls": [feature]}}) == Picked(mall_id="b")

    def test_nothing_clicked_is_nothing(self):
        assert picked(None) == picked({}) == picked({"objects": {}}) == Picked()


def test_a_dense_city_fills_the_picture_and_a_wide_market_keeps_its_ground():
    dense = market_camera([(40.72, -74.00), (40.75, -73.98), (40.78, -73.97)])
    wide = market_camera([(36.00, -115.30), (36.10, -115.10), (36.20, -115.00)])
    one = market_camera([(40.72, -74.00)])

    _, south, _, north = dense.bounds
    assert north - south == pytest.approx(3 * 0.06, rel=0.01)  # as much ground on either side as the malls are apart
    assert wide == market_camera([(36.00, -115.30), (36.10, -115.10), (36.20, -115.00)], around_m=17_000)
    assert one == market_camera([(40.72, -74.00)], around_m=17_000)
