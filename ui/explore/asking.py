"""Questions that may take long: asked in a thread of their own, followed, given up, and kept once they are answered.

Knows nothing of Streamlit. What is kept is shared by all readers of the process, so that who asks and which data are part of its key.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from analytics.answers import Answer, answers
from analytics.catalog import metric
from analytics.explore import Exploration, Explored, explored_on_a_map
from analytics.parameters import Parameters, Scope
from data.engine import GIVEN_UP, Watch
from data.errors import MallReachError, Stopped
from data.warehouse import Version

Kept = TypeVar("Kept")
_ANSWERS, _EXPLORED = 128, 64
_STEP_S: Final = 0.05
_STEPS: Final = 40


class Shelf(Generic[Kept]):
    """A bounded number of things by key, of which the longest unused goes first. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._things: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key; None where nothing is."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def keep(self, key: Hashable, thing: Kept) -> Kept:
        """Keep a thing under a key, and return it."""
        with self._lock:
            self._things[key] = thing
            self._things.move_to_end(key)
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return thing

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._things.clear()


kept_answers: Shelf[Answer] = Shelf(_ANSWERS)
kept_explored: Shelf[Explored] = Shelf(_EXPLORED)


@dataclass(frozen=True)
class Key:
    """What an exploration is kept under: the question, who asks, and the data."""

    asked: Exploration
    scope: Scope
    root: Path
    version_id: str

    @classmethod
    def of(cls, asked: Exploration, scope: Scope, version: Version) -> "Key":
        """Return the key of a question."""
        return cls(asked, scope, version.root.absolute(), version.id)


def kept(key: Key) -> Explored | None:
    """Return what was found before; None where it was not asked, or is no longer kept."""
    return kept_explored.get(key)


@dataclass
class Asking:
    """One exploration that is being answered in a thread of its own. Its attributes may be read from any thread.

    Attributes
    ----------
    key
        What is asked.
    answered, expected
        How many of how many answers it has.
    found, error
        How it ended.
    """

    key: Key
    expected: int
    answered: int = 0
    found: Explored | None = None
    error: MallReachError | None = None
    _watch: Watch = field(default_factory=Watch)
    _began: float = field(default_factory=time.monotonic)
    _failure: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return not self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    def begin(self, work: Callable[[], Explored]) -> "Asking":
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True, name="exploration")
        self._thread.start()
        return self

    def wait(self, timeout_s: float) -> None:
        """Wait for the end, but no longer than that.

        Raises
        ------
        BaseException
            What the thread ended with, where that is no sentence for a reader.
        """
        self._thread.join(timeout_s)
        if self._failure is not None:
            raise self._failure

    def cancel(self) -> None:
        """Give it up: its query is interrupted, no further one is begun, and the thread is done when this returns, or soon after."""
        for _ in range(_STEPS):  # a query that is just beginning may miss an interruption
            self._watch.stop()
            self._thread.join(_STEP_S)
            if self.is_over:
                return

    def _run(self, work: Callable[[], Explored]) -> None:
        try:
            with self._watch.following():
                self.found = work()
        except MallReachError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits, and so stands in the log
            self._failure = error


def begin(key: Key, version: Version, *, answer: Callable[..., Answer] = answers) -> Asking:
    """Begin to answer an exploration.

    Parameters
    ----------
    key
        What is asked.
    version
        The version of the key.
    answer
        Answers a metric.
    """
    asking = Asking(key, expected=(2 if key.asked.by else 1) * (2 if key.asked.beside else 1))

    def ask(name: str, parameters: Parameters) -> Answer:
        if asking._watch.is_stopped:  # noqa: SLF001 - one module
            raise Stopped(GIVEN_UP)
        understood = metric(name).understood(parameters)
        place = (name, understood, key.scope, key.root, key.version_id)
        found = kept_answers.get(place) or kept_answers.keep(place, answer(name, understood, key.scope, version))
        asking.answered += 1
        return found

    return asking.begin(lambda: kept_explored.keep(key, explored_on_a_map(key.asked, ask, version)))
