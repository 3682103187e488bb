"""What the Quality page says: which orders a figure must leave out, what rows broke which rule, load by load, and where doors are odd."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import h3
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from analytics.reference import malls
from analytics.suspicious import suspicious
from data import quality
from data.manifest import Finding
from data.quality import LeftOut, Trend
from data.report import mend
from data.rules import RULES
from data.warehouse import Version, Warehouse
from ui import format as write
from ui import loaded, session
from ui.charts import Measure, load_trend
from ui.maps import Camera, Figure, camera_for, finest_resolution, value_map
from ui.palette import BURDEN, Classes
from ui.panels import Shown
from ui.scene import PHONE_MAP_PX, scene
from ui.view import View

MAP_PX = 360
_FINEST, _COARSEST = 8, 3
_MAP_REACH_KM = 1_500
_LINES = 4
_LOADS = 20
_ODD_DOORS = Classes("Suspicious doors", "orders", (25, 50, 100, 250, 500), BURDEN)
FIGURE_WORDS = {
    "local_date": "Anything by day",
    "mall_id": "Anything around a mall",
    "dropoff_cell": "Maps",
    "distance_m": "Distance to the door",
    "click_to_door_s": "Click-to-door",
    "late_s": "On time",
    "prep_s": "Stage: prep",
    "assign_s": "Stage: assign",
    "approach_s": "Stage: approach",
    "store_wait_s": "Dwell: store wait",
    "handling_s": "Dwell: handling",
    "mall_dwell_s": "Stage: mall dwell",
    "drive_s": "Stage: drive",
    "ready_to_door_s": "Ready to door",
    "ready_to_pickup_s": "Ready to pick-up",
}
"""Columns that figures are made of, in the words of the pages."""

LEFT_OUT_COLUMNS = (
    Shown("figure", "Figure", is_pinned=True),
    Shown("share", "Left out", "percent", help="Share of the orders that should count; delivered ones for times"),
    Shown("left_out", "Orders left out", "count"),
    Shown("orders", "n", "count"),
    Shown("why", "Why, most orders first", width_px=260),
)
FRESHNESS_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    Shown("market", "Market"),
    Shown("last", "Data to", width_px=110),
    Shown("complete", "Complete to", width_px=110),
    Shown("first", "From", width_px=110),
    Shown("rows", "Rows", "count"),
    Shown("changed", "Last new rows", width_px=190),
)
DOOR_COLUMNS = (
    Shown("cell", "Cell", "cell", is_pinned=True),
    Shown("orders", "Orders", "count"),
    Shown("rules", "Rule"),
    Shown("note", "Note"),
)
FINDING_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    Shown("rule", "Rule"),
    Shown("severity", "Severity", help="Reject: the row is not loaded. Finding: the row stays, and figures do without the value"),
    Shown("rows", "Rows", "count", help="In this version's load"),
    Shown("loads", "Loads", "trend", help="Rows in the last loads that read the table, oldest first"),
    Shown("example", "Example"),
    Shown("meaning", "What it means"),
    Shown("mend", "How to mend"),
)


@st.cache_data(max_entries=64, show_spinner=False)
def _left_out(root: str, version_id: str, market_id: str | None) -> list[LeftOut]:
    return quality.left_out(Warehouse(root).version(version_id), market_id)


@st.cache_data(max_entries=64, show_spinner=False)
def _suspicious(root: str, version_id: str, market_id: str | None, resolution: int) -> pa.Table:
    return suspicious(Warehouse(root).version(version_id), market_id, resolution=resolution)


@st.cache_data(max_entries=16, show_spinner=False)
def _freshness(root: str, version_id: str) -> list[quality.Freshness]:
    warehouse = Warehouse(root)
    return quality.freshness(warehouse.version(version_id), warehouse.versions())


def _key(version: Version) -> tuple[str, str]:
    return str(version.root), version.id


def _summed(view: View) -> list[LeftOut]:
    """Return the orders that figures leave out, over the markets in view."""
    losses: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in _left_out(*_key(view.version), view.market_id):
        entry = losses[each.column, each.reason]
        entry[0] += each.left_out
    orders: dict[str, int] = defaultdict(int)
    for each in _left_out(*_key(view.version), view.market_id):
        orders[each.column] += each.orders if not each.reason else 0
    return [LeftOut(None, column, reason, lost, orders[column]) for (column, reason), (lost, _) in losses.items()]


def sentence(view: View) -> tuple[str, str]:
    """Return how many orders the most important figure must leave out, and why; in the aside what the last load found."""
    losses = _summed(view)
    timed = next((each for each in losses if each.column == "click_to_door_s" and not each.reason), None)
    found = sum(each.rows for each in view.version.manifest.findings if each.severity == "finding")
    aside = f"The last load rejected {write.counted(view.version.manifest.rejected, 'row')} and had {write.counted(found, 'finding')}."
    if timed is None or not timed.orders:
        return f"No order in {_place(view)} should have a click-to-door time.", aside
    if not timed.left_out:
        return f"Every one of {write.counted(timed.orders, 'delivered order')} in {_place(view)} can be timed to the door.", aside
    why = max((each for each in losses if each.column == timed.column and each.reason), key=lambda each: each.left_out)
    text = (
        f"{write.percent(timed.share)} of {write.counted(timed.orders, 'delivered order')} in {_place(view)} cannot be timed to the door, "
        f"mostly because {_reason(why.reason, timed.column)}."
    )
    return text, aside


def _place(view: View) -> str:
    return view.market.name if view.market else "all markets"


def _reason(name: str, column: str) -> str:
    """Return why orders are left out, in words."""
    special = {
        ("event_missing", "click_to_door_s"): "no time of delivery is known",
        ("event_missing", "late_s"): "no time of delivery is known",
        ("unknown_reference", "distance_m"): "the mall is not loaded",
    }
    if (name, column) in special:
        return special[name, column]
    words = {
        "status_unknown": "the status is unknown",
        "impossible_time": "a time is impossible",
        "event_missing": "an event is missing",
        "delivered_before_placed": "delivery comes before the order",
        "out_of_order": "events are out of order",
        "ready_after_pickup": "they are ready after their pick-up",
        "market_unknown": "the market is unknown",
        "no_mall_within_distance": "no mall is known",
        "no_door": "the door is unknown",
        "no_promise": "nothing was promised",
    }
    return words.get(name, name.replace("_", " "))


def left_out(view: View) -> pa.Table:
    """Return one row a figure: the share of orders that it must leave out, and why. Columns as in ``LEFT_OUT_COLUMNS``."""
    losses = _summed(view)
    rows = []
    for total in (each for each in losses if not each.reason):
        reasons = sorted((each for each in losses if each.column == total.column and each.reason), key=lambda each: -each.left_out)
        rows.append(
            {
                "figure": FIGURE_WORDS[total.column],
                "share": total.share if total.orders else None,
                "left_out": total.left_out,
                "why": "; ".join(f"{_reason(each.reason, each.column)} ({write.whole(each.left_out)})" for each in reasons),
                "orders": total.orders,
            }
        )
    schema = pa.schema(
        [("figure", pa.string()), ("share", pa.float64()), ("left_out", pa.int64()), ("orders", pa.int64()), ("why", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def freshness(view: View) -> pa.Table:
    """Return one row a table and market: to which day the data reach. Columns as in ``FRESHNESS_COLUMNS``."""
    names = {each.id: each.name for each in view.markets}
    shown = [each for each in _freshness(*_key(view.version)) if view.market_id in (None, each.market_id) or each.market_id is None]
    rows = [
        {
            "table": each.table,
            "market": names.get(each.market_id or "", each.market_id or write.MISSING),
            "last": write.day(each.last_on),
            "complete": write.day(each.last_complete_on),
            "first": write.day(each.first_on),
            "rows": each.rows,
            "changed": write.instant(each.changed_at) if each.changed_at else write.MISSING,
        }
        for each in shown
    ]
    schema = pa.schema([(each.column, pa.int64() if each.kind == "count" else pa.string()) for each in FRESHNESS_COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def _trend(version: Version) -> tuple[list[Trend], list[Version]]:
    """Return the findings of the last loads up to a version, and the versions that those loads made, oldest first."""
    versions = [each for each in session.warehouse().versions() if each.number <= version.number and each.manifest.sources][-_LOADS:]
    return quality.trend(versions), versions


def findings(view: View) -> pa.Table:
    """Return one row a table and rule that this version's load or one of the loads before it broke. Columns as in ``FINDING_COLUMNS``."""
    trend, versions = _trend(view.version)
    now = {(each.table, each.rule): each.rows for each in trend if each.version == view.version.id}
    first = {(each.table, each.rule): each for each in reversed(view.version.manifest.findings)}
    broken = sorted({(each.table, each.rule, each.severity) for each in trend})
    broken.sort(key=lambda each: (each[2] != "reject", -now.get(each[:2], 0), each))
    rows = [
        {
            "table": table,
            "rule": rule,
            "severity": severity.capitalize(),
            "rows": now.get((table, rule), 0),
            "loads": [float(value) for value in _series(trend, versions, table, rule) if value is not None],
            "example": loaded.without_points(first[table, rule].example) if (table, rule) in first else "",
            "meaning": RULES[rule].meaning if rule in RULES else None,
            "mend": mend(first.get((table, rule), Finding(table, rule, severity, "", 0, ""))) or None,
        }
        for table, rule, severity in broken
    ]
    kinds = {"count": pa.int64(), "trend": pa.list_(pa.float64())}
    return pa.Table.from_pylist(rows, schema=pa.schema([(each.column, kinds.get(each.kind, pa.string())) for each in FINDING_COLUMNS]))


