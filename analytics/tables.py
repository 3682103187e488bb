"""The tables of the contracts as metrics see them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from data.contracts import Kind, table

_SECRET_KINDS: Final = frozenset({Kind.LATITUDE, Kind.LONGITUDE})
_SECRET_COLUMNS: Final = frozenset({"home_cell"})
_TYPES: Final[Mapping[Kind, Any]] = {Kind.TEXT: "string", Kind.BOOLEAN: "boolean", Kind.INSTANT: "timestamp", Kind.DAY: "date"}


@lru_cache(maxsize=32)
def unbound(name: str) -> ir.Table:
    """Return a table of the contracts without coordinates and homes: what a metric cannot see it cannot leak."""
    visible = {
        column.name: _TYPES.get(column.kind, "int64")
        for column in table(name).columns
        if column.kind not in _SECRET_KINDS and column.name not in _SECRET_COLUMNS
    }
    return ibis.table(visible, name=name)
