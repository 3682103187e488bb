"""The map of Coverage: its cells, the table of the same rows, and the whole story of the cell that was clicked."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from analytics.answers import Answer
from analytics.reference import malls
from ui import format as write
from ui import near
from ui.coverage.standard import Standard, access, asked, has_drivers, resolution_of
from ui.maps import Figure, Scene, coverage_map, value_map
from ui.palette import AMOUNT, Classes
from ui.panels import Shown
from ui.scene import scene
from ui.session import coarse_enough, compute
from ui.view import View

_HOUR_S = 3600
_MOST_CHOICES = 3
SERVICE_S = 3600
"""Click-to-door standard of the served share on this page."""

DRIVER_ACCESS = Classes("Driver access", "driver-hours a week per 1,000 people", (0.25, 0.5, 1, 2, 4), AMOUNT)


def cells_map(view: View, by: Standard) -> tuple[Figure, pa.Table]:
    """Return the map and the rows it drew: drive time, people and nearest mall of each cell, and orders where these are drawn."""
    orders = _orders_by_cell(view, by) if by.mode == "orders" else None
    table = _cells(view, by, orders)
    shared = scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall)
    if by.mode == "access":
        return _access_map(view, by, shared, table), table
    figure = coverage_map(
        table,
        shared,
        mode=by.mode,
        within_s=by.within_s,
        weight=by.weight,
        period=view.days if by.mode == "orders" else "",
        hidden_share=orders.hidden_share or None if orders else None,
    )
    return figure, table


def _access_map(view: View, by: Standard, shared: Scene, table: pa.Table) -> Figure:
    """Draw the driver-hours within reach; cells that no driver reaches are absent."""
    rates = _access_by_cell(view, by, resolution_of(view, by.weight))
    hours = pa.array([rates.get(cell) for cell in table.column("cell").to_pylist()], pa.float64())
    reached = table.select(["cell", "drive_s", "mall_id"]).append_column("hours", hours)
    reached = reached.filter(pc.greater(pc.fill_null(hours, 0), 0))
    return value_map(
        reached,
        shared,
        value="hours",
        classes=DRIVER_ACCESS,
        text=lambda number: f"{number:.2f} driver-hours a week per 1,000 {by.who}",
        period=view.days,
        note=f"{by.words} of a mall, modelled",
    )


def _access_by_cell(view: View, by: Standard, resolution: int) -> Mapping[int, float]:
    """Return driver-hours a week for every thousand people, by cell."""
    table = access(view, by, resolution).table
    pairs = zip(table.column("cell").to_pylist(), table.column("rate").to_pylist(), strict=True)
    return {cell: rate / _HOUR_S for cell, rate in pairs if cell is not None and rate is not None}


def _orders_by_cell(view: View, by: Standard) -> Answer:
    """Return orders by cell in as fine a resolution as the map can show; coarser where hidden cells would hold over 20 % of them."""
    finest = resolution_of(view, by.weight)
    return coarse_enough(
        lambda resolution: compute("orders", view, market_id=view.focus.id, by=("cell",), resolution=resolution), finest=finest
    )


def _cells(view: View, by: Standard, orders: Answer | None) -> pa.Table:
    """Return people and drive times, joined with orders in the map of these: those from cells without people are drawn too."""
    resolution = orders.parameters.resolution if orders else resolution_of(view, by.weight)
    reach = _reach_by_cell(view, by, resolution).table
    people = reach.select(["cell", "mall_id", "drive_s", "denominator"]).rename_columns(["cell", "mall_id", "drive_s", by.weight])
    if orders is None:
        return people.sort_by("cell")
    counts = orders.table.select(["cell", "orders", "suppressed"])
    counts = counts.filter(counts.column("cell").is_valid())
    return people.join(counts, "cell", join_type="full outer", coalesce_keys=True).sort_by("cell")


def cells_answer(view: View, by: Standard) -> Answer:
    """Return what the map draws, as it was asked: orders, driver access, or people and drive times by cell."""
    if by.mode == "orders":
        return _orders_by_cell(view, by)
    resolution = resolution_of(view, by.weight)
    return access(view, by, resolution) if by.mode == "access" else _reach_by_cell(view, by, resolution)


def _reach_by_cell(view: View, by: Standard, resolution: int) -> Answer:
    mall_id = view.mall.id if view.mall and by.mode != "not_covered" else None
    return compute("coverage_cells", view, **asked(view, by, mall_id=mall_id, resolution=resolution))


def cells_columns(by: Standard) -> tuple[Shown, ...]:
    """Return the columns of the cells table."""
    cell = Shown("cell", "Cell", "cell", is_pinned=True)
    if by.mode == "orders":
        return cell, Shown("orders", "Orders", "count"), Shown("delivered", "Delivered", "count")
    if by.mode == "access":
        return cell, Shown("denominator", by.who.capitalize(), "count"), Shown("hours", "Driver-hours a week per 1,000", "decimal")
    return (
        cell,
        Shown("denominator", by.who.capitalize(), "count"),
        Shown("drive_s", "Drive, min", "minutes"),
        Shown("share", f"Within {by.within_s // 60} min", "percent"),
        Shown("mall", "Nearest mall"),
    )


def cells_table(view: View, answer: Answer) -> pa.Table:
    """Return the rows of the map with the nearest mall's name: the clicked cell, then those with most people, orders or hours."""
    table = answer.table
    if "rate" in table.column_names:
        table = table.filter(pc.greater(pc.fill_null(table.column("rate"), 0), 0))
        table = table.append_column("hours", pc.divide(table.column("rate"), _HOUR_S))
        return _clicked_first(view, table, "rate")
    if "mall_id" in table.column_names:
        names = {mall.id: mall.name for mall in malls(view.version)}
        table = table.append_column("mall", pa.array([names.get(each) for each in table.column("mall_id").to_pylist()], pa.string()))
    return _clicked_first(view, table, "denominator" if "denominator" in table.column_names else "orders")


