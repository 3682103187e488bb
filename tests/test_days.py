"""What is told from sums by day is what the rows themselves tell, to the last integer, and hides what they hide."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyarrow as pa
import pytest

from analytics import days, hours
from analytics.answers import hidden_share
from analytics.catalog import FACTS, METRICS
from analytics.catalog import metric as of
from analytics.parameters import EVERYTHING, Parameters
from analytics.people import people_behind
from analytics.privacy import SUBJECTS
from analytics.questions import question
from data.engine import Engine
from tests.town import MONDAY, Town, local

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
BY_DAYS = [metric for metric in METRICS if metric.by_days]
HOURLY = [metric for metric in METRICS if metric.hourly]
LARGE = frozenset(FACTS)
GROUPS = ((), ("market", "day"), ("mall", "week", "weeks_open"))
ASKED = [(metric, by) for metric in BY_DAYS for by in (GROUPS if metric.day_sums or metric.id == "utilization" else GROUPS[1:2])]
"""Stages and waits differ by a column only: one way to group them will do."""
FILTERS = ({}, {"market_id": "V", "start_on": MONDAY, "end_on": MONDAY + 5 * DAY}, {"mall_id": "M1", "dow": 1, "start_on": MONDAY - WEEK})


def populate(town: Town) -> None:
    """Fill two weeks with many and with few people, with orders of no mall and no day, without promise, end or pay; W knows no offers."""
    chance = random.Random(7)
    for mall, most in (("M1", 30), ("M2", 12), ("M4", 20), (None, 12)):
        for number in range(-7, 7):
            day, many = MONDAY + number * DAY, chance.randrange(most)
            known = [f"{mall}-{chance.randrange(25)}" for _ in range(many)]
            for customer in known:
                promise_s = chance.choice([None, 900, 1200])
                town.deliver(mall, seconds=[chance.choice([None, 600, 1500])], day=day, customer_id=customer, promise_s=promise_s)
            town.deliver(
                mall, seconds=[600] * chance.randrange(4), day=day, customer_id=None, status=chance.choice(["returned", None, "it's odd"])
            )
            town.deliver(mall, seconds=[600] * chance.randrange(3), day=day, delivered_at=None)
            if mall in {"M1", "M2"} or (mall is None and number > 0):
                town.work(mall, drivers=chance.randrange(8), day=day)
                town.hour_online(mall, "lone", at=local(day, 14), engaged_s=None)
                town.offer(mall, "lone", shown_at=local(day, 13), status=chance.choice(["declined", "accepted", None]), pay_cents=None)
    nowhere = {"market_id": None, "local_date": None, "local_hour": None, "local_dow": None, "local_week_on": None}
    for _ in range(11):
        town.order(None, placed_at=local(MONDAY, 12), **nowhere)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("days") / "town")
    populate(town)
    return town


@pytest.mark.parametrize(("metric", "by"), ASKED, ids=lambda each: getattr(each, "id", None) or ",".join(each) or "all")
def test_days_tell_what_the_rows_tell(full, monkeypatch, metric, by):
    answers = []
    for fewest_rows in (0, 10**9):
        monkeypatch.setattr(days, "FEWEST_ROWS", fewest_rows)
        answers.append([full.ask(metric.id, by=by, **chosen) for chosen in FILTERS])

    for quick, plain in zip(*answers, strict=True):
        assert quick.table.equals(plain.table)
        assert (quick.rows_behind, quick.rows_shown, quick.hidden_share) == (plain.rows_behind, plain.rows_shown, plain.hidden_share)
        assert (quick.left_out, quick.note, quick.sql) == (plain.left_out, plain.note, plain.sql)
    assert any(answer.left_out for answer in answers[0]) or metric.id == "orders"


@pytest.mark.parametrize(
    ("metric", "by"), [(metric, by) for metric in HOURLY for by in ((), ("mall", "week", "hour")) if bool(metric.dimensions) == bool(by)]
)
def test_hours_that_are_kept_tell_what_the_rows_tell(full, monkeypatch, metric, by):
    filters = (*FILTERS, {"mall_id": "M1", "hour": 12}, {"market_id": "V", "start_on": MONDAY, "hour": 13, "dow": 2})
    answers = []
    for fewest_rows in (0, 10**9):
        monkeypatch.setattr(days, "FEWEST_ROWS", fewest_rows)
        answers.append([full.ask(metric.id, by=by, **chosen) for chosen in filters])

    for quick, plain in zip(*answers, strict=True):
        assert quick.table.equals(plain.table)
        assert (quick.left_out, quick.note, quick.sql) == (plain.left_out, plain.note, plain.sql)
    assert any(sum(filter(None, answer.table.column("required_s").to_pylist())) for answer in answers[0])


def test_hours_of_a_mall_that_are_kept_are_its_own(full, monkeypatch):
    answers = []
    for fewest_rows in (0, 10**9):
        monkeypatch.setattr(days, "FEWEST_ROWS", fewest_rows)
        answers.append([full.ask("hours_gap", mall_id=mall).table for mall in ("M1", "M2")])

    assert answers[0] == answers[1]
    assert answers[0][0] != answers[0][1]


def test_late_time_is_added_up_for_a_mall_when_it_is_asked_for(full, monkeypatch):
    monkeypatch.setattr(days, "FEWEST_ROWS", 0)
    told = [full.ask("late_attribution", mall_id=mall).row() for mall in ("M4", "M1", "M4")]

    assert told[0] == told[2] != told[1]
    assert told[1]["late_sum_s"] > 0
    sums = "SELECT mall_id, sum(late_sum_s)::BIGINT AS late_s FROM sums_of_attributed GROUP BY ALL ORDER BY 1"
    kept = Engine.of(full.version).table(sums)
    assert kept.to_pylist() == [{"mall_id": mall, "late_s": told[place]["late_sum_s"]} for mall, place in (("M1", 1), ("M4", 0))]


def test_whole_days_are_told_from_days_and_hours_are_not():
    for metric in BY_DAYS:
        whole = question(metric, Parameters(by=("mall",)), LARGE)
        assert {f"people_of_{table}" for table in metric.all_facts} <= {each.name for each in whole.kept}
        assert (whole.run_sql != whole.sql) == (bool(metric.day_sums) and not metric.mall_by_mall)
        of_a_mall = question(metric, Parameters(mall_id="M1"), LARGE)
        assert (of_a_mall.run_sql != of_a_mall.sql) == bool(metric.day_sums)
        assert {each.part for each in of_a_mall.kept} == ({"", "M1"} if metric.mall_by_mall else {""})
        assert question(metric, Parameters(by=("hour",)), LARGE).kept == ()
        assert question(metric, Parameters(hour=12), LARGE).kept == ()


def test_small_tables_are_read_directly(full):
    assert full.version.manifest.rows("orders") < days.FEWEST_ROWS

    full.ask("orders", by=("mall",))
    with pytest.raises(Exception, match="people_of_trips"):
        Engine.of(full.version).table("SELECT * FROM people_of_trips")


def test_days_are_counted_once_for_a_version(full, monkeypatch):
    monkeypatch.setattr(days, "FEWEST_ROWS", 0)
    before = full.ask("orders").table
    engine = Engine.of(full.version)
    engine.keep("people_of_orders", "SELECT 1 AS never_looked_at")

    assert full.ask("orders").table.equals(before)
    assert "rows_all" in engine.table("FROM people_of_orders").column_names


def test_what_is_kept_under_one_name_is_one_query():
    counted = [each for metric in BY_DAYS for mall_id in (None, "M1") for each in days.kept_by(metric, mall_id)]
    counted += [hours.kept(metric.hourly, is_by_mall=is_by_mall) for metric in HOURLY for is_by_mall in (False, True)]

    kept = {(each.name, each.part): each.sql for each in counted}

    assert all(kept[each.name, each.part] == each.sql for each in counted)
    assert all(f"'{part}'" in sql for (_, part), sql in kept.items() if part)
    assert {part for _, part in kept} == {"", "M1"}


class _Meanwhile(str):
    """A name that lets another reader's table be counted whenever it is compared: as a thread may in any moment."""

    __slots__ = ("count",)
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        self.count()
        return str(self) == str(other)


