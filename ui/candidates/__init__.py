"""The Candidates page: which mall next? Choosing and wording; no formulas."""

from ui.candidates import below, map, places, scenarios, table, tools  # noqa: A004 - the map of this page
from ui.candidates.asked import PAGE_KEYS, PRESET, asked, scenario_of

__all__ = ["PAGE_KEYS", "PRESET", "asked", "below", "map", "places", "scenario_of", "scenarios", "table", "tools"]
