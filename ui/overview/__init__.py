"""What the Overview page says: the sentence, the tiles, the scorecard, the map, what changed, the weeks since opening, and the targets.

Choosing and wording; no formulas.
"""

from ui.overview import change, standing
from ui.overview.cells import CELLS, MAP_PX, by_cell, cell_story, cells_table, map_market, map_switch, map_title, off_the_map
from ui.overview.headline import days, lagging, leading, question, sentence
from ui.overview.score import SCORECARD
from ui.overview.score import answers as scorecard_answers
from ui.overview.score import columns as scorecard_columns
from ui.overview.score import rows as scorecard
from ui.overview.tiles import notes, tiles
from ui.overview.weeks import AXIS, chart_note, trend_chart, trend_control
from ui.overview.weeks import chart as weeks_chart

__all__ = [
    "AXIS",
    "CELLS",
    "MAP_PX",
    "SCORECARD",
    "by_cell",
    "cell_story",
    "cells_table",
    "change",
    "chart_note",
    "days",
    "lagging",
    "leading",
    "map_market",
    "map_switch",
    "map_title",
    "notes",
    "off_the_map",
    "question",
    "scorecard",
    "scorecard_answers",
    "scorecard_columns",
    "sentence",
    "standing",
    "tiles",
    "trend_chart",
    "trend_control",
    "weeks_chart",
]
