"""How did the program do last week?"""

import streamlit as st

from ui import kept, overview, panels, session, source
from ui.frame import current_view, link_to
from ui.overview import sections

view = current_view()
targets, problem = overview.targets(view)
panels.question(overview.question(view), overview.days(view))
overview.ask_all(view, targets)
with session.heard() as said:
    panels.answer_sentence(*overview.sentence(view))
    for remark in (problem, overview.lagging(view)):
        panels.note(remark)
with source.where_from("tiles", said=said):
    panels.tiles(overview.tiles(view, targets), link=link_to)
    panels.note(overview.notes(view))

left, right = panels.beside(58, 42)
with left, source.where_from("malls"):
    sections.malls(view, targets)
with right, source.where_from("map"):
    sections.mapped(view)

left, right = st.columns(2, gap="medium")
with left, source.where_from("change"):
    sections.changed(view)
with right, source.where_from("weeks"):
    sections.week_by_week(view)

with source.where_from("markets", others=kept.baseline(view)):
    sections.markets(view, targets)
with source.where_from("cells"):
    sections.cells_behind(view)
