"""What stands on a map: malls with their status, cells with their ids, and what a click picked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TIP_LINES = 4
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
    """What a click chose: a cell as hexadecimal text, a mall, a place for a pin (a cell laid over the map), or nothing."""

    cell: str | None = None
    mall_id: str | None = None
    target: str | None = None


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
    targets = objects.get("targets") or ()
    cells = [row for layer in ("cells", "cells-empty", "cells-hidden") for row in objects.get(layer) or ()]
    return Picked(
        cell=str(cells[0]["hex"]) if cells else None,
        mall_id=str(malls[0]["properties"]["mall_id"]) if malls else None,
        target=str(targets[0]["hex"]) if targets else None,
    )


TIP_TEMPLATE = "<b>{tip1}</b><div>{tip2}</div><div>{tip3}</div><div>{tip4}</div>"
"""Tooltip of every layer that can be pointed at. Streamlit escapes each text that it puts in, so rows carry plain text."""


def tip_lines(lines: Sequence[str]) -> dict[str, str]:
    """Return the first four lines as the fields of ``TIP_TEMPLATE``; empty ones are left out, and missing ones stay empty.

    Braces become full-width ones: a name that holds ``{tip2}`` must not be read as part of the template.
    """
    kept = [
        line.replace("{", "\N{FULLWIDTH LEFT CURLY BRACKET}").replace("}", "\N{FULLWIDTH RIGHT CURLY BRACKET}") for line in lines if line
    ]
    return {f"tip{place + 1}": kept[place] if place < len(kept) else "" for place in range(TIP_LINES)}
