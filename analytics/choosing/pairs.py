"""Which cells with people places reach, out of the warehouse: a row per place and cell that it reaches within a drive.

A pair is held as one whole number (place, seconds, cell), so that the 26 million of a nation are read, sorted and kept as one column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.engine import Engine

Integers = npt.NDArray[np.int64]

_DRIVE_BIT: Final = 30
_PLACE_BIT: Final = 42
"""Seconds take 12 bits, 45 minutes need no more; cells stand below them, places above."""

_DEMAND = """
SELECT market_id, cell, {weight} AS weight FROM demand_cells
WHERE is_inside AND {weight} > 0 AND market_id IN (SELECT unnest($markets)) ORDER BY market_id, cell
"""
_PAIRS = """
WITH asked AS (
    SELECT unnest($malls) AS mall_id, unnest($places)::BIGINT AS place, unnest($market_of)::BIGINT AS market
), demand AS (
    SELECT market, cell, row_number() OVER (ORDER BY market, cell) - 1 AS number
    FROM demand_cells JOIN (SELECT unnest($markets) AS market_id, unnest($numbers)::BIGINT AS market) USING (market_id)
    WHERE is_inside AND {weight} > 0
)
SELECT (asked.place << {place_bit}) + (drive_s << {drive_bit}) + demand.number AS pair
FROM catchments JOIN asked USING (mall_id) JOIN demand ON demand.market = asked.market AND demand.cell = catchments.cell
WHERE drive_s <= $within
"""


@dataclass(frozen=True)
class Demand:
    """Demand cells inside their market's boundary with people in them, by market and cell.

    Attributes
    ----------
    market_ids, weight
        Markets, ascending; who is counted: ``population`` or ``households``.
    cells, market, people
        H3 cell, position of its market, and people (or households) in it; each of shape (cells,).
    """

    market_ids: tuple[str, ...]
    weight: str
    cells: Integers
    market: Integers
    people: Integers


def demand_of(engine: Engine, market_ids: tuple[str, ...], weight: str) -> Demand:
    """Return the demand cells of markets.

    Parameters
    ----------
    engine, market_ids
        Data, and markets of it, ascending.
    weight
        ``population`` or ``households``.
    """
    rows = engine.table(_DEMAND.format(weight=weight), {"markets": [*market_ids]})
    return Demand(market_ids, weight, whole(rows, "cell"), _positions(rows.column("market_id"), market_ids), whole(rows, "weight"))


def pairs_of_malls(engine: Engine, demand: Demand, malls: Sequence[tuple[str, str, int]], within_s: int) -> Integers:
    """Return the pairs of malls, one whole number each, in no order.

    Parameters
    ----------
    engine, demand
        Data, and the cells that are counted.
    malls
        Id, market and number of each.
    within_s
        Seconds; equal is reached.
    """
    sql = _PAIRS.format(weight=demand.weight, place_bit=_PLACE_BIT, drive_bit=_DRIVE_BIT)
    number = {market_id: position for position, market_id in enumerate(demand.market_ids)}
    asked: dict[str, object] = {
        "malls": [mall_id for mall_id, _, _ in malls],
        "places": [place for _, _, place in malls],
        "market_of": [number[market_id] for _, market_id, _ in malls],
        "markets": [*number],
        "numbers": [*number.values()],
        "within": within_s,
    }
    return whole(engine.table(sql, asked), "pair")


def pairs_of_place(demand: Demand, market_id: str, place: int, cells: Integers, drive_s: Integers) -> Integers:
    """Return the pairs of one place of a market, one whole number each; cells without people are left out.

    Parameters
    ----------
    demand, market_id
        The cells that are counted, and the market of the place.
    place
        Its number.
    cells, drive_s
        H3 cells within its drive, each once, and the seconds there; of equal length.
    """
    own = demand.market_ids.index(market_id)
    first, last = np.searchsorted(demand.market, [own, own + 1])
    known = demand.cells[first:last]
    if not len(known):
        return np.empty(0, np.int64)
    at = np.minimum(np.searchsorted(known, cells), len(known) - 1)
    is_known = known[at] == cells
    return np.asarray((place << _PLACE_BIT) + (drive_s[is_known] << _DRIVE_BIT) + first + at[is_known], np.int64)


def sorted_pairs(parts: Sequence[Integers]) -> tuple[Integers, Integers, Integers]:
    """Return pairs by place, drive and cell: number of the place, position of the cell, seconds."""
    pairs = parts[0] if len(parts) == 1 else np.concatenate(parts)
    pairs.sort()
    cell, place = pairs & ((1 << _DRIVE_BIT) - 1), pairs >> _PLACE_BIT
    pairs >>= _DRIVE_BIT
    pairs &= (1 << (_PLACE_BIT - _DRIVE_BIT)) - 1
    return place, cell, pairs


def whole(table: pa.Table, name: str) -> Integers:
    """Return a column without nulls as whole numbers that may be changed."""
    values = np.asarray(table.column(name).to_numpy(), np.int64)
    return values if values.flags.writeable else values.copy()


def _positions(values: pa.ChunkedArray, among: tuple[str, ...]) -> Integers:
    """Return the position of each text among some; each is one of them."""
    encoded = values.combine_chunks().dictionary_encode()
    place = {text: position for position, text in enumerate(among)}
    known = np.array([place[text] for text in encoded.dictionary.to_pylist()], np.int64)
    return np.asarray(known[encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)], np.int64)
