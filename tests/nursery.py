"""Processes that a test may kill, forked from one that has imported all they need: to import takes longer than what they do."""

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_BIRTHS = """
import json, os, sys, traceback

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(0, 1)
            code = live(*json.loads(line)) or 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Child:
    """A process that runs; its errors are those of the test."""

    def __init__(self, told: int) -> None:
        self._told = told
        self._pid = int(self._line())
        self.returncode: int | None = None

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Return its exit code, minus the signal that killed it; None where it still runs after the time given."""
        if self.returncode is None and select.select([self._told], [], [], timeout_s)[0]:
            self.returncode = int(self._line())
        return self.returncode

    def kill(self) -> None:
        """End it by SIGKILL if it still runs, and wait until it is gone."""
        if self.wait(0) is None:
            os.kill(self._pid, signal.SIGKILL)
            self.wait()

    def _line(self) -> bytes:
        """Read a line byte by byte: what is read ahead would never be waited for."""
        found = b""
        while not found.endswith(b"\n"):
            byte = os.read(self._told, 1)
            assert byte, "the process that forks has ended"
            found += byte
        return found


class Nursery:
    """Forks one child after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def born(self, *arguments: str | int) -> Child:
        """Let a child live with these arguments."""
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        self._process.stdin.flush()
        return Child(self._process.stdout.fileno())


@contextmanager
def nursery(life: str) -> Iterator[Nursery]:
    """Start the process that forks.

    Parameters
    ----------
    life
        Python that imports what is needed and defines ``live``, which is called in each child and returns its exit code or None.
    """
    # Threads are not forked: numpy's are not started.
    variables = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", textwrap.dedent(life) + _BIRTHS]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Nursery(process)
        process.stdin.close()
    assert process.returncode == 0
