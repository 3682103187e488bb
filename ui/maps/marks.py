"""What stands on a map: malls with their status, cells with their ids, and what a click picked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_UNSIGNED = 0xFFFF_FFFF_FFFF_FFFF


@dataclass(frozen=True)
class MallMark:
    """A mall as it is drawn: ``status`` is open, candidate or closed; ``lines`` stand under its name in the tooltip."""

    mall_id: str
    name: str
    status: str
    latitude: float
    longitude: float
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picked:
    """What a click chose: a cell as hexadecimal text, a mall, or neither."""

    cell: str | None = None
    mall_id: str | None = None


def hex_id(cell: int | str) -> str:
    """Return a cell's id as hexadecimal text, the only form that survives JavaScript's numbers."""
    return cell if isinstance(cell, str) else format(int(cell) & _UNSIGNED, "x")


def picked(selection: Mapping[str, Any] | None) -> Picked:
    """Return what a map's selection holds.

    Parameters
    ----------
    selection
        The ``selection`` of a map's event: ``{"objects": {layer id: [row, ...]}}``; empty or missing means nothing was clicked.
    """
    objects: Mapping[str, Sequence[Mapping[str, Any]]] = (selection or {}).get("objects") or {}
    malls = objects.get("malls") or ()
    cells = [row for layer in ("cells", "cells-empty", "cells-hidden") for row in objects.get(layer) or ()]
    return Picked(
        cell=str(cells[0]["hex"]) if cells else None,
        mall_id=str(malls[0]["mall_id"]) if malls else None,
    )


def tip_html(lines: Sequence[str]) -> str:
    """Return the lines of a tooltip as HTML: the first one strong, empty ones left out, every character of the data escaped.

    Braces are escaped too: the tooltip is a template, and a name with braces must not be read as one.
    """
    safe = [escape(line).replace("{", "&#123;").replace("}", "&#125;") for line in lines if line]
    return "<br>".join([f"<b>{safe[0]}</b>", *safe[1:]]) if safe else ""
