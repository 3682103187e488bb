"""Cells by a name that readers know: the place they lie in, or a direction from the nearest one."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from analytics.places import Name, nearest
from data.background import places, reference_markets

_FARTHEST_M: Final = 60_000.0
"""Cells farther than this from every name are told by their id alone."""


def of_cells(cells: Sequence[int | None]) -> list[str | None]:
    """Return where each cell lies: ``Henderson``, ``East of Henderson``; None where no name is near, or there is no cell."""
    known = sorted({cell for cell in cells if cell is not None})
    found = zip(known, nearest(np.array(known, np.int64), _names()), strict=True) if known else ()
    told: Mapping[int, str] = {
        cell: f"{each.direction.capitalize()} of {each.name}" if each.direction else each.name
        for cell, each in found
        if each.away_m <= _FARTHEST_M
    }
    return [None if cell is None else told.get(cell) for cell in cells]


def of_cell(cell: int | str | None) -> str:
    """Return one cell as a reader can tell it and find it again: ``882986b91bfffff, Henderson``."""
    if cell is None:
        return ""
    number = int(cell, 16) if isinstance(cell, str) else cell
    return ", ".join(filter(None, [f"{number:x}", of_cells([number])[0]]))


@lru_cache(maxsize=1)
def _names() -> tuple[Name, ...]:
    """Return the names of every ground that the program has; they are the same for every data version."""
    return tuple(Name(each.name, each.latitude, each.longitude) for market in reference_markets() for each in places(market))
