"""What may leave the house, or be shown to readers of restricted roles: sums of fixed blocks, by mall and month.

Answers on display hide groups of few, but take any filter, so that two of them can be subtracted. Released tables are made of the blocks
of ``data.blocks`` alone: each number in them is a sum of whole blocks, and so is whatever can be computed from any number of them. They
take a mall, whole months, one dimension and, by cell, a resolution, and no other filter.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analytics import export, reference
from analytics.errors import ParameterError
from analytics.intervals import wilson
from analytics.parameters import COARSEST_RESOLUTION, FINEST_RESOLUTION, Scope, check_scope
from data import blocks
from data.blocking import DIMENSIONS, ELSEWHERE, ONE, REST
from data.blocks import K
from data.warehouse import Version

BY: Final = ("mall", *DIMENSIONS)
"""Dimensions of released tables; every table is by mall and month besides."""

_KEYS: Final = ("market_id", "mall_id", "month_on")
_SUMS: Final = ("orders_n", "click_to_door_s", "on_time_n")
_COVERS: Final = {"cell": {ONE: "cell", REST: "other cells", ELSEWHERE: "elsewhere"}}
_OTHER_COVERS: Final = {ONE: "itself", REST: "others"}
_UNIVERSE: Final = {"hour": tuple(map(str, range(24))), "weekday": tuple(map(str, range(1, 8)))}

DEFINITION: Final = (
    "Orders delivered, with a known click-to-door (in a market that knows none, orders placed), in sums of fixed blocks: each mall's "
    f"month, cut by place, hour, weekday or store into pieces of at least {K} distinct customers (orders, where the customer is unknown)."
)
_PLACES: Final = (
    " A cell is named where it is a piece of its own; 'other cells' are all others of the resolution-8 cell in that row, 'elsewhere' all "
    "places that no other row of the mall's month covers, and orders whose door is unknown."
)
_COARSER: Final = " A cell of this resolution lacks those of its resolution-8 cells that are too small to be told; 'elsewhere' has them."
_OTHERS: Final = " Suppressed rows have few orders or none; 'others' are all of them together."
_MONTHS: Final = f" Suppressed months have fewer than {K} customers, or none."


@dataclass(frozen=True)
class _Chosen:
    """Malls and months of a release."""

    market_id: str | None
    mall_id: str | None
    start_on: date | None
    end_on: date | None

    def has(self, mall: reference.Mall) -> bool:
        return self.market_id in {None, mall.market_id} and self.mall_id in {None, mall.id}

    def has_month(self, month_on: date) -> bool:
        return (self.start_on is None or self.start_on <= month_on) and (self.end_on is None or month_on < self.end_on)

    def of(self, rows: pa.Table) -> pa.Table:
        for name in ("market_id", "mall_id"):
            wanted = getattr(self, name)
            rows = rows if wanted is None else rows.filter(pc.equal(rows[name], wanted))
        if self.start_on is not None:
            rows = rows.filter(pc.greater_equal(rows["month_on"], pa.scalar(self.start_on)))
        return rows if self.end_on is None else rows.filter(pc.less(rows["month_on"], pa.scalar(self.end_on)))

    def as_filters(self) -> dict[str, str | None]:
        bounds = (("start_on", self.start_on), ("end_on", self.end_on))
        days = {name: None if day is None else day.isoformat() for name, day in bounds}
        return {"market_id": self.market_id, "mall_id": self.mall_id, **days}


@dataclass(frozen=True)
class Release:
    """A table that may leave.

    Attributes
    ----------
    table
        One row per mall, month (``month_on``) and value of the dimension, sorted; ``cell`` is a cell of the resolution asked for, or of
        resolution 8 where ``covers`` says "other cells". ``orders``, ``click_to_door_sum_s``, ``click_to_door_mean_s``,
        ``on_time_orders``, ``on_time_share`` with 95 percent bounds, and ``suppressed``.
    by, filters
        What was asked.
    k
        Fewest customers behind each row that is not suppressed.
    made_in
        Versions from which the blocks in it were made.
    note
        What a reader must know.
    version_id, is_synthetic
        What it was asked of.
    """

    table: pa.Table
    by: str
    filters: dict[str, Any]
    k: int
    made_in: tuple[str, ...]
    note: str
    version_id: str
    is_synthetic: bool


def release(
    by: str,
    scope: Scope,
    version: Version,
    *,
    market_id: str | None = None,
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    resolution: int = FINEST_RESOLUTION,
    anew: bool = False,
) -> Release:
    """Make a table for release.

    Parameters
    ----------
    by
        ``mall``, ``cell``, ``hour``, ``weekday`` or ``store``.
    scope
        Who asks; a restricted scope may ask this.
    version
        Version of the warehouse. Months that were cut before, from whatever version, stay as they are.
    market_id, mall_id
        Only these malls; rows are never added up over malls.
    start_on, end_on
        First day of the first month, and of the first month after; None: open on that side. Rows are never added up over months.
    resolution
        H3 resolution of rows by cell, 4 to 9.
    anew
        Cut again what is cut already; see ``data.blocks.blocks``.

    Returns
    -------
    Release
        Rows, and what must be said beside them.

    Raises
    ------
    ParameterError
        If the dimension, the resolution, the mall or the market is none, or a day is not the first of a month.
    ScopeError
        If the scope is not known.
    WarehouseError
        If the blocks cannot be read or kept.
    """
    check_scope(scope, is_of_people=False)
    chosen = _Chosen(market_id, mall_id, start_on, end_on)
    _check(by, version, chosen, resolution)
    found = blocks.blocks(version, anew=anew)
    rows = chosen.of(found.filter(pc.equal(found["dimension"], "cell" if by == "mall" else by)))
    table = _rolled_up(rows, resolution) if by == "cell" else _added_up(rows, _KEYS) if by == "mall" else _renamed(rows, by)
    return Release(
        table=_with_figures(table, _without_figures(table, by, version, chosen)),
        by=by,
        filters=chosen.as_filters() | ({"resolution": resolution} if by == "cell" else {}),
        k=K,
        made_in=tuple(sorted(set(rows["made_in"].to_pylist()))),
        note=_note(by, resolution),
        version_id=version.id,
        is_synthetic=version.manifest.synthetic,
    )


def file(released: Release, version: Version) -> export.Table:
    """Return a release as a table that ``analytics.export`` writes in any format, with its description."""
    names = ["release", "by-" + released.by, released.filters["mall_id"] or released.filters["market_id"] or ""]
    names += [released.version_id, "synthetic" if released.is_synthetic else ""]
    about = export.description_of(
        version,
        what=f"release by {released.by}",
        definition=DEFINITION,
        note=released.note,
        filters=released.filters,
        k=released.k,
        blocks_made_in=list(released.made_in),
    )
    return export.Table(released.table, export.safe_stem(names), about | {"scope": "release"}, released.is_synthetic)


def _check(by: str, version: Version, chosen: _Chosen, resolution: int) -> None:
    if by not in BY:
        raise ParameterError(f"there is no release by {by!r}; there are releases by {', '.join(BY)}")
    if type(resolution) is not int or not COARSEST_RESOLUTION <= resolution <= FINEST_RESOLUTION:
        raise ParameterError(f"the resolution must be a whole number from {COARSEST_RESOLUTION} to {FINEST_RESOLUTION}, not {resolution!r}")
    if by != "cell" and resolution != FINEST_RESOLUTION:
        raise ParameterError(f"a release by {by} has no cells; leave the resolution out")
    for day in (chosen.start_on, chosen.end_on):
        if day is not None and day.day != 1:
            raise ParameterError(f"a release takes whole months; {day.isoformat()} is not the first day of one")
    markets, malls = ([each.id for each in found] for found in (reference.markets(version), reference.malls(version)))
    for what, wanted, names in (("market", chosen.market_id, markets), ("mall", chosen.mall_id, malls)):
        if wanted is not None and wanted not in names:
            raise ParameterError(f"there is no {what} {wanted!r} in {version.id}; {what}s are {', '.join(sorted(names)) or 'none'}")


def _rolled_up(rows: pa.Table, resolution: int) -> pa.Table:
    """Return rows by cell: whole blocks, merged to coarser cells."""
    names, places = rows["covers"].to_numpy(zero_copy_only=False), pc.fill_null(rows["cell"], 0).to_numpy()
    covers = np.array([_COVERS["cell"][name] for name in names], object)
    if resolution < FINEST_RESOLUTION:
        places = np.where(places == 0, 0, _parents(places, resolution))
        covers = np.where(covers == "elsewhere", covers, "cell")
    rows = rows.set_column(rows.column_names.index("covers"), "covers", pa.array(covers, pa.string()))
    rows = rows.set_column(rows.column_names.index("cell"), "cell", pa.array(places, pa.int64(), mask=places == 0))
    return _added_up(rows, (*_KEYS, "covers", "cell"))


def _parents(cells: npt.NDArray[np.int64], resolution: int) -> npt.NDArray[np.int64]:
    """Return the H3 ancestors: the resolution bits replaced, every finer digit set to 7."""
    unused = (1 << (3 * (15 - resolution))) - 1
    parents: npt.NDArray[np.int64] = (cells & ~(15 << 52)) | ((resolution << 52) | unused)
    return parents


def _added_up(rows: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """Add up blocks; a sum is null where a block of it has none."""
    options = pc.ScalarAggregateOptions(skip_nulls=False)
    added = rows.group_by(list(keys)).aggregate([(name, "sum", options) for name in _SUMS])
    added = added.rename_columns([*keys, *_SUMS])
    return added.sort_by([(key, "ascending") for key in keys])


def _renamed(rows: pa.Table, by: str) -> pa.Table:
    """Return rows by a dimension that is not a place."""
    covers = pa.array([_OTHER_COVERS[each] for each in rows["covers"].to_pylist()], pa.string())
    table = rows.select(list(_KEYS)).append_column("covers", covers)
    table = table.append_column(_column(by), rows["value"] if by == "store" else rows["value"].cast(pa.int64()))
    for name in _SUMS:
        table = table.append_column(name, rows[name])
    return table


def _column(by: str) -> str:
    return {"hour": "local_hour", "weekday": "local_dow", "store": "store_id"}[by]


def _without_figures(table: pa.Table, by: str, version: Version, chosen: _Chosen) -> pa.Table:
    """Return a row for each month, hour, weekday or store without one: ``orders_n`` is 0 where that follows from the others, else null."""
    if by == "cell":
        return table.slice(0, 0)
    if by == "mall":
        known = {(row["mall_id"], row["month_on"]) for row in table.select(list(_KEYS)).to_pylist()}
        rows = [row for row in _all_months(version, chosen) if (row["mall_id"], row["month_on"]) not in known]
    else:
        rows = _unnamed(table, by, version)
    kinds = pa.schema([table.schema.field(name) for name in table.column_names])
    return pa.Table.from_pylist([dict.fromkeys(kinds.names) | row for row in rows], kinds)


def _unnamed(table: pa.Table, by: str, version: Version) -> list[dict[str, Any]]:
    """Return the hours, weekdays or stores of each mall's month that have no row: none have orders where there are no others."""
    column = _column(by)
    told: dict[tuple[Any, ...], set[Any]] = {}
    for row in table.select([*_KEYS, "covers", column]).to_pylist():
        told.setdefault(tuple(row[key] for key in _KEYS), set()).add(row[column] if row["covers"] == "itself" else "others")
    stores: dict[str | None, list[str]] = {}
    for each in reference.stores(version) if by == "store" else ():
        stores.setdefault(each.mall_id, []).append(each.id)
    rows = []
    for month, names in told.items():
        everything: list[Any] = sorted(stores.get(month[1], [])) if by == "store" else [int(each) for each in _UNIVERSE[by]]
        row = dict(zip(_KEYS, month, strict=True)) | {"covers": "itself", "orders_n": None if "others" in names else 0}
        rows += [row | {column: each} for each in everything if each not in names]
    return rows


