"""Releases: every table that is offered, all of them together, and what an attacker learns who subtracts them."""

import hashlib
import inspect
import itertools
import json
import random
from collections import defaultdict
from datetime import date, timedelta

import h3
import numpy as np
import pytest

from analytics import release as releases
from analytics.__main__ import main
from analytics.answers import answers, query
from analytics.catalog import METRICS
from analytics.errors import ParameterError, ScopeError
from analytics.export import description_name, pieces
from analytics.parameters import EVERYTHING, RELEASED, Parameters, Scope
from analytics.release import BY, file, release
from data import blocks as store
from data.warehouse import Warehouse
from tests.test_blocks import MARCH, busy
from tests.town import cells
from ui import release as page
from ui.view import view_of

FEBRUARY, APRIL, MAY = date(2026, 2, 1), date(2026, 4, 1), date(2026, 5, 1)
K = 3
MONTHS = (None, FEBRUARY, MARCH, APRIL, MAY)


@pytest.fixture
def few(monkeypatch):
    """Let three customers be enough: worlds are then small enough to ask everything."""
    monkeypatch.setattr(store, "K", K)


def offered(version):
    """Ask every release that is offered: each dimension, market, mall, span of months and resolution."""
    malls = [(None, None), ("V", None), (None, "M1"), (None, "M2"), ("W", "M4")]
    for by, (market, mall), (start, end) in itertools.product(BY, malls, itertools.product(MONTHS, MONTHS)):
        if start is None or end is None or start < end:
            for resolution in range(4, 10) if by == "cell" else (9,):
                asked = {"market_id": market, "mall_id": mall, "start_on": start, "end_on": end, "resolution": resolution}
                yield by, resolution, release(by, RELEASED, version, **asked).table.to_pylist()


def grown(town, chance, *, orders):
    """Let customers order at two malls of a market and one of another, most of them rarely and far apart."""
    for _ in range(orders):
        mall = chance.choice(["M1", "M1", "M1", "M2", "M4"])
        day = chance.choice([FEBRUARY, MARCH, MARCH, APRIL]) + timedelta(days=chance.choice([0, 1, 2, 3, 8, 9, 15, 20]))
        seconds = chance.choice([600, 700, 1900, 1900, None])
        columns = {"customer_id": chance.choice([None, f"c{chance.randrange(40)}"]), "store_id": chance.choice("aaaaab") + mall}
        cell = chance.choice([None, 0, 0, 0, 1, 2, 3, 7, 8, 14, chance.randrange(49)])
        town.deliver(
            mall, seconds=[seconds], cell=cell, day=day, hour=chance.choice([9, 10, 10, 11, 12, 12, 13, 20]), promise_s=1800, **columns
        )


def who(order):
    return order["customer_id"] or order["order_id"]


def counted(order):
    return order["status"] == "delivered" and order.get("click_to_door_s") is not None and order["local_date"] < APRIL.replace(month=5)


def up(cell, resolution):
    return h3.cell_to_parent(h3.int_to_str(cell), resolution) if cell is not None else None


def orders_of(row, by, table, orders):
    """Return the orders that a row says it counts, by its words alone and the table that it stands in."""
    mine = [each for each in orders if each["mall_id"] == row["mall_id"] and each["local_date"].replace(day=1) == row["month_on"]]
    if by == "mall":
        return mine
    month = [each for each in table if (each["mall_id"], each["month_on"]) == (row["mall_id"], row["month_on"])]
    if by != "cell":
        column = {"hour": "local_hour", "weekday": "local_dow", "store": "store_id"}[by]
        named = {each[column] for each in month if each["covers"] == "itself" and not each["suppressed"]}
        is_rest = row["covers"] == "others"
        return [each for each in mine if (each.get(column) not in named if is_rest else each.get(column) == row[column])]
    named = {each["cell"] for each in month if each["covers"] == "cell"}
    middles = {up(each["cell"], 8) for each in month if each["cell"] is not None}
    if row["covers"] == "cell":
        return [each for each in mine if each["dropoff_cell"] == row["cell"]]
    if row["covers"] == "other cells":
        middle = h3.int_to_str(row["cell"])
        return [each for each in mine if up(each["dropoff_cell"], 8) == middle and each["dropoff_cell"] not in named]
    return [each for each in mine if up(each["dropoff_cell"], 8) not in middles]


