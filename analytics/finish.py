"""Figures made from an answer's integers after the query: ratios, intervals, means, areas. No metric is named here."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analytics.catalog import Metric
from analytics.intervals import wilson
from data.cells import areas_m2

Floats = npt.NDArray[np.float64]
_SUM = "sum_s"


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
        - ``low``, ``high``: Wilson's 95 percent bounds of an observed share
        - ``mean_s``, ``prep_mean_s``, ...: sums of seconds / ``n``, or / ``store_wait_n`` where a part has its own count
        - ``cell_area_m2``: area of the row's cell, square meters
    """
    figures: dict[str, pa.Array] = {}
    names = values.column_names
    if {"numerator", "denominator"} <= set(names):
        numerator, denominator = _floats(values, "numerator"), _floats(values, "denominator")
        figures["share"] = _array(_ratio(numerator, denominator))
        if not metric.modelled:
            low, high = wilson(numerator, denominator)
            figures |= {"low": _array(low), "high": _array(high)}
    for name in names:
        if name.endswith(_SUM):
            stem = name.removesuffix(_SUM)
            rows = f"{stem}n" if f"{stem}n" in names else "n"
            figures[f"{stem}mean_s"] = _array(_ratio(_floats(values, name), _floats(values, rows)))
    if "cell" in names:
        figures["cell_area_m2"] = _areas_m2(values.column("cell"))
    for name, column in figures.items():
        values = values.append_column(name, column)
    return values


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
