"""Candidates in order: criteria that are the figures of other pages, hard limits, what is unknown, and the command."""

import csv
import io
import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.__main__ import main
from analytics.answers import answers
from analytics.choosing.criteria import BY_ID, CRITERIA, PRESETS, Yardstick, scales
from analytics.choosing.forecast import Assumptions, forecast
from analytics.choosing.look_alikes import FEATURES, look_alikes
from analytics.choosing.measures import Terms, measures, recent, yardstick
from analytics.choosing.newly import newly_covered
from analytics.choosing.ranking import SHOWN, in_units, ranking, span, table
from analytics.choosing.scenario import pin_at, pins_text, scenario
from analytics.choosing.sites import reach, sites
from analytics.errors import ParameterError
from analytics.models.scores import WEIGHTINGS
from analytics.parameters import EVERYTHING, Parameters
from data.cells import haversine_m
from data.warehouse import Version, Warehouse
from tests.town import Town, cells

FORECAST = ("orders", "p90", "on_time", "short", "cost")


@pytest.fixture(scope="module")
def demo(demo_root: Path) -> Version:
    version = Warehouse(demo_root).current()
    assert version is not None
    return version


def test_every_criterion_has_anchors_and_every_preset_names_criteria() -> None:
    assert set(scales(1200, Yardstick(100, 50))) == set(BY_ID)
    assert {name for weights in PRESETS.values() for name in weights} <= set(BY_ID)
    assert len({each.column for each in CRITERIA}) == len(CRITERIA)
    for seconds in (60, 600, 1200, 2700):
        assert scales(seconds, Yardstick())["newly"].ideal > 0  # nothing to divide by where there is no pilot


def test_criteria_are_the_figures_of_coverage(demo: Version) -> None:
    chosen = sites(demo)
    found = measures(demo, chosen, Terms(within_s=900), ["newly", "reach", "households", "taken", "drivers"])

    people = {row["mall_id"]: row for row in answers("coverage_by_mall", Parameters(within_s=900), EVERYTHING, demo).rows()}
    homes = {
        row["mall_id"]: row for row in answers("coverage_by_mall", Parameters(within_s=900, weight="households"), EVERYTHING, demo).rows()
    }
    assert found["reach"].values == tuple(people[site.id]["numerator"] for site in chosen)
    assert found["newly"].values == tuple(people[site.id]["only_here"] for site in chosen)
    assert found["households"].values == tuple(homes[site.id]["numerator"] for site in chosen)
    for place, site in enumerate(chosen):
        rows = answers("cannibalization", Parameters(market_id=site.market_id), EVERYTHING, demo).rows()
        lost = [(row["numerator"], row["denominator"]) for row in rows if row["mall_id"] == site.id != row["other_mall_id"]]
        share = None if site.is_open else round(1000 * sum(each for each, _ in lost) / sum(before for _, before in lost))
        assert found["taken"].values[place] == share
        days = recent(demo, site.market_id)
        assert days is not None
        asked = Parameters(market_id=site.market_id, within_s=900, start_on=days.start_on, end_on=days.end_on)
        hours = {row["cell"]: row["numerator"] for row in answers("driver_access", asked, EVERYTHING, demo).rows()}
        own = reach(demo, [site], within_s=900)
        assert found["drivers"].values[place] == round(sum(hours[cell] or 0 for cell in own.cells[own.cell].tolist()) / 3600)


def test_forecasts_are_those_of_the_opened_mall_with_their_ends(demo: Version) -> None:
    chosen = [site for site in sites(demo) if not site.is_open][:2]
    terms = Terms(handling_cents=100, surcharge_cents=25)
    found = measures(demo, chosen, terms, FORECAST)

    for place, site in enumerate(chosen):
        told = forecast(demo, site, Assumptions(handling_cents=100, surcharge_cents=25))
        for name, field in zip(
            FORECAST, ("orders_week", "click_to_door_p90_s", "on_time_permille", "hours_short_week", "cost_cents"), strict=True
        ):
            band = getattr(told, field)
            measure = found[name]
            assert (measure.low[place], measure.values[place], measure.high[place]) == (
                (band.low_80, band.middle, band.high_80) if band else (None, None, None)
            )
            assert band is not None or (measure.reasons or {})[place]


def test_a_mall_alone_is_measured_as_among_others(demo: Version) -> None:
    chosen = [site for site in sites(demo) if not site.is_open]
    wanted = [each.id for each in CRITERIA if each.id not in FORECAST]
    together, alone = measures(demo, chosen, Terms(), wanted), measures(demo, chosen[:1], Terms(), wanted)

    assert {name: measure.values[0] for name, measure in together.items()} == {name: measure.values[0] for name, measure in alone.items()}


