"""Blocks: what is cut, who stands behind each piece, and that nothing that is told gives away what is not."""

import itertools
import random
from collections import defaultdict
from datetime import date, timedelta

import duckdb
import h3
import numpy as np
import pyarrow as pa
import pytest

from analytics.privacy import DISPLAY_K
from data import blocks as store
from data.blocking import DIMENSIONS, ELSEWHERE, ONE, REST, Blocking
from data.blocks import BLOCKS, K, blocks
from data.errors import WarehouseError
from tests.town import cells

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
_COLUMNS = (
    "market_id VARCHAR, mall_id VARCHAR, order_id VARCHAR, customer_id VARCHAR, local_date DATE, dropoff_cell BIGINT, local_hour BIGINT, "
    "local_dow BIGINT, store_id VARCHAR, status VARCHAR, click_to_door_s BIGINT, late_s BIGINT"
)


NAMES = [column.split()[0] for column in _COLUMNS.split(", ")]
_KINDS = {"VARCHAR": pa.string(), "DATE": pa.date32(), "BIGINT": pa.int64()}
GIVEN = pa.schema([(column.split()[0], _KINDS[column.split()[1]]) for column in _COLUMNS.split(", ")])


def cut(orders, k):
    """Cut orders with no warehouse around them."""
    given = pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in orders], GIVEN) if isinstance(orders, list) else orders
    with duckdb.connect() as connection:
        connection.register("orders", given)
        markets = pa.table({"market_id": ["V"], "before_on": [APRIL]})
        none = pa.table({"mall_id": pa.array([], pa.string()), "month_on": pa.array([], pa.date32())})
        return [row for each in Blocking(connection, k).blocks(markets, none) for row in each.to_pylist()]


def order(number, *, mall="m", customer=None, cell=0, hour=12, dow=1, shop="s", status="delivered", seconds=600, late=-60):
    place = None if cell is None else cells()[cell]
    return ("V", mall, f"o{number}", customer, MARCH, place, hour, dow, shop, status, seconds, late)


def of(rows, dimension):
    return [row for row in rows if row["dimension"] == dimension]


def test_a_block_needs_as_many_customers_as_a_shown_group():
    assert K == DISPLAY_K


def test_cells_of_few_join_their_siblings_then_the_remainder():
    counts = {0: 12, 1: 4, 2: 7, 3: 10, 7: 9, 14: 3, 21: 11, 22: 2}
    orders = [order(f"{cell}-{each}", cell=cell) for cell, many in counts.items() for each in range(many)]
    found = [(row["covers"], row["cell"], row["orders_n"]) for row in of(cut(orders, 10), "cell")]

    def middle(position):
        return h3.str_to_int(h3.cell_to_parent(h3.int_to_str(cells()[position]), 8))

    assert sorted(found, key=str) == sorted(
        [
            (ONE, cells()[0], 12),
            (ONE, cells()[3], 10),
            (REST, middle(1), 11),  # 4 + 7 are enough together
            (REST, middle(21), 13),  # 2 are not, so that the sibling of 11 joins them
            (ELSEWHERE, None, 12),  # 9 + 3, of two parents with too few
        ],
        key=str,
    )


def test_a_remainder_of_few_takes_the_smallest_parent_as_a_whole():
    counts = {0: 30, 7: 11, 8: 12, 14: 40, 21: 2, None: 1}
    orders = [order(f"{cell}-{each}", cell=cell) for cell, many in counts.items() for each in range(many)]
    found = {(row["covers"], row["cell"]): row["orders_n"] for row in of(cut(orders, 10), "cell")}

    assert found == {(ONE, cells()[0]): 30, (ONE, cells()[14]): 40, (ELSEWHERE, None): 3 + 11 + 12}


def test_many_orders_of_few_customers_make_no_block():
    orders = [order(f"{cell}-{each}", cell=cell, customer=f"c{cell}{each % 9}") for cell in (0, 1) for each in range(40)]
    orders += [order(f"z{each}", cell=1, customer="c00") for each in range(5)]

    assert [(row["covers"], row["orders_n"]) for row in of(cut(orders, 10), "cell")] == [(REST, 85)]
    assert cut([order(each, customer=f"c{each % 9}") for each in range(50)], 10) == []


