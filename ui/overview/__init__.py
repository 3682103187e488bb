"""What the Overview page says: the sentence, the tiles, the scorecard, the map, what changed, the weeks since opening, and the targets.

Choosing and wording; no formulas. ``sections`` draws.
"""

from ui.overview import cells, change, score, standing, weeks
from ui.overview.headline import days, lagging, leading, question, sentence
from ui.overview.standing import targets
from ui.overview.tiles import notes, tiles

__all__ = [
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
