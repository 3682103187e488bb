"""Many markets at once: problems market by market are the problems as a whole, and no figure hangs on what was read together."""

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.__main__ import main
from analytics.choosing import blocks, taking
from analytics.choosing import sites as sites_module
from analytics.choosing.groups import by_markets
from analytics.choosing.raw import raw
from analytics.choosing.scenario import scenario
from analytics.choosing.sites import Reach, Site, sites
from analytics.choosing.taking import lost
from analytics.choosing.wish import wish
from analytics.choosing.worth import worth
from analytics.commands.output import json_bytes
from analytics.errors import ParameterError
from analytics.models.gains import Gains, Savings, savings_of
from data.errors import WarehouseError, is_interrupt
from data.warehouse import Warehouse


@pytest.fixture(scope="module")
def demo(demo_root):
    return Warehouse(demo_root).current()


def _nation(seed, markets=3, cells=12, malls=4):
    """Return a reach of several markets with drives drawn at random."""
    random = np.random.default_rng(seed)
    there = tuple(
        Site(f"{market}{mall}", market, f"Mall {mall}", "candidate" if mall else "open", 36.0, -115.0)
        for market in "ABCDEF"[:markets]
        for mall in range(malls)
    )
    pairs = [
        (place, cell, int(random.integers(60, 2700)))
        for place in range(len(there))
        for cell in range(place // malls * cells, (place // malls + 1) * cells)
        if random.random() < 0.6
    ]
    site, cell, drive_s = np.array(sorted(pairs, key=lambda pair: (pair[0], pair[2], pair[1])), np.int64).T
    market = np.repeat(np.arange(markets), cells)
    people = random.integers(1, 500, markets * cells)
    return Reach(
        sites=there,
        within_s=2700,
        weight="population",
        market_ids=tuple("ABCDEF"[:markets]),
        cells=np.arange(markets * cells),
        market=market,
        people=people,
        site=site,
        cell=cell,
        drive_s=drive_s,
        open_count=np.zeros(markets * cells, np.int64),
    )


def _parts(whom):
    saved = (2700 - whom.drive_s) * whom.people[whom.cell]
    is_open = np.array([site.is_open for site in whom.sites])
    for block in blocks.blocks(whom):
        yield savings_of(block.table(whom, saved), open_sites=np.flatnonzero(is_open[block.sites]).tolist())


@pytest.mark.parametrize("seed", range(3))
def test_a_set_is_worth_the_same_in_one_table_and_market_by_market(monkeypatch, seed):
    whom = _nation(seed)
    (whole,) = _parts(whom)
    monkeypatch.setattr(blocks, "LARGEST_MATRIX", 60)
    rows = blocks.joined(list(_parts(whom)))
    assert isinstance(whole, Savings)
    assert isinstance(rows, Gains)
    assert (rows.sites, rows.cells) == (whole.sites, sum(part.cells for part in _parts(whom)))
    for chosen in combinations([place for place, site in enumerate(whom.sites) if not site.is_open], 3):
        assert rows.value(chosen) == whole.value(chosen)


def test_a_single_market_that_is_too_large_is_named(monkeypatch):
    monkeypatch.setattr(blocks, "LARGEST_MATRIX", 40)
    with pytest.raises(ParameterError, match="12 cells and 4 malls of A are too many at once"):
        list(blocks.blocks(_nation(0)))


@pytest.mark.parametrize("texts", [{"aim": "minutes"}, {"aim": "orders", "drive": "19"}, {"aim": "contribution", "earns": "4300"}])
def test_every_aim_market_by_market_is_worth_what_the_raw_tables_say(demo, monkeypatch, texts):
    monkeypatch.setattr(blocks, "LARGEST_MATRIX", 200_000)
    monkeypatch.setattr("analytics.choosing.worth.by_markets", partial(by_markets, at_once=7))
    asked = wish(scenario({"open": "2", "costs": "7:0", **texts}))  # asked nowhere else, so that nothing is at hand already
    made, form = worth(demo, asked), raw(demo, asked)
    assert isinstance(made.problem, Gains)
    pairs = [*combinations(made.candidates, 2)][::9]
    assert len({made.sites[place].market_id for pair in pairs for place in pair}) == 3
    for pair in [(), *pairs]:
        assert made.value(pair) == form.value([made.sites[place].id for place in pair])


def test_groups_are_whole_markets_and_hold_every_site_once(demo):
    there = sites(demo)[::-1]
    for at_once in (1, 5, 250):
        groups = [*by_markets(there, at_once)]
        assert sorted(place for places, _ in groups for place in places) == list(range(len(there)))
        assert all(tuple(there[place] for place in places) == group for places, group in groups)
        markets = [{site.market_id for site in group} for _, group in groups]
        assert len(set.union(*markets)) == sum(len(each) for each in markets)
    assert [*by_markets(there)] == [([*range(len(there))], there)]
    assert len([*by_markets(there, 1)]) == 3


def test_what_malls_take_hangs_on_no_other_market(demo, monkeypatch):
    there = sites(demo)
    markets, candidates = sorted({site.market_id for site in there}), [site for site in there if not site.is_open]
    together = lost(demo, markets, candidates, "population")
    monkeypatch.setattr(taking, "by_markets", partial(by_markets, at_once=1))
    assert lost(demo, markets, candidates, "population") == together
    alone = {}
    for market in markets:
        alone |= lost(demo, [market], candidates, "population")
    assert alone == together
    assert any(people for people, _ in together.values())


def test_answers_are_kept_as_their_pairs_allow_and_the_last_one_always(monkeypatch):
    monkeypatch.setattr(sites_module, "MOST_PAIRS_KEPT", 100)
    kept, one = sites_module._Kept(), _nation(0)
    for number, pairs in enumerate((1, 50, 50, 50)):
        kept.put(number, replace(one, site=np.zeros(pairs, np.int64)))
    assert [kept.get(number) is not None for number in range(4)] == [False, False, True, True]
    kept.put(4, replace(one, site=np.zeros(101, np.int64)))
    assert [kept.get(number) is not None for number in range(5)] == [False, False, False, False, True]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.lists(st.integers()) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(_VALUES)
@settings(max_examples=50)
def test_long_lists_are_written_as_json_is(value):
    assert json_bytes(value).decode() == json.dumps(value, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize(
    "command", [["choose", "--open", "2", "--market", "phoenix", "--next", "1", "--curve"], ["rank", "--market", "phoenix"]]
)
def test_progress_is_told_a_terminal_alone_and_ends_with_the_last_step(demo, monkeypatch, capsys, command):
    told = []

    @contextmanager
    def heard():
        yield lambda text, done, total: told.append((text, done, total))

    assert main([*command, "--warehouse", str(demo.root)]) == 0
    silent = capsys.readouterr()
    assert silent.err == ""
    monkeypatch.setattr(f"analytics.commands.{command[0]}.progress", heard)
    assert main([*command, "--warehouse", str(demo.root)]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == silent.out.splitlines()[:5]
    assert len({text for text, _, _ in told}) >= 3
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert len([text for text, _, _ in told if "reading" in text]) <= 1
    assert {total for _, _, total in told[1:]} == {told[-1][1] + 1}


@pytest.mark.parametrize("error", [KeyboardInterrupt, partial(RuntimeError, "Query interrupted")])
def test_ctrl_c_in_a_question_ends_a_command_in_one_line(demo, monkeypatch, capsys, error):
    def interrupted(*_):
        raise error()

    monkeypatch.setattr("analytics.commands.rank.chosen_scenario", interrupted)
    assert main(["rank", "--warehouse", str(demo.root)]) == 2
    assert capsys.readouterr() == ("", "error: stopped\n")


def test_only_an_interrupted_question_is_taken_for_ctrl_c():
    assert not is_interrupt(RuntimeError("another"))
    assert not is_interrupt(WarehouseError("Query interrupted"))
