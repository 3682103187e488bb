"""What the Release page says: which table, of which malls and months, how much of it is told by itself, and its rows on screen."""

import shlex
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from analytics import export, reference, release
from analytics.commands.options import in_words
from analytics.parameters import Scope
from analytics.release import Release
from data.blocks import before_on
from data.warehouse import Warehouse
from ui import filters
from ui import format as write
from ui.filters import Control
from ui.panels import Shown
from ui.source import Behind
from ui.view import View

TABLE: Final = Control(
    "cut", "Table", {"mall": "Malls", "cell": "Places", "store": "Stores", "weekday": "Weekdays", "hour": "Hours"}, "mall"
)
MONTHS: Final = Control("months", "Months", {"1": "1", "3": "3", "6": "6", "12": "12", "all": "All"}, "3", is_label_shown=True)
CELLS: Final = Control("cells", "Cells", {"9": "0.1 km²", "8": "0.7 km²", "7": "5 km²", "6": "36 km²"}, "9")

_ROWS: Final = {"cell": "place", "hour": "hour", "weekday": "weekday", "store": "store", "mall": "month"}
_FEW: Final = "few orders or none"


@dataclass(frozen=True)
class Asked:
    """What a reader chose: the table, the malls, the months, and the resolution of places."""

    by: str
    market_id: str | None
    mall_id: str | None
    start_on: date | None
    end_on: date | None
    resolution: int


def asked(view: View) -> Asked:
    """Return what the filters and controls mean."""
    by = _chosen(view, TABLE)
    resolution = int(_chosen(view, CELLS)) if by == "cell" else 9
    market, mall = view.market_id, view.mall.id if view.mall else None
    return Asked(by, None if mall else market, mall, _first_month(view), None, resolution)


def draw_cells(view: View) -> None:
    """Draw the choice of cells where the table is by place."""
    if asked(view).by == "cell":
        filters.segments(CELLS)


def _chosen(view: View, control: Control) -> str:
    text = view.chosen.get(control.key, control.default)
    return text if text in control.options else control.default


