"""Pieces of a page: the question and its answer, tiles, tables with their export, and the words that define a figure.

Draws what it is given; a figure that changed is colored only where somebody upstream says that the change is more than chance.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from math import nan
from typing import Any, Literal

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.answers import Answer
from analytics.catalog import Direction, Metric
from analytics.changes import Change
from analytics.export import Leaving, of_answer, of_table
from analytics.joined import Joined
from data.warehouse import Version
from ui import downloads, filters, links, near
from ui.charts import CONFIG, picked_hour
from ui.format import unbroken

ROW_PX = 32
_INTERVAL_PX = 78  # "91.6-100.0"; the heading alone would make the column too narrow for it
Kind = Literal["text", "figure", "cell", "count", "minutes", "percent", "money", "decimal", "rate", "interval", "trend", "score"]
_FORMATS: Mapping[Kind, str] = {
    "count": "%,d",
    "minutes": "%.1f",
    "percent": "%.1f %%",
    "money": "$%.2f",
    "decimal": "%,.1f",
    "rate": "%.2f",
}
_FACTORS: Mapping[Kind, float] = {"minutes": 1 / 60, "percent": 100.0, "money": 0.01}


@dataclass(frozen=True)
class Tile:
    """One figure: its change is drawn with an arrow, in color only where ``change`` is beyond chance.

    Attributes
    ----------
    compared
        What the change is measured against, or why there is none.
    weeks
        Figures of the last weeks; None leaves a gap.
    reason
        Why the figure is missing; stands in place of ``compared``.
    interval, width
        95 percent interval in words, and its width in the unit of ``change``: in the help; on the tile only where wider than the change.
    target
        The figure's target in words, and how it stands to it.
    page
        Title of the page that tells more.
    """

    metric: Metric
    label: str
    value: str
    change: Change | None = None
    change_text: str = ""
    compared: str = ""
    n: str = ""
    weeks: Sequence[float | None] = ()
    reason: str = ""
    interval: str = ""
    width: float = 0.0
    target: str = ""
    page: str = ""


@dataclass(frozen=True)
class Shown:
    """One column of a table on screen: where it comes from, its heading, and how it is written.

    ``minutes`` takes seconds, ``percent`` a share, ``money`` cents, ``cell`` an H3 cell, ``interval`` low and high as one text;
    ``figure`` a number that is a text already, because its unit or its range stands in it;
    ``score`` is 0 to 100; ``trend`` takes lists of numbers and needs ``top``, their end.
    """

    column: str
    label: str
    kind: Kind = "text"
    help: str | None = None
    is_pinned: bool = False
    top: float | None = None
    width_px: int | None = None


def question(text: str, aside: str = "") -> None:
    """Draw the page's question, and beside it the days and the comparison; the answer follows it."""
    st.html(f'<h1 class="mr-question">{escape(text)}{f" <small>{escape(aside)}</small>" if aside else ""}</h1>')


def answer_sentence(text: str, aside: str = "") -> None:
    """Draw the answer, and under it in grey what it rests on."""
    st.html(f'<p class="mr-answer">{unbroken(escape(text))}</p>' + (f'<p class="mr-aside">{unbroken(escape(aside))}</p>' if aside else ""))


def note(text: str) -> None:
    """Draw a remark in grey; nothing where there is none."""
    if text:
        st.html(f'<p class="mr-note">{unbroken(escape(text))}</p>')


def tiles(shown: Sequence[Tile], *, link: Callable[[str, str], None] | None = None) -> None:
    """Draw figures in one row, each with its change, its 13 weeks and its n, and under it a link to its page by title and label."""
    row = st.container(key="tiles")
    for column, tile in zip(row.columns(len(shown), gap="small"), shown, strict=True):
        with column:
            _tile(tile)
            if link is not None and tile.page:
                link(tile.page, tile.page)


