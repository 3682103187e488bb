"""What the Coverage page says: the sentence, the figures, the curve, the map and the malls. Choosing and wording; no formulas."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.reference import Mall, malls
from ui import format as write
from ui.charts import coverage_curve
from ui.maps import Figure, coverage_map, finest_resolution
from ui.maps.figures import Mode, Weight
from ui.panels import Shown
from ui.scene import scene
from ui.session import compute
from ui.view import View

FINEST = 9
_COARSEST = 6
_MOST_HIDDEN = 0.2
_MODES: tuple[Mode, ...] = ("bands", "not_covered", "orders")
_NO_PEOPLE = "The map shows orders instead. Load demand cells or census files to see who lives within reach."
_SCHEMA = pa.schema(
    [
        ("mall_id", pa.string()),
        ("mall", pa.string()),
        ("status", pa.string()),
        ("reach", pa.int64()),
        ("share", pa.float64()),
        ("only_here", pa.int64()),
        ("shared", pa.int64()),
        ("n", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Standard:
    """What the page's controls say: drive time, who is counted, what the map shows."""

    within_s: int
    weight: Weight
    mode: Mode

    @property
    def words(self) -> str:
        """The drive time in words; always "drive", so that nobody reads it as a promise."""
        return f"within {self.within_s // 60} min drive"

    @property
    def who(self) -> str:
        """People or households."""
        return "people" if self.weight == "population" else "households"


def standard(view: View) -> Standard:
    """Return what the controls say; what the address says wrongly is the default. Without people there are only orders to draw."""
    minutes, weight, mode = view.choice("drive", "20"), view.choice("of", "population"), view.choice("show", "bands")
    by = Standard(
        within_s=60 * int(minutes) if minutes in {"10", "15", "20", "30", "45"} else 1200,
        weight="households" if weight == "households" else "population",
        mode=mode if mode in _MODES else "bands",
    )
    return by if covered(view, by)["denominator"] else replace(by, mode="orders")


def _asked(view: View, by: Standard, **changes: Any) -> dict[str, Any]:
    return {"market_id": view.focus.id, "within_s": by.within_s, "weight": by.weight, **changes}


def covered(view: View, by: Standard) -> Mapping[str, Any]:
    """Return people covered by any open mall of the market: ``numerator``, ``denominator``, ``share``, ``n`` cells."""
    return compute("covered_share", view, **_asked(view, by, mall_id=None)).row()


def by_mall(view: View, by: Standard) -> Answer:
    """Return the reach of every mall of the market."""
    return compute("coverage_by_mall", view, **_asked(view, by, mall_id=None))


def _own(view: View, by: Standard) -> Mapping[str, Any]:
    """Return the chosen mall's row."""
    mall = cast("Mall", view.mall)
    return next(row for row in by_mall(view, by).rows() if row["mall_id"] == mall.id)


def sentence(view: View, by: Standard) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    total = covered(view, by)
    boundary = view.focus.boundary_name or view.focus.name
    if not total["denominator"]:
        return f"No {by.who} in {boundary} are loaded, so nothing can be said about reach.", _NO_PEOPLE
    whole = f"{write.in_words(total['denominator'])} {by.who} in {boundary}"
    aside = f"{_model(view, by)}; n {write.counted(total['n'], 'cell')}"
    if view.mall is None:
        return f"{write.percent(total['share'], decimals=0)} of {whole} live {by.words} of an open mall.", aside
    own, name = _own(view, by), view.mall.name
    if view.mall.status == "open":
        alone = f"{write.in_words(own['only_here'])} of them no other open mall reaches"
        return f"{name} reaches {write.percent(own['share'], decimals=0)} of {whole} {by.words}; {alone}.", aside
    return f"{name} would newly reach {write.in_words(own['only_here'])} of {whole} {by.words}.", aside


def _model(view: View, by: Standard) -> str:
    """Say in three words which model stands behind the figures; its limits are in the note."""
    is_prior = "calibrated yet" in compute("covered_share", view, **_asked(view, by, mall_id=None)).note
    return "Modelled, uncalibrated" if is_prior else "Modelled"


