"""What the slowest interaction of each page costs: the whole rerun, beside SQL written by hand and pandas on the same data.

``python benchmarks/pages.py [--warehouse DIR] [--page TITLE] [--verbose]`` builds the demo markets with 10 million orders in ``DIR`` if
there is nothing yet (minutes, and 2.4 GB of memory), then draws every page at the address before and after each interaction: process and
page cache are warm, results are not kept; what is counted once for a version (``analytics.days``) is. The aims: a second for a page over
all markets, 300 ms for a page of one mall. Beside the time stands the processor time of both cores, which a busy machine changes less.

The SQL by hand asks what the page asks, with plain ``quantile_disc`` and ``count(DISTINCT customer_id)``, because whoever shows a group
must know how many people are in it. pandas has the needed columns in memory already. Questions without such a counterpart are left out of
both sides of the comparison.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics import reference
from analytics.answers import Answer
from analytics.dimensions import columns
from analytics.parameters import Parameters
from benchmarks.ten_million import warehouse
from data.engine import Engine
from ui import frame, session

ROOT = Path(__file__).resolve().parent.parent
ALL_MARKETS_S, ONE_MALL_S = 1.0, 0.3
RUNS = 3

PERCENTILES = ("click_to_door", "ready_to_door", "ready_to_pickup", "placed_to_ready", "prep", "assign", "approach", "store_wait")
STAGES = ("prep", "assign", "approach", "mall_dwell", "drive", "unsplit", "store_wait", "handling")
SHARES = {
    "on_time_share": "count(*) FILTER (late_s <= 0), count(late_s)",
    "cancelled_share": "count(*) FILTER (status = 'cancelled'), count(*)",
    "failed_share": "count(*) FILTER (status = 'failed'), count(*)",
    "returned_share": "count(*) FILTER (status = 'returned'), count(*)",
    "orders": ", ".join(["count(*)", *(f"count(*) FILTER (status = '{end}')" for end in ("delivered", "cancelled", "failed", "returned"))]),
    "stages": ", ".join(f"sum({stage}_s) FILTER (unsplit_s IS NOT NULL)" for stage in STAGES),
}


@dataclass(frozen=True)
class Interaction:
    """One change of a reader's choice on a page: the address before, and the address after."""

    page: str
    name: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    aim_s: float = ONE_MALL_S


def interactions(mall: str, other: str, market: str) -> list[Interaction]:
    """Return what readers do on every page, the dearest things among them."""
    here = {"mall": mall}
    of_malls = [
        Interaction(title, name, before, after)
        for title in ("Coverage", "Delivery times", "Drivers", "Travel times")
        for name, before, after in (
            ("another mall", {"mall": other}, here),
            ("another period", here, {**here, "period": "last-4-weeks" if title != "Drivers" else "last-13-weeks"}),
            ("since opening", here, {**here, "period": "since-opening"}),
        )
    ]
    return [
        Interaction("Overview", "last week", {"period": "last-4-weeks"}, {}, ALL_MARKETS_S),
        Interaction("Overview", "13 weeks", {}, {"period": "last-13-weeks"}, ALL_MARKETS_S),
        Interaction("Overview", "since opening", {}, {"period": "since-opening"}, ALL_MARKETS_S),
        Interaction("Overview", "one market", {}, {"market": market}, ALL_MARKETS_S),
        *of_malls,
        *(
            Interaction("Delivery times", f"table {table}", here, {**here, "lost": table})
            for table in ("stages", "stores", "distance", "days")
        ),
        *(Interaction("Drivers", f"table {table}", here, {**here, "below": table}) for table in ("pay", "acceptance", "by-mall", "cells")),
        Interaction("Coverage", "10 min drive", here, {**here, "drive": "10"}),
        Interaction("Quality", "one market", {}, {"market": market}, ALL_MARKETS_S),
        Interaction("Data", "opened", {}, {}, ALL_MARKETS_S),
    ]


class _Nobody:
    """Stands for the threads that answer ahead, and answers nothing."""

    def submit(self, *_asked: Any) -> None:
        """Leave the question to the page."""