def _tile(tile: Tile) -> None:
    is_news = tile.change is not None and tile.change.is_beyond_chance
    remark = tile.compared if is_news or tile.change is None else "within normal variation"
    is_wide = tile.change is not None and tile.width > abs(tile.change.difference)
    described = ", ".join(part for part in (tile.reason or remark, tile.target, tile.interval if is_wide else "", tile.n) if part)
    weeks = [nan if week is None else week for week in tile.weeks]
    st.metric(
        tile.label,
        tile.value,
        delta=tile.change_text or None,
        delta_color=_color(tile.metric.direction, tile.change) if is_news and tile.change else "off",
        delta_arrow=_arrow(tile.change),
        delta_description=unbroken(described, with_ranges=True) or None,
        help=definition(tile.metric) + (f"\n\n95 % interval: {tile.interval}." if tile.interval else ""),
        border=True,
        height="stretch",
        chart_data=weeks if len(weeks) - tile.weeks.count(None) > 1 else None,  # a line of one point has no extent
        chart_type="line",
    )


def _color(direction: Direction, change: Change) -> Literal["green", "red", "off"]:
    if direction == "none":
        return "off"
    return "green" if (change.difference > 0) == (direction == "up") else "red"


def _arrow(change: Change | None) -> Literal["up", "down", "off"]:
    if change is None or change.difference == 0:
        return "off"
    return "up" if change.difference > 0 else "down"


def definition(metric: Metric) -> str:
    """Return what a figure means, for its help: one sentence, then the definition and where it comes from."""
    first = metric.definition.split("\n\n", 1)[0].replace("\n", " ")
    return f"{metric.help}\n\n**Definition.** {first}\n\n*Source: {metric.source}.*"


def beside(left: int, right: int) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return two columns of which a phone shows the right one first: put the map there when tables stand left of it."""
    columns = st.container(key="beside").columns([left, right], gap="medium")
    return columns[0], columns[1]


def figures(shown: Sequence[tuple[str, str, str]]) -> None:
    """Draw figures without a frame side by side: label, value, and what stands beside it in grey."""
    items = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)} <small>{escape(beside)}</small></dd></div>" for label, value, beside in shown
    )
    st.html(f'<dl class="mr-figures">{items}</dl>')


def story(title: str, lines: Sequence[tuple[str, str]]) -> None:
    """Draw what is known about one thing: a title and a line for each fact."""
    items = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in lines)
    st.html(f'<b>{escape(title)}</b><dl class="mr-story">{items}</dl>')


def week_hours(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a grid of weekdays and hours; a click chooses an hour for the address and the page, a second click takes it back.

    Parameters
    ----------
    figure
        From ``ui.charts.week_hour_grid``, with the chosen hour outlined.
    key, alt
        Identity, and the grid in words for screen readers.
    """
    follow = partial(_follow_hour, key)
    st.plotly_chart(figure, theme=None, config=CONFIG, key=key, on_select=follow, selection_mode="points", alt=alt)


def _follow_hour(key: str) -> None:
    """Take over the hour that was clicked; the one that was chosen already is taken back."""
    place = picked_hour(st.session_state[key].selection.points)
    text = links.hour_text(*place) if place else None
    filters.choose(**{links.HOUR: None if text == filters.chosen().get(links.HOUR) else text})


def table(
    rows: pa.Table,
    shown: Sequence[Shown],
    *,
    key: str,
    alt: str,
    height_rows: int = 14,
    on_row: Callable[[int | None], None] | None = None,
) -> None:
    """Draw a table with units on screen; stored units do not reach it.

    Parameters
    ----------
    rows
        Columns named by ``shown``; null is "-".
    shown
        Columns in order.
    key, alt
        Identity, and the table in words for screen readers.
    height_rows
        Rows in view before it scrolls.
    on_row
        Told which row a reader chose, None where they took it back; without it rows cannot be chosen.
    """
    rows, shown = with_places(rows, shown)
    drawn = pa.table({each.column: _on_screen(rows.column(each.column), each.kind) for each in shown})
    st.dataframe(
        drawn,
        hide_index=True,
        row_height=ROW_PX,
        height="content" if rows.num_rows <= height_rows else ROW_PX * (height_rows + 1),
        placeholder="-",
        column_config={each.column: _config(each) for each in shown},
        key=key,
        alt=alt,
        on_select=partial(_follow_row, key, on_row) if on_row else "ignore",
        selection_mode="single-row",
    )


def with_places(rows: pa.Table, shown: Sequence[Shown]) -> tuple[pa.Table, Sequence[Shown]]:
    """Return rows and columns with the place that cells lie in right of their ids, where a name is known of any."""
    place = next((place for place, each in enumerate(shown) if each.kind == "cell"), None)
    if place is None:
        return rows, shown
    names = near.of_cells(rows.column(shown[place].column).to_pylist())
    if not any(names):
        return rows, shown
    beside = Shown("near", "Near", help="The place that the cell lies in, or the direction of the cell from the nearest one")
    return rows.append_column("near", pa.array(names, pa.string())), (*shown[: place + 1], beside, *shown[place + 1 :])


