"""Cells with doors that are suspicious where they lie, as they may be shown: hidden where few people are behind."""

from collections import defaultdict

import pyarrow as pa

from analytics.privacy import DISPLAY_K
from data.quality import suspicious_cells
from data.warehouse import Version


def suspicious(version: Version, market_id: str | None, *, resolution: int) -> pa.Table:
    """Return how many orders have a suspicious door, by cell.

    Parameters
    ----------
    version, market_id
        Data, and one market; None: all of them.
    resolution
        Of the cells, 0 to 9.

    Returns
    -------
    pyarrow.Table
        Most orders first:

        - ``cell``: H3 cell, signed integer
        - ``orders``: orders whose door lies there; null where hidden
        - ``rules``: the rules they break, joined by commas
        - ``suppressed``: no rule of the cell has k customers behind it (orders, where customers are unknown)
    """
    orders: dict[int, int] = defaultdict(int)
    people: dict[int, int] = defaultdict(int)
    rules: dict[int, list[str]] = defaultdict(list)
    for row in suspicious_cells(version, market_id, resolution).to_pylist():
        cell = row["cell"]
        orders[cell] += row["orders"]
        people[cell] = max(people[cell], row["orders"] if row["customers"] is None else row["customers"])
        rules[cell].append(row["rule"])
    cells = sorted(orders, key=lambda cell: (-orders[cell], cell))
    hidden = [people[cell] < DISPLAY_K for cell in cells]
    return pa.table(
        {
            "cell": pa.array(cells, pa.int64()),
            "orders": pa.array([None if is_hidden else orders[cell] for cell, is_hidden in zip(cells, hidden, strict=True)], pa.int64()),
            "rules": pa.array([", ".join(sorted(rules[cell])) for cell in cells], pa.string()),
            "suppressed": pa.array(hidden, pa.bool_()),
        }
    )
