"""Where figures come from that are no answers: the records of loads, the baseline, and queries on the version itself."""

import pyarrow as pa

from analytics.baseline import SQL
from analytics.privacy import DISPLAY_K
from data import quality
from data.contracts import TABLES
from data.warehouse import Version
from ui import format as write
from ui.session import baselines_of
from ui.source import Behind
from ui.view import View

_RECORD = "Read from the record that each load leaves beside its version (`manifest.json`); no query runs."
_FINEST = 8


def left_out(view: View, rows: pa.Table) -> Behind:
    """Return what stands behind the orders that figures leave out."""
    definition = (
        "**Orders that figures leave out.** For each column that figures are made of: the orders that should have it (delivered orders "
        "where it is a time), and of these the orders that lack it, each under the first reason that holds. `n0` and so on are the counts "
        "in the order of the rows: should have, lacks, then the reasons."
    )
    orders = write.counted(view.version.manifest.rows("orders"), "order")
    told = f"{write.counted(rows.num_rows, 'row')}, one a figure; the version has {orders}."
    return Behind("Orders that figures leave out", definition, told, quality.left_out_sql(view.market_id))


def doors(view: View, cells: pa.Table) -> Behind:
    """Return what stands behind the suspicious doors."""
    definition = (
        "**Suspicious doors.** Orders whose door lies farther from the mall than anybody drives, by cell, and the rule that a mapping can "
        "mend: north for south, east for west, or latitude for longitude. Cells with fewer than 10 customers are hidden."
    )
    known = cells.column("cell").drop_null()
    resolution = (known[0].as_py() >> 52) & 15 if len(known) else _FINEST
    sql = quality.suspicious_cells_sql(view.focus.id, resolution)
    return Behind("Suspicious doors", definition, f"{write.counted(cells.num_rows, 'row')}, one a cell.", sql)


def findings(rows: pa.Table) -> Behind:
    """Return what stands behind the findings of this load and those before."""
    definition = f"**Findings.** Rules that rows of this version's load, or of a load before it, broke, and how many rows did. {_RECORD}"
    return Behind("Findings", definition, f"{write.counted(rows.num_rows, 'row')}, one a table and rule.")


def freshness(version: Version, rows: pa.Table) -> Behind:
    """Return what stands behind how far the data reach."""
    definition = (
        "**How far the data reach.** First and last local day and number of rows of every table, by market. The last complete day of "
        "orders, and the day of the last new rows, are in the record that each load leaves beside its version (`manifest.json`)."
    )
    sql = ";\n\n".join(quality.span_sql(each) for each in TABLES if version.manifest.rows(each.name))
    return Behind("How far the data reach", definition, f"{write.counted(rows.num_rows, 'row')}, one a table and market.", sql)


def baseline(view: View) -> list[Behind]:
    """Return what stands behind the baseline of the markets; nothing where the data have none."""
    found = baselines_of(view)
    if not found:
        return []
    definition = (
        "**Baseline.** How orders were delivered before, or are delivered otherwise: mean time from order to door and mean cost: sums over "
        "the days of the period divided by their orders. A baseline that ended before the period is taken over as many of its last days."
    )
    orders = write.counted(sum(each.orders for each in found.values()), "order")
    told = f"{write.counted(len(found), 'market')}, {orders} of the baseline behind them; means of fewer than {DISPLAY_K} are not told."
    return [Behind("Baseline", definition, told, SQL.strip())]


def record(title: str, what: str, rows: pa.Table) -> Behind:
    """Return what stands behind a table that was read from a version's record alone."""
    return Behind(title, f"**{title}.** {what} {_RECORD}", f"{write.counted(rows.num_rows, 'row')}.")
