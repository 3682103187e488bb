"""How well do modelled drive times fit the drives?"""

import streamlit as st

from ui import panels, scene, session, source, travel_times
from ui.charts import CONFIG
from ui.frame import current_view

view = current_view()
with session.heard() as said:
    text, aside = travel_times.sentence(view)
panels.question("How well do modelled drive times fit the drives?")
panels.answer_sentence(text, aside)
if travel_times.is_measured(view):
    with source.where_from("figures", said=said):
        panels.figures(travel_times.figures(view))
    left, right = st.columns([55, 45], gap="medium")
    with left, source.where_from("map"):
        scene.draw(travel_times.cells_map(view), alt=f"Observed against modelled drives by cell. {text}")
    with right, source.where_from("charts"):
        panels.table_heading("By distance")
        st.plotly_chart(
            travel_times.curve(view), theme=None, config=CONFIG, key="curve", alt="Minutes by straight-line miles from the mall."
        )
        panels.table_heading("Predicted and observed")
        st.plotly_chart(travel_times.fit(view), theme=None, config=CONFIG, key="fit", alt="Observed minutes against predicted ones.")
        if story := travel_times.cell_story(view):
            panels.story("The chosen cell", story)
        else:
            panels.note("Click a cell for its drives; click a mall to choose it. Every drive is measured against a model without its cell.")

    panels.numbers_behind("Error by hour", travel_times.by_hour(view), view.version, key="hours")
    with source.where_from("hours"):
        legend, grid = travel_times.grid(view)
        st.html(legend)
        st.plotly_chart(grid, theme=None, config=CONFIG, key="hours-grid", alt="Minutes by which half of the drives are off, by hour.")

    panels.numbers_behind("Error by distance", travel_times.by_line(view), view.version, key="lines")
    with source.where_from("lines"):
        lines = travel_times.lines_table(view)
        panels.table(
            lines, travel_times.LINE_COLUMNS, key="lines-table", alt="Observed and modelled drives by straight line.", height_rows=10
        )

    rows = travel_times.cells(view)
    panels.numbers_behind("Cells on the map", travel_times.by_cell(view), view.version, key="cells", drawn=rows)
    with source.where_from("cells"):
        panels.table(
            travel_times.cells(view), travel_times.CELLS_COLUMNS, key="cells-table", alt="Drives and errors by cell.", height_rows=6
        )
