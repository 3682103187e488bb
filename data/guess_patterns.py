"""Which concepts in a header speak for which column of the contracts, and how much."""

from functools import cache

from data.contracts import Column, Kind, Table, loadable_tables
from data.guess_words import Bag, bag, plain

ENTITIES = {
    "markets": "MARKET",
    "malls": "MALL",
    "stores": "STORE",
    "drivers": "DRIVER",
    "shifts": "SHIFT",
    "offers": "OFFER",
    "trips": "TRIP",
    "orders": "ORDER",
    "demand_areas": "AREA",
    "demand_cells": "CELL",
    "baseline": "BASELINE",
    "stations": "STATION",
}
"""Concept of what a row of a table is."""

PICKUP_LATITUDE = Column("pickup_latitude", Kind.LATITUDE, "Latitude of the pick-up point; leads to the nearest mall")
PICKUP_LONGITUDE = Column("pickup_longitude", Kind.LONGITUDE, "Longitude of the pick-up point; leads to the nearest mall")
HELPERS: dict[str, tuple[Column, ...]] = {"orders": (PICKUP_LATITUDE, PICKUP_LONGITUDE)}
"""Columns that no table has but that others follow from."""

_EVENTS = frozenset(
    {"PLACED", "READY", "ACCEPTED", "ARRIVED", "PICKED", "LEFT", "DELIVERED", "COMPLETED", "PROMISED", "SHOWN", "DECIDED", "START", "END"}
    | {"OPENED", "CLOSED"}
)
_STRANGERS = frozenset({"ITEM", "PRICE", "TIP", "FOREIGN", "DURATION", "CATEGORY"})
_THINGS = frozenset({*ENTITIES.values(), "CUSTOMER", "PICKUP", "DROPOFF", "HOME", "DELIVERY", "CITY", "COUNTY"}) - {"AREA"}
_PENALTIES = ((_STRANGERS, 0.5), (_EVENTS, 0.35), (_THINGS, 0.25))
_OTHER_PENALTY, _UNKNOWN_PENALTY, _MOST_UNKNOWN = 0.12, 0.04, 0.12

_UNITS_OF_KIND = {
    Kind.INSTANT: {"TIME", "DATE", "UTC"},
    Kind.DAY: {"TIME", "DATE", "LOCAL"},
    Kind.CENTS: {"CENTS", "DOLLARS"},
    Kind.SECONDS: {"SECONDS", "MINUTES"},
    Kind.METERS: {"METERS", "KM", "MILES"},
    Kind.INTEGER: {"COUNT", "M2", "SQFT"},
    Kind.LATITUDE: {"PLACE"},
    Kind.LONGITUDE: {"PLACE"},
}
"""Concepts that only repeat of what kind the column is."""

