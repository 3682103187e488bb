"""What follows the main answer, in a thread of its own: next best sets, how sure they are, the curve and the scenarios, one step at a time.

Knows nothing of Streamlit. The steps of a question are kept for all readers of the process; its key says which data and which question.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from analytics.choosing.portfolio import NEXT, Point, Portfolio, allowances, next_sets, point, portfolio
from analytics.choosing.robustness import Lead, Standing, lead, standing, worlds
from analytics.choosing.wish import Wish
from data.warehouse import Version
from ui.explore.asking import Shelf

QUICK_S: Final = 0.5
"""Seconds of solving after which the main answer is shown, proven or not."""

LONG_S: Final = 10.0
STEP_S: Final = 4.0
"""Seconds for the proof that follows where the quick one was not enough, and for each further step."""

_KEPT: Final = 64


@dataclass(frozen=True)
class Key:
    """Which question of which data."""

    wish: Wish
    root: Path
    version_id: str


@dataclass
class Following:
    """One question that is being answered. Its attributes may be read from any thread; lists grow.

    Attributes
    ----------
    found
        The best set; None until it is known.
    is_final
        Whether the proof has had its time, so that the set stays as it is.
    others, leads, points, standings
        Next best sets; how far the best set is ahead of each under the model's error; the curve; the scenarios.
    done, expected
        Steps made, and steps in all.
    stage
        What is being done, in words.
    """

    key: Key
    found: Portfolio | None = None
    is_final: bool = False
    others: list[Portfolio] = field(default_factory=list)
    leads: list[Lead | None] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    done: int = 0
    expected: int = 1
    stage: str = "best set"
    _began: float = field(default_factory=monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _has_main: threading.Event = field(default_factory=threading.Event)
    _failure: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing follows any more."""
        return not self._thread.is_alive()

    def is_canceled(self) -> bool:
        """Tell whether it was given up."""
        return self._stop.is_set()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return monotonic() - self._began

    @property
    def sections(self) -> int:
        """How many parts of the page are complete: a page that was drawn with fewer is drawn anew."""
        if self.found is None:
            return 0
        stages = ("best set", "proof", "next best sets", "curve", "scenarios", "all")
        return 1 + stages.index("all" if self.is_over else self.stage)

    @property
    def sets_asked(self) -> int:
        """How many next best sets were asked for, once all that there are were found; so many as are there before."""
        is_done = not self.is_canceled() and (self.is_over or self.stage in {"curve", "scenarios"})
        return NEXT if is_done else len(self.others)

    def begin(self, version: Version) -> "Following":
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, args=(version,), daemon=True, name="portfolio")
        self._thread.start()
        return self

    def main(self) -> Portfolio:
        """Return the main answer; waits for it.

        Raises
        ------
        BaseException
            What the thread ended with.
        """
        self._has_main.wait()
        if self.found is None:
            raise self._failure or RuntimeError("the thread of a portfolio ended without an answer")
        return self.found

    def wait(self, timeout_s: float) -> None:
        """Wait for the end, but no longer than that.

        Raises
        ------
        BaseException
            What the thread ended with.
        """
        self._thread.join(max(timeout_s, 0.0))
        if self._failure is not None:
            raise self._failure

    def cancel(self) -> None:
        """Give up what has not begun; a step that has ends within its seconds."""
        self._stop.set()

    def _run(self, version: Version) -> None:
        try:
            self._follow(version)
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits, and so stands in the log
            self._failure = error
        finally:
            self._has_main.set()

    def _follow(self, version: Version) -> None:
        wish = self.key.wish
        found = portfolio(version, wish, time_limit_s=QUICK_S)
        self.found = found
        if found.choice is None:
            self.is_final = True
            return
        allowed, scenarios = allowances(version, wish), worlds(wish)
        self.expected = 2 + NEXT + len(allowed) + len(scenarios)
        self._has_main.set()
        self._next("proof")
        if not found.choice.is_proven and not self.is_canceled():
            longer = portfolio(version, wish, time_limit_s=LONG_S)
            better = longer.choice is not None and _is_no_worse(longer, found)
            self.found = found = longer if better else found
        self.is_final = True
        self._next("next best sets")
        self._sets(version, found)
        self._next("curve")
        self._each(allowed, lambda each: self.points.append(point(version, wish, each, time_limit_s=STEP_S)))
        self._next("scenarios")
        self._each(scenarios, lambda each: self.standings.append(standing(version, found, each, time_limit_s=STEP_S)))

    def _sets(self, version: Version, found: Portfolio) -> None:
        if self.is_canceled():
            return
        for other in next_sets(version, found, time_limit_s=STEP_S):
            self.leads.append(lead(version, found, other))
            self.others.append(other)
            self.done += 1
            if self.is_canceled():
                return

    def _each(self, steps: tuple, make: Callable[..., None]) -> None:  # type: ignore[type-arg] # of whatever the steps are
        for each in steps:
            if self.is_canceled():
                return
            make(each)
            self.done += 1

    def _next(self, stage: str) -> None:
        self.done += stage in {"proof", "next best sets"}
        self.stage = stage


def _is_no_worse(longer: Portfolio, found: Portfolio) -> bool:
    """Tell whether a longer search gave a set that is as good: the bound of it counts in any case."""
    sign = -1 if found.wish.aim == "minutes" else 1
    return sign * longer.value >= sign * found.value


_kept: Shelf[Following] = Shelf(_KEPT)


def following(version: Version, wish: Wish) -> Following:
    """Return the question's steps, begun now where nobody asked it before."""
    key = Key(wish, version.root.absolute(), version.id)
    known = _kept.get(key)
    return known or _kept.keep(key, Following(key).begin(version))


def go_on(running: Following, version: Version) -> None:
    """Begin a question anew that was given up; sets that were found are at hand still."""
    _kept.keep(running.key, Following(running.key).begin(version))
