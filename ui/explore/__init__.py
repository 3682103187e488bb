"""The Explore page: any figure by any permitted dimensions, as table, chart and map."""

from ui.explore.choice import KEYS, Choice, choice_of
from ui.explore.drawn import answer, controls, evidence
from ui.explore.look import Look
from ui.explore.waiting import found

__all__ = ["KEYS", "Choice", "Look", "answer", "choice_of", "controls", "evidence", "found"]
