"""Blocks of orders that may leave the house: each mall's month cut by place, hour, weekday and store until every piece has k customers.

A piece is a cell (an hour, a weekday, a store) of its own where k customers stand behind it. Those of fewer are joined to their siblings,
the other cells of one resolution-8 cell (the other hours, weekdays, stores of the mall's month); where these are too few as well, the
smallest sibling of enough joins them. Cells whose siblings are all together too few go to the mall's remainder, with the orders whose
door is unknown, and where the remainder is too few, the smallest resolution-8 cell goes there too, as a whole. So every named cell stands
for itself, a rest for all cells of its parent that are not named, and the remainder for all else: from what is named nobody can tell
which of the others have orders.

Every figure of a block rests on the same orders: those delivered, with a known click-to-door; in a market that knows no such time, those
placed. Orders placed and orders delivered side by side would tell how many were not delivered, who are few nearly everywhere.
"""

from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from data.contracts import CELL_RESOLUTION

PARENT_RESOLUTION: Final = CELL_RESOLUTION - 1
ONE, REST, ELSEWHERE = "one", "rest", "elsewhere"
DIMENSIONS: Final = ("cell", "hour", "weekday", "store")
_UNKNOWN: Final = -1
_BUCKETS: Final = 32
_KEYS: Final = {"cell": "cell", "hour": "local_hour", "weekday": "local_dow", "store": "store"}

_COUNTED: Final = """
SELECT
    *,
    hash(coalesce(customer_id, order_id)) AS person,
    date_trunc('month', local_date)::DATE AS month_on
FROM orders JOIN timed_markets USING (market_id)
WHERE mall_id IS NOT NULL AND local_date < before_on
    AND (NOT is_timed OR coalesce(status = 'delivered' AND click_to_door_s IS NOT NULL, false))
"""
"""Orders that a release counts, of the chosen markets and of complete months."""

_FACTS: Final = f"""
CREATE OR REPLACE TEMP TABLE facts AS
SELECT
    month_id,
    coalesce(dropoff_cell, {_UNKNOWN}) AS cell,
    local_hour,
    local_dow,
    coalesce(store, {_UNKNOWN}) AS store,
    person,
    1::BIGINT << (person % {_BUCKETS})::BIGINT AS bucket,
    CASE WHEN is_timed THEN click_to_door_s END AS click_to_door_s,
    late_s
FROM ({_COUNTED}) JOIN months USING (market_id, mall_id, month_on) LEFT JOIN store_numbers USING (store_id)
"""


def parent_sql(cell: str, resolution: int) -> str:
    """Return SQL for the H3 ancestor of a cell: the resolution bits replaced, every finer digit set to 7."""
    unused = (1 << (3 * (15 - resolution))) - 1
    return f"(({cell} & {~(15 << 52)}::BIGINT) | {(resolution << 52) | unused}::BIGINT)"


