"""What the reader looks at, from the texts of an address."""

from datetime import date, timedelta

import pytest

from analytics.parameters import EVERYTHING
from analytics.periods import Period
from data.warehouse import Warehouse
from ui import links
from ui.view import view_of


@pytest.fixture(scope="module")
def version(demo_root):
    return Warehouse(demo_root).current()


@pytest.fixture
def look(version):
    def look(default_period="last-week", **options):
        chosen = {key.rstrip("_"): text for key, text in options.items() if isinstance(text, str)}
        flags = {key: value for key, value in options.items() if not isinstance(value, str)}
        return view_of(chosen, version=version, scope=EVERYTHING, theme="light", default_period=default_period, **flags)

    return look


def test_without_choices_everything_is_shown_over_the_pages_own_period(look):
    view = look()

    assert (view.market, view.mall, view.preset, view.period.days) == (None, None, "last-week", 7)
    assert view.period.start_on.isoweekday() == 1


def test_a_custom_period_includes_its_last_day(look):
    view = look(period="custom", from_="2026-09-01", to="2026-09-03")

    assert view.period == Period(date(2026, 9, 1), date(2026, 9, 4))
    assert view.days.startswith("1-3 Sep")


@pytest.mark.parametrize("days", [{"from_": "2026-09-03", "to": "2026-09-01"}, {"from_": "soon", "to": "later"}, {}])
def test_a_custom_period_that_cannot_be_read_is_the_default(look, days):
    assert look(period="custom", **days).preset == "last-week"


def test_an_unknown_preset_is_the_default(look):
    assert look("last-4-weeks", period="for-ever").preset == "last-4-weeks"


def test_a_period_is_compared_with_as_many_days_just_before(look):
    view = look(period="custom", from_="2026-09-01", to="2026-09-03")

    assert view.compared == Period(date(2026, 8, 29), date(2026, 9, 1))
    assert look(vs="none").compared is None
    assert look(vs="4-weeks").compared.days == 28


def test_the_trend_is_thirteen_weeks_that_end_with_the_period(look):
    view = look()

    assert view.trend == Period(view.period.end_on - timedelta(weeks=13), view.period.end_on)


def test_a_mall_brings_its_market_along(look):
    view = look(mall="tysons-corner-center")

    assert (view.market, view.market_id, view.focus.id) == (None, "washington", "washington")


def test_a_mall_of_another_market_does_not_count(look):
    view = look(mall="tysons-corner-center", market="phoenix")

    assert (view.mall, view.market_id) == (None, "phoenix")


def test_a_page_of_one_market_takes_the_first_with_orders(look):
    view = look(is_of_one_market=True)

    assert view.market_id == view.focus.id == "las-vegas"


def test_a_filter_that_a_page_ignores_does_not_count_but_is_kept(look):
    view = look(mall="fashion-show", drawn=("market",))

    assert view.mall is None
    assert view.chosen["mall"] == "fashion-show"


def test_parameters_carry_the_filters_and_what_is_changed(look):
    asked = look(mall="fashion-show", period="custom", from_="2026-09-01", to="2026-09-03").parameters(by=("day",))

    assert (asked.market_id, asked.mall_id, asked.by) == ("las-vegas", "fashion-show", ("day",))
    assert (asked.start_on, asked.end_on) == (date(2026, 9, 1), date(2026, 9, 4))


def test_an_hour_of_the_week_is_read_as_it_is_written():
    assert [links.hour_of_week(links.hour_text(dow, hour)) for dow in range(1, 8) for hour in range(24)] == [
        (dow, hour) for dow in range(1, 8) for hour in range(24)
    ]
    assert [links.hour_of_week(text) for text in (None, "", "fri", "fri-24", "fri--1", "someday-3", "fri-03")] == [None] * 7


def test_the_address_keeps_the_hour_that_was_clicked():
    assert links.known({"hour": "fri-17", "stranger": "1"}, ()) == {"hour": "fri-17"}