class Reader:
    """Opens pages as a browser does, frame and all, and notes what is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Parameters, float]] = []
        self._app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
        self._answers = session.answers
        session.answers = self._noting  # type: ignore[assignment]

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Ask nothing ahead: what each answer takes can be told only where no other runs beside it."""
        askers = session._askers  # noqa: SLF001
        session._askers = _Nobody  # type: ignore[assignment]  # noqa: SLF001
        try:
            yield
        finally:
            session._askers = askers  # noqa: SLF001

    def _noting(self, metric: str, parameters: Parameters, *rest: Any) -> Answer:
        start = time.perf_counter()
        answer = self._answers(metric, parameters, *rest)
        self.asked.append((metric, answer.parameters, time.perf_counter() - start))
        return answer

    def open(self, page: str, address: Mapping[str, str]) -> tuple[float, float]:
        """Draw a page at an address with nothing kept of earlier answers; return the seconds it took, and those of the processor."""
        path = next(each.path for each in frame.PAGES if each.title == page)
        self._app._page_hash = calc_hash("" if page == frame.PAGES[0].title else path)  # noqa: SLF001 - tests have no other way to a page
        self._app.query_params.clear()
        for key, text in address.items():
            self._app.query_params[key] = text
        session._answer.clear()  # noqa: SLF001
        self.asked.clear()
        start, worked = time.perf_counter(), time.process_time()
        self._app.run()
        taken_s, worked_s = time.perf_counter() - start, time.process_time() - worked
        if self._app.exception:
            raise RuntimeError(f"{page} {dict(address)}: {self._app.exception[0].value}")
        return taken_s, worked_s

    @property
    def shown(self) -> dict[str, str]:
        """What the page that was drawn last takes for chosen."""
        return dict(self._app.session_state["chosen"])

    def ask_best_of(self, change: Interaction) -> None:
        """Draw the page after a change as often as the queries by hand are run, and keep the best time of each question."""
        best: dict[tuple[str, Parameters], float] = {}
        for _ in range(RUNS):
            self.open(change.page, change.before)
            self.open(change.page, change.after)
            for metric, asked, taken_s in self.asked:
                best[metric, asked] = min(taken_s, best.get((metric, asked), taken_s))
        self.asked[:] = [(metric, asked, taken_s) for (metric, asked), taken_s in best.items()]

    def rerun_s(self, change: Interaction) -> tuple[float, float]:
        """Return the best of three reruns after a change, and the least processor time."""
        self.open(change.page, change.after)  # compiles what is asked here for the first time
        times = []
        for _ in range(RUNS):
            self.open(change.page, change.before)
            times.append(self.open(change.page, change.after))
        return min(taken for taken, _ in times), min(worked for _, worked in times)


def where(asked: Parameters) -> str:
    """Return the filter of a question as somebody would type it."""
    conditions = [
        f"market_id = '{asked.market_id}'" if asked.market_id else "",
        f"mall_id = '{asked.mall_id}'" if asked.mall_id else "",
        f"local_date >= '{asked.start_on}'" if asked.start_on else "",
        f"local_date < '{asked.end_on}'" if asked.end_on else "",
        f"local_dow = {asked.dow}" if asked.dow is not None else "",
        f"local_hour = {asked.hour}" if asked.hour is not None else "",
    ]
    return " AND ".join(filter(None, conditions)) or "true"


def by_hand(metric: str, asked: Parameters) -> str | None:
    """Return the query that somebody who knows the tables would write; None where there is none here."""
    if {"weeks_open", "distance_band"} & set(asked.by):
        return None
    places = {"cell": f"(dropoff_cell & ~((1::BIGINT << {3 * (15 - asked.resolution)}) - 1)) AS cell"}
    group = [places.get(name, name) for name in columns(asked.by)]
    if metric in PERCENTILES:
        column = f"{metric}_s"
        figures, needed = f"count({column}), sum({column}), quantile_disc({column}, [0.5, 0.9])", f" AND {column} IS NOT NULL"
    elif metric == "mean_click_to_door":
        figures, needed = "count(click_to_door_s), sum(click_to_door_s)", " AND click_to_door_s IS NOT NULL"
    elif metric in SHARES:
        figures, needed = SHARES[metric], ""
    else:
        return None
    chosen = ", ".join([*group, figures, "count(DISTINCT customer_id)"])
    return f"SELECT {chosen} FROM orders WHERE {where(asked)}{needed}{' GROUP BY ALL' if group else ''}"


def in_pandas(metric: str, asked: Parameters) -> Callable[[pd.DataFrame], object] | None:
    """Return the same question for pandas; None where there is none here."""
    if {"weeks_open", "distance_band", "cell"} & set(asked.by) or not (metric in PERCENTILES or metric in {"on_time_share", "orders"}):
        return None

    def answer(orders: pd.DataFrame) -> object:
        kept = pd.Series(data=True, index=orders.index)
        for column, value in (("market_id", asked.market_id), ("mall_id", asked.mall_id)):
            kept &= (orders[column] == value) if value else True
        kept &= (orders.local_date >= pd.Timestamp(asked.start_on)) if asked.start_on else True
        kept &= (orders.local_date < pd.Timestamp(asked.end_on)) if asked.end_on else True
        rows = orders[kept]
        column = f"{metric}_s" if metric in PERCENTILES else "late_s"
        grouped = rows.groupby(list(columns(asked.by)), observed=True, dropna=False) if asked.by else rows
        people = grouped.customer_id.nunique()
        if metric == "orders":
            return people, grouped.size() if asked.by else len(rows)
        values = grouped[column]
        return (people, values.quantile([0.5, 0.9]), values.sum()) if metric in PERCENTILES else (people, values.count())

    return answer


