"""What the reader looks at: market, mall, period, comparison and data version, as one frozen value per page run.

Made from the texts of the address (``ui.links``), a page's defaults and the names in the data. Knows nothing of Streamlit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from analytics import reference
from analytics.parameters import Parameters, Scope
from analytics.periods import Period, Preset, Span, comparable, period, previous, week_of
from analytics.reference import Extent, Mall, Market
from data.warehouse import Version
from ui import format as write
from ui import links
from ui.palette import Theme

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
TREND_WEEKS = 13

COMPARISONS = {"previous": "vs previous period", "4-weeks": "vs previous 4 weeks", "none": "No comparison"}


@dataclass(frozen=True)
class View:
    """One reader's view.

    Attributes
    ----------
    version, scope, theme
        Data, reader, and the ground the page stands on.
    market, mall
        What the filters chose; None: all markets, all open malls.
    focus
        The market that a map shows: the chosen one, the mall's, else the first with orders.
    period, compared
        Days shown, and those they are compared with; ``compared`` is None where nothing is to be compared or cannot be fairly.
    unfair
        Why the days asked for cannot be compared; empty where they can, and where no comparison was asked for.
    preset
        The period's preset, or ``custom``.
    chosen
        Texts of the address.
    is_of_one_market
        Whether the page shows one market, so that "all markets" cannot be chosen.
    problems
        One sentence for each part of the address that names nothing in this data.
    """

    version: Version
    scope: Scope
    theme: Theme
    market: Market | None
    mall: Mall | None
    focus: Market
    period: Period
    compared: Period | None
    preset: str
    chosen: Mapping[str, str]
    unfair: str = ""
    is_of_one_market: bool = False
    problems: tuple[str, ...] = ()

    @property
    def market_id(self) -> str | None:
        """Id of the chosen market, or of the chosen mall's; None: all."""
        return self.market.id if self.market else self.mall.market_id if self.mall else None

    @property
    def malls(self) -> tuple[Mall, ...]:
        """Malls of the chosen market, open ones first; all malls where no market is chosen."""
        return reference.malls(self.version, self.market.id if self.market else None)

    @property
    def markets(self) -> tuple[Market, ...]:
        """All markets of the data, by name."""
        return reference.markets(self.version)

    @property
    def cell(self) -> str | None:
        """Cell that was clicked, as hexadecimal text."""
        return self.chosen.get(links.CELL)

    @property
    def hour(self) -> tuple[int, int] | None:
        """Hour of the week that was clicked: weekday (1 Monday to 7 Sunday) and local hour."""
        return links.hour_of_week(self.chosen.get(links.HOUR))

    @property
    def days(self) -> str:
        """The period in words: ``9-15 Nov``."""
        return write.day_range(self.period.start_on, self.period.end_on)

    @property
    def trend(self) -> Period:
        """The 13 whole weeks that end with the period."""
        end_on = week_of(self.period.end_on, self._calendar.week_start)
        return Period(end_on - TREND_WEEKS * _WEEK, end_on)

    @property
    def comparison(self) -> str:
        """What a change is measured against, in words: ``vs 2-8 Nov``."""
        return f"vs {write.day_range(self.compared.start_on, self.compared.end_on)}" if self.compared else ""

    @property
    def data_from(self) -> str:
        """From when the data is, in words, where it begins after the first day that was meant: ``data from 18 May``; else empty."""
        late = [(name, span) for name, span in self.spans.items() if self.period.start_on < span.first_on < self.period.end_on]
        began = self.period.data_from
        if began is None and len(late) == len(self.spans) == 1:
            began = late[0][1].first_on
        named = [f"{name} from {_day_in_words(span.first_on)}" for name, span in late if span.first_on != began]
        if began is not None:
            return ", ".join([f"data from {_day_in_words(began)}", *named])
        return f"data of {write.listed(named)}" if named else ""

    @property
    def spans(self) -> Mapping[str, Span]:
        """Days with data by the name of each place in the filter."""
        return reference.spans(self.version, self.market_id, self.mall.id if self.mall else None)

    @property
    def place(self) -> str:
        """Mall, market or everything, in words."""
        return self.mall.name if self.mall else self.market.name if self.market else write.ALL_MARKETS

    @property
    def time_zones(self) -> tuple[str, ...]:
        """Time zones of the markets in the filter."""
        return tuple(dict.fromkeys(each.time_zone for each in self.markets if self.market_id in {None, each.id}))

    @property
    def _calendar(self) -> Extent:
        return reference.extent(self.version, self.market_id)

    def parameters(self, **changes: Any) -> Parameters:
        """Return the filters as parameters of a metric, with some of them changed."""
        filters = {
            "market_id": self.market_id,
            "mall_id": self.mall.id if self.mall else None,
            "start_on": self.period.start_on,
            "end_on": self.period.end_on,
        }
        return Parameters(**{**filters, **changes})

    def choice(self, key: str, default: str) -> str:
        """Return what was chosen for one of the page's own controls."""
        return self.chosen.get(key, default)

    def over(self, market: Market) -> "View":
        """Return the view of one market."""
        return replace(self, market=market, focus=market)