def _people(town: Town) -> None:
    for cell, (people, seconds) in enumerate(((100, 600), (50, 1200), (7, 1201))):
        town.demand(cell, people, households=people // 2)
        town.tables["demand_cells"][-1]["income_cents"] = [5_000_000, 9_000_000, None][cell]
        town.drive("M3", cell, seconds)
    town.drive("M1", 1, 300)


def test_incomes_categories_stations_and_the_baseline_counted_by_hand(town: Town) -> None:
    _people(town)
    for store, category in enumerate(("apparel", "apparel", "toys", None)):
        town.add("stores", store_id=f"s{store}", mall_id="M3", category=category)
    for name, latitude in (("near", 36.2), ("far", 37.0)):
        town.add("stations", station_id=name, market_id="V", latitude=latitude, longitude=-115.1)
    town.deliver("M1", seconds=[1800] * 12, day=date(2026, 3, 8))
    for cell, orders in ((0, 8), (1, 4), (2, 100)):
        town.add(
            "baseline",
            market_id="V",
            cell=cells()[cell],
            local_date=date(2026, 3, 3),
            orders=orders,
            click_to_door_sum_s=orders * 3600 * (cell + 1),
            cost_sum_cents=orders * 500,
        )
    town.tables["malls"][2]["store_count"] = 80
    chosen = [site for site in sites(town.version) if site.id == "M3"]

    found = measures(town.version, chosen, Terms(), ["income", "stores", "categories", "station", "other_cost", "other_time"])

    assert found["income"].values == ((50 * 5_000_000 + 25 * 9_000_000) // 75,)
    assert found["stores"].values == (80,)
    assert found["categories"].values == (2,)
    away_m = haversine_m(np.float64(36.12), np.float64(-115.1), np.array([36.2]), np.array([-115.1]))[0]
    assert found["station"].values == (round(float(away_m)),)
    assert found["other_cost"].values == (500,)
    assert found["other_time"].values == (round((8 * 3600 + 4 * 7200) / 12),)  # the third cell is out of reach


def test_what_the_data_cannot_tell_is_missing_with_its_reason(town: Town) -> None:
    town.demand(0, 10)
    town.drive("M3", 0, 60)
    chosen = sites(town.version)

    found = measures(town.version, chosen, Terms(), [each.id for each in CRITERIA])

    candidate = next(place for place, site in enumerate(chosen) if site.id == "M3")
    assert found["newly"].values[candidate] == 10
    for name in ("income", "drivers", "stores", "categories", "station", "other_cost", "other_time", "taken", *FORECAST):
        assert found[name].values[candidate] is None
        assert (found[name].reasons or {})[candidate]
    assert found["newly"].values[-1] is None  # M4's market has no people at all
    assert yardstick(town.version) == Yardstick()


def test_few_orders_of_the_baseline_in_reach_are_no_mean(town: Town) -> None:
    _people(town)
    town.deliver("M1", seconds=[1800] * 12, day=date(2026, 3, 8))
    town.add("baseline", market_id="V", cell=cells()[0], local_date=date(2026, 3, 3), orders=9, click_to_door_sum_s=9, cost_sum_cents=9)

    found = measures(town.version, [site for site in sites(town.version) if site.id == "M3"], Terms(), ["other_cost", "other_time"])

    assert [found[name].values for name in ("other_cost", "other_time")] == [(None,), (None,)]


def test_a_mall_that_fails_a_limit_stands_last_with_the_reason_and_the_others_keep_their_order(demo: Version) -> None:
    free = ranking(demo, scenario({"weights": "newly:1"}), also=())
    newly = free.measured["newly"].values
    assert list(newly) == sorted(newly, key=lambda value: -(value or 0))

    bound = (newly[1] or 0) - 1
    held = ranking(demo, scenario({"weights": "newly:1", "limits": f"newly:{bound}:"}), also=())

    assert [row.site.id for row in held.rows] == [row.site.id for row in free.rows]
    assert [row.rank for row in held.rows] == [1, 2, *[None] * (len(newly) - 2)]
    assert all("Newly reached" in row.failed and "under" in row.failed for row in held.rows[2:])
    assert held.rows[2].top_permille is None
    least = ranking(demo, scenario({"weights": "newly:1", "limits": f"newly::{bound}"}), also=())
    assert [row.rank for row in least.rows[-2:]] == [None, None]
    assert "over" in least.rows[-1].failed
    for limits, failing in ((f"newly:{newly[1]}:", len(newly) - 2), (f"newly::{newly[1]}", 1)):  # a mall at the limit meets it
        exact = ranking(demo, scenario({"weights": "newly:1", "limits": limits}), also=())
        assert sum(row.rank is None for row in exact.rows) == failing


def test_dropping_the_last_mall_or_adding_a_pin_changes_nobody_elses_score(demo: Version) -> None:
    texts = {"weights": "newly:30,reach:10,taken:20,stores:10", "market": "las-vegas"}
    alone = ranking(demo, scenario(texts), also=())
    pin = pin_at("Pin", 36.1, -115.1, "las-vegas", 90)
    both = ranking(demo, scenario(texts | {"pins": pins_text([pin])}), also=())

    scores = {row.site.id: row.score for row in both.rows}
    assert len(scores) == len(alone.rows) + 1
    assert {row.site.id: row.score for row in alone.rows} == {name: score for name, score in scores.items() if name != pin.id}
    assert [row.site.id for row in both.rows if row.site.id != pin.id] == [row.site.id for row in alone.rows]


def test_acceptability_adds_up_and_a_single_criterion_is_sure(demo: Version) -> None:
    found = ranking(demo, scenario({"weights": "newly:30,reach:10,taken:20"}), also=())
    for counts in (found.counts, found.counts_around):
        assert set(counts.sum(axis=0).tolist()) | set(counts.sum(axis=1).tolist()) == {WEIGHTINGS}
    tops = [row.top_permille for row in found.standing]
    assert tops == [round(1000 * int(row[:3].sum()) / WEIGHTINGS) for row in found.counts]
    assert [row.first_permille for row in found.standing] == [round(1000 * int(row[0]) / WEIGHTINGS) for row in found.counts]
    assert [row.first_around_permille for row in found.standing] == [round(1000 * int(row[0]) / WEIGHTINGS) for row in found.counts_around]

    sure = ranking(demo, scenario({"weights": "newly:5"}), also=())

    assert [row.top_permille for row in sure.rows[:4]] == [1000, 1000, 1000, 0]


def test_a_criterion_of_which_nothing_is_known_is_left_out_and_named(demo: Version) -> None:
    plain = ranking(demo, scenario({"weights": "newly:30"}), also=())
    more = ranking(demo, scenario({"weights": "newly:30,income:70"}), also=())

    assert [each.id for each in more.left_out] == ["income"]
    assert [(row.site.id, row.score) for row in more.rows] == [(row.site.id, row.score) for row in plain.rows]
    nothing = ranking(demo, scenario({"weights": "income:70"}), also=())
    assert {row.score for row in nothing.rows} == {None}
    assert [row.rank for row in nothing.rows] == [*range(1, len(nothing.rows) + 1)]


def test_a_mall_of_which_one_figure_is_unknown_scores_half_way_and_says_so(demo: Version) -> None:
    pins = pins_text([pin_at("Pin", 36.1, -115.1, "las-vegas")])
    found = ranking(demo, scenario({"weights": "stores:1", "market": "las-vegas", "pins": pins}), also=())

    (row,) = [row for row in found.rows if row.site.is_pin]
    assert (row.score, row.unknown) == (50.0, ("Stores",))


def test_a_market_that_is_not_there_is_refused(demo: Version) -> None:
    with pytest.raises(ParameterError, match="no market 'mars'"):
        ranking(demo, scenario({"market": "mars"}))


def test_the_file_has_every_figure_with_its_score(demo: Version) -> None:
    found = ranking(demo, scenario({}))
    rows = table(found).to_pylist()

    assert [row["rank"] for row in rows] == [*range(1, len(rows) + 1)]
    for name in SHOWN:
        column = BY_ID[name].column
        assert {column, f"{column}_score"} <= set(rows[0])
        assert [row[column] for row in rows] == list(found.measured[name].values)
        assert (f"{column}_low80" in rows[0]) == (name in FORECAST)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (12480, "people", "12,480"),
        (3120, "minutes", "52 min"),
        (3150, "minutes", "52.5 min"),
        (97463, "minutes", "27 h 04 min"),
        (742, "money", "$7.42"),
        (12_000_000, "money", "$120,000"),
        (917, "share", "91.7 %"),
        (16093, "distance", "10.0 mi"),
        (3066, "orders", "3,066 a week"),
    ],
)
def test_stored_numbers_as_sentences_have_them(value: int, unit: str, written: str) -> None:
    assert in_units(value, unit) == written  # type: ignore[arg-type]


