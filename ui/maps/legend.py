"""The line above a map that says what its colors mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.palette import Classes, Theme, blend, candidate_fill, tokens

CELL_OPACITY = 0.85
_ITEM = "display:inline-flex;align-items:center;gap:5px;white-space:nowrap"
_SWATCH = "display:inline-block;flex:none;width:14px;height:14px;border-radius:2px;box-sizing:border-box"


@dataclass(frozen=True)
class Specials:
    """States of cells that are not a class; each stands in the legend only when it occurs.

    Attributes
    ----------
    hidden_cells, hidden_share
        Suppressed cells in view, and the share (0 to 1) of the orders they hold; ``None`` where it is not known.
    empty_cells
        Cells inside the catchment without orders.
    absent_cells, absent_share, absent_label
        Cells without a travel time, which are not drawn, the share of the market's people in them, and their name in the legend.
    covered_cells, covered_label
        Cells drawn grey because an open mall covers them.
    smallest_group
        k: cells with fewer orders are hidden.
    why
        Why cells are hidden, where something else than orders is too few.
    """

    hidden_cells: int = 0
    hidden_share: float | None = None
    empty_cells: int = 0
    absent_cells: int = 0
    absent_share: float | None = None
    absent_label: str = "No travel time, not drawn"
    covered_cells: int = 0
    covered_label: str = "Covered"
    smallest_group: int = 10
    why: str = ""


def legend_html(
    classes: Classes | None,
    *,
    theme: Theme,
    period: str = "",
    specials: Specials | None = None,
    statuses: Sequence[str] = (),
    note: str = "",
) -> str:
    """Return the legend as one wrapping line of HTML for ``st.html``: title, unit, period, swatches with breaks, special states.

    Text inherits its color, swatches are the very colors of the map (85 % over its ground); everything that is not ours is escaped.

    Parameters
    ----------
    classes
        The classes drawn; ``None`` for a map without cells.
    theme
        Ground under the swatches.
    period
        Such as "last 13 weeks" or "9-15 Nov".
    specials
        States that occur; states with a count of zero are left out.
    statuses
        Mall statuses on the map: open, candidate, closed.
    note
        A short remark such as "model".
    """
    items = [_head(classes, period, note)] if classes or period or note else []
    if classes is not None:
        ground = tokens(theme).ground
        shown = [blend(color, ground, CELL_OPACITY) for color in classes.colors(theme)]
        items += [_item(f"background:{color}", label) for color, label in zip(shown, classes.labels, strict=True)]
    items += _special_items(specials or Specials(), theme)
    items += [_mall_item(status, theme) for status in ("open", "candidate", "closed") if status in statuses]
    style = "display:flex;flex-wrap:wrap;align-items:center;column-gap:14px;row-gap:4px;font-size:13px;line-height:20px;color:inherit"
    return f'<div class="map-legend" style="{style}">{"".join(items)}</div>'


def _head(classes: Classes | None, period: str, note: str) -> str:
    title = f"<b>{escape(classes.title)}</b>" if classes else ""
    rest = ", ".join(escape(text) for text in ((classes.unit if classes else ""), period, note) if text)
    grey = f'<span style="opacity:.75">{", " if title and rest else ""}{rest}</span>'
    return f'<span style="margin-right:2px">{title}{grey}</span>'


def _item(style: str, label: str, title: str = "") -> str:
    hint = f' title="{escape(title)}"' if title else ""
    return f'<span style="{_ITEM}"{hint}><span style="{_SWATCH};{style}"></span>{escape(label)}</span>'


def _special_items(specials: Specials, theme: Theme) -> list[str]:
    color = tokens(theme)
    items = []
    if specials.covered_cells:
        items.append(_item(f"background:{blend(color.county_line, color.ground, CELL_OPACITY)}", specials.covered_label))
    if specials.hidden_cells:
        dot = f"radial-gradient(circle,{color.hidden} 1.6px,transparent 2px)"
        share = "" if specials.hidden_share is None else f": {share_text(specials.hidden_share)} of orders"
        why = specials.why or f"Cells with fewer than {specials.smallest_group} orders are hidden"
        items.append(_item(f"border:1px solid {color.hidden};background:{dot}", f"Hidden cells{share}", why))
    if specials.empty_cells:
        items.append(_item(f"border:1px solid {color.county_line}", "No orders"))
    if specials.absent_cells:
        share = "" if specials.absent_share is None else f": {share_text(specials.absent_share)} of people"
        items.append(f'<span style="{_ITEM};opacity:.75">{escape(specials.absent_label)}{share}</span>')
    return items


def _mall_item(status: str, theme: Theme) -> str:
    color = tokens(theme)
    style = {
        "open": f"background:{color.primary};border:2px solid {color.primary}",
        "candidate": f"background:{candidate_fill(theme)};border:3px solid {color.primary}",
        "closed": f"background:{color.closed};border:2px solid {color.closed}",
    }[status]
    cross = "&#215;" if status == "closed" else ""
    disc = f"{_SWATCH};border-radius:50%;text-align:center;line-height:9px;font-weight:700;color:{color.ring};{style}"
    return f'<span style="{_ITEM}"><span style="{disc}">{cross}</span>{status.capitalize()}</span>'


def share_text(share: float) -> str:
    """Return a share of 0 to 1 in percent: whole above 1 %, and never a zero that is none."""
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{100 * share:.0f} %"
