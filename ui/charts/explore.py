"""Figures of any measure by any groups: ranked bars, lines over ordered groups, a grid of two groupings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

import plotly.graph_objects as go

from ui.charts.base import apart, names_above, template
from ui.format import LONGEST_NAME, shortened
from ui.palette import Classes, Theme, readable_on, tokens

_BAR_PX, _AXIS_PX, _ROW_PX = 24, 40, 30
_MOST_DATES = 14
_PADS = 60
_MARGIN = 0.2
_COLUMNS_WIDTH = 100
_LONGEST_BAR_NAME = 44
_NARROWEST_TEXT_COLUMNS = 26
_LABEL_GAP = 0.075


@dataclass(frozen=True)
class Unit:
    """What is drawn: its unit in words, its decimals, and whether its axis begins at zero (for amounts)."""

    words: str
    decimals: int = 0
    is_from_zero: bool = True

    def text(self, value: float) -> str:
        """Return a value as it stands in a figure."""
        return f"{value:,.{self.decimals}f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Bar:
    """One bar: name, value, bounds, and what it is compared with, in the unit on screen; a hidden one has no value."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    n: int | None = None


def ranked_bars(bars: Sequence[Bar], *, unit: Unit, theme: Theme, before: str = "", is_narrow: bool = False) -> go.Figure:
    """Return one horizontal bar a group, in the order given, with its value, its 95 percent interval, and a mark where it stood before.

    Parameters
    ----------
    bars
        Without values nothing is drawn in their row but their name.
    unit, theme
        What is drawn, and the ground.
    before
        What the marks are, in words; empty: there are none.
    is_narrow
        Whether it is drawn on a phone, where names are cut sooner.
    """
    colors = tokens(theme)
    longest = LONGEST_NAME if is_narrow else _LONGEST_BAR_NAME
    texts = shortened((bar.name for bar in bars), longest)
    names = apart([escape(texts[bar.name]) for bar in bars])
    figure = go.Figure(layout={"template": template(theme), "height": _AXIS_PX + _BAR_PX * max(1, len(bars))})
    hover = [_bar_tip(bar, unit, before) for bar in bars]
    figure.add_bar(
        orientation="h",
        y=names,
        x=[bar.value for bar in bars],
        marker={"color": colors.primary, "opacity": 0.85},
        error_x=_whiskers(bars, colors.text),
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
    )
    if before:
        marks = {"symbol": "line-ns-open", "size": 15, "color": colors.categorical[1], "line": {"width": 3, "color": colors.categorical[1]}}
        figure.add_scatter(x=[bar.before for bar in bars], y=names, mode="markers", marker=marks, hoverinfo="skip")
    ends = [max(filter(None, (bar.value, bar.high, bar.before)), default=0) for bar in bars]
    widest = max(ends, default=0) or 1
    known = [(bar.value, name, end) for bar, name, end in zip(bars, names, ends, strict=True) if bar.value is not None]
    for value, name, end in known:
        text = f"<b>{unit.text(value)}</b>"
        figure.add_annotation(x=max(end, 0), y=name, text=text, xanchor="left", xshift=6, showarrow=False, font_size=12)
    least = min([0.0, *(bar.value for bar in bars if bar.value is not None)])
    figure.update_xaxes(range=[1.05 * least, 1.12 * widest], showgrid=True, zeroline=True, zerolinecolor=colors.border, nticks=6)
    figure.update_xaxes(title={"text": unit.words, "standoff": 4, "font": {"size": 13}}, tickformat=f",.{_axis_decimals(unit, widest)}f")
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=6)
    figure.update_layout(bargap=0.3, margin={"l": 8, "r": 8, "t": 4, "b": 8})
    return figure


