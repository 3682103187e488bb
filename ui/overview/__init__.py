"""What the Overview page says: the sentence, the tiles, the scorecard, the map, what changed, the weeks since opening, and the targets.

Choosing and wording; no formulas. ``sections`` draws.
"""

from analytics.targets import Targets
from ui.overview import cells, change, score, standing, weeks
from ui.overview.headline import days, lagging, leading, question, sentence
from ui.overview.standing import targets
from ui.overview.tiles import WITHIN_S, notes, tiles
from ui.session import ask_ahead
from ui.view import View

__all__ = [
    "ask_all",
    "cells",
    "change",
    "days",
    "lagging",
    "leading",
    "notes",
    "question",
    "score",
    "sentence",
    "standing",
    "targets",
    "tiles",
    "weeks",
]


def ask_all(view: View, wanted: Targets) -> None:
    """Ask what the page is going to ask in any case, side by side."""
    reach = ("covered_share", {"mall_id": None, "within_s": WITHIN_S})
    ask_ahead(view, [*score.asked(view), *weeks.asked(view), *standing.asked(view, wanted), *cells.asked(view), reach])
