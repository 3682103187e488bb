"""Whom malls can reach by car."""

from typing import Final

from analytics.catalog.metric import Metric
from analytics.metrics import coverage

METRICS: Final = (
    Metric(
        coverage.covered_share,
        label="Within reach by car",
        help="Share of the market's people who live within the chosen drive time of an open mall (modelled).",
        unit="share",
        kind="share",
        direction="up",
        source="Church and ReVelle 1974, The Maximal Covering Location Problem",
        dimensions=("market",),
        modelled=True,
        breaks=(("share", (0.1, 0.25, 0.5, 0.75, 0.9)),),
    ),
    Metric(
        coverage.coverage_curve,
        label="Reach by drive time",
        help="Share of the market's people within reach of an open mall, for every drive time up to 45 minutes (modelled).",
        unit="share",
        kind="share",
        direction="up",
        source="Church and ReVelle 1974, The Maximal Covering Location Problem",
        dimensions=("market",),
        keys=("within_min",),
        modelled=True,
    ),
    Metric(
        coverage.coverage_by_mall,
        label="Reach of each mall",
        help="People within the drive time of a mall, and how many of them no other open mall reaches (modelled).",
        unit="people",
        kind="share",
        direction="up",
        source="Church and ReVelle 1974, The Maximal Covering Location Problem",
        keys=("market_id", "mall_id", "status"),
        modelled=True,
    ),
    Metric(
        coverage.coverage_cells,
        label="Drive time by place",
        help="Drive time from the nearest open mall to each part of the market, and the people who live there (modelled).",
        unit="s",
        kind="share",
        direction="down",
        source="Church and ReVelle 1974, The Maximal Covering Location Problem",
        keys=("market_id", "cell", "mall_id"),
        modelled=True,
        breaks=(("drive_s", (600, 900, 1200, 1800, 2700)), ("share", (0.1, 0.25, 0.5, 0.75, 0.9))),
    ),
)