def sets_of_orders(version, orders):
    """Return what each row of each offered release counts, and check that it counts it."""
    told, coarse = defaultdict(set), defaultdict(set)
    for by, resolution, table in offered(version):
        for row in (each for each in table if not each["suppressed"]):
            if by == "cell" and resolution < 9:
                coarse[resolution].add((row["mall_id"], row["month_on"], row["covers"], row["cell"], row["orders"]))
                continue
            mine = orders_of(row, by, table, orders)
            assert row["orders"] == len(mine)
            assert (row["click_to_door_sum_s"] or 0) == sum(each["click_to_door_s"] for each in mine)
            assert (row["on_time_orders"] or 0) == sum(each["late_s"] <= 0 for each in mine)
            if mine:  # that there are none is no secret
                told[by].add(frozenset(each["order_id"] for each in mine))
    return told, coarse


class Attacker:
    """Solves for counts: whether one follows from sums that are told, by any sums and differences of them (modulo a prime).

    Knows of no order, so that the unknowns are how many there are of each combination of cell, hour, day and store in a mall's month.
    """

    PRIME = 2_147_483_647

    def __init__(self, combinations, told):
        self.combinations = combinations
        self.rows = []
        for row in told:
            self._reduced(row, keep=True)

    def _reduced(self, row, *, keep=False):
        for pivot, known in self.rows:
            if row[pivot]:
                row = (row - row[pivot] * known) % self.PRIME
        if keep and row.any():
            pivot = int(np.flatnonzero(row)[0])
            self.rows.append((pivot, row * pow(int(row[pivot]), -1, self.PRIME) % self.PRIME))
        return row

    def learns(self, is_in):
        return not self._reduced(np.array([is_in(each) for each in self.combinations], np.int64)).any()


def attackers(version, orders):
    """Return for each mall's month somebody who has every released table."""
    tables = {by: release(by, RELEASED, version).table.to_pylist() for by in BY}
    columns = ("dropoff_cell", "local_hour", "local_date", "store_id")
    months = {key: list(each) for key, each in itertools.groupby(sorted(orders, key=month_of), month_of)}
    for (mall, month), mine in months.items():
        values = itertools.product(*({each.get(column): None for each in mine} for column in columns))
        grid = [dict(zip(columns, each, strict=True)) | {"mall_id": mall, "place": place} for place, each in enumerate(values)]
        grid = [each | {"local_dow": each["local_date"].isoweekday()} for each in grid]
        told = []
        for by, table in tables.items():
            for row in (each for each in table if (each["mall_id"], each["month_on"], each["suppressed"]) == (mall, month, False)):
                told.append(np.zeros(len(grid), np.int64))
                told[-1][[each["place"] for each in orders_of(row, by, table, grid)]] = 1
        yield mine, Attacker(grid, told), len(told)


def month_of(order):
    return order["mall_id"], order["local_date"].replace(day=1)


GROUPS = {
    "month": lambda _: (),
    "hour": lambda each: each["local_hour"],
    "weekday": lambda each: each["local_dow"],
    "store": lambda each: each.get("store_id"),
    "day": lambda each: each["local_date"],
    "hour of the week": lambda each: (each["local_dow"], each["local_hour"]),
    **{f"cell {at}": (lambda each, at=at: up(each["dropoff_cell"], at)) for at in range(4, 10)},
    "cell and hour": lambda each: (each["dropoff_cell"], each["local_hour"]),
    "store and weekday": lambda each: (each.get("store_id"), each["local_dow"]),
}
"""By what pages can ask for groups."""


def hidden_groups(orders):
    """Return every group that a page would hide: too few customers, not none."""
    for name, key in GROUPS.items():
        groups = defaultdict(set)
        for each in orders:
            groups[key(each)].add(who(each))
        yield from ((name, key, value) for value, people in groups.items() if len(people) < K)


