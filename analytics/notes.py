"""What a reader must know of the data behind a figure: what was inferred at load, and what is known by area only."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analytics.catalog import Metric
from analytics.parameters import Parameters
from analytics.reference import VersionKey
from data.engine import Engine
from data.warehouse import Version

INFERRED: Final = {
    "trips": "trips inferred from orders",
    "offers": "offers inferred from trips: nothing is known of offers declined",
    "shifts": "shifts inferred from first to last event: drivers were online longer",
}
"""What is said of rows that no source gave, by table."""

_ACTIVITY: Final = {"is_inferred": "shifts", "has_inferred_trips": "trips"}
"""Columns of ``shift_activity`` that mark such rows, and the table of which these were."""

_CACHED_VERSIONS: Final = 8


def of_data(metric: Metric, asked: Parameters, version: Version) -> list[str]:
    """Return the notes on an answer's data, each a clause.

    Parameters
    ----------
    metric, asked
        What was asked.
    version
        Version that was asked.

    Returns
    -------
    list of str
        What was inferred of the tables that the metric reads, and in answers by cell the share of doors known by area only.
    """
    known = _known(VersionKey.of(version))
    inferred = dict.fromkeys(name for table in metric.tables for name in known.inferred.get(table, ()))
    said = [f"{_part(share)}{INFERRED[name]}" for name in inferred if (share := known.shares[name])]
    if "orders" in metric.tables and "cell" in (*asked.by, *metric.keys) and known.area_share:
        said.append(f"of {_percent(known.area_share)} of the orders only the area of the door is known: they count in its middle cell")
    if "weeks_open" in asked.by:
        said.append("of a mall's last week since its opening only the days so far may be in the data")
    return said


@dataclass(frozen=True)
class _Known:
    """Of one version: shares of inferred rows by table, which of them each table rests on, and the share of doors known by area."""

    shares: dict[str, float]
    inferred: dict[str, tuple[str, ...]]
    area_share: float


@lru_cache(maxsize=_CACHED_VERSIONS)
def _known(key: VersionKey) -> _Known:
    engine = Engine.of(key.version)
    share = "coalesce(count(*) FILTER ({column}) / nullif(count(*), 0), 0) AS {name}"
    shares: dict[str, float] = {}
    for name in INFERRED:
        (row,) = engine.table(f"SELECT {share.format(column='is_inferred', name='share')} FROM {name}").to_pylist()
        shares[name] = float(row["share"])
    flags = ", ".join(f"coalesce(bool_or({column}), false) AS {column}" for column in _ACTIVITY)
    (activity,) = engine.table(f"SELECT {flags} FROM shift_activity").to_pylist()
    (orders,) = engine.table(f"SELECT {share.format(column='is_dropoff_area', name='share')} FROM orders").to_pylist()
    inferred: dict[str, tuple[str, ...]] = {name: (name,) for name in INFERRED}
    inferred["shift_activity"] = tuple(name for column, name in _ACTIVITY.items() if activity[column])
    return _Known(shares, inferred, float(orders["share"]))


def _part(share: float) -> str:
    return "" if share == 1 else f"{_percent(share)} of the "


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"
