"""How orders were delivered before, or are delivered otherwise, beside how the program delivers them: minutes and cost per order.

The table ``baseline`` holds sums by market (or cell) and day, no single orders, so that there are means and no percentiles.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from analytics.changes import Estimate, ratio
from analytics.periods import Period
from analytics.privacy import DISPLAY_K
from data.engine import Engine
from data.warehouse import Version

SQL: Final = """
WITH whole AS (SELECT DISTINCT market_id, local_date FROM baseline WHERE cell IS NULL)
SELECT market_id, local_date, sum(orders)::BIGINT AS orders,
    coalesce(sum(orders) FILTER (click_to_door_sum_s IS NOT NULL), 0)::BIGINT AS timed_orders,
    coalesce(sum(click_to_door_sum_s), 0)::BIGINT AS click_to_door_sum_s,
    coalesce(sum(orders) FILTER (cost_sum_cents IS NOT NULL), 0)::BIGINT AS costed_orders,
    coalesce(sum(cost_sum_cents), 0)::BIGINT AS cost_sum_cents
FROM baseline LEFT JOIN whole USING (market_id, local_date)
WHERE cell IS NULL OR whole.market_id IS NULL
GROUP BY ALL ORDER BY ALL
"""
"""Sums by market and day, of which means are made; a row of the whole market counts instead of its cells' rows of the same day."""


@dataclass(frozen=True)
class Baseline:
    """The baseline of one market over some days.

    Attributes
    ----------
    market_id
        The market.
    first_on, last_on
        First and last day that it is of; before the period asked for where the baseline had ended by then.
    orders
        Orders delivered that way.
    click_to_door_s, cost_cents
        Means per order with the bounds that the days give; None where unknown or hidden (fewer than 10 orders).
    """

    market_id: str
    first_on: date
    last_on: date
    orders: int
    click_to_door_s: Estimate | None
    cost_cents: Estimate | None


def baselines(version: Version, period: Period) -> dict[str, Baseline]:
    """Return the baseline of each market that has one, over the days of a period.

    Mean click-to-door is the sum of seconds over the orders of the days that tell it, cost likewise. A market whose baseline ended before
    the period is taken over as many of its last days: how orders were delivered before.

    Parameters
    ----------
    version
        Data.
    period
        Days asked for.

    Returns
    -------
    dict of str to Baseline
        By market; a market without any day of a baseline before the period's end has none.
    """
    by_market: dict[str, list[dict[str, Any]]] = {}
    for row in Engine.of(version).table(SQL).to_pylist():
        if row["local_date"] < period.end_on:
            by_market.setdefault(row["market_id"], []).append(row)
    return {market_id: _baseline(market_id, _chosen(rows, period)) for market_id, rows in by_market.items()}


def _chosen(rows: Sequence[dict[str, Any]], period: Period) -> Sequence[dict[str, Any]]:
    """Return the days of the period, else the last ones before it."""
    within = [row for row in rows if row["local_date"] >= period.start_on]
    return within or rows[-max(1, period.days) :]


def _baseline(market_id: str, rows: Sequence[dict[str, Any]]) -> Baseline:
    return Baseline(
        market_id,
        rows[0]["local_date"],
        rows[-1]["local_date"],
        sum(row["orders"] for row in rows),
        _mean((row["click_to_door_sum_s"], row["timed_orders"]) for row in rows),
        _mean((row["cost_sum_cents"], row["costed_orders"]) for row in rows),
    )


def _mean(parts: Iterable[tuple[int, int]]) -> Estimate | None:
    """Return a mean per order over days; None where fewer orders than may be shown stand behind it."""
    days = list(parts)
    return ratio(days) if sum(orders for _, orders in days) >= DISPLAY_K else None
