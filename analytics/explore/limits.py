"""What cannot be explored, and why: groups that count twice, comparisons of what does not differ, more groups than anybody can look at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from analytics import catalog, reference
from analytics.catalog import Metric
from analytics.dimensions import DISTANCE_BANDS_M, PAY_BANDS_CENTS
from analytics.errors import ParameterError
from analytics.explore.question import Beside, Exploration
from analytics.parameters import Parameters
from data.warehouse import Version

MOST_DIMENSIONS: Final = 4
"""Dimensions of a table: with more, hardly a group has enough people to be shown."""

MOST_GROUPS: Final = 300_000
"""Groups that an exploration may have at the most: more cannot be looked at, and nearly all of them would be hidden."""

_FIXED_GROUPS: Final = {
    "dow": 7,
    "hour": 24,
    "status": 5,
    "distance_band": len(DISTANCE_BANDS_M) + 1,
    "pay_band": len(PAY_BANDS_CENTS) + 1,
    "vehicle": 8,
    "batch": 8,
}
_CELLS: Final = {9: 60_000, 8: 10_000, 7: 1_500, 6: 250, 5: 50, 4: 12}
"""Cells of a market in which anybody orders, by resolution: about."""


def refuse(asked: Exploration, version: Version) -> None:
    """Refuse an exploration that cannot be answered.

    Raises
    ------
    ParameterError
        With the reason: a dimension that would count rows twice, a comparison of what does not differ, too many groups.
    """
    metric = catalog.metric(asked.metric)
    metric.understood(replace(asked.parameters, by=asked.by))
    if len(asked.by) > MOST_DIMENSIONS:
        raise ParameterError(f"at most {MOST_DIMENSIONS} dimensions at once, those counted of which one value is picked")
    if asked.beside is not None:
        _refuse_comparison(asked, metric, asked.beside)
    bound = most_groups(asked.by, asked.parameters, version)
    if bound > MOST_GROUPS:
        raise ParameterError(
            f"{metric.label} by {', '.join(asked.by)} could have {bound:,} groups, nearly all of them of too few people to be shown; "
            "take a dimension away, larger cells or fewer days"
        )


def _refuse_comparison(asked: Exploration, metric: Metric, other: Beside) -> None:
    by = asked.by
    if other.is_of_mall:
        if not metric.uses("mall_id"):
            raise ParameterError(f"{metric.label} is not told by mall, so that two malls cannot be compared")
        if "mall" in by or "store" in by:
            raise ParameterError("rows by mall or store stand side by side already; take that dimension away to compare two malls")
        if other.mall_id == asked.parameters.mall_id:
            raise ParameterError("a mall is not compared with itself; choose another one")
        return
    if not metric.uses("start_on"):
        raise ParameterError(f"{metric.label} is modelled and has no days, so that two periods cannot be compared")
    days = asked.parameters.start_on, asked.parameters.end_on, other.start_on, other.end_on
    if None in days:
        raise ParameterError("two periods are compared only where both have a first and a last day")
    start_on, end_on, other_start_on, other_end_on = (day for day in days if day is not None)
    if other_end_on - other_start_on != end_on - start_on:
        raise ParameterError("two periods are compared only where they are of the same length")
    if "week" in by and (start_on - other_start_on).days % 7:
        raise ParameterError("weeks of two periods are compared only where these lie whole weeks apart")


def most_groups(by: Sequence[str], parameters: Parameters, version: Version) -> int:
    """Return how many groups these dimensions may have at the most, as far as that is known before asking."""
    malls = [each for each in reference.malls(version, parameters.market_id) if parameters.mall_id in {None, each.id}]
    home = malls[0].market_id if parameters.mall_id and malls else parameters.market_id
    markets = [each for each in reference.markets(version) if home in {None, each.id}]
    days = _days(parameters, version)
    sizes = {
        **_FIXED_GROUPS,
        "market": len(markets),
        "mall": len(malls) + 1,
        "store": len(reference.stores(version, parameters.mall_id)) + 1,
        "cell": _CELLS[parameters.resolution] * max(1, len(markets)),
        "day": days,
        "week": days // 7 + 2,
        "weeks_open": days // 7 + 2,
    }
    # A store is in one mall, a mall and a cell are in one market: together they make no more groups than the finest of them.
    told = {"store": {"mall", "market"}, "mall": {"market"}, "cell": {"market"}}
    implied = {other for dimension in by for other in told.get(dimension, ())}
    bound = 1
    for dimension in set(by) - implied:
        bound *= max(1, sizes[dimension])
    return min(bound, max(1, version.manifest.rows("orders"), version.manifest.rows("shift_activity")))


def _days(parameters: Parameters, version: Version) -> int:
    span = reference.extent(version, parameters.market_id)
    first_on = max(filter(None, [parameters.start_on, span.first_on]), default=None)
    last_on = min(filter(None, [parameters.end_on, span.last_complete_on]), default=None)
    return max(1, (last_on - first_on).days + 1) if first_on and last_on else 1
