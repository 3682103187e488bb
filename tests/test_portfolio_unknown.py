"""What a portfolio says of candidates of which the data cannot tell what they would add, and where none adds anything."""

import json

import pytest

from analytics.choosing.certificate import certificate, read, text
from analytics.choosing.portfolio import portfolio
from analytics.choosing.portfolio_words import sentence
from analytics.choosing.scenario import scenario
from analytics.choosing.verification import verifies, verify
from analytics.choosing.wish import wish
from tests.test_forecast import lived_in
from tests.town import Town


def wished(**texts):
    return wish(scenario({"market": "V", "open": "1", **texts}))


def paid(town):
    """Let every order have a trip and an accepted offer that are paid, so that orders have a cost."""
    for number, row in enumerate(town.tables["orders"]):
        driver = f"d-{number % 12}"
        trip = town.trip(row["mall_id"], driver, accepted_at=row["placed_at"], pay_cents=900)
        row["trip_id"] = trip["trip_id"]
        town.offer(row["mall_id"], driver, shown_at=row["placed_at"], trip_id=trip["trip_id"], pay_cents=900)
    return town


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """M3 has 600 households five minutes away, and each of its orders loses money; from M5 and M6 no drive is known."""
    town = paid(lived_in(Town(tmp_path_factory.mktemp("unknown"))))
    for mall in ("M5", "M6"):
        town.add("malls", mall_id=mall, market_id="V", name=f"Mall {mall[1]}", status="candidate", latitude=36.3, longitude=-115.3)
    return town.version


@pytest.mark.parametrize("aim", ["orders", "contribution"])
def test_a_mall_of_which_nothing_can_be_forecast_is_not_chosen_before_one_that_is_known_to_lose(place, aim):
    found = portfolio(place, wished(aim=aim, earns="100"))
    assert found.ids == ("M3",)
    assert found.value < 0 or aim == "orders"
    (note,) = [each for each in found.notes if each.startswith("Left out")]
    assert note.startswith("Left out, because nothing can be forecast for them: Mall 5, Mall 6 (no households are known within reach")
    told = certificate(place, found)
    assert verifies(verify(place, read(text(told))))
    told = json.loads(text(told)) | {"malls": ["M5"], "names": {"M5": "Mall 5"}}
    (broken,) = [each.found for each in verify(place, read(json.dumps(told))) if each.what == "conditions hold"]
    assert broken == "nothing can be forecast for M5"


def test_who_must_have_such_a_mall_is_told_what_conflicts(place):
    found = portfolio(place, wished(aim="orders", must="M5"))
    assert set(found.conflict) == {"must open Mall 5", "nothing can be forecast for Mall 5"}


def test_a_mall_from_which_no_drive_is_known_is_named(place):
    for aim in ("cover", "minutes"):
        found = portfolio(place, wished(aim=aim))
        assert found.ids == ("M3",)
        assert "No drives are known from Mall 5, Mall 6: nobody is counted for them." in found.notes


def test_a_mall_whose_drives_are_only_longer_than_what_counts_is_known(place):
    notes = portfolio(place, wished(aim="cover", drive="1")).notes
    assert [note for note in notes if note.startswith("No drives")] == [
        "No drives are known from Mall 5, Mall 6: nobody is counted for them."
    ]


def test_where_no_drive_is_known_from_any_candidate_nothing_is_called_proven(tmp_path):
    town = lived_in(Town(tmp_path))
    town.tables["catchments"] = [row for row in town.tables["catchments"] if row["mall_id"] != "M3"]
    for aim in ("cover", "minutes"):
        found = portfolio(town.version, wished(aim=aim))
        assert (found.choice, found.sites) == (None, ())
        assert sentence(found) == "No drives are known from any candidate here, so nothing can be said about whom they would reach."
    assert sentence(portfolio(town.version, wished(aim="orders"))).startswith(
        "Nothing can be forecast for any candidate here: no households"
    )


def test_where_no_candidate_adds_anybody_the_answer_says_so(place):
    found = portfolio(place, wished(drive="1"))
    assert found.value == found.before == 0
    assert sentence(found) == "No candidate adds anything: it stays at 0.0 % of people covered, whichever are opened."
