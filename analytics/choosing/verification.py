"""An independent check of a certificate: each of its fields recomputed, conditions by plain counting, values by SQL over the raw tables.

Nothing of the solver is used, nor its arrays: only the tables ``malls``, ``demand_cells`` and ``catchments``, what was dropped on the
map, and for expected orders the forecast. That no set is better is shown by looking at every set, or at why none of its kind can be better
(``analytics.choosing.every_set``); where there are too many, that part is said to be taken on trust. Source of the idea: McConnell et al.
2011, Certifying Algorithms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from analytics.choosing.certificate import Certificate, is_better, spelled, unit
from analytics.choosing.every_market import MOST_SETS, Market, Nation, nation, sets_of
from analytics.choosing.every_set import MOST_WORK, Kept, Places, TooMany, sets_over
from analytics.choosing.raw import raw
from analytics.choosing.raw_tables import Raw
from analytics.choosing.wish import Wish
from data.warehouse import Version


@dataclass(frozen=True)
class Check:
    """One thing that was checked: what, whether it holds (None: it could not be checked), and what was found."""

    what: str
    holds: bool | None
    found: str


def verify(version: Version, said: Certificate, *, most_work: int = MOST_WORK) -> tuple[Check, ...]:
    """Return what holds of a certificate and what does not.

    Parameters
    ----------
    version
        The version that it names.
    said
        What it says.
    most_work
        Numbers looked at in the search for a better set before it is given up.

    Returns
    -------
    tuple of Check
        In the order in which they were made, every field but ``run`` in one of them. A certificate verifies where all of them hold.
    """
    known = raw(version, said.wish)
    checks = [*_text(said), *_of_version(version, said)]
    missing = [mall for mall in said.malls if mall not in known.candidates]
    named = f"unknown: {', '.join(missing)}" if missing else _count(said.malls)
    checks.append(Check("malls are candidates of the version", not missing, named))
    if missing:
        return tuple(checks)
    names = {mall: known.candidates[mall].name for mall in said.malls}
    checks.append(_same("names are those of the malls", said.names, names))
    broken = broken_conditions(known, said.wish, said.malls)
    checks.append(Check("conditions hold", not broken, "; ".join(broken) or "each counted anew"))
    checks += [*_values(known, said), _bound(said), _next_best(known, said)]
    if all(check.holds for check in checks):
        checks += _searches(known, said, most_work)
    return tuple(checks)


def verifies(checks: Sequence[Check]) -> bool:
    """Tell whether everything was checked, and holds."""
    return all(check.holds for check in checks)


def contradicted(checks: Sequence[Check]) -> bool:
    """Tell whether anything is false."""
    return any(check.holds is False for check in checks)


def broken_conditions(known: Raw, wish: Wish, malls: Sequence[str]) -> list[str]:
    """Return the conditions that a set of malls breaks, in words."""
    short = [f"{mall} is not in it" for mall in wish.must if mall not in malls]
    if wish.count is not None and len(malls) < wish.count:
        short.append(f"{_count(malls)}, not {wish.count}")
    return [*_beyond(known, wish, malls), *short]


def _beyond(known: Raw, wish: Wish, malls: Sequence[str]) -> list[str]:
    """Return the conditions that a set breaks and that no further mall can mend."""
    broken = []
    if len(set(malls)) != len(malls):
        broken.append("a mall is named twice")
    if wish.count is not None and len(malls) > wish.count:
        broken.append(f"{_count(malls)}, not {wish.count}")
    if wish.budget_cents is not None and sum(wish.cost_cents(mall) for mall in malls) > wish.budget_cents:
        broken.append("over the budget")
    broken += [f"{mall} is in it" for mall in wish.must_not if mall in malls]
    broken += [f"nothing can be forecast for {mall}" for mall in malls if known.unknown(mall)]
    broken += [f"both {a} and {b}" for a, b in wish.apart if a in malls and b in malls]
    if wish.most is None and wish.hire_hours is None:
        return broken
    for market_id, own in known.by_market(malls).items():
        if wish.most is not None and len(own) > wish.most:
            broken.append(f"{len(own)} in {market_id}")
        if wish.hire_hours is not None and known.hours_needed(own) > known.hours_there(market_id):
            broken.append(f"too many driver-hours in {market_id}")
    return broken


def _text(said: Certificate) -> Iterator[Check]:
    yield Check("text unchanged since it was written", said.is_whole, "hash as written" if said.is_whole else "another hash")
    strange = f"unknown: {', '.join(said.unknown_fields)}"
    yield Check("fields are those of a certificate", not said.unknown_fields, strange if said.unknown_fields else "each is checked here")
    yield _same("question spelled out in full", dict(said.choices), spelled(said.wish))
    yield _same("unit is that of the aim", said.unit, unit(said.wish))
    yield _same("which values are better", said.is_better, is_better(said.wish))


def _of_version(version: Version, said: Certificate) -> Iterator[Check]:
    yield _same("version is the one read here", said.version_id, version.id)
    words = {True: "synthetic data", False: "real data"}
    yield _same("synthetic or real data", words[said.is_synthetic], words[version.manifest.synthetic])


def _values(known: Raw, said: Certificate) -> Iterator[Check]:
    own = {"value": known.value(said.malls), "before": known.value(()), "total": known.total}
    own["cost_cents"] = sum(said.wish.cost_cents(mall) for mall in said.malls)
    for name, value in own.items():
        told = getattr(said, name)
        found = f"{value:,}" + ("" if value == told else f", not {told:,}")
        yield Check(f"{name.removesuffix('_cents')} recomputed from the tables", value == told, found)


def _bound(said: Certificate) -> Check:
    holds = _is_bound(said.wish, said.value, said.bound, is_proven=said.is_proven)
    words = "the bound meets the value" if said.bound == said.value else f"{abs(said.bound - said.value):,} between them"
    return Check("bound is no worse than the value, and meets it where proven", holds, words)


def _is_bound(wish: Wish, value: int, bound: int, *, is_proven: bool) -> bool:
    is_beyond = bound <= value if wish.aim == "minutes" else bound >= value
    return is_beyond and is_proven == (bound == value)


def _next_best(known: Raw, said: Certificate) -> Check:
    faults = []
    for other in said.others:
        words, unknown = ", ".join(other.malls) or "no mall", [mall for mall in other.malls if mall not in known.candidates]
        if unknown or broken_conditions(known, said.wish, other.malls):
            faults.append(f"{words} is not allowed")
        elif (value := known.value(other.malls)) != other.value:
            faults.append(f"{words} has {value:,}, not {other.value:,}")
        elif known.turned(other.value) > known.turned(said.bound):
            faults.append(f"{words} is beyond the bound")
        elif not _is_bound(said.wish, other.value, other.bound, is_proven=other.is_proven):
            faults.append(f"the bound of {words} is none")
    sets = [frozenset(said.malls), *(frozenset(other.malls) for other in said.others)]
    if len(set(sets)) < len(sets):
        faults.append("a set stands twice")
    if len(said.others) > said.others_asked:
        faults.append("there are more than were asked for")
    return Check("next best sets hold as well", not faults, "; ".join(faults) or f"sets: {len(said.others)}")


_NONE_BEYOND = "no allowed set is beyond the bound"
_NONE_BETWEEN = "no set is left out among the next best ones"
_ON_TRUST = "too many sets to look at all: taken on trust"


def _searches(known: Raw, said: Certificate, most_work: int) -> Iterator[Check]:
    """Search for sets that the certificate says cannot be there."""
    names = sorted(known.candidates)
    try:
        markets = _markets(known, names)
    except TooMany:
        yield Check(_NONE_BEYOND, None, _ON_TRUST)
        yield Check(_NONE_BETWEEN, None, _ON_TRUST)
        return
    search = _Search(known, said, names, markets, most_work)
    yield search.beyond()
    yield search.between()


def _markets(known: Raw, names: Sequence[str]) -> list[Market]:
    """Return what sets of candidates are worth, by market where the sets of all markets are few; else as one."""
    own = known.by_market(names)
    if len(own) == 1 or sum(2 ** len(malls) for malls in own.values()) > MOST_SETS:
        return [Market(known.form(names), tuple(range(len(names))))]
    place = {name: number for number, name in enumerate(names)}
    return [Market(known.form(malls, market_id), tuple(place[mall] for mall in malls)) for market_id, malls in own.items()]


@dataclass(frozen=True)
class _Search:
    known: Raw
    said: Certificate
    names: list[str]
    markets: list[Market]
    most_work: int

    def beyond(self) -> Check:
        """Look for a set beyond the bound of the best one."""
        try:
            better = next(self._sets(self.said.bound), None)
        except TooMany:
            return Check(_NONE_BEYOND, None, _ON_TRUST)
        if better is None:
            return Check(_NONE_BEYOND, holds=True, found="every set tried, or ruled out by what its malls can add at most")
        malls, value = better
        return Check(_NONE_BEYOND, holds=False, found=f"{', '.join(malls) or 'no mall'} has {value:,}, the bound is {self.said.bound:,}")

    def between(self) -> Check:
        """Look for a set that is worth more than the bound of one that is said to come before it."""
        listed = [frozenset(self.said.malls), *(frozenset(other.malls) for other in self.said.others)]
        bounds = [self.known.turned(other.bound) for other in self.said.others]
        is_short = len(self.said.others) < self.said.others_asked
        if not bounds and not is_short:
            return Check(_NONE_BETWEEN, holds=True, found="none were asked for")
        try:
            for malls, value in self._sets(None if is_short else self.known.turned(min(bounds))):
                turned = self.known.turned(value)
                place = listed.index(frozenset(malls)) if frozenset(malls) in listed else len(listed)
                if (place == len(listed) and is_short) or any(turned > bound for bound in bounds[: place - 1 if place else 0]):
                    return Check(
                        _NONE_BETWEEN, holds=False, found=f"{', '.join(malls) or 'no mall'} has {value:,}, and stands too late or nowhere"
                    )
        except TooMany:
            return Check(_NONE_BETWEEN, None, _ON_TRUST)
        return Check(_NONE_BETWEEN, holds=True, found="every set tried, or ruled out by what its malls can add at most")

    def _sets(self, over: int | None) -> Iterator[tuple[tuple[str, ...], int]]:
        """Iterate over the allowed sets that are better than a value."""
        known = self.known
        least = None if over is None else known.turned(over)
        if len(self.markets) == 1:
            for places, worth in sets_over(self.markets[0].form, self._kept, least, most_work=self.most_work):
                yield self._malls(places), known.turned(worth)
            return
        # open malls of markets without a candidate are in no form
        there = known.turned(known.value(())) - sum(market.form.worth(()) for market in self.markets)
        for places, worth in sets_of(self._nation, None if least is None else least - there, most_work=self.most_work):
            yield self._malls(places), known.turned(worth + there)

    @cached_property
    def _nation(self) -> Nation:
        return nation(self.markets, self._kept, most_work=self.most_work)

    @cached_property
    def _kept(self) -> Kept:
        wish, known = self.said.wish, self.known
        return Kept(
            count=wish.count,
            budget=wish.budget_cents,
            costs=[wish.cost_cents(name) for name in self.names],
            first=tuple(self.names.index(name) for name in wish.must),
            is_over=lambda places: bool(_beyond(known, wish, self._malls(places))),
            is_allowed=lambda places: not broken_conditions(known, wish, self._malls(places)),
        )

    def _malls(self, places: Places) -> tuple[str, ...]:
        return tuple(self.names[place] for place in places)


def _same(what: str, told: object, own: object) -> Check:
    return Check(what, told == own, "as they are" if told == own else f"{told!r}, not {own!r}")


def _count(malls: Sequence[str]) -> str:
    return f"{len(malls)} {'mall' if len(malls) == 1 else 'malls'}"
