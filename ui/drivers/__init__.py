"""What the Drivers page says: the sentence, the figures, the grid of hours, the map of one hour and the tables. No formulas here."""

from ui.drivers.below import BELOW, ask_all, below
from ui.drivers.hours import figures, grid, hour_words_in_full, sentence
from ui.drivers.places import MAP_PX, cell_story, cells_map, map_notes, map_title
from ui.drivers.question import data_notes, has_shifts

__all__ = [
    "BELOW",
    "MAP_PX",
    "ask_all",
    "below",
    "cell_story",
    "cells_map",
    "data_notes",
    "figures",
    "grid",
    "has_shifts",
    "hour_words_in_full",
    "map_notes",
    "map_title",
    "sentence",
]