def model_note(view: View, by: Standard) -> str:
    """Return what a reader must know about the model."""
    text = compute("covered_share", view, **_asked(view, by, mall_id=None)).note
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def figures(view: View, by: Standard) -> list[tuple[str, str, str]]:
    """Return three figures: reached, only here, not covered; each with its share of the market's people."""
    total = covered(view, by)
    if not total["denominator"]:
        return []
    left_out = ("Not covered", total["denominator"] - total["numerator"])
    if view.mall is None:
        alone = [row["only_here"] for row in by_mall(view, by).rows() if row["status"] == "open"]
        several = [("By more than one", total["numerator"] - sum(alone))] if len(alone) > 1 else []
        shown = [("Reached by an open mall", total["numerator"]), *several, left_out]
    else:
        own = _own(view, by)
        label = "Only by this mall" if view.mall.status == "open" else "Newly reached"
        shown = [("Reached by this mall", own["numerator"]), (label, own["only_here"]), left_out]
    return [(label, write.compact(people), write.percent(people / total["denominator"], decimals=0)) for label, people in shown]


def curve(view: View, by: Standard) -> go.Figure | None:
    """Return the share within reach against drive minutes; None where there are no people."""
    rows = compute("coverage_curve", view, market_id=view.focus.id, weight=by.weight).rows()
    shares = [(row["within_min"], row["share"]) for row in rows if row["share"] is not None]
    return coverage_curve(shares, chosen_min=by.within_s // 60, theme=view.theme) if shares else None


def cells_map(view: View, by: Standard) -> tuple[Figure, pa.Table]:
    """Return the map and the rows it drew: drive time, people, nearest mall and orders of each cell."""
    orders = _orders_by_cell(view, by)
    table = _cells(view, by, orders)
    here = malls(view.version, view.focus.id)
    figure = coverage_map(
        table,
        scene(view, view.focus, here, mall=view.mall),
        mode=by.mode,
        within_s=by.within_s,
        weight=by.weight,
        period=view.days if by.mode == "orders" else "",
        hidden_share=orders.hidden_share or None,
    )
    return figure, table


def _orders_by_cell(view: View, by: Standard) -> Answer:
    """Return orders by cell in as fine a resolution as the map can show; coarser where hidden cells would hold over 20 % of them."""
    finest = _resolution(view, by)
    for resolution in range(finest, _COARSEST, -1):
        orders = compute("orders", view, market_id=view.focus.id, by=("cell",), resolution=resolution)
        if by.mode != "orders" or orders.hidden_share <= _MOST_HIDDEN:
            return orders
    return compute("orders", view, market_id=view.focus.id, by=("cell",), resolution=_COARSEST)


def _resolution(view: View, by: Standard) -> int:
    cells = compute("coverage_cells", view, **_asked(view, by, mall_id=None, resolution=FINEST))
    return finest_resolution(cells.table.column("cell").to_numpy())


def _cells(view: View, by: Standard, orders: Answer) -> pa.Table:
    """Join people and drive times with orders. In the map of orders those from cells without people are drawn too."""
    reach = _reach_by_cell(view, by, orders.parameters.resolution).table
    people = reach.select(["cell", "mall_id", "drive_s", "denominator"]).rename_columns(["cell", "mall_id", "drive_s", by.weight])
    counts = orders.table.select(["cell", "orders", "suppressed"])
    counts = counts.filter(counts.column("cell").is_valid())
    joined = people.join(counts, "cell", join_type="full outer" if by.mode == "orders" else "left outer", coalesce_keys=True)
    return joined.sort_by("cell")


def cells_answer(view: View, by: Standard) -> Answer:
    """Return what the map draws, as it was asked: orders by cell, or people and drive times by cell."""
    orders = _orders_by_cell(view, by)
    return orders if by.mode == "orders" else _reach_by_cell(view, by, orders.parameters.resolution)


def _reach_by_cell(view: View, by: Standard, resolution: int) -> Answer:
    mall_id = view.mall.id if view.mall and by.mode != "not_covered" else None
    return compute("coverage_cells", view, **_asked(view, by, mall_id=mall_id, resolution=resolution))


def cells_columns(by: Standard) -> tuple[Shown, ...]:
    """Return the columns of the cells table."""
    if by.mode == "orders":
        return Shown("cell", "Cell", "cell", is_pinned=True), Shown("orders", "Orders", "count"), Shown("delivered", "Delivered", "count")
    return (
        Shown("cell", "Cell", "cell", is_pinned=True),
        Shown("denominator", by.who.capitalize(), "count"),
        Shown("drive_s", "Drive, min", "minutes"),
        Shown("share", f"Within {by.within_s // 60} min", "percent"),
        Shown("mall", "Nearest mall"),
    )


def cells_table(view: View, answer: Answer) -> pa.Table:
    """Return the rows of the map with the nearest mall's name, most people (or orders) first."""
    table = answer.table
    if "mall_id" in table.column_names:
        names = {mall.id: mall.name for mall in malls(view.version)}
        table = table.append_column("mall", pa.array([names.get(each) for each in table.column("mall_id").to_pylist()], pa.string()))
    return table.sort_by([("denominator" if "denominator" in table.column_names else "orders", "descending")])


def cell_story(view: View, by: Standard, cells: pa.Table) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked."""
    ids = [None if cell is None else f"{cell:x}" for cell in cells.column("cell").to_pylist()] if view.cell else []
    if view.cell not in ids:
        return []
    row = cells.slice(ids.index(view.cell), 1).to_pylist()[0]
    names = {mall.id: mall.name for mall in malls(view.version)}
    hidden = f"hidden: fewer than {_orders_by_cell(view, by).k} customers" if row["suppressed"] else None
    drive = write.duration(row["drive_s"]) if row["drive_s"] is not None else "over 45 min"
    return [
        (by.who.capitalize(), write.whole(row[by.weight])),
        ("Drive", f"{drive} from {names[row['mall_id']]}" if row["mall_id"] in names else drive),
        ("Orders", hidden or f"{write.whole(row['orders'] or 0)}, {view.days}"),
        ("On time", _cell_on_time(view, row["cell"])),
        ("Cell", str(view.cell)),
    ]


def _cell_on_time(view: View, cell: int) -> str:
    resolution = (cell >> 52) & 15
    answer = compute("on_time_share", view, market_id=view.focus.id, by=("cell",), resolution=resolution)
    row = next((row for row in answer.rows() if row["cell"] == cell), None)
    if row is not None and row["suppressed"]:
        return f"hidden: fewer than {answer.k} customers"
    if row is None or row["share"] is None:
        return write.MISSING
    return f"{write.percent(row['share'])}, {write.n(row['denominator'])}"


def malls_columns(by: Standard) -> tuple[Shown, ...]:
    """Return the columns of the malls table."""
    return (
        Shown("mall", "Mall", is_pinned=True),
        Shown("status", "Status"),
        Shown("reach", f"{by.who.capitalize()} within {by.within_s // 60} min", "count"),
        Shown("share", "of the market", "percent"),
        Shown(
            "only_here",
            "Only here",
            "count",
            help="Of an open mall: reached by no other open mall. Of a candidate: newly reached if it opened",
        ),
        Shown("shared", "Shared", "count", help="Reached by another open mall too"),
        Shown("n", "n cells", "count"),
    )


def malls_table(view: View, by: Standard) -> pa.Table:
    """Return one row a mall of the market: open ones first, then by what each would add. Without people nothing is known, not zero."""
    unknown = {} if covered(view, by)["denominator"] else dict.fromkeys(("reach", "only_here", "shared", "n"))
    names = {mall.id: mall.name for mall in malls(view.version)}
    rows = [
        {
            **row,
            "mall": names.get(row["mall_id"], row["mall_id"]),
            "status": write.STATUS_WORDS.get(row["status"], write.MISSING),
            "reach": row["numerator"],
            "is_open": row["status"] == "open",
            **unknown,
        }
        for row in by_mall(view, by).rows()
    ]
    rows.sort(key=lambda row: (not row["is_open"], -(row["only_here"] or 0), row["mall"]))
    return pa.Table.from_pylist(rows, schema=_SCHEMA)
