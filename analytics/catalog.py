"""The list of metrics. A new one is its function, its test and one entry here; everything else follows from this tuple."""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import ibis.expr.types as ir

from analytics.dimensions import DIMENSIONS
from analytics.errors import ParameterError, UnknownMetric
from analytics.metrics import coverage, delivery_times, orders
from analytics.parameters import Parameters
from analytics.privacy import Tiling

Direction = Literal["up", "down", "none"]
Kind = Literal["count", "seconds", "share"]

ORDER_DIMENSIONS: Final = tuple(DIMENSIONS)
FACTS: Final = ("orders",)
"""Tables whose rows happen on a day, at a mall: filtered by period and mall before a metric sees them."""


@dataclass(frozen=True)
class Metric:
    """One metric: its definition and what pages, exports and docs must know of it.

    Attributes
    ----------
    function
        The definition: positional parameters are tables of the contracts, keyword parameters are fields of ``Parameters``. Its name is
        the metric's id, its docstring the definition in words.
    label, help
        Name on screen, and one sentence in plain words.
    unit
        Unit of the leading figure: ``orders``, ``s``, ``share``.
    kind
        ``count``, ``seconds`` or ``share``.
    direction
        Whether more is better (``up``), worse (``down``) or neither (``none``).
    source
        Where the definition comes from.
    dimensions
        Dimensions by which it may be grouped.
    keys
        Columns that name the rows of a metric whose rows are fixed by its definition.
    needs
        Columns that a row of the facts must have to count.
    needs_status
        Only rows of this status are expected to have them; the others are no loss.
    left_out
        The rows that lack them, in words.
    modelled
        A model stands behind it; nothing was observed.
    parts
        Which rows of the facts stand behind figures that fewer people may stand behind than behind the row, by the name of the part: its
        columns are ``NAME`` and those that begin with ``NAME_``. Each part is hidden by its own number of people.
    tilings
        Wholes with the parts that add up to them, outer ones before inner ones: a hidden part must not follow from those shown.
    breaks
        Class limits of maps by column, in the column's unit: fixed, so that a color means the same on every map.
    changes
        Changes of the definition, newest last.
    """

    function: Callable[..., ir.Table]
    label: str
    help: str
    unit: str
    kind: Kind
    direction: Direction
    source: str
    dimensions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_status: str | None = None
    left_out: str = ""
    modelled: bool = False
    parts: Callable[[ir.Table], dict[str, ir.BooleanValue]] | None = None
    tilings: tuple[Tiling, ...] = ()
    breaks: tuple[tuple[str, tuple[float, ...]], ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name of the metric and of its function."""
        return self.function.__name__

    @property
    def definition(self) -> str:
        """Docstring of the function."""
        return inspect.getdoc(self.function) or ""

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the contracts that it reads."""
        return tuple(each.name for each in inspect.signature(self.function).parameters.values() if each.kind is not each.KEYWORD_ONLY)

    @property
    def options(self) -> frozenset[str]:
        """Fields of ``Parameters`` that its function takes."""
        return frozenset(each.name for each in inspect.signature(self.function).parameters.values() if each.kind is each.KEYWORD_ONLY)

    @property
    def facts(self) -> str | None:
        """Table of facts that it counts; None for a modelled metric."""
        return next((table for table in self.tables if table in FACTS), None)

    def uses(self, field: str) -> bool:
        """Tell whether the answer depends on a field of ``Parameters``."""
        if field in {"mall_id", "start_on", "end_on"} and self.facts:
            return True
        if field == "resolution" and "cell" in self.dimensions:
            return True
        return field == "market_id" or field in self.options

    def breaks_of(self, column: str) -> tuple[float, ...] | None:
        """Return the class limits of a column; None where none are fixed."""
        return dict(self.breaks).get(column)

    def depends(self, field: str, parameters: Parameters) -> bool:
        """Tell whether the answer to this very question depends on a field: resolution matters in rows by cell only."""
        if field == "resolution" and field not in self.options:
            return "cell" in parameters.by
        return self.uses(field)

    def understood(self, parameters: Parameters) -> Parameters:
        """Return the parameters with every field that this question does not use set back to its default.

        Raises
        ------
        ParameterError
            If a group is asked for that the metric does not have.
        """
        for dimension in parameters.by:
            if dimension not in self.dimensions:
                known = ", ".join(self.dimensions) or "none: its rows are fixed"
                raise ParameterError(f"{self.id} cannot be grouped by {dimension!r}; its dimensions are {known}")
        default = Parameters()
        unused = {name: getattr(default, name) for name in Parameters.__dataclass_fields__ if not self.depends(name, parameters)}
        return replace(parameters, **unused)


METRICS: Final = (
    Metric(
        orders.orders,
        label="Orders",
        help="Orders placed, whether or not they were delivered.",
        unit="orders",
        kind="count",
        direction="up",
        source="counted",
        dimensions=ORDER_DIMENSIONS,
        parts=orders.endings,
        tilings=orders.ENDINGS,
    ),
    Metric(
        delivery_times.click_to_door,
        label="Click-to-door",
        help="Time from the customer's order to the delivery at the door; at p90, 9 of 10 orders are faster.",
        unit="s",
        kind="seconds",
        direction="down",
        source="Reyes et al. 2018, The Meal Delivery Routing Problem",
        dimensions=ORDER_DIMENSIONS,
        needs=("click_to_door_s",),
        needs_status="delivered",
        left_out="delivered orders without usable times of order and delivery",
        breaks=(("p90_s", (2700, 3600, 4500, 5400, 7200)), ("p50_s", (1800, 2400, 3000, 3600, 4500))),
    ),
    Metric(
        delivery_times.on_time_share,
        label="On time",
        help="Share of delivered orders that came no later than promised.",
        unit="share",
        kind="share",
        direction="up",
        source="on-time delivery as Walmart reports it (OTD)",
        dimensions=ORDER_DIMENSIONS,
        needs=("late_s",),
        needs_status="delivered",
        left_out="delivered orders without a promise or without a time of delivery",
        breaks=(("share", (0.7, 0.8, 0.85, 0.9, 0.95)),),
    ),
    Metric(
        delivery_times.stages,
        label="Stages",
        help="Where the time from order to door goes, on average: the parts add up to the whole.",
        unit="s",
        kind="seconds",
        direction="down",
        source="stages that tile click-to-door, after Reyes et al. 2018",
        dimensions=ORDER_DIMENSIONS,
        needs=("click_to_door_s", "unsplit_s"),
        needs_status="delivered",
        left_out="delivered orders whose events are missing at the ends or run backwards",
        parts=delivery_times.stage_parts,
        tilings=delivery_times.STAGE_TILINGS,
    ),
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
"""Every metric there is."""


def metric(metric_id: str) -> Metric:
    """Return the metric of that id.

    Raises
    ------
    UnknownMetric
        If there is none; the message names the nearest.
    """
    by_id = {each.id: each for each in METRICS}
    if metric_id in by_id:
        return by_id[metric_id]
    near = difflib.get_close_matches(str(metric_id), by_id, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(by_id)}"
    raise UnknownMetric(f"there is no metric {metric_id!r}; {hint}")