def test_only_delivered_orders_count_unless_a_market_knows_no_times():
    delivered = [order(each) for each in range(20)]
    others = [order(f"x{each}", status="cancelled", seconds=None, late=None) for each in range(7)]

    assert {row["orders_n"] for row in cut(delivered + others, 10)} == {20}
    untimed = [order(each, status=None, seconds=None, late=None) for each in range(13)]
    assert {(row["orders_n"], row["click_to_door_s"], row["on_time_n"]) for row in cut(untimed, 10)} == {(13, None, None)}


def test_the_share_on_time_is_told_only_where_every_order_has_a_promise():
    promised = [order(each, late=60 if each < 3 else 0) for each in range(20)]

    assert {row["on_time_n"] for row in cut(promised, 10)} == {17}
    assert {row["on_time_n"] for row in cut([*promised, order("x", late=None, cell=9)], 10)} == {None}


def test_each_dimension_adds_up_to_the_month_in_pieces_of_at_least_k_customers_like_a_plain_count():
    """Against sets in plain Python."""
    chance = random.Random(5)
    orders = []
    for mall in range(40):
        for each in range(chance.randrange(1, 90)):
            where = chance.choice([None, *range(21), 0, 0, 8])
            fields = {"hour": min(23, int(chance.expovariate(0.2))), "dow": chance.choice([1, 1, 1, 2, 3, 7]), "shop": chance.choice("aab")}
            who = chance.choice([None, f"c{chance.randrange(60)}"])
            orders.append(order(f"{mall}-{each}", mall=f"m{mall}", customer=who, cell=where, late=chance.randrange(-9, 9), **fields))
    found = defaultdict(list)
    for row in cut(orders, 4):
        found[row["mall_id"], row["dimension"]].append((row["covers"], row["cell"] or row["value"], row["orders_n"], row["on_time_n"]))

    expected = {}
    for mall in {row[1] for row in orders}:
        mine = [row for row in orders if row[1] == mall]
        if len(_people(mine)) >= 4:
            for dimension, (place, parent) in _PLACES.items():
                expected[mall, dimension] = _cut_plainly(mine, place, parent, is_place=dimension == "cell")

    assert {key: sorted(rows, key=str) for key, rows in found.items()} == {key: sorted(rows, key=str) for key, rows in expected.items()}
    assert all(sum(row[2] for row in rows) == sum(row[1] == mall for row in orders) for (mall, _), rows in found.items())


_PLACES = {
    "cell": (lambda row: row[5], lambda place: None if place is None else h3.str_to_int(h3.cell_to_parent(h3.int_to_str(place), 8))),
    "hour": (lambda row: str(row[6]), lambda _: "all"),
    "weekday": (lambda row: str(row[7]), lambda _: "all"),
    "store": (lambda row: row[8], lambda _: "all"),
}


def _people(rows):
    return {row[3] or row[2] for row in rows}


def _lots(names):
    with duckdb.connect() as connection:
        return dict(connection.execute("SELECT name, hash(name) FROM (SELECT unnest(?::VARCHAR[]) AS name)", [sorted(names)]).fetchall())


def _cut_plainly(rows, place, parent, *, is_place, k=4):
    lots = _lots(_people(rows))
    leaves = defaultdict(list)
    for row in rows:
        leaves[place(row)].append(row)

    def rank(members):
        return len(members), min(lots[who] for who in _people(members))

    families = defaultdict(dict)
    for leaf, members in leaves.items():
        families[parent(leaf)][leaf] = members
    told, lost = {}, list(families.pop(None, {}).values()) if is_place else []
    for family, members in families.items():
        named = {leaf: each for leaf, each in members.items() if len(_people(each)) >= k}
        small = [each for leaf, each in members.items() if leaf not in named]
        together = [row for each in small for row in each]
        if small and named and (len(_people(together)) < k or all(len(_people(each)) == k - 1 for each in small)):
            together += named.pop(min(named, key=lambda leaf: rank(named[leaf])))
        if together and not named and len(_people(together)) < k:
            lost.append(together)
            continue
        told[family] = {(ONE, leaf): each for leaf, each in named.items()} | ({(REST, family): together} if together else {})
    remainder = [row for each in lost for row in each]
    if remainder and len(_people(remainder)) < k:
        joining = min(told, key=lambda family: rank([row for each in told[family].values() for row in each]))
        remainder += [row for each in told.pop(joining).values() for row in each]
    pieces = {name: each for family in told.values() for name, each in family.items()} | (
        {(ELSEWHERE, None): remainder} if remainder else {}
    )
    assert all(len(_people(each)) >= k for each in pieces.values())
    return [
        (covers, None if covers == REST and not is_place else name, len(each), sum(row[11] <= 0 for row in each))
        for (covers, name), each in pieces.items()
    ]


