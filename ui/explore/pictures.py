"""Pictures of what was found: bars, lines, a grid, or a map, whichever fits its dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any, Final

import plotly.graph_objects as go
import pyarrow as pa

from analytics.dimensions import DIMENSIONS
from analytics.reference import malls
from ui import format as write
from ui.charts import Bar, Square, Unit, group_grid, group_lines, ranked_bars
from ui.explore import words
from ui.explore.choice import IN_ORDER, Choice
from ui.explore.look import Look, Row
from ui.maps import Figure as Map
from ui.maps import Specials, legend_html, value_map
from ui.palette import AMOUNT, BURDEN, Classes, number_text, round_breaks
from ui.scene import scene
from ui.session import is_phone

MOST_BARS: Final = 15
MOST_LINES: Final = 4
MOST_SQUARES: Final = (24, 31)
MOST_CELLS: Final = 5_000
"""As many as a map draws without delay."""

_MAP_PX: Final = 430
_STEPS: Final = {"day": 1, "week": 7}
_IN_TIME: Final = frozenset({*_STEPS, "weeks_open"})
_DAY: Final = timedelta(days=1)
_QUANTILES: Final = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Drawn:
    """A chart or a map, what must be said under it, and the classes of its colors (HTML for ``st.html``)."""

    chart: go.Figure | None = None
    map: Map | None = None
    note: str = ""
    legend: str = ""


def picture(look: Look) -> Drawn:
    """Return the picture of what was found; where none fits, why."""
    if not look.told or not look.columns:
        return Drawn()
    if look.choice.picture == "map" and has_map(look.choice):
        return _map(look)
    if len(look.columns) == 1:
        return _of_one(look)
    if len(look.columns) == 2 and not look.metric.keys:
        return _of_two(look)
    return Drawn(note="A chart shows one or two dimensions; the table has all of them.")


def has_map(choice: Choice) -> bool:
    """Tell whether the rows are cells, each once, so that a map can show them."""
    return "cell" in choice.columns and set(choice.columns) <= {"cell", "market_id", "mall_id"} and "other_mall_id" not in choice.columns


def unit_of(look: Look) -> Unit:
    """Return what a chart draws; bars begin at zero in any case, lines of amounts do too."""
    label = words.unit(look.metric, look.figure)
    return Unit("" if label == "$" else label, min(words.decimals(look.figure), 2), is_from_zero=look.figure.unit in {"count", "hours"})


def dimension_of(column: str) -> str:
    """Return the dimension that makes a column; empty for a key of a metric."""
    return next((each for each, name in DIMENSIONS.items() if name == column), "")


def _of_one(look: Look) -> Drawn:
    """Return lines over groups that have an order, else ranked bars."""
    (column,) = look.columns
    if dimension_of(column) in IN_ORDER and look.choice.asked.order == "groups" and not look.choice.asked.top:
        return _lines(look, {"": look.told}, column)
    kept = look.told[:MOST_BARS]
    told = f"The first {len(kept)} of {len(look.told)} rows are drawn." if len(kept) < len(look.told) else ""
    marks = f"Marks: {look.before}." if look.before else ""
    whiskers = "Thin lines: 95 % intervals." if look.figure.high else ""
    chart = ranked_bars(
        [_bar(look, row) for row in kept], unit=unit_of(look), theme=look.view.theme, before=look.before, is_narrow=is_phone()
    )
    return Drawn(chart, note=" ".join(filter(None, [told, marks, whiskers])))


def _bar(look: Look, row: Row) -> Bar:
    low, high = (look.on_screen(row, name) if name else None for name in (look.figure.low, look.figure.high))
    rows = row[look.figure.rows] if look.figure.rows else None
    return Bar(look.name(row), look.on_screen(row), low=low, high=high, before=look.on_screen(row, "before"), n=rows)


def _of_two(look: Look) -> Drawn:
    """Return a line for each of few groups over days, weeks or weeks since opening, else a grid."""
    first, second = look.columns
    in_order = [name for name in (second, first) if dimension_of(name) in IN_ORDER]
    over = next((name for name in in_order if dimension_of(name) in _IN_TIME), None)
    if over is None:
        across = in_order[0] if in_order else second
        return _grid(look, first if across == second else second, across)
    other = first if over == second else second
    split: dict[Any, list[Row]] = {}
    for row in look.rows:
        split.setdefault(row[other], []).append(row)
    largest = sorted(split, key=lambda value: (-_weight(look, split[value]), str(value)))
    kept = {look.groups.words(other, value): split[value] for value in largest[:MOST_LINES]}
    told = f"The {len(kept)} largest of {len(split)} are drawn; the table has all." if len(kept) < len(split) else ""
    return Drawn(_lines(look, kept, over).chart, note=told)


def _weight(look: Look, rows: Sequence[Row]) -> float:
    """Return how large a group is: the rows behind it, else the sum of the figure; hidden rows weigh nothing."""
    column = look.figure.rows or look.figure.column
    return float(sum(row[column] or 0 for row in rows))


def _lines(look: Look, series: Mapping[str, Sequence[Row]], column: str) -> Drawn:
    """Return lines over one column; days and weeks without a row break them."""
    step = _STEPS.get(dimension_of(column))
    places: list[Any] = sorted({row[column] for rows in series.values() for row in rows if row[column] is not None})
    places = _all_days(places, step) if step and places else places
    values = {name: [look.on_screen(row) for row in _placed(rows, column, places)] for name, rows in series.items()}
    earlier = None
    if look.before and len(series) == 1:
        ((name, rows),) = series.items()
        earlier = [look.on_screen(row, "before") for row in _placed(rows, column, places)]
        is_of_mall = look.choice.asked.beside is not None and look.choice.asked.beside.is_of_mall
        values = {name or (look.view.place if is_of_mall else look.view.days): values[name]}
    labels = places if step else [look.groups.words(column, place) for place in places]
    has_gaps = any(None in each for each in values.values())
    unit, theme = unit_of(look), look.view.theme
    chart = group_lines(values, labels, unit=unit, theme=theme, before=earlier, before_name=look.before, is_narrow=is_phone())
    return Drawn(chart, note="Lines break where a group is hidden or has no rows." if has_gaps else "")


def _all_days(days: Sequence[date], step: int) -> list[Any]:
    return [days[0] + number * step * _DAY for number in range((days[-1] - days[0]).days // step + 1)]


def _placed(rows: Sequence[Row], column: str, places: Sequence[Any]) -> list[Row]:
    known = {row[column]: row for row in rows}
    return [known.get(place, {}) for place in places]


def _grid(look: Look, down: str, across: str) -> Drawn:
    unit = unit_of(look)
    lines, columns = (_names_in_order(look, name) for name in (down, across))
    kept_lines, kept_columns = lines[: MOST_SQUARES[0]], columns[: MOST_SQUARES[1]]
    squares = {(look.name(row, down), look.name(row, across)): _square(look, row, down, across) for row in look.rows}
    classes = classes_of(look.choice, [value for row in look.told if (value := look.on_screen(row)) is not None])
    shown_unit = Unit(unit.words, min(unit.decimals, 1))
    chart = group_grid(squares, kept_lines, kept_columns, classes=classes, unit=shown_unit, theme=look.view.theme)
    is_cut = len(kept_lines) < len(lines) or len(kept_columns) < len(columns)
    told = f"{len(kept_lines)} of {len(lines)} by {len(kept_columns)} of {len(columns)} groups are drawn." if is_cut else ""
    specials = Specials(hidden_cells=sum(each.is_hidden for each in squares.values()))
    note = "" if look.metric.breaks_of(look.figure.column) else "classes of this view"
    period = look.view.days if look.metric.uses("start_on") else ""
    return Drawn(chart, note=told, legend=legend_html(classes, theme=look.view.theme, period=period, note=note, specials=specials))


def _square(look: Look, row: Row, *columns: str) -> Square:
    if row["suppressed"]:
        return Square(None, is_hidden=True, tip=f"{escape(look.name(row, *columns))}: hidden, {look.found.answer.too_few}")
    rows = f"<br>{write.n(row[look.figure.rows])}" if look.figure.rows else ""
    return Square(look.on_screen(row), tip=f"{escape(look.name(row, *columns))}: {look.value(row)}{rows}")


def _names_in_order(look: Look, column: str) -> list[str]:
    """Return the names of a column's groups: in their own order where they have one, else the largest first."""
    of: dict[Any, list[Row]] = {}
    for row in look.rows:
        of.setdefault(row[column], []).append(row)
    if dimension_of(column) in IN_ORDER:
        ordered = sorted(of, key=lambda value: (value is None, 0 if value is None else value))
    else:
        ordered = sorted(of, key=lambda value: (-_weight(look, of[value]), str(value)))
    return [look.groups.words(column, value) for value in ordered]


