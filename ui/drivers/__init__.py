"""What the Drivers page says: the sentence, the figures, the grid of hours, the map of one hour and the tables. No formulas here."""

from ui.drivers.hours import figures, grid, hour_words_in_full, hours_columns, hours_table, sentence
from ui.drivers.places import MAP_PX, cell_story, cells, cells_columns, cells_map, cells_title, map_notes, map_title
from ui.drivers.question import data_notes, gap_by_hour, has_shifts
from ui.drivers.tables import (
    MALLS,
    MALLS_NOTE,
    MEASURES,
    MONEY_NOTE,
    VARIANTS,
    dwell_bar,
    dwell_note,
    malls_table,
    measures,
    variants,
    with_notes,
)

__all__ = [
    "MALLS",
    "MALLS_NOTE",
    "MAP_PX",
    "MEASURES",
    "MONEY_NOTE",
    "VARIANTS",
    "cell_story",
    "cells",
    "cells_columns",
    "cells_map",
    "cells_title",
    "data_notes",
    "dwell_bar",
    "dwell_note",
    "figures",
    "gap_by_hour",
    "grid",
    "has_shifts",
    "hour_words_in_full",
    "hours_columns",
    "hours_table",
    "malls_table",
    "map_notes",
    "map_title",
    "measures",
    "sentence",
    "variants",
    "with_notes",
]
