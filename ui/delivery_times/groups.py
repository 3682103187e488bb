"""Groups beside each other: stores beyond chance, distance bands, days beside their weekday, the slowest cells."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.beyond import METHOD, judged, shrunk_rows
from analytics.changes import Estimate
from analytics.dimensions import DISTANCE_BANDS_M
from analytics.reference import malls, stores
from analytics.weekdays import WEEKS, DayInWeeks, beside_weekdays
from ui import format as write
from ui.charts import Day, Measure, daily_trend
from ui.delivery_times.places import cells
from ui.delivery_times.question import asked, figure, leading, of_hour
from ui.panels import Shown
from ui.session import compute
from ui.view import View

_METERS_PER_MILE = 1609.344
_DAY = timedelta(days=1)
_VERDICTS = {
    "worse": "Slower, beyond chance",
    "better": "Faster, beyond chance",
    "as expected": "Within chance",
    "not judged": "Too few orders to judge",
}
_LATE_VERDICTS = _VERDICTS | {"worse": "Later, beyond chance", "better": "More punctual, beyond chance"}
_ORDER = ("worse", "as expected", "better", "not judged")


# Stores.


def stores_answer(view: View) -> Answer:
    """Return the figure by store, in the clicked hour where one was."""
    return leading(view, by=("mall", "store"), **of_hour(view))


def stores_sentence(view: View) -> str:
    """Return how many stores are slow beyond chance."""
    return _beyond_chance(view, stores_answer(view), "store", "")


def stores_columns(view: View) -> tuple[Shown, ...]:
    """Return the columns of the stores table."""
    shown = figure(view)
    return (
        Shown("store", "Store", is_pinned=True),
        *(() if view.mall else (Shown("mall", "Mall"),)),
        Shown("verdict", "Verdict", help=METHOD),
        Shown("value", shown.heading, shown.kind),
        Shown("interval", "95 %", "interval"),
        Shown("shrunk", "After shrinking" if shown.is_share else "After shrinking, min", shown.kind, help=METHOD),
        Shown("trend", "13 weeks", "trend", top=_top(view), help=f"{shown.label} week by week, the same scale for all stores"),
        Shown("n", "n", "count"),
    )


def stores_table(view: View) -> pa.Table:
    """Return one row a store: those slow beyond chance first, the farthest from the others on top."""
    shown, names = figure(view), {store.id: store.name or store.id for store in stores(view.version)}
    found, weeks, homes = judged(stores_answer(view), shown.column), _weeks(view), {each.id: each.name for each in malls(view.version)}
    rows = [
        {
            "store": names.get(row["store_id"], row["store_id"] or "Unknown store"),
            "mall": homes.get(row["mall_id"], row["mall_id"]),
            "verdict": _verdict(view, row),
            "value": row[shown.column],
            "interval": shown.interval(row) if not row["suppressed"] else None,
            "shrunk": row["shrunk"],
            "trend": weeks.get((row["mall_id"], row["store_id"])),
            "n": row[shown.rows],
            "rank": _rank(row, found.center),
        }
        for row in found.rows.to_pylist()
    ]
    rows.sort(key=lambda row: row["rank"])
    schema = [("store", pa.string()), ("mall", pa.string()), ("verdict", pa.string()), ("value", pa.float64()), ("interval", pa.string())]
    schema += [("shrunk", pa.float64()), ("trend", pa.list_(pa.float64())), ("n", pa.int64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def _verdict(view: View, row: Mapping[str, Any]) -> str:
    words = _LATE_VERDICTS if figure(view).is_share else _VERDICTS
    return "Hidden: too few customers" if row["suppressed"] else words[row["verdict"]]


def _rank(row: Mapping[str, Any], center: float | None) -> tuple[int, float]:
    """Return where a row stands: by verdict, then by how far it lies from the others after shrinking."""
    far = abs(row["shrunk"] - center) if row["shrunk"] is not None and center is not None else 0.0
    return _ORDER.index(row["verdict"]), -far if row["verdict"] == "worse" else far


def _weeks(view: View) -> dict[tuple[Any, Any], list[float | None]]:
    """Return the figure of each store in the 13 weeks that end with the period, on screen; None where it has none or it is hidden."""
    shown, trend = figure(view), view.trend
    answer = leading(view, by=("mall", "store", "week"), start_on=trend.start_on, end_on=trend.end_on, **of_hour(view))
    places: dict[tuple[Any, Any], dict[date, float | None]] = {}
    for row in answer.rows():
        places.setdefault((row["mall_id"], row["store_id"]), {})[row["local_week_on"]] = shown.on_screen(row[shown.column])
    weeks = [trend.start_on + 7 * number * _DAY for number in range((trend.end_on - trend.start_on).days // 7)]
    return {place: [found.get(week) for week in weeks] for place, found in places.items()}


def _top(view: View) -> float:
    """Return the end of the sparklines' scale: the same for all stores."""
    if figure(view).is_share:
        return 100.0
    return max((value for weeks in _weeks(view).values() for value in weeks if value is not None), default=1.0)


