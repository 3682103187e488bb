"""What the page on travel times says, in the toy town: sentence, figures, tables, map, and why something is not there."""

import pytest

from analytics.parameters import EVERYTHING
from tests.test_metrics_travel_times import drove
from tests.town import MONDAY, Town, cells
from ui import travel_times
from ui.charts.drives import Class, drive_curve, drive_fit
from ui.maps import hex_id
from ui.palette import tokens
from ui.view import View, view_of

DAYS = {"market": "V", "period": "custom", "from": MONDAY.isoformat(), "to": MONDAY.isoformat()}


def viewed(town: Town, **chosen: str) -> View:
    return view_of(
        {**DAYS, **chosen}, version=town.version, scope=EVERYTHING, theme="light", default_period="last-week", is_of_one_market=True
    )


@pytest.fixture
def driven(town: Town) -> Town:
    """Cells 0 to 6 are driven to as modelled, the next seven in a third more; one cell of nine customers; another market is far off."""
    town.drive("M1", 0, 600)
    drove(town, "M1", 600, 600, customers=30, cell=0, line_m=1500, hour=12)
    drove(town, "M1", 800, 600, customers=10, cell=7, line_m=4700, hour=17)
    drove(town, "M2", 900, 600, customers=9, cell=14, line_m=4800, hour=17)
    drove(town, "M4", 60, 3000, customers=40, cell=0)
    return town


def test_the_sentence_says_how_far_half_and_nearly_all_drives_are_off(driven: Town) -> None:
    text, aside = travel_times.sentence(viewed(driven))

    assert text == "Around the malls of Las Vegas half of the drives end within 0.0 min of the modelled time, 9 of 10 within 5.0 min."
    assert aside.startswith("Drive times are modelled by a curve over distance that no delivery has calibrated yet")
    assert "Mall 1" in travel_times.sentence(viewed(driven, mall="M1"))[0]


def test_the_figures_by_hand(driven: Town) -> None:
    shown = {label: (value, beside) for label, value, beside in travel_times.figures(viewed(driven, mall="M1"))}

    assert shown["Half off by less than"] == ("0.0 min", "of 11 min on average")
    assert shown["9 of 10 off by less than"][0] == "3.3 min"
    # 30 * 600 + 10 * 800 against 40 * 600 seconds.
    assert shown["Observed against modelled"][0] == "+8.3 %"
    assert shown["Drives measured"][0] == "40"


def test_the_map_shows_where_drives_take_longer_and_hides_places_of_few(driven: Town) -> None:
    rows = {row["cell"]: row for row in travel_times.cells(viewed(driven)).to_pylist()}
    places = {f"{cell:x}": row for cell, row in rows.items()}
    (slow,) = [row for row in rows.values() if row["residual_percent"] and row["residual_percent"] > 1]

    assert slow["residual_percent"] == pytest.approx(100 / 3)
    assert [row["n"] for row in rows.values() if row["suppressed"]] == [None]
    figure = travel_times.cells_map(viewed(driven))
    assert "Observed against modelled drive" in figure.legend
    # Nine of 49 drives are hidden, told as ten of 50: the number itself must not follow.
    assert "20 % of drives in hidden cells" in figure.legend
    hidden = next(name for name, row in places.items() if row["suppressed"])
    assert dict(travel_times.cell_story(viewed(driven, cell=hidden)))["Drives"] == "hidden: fewer than 10 customers"
    story = dict(travel_times.cell_story(viewed(driven, cell=hex_id(slow["cell"]))))
    assert (story["Observed"], story["Modelled"], story["Half off by"], story["Drives"]) == (
        "13.3 min on average",
        "10.0 min",
        "3.3 min",
        "10",
    )
    assert travel_times.cell_story(viewed(driven, cell=f"{cells()[40]:x}")) == []


def test_the_table_has_a_row_a_kilometer_in_miles(driven: Town) -> None:
    rows = travel_times.lines_table(viewed(driven, mall="M1")).to_pylist()

    assert [(row["miles"], row["n"], row["error_p50_s"]) for row in rows] == [("0.6-1.2 mi", 30, 0), ("2.5-3.1 mi", 10, 200)]


def test_hours_are_hidden_where_few_were_driven_to(driven: Town) -> None:
    legend, figure = travel_times.grid(viewed(driven, mall="M2"))

    assert "Hidden cells" in legend
    assert figure.data


def test_the_grid_says_what_the_model_makes_of_a_drive_at_each_hour(driven: Town) -> None:
    for market, is_weekend, band_s, permille in (
        ("V", False, 600, 1083),
        ("V", True, 600, 950),
        ("V", False, 900, 1200),
        ("W", False, 600, 1400),
    ):
        driven.add("hour_factors", market_id=market, local_hour=12, is_weekend=is_weekend, drive_band_s=band_s, permille=permille)

    tips = [str(tip) for trace in travel_times.grid(viewed(driven, mall="M1"))[1].data for tip in (trace.customdata or ())]

    told = "the model gives drives of 10-15 min"
    assert [told in tip for tip in tips if "0.0 min" in tip] == [True]  # at noon
    assert sum(f"{told} +8.3 % at this hour" in tip for tip in tips) == 1
    assert sum(told in tip for tip in tips) == 1  # nothing is known of 17:00


def test_without_drives_the_page_says_so_and_names_the_model(town: Town) -> None:
    town.drive("M1", 0, 600)
    text, aside = travel_times.sentence(viewed(town))

    assert text == "No drive around the malls of Las Vegas is known from mall to door, so nothing can be measured."
    assert "no delivery has calibrated" in aside
    assert not travel_times.is_measured(viewed(town))


def test_too_few_customers_hide_all_of_it(town: Town) -> None:
    drove(town, "M1", 600, 500, customers=9)

    assert travel_times.sentence(viewed(town))[0] == "Drives around the malls of Las Vegas are hidden: fewer than 10 customers."
    assert not travel_times.is_measured(viewed(town))


def test_the_curve_draws_the_model_as_a_line_and_the_drives_as_dots() -> None:
    classes = [Class(at=1.0, n=20, middle=6.0, high=9.0, modelled=5.5), Class(at=2.0, n=30, middle=8.0, high=12.0, modelled=8.5)]

    line, median, most = drive_curve(classes, theme="light").data

    assert (line.mode, list(line.x), list(line.y), line.line.color) == ("lines", [1.0, 2.0], [5.5, 8.5], tokens("light").primary)
    assert (median.mode, list(median.y), list(most.y)) == ("markers", [6.0, 8.0], [9.0, 12.0])
    assert list(median.customdata) == [20, 30]


def test_predicted_and_observed_have_the_diagonal_and_the_middle_eighty_percent() -> None:
    classes = [Class(at=5.0, n=20, middle=6.0, low=4.0, high=9.0), Class(at=15.0, n=30, middle=14.0, low=12.0, high=19.0)]

    low, high, diagonal, median = drive_fit(classes, theme="dark").data

    assert (list(low.y), list(high.y), high.fill) == ([4.0, 12.0], [9.0, 19.0], "tonexty")
    assert (list(diagonal.x), list(diagonal.y)) == ([0.0, 15.0], [0.0, 15.0])
    assert list(median.y) == [6.0, 14.0]