def test_two_numbers_share_their_unit() -> None:
    assert span(1437, 6529, "orders") == "1,437 to 6,529 a week"
    assert span(3600, 10_000, "minutes") == "60 min to 2 h 47 min"
    assert span(700, 900, "money") == "$7.00 to $9.00"


def test_look_alikes_are_near_by_hand_and_a_mall_is_most_like_itself_elsewhere(town: Town) -> None:
    for cell, people in enumerate((100_000, 200_000)):
        town.demand(cell, people)
    for mall, seconds in (("M1", 600), ("M2", 1800), ("M3", 600)):
        town.drive(mall, 0, seconds)
    town.drive("M1", 1, 1800)
    town.tables["malls"][0]["store_count"], town.tables["malls"][2]["store_count"] = 100, 150
    chosen = {site.id: site for site in sites(town.version)}

    first, second = look_alikes(town.version, chosen["M3"], [chosen["M1"], chosen["M2"], chosen["M3"]])

    # M1: people within 10 and 20 min the same, 200,000 of 1,800,000 apart within 30, 50 of 250 stores apart.
    assert (first.pilot.id, first.known) == ("M1", 4)
    assert first.distance == pytest.approx((200_000 / 1_800_000 + 50 / 250) / 4)
    assert (first.most_like, first.least_like) == ("people within 10 min drive", "stores")
    # M2: nobody within 10 and 20 min, the same within 30, stores unknown.
    assert (second.pilot.id, second.known) == ("M2", 3)
    assert second.distance == pytest.approx((100_000 / 300_000 + 100_000 / 1_000_000) / 3)
    assert len(FEATURES) == 6