# Distance bands.


DISTANCE = (
    Shown("band", "Mall to door", is_pinned=True),
    Shown("p50_s", "p50, min", "minutes"),
    Shown("p90_s", "p90, min", "minutes"),
    Shown("p90_interval", "95 %", "interval", help="Interval of the p90, in minutes"),
    Shown("drive_s", "Drive, mean min", "minutes"),
    Shown("on_time", "On time", "percent"),
    Shown("on_time_interval", "95 %", "interval", help="Interval of on time, in percent (Wilson)"),
    Shown("n", "n", "count", help="Delivered orders"),
)


def distance_answers(view: View) -> list[Answer]:
    """Return click-to-door, drive and on time by the straight line from mall to door, in the clicked hour where one was."""
    return [
        compute(each, view, **asked(view, by=("distance_band",), **of_hour(view))) for each in ("click_to_door", "drive", "on_time_share")
    ]


def distance_table(view: View) -> pa.Table:
    """Return one row per distance band, near ones first; orders whose distance is unknown last."""
    speed, drive, on_time = ({row["distance_from_m"]: row for row in answer.rows()} for answer in distance_answers(view))
    rows = []
    for band in sorted({*speed, *on_time}, key=lambda start: (start is None, start)):
        times, promise = speed.get(band, {}), on_time.get(band, {})
        rows.append(
            {
                "band": band_words(band),
                **{name: times.get(name) for name in ("p50_s", "p90_s", "n")},
                "p90_interval": _interval(times, "p90_low_s", "p90_high_s", 1 / 60),
                "drive_s": drive.get(band, {}).get("mean_s"),
                "on_time": promise.get("share"),
                "on_time_interval": _interval(promise, "low", "high", 100),
            }
        )
    kinds = {"p50_s": pa.int64(), "p90_s": pa.int64(), "n": pa.int64(), "drive_s": pa.float64(), "on_time": pa.float64()}
    return pa.Table.from_pylist(rows, schema=pa.schema([(each.column, kinds.get(each.column, pa.string())) for each in DISTANCE]))


def band_words(start_m: int | None) -> str:
    """Return a distance band in miles: ``2-4 mi``, ``over 15 mi``."""
    if start_m is None:
        return "Distance unknown"
    after = [start for start in DISTANCE_BANDS_M if start > start_m]
    low = round(start_m / _METERS_PER_MILE)
    return f"{low}-{round(after[0] / _METERS_PER_MILE)} mi" if after else f"over {low} mi"


def _interval(row: Mapping[str, Any], low: str, high: str, factor: float) -> str:
    bounds = [None if row.get(name) is None else row[name] * factor for name in (low, high)]
    return write.interval(*bounds)


# Days.


def days_columns(view: View) -> tuple[Shown, ...]:
    """Return the columns of the days table."""
    shown = figure(view)
    return (
        Shown("day", "Day", is_pinned=True),
        Shown("value", shown.heading, shown.kind),
        Shown("interval", "95 %", "interval"),
        Shown("before", "A week before", shown.kind),
        Shown("change", "Change", width_px=210),
        Shown("range", f"Same weekday, {WEEKS} weeks", help="Least and most of the same weekday in the 4 weeks before"),
        Shown("n", "n", "count"),
    )


def days_answer(view: View) -> Answer:
    """Return the figure by day, from four weeks before the period on, in the clicked hour where one was."""
    return leading(view, by=("day",), start_on=view.period.start_on - 7 * WEEKS * _DAY, **of_hour(view))


def _days(view: View) -> list[DayInWeeks]:
    shown = figure(view)
    figures = {row["local_date"]: _estimate(row, shown.column, shown.bounds) for row in days_answer(view).rows()}
    known = [on for on, found in figures.items() if found is not None and on >= view.period.start_on]
    if not known:
        return []
    first, last, step = min(known), max(known), 7 if view.hour else 1
    return beside_weekdays(figures, [first + number * _DAY for number in range(0, (last - first).days + 1, step)])


def _estimate(row: Mapping[str, Any], column: str, bounds: tuple[str, str]) -> Estimate | None:
    return None if row[column] is None else Estimate(row[column], row[bounds[0]], row[bounds[1]])


def days_chart(view: View) -> go.Figure | None:
    """Return the figure by day over the range of the same weekday before; None without any day."""
    shown, days = figure(view), _days(view)
    if not days:
        return None
    measure = Measure("% on time", 1) if shown.is_share else Measure(f"min, {shown.column.removesuffix('_s')}", 0)
    points = [
        Day(day.on, shown.on_screen(day.figure.value if day.figure else None), shown.on_screen(day.least), shown.on_screen(day.most))
        for day in days
    ]
    return daily_trend(points, measure=measure, theme=view.theme)


