"""Every parameter of the demo, in one frozen value.

Each parameter says where it comes from. "Assumption" means: nobody publishes it, and it was chosen so that the figures that *are* published
come out right (``python -m analytics calibration`` prints achieved beside published). Changing a value changes every demo warehouse built
afterwards; nothing else in the generator holds a number of this kind.
"""

from dataclasses import dataclass, field
from datetime import date

from data.travel_time import KILOMETERS, MINUTES


@dataclass(frozen=True)
class Category:
    """A kind of store: its share of the stores, and the time it usually takes to pack an order."""

    name: str
    stores: int
    packing_median_s: int
    trades: tuple[str, ...]


CATEGORIES = (
    Category("apparel", 7, 1_020, ("Outfitters", "Denim", "Apparel", "Tailors")),
    Category("shoes", 3, 900, ("Shoes", "Sneakers", "Footwear")),
    Category("beauty", 4, 840, ("Beauty", "Fragrance", "Skin Care")),
    Category("electronics", 3, 960, ("Electronics", "Phones", "Audio")),
    Category("home", 3, 1_200, ("Home", "Kitchen", "Linens")),
    Category("toys", 2, 960, ("Toys", "Games")),
    Category("gifts", 2, 840, ("Gifts", "Candles", "Books")),
)
"""Kinds of store and how many of each take part per mall. Assumption: no mall publishes it."""

STORE_WORDS = (
    "Harbor", "Juniper", "Copper", "Willow", "Meridian", "Lantern", "Cobalt", "Prairie", "Sable", "Orchard", "Summit", "Ivory",
    "Cedar", "Velvet", "Beacon", "Marigold", "Granite", "Sparrow", "Linden", "Canyon", "Aster", "Drift", "Birch", "Ember",
)  # fmt: skip
"""First words of the invented store names."""


@dataclass(frozen=True)
class MallModel:
    """What the model adds to an open mall of the reference table: when it opened, relative to the first day, and how much it sells."""

    opened_after_days: int
    weight: float
    weekday_hours: tuple[int, int]
    sunday_hours: tuple[int, int]


@dataclass(frozen=True)
class Scarcity:
    """Hours of some weekdays in which too few of a market's drivers come: which share of those needed before the season grows."""

    market_id: str
    weekdays: tuple[int, ...]
    hours: tuple[int, int]
    staffing: float