def _follow_row(key: str, on_row: Callable[[int | None], None]) -> None:
    rows = st.session_state[key].selection.rows
    on_row(rows[0] if rows else None)


def _on_screen(values: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
    if kind == "cell":
        return pa.chunked_array([pa.array([None if cell is None else f"{cell:x}" for cell in values.to_pylist()], pa.string())])
    return pc.multiply(values.cast(pa.float64()), _FACTORS[kind]) if kind in _FACTORS else values


def _config(shown: Shown) -> Any:  # the builder's return type is Streamlit's own
    if shown.kind == "trend":
        return st.column_config.LineChartColumn(shown.label, help=shown.help, y_min=0, y_max=shown.top, width="small")
    if shown.kind == "score":
        width, text = shown.width_px, shown.help
        return st.column_config.ProgressColumn(shown.label, help=text, format="%.0f", min_value=0, max_value=100, width=width)
    if shown.kind == "interval":
        return st.column_config.TextColumn(shown.label, help=shown.help, width=_INTERVAL_PX, alignment="right")
    if shown.kind == "figure":
        return st.column_config.TextColumn(shown.label, help=shown.help, width=shown.width_px, alignment="right")
    if shown.kind in ("text", "cell"):
        return st.column_config.TextColumn(shown.label, help=shown.help, pinned=shown.is_pinned or None, width=shown.width_px)
    return st.column_config.NumberColumn(shown.label, help=shown.help, format=_FORMATS[shown.kind], width=shown.width_px)


def table_heading(title: str) -> DeltaGenerator:
    """Return the row over a table, with its title; buttons go into it, at the right end."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    row.subheader(title, anchor=False, width="stretch")
    return row


def csv_button(rows: int, content: Callable[[], bytes], file_name: str, *, key: str) -> None:
    """Draw the export of a file that stands there already, such as the rejected rows of a load: ``CSV, 214 rows``."""
    label = f"CSV, {rows:,} {'row' if rows == 1 else 'rows'}"
    st.download_button(label, data=content, file_name=file_name, mime="text/csv", key=key, on_click="ignore", icon=":material/download:")


def export(file: Leaving, *, key: str) -> None:
    """Draw the export of any table that may leave (``analytics.export``): ``CSV, 214 rows``, and the other formats under More.

    Parameters
    ----------
    file
        Exactly the rows that were drawn: ``export.of_answer``, ``export.of_table``, ``joined.file``.
    key
        Distinguishes several tables of a page.
    """
    downloads.draw(file, key=key)


def rows_button(rows: pa.Table, name: str, version: Version) -> None:
    """Draw the export of a table that is no answer, such as findings; nothing where it has no row."""
    if rows.num_rows:
        export(of_table(rows, name, version), key=name)


def numbers_behind(
    title: str, answer: Answer, version: Version, *, key: str, rows: pa.Table | None = None, drawn: pa.Table | None = None
) -> None:
    """Draw a table's heading with its export: CSV with the number of rows; under More other formats, and all rows behind the figures.

    Parameters
    ----------
    title
        Heading.
    answer
        Exactly the rows that were drawn.
    version
        Data version that was asked.
    key
        Distinguishes several tables of a page.
    rows
        What the files hold where the table on screen has other columns or stands on its side: parts of the answer as rows.
    drawn
        The rows on screen where these are not all cells of the answer; the files hold the same cells.
    """
    file = of_answer(answer, version)
    file = file if rows is None else replace(file, table=rows)
    if drawn is not None:
        file = replace(file, table=file.table.filter(pc.is_in(file.table.column("cell"), drawn.column("cell"))))
    with table_heading(title):
        downloads.draw(file, key=key, answer=answer, version=version)
    if answer.note and answer.metric.facts and "cell" in (*answer.parameters.by, *answer.metric.keys):
        note(f"{answer.note[:1].upper()}{answer.note[1:]}.")


def numbers_side_by_side(title: str, file: Joined, *, key: str) -> None:
    """Draw the heading of a table made of several answers, with its export."""
    with table_heading(title):
        export(file, key=key)
