"""Draws the sections of the Overview page: malls, map, what changed, weeks, markets; each with its links to the pages that tell more."""

import streamlit as st

from analytics import joined
from analytics.targets import Targets
from ui import filters, panels, scene
from ui.charts import CONFIG
from ui.frame import link_to
from ui.overview import cells, change, score, standing, weeks
from ui.view import View

_AROUND = ("Coverage", "Delivery times", "Drivers")


def malls(view: View, targets: Targets) -> None:
    """Draw the scorecard with its export; a chosen row leads to the pages around its mall."""
    answers, rows = score.answers(view), score.rows(view, targets)
    panels.numbers_side_by_side("Malls", joined.file("malls", answers, view.version, rows), key="malls")
    ids = rows.column("mall_id").to_pylist()
    alt = f"One row a mall, {view.days}: orders, on time, click-to-door p90, drivers, cost."
    panels.table(
        rows,
        score.columns(rows, view),
        key="malls",
        alt=alt,
        on_row=lambda row: filters.choose(mall=None if row is None else ids[row], cell=None),
    )
    mall = score.chosen_mall(view)
    if mall is None:
        panels.note("Choose a row, or a mall on the map, to follow it to the other pages.")
        return
    panels.note(f"{mall.name}, the same days:")
    with st.container(horizontal=True):
        for title in _AROUND:
            link_to(title, title)


def mapped(view: View) -> None:
    """Draw the map of one market by cell, and the story of the clicked one."""
    if view.market is None and len(view.markets) > 1:
        filters.segments(cells.map_switch(view))
    answer = cells.answer(view)
    alt = f"Map of {cells.map_market(view).name}: {cells.map_title(answer)}, {cells.span_text(view)}."
    scene.draw(cells.by_cell(view), alt=alt)
    panels.note(cells.off_the_map(answer))
    if story := cells.cell_story(view, answer):
        panels.story("The chosen cell", story)
    link_to("Coverage", "Whom can a mall reach, and who is left out?")


def changed(view: View) -> None:
    """Draw the bars that sum to a change."""
    st.subheader("What changed", anchor=False)
    filters.segments(change.control(view))
    bars = change.chart(view)
    if bars is not None:
        st.plotly_chart(bars, theme=None, config=CONFIG, key="change", alt="Parts of the change, which sum to it.")
    panels.note(change.note(view))
    link_to("Delivery times", "How long do orders take, and where is the time lost?")


def week_by_week(view: View) -> None:
    """Draw the chosen figure since the malls opened, or by calendar."""
    st.subheader("Week by week", anchor=False)
    filters.segments(weeks.trend_control(view))
    filters.segments(weeks.axis_control(view))
    st.plotly_chart(weeks.chart(view), theme=None, config=CONFIG, key="weeks", alt="The chosen figure week by week.")
    panels.note(weeks.chart_note(view))


def markets(view: View, targets: Targets) -> None:
    """Draw the markets beside their targets and the baseline, with the export."""
    rows = standing.rows(view, targets)
    with panels.table_heading("Markets against target and baseline"):
        panels.rows_button(standing.file(rows), "markets", view.version)
    dots = standing.dots(view, targets)
    for place, ((heading, figure), column) in enumerate(zip(dots, st.columns(max(1, len(dots)), gap="medium"), strict=False)):
        with column:
            panels.note(heading)
            st.plotly_chart(figure, theme=None, config=CONFIG, key=f"target-{place}", alt=heading)
    if rows.num_rows:
        alt = "Figures of each market against target and baseline."
        panels.table(rows, standing.columns(rows), key="standing", alt=alt, height_rows=18)
    panels.note(standing.note(view, targets))


def cells_behind(view: View) -> None:
    """Draw the table under the map, the clicked cell first, with its export."""
    answer = cells.answer(view)
    title = cells.map_title(answer)
    panels.numbers_behind(title, answer, view.version, key="cells")
    alt = f"{title}, {cells.span_text(view)}."
    panels.table(cells.cells_table(answer, view), cells.CELLS[answer.metric.id], key="cells-table", alt=alt, height_rows=6)
