"""How did the program do last week?"""

import streamlit as st

from analytics import joined
from ui import filters, overview, panels, scene
from ui.charts import CONFIG
from ui.frame import current_view, link_to
from ui.overview import change, standing

view = current_view()
targets, problem = standing.targets(view)
panels.question(overview.question(view), overview.days(view))
panels.answer_sentence(*overview.sentence(view))
panels.note(overview.lagging(view))
panels.note(problem)
panels.tiles(overview.tiles(view, targets), link=link_to)
panels.note(overview.notes(view))

left, right = panels.beside(58, 42)
with left:
    answers = overview.scorecard_answers(view)
    rows = overview.scorecard(view, targets)
    with panels.table_heading("Malls"):
        written = joined.row_count(answers, rows)
        panels.csv_button(written, lambda: joined.csv(answers, rows), joined.file_name("malls", answers), key="malls-csv")
    columns = overview.scorecard_columns(rows, view)
    panels.table(rows, columns, key="malls", alt=f"One row a mall, {view.days}: orders, on time, click-to-door p90, drivers, cost.")

with right:
    if view.market is None and len(view.markets) > 1:
        filters.segments(overview.map_switch(view))
    figure, cells, span = overview.by_cell(view)
    title = overview.map_title(cells)
    scene.draw(figure, alt=f"Map of {overview.map_market(view).name}: {title}, {span}.", height_px=overview.MAP_PX)
    panels.note(overview.off_the_map(cells))
    if story := overview.cell_story(view, cells):
        panels.story("The chosen cell", story)
    link_to("Coverage", "Whom can a mall reach, and who is left out?")

left, right = st.columns([1, 1], gap="medium")
with left:
    st.subheader("What changed", anchor=False)
    filters.segments(change.control(view))
    bars = change.chart(view)
    if bars is not None:
        st.plotly_chart(bars, theme=None, config=CONFIG, key="change", alt="Parts of the change, which sum to it.")
    panels.note(change.note(view))
    link_to("Delivery times", "Where is the time lost?")
with right:
    st.subheader("Week by week", anchor=False)
    filters.segments(overview.trend_control(view))
    filters.segments(overview.AXIS)
    st.plotly_chart(overview.weeks_chart(view), theme=None, config=CONFIG, key="weeks", alt="The chosen figure week by week.")
    panels.note(overview.chart_note(view))

rows = standing.rows(view, targets)
with panels.table_heading("Markets against target and baseline"):
    panels.rows_button(standing.file(rows), "markets", view.version)
beside = standing.dots(view, targets)
for place, ((heading, dots), column) in enumerate(zip(beside, st.columns(max(1, len(beside)), gap="medium"), strict=False)):
    with column:
        panels.note(heading)
        st.plotly_chart(dots, theme=None, config=CONFIG, key=f"target-{place}", alt=heading)
panels.table(rows, standing.columns(rows), key="standing", alt="Figures of each market against target and baseline.", height_rows=18)
panels.note(standing.note(view, targets))

panels.numbers_behind(title, cells, view.version, key="cells")
panels.table(overview.cells_table(cells), overview.CELLS[cells.metric.id], key="cells-table", alt=f"{title}, {span}.", height_rows=6)