def _clicked_first(view: View, table: pa.Table, column: str) -> pa.Table:
    clicked = pa.array([cell is not None and f"{cell:x}" == view.cell for cell in table.column("cell").to_pylist()])
    return table.append_column("is_clicked", clicked).sort_by([("is_clicked", "descending"), (column, "descending")])


def cell_story(view: View, by: Standard, cells: pa.Table) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked."""
    ids = [None if cell is None else f"{cell:x}" for cell in cells.column("cell").to_pylist()] if view.cell else []
    if view.cell not in ids:
        return []
    row = cells.slice(ids.index(view.cell), 1).to_pylist()[0]
    names = {mall.id: mall.name for mall in malls(view.version)}
    drive = write.duration(row["drive_s"]) if row["drive_s"] is not None else "over 45 min"
    return [
        (by.who.capitalize(), write.whole(row[by.weight])),
        ("Drive", f"{drive} from {names[row['mall_id']]}" if row["mall_id"] in names else drive),
        ("Orders", _cell_orders(view, row["cell"])),
        ("On time", _cell_share(view, "on_time_share", row["cell"])),
        (f"In {SERVICE_S // 60} min", _cell_share(view, "served_share", row["cell"])),
        ("Would choose", _choices(view, by, row["cell"], names)),
        ("Driver access", _cell_access(view, by, row["cell"])),
        ("Cell", near.of_cell(view.cell)),
    ]


def _cell_orders(view: View, cell: int) -> str:
    answer = compute("orders", view, market_id=view.focus.id, by=("cell",), resolution=_resolution_of(cell))
    row = next((row for row in answer.rows() if row["cell"] == cell), None)
    if row is not None and row["suppressed"]:
        return f"hidden: {answer.too_few}"
    return f"{write.whole(row['orders'] if row else 0)}, {view.days}"


def _cell_share(view: View, metric: str, cell: int) -> str:
    """Return an observed share of the cell in words, with its n."""
    changes = {"service_s": SERVICE_S} if metric == "served_share" else {}
    answer = compute(metric, view, market_id=view.focus.id, by=("cell",), resolution=_resolution_of(cell), **changes)
    row = next((row for row in answer.rows() if row["cell"] == cell), None)
    if row is not None and (row["suppressed"] or (row["denominator"] and row["share"] is None)):
        return f"hidden: {answer.too_few}"
    if row is None or row["share"] is None:
        return write.MISSING
    return f"{write.percent(row['share'])}, {write.n(row['denominator'])}"


def _choices(view: View, by: Standard, cell: int, names: Mapping[str, str]) -> str:
    """Return which open malls people of the cell would choose, likeliest first; modelled."""
    answer = compute("huff_probability", view, **asked(view, by, mall_id=None, resolution=_resolution_of(cell)))
    table = answer.table.filter(pc.equal(answer.table.column("cell"), cell))
    chances = sorted(((row["share"], row["mall_id"]) for row in table.to_pylist() if row["mall_id"]), reverse=True)
    said = [f"{names.get(mall, mall)} {write.percent(share, decimals=0)}" for share, mall in chances[:_MOST_CHOICES]]
    return f"{write.listed(said)} (model)" if said else write.MISSING


def _cell_access(view: View, by: Standard, cell: int) -> str:
    if not has_drivers(view, by):
        return "no shifts in these days"
    hours = _access_by_cell(view, by, _resolution_of(cell)).get(cell)
    return f"{hours:.2f} driver-hours a week per 1,000 {by.who} (model)" if hours else f"no driver {by.words}"


def _resolution_of(cell: int) -> int:
    return (cell >> 52) & 15
