"""What a reader explores, read from the texts of the address and written back to them. Knows nothing of Streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Literal, cast
from urllib.parse import quote, unquote

from analytics import catalog
from analytics.catalog import Metric
from analytics.dimensions import DIMENSIONS
from analytics.explore import ORDERS, Beside, Exploration, Order, Value
from analytics.figures import Figure, figure, figures
from analytics.parameters import LONGEST_DRIVE_S, SHORTEST_DRIVE_S, WEIGHTS
from ui import format as write
from ui import links
from ui.explore.words import LABELS
from ui.view import View

KEYS: Final = ("metric", "stat", "by", "only", "res", "beside", "top", "order", "as", "drive", "of")
"""Entries of the address that belong to this page; ``drive`` and ``of`` are shared with others."""

Picture = Literal["chart", "map"]
DEFAULT_METRIC: Final = "click_to_door"
DEFAULT_BY: Final = ("mall", "market")
NO_DIMENSION: Final = "all"
"""Text of ``by`` where a reader took every dimension away."""

TOPS: Final = ("10", "20", "50", "100", "all")
RESOLUTIONS: Final[Mapping[str, str]] = {"9": "0.04 sq mi", "8": "0.3 sq mi", "7": "2 sq mi", "6": "14 sq mi"}
MOST_SHOWN: Final = 3
"""Dimensions that a table shows: more do not fit beside the figures."""

IN_ORDER: Final = frozenset({"day", "week", "dow", "hour", "weeks_open", "distance_band", "pay_band", "batch"})
"""Dimensions whose groups have an order of their own: rows follow it unless a reader wants them ranked."""

PICKABLE: Final = ("dow", "hour", "store", "status", "vehicle", "batch", "distance_band", "pay_band")
"""Dimensions of which one value may be picked."""

_PREVIOUS, _YEAR, _MALL = "previous", "year", "mall:"
_YEAR_BEFORE: Final = timedelta(weeks=52)
_WHOLE: Final = frozenset({"dow", "hour", "batch", "distance_band", "pay_band"})
_SLOTS: Final[Mapping[str, range]] = {"dow": range(1, 8), "hour": range(24)}
_LONGEST: Final = 9
"""Digits of a whole number in an address: longer ones are none that anything here has, and a very long one cannot even be read."""


@dataclass(frozen=True)
class Choice:
    """What the Explore page shows.

    Attributes
    ----------
    asked
        The question, without what had to be left out of it.
    metric, figure
        What is shown.
    picture
        What was chosen to stand above the table.
    left_out
        One sentence for each part of the address that cannot be: a dimension that would count twice, a value that is none.
    is_of_one_market
        Whether a market, or a mall, was chosen, so that all rows are of one.
    """

    asked: Exploration
    metric: Metric
    figure: Figure
    picture: Picture
    left_out: tuple[str, ...] = ()
    is_of_one_market: bool = False

    @property
    def by(self) -> tuple[str, ...]:
        """Dimensions shown."""
        return self.asked.parameters.by

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that name a row on screen: what was picked is the same in every row, and is left out."""
        keys = [key for key in self.metric.keys if key != "market_id" or not self.is_of_one_market]
        return tuple(dict.fromkeys([*(DIMENSIONS[each] for each in self.by if each not in self.asked.picks), *keys]))


def choice_of(view: View) -> Choice:
    """Return what the texts of the address mean."""
    left_out: list[str] = []
    metric = _metric(view, left_out)
    shown = _figure(metric, view.choice("stat", ""), left_out)
    wanted = _dimensions(view, metric)
    by = tuple(each for each in wanted[:MOST_SHOWN] if _is_permitted(metric, each, left_out))
    if wanted[MOST_SHOWN:]:
        left_out.append(f"A table shows at most {MOST_SHOWN} dimensions; {write.quoted(', '.join(wanted[MOST_SHOWN:]))} left out.")
    only = tuple((each, value) for each, value in _picks(view, left_out) if _is_permitted(metric, each, left_out))
    hours = {each: value for each, value in only if each in _SLOTS and metric.uses(each)}
    only = tuple((each, value) for each, value in only if each not in hours)
    parameters = view.parameters(by=by, **hours, **_options(view))
    order = _order(view, by)
    beside = _beside(view, left_out)
    has_cells = _has_cells(metric, by)
    asked = Exploration(
        metric.id, parameters, shown.column, only, beside, _top(view, is_long=has_cells or order == "groups" or len(by) > 1), order
    )
    if asked.order == "change" and beside is None:
        asked = replace(asked, order="most")
    picture = cast("Picture", view.choice("as", "map" if has_cells else "chart"))
    return Choice(asked, metric, shown, picture, tuple(left_out), is_of_one_market=view.market_id is not None)


def _metric(view: View, left_out: list[str]) -> Metric:
    wanted = view.choice("metric", DEFAULT_METRIC)
    found = next((each for each in catalog.METRICS if each.id == wanted), None)
    if found is None:
        left_out.append(f"There is no figure named {write.quoted(wanted)}; the page shows another one.")
    return found or catalog.metric(DEFAULT_METRIC)


def _figure(metric: Metric, column: str, left_out: list[str]) -> Figure:
    if column and column not in {each.column for each in figures(metric)}:
        left_out.append(f"{metric.label} has no {write.quoted(column)}; the page shows its leading figure.")
        return figure(metric)
    return figure(metric, column)


def _dimensions(view: View, metric: Metric) -> tuple[str, ...]:
    """Return the dimensions chosen; by default malls, else markets, where the metric is told by them."""
    default = next((each for each in DEFAULT_BY if each in metric.dimensions), NO_DIMENSION)
    text = view.choice("by", default)
    if text == NO_DIMENSION:
        return ()
    return tuple(dict.fromkeys(each for each in text.split(",") if each))