def test_a_reader_who_counts_is_not_disturbed_by_others(full):
    engine, others, name = Engine(full.version), iter(range(1000)), _Meanwhile("mine")
    name.count = lambda: engine.keep(f"other_{next(others)}", "SELECT 1 AS n")

    for part in ("a", "b", "a"):
        name.count()
        engine.keep(name, f"SELECT '{part}' AS part", part)

    assert engine.table("SELECT part FROM mine ORDER BY part").to_pylist() == [{"part": "a"}, {"part": "b"}]


class _Gate:
    """A lock that two threads reach before either is let in."""

    def __init__(self) -> None:
        self._both, self._lock = threading.Barrier(2), threading.Lock()

    def __enter__(self) -> None:
        self._both.wait(60)
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


def test_readers_who_count_the_same_at_the_same_time_count_it_once(full):
    engine = Engine(full.version)
    engine._keeping["shared"] = _Gate()

    def count(_reader: int) -> None:
        for part in "abc":
            engine.keep("shared", f"SELECT '{part}' AS part", part)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, range(2)))

    assert "".join(row["part"] for row in engine.table("SELECT part FROM shared ORDER BY part").to_pylist()) == "abc"


@pytest.mark.parametrize("by", [("mall", "day"), ("status",), ()])
@pytest.mark.parametrize("metric_id", ["orders", "on_time_share", "acceptance_share", "stages"])
def test_groups_of_few_are_counted_one_by_one_and_only_these(full, metric_id, by):
    metric = of(metric_id)
    if not set(by) <= set(metric.dimensions):
        by = tuple(each for each in by if each in metric.dimensions)
    engine = Engine.of(full.version)
    (people, *_) = question(metric, Parameters(by=by)).people
    k = SUBJECTS[people.table].k

    found, exact = people_behind(people, engine), engine.table(people.exact_sql)

    assert found.select(people.group).equals(exact.select(people.group))
    for name in exact.column_names:
        if name.startswith("people_behind"):
            pairs = list(zip(found.column(name).to_pylist(), exact.column(name).to_pylist(), strict=True))
            assert all(mine == theirs if theirs < k else mine >= k for mine, theirs in pairs)
        elif name not in people.group:
            assert found.column(name).cast(pa.int64()).equals(exact.column(name).cast(pa.int64()))


def test_what_a_map_would_hide_is_known_before_it_is_asked(full):
    for chosen in ({"by": ("cell",), "resolution": 8}, {"by": ("mall", "day")}, {"by": ("mall", "day"), "mall_id": "M2"}):
        for metric_id in ("click_to_door", "orders"):
            asked = {name: value for name, value in chosen.items() if metric_id != "orders" or name != "resolution"}
            answer = full.ask(metric_id, **asked)
            assert hidden_share(metric_id, Parameters(**asked), EVERYTHING, full.version) == answer.hidden_share
    assert full.ask("orders", by=("mall", "day")).hidden_share > 0


def test_people_whose_bucket_is_unknown_are_people_by_day_too(town, monkeypatch):
    monkeypatch.setattr(days, "FEWEST_ROWS", 0)
    town.bucket = "NULL"
    town.deliver("M1", seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)

    assert [row.suppressed for row in town.rows("orders", by=("mall",))] == [True, False]
