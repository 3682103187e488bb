"""What the page on travel times says: the sentence, the figures, the curve, the map of residuals and the tables. No formulas here."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc

from analytics import reference
from analytics.answers import Answer
from analytics.reference import malls
from ui import format as write
from ui import near
from ui.charts import Hour, week_hour_grid
from ui.charts.drives import Class, drive_curve, drive_fit
from ui.maps import Figure, Specials, legend_html, value_map
from ui.palette import BURDEN, DIVERGING, Classes
from ui.panels import Shown
from ui.scene import scene
from ui.session import coarse_enough, compute
from ui.view import View

METERS_PER_MILE = 1_609.344
RESIDUAL = Classes("Observed against modelled drive", "%", (-25, -15, -5, 5, 15, 25), DIVERGING)
"""Fixed: above zero drives take longer than modelled. Within 5 percent is no news."""

OFF_BY = Classes("Half of the drives off by more than", "min", (1, 1.5, 2, 3, 4), BURDEN)
GRID_PX = 260
_WEEKEND = (6, 7)


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what made the drive times."""
    place = _place(view)
    answer = error(view)
    row = answer.row()
    if row["suppressed"]:
        return f"Drives around {place} are hidden: {answer.too_few}.", note(view)
    if not row["n"]:
        return f"No drive around {place} is known from mall to door, so nothing can be measured.", note(view)
    middle, most = (write.duration(row[name], decimals=1) for name in ("p50_s", "p90_s"))
    return f"Around {place} half of the drives end within {middle} of the modelled time, 9 of 10 within {most}.", note(view)


def _place(view: View) -> str:
    return view.mall.name if view.mall else f"the malls of {view.focus.name}"


def note(view: View) -> str:
    """Return which model made the drive times of the market, on what it was calibrated, and its error."""
    text = reference.drive_time_note(view.version, view.focus.id)
    return f"{text[:1].upper()}{text[1:]}."


def error(view: View) -> Answer:
    """Return the error over all drives in the filter."""
    return compute("drive_error", view, market_id=view.focus.id)


def is_measured(view: View) -> bool:
    """Whether there are drives to measure against that may be shown."""
    return bool(error(view).row()["n"])


def figures(view: View) -> list[tuple[str, str, str]]:
    """Return four figures: the error of half and of 9 of 10 drives, how far the level is off, and how many drives were measured."""
    row = error(view).row()
    level = row["drive_sum_s"] / row["modelled_sum_s"] - 1
    return [
        ("Half off by less than", write.duration(row["p50_s"], decimals=1), f"of {write.duration(row['drive_mean_s'])} on average"),
        ("9 of 10 off by less than", write.duration(row["p90_s"], decimals=1), _bounds(row)),
        ("Observed against modelled", _signed(level), "on average, late drives too"),
        ("Drives measured", write.compact(row["n"]), "a bounded sample of single drops"),
    ]


def _bounds(row: Mapping[str, Any]) -> str:
    low, high = row["p90_low_s"], row["p90_high_s"]
    return "" if low is None or high is None else f"{low / 60:.1f} to {high / 60:.1f}"


def _signed(share: float) -> str:
    percent = f"{abs(100 * share):.1f} %"
    return percent if percent == "0.0 %" else f"{'+' if share > 0 else write.MINUS}{percent}"


def curve(view: View) -> go.Figure:
    """Return observed and modelled minutes over the straight line."""
    classes = [
        Class(
            at=(row["line_from_m"] + 500) / METERS_PER_MILE,
            n=row["n"],
            middle=row["p50_s"] / 60,
            high=row["p90_s"] / 60,
            modelled=row["modelled_p50_s"] / 60,
        )
        for row in by_line(view).rows()
        if row["n"] and row["line_from_m"] is not None
    ]
    return drive_curve(classes, theme=view.theme)


def fit(view: View) -> go.Figure:
    """Return observed minutes against predicted ones."""
    classes = [
        Class(at=row["modelled_mean_s"] / 60, n=row["n"], middle=row["p50_s"] / 60, low=row["p10_s"] / 60, high=row["p90_s"] / 60)
        for row in compute("drive_fit", view, market_id=view.focus.id).rows()
        if row["n"]
    ]
    return drive_fit(classes, theme=view.theme)


def by_line(view: View) -> Answer:
    """Return observed and modelled drives kilometer by kilometer."""
    return compute("drive_curve", view, market_id=view.focus.id)


LINE_COLUMNS = (
    Shown("miles", "Straight line", is_pinned=True),
    Shown("p50_s", "Observed p50, min", "minutes"),
    Shown("modelled_p50_s", "Modelled p50, min", "minutes"),
    Shown("p90_s", "Observed p90, min", "minutes"),
    Shown("error_p50_s", "Half off by, min", "minutes"),
    Shown("error_p90_s", "9 of 10 off by, min", "minutes"),
    Shown("n", "n drives", "count"),
)