def _is_permitted(metric: Metric, dimension: str, left_out: list[str]) -> bool:
    if dimension not in DIMENSIONS:
        left_out.append(f"There is no dimension named {write.quoted(dimension)}; it is left out.")
    elif why := metric.refusal(dimension):
        left_out.append(refused(metric, dimension, why))
    return dimension in metric.dimensions


def refused(metric: Metric, dimension: str, why: str) -> str:
    """Return why a figure is not grouped by a dimension, as a sentence."""
    return f"{metric.label} cannot be grouped by {LABELS[dimension].lower()}: {why}."


def _picks(view: View, left_out: list[str]) -> tuple[tuple[str, Value], ...]:
    """Return the values picked; rows that look picked and are not must not stand there without a word."""
    text = view.choice("only", "")
    found = picked(text)
    known = dict(found)
    lost = [part for part in text.split(";") if part and part.partition(":")[0] not in known]
    if lost:
        left_out.append(f"There are no rows of {write.quoted('; '.join(lost))} to pick; the page shows all of them.")
    return found


def _beside(view: View, left_out: list[str]) -> Beside | None:
    text = view.choice("beside", "")
    found = beside_of(view, text)
    if text and found is None:
        left_out.append(f"There is nothing named {write.quoted(text)} to compare with here.")
    return found


def _options(view: View) -> dict[str, Any]:
    minutes, weight, resolution = view.choice("drive", "20"), view.choice("of", WEIGHTS[0]), view.choice("res", "8")
    is_drive = _is_whole(minutes, None) and SHORTEST_DRIVE_S <= 60 * int(minutes) <= LONGEST_DRIVE_S
    return {
        "within_s": 60 * int(minutes) if is_drive else 1200,
        "weight": weight if weight in WEIGHTS else WEIGHTS[0],
        "resolution": int(resolution) if resolution in RESOLUTIONS else 8,
    }


def _order(view: View, by: Sequence[str]) -> Order:
    default: Order = "groups" if by and set(by) & IN_ORDER else "most"
    wanted = view.choice("order", default)
    return next((each for each in ORDERS if each == wanted), default)


def _top(view: View, *, is_long: bool) -> int:
    """Return how many rows are kept; by default all of what has an order of its own, or is a grid or a map."""
    text = view.choice("top", "all" if is_long else "20")
    return int(text) if text in TOPS and text != "all" else 0 if text == "all" else 20


def _has_cells(metric: Metric, by: Sequence[str]) -> bool:
    return "cell" in metric.keys or tuple(by) == ("cell",)


def picked(text: str) -> tuple[tuple[str, Value], ...]:
    """Return the values picked, as they stand in an address: ``status:delivered;batch:2``; what is none is dropped."""
    found: dict[str, Value] = {}
    for part in text.split(";"):
        dimension, colon, written = part.partition(":")
        value = unquote(written)
        if colon and dimension in PICKABLE and (dimension not in _WHOLE or _is_whole(value, _SLOTS.get(dimension))):
            found[dimension] = int(value) if dimension in _WHOLE else value
    return tuple(found.items())


def _is_whole(text: str, among: range | None) -> bool:
    return text.isdecimal() and len(text) <= _LONGEST and (among is None or int(text) in among)


def picks_text(only: Mapping[str, Value]) -> str | None:
    """Return values picked as they stand in an address; None where there are none."""
    return ";".join(f"{dimension}:{quote(str(value), safe='')}" for dimension, value in only.items()) or None


def beside_of(view: View, text: str) -> Beside | None:
    """Return what is compared, as it stands in an address: ``previous``, ``year``, a first day, ``mall:`` and an id (none: all malls)."""
    if text.startswith(_MALL):
        mall = text.removeprefix(_MALL)
        known = {each.id for each in view.malls}
        return Beside(mall_id=mall or None, is_of_mall=True) if mall in known or not mall else None
    length = view.period.end_on - view.period.start_on
    starts: dict[str, date | None] = {_PREVIOUS: view.period.start_on - length, _YEAR: view.period.start_on - _YEAR_BEFORE}
    start_on = starts.get(text) or links.day(text)
    return Beside(start_on, start_on + length) if start_on else None


def comparisons(view: View) -> dict[str, str]:
    """Return what may be compared, by its text in the address, in words."""
    length = view.period.end_on - view.period.start_on
    before, year = view.period.start_on - length, view.period.start_on - _YEAR_BEFORE
    periods = {
        "": "No comparison",
        _PREVIOUS: f"vs {write.day_range(before, before + length)}",
        _YEAR: f"vs {write.day_range(year, year + length)}",
    }
    custom = links.day(view.choice("beside", ""))
    if custom is not None:
        periods[custom.isoformat()] = f"vs {write.day_range(custom, custom + length)}"
    everywhere = {_MALL: f"vs {_everywhere(view)}"} if view.mall else {}
    shown = view.mall.id if view.mall else None
    return (
        periods
        | everywhere
        | {f"{_MALL}{mall.id}": f"vs {mall.name}" for mall in view.malls if mall.id != shown and mall.status != "candidate"}
    )


def _everywhere(view: View) -> str:
    return f"all of {next((market.name for market in view.markets if market.id == view.market_id), 'the markets')}"


def beside_words(view: View, beside: Beside) -> str:
    """Return what is compared, in words: ``9-15 Nov``, ``Fashion Show``."""
    if beside.is_of_mall:
        return next((mall.name for mall in view.malls if mall.id == beside.mall_id), _everywhere(view))
    return write.day_range(beside.start_on, beside.end_on) if beside.start_on and beside.end_on else ""
