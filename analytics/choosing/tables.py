"""A portfolio as tables with units in the names of their columns, for files."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from analytics.choosing.portfolio import Point, Portfolio, in_all
from analytics.choosing.wish import Wish

_UNITS: Final = {"cover": "{who}", "orders": "orders_week_permille", "minutes": "drive_{who}_s", "contribution": "contribution_cents"}


def column(asked: Wish, name: str) -> str:
    """Return the name of a column of values with its unit: ``covered_people``, ``lost_drive_people_s``."""
    return f"{name}_{_UNITS[asked.aim].format(who='people' if asked.terms.weight == 'population' else 'households')}"


def malls_table(found: Portfolio) -> pa.Table:
    """Return one row per mall to open: those whose loss would cost most first."""
    asked = found.wish
    return pa.table(
        {
            "place": pa.array(range(1, len(found.sites) + 1), pa.int64()),
            "mall_id": pa.array([site.id for site in found.sites], pa.string()),
            "name": pa.array([site.name for site in found.sites], pa.string()),
            "market_id": pa.array([site.market_id for site in found.sites], pa.string()),
            column(asked, "lost_without"): pa.array(found.alone, pa.int64()),
            "opening_cents": pa.array([asked.price_of(site.id).opening_cents for site in found.sites], pa.int64()),
            "weekly_cents": pa.array([asked.price_of(site.id).weekly_cents for site in found.sites], pa.int64()),
            "cost_cents": pa.array([asked.cost_cents(site.id) for site in found.sites], pa.int64()),
        }
    )


def sets_table(found: Portfolio, others: Sequence[Portfolio]) -> pa.Table:
    """Return one row per set, the best first; malls that are in all of them come first in each."""
    sets = [found, *others] if found.choice else []
    every = in_all(sets)
    names = [[site.name for site in sorted(each.sites, key=lambda site: site.id not in every)] for each in sets]
    return pa.table(
        {
            "place": pa.array(range(1, len(sets) + 1), pa.int64()),
            "malls": pa.array([", ".join(each) for each in names], pa.string()),
            "mall_ids": pa.array([",".join(sorted(each.ids)) for each in sets], pa.string()),
            column(found.wish, "value"): pa.array([each.value for each in sets], pa.int64()),
            column(found.wish, "difference"): pa.array([each.value - found.value for each in sets], pa.int64()),
            "cost_cents": pa.array([each.cost_cents for each in sets], pa.int64()),
            "is_proven": pa.array([bool(each.choice and each.choice.is_proven) for each in sets], pa.bool_()),
        }
    )


def curve_table(asked: Wish, points: Sequence[Point]) -> pa.Table:
    """Return one row per number of malls or budget: the best value there, null where the conditions conflict."""
    allowed = "malls" if asked.budget_cents is None else "budget_cents"
    return pa.table(
        {
            allowed: pa.array([each.allowed for each in points], pa.int64()),
            column(asked, "value"): pa.array([each.value for each in points], pa.int64()),
            "mall_ids": pa.array([None if each.ids is None else ",".join(sorted(each.ids)) for each in points], pa.string()),
            "is_proven": pa.array([each.is_proven for each in points], pa.bool_()),
        }
    )
