"""How does a figure differ, by anything?"""

from ui import explore, frame
from ui.explore import Look

view = frame.current_view()
choice = explore.choice_of(view)
explore.controls(view, choice, may_change=frame.may_load())
look = Look(view, choice, explore.found(view, choice))
explore.answer(look)
explore.evidence(look)
