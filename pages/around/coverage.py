"""Whom can this mall reach, and who is left out?"""

import streamlit as st

from ui import coverage, panels, scene, session, source
from ui.charts import CONFIG
from ui.frame import current_view

view = current_view()
by = coverage.standard(view)
with session.heard() as said:
    text, aside = coverage.sentence(view, by)
panels.question("Whom can this mall reach, and who is left out?" if view.mall else "Whom can the open malls reach, and who is left out?")
panels.answer_sentence(text, aside)

left, right = st.columns([66, 34], gap="medium")
with left:
    coverage.show(view, by)
    with source.where_from("map"):
        figure, cells = coverage.cells_map(view, by)
        scene.draw(figure, alt=text)
with right:
    with source.where_from("figures", said=said):
        panels.figures(coverage.figures(view, by))
        curve = coverage.curve(view, by)
        if curve is not None:
            st.plotly_chart(curve, theme=None, config=CONFIG, key="curve", alt=f"Share of {by.who} within reach, by drive minutes.")
    with source.where_from("story"):
        story = coverage.cell_story(view, by, cells)
        if story:
            panels.story("The chosen cell", story)
        else:
            panels.note("Click a cell for its people, drive and orders; click a mall to choose it.")

with source.where_from("below"):
    coverage.below(view, by, text)
