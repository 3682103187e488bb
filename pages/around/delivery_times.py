"""How long do orders take, and where is the time lost?"""

import streamlit as st

from ui import delivery_times, filters, panels, scene, session, source
from ui.charts import CONFIG
from ui.frame import current_view

view = current_view()
delivery_times.ask_all(view)
with session.heard() as said:
    text, aside = delivery_times.sentence(view)
panels.question("How long do orders take, and where is the time lost?")
panels.answer_sentence(text, aside)

with source.where_from("figures", said=said):
    panels.figures(delivery_times.figures(view))
    bar = delivery_times.bar(view)
    if bar is not None:
        st.plotly_chart(bar, theme=None, config=CONFIG, key="stages", alt=f"Mean minutes of every stage. {aside}")
    panels.note(delivery_times.bar_note(view))
    panels.note(delivery_times.missing_figure(view))

left, right = st.columns([58, 42], gap="medium")
with left, source.where_from("map"):
    scene.draw(delivery_times.cells_map(view), alt=text)
with right, source.where_from("grid"):
    legend, grid = delivery_times.grid(view)
    st.html(legend)
    panels.week_hours(grid, key="grid", alt=f"The same figure by weekday and hour. {text}")
    if story := delivery_times.cell_story(view):
        panels.story("The chosen cell", story)
    panels.note(delivery_times.map_title(view))

filters.segments(delivery_times.BELOW)
with source.where_from("below"):
    delivery_times.below(view)
