"""Words and numbers of the Explore page: dimensions, groups and figures as they stand on screen."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from analytics.catalog import Metric
from analytics.dimensions import DIMENSIONS, PAY_BANDS_CENTS
from analytics.figures import Figure
from analytics.reference import malls, markets, stores
from data.warehouse import Version
from ui import format as write
from ui.delivery_times.groups import band_words
from ui.panels import Kind

LABELS: Final[Mapping[str, str]] = {
    "market": "Market",
    "mall": "Mall",
    "store": "Store",
    "cell": "Cell",
    "distance_band": "Distance",
    "day": "Day",
    "week": "Week",
    "dow": "Weekday",
    "hour": "Hour",
    "weeks_open": "Weeks open",
    "status": "Status",
    "vehicle": "Vehicle",
    "batch": "Batch size",
    "pay_band": "Pay",
}
"""Dimensions in the order of the menu, with their labels."""

_KEYS: Final[Mapping[str, str]] = {
    "market_id": "Market",
    "mall_id": "Mall",
    "other_mall_id": "Other mall",
    "status": "Status",
    "cell": "Cell",
    "within_min": "Drive, min",
    "line_from_m": "Straight line, from",
    "modelled_from_s": "Modelled, from",
}
_STATISTICS: Final[Mapping[str, str]] = {"p50_s": "p50", "p90_s": "p90", "mean_s": "Mean", "share": "Share", "rate": "Rate"}
_FACTORS: Final[Mapping[str, float]] = {
    "s": 1 / 60,
    "hours": 1 / 3600,
    "share": 100.0,
    "cents": 0.01,
    "m": 1 / 1609.344,
    "m2": 1 / 2_589_988.110336,
}
_UNITS: Final[Mapping[str, str]] = {"s": "min", "hours": "h", "share": "%", "cents": "$", "m": "mi", "m2": "sq mi"}
_KINDS: Final[Mapping[str, Kind]] = {"count": "count", "share": "percent", "s": "minutes", "cents": "money", "rate": "rate"}
_DECIMALS: Final[Mapping[str, int]] = {"count": 0, "share": 1, "s": 1, "cents": 2, "rate": 2, "hours": 1, "m": 1, "m2": 2}
_DAY: Final = timedelta(days=1)
_HOUR_S: Final = 3600


def column_label(column: str) -> str:
    """Return the heading of a column that names a row."""
    by_column = {name: LABELS[dimension] for dimension, name in DIMENSIONS.items()}
    return by_column.get(column) or _KEYS.get(column, column.replace("_", " ").capitalize())


class Groups:
    """The names of groups of one version: markets, malls and stores by their names, everything else in words."""

    def __init__(self, version: Version) -> None:
        self._markets = _told_apart({each.id: each.name for each in markets(version)}, {})
        known = malls(version)
        self._malls = _told_apart({each.id: each.name for each in known}, {each.id: self._markets.get(each.market_id) for each in known})
        shops = stores(version)
        places = {each.id: self._malls.get(each.mall_id or "") for each in shops}
        self._stores = _told_apart({each.id: each.name or each.id for each in shops}, places)

    def words(self, column: str, value: Any) -> str:
        """Return a value of a column that names rows; ``Unknown`` where there is none."""
        if value is None:
            return "Unknown"
        names = {"market_id": self._markets, "mall_id": self._malls, "other_mall_id": self._malls, "store_id": self._stores}
        return names[column].get(value, value) if column in names else value_words(column, value)

    def row(self, row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
        """Return a row's group in words: ``Fashion Show, Fri``."""
        return ", ".join(self.words(column, row[column]) for column in columns)


def _told_apart(names: Mapping[str, str], places: Mapping[str, str | None]) -> dict[str, str]:
    """Return names of which no two are alike: with the place behind those that several have, or with the id where that is alike too."""
    told = dict(names)
    for more in (places, {id_: id_ for id_ in names}):
        often = Counter(told.values())
        told = {id_: f"{names[id_]} ({more[id_]})" if often[name] > 1 and more.get(id_) else name for id_, name in told.items()}
    return told


def of_dimension(groups: Groups, dimension: str, value: Any) -> str:
    """Return a value of a dimension in words."""
    return groups.words(DIMENSIONS[dimension], value)


def value_words(column: str, value: Any) -> str:
    """Return a value of a dimension that has no name of its own: a day, an hour, a band, a cell."""
    if isinstance(value, date):
        return write.day_range(value, value + 7 * _DAY) if column == "local_week_on" else write.day(value)
    written: Mapping[str, Callable[[Any], str]] = {
        "local_dow": write.weekday,
        "local_hour": write.hour,
        "cell": lambda cell: f"{cell:x}",
        "distance_from_m": band_words,
        "pay_from_cents": pay_words,
        "weeks_open": lambda week: f"Week {week}",
        "batch_orders": lambda size: write.counted(size, "order"),
        "within_min": lambda minutes: f"{minutes} min",
        "line_from_m": lambda meters: f"{meters / 1609.344:.1f} mi",
        "modelled_from_s": lambda seconds: f"{seconds // 60} min",
    }
    return (
        written[column](value)
        if column in written
        else f"{value[:1].upper()}{value[1:]}"
        if column in {"status", "vehicle"}
        else str(value)
    )


