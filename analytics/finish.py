"""Figures made from an answer's integers after the query: ratios, intervals, means, areas. No metric is named here."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analytics.catalog import Metric
from analytics.intervals import wilson
from analytics.ratios import SPREAD, ratio_bounds
from data.cells import areas_m2

Floats = npt.NDArray[np.float64]
_SUMS = ("s", "cents", "m")
"""Units of sums that means are made of."""


def with_figures(values: pa.Table, metric: Metric) -> pa.Table:
    """Add what follows from the columns there are.

    Parameters
    ----------
    values
        Integers of an answer; hidden values are null and stay without figures.
    metric
        Decides whether a share has sampling bounds: modelled ones have none.

    Returns
    -------
    pyarrow.Table
        The same rows with, where their ingredients are there:

        - ``share``: numerator / denominator, 0 to 1; null for an empty denominator
        - ``rate``, for a ratio or money: numerator / denominator in the metric's unit, such as per hour
        - ``low``, ``high``: 95 percent bounds of an observed share (Wilson), or of any ratio whose spread between persons is known, as
          ``analytics.ratios`` has it
        - ``mean_s``, ``prep_mean_s``, ...: sums of seconds, cents or meters / ``n``, or / ``store_wait_n`` where a part has its own count,
          or / ``tail_n`` where what it is a part of has one
        - ``cell_area_m2``: area of the row's cell, square meters
    """
    figures: dict[str, pa.Array] = {}
    names = values.column_names
    if {"numerator", "denominator"} <= set(names):
        figures |= _ratios(values, metric)
    for unit in _SUMS:
        for name in (name for name in names if name.endswith(f"sum_{unit}")):
            stem = name.removesuffix(f"sum_{unit}")
            rows = next(each for each in _counts(stem) if each in names)
            figures[f"{stem}mean_{unit}"] = _array(_ratio(_floats(values, name), _floats(values, rows)))
    if "cell" in names:
        figures["cell_area_m2"] = _areas_m2(values.column("cell"))
    for name, column in figures.items():
        values = values.append_column(name, column)
    return values.drop_columns([name for name in SPREAD if name in names])


def _ratios(values: pa.Table, metric: Metric) -> dict[str, pa.Array]:
    """Return numerator / denominator as a share or a rate, with bounds where they mean something."""
    numerator, denominator = _floats(values, "numerator"), _floats(values, "denominator")
    name, per = ("rate", metric.per) if metric.kind in {"ratio", "money"} else ("share", 1)
    figures = {name: _array(per * _ratio(numerator, denominator))}
    if metric.modelled:
        return figures
    if set(SPREAD) <= set(values.column_names):
        bounds = ratio_bounds(numerator, denominator, [_floats(values, each) for each in SPREAD])
        least, most = (0.0, 1.0) if name == "share" else (-np.inf, np.inf)
        low, high = (_array(per * np.clip(bound, least, most)) for bound in bounds)
    elif name == "share" and metric.units is None:
        low, high = (_array(bound) for bound in wilson(numerator, denominator))
    else:
        return figures
    return figures | {"low": low, "high": high}


def _counts(stem: str) -> list[str]:
    """Return the counts that a part may have, nearest first: ``tail_store_wait_n``, ``tail_store_n``, ``tail_n``, ``n``."""
    words = stem.split("_")[:-1]
    return ["_".join([*words[:kept], "n"]) for kept in range(len(words), -1, -1)]


def _areas_m2(cells: pa.ChunkedArray) -> pa.Array:
    """Return the true area of cells, which differ by a fifth within one resolution; null for null."""
    known = pc.is_valid(cells).to_numpy()
    areas = np.zeros(len(cells), np.int64)
    areas[known] = areas_m2(cells.drop_null().to_numpy())
    return pa.array(areas, mask=~known)


def _floats(table: pa.Table, name: str) -> Floats:
    column: Floats = table.column(name).cast(pa.float64()).to_numpy()
    return column


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return numerator / np.where(denominator > 0, denominator, np.nan)


def _array(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
