"""Dimensions by which answers can be grouped, the column that each makes, and why some do not go together with some figures."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from analytics.cells import parent

DIMENSIONS: Final = {
    "market": "market_id",
    "mall": "mall_id",
    "store": "store_id",
    "cell": "cell",
    "day": "local_date",
    "week": "local_week_on",
    "dow": "local_dow",
    "hour": "local_hour",
    "status": "status",
    "weeks_open": "weeks_open",
    "distance_band": "distance_from_m",
    "pay_band": "pay_from_cents",
    "vehicle": "vehicle",
    "batch": "batch_orders",
}
"""Dimension on the command line and in ``Parameters.by``, and its column in the answer."""


DISTANCE_BANDS_M: Final = (0, 3_219, 6_437, 9_656, 12_875, 16_093, 24_140)
"""Where bands of the straight line from mall to door begin, meters: 0, 2, 4, 6, 8, 10 and 15 miles; the last one has no end."""


PAY_BANDS_CENTS: Final = (0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000)
"""Where bands of the pay of an offer begin, cents; the last one has no end."""


OF_DRIVERS: Final = frozenset({"vehicle"})
"""Dimensions that tell of a driver: behind their groups must be enough drivers, whatever is counted in them."""

CALENDAR: Final = ("market", "mall", "day", "week", "dow", "hour", "weeks_open")
"""Dimensions that every table of facts has; what is counted from several tables can be grouped by these only."""

_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("store", "cell", "status", "distance_band", "vehicle", "batch"),
    "offers": ("distance_band", "pay_band", "vehicle", "batch"),
    "trips": ("vehicle", "batch"),
    "shift_activity": ("vehicle",),
    "drives": ("cell", "distance_band"),
}
"""What each table of facts knows beside the calendar: a row belongs to exactly one group of it."""

_TWICE: Final[Mapping[str, str]] = {
    "orders": "an order may be shown in several offers, and would count once for each",
    "offers": "an offer may hold several orders, and would count once for each",
    "trips": "a trip may carry several orders, and would count once for each",
    "shift_activity": "an hour online may serve several orders, and would count once for each",
    "drives": "the sample of drives that times are measured on does not keep it",
}
"""Why a table of facts is not grouped by what it does not know."""


def refusal(dimension: str, facts: Sequence[str], *, is_modelled: bool, has_people: bool) -> str:
    """Return why a figure cannot be grouped by a dimension, as the end of a sentence.

    Parameters
    ----------
    dimension
        Key of ``DIMENSIONS``.
    facts
        Tables of facts that the figure counts.
    is_modelled
        It is made by a model, and nothing in it was observed.
    has_people
        It counts people who live somewhere.
    """
    if is_modelled and dimension == "mall":
        return "people within reach of several malls would count once for each"
    if is_modelled:
        return "it is modelled for the places themselves, and its rows are fixed by its definition"
    for table in facts:
        if dimension not in (*CALENDAR, *_KNOWN[table]):
            return _TWICE[table]
    if has_people:
        return "its people live there all the time, and would count once for each"
    if len(facts) > 1 and dimension not in CALENDAR:
        return "it counts rows of several tables, which have only place and calendar in common"
    return "its definition fixes the groups that it may have"


def columns(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of dimensions, in the order asked."""
    return tuple(DIMENSIONS[dimension] for dimension in by)


def with_made_columns(rows: ir.Table, names: Collection[str], resolution: int, other: Callable[[str], ir.Table]) -> ir.Table:
    """Add those of the named columns that the table does not have: ``cell``, bands, and what its driver or its trip knows.

    Parameters
    ----------
    rows
        Table of facts.
    names
        Columns that are asked for.
    resolution
        Of ``cell``.
    other
        Returns another table of the contracts, unfiltered.
    """
    rows = with_cell(rows, resolution) if "cell" in names else rows
    rows = _with_band(rows, "distance_band", rows.distance_m, DISTANCE_BANDS_M) if DIMENSIONS["distance_band"] in names else rows
    rows = _with_band(rows, "pay_band", rows.pay_cents, PAY_BANDS_CENTS) if DIMENSIONS["pay_band"] in names else rows
    rows = with_vehicle(rows, other("drivers")) if DIMENSIONS["vehicle"] in names else rows
    return with_batch(rows, other("trips"), other("orders")) if DIMENSIONS["batch"] in names else rows


def _with_band(rows: ir.Table, dimension: str, value: ir.IntegerValue, bounds: Sequence[int]) -> ir.Table:
    """Add where the band of a value begins: the bound belongs to the band above it; null where the value is unknown or below all bands.

    The distance of an order is the straight line from mall to door, that of an offer the one shown with it.
    """
    starts = [(value >= start, start) for start in reversed(bounds)]
    return rows.mutate(**{DIMENSIONS[dimension]: ibis.cases(*starts, else_=ibis.null("int64")).cast("int64")})


def with_cell(orders: ir.Table, resolution: int) -> ir.Table:
    """Add ``cell``, the door's H3 cell at ``resolution``; null where the door is unknown."""
    return orders.mutate(cell=parent(orders.dropoff_cell, resolution))


def with_vehicle(facts: ir.Table, drivers: ir.Table) -> ir.Table:
    """Add ``vehicle``, the kind of vehicle of the row's driver; null where the driver or the vehicle is unknown."""
    known = drivers.select(known_driver_id=drivers.driver_id, vehicle=drivers.vehicle)
    return facts.left_join(known, facts.driver_id == known.known_driver_id).drop("known_driver_id")


def with_batch(facts: ir.Table, trips: ir.Table, orders: ir.Table) -> ir.Table:
    """Add ``batch_orders``: how many orders an offer holds, a trip carries, or the trip that carried an order.

    Where a trip does not say it, the orders that name the trip are counted; null where that is unknown too, and for an order without trip.
    """
    name = DIMENSIONS["batch"]
    if "offer_id" in facts.columns:
        return facts.mutate(**{name: facts.order_count})
    lacking = trips.filter(trips.order_count.isnull()).select("trip_id")
    named = orders.filter(orders.trip_id.notnull()).semi_join(lacking, "trip_id")
    counts = named.group_by(counted_trip_id=named.trip_id).agg(counted_orders=named.count())
    told = trips.select(told_trip_id=trips.trip_id, told_orders=trips.order_count)
    sizes = told.left_join(counts, told.told_trip_id == counts.counted_trip_id)
    sizes = sizes.select("told_trip_id", **{name: ibis.coalesce(sizes.told_orders, sizes.counted_orders)})
    return facts.left_join(sizes, facts.trip_id == sizes.told_trip_id).drop("told_trip_id")