def lines_table(view: View) -> pa.Table:
    """Return the rows of the curve, nearest first, with the class in miles."""
    table = by_line(view).table
    texts = [
        "not known" if start is None else f"{start / METERS_PER_MILE:.1f}-{(start + 1000) / METERS_PER_MILE:.1f} mi"
        for start in table.column("line_from_m").to_pylist()
    ]
    return table.append_column("miles", pa.array(texts, pa.string()))


def by_hour(view: View) -> Answer:
    """Return the error by weekday and hour in which the drive began."""
    return compute("drive_error", view, market_id=view.focus.id, by=("dow", "hour"))


def grid(view: View) -> tuple[str, go.Figure]:
    """Return the legend and the weekday x hour grid of the error."""
    answer = by_hour(view)
    factors = reference.hour_factors(view.version, view.focus.id)
    hours = [_hour(row, factors) for row in answer.rows()]
    drawn = week_hour_grid(
        hours,
        classes=OFF_BY,
        theme=view.theme,
        week_start=reference.extent(view.version, view.focus.id).week_start,
        height_px=GRID_PX,
        hidden_tip=f"Hidden: {answer.too_few}",
    )
    specials = Specials(hidden_cells=sum(hour.is_hidden for hour in hours))
    return legend_html(OFF_BY, theme=view.theme, period=view.days, note="blank: no drives", specials=specials), drawn


def _hour(row: Mapping[str, Any], factors: Mapping[tuple[bool, int], int]) -> Hour:
    at = row["local_dow"], row["local_hour"]
    factor = factors.get((row["local_dow"] in _WEEKEND, row["local_hour"]))
    if row["suppressed"]:
        return Hour(*at, is_hidden=True)
    minutes, level = row["p50_s"] / 60, row["drive_sum_s"] / row["modelled_sum_s"] - 1
    tip = [f"half off by more than {minutes:.1f} min", f"drives {_signed(level)} against the model", write.n(row["n"])]
    if factor is not None:
        tip.append(f"the model gives drives of 10-15 min {_signed(factor / 1000 - 1)} at this hour")
    return Hour(*at, value=minutes, text=f"{minutes:.1f}", tip=tuple(tip))


def by_cell(view: View) -> Answer:
    """Return the error by cell, as fine as hidden cells hold at most 20 % of the drives."""
    return coarse_enough(lambda resolution: compute("drive_error", view, market_id=view.focus.id, by=("cell",), resolution=resolution))


def cells(view: View) -> pa.Table:
    """Return the cells of the map with how much longer drives to them take than modelled, percent; most drives first."""
    table = by_cell(view).table
    table = table.filter(pc.is_valid(table.column("cell")))
    observed, modelled = (pc.cast(table.column(f"{name}_sum_s"), pa.float64()) for name in ("drive", "modelled"))
    percent = pc.multiply(pc.subtract(pc.divide(observed, modelled), 1.0), 100.0)
    return table.append_column("residual_percent", percent).sort_by([("n", "descending"), ("cell", "ascending")])


def cells_map(view: View) -> Figure:
    """Return the map of residuals: where drives take longer or shorter than the model says."""
    hidden = by_cell(view).hidden_share
    return value_map(
        cells(view),
        scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall, width_px=700),
        value="residual_percent",
        classes=RESIDUAL,
        text=lambda number: f"drives {_signed(number / 100)} against the model",
        period=view.days,
        note=f"{write.percent(hidden, decimals=0)} of drives in hidden cells" if hidden else "",
    )


def cell_story(view: View) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked, or none of these."""
    row = next((row for row in cells(view).to_pylist() if f"{row['cell']:x}" == view.cell), None)
    if row is None:
        return []
    if row["suppressed"]:
        return [("Drives", f"hidden: {by_cell(view).too_few}"), ("Cell", near.of_cell(view.cell))]
    observed, modelled = (write.duration(row[f"{name}_mean_s"], decimals=1) for name in ("drive", "modelled"))
    return [
        ("Observed", f"{observed} on average"),
        ("Modelled", modelled),
        ("Half off by", write.duration(row["p50_s"], decimals=1)),
        ("Drives", write.whole(row["n"])),
        ("Cell", near.of_cell(view.cell)),
    ]


CELLS_COLUMNS = (
    Shown("cell", "Cell", "cell", is_pinned=True),
    Shown("drive_mean_s", "Observed mean, min", "minutes"),
    Shown("modelled_mean_s", "Modelled mean, min", "minutes"),
    Shown("residual_percent", "Observed against modelled, %", "decimal"),
    Shown("p50_s", "Half off by, min", "minutes"),
    Shown("n", "n drives", "count"),
)