def _first_month(view: View) -> date | None:
    """Return the first of the last months that are over; None: all."""
    months, last_on = _chosen(view, MONTHS), reference.extent(view.version, view.market_id).last_complete_on
    if months == "all" or last_on is None:
        return None
    end_on = before_on(last_on)
    month = end_on.year * 12 + end_on.month - 1 - int(months)
    return date(month // 12, month % 12 + 1, 1)


@st.cache_data(max_entries=100, show_spinner="Cutting the months into blocks: once for each month.")
def _released(wanted: Asked, scope: Scope, root: str, version_id: str) -> Release:
    version = Warehouse(root).version(version_id)
    filters = {name: value for name, value in vars(wanted).items() if name != "by"}
    return release.release(wanted.by, scope, version, **filters)


def released(view: View) -> Release:
    """Return the release that was chosen."""
    return _released(asked(view), view.scope, str(view.version.root), view.version.id)


def sentence(view: View, found: Release) -> tuple[str, str]:
    """Return the answer, and what it rests on."""
    rows = _told(found)
    if not any(row["orders"] for row in rows):
        return f"Nothing of {_place(view)} may leave: no month that is over has {found.k} customers.", found.note
    orders, months = sum(row["orders"] for row in rows), sorted({row["month_on"] for row in rows if row["orders"]})
    span = months[0].strftime("%b %Y") + (f" to {months[-1].strftime('%b %Y')}" if len(months) > 1 else "")
    what = write.counted(sum(row["orders"] > 0 for row in rows), "row")
    told = f"{write.counted(orders, 'order')} of {_place(view)}, {span}, may leave in {what}"
    return f"{told}; at least {found.k} customers stand behind each.", _share(found)


def _place(view: View) -> str:
    return view.place if view.mall or view.market else "all markets"


def _share(found: Release) -> str:
    """Return how many orders are told with the place (hour, store) that they belong to, in words."""
    rows = _told(found)
    orders = sum(row["orders"] for row in rows)
    if found.by == "mall":
        hidden = found.table.num_rows - len(rows)
        return f"{write.counted(hidden, 'month')} of a mall {'is' if hidden == 1 else 'are'} suppressed." if hidden else ""
    words = {
        "cell": "in named cells",
        "other cells": "in the other cells around them",
        "itself": f"by {_ROWS[found.by]}",
        "others": "all others together",
        "elsewhere": "elsewhere",
    }
    parts = {name: sum(row["orders"] for row in rows if row["covers"] == name) for name in words}
    told = [f"{write.percent(n / orders, decimals=0)} {words[name]}" for name, n in parts.items() if n]
    return f"Orders: {', '.join(told)}." if len(told) > 1 else ""


def _told(found: Release) -> list[dict[str, Any]]:
    return [row for row in found.table.to_pylist() if not row["suppressed"]]


def columns(found: Release) -> tuple[Shown, ...]:
    """Return the columns of the table on screen."""
    k = f"At least {found.k} customers stand behind each row that is told"
    remark = (Shown("remark", "Suppressed"),) if len(_told(found)) < found.table.num_rows else ()
    place = () if found.by == "mall" else (Shown("name", _ROWS[found.by].capitalize()),)
    return (
        Shown("mall", "Mall", is_pinned=True),
        Shown("month", "Month"),
        *place,
        Shown("orders", "Orders", "count", help=f"Delivered, with a known click-to-door. {k}"),
        Shown("mean_s", "Click-to-door, mean, min", "minutes"),
        Shown("share", "On time", "percent"),
        Shown("interval", "95 %", "interval", help="95 percent interval of the share on time"),
        *remark,
    )


def rows(view: View, found: Release) -> pa.Table:
    """Return the rows on screen, the newest month first."""
    malls = {each.id: each.name for each in reference.malls(view.version)}
    stores = {each.id: each.name or each.id for each in reference.stores(view.version)} if found.by == "store" else {}
    ordered = sorted(found.table.to_pylist(), key=lambda row: row["month_on"], reverse=True)
    drawn = [
        {
            "mall": malls.get(row["mall_id"], row["mall_id"]),
            "month": row["month_on"].strftime("%b %Y"),
            "name": _name(row, found, stores),
            "orders": row["orders"],
            "mean_s": row["click_to_door_mean_s"],
            "share": row["on_time_share"],
            "interval": _interval(row),
            "remark": _FEW if row["suppressed"] else None,
        }
        for row in ordered
    ]
    kinds = {"orders": pa.int64(), "mean_s": pa.float64(), "share": pa.float64()}
    names = ("mall", "month", "name", "orders", "mean_s", "share", "interval", "remark")
    return pa.table({name: pa.array([row[name] for row in drawn], kinds.get(name, pa.string())) for name in names})


def _name(row: dict[str, Any], found: Release, stores: dict[str, str]) -> str | None:
    if found.by == "mall":
        return None
    if found.by == "cell":
        return "elsewhere" if row["cell"] is None else f"{row['cell']:x}" + (", other cells" if row["covers"] == "other cells" else "")
    if row["covers"] == "others":
        return "all others"
    if found.by == "hour":
        return write.hour(row["local_hour"])
    return write.weekday(row["local_dow"]) if found.by == "weekday" else stores.get(row["store_id"], row["store_id"] or "unknown store")


def _interval(row: dict[str, Any]) -> str | None:
    low, high = row["on_time_share_low"], row["on_time_share_high"]
    return None if low is None else f"{100 * low:.1f}-{100 * high:.1f}"


def behind(view: View, found: Release) -> Behind:
    """Return where the table comes from."""
    wanted = asked(view)
    words = ["python", "-m", "analytics", "release", wanted.by]
    given = {"market": wanted.market_id, "mall": wanted.mall_id, "from": wanted.start_on and f"{wanted.start_on:%Y-%m}"}
    for option, value in given.items():
        words += in_words(option, value) if value else []
    words += ["--resolution", str(wanted.resolution)] if wanted.by == "cell" and wanted.resolution != 9 else []
    words += ["--version", found.version_id]
    made = f"Blocks made in {write.listed(list(found.made_in))}." if found.made_in else ""
    definition = f"{release.DEFINITION} {found.note}\n\n{made}"
    return Behind("Release", definition, write.counted(found.table.num_rows, "row"), command=shlex.join(words))


def file(view: View, found: Release) -> export.Table:
    """Return the table as it leaves."""
    return release.file(found, view.version)
