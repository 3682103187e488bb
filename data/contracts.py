"""The schema as a value: one description per table.

From these values follow the DuckDB tables, the checks at load, the mapping template and ``docs/tables.md``. A column is either
*loaded* (a source may give it) or *derived* (computed once at load, never read from a source).

Conventions: instants are UTC ``TIMESTAMP`` floored to whole seconds, durations ``BIGINT`` seconds, distances ``BIGINT`` meters, money
``BIGINT`` cents, H3 cells signed ``BIGINT`` of resolution 9. ``BIGINT`` throughout: narrower integers overflow in sums on some engines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

CELL_RESOLUTION = 9
BUCKETS = 32
"""Into so many buckets people are put by a hash, so that counting filled buckets tells how many people there are at the least."""


class Kind(StrEnum):
    """What a column holds; decides its DuckDB type, its unit and how text is parsed."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DAY = "day"
    SECONDS = "seconds"
    METERS = "meters"
    CENTS = "cents"
    CELL = "cell"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"

    @property
    def duckdb_type(self) -> str:
        """DuckDB type in which the column is stored."""
        return _DUCKDB_TYPES.get(self, "BIGINT")

    @property
    def unit(self) -> str:
        """Unit as printed in the docs; empty where there is none."""
        return _UNITS.get(self, "")


