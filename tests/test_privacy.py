"""What a reader can work out of what is shown: files, descriptions, ranks, comparisons and totals tell nothing of the hidden."""

import itertools
import json
from datetime import date, timedelta
from functools import cache

import pytest

from analytics import export, joined
from analytics import release as releases
from analytics.answers import answers
from analytics.catalog import METRICS
from analytics.errors import ParameterError
from analytics.explore import ORDERS, Beside, Exploration, explored
from analytics.parameters import EVERYTHING, RELEASED, Parameters
from data.warehouse import Warehouse
from tests.test_pages import run, words
from tests.town import MONDAY, Town, local
from ui import release

WEEK = timedelta(weeks=1)
BY_MALL = [each for each in METRICS if "mall" in each.dimensions and each.facts]


def lived_in(root, *, customers, drivers):
    """Publish a town where everything is busy at two malls, and so many customers and drivers are at a third one."""
    town = Town(root)
    for mall in ("M1", "M4"):
        for day in (MONDAY - WEEK, MONDAY):
            town.deliver(mall, seconds=[1500, 2400] * 10, promise_s=1800, day=day, store_id=f"{mall}-s", **events(mall, day))
            town.work(mall, drivers=8, day=day)
    town.deliver("M2", seconds=[1700] * customers, promise_s=1800, **events("M2", MONDAY))
    town.work("M2", drivers=drivers)
    for cell in range(4):
        town.demand(cell, 1000, households=400)
        for mall in ("M1", "M2"):
            town.drive(mall, cell, 300 + 100 * cell)
    return town


def events(mall, day):
    """Return when an order placed at noon was packed, accepted, met and taken along."""
    placed_at = local(day, 12, market="W" if mall == "M4" else "V")
    after = {"ready_at": 300, "accepted_at": 400, "arrived_at": 700, "picked_up_at": 900}
    return {name: placed_at + timedelta(seconds=seconds) for name, seconds in after.items()}


_OF_THE_VERSION = {"data_version", "published_at_utc"}


@cache
def _orders_of(town, parameters):
    return answers("orders", parameters, EVERYTHING, town.version)