def group_lines(
    series: Mapping[str, Sequence[float | None]],
    groups: Sequence[str] | Sequence[date],
    *,
    unit: Unit,
    theme: Theme,
    before: Sequence[float | None] | None = None,
    before_name: str = "",
    height_px: int = 300,
    is_narrow: bool = False,
) -> go.Figure:
    """Return one line a name over groups that have an order, each with its name at its end; a line breaks where a value is missing.

    Parameters
    ----------
    series
        For each name one value a group, in the unit on screen.
    groups
        The groups in their order: days, or names.
    unit, theme, height_px
        What is drawn, the ground, and the height on screen.
    before, before_name
        Values that a single line is compared with, drawn dotted, and what they are.
    is_narrow
        Whether it is drawn on a phone: the names stand over the lines then.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 32, "r": 8, "t": 24, "b": 8}})
    palette = [*colors.categorical, colors.other]
    ends: list[tuple[float, str, str]] = []
    if before is not None:
        dotted = {"color": colors.muted, "width": 2, "dash": "dot"}
        tip = f"%{{x}}: %{{y:,.{unit.decimals}f}} {escape(unit.words)}<extra>{escape(before_name)}</extra>"
        figure.add_scatter(x=list(groups), y=list(before), mode="lines", line=dotted, hovertemplate=tip, connectgaps=False)
        ends += _end(before, before_name, colors.muted)
    for place, (name, values) in enumerate(series.items()):
        color = palette[min(place, len(palette) - 1)] if name or len(series) > 1 else colors.primary
        tip = f"%{{x}}: %{{y:,.{unit.decimals}f}} {escape(unit.words)}<extra>{escape(name)}</extra>"
        figure.add_scatter(
            x=list(groups),
            y=list(values),
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5, "color": color},
            hovertemplate=tip,
            connectgaps=False,
            name=name,
        )
        ends += _end(values, name, color) if name else []
    _label(figure, ends, groups, unit, is_narrow=is_narrow)
    days = [group for group in groups if isinstance(group, date)]
    if days:
        pad = timedelta(days=max(1, (days[-1] - days[0]).days // _PADS))
        ticks = {"tickvals": days} if len(days) <= _MOST_DATES else {"nticks": 9}
        figure.update_xaxes(tickformat="%-d %b", range=[days[0] - pad, days[-1] + pad], **ticks)
    else:
        figure.update_xaxes(type="category", categoryarray=list(groups), categoryorder="array", nticks=13)
        figure.update_xaxes(range=[-_MARGIN, len(groups) - 1 + _MARGIN])
    figure.update_yaxes(rangemode="tozero" if unit.is_from_zero else "normal", nticks=5, tickformat=f",.{min(unit.decimals, 1)}f")
    figure.add_annotation(
        text=unit.words, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


@dataclass(frozen=True)
class Square:
    """One square of a grid: its value in the unit on screen; None is missing, and a hidden one is marked by a dot."""

    value: float | None
    is_hidden: bool = False
    tip: str = ""


def group_grid(
    squares: Mapping[tuple[str, str], Square], rows: Sequence[str], columns: Sequence[str], *, classes: Classes, unit: Unit, theme: Theme
) -> go.Figure:
    """Return a grid of two groupings, each square in the color of its class with its value in it where there is room.

    Parameters
    ----------
    squares
        By row and column; those that are not there are left empty.
    rows, columns
        Names in order.
    classes
        Classes of the value.
    unit, theme
        What is drawn, and the ground.
    """
    colors = tokens(theme)
    shades = classes.colors(theme)
    widest = max(12, _COLUMNS_WIDTH // len(columns))
    row_texts, column_texts = shortened(rows), shortened(columns, widest)
    row_names, column_names = [escape(row_texts[name]) for name in rows], [escape(column_texts[name]) for name in columns]
    figure = go.Figure(layout={"template": template(theme), "height": _AXIS_PX + 20 + _ROW_PX * max(1, len(rows))})
    places = [[squares.get((row, column)) for column in columns] for row in rows]
    indices = [[None if each is None or each.value is None else classes.index(each.value) for each in line] for line in places]
    steps = [(bound, shade) for place, shade in enumerate(shades) for bound in (place / len(shades), (place + 1) / len(shades))]
    figure.add_heatmap(
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        z=indices,
        zmin=-0.5,
        zmax=len(shades) - 0.5,
        colorscale=[[bound, shade] for bound, shade in steps],
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[each.tip if each else "" for each in line] for line in places],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
    )
    has_text = len(columns) <= _NARROWEST_TEXT_COLUMNS
    for y, line in enumerate(places):
        for x, each in enumerate(line):
            if each is not None and each.is_hidden:
                figure.add_annotation(x=x, y=y, text="·", showarrow=False, font={"color": colors.hidden, "size": 18}, hovertext=each.tip)
            elif has_text and each is not None and each.value is not None:
                ink = readable_on(shades[classes.index(each.value)])
                figure.add_annotation(x=x, y=y, text=unit.text(each.value), showarrow=False, font={"color": ink, "size": 11})
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=column_names, side="top", range=[-0.5, len(columns) - 0.5])
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=row_names, range=[len(rows) - 0.5, -0.5], showgrid=False)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure


def _whiskers(bars: Sequence[Bar], color: str) -> dict[str, object]:
    is_bounded = any(bar.high is not None for bar in bars)
    up = [bar.high - bar.value if bar.high is not None and bar.value is not None else 0 for bar in bars]
    down = [bar.value - bar.low if bar.low is not None and bar.value is not None else 0 for bar in bars]
    return {"type": "data", "array": up, "arrayminus": down, "color": color, "thickness": 1, "width": 3, "visible": is_bounded}


def _bar_tip(bar: Bar, unit: Unit, before: str) -> str:
    if bar.value is None:
        return f"{escape(bar.name)}: hidden"
    lines = [f"{escape(bar.name)}: {unit.text(bar.value)} {escape(unit.words)}"]
    if bar.low is not None and bar.high is not None:
        lines.append(f"95 %: {unit.text(bar.low)} to {unit.text(bar.high)}")
    if before and bar.before is not None:
        lines.append(f"{escape(before)}: {unit.text(bar.before)}")
    return "<br>".join([*lines, *([f"n {bar.n:,}"] if bar.n is not None else [])])


def _axis_decimals(unit: Unit, widest: float) -> int:
    return unit.decimals if widest < 5 else 0


def _end(values: Sequence[float | None], name: str, color: str) -> list[tuple[float, str, str]]:
    known = [value for value in values if value is not None]
    return [(known[-1], name, color)] if known else []


def _label(figure: go.Figure, ends: Sequence[tuple[float, str, str]], groups: Sequence[object], unit: Unit, *, is_narrow: bool) -> None:
    """Write each name and last value at the right end, pushed apart where they would overlap; over the lines on a phone."""
    if not ends:
        return
    texts = shortened(name for _, name, _ in ends)
    if is_narrow:
        named = [(f"{escape(texts[name])} {unit.text(value)}", color) for value, name, color in sorted(ends, reverse=True)]
        names_above(figure, named)
        return
    values = [value for value, _, _ in ends]
    floor = min(0.0, *values) if unit.is_from_zero else min(values)
    gap, height = _LABEL_GAP * ((max(values) - floor) or 1.0), None
    for value, name, color in sorted(ends):
        height = value if height is None else max(value, height + gap)
        text = f"{escape(texts[name])} {unit.text(value)}"
        figure.add_annotation(x=groups[-1], y=height, text=text, xanchor="left", xshift=8, showarrow=False, font={"color": color})
    figure.update_layout(margin_r=min(230, 30 + 7 * (max(len(texts[name]) for _, name, _ in ends) + 5)))