def _all_months(version: Version, chosen: _Chosen) -> list[dict[str, Any]]:
    """Return every month that is over, of every mall that has opened, whether it had orders or not."""
    rows = []
    for mall in filter(chosen.has, reference.malls(version)):
        span = version.manifest.extent.get(mall.market_id)
        if mall.opened_on is None or span is None or span.first_on is None or span.last_complete_on is None:
            continue
        month = max(span.first_on, mall.opened_on).replace(day=1)
        while month < blocks.before_on(span.last_complete_on):
            if chosen.has_month(month):
                rows.append({"market_id": mall.market_id, "mall_id": mall.id, "month_on": month})
            month = (month + timedelta(days=31)).replace(day=1)
    return rows


def _with_figures(table: pa.Table, others: pa.Table) -> pa.Table:
    """Make figures of the sums, and put the rows without any among them."""
    table = pa.concat_tables([table, others])
    table = table.append_column("suppressed", pc.is_null(table["orders_n"]))
    named = [name for name in table.column_names if name not in {*_SUMS, "suppressed"}]
    table = table.sort_by([(name, "ascending") for name in named])
    orders, seconds, on_time = (table[name].cast(pa.float64()).to_numpy() for name in _SUMS)
    orders = np.where(orders > 0, orders, np.nan)
    low, high = wilson(on_time, orders)
    figures = {
        "orders": table["orders_n"],
        "click_to_door_sum_s": table["click_to_door_s"],
        "click_to_door_mean_s": pa.array(seconds / orders, from_pandas=True),
        "on_time_orders": table["on_time_n"],
        "on_time_share": pa.array(on_time / orders, from_pandas=True),
        "on_time_share_low": pa.array(low, from_pandas=True),
        "on_time_share_high": pa.array(high, from_pandas=True),
        "suppressed": table["suppressed"],
    }
    return pa.table({name: table[name] for name in named} | figures)


def _note(by: str, resolution: int) -> str:
    words = f"k = {K}: at least {K} customers stand behind each row that is told, and behind whatever follows from several."
    if by == "cell":
        return words + (_PLACES if resolution == FINEST_RESOLUTION else "") + (_COARSER if resolution < FINEST_RESOLUTION - 1 else "")
    return words + (_MONTHS if by == "mall" else _OTHERS)