_PATTERNS = {
    # Concepts that must all be there, and what a header with nothing else is worth. "=" gives the worth, 1 where none is given.
    "markets.name": "NAME | MARKET=.6 | CITY=.5",
    "markets.time_zone": "ZONE | TIME AREA | TIME ZONE",
    "markets.currency": "CURRENCY",
    "markets.week_start": "DOW FIRST | START WEEK | DOW=.7 | START DOW",
    "markets.boundary_counties": "BOUNDARY COUNTY | COUNTY=.9",
    "markets.boundary_name": "BOUNDARY NAME | BOUNDARY=.7",
    "markets.boundary_polygon": "BOUNDARY POLYGON | POLYGON=.9",
    "malls.opened_on": "OPENED | OPENED DATE | START DATE=.7 | START=.6",
    "malls.closed_on": "CLOSED | CLOSED DATE | END DATE=.7 | END=.6",
    "malls.store_count": "STORE COUNT | COUNT=.6 | STORE=.7 | STORE ID=.6",
    "malls.gross_leasable_m2": "LEASABLE | LEASABLE AREA | M2=.7 | SQFT=.7 | AREA=.5",
    "malls.opening_hours": "OPENINGHOURS | OPENED TIME=.85 | OPENED HOUR=.85",
    "stores.category": "CATEGORY",
    "drivers.vehicle": "VEHICLE | VEHICLE CATEGORY | CATEGORY=.5 | DRIVER CATEGORY=.6",
    "drivers.home_latitude": "HOME LAT | LAT=.75 | Y=.6",
    "drivers.home_longitude": "HOME LON | LON=.75 | X=.6",
    "shifts.start_at": "START | SHIFT START | START TIME | ACCEPTED=.4",
    "shifts.end_at": "END | SHIFT END | END TIME",
    "offers.shown_at": "SHOWN | OFFER TIME=.85 | PLACED=.7 | START=.6 | TIME=.5",
    "offers.decided_at": "DECIDED | ACCEPTED=.8 | END=.6",
    "offers.order_count": "ORDER COUNT | ORDER=.75 | COUNT=.6 | DELIVERY COUNT=.9 | ORDER ID=.5",
    "offers.pay_cents": "PAY | OFFER PAY | FEE=.7 | PRICE=.5 | COST=.5",
    "offers.distance_m": "DISTANCE | METERS=.6 | KM=.6 | MILES=.6",
    "trips.accepted_at": "ACCEPTED | START=.8 | TIME=.4",
    "trips.arrived_at": "ARRIVED PICKUP | ARRIVED STORE | ARRIVED MALL | ARRIVED=.95",
    "trips.picked_up_at": "PICKED | PICKUP TIME=.95 | PICKUP=.8 | LEFT=.85 | LEFT PICKUP | LEFT MALL | LEFT STORE",
    "trips.ended_at": "END | END TIME | COMPLETED=.9 | DELIVERED=.8 | TRIP END",
    "trips.order_count": "ORDER COUNT | ORDER=.75 | COUNT=.5 | DELIVERY COUNT=.9 | ORDER ID=.5",
    "trips.store_count": "STORE COUNT | STORE=.7 | STORE ID=.5",
    "trips.pay_cents": "PAY | TRIP PAY | FEE=.6 | PRICE=.5",
    "trips.empty_m": "EMPTY | EMPTY DISTANCE",
    "trips.loaded_m": "LOADED | LOADED DISTANCE | DISTANCE=.55",
    "orders.order_id": "ORDER ID | DELIVERY ID=.85 | ORDER=.75 | DELIVERY=.5 | ID=.7",
    "orders.placed_at": "PLACED | ORDER TIME=.85 | ORDER DATE=.8 | START=.65 | ORDER=.5 | TIME=.45 | DATE=.4",
    "orders.ready_at": "READY",
    "orders.accepted_at": "ACCEPTED | OFFER TIME=.6",
    "orders.arrived_at": "ARRIVED PICKUP | ARRIVED STORE | ARRIVED MALL | ARRIVED=.95",
    "orders.picked_up_at": "PICKED | PICKUP TIME=.95 | PICKUP=.8 | LEFT=.85 | LEFT PICKUP | LEFT MALL | LEFT STORE | DELIVERED DRIVER",
    "orders.delivered_at": "DELIVERED | DELIVERED CUSTOMER | DELIVERY TIME=.8 | DELIVERY DATE=.8 | DROPOFF TIME=.95 | DROPOFF=.8 | "
    "ARRIVED DROPOFF | ARRIVED CUSTOMER | COMPLETED=.85 | END=.7 | ARRIVED=.5 | DELIVERY=.5",
    "orders.promised_by": "PROMISED | PROMISED END | PROMISED DELIVERY | PROMISED DELIVERED | PROMISED ARRIVED",
    "orders.dropoff_latitude": "DROPOFF LAT | CUSTOMER LAT=.95 | DELIVERY LAT=.95 | DROPOFF Y=.9 | LAT=.65 | "
    "DELIVERED LAT=.9 | HOME LAT=.8 | Y=.6",
    "orders.dropoff_longitude": "DROPOFF LON | CUSTOMER LON=.95 | DELIVERY LON=.95 | DROPOFF X=.9 | LON=.65 | "
    "DELIVERED LON=.9 | HOME LON=.8 | X=.6",
    "orders.pickup_latitude": "PICKUP LAT | STORE LAT | MALL LAT=.95 | PICKUP Y=.9 | STORE Y=.9 | PICKED LAT=.9",
    "orders.pickup_longitude": "PICKUP LON | STORE LON | MALL LON=.95 | PICKUP X=.9 | STORE X=.9 | PICKED LON=.9",
    "orders.dropoff_cell": "CELL | DROPOFF CELL | CELL ID",
    "orders.is_dropoff_area": "DROPOFF AREA=.6",
    "orders.fee_cents": "FEE | DELIVERY FEE | DELIVERY COST=.85 | DELIVERY PRICE=.8",
    "demand_areas.area_id": "AREA ID | ID=.7 | AREA=.8 | COUNTY ID=.3",
    "demand_areas.county": "COUNTY | COUNTY ID",
    "baseline.local_date": "DATE | LOCAL DATE | TIME=.7",
    "baseline.orders": "ORDER | ORDER COUNT | DELIVERY=.8 | DELIVERY COUNT=.8 | COUNT=.7",
    "baseline.click_to_door_sum_s": "CLICK | CLICK SUM | DURATION SUM=.8 | DURATION=.6 | SECONDS=.6 | SUM SECONDS=.8 | CLICK DURATION",
    "baseline.cost_sum_cents": "COST | COST SUM",
}
_SHARED = {
    "latitude": "LAT | Y=.7",
    "longitude": "LON | X=.7",
    "status": "STATUS",
    "population": "POPULATION | POPULATION COUNT",
    "households": "HOUSEHOLDS | HOUSEHOLDS COUNT",
    "income_cents": "INCOME | HOUSEHOLDS INCOME",
    "cell": "CELL | CELL ID",
}
_CONCEPTS = {"customer_id": "CUSTOMER", "area_id": "AREA", **{f"{entity.lower()}_id": entity for entity in ENTITIES.values()}}

