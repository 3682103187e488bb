"""A portfolio in words, for the page and the command line alike."""

from collections.abc import Sequence
from typing import Final

from analytics.choosing.portfolio import Portfolio
from analytics.choosing.robustness import Lead
from analytics.choosing.wish import Wish
from analytics.models.covering import Choice

_THOUSAND: Final = 1000


def sentence(found: Portfolio, others: Sequence[Portfolio] = ()) -> str:
    """Return the answer in one sentence: what to open, from what to what, and how good that is known to be.

    Parameters
    ----------
    found
        The best set.
    others
        Next best sets, as far as they are known.
    """
    if found.reason:
        return found.reason
    if found.conflict:
        return f"No set of malls keeps to all conditions. These cannot hold together: {listed(found.conflict)}."
    if not found.sites:
        return f"Open none: {_nothing(found)} {_standing(found, others)}"
    if found.choice and found.choice.is_proven and found.value == found.before and found.wish.aim != "contribution":
        return f"No candidate adds anything: it stays at {_at(found)}, whichever are opened."
    names = listed([site.name for site in found.sites])
    return f"Open {names}: {change(found)}. {_standing(found, others)}"


def beside_error(said: str, found: Portfolio, others: Sequence[Portfolio], first: Lead | None) -> str:
    """Return the sentence with how far the next best set is under the model's error; as it is where that is not known.

    Parameters
    ----------
    said, found, others
        ``sentence`` of the best set and the next best ones.
    first
        How far the best set is ahead of a next best one.
    """
    if first is None or found.choice is None or not others or others[0].value == found.value:
        return said
    return f"{said[:-1]}, {'beyond' if first.is_beyond_error else 'inside'} the model's error."


def change(found: Portfolio) -> str:
    """Return from what to what a portfolio goes: ``44.0 to 71.3 % of 2.3 M people covered``."""
    asked, total = found.wish, found.total
    if asked.aim == "cover":
        twice = f" by {asked.backup} malls" if asked.backup > 1 else ""
        return f"{_percent(found.before, total)} to {_percent(found.value, total)} % of {who(asked)} covered{twice}"
    if asked.aim == "minutes":
        return f"{_minutes(found.before, total)} to {_minutes(found.value, total)} min mean drive"
    if asked.aim == "orders":
        return f"{found.before / _THOUSAND:,.0f} to {found.value / _THOUSAND:,.0f} expected orders a week"
    return f"{money(found.value)} over {asked.weeks} weeks, after {money(found.cost_cents)} of cost"


def _at(found: Portfolio) -> str:
    """Return what open malls have alone: ``44.0 % of people covered``."""
    return change(found).split(" to ", 1)[1]


def spent(choice: Choice) -> str:
    """Return how long a choice took, and whether another run may take other turns."""
    cut = ", cut off by the time limit: another run may find another set" if choice.was_cut else ""
    return f"{choice.seconds:.2f} s{cut}"


def amount(found: Portfolio, value: int) -> str:
    """Return a difference of values in the unit of the aim: ``0.2 pts``, ``14 orders a week``."""
    asked = found.wish
    if asked.aim == "cover":
        return f"{100 * value / max(found.total, 1):.1f} pts"
    if asked.aim == "minutes":
        return f"{value / max(found.total, 1) / 60:.2f} min"
    if asked.aim == "orders":
        return f"{value / _THOUSAND:,.0f} orders a week"
    return money(value)


def shown(found: Portfolio, value: int) -> float:
    """Return a value as charts and tables show it: percent, minutes, orders a week, or money."""
    scale = {"cover": 100 / max(found.total, 1), "minutes": 1 / 60 / max(found.total, 1), "orders": 1 / _THOUSAND, "contribution": 0.01}
    return value * scale[found.wish.aim]


def who(asked: Wish) -> str:
    """Return who is counted."""
    return "people" if asked.terms.weight == "population" else "households"


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def money(cents: int) -> str:
    """Return an amount of money in words: ``$1.2 M``."""
    dollars = abs(cents) / 100
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    for size, word in ((1e9, " B"), (1e6, " M"), (1e3, " k")):
        if dollars >= size:
            return f"{sign}${dollars / size:.4g}{word}"
    return f"{sign}${dollars:,.2f}"


def _standing(found: Portfolio, others: Sequence[Portfolio]) -> str:
    """Return how good the set is known to be, and how far the next one is."""
    choice = found.choice
    if choice is None:
        return ""
    best = "Best set, proven"
    if not choice.is_proven:
        missing = amount(found, abs(choice.bound - choice.value))
        best = f"Best set found, not proven: at most {missing} could be missing ({100 * choice.gap:.2f} %)"
    if not others:
        return f"{best}."
    less = abs(found.value - others[0].value)
    if not less:
        return f"{best}; another set is as good."
    return f"{best}; next best set {amount(found, less)} {'more' if found.wish.aim == 'minutes' else 'less'}."


def _nothing(found: Portfolio) -> str:
    if found.wish.aim == "contribution":
        return "no mall would earn back what it costs."
    return "nothing more is allowed or gained."


def _percent(value: int, total: int) -> str:
    return f"{100 * value / max(total, 1):.1f}"


def _minutes(value: int, total: int) -> str:
    return f"{value / max(total, 1) / 60:.1f}"
