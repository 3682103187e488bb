"""Exponents of Huff's model, fitted on the orders of a version: two numbers and the weight of not ordering, from all loaded orders.

Only these leave; the counts by cell that they are fitted on do not. A mall is fitted on cells within the drive in which 99 % of its orders
are: where it does not deliver, the lack of orders tells nothing of a choice.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from analytics.catalog import Metric
from analytics.metrics.trade_areas import ATTRACTION_PERMILLE, DECAY_PERMILLE, OUTSIDE_PERMILLE
from analytics.models.huff import TYPICAL_STORES, Exponents, Pairs, fitted
from analytics.parameters import MOST_PERMILLE, Parameters
from analytics.reference import VersionKey
from data.engine import Engine
from data.warehouse import Version

FEWEST_ORDERS: Final = 1_000
FEWEST_CELLS: Final = 30
"""Orders and cells below which nothing is fitted: the exponents of the field tell more."""

_DEFAULTS: Final = {"attraction_permille": ATTRACTION_PERMILLE, "decay_permille": DECAY_PERMILLE, "outside_permille": OUTSIDE_PERMILLE}
_CACHED: Final = 64
_SERVED_PERCENT: Final = 99

_PAIRS = """
WITH people AS (
    SELECT market_id, cell, {weight} AS people FROM demand_cells
    WHERE is_inside AND {weight} > 0 AND ($market IS NULL OR market_id = $market)
), placed AS (
    SELECT mall_id, dropoff_cell AS cell, count(*) AS orders FROM orders
    WHERE mall_id IS NOT NULL AND dropoff_cell IS NOT NULL
        AND ($market IS NULL OR market_id = $market) GROUP BY ALL
), pairs AS (
    SELECT people.market_id, people.cell, people.people, catchments.mall_id, catchments.drive_s, malls.store_count
    FROM people JOIN catchments USING (market_id, cell) JOIN malls ON malls.mall_id = catchments.mall_id AND malls.status = 'open'
)
SELECT market_id, cell, people, mall_id, drive_s, coalesce(store_count, {stores}) AS stores, coalesce(orders, 0) AS orders
FROM pairs LEFT JOIN placed USING (mall_id, cell)
ORDER BY market_id, cell, mall_id
"""


@dataclass(frozen=True)
class Fit:
    """Exponents, and what they rest on.

    Attributes
    ----------
    exponents
        As the model takes them.
    orders, cells
        Orders with a known cell and drive, and cells they came from.
    is_attraction_fitted
        Whether open malls differ in their stores; else the exponent of stores is assumed.
    """

    exponents: Exponents
    orders: int
    cells: int
    is_attraction_fitted: bool


def is_asked_by(metric: Metric) -> bool:
    """Tell whether a metric takes exponents."""
    return metric.options >= _DEFAULTS.keys()


def with_exponents(asked: Parameters, version: Version) -> Parameters:
    """Return the parameters with exponents: those given, else those fitted on the version's orders, else the usual ones."""
    fit = fit_of(version, asked.market_id, asked.weight)
    own = _DEFAULTS if fit is None else _permille(fit.exponents)
    given = {name: value for name in _DEFAULTS if (value := getattr(asked, name)) is not None}
    filled = own | given
    return replace(
        asked,
        attraction_permille=filled["attraction_permille"],
        decay_permille=filled["decay_permille"],
        outside_permille=filled["outside_permille"],
    )


def note(asked: Parameters, version: Version) -> str:
    """Return the exponents in words, and where they come from."""
    stores, drive = (f"{(getattr(asked, name) or 0) / 1000:.2f}" for name in ("attraction_permille", "decay_permille"))
    fit = fit_of(version, asked.market_id, asked.weight)
    fit_values = None if fit is None else _permille(fit.exponents)
    if fit is not None and fit_values == {name: getattr(asked, name) for name in _DEFAULTS}:
        whence = f"fitted on {fit.orders:,} orders" + ("" if fit.is_attraction_fitted else ", that of stores assumed")
    elif fit is None and {name: getattr(asked, name) for name in _DEFAULTS} == _DEFAULTS:
        whence = f"the usual ones: fewer than {FEWEST_ORDERS:,} orders from cells with people to fit them on"
    else:
        whence = "as asked"
    return f"exponents of stores {stores} and drive {drive}, {whence}"


def fit_of(version: Version, market_id: str | None, weight: str) -> Fit | None:
    """Return the fit on all loaded orders of a market, or of all markets; None where there are too few of them.

    Parameters
    ----------
    version, market_id
        Orders of this market; None: of all, each on its own people.
    weight
        ``population`` or ``households``: whose number the orders are measured against.
    """
    return _fit(VersionKey.of(version), market_id, weight)


@lru_cache(maxsize=_CACHED)
def _fit(key: VersionKey, market_id: str | None, weight: str) -> Fit | None:
    sql = _PAIRS.format(weight=weight, stores=TYPICAL_STORES)  # both from fixed lists
    rows = _served(Engine.of(key.version).table(sql, {"market": market_id}))
    orders = rows.column("orders").to_numpy()
    cells = len(rows.filter(pa.array(orders > 0)).column("cell").unique())
    if orders.sum() < FEWEST_ORDERS or cells < FEWEST_CELLS:
        return None
    pairs = _pairs(rows)
    return Fit(fitted(pairs), int(orders.sum()), cells, len(np.unique(pairs.stores)) > 1)


def _served(rows: pa.Table) -> pa.Table:
    """Return the pairs within the drive in which 99 % of the mall's orders are (nearest rank)."""
    mall = rows.column("mall_id").combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    drive_s, orders = rows.column("drive_s").to_numpy(), rows.column("orders").to_numpy()
    is_served = np.zeros(len(mall), np.bool_)
    for each in np.unique(mall):
        own = np.flatnonzero(mall == each)
        nearest_first = own[np.argsort(drive_s[own], kind="stable")]
        running = np.cumsum(orders[nearest_first])
        last = np.searchsorted(100 * running, _SERVED_PERCENT * running[-1])
        is_served[own] = drive_s[own] <= drive_s[nearest_first[last]] if running[-1] else False
    return rows.filter(pa.array(is_served))


def _pairs(rows: pa.Table) -> Pairs:
    """Return the rows, one per cell and open mall and sorted by cell, as arrays."""
    markets = rows.column("market_id").combine_chunks().dictionary_encode().indices.to_numpy()
    cells = rows.column("cell").to_numpy()
    is_first = np.ones(len(cells), np.bool_)
    is_first[1:] = (cells[1:] != cells[:-1]) | (markets[1:] != markets[:-1])
    return Pairs(
        cell=np.cumsum(is_first) - 1,
        drive_s=rows.column("drive_s").to_numpy(),
        stores=np.maximum(rows.column("stores").to_numpy(), 1),
        orders=rows.column("orders").to_numpy(),
        people=rows.column("people").to_numpy()[is_first],
        market=markets[is_first].astype(np.int64),
    )


def _permille(exponents: Exponents) -> dict[str, int]:
    values = (exponents.attraction, exponents.decay, exponents.outside)
    return {name: min(MOST_PERMILLE, round(1000 * value)) for name, value in zip(_DEFAULTS, values, strict=True)}
