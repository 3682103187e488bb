"""H3 cells as 64-bit integers inside Ibis expressions: parents by bit arithmetic, alike in every engine."""

import ibis
import ibis.expr.types as ir

_RESOLUTION_BIT = 52
_DIGIT_BITS = 3
_FINEST = 15


def parent(cell: ir.IntegerValue, resolution: int) -> ir.IntegerValue:
    """Return the H3 ancestor of ``cell`` at a coarser or equal resolution.

    Parameters
    ----------
    cell
        H3 cell, signed 64-bit integer, of ``resolution`` or finer.
    resolution
        Resolution wanted, 0 to 15.

    Returns
    -------
    ibis.expr.types.IntegerValue
        The ancestor: the resolution bits replaced, every finer digit set to 7. Null for null. Cells roll up by index, never by geometry.
    """
    keep = ibis.literal(~(_FINEST << _RESOLUTION_BIT), "int64")
    unused_digits = (1 << (_DIGIT_BITS * (_FINEST - resolution))) - 1
    return (cell & keep) | ibis.literal((resolution << _RESOLUTION_BIT) | unused_digits, "int64")
