"""Colors can be read, ranked and told apart, and classes say what they hold."""

from itertools import pairwise

import pytest

from ui.palette import (
    AMOUNT,
    BURDEN,
    DIVERGING,
    SCALES,
    STAGES,
    Classes,
    blend,
    color_distance,
    contrast,
    luminance,
    readable_on,
    rgb,
    rgba,
    round_breaks,
    simulated,
    theme_of,
    tokens,
)

THEMES = ("light", "dark")


def test_contrast_of_black_on_white_is_21_and_of_a_color_on_itself_1():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#1B6480", "#1B6480") == pytest.approx(1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", ["text", "muted", "primary", "green", "red"])
def test_text_keeps_contrast_4_5_on_the_page(theme, role):
    color = tokens(theme)

    assert contrast(getattr(color, role), color.background) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_names_on_the_map_keep_contrast_4_5_on_the_ground_and_signs_3(theme):
    color = tokens(theme)

    assert contrast(color.land_text, color.ground) >= 4.5
    assert contrast(color.text, color.ground) >= 4.5
    assert contrast(color.primary, color.ground) >= 3
    assert contrast(color.closed, color.ground) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scale", [AMOUNT, BURDEN], ids=lambda scale: scale.name)
def test_each_class_is_farther_from_the_ground_than_the_one_before(theme, scale):
    distances = [abs(luminance(color) - luminance(tokens(theme).ground)) for color in scale.colors(theme)]

    assert len(distances) == 6
    assert all(near < far for near, far in pairwise(distances))


@pytest.mark.parametrize("theme", THEMES)
def test_the_diverging_scale_leaves_the_ground_on_both_sides_of_its_middle(theme):
    distances = [abs(luminance(color) - luminance(tokens(theme).ground)) for color in DIVERGING.colors(theme)]

    assert len(distances) == 7
    assert all(far > near for far, near in pairwise(distances[:4]))
    assert all(near < far for near, far in pairwise(distances[3:]))


def test_green_seen_without_green_cones_is_no_longer_far_from_orange():
    assert color_distance("#2E7D5B", "#B4452A") > 60
    assert color_distance(simulated("#2E7D5B", "deuteranopia"), simulated("#B4452A", "deuteranopia")) < 40
    assert simulated("#808080", "protanopia") == "#808080"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("deficiency", ["protanopia", "deuteranopia"])
@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_neighboring_colors_stay_apart_for_readers_without_red_or_green_cones(theme, deficiency, scale):
    seen = [simulated(color, deficiency) for color in scale.colors(theme)]

    assert min(color_distance(first, second) for first, second in pairwise(seen)) >= 10


def test_every_scale_has_as_many_dark_colors_as_light_ones():
    assert [(scale.name, len(scale.light)) for scale in SCALES] == [("amount", 6), ("burden", 6), ("diverging", 7), ("stages", 5)]
    assert all(len(scale.light) == len(scale.dark) for scale in SCALES)
    assert STAGES.colors("dark") == STAGES.dark


def test_an_unknown_or_empty_theme_is_light():
    assert [theme_of(name) for name in ("dark", "light", "", None, "sepia")] == ["dark", "light", "light", "light", "light"]


def test_colors_become_numbers_and_blend_over_their_ground():
    assert rgb("#1B6480") == (27, 100, 128)
    assert rgba("#1B6480", 0.5) == (27, 100, 128, 128)
    assert blend("#FFFFFF", "#000000", 0.85) == "#D9D9D9"
    assert readable_on("#1F3D69") == "#FFFFFF"
    assert readable_on("#BCE8E7") == "#1C2430"


def test_end_classes_read_under_and_over():
    minutes = Classes("Click-to-door p90", "min", (30, 45, 60, 75, 90), BURDEN)

    assert minutes.labels == ("under 30", "30-45", "45-60", "60-75", "75-90", "over 90")
    assert [minutes.index(value) for value in (0, 29.9, 30, 89.9, 90, 500)] == [0, 0, 1, 4, 5, 5]


def test_a_drive_time_standard_includes_its_bound_and_the_nearest_class_is_strongest():
    bands = Classes("Drive", "min", (10, 15, 20, 30, 45), AMOUNT, is_reversed=True, is_upper_included=True, has_open_end=False)

    assert bands.labels == ("up to 10", "10-15", "15-20", "20-30", "30-45")
    assert [bands.index(value) for value in (0, 10, 10.1, 45)] == [0, 0, 1, 4]
    assert bands.colors("light")[0] == AMOUNT.light[-1]
    assert bands.colors("light")[-1] == AMOUNT.light[1]
    with pytest.raises(ValueError, match="past the last class"):
        bands.index(45.1)


def test_a_value_that_is_no_number_has_no_class():
    with pytest.raises(ValueError, match="no class"):
        Classes("On time", "%", (80, 90)).index(float("nan"))


def test_breaks_must_ascend_and_fit_their_scale():
    with pytest.raises(ValueError, match="ascending"):
        Classes("On time", "%", (80, 80, 90))
    with pytest.raises(ValueError, match="7 classes"):
        Classes("On time", "%", (50, 60, 70, 80, 90, 95))


def test_a_diverging_scale_is_symmetric_about_its_center():
    hours = Classes("Hours short", "h", (-12, -5, -1, 1, 5, 12), DIVERGING)
    target = Classes("Utilization", "%", (50, 60, 70, 80), DIVERGING, center=65)

    assert hours.labels[0] == "under \N{MINUS SIGN}12"
    assert hours.labels[1] == "\N{MINUS SIGN}12 to \N{MINUS SIGN}5"
    assert hours.colors("light") == DIVERGING.light
    assert target.colors("light") == (*DIVERGING.light[:2], DIVERGING.light[3], *DIVERGING.light[5:])
    with pytest.raises(ValueError, match="symmetric about 0"):
        Classes("Hours short", "h", (-12, -5, 5, 13), DIVERGING)


@pytest.mark.parametrize(
    ("quantiles", "expected"),
    [
        ([32, 41, 55, 71, 88], (30, 40, 55, 70, 90)),
        ([3, 11, 44, 180, 900], (3, 12, 40, 200, 1000)),
        ([0.81, 0.86, 0.9, 0.94, 0.97], (0.8, 0.85, 0.9, 0.95, 0.975)),
        ([100, 210, 290, 405, 520], (100, 200, 300, 400, 500)),
        ([1, 1, 1, 2, 3], (1, 2, 3)),
        ([5, 5, 5], (5,)),
        ([float("nan"), 7.3], (8,)),
    ],
)
def test_quantiles_round_to_round_breaks_that_still_ascend(quantiles, expected):
    assert round_breaks(quantiles) == pytest.approx(expected)


def test_breaks_about_a_center_are_symmetric():
    breaks = round_breaks([-12, -5, 0, 4, 13], center=0)

    assert list(breaks) == [-value for value in reversed(breaks)]
    assert Classes("Change", "pts", breaks, DIVERGING).count == len(breaks) + 1


def test_no_number_makes_no_breaks():
    with pytest.raises(ValueError, match="no quantiles"):
        round_breaks([float("nan")])