def pay_words(start_cents: int | None) -> str:
    """Return a band of pay: ``$5-10``, ``over $40``."""
    if start_cents is None:
        return "Pay unknown"
    after = [start for start in PAY_BANDS_CENTS if start > start_cents]
    return f"${start_cents // 100}-{after[0] // 100}" if after else f"over ${start_cents // 100}"


def statistic(metric: Metric, figure: Figure) -> str:
    """Return a figure's name among those of its metric: ``p90``, ``Mean``, ``Hours short``."""
    if figure.column in {metric.id, "numerator"}:
        return "Number"
    if figure.column in _STATISTICS:
        return _STATISTICS[figure.column]
    words = figure.column
    for ending in ("_s", "_cents", "_m2", "_m"):
        words = words.removesuffix(ending)
    text = words.replace("_mean", ", mean").replace("_", " ")
    return text[:1].upper() + text[1:]


def label(metric: Metric, figure: Figure) -> str:
    """Return the name of a figure: ``Click-to-door p90``, ``On time``."""
    if figure.column in {metric.id, "numerator", "share", "rate"} and not (figure.column == "share" and metric.unit in {"people", "s"}):
        return metric.label
    name = statistic(metric, figure)
    if metric.label.lower().endswith(name.lower()):
        return metric.label
    return f"{metric.label} {name}" if name in {"p50", "p90"} else f"{metric.label}, {name[:1].lower()}{name[1:]}"


def unit(metric: Metric, figure: Figure) -> str:
    """Return the unit of a figure on screen, for the top of an axis: ``min``, ``%``, ``orders per hour``."""
    if figure.unit == "rate":
        return metric.unit
    if figure.unit == "count":
        return metric.unit if figure.column in {metric.id, "numerator"} else ""
    per = metric.unit.partition(" per ")[2] if figure.column == "rate" else ""
    return f"{_UNITS[figure.unit]} per {per}" if per else _UNITS[figure.unit]


def heading(metric: Metric, figure: Figure) -> str:
    """Return the heading of a figure's column, with the unit that does not stand in its cells."""
    name = statistic(metric, figure)
    name = metric.label if name in {"Number", "Share", "Rate"} else name
    return f"{name}, {_UNITS[figure.unit]}" if figure.unit in {"s", "hours", "m", "m2"} else name


def kind(figure: Figure) -> Kind:
    """Return how a column of the figure is written."""
    return _KINDS.get(figure.unit, "decimal")


def decimals(figure: Figure) -> int:
    """Return how many decimals a figure has on screen."""
    return _DECIMALS[figure.unit]


def on_screen(figure: Figure, value: float | None) -> float | None:
    """Return a value in the unit on screen."""
    return None if value is None else float(value) * _FACTORS.get(figure.unit, 1.0)


def for_table(figure: Figure, value: float | None) -> float | None:
    """Return a value as the table's column takes it: seconds, shares and cents are scaled there, the rest here."""
    return value if value is None or figure.unit in _KINDS else on_screen(figure, value)


def value(metric: Metric, figure: Figure, amount: float | None) -> str:
    """Return a value as it stands in a sentence, with its unit."""
    if amount is None:
        return write.MISSING
    if figure.unit in _WRITTEN and not (figure.unit == "hours" and figure.column == "rate"):
        return _WRITTEN[figure.unit](amount)
    number = f"{on_screen(figure, amount):,.{decimals(figure)}f}".replace("-", write.MINUS)
    return f"{number} {unit(metric, figure)}".strip()


_WRITTEN: Final[Mapping[str, Callable[[float], str]]] = {
    "count": lambda amount: write.whole(round(amount)),
    "share": write.percent,
    "s": lambda amount: write.duration(amount, decimals=1),
    "cents": lambda amount: write.money(round(amount)),
    "hours": lambda amount: write.driver_hours(amount / _HOUR_S),
}


def change(metric: Metric, figure: Figure, difference: float | None, before: float | None) -> str:
    """Return a difference as text, signed: ``+1.5 min``, ``-1.8 pts``, and of a count in percent too."""
    if difference is None:
        return write.MISSING
    if figure.unit == "share":
        return write.points(difference)
    if figure.unit == "s":
        return write.minutes_change(difference)
    if figure.unit == "cents":
        return write.money_change(difference)
    sign = "+" if difference > 0 else ""
    if figure.unit == "count":
        relative = write.relative_change((before or 0) + difference, before)
        return f"{sign}{write.whole(round(difference))}" + ("" if relative == write.MISSING else f" ({relative})")
    return f"{sign}{value(metric, figure, difference)}"


def interval(figure: Figure, low: float | None, high: float | None) -> str:
    """Return an interval as one text in the unit on screen."""
    return write.interval(on_screen(figure, low), on_screen(figure, high), decimals=min(decimals(figure), 2))
