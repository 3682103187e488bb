"""The Portfolio page: which malls for this budget? Choosing and wording; no formulas."""

from ui.portfolio import below, controls, curve, map, table  # noqa: A004 - the map of this page
from ui.portfolio.answer import behind, follow, told
from ui.portfolio.asked import AIM, PAGE_KEYS, asked

__all__ = ["AIM", "PAGE_KEYS", "asked", "behind", "below", "controls", "curve", "follow", "map", "table", "told"]
