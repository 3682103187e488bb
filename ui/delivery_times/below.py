"""Draws what was chosen below the map of Delivery times, with its export."""

from collections.abc import Callable, Mapping

import streamlit as st

from analytics import joined
from analytics.beyond import METHOD
from ui import format as write
from ui import panels
from ui.charts import CONFIG
from ui.delivery_times import groups, lost, places
from ui.delivery_times.question import asked_by_all
from ui.delivery_times.question import below as chosen
from ui.session import Ask, ask_ahead
from ui.view import View


def ask_all(view: View) -> None:
    """Begin to ask what the page is going to ask in any case."""
    tables: Mapping[str, Callable[[View], list[Ask]]] = {"late": lost.late_asked, "stages": lost.stages_asked}
    drawn = tables.get(chosen(view))
    ask_ahead(view, [*asked_by_all(view), *(drawn(view) if drawn else ())])


def below(view: View) -> None:
    """Draw the chosen table."""
    if view.hour:
        panels.note(f"Of orders placed {write.hour_of_week(view.hour)}, the hour that was clicked.")
    _TABLES[chosen(view)](view)


def _late(view: View) -> None:
    panels.numbers_behind("Late minutes by stage", lost.late(view), view.version, key="late", rows=lost.late_rows(view))
    sentence = lost.late_sentence(view)
    st.markdown(sentence)
    if (bar := lost.late_bar(view)) is not None:
        st.plotly_chart(bar, theme=None, config=CONFIG, key="late-bar", alt=sentence)
    rows = lost.late_table(view)
    if rows.num_rows:
        panels.table(rows, lost.LATE, key="late-table", alt=f"Late minutes by what made orders late. {sentence}")
    panels.note(lost.late_note(view))


def _stages(view: View) -> None:
    with panels.table_heading("Stages and waits"):
        panels.rows_button(lost.stage_rows(view), "stages", view.version)
    if (bar := lost.slow_bar(view)) is not None:
        st.plotly_chart(bar, theme=None, config=CONFIG, key="slow-bar", alt="Mean stages of all orders and of slow ones.")
    panels.note(lost.slow_note(view))
    panels.table(lost.stages_table(view), lost.STAGES, key="stages-table", alt="Mean and percentiles of every stage and wait.")
    panels.note("Means of stages add up to click-to-door; percentiles do not. Packing and the ready times overlap with stages.")


def _stores(view: View) -> None:
    answer = groups.stores_answer(view)
    panels.numbers_behind("Stores beyond chance", answer, view.version, key="stores", rows=groups.with_shrunk(view, answer))
    sentence = groups.stores_sentence(view)
    st.markdown(sentence)
    panels.table(groups.stores_table(view), groups.stores_columns(view), key="stores-table", alt=f"Stores. {sentence}")
    panels.note(METHOD)


def _distance(view: View) -> None:
    found = groups.distance_answers(view)
    panels.numbers_side_by_side("Distance from mall to door", joined.file("distance", found, view.version), key="distance")
    panels.table(groups.distance_table(view), groups.DISTANCE, key="distance-table", alt="Delivery times by straight-line distance.")
    panels.note("Straight line from the mall to the door, not the way driven.")


def _days(view: View) -> None:
    found = groups.days_answer(view)
    panels.numbers_behind("Days beside their weekday", found, view.version, key="days", rows=groups.days_rows(view))
    sentence = groups.days_sentence(view)
    st.markdown(sentence)
    if (chart := groups.days_chart(view)) is not None:
        st.plotly_chart(chart, theme=None, config=CONFIG, key="days-chart", alt=sentence)
        panels.note("Grey: from the least to the most of the same weekday in the 4 weeks before.")
    panels.table(groups.days_table(view), groups.days_columns(view), key="days-table", alt=f"Days. {sentence}", height_rows=8)


def _cells(view: View) -> None:
    answer, rows = places.cells(view), groups.cells_table(view)
    panels.numbers_behind("Cells on the map", answer, view.version, key="cells", rows=groups.with_shrunk(view, answer), drawn=rows)
    sentence = groups.cells_sentence(view)
    st.markdown(sentence)
    panels.table(rows, groups.cells_columns(view), key="cells-table", alt=f"Cells. {sentence}", height_rows=8)
    panels.note(METHOD)


_TABLES: Mapping[str, Callable[[View], None]] = {
    "late": _late,
    "stages": _stages,
    "stores": _stores,
    "distance": _distance,
    "days": _days,
    "cells": _cells,
}
