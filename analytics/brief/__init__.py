"""Pages to print and to hand on: figures by matplotlib, set by typst, with fonts that are packaged; nothing is fetched.

``decision_sheet`` is one page about one mall. The same forecast gives the same bytes.
"""

from analytics.brief.sheet import decision_sheet

__all__ = ["decision_sheet"]
