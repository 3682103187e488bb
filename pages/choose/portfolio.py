"""Which malls for this budget?"""

from ui import panels, portfolio
from ui.frame import current_view

view = current_view()
by = portfolio.asked(view)
panels.question("Which malls for this budget?" if by.wish.budget_cents is not None else "Which malls together?")
panels.answer_sentence(*portfolio.told(by))
portfolio.follow(view, by)

left, right = panels.beside(56, 44)
with left:
    portfolio.controls.allowed(by)
    portfolio.table.draw(view, by)
    portfolio.curve.draw(view, by, side="table")
with right:
    portfolio.map.draw(view, by)
    portfolio.curve.draw(view, by, side="map")

portfolio.below.draw(view, by)
portfolio.behind(view, by)