_DUCKDB_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INSTANT: "TIMESTAMP",
    Kind.DAY: "DATE",
    Kind.LATITUDE: "DOUBLE",
    Kind.LONGITUDE: "DOUBLE",
}
_UNITS = {
    Kind.INSTANT: "UTC",
    Kind.DAY: "local day",
    Kind.SECONDS: "s",
    Kind.METERS: "m",
    Kind.CENTS: "cents",
    Kind.CELL: "H3, resolution 9",
    Kind.LATITUDE: "degrees WGS84",
    Kind.LONGITUDE: "degrees WGS84",
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name, kind, meaning
        The column's id, what it holds, and one sentence.
    required
        A row without a readable value is rejected.
    derived
        Computed at load; a source cannot give it.
    choices
        Allowed texts, in lower case; anything else is a finding and becomes null.
    minimum
        Smallest allowed number; a smaller one is a finding and becomes null.
    references
        Table whose key this column names; an unknown value is a finding and the row stays.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    derived: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    references: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: its grain in words, its key, its columns, and the order in which it is stored."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    period_column: str | None = None

    @property
    def is_derived(self) -> bool:
        """Whether no source can give this table."""
        return all(column.derived for column in self.columns)

    @property
    def loaded(self) -> tuple[Column, ...]:
        """Columns that a source may give."""
        return tuple(column for column in self.columns if not column.derived)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names in stored order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; ``KeyError`` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")

    def ddl(self, name: str | None = None) -> str:
        """Return the ``CREATE TABLE`` statement, under another name if given."""
        columns = ", ".join(f"{column.name} {column.kind.duckdb_type}" for column in self.columns)
        return f"CREATE TABLE {name or self.name} ({columns})"


def _text(name: str, meaning: str, **options: object) -> Column:
    return Column(name, Kind.TEXT, meaning, **options)  # type: ignore[arg-type]


def _instant(name: str, meaning: str, **options: object) -> Column:
    return Column(name, Kind.INSTANT, meaning, **options)  # type: ignore[arg-type]


def _seconds(name: str, meaning: str) -> Column:
    return Column(name, Kind.SECONDS, meaning, derived=True)


def _local_columns(instant: str) -> tuple[Column, ...]:
    """Return the market-local calendar columns of ``instant``: time-zone casts differ between engines, so they are stored."""
    return (
        Column("local_date", Kind.DAY, f"Market-local day of {instant}", derived=True),
        Column("local_hour", Kind.INTEGER, f"Market-local hour of {instant}, 0 to 23", derived=True),
        Column("local_dow", Kind.INTEGER, f"Market-local weekday of {instant}, 1 Monday to 7 Sunday", derived=True),
        Column("local_week_on", Kind.DAY, f"First day of the market-local week of {instant}", derived=True),
    )


_IS_INFERRED = Column("is_inferred", Kind.BOOLEAN, "Made from other tables at load, not given by a source", derived=True)
_MARKET = Column("market_id", Kind.TEXT, "Market; taken from the mall where the source does not give it", references="markets")
_MALL = Column("mall_id", Kind.TEXT, "Mall the goods come from", references="malls")
_DRIVER = Column("driver_id", Kind.TEXT, "Driver", references="drivers")

MARKETS = Table(
    "markets",
    "one row per market: a metropolitan area with one time zone, one currency and one boundary",
    ("market_id",),
    (
        _text("market_id", "Market", required=True),
        _text("name", "Name on screen", required=True),
        _text("time_zone", "IANA time zone, such as America/Phoenix", required=True),
        _text("currency", "ISO 4217 code; USD where not given"),
        Column("week_start", Kind.INTEGER, "First weekday, 1 Monday to 7 Sunday; 1 where not given", minimum=1),
        _text("boundary_counties", "Five-digit county codes, separated by spaces; demand outside never counts"),
        _text("boundary_name", "The boundary in words, such as Clark County"),
        _text("boundary_polygon", "Instead of counties: a WKT polygon in degrees (longitude latitude)"),
    ),
)

MALLS = Table(
    "malls",
    "one row per mall",
    ("mall_id",),
    (
        _text("mall_id", "Mall", required=True),
        _text("market_id", "Market", required=True, references="markets"),
        _text("name", "Name on screen", required=True),
        _text("status", "A pilot running, a candidate, or closed", choices=("open", "candidate", "closed")),
        Column("opened_on", Kind.DAY, "First local day of retail delivery"),
        Column("closed_on", Kind.DAY, "First local day without retail delivery"),
        Column("latitude", Kind.LATITUDE, "Latitude", required=True),
        Column("longitude", Kind.LONGITUDE, "Longitude", required=True),
        Column("store_count", Kind.INTEGER, "Stores in the mall", minimum=0),
        Column("gross_leasable_m2", Kind.INTEGER, "Gross leasable area, square meters", minimum=0),
        _text("opening_hours", "Hours by weekday, such as Mo-Sa 10:00-21:00; Su 11:00-18:00"),
        Column("cell", Kind.CELL, "Cell of the mall", derived=True),
    ),
)

STORES = Table(
    "stores",
    "one row per store: a third-party retailer inside a mall",
    ("store_id",),
    (
        _text("store_id", "Store", required=True),
        _text("mall_id", "Mall", references="malls"),
        _text("name", "Name on screen"),
        _text("category", "Category of goods"),
    ),
    sort=("mall_id", "store_id"),
)

DRIVERS = Table(
    "drivers",
    "one row per driver",
    ("driver_id",),
    (
        _text("driver_id", "Driver", required=True),
        _text("market_id", "Market", references="markets"),
        _text("vehicle", "Kind of vehicle"),
        Column("home_latitude", Kind.LATITUDE, "Latitude of the home; never leaves the warehouse"),
        Column("home_longitude", Kind.LONGITUDE, "Longitude of the home; never leaves the warehouse"),
        Column("home_cell", Kind.CELL, "Cell of the home", derived=True),
    ),
)

SHIFTS = Table(
    "shifts",
    "one row per shift: a span in which a driver is online",
    ("shift_id",),
    (
        _text("shift_id", "Shift", required=True),
        _text("driver_id", "Driver", required=True, references="drivers"),
        _MARKET,
        Column("mall_id", Kind.TEXT, "Mall that the shift was planned for, where there is one", references="malls"),
        _instant("start_at", "Driver comes online", required=True),
        _instant("end_at", "Driver goes offline; not part of the shift", required=True),
        *_local_columns("start_at"),
        _IS_INFERRED,
        _seconds("online_s", "end_at - start_at; null where the end is not after the start"),
    ),
    sort=("mall_id", "start_at"),
    period_column="local_date",
)

OFFERS = Table(
    "offers",
    "one row per offer shown to one driver",
    ("offer_id",),
    (
        _text("offer_id", "Offer", required=True),
        _MARKET,
        _MALL,
        _DRIVER,
        _text("trip_id", "Trip that came of it, if it was accepted", references="trips"),
        _instant("shown_at", "Offer appears on the driver's screen", required=True),
        _instant("decided_at", "Driver accepts or declines, or the offer expires"),
        _text("status", "What became of it", choices=("accepted", "declined", "expired")),
        Column("order_count", Kind.INTEGER, "Orders in the offer", minimum=1),
        Column("pay_cents", Kind.CENTS, "Pay offered for the whole trip", minimum=0),
        Column("distance_m", Kind.METERS, "Distance shown with the offer", minimum=0),
        *_local_columns("shown_at"),
        _IS_INFERRED,
    ),
    sort=("mall_id", "shown_at"),
    period_column="local_date",
)

TRIPS = Table(
    "trips",
    "one row per trip: an accepted offer being carried out, from accept to last delivery or to its cancellation",
    ("trip_id",),
    (
        _text("trip_id", "Trip", required=True),
        _MARKET,
        _MALL,
        _text("driver_id", "Driver", required=True, references="drivers"),
        _instant("accepted_at", "Driver accepts", required=True),
        _instant("arrived_at", "Driver reaches the mall"),
        _instant("picked_up_at", "Driver leaves the mall"),
        _instant("ended_at", "Last delivery, or cancellation; not part of the trip"),
        _text("status", "How it ended", choices=("completed", "cancelled")),
        Column("order_count", Kind.INTEGER, "Orders carried", minimum=1),
        Column("store_count", Kind.INTEGER, "Stores visited", minimum=1),
        Column("pay_cents", Kind.CENTS, "Pay of the trip", minimum=0),
        Column("empty_m", Kind.METERS, "Meters driven without goods", minimum=0),
        Column("loaded_m", Kind.METERS, "Meters driven with goods", minimum=0),
        *_local_columns("accepted_at"),
        _IS_INFERRED,
        _seconds("engaged_s", "ended_at - accepted_at; null where the end is not after the start"),
    ),
    sort=("mall_id", "accepted_at"),
    period_column="local_date",
)

ORDERS = Table(
    "orders",
    "one row per order: one customer's packed order from one store to one door",
    ("order_id",),
    (
        _text("order_id", "Order", required=True),
        _MARKET,
        _MALL,
        _text("store_id", "Store", references="stores"),
        _text("customer_id", "Customer"),
        _text("driver_id", "Driver who delivered it", references="drivers"),
        _text("trip_id", "Trip that carried it", references="trips"),
        _text("status", "How it ended", choices=("delivered", "cancelled", "failed", "returned")),
        _instant("placed_at", "Customer orders", required=True),
        _instant("ready_at", "Store has packed it"),
        _instant("accepted_at", "Driver accepts the offer"),
        _instant("arrived_at", "Driver reaches the mall"),
        _instant("picked_up_at", "Driver leaves the mall with it"),
        _instant("delivered_at", "It is at the door"),
        _instant("promised_by", "Latest delivery promised to the customer"),
        Column("dropoff_latitude", Kind.LATITUDE, "Latitude of the door; never leaves the warehouse"),
        Column("dropoff_longitude", Kind.LONGITUDE, "Longitude of the door; never leaves the warehouse"),
        Column("fee_cents", Kind.CENTS, "Delivery fee paid by the customer", minimum=0),
        Column("dropoff_cell", Kind.CELL, "Cell of the door; from its point, else as a source gives it, at any resolution"),
        Column(
            "is_dropoff_area", Kind.BOOLEAN, "Only the area of the door is known (a postal code, a coarse cell); its middle gives the cell"
        ),
        Column("distance_m", Kind.METERS, "Straight line from the mall to the door", derived=True),
        *_local_columns("placed_at"),
        _seconds("click_to_door_s", "delivered_at - placed_at of a delivered order; null where either is unknown or they are out of order"),
        _seconds("ready_to_door_s", "delivered_at - ready_at of a delivered order"),
        _seconds("ready_to_pickup_s", "picked_up_at - ready_at of a delivered order"),
        _seconds("placed_to_ready_s", "ready_at - placed_at: a figure of the store, not a stage"),
        _seconds("late_s", "delivered_at - promised_by of a delivered order; negative when early, never capped"),
        _seconds("prep_s", "min(ready, accepted) - placed, ready clamped to [placed, picked up]"),
        _seconds("assign_s", "max(0, accepted - ready)"),
        _seconds("approach_s", "arrived - accepted"),
        _seconds("store_wait_s", "max(0, ready - arrived)"),
        _seconds("handling_s", "picked up - arrived - store_wait"),
        _seconds("mall_dwell_s", "picked up - arrived: store wait and handling together, known without ready_at"),
        _seconds("drive_s", "delivered - picked up"),
        _seconds("unsplit_s", "Seconds between known events that cannot be divided into stages because an event between them is unknown"),
        Column(
            "customer_bucket",
            Kind.INTEGER,
            f"One of {BUCKETS} buckets, from 0, into which a hash puts the customer (the order, where unknown): "
            "so many buckets are at least so many customers",
            derived=True,
        ),
    ),
    sort=("mall_id", "placed_at"),
    period_column="local_date",
)

DEMAND_AREAS = Table(
    "demand_areas",
    "one row per small area (such as a census block group) with the population-weighted center of its people",
    ("area_id",),
    (
        _text("area_id", "Area, such as the twelve-digit block-group code", required=True),
        _text("market_id", "Market; chosen by county where the source does not give it", references="markets"),
        _text("county", "Five-digit county code"),
        _text("shape", "WKT polygon or point, or an H3 cell: people live evenly in it; else around the center"),
        Column("latitude", Kind.LATITUDE, "Latitude of the center of its people", required=True),
        Column("longitude", Kind.LONGITUDE, "Longitude of the center of its people", required=True),
        Column("population", Kind.INTEGER, "People", minimum=0),
        Column("households", Kind.INTEGER, "Households", minimum=0),
        Column("income_cents", Kind.CENTS, "Median household income a year", minimum=0),
    ),
)

DEMAND_CELLS = Table(
    "demand_cells",
    "one row per market and H3 cell, with the weights of the demand in it",
    ("market_id", "cell"),
    (
        _text("market_id", "Market", required=True, references="markets"),
        Column("cell", Kind.CELL, "Cell, as hexadecimal text or integer in a source", required=True),
        Column("population", Kind.INTEGER, "People", minimum=0),
        Column("households", Kind.INTEGER, "Households", minimum=0),
        Column("income_cents", Kind.CENTS, "Median household income a year", minimum=0),
        Column("is_inside", Kind.BOOLEAN, "Inside the market's boundary; the rest never counts", derived=True),
        Column("cell_area_m2", Kind.INTEGER, "Area of the cell, square meters", derived=True),
    ),
    sort=("market_id", "cell"),
)

BASELINE = Table(
    "baseline",
    "one row per market (or cell) and day of the way orders were delivered before, or are delivered otherwise",
    ("market_id", "cell", "local_date"),
    (
        _text("market_id", "Market", required=True, references="markets"),
        Column("cell", Kind.CELL, "Cell; null where the figures are of the whole market"),
        Column("local_date", Kind.DAY, "Local day", required=True),
        Column("orders", Kind.INTEGER, "Orders delivered", required=True, minimum=0),
        Column("click_to_door_sum_s", Kind.SECONDS, "Sum of their click-to-door", minimum=0),
        Column("cost_sum_cents", Kind.CENTS, "Sum of their cost", minimum=0),
    ),
    sort=("market_id", "local_date"),
    period_column="local_date",
)

STATIONS = Table(
    "stations",
    "one row per delivery station of the baseline",
    ("station_id",),
    (
        _text("station_id", "Station", required=True),
        _text("market_id", "Market", required=True, references="markets"),
        _text("name", "Name on screen"),
        Column("latitude", Kind.LATITUDE, "Latitude", required=True),
        Column("longitude", Kind.LONGITUDE, "Longitude", required=True),
    ),
)

CATCHMENTS = Table(
    "catchments",
    "one row per mall and cell that can be reached within 45 minutes: the drive from the mall to the cell",
    ("mall_id", "cell"),
    (
        Column("mall_id", Kind.TEXT, "Mall", derived=True, references="malls"),
        Column("market_id", Kind.TEXT, "Market", derived=True, references="markets"),
        Column("cell", Kind.CELL, "Cell", derived=True),
        _seconds("drive_s", "Drive time from the mall, weighted over the hours by orders"),
        Column("drive_sdlog_permille", Kind.INTEGER, "Standard deviation of the log of the drive time, thousandths", derived=True),
        Column("source", Kind.TEXT, "What made it: prior, analytic, road_graph, osrm", derived=True),
    ),
    sort=("mall_id", "drive_s", "cell"),
)

HOUR_FACTORS = Table(
    "hour_factors",
    "one row per market, local hour, kind of day and drive band: how much longer a drive takes that begins then",
    ("market_id", "local_hour", "is_weekend", "drive_band_s"),
    (
        Column("market_id", Kind.TEXT, "Market", derived=True, references="markets"),
        Column("local_hour", Kind.INTEGER, "Market-local hour in which the drive begins, 0 to 23", derived=True),
        Column("is_weekend", Kind.BOOLEAN, "On a Saturday or Sunday", derived=True),
        _seconds("drive_band_s", "First second of the band of drive_s: 0, 300, 600, 900, 1200 and longer"),
        Column("permille", Kind.INTEGER, "The drive at that hour in thousandths of drive_s; 1000 on average over drives", derived=True),
    ),
    sort=("market_id", "local_hour", "is_weekend", "drive_band_s"),
)

DRIVES = Table(
    "drives",
    "one row per clean single-drop drive of a bounded sample of the orders: what drive times are calibrated on and measured against",
    ("order_id",),
    (
        Column("order_id", Kind.TEXT, "Order", derived=True, references="orders"),
        Column("market_id", Kind.TEXT, "Market", derived=True, references="markets"),
        Column("mall_id", Kind.TEXT, "Mall", derived=True, references="malls"),
        Column("customer_id", Kind.TEXT, "Customer", derived=True),
        Column("dropoff_cell", Kind.CELL, "Cell of the door", derived=True),
        Column("distance_m", Kind.METERS, "Straight line from the mall to the door", derived=True),
        *_local_columns("picked_up_at"),
        _seconds("drive_s", "delivered - picked up"),
        _seconds("modelled_s", "The drive at that hour by a model that had seen no drive to this cell"),
        Column("line_from_m", Kind.METERS, "distance_m, rounded down to whole kilometers", derived=True),
        _seconds("modelled_from_s", "modelled_s, rounded down to even minutes"),
        Column("source", Kind.TEXT, "What made modelled_s: prior, analytic, road_graph, osrm", derived=True),
    ),
    sort=("mall_id", "local_date", "order_id"),
    period_column="local_date",
)

SHIFT_ACTIVITY = Table(
    "shift_activity",
    "one row per shift, market-local hour and view: whole shifts where mall_id is null, else the shifts of that mall's drivers. "
    "Malls do not add up to the whole",
    ("mall_id", "shift_id", "local_date", "local_hour"),
    (
        Column("mall_id", Kind.TEXT, "Mall whose drivers' shift it is; null in the rows of the whole", derived=True, references="malls"),
        Column("market_id", Kind.TEXT, "Market of the shift", derived=True, references="markets"),
        Column("driver_id", Kind.TEXT, "Driver", derived=True, references="drivers"),
        Column("shift_id", Kind.TEXT, "Shift; overlapping shifts of a driver are one, under the id of the first", derived=True),
        Column("local_date", Kind.DAY, "Market-local day of the hour", derived=True),
        Column("local_hour", Kind.INTEGER, "Market-local hour, 0 to 23; the hour that a clock change repeats is one row", derived=True),
        Column("local_dow", Kind.INTEGER, "Market-local weekday of the hour, 1 Monday to 7 Sunday", derived=True),
        Column("local_week_on", Kind.DAY, "First day of the market-local week of the hour", derived=True),
        _seconds("online_s", "Seconds of the hour in which the driver is online"),
        _seconds(
            "engaged_s",
            "Of these, seconds within at least one trip of the driver, accept to end, cancelled ones too; null: market without trips, "
            "or a trip of the shift whose end is unknown",
        ),
        _seconds("engaged_here_s", "Of these, seconds within at least one trip for this mall; engaged_s in the rows of the whole"),
        _seconds("loaded_s", "Seconds online with goods aboard; null where a completed trip of the shift has no time of pick-up"),
        _seconds("work_s", "Seconds online driving or serving, waiting at the mall excluded; null where a trip of the shift lacks events"),
        Column("is_inferred", Kind.BOOLEAN, "The shift was made from other tables at load, not given by a source", derived=True),
        Column("has_inferred_trips", Kind.BOOLEAN, "A trip in the shift was made from orders at load", derived=True),
    ),
    sort=("mall_id", "market_id", "local_date", "local_hour"),
    period_column="local_date",
)

MALL_HOURS = Table(
    "mall_hours",
    "one row per mall and hour of the week in which it is open, and per market with mall_id null where any of its open malls is",
    ("mall_id", "market_id", "local_dow", "local_hour"),
    (
        Column("mall_id", Kind.TEXT, "Mall; null for the market", derived=True, references="malls"),
        Column("market_id", Kind.TEXT, "Market", derived=True, references="markets"),
        Column("local_dow", Kind.INTEGER, "Market-local weekday, 1 Monday to 7 Sunday", derived=True),
        Column("local_hour", Kind.INTEGER, "Market-local hour, 0 to 23; open for a part of it, or hours unknown", derived=True),
    ),
    sort=("market_id", "mall_id", "local_dow", "local_hour"),
)

TABLES: tuple[Table, ...] = (
    MARKETS,
    MALLS,
    STORES,
    DRIVERS,
    SHIFTS,
    OFFERS,
    TRIPS,
    ORDERS,
    DEMAND_AREAS,
    DEMAND_CELLS,
    BASELINE,
    STATIONS,
    CATCHMENTS,
    HOUR_FACTORS,
    DRIVES,
    SHIFT_ACTIVITY,
    MALL_HOURS,
)

TIMELINE = ("placed_at", "accepted_at", "arrived_at", "picked_up_at", "delivered_at")
"""Events of an order that must not run backwards; ``ready_at`` is clamped and stands outside."""


def table(name: str) -> Table:
    """Return the contract of a table; ``KeyError`` if there is none."""
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise KeyError(f"no table {name!r}; tables are {', '.join(each.name for each in TABLES)}")


def loadable_tables() -> Iterator[Table]:
    """Iterate over the tables that a source may give, in the order in which they must be loaded (references first)."""
    return (each for each in TABLES if not each.is_derived)
