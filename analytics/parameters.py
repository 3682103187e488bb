"""What can be asked of a metric, and for whom: two frozen values that every answer carries."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from analytics.errors import ParameterError, ScopeError

WEIGHTS: Final = ("population", "households")
SHORTEST_DRIVE_S: Final = 60
LONGEST_DRIVE_S: Final = 45 * 60
"""Catchments end here: a longer standard could not be told apart from this one."""

SHORTEST_SERVICE_S: Final = 5 * 60
LONGEST_SERVICE_S: Final = 24 * 3600
MOST_CENTS: Final = 100_000
"""More than this for one order is a misplaced decimal point."""

MOST_PERMILLE: Final = 10_000_000
"""Of the weight of not ordering in a model of choice, thousandths: it may be large."""

MOST_ATTRACTION_PERMILLE, MOST_DECAY_PERMILLE = 3_000, 6_000
"""Of the exponents of stores and of drive, thousandths: no fit goes beyond, and attractions stay whole numbers that an engine can hold."""

FINEST_RESOLUTION: Final = 9
COARSEST_RESOLUTION: Final = 4


@dataclass(frozen=True)
class Parameters:
    """Filters, groups and options of one question.

    Attributes
    ----------
    market_id, mall_id
        Only this market, only this mall; None: all.
    start_on, end_on
        Period in market-local days, start included, end excluded; None: open on that side.
    by
        Dimensions that make the rows, such as ``("mall", "week")``.
    within_s
        Drive-time standard, seconds, 60 to 2,700.
    weight
        Who is counted as demand: ``population`` or ``households``.
    resolution
        H3 resolution of rows by cell, 4 to 9.
    dow, hour
        Only this local weekday (1 Monday to 7 Sunday), only this local hour (0 to 23); None: all.
    service_s
        Click-to-door standard, seconds, 300 to 86,400.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay: handling at the mall, and surcharges.
    commission_cents
        Commission earned with a delivered order.
    attraction_permille, decay_permille, outside_permille
        Exponents of stores (to 3,000) and of drive (to 6,000) in the model of choice between malls, and the weight of ordering from none,
        thousandths; None: as fitted on the loaded orders.

    Raises
    ------
    ParameterError
        If a value is out of its range or of another type.
    """

    market_id: str | None = None
    mall_id: str | None = None
    start_on: date | None = None
    end_on: date | None = None
    by: tuple[str, ...] = ()
    within_s: int = 1200
    weight: str = "population"
    resolution: int = 9
    dow: int | None = None
    hour: int | None = None
    service_s: int = 3600
    handling_cents: int = 0
    surcharge_cents: int = 0
    commission_cents: int = 0
    attraction_permille: int | None = None
    decay_permille: int | None = None
    outside_permille: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that no metric could use."""
        if self.start_on is not None and self.end_on is not None and self.start_on > self.end_on:
            raise ParameterError(f"the period starts on {self.start_on}, after its end {self.end_on}")
        if not isinstance(self.by, tuple) or len(set(self.by)) != len(self.by):
            raise ParameterError(f"the groups must be a tuple without repetitions, not {self.by!r}")
        _in_range("drive time", self.within_s, SHORTEST_DRIVE_S, LONGEST_DRIVE_S, "s")
        _in_range("resolution", self.resolution, COARSEST_RESOLUTION, FINEST_RESOLUTION, "")
        _in_range("click-to-door time", self.service_s, SHORTEST_SERVICE_S, LONGEST_SERVICE_S, "s")
        if self.dow is not None:
            _in_range("weekday", self.dow, 1, 7, "")
        if self.hour is not None:
            _in_range("hour", self.hour, 0, 23, "")
        for name in ("handling", "surcharge", "commission"):
            _in_range(name, getattr(self, f"{name}_cents"), 0, MOST_CENTS, "cents")
        most = {"attraction": MOST_ATTRACTION_PERMILLE, "decay": MOST_DECAY_PERMILLE, "outside": MOST_PERMILLE}
        for name, most_permille in most.items():
            permille = getattr(self, f"{name}_permille")
            if permille is not None:
                _in_range(f"exponent {name}" if name != "outside" else name, permille, 0, most_permille, "thousandths")
        if self.weight not in WEIGHTS:
            raise ParameterError(f"the weight must be {' or '.join(WEIGHTS)}, not {self.weight!r}")


@dataclass(frozen=True)
class Scope:
    """Who asks, as far as it decides what may be shown. ``Scope()`` means everything.

    Attributes
    ----------
    is_restricted
        Only released tables (``analytics.release``) and figures behind which no person stands.
    """

    is_restricted: bool = False


EVERYTHING: Final = Scope()
RELEASED: Final = Scope(is_restricted=True)


def check_scope(scope: object, *, is_of_people: bool = True) -> None:
    """Refuse a scope that is not known, and a restricted one where people stand behind what is asked.

    Parameters
    ----------
    scope
        Who asks.
    is_of_people
        Whether orders, offers, trips or shifts are counted otherwise than in released tables.

    Raises
    ------
    ScopeError
        If ``scope`` is neither ``Scope()`` nor restricted: what is not understood must not open the door; or it is restricted and may not
        ask this.
    """
    if type(scope) is not Scope or scope not in (EVERYTHING, RELEASED) or type(scope.is_restricted) is not bool:
        raise ScopeError(f"{scope!r} is not a scope that is known here; nothing is shown")
    if scope.is_restricted and is_of_people:
        raise ScopeError("this role sees released tables only, whole months by mall, and figures behind which no person stands")


def _in_range(what: str, value: int, lowest: int, highest: int, unit: str) -> None:
    if type(value) is not int or not lowest <= value <= highest:
        raise ParameterError(f"the {what} must be a whole number from {lowest} to {highest}{' ' + unit if unit else ''}, not {value!r}")
