"""The one door: what is hidden, what is refused, what is said beside the figures."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import duckdb
import pytest

from analytics import questions
from analytics.answers import answers
from analytics.catalog import METRICS
from analytics.errors import ParameterError, QuestionError, ScopeError, UnknownMetric
from analytics.export import description
from analytics.parameters import EVERYTHING, Parameters, Scope
from analytics.privacy import BUCKETS
from analytics.questions import UNSURE
from data import contracts
from data.contracts import TABLES, Kind
from tests.town import MONDAY, local

DAY = timedelta(days=1)


def test_nine_customers_are_hidden_and_ten_are_shown(town):
    town.deliver("M1", seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)

    first, second = town.rows("orders", by=("mall",))

    assert (first.mall_id, first.suppressed, first.orders, first.delivered) == ("M1", True, None, None)
    assert (second.mall_id, second.suppressed, second.orders) == ("M2", False, 10)


def test_many_orders_of_few_customers_are_hidden(town):
    for customer in "abcdefghi":
        town.deliver("M1", seconds=[600] * 5, customer_id=customer)

    assert town.row("orders").suppressed
    town.deliver("M1", seconds=[600], customer_id="j")
    assert town.row("orders").orders == 46


def test_customers_that_fall_into_one_bucket_are_still_as_many_as_they_are(town):
    with duckdb.connect() as connection:
        names = connection.execute("SELECT 'c' || i FROM range(2000) AS r(i) WHERE hash('c' || i) & 31 = 7 LIMIT 11").fetchall()
    for number, (customer,) in enumerate(names):
        town.deliver("M1", seconds=[600], customer_id=customer)
        if number < 9:
            town.deliver("M2", seconds=[600] * 3, customer_id=customer)

    enough, few = town.rows("orders", by=("mall",))

    assert (len(names), enough.orders, few.suppressed) == (11, 11, True)
    assert town.row("orders", mall_id="M1").orders == 11
    assert town.row("orders", mall_id="M2").suppressed


def test_a_bucket_that_is_stored_is_one_of_those_that_are_counted():
    assert BUCKETS == contracts.BUCKETS


def test_buckets_of_another_hash_are_not_counted(town):
    town.bucket = "rowid % 32"
    town.deliver("M1", seconds=[600] * 20, customer_id="one")

    assert town.row("orders").suppressed


@pytest.mark.parametrize("has_buckets", [True, False])
def test_people_are_counted_with_and_without_stored_buckets(town, has_buckets):
    town.bucket = town.bucket if has_buckets else "NULL"
    town.deliver("M1", seconds=[600] * 9 + [None] * 3)
    town.deliver("M2", seconds=[600] * 10)
    town.deliver("M4", seconds=[600] * 300 + [None] * 9)

    hidden, few, many = town.rows("orders", by=("mall",))

    assert (hidden.orders, hidden.delivered, few.orders, many.orders) == (12, None, 10, 309)
    assert (many.delivered, many.cancelled) == (None, None)
    assert [row.suppressed for row in town.rows("click_to_door", by=("mall",))] == [True, False, False]


def test_groups_without_a_name_are_counted_like_the_others(town):
    town.deliver("M1", cell=None, seconds=[600] * 9)

    assert [row.suppressed for row in town.rows("orders", by=("cell",))] == [True]
    town.deliver("M1", cell=None, seconds=[600])
    assert [row.orders for row in town.rows("orders", by=("cell", "store"))] == [10]


def test_orders_of_unknown_customers_count_one_each(town):
    town.deliver("M1", seconds=[600] * 10, customer_id=None)

    assert town.row("orders").orders == 10


def test_customers_are_counted_behind_the_figure_not_behind_the_orders(town):
    town.deliver("M1", seconds=[600] * 9 + [None] * 20)

    assert not town.row("orders").suppressed
    assert town.row("click_to_door").suppressed


def test_zero_is_shown_and_is_not_hidden(town):
    town.deliver("M1", seconds=[600] * 12)

    answer = town.ask("orders", start_on=date(2026, 1, 1), end_on=date(2026, 1, 8))

    assert answer.row()["orders"] == 0
    assert not answer.row()["suppressed"]
    assert answer.is_empty


def test_where_every_row_is_hidden_nothing_else_tells_the_number(town):
    town.deliver("M1", seconds=[600] * 5 + [None] * 3)
    town.deliver("M1", seconds=[600] * 2, delivered_at=None)

    answer = town.ask("click_to_door", mall_id="M1")

    assert (answer.rows_behind, answer.hidden_share, answer.left_out) == (0, 1.0, {})
    assert not answer.is_empty


def test_the_share_of_orders_in_hidden_rows_is_told_unless_few_people_are_behind_all_of_them(town):
    town.deliver("M1", seconds=[600] * 15)
    town.deliver("M2", seconds=[600] * 5)

    answer = town.ask("orders", by=("mall",))

    assert (answer.rows_behind, answer.hidden_share, answer.k) == (None, 0.4, 10)
    town.deliver("M4", seconds=[600] * 9)
    told = town.ask("orders", by=("mall",))
    assert (told.rows_behind, told.hidden_share) == (29, 14 / 29)


def test_however_many_orders_fewer_than_ten_hidden_customers_placed_the_file_does_not_tell(town):
    town.deliver("M1", seconds=[600] * 30)
    shares = set()
    for _ in range(9):
        town.deliver("M2", seconds=[600])
        answer = town.ask("orders", by=("mall",))
        shares.add(answer.hidden_share)
        assert answer.rows_behind is None
        assert description(answer, town.version)["orders_behind"] is None

    assert shares == {10 / 40}


def test_many_orders_of_few_hidden_customers_are_told_by_their_size_only(town):
    town.deliver("M1", seconds=[600] * 72)
    town.deliver("M2", seconds=[600] * 100, customer_id="one")

    answer = town.ask("orders", by=("mall",))

    assert (answer.rows_behind, answer.hidden_share) == (None, 128 / 200)


def test_an_end_of_few_customers_is_hidden_and_does_not_follow_from_the_others(town):
    town.deliver("M1", seconds=[600] * 40 + [None] * 20)
    town.deliver("M1", seconds=[None], status="failed")
    town.deliver("M2", seconds=[600] * 40 + [None] * 10)

    incomplete, whole = town.rows("orders", by=("mall",))

    assert (incomplete.orders, incomplete.delivered, incomplete.returned) == (61, 40, 0)
    assert (incomplete.failed, incomplete.cancelled, incomplete.suppressed) == (None, None, False)
    assert (whole.delivered, whole.cancelled, whole.failed) == (40, 10, 0)
    assert "fewer than 10 customers" in town.ask("orders", by=("mall",)).note
    assert town.ask("orders", mall_id="M2").note == ""


def test_orders_without_a_known_end_do_not_follow_from_those_with_one(town):
    town.deliver("M1", seconds=[600] * 40 + [None] * 20)
    town.deliver("M1", seconds=[600], status=None)

    assert (town.row("orders").delivered, town.row("orders").cancelled) == (40, None)


def test_ends_of_few_that_together_are_many_hide_no_third_one(town):
    town.deliver("M1", seconds=[600] * 40 + [None] * 9)
    town.deliver("M1", seconds=[None] * 9, status="failed")

    with_few = town.row("orders")

    assert (with_few.cancelled, with_few.failed, with_few.delivered) == (None, None, 40)


def test_modelled_figures_have_nobody_to_hide(town):
    town.demand(0, 1)
    town.drive("M1", 0, 60)

    answer = town.ask("covered_share")

    assert (answer.row()["numerator"], answer.row()["suppressed"], answer.k) == (1, False, 0)


def test_an_order_whose_market_is_unknown_is_left_out_of_periods_and_counted(town):
    town.deliver("M1", seconds=[600] * 10)
    town.order(None, placed_at=local(MONDAY, 12), market_id=None)

    assert town.row("orders").orders == 11
    answer = town.ask("orders", start_on=MONDAY, end_on=MONDAY + DAY)
    assert answer.row()["orders"] == 10
    assert list(answer.left_out.values()) == [1]


def test_orders_left_out_are_those_of_the_period(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 4, delivered_at=None)
    town.deliver("M1", seconds=[600] * 3, delivered_at=None, day=MONDAY + DAY)

    assert list(town.ask("click_to_door", start_on=MONDAY, end_on=MONDAY + DAY).left_out.values()) == [4]
    assert list(town.ask("click_to_door").left_out.values()) == [7]


@pytest.mark.parametrize("scope", [None, "everything", object(), {"market": "V"}, Scope])
def test_a_scope_that_is_not_known_opens_no_door(town, scope):
    with pytest.raises(ScopeError):
        answers("orders", Parameters(), scope, town.version)


def test_a_scope_with_more_fields_is_not_known_either(town):
    class Restricted(Scope):
        market_id = "V"

    with pytest.raises(ScopeError):
        answers("orders", Parameters(), Restricted(), town.version)


@pytest.mark.parametrize(
    "parameters",
    [
        {"start_on": MONDAY, "end_on": MONDAY - DAY},
        {"within_s": 59},
        {"within_s": 2701},
        {"within_s": 1200.0},
        {"within_s": True},
        {"resolution": 10},
        {"resolution": 3},
        {"weight": "people"},
        {"by": ["mall"]},
        {"by": ("mall", "mall")},
        {"by": "mall"},
        {"by": ("moon",)},
        {"market_id": "X"},
        {"mall_id": "M9"},
        {"market_id": "W", "mall_id": "M1"},
        {"market_id": "V' OR 'x' = 'x"},
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(town, parameters):
    with pytest.raises(ParameterError):
        town.ask("orders", **parameters)


def test_a_metric_is_not_grouped_by_what_it_has_not(town):
    with pytest.raises(ParameterError, match=r"covered_share cannot be grouped by 'mall': people .* its dimensions are market"):
        town.ask("covered_share", by=("mall",))
    with pytest.raises(ParameterError, match="its rows are fixed"):
        town.ask("coverage_by_mall", by=("mall",))


def test_an_unknown_metric_is_refused_with_the_nearest_name(town):
    with pytest.raises(UnknownMetric, match="did you mean on_time_share"):
        town.ask("on_time_shar")


def test_every_error_of_a_question_is_one_sentence_and_built_in_too():
    assert issubclass(ParameterError, ValueError)
    assert issubclass(UnknownMetric, KeyError)
    assert issubclass(ScopeError, PermissionError)
    assert str(UnknownMetric("there is none")) == "there is none"
    assert issubclass(ParameterError, QuestionError)


def test_parameters_that_a_metric_does_not_use_do_not_matter(town):
    town.demand(0, 100)
    town.drive("M1", 0, 60)

    answer = town.ask("covered_share", start_on=MONDAY, end_on=MONDAY, resolution=7)

    assert answer.parameters == Parameters()
    assert answer.row()["numerator"] == 100


def test_metrics_cannot_see_coordinates_or_homes():
    for table in TABLES:
        visible = set(questions.unbound(table.name).columns)
        assert not {column.name for column in table.columns if column.kind in {Kind.LATITUDE, Kind.LONGITUDE}} & visible
        assert "home_cell" not in visible
        assert visible < set(table.names) or table.name not in {"malls", "drivers", "orders", "demand_areas", "stations"}


def test_a_mall_called_like_a_stand_in_reaches_the_query_as_text(town):
    mall = f'a"{UNSURE}"b'
    town.add("malls", mall_id=mall, market_id="V", name=mall, status="open", latitude=36.0, longitude=-115.0)
    town.deliver(mall, seconds=[600] * 3)

    (row,) = town.rows("orders", mall_id=mall, by=("hour",))

    assert (row.local_hour, row.suppressed) == (12, True)


def test_names_with_quotes_reach_the_query_as_text(town):
    town.add("malls", mall_id="O'Hare; DROP TABLE orders", market_id="V", name="'", status="open", latitude=1.0, longitude=1.0)
    town.deliver("O'Hare; DROP TABLE orders", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 10)

    assert town.row("orders", mall_id="O'Hare; DROP TABLE orders").orders == 10


def test_an_answer_survives_pickling_for_caches(town):
    town.deliver("M1", seconds=[600] * 10)

    answer = town.ask("click_to_door", by=("mall",))

    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301 - our own bytes


def test_many_threads_may_ask_at_once(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M2", seconds=[700] * 11)
    version, barrier = town.version, threading.Barrier(8)

    def ask(number: int) -> list[int]:
        barrier.wait()
        start = MONDAY - timedelta(days=number)  # a question of its own for each, so that all compile at once
        rows = answers("click_to_door", Parameters(by=("mall",), start_on=start), EVERYTHING, version).rows()
        return [row["n"] for row in rows]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [[10, 11]] * 8


def test_an_answer_with_several_rows_has_no_single_one(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M2", seconds=[600] * 10)

    with pytest.raises(ValueError, match="too many values"):
        town.ask("orders", by=("mall",)).row()


def test_an_empty_version_gives_well_formed_answers(town):
    town.tables["malls"].clear()
    town.tables["markets"].clear()

    for metric in METRICS:
        answer = town.ask(metric.id)
        assert answer.is_empty or metric.modelled
        assert answer.table.column_names[-1] == "suppressed"
