"""What is hidden on display: groups with too few people behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

DISPLAY_K: Final = 10
"""Fewest distinct customers that a shown group may have."""

_BUCKETS: Final = 32


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def bit_count(bits: int) -> int:  # type: ignore[empty-body]  # the engine has the body
    """Count the ones; a function of the engine."""


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]
def bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """Unite the ones of all rows; a function of the engine that Ibis knows on DuckDB only."""


@dataclass(frozen=True)
class Subject:
    """The people behind a table's rows: the first known of these columns, and the fewest of them that may be shown."""

    columns: tuple[str, ...]
    k: int

    def of(self, table: ir.Table) -> ir.StringValue:
        """Return the person behind each row; the row itself where the person is unknown."""
        return ibis.coalesce(*(table[column] for column in self.columns))


SUBJECTS: Final = {"orders": Subject(("customer_id", "order_id"), DISPLAY_K)}
"""By table of facts."""


def behind(facts: ir.Table, subject: Subject, *, by: Sequence[str]) -> ir.Table:
    """Count the rows and the people behind each group.

    Counting distinct people is what costs most in an answer, and only groups of few need it: people are spread over 32 buckets by a hash,
    and a group that fills k buckets has at least k people. The others are counted one by one.

    Parameters
    ----------
    facts
        Rows that count in the groups.
    subject
        Who stands behind a row.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group:

        - the columns of ``by``
        - ``rows_behind``: rows
        - ``people_behind``: distinct people where they are fewer than k, else a number from k up to that of the people
    """
    # Without groups a constant stands in for one: a join on it is skipped as a whole when nothing is unsure.
    constant = {} if by else {"everything": ibis.literal(1)}
    keys = list(by) or list(constant)
    people = facts.select(*by, **constant, person=subject.of(facts))
    bucket = ibis.literal(1, "int64") << (people.person.hash() & (_BUCKETS - 1))
    spread = people.aggregate({"rows_behind": people.count(), "buckets": bit_or(bucket)}, by=list(by))
    spread = spread.mutate(at_least=bit_count(_.buckets.fill_null(0)), **constant)
    few = spread.filter(_.at_least < subject.k)
    counted = people.semi_join(few, _same(people, few, keys)).aggregate({"exactly": _.person.nunique()}, by=keys)
    exact = {"people_behind": ibis.greatest(_.at_least, _.exactly.fill_null(0))}
    return spread.left_join(counted, _same(spread, counted, keys)).select(*by, "rows_behind", **exact)


def is_hidden(people: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.bool_]:
    """Tell which groups are hidden: some people behind them, but fewer than ``k``. Zero is no secret and is never hidden."""
    return (people > 0) & (people < k)


def _same(left: ir.Table, right: ir.Table, by: Sequence[str]) -> list[ir.BooleanValue]:
    """Return the conditions under which two rows belong to one group; a null is a group of its own."""
    return [left[column].identical_to(right[column]) for column in by]
