"""Which groups of an answer differ from the others by more than chance, and by how much after shrinking."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analytics.answers import Answer
from analytics.dimensions import columns
from analytics.export import exported_names
from analytics.models import shrinkage

FEWEST: Final = 30
"""Rows behind a group that is judged: under it a p90 has no useful bounds."""

METHOD: Final = (
    "Small groups are drawn towards the figure of all by as much as chance alone could explain (empirical Bayes, Efron and Morris 1975, "
    "with the variance between groups after DerSimonian and Laird 1986). Beyond chance: at most 5 of 100 so called are luck (Benjamini and "
    "Hochberg 1995); groups with fewer than 30 orders are not judged."
)

Figure = Literal["p50_s", "p90_s", "share"]
Verdict = Literal["worse", "better", "as expected", "not judged"]


@dataclass(frozen=True)
class Judged:
    """An answer's rows with figures after shrinking.

    Attributes
    ----------
    rows
        The answer's table with ``shrunk``, ``shrunk_low``, ``shrunk_high`` (in the unit of the figure; null where not judged) and
        ``verdict``.
    center
        The figure of all groups that were judged; None without any.
    """

    rows: pa.Table
    center: float | None


def judged(answer: Answer, figure: Figure) -> Judged:
    """Judge the groups of an answer by one of its figures.

    Parameters
    ----------
    answer
        Grouped; hidden rows and rows whose group is unknown are not judged.
    figure
        ``p50_s`` or ``p90_s`` with their bounds, or ``share`` with its numerator and denominator.
    """
    table = answer.table
    counts = _floats(table, "denominator" if figure == "share" else "n")
    is_judged = counts >= FEWEST
    for key in columns(answer.parameters.by):
        is_judged &= table.column(key).is_valid().to_numpy()
    wanted = (
        ("numerator", "denominator") if figure == "share" else (figure, *(figure.replace("_s", f"_{end}_s") for end in ("low", "high")))
    )
    values = [np.where(is_judged, _floats(table, name), np.nan) for name in wanted]
    found = shrinkage.shares(*values) if figure == "share" else shrinkage.times(*values)
    is_up_worse = answer.metric.direction == "down"
    worse, better = (found.is_above, found.is_below) if is_up_worse else (found.is_below, found.is_above)
    verdicts = np.select([np.isnan(found.value), worse, better], ["not judged", "worse", "better"], "as expected")
    for name, column in (("shrunk", found.value), ("shrunk_low", found.low), ("shrunk_high", found.high)):
        table = table.append_column(name, pa.array(column, pa.float64(), from_pandas=True))
    return Judged(
        table.append_column("verdict", pa.array(verdicts.tolist(), pa.string())), None if np.isnan(found.center) else found.center
    )


def shrunk_rows(answer: Answer, figure: Figure) -> pa.Table:
    """Return an answer's rows as a file has them, with the figure after shrinking beside the one that was counted.

    Returns
    -------
    pyarrow.Table
        The columns of the answer under the names that they have in a file, then ``METRIC_p90_shrunk_s`` (of a share ``METRIC_shrunk``),
        its bounds ``..._low_s`` and ``..._high_s``, null where a row is hidden or not judged, and ``verdict``.
    """
    found = judged(answer, figure).rows
    stem, unit = (f"{answer.metric.id}", "") if figure == "share" else (f"{answer.metric.id}_{figure.removesuffix('_s')}", "_s")
    names = exported_names(answer)
    names += [f"{stem}_{name}{unit}" for name in ("shrunk", "shrunk_low", "shrunk_high")]
    return found.rename_columns([*names, "verdict"])


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    column: npt.NDArray[np.float64] = table.column(name).cast(pa.float64()).to_numpy()
    return column