def finding_columns(rows: pa.Table) -> tuple[Shown, ...]:
    """Return the columns of findings, with one upper end for all trends."""
    top = max((value for values in rows.column("loads").to_pylist() for value in values), default=1.0)
    return tuple(replace(each, top=top) if each.kind == "trend" else each for each in FINDING_COLUMNS)


def _series(trend: Sequence[Trend], versions: Sequence[Version], table: str, rule: str) -> list[int | None]:
    """Return the rows that broke a rule in each load; None where the load did not read the table."""
    rows = {each.version: each.rows for each in trend if (each.table, each.rule) == (table, rule)}
    return [rows.get(each.id, 0) if table in each.manifest.counts else None for each in versions]


def trend_chart(view: View) -> go.Figure | None:
    """Return the rules that most rows broke, load by load; None where one load is all there is, or no rule was broken."""
    trend, versions = _trend(view.version)
    most: dict[tuple[str, str], int] = defaultdict(int)
    for each in trend:
        most[each.table, each.rule] += each.rows
    if len(versions) < 2 or not most:
        return None
    chosen = sorted(most, key=lambda each: (-most[each], each))[:_LINES]
    series = {f"{rule.replace('_', ' ')}, {table}": _series(trend, versions, table, rule) for table, rule in chosen}
    return load_trend(series, [each.id.split("-")[0] for each in versions], measure=Measure("rows a load"), theme=view.theme, height_px=320)


