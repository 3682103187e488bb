"""Laws that every metric obeys, written once over the catalog: a new metric is under them from its first day."""

import ast
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import zip_longest
from pathlib import Path

import ibis
import pytest

from analytics import docs, questions
from analytics.catalog import CALENDAR, METRICS, Metric
from analytics.dimensions import DIMENSIONS
from analytics.errors import ParameterError
from analytics.export import exported
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS
from data.contracts import TABLES, table
from tests.town import MONDAY, TIMELINE, Town, cells, local

DAY = timedelta(days=1)
OBSERVED = [metric for metric in METRICS if metric.facts]
OF_ORDERS = [metric for metric in OBSERVED if metric.all_facts == ("orders",) and "mall" in metric.dimensions]
MODELLED = [metric for metric in METRICS if metric.modelled]
COUNTED = ("orders", "offers", "trips", "drives", "shifts", "drivers", "stores", "cells", "people", "households", "malls")
ROOT = Path(__file__).resolve().parent.parent
OF_V = {"market_id": "V", "start_on": MONDAY, "resolution": 8}
"""A filter that laws have in common: to compile a question takes longer than to answer it, and each shape is compiled once."""

every = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
every_observed = pytest.mark.parametrize("metric", OBSERVED, ids=lambda metric: metric.id)
every_of_orders = pytest.mark.parametrize("metric", OF_ORDERS, ids=lambda metric: metric.id)
every_by_cell = pytest.mark.parametrize("metric", [each for each in OBSERVED if "cell" in each.dimensions], ids=lambda metric: metric.id)
every_modelled = pytest.mark.parametrize("metric", MODELLED, ids=lambda metric: metric.id)


def happen(town: Town, mall: str | None, number: int, *, day: date = MONDAY, hour: int = 12, cell: int = 0) -> None:
    """Let the same number of people order, and of drivers work: that many rows of every table of facts. Somebody lives within reach."""
    if not any(row["market_id"] == town.market_of(mall) for row in town.tables["demand_cells"]):
        town.demand(0, 1, market=town.market_of(mall))
    if mall is not None and not any(row["mall_id"] == mall for row in town.tables["catchments"]):
        town.drive(mall, 0, 60)
    town.deliver(mall, seconds=[600] * number, day=day, hour=hour, cell=cell, promise_s=900, **events(mall, town, day, hour))
    town.work(mall, drivers=number, day=day, hour=hour)


def events(mall: str | None, town: Town, day: date = MONDAY, hour: int = 12, *, pace: int = 1) -> dict[str, datetime]:
    """Return everything that happens to an order between its click and its door."""
    at = local(day, hour, market=town.market_of(mall))
    after_s = {"accepted_at": 100, "arrived_at": 200, "ready_at": 250, "picked_up_at": 400}
    return {name: at + timedelta(seconds=pace * seconds) for name, seconds in after_s.items()}


def fewest(metric: Metric) -> int:
    """Return how many people must stand behind a row in each of the metric's tables for it to be shown."""
    return max(SUBJECTS[name].k for name in metric.all_facts)


def is_summed_over(metric: Metric, dimension: str) -> bool:
    """Tell whether groups add up: a driver's shift is a shift of every mall that the driver works for."""
    return dimension != "mall" or "shift_activity" not in metric.tables


