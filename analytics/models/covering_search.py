"""Good sets of sites without proof: greedy, then exchanges of single sites, then kicks. Only numpy and sparse products.

Greedy takes the site that adds most, or most for its cost; exchanges swap, add or drop single sites while that gains (Teitz and Bart
1968; for p-median all swaps are valued at once as by Resende and Werneck 2007); kicks exchange a few at random to leave a local optimum.
Seeds are fixed, so that a result is the same each time.
"""

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analytics.models.conditions import ANY_HIGH, ANY_LOW, Conditions
from analytics.models.effort import Effort
from analytics.models.merging import Booleans, Integers
from analytics.models.rows import Gains
from analytics.models.savings import Savings

Floats = npt.NDArray[np.float64]
Chosen = tuple[int, ...]
Problem = Gains | Savings

_SEED: Final = 6
_EXCHANGED: Final = 3
_PER_MOVE: Final = 4
_A_MOVE: Final = 150_000
"""Numbers that could be looked at in the time that all exchanges of the smallest problem take."""


def greedy(problem: Problem, conditions: Conditions) -> Chosen | None:
    """Return the set that grows by the site that adds most for what it uses of the tightest rule; None where it ends outside the rules.

    Where all sites cost the same this is the greedy set of the field, within 63 % of the best one in covering (Nemhauser, Wolsey and
    Fisher 1978).
    """
    state = _state(problem, conditions, _required(conditions))
    while True:
        adds = np.where(state.may_add(), state.adds().astype(float), -np.inf)
        best = int(np.argmax(np.where(adds > 0, adds / state.use(), adds)))
        if not np.isfinite(adds[best]) or (adds[best] <= 0 and state.is_allowed()):
            return state.chosen if state.is_allowed() else None
        state.change(None, best)


def improved(
    problem: Problem, conditions: Conditions, start: Chosen, *, kicks: int = 30, effort: Effort | None = None, seed: int = _SEED
) -> Chosen:
    """Return a set at least as good as ``start``: by exchanges, then by kicks and exchanges.

    Parameters
    ----------
    problem, conditions
        What a set is worth, and what it must keep to.
    start
        A set that keeps to the conditions.
    kicks
        How many times a few sites are exchanged at random.
    effort
        What it may spend; None: all kicks.
    seed
        Of the random numbers.
    """
    random = np.random.default_rng(seed)
    best = _descended(_state(problem, conditions, start), effort)
    worth = problem.value(best)
    for _ in range(kicks):
        if effort is not None and effort.is_over:
            break
        state = _state(problem, conditions, best)
        _kick(state, random)
        found = _descended(state, effort)
        if (value := problem.value(found)) > worth:
            best, worth = found, value
    return best


def _required(conditions: Conditions) -> Chosen:
    """Return the sites that a rule over one site asks for."""
    places = [np.flatnonzero(rule.amounts) for rule in conditions.rules if rule.low > 0]
    return tuple(sorted({int(place[0]) for place in places if len(place) == 1}))


class _State(ABC):
    """A set of sites, what it uses of the rules, and what single changes would add."""

    def __init__(self, sites: int, conditions: Conditions) -> None:
        self.conditions, self.sites = conditions, sites
        self.is_in = np.zeros(sites, np.bool_)
        self.used = np.zeros(len(conditions.rules), np.int64)

    @property
    def chosen(self) -> Chosen:
        return tuple(int(site) for site in np.flatnonzero(self.is_in))

    def change(self, out: int | None, into: int | None) -> None:
        """Take one site out and another in."""
        for site, step in ((out, -1), (into, 1)):
            if site is not None:
                self.is_in[site] = step > 0
                self.used += step * self.conditions.amounts[:, site]

    def is_allowed(self) -> bool:
        return bool(((self.used >= self.conditions.low) & (self.used <= self.conditions.high)).all())

    def may_add(self) -> Booleans:
        """Return for each site whether it is out and can come in without breaking an upper end."""
        after = self.used[:, None] + self.conditions.amounts
        fits: Booleans = np.asarray((after <= self.conditions.high[:, None]).all(axis=0), np.bool_)
        return fits & ~self.is_in

    def use(self) -> Floats:
        """Return the largest part that each site takes of what is left under an upper end."""
        left = np.maximum(self.conditions.high - self.used, 1).astype(float)
        is_bound = self.conditions.high < ANY_HIGH
        parts = self.conditions.amounts[is_bound] / left[is_bound, None]
        used: Floats = np.maximum(parts.max(axis=0, initial=0.0), 1e-9)
        return used

    @property
    @abstractmethod
    def work(self) -> int:
        """How many numbers are looked at to value all exchanges."""

    @abstractmethod
    def adds(self) -> Integers:
        """Return what each site would add to the set; without meaning for one that is in."""

    @abstractmethod
    def exchanges(self, inside: npt.NDArray[np.intp]) -> tuple[Integers, Integers]:
        """Return what is lost without each site inside, and what of it each other site would make good; (inside,), (inside, sites)."""

    def moves(self) -> tuple[Integers, Booleans]:
        """Return what every exchange would add, and whether it keeps to the rules; shape (inside + 1, sites + 1), the last is nobody."""
        inside = np.flatnonzero(self.is_in)
        losses, both = self.exchanges(inside)
        added = np.zeros((len(inside) + 1, self.sites + 1), np.int64)
        added[:-1, :-1] = both
        added[:-1] -= losses[:, None]
        added[:, :-1] += np.where(self.is_in, 0, self.adds())
        return added, self._fits(inside)

    def _fits(self, inside: npt.NDArray[np.intp]) -> Booleans:
        rules = self.conditions
        none = np.zeros((len(rules.rules), 1), np.int64)
        outs, ins = np.append(rules.amounts[:, inside], none, axis=1), np.append(rules.amounts, none, axis=1)
        fits = np.broadcast_to(np.append(~self.is_in, True), (len(inside) + 1, self.sites + 1)).copy()
        for rule in range(len(rules.rules)):
            after = self.used[rule] - outs[rule][:, None] + ins[rule]
            fits &= (after >= rules.low[rule]) & (after <= rules.high[rule])
        fits[-1, -1] = False
        return fits