@pytest.mark.parametrize("seed", [1, 3])
@pytest.mark.usefixtures("few")
def test_all_releases_together_tell_no_count_that_is_hidden(town, seed):
    """Of two versions: more orders of the same months come in between. Every pair is subtracted, and every sum and difference tried."""
    chance = random.Random(seed)
    grown(town, chance, orders=260)
    town.deliver("M4", seconds=[600], day=MAY - timedelta(days=1), promise_s=900)
    first = [each for each in town.tables["orders"] if counted(each)]
    told, coarse = sets_of_orders(town.version, first)
    grown(town, chance, orders=40)
    later, coarser = sets_of_orders(town.version, first)

    people = {each["order_id"]: who(each) for each in first}
    assert later == told
    assert coarser == coarse
    everything = set().union(*told.values())
    assert len(everything) > 40
    assert all(len({people[name] for name in each}) >= K for each in everything)
    for by in BY:  # of two rows by different dimensions nobody can tell that one is part of the other
        for one, other in itertools.permutations(told[by] | told["mall"], 2):
            assert not one < other or len({people[name] for name in other - one}) >= K
    learned, hidden = [], 0
    for mine, attacker, n in attackers(town.version, first):
        assert n <= len(attacker.combinations) / 4
        for name, key, value in hidden_groups(mine):
            hidden += 1
            learned += [(name, value)] if attacker.learns(lambda each, key=key, value=value: key(each) == value) else []
    assert hidden > 200
    assert learned == []


def test_the_attacker_learns_what_follows(town):
    """A month cut wrongly: of 40 orders, an hour of 39 is told, and so is the month."""
    town.deliver("M1", seconds=[600] * 39, hour=12, day=MARCH)
    town.deliver("M1", seconds=[600], hour=13, day=MARCH)
    grid = town.tables["orders"]

    attacker = Attacker(grid, [np.array([each["local_hour"] == 12 for each in grid], np.int64), np.ones(40, np.int64)])

    assert attacker.learns(lambda each: each["local_hour"] == 13)
    assert not attacker.learns(lambda each: each is grid[0])


@pytest.mark.usefixtures("few")
def test_coarser_cells_only_merge_whole_blocks(town):
    grown(town, random.Random(9), orders=300)
    town.deliver("M4", seconds=[600], day=MAY - timedelta(days=1))
    finest = {}
    for row in release("cell", RELEASED, town.version).table.to_pylist():
        finest.setdefault((row["mall_id"], row["month_on"]), []).append(row)

    for resolution in range(4, 9):
        expected = defaultdict(int)
        for month, rows in finest.items():
            for row in rows:
                expected[(*month, up(row["cell"], resolution))] += row["orders"]
        table = release("cell", RELEASED, town.version, resolution=resolution).table.to_pylist()
        assert {(row["mall_id"], row["month_on"], up(row["cell"], resolution)): row["orders"] for row in table} == expected
        assert len(table) == len(expected)
        assert {(row["covers"], row["cell"] is None) for row in table} == {("cell", False), ("elsewhere", True)}


def test_every_release_adds_up_to_what_the_pages_show(demo_root):
    version = Warehouse(demo_root).current()
    total = {(row["mall_id"], row["month_on"]): row for row in release("mall", RELEASED, version).table.to_pylist()}

    for by in BY:
        sums = defaultdict(int)
        for row in release(by, RELEASED, version).table.to_pylist():
            assert row["suppressed"] or row["orders"] >= 10 or row["orders"] == 0
            sums[row["mall_id"], row["month_on"]] += row["orders"] or 0
        assert all(sums[key] == (row["orders"] or 0) for key, row in total.items())
    for (mall, month), row in total.items():
        bounds = {"start_on": month, "end_on": (month + timedelta(days=31)).replace(day=1)}
        if not row["suppressed"]:
            shown = answers("click_to_door", Parameters(mall_id=mall, **bounds), EVERYTHING, version).row()
            assert (shown["n"], shown["sum_s"]) == (row["orders"], row["click_to_door_sum_s"])
            on_time = answers("on_time_share", Parameters(mall_id=mall, **bounds), EVERYTHING, version).row()
            assert [on_time[name] for name in ("numerator", "share", "low", "high")] == [
                row[name] for name in ("on_time_orders", "on_time_share", "on_time_share_low", "on_time_share_high")
            ]


