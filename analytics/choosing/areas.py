"""The areas around a place as the model of demand takes them: cells together, people, drives and income in them."""

from typing import Final

import numpy as np
import pyarrow as pa

from analytics.choosing.sites import Integers, Reach
from analytics.models.between import Floats
from analytics.models.demand import Areas
from data.engine import Engine

AREA_RESOLUTION: Final = 8
"""Cells are taken together to these: 0.7 square kilometers, over which orders scatter independently enough."""

_INCOMES = """
SELECT income_cents FROM demand_cells
WHERE is_inside AND {weight} > 0 AND market_id IN (SELECT unnest($markets)) ORDER BY market_id, cell
"""


def areas_of(reached: Reach, position: int, longest_s: int, incomes: Floats, *, orders: Integers | None = None) -> Areas:
    """Return the areas around a site, cells taken together.

    Parameters
    ----------
    reached
        Whom sites reach.
    position
        Of the site in ``reached.sites``.
    longest_s
        Only cells within this drive.
    incomes
        Logarithm of income of each cell of ``reached``, less the typical one; 0 where unknown.
    orders
        Orders of each of the site's cells, in the order of ``reached``; None: none.
    """
    own = reached.of_site(position)
    is_near = reached.drive_s[own] <= longest_s
    cell, drive_s = reached.cell[own][is_near], reached.drive_s[own][is_near]
    people = reached.people[cell].astype(float)
    names, area = np.unique(_parents(reached.cells[cell]), return_inverse=True)
    count = len(names)
    total = np.bincount(area, people, count).astype(float)
    placed = np.zeros(len(cell), np.int64) if orders is None else orders[is_near]
    return Areas(
        mall=np.zeros(count, np.int64),
        people=total,
        drive_min=np.bincount(area, people * drive_s, count) / total / 60,
        income_log=np.bincount(area, people * incomes[cell], count) / total,
        orders=np.bincount(area, placed, count).astype(np.int64),
    )


def stacked(areas: list[Areas]) -> Areas:
    """Return the areas of several malls, numbered in their order."""
    mall = np.concatenate([np.full(len(each.people), place, np.int64) for place, each in enumerate(areas)] or [np.empty(0, np.int64)])
    rest = {name: [getattr(each, name) for each in areas] for name in ("people", "drive_min", "income_log")}
    orders = np.concatenate([each.orders for each in areas] or [np.empty(0, np.int64)])
    return Areas(mall=mall, orders=orders, **{name: np.concatenate(parts or [np.empty(0)]) for name, parts in rest.items()})


def income_logs(engine: Engine, reached: Reach) -> Floats:
    """Return the logarithm of income, cents, of each cell of ``reached``; NaN where unknown."""
    if not reached.market_ids:
        return np.empty(0)
    rows = engine.table(_INCOMES.format(weight=reached.weight), {"markets": [*reached.market_ids]})
    income = floats(rows, "income_cents")
    return np.log(np.where(income > 0, income, np.nan))


def typical_income_log(logs: Floats, people: Integers) -> float | None:
    """Return the mean logarithm of income, weighted by people; None where none is known."""
    known = ~np.isnan(logs)
    return float(np.average(logs[known], weights=people[known])) if known.any() else None


def less_typical(logs: Floats, typical: float | None) -> Floats:
    """Return logarithms of income less the typical one; 0 where unknown."""
    return np.zeros(len(logs)) if typical is None else np.where(np.isnan(logs), 0.0, logs - typical)


def _parents(cells: Integers) -> Integers:
    """Return the areas that cells belong to, as ``analytics.cells.parent`` does."""
    parents: Integers = (cells & ~(15 << 52)) | (AREA_RESOLUTION << 52) | ((1 << (3 * (15 - AREA_RESOLUTION))) - 1)
    return parents


def floats(table: pa.Table, name: str) -> Floats:
    """Return a column as floats, NaN where null."""
    return np.array(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), float)