@given(st.data())
@settings(max_examples=10)
def test_cells_newly_covered_add_up_to_what_the_sites_newly_reach(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    town = Town(tmp_path_factory.mktemp("town"))
    for cell in range(20):
        town.demand(cell, data.draw(st.integers(1, 50)), inside=cell != 3)
    for mall in ("M1", "M2", "M3"):
        for cell in data.draw(st.sets(st.integers(0, 19))):
            town.drive(mall, cell, data.draw(st.integers(60, 1300)))
    whom = reach(town.version, sites(town.version, ("V",)), within_s=1200)

    for resolution in (9, 8, 7):
        rows = newly_covered(whom, [2], "V", resolution).to_pylist()
        assert sum(row["newly"] for row in rows if row["mall_id"] == "M3") >= int(whom.only_here[2])
        assert sum(row["newly"] for row in rows) == int(whom.only_here[2])
        own = whom.of_site(2)
        assert min((row["drive_s"] for row in rows if row["drive_s"] is not None), default=0) == min(whom.drive_s[own].tolist(), default=0)
        assert all((row["drive_s"] is None) == (row["mall_id"] is None) for row in rows)


def test_the_command_ranks_with_pins_files_and_scenarios(
    demo_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shutil.copytree(demo_root, tmp_path / "warehouse")
    file = tmp_path / "sites.csv"
    file.write_text("name,latitude,longitude\nBoulevard,36.125,-115.135\nNowhere,0,0\n")
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(root))
    asked = ["rank", "--warehouse", str(root), "--market", "las-vegas", "--weights", "newly:3,taken:1"]

    places = ["--candidates", str(file), "--pin", '["Old airport",36.05,-115.2,"las-vegas",90]']
    assert main([*asked, *places, "--save", "Mine", "--format", "json"]) == 0

    out, said = capsys.readouterr()
    told = json.loads(out)
    assert said == "sites.csv line 3: rejected, impossible coordinates\nsaved as 'Mine'\n"
    assert told["scenario"]["name"] == "Mine"
    assert {row["name"] for row in told["candidates"]} >= {"Boulevard", "Old airport", "Meadows Mall"}
    assert told["synthetic"] is True
    assert {sum(each) for each in told["weightings_by_rank"].values()} == {WEIGHTINGS}
    assert main(["rank", "--warehouse", str(root), "--scenario", "Mine", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == [row["name"] for row in told["candidates"]]
    assert main(["rank", "--warehouse", str(root), "--market", "las-vegas"]) == 0
    shown = capsys.readouterr().out
    assert "weights: Newly reached 25" in shown
    assert "synthetic data" in shown
    assert main(["rank", "--warehouse", str(root), "--scenario", "nobody"]) == 2
    assert "nothing is saved under the name 'nobody'" in capsys.readouterr().err


def test_the_period_of_criteria_is_that_of_coverage(demo: Version) -> None:
    days = recent(demo, "las-vegas")
    assert days is not None
    assert days.end_on - days.start_on == timedelta(weeks=13)
