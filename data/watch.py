"""Load again and again, so that a dashboard stays fresh: one line per round, and a failed round leaves the last version serving.

Between rounds the process sleeps until the next is due; nothing is polled. SIGINT and SIGTERM end it at once: a load that is running is
thrown away, which a load at any moment survives.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

import duckdb

from data.errors import MallReachError
from data.load import LoadResult
from data.remote import redacted


def watch(
    load: Callable[[], LoadResult],
    *,
    every_s: float,
    say: Callable[[str], None],
    complain: Callable[[str], None],
    stop: threading.Event | None = None,
) -> int:
    """Load every so often until the process is told to stop.

    Parameters
    ----------
    load
        One round.
    every_s
        Seconds from the start of a round to that of the next; a round that takes longer is followed by the next one at once.
    say, complain
        Where the line about a good round goes, and where that about a failed one.
    stop
        Ends the waiting when it is set; SIGINT and SIGTERM do without.

    Returns
    -------
    int
        Rounds that were begun.
    """
    stop = stop or threading.Event()
    rounds = 0
    with _stopped_by_signals() as stopped:
        try:
            while not stop.is_set():
                due = time.monotonic() + every_s
                rounds += 1
                _round(load, say, complain, stopped)
                rest_s = max(0.0, due - time.monotonic())
                stop.wait(rest_s)
        except KeyboardInterrupt:
            complain(f"{_now()}  stopped; the last version goes on serving")
    return rounds


def _round(load: Callable[[], LoadResult], say: Callable[[str], None], complain: Callable[[str], None], stopped: threading.Event) -> None:
    try:
        say(f"{_now()}  {line(load())}")
    except (MallReachError, duckdb.Error, OSError) as error:
        if stopped.is_set():
            raise KeyboardInterrupt from error  # a library turned the signal into an error of its own
        complain(f"{_now()}  error: {redacted(' '.join(str(error).split()))}")


def line(result: LoadResult) -> str:
    """Return what a round did, in one line."""
    took = f"{result.seconds:.1f} s"
    if not result.is_new or result.version is None:
        serving = f"{result.version.id} still serves" if result.version else "nothing is published"
        return f"{serving}: nothing new, {took}"
    changes = []
    for name, each in result.counts.items():
        words = [
            f"{number:,} {word}" for number, word in ((each.kept, "new"), (each.replaced, "changed"), (each.rejected, "rejected")) if number
        ]
        changes += [f"{name} {', '.join(words)}"] if words else []
    return f"{result.version.id} serves: {'; '.join(changes) or 'derived tables anew'}, {took}"


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Let SIGTERM interrupt as SIGINT does; the event tells that one of them came."""
    stopped = threading.Event()

    def interrupt(_: int, __: FrameType | None) -> None:
        stopped.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stopped  # only the main thread may listen to signals; the event given ends others
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