def told(town, metric):
    """Return everything that leaves with an answer, in every text format, and what stands beside it on screen."""
    parameters = Parameters(by=("mall",), start_on=MONDAY, end_on=MONDAY + WEEK)
    answer = answers(metric, parameters, EVERYTHING, town.version)
    about = {
        name: each for name, each in export.description(answer, town.version).items() if name not in {"data_version", "published_at_utc"}
    }
    side = joined.side_by_side([_orders_of(town, parameters), answer]) if metric != "orders" else None
    rows = b"".join(export.stream(answer, town.version, "csv"))
    beside = (answer.rows_behind, answer.rows_shown, answer.hidden_share, dict(answer.left_out), answer.note)
    return rows, json.dumps(about, default=str), side, beside


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Towns that differ in nothing but how few customers and drivers the third mall has."""
    counts = ((1, 1), (9, 4))
    return [lived_in(tmp_path_factory.mktemp("town") / "w", customers=few, drivers=fewer) for few, fewer in counts]


@pytest.mark.parametrize("metric", BY_MALL, ids=lambda metric: metric.id)
def test_how_few_are_hidden_changes_no_byte_of_a_file_and_no_word_beside_it(towns, metric):
    one, nine = (told(town, metric.id) for town in towns)

    assert b"M4" in one[0]
    assert one == nine


def test_a_file_of_three_malls_has_the_busy_ones_and_hides_the_third(towns):
    rows = b"".join(
        export.stream(answers("orders", Parameters(by=("mall",)), EVERYTHING, towns[0].version), towns[0].version, "csv")
    ).decode()

    assert '"M1",40,' in rows
    assert '"M2",,' in rows


MONTH = (date(2026, 3, 2), date(2026, 3, 30))


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A town with groups of every size by everything: customers of 1 to 14 orders' worth, at few and many places, hours and stores."""
    town = Town(tmp_path_factory.mktemp("busy") / "w")
    sizes = itertools.cycle([1, 3, 8, 13, 25, 14, 9, 30, 12, 4])
    places = itertools.product(("M1", "M2", "M4"), (0, 1, 8, 20), (10, 12, 19), (0, 1, 9))
    for (mall, cell, hour, day), n in zip(places, sizes, strict=False):
        shop, distance_m = f"{mall}-{cell % 3}", 1000 + cell * 300
        ends = [None] * (n // 4) + [900] * (n - n // 4)
        town.deliver(mall, seconds=ends, cell=cell, hour=hour, day=MONDAY + timedelta(days=day), store_id=shop, distance_m=distance_m)
    return town


COLUMNS = {
    "mall": "mall_id",
    "store": "store_id",
    "hour": "local_hour",
    "status": "status",
}


def explorations():
    """Every pair of dimensions, with rows ranked, cut, compared, and picked."""
    weeks = {"start_on": MONTH[0], "end_on": MONTH[0] + WEEK}
    beside = Beside(start_on=MONTH[0] + WEEK, end_on=MONTH[0] + 2 * WEEK)
    for first, second in itertools.combinations(COLUMNS, 2):
        for order, top in zip(ORDERS, (0, 3, 3, 0), strict=True):
            yield Exploration("orders", Parameters(by=(first, second)), order="most" if order == "change" else order, top=top)
            yield Exploration("orders", Parameters(by=(first,), **weeks), order=order, top=top, beside=beside)
        yield Exploration("orders", Parameters(by=(first,)), only=((second, _a_value(second)),), top=0)


def _a_value(dimension):
    return {"mall": "M1", "store": "M1-0", "hour": 12, "status": "delivered"}[dimension]


def test_ranks_cuts_comparisons_picks_and_totals_tell_nothing_of_hidden_rows(busy):
    def ask(metric, parameters):
        return answers(metric, parameters, EVERYTHING, busy.version)

    checked = 0
    for asked in explorations():
        try:
            found = explored(asked, ask, busy.version)
        except ParameterError:  # such as days and weekdays of two periods that are not alike
            continue
        rows = found.table.to_pylist()
        named = [COLUMNS[dimension] for dimension in asked.by]
        figures = [name for name in found.table.column_names if name not in {*named, "suppressed", "cell_area_m2"}]
        now = [name for name in figures if not name.startswith(("before", "change", "is_beyond"))]
        assert all(row[name] is None for row in rows if row["suppressed"] for name in now)
        if asked.order in {"most", "least"}:
            hidden = [row["suppressed"] for row in rows]
            assert hidden == sorted(hidden)
        if found.total is not None and found.total.value is not None and asked.top == 0:
            shown = {tuple(row[name] for name in named) for row in rows if not row["suppressed"]}
            left = [each for each in _orders(busy, asked) if _group(each, asked) not in shown]
            assert len({each["customer_id"] for each in left}) not in range(1, 10)
            assert found.total.value == sum(row["orders"] or 0 for row in rows) + len(left)
            checked += bool(left)
    assert checked > 2


def _orders(town, asked):
    """Return the orders that an exploration counts, by hand."""
    start_on, end_on = asked.parameters.start_on or date.min, asked.parameters.end_on or date.max
    within = [each for each in town.tables["orders"] if start_on <= each["local_date"] < end_on]
    return [each for each in within if all(each[COLUMNS[name]] == value for name, value in asked.only)]


def _group(order, asked):
    return tuple(order[COLUMNS[dimension]] for dimension in asked.by)


@pytest.mark.parametrize("cut", release.TABLE.options)
def test_a_restricted_reader_sees_the_release_page_and_nothing_else(demo_root, monkeypatch, cut):
    """Its sentence counts the orders of the file under it."""
    monkeypatch.setattr("analytics.parameters.EVERYTHING", RELEASED)
    page = run("app.py", demo_root, monkeypatch, cut=cut, months="3", market="phoenix", cells="8")

    version = Warehouse(demo_root).current()
    asked = {"market_id": "phoenix", "start_on": date(2026, 8, 1)} | ({"resolution": 8} if cut == "cell" else {})
    told = [row["orders"] for row in releases.release(cut, RELEASED, version, **asked).table.to_pylist() if row["orders"]]
    assert not page.exception
    assert not page.error
    assert f"{sum(told):,} orders of Phoenix, Aug 2026 to Oct 2026, may leave in {len(told):,} rows" in words(page)
    assert "What may leave the house?" in words(page)
    assert "orders in the filter" not in words(page)
    assert "How did the program do" not in words(page)
    drawn = page.dataframe[0].value
    assert len(drawn) == releases.release(cut, RELEASED, version, **asked).table.num_rows
    assert drawn["orders"].fillna(0).sum() == sum(told)


def test_the_release_page_says_what_it_cannot_tell(tmp_path, monkeypatch):
    monkeypatch.setattr("analytics.parameters.EVERYTHING", RELEASED)
    town = Town(tmp_path / "w")
    town.deliver("M1", seconds=[600] * 9, day=date(2026, 3, 31))
    assert town.version.manifest.rows("orders") == 9

    page = run("app.py", tmp_path / "w", monkeypatch)

    assert "Nothing of all markets may leave: no month that is over has 10 customers." in words(page)
