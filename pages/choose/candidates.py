"""Which mall next?"""

from ui import candidates, panels
from ui.frame import current_view

view = current_view()
by = candidates.asked(view)
panels.question("Which mall next?")
panels.answer_sentence(*candidates.table.sentence(view, by))

left, right = panels.beside(59, 41)
with left:
    candidates.table.draw(view, by)
with right:
    candidates.map.draw(view, by)

candidates.below.draw(view, by)