def test_few_and_none_look_alike(town):
    town.deliver("M1", seconds=[600] * 30, hour=12, day=MARCH)
    town.deliver("M1", seconds=[600] * 4, hour=13, day=MARCH)
    busy(town, n=15)

    by_hour = {row["local_hour"]: row for row in release("hour", RELEASED, town.version).table.to_pylist() if row["covers"] == "itself"}

    assert set(by_hour) == set(range(24))
    assert {hour for hour, row in by_hour.items() if not row["suppressed"]} == set()
    assert {tuple(row[name] for name in row if name != "local_hour") for row in by_hour.values()} == {
        tuple(by_hour[3][name] for name in by_hour[3] if name != "local_hour")
    }


def test_where_nothing_is_hidden_none_is_none(town):
    busy(town, n=20)

    by_weekday = {row["local_dow"]: row for row in release("weekday", RELEASED, town.version).table.to_pylist()}

    assert {day: (row["orders"], row["suppressed"]) for day, row in by_weekday.items()} == {
        day: (20 if day == 2 else 0, False) for day in range(1, 8)
    }
    assert by_weekday[1]["on_time_share"] is None


def test_one_suppressed_row_takes_the_next_smallest_with_it(town):
    for hour, n in ((9, 4), (10, 12), (11, 11), (12, 40)):
        town.deliver("M1", seconds=[600] * n, hour=hour, day=MARCH)
    town.deliver("M1", seconds=[600], hour=12, day=APRIL - timedelta(days=1))

    rows = release("hour", RELEASED, town.version).table.to_pylist()

    assert {row["local_hour"]: row["orders"] for row in rows if not row["suppressed"]} == {10: 12, 12: 41, None: 15}


def test_months_of_few_and_of_none_are_listed_alike_and_unopened_malls_are_not(town):
    town.deliver("M1", seconds=[600] * 5, day=FEBRUARY)
    busy(town, n=20)

    rows = release("mall", RELEASED, town.version).table.to_pylist()

    assert [(row["mall_id"], row["month_on"], row["orders"], row["suppressed"]) for row in rows] == [
        ("M1", FEBRUARY, None, True),
        ("M1", MARCH, 20, False),
        ("M2", FEBRUARY, None, True),
        ("M2", MARCH, None, True),
    ]


def test_a_release_takes_no_filter_but_mall_months_and_resolution():
    assert set(inspect.signature(release).parameters) == {
        "by",
        "scope",
        "version",
        "market_id",
        "mall_id",
        "start_on",
        "end_on",
        "resolution",
        "anew",
    }


@pytest.mark.parametrize(
    ("by", "asked", "reason"),
    [
        ("day", {}, "there is no release by 'day'"),
        ("cell", {"resolution": 10}, "resolution"),
        ("hour", {"resolution": 7}, "no cells"),
        ("mall", {"start_on": date(2026, 3, 2)}, "whole months"),
        ("mall", {"end_on": date(2026, 3, 31)}, "whole months"),
        ("mall", {"mall_id": "M9"}, "no mall 'M9'"),
        ("mall", {"market_id": "X"}, "no market 'X'"),
    ],
)
def test_other_filters_are_refused(town, by, asked, reason):
    busy(town)
    with pytest.raises(ParameterError, match=reason):
        release(by, RELEASED, town.version, **asked)


def test_a_restricted_reader_asks_releases_and_models_only(town):
    busy(town, n=30)
    town.demand(0, 1000)
    town.drive("M1", 0, 60)

    assert release("mall", RELEASED, town.version).table.num_rows
    for metric in METRICS:
        if metric.all_facts:
            with pytest.raises(ScopeError, match="released tables only"):
                answers(metric.id, Parameters(), RELEASED, town.version)
            with pytest.raises(ScopeError):
                query(metric.id, Parameters(), RELEASED, town.version)
    assert answers("covered_share", Parameters(), RELEASED, town.version).row()["numerator"] == 1000


@pytest.mark.parametrize("scope", [None, "released", Scope(is_restricted=1), Scope(is_restricted="yes"), Scope])
def test_a_scope_that_is_not_known_gets_no_release(town, scope):
    with pytest.raises(ScopeError):
        release("mall", scope, town.version)


