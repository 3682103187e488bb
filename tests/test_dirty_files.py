"""Dirty files of every table: loaded without an exception, every row accounted for, every planted fault reported under its rule."""

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data.contracts import table as contract
from data.errors import MallReachError
from data.rules import RULES
from tests.dirty import DIALECTS, FAULTS, GARBAGE, TABLES, Dirty, Plan, broken_off, drawn, missed, written
from tests.loading import Shop, is_conserved

FILES = 60
PLANTED_ELSEWHERE = {"no_time_zone", "no_mall_within_distance", "files_disagree", "no_rows", "day_thin", "earlier_state"}
"""Rules that need a mapping or a second file, or that other faults of this kind hide; each has a test of its own."""


def garbage_of(table: str) -> st.SearchStrategy[tuple[dict[str, str | None], ...]]:
    columns = [column.name for column in contract(table).loaded if column.name not in contract(table).key]
    values = st.one_of(st.sampled_from(GARBAGE), st.text(max_size=6).filter(lambda text: "\x00" not in text))
    return st.lists(st.dictionaries(st.sampled_from(columns), values, max_size=8), max_size=4).map(tuple)


plans = st.sampled_from(TABLES).flatmap(
    lambda table: st.builds(
        Plan,
        st.just(table),
        st.lists(st.sampled_from(sorted(FAULTS)), unique=True, max_size=6).map(tuple),
        st.sampled_from(DIALECTS),
        st.integers(3, 6),
        garbage_of(table),
    )
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the two markets and malls, copied for every load."""
    return Shop(tmp_path_factory.mktemp("base")).open().folder


def load_and_look(base: Path, folder: Path, plan: Plan) -> None:
    shutil.copytree(base, folder)
    shop, dirty = Shop(folder), written(plan)

    result = shop.load(shop.write(dirty.name, dirty.content))

    count = result.counts[plan.table]
    assert count.rows_in == dirty.rows
    assert is_conserved(count)
    assert sum(each.rows for each in result.findings if each.severity == "reject") == count.rejected
    assert missed(plan, dirty, result.findings) == []
    assert all(each.severity == RULES[each.rule].severity for each in result.findings)


@given(plan=plans)
@example(plan=Plan("markets", (), "comma", 3, ({"name": "\r"},)))
@settings(max_examples=FILES, suppress_health_check=list(HealthCheck))
def test_a_dirty_file_of_any_table_is_loaded_conserved_and_told(base: Path, tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    load_and_look(base, tmp_path_factory.mktemp("dirty") / "shop", plan)


@pytest.mark.parametrize("table", TABLES)
def test_every_fault_at_once_is_told_one_by_one(base: Path, tmp_path: Path, table: str) -> None:
    load_and_look(base, tmp_path / "shop", Plan(table, tuple(FAULTS)))


def test_every_rule_is_planted_in_some_table() -> None:
    planted = {rule for table in TABLES for rule, _ in written(Plan(table, tuple(FAULTS))).planted}

    assert planted == set(RULES) - PLANTED_ELSEWHERE


@pytest.mark.parametrize("seed", range(16))
def test_a_file_that_breaks_off_is_refused_in_one_sentence(base: Path, tmp_path: Path, seed: int) -> None:
    shutil.copytree(base, tmp_path / "shop")
    shop, dirty = Shop(tmp_path / "shop"), broken_off(random.Random(seed))
    before = shop.warehouse.current()

    with pytest.raises(MallReachError, match="orders") as caught:
        shop.load(shop.write(dirty.name, dirty.content))

    assert "\n" not in str(caught.value)
    assert shop.warehouse.current() == before


def test_a_drawn_plan_is_the_same_for_the_same_seed() -> None:
    plans_of_seed = [[drawn(random.Random(seed), table) for table in TABLES] for seed in (1, 1, 2)]

    assert plans_of_seed[0] == plans_of_seed[1] != plans_of_seed[2]
    assert isinstance(written(plans_of_seed[0][0]), Dirty)
