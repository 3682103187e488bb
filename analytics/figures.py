"""The figures that an answer holds: its columns as numbers of one unit, each with its bounds and with the rows behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import pyarrow as pa

from analytics.catalog import Metric
from analytics.errors import ParameterError
from analytics.finish import with_figures
from analytics.parameters import Parameters
from analytics.questions import expression

Unit = Literal["count", "share", "s", "hours", "cents", "rate", "m", "m2"]

_SUMS: Final = ("sum_s", "sum_cents", "sum_m")
_OF_THE_ROW: Final = frozenset({"n", "denominator", "numerator", "cell_area_m2", "low", "high"})
_LEADING: Final = ("p90_s", "late_p50_s", "click_to_door_mean_s", "tail_click_to_door_mean_s", "mean_s", "share", "rate")


@dataclass(frozen=True)
class Figure:
    """One column of an answer that can be shown, sorted and compared.

    Attributes
    ----------
    column
        Column of the answer.
    unit
        ``count``; ``share``, 0 to 1; ``s``, seconds shown as minutes; ``hours``, seconds shown as hours; ``cents``; ``rate``, a ratio in
        the metric's own unit; ``m``, ``m2``.
    low, high
        Columns of its 95 percent bounds; empty where it has none.
    rows
        Column of the rows behind it; empty where it counts rows itself, or none are counted.
    """

    column: str
    unit: Unit
    low: str = ""
    high: str = ""
    rows: str = ""


def figures(metric: Metric) -> tuple[Figure, ...]:
    """Return the figures that an answer to a metric holds, the leading one first.

    Sums stand behind means, and numerators and denominators behind shares: they are in the files, and are no figures of their own, but
    for people, of whom the number is what is asked for.
    """
    return _figures(metric)


def figure(metric: Metric, column: str = "") -> Figure:
    """Return one figure of a metric; the leading one where no column is named.

    Raises
    ------
    ParameterError
        If the metric has no such figure.
    """
    known = figures(metric)
    if not column:
        return known[0]
    found = next((each for each in known if each.column == column), None)
    if found is None:
        raise ParameterError(f"{metric.id} has no figure {column!r}; its figures are {', '.join(each.column for each in known)}")
    return found


@lru_cache(maxsize=256)
def _figures(metric: Metric) -> tuple[Figure, ...]:
    columns = with_figures(expression(metric, Parameters()).schema().to_pyarrow().empty_table(), metric).schema
    names = [field.name for field in columns if _is_number(field.type) and field.name not in metric.keys]
    bounds = {bound for name in names for bound in _bounds(name, names)}
    found = [_figure(metric, name, names) for name in names if name not in bounds and _is_shown(metric, name)]
    leading = next((name for name in _leading(metric) if name in names), found[0].column)
    return tuple(sorted(found, key=lambda each: each.column != leading))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_shown(metric: Metric, name: str) -> bool:
    if name == "numerator":
        return metric.unit == "people"
    return name not in _OF_THE_ROW and not name.endswith(("_n", *_SUMS))


def _leading(metric: Metric) -> tuple[str, ...]:
    if metric.unit == "people":
        return ("numerator",)
    return ("drive_s", *_LEADING) if metric.unit == "s" else _LEADING


def _figure(metric: Metric, name: str, names: Sequence[str]) -> Figure:
    low, high = _bounds(name, names) or ("", "")
    return Figure(name, _unit(metric, name), low, high, _rows(name, names))


def _bounds(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a figure's bounds; nothing where it has none."""
    stem = name.removesuffix("_s")
    pair = ("low", "high") if name in {"share", "rate"} else (f"{stem}_low_s", f"{stem}_high_s")
    return pair if set(pair) <= set(names) else ()


def _unit(metric: Metric, name: str) -> Unit:
    if name == "share":
        return "share"
    if name == "rate":
        return "cents" if metric.kind == "money" else "hours" if metric.unit.startswith("s ") else "rate"
    endings: tuple[tuple[str, Unit], ...] = (("_m2", "m2"), ("_cents", "cents"), ("_m", "m"))
    for ending, unit in endings:
        if name.endswith(ending):
            return unit
    is_of_drivers = metric.kind == "hours" or metric.units == ("s", "s")
    if name.startswith("hours_") or (name.endswith("_s") and is_of_drivers):
        return "hours"
    return "s" if name.endswith("_s") else "count"


def _rows(name: str, names: Sequence[str]) -> str:
    """Return the column of the rows behind a figure, the one of its own part first: ``late_n`` for ``late_p90_s``."""
    words = name.split("_")[:-1]
    wanted = ["_".join([*words[:kept], "n"]) for kept in range(len(words), 0, -1)]
    return next((each for each in [*wanted, "n", "denominator"] if each in names and each != name), "")
