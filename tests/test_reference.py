"""Names and public facts for pages."""

from datetime import date

from analytics import reference
from analytics.periods import Span
from data.contracts import Kind, table
from tests.town import MONDAY


def test_malls_come_open_ones_first_and_by_market(town):
    assert [mall.id for mall in reference.malls(town.version)] == ["M1", "M2", "M4", "M3"]
    assert [mall.id for mall in reference.malls(town.version, "V")] == ["M1", "M2", "M3"]


def test_markets_bring_their_calendar_and_span(town):
    town.deliver("M1", seconds=[600], day=MONDAY)
    town.deliver("M1", seconds=[600], day=date(2026, 3, 20))

    vegas, washington = reference.markets(town.version)

    assert (vegas.id, vegas.time_zone, vegas.week_start) == ("V", "America/Los_Angeles", 1)
    assert (vegas.first_on, vegas.last_complete_on) == (MONDAY, date(2026, 3, 20))
    assert (washington.first_on, washington.last_complete_on) == (None, None)


def test_over_all_markets_a_day_is_complete_when_it_is_in_each(town):
    town.deliver("M1", seconds=[600], day=date(2026, 3, 1))
    town.deliver("M1", seconds=[600], day=date(2026, 3, 20))
    town.deliver("M4", seconds=[600], day=date(2026, 2, 1))
    town.deliver("M4", seconds=[600], day=date(2026, 3, 13))

    assert reference.extent(town.version) == reference.Extent(date(2026, 2, 1), date(2026, 3, 13), 1)
    assert reference.extent(town.version, "V") == reference.Extent(date(2026, 3, 1), date(2026, 3, 20), 1)


def test_a_market_whose_data_ended_more_than_a_week_before_holds_nobody_back_and_is_named(town):
    town.deliver("M1", seconds=[600], day=date(2026, 3, 20))
    town.deliver("M4", seconds=[600], day=date(2026, 2, 1))
    town.deliver("M4", seconds=[600], day=date(2026, 3, 12))

    assert reference.extent(town.version) == reference.Extent(date(2026, 2, 1), date(2026, 3, 20), 1, ("Washington",))
    assert reference.extent(town.version, "W") == reference.Extent(date(2026, 2, 1), date(2026, 3, 12), 1)
    assert reference.freshness(town.version).last_complete_on == date(2026, 3, 20)


def test_spans_are_those_of_the_place_and_a_mall_has_none_before_it_opened(town):
    town.deliver("M1", seconds=[600], day=date(2026, 3, 2))
    town.deliver("M1", seconds=[600], day=date(2026, 3, 20))
    town.tables["malls"][1]["opened_on"] = date(2026, 3, 9)

    market = {"Las Vegas": Span(date(2026, 3, 2), date(2026, 3, 20))}
    assert reference.spans(town.version) == market
    assert reference.spans(town.version, "V") == market
    assert reference.spans(town.version, "W") == {}
    assert reference.spans(town.version, mall_id="M1") == {"Mall 1": Span(date(2026, 3, 2), date(2026, 3, 20))}
    assert reference.spans(town.version, "V", "M2") == {"Mall 2": Span(date(2026, 3, 9), date(2026, 3, 20))}


def test_a_new_version_is_read_anew(town):
    assert len(reference.malls(town.version)) == 4
    town.add("malls", mall_id="M5", market_id="V", name="Mall 5", status="closed", latitude=36.0, longitude=-115.0)

    assert len(reference.malls(town.version)) == 5


def test_stores_are_those_of_a_mall(town):
    town.tables["stores"] = []
    town.add("stores", store_id="S2", mall_id="M1", name="Books")
    town.add("stores", store_id="S1", mall_id="M2", name="Art")

    assert [store.id for store in reference.stores(town.version)] == ["S1", "S2"]
    assert [store.name for store in reference.stores(town.version, "M1")] == ["Books"]


def test_freshness_says_what_the_footer_needs(town):
    town.deliver("M1", seconds=[600] * 3)

    fresh = reference.freshness(town.version)

    assert (fresh.version_id, fresh.last_complete_on, fresh.is_synthetic) == (town.version.id, MONDAY, False)
    assert dict(fresh.rows_by_table)["orders"] == 3


def test_no_point_of_a_customer_or_driver_is_in_the_reference():
    secret = {
        column.name for name in ("orders", "drivers") for column in table(name).columns if column.kind in {Kind.LATITUDE, Kind.LONGITUDE}
    }

    for kind in (reference.Market, reference.Mall, reference.Store, reference.Extent, reference.Freshness):
        assert not secret & set(kind.__dataclass_fields__)