def test_a_file_for_release_says_k_and_what_its_blocks_were_made_from(town, tmp_path, capsys):
    busy(town, n=20)
    root = ["--warehouse", str(town.warehouse.root)]
    town.version  # noqa: B018 - publishes
    assert main(["release", "cell", "--mall", "M1", "--from", "2026-03", "--to", "2026-04", "--out", str(tmp_path), *root]) == 0

    (path,) = tmp_path.glob("*.csv")
    about = json.loads(path.with_name(description_name(path.name)).read_text("utf-8"))
    assert (about["k"], about["scope"], about["blocks_made_in"]) == (10, "release", [town.version.id])
    assert about["filters"] == {"market_id": None, "mall_id": "M1", "start_on": "2026-03-01", "end_on": "2026-04-01", "resolution": 9}
    header, row = path.read_text("utf-8").splitlines()
    assert header.startswith("market_id,mall_id,month_on,covers,cell,orders,click_to_door_sum_s,")
    assert row.startswith(f'"V","M1",2026-03-01,"cell","{cells()[0]:x}",20,12000,')
    assert "k = 10" in capsys.readouterr().err


def test_a_file_for_release_is_written_whole_with_its_hash_or_not_at_all(town, tmp_path, capsys):
    busy(town, n=20)
    root = ["--warehouse", str(town.warehouse.root)]
    town.version  # noqa: B018 - publishes
    out = tmp_path / "mine.csv"
    assert main(["release", "mall", "--out", str(out), *root]) == 0
    kept = out.read_bytes()
    about = json.loads((tmp_path / description_name(out.name)).read_text("utf-8"))
    assert (about["file"], about["sha256"]) == ("mine.csv", hashlib.sha256(kept).hexdigest())

    assert main(["release", "mall", "--format", "geojson", "--out", str(out), *root]) == 2
    assert "no cells" in capsys.readouterr().err
    assert out.read_bytes() == kept
    with pytest.raises(SystemExit, match="2"):
        main(["release", "mall", "--format", "doc", *root])


def test_the_command_on_the_page_names_the_version_that_it_shows(town):
    busy(town, n=20)
    view = view_of({"mall": "M1", "cut": "cell"}, version=town.version, scope=RELEASED, theme="light", default_period="last-week")
    command = page.behind(view, page.released(view)).command

    assert command.startswith("python -m analytics release cell --mall M1 --from ")
    assert command.endswith(f" --version {town.version.id}")


def test_the_command_says_why_nothing_may_leave(town, capsys):
    busy(town, n=9)
    town.version  # noqa: B018 - publishes

    assert main(["release", "cell", "--warehouse", str(town.warehouse.root)]) == 0

    assert "no month that is over has 10 customers" in capsys.readouterr().out


def test_the_command_prints_pipes_and_cuts_anew(town, capsys):
    busy(town, n=20)
    root = ["--warehouse", str(town.warehouse.root)]
    town.version  # noqa: B018 - publishes
    assert main(["release", "mall", *root]) == 0
    printed = capsys.readouterr().out
    assert "k = 10" in printed
    assert "suppressed" in printed
    busy(town, n=3)
    town.version  # noqa: B018 - publishes
    assert main(["release", "mall", "--format", "json", *root]) == 0
    assert {row["orders"] for row in json.loads(capsys.readouterr().out)["rows"]} == {20, None}
    assert main(["release", "mall", "--format", "json", "--anew", *root]) == 0
    assert {row["orders"] for row in json.loads(capsys.readouterr().out)["rows"]} == {23, None}
    with pytest.raises(SystemExit, match="2"):
        main(["release", "mall", "--from", "2026-03-02", *root])


def test_a_release_of_cells_draws_as_a_map(town):
    busy(town, n=20)
    released = release("cell", RELEASED, town.version)
    drawn = json.loads(b"".join(pieces(file(released, town.version), "geojson")))

    assert [each["properties"]["orders"] for each in drawn["features"]] == [20]


def test_a_warehouse_without_times_promises_or_orders_has_releases(town):
    assert release("cell", RELEASED, town.version).table.num_rows == 0
    town.deliver("M1", seconds=[None] * 20, status=None, day=APRIL - timedelta(days=1))

    (row,) = [row for row in release("mall", RELEASED, town.version, mall_id="M1").table.to_pylist() if not row["suppressed"]]

    assert (row["orders"], row["click_to_door_sum_s"], row["on_time_share"]) == (20, None, None)


def test_every_dimension_is_described(town):
    busy(town)
    for by in BY:
        assert releases.release(by, RELEASED, town.version).note.startswith("k = 10: at least 10 customers stand behind each row")
