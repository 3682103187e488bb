"""What the Coverage page says: the sentence, the figures, the curve, the map and the tables. Choosing and wording; no formulas."""

from ui.coverage.cells import cell_story, cells_map
from ui.coverage.panels import below, show
from ui.coverage.standard import BELOW, SHOW, Standard, covered, curve, figures, model_note, reason, sentence, standard

__all__ = [
    "BELOW",
    "SHOW",
    "Standard",
    "below",
    "cell_story",
    "cells_map",
    "covered",
    "curve",
    "figures",
    "model_note",
    "reason",
    "sentence",
    "show",
    "standard",
]
