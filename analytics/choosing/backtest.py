"""Would the forecast have been right? Each pilot is taken out, forecast from the others, and compared with what it really did."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from analytics.choosing.carried import SHARES
from analytics.choosing.forecast import USUAL, Assumptions, Band, Forecast, demands, forecasts
from analytics.choosing.pilots import History, history, pilot_sites
from analytics.intervals import wilson
from analytics.reference import Mall, VersionKey
from data.warehouse import Version

FEWEST_PILOTS: Final = 2
"""With one pilot there is no other to forecast it from."""

_RECENT_WEEKS: Final = 13


@dataclass(frozen=True)
class Held:
    """One pilot that was taken out.

    Attributes
    ----------
    mall
        The pilot.
    forecast
        What the others say of it.
    orders_week
        Orders in a week that it really had: the mean of its last 13 complete weeks.
    click_to_door_p90_s
        What it really took; None where unknown or hidden.
    weeks, weeks_in_50, weeks_in_80
        Complete weeks, each with the band of its week since the opening, and how many lie in the bands.
    """

    mall: Mall
    forecast: Forecast
    orders_week: int
    click_to_door_p90_s: int | None
    weeks: int
    weeks_in_50: int
    weeks_in_80: int

    @property
    def is_held(self) -> bool:
        """Whether its usual week lies in the 80 percent band."""
        band = self.forecast.orders_week
        return band is not None and band.low_80 <= self.orders_week <= band.high_80


@dataclass(frozen=True)
class Backtest:
    """All pilots, each taken out once.

    Attributes
    ----------
    held
        One entry per pilot, by name.
    reason
        Why there is none; empty where there are some.
    """

    held: tuple[Held, ...]
    reason: str = ""

    @property
    def weeks(self) -> int:
        """Weeks of all malls."""
        return sum(each.weeks for each in self.held)

    @property
    def share_50(self) -> float:
        """Share of all malls' weeks in the 50 percent bands."""
        return sum(each.weeks_in_50 for each in self.held) / self.weeks

    @property
    def share_80(self) -> float:
        """Share of all malls' weeks in the 80 percent bands."""
        return sum(each.weeks_in_80 for each in self.held) / self.weeks

    @property
    def malls_in_80(self) -> int:
        """Malls whose usual week lies in the 80 percent band."""
        return sum(each.is_held for each in self.held)

    @property
    def consistent(self) -> tuple[float, float]:
        """Shares between which the truth may lie, by the number of malls: the weeks of one mall stand or fall together."""
        low, high = wilson(np.array([float(self.malls_in_80)]), np.array([float(len(self.held))]))
        return float(low[0]), float(high[0])


def backtest(version: Version, assumptions: Assumptions = USUAL, *, progress: Callable[[int, int], None] | None = None) -> Backtest:
    """Take each pilot out, forecast it from the others, and compare.

    Parameters
    ----------
    version
        Data.
    assumptions
        As of forecasts.
    progress
        Told before each pilot how many are done, and of how many.
    """
    found = history(version, assumptions.weight)
    if len(found.malls) < FEWEST_PILOTS:
        return Backtest((), _too_few(found))
    key, held = VersionKey.of(version), []
    for place in range(len(found.malls)):
        if progress is not None:
            progress(place, len(found.malls))
        held.append(_held(key, assumptions.weight, place))
    return Backtest(tuple(sorted(held, key=lambda each: (each.mall.name, each.mall.id))))


def _too_few(found: History) -> str:
    if not found.malls:
        return "No open mall has orders, people around it and a complete week: there is nothing to test."
    return f"{found.malls[0].name} is the only pilot: no other mall could have forecast it."


@lru_cache(maxsize=1_024)
def _held(key: VersionKey, weight: str, place: int) -> Held:
    """Return what a pilot had beside its forecast; whatever else is assumed changes neither its orders nor its times."""
    assumptions, found = Assumptions(weight=weight), history(key.version, weight)
    mall, site = found.malls[place], pilot_sites(key.version, found)[place]
    (told,), (demand,) = forecasts(key.version, (site,), assumptions), demands(key.version, (site,), weight)
    own = found.weeks.mall == place
    orders, at = found.weeks.orders[own], found.weeks.weeks_open[own]
    bands = [Band.of(np.quantile(demand.orders(int(week)), SHARES)) for week in at] if demand is not None else []
    shown = found.shown["click_to_door"].get(mall.id, {})
    return Held(
        mall=mall,
        forecast=told,
        orders_week=round(float(orders[-_RECENT_WEEKS:].mean())),
        click_to_door_p90_s=shown.get("p90_s"),
        weeks=len(orders),
        weeks_in_50=sum(band.low_50 <= count <= band.high_50 for band, count in zip(bands, orders.tolist(), strict=False)),
        weeks_in_80=sum(band.low_80 <= count <= band.high_80 for band, count in zip(bands, orders.tolist(), strict=False)),
    )
