"""Scenarios: the same value from and to short texts, sent and received, kept by name, and refused in one sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.choosing.criteria import CRITERIA, PRESETS
from analytics.choosing.kept import LONGEST_IN_ADDRESS, forget, keep, kept, put_aside, taken_back
from analytics.choosing.measures import Terms
from analytics.choosing.scenario import OWN, Limit, Scenario, pin_at, pins_of, pins_text, received, scenario, shared, with_pin
from analytics.errors import ParameterError
from analytics.models.scores import Scale
from data.errors import WarehouseError
from data.saved import Saved

IDS = [each.id for each in CRITERIA]
NAMES = st.text(min_size=1, max_size=30).filter(lambda text: text.split())
NUMBERS = st.integers(-(10**6), 10**6).map(float) | st.floats(-1e6, 1e6).map(lambda number: float(f"{number:.6g}"))


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    worst, ideal = draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True))
    beyond = draw(st.none() | st.integers(1, 1000).map(lambda step: ideal + step if ideal > worst else ideal - step))
    return Scale(worst, ideal, None if beyond is None else float(f"{beyond:.6g}") if float(f"{beyond:.6g}") != ideal else None)


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    return draw(st.sampled_from([Limit(low, None), Limit(None, high), Limit(low, high)]))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    own = draw(st.booleans())
    some = st.sets(st.sampled_from(IDS), max_size=5).map(sorted)
    weights = tuple((name, draw(st.integers(1, 100))) for name in draw(some)) if own else ()
    pins = [
        pin_at(
            draw(NAMES),
            draw(st.floats(1, 89)),
            draw(st.floats(-179, 179)),
            draw(st.sampled_from("VW")),
            draw(st.none() | st.integers(0, 300)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return Scenario(
        market_id=draw(st.none() | st.just("V")),
        terms=Terms(
            60 * draw(st.integers(1, 45)),
            draw(st.sampled_from(["population", "households"])),
            draw(st.integers(0, 500)),
            draw(st.integers(0, 500)),
            draw(st.integers(1, 3600)),
            draw(st.integers(1, 999)),
        ),
        preset=OWN if own else draw(st.sampled_from([*PRESETS])),
        weights=weights,
        anchors=tuple((name, draw(scales())) for name in draw(some)),
        limits=tuple((name, draw(limits())) for name in draw(some)),
        pins=tuple({pin.id: pin for pin in pins}.values()),
        others=draw(st.sampled_from([(), (("open", "3"),), (("must", "M1 M2"), ("open", "3"))])),
    )


@given(scenarios(), st.text(max_size=20))
@settings(max_examples=150)
def test_a_scenario_is_the_same_through_its_texts_and_through_what_is_sent(chosen: Scenario, name: str) -> None:
    assert scenario(chosen.texts) == chosen
    assert received(shared(chosen, name)) == (name, chosen)


def test_the_usual_scenario_has_no_texts_and_weighs_by_its_preset() -> None:
    assert Scenario().texts == {}
    assert scenario({}) == Scenario()
    assert Scenario().weighting == PRESETS["balanced"]
    assert scenario({"preset": "speed"}).weighting == PRESETS["speed"]
    assert {sum(weights.values()) for weights in PRESETS.values()} == {100}


def test_weights_alone_are_ones_own_and_a_preset_beats_them() -> None:
    assert scenario({"weights": "newly:3,p90:1"}).weighting == {"newly": 3, "p90": 1}
    assert scenario({"weights": "newly:3", "preset": "cost"}).weighting == PRESETS["cost"]
    assert scenario({"preset": "own"}).weighting == PRESETS["balanced"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"drive": "99"}, "minutes from 1 to 45"),
        ({"drive": "nan"}, "minutes from 1 to 45"),
        ({"of": "dogs"}, "population or households"),
        ({"preset": "best"}, "no preset 'best'"),
        ({"weights": "foo:3"}, "no criterion 'foo'"),
        ({"weights": "newly:101"}, "0 to 100"),
        ({"weights": "newly:1.5"}, "whole number"),
        ({"weights": "newly:0"}, "over 0"),
        ({"weights": "newly:1,newly:2"}, "each criterion once"),
        ({"anchors": "p90:60"}, "a list such as"),
        ({"anchors": "p90:60:60"}, "two different numbers"),
        ({"anchors": "p90:60:x"}, "takes numbers"),
        ({"anchors": "p90:0:5:3"}, "must lie between"),
        ({"limits": "p90"}, "a list such as"),
        ({"limits": "p90::"}, "least and the most"),
        ({"limits": "p90:9:3"}, "over the most"),
        ({"limits": "p90:1e99:"}, "least and the most"),
        ({"costs": "5"}, "two whole numbers"),
        ({"costs": "5:-1"}, "two whole numbers"),
        ({"staffing": "0:100"}, "a second at the least"),
        ({"staffing": "300:1000"}, "1 to 999"),
        ({"pins": "xx"}, "a list such as"),
        ({"pins": '[["A",0,0,"V"]]'}, "is no place"),
        ({"pins": '[["A",91,0,"V"]]'}, "is no place"),
        ({"pins": '[[" ",36,-115,"V"]]'}, "1 to 80 characters"),
        ({"pins": '[["A",36,-115,"V",-2]]'}, "0 to 10,000"),
        ({"pins": '[["A",36]]'}, "a list such as"),
        ({"pins": f'[["A",{"9" * 400},-115,"V"]]'}, "a list such as"),
        ({"pins": "[" * 100_000}, "a list such as"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_in_a_sentence_that_names_it(texts: dict[str, str], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        scenario(texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"mallreach_scenario": 2, "name": "x", "choices": {}}',
        '{"mallreach_scenario": 1, "name": "x", "choices": {"drive": 3}}',
        '{"mallreach_scenario": 1, "name": "\\ud800", "choices": {}}',
        "[" * 100_000,
    ],
)
def test_a_text_that_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="no scenario"):
        received(text)


def test_half_a_character_in_a_name_is_no_part_of_any_file() -> None:
    (pin,) = pins_of('[["\\ud800 Mall",36.1,-115.1,"V"]]')
    assert pin.name.encode() == b"? Mall"


def test_the_same_place_is_the_same_pin_whatever_it_is_called() -> None:
    one, other = pin_at("One", 36.1000012, -115.2, "V"), pin_at("Two", 36.1, -115.2, "V", 90)

    assert one.id == other.id != pin_at("One", 36.1, -115.2, "W").id
    assert with_pin(with_pin(Scenario(), one), other).pins == (other,)
    assert pins_of(pins_text([one])) == (one,)


def test_scenarios_are_kept_by_name_and_one_that_cannot_be_read_is_there_without_a_value(tmp_path: Path) -> None:
    chosen = scenario({"drive": "30", "pins": '[["Café “X”",36.1,-115.2,"V"]]', "open": "3"})
    keep(tmp_path, "Zweite Wahl / ü", chosen)
    keep(tmp_path, "a", Scenario())
    Saved(tmp_path, "scenarios").save("old", json.dumps({"mallreach_scenario": 0}))

    assert kept(tmp_path) == {"a": Scenario(), "old": None, "Zweite Wahl / ü": chosen}
    with pytest.raises(WarehouseError, match="taken"):
        keep(tmp_path, "a", chosen)
    keep(tmp_path, "a", chosen, may_replace=True)
    forget(tmp_path, "old")
    assert kept(tmp_path) == {"a": chosen, "Zweite Wahl / ü": chosen}


def test_many_pins_stand_beside_the_data_and_few_in_the_address(tmp_path: Path) -> None:
    few = pins_text([pin_at("A", 36.1, -115.2, "V")])
    many = pins_text([pin_at(f"Place number {place}", 36 + place / 1000, -115.2, "V") for place in range(60)])
    assert len(many) > LONGEST_IN_ADDRESS

    name = put_aside(tmp_path, many)

    assert put_aside(tmp_path, few) == few == taken_back(tmp_path, few)
    assert len(name) < 40
    assert taken_back(tmp_path, name) == many
    with pytest.raises(WarehouseError, match="nothing is saved"):
        taken_back(tmp_path, "@0123")


def test_the_oldest_places_make_room_where_too_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.choosing.kept.MOST", 2)
    texts = [pins_text([pin_at(f"{name} {place}", 36 + place / 1000, -115.2, "V") for place in range(60)]) for name in "abc"]

    names = [put_aside(tmp_path, text) for text in texts]

    assert len(Saved(tmp_path, "places").items()) == 2
    assert taken_back(tmp_path, names[-1]) == texts[-1]
