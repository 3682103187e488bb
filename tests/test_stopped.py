"""A question that somebody gave up ends at once, and nobody else's does."""

import threading

import pytest

from data.engine import Engine, Watch
from data.errors import Stopped, WarehouseError

ENDLESS = "SELECT count(*) FROM range(10_000_000_000) AS a, range(100) AS b WHERE (a.range * b.range) % 7 = 3"


def test_a_question_that_is_given_up_ends_and_those_of_others_do_not(town):
    engine, ends = Engine(town.version), []
    has_begun = threading.Event()

    class Told(Watch):
        def over(self, cursor):
            has_begun.set()
            return super().over(cursor)

    watch = Told()

    def ask():
        with watch.following():
            try:
                engine.table(ENDLESS)
            except WarehouseError as error:
                ends.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert has_begun.wait(30)
    assert engine.table("SELECT count(*) AS n FROM malls").to_pylist() == [{"n": 4}]
    for _ in range(600):
        watch.stop()
        asking.join(0.05)
        if not asking.is_alive():
            break

    assert [type(end) for end in ends] == [Stopped]
    assert str(ends[0]) == "the question was canceled"
    assert engine.table("SELECT count(*) AS n FROM malls").to_pylist() == [{"n": 4}]


def test_after_the_end_no_further_question_is_begun(town):
    engine, watch = Engine(town.version), Watch()
    with watch.following():
        engine.table("SELECT 1")
        watch.stop()
        with pytest.raises(Stopped):
            engine.table("SELECT 1")

    assert watch.asked == 1
    engine.table("SELECT 1")
    assert watch.asked == 1
