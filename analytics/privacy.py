"""What is hidden on display: groups with too few people behind them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

DISPLAY_K: Final = 10
"""Fewest distinct customers that a shown group may have."""

DRIVER_K: Final = 5
"""Fewest distinct drivers that a shown group may have."""

BUCKETS: Final = 32
"""As many as ``data.contracts`` has for the people whose bucket is stored."""

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Tiling = tuple[str, tuple[str, ...]]
"""A whole, and the parts that add up to it."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def bit_count(bits: int) -> int:  # type: ignore[empty-body]  # the engine has the body
    """Count the ones; a function of the engine."""


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]
def bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """Unite the ones of all rows; a function of the engine that Ibis knows on DuckDB only."""


@ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
def hash_of(text):  # type: ignore[no-untyped-def]  # the signature is given above
    """Hash a text; a function of the engine, which Ibis would cast to and fro at twice the cost."""


@dataclass(frozen=True)
class Subject:
    """The people behind a table's rows.

    Attributes
    ----------
    columns
        The first known of these names the person; where none is known, the row counts as one.
    k
        Fewest of them that may be shown.
    people, rows
        What the people and the rows are called.
    bucket
        Column that already has each person's bucket; null where it is not known.
    """

    columns: tuple[str, ...]
    k: int
    people: str
    rows: str
    bucket: str | None = None

    def of(self, table: ir.Table) -> ir.StringValue:
        """Return the person behind each row; the row itself where the person is unknown."""
        return ibis.coalesce(*(table[column] for column in self.columns))

    def bucket_of(self, table: ir.Table) -> ir.IntegerValue:
        """Return the bit of each row's bucket; that of no bucket where it is unknown."""
        bucket = table[self.bucket] if self.bucket else (hash_of(self.of(table)) % BUCKETS).cast("int64")
        return ibis.literal(1, "int64") << bucket.fill_null(BUCKETS)


SUBJECTS: Final = {
    "orders": Subject(("customer_id", "order_id"), DISPLAY_K, "customers", "orders", bucket="customer_bucket"),
    "offers": Subject(("driver_id", "offer_id"), DRIVER_K, "drivers", "offers"),
    "trips": Subject(("driver_id", "trip_id"), DRIVER_K, "drivers", "trips"),
    "drives": Subject(("customer_id", "order_id"), DISPLAY_K, "customers", "drives"),
    "shift_activity": Subject(("driver_id",), DRIVER_K, "drivers", "shift hours"),
    "orders_of_drivers": Subject(("driver_id", "order_id"), DRIVER_K, "drivers", "orders"),
}
"""By table of facts; ``orders_of_drivers`` are orders again, in groups that tell of the drivers who carried them."""


def behind(
    facts: ir.Table, subject: Subject, *, by: Sequence[str], parts: Mapping[str, ir.BooleanValue] | None = None, is_exact: bool = True
) -> ir.Table:
    """Count the rows and the people behind each group, and the people behind parts of it.

    Counting distinct people is what costs most in an answer, and only groups of few need it: people are spread over 32 buckets by a hash,
    and a group that fills k buckets has at least k people. The others are counted one by one.

    Parameters
    ----------
    facts
        Rows that count in the groups; those with ``is_copy`` stand for people behind a later hour too, and are no rows of their own.
    subject
        Who stands behind a row.
    by
        Columns that make the groups; none for one row over everything.
    parts
        By name of a part, which rows stand behind it.
    is_exact
        Count small groups one by one; else tell of all of them how many people there are at the least.

    Returns
    -------
    ibis.expr.types.Table
        One row per group:

        - the columns of ``by``
        - ``rows_behind``: rows
        - ``people_behind``: distinct people where they are fewer than k, else a number from k up to that of the people
        - ``buckets_behind``: the buckets they fill, as bits
        - ``people_behind_PART``, ``buckets_behind_PART``: the same for each part
    """
    flags = {f"_{name}": condition for name, condition in (parts or {}).items()}
    # Without groups a constant stands in for one: a join on it is skipped as a whole when nothing is unsure.
    constant = {} if by else {"everything": ibis.literal(1)}
    keys = list(by) or list(constant)
    counts = {f"counts{part}": condition for part, condition in flags.items()}
    own = ~facts.is_copy if "is_copy" in facts.columns else ibis.literal(True)
    people = facts.select(*by, **constant, is_own=own, person=subject.of(facts), bucket=subject.bucket_of(facts), **counts)
    spread = _spread(people, by, list(flags)).mutate(**constant)
    if not is_exact:
        return spread.rename({f"people_behind{part}": f"at_least{part}" for part in ("", *flags)}).drop(*constant)
    unsure = {f"is_unsure{part}": spread[f"at_least{part}"].between(1, subject.k - 1) for part in ("", *flags)}
    few = spread.filter(reduce(or_, unsure.values())).select(*keys, **unsure)
    there = people.inner_join(few, _same(people, few, keys), rname="few_{name}")
    looked_at = {part: there[f"is_unsure{part}"] & there[f"counts{part}"] if part else there.is_unsure for part in ("", *flags)}
    # Many groups are unsure of a part that hardly any of their rows belong to: only these rows are counted.
    few_rows = there.select(*keys, "person", **{f"looked_at{part}": condition for part, condition in looked_at.items()})
    few_rows = few_rows.filter(reduce(or_, [few_rows[f"looked_at{part}"] for part in looked_at]))
    exact = {f"exactly{part}": few_rows.person.nunique(where=few_rows[f"looked_at{part}"]) for part in looked_at}
    counted = few_rows.aggregate(exact, by=keys)
    known = {f"people_behind{part}": ibis.greatest(_[f"at_least{part}"], _[f"exactly{part}"].fill_null(0)) for part in ("", *flags)}
    filled = [f"buckets_behind{part}" for part in ("", *flags)]
    return spread.left_join(counted, _same(spread, counted, keys)).select(*by, "rows_behind", *filled, **known)


