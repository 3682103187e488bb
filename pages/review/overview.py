"""How did the program do last week?"""

import streamlit as st

from ui import overview, panels
from ui.frame import current_view, link_to
from ui.overview import sections

view = current_view()
targets, problem = overview.targets(view)
panels.question(overview.question(view), overview.days(view))
panels.answer_sentence(*overview.sentence(view))
for remark in (problem, overview.lagging(view)):
    panels.note(remark)
panels.tiles(overview.tiles(view, targets), link=link_to)
panels.note(overview.notes(view))

left, right = panels.beside(58, 42)
with left:
    sections.malls(view, targets)
with right:
    sections.mapped(view)

left, right = st.columns(2, gap="medium")
with left:
    sections.changed(view)
with right:
    sections.week_by_week(view)

sections.markets(view, targets)
sections.cells_behind(view)
