"""The curve of a portfolio: the best value for each number of malls, or for each budget."""

from typing import Final, Literal

import plotly.graph_objects as go
import streamlit as st

from analytics.choosing.portfolio_words import money, shown, who
from analytics.choosing.tables import curve_table
from analytics.export import Table, of_table
from ui import panels
from ui.charts import CONFIG
from ui.charts.portfolio import Allowed, Axes, portfolio_curve
from ui.portfolio.asked import Asked
from ui.view import View

_SHORT: Final = 10
"""Malls up to which the table leaves room for the curve under it."""


def draw(view: View, by: Asked, *, side: Literal["table", "map"]) -> None:
    """Draw the best value for each number of malls or budget with its file, once it is known: under the map, or under a short table."""
    points = by.points
    is_short = sum(not site.is_open for site in by.places) <= _SHORT
    if not points or is_short != (side == "table"):
        return
    figure = _curve(view, by)
    label = "budget" if by.wish.budget_cents is not None else "number of malls"
    best = [each for each in points if each.value is not None]
    ends = [f"{shown(by.found, each.value or 0):,.1f}" for each in (best[0], best[-1])] if best else []
    alt = f"Best value by {label}, from {' to '.join(ends)}."
    with panels.table_heading(f"Best value by {label}"):
        panels.export(file(view, by), key="curve")
    st.plotly_chart(figure, theme=None, config=CONFIG, key="portfolio-curve", alt=alt)


def file(view: View, by: Asked) -> Table:
    """Return the curve as a file: for each number of malls or budget the best value and its malls."""
    return of_table(curve_table(by.wish, by.points), "portfolio_curve", view.version, choices=by.wish.texts)


def _curve(view: View, by: Asked) -> go.Figure:
    wish, names = by.wish, {site.id: site.name for site in by.places}
    is_budget = wish.budget_cents is not None
    unit = {
        "cover": f"% of {who(wish)} covered",
        "orders": "expected orders a week",
        "minutes": "min mean drive",
        "contribution": f"$ over {wish.weeks} weeks",
    }[wish.aim]
    points = [
        Allowed(
            each.allowed / 100 if is_budget else each.allowed,
            None if each.value is None else shown(by.found, each.value),
            _tip(by, each.allowed, each.value, None if each.ids is None else [names[name] for name in sorted(each.ids)]),
        )
        for each in by.points
    ]
    chosen = None if wish.budget_cents is None else wish.budget_cents / 100
    axes = Axes(
        unit,
        "budget" if is_budget else "new malls",
        decimals=1 if wish.aim in {"cover", "minutes"} else 0,
        prefix="$" if is_budget else "",
        suffix=" %" if wish.aim == "cover" else "",
    )
    mark = chosen if is_budget else wish.count if wish.count is not None else len(by.found.sites)
    return portfolio_curve(points, chosen=mark, axes=axes, theme=view.theme)


def _tip(by: Asked, allowed: int, value: int | None, names: list[str] | None) -> str:
    head = money(allowed) if by.wish.budget_cents is not None else f"{allowed} new {'mall' if allowed == 1 else 'malls'}"
    if value is None or names is None:
        return f"<b>{head}</b><br>conditions conflict"
    said = f"{shown(by.found, value):,.1f}{' %' if by.wish.aim == 'cover' else ''}"
    return f"<b>{head}</b>: {said}<br>{'<br>'.join(names[:6])}{f'<br>and {len(names) - 6} more' if len(names) > 6 else ''}"