@dataclass(frozen=True)
class Model:
    """Parameters of the demo markets.

    Units end the names. Shares are between 0 and 1, hours are local, weekdays run from Monday.
    """

    # Period
    last_day: date = date(2026, 11, 15)  # a Sunday, so that whole local weeks end with it (issue: Mon 18 May to Sun 15 Nov 2026)
    base_weeks: int = 26  # issue
    more_weeks: tuple[int, ...] = (52, 104)  # assumption: how far back the period reaches when more orders are asked for

    # Scale
    most_orders_per_mall_day: int = 800  # issue
    mean_orders_per_mall_day: int = 405  # assumption: with Saturdays and noise the busiest day stays under 800
    most_extra_markets: int = 40  # assumption: their circles fill the area they are laid out on
    fewest_orders: int = 1_000  # assumption: under it a week of a mall may have none

    # Malls (opening hours: typical hours of large US malls, assumption; opening days: assumption, so that launch ramps differ)
    malls: tuple[tuple[str, MallModel], ...] = (
        ("fashion-show", MallModel(-63, 1.0, (10, 21), (11, 19))),
        ("chandler-fashion-center", MallModel(7, 0.97, (10, 21), (11, 18))),
        ("tysons-corner-center", MallModel(42, 1.03, (10, 21), (11, 19))),
    )
    extra_mall_step_days: int = 7  # assumption: each further mall opens a week after the one before, the first with the period
    candidate_hours: tuple[tuple[int, int], tuple[int, int]] = ((10, 21), (11, 18))  # assumption

    # Population (2020 Census figures of data/reference/places.csv)
    built_up_people_per_km2: float = 1_500.0  # assumption: desert and parkland inside city limits hold nobody
    center_density_factor: float = 1.0  # assumption: density falls by e^-this from the center of a place to its rim
    household_size: tuple[tuple[str, float], ...] = (
        ("las-vegas", 2.67),  # US Census Bureau, American Community Survey 2018-2022, Clark County, rounded
        ("phoenix", 2.66),  # same, Maricopa County, rounded
        ("washington", 2.61),  # same, Washington metropolitan area, rounded
    )

    # Demand
    decay_min: float = 7.0  # assumption: one e-fold of demand per household for every 7 minutes of drive
    farthest_min: float = 28.0  # assumption: beyond it the program does not deliver
    weekday_factors: tuple[float, ...] = (0.82, 0.80, 0.86, 0.93, 1.12, 1.35, 1.12)  # assumption: mall traffic leans to the weekend
    hour_weights_weekday: tuple[float, ...] = (0.5, 0.7, 1.0, 1.0, 0.9, 0.9, 1.1, 1.35, 1.4, 1.1, 0.7)  # assumption, from 10:00
    hour_weights_weekend: tuple[float, ...] = (0.6, 0.9, 1.2, 1.35, 1.4, 1.3, 1.2, 1.1, 1.0, 0.8, 0.6)  # assumption, from 10:00
    last_order_before_close_s: int = 3_600  # assumption: the store must pack, the driver must come
    month_factors: tuple[float, ...] = (
        0.88, 0.88, 0.92, 0.95, 1.0, 0.97, 0.96, 0.98, 0.95, 0.97, 1.42, 1.55,
    )  # fmt: skip  # assumption, middle of January to December: US retail grows into the holidays
    ramp_start: float = 0.35  # assumption: share of the later volume on the first day
    ramp_days: float = 28.0  # assumption: e-fold of the rest
    day_noise_sdlog: float = 0.07  # assumption
    customers_per_household: float = 0.12  # assumption: households that use the program
    customer_skew: float = 1.6  # assumption: some order often

    # Stores
    store_zipf: float = 0.6  # assumption: sales per store by rank
    packing_sdlog: float = 0.35  # assumption
    store_packing_sdlog: float = 0.12  # assumption: between stores
    late_stores: tuple[int, ...] = (2, 9)  # the stores (by rank of sales) of each mall that are always late; issue: "a few"
    late_packing_s: int = 1_500  # assumption: what it takes them longer than their kind

    # Roads
    drive_km: tuple[float, ...] = (0.0, *KILOMETERS)  # straight line
    drive_min: tuple[float, ...] = (
        2.0,
        *MINUTES,
    )  # the prior curve of docs/design.md, on to the mall's door with the slope of its first km
    drive_noise_sdlog: float = 0.18  # docs/design.md: errors of 15-23 % around the curve
    hour_drag_weekday: tuple[float, ...] = (
        -0.02, -0.01, 0.0, 0.0, 0.02, 0.06, 0.12, 0.14, 0.04, -0.04, -0.07, -0.09, -0.1, -0.1,
    )  # fmt: skip  # assumption, from 10:00: late-afternoon traffic
    hour_drag_weekend: tuple[float, ...] = (
        -0.05, -0.03, 0.0, 0.02, 0.02, 0.02, 0.0, 0.0, -0.03, -0.06, -0.08, -0.1, -0.1, -0.1,
    )  # fmt: skip  # assumption, from 10:00
    full_drag_km: float = 10.0  # assumption: the hour tells fully from this distance on
    market_drag: tuple[tuple[str, float], ...] = (("las-vegas", 1.0), ("phoenix", 0.95), ("washington", 1.08))  # assumption
    road_factor: float = 1.3  # usual ratio of road distance to straight line in US metros (circuity, Ballou et al. 2002)

    # Batches
    batch_gap_s: int = 540  # assumption: orders that are ready within it may ride together
    batch_door_gap_m: float = 5_500.0  # assumption: and only when their doors are this close
    batch_sectors: int = 5  # assumption: and in the same direction
    most_orders_per_batch: int = 3  # assumption

    # At the mall (assumptions: no mall publishes park-and-walk times)
    park_and_walk_median_s: int = 210
    park_and_walk_sdlog: float = 0.35
    per_store_s: int = 105
    per_order_s: int = 40
    walk_back_s: int = 120

    # Offers
    lead_s: int = 420  # assumption: offers go out this long before the goods are ready
    decline_intercept: float = -2.22  # assumption: gives about 13 % declined
    decline_per_km: float = 0.08  # assumption: log-odds per km from the mean distance
    decline_per_dollar_per_km: float = -0.55  # assumption: log-odds per dollar and km of pay above the usual
    mean_distance_km: float = 7.0  # assumption
    usual_dollars_per_km: float = 1.5  # assumption
    expired_share: float = 0.27  # assumption: part of the refusals that are silence
    expiry_s: int = 45  # assumption: after it an offer expires
    decision_median_s: float = 11.0  # assumption
    most_refusals: int = 4  # assumption: then somebody takes it
    ask_again_s: int = 180  # assumption: when nobody else is free, those who refused are asked again at a higher pay
    raise_per_refusal: float = 0.06  # assumption: pay rises with each refusal
    raise_per_waiting_hour: float = 0.3  # assumption: and while nobody is free to be asked
    patience_s: int = 5_400  # assumption: an order for which no driver was found in 90 minutes is cancelled

    # Pay (assumption; set so that an online hour pays 18 to 25 dollars)
    base_pay_cents: int = 900
    pay_per_km_cents: int = 85
    pay_per_more_order_cents: int = 330
    pay_noise_sdlog: float = 0.12
    cancelled_pay_share: float = 0.5

    # Drivers
    target_utilization: float = 0.70  # about 60 % in published records (NYC DCWP 2022)
    planned_overhead_s: int = 960  # assumption: approach and time at the mall that the plan allows a trip
    planned_orders_per_trip: float = 1.25  # assumption
    safety_per_root_driver: float = 0.7  # assumption: drivers added per square root of the drivers needed (square-root staffing)
    staffing_lag_s: int = 1_800  # assumption: work comes half an hour after the click
    shift_hours: tuple[int, ...] = (3, 4, 5)  # issue: blocks of 3 to 5 hours
    shift_hour_shares: tuple[float, ...] = (0.35, 0.4, 0.25)  # assumption
    online_after_close_s: int = 2_700  # assumption: the last block ends this long after the mall shuts
    shifts_per_driver_week: float = 3.0  # assumption: about 12 hours a week
    last_accept_before_end_s: int = 1_500  # assumption: nobody takes an offer in the last 25 minutes of a block
    pause_s: int = 40  # assumption: between two trips
    nearest_approach_median_s: int = 300  # assumption: drivers wait near the mall
    nearest_approach_sdlog: float = 0.3
    home_farthest_min: float = 22.0  # assumption
    scarce: tuple[Scarcity, ...] = (
        Scarcity("las-vegas", (4,), (16, 21), 0.70),
        Scarcity("las-vegas", (5,), (15, 21), 0.66),
        Scarcity("phoenix", (5,), (14, 21), 0.69),  # issue: a market short of drivers on Saturdays
        Scarcity("washington", (1, 2, 3), (16, 21), 0.74),
    )  # assumption: in Las Vegas the evenings before the weekend pay better elsewhere, in Washington offices keep drivers late
    recruiting_days: int = 42  # assumption: for scarce hours drivers are recruited this long after the season has grown
    least_staffing: float = 0.42  # assumption: so many of the drivers needed come in any case
    scarce_sdlog: float = 0.12  # assumption: how differently many come to the scarce hours of one day and of another

    # Endings (assumptions; the rest is delivered)
    cancelled_early_share: float = 0.016
    cancelled_late_share: float = 0.008
    failed_share: float = 0.009
    returned_share: float = 0.004

    # Promise
    promise_buffer_s: int = 2_400  # assumption: gives about 90 % on time
    promise_step_s: int = 300  # promises are whole five minutes
    promise_drive_factor: float = 1.15  # assumption

    # Fee
    fee_base_cents: int = 499  # assumption
    fee_per_km_cents: int = 30  # assumption

    # Baseline: the same orders from a delivery station, a day later (assumptions)
    baseline_orders_per_day: int = 620
    baseline_click_to_door_h: float = 27.0
    baseline_cost_cents: int = 585
    station_offset_km: tuple[float, float] = (9.0, -7.0)

    # Further markets
    extra_template_turn_deg: float = 67.0  # each copy of a real market is turned by this much more
    extra_center: tuple[float, float] = (36.5, -104.5)  # south-west corner of the plains on which they are laid out
    extra_step_deg: tuple[float, float] = (1.9, 2.3)
    extra_columns: int = 5
    extra_time_zone: str = "America/Denver"

    categories: tuple[Category, ...] = field(default=CATEGORIES)


MODEL = Model()
