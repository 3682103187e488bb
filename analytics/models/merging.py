"""Rows told apart by their sets of sites, and those with the same set added up: whole numbers only."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

_EXACT_SITES: Final = 128
MOST: Final = 2**53
"""Larger totals than this are no longer whole numbers in the solver."""


def whole(values: npt.ArrayLike, what: str, *, lowest: int | None = None, are_summed: bool = True) -> Integers:
    """Return values as 64-bit whole numbers.

    Parameters
    ----------
    values
        Whole numbers of any type, floating-point ones too.
    what
        What they are called in errors.
    lowest
        None of them may be less.
    are_summed
        Whether all together must stay exact; else each.

    Raises
    ------
    ValueError
        If one is no whole number, less than ``lowest``, or they are too large to stay exact.
    """
    given = np.asarray(values)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        given = np.asarray(given, np.float64)
        if not (np.isfinite(given).all() and (given == np.rint(given)).all()):
            raise ValueError(f"{what} must be whole numbers; multiply and round them first, as in numpy.rint(1000 * values)")
    sizes = np.abs(np.asarray(given, np.float64))
    if given.size and (sizes.sum() if are_summed else sizes.max()) > MOST:
        raise ValueError(f"{what} {'add up to' if are_summed else 'hold'} more than 2 ** 53; use a larger unit")
    numbers = given.astype(np.int64)
    if lowest is not None and numbers.size and numbers.min() < lowest:
        raise ValueError(f"{what} must be {lowest} or more, not {int(numbers.min())}")
    return numbers


def summed(weights: Integers, *keys: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.intp], Integers]:
    """Return the place of one row of each group with the same keys, and the groups' weights."""
    order = np.lexsort(keys)
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    starts = np.flatnonzero(is_first)
    totals: Integers = np.add.reduceat(weights[order], starts) if len(starts) else np.empty(0, np.int64)
    return order[starts], totals


def set_keys(members: sparse.csr_array) -> tuple[Keys, Keys]:
    """Return two 64-bit sums that tell sets of sites apart."""
    one, other = site_keys(members.shape[1])
    return _row_sums(one[members.indices], members.indptr), _row_sums(other[members.indices], members.indptr)


def site_keys(sites: int) -> tuple[Keys, Keys]:
    """Return two 64-bit numbers a site whose sums tell sets apart: bits of their own up to 128 sites, beyond that random numbers.

    With random numbers two sets of a million share both sums with a chance below 1e-26; a chosen set is valued by the demand itself.
    """
    if sites <= _EXACT_SITES:
        bits = np.left_shift(np.uint64(1), np.arange(_EXACT_SITES, dtype=np.uint64) % np.uint64(64))
        is_low = np.arange(_EXACT_SITES) < _EXACT_SITES // 2
        return np.where(is_low, bits, 0).astype(np.uint64)[:sites], np.where(is_low, 0, bits).astype(np.uint64)[:sites]
    numbers = np.random.default_rng(20_210).integers(0, 2**64, (2, sites), dtype=np.uint64)
    return numbers[0], numbers[1]


def _row_sums(values: Keys, pointers: npt.NDArray[np.integer]) -> Keys:
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    sums: Keys = running[pointers[1:]] - running[pointers[:-1]]
    return sums
