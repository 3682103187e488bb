"""Sites and whom they reach: the figures of Coverage, for malls and for places that the data does not have."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers import answers
from analytics.choosing.sites import Pin, reach, sites
from analytics.choosing.taking import lost
from analytics.choosing.with_pins import table_with_pins
from analytics.errors import ParameterError
from analytics.parameters import EVERYTHING, Parameters
from data.travel_time.anew import market_model
from data.warehouse import Version, Warehouse
from tests.town import Town


@pytest.fixture(scope="session")
def demo(demo_root: Path) -> Version:
    version = Warehouse(demo_root).current()
    assert version is not None
    return version


def _pin_on(mall_id: str, version: Version, name: str = "Pin", stores: int | None = None) -> Pin:
    mall = next(site for site in sites(version) if site.id == mall_id)
    return Pin(f"pin-{name}", mall.market_id, name, mall.latitude, mall.longitude, mall.store_count if stores is None else stores)


def test_sites_are_open_malls_and_candidates_and_pins_and_no_closed_ones(town: Town) -> None:
    town.add("malls", mall_id="M0", market_id="V", name="Old", status="closed", latitude=36.0, longitude=-115.0)
    pins = [Pin("p2", "V", "Two", 36.1, -115.2), Pin("p1", "W", "One", 38.9, -77.0)]

    assert [site.id for site in sites(town.version, pins=pins)] == ["M1", "M2", "M3", "p2", "M4", "p1"]
    assert [site.id for site in sites(town.version, ("W",), pins)] == ["M4", "p1"]
    assert [site.is_open for site in sites(town.version, ("V",))] == [True, True, False]


def test_a_market_that_is_not_there_and_a_pin_with_a_malls_id_are_refused(town: Town) -> None:
    with pytest.raises(ParameterError, match="no market 'X'"):
        sites(town.version, ("X",))
    with pytest.raises(ParameterError, match="no market 'X'"):
        sites(town.version, pins=[Pin("p", "X", "P", 36.0, -115.0)])
    with pytest.raises(ParameterError, match="'M3' already"):
        sites(town.version, pins=[Pin("M3", "V", "P", 36.0, -115.0)])
    with pytest.raises(ParameterError, match="weight"):
        reach(town.version, sites(town.version), weight="income_cents")
    with pytest.raises(ParameterError, match="drive time"):
        reach(town.version, sites(town.version), within_s=2701)


@given(st.data())
@settings(max_examples=8)
def test_reach_and_newly_reached_are_those_of_coverage_whichever_sites_are_asked(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    town = Town(tmp_path_factory.mktemp("town"))
    for cell in range(8):
        people = data.draw(st.integers(0, 50))
        town.demand(cell, people, households=people // 2, inside=data.draw(st.integers(0, 3)) > 0, market="W" if cell > 5 else "V")
        for mall in ("M1", "M2", "M3", "M4"):
            seconds = data.draw(st.sampled_from([None, 300, 600, 601]))
            if seconds is not None:
                town.drive(mall, cell, seconds)
    within_s, weight = data.draw(st.sampled_from([300, 600])), data.draw(st.sampled_from(["population", "households"]))
    chosen = [site for site in sites(town.version) if data.draw(st.booleans())]

    found = reach(town.version, chosen, within_s=within_s, weight=weight)

    rows = {row.mall_id: row for row in town.rows("coverage_by_mall", within_s=within_s, weight=weight)}
    assert found.reached.tolist() == [rows[site.id].numerator for site in chosen]
    assert found.only_here.tolist() == [rows[site.id].only_here for site in chosen]
    assert found.market_people.tolist() == [
        next(rows[site.id].denominator for site in chosen if site.market_id == market) for market in found.market_ids
    ]


def test_a_candidate_asked_alone_newly_reaches_only_people_whom_no_open_mall_reaches(town: Town) -> None:
    for cell, people in enumerate((100, 20, 3)):
        town.demand(cell, people)
        town.drive("M3", cell, 600)
    town.drive("M1", 0, 600)
    town.drive("M2", 1, 601)

    (candidate,) = (site for site in sites(town.version) if site.id == "M3")
    found = reach(town.version, [candidate], within_s=600)

    assert (found.reached.tolist(), found.only_here.tolist()) == ([123], [23])
    both = reach(town.version, sites(town.version, ("V",)), within_s=600)
    assert both.only_here.tolist() == [100, 0, 23]  # a candidate takes nobody away from M1 while it is not open


def test_pairs_are_sorted_by_site_then_drive_and_cannot_be_changed(town: Town) -> None:
    for cell, seconds in ((0, 900), (1, 300), (2, 900)):
        town.demand(cell, 10)
        town.drive("M1", cell, seconds)
        town.drive("M3", cell, 60 * cell + 60)

    found = reach(town.version, sites(town.version))

    first, third = found.of_site(0), found.of_site(2)
    assert found.drive_s[first].tolist() == [300, 900, 900]
    assert (np.diff(found.cell[first][1:]) > 0).all()
    assert found.drive_s[third].tolist() == [60, 120, 180]
    assert found.drive_s[found.of_site(1)].tolist() == []
    with pytest.raises(ValueError, match="read-only"):
        found.people[0] = 1


def test_a_pin_on_a_mall_reaches_what_the_mall_reaches_and_takes_what_it_takes(demo: Version) -> None:
    candidate = next(site for site in sites(demo) if not site.is_open)
    chosen = sites(demo, (candidate.market_id,), [_pin_on(candidate.id, demo)])
    pin, mall = (next(place for place, site in enumerate(chosen) if site.id == each) for each in ("pin-Pin", candidate.id))

    found = reach(demo, chosen, within_s=1200)

    assert found.cell[found.of_site(pin)].tolist() == found.cell[found.of_site(mall)].tolist() != []
    assert found.drive_s[found.of_site(pin)].tolist() == found.drive_s[found.of_site(mall)].tolist()
    assert found.notes == ()
    pins = [site for site in chosen if site.is_pin]
    asked = Parameters(market_id=candidate.market_id)
    taken = {(row["mall_id"], row["other_mall_id"]): row for row in table_with_pins("cannibalization", asked, pins, demo).to_pylist()}
    for row in answers("cannibalization", asked, EVERYTHING, demo).rows():
        same = taken[row["mall_id"], row["other_mall_id"]]
        assert (same["before"], same["after"]) == (row["before"], row["after"])
        if row["mall_id"] == candidate.id:
            other = "pin-Pin" if row["other_mall_id"] == candidate.id else row["other_mall_id"]
            assert taken["pin-Pin", other]["after"] == row["after"]


def test_only_metrics_of_public_tables_are_asked_with_pins(demo: Version) -> None:
    with pytest.raises(ValueError, match="through answers"):
        table_with_pins("orders", Parameters(), [], demo)


def test_pins_without_stores_count_as_a_mall_of_a_hundred(demo: Version) -> None:
    candidate = next(site for site in sites(demo) if not site.is_open)
    places = [
        _pin_on(candidate.id, demo, "known", 100),
        Pin("pin-unknown", candidate.market_id, "U", candidate.latitude, candidate.longitude),
    ]
    pins = [site for site in sites(demo, (candidate.market_id,), places) if site.is_pin]

    for several in (pins, [pins[1]]):
        rows = table_with_pins("cannibalization", Parameters(market_id=candidate.market_id), several, demo).to_pylist()
        after = {row["mall_id"]: row["after"] for row in rows if row["mall_id"] == row["other_mall_id"]}
        assert len({after[pin.id] for pin in several}) == 1
        assert after["pin-unknown"] > 0


def test_a_model_made_again_makes_the_catchments_of_its_version(demo: Version) -> None:
    for market in {site.market_id for site in sites(demo)}:
        model = market_model(demo, market)
        assert model.is_same
        assert model.place == sum(site.market_id == market for site in sites(demo))


@given(st.data())
@settings(max_examples=5)
def test_what_a_place_takes_is_what_the_metric_counts_to_the_person(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    town = Town(tmp_path_factory.mktemp("town"))
    town.add("malls", mall_id="M5", market_id="V", name="Five", status="candidate", latitude=36.2, longitude=-115.2, store_count=0)
    for mall in town.tables["malls"]:
        mall.setdefault("store_count", data.draw(st.none() | st.integers(0, 400)))
    for cell in range(12):
        town.demand(cell, data.draw(st.integers(0, 90_000)), households=7)
        for mall in data.draw(st.sets(st.sampled_from(["M1", "M2", "M3", "M5"]))):
            town.drive(mall, cell, data.draw(st.integers(1, 2700)))
    weight = data.draw(st.sampled_from(["population", "households"]))

    found = lost(town.version, ["V"], [site for site in sites(town.version) if not site.is_open], weight)

    counted: dict[str, tuple[int, int]] = {"M3": (0, 0), "M5": (0, 0)}
    for row in town.rows("cannibalization", market_id="V", weight=weight):
        if row.mall_id in counted and row.other_mall_id != row.mall_id:
            people, before = counted[row.mall_id]
            counted[row.mall_id] = people + row.numerator, before + row.denominator
    assert found == counted


def test_attractions_too_large_to_add_up_are_left_to_the_metric(demo: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = next(site for site in sites(demo) if not site.is_open)
    chosen = [site for site in sites(demo, (candidate.market_id,), [_pin_on(candidate.id, demo)]) if not site.is_open]
    usual = lost(demo, [candidate.market_id], chosen, "population")

    monkeypatch.setattr("analytics.choosing.taking.LARGEST", 0)

    assert {site.id: lost(demo, [candidate.market_id], chosen, "population")[site.id] for site in chosen} == usual
