"""Are there enough drivers, when and where?"""

import streamlit as st

from ui import drivers, filters, panels, scene, session, source
from ui.frame import current_view

view = current_view()
drivers.ask_all(view)
with session.heard() as said:
    text, aside = drivers.sentence(view)
panels.question("Are there enough drivers, when and where?")
panels.answer_sentence(text, aside)
if drivers.has_shifts(view):
    with source.where_from("figures", said=said):
        panels.figures(drivers.figures(view))
    left, right = panels.beside(55, 45)
    with left, source.where_from("grid"):
        legend, grid = drivers.grid(view)
        st.html(legend)
        panels.week_hours(grid, key="grid", alt=f"Driver-hours short and spare by weekday and hour. {text}")
        panels.note(drivers.hour_words_in_full(view))
    with right, source.where_from("map"):
        figure, cells = drivers.cells_map(view)
        scene.draw(figure, alt=drivers.map_title(view))
        if story := drivers.cell_story(view, cells):
            panels.story("The chosen cell", story)
        panels.note(drivers.map_notes(view))
    panels.note(drivers.data_notes(view))

    filters.segments(drivers.BELOW)
    with source.where_from("below"):
        drivers.below(view)