def days_table(view: View) -> pa.Table:
    """Return one row a day, the latest first, beside the same weekday before."""
    shown = figure(view)
    rows_of = {row["local_date"]: row for row in days_answer(view).rows()}
    rows = [
        {
            "day": write.day(day.on),
            "value": day.figure.value if day.figure else None,
            "interval": shown.interval(rows_of[day.on]) if day.on in rows_of else None,
            "before": day.week_before.value if day.week_before else None,
            "change": _change_words(view, day),
            "range": write.interval(shown.on_screen(day.least), shown.on_screen(day.most)),
            "n": rows_of[day.on][shown.rows] if day.on in rows_of else None,
        }
        for day in reversed(_days(view))
    ]
    kinds = {"value": pa.float64(), "before": pa.float64(), "n": pa.int64()}
    names = [(each.column, kinds.get(each.column, pa.string())) for each in days_columns(view)]
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def days_rows(view: View) -> pa.Table:
    """Return the same rows as a file has them: stored units, and bounds as columns of their own."""
    shown, unit = figure(view), "share" if figure(view).is_share else "s"
    name = f"{shown.metric}_{shown.column.removesuffix('_s')}_{unit}" if unit == "s" else shown.metric
    rows = [
        {
            "local_date": day.on,
            name: day.figure.value if day.figure else None,
            "low": day.figure.low if day.figure else None,
            "high": day.figure.high if day.figure else None,
            "week_before": day.week_before.value if day.week_before else None,
            "least_of_weekday": day.least,
            "most_of_weekday": day.most,
        }
        for day in _days(view)
    ]
    numbers = (name, "low", "high", "week_before", "least_of_weekday", "most_of_weekday")
    schema = pa.schema([("local_date", pa.date32()), *((each, pa.float64()) for each in numbers)])
    return pa.Table.from_pylist(rows, schema=schema).rename_columns(["local_date", name, *(f"{name}_{each}" for each in numbers[1:])])


def _change_words(view: View, day: DayInWeeks) -> str | None:
    if day.change is None:
        return None
    words = write.points(day.change.difference) if figure(view).is_share else write.minutes_change(day.change.difference)
    if day.change.low is None:
        return f"{words}, too few orders to tell"
    return words if day.change.is_beyond_chance else f"{words}, within normal variation"


def days_sentence(view: View) -> str:
    """Return how many days left the range of their weekday, and on which side."""
    known = [day for day in _days(view) if day.figure and day.least is not None and day.most is not None]
    if not known:
        return "No day has the same weekday of earlier weeks to stand beside."
    above = sum(day.figure.value > day.most for day in known if day.figure and day.most is not None)
    below = sum(day.figure.value < day.least for day in known if day.figure and day.least is not None)
    return f"{write.counted(len(known), 'day')}: {above} above and {below} below what the same weekday was in the {WEEKS} weeks before."


def with_shrunk(view: View, answer: Answer) -> pa.Table:
    """Return an answer's rows as a file has them, the chosen figure as it was counted and after shrinking side by side."""
    return shrunk_rows(answer, figure(view).column)


# Cells.


def cells_columns(view: View) -> tuple[Shown, ...]:
    """Return the columns of the cells table."""
    shown = figure(view)
    return (
        Shown("cell", "Cell", "cell", is_pinned=True),
        Shown("verdict", "Verdict", help=METHOD),
        Shown("value", shown.heading, shown.kind),
        Shown("interval", "95 %", "interval"),
        Shown("shrunk", "After shrinking" if shown.is_share else "After shrinking, min", shown.kind, help=METHOD),
        Shown("n", "n", "count"),
    )


def cells_table(view: View) -> pa.Table:
    """Return one row a cell: the chosen one first, then those slow beyond chance, the slowest after shrinking on top."""
    shown, found = figure(view), judged(cells(view), figure(view).column)
    rows = [
        {
            "cell": row["cell"],
            "verdict": _verdict(view, row),
            "value": row[shown.column],
            "interval": None if row["suppressed"] else shown.interval(row),
            "shrunk": row["shrunk"],
            "n": row[shown.rows],
            "rank": (view.cell != f"{row['cell']:x}", *_rank(row, found.center)),
        }
        for row in found.rows.to_pylist()
        if row["cell"] is not None
    ]
    rows.sort(key=lambda row: row["rank"])
    kinds = {"cell": pa.int64(), "value": pa.float64(), "shrunk": pa.float64(), "n": pa.int64()}
    names = [(each.column, kinds.get(each.column, pa.string())) for each in cells_columns(view)]
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def cells_sentence(view: View) -> str:
    """Return how many cells are slow beyond chance."""
    return _beyond_chance(view, cells(view), "cell", " with 30 orders or more")


def _beyond_chance(view: View, answer: Answer, noun: str, which: str) -> str:
    verdicts = judged(answer, figure(view).column).rows.column("verdict").to_pylist()
    told = [verdict for verdict in verdicts if verdict != "not judged"]
    if not told:
        return f"No {noun} has 30 orders here, so none is judged."
    word = "less punctual" if figure(view).is_share else "slower"
    return f"{told.count('worse')} of {write.counted(len(told), noun)}{which} are {word} than the others by more than chance."