class _RowState(_State):
    """A set of sites in a problem of rows: for every row, how many of its sites are in."""

    def __init__(self, gains: Gains, conditions: Conditions) -> None:
        super().__init__(gains.sites, conditions)
        self.gains = gains
        self.hits = np.zeros(gains.rows, np.int64)

    def change(self, out: int | None, into: int | None) -> None:
        super().change(out, into)
        for site, step in ((out, -1), (into, 1)):
            if site is not None:
                self.hits[self.gains.members_of(site)] += step

    @property
    def work(self) -> int:
        return 4 * int(self.gains.members.nnz)

    def adds(self) -> Integers:
        added: Integers = self.gains.by_site.T @ self._due() + self.gains.site_values
        return added

    def exchanges(self, inside: npt.NDArray[np.intp]) -> tuple[Integers, Integers]:
        due, held = self._due(), np.where(self.hits == self.gains.needs, self.gains.weights, 0)
        losses = (self.gains.by_site.T @ held + self.gains.site_values)[inside]
        changes = sparse.dia_array(((held - due)[None], [0]), shape=(self.gains.rows, self.gains.rows))
        both = self.gains.by_site[:, inside].T.astype(np.int64) @ changes @ self.gains.members
        return losses, np.asarray(both.toarray(), np.int64)

    def _due(self) -> Integers:
        return np.where(self.hits == self.gains.needs - 1, self.gains.weights, 0)


class _SavingState(_State):
    """A set of sites in a p-median problem: for every cell, its largest and second largest saving in the set."""

    def __init__(self, savings: Savings, conditions: Conditions) -> None:
        super().__init__(savings.sites, conditions)
        self.matrix, self.site_values = savings.matrix, savings.site_values

    @property
    def work(self) -> int:
        return 2 * self.matrix.size

    def adds(self) -> Integers:
        first, _, _ = self._ranked(np.flatnonzero(self.is_in))
        added: Integers = np.maximum(self.matrix - first[:, None], 0).sum(axis=0) + self.site_values
        return added

    def exchanges(self, inside: npt.NDArray[np.intp]) -> tuple[Integers, Integers]:
        if not len(inside):
            return np.zeros(0, np.int64), np.zeros((0, self.sites), np.int64)
        first, second, holder = self._ranked(inside)
        losses = self.site_values[inside]
        np.add.at(losses, holder, first - second)
        made_good = np.clip(self.matrix, second[:, None], first[:, None]) - second[:, None]
        both = np.zeros((len(inside), self.sites), np.int64)
        order = np.argsort(holder, kind="stable")
        present, starts = np.unique(holder[order], return_index=True)
        if len(present):
            both[present] = np.add.reduceat(made_good[order], starts, axis=0)
        return losses, both

    def _ranked(self, inside: npt.NDArray[np.intp]) -> tuple[Integers, Integers, npt.NDArray[np.intp]]:
        """Return each cell's largest and second largest saving in the set (0 where none), and the place of the site with the largest."""
        if not len(inside):
            none = np.zeros(len(self.matrix), np.int64)
            return none, none, none.astype(np.intp)
        own = self.matrix[:, inside]
        holder = own.argmax(axis=1)
        first = own[np.arange(len(own)), holder]
        rest = own.copy()
        rest[np.arange(len(own)), holder] = 0
        return first, rest.max(axis=1), holder


def _state(problem: Problem, conditions: Conditions, chosen: Chosen) -> _State:
    state: _State = _RowState(problem, conditions) if isinstance(problem, Gains) else _SavingState(problem, conditions)
    for site in chosen:
        state.change(None, site)
    return state


def _descended(state: _State, effort: Effort | None) -> Chosen:
    """Make the best exchange as long as one gains."""
    while effort is None or not effort.is_over:
        added, fits = state.moves()
        if effort is not None:
            effort.spend(_A_MOVE + state.work + _PER_MOVE * added.size)
        worth = np.where(fits, added, ANY_LOW)
        best = int(worth.argmax())
        if worth.flat[best] <= 0:
            break
        _make(state, best, worth.shape[1])
    return state.chosen


def _kick(state: _State, random: np.random.Generator) -> None:
    """Make a few exchanges at random that keep to the rules."""
    for _ in range(_EXCHANGED):
        inside = np.flatnonzero(state.is_in)
        allowed = np.flatnonzero(state._fits(inside))  # noqa: SLF001 - one machine in parts
        if len(allowed):
            _make(state, int(random.choice(allowed)), state.sites + 1)


def _make(state: _State, move: int, width: int) -> None:
    inside = np.flatnonzero(state.is_in)
    out, into = divmod(move, width)
    state.change(int(inside[out]) if out < len(inside) else None, into if into < state.sites else None)