def _worlds(counts, places):
    """Return orders for each world (row of ``counts``) in a mall of its own: so many orders at each place."""
    world, place = np.nonzero(counts)
    repeated = counts[world, place]
    world, place = np.repeat(world, repeated), np.repeat(place, repeated)
    n = len(world)
    columns = {
        "market_id": ["V"] * n,
        "mall_id": [f"m{each}" for each in world],
        "order_id": [f"o{each}" for each in range(n)],
        "customer_id": pa.nulls(n, pa.string()),
        "local_date": [MARCH] * n,
        "dropoff_cell": [places[each] for each in place],
        "local_hour": place.astype(np.int64),
        "local_dow": place.astype(np.int64) + 1,
        "store_id": [f"s{each}" for each in place],
        "status": ["delivered"] * n,
        "click_to_door_s": [60] * n,
        "late_s": pa.nulls(n, pa.int64()),
    }
    return pa.table(columns, schema=GIVEN)


def _told_away(counts, rows, name_of, *, k, has_room=False):
    """Return what somebody who knows the rules can tell of unnamed places: releases whose every world has one small number there.

    Places are alike before the rules (between equals a hash of customers decides), so that releases which differ in the order of places
    only tell alike, and worlds are taken in one order each. ``has_room``: worlds with one more empty place were left out.
    """
    told = defaultdict(list)
    for row in rows:
        told[int(row["mall_id"][1:])].append(row)
    worlds_of = defaultdict(set)
    for world, blocks_of in told.items():
        named = {row["cell"] or row["value"]: row["orders_n"] for row in blocks_of if row["covers"] == ONE}
        unnamed = tuple(sorted(int(many) for place, many in enumerate(counts[world]) if name_of(place) not in named))
        others = tuple(sorted((row["covers"], row["orders_n"]) for row in blocks_of if row["covers"] != ONE))
        worlds_of[tuple(sorted(named.values())), others].add(unnamed)
    assert len(worlds_of) > 100
    values = {release: {many for unnamed in worlds for many in unnamed} for release, worlds in worlds_of.items()}
    return [
        (release, worlds_of[release])
        for release, seen in values.items()
        if len(seen) == 1 and 0 < min(seen) < k and not (has_room and any(0 not in unnamed for unnamed in worlds_of[release]))
    ]


def test_who_knows_the_rules_and_every_sum_learns_no_small_number():
    """Every world of seven siblings with up to eight orders each, at k = 3; a reader knows the rules and that no place has more."""
    counts = np.array(list(itertools.combinations_with_replacement(range(9), 7)))
    rows = cut(_worlds(counts, cells()[:7]), 3)

    assert _told_away(counts, of(rows, "cell"), lambda place: cells()[place], k=3) == []
    assert _told_away(counts, of(rows, "hour"), str, k=3) == []
    assert _told_away(counts, of(rows, "weekday"), lambda place: str(place + 1), k=3) == []
    assert _told_away(counts, of(rows, "store"), lambda place: f"s{place}", k=3) == []


def test_who_knows_the_rules_learns_no_small_number_of_the_remainder():
    """Every world of six parents with up to five orders each and up to two orders whose door is unknown, at k = 3."""
    parents = [cells()[7 * each] for each in range(6)]
    counts = np.array([(*world, lost) for world in itertools.combinations_with_replacement(range(6), 6) for lost in range(3)])
    rows = of(cut(_worlds(counts, [*parents, None]), 3), "cell")

    assert _told_away(counts, rows, lambda place: parents[place] if place < 6 else "unknown", k=3, has_room=True) == []


