"""What explorations cost over many orders: the first answer with its total, nothing kept of earlier ones, the question compiled before.

``python benchmarks/explore.py [--warehouse DIR] [--runs N] [--one NAME]`` asks what the Explore page asks, of the warehouse in ``DIR`` (the
demo markets with 10 million orders are built there if there is nothing yet: minutes, and 2.4 GB of memory). The aim: a second for
dimensions that stand in the sorted orders themselves (market, mall, store, cell, day, week, weekday, hour, status, distance band), alone
and in pairs, over 13 weeks; others look into another table for each order and may show their progress instead. Beside the time stands the
processor time of both cores, which a busy machine changes less. At the end one long question is given up, and the time until it has
ended is told.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics import reference
from analytics.answers import Answer, answers
from analytics.explore import Exploration, explored_on_a_map
from analytics.parameters import EVERYTHING, Parameters
from analytics.periods import period
from benchmarks.ten_million import warehouse
from data.engine import Watch
from data.errors import Stopped
from data.warehouse import Version

AIM_S = 1.0
SORTED = ("market", "mall", "store", "day", "week", "dow", "hour", "status", "distance_band", "weeks_open")
PAIRS = (("mall", "week"), ("mall", "status"), ("dow", "hour"), ("store", "week"), ("mall", "day"), ("market", "distance_band"))


@dataclass(frozen=True)
class Case:
    """One exploration: its name, whether it must be answered within a second, and what is asked."""

    name: str
    metric: str
    by: tuple[str, ...]
    is_sorted: bool = True
    only: tuple[tuple[str, str], ...] = ()
    options: dict[str, object] = field(default_factory=dict)


def cases(mall: str, market: str) -> list[Case]:
    """Return what is asked: leading figures by every sorted dimension and some pairs, a mall's cells, and what looks elsewhere."""
    found = [Case("click_to_door", "click_to_door", (each,)) for each in SORTED]
    found += [Case("click_to_door", "click_to_door", pair) for pair in PAIRS]
    found += [
        Case(name, name, by) for name in ("orders", "on_time_share", "stages") for by in (("mall",), ("mall", "week"), ("dow", "hour"))
    ]
    found += [
        Case("click_to_door", "click_to_door", ("mall",), only=(("status", "delivered"),)),
        Case("click_to_door, a market's cells", "click_to_door", ("cell",), options={"market_id": market, "resolution": 8}),
        Case("click_to_door, a mall's cells", "click_to_door", ("cell",), options={"mall_id": mall, "resolution": 9}),
        Case("click_to_door, a mall", "click_to_door", ("store", "week"), options={"mall_id": mall}),
        Case("orders, all cells", "orders", ("cell",), options={"resolution": 8}),
        Case("acceptance_share", "acceptance_share", ("pay_band",)),
        Case("utilization", "utilization", ("mall", "hour")),
        Case("click_to_door", "click_to_door", ("vehicle",), is_sorted=False),
        Case("click_to_door", "click_to_door", ("batch",), is_sorted=False),
        Case("late_attribution", "late_attribution", ("mall",), is_sorted=False),
        Case("hours_gap", "hours_gap", ("mall",), is_sorted=False),
    ]
    return found


def timed(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the least seconds that a piece of work took, and the least of the processor."""
    work()  # compiles the question, and reads the file into memory
    found = []
    for _ in range(runs):
        start, busy = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - start, time.process_time() - busy))
    return min(seconds for seconds, _ in found), min(busy for _, busy in found)


def given_up(version: Version, asked: Exploration) -> float:
    """Return how long a question goes on after it was given up."""
    watch, has_ended, ends = Watch(), threading.Event(), []

    def ask() -> None:
        with watch.following():
            try:
                explored_on_a_map(asked, lambda name, wanted: answers(name, wanted, EVERYTHING, version), version)
            except Stopped as stopped:
                ends.append(stopped)
        has_ended.set()

    threading.Thread(target=ask, daemon=True).start()
    if has_ended.wait(0.15):
        raise RuntimeError("the question was answered before it could be given up; ask a larger warehouse")
    start = time.perf_counter()
    while not has_ended.wait(0.01):
        watch.stop()
    if not ends:
        raise RuntimeError("the question was answered although it was given up")
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse-10m"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", help="only cases whose name begins so")
    options = parser.parse_args()
    version = warehouse(options.warehouse)
    market = reference.markets(version)[0].id
    mall = reference.malls(version, market)[0].id
    last_on = reference.extent(version).last_complete_on
    if last_on is None:
        raise RuntimeError("no orders in this data")
    days = period("last-13-weeks", last_complete_on=last_on)
    print(f"{version.manifest.rows('orders'):,} orders; 13 weeks to {days.end_on - timedelta(days=1)}; least of {options.runs} runs\n")
    print(f"{'exploration':34} {'by':24} {'groups':>8} {'s':>7} {'cpu s':>7}  aim")
    missed = 0
    for case in cases(mall, market):
        if options.one and not case.name.startswith(options.one):
            continue
        asked = Exploration(
            case.metric,
            Parameters(start_on=days.start_on, end_on=days.end_on, by=case.by, **case.options),  # type: ignore[arg-type]
            only=case.only,
        )

        def ask(name: str, wanted: Parameters) -> Answer:
            return answers(name, wanted, EVERYTHING, version)

        found = explored_on_a_map(asked, ask, version)
        seconds, busy = timed(lambda asked=asked: explored_on_a_map(asked, ask, version), options.runs)
        verdict = ("met" if seconds <= AIM_S else "missed") if case.is_sorted else "progress"
        missed += verdict == "missed"
        by = ", ".join(case.by) + "".join(f", only {value}" for _, value in case.only)
        print(f"{case.name:34} {by:24} {found.groups:8,} {seconds:7.3f} {busy:7.3f}  {verdict}", flush=True)
    long = Exploration("late_attribution", Parameters(by=("store", "week")))
    print(f"\na question that is given up ends after {given_up(version, long):.3f} s; {missed} of the aims missed")


if __name__ == "__main__":
    main()
