"""Where the figures of one opened mall come from: their definitions, what they were learned from, and the command that gives them again."""

from typing import Final

from analytics.choosing import told
from analytics.choosing.forecast import Assumptions, Forecast
from analytics.choosing.pilots import history
from ui import format as write
from ui.source import Behind
from ui.view import View

_ORDERS: Final = (
    "Negative binomial regression of the pilots' orders by area on {weight}{income} and minutes of drive, each week worth its share of "
    "the launch. What is left between malls has a half-normal(0.5) prior and is integrated, not taken for zero. "
    "The range is that of one week."
)
_LAUNCH: Final = (
    "The share of the later level in week w is 1 - (1 - start) exp(-w / weeks). A new mall launches as one of the pilots did, each as "
    "likely as another, or in a way of its own."
)
_TIMES: Final = (
    "Delivered orders of the pilots with about such a drive, taken whole, the drive scaled to the new mall's; the promise moves with it. "
    "What pilots differ in beyond that is in the range. Cost is drivers' pay of the same orders, and handling and surcharges as assumed."
)
_DRIVERS: Final = (
    "Erlang C on the load that orders bring, from accepting until back at the mall (Jennings et al. 1996): each hour is staffed for its "
    "busiest five minutes. Hours short are those beyond what the market's drivers had to spare in the same hour of the week (hours_gap)."
)
_TESTED: Final = (
    "Each pilot is forecast from the others as if it were not open, and compared with its usual week (mean of its last 13 complete weeks), "
    "with each of its weeks since the opening, and with its click-to-door p90."
)


def of_forecast(view: View, found: Forecast, assumptions: Assumptions) -> list[Behind]:
    """Return what stands behind the figures, the launch and the drivers of an opened mall."""
    rows, command = _learned(view, assumptions), told.command(found, assumptions, view.version.id)
    income = ", income" if history(view.version, assumptions.weight).income_log is not None else ""
    orders = _ORDERS.format(weight=assumptions.weight, income=income)
    named = (
        ("Orders a week", orders),
        ("Launch", _LAUNCH),
        ("Times, on time and cost", _TIMES),
        ("Drivers needed and hours short", _DRIVERS),
    )
    return [Behind(title, f"**{title}** (modelled). {text}", rows, command=command) for title, text in named]


def of_back_test(view: View, found: Forecast, assumptions: Assumptions) -> list[Behind]:
    """Return what stands behind the back-test."""
    command = told.command(found, assumptions, view.version.id)
    definition = f"**Would it have been right?** {_TESTED}"
    return [Behind("Back-test", definition, _learned(view, assumptions), command=f"{command} --backtest" if command else "")]


def _learned(view: View, assumptions: Assumptions) -> str:
    """Return what was learned from, in words."""
    found = history(view.version, assumptions.weight)
    sample = write.counted(len(found.carried.mall), "order")
    return (
        f"{write.counted(int(found.weeks.orders.sum()), 'order')} in {write.counted(len(found.weeks.mall), 'complete week')} of "
        f"{write.counted(len(found.malls), 'pilot')}, from {write.counted(len(found.areas.people), 'area')} around them; {sample} "
        f"carried over, of {write.day_range(found.recent.start_on, found.recent.end_on)}."
    )
