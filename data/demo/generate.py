"""Make a demo and load it the way real files are loaded.

``build`` is the door: plan, write Parquet piece by piece (a mall-week at a time), then ``data.load.load``.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from tqdm import tqdm

from data.cells import Floats, Integers
from data.demo.batches import week_batches
from data.demo.demand import Week, week_orders
from data.demo.dispatch import refusals, week_trips
from data.demo.drivers import Pool, pool, week_blocks, week_shifts
from data.demo.files import Files
from data.demo.geography import market_cells
from data.demo.ground import Ground, ground
from data.demo.model import MODEL, MallModel, Model
from data.demo.places import add_cells, add_places
from data.demo.plan import Plan, daily_orders, plan, recruited_share
from data.demo.rows import Counter, Made, MallRows
from data.errors import DemoError
from data.load import Progress, load
from data.warehouse import Version, Warehouse

_BAR = "{desc:<28} {percentage:3.0f}% |{bar}| {elapsed}"


def write_demo(folder: Path, *, orders: int, seed: int, model: Model = MODEL, progress: Progress | None = None) -> Files:
    """Write the demo's Parquet files into a folder.

    Parameters
    ----------
    folder
        An existing folder; one file per table is written into it.
    orders
        Orders to place; exactly so many are placed.
    seed
        The same seed (and number of orders) gives the same rows, whatever the machine's number of threads.

    Returns
    -------
    Files
        Rows per table and paths.

    Raises
    ------
    DemoError
        A number of orders that no plan holds.
    """
    plan_ = plan(orders, model)
    placed, expected = daily_orders(plan_, model, seed)
    recruited = recruited_share(plan_, model)
    counter = Counter()
    done = 0
    with Files(folder) as files:
        add_places(files, plan_, model, seed)
        for market_number, market in enumerate(plan_.markets):
            cells = market_cells(market, model)
            add_cells(files, market, cells)
            midnights = _midnights(plan_, market.time_zone)
            for number, _, mall, opened in plan_.open_malls(market):
                here = ground(number, market, mall, cells, model=model, seed=seed)
                weeks = _weeks(opened, midnights, placed[number], expected[number], recruited)
                for made in _mall_weeks(here, weeks, files=files, counter=counter, market_number=market_number, model=model, seed=seed):
                    done += made
                    if progress is not None:
                        progress("making orders", done, orders)
    return files


def _mall_weeks(
    here: Ground, weeks: list[Week], *, files: Files, counter: Counter, market_number: int, model: Model, seed: int
) -> Iterator[int]:
    """Write a mall week by week; yields the orders of each. Every week has random streams of its own."""
    rng = np.random.default_rng([seed, 11, here.number])
    blocks = [week_blocks(week, here, model, rng) for week in weeks]
    drivers = pool(blocks, here, model, rng)
    rows = MallRows(files, counter, market_number, here, drivers, model)
    rows.add_mall()
    for week, spans in zip(weeks, blocks, strict=True):
        if week.placed.any():
            rows.add_week(_made(here, week, spans, drivers, model=model, seed=seed))
        yield int(week.placed.sum())


def _made(here: Ground, week: Week, spans: list[list[tuple[int, int]]], drivers: Pool, *, model: Model, seed: int) -> Made:
    rng = np.random.default_rng([seed, 12, here.number, week.first_day])
    shifts = week_shifts(spans, drivers, np.random.default_rng([seed, 13, here.number, week.first_day]))
    orders = week_orders(week, here, model, rng)
    batches = week_batches(orders, week, here, model, rng)
    trips, refused = week_trips(batches, shifts, refusals(batches, model, rng), len(week.weekday), model)
    return Made(week, orders, batches, trips, refused, shifts)


def _weeks(opened: MallModel, midnights: Integers, placed: Integers, expected: Floats, recruited: Floats) -> list[Week]:
    """Cut the period into whole weeks, with the mall's hours of each day."""
    weekday = np.arange(7)
    open_s, close_s = (np.where(weekday == 6, opened.sunday_hours[end], opened.weekday_hours[end]) * 3600 for end in (0, 1))
    spans = [slice(first, first + 7) for first in range(0, len(midnights), 7)]
    return [Week(span.start, weekday, open_s, close_s, placed[span], expected[span], recruited[span], midnights[span]) for span in spans]


def _midnights(plan_: Plan, time_zone: str) -> Integers:
    """Return, per day, the UTC second from which its local times count: noon less twelve hours, right on days of a clock change too."""
    zone = ZoneInfo(time_zone)
    noons = [datetime.combine(plan_.first_day + timedelta(days=day), time(12), zone) for day in range(plan_.days)]
    return np.array([int(noon.astimezone(UTC).timestamp()) - 12 * 3600 for noon in noons], np.int64)


def build(warehouse: Warehouse, *, orders: int = 200_000, seed: int = 1, progress: Progress | None = None, model: Model = MODEL) -> Version:
    """Make the demo markets and publish them as a new version, labelled synthetic; its tables replace those that were there.

    Parameters
    ----------
    warehouse
        Where to publish.
    orders
        Orders to place; exactly so many are placed. Above 200,000 the demo grows by weeks, then by invented markets.
    seed
        The same seed and number give the same content.
    progress
        Told what is being done, and how many of how many steps are behind it; a bar on a terminal where not given.

    Returns
    -------
    Version
        The version that serves now: a new one, or the one before if it held the same rows.

    Raises
    ------
    DemoError
        A number of orders that no plan holds.
    WarehouseError
        Somebody else is writing, or the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="mallreach-demo-") as folder:
        with tqdm(desc="making orders", total=orders, leave=False, bar_format=_BAR, disable=None if progress is None else True) as bar:

            def advance(_: str, done: int, __: int) -> None:
                bar.update(done - bar.n)

            files = write_demo(Path(folder), orders=orders, seed=seed, model=model, progress=progress or advance)
        note = f"Demo markets: {orders:,} orders, seed {seed}"
        result = load(files.paths, warehouse=warehouse, replace=True, synthetic=True, note=note, progress=progress)
    if result.version is None:  # only where nothing was loaded into an empty warehouse
        raise DemoError("the demo holds no rows, so nothing was published")
    return result.version