@dataclass(frozen=True)
class Blocking:
    """Makes the blocks of malls and months.

    Attributes
    ----------
    connection
        Its ``orders`` are a version's; temporary tables are made beside them.
    k
        Fewest customers (orders, where the customer is unknown) behind a block.
    """

    connection: duckdb.DuckDBPyConnection
    k: int

    def blocks(self, markets: pa.Table, fixed: pa.Table) -> list[pa.Table]:
        """Return the blocks of several markets' malls and months, one table per dimension.

        Parameters
        ----------
        markets
            ``market_id`` and ``before_on``, the first day of the month that is not complete there.
        fixed
            ``mall_id`` and ``month_on`` of months that have blocks already.
        """
        self.connection.register("chosen_markets", markets)
        self.connection.register("fixed_months", fixed)
        self._choose_months()
        found = []
        if self._count("SELECT count(*) FROM months"):
            self.connection.execute(_FACTS)
            # Where an order has no promise, the share on time rests on fewer orders than the rest, and would tell how many.
            self.connection.execute(
                "CREATE OR REPLACE TEMP TABLE promised AS SELECT month_id, bool_and(late_s IS NOT NULL) AS is_promised FROM facts "
                "GROUP BY month_id"
            )
            found = [self._of(dimension) for dimension in DIMENSIONS]
        self.connection.unregister("chosen_markets")
        self.connection.unregister("fixed_months")
        return found

    def _choose_months(self) -> None:
        """Give numbers to the malls' months that are complete, have no blocks yet, and have k customers."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE timed_markets AS SELECT market_id, before_on, EXISTS (FROM orders WHERE orders.market_id = "
            "chosen_markets.market_id AND status = 'delivered' AND click_to_door_s IS NOT NULL) AS is_timed FROM chosen_markets"
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE placed AS "
            f"SELECT market_id, mall_id, month_on, person, 1::BIGINT << (person % {_BUCKETS})::BIGINT AS bucket "
            f"FROM ({_COUNTED}) ANTI JOIN fixed_months USING (mall_id, month_on)"
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE months AS "
            "SELECT market_id, mall_id, month_on, row_number() OVER (ORDER BY market_id, mall_id, month_on) AS month_id "
            f"FROM ({self._people('placed', 'market_id, mall_id, month_on')}) WHERE people >= {self.k}"
        )
        self.connection.execute("DROP TABLE placed")
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE store_numbers AS SELECT store_id, row_number() OVER (ORDER BY store_id) AS store "
            "FROM (SELECT DISTINCT store_id FROM orders SEMI JOIN chosen_markets USING (market_id) WHERE store_id IS NOT NULL)"
        )

    def _of(self, dimension: str) -> pa.Table:
        self._find_leaves(dimension)
        self._join_siblings(dimension)
        if dimension == "cell":
            self._fill_remainder()
        return self._table(dimension)

    def _find_leaves(self, dimension: str) -> None:
        """Make the smallest pieces: one per mall, month and cell (hour, weekday, store), under what makes them siblings."""
        key = _KEYS[dimension]
        parent = f"CASE WHEN {key} = {_UNKNOWN} THEN {_UNKNOWN} ELSE {parent_sql(key, PARENT_RESOLUTION)} END" if key == "cell" else "0"
        self.connection.execute(
            "CREATE OR REPLACE TEMP VIEW pieces AS "
            f"SELECT month_id, {parent} AS parent, {key}::BIGINT AS key, person, bucket, click_to_door_s, late_s FROM facts"
        )
        is_somewhere = f"key <> {_UNKNOWN}" if key == "cell" else "true"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE leaves AS SELECT *, people >= {self.k} AND {is_somewhere} AS is_named "
            f"FROM ({self._people('pieces', 'month_id, parent, key')})"
        )

    def _join_siblings(self, dimension: str) -> None:
        """Decide which leaves are named, which are the rest of their parent, and which go to the mall's remainder.

        Where every small sibling has as many people as a small one can have, their sum would tell that: a named one joins them.
        """
        together = self._people("pieces SEMI JOIN (FROM leaves WHERE NOT is_named) USING (month_id, parent, key)", "month_id, parent")
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE parents AS
            SELECT month_id, parent, named_n, people, people < {self.k} OR all_at_most AS lack_one FROM (
                SELECT month_id, parent, count(*) FILTER (is_named) AS named_n,
                    coalesce(bool_and(people = {self.k - 1}) FILTER (NOT is_named), false) AS all_at_most
                FROM leaves GROUP BY month_id, parent
            ) JOIN ({together}) USING (month_id, parent)
            """
        )
        elsewhere = f"parent = {_UNKNOWN} OR (named_n = 0 AND parents.people < {self.k})" if dimension == "cell" else "false"
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE placed_leaves AS
            SELECT month_id, parent, key, leaves.orders_n, leaves.lot, CASE
                WHEN is_named AND NOT (coalesce(lack_one, false) AND row_number() OVER smallest_first = 1) THEN '{ONE}'
                WHEN {elsewhere} THEN '{ELSEWHERE}'
                ELSE '{REST}' END AS covers
            FROM leaves LEFT JOIN parents USING (month_id, parent)
            WINDOW smallest_first AS (PARTITION BY month_id, parent, is_named ORDER BY leaves.orders_n, leaves.lot, key)
            """
        )

    def _fill_remainder(self) -> None:
        """Send the smallest parent, as a whole, to a mall's remainder that has too few customers."""
        outside = f"pieces SEMI JOIN (FROM placed_leaves WHERE covers = '{ELSEWHERE}') USING (month_id, parent, key)"
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE sent AS
            SELECT month_id, arg_min(parent, (orders_n, lot)) AS parent FROM (
                SELECT month_id, parent, sum(orders_n) AS orders_n, min(lot) AS lot
                FROM placed_leaves WHERE covers <> '{ELSEWHERE}' GROUP BY ALL
            ) SEMI JOIN (FROM ({self._people(outside, "month_id")}) WHERE people < {self.k}) USING (month_id) GROUP BY month_id
            """
        )
        self.connection.execute(
            f"UPDATE placed_leaves SET covers = '{ELSEWHERE}' FROM sent "
            "WHERE sent.month_id = placed_leaves.month_id AND sent.parent = placed_leaves.parent"
        )

    def _table(self, dimension: str) -> pa.Table:
        """Return the blocks with their sums."""
        place = f"CASE covers WHEN '{ONE}' THEN key WHEN '{REST}' THEN parent END"
        named = "store_id" if dimension == "store" else f"CASE covers WHEN '{ONE}' THEN place::VARCHAR END"
        is_cell = dimension == "cell"
        stores = f"LEFT JOIN store_numbers ON store = place AND covers = '{ONE}'" if dimension == "store" else ""
        return self.connection.sql(
            f"""
            SELECT market_id, mall_id, month_on, '{dimension}' AS dimension, covers,
                {"place" if is_cell else "NULL::BIGINT"} AS cell, {"NULL::VARCHAR" if is_cell else named} AS value,
                orders_n, click_to_door_s, on_time_n
            FROM (
                SELECT month_id, covers, {place} AS place, count(*) AS orders_n, sum(click_to_door_s)::BIGINT AS click_to_door_s,
                    CASE WHEN bool_and(is_promised) THEN count(*) FILTER (late_s <= 0) END AS on_time_n
                FROM pieces JOIN placed_leaves USING (month_id, parent, key) JOIN promised USING (month_id) GROUP BY ALL
            ) JOIN months USING (month_id) {stores}
            ORDER BY market_id, mall_id, month_on, covers, cell, value
            """
        ).to_arrow_table()

    def _people(self, source: str, keys: str) -> str:
        """Return a query for the orders and the people behind each group; people of k and more need only be k or more.

        ``lot`` decides between equals: a hash of customers, which a reader of the blocks cannot know. Were it the cell, a reader could tell
        of the unnamed which one cannot be the one that joined.

        People are spread over 32 buckets by a hash: a group that fills k of them has k people, and only others are counted one by one.
        """
        few = f"(SELECT {keys} FROM spread WHERE least < {self.k})"
        return f"""
            WITH found AS NOT MATERIALIZED (SELECT {keys}, person, bucket FROM {source}),
            spread AS MATERIALIZED (
                SELECT {keys}, count(*) AS orders_n, bit_count(bit_or(bucket))::BIGINT AS least, min(person) AS lot
                FROM found GROUP BY ALL
            ),
            exact AS (SELECT {keys}, count(DISTINCT person) AS people FROM found SEMI JOIN {few} AS few USING ({keys}) GROUP BY ALL)
            SELECT {keys}, orders_n, coalesce(people, least) AS people, lot FROM spread LEFT JOIN exact USING ({keys})
        """

    def _count(self, sql: str) -> int:
        ((number,),) = self.connection.execute(sql).fetchall()
        return int(number)
