"""Percentiles, their bounds, Wilson's interval and H3 parents, each against something that was not written here."""

from math import ceil, sqrt

import duckdb
import h3
import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from analytics.cells import parent
from analytics.intervals import wilson
from analytics.quantiles import percentiles


def ranks(n: int) -> dict[str, int | None]:
    """Return the percentiles of 1 to n, which are their own ranks."""
    table = ibis.table({"rank_s": "int64"}, name="t")
    sql = ibis.to_sql(percentiles(table, "rank_s", by=()), dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT i AS rank_s FROM range(1, ?) AS r(i)", [n + 1])
        return connection.sql(sql).to_arrow_table().to_pylist()[0]


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 99, 100, 101, 1000])
def test_a_percentile_is_the_smallest_value_whose_rank_reaches_it(n):
    row = ranks(n)

    assert row["n"] == n
    assert row["p50_s"] == -(-n * 50 // 100)
    assert row["p90_s"] == -(-n * 90 // 100)


@pytest.mark.parametrize("n", [10, 16, 21, 35, 70, 400, 5000])
@pytest.mark.parametrize("percent", [50, 90])
def test_bounds_of_percentiles_hold_in_about_95_of_100_cases(n, percent):
    row = ranks(n)
    low, high = row[f"p{percent}_low_s"], row[f"p{percent}_high_s"]

    # The percentile lies between the order statistics exactly if the number of orders below it is from low to high - 1.
    below = binom(n, percent / 100)
    upper = 1.0 if high is None else below.cdf(high - 1)
    assert upper - below.cdf(low - 1) >= 0.915


def test_few_orders_bound_the_slow_tail_from_below_only():
    row = ranks(20)

    assert row["p90_high_s"] is None
    assert row["p90_low_s"] == 16


rows_of_groups = st.lists(
    st.tuples(st.sampled_from(["A", "B", None]), st.one_of(st.none(), st.integers(-200, 200), st.integers(0, 10**6))),
    min_size=0,
    max_size=60,
)


@settings(max_examples=60)
@given(rows=rows_of_groups, by=st.sampled_from([("mall_id",), ("cell",), ()]))
def test_every_group_has_the_percentiles_of_its_sorted_values(rows, by):
    table = ibis.table({"mall_id": "string", "cell": "string", "rank_s": "int64"}, name="t")
    sql = ibis.to_sql(percentiles(table, "rank_s", by=by), dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (mall_id VARCHAR, cell VARCHAR, rank_s BIGINT)")
        if rows:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(name, name, value) for name, value in rows])
        found = {row[by[0]] if by else "all": row for row in connection.sql(sql).to_arrow_table().to_pylist()}

    groups: dict[str | None, list[int]] = {} if by else {"all": []}
    for name, value in rows:
        if value is not None:
            groups.setdefault(name if by else "all", []).append(value)
    assert found.keys() == groups.keys()
    for name, values in groups.items():
        assert (found[name]["n"], found[name]["sum_s"]) == (len(values), sum(values))
        for percent in (50, 90):
            half = ceil(sqrt(float(len(values) * percent * (100 - percent) * 38_416)))
            ranks = {
                "": 100 * len(values) * percent,
                "_low": 100 * len(values) * percent - half,
                "_high": 100 * len(values) * percent + half,
            }
            for bound, rank in ranks.items():
                reached = (value for number, value in enumerate(sorted(values), 1) if 10_000 * number >= rank)
                assert found[name][f"p{percent}{bound}_s"] == next(reached, None)


def test_no_rows_make_one_row_of_nothing():
    assert ranks(0) == {"n": 0, "sum_s": 0} | dict.fromkeys([f"p{p}{b}_s" for p in (50, 90) for b in ("", "_low", "_high")])


@settings(max_examples=50)
@given(numerator=st.integers(0, 500), more=st.integers(0, 500))
def test_wilson_bounds_hold_the_share_and_stay_between_0_and_1(numerator, more):
    n = numerator + more
    low, high = (float(bound[0]) for bound in wilson(np.array([numerator], float), np.array([n], float)))

    if n == 0:
        assert np.isnan([low, high]).all()
    else:
        assert 0 <= low <= numerator / n + 1e-12
        assert numerator / n - 1e-12 <= high <= 1


def test_wilson_bounds_enclose_the_share_exactly_at_both_ends():
    n = np.arange(1, 2_001, dtype=float)
    (low_of_none, high_of_none), (low_of_all, high_of_all) = wilson(0 * n, n), wilson(n, n)

    assert set(low_of_none) == {0.0}
    assert set(high_of_all) == {1.0}
    assert np.all((high_of_none > 0) & (low_of_all < 1))


def test_wilson_agrees_with_published_values():
    # Newcombe 1998, Statistics in Medicine 17: 857-872, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    low, high = wilson(np.array([81, 15, 0, 1], float), np.array([263, 148, 20, 29], float))

    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


@settings(max_examples=100)
@given(latitude=st.floats(-89, 89), longitude=st.floats(-180, 180), finer=st.integers(0, 15), steps=st.integers(0, 15))
def test_parents_by_bit_arithmetic_are_those_of_h3(latitude, longitude, finer, steps):
    cell = h3.latlng_to_cell(latitude, longitude, finer)
    coarser = max(0, finer - steps)
    sql = ibis.to_sql(parent(ibis.literal(int(cell, 16), "int64"), coarser), dialect="duckdb")

    assert duckdb.sql(sql).fetchall()[0][0] == int(h3.cell_to_parent(cell, coarser), 16)


def test_parents_of_pentagons_are_those_of_h3():
    for pentagon in h3.get_pentagons(9):
        sql = ibis.to_sql(parent(ibis.literal(int(pentagon, 16), "int64"), 4), dialect="duckdb")
        assert duckdb.sql(sql).fetchall()[0][0] == int(h3.cell_to_parent(pentagon, 4), 16)
