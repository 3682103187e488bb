"""Whom can this mall reach, and who is left out?"""

import streamlit as st

from ui import coverage, panels, scene
from ui.charts import CONFIG
from ui.frame import current_view

view = current_view()
by = coverage.standard(view)
text, aside = coverage.sentence(view, by)
panels.question("Whom can this mall reach, and who is left out?" if view.mall else "Whom can the open malls reach, and who is left out?")
panels.answer_sentence(text, aside)

left, right = st.columns([66, 34], gap="medium")
with left:
    figure, cells = coverage.cells_map(view, by)
    scene.draw(figure, alt=text)
with right:
    panels.figures(coverage.figures(view, by))
    curve = coverage.curve(view, by)
    if curve is not None:
        st.plotly_chart(curve, theme=None, config=CONFIG, key="curve", alt=f"Share of {by.who} within reach, by drive minutes.")
    if story := coverage.cell_story(view, by, cells):
        panels.story("The chosen cell", story)
    else:
        panels.note("Click a cell for its people, drive and orders; click a mall to choose it.")

reach = coverage.by_mall(view, by)
panels.numbers_behind(f"Malls of {view.focus.name}", reach, view.version, key="malls")
panels.table(coverage.malls_table(view, by), coverage.malls_columns(by), key="malls-table", alt="Reach of every mall of the market.")
panels.note(coverage.model_note(view, by))

behind = coverage.cells_answer(view, by)
panels.numbers_behind("Cells on the map", behind, view.version, key="cells")
rows = coverage.cells_table(view, behind)
panels.table(rows, coverage.cells_columns(by), key="cells-table", alt=f"People, drive time and orders by cell. {text}", height_rows=6)
