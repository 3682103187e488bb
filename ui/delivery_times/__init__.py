"""What the Delivery times page says: the sentence, the figures, the map, the grid of hours and the tables. No formulas here."""

from ui.delivery_times.below import ask_all, below
from ui.delivery_times.places import MAP_PX, cell_story, cells_map, grid, map_title
from ui.delivery_times.question import BELOW, FIGURE, missing_figure
from ui.delivery_times.strip import bar, bar_note, figures, sentence

__all__ = [
    "BELOW",
    "FIGURE",
    "MAP_PX",
    "ask_all",
    "bar",
    "bar_note",
    "below",
    "cell_story",
    "cells_map",
    "figures",
    "grid",
    "map_title",
    "missing_figure",
    "sentence",
]