def _spread(people: ir.Table, by: Sequence[str], parts: Sequence[str]) -> ir.Table:
    """Return the rows of each group, the buckets that its people and those behind its parts fill, and how many people are in these.

    Where there are people, but no bucket is known, there is at least one.
    """
    filled = {"filled": bit_or(people.bucket).fill_null(0)}
    filled |= {
        f"filled{part}": bit_or(ibis.ifelse(people[f"counts{part}"], people.bucket, ibis.null("int64"))).fill_null(0) for part in parts
    }
    spread = people.aggregate({"rows_behind": people.count(where=people.is_own), **filled}, by=list(by))
    known = {f"buckets_behind{part}": spread[f"filled{part}"] & ((1 << BUCKETS) - 1) for part in ("", *parts)}
    least = {
        f"at_least{part}": ibis.greatest(
            bit_count(known[f"buckets_behind{part}"]).cast("int64"), (spread[f"filled{part}"] > 0).cast("int64")
        )
        for part in ("", *parts)
    }
    return spread.select(*by, "rows_behind", **known, **least)


def at_least(people: Integers, buckets: Integers) -> Integers:
    """Return how many people stand behind several groups together, at the least, along the first axis.

    Parameters
    ----------
    people, buckets
        Counts and buckets as ``behind`` returns them, zero where a group is not meant; integers of one shape.
    """
    together = np.bitwise_count(np.bitwise_or.reduce(buckets, axis=0)).astype(np.int64)
    least: Integers = np.maximum(together, people.max(axis=0, initial=0))
    return least


def hidden_parts(
    people: Mapping[str, Integers],
    buckets: Mapping[str, Integers],
    tilings: Sequence[Tiling],
    *,
    k: int,
    published: Collection[str],
) -> dict[str, Booleans]:
    """Tell which parts of each row are hidden: those with too few people behind them, and those from which these would follow.

    Where hidden parts of a whole together have fewer than ``k`` people behind them, the whole minus the shown parts would tell of them, so
    that the shown part with the fewest people is hidden too, until they have ``k``.

    Parameters
    ----------
    people, buckets
        Counts and buckets of each part as ``behind`` returns them, one value per row.
    tilings
        Wholes with the parts that add up to them, outer ones before inner ones.
    k
        Fewest people that a shown part may have.
    published
        Parts that are shown at all; the others follow from a whole and its other parts.
    """
    hidden = {name: is_hidden(counts, k) for name, counts in people.items()}
    for whole, parts in tilings:
        counts, filled = (np.stack([values[part] for part in parts]) for values in (people, buckets))
        unpublished = np.array([[part not in published] for part in parts])
        secret = (np.stack([hidden[part] for part in parts]) | unpublished | hidden.get(whole, np.False_)) & (counts > 0)
        for _step in parts:
            is_told = secret.any(axis=0) & (at_least(np.where(secret, counts, 0), np.where(secret, filled, 0)) < k)
            rivals = np.where(secret | (counts == 0), np.iinfo(np.int64).max, counts)
            smallest = np.arange(len(parts))[:, None] == rivals.argmin(axis=0)
            secret = secret | (smallest & is_told & (counts > 0))
        hidden |= {part: hidden[part] | secret[place] for place, part in enumerate(parts)}
    return hidden


def is_hidden(people: Integers, k: int) -> Booleans:
    """Tell which groups are hidden: some people behind them, but fewer than ``k``. Zero is no secret and is never hidden."""
    return (people > 0) & (people < k)


def _same(left: ir.Table, right: ir.Table, by: Sequence[str]) -> list[ir.BooleanValue]:
    """Return the conditions under which two rows belong to one group; a null is a group of its own."""
    return [left[column].identical_to(right[column]) for column in by]
