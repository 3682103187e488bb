"""What sets of malls are worth, from the raw tables by SQL and plain sums: the second, slow version beside ``analytics.choosing.worth``."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from analytics.choosing.every_set import Form, largest, reached
from analytics.choosing.raw_orders import Money, Orders
from analytics.choosing.raw_tables import DRIVES, Raw
from analytics.choosing.sites import Site, sites
from analytics.choosing.wish import Wish
from analytics.parameters import LONGEST_DRIVE_S
from data.warehouse import Version

_COVERED: Final = (
    DRIVES
    + """
SELECT coalesce(sum(people), 0)::BIGINT AS value FROM people WHERE (
    SELECT count(*) FROM drives
    WHERE drives.market_id = people.market_id AND drives.cell = people.cell AND drive_s <= $within AND mall_id IN (SELECT unnest($malls))
) >= $times
"""
)
_MINUTES: Final = (
    DRIVES
    + """
SELECT coalesce(sum(people * least($longest, coalesce(drive_s, $longest))), 0)::BIGINT AS value FROM people LEFT JOIN (
    SELECT market_id, cell, min(drive_s) AS drive_s FROM drives WHERE mall_id IN (SELECT unnest($malls)) GROUP BY market_id, cell
) USING (market_id, cell)
"""
)


class _Covered(Raw):
    def value(self, malls: Sequence[str]) -> int:
        asked = {"malls": [*malls, *self.open_ids], "within": self.wish.terms.within_s, "times": self.wish.backup}
        return int(self.rows(_COVERED, **asked)[0]["value"])

    def form(self, names: Sequence[str], market_id: str | None = None) -> Form:
        pairs = self.pairs([*names, *self.open_in(market_id)], self.wish.terms.within_s, market_id)
        reaches = pairs.matrix(np.ones(len(pairs.cell), np.int64)).astype(np.bool_)
        there = reaches[len(names) :].sum(axis=0, dtype=np.int64)
        return reached(reaches[: len(names)], there, pairs.people, self.wish.backup)


class _Minutes(Raw):
    def value(self, malls: Sequence[str]) -> int:
        return int(self.rows(_MINUTES, malls=[*malls, *self.open_ids], longest=LONGEST_DRIVE_S)[0]["value"])

    def form(self, names: Sequence[str], market_id: str | None = None) -> Form:
        """Return what is saved against the longest drive."""
        pairs = self.pairs([*names, *self.open_in(market_id)], LONGEST_DRIVE_S, market_id)
        saved = pairs.matrix((LONGEST_DRIVE_S - pairs.drive_s) * pairs.people[pairs.cell])
        return largest(saved[: len(names)], saved[len(names) :].max(axis=0, initial=0), np.zeros(len(names), np.int64))

    def turned(self, value: int) -> int:
        return self.total * LONGEST_DRIVE_S - value


def raw(version: Version, wish: Wish) -> Raw:
    """Return the tables of a version, as a check of a wish reads them.

    Raises
    ------
    ParameterError
        If the version has no such market.
    """
    there = sites(version, [wish.market_id] if wish.market_id else (), wish.pins)
    kinds: dict[str, Callable[[Version, Wish, tuple[Site, ...]], Raw]] = {
        "cover": _Covered,
        "minutes": _Minutes,
        "orders": Orders,
        "contribution": Money,
    }
    return kinds[wish.aim](version, wish, there)


def by_hand(version: Version, wish: Wish, malls: Sequence[str]) -> str:
    """Return SQL that gives the value of a set from the tables of the version; empty for expected orders, and where places were dropped.

    Parameters
    ----------
    version, wish
        Data and question.
    malls
        Ids of the candidates in the set.
    """
    known = raw(version, wish)
    if wish.aim not in {"cover", "minutes"} or any(site.is_pin for site in known.sites):
        return ""
    sql = (_COVERED if wish.aim == "cover" else _MINUTES).format(weight=known.weight)
    head, rest = sql.split(" UNION ALL BY NAME")
    sql = head + rest[rest.index("\n)") :]
    names = ", ".join(_quoted(name) for name in sorted([*malls, *known.open_ids]))
    values = {
        "$market": "NULL" if wish.market_id is None else _quoted(wish.market_id),
        "$within": str(wish.terms.within_s),
        "$times": str(wish.backup),
        "$longest": str(LONGEST_DRIVE_S),
        "$malls": f"[{names}]",
    }
    for name, value in values.items():
        sql = sql.replace(name, value)
    return sql.strip()


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
