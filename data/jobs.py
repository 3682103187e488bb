"""Loads in a process of their own: whoever starts one stays responsive, may cancel it, and is told in one sentence when it fails.

``start(...)`` runs ``python -m data.jobs``, which reads one order on standard input and tells what happens on standard output, a line of
JSON each. A load that is killed leaves the last version serving, as the warehouse promises; so canceling is killing.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping as Table_
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.errors import MallReachError, WarehouseError
from data.load import load
from data.manifest import Count, Finding
from data.mapping import Mapping
from data.warehouse import Warehouse

PROJECT = Path(__file__).resolve().parent.parent
BUSY = "a load is running"


@dataclass(frozen=True)
class Outcome:
    """What a finished load did.

    Attributes
    ----------
    version_id, is_new
        Version that serves, and whether this load published it.
    counts, findings, notes
        As in ``data.load.LoadResult``.
    rejects_path
        CSV of the rejected rows; None where none was rejected.
    seconds
        Time it took.
    """

    version_id: str | None
    is_new: bool
    counts: dict[str, Count]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    rejects_path: Path | None
    seconds: float


@dataclass(frozen=True)
class State:
    """Where a load stands: the step that runs, how many of how many are behind it; then what it did, or what kept it from it."""

    step: str = "starting"
    done: int = 0
    total: int = 0
    outcome: Outcome | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the load has ended, well or not."""
        return self.outcome is not None or bool(self.error)


@dataclass
class Job:
    """One running load. ``state`` may be read from any thread; it is replaced as a whole.

    ``keeps`` is held until the end: whoever owns the folder of the files, so that it is not removed under the load.
    """

    title: str
    keeps: object = None
    state: State = field(default_factory=State)
    _process: subprocess.Popen[str] | None = None
    _is_canceled: bool = False

    def cancel(self) -> None:
        """End the load where it stands; nothing of it is published unless it was published already."""
        self._is_canceled = True
        if self._process:
            self._process.kill()

    def wait(self) -> State:
        """Wait for the end, and return how it ended."""
        self._follower.join()
        return self.state

    def begin(self, order: Table_[str, Any]) -> "Job":
        """Start the process and follow what it tells."""
        command = [sys.executable, "-m", "data.jobs"]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self._follower = threading.Thread(target=self._follow, args=(self._process, json.dumps(order)), daemon=True)
        self._follower.start()
        return self

    def _follow(self, process: subprocess.Popen[str], order: str) -> None:
        with process:
            if process.stdin and process.stdout:
                try:
                    process.stdin.write(order)
                    process.stdin.close()
                except BrokenPipeError:
                    pass  # it has ended already; its exit code is told below
                for line in process.stdout:
                    self.state = _told(self.state, json.loads(line))
        if not self.state.is_over:
            canceled = "the load was canceled, and nothing of it is half-loaded"
            died = f"the load ended unexpectedly (exit code {process.returncode}); the last version still serves, and the log says more"
            self.state = State(error=canceled if self._is_canceled else died)
        self.keeps = None


def start(
    paths: Sequence[Path],
    mapping_text: str | None,
    *,
    folder: Path,
    warehouse: Path,
    is_replacing: bool,
    title: str,
    note: str = "",
    keeps: object = None,
) -> Job:
    """Start a load in a process of its own.

    Parameters
    ----------
    paths
        Files; empty: those that the mapping names.
    mapping_text
        Mapping as TOML, in which files are named from ``folder``; None: by names alone.
    folder
        Where the files stand.
    warehouse
        Folder of the warehouse.
    is_replacing
        Drop the earlier rows of the tables given.
    title, note
        What others see of it while it runs; what the manifest says of it.
    keeps
        Held until the load has ended.

    Returns
    -------
    Job
        Running.
    """
    order = {
        "paths": [str(path) for path in paths],
        "mapping": mapping_text,
        "folder": str(folder.absolute()),
        "warehouse": str(warehouse.absolute()),
        "replace": is_replacing,
        "note": note,
    }
    return Job(title, keeps).begin(order)


class Jobs:
    """The one load of this process: at most one runs at a time, and everybody sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job | None = None

    @property
    def running(self) -> Job | None:
        """The load that runs; None where none does."""
        job = self._job
        return job if job and not job.state.is_over else None

    def start(self, paths: Sequence[Path], mapping_text: str | None, **options: Any) -> Job:
        """Start a load, as the function ``start``.

        Raises
        ------
        WarehouseError
            If one is running.
        """
        with self._lock:
            if self.running:
                raise WarehouseError(f"{BUSY} ({self.running.title}); wait for its end or cancel it")
            self._job = start(paths, mapping_text, **options)
            return self._job


def _told(state: State, event: dict[str, Any]) -> State:
    """Return the state after a line of the process."""
    if "error" in event:
        return State(state.step, state.done, state.total, error=event["error"])
    if "outcome" not in event:
        return State(event["step"], event["done"], event["total"])
    told = event["outcome"]
    outcome = Outcome(
        told["version_id"],
        told["is_new"],
        {name: Count(**count) for name, count in told["counts"].items()},
        tuple(Finding(**finding) for finding in told["findings"]),
        tuple(told["notes"]),
        Path(told["rejects"]) if told["rejects"] else None,
        told["seconds"],
    )
    return State("done", state.total, state.total, outcome)


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _run(order: dict[str, Any]) -> dict[str, Any]:
    """Load as ordered; return the last line to tell."""
    folder = Path(order["folder"])
    try:
        result = load(
            order["paths"],
            warehouse=Warehouse(order["warehouse"]),
            mapping=Mapping.parse(order["mapping"], folder / "mapping.toml") if order["mapping"] is not None else None,
            replace=order["replace"],
            note=order["note"],
            progress=lambda step, done, total: _say({"step": step, "done": done, "total": total}),
        )
    except MallReachError as error:
        return {"error": str(error).replace(f"{folder}/", "")}
    outcome = {
        "version_id": result.version.id if result.version else None,
        "is_new": result.is_new,
        "counts": {name: asdict(count) for name, count in result.counts.items()},
        "findings": [asdict(finding) for finding in result.findings],
        "notes": result.notes,
        "rejects": str(result.rejects_path) if result.rejects_path else None,
        "seconds": result.seconds,
    }
    return {"outcome": outcome}


if __name__ == "__main__":
    _say(_run(json.load(sys.stdin)))
