"""What stays the same around a mall from week to week: its cells, its stores, its roads, and the driver-hours an order takes there."""

from dataclasses import dataclass

import numpy as np

from data.demo.geography import Catchment, Cells, catchment, from_mall_m, typical_drive_s
from data.demo.model import Model, Scarcity
from data.demo.plan import Mall, Market
from data.demo.stores import Store, stores


@dataclass(frozen=True)
class Ground:
    """An open mall and what surrounds it.

    Attributes
    ----------
    number
        Running number of the open mall; seeds its random streams.
    market, mall, cells, around, sellers
        Where it is, the populated cells of its market, those it delivers to, and its stores.
    drag
        Factor of the market on every drive.
    hours_per_order
        Driver-hours that the staffing plan allows an order.
    scarce
        Hours of the week in which too few drivers come.
    """

    number: int
    market: Market
    mall: Mall
    cells: Cells
    around: Catchment
    sellers: tuple[Store, ...]
    drag: float
    hours_per_order: float
    scarce: tuple[Scarcity, ...]


def ground(number: int, market: Market, mall: Mall, cells: Cells, *, model: Model, seed: int) -> Ground:
    """Return the ground of an open mall."""
    around = catchment(cells, mall, model)
    drag = dict(model.market_drag)[market.template_id]
    return Ground(
        number=number,
        market=market,
        mall=mall,
        cells=cells,
        around=around,
        sellers=stores(number, model, np.random.default_rng([seed, 10, number])),
        drag=drag,
        hours_per_order=_planned_hours_per_order(around, cells, mall, drag=drag, model=model),
        scarce=tuple(each for each in model.scarce if each.market_id == market.template_id),
    )


def _planned_hours_per_order(around: Catchment, cells: Cells, mall: Mall, *, drag: float, model: Model) -> float:
    """Return a usual trip of this mall, shared by its orders, by the target utilization; hours."""
    weight = np.diff(np.r_[0.0, around.running_weight])
    drive_s = typical_drive_s(from_mall_m(mall, cells.latitude, cells.longitude), model)[around.position]
    trip_s = model.planned_overhead_s + drag * float(np.average(drive_s, weights=weight))
    return trip_s / 3600 / model.planned_orders_per_trip / model.target_utilization
