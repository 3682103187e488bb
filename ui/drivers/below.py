"""Draws the table that was chosen below the hours and the map of Drivers, with its export."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import streamlit as st

from analytics import joined
from analytics.answers import Answer
from analytics.export import Table
from ui import format as write
from ui import panels
from ui.charts import CONFIG
from ui.drivers import hours, places, tables
from ui.drivers.question import gap_by_hour, hours_asked, notes, shown_hour
from ui.filters import Control
from ui.session import Ask, ask_ahead
from ui.view import View

BELOW = Control(
    "below",
    "Table",
    {"use": "Use", "pay": "Trips and pay", "acceptance": "Acceptance", "by-mall": "Malls", "hours": "Hours", "cells": "Cells"},
    "use",
)
"""Which table stands below: one at a time, so that a page asks for no more than it shows."""


def asked_below(view: View) -> list[Ask]:
    """Return what the chosen table is going to ask."""
    asked = _ASKED.get(view.choice(BELOW.key, BELOW.default))
    return [] if asked is None else asked(view)


def below(view: View) -> None:
    """Draw the chosen table."""
    _TABLES.get(view.choice(BELOW.key, BELOW.default), _use)(view)


def _use(view: View) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        rows, answers = tables.variants(view), tables.variant_answers(view)
        _heading(view, "What counts as utilized", "what_counts_as_utilized", answers, key="variants", rows=tables.variants_file(rows))
        panels.table(rows, tables.with_notes(tables.VARIANTS, rows), key="variants-table", alt="Shares of online time by what counts.")
    with right:
        panels.table_heading("Time at the mall")
        if (bar := tables.dwell_bar(view)) is not None:
            st.plotly_chart(bar, theme=None, config=CONFIG, key="dwell", alt=tables.dwell_note(view))
        panels.note(tables.dwell_note(view))


def _pay(view: View) -> None:
    rows, answers = tables.measures(view), tables.measure_answers(view)
    _heading(view, "Trips and pay", "trips_and_pay", answers, key="measures", rows=tables.measures_file(rows))
    panels.table(rows, tables.with_notes(tables.MEASURES, rows), key="measures-table", alt="Acceptance, batches, empty meters, pay.")
    panels.note(" ".join(filter(None, (tables.MONEY_NOTE, notes(answers)))))


def _acceptance(view: View) -> None:
    for place, (dimension, title) in zip(st.columns(2, gap="medium"), tables.BANDS.items(), strict=True):
        with place:
            answer = tables.acceptance(view, dimension)
            panels.numbers_behind(title, answer, view.version, key=dimension)
            rows = tables.acceptance_table(answer)
            columns = tables.with_notes(tables.acceptance_columns(dimension), rows)
            panels.table(rows, columns, key=f"{dimension}-table", alt=f"{title}: the share of offers that drivers accepted.")
            panels.note(notes([answer]) if rows.num_rows else "No offers in this data on these days.")


def _malls(view: View) -> None:
    answers = tables.mall_answers(view)
    _heading(view, f"Malls of {view.focus.name}", "drivers_by_mall", answers, key="by-mall")
    rows = tables.malls_table(view)
    panels.table(rows, tables.with_notes(tables.MALLS, rows), key="by-mall-table", alt="Drivers' hours, use, pay and cost of every mall.")
    panels.note(tables.MALLS_NOTE)


def _hours(view: View) -> None:
    panels.numbers_behind("Hours of the week", gap_by_hour(view), view.version, key="hours")
    panels.table(hours.hours_table(view), hours.HOURS, key="hours-table", alt="Hours required, online, short and spare.", height_rows=10)


def _cells(view: View) -> None:
    hour, answer = shown_hour(view), places.cells(view)
    rows, title = places.cells_table(view), f"Cells on the map, {write.hour_of_week(hour)}" if hour else "Cells on the map"
    panels.numbers_behind(title, answer, view.version, key="cells", drawn=rows)
    panels.table(rows, places.CELLS, key="cells-table", alt="Hours short and spare by cell.", height_rows=10)


def _heading(view: View, title: str, name: str, answers: list[Answer], *, key: str, rows: pa.Table | None = None) -> None:
    """Draw a table's heading with the export of the answers behind it, or of rows made of them where the table stands on its side."""
    file = joined.file(name, answers, view.version)
    with panels.table_heading(title):
        panels.export(file if rows is None else Table(rows, file.name, file.about, file.is_synthetic), key=key)


_TABLES: Mapping[str, Callable[[View], None]] = {
    "use": _use,
    "pay": _pay,
    "acceptance": _acceptance,
    "by-mall": _malls,
    "hours": _hours,
    "cells": _cells,
}

_ASKED: Mapping[str, Callable[[View], list[Ask]]] = {
    "use": tables.use_asked,
    "pay": tables.measures_asked,
    "acceptance": tables.acceptance_asked,
    "by-mall": tables.malls_asked,
}


def ask_all(view: View) -> None:
    """Begin to ask what the page is going to ask in any case."""
    ask_ahead(view, [*hours_asked(view), *asked_below(view)])