def doors(view: View) -> pa.Table:
    """Return the cells with suspicious doors of the market on the map. Columns as in ``DOOR_COLUMNS``, and ``suppressed``."""
    cells = _suspicious(*_key(view.version), view.focus.id, _FINEST)
    near = cells.filter(pa.array(_is_near(view, cells), pa.bool_()))
    if not near.num_rows:
        return _noted(cells if not cells.num_rows else _suspicious(*_key(view.version), view.focus.id, _COARSEST))
    resolution = finest_resolution(near.column("cell").to_numpy(), view=_camera(view, near), finest=_FINEST, coarsest=_COARSEST)
    return _noted(_suspicious(*_key(view.version), view.focus.id, resolution))


def _is_near(view: View, cells: pa.Table) -> list[bool]:
    """Tell which cells lie near enough to a mall to be on a map that can be read; the others are on another side of the globe."""
    here = [(each.latitude, each.longitude) for each in malls(view.version, view.focus.id)]
    centers = (h3.cell_to_latlng(f"{cell:x}") for cell in cells.column("cell").to_pylist())
    return [any(h3.great_circle_distance(center, mall, unit="km") <= _MAP_REACH_KM for mall in here) for center in centers]


def _noted(cells: pa.Table) -> pa.Table:
    notes = ["Hidden: fewer than 10 customers" if each else None for each in cells.column("suppressed").to_pylist()]
    return cells.append_column("note", pa.array(notes, pa.string()))


def _camera(view: View, cells: pa.Table) -> Camera:
    """Return the camera that sees the malls and all the cells."""
    here = [(each.latitude, each.longitude) for each in malls(view.version, view.focus.id)]
    points = [*here, *(h3.cell_to_latlng(f"{cell:x}") for cell in cells.column("cell").to_pylist())]
    latitudes, longitudes = [latitude for latitude, _ in points], [longitude for _, longitude in points]
    width, height = (358, PHONE_MAP_PX) if session.is_phone() else (545, MAP_PX)
    return camera_for((min(longitudes), min(latitudes), max(longitudes), max(latitudes)), width_px=width, height_px=height)


def doors_map(view: View, cells: pa.Table) -> Figure | None:
    """Return the map of suspicious doors that are not on another side of the globe; None where there are none."""
    near = cells.filter(pa.array(_is_near(view, cells), pa.bool_()))
    if not near.num_rows:
        return None
    camera = _camera(view, near)
    market, here = view.focus, malls(view.version, view.focus.id)
    ground = session.ground(market.id, camera.bounds, market.boundary_counties)
    shown = replace(scene(view, market, here, height_px=MAP_PX), background=ground, view=camera)
    return value_map(near, shown, value="orders", classes=_ODD_DOORS, text=lambda orders: write.counted(round(orders), "suspicious door"))


def doors_sentence(view: View, cells: pa.Table) -> str:
    """Return the map in words: how many doors are far away, and how many of them a mapping would bring home."""
    if not cells.num_rows:
        return f"No door lies farther than 100 km from its mall in {view.focus.name}."
    shown = sum(each for each in cells.column("orders").to_pylist() if each)
    lie = f"{write.counted(shown, 'order')} of {view.focus.name} {'has' if shown == 1 else 'have'} a door farther than 100 km from the mall"
    mended = {rule for rules in cells.column("rules").to_pylist() for rule in rules.split(", ")} - {"suspicious_distance"}
    words = write.listed(sorted(rule.replace("_", " ") for rule in mended))
    home = f", some only because of {words}, which the findings say how to mend" if mended else ""
    orders, is_near = cells.column("orders").to_pylist(), _is_near(view, cells)
    far = sum(count for count, near in zip(orders, is_near, strict=True) if count and not near)
    away = f" {write.whole(far)} of them lie beyond {_MAP_REACH_KM:,} km, off the map." if far else ""
    return f"{lie}{home}.{away} Cells with few customers are not counted."
