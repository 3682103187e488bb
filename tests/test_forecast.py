"""Forecasts over a warehouse: what they are learned from, what they say where the data is silent, and that they were tested."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from analytics import export
from analytics.__main__ import main
from analytics.brief import decision_sheet
from analytics.choosing import forecast as module
from analytics.choosing import told
from analytics.choosing.backtest import backtest
from analytics.choosing.forecast import USUAL, Assumptions, Band, forecast, forecasts
from analytics.choosing.pilots import history
from analytics.choosing.sites import Pin, Site, sites
from data.warehouse import Warehouse
from tests.town import MONDAY, Town


@pytest.fixture(scope="module")
def demo(demo_root):
    return Warehouse(demo_root).current()


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """Eight weeks of two malls: M1 with 300 households five minutes away and 24 orders a week, M2 with as many and 36; M3 has 600."""
    return lived_in(Town(tmp_path_factory.mktemp("settled"))).version


def lived_in(town, *, with_people=True):
    for row in town.tables["malls"]:
        row["opened_on"] = None  # open for longer than anybody knows
    for week in range(8):
        for mall, cell, orders in (("M1", 0, 24), ("M2", 14, 36)):
            for number in range(orders):
                day = MONDAY + timedelta(weeks=week, days=number % 7)
                (row,) = town.deliver(mall, seconds=[2_400], day=day, cell=cell, hour=11 + number % 6, promise_s=3_000)
                row["drive_s"], row["customer_id"] = 600, f"{mall}-{number % 12}"
    for cell, households, (mall, drive_s) in ((0, 300, ("M1", 300)), (14, 300, ("M2", 300)), (28, 600, ("M3", 300))):
        if with_people:
            town.demand(cell, 2 * households, households=households)
        town.drive(mall, cell, drive_s)
    return town


def site_of(version, site_id):
    return next(each for each in sites(version) if each.id == site_id)


def test_the_pilots_are_the_open_malls_with_orders_people_and_a_complete_week(settled):
    found = history(settled)

    assert [mall.id for mall in found.malls] == ["M1", "M2"]  # M3 is a candidate, M4 has no orders
    assert np.bincount(found.weeks.mall).tolist() == [8, 8]
    assert [found.weeks.orders[found.weeks.mall == place].tolist() for place in (0, 1)] == [[24] * 8, [36] * 8]
    assert found.areas.orders.tolist() == [8 * 24, 8 * 36]
    assert (found.areas.people.tolist(), found.areas.drive_min.tolist()) == ([300.0, 300.0], [5.0, 5.0])
    assert found.longest_s == 300
    # Mondays at 11: M1 has 1 of 24 orders a week, 4 on Mondays and 4 at 11; M2 has 1 of 36, 6 on Mondays and 6 at 11.
    few, more = 8 * 24 / (8 * 24 + 840), 8 * 36 / (8 * 36 + 840)
    each = few / 24 + (1 - few) * (4 / 24) ** 2, more / 36 + (1 - more) * (6 / 36) ** 2
    assert found.rhythm[11] == pytest.approx(sum(each) / 2)
    assert (found.rhythm[10], found.rhythm.sum()) == (0.0, pytest.approx(1.0))


def test_twice_the_households_have_twice_the_orders_of_what_lies_between_the_pilots(settled):
    found = forecast(settled, site_of(settled, "M3"))

    assert found.orders_week.middle == pytest.approx(2 * np.sqrt(24 * 36), rel=0.06)
    assert found.pilots == ("M1", "M2")
    low_80, low_50, middle, high_50, high_80 = found.orders_week.ascending
    assert low_80 < low_50 < middle < high_50 < high_80
    assert len(found.launch) == 26
    assert found.launch[0].middle < found.launch[25].middle


def test_an_open_mall_is_forecast_from_the_others_alone(settled):
    first, second = forecasts(settled, [site_of(settled, "M1"), site_of(settled, "M2")])

    assert (first.pilots, second.pilots) == (("M2",), ("M1",))
    assert first.orders_week.middle == pytest.approx(36, rel=0.06)
    assert second.orders_week.middle == pytest.approx(24, rel=0.06)


def test_times_are_the_pilots_with_the_drive_of_the_site(tmp_path):
    town = lived_in(Town(tmp_path))
    town.tables["catchments"][2]["drive_s"] = 600  # the candidate's people live twice as far; pilots' drives took twice what was modelled
    town.tables["catchments"][0]["drive_s"], town.tables["catchments"][1]["drive_s"] = 300, 300
    town.order("M1", placed_at=town.tables["orders"][0]["placed_at"], cell=28, customer_id="M1-0")  # so far they deliver
    town.drive("M1", 28, 600)
    found = forecast(town.version, site_of(town.version, "M3"))

    # 2,400 s with a drive of 600 where 300 were modelled; with 600 modelled it is 1,200, so 3,000
    assert found.click_to_door_p50_s.middle == pytest.approx(3_000, rel=0.01)
    assert found.click_to_door_p90_s.middle == pytest.approx(3_000, rel=0.01)


def test_what_the_data_cannot_tell_has_a_reason(settled, tmp_path):
    found = forecast(settled, site_of(settled, "M3"))
    empty = forecast(lived_in(Town(tmp_path), with_people=False).version, site_of(settled, "M3"))

    assert found.cost_cents is None
    assert "pay" in found.reasons["cost_cents"]
    assert found.on_time_permille is not None
    assert found.hours_short_week is None
    assert found.reasons["hours_short_week"] == "no order tells how long it kept a driver busy"
    assert empty.orders_week is None
    assert "nothing to learn from" in empty.reasons["orders_week"]
    assert told.sentence(empty) == f"Nothing can be forecast for Mall 3: {empty.reasons['orders_week']}."


def test_a_place_where_nobody_lives_is_told_so(settled):
    nowhere = Site("nowhere", "W", "Nowhere", "candidate", 38.9, -77.0)

    assert "no households" in forecast(settled, nowhere).reasons["orders_week"]


def test_every_pilot_is_taken_out_once_and_compared(settled):
    found = backtest(settled)

    assert [each.mall.id for each in found.held] == ["M1", "M2"]
    for each in found.held:
        band = each.forecast.orders_week
        assert each.orders_week == {"M1": 24, "M2": 36}[each.mall.id]
        assert each.is_held == (band.low_80 <= each.orders_week <= band.high_80)
        assert each.weeks == 8
        assert each.weeks_in_80 == 8 * each.is_held  # all its weeks are alike
        assert each.click_to_door_p90_s == 2_400
    assert found.share_80 == found.malls_in_80 / 2


def with_a_third_pilot(town, *, hour, cell, orders):
    """Add M4 in a market of its own, where people earn twice as much: 30 orders a week, or others."""
    lived_in(town)
    for week in range(8):
        for number in range(orders):
            day = MONDAY + timedelta(weeks=week, days=number % 7)
            (row,) = town.deliver("M4", seconds=[2_400], day=day, cell=cell, hour=hour, promise_s=3_000)
            row["drive_s"], row["customer_id"] = 600, f"M4-{number % 12}"
    for place, drive_s in ((35, 300), (36, 1_500)):
        town.demand(place, 600, households=300, market="W")
        town.drive("M4", place, drive_s)
    for row in town.tables["demand_cells"]:
        row["income_cents"] = 6_000_000 if row["market_id"] == "V" else 12_000_000
    return town.version


def test_nothing_that_a_pilot_did_is_known_to_its_own_forecast(tmp_path):
    plain, other = (
        with_a_third_pilot(Town(tmp_path / name), hour=hour, cell=cell, orders=orders)
        for name, hour, cell, orders in (("plain", 12, 35, 30), ("other", 20, 36, 90))
    )
    whole = [history(version) for version in (plain, other)]
    left = [history(version, without="M4") for version in (plain, other)]
    held = [next(each for each in backtest(version).held if each.mall.id == "M4") for version in (plain, other)]

    assert [mall.id for mall in whole[0].malls] == ["M1", "M2", "M4"]
    assert [each.longest_s for each in (*whole, *left)] == [300, 1_500, 300, 300]
    assert [np.flatnonzero(each.rhythm).max() % 24 for each in (*whole, *left)] == [16, 20, 16, 16]
    assert [each.income_log > np.log(7_000_000) for each in (*whole, *left)] == [True, True, False, False]
    assert [each.orders_week for each in held] == [30, 90]
    assert held[0].forecast == held[1].forecast
    assert left[0].areas.orders.tolist() == [8 * 24, 8 * 36]
    assert left[1].weeks.mall.tolist() == [0] * 8 + [1] * 8
    assert set(left[1].carried.mall.tolist()) == {0, 1}
    assert set(left[1].shown["click_to_door"]) == {"M1", "M2"}


def test_a_mall_of_few_customers_teaches_nothing(tmp_path):
    town = lived_in(Town(tmp_path))
    for row in town.tables["orders"]:
        if row["mall_id"] == "M2":
            row["customer_id"] = f"few-{int(row['order_id'][1:]) % 9}"

    assert [mall.id for mall in history(town.version).malls] == ["M1"]


def test_orders_from_places_as_near_to_an_open_mall_are_told(tmp_path):
    town = lived_in(Town(tmp_path))
    town.drive("M3", 0, 300)  # M1's people, as near to M3
    town.drive("M3", 14, 299)  # M2's people, nearer to M3

    notes = " ".join(forecast(town.version, site_of(town.version, "M3")).notes)

    # 300 of 1,200 households, all five minutes away
    assert "25 % of these orders come from places at least as near to an open mall" in notes


def test_a_single_pilot_cannot_be_tested(tmp_path):
    town = lived_in(Town(tmp_path))
    town.tables["orders"] = [row for row in town.tables["orders"] if row["mall_id"] == "M1"]

    found = backtest(town.version)

    assert found.held == ()
    assert found.reason == "Mall 1 is the only pilot: no other mall could have forecast it."


def test_costs_beside_pay_are_added_as_they_are(demo):
    candidate = next(each for each in sites(demo) if not each.is_open)
    plain, dearer = (forecast(demo, candidate, each) for each in (USUAL, Assumptions(handling_cents=120, surcharge_cents=35)))

    assert dearer.cost_cents == plain.cost_cents.plus(155)
    assert replace(dearer, cost_cents=None) == replace(plain, cost_cents=None)


def test_whoever_may_wait_longer_needs_no_more_drivers(demo):
    candidate = next(each for each in sites(demo) if not each.is_open)
    patient, hasty = (forecast(demo, candidate, Assumptions(wait_s=wait_s)) for wait_s in (1_200, 60))

    assert patient.driver_hours_week.middle < hasty.driver_hours_week.middle
    assert hasty.hours_short_week.middle <= hasty.driver_hours_week.middle
    assert all(hour.drivers_low <= hour.drivers <= hour.drivers_high for hour in hasty.hours)
    assert sum(hour.drivers for hour in hasty.hours) == hasty.driver_hours_week.middle
    assert sum(hour.orders for hour in hasty.hours) == pytest.approx(hasty.orders_week.middle)


def test_several_sites_at_once_are_told_as_each_alone_and_a_pin_as_a_mall(demo):
    candidates = [each for each in sites(demo) if not each.is_open][:2]
    pin = Pin(
        "pin", candidates[0].market_id, "Pin", candidates[0].latitude, candidates[0].longitude, opening_hours=candidates[0].opening_hours
    )
    (dropped,) = [each for each in sites(demo, pins=[pin]) if each.is_pin]

    together = forecasts(demo, candidates)

    assert together == tuple(replace(forecast(demo, each), launch=()) for each in candidates)
    # The pin's drives come of the same model as the mall's.
    assert forecasts(demo, [dropped])[0].orders_week.middle == pytest.approx(together[0].orders_week.middle, rel=0.02)


def test_who_drops_a_pin_waits_for_its_forecast_alone(demo, monkeypatch):
    candidates = [each for each in sites(demo) if not each.is_open]
    pin = Pin("pin", candidates[0].market_id, "Pin", candidates[0].latitude + 0.01, candidates[0].longitude)
    asked, made = Assumptions(handling_cents=777), []
    whole = module._forecast

    def noted(key, around, assumptions):
        made.append(around.site.id)
        return whole(key, around, assumptions)

    monkeypatch.setattr(module, "_forecast", noted)

    first = forecasts(demo, candidates, asked)
    with_pin = forecasts(demo, sites(demo, pins=[pin]), asked)

    assert made == [*(each.id for each in candidates), *(each.id for each in sites(demo, pins=[pin]) if each.is_open or each.is_pin)]
    assert [each for each in with_pin if each.site in candidates] == list(first)


def test_rows_that_leave_hold_the_figures_shown(demo):
    candidate = next(each for each in sites(demo) if not each.is_open)
    found = forecast(demo, candidate)

    rows = told.figures_table(found).to_pylist()

    for each in told.FIGURES:
        (row,) = [row for row in rows if row["figure"] == each.name]
        assert Band(row["middle"], row["low_50"], row["high_50"], row["low_80"], row["high_80"]) == getattr(found, each.name)
    assert [row["middle"] for row in rows if row["figure"] == "orders_launch_week"] == [week.middle for week in found.launch]
    assert sum(row["middle"] for row in rows if row["figure"] == "drivers") == found.driver_hours_week.middle
    file = told.file(demo, found, USUAL)
    assert b"synthetic" in b"".join(export.pieces(file, "csv"))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("orders_week", 12_345, "12,345"),
        ("click_to_door_p90_s", 4_471, "75 min"),
        ("click_to_door_p90_s", 7_500, "2 h 05 min"),
        ("on_time_permille", 914, "91 %"),
        ("cost_cents", 1_684, "$16.84"),
        ("hours_short_week", 1_214, "1,214 h"),
    ],
)
def test_figures_are_written_as_readers_have_them(name, value, text):
    assert told.shown(name, value) == text


def test_a_range_has_its_unit_once():
    assert told.shown_range("click_to_door_p90_s", Band(0, 0, 0, 3_960, 5_040)) == "66 to 84 min"
    assert told.shown_range("click_to_door_p90_s", Band(0, 0, 0, 6_960, 7_500)) == "116 min to 2 h 05 min"
    assert told.shown_range("cost_cents", Band(0, 0, 0, 1_600, 1_750)) == "$16.00 to $17.50"
    assert told.shown_range("driver_hours_week", Band(0, 0, 0, 1_100, 4_000)) == "1,100 to 4,000 h"


def test_the_sheet_is_one_page_and_the_same_bytes_each_time(demo):
    candidate = next(each for each in sites(demo) if not each.is_open)
    found = forecast(demo, candidate)

    sheet = decision_sheet(demo, found, USUAL, alike=[("Some pilot #1 [x]", "0.8 apart")])

    assert sheet.startswith(b"%PDF")
    assert re.findall(rb"/Count (\d+)", sheet) == [b"1"]
    assert sheet == decision_sheet(demo, found, USUAL, alike=[("Some pilot #1 [x]", "0.8 apart")])


def test_a_sheet_of_a_place_of_which_nothing_is_known_says_so(settled):
    nowhere = replace(site_of(settled, "M4"), status="candidate")

    assert decision_sheet(settled, forecast(settled, nowhere), USUAL).startswith(b"%PDF")


def test_the_command_prints_the_same_figures_and_writes_the_sheet(demo, demo_root, tmp_path, capsys):
    candidate = next(each for each in sites(demo) if not each.is_open)
    found = forecast(demo, candidate)

    assert main(["forecast", candidate.id, "--warehouse", str(demo_root), "--backtest", "--sheet", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert told.sentence(found) in printed.out
    assert told.back_test_sentence(backtest(demo)) in printed.out
    (written,) = tmp_path.iterdir()
    assert written.name.endswith("synthetic.pdf")
    assert main(["forecast", candidate.id, "--warehouse", str(demo_root), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows["description"]["answer"] == told.sentence(found)
    assert rows["rows"][0]["middle"] == found.orders_week.middle


def test_the_command_that_is_shown_gives_the_same_forecast(demo, demo_root, capsys):
    candidate = next(each for each in sites(demo) if not each.is_open)
    asked = Assumptions(wait_s=450, waiting_permille=50, handling_cents=99, surcharge_cents=1, weight="population")
    found = forecast(demo, candidate, asked)

    shown = told.command(found, asked, demo.id)

    assert main([*shown.removeprefix("python -m analytics ").split(), "--warehouse", str(demo_root), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["middle"] for row in rows if row["figure"] in ("orders_week", "cost_cents", "driver_hours_week")] == [
        found.orders_week.middle,
        found.cost_cents.middle,
        found.driver_hours_week.middle,
    ]
    assert told.command(replace(found, site=replace(candidate, is_pin=True)), asked, demo.id) == ""


def test_the_command_refuses_a_mall_that_is_not_there(demo_root, capsys):
    assert main(["forecast", "no-mall", "--warehouse", str(demo_root)]) == 2
    assert "there is no open or candidate mall 'no-mall'" in capsys.readouterr().err


def test_the_command_forecasts_a_place_that_the_data_does_not_have(demo_root, demo, capfd):
    near = site_of(demo, "meadows-mall")
    pin = json.dumps(["Beside it", near.latitude, near.longitude, near.market_id])

    assert main(["forecast", "Beside it", "--pin", pin, "--format", "json", "--warehouse", str(demo_root)]) == 0
    assert json.loads(capfd.readouterr().out)["description"]["name"] == "Beside it"
    assert main(["forecast", "Beside it", "--warehouse", str(demo_root)]) == 2
