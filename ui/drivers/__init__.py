"""What the Drivers page says: the sentence, the figures, the grid of hours, the map of one hour and the tables. No formulas here."""

from ui.drivers.hours import figures, grid, hour_story, hours_columns, hours_table, sentence
from ui.drivers.places import MAP_PX, cell_story, cells, cells_columns, cells_map, cells_title, map_title
from ui.drivers.question import gap, gap_by_hour, has_shifts, is_of_market, notes
from ui.drivers.tables import MALLS, MALLS_NOTE, MEASURES, MONEY_NOTE, VARIANTS, dwell_bar, dwell_note, malls_table, measures, variants

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
    "dwell_bar",
    "dwell_note",
    "figures",
    "gap",
    "gap_by_hour",
    "grid",
    "has_shifts",
    "hour_story",
    "hours_columns",
    "hours_table",
    "is_of_market",
    "malls_table",
    "map_title",
    "measures",
    "notes",
    "sentence",
    "variants",
]
