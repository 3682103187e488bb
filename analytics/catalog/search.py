"""Metrics found by words, for readers who do not know their names."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from analytics.catalog.metric import Metric

_FIELDS: Final[tuple[Callable[[Metric], str], ...]] = (
    lambda metric: f"{metric.id} {metric.id.replace('_', ' ')} {metric.label}",
    lambda metric: f"{metric.help} {metric.unit}",
    lambda metric: f"{metric.definition} {metric.formula} {metric.source} {' '.join(metric.tables)}",
)
"""Where a word may stand, the best place first."""


def found(words: str, metrics: Sequence[Metric]) -> list[Metric]:
    """Return the metrics in which every word stands: in their name, their unit, what they say, or where they come from.

    Parameters
    ----------
    words
        Words or beginnings of words, in any case and order; ``click-to-door`` is three. No words find everything.
    metrics
        Metrics to look through.

    Returns
    -------
    list of Metric
        Those whose name has most of the words first, then those whose help has, a whole word before a beginning; otherwise as they come.
    """
    wanted = _words(words)
    ranked = [(_rank(wanted, metric), metric) for metric in metrics]
    return [metric for rank, metric in sorted(((rank, metric) for rank, metric in ranked if rank is not None), key=lambda each: each[0])]


def _rank(wanted: Sequence[str], metric: Metric) -> int | None:
    """Return how far from its name the words stand, together; None where one stands nowhere."""
    places = [_words(field(metric)) for field in _FIELDS]
    ranks = [_place(word, places) for word in wanted]
    return None if None in ranks else sum(rank or 0 for rank in ranks)


def _place(word: str, places: Sequence[Sequence[str]]) -> int | None:
    """Return how far from the name a word stands: a whole word before the beginning of one; None where it stands nowhere."""
    for number, known in enumerate(places):
        if word in known:
            return 2 * number
        if any(each.startswith(word) for each in known):
            return 2 * number + 1
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
