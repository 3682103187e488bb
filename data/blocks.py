"""The blocks of a warehouse: what a release may tell, made once for each month of a mall and from then on fixed.

A month's blocks are made when they are first asked for, from the version that is asked, and kept beside the versions in
``WAREHOUSE/blocks``. Later versions find them there and change nothing: two releases of one month, before and after a few late orders,
would otherwise tell of these few. Only months that are over are cut. Made-up orders are nobody's, so theirs are made for each version.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.blocking import Blocking
from data.contracts import Column, Kind, Table
from data.durable import alone_in, write_whole
from data.engine import connection
from data.errors import WarehouseError
from data.manifest import Version

K: Final = 10
"""Fewest customers (orders, where the customer is unknown) behind a block."""

_RULES: Final = "1"
"""Changes with the way in which blocks are cut: blocks cut in two ways could be subtracted."""

_MEMORY: Final = "2GB"


def _column(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, derived=True)


BLOCKS: Final = Table(
    "blocks",
    "one row per mall, month, dimension and block: orders of at least k customers, the smallest number that a release tells",
    ("mall_id", "month_on", "dimension", "covers", "cell", "value"),
    (
        _column("market_id", Kind.TEXT, "Market of the mall"),
        _column("mall_id", Kind.TEXT, "Mall"),
        _column("month_on", Kind.DAY, "First market-local day of the month"),
        _column("dimension", Kind.TEXT, "By what the month is cut: cell, hour, weekday, store. Each alone adds up to the month"),
        _column(
            "covers",
            Kind.TEXT,
            "one: a cell of resolution 9 (an hour, a weekday, a store) by itself; rest: all of a resolution-8 cell (of the month) that no "
            "other block covers; elsewhere: all other places and unknown doors",
        ),
        _column("cell", Kind.CELL, "Cell of resolution 9, or for a rest of resolution 8"),
        _column("value", Kind.TEXT, "Hour, weekday or store"),
        _column("orders_n", Kind.INTEGER, "Orders delivered, with a known click-to-door; where a market knows none, orders placed"),
        _column("click_to_door_s", Kind.SECONDS, "Sum of their click-to-door; null where a market knows none"),
        _column("on_time_n", Kind.INTEGER, "Of them on time; null where an order of the mall's month has no promise"),
        _column("made_in", Kind.TEXT, "Version that the block was made from"),
    ),
)
"""Contract of the table that ``blocks`` returns."""

_ARROW: Final = {Kind.TEXT: pa.string(), Kind.DAY: pa.date32()}
SCHEMA: Final = pa.schema([(column.name, _ARROW.get(column.kind, pa.int64())) for column in BLOCKS.columns])


def blocks(version: Version, *, anew: bool = False) -> pa.Table:
    """Return the blocks of a version's months that are over, and make those that are not made yet.

    Parameters
    ----------
    version
        Version that is asked.
    anew
        Make those again that are fixed already. What was released before can be subtracted from what is released then.

    Returns
    -------
    pyarrow.Table
        As ``BLOCKS`` says, sorted by its key. Months of a mall with fewer than k customers have none.

    Raises
    ------
    WarehouseError
        If the blocks cannot be read or kept, or were cut by other rules.
    """
    path = _path(version)
    found, known = (SCHEMA.empty_table(), frozenset()) if anew else _read(path)
    if version.id not in known:
        with _writing(path.parent):
            found, known = (found, known) if anew else _read(path)
            if version.id not in known:  # nobody else made them meanwhile
                found = pa.concat_tables([found, _made(version, found)]).sort_by(_ORDER)
                _write(path, found, known | {version.id})
    return found.filter(_is_over(found, version))


_ORDER: Final = [(name, "ascending") for name in ("mall_id", "month_on", "dimension", "covers", "cell", "value")]


def before_on(last_complete_on: date) -> date:
    """Return the first day of the month that is not over on the evening of a day."""
    return (last_complete_on + timedelta(days=1)).replace(day=1)


def _open_months(version: Version) -> dict[str, date]:
    """Return by market the first day of the month that is not over."""
    extent = version.manifest.extent
    return {market: before_on(span.last_complete_on) for market, span in sorted(extent.items()) if span.last_complete_on is not None}


def _is_over(found: pa.Table, version: Version) -> pa.ChunkedArray:
    """Tell which rows are of months that are over in a version: later versions may have made more."""
    months = _open_months(version)
    market = pc.index_in(found["market_id"], value_set=pa.array(months, pa.string()))
    return pc.fill_null(pc.less(found["month_on"], pa.array(months.values(), pa.date32()).take(market)), False)


def _made(version: Version, fixed: pa.Table) -> pa.Table:
    """Cut the months that have no blocks yet."""
    months = _open_months(version)
    markets = pa.table({"market_id": pa.array(months, pa.string()), "before_on": pa.array(months.values(), pa.date32())})
    with connection(version) as reader:
        reader.execute(f"SET GLOBAL memory_limit='{_MEMORY}'")
        made = Blocking(reader, K).blocks(markets, fixed.select(["mall_id", "month_on"]))
    made = [each.append_column("made_in", pa.array([version.id] * each.num_rows, pa.string())) for each in made]
    return pa.concat_tables([SCHEMA.empty_table(), *(each.select(SCHEMA.names).cast(SCHEMA) for each in made)])


def _path(version: Version) -> Path:
    return version.root / "blocks" / (f"{version.id}.parquet" if version.manifest.synthetic else "fixed.parquet")


def _read(path: Path) -> tuple[pa.Table, frozenset[str]]:
    """Return the blocks of a file, and the versions that have nothing to add to them."""
    if not path.is_file():
        return SCHEMA.empty_table(), frozenset()
    state = path.stat()
    return _read_once(path, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=4)
def _read_once(path: Path, _changed_at_ns: int, _inode: int) -> tuple[pa.Table, frozenset[str]]:
    """Read a file as it stands; it is only ever replaced whole."""
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[b"mallreach"])
        rules, versions, found = (about["k"], about["rules"]), frozenset(about["versions"]), table.select(SCHEMA.names).cast(SCHEMA)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(f"{path}: the blocks are damaged; make them anew by `python -m analytics release --anew`") from error
    if rules != (K, _RULES):
        raise WarehouseError(
            f"{path}: the blocks were cut by other rules (k = {rules[0]}); `python -m analytics release --anew` cuts them again, and "
            "what was released before can then be subtracted"
        )
    return found, versions


def _write(path: Path, found: pa.Table, versions: frozenset[str]) -> None:
    about = json.dumps({"k": K, "rules": _RULES, "versions": sorted(versions)})
    write_whole(path, lambda file: pq.write_table(found.replace_schema_metadata({"mallreach": about}), file))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Let one process at a time cut, and remove the blocks of versions that were pruned."""
    with alone_in(folder, "blocks that are not kept are not released"):
        for leftover in folder.glob("v*.parquet"):
            if not (folder.parent / leftover.stem).is_dir():
                leftover.unlink()
        yield