Pattern = tuple[frozenset[str], float]


@cache
def patterns(table: str, column: str) -> tuple[Pattern, ...]:
    """Return the concepts that speak for a column: sets that must be there as a whole, each with its worth."""
    text = _PATTERNS.get(f"{table}.{column}") or _SHARED.get(column)
    entity = ENTITIES[table]
    if text is None and column == "name":
        text = f"NAME | {entity} NAME | {entity}=.5"
    if text is None and column in _CONCEPTS:
        concept = _CONCEPTS[column]
        text = f"{concept} ID | {concept}=.85 | {concept} NAME=.45"
        text += " | CITY=.6 | CITY ID=.65 | MARKET NAME=.6" if concept == "MARKET" else ""
        text += " | ID=.7" if concept == entity else ""
    if text is None:
        return ()
    found = []
    for part in text.split("|"):
        words, _, worth = part.strip().partition("=")
        found.append((frozenset(words.split()), float(worth or 1)))
    return tuple(found)


def name_score(table: Table, column: Column, header: str) -> float:
    """Return how much a header speaks for a column, from 0 (not at all) to 1.

    The best pattern counts: its worth, times how sure its concepts are, less what else the header says that the column is not.
    """
    if plain(header).replace(" ", "").replace("_", "") == column.name.replace("_", ""):
        return 1.0
    found = bag(header)
    neutral = {ENTITIES[table.name], *_UNITS_OF_KIND.get(column.kind, set())}
    if table.name == "orders":
        neutral |= {"DELIVERY", "PICKUP"} if column.name == "store_id" else {"DELIVERY"}
    best = 0.0
    for concepts, worth in patterns(table.name, column.name):
        if all(concept in found for concept in concepts):
            sure = min(found[concept] for concept in concepts)
            best = max(best, worth * sure - _penalty(found, concepts | neutral))
    return best


def _penalty(found: Bag, expected: frozenset[str] | set[str]) -> float:
    total = min(_MOST_UNKNOWN, _UNKNOWN_PENALTY * found.get("?", 0))
    for concept, strength in found.items():
        if concept not in expected and concept != "?":
            total += strength * next((worth for group, worth in _PENALTIES if concept in group), _OTHER_PENALTY)
    return total


def table_score(table: Table, name: str) -> float:
    """Return how much the name of a file or sheet speaks for a table, from 0 to 1."""
    text = plain(name).replace("-", "_")
    if text.startswith(table.name):
        return 1.0
    found = bag(name)
    own = found.get(ENTITIES[table.name], 0.0)
    if table.name == "orders":
        own = max(own, 0.6 * found.get("DELIVERY", 0.0))
    others = [found.get(concept, 0.0) for each, concept in ENTITIES.items() if each != table.name]
    return own * (0.8 if any(others) else 1.0)


def targets(table: Table) -> tuple[Column, ...]:
    """Return the columns that a source's column may be for a table: those that it loads, and helpers."""
    return (*table.loaded, *HELPERS.get(table.name, ()))


TABLES = tuple(loadable_tables())