def view_of(
    chosen: Mapping[str, str],
    *,
    version: Version,
    scope: Scope,
    theme: Theme,
    default_period: str,
    drawn: tuple[str, ...] = links.FILTERS,
    is_of_one_market: bool = False,
) -> View:
    """Return the view that the texts of an address describe.

    Parameters
    ----------
    chosen
        Texts of the address; what names nothing in this version is left out and said in ``problems``.
    version, scope, theme
        Data, reader and ground.
    default_period
        Preset of a page on which no period was chosen.
    drawn
        Filters that the page uses; a filter that it ignores does not count.
    is_of_one_market
        Take the mall's market, else the first one with orders, where none was chosen.
    """
    problems: list[str] = []
    markets = {market.id: market for market in reference.markets(version)}
    malls = {mall.id: mall for mall in reference.malls(version)}
    mall = _named(malls, chosen, "mall", problems) if "mall" in drawn else None
    market = _named(markets, chosen, "market", problems) if "market" in drawn else None
    if mall and market and mall.market_id != market.id:
        mall = None
    home = mall.market_id if mall else None
    focus = market or markets.get(home or "") or _first_with_orders(version)
    market = focus if is_of_one_market else market
    preset, days = _period(chosen, default_period, reference.extent(version, market.id if market else home), mall)
    spans = reference.spans(version, market.id if market else home, mall.id if mall else None)
    compared, unfair = comparable(days, _compared(chosen.get("vs", "previous"), days), spans)
    return View(
        version=version,
        scope=scope,
        theme=theme,
        market=market,
        mall=mall,
        focus=focus,
        period=days,
        compared=compared,
        unfair=unfair,
        preset=preset,
        chosen=dict(chosen),
        is_of_one_market=is_of_one_market,
        problems=tuple(problems),
    )


def _named(things: Mapping[str, Any], chosen: Mapping[str, str], key: str, problems: list[str]) -> Any:
    wanted = chosen.get(key)
    if wanted and wanted not in things:
        problems.append(f"This data has no {key} named {write.quoted(wanted)}; the page shows all of them.")
    return things.get(wanted or "")


def _first_with_orders(version: Version) -> Market:
    """Return the first market with orders, else the first one with an open mall, else the first."""
    open_in = {mall.market_id for mall in reference.malls(version) if mall.status == "open"}
    return min(reference.markets(version), key=lambda market: (market.last_complete_on is None, market.id not in open_in, market.name))


def _period(chosen: Mapping[str, str], default: str, extent: Extent, mall: Mall | None) -> tuple[str, Period]:
    """Return the preset and its days; a custom period without two readable days is the default."""
    preset = chosen.get("period", default)
    start_on, last_on = links.day(chosen.get("from")), links.day(chosen.get("to"))
    if preset == links.CUSTOM and start_on and last_on and start_on <= last_on:
        return preset, period("custom", last_complete_on=last_on, first_on=extent.first_on, custom=(start_on, last_on + _DAY))
    presets: dict[str, Preset] = {
        "last-week": "last-week",
        "last-4-weeks": "last-4-weeks",
        "last-13-weeks": "last-13-weeks",
        "since-opening": "since-opening",
    }
    known = presets.get(preset) or presets[default]
    last_complete_on = extent.last_complete_on or date(2000, 1, 2)
    opened_on = (mall.opened_on if mall else None) or extent.first_on or last_complete_on
    days = period(known, last_complete_on=last_complete_on, week_start=extent.week_start, opened_on=opened_on, first_on=extent.first_on)
    return known, days


def _day_in_words(day: date) -> str:
    return write.day_range(day, day + _DAY)


def _compared(comparison: str, days: Period) -> Period | None:
    if comparison == "none":
        return None
    return Period(days.start_on - 4 * _WEEK, days.start_on) if comparison == "4-weeks" else previous(days)