def test_between_equals_not_the_place_decides():
    def joined(salt):
        orders = [order(f"{salt}{cell}-{each}", cell=cell) for cell, many in ((0, 10), (1, 10), (2, 10), (3, 1)) for each in range(many)]
        return {row["cell"] for row in of(cut(orders, 10), "cell") if row["covers"] == ONE}

    assert len({frozenset(joined(salt)) for salt in range(10)}) == 3


def busy(town, *, day=date(2026, 3, 31), n=12, mall="M1"):
    town.deliver(mall, seconds=[600] * n, day=day, promise_s=900)


def test_only_months_that_are_over_are_cut(town):
    busy(town)
    busy(town, day=date(2026, 4, 29), n=30)

    assert set(blocks(town.version)["month_on"].to_pylist()) == {MARCH}
    busy(town, day=date(2026, 4, 30))
    assert set(blocks(town.version)["month_on"].to_pylist()) == {MARCH, APRIL}


def test_a_month_once_cut_stays_as_it_is(town):
    busy(town)
    first = blocks(town.version)
    busy(town, n=3)
    busy(town, day=date(2026, 2, 3), n=10)
    later, again = town.version, blocks(town.version)

    assert again.filter(pa.array([month == MARCH for month in again["month_on"].to_pylist()])).equals(first)
    assert set(again["month_on"].to_pylist()) == {date(2026, 2, 1), MARCH}
    assert blocks(town.warehouse.version(first["made_in"][0].as_py())).num_rows == again.num_rows
    anew = blocks(later, anew=True)
    assert {row["orders_n"] for row in anew.to_pylist() if row["month_on"] == MARCH} == {15}


def test_a_version_sees_no_months_that_were_not_over_in_it(town):
    busy(town)
    early = town.version
    busy(town, day=date(2026, 4, 30))

    assert set(blocks(town.version)["month_on"].to_pylist()) == {MARCH, APRIL}
    assert set(blocks(early)["month_on"].to_pylist()) == {MARCH}


def test_made_up_orders_are_cut_for_each_version(town):
    town.synthetic = True
    busy(town)
    assert {row["orders_n"] for row in blocks(town.version).to_pylist()} == {12}
    busy(town, n=3)
    assert {row["orders_n"] for row in blocks(town.version).to_pylist()} == {15}


def test_blocks_keep_the_contract_and_every_dimension(town):
    busy(town)
    found = blocks(town.version)

    assert tuple(found.column_names) == BLOCKS.names
    assert set(found["dimension"].to_pylist()) == set(DIMENSIONS)
    assert {row["click_to_door_s"] for row in found.to_pylist()} == {12 * 600}


def test_blocks_cut_by_other_rules_and_damaged_ones_are_refused(town, monkeypatch):
    busy(town)
    blocks(town.version)
    monkeypatch.setattr(store, "K", 7)
    with pytest.raises(WarehouseError, match="other rules"):
        blocks(town.version)
    assert blocks(town.version, anew=True).num_rows == 4
    (town.version.root / "blocks" / "fixed.parquet").write_bytes(b"PAR1")
    with pytest.raises(WarehouseError, match="damaged"):
        blocks(town.version)


def test_what_cannot_be_kept_is_not_told(town):
    busy(town)
    (town.version.root / "blocks").write_text("a file stands where the folder would")
    with pytest.raises(WarehouseError, match="cannot be written"):
        blocks(town.version)


def test_a_version_without_orders_has_no_blocks(town):
    assert blocks(town.version).num_rows == 0
    assert blocks(town.version).num_rows == 0


def test_leftovers_and_blocks_of_pruned_versions_are_removed(town):
    town.synthetic = True
    busy(town)
    folder = town.version.root / "blocks"
    folder.mkdir()
    (folder / ".left.part").touch()
    (folder / "v0099-abcdef.parquet").touch()

    blocks(town.version)

    assert sorted(path.name for path in folder.iterdir()) == [".lock", f"{town.version.id}.parquet"]


def test_days_at_the_end_of_a_month_end_it():
    assert store.before_on(date(2026, 3, 30)) == MARCH
    assert store.before_on(date(2026, 3, 31)) == APRIL
    assert store.before_on(APRIL - timedelta(days=1) + timedelta(days=1)) == APRIL