def classes_of(choice: Choice, values: Sequence[float]) -> Classes:
    """Return the classes of a figure: those fixed for the metric where there are any, else round ones of what is shown."""
    shown, metric = choice.figure, choice.metric
    scale = BURDEN if metric.direction == "down" else AMOUNT
    label = words.unit(metric, shown)
    fixed = metric.breaks_of(shown.column)
    if fixed:
        limits = tuple(round(float(words.on_screen(shown, limit) or 0), 6) for limit in fixed)
        return Classes(words.label(metric, shown), label, limits, scale)
    ordered = sorted(values)
    quantiles = [ordered[min(len(ordered) - 1, int(part * len(ordered)))] for part in _QUANTILES]
    return Classes(words.label(metric, shown), label, round_breaks(quantiles), scale)


def _map(look: Look) -> Drawn:
    """Return a map of the cells, around the market that is looked at where several are in the filter."""
    view, metric = look.view, look.metric
    table = look.found.table.filter(look.found.table.column("cell").is_valid())
    cells = table.column("cell").to_pylist()
    if len(set(cells)) < len(cells):
        return Drawn(note="Each cell has several rows here, and a map shows one: choose a mall, or look at the table.")
    if len(cells) > MOST_CELLS:
        return Drawn(note=f"{len(cells):,} cells are too many for a map: choose larger ones, or a market.")
    values = [words.on_screen(look.figure, value) for value in table.column(look.figure.column).to_pylist()]
    drawn = {"cell": table.column("cell"), "value": pa.array(values, pa.float64()), "suppressed": table.column("suppressed")}
    if look.figure.rows and not metric.modelled:
        drawn["n"] = table.column(look.figure.rows)
    classes = classes_of(look.choice, [each for each in values if each is not None])
    notes = ["modelled" if metric.modelled else "", "" if metric.breaks_of(look.figure.column) else "classes of this view"]
    figure = value_map(
        pa.table(drawn),
        scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall, width_px=1300, height_px=_MAP_PX),
        value="value",
        classes=classes,
        text=lambda number: f"{number_text(round(number, 2))} {classes.unit}",
        period=view.days if metric.uses("start_on") else "",
        note=", ".join(filter(None, notes)),
        hidden_share=look.found.answer.hidden_share or None,
    )
    return Drawn(map=figure)