def pairs(dimensions: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Return dimensions two by two, for groups of two sum to the total as those of each; cells alone, for their groups are small."""
    names = tuple(dimensions)
    wide = [name for name in names if name != "cell"]
    half = len(wide) // 2
    for first, second in zip_longest(wide[:half], wide[half:]):
        yield (second,) if first is None else (first, second)
    if "cell" in names:
        yield ("cell",)


def populate(town: Town) -> None:
    """Fill the town so that every metric has something to say about M1, and something else about the other malls."""
    for position, mall in enumerate(("M1", "M2", "M4")):
        for cell in range(10):
            seconds = [600 + 60 * cell + 600 * position] * 10
            town.deliver(mall, cell=cell + 7 * position, seconds=seconds, promise_s=900, **events(mall, town))
            town.deliver(mall, cell=cell + 7 * position, seconds=[None], promise_s=900)
        for hour in range(10, 14):
            town.work(mall, drivers=6 + position, hour=hour, engaged_s=900 + 300 * position)
            at = local(MONDAY, hour, market=town.market_of(mall))
            for driver in range(6 - position):
                town.offer(mall, f"{mall}-{driver}", shown_at=at, status="declined", pay_cents=600, distance_m=8000)
    for cell in range(21):
        town.demand(cell, 5 + cell)
        town.demand(cell, 3 * cell, market="W")
        town.drive("M1", cell, 200 * cell)
        if cell > 10:
            town.drive("M2", cell, 100 * cell)
        town.drive("M4", cell, 150 * cell)


def five_days(town: Town) -> None:
    for day, number in ((-1, 11), (0, 12), (1, 13), (2, 14), (3, 15)):
        happen(town, "M1", number, day=MONDAY + day * DAY)


def around_midnight(town: Town) -> None:
    happen(town, "M1", 11, hour=0)
    happen(town, "M1", 12, hour=23)


def four_hours(town: Town) -> None:
    for day, hour, number in ((0, 11, 11), (0, 12, 12), (1, 12, 13), (7, 12, 14)):
        happen(town, "M1", number, day=MONDAY + day * DAY, hour=hour)


def with_more_in_the_other_market(town: Town) -> None:
    populate(town)
    for _ in range(3):
        town.deliver("M4", cell=30, seconds=[1000] * 20, promise_s=900, **events("M4", town, pace=2))
        town.work("M4", drivers=20, hour=11, engaged_s=100)
    town.demand(40, 1000, market="W")
    town.drive("M4", 0, 1)


def with_more_at_the_other_malls(town: Town) -> None:
    populate(town)
    for mall in ("M2", None):
        town.deliver(mall, cell=0, seconds=[1000] * 20, promise_s=900, **events(mall, town, pace=2))
        town.work(mall, drivers=20, hour=11, engaged_s=100)
    town.drive("M3", 0, 1)


def too_few_and_enough(town: Town, people: int) -> None:
    happen(town, "M1", people - 1)
    happen(town, "M2", people)


def some_with_and_some_without(town: Town, few: int) -> None:
    """Add a mall for each event that a few orders lack, and that a few have."""
    minute = timedelta(minutes=1)
    at = local(MONDAY, 12)
    whole = {name: at + place * 10 * minute for place, name in enumerate(TIMELINE[1:-1], start=1)}
    whole |= {"ready_at": at + 5 * minute, "promised_by": at + 50 * minute}
    for lacking in ("ready_at", "accepted_at", "arrived_at", "picked_up_at", "promised_by"):
        for is_rare in (True, False):
            mall = f"{lacking}-{is_rare}"
            town.add("malls", mall_id=mall, market_id="V", name=mall, status="open", latitude=36.0, longitude=-115.0)
            partly = {**whole, lacking: None}
            town.deliver(mall, seconds=[3600] * (40 - few), **(partly if is_rare else whole))
            town.deliver(mall, seconds=[3600] * few, **(whole if is_rare else partly))
            town.deliver(mall, seconds=[None] * few, status="failed")


def with_some_never_brought(town: Town) -> None:
    populate(town)
    town.deliver("M1", seconds=[600] * 12, delivered_at=None)
    town.deliver("M1", seconds=[600] * 13)


@pytest.fixture(scope="module")
def a_town(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Town]:
    """Fill a town as a function does, once for all metrics that are asked of it: laws only ask."""

    @cache
    def filled(fill: Callable[..., None], *arguments: int) -> Town:
        town = Town(tmp_path_factory.mktemp("laws") / "town")
        fill(town, *arguments)
        return town

    return filled


@pytest.fixture(scope="module")
def full(a_town: Callable[..., Town]) -> Town:
    """A town in which every metric has something to say."""
    return a_town(populate)


@every_observed
def test_the_period_includes_its_start_and_excludes_its_end(a_town, metric):
    town = a_town(five_days)

    assert town.ask(metric.id, start_on=MONDAY, end_on=MONDAY + 2 * DAY).rows_behind == 12 + 13
    assert town.ask(metric.id, **OF_V).rows_behind == 12 + 13 + 14 + 15
    assert town.ask(metric.id, end_on=MONDAY).rows_behind == 11


@every_observed
def test_late_evening_and_early_morning_belong_to_their_local_days(a_town, metric):
    town = a_town(around_midnight)

    assert town.ask(metric.id, start_on=MONDAY, end_on=MONDAY + DAY).rows_behind == 23


@pytest.mark.parametrize(
    "metric", [each for each in OBSERVED if not each.counting(str(each.facts)).is_at_every_hour], ids=lambda metric: metric.id
)
def test_one_hour_of_the_week_is_that_hour_alone(a_town, metric):
    town = a_town(four_hours)

    assert town.ask(metric.id, hour=12).rows_behind == 12 + 13 + 14
    assert town.ask(metric.id, dow=1, hour=12, start_on=MONDAY, end_on=MONDAY + 7 * DAY).rows_behind == 12


@every
def test_another_market_changes_nothing(full, a_town, metric):
    before, after = full.ask(metric.id, **OF_V).table, a_town(with_more_in_the_other_market)

    assert after.ask(metric.id, **OF_V).table.equals(before)
    assert not after.ask(metric.id, **OF_V | {"market_id": "W"}).table.equals(before)


@every
def test_another_mall_of_the_market_changes_nothing_for_this_one(full, a_town, metric):
    before, after = full.ask(metric.id, mall_id="M1").table, a_town(with_more_at_the_other_malls)

    assert after.ask(metric.id, mall_id="M1").table.equals(before)
    assert not after.ask(metric.id, mall_id="M2").table.equals(before)


@every
def test_one_thread_and_eight_give_the_same_bytes_and_so_does_the_printed_query(full, metric):
    groups = [(), ("market",), ("mall",), ("cell", "week"), ("store", "status", "hour")]
    for by in (each for each in groups if set(each) <= set(metric.dimensions)):
        answer = full.ask(metric.id, by=by, **OF_V)
        one, eight = (full.by_hand(answer.sql, threads=threads) for threads in (1, 8))

        assert one.equals(eight)
        names = [name for name in one.column_names if name in answer.table.column_names]
        for by_hand, own in zip(one.to_pylist(), answer.rows(), strict=True):
            shown = {name: own[name] for name in names if own[name] is not None}
            assert shown == {name: by_hand[name] for name in shown}
            assert own["suppressed"] or metric.parts or len(shown) == len([name for name in names if by_hand[name] is not None])


@every
def test_definitions_compile_for_another_engine_and_use_nothing_that_engines_disagree_on(metric):
    for by in [(), metric.dimensions]:
        sql = str(ibis.to_sql(questions.expression(metric, Parameters(by=by, start_on=MONDAY, market_id="V")), dialect="pyspark")).upper()
        sql = sql.replace("QUANTILE_DISC", "")  # an element of the data by its rank, PERCENTILE_DISC elsewhere: nothing to disagree on

        assert not [
            word for word in ("QUANTILE", "PERCENTILE", "MEDIAN(", "APPROX", "EPOCH", "ASOF", "AVG", "ROUND(", "FIRST(") if word in sql
        ]


@every
def test_definitions_return_integers_only(full, metric):
    answer = full.ask(metric.id)
    kinds = {str(field.type) for field in full.by_hand(answer.sql).schema}

    assert kinds <= {"int32", "int64", "decimal128(38, 0)", "string"}


@every
def test_groups_of_the_same_rows_sum_to_the_total(full, metric):
    counts = ("orders", "delivered", "cancelled", "n", "sum_s", "numerator", "denominator", "drive_sum_s", "unsplit_sum_s")
    for by in pairs(each for each in metric.dimensions if is_summed_over(metric, each)):
        total, rows = full.ask(metric.id), full.rows(metric.id, by=by)
        if metric.keys or any(row.suppressed for row in rows):
            continue
        for name in set(counts) & set(total.table.column_names):
            if all(getattr(row, name) is not None for row in rows):
                assert sum(getattr(row, name) for row in rows) == total.row()[name]


@every_by_cell
def test_cells_sum_to_their_parents_and_to_the_total(full, metric):
    name = "orders" if metric.kind == "count" else "n"
    total = getattr(full.row(metric.id, mall_id="M1"), name)

    for resolution in (9, 8, 5):
        rows = full.rows(metric.id, mall_id="M1", by=("cell",), resolution=resolution)
        assert sum(getattr(row, name) for row in rows) == total


@every
def test_parameters_out_of_range_are_refused(full, metric):
    for parameters in ({"market_id": "X"}, {"by": ("moon",)}, {"within_s": 0}, {"resolution": 12}, {"weight": ""}):
        with pytest.raises(ParameterError):
            full.ask(metric.id, **parameters)


@every_observed
def test_an_empty_period_gives_an_empty_well_formed_answer(full, metric):
    never = OF_V | {"start_on": MONDAY + 40 * DAY}
    for by in (each for each in ((), ("mall",), ("cell", "week")) if set(each) <= set(metric.dimensions)):
        some, empty = full.ask(metric.id, by=by, **OF_V), full.ask(metric.id, by=by, **never)

        assert empty.table.schema.equals(some.table.schema)
        assert empty.is_empty
        assert not some.is_empty
        assert empty.table.num_rows == (0 if by or metric.keys else 1)
    assert full.ask(metric.id, start_on=MONDAY, end_on=MONDAY).is_empty
    assert full.ask(metric.id, start_on=MONDAY - 40 * DAY, end_on=MONDAY - 33 * DAY).is_empty


@every_observed
def test_k_people_are_shown_and_one_less_is_hidden_with_every_value(a_town, metric):
    town = a_town(too_few_and_enough, fewest(metric))

    for row in town.ask(metric.id, by=("mall",), **OF_V).rows() if "mall" in metric.dimensions else ():
        values = {value for name, value in row.items() if name not in {"mall_id", "suppressed", *metric.keys}}
        assert row["suppressed"] == (row["mall_id"] == "M1")
        assert (values == {None}) == row["suppressed"]
    assert all(row["suppressed"] for row in town.ask(metric.id, mall_id="M1").rows())
    assert not all(row["suppressed"] for row in town.ask(metric.id, mall_id="M2").rows())


@every_of_orders
@pytest.mark.parametrize("few", [1, 3, 9])
def test_no_figure_rests_on_some_customers_but_fewer_than_ten(a_town, metric, few):
    town = a_town(some_with_and_some_without, few)

    for row in town.ask(metric.id, by=("mall",), **OF_V).rows():
        orders = [order for order in town.tables["orders"] if order["mall_id"] == row["mall_id"]]
        for name in (name for name, value in row.items() if value is not None and name not in {"mall_id", "suppressed"}):
            column = f"{name.removesuffix('_sum_s').removesuffix('_mean_s').removesuffix('_n')}_s"
            behind = [order for order in orders if order.get(column) is not None and (column != "unsplit_s" or order[column])]
            if column in table(metric.facts).names:
                assert not 0 < len(behind) < 10, name
            elif name in {"n", "orders", "denominator", "delivered", "cancelled", "failed", "returned"}:
                assert not 0 < row[name] < 10, name


@pytest.mark.parametrize("metric", [each for each in OBSERVED if each.tilings], ids=lambda metric: metric.id)
def test_no_hidden_part_follows_from_a_whole_and_the_parts_shown(full, metric):
    for by in pairs(metric.dimensions):
        answer = full.ask(metric.id, by=by)
        people = questions.question(metric, answer.parameters).people[0]
        for own, raw in zip(answer.rows(), full.by_hand(people.exact_sql).to_pylist(), strict=True):
            for _, parts in metric.tilings if not own["suppressed"] else ():
                shown = {
                    part for part in parts if any(own[name] is not None for name in own if name == part or name.startswith(f"{part}_"))
                }
                secret = [raw[f"people_behind_{part}"] for part in parts if part not in shown]
                assert sum(secret) == 0 or sum(secret) >= SUBJECTS[metric.facts].k


@every_of_orders
def test_the_rows_that_hide_a_group_are_the_rows_that_it_counts(a_town, metric):
    answer = a_town(with_some_never_brought).ask(metric.id, mall_id="M1")

    assert answer.rows_behind == answer.row()["orders" if metric.kind == "count" else "n"]


@every_modelled
def test_a_mall_implies_its_market_for_what_is_modelled(full, metric):
    for mall, market in (("M1", "V"), ("M4", "W")):
        alone = full.ask(metric.id, mall_id=mall)

        assert alone.table.equals(full.ask(metric.id, mall_id=mall, market_id=market).table)
        assert alone.parameters.market_id == market


@every_modelled
def test_modelled_figures_say_so(full, metric):

    assert "modelled" in full.ask(metric.id).note
    assert "modelled" in metric.help.lower()


@every
def test_every_column_of_an_answer_is_described(full, metric):
    figures = {"share", "rate", "low", "high", "cell_area_m2", "suppressed", *DIMENSIONS.values()}

    for name in full.ask(metric.id).table.column_names:
        assert f"``{name}``" in metric.definition or name in figures or name.endswith(("mean_s", "mean_cents", "mean_m"))


@every
def test_class_limits_are_for_columns_that_the_answer_has(full, metric):
    by = ("cell", "week") if "cell" in metric.dimensions else ()

    assert {column for column, _ in metric.breaks} <= set(full.ask(metric.id, by=by, **OF_V).table.column_names)


@every
def test_every_column_of_a_file_is_named_once_and_says_its_unit(full, metric):
    names = exported(full.ask(metric.id)).column_names
    units = ("_s", "_m", "_m2", "_min", "_share", "_low", "_high", "_cents", "_id", "_hours", *(f"_{name}" for name in COUNTED))
    plain = {"orders", "status", "cell", "suppressed", "orders_delivered", "orders_cancelled", "orders_failed", "orders_returned"}
    plain |= {metric.id} if metric.kind == "ratio" and "per 1,000" not in metric.unit else set()

    assert len(set(names)) == len(names)
    assert not [name for name in names if not name.endswith(units) and name not in plain]


@every
def test_the_entry_in_the_catalog_is_whole(metric: Metric):
    assert metric.definition.count("\n\n") >= 3
    assert metric.label
    assert metric.help.endswith(".")
    assert metric.source
    assert set(metric.dimensions) <= set(DIMENSIONS)
    assert set(metric.tables) <= {each.name for each in TABLES}
    assert bool(metric.facts) or metric.modelled or "baseline" in metric.tables
    assert bool(metric.needs) == bool(metric.left_out)
    assert {each.table for each in metric.also} <= set(metric.all_facts)
    for each in metric.also:
        assert set(each.needs) <= set(table(each.table).names)
        assert bool(each.needs) <= bool(each.left_out) <= bool(each.needs or each.missed or each.where)
    assert len(metric.all_facts) < 2 or set(metric.dimensions) <= set(CALENDAR)
    assert all(list(limits) == sorted(set(limits)) and len(limits) == 5 for _, limits in metric.breaks)
    if metric.facts:
        assert set(metric.needs) <= set(table(metric.facts).names)


def test_ids_are_unique():
    assert len({metric.id for metric in METRICS}) == len(METRICS)


def test_the_docs_are_fresh_and_tell_every_metric():
    text = docs.PAGE.read_text("utf-8")

    assert text == docs.page()
    assert all(f"\n## {metric.id}\n" in text for metric in METRICS)


def test_only_the_definition_and_the_catalog_name_a_metric():
    """From here on a metric is one function, one test, one line: nothing else in ``analytics/`` may need an edit."""
    plain_words = {"handling", "drive"}
    ids = {metric.id for metric in METRICS} - {table.name for table in TABLES} - plain_words
    allowed = {"catalog.py", "calibration.py", "release.py"}  # a release is cut from fixed sums, and names them as the metric does
    naming = {}
    for path in sorted((ROOT / "analytics").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        named = ids & (names | attributes | texts)
        if named and path.name not in allowed:
            naming[path.name] = named

    assert naming == {}


def test_the_town_has_cells_that_roll_up():
    assert len(set(cells())) == 49
