"""Names of columns and files: the unit stands in every column's name, and a file's name tells what is inside."""

import re
from collections.abc import Sequence
from typing import Final

from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.dimensions import DIMENSIONS
from analytics.parameters import Parameters
from analytics.privacy import SUBJECTS

MARK: Final = "data"
"""Column that says of each row that it is made up."""

_UNITS: Final = ("_s", "_m", "_m2", "_cents", "_share", "_min", "_on", "_at", "_id")
_COUNTED: Final = (
    "_orders",
    "_offers",
    "_trips",
    "_drives",
    "_shifts",
    "_drivers",
    "_stores",
    "_cells",
    "_people",
    "_households",
    "_malls",
)
_PLAIN: Final = frozenset({*DIMENSIONS.values(), "suppressed", "within_min", "cell_area_m2"})


def exported_name(metric: Metric, column: str, parameters: Parameters) -> str:
    """Return a column's name in a file: the metric's id before it, its unit behind it.

    Columns that name the row keep their names; ``share`` is the metric itself; counts say what is counted.
    """
    if column in _PLAIN or column in metric.keys or column == metric.id:
        return column
    figure = _figure_name(metric, column, parameters)
    if figure is not None:
        return figure
    name = f"{metric.id}_{column}"
    if metric.units is not None and column in {"numerator", "denominator"}:
        return f"{name}_{_weighed(metric.units[column == 'denominator'], metric, parameters)}"
    return name if name.endswith((*_UNITS, *_COUNTED)) else _counted_name(metric, column, parameters)


def exported_names(answer: Answer) -> list[str]:
    """Return the names of an answer's columns in a file."""
    return [exported_name(answer.metric, name, answer.parameters) for name in answer.table.column_names]


def _weighed(unit: str, metric: Metric, parameters: Parameters) -> str:
    """Return a unit with ``households`` in the place of people, where these are asked for."""
    return unit.replace("people", "households") if metric.uses("weight") and parameters.weight == "households" else unit


def _figure_name(metric: Metric, column: str, parameters: Parameters) -> str | None:
    """Return the name of the figure that the metric is, and of its bounds; None for other columns."""
    is_rate = metric.kind in {"ratio", "money"}
    stem = metric.id if is_rate or metric.id.endswith("_share") else f"{metric.id}_share"
    unit = "_cents" if metric.kind == "money" else _unit_of_rate(metric, parameters)
    if column in {"share", "rate"}:
        return f"{stem}{unit}"
    return f"{stem}_{column}{unit}" if column in {"low", "high"} else None


def _unit_of_rate(metric: Metric, parameters: Parameters) -> str:
    """Return the unit of a rate by people, such as ``_orders_per_1000_people``; shares have none, other rates say theirs in their id."""
    if metric.kind != "ratio" or " per 1,000 " not in metric.unit:
        return ""
    return "_" + _weighed(metric.unit, metric, parameters).replace(" ", "_").replace(",", "")


def _counted_name(metric: Metric, column: str, parameters: Parameters) -> str:
    """Return the name of a count with what is counted behind it."""
    name = f"{metric.id}_{column}"
    if metric.n_of and (column == "n" or column.endswith("_n")):
        return f"{name}_{metric.n_of}"
    if metric.kind == "hours":
        return f"{name}_s"
    if metric.facts is None:
        return f"{name}_cells" if column == "n" else f"{name}_{_weighed('people', metric, parameters)}"
    counted = SUBJECTS[metric.facts].rows.replace(" ", "_")
    return name if name.startswith(f"{counted}_") else f"{name}_{counted}"


def stem(answer: Answer) -> str:
    """Return the name of an answer's file without its ending: metric, groups, place, period, version, and ``synthetic`` where it is."""
    asked = answer.parameters
    return safe_stem(
        [
            answer.metric.id,
            "by-" + "-".join(asked.by) if asked.by else "",
            asked.mall_id or asked.market_id or "",
            asked.start_on.isoformat() if asked.start_on else "",
            f"to-{asked.end_on.isoformat()}" if asked.end_on else "",
            answer.version_id,
            "synthetic" if answer.is_synthetic else "",
        ]
    )


def safe_stem(parts: Sequence[str]) -> str:
    """Return parts of a file's name joined; characters that a file system minds become hyphens, save in the first part, which is ours."""
    return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) if position else part for position, part in enumerate(parts) if part)
