"""Is no set better? Every set is tried or ruled out by what its malls could add at most: the plain second way beside the solver.

What a mall adds to a set is never less than what it adds to a larger one (Nemhauser, Wolsey and Fisher 1978), so the value of a set and the
largest of these additions are more than any set that grows from it can have. With a backup mall an addition counts in parts: a cell that
lacks two malls gives half of itself to each. No relaxation, no rounding: whole numbers only.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analytics.choosing.sites import Integers

MOST_WORK: Final = 4_000_000_000
"""Numbers looked at before it is given up: about a quarter of a minute."""

LARGEST: Final = 20_000_000
"""Cells times malls that are held at once."""

_NOTHING: Final = -(2**62)
Places = tuple[int, ...]


class TooMany(Exception):  # noqa: N818 - reads as what it says
    """There are more sets than can be looked at."""


@dataclass(frozen=True, eq=False)
class Form(ABC):
    """What sets of malls are worth, more is better; malls are places from 0."""

    @property
    @abstractmethod
    def malls(self) -> int:
        """How many malls there are."""

    @property
    @abstractmethod
    def cells(self) -> int:
        """How many cells, or groups of cells, are looked at for each mall."""

    @abstractmethod
    def start(self) -> Any:
        """Return the state of the set without any mall."""

    @abstractmethod
    def after(self, state: Any, mall: int) -> Any:
        """Return the state with one more mall."""

    @abstractmethod
    def value(self, state: Any) -> int:
        """Return what the set of a state is worth."""

    @abstractmethod
    def most(self, state: Any, malls: Integers) -> Integers:
        """Return numbers such that several of these malls together add no more than their sum, to this set or to a larger one."""

    def worth(self, places: Sequence[int]) -> int:
        """Return what a set is worth."""
        state = self.start()
        for place in places:
            state = self.after(state, place)
        return self.value(state)


@dataclass(frozen=True, eq=False)
class _Largest(Form):
    """As ``largest`` says."""

    pays: Integers
    there: Integers
    own: Integers

    @property
    def malls(self) -> int:
        return len(self.pays)

    @property
    def cells(self) -> int:
        return len(self.there)

    def start(self) -> tuple[Integers, int]:
        return self.there, 0

    def after(self, state: tuple[Integers, int], mall: int) -> tuple[Integers, int]:
        return np.maximum(state[0], self.pays[mall]), state[1] + int(self.own[mall])

    def value(self, state: tuple[Integers, int]) -> int:
        return int(state[0].sum()) + state[1]

    def most(self, state: tuple[Integers, int], malls: Integers) -> Integers:
        added: Integers = np.maximum(self.pays[malls] - state[0], 0).sum(axis=1) + self.own[malls]
        return added


@dataclass(frozen=True, eq=False)
class _Reached(Form):
    """As ``reached`` says, by groups of cells; ``reaches`` is 0 or 1."""

    reaches: Integers
    there: Integers
    people: Integers
    times: int

    @property
    def malls(self) -> int:
        return len(self.reaches)

    @property
    def cells(self) -> int:
        return len(self.there)

    def start(self) -> Integers:
        return self.there

    def after(self, state: Integers, mall: int) -> Integers:
        after: Integers = state + self.reaches[mall]
        return after

    def value(self, state: Integers) -> int:
        return int(self.people[state >= self.times].sum())

    def most(self, state: Integers, malls: Integers) -> Integers:
        lacking = self.times - state
        parts = lcm(*range(1, self.times + 1))
        share = np.where(lacking > 0, parts // np.maximum(lacking, 1), 0) * self.people
        added: Integers = -(-(self.reaches[malls] @ share) // parts)
        return added


@dataclass(frozen=True)
class Kept:
    """What sets must keep to.

    Attributes
    ----------
    count
        Exactly so many malls; None: any number.
    budget, costs
        What they may cost together, and what each costs; ``budget`` is None where nothing is said.
    first
        Malls that are in every set.
    is_over
        Whether a set breaks a condition that no further mall can mend.
    is_allowed
        Whether a set keeps to every condition.
    """

    count: int | None
    budget: int | None
    costs: Sequence[int]
    first: Places
    is_over: Callable[[Places], bool]
    is_allowed: Callable[[Places], bool]


def sets_over(form: Form, kept: Kept, over: int | None, *, most_work: int = MOST_WORK) -> Iterator[tuple[Places, int]]:
    """Iterate over all allowed sets that are worth more than ``over``, each once, with what they are worth.

    Parameters
    ----------
    form
        What a set is worth.
    kept
        What it must keep to.
    over
        Sets that are worth this or less are left out; None: none is.
    most_work
        Numbers looked at before it gives up.

    Raises
    ------
    TooMany
        If there are more than can be looked at.
    """
    least = _NOTHING if over is None else over
    free = np.array([place for place in range(form.malls) if place not in kept.first], np.int64)
    state = form.start()
    for place in kept.first:
        state = form.after(state, place)
    if kept.is_over(kept.first):
        return
    waiting: list[tuple[Places, Any, int | None, Integers]] = [(kept.first, state, None, free)]
    work = 0
    while waiting:
        chosen, state, mall, free = waiting.pop()
        if mall is not None:
            state = form.after(state, mall)
        work += form.cells * (1 + len(free))
        if work > most_work:
            raise TooMany
        value, left = form.value(state), None if kept.count is None else kept.count - len(chosen)
        if not left and value > least and kept.is_allowed(chosen):
            yield tuple(sorted(chosen)), value
        if left == 0 or not len(free):
            continue
        adds = form.most(state, free)
        order = np.argsort(-adds, kind="stable")
        free, adds = free[order], adds[order]
        if kept.budget is not None and value + _affordable(adds, free, kept, chosen) <= least:
            continue
        for place in range(len(free) if left is None else len(free) - left + 1):
            later = adds[place + 1 :] if left is None else adds[place + 1 : place + left]
            if value + int(adds[place]) + int((np.maximum(later, 0) if left is None else later).sum()) <= least:
                break
            more = (*chosen, int(free[place]))
            if not kept.is_over(more):
                waiting.append((more, state, int(free[place]), free[place + 1 :]))


def _affordable(adds: Integers, free: Integers, kept: Kept, chosen: Places) -> int:
    """Return the most that malls can add within what is left of the budget, were the last one to be opened in part (Dantzig 1957)."""
    left = (kept.budget or 0) - sum(kept.costs[place] for place in chosen)
    items = [(int(add), kept.costs[place]) for add, place in zip(adds.tolist(), free.tolist(), strict=True) if add > 0]
    total: int = 0
    # by what each adds for its cost, those without cost first; fractions, because a rounded quotient could make the bound too small
    for add, cost in sorted((item for item in items if item[1] <= left), key=lambda item: (item[1] > 0, Fraction(-item[0], item[1] or 1))):
        if cost > left:
            return total + int(add * left // cost)
        total, left = total + add, left - cost
    return total


def largest(pays: Integers, there: Integers, own: Integers) -> Form:
    """Return the form in which each cell counts what the best of its malls pays.

    Parameters
    ----------
    pays
        What each mall pays for each cell, 0 or more; shape (malls, cells).
    there
        What each cell has without any of them; shape (cells,).
    own
        What each mall adds by itself, such as minus its cost; shape (malls,).
    """
    return _Largest(pays, there, own)


def reached(reaches: npt.NDArray[np.bool_], there: Integers, people: Integers, times: int) -> Form:
    """Return the form in which cells count their people once so many malls reach them; cells with the same malls are taken together.

    Parameters
    ----------
    reaches
        Which mall reaches which cell; shape (malls, cells).
    there
        How many malls reach each cell already.
    people, times
        People of each cell, and how many malls must reach them.
    """
    keys = np.vstack([np.packbits(reaches, axis=0), np.minimum(there, times).astype(np.uint8)[None]])
    _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    total = np.zeros(len(first), np.int64)
    np.add.at(total, group.ravel(), people)
    return _Reached(reaches[:, first].astype(np.int64), np.minimum(there, times)[first], total, times)