def best_s(run: Callable[[], object]) -> float:
    """Return the seconds of the best of three runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def compared(reader: Reader, engine: Engine, orders: pd.DataFrame) -> tuple[str, str]:
    """Return how the questions of the last rerun compare with SQL by hand and with pandas, in words."""
    asked = list(reader.asked)
    pairs = [(ours_s, best_s(lambda sql=sql: engine.table(sql))) for name, what, ours_s in asked if (sql := by_hand(name, what))]
    frames = [(ours_s, best_s(lambda run=run: run(orders))) for name, what, ours_s in asked if (run := in_pandas(name, what))]
    return _ratio(pairs, len(asked)), _ratio(frames, len(asked))


def _ratio(pairs: list[tuple[float, float]], asked: int) -> str:
    ours, theirs = (sum(side) for side in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    return f"{ours * 1000:.0f} to {theirs * 1000:.0f} ms, {ours / theirs:.1f} times ({len(pairs)} of {asked})" if pairs else "-"


def _data(engine: Engine) -> pd.DataFrame:
    names = ("market_id", "mall_id", "store_id", "status", "customer_id")
    read = ", ".join([*names, "local_date", "local_week_on", "local_dow", "local_hour", "late_s", *(f"{each}_s" for each in PERCENTILES)])
    frame_ = engine.table(f"SELECT {read} FROM orders WHERE local_date >= (SELECT max(local_date) - 400 FROM orders)").to_pandas()
    frame_["local_date"] = pd.to_datetime(frame_["local_date"])
    for name in names:
        frame_[name] = frame_[name].astype("category")
    return frame_


def main() -> None:
    """Print one line for the slowest interaction of each page, and with ``--verbose`` every interaction and question."""
    parser = argparse.ArgumentParser(description="Time the slowest interaction of each page.")
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse-10m"))
    parser.add_argument("--page", help="only this page")
    parser.add_argument("--verbose", action="store_true", help="every interaction, and every question of the slowest")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    version = warehouse(options.warehouse)
    os.environ["MALLREACH_WAREHOUSE"] = str(options.warehouse)
    engine = Engine.of(version)
    sizes = {row["mall_id"]: row["n"] for row in engine.table("SELECT mall_id, count(*) AS n FROM orders GROUP BY 1").to_pylist()}
    malls = sorted((mall for mall in reference.malls(version) if mall.status == "open"), key=lambda mall: -sizes.get(mall.id, 0))
    reader, orders = Reader(), _data(engine)
    print(f"{sum(sizes.values()):,} orders, {len(malls)} open malls; best of {RUNS}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    slowest: dict[str, tuple[float, float, Interaction]] = {}
    for change in interactions(malls[0].id, malls[1].id, malls[0].market_id):
        if options.page in {None, change.page}:
            taken_s, worked_s = reader.rerun_s(change)
            if options.verbose:
                print(f"  {change.page}, {change.name}: {_ms(taken_s)}, processor {_ms(worked_s)}", flush=True)
            slowest[change.page] = max(slowest.get(change.page, (0.0, 0.0, change)), (taken_s, worked_s, change), key=lambda each: each[0])
    for page, (taken_s, worked_s, change) in slowest.items():
        with reader.one_by_one():
            reader.ask_best_of(change)
        sql, frames = compared(reader, engine, orders)
        verdict = "within" if taken_s <= change.aim_s else "OVER"
        told = f"{len(reader.asked)} answers {_ms(sum(seconds for _, _, seconds in reader.asked))}"
        print(f"{page}, {change.name}: {_ms(taken_s)}, {verdict} {_ms(change.aim_s)}; processor {_ms(worked_s)}; {told}")
        print(f"  by hand: {sql}\n  pandas:  {frames}", flush=True)
        for metric, asked, seconds in sorted(reader.asked, key=lambda each: -each[2]) if options.verbose else ():
            print(f"    {_ms(seconds):>8} {metric} by {','.join(asked.by) or '-'} {asked.start_on} to {asked.end_on}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


if __name__ == "__main__":
    main()
