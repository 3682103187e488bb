"""Candidates of which the data cannot tell what they would add: what is said of them, and the rules that keep them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.choosing.forecast import Forecast
from analytics.choosing.sites import Reach, Site, reach
from analytics.choosing.wish import Wish
from analytics.models.conditions import Rule
from analytics.parameters import LONGEST_DRIVE_S
from data.warehouse import Version

FORECAST: Final = frozenset({"orders", "contribution"})
"""Aims that rest on forecasts."""

_OUT: Final = "Left out, because nothing can be forecast for them"
_FAR: Final = "No drives are known from"
NOTES: Final = (_OUT, _FAR)
"""How notes of this module begin: they stand beside the malls they speak of."""

_NAMED: Final = 5


@dataclass(frozen=True)
class Missing:
    """What a reader must know: in a note, and why there is nothing to choose where it is missing of all candidates; both may be empty."""

    note: str = ""
    reason: str = ""


def is_unknown(wish: Wish, told: Forecast) -> bool:
    """Tell whether nothing is known of what a mall would add: as nothing it would stand before one that is known to lose."""
    return told.orders_week is None or (wish.aim == "contribution" and told.cost_cents is None)


def rules(wish: Wish, told: Sequence[Forecast]) -> list[Rule]:
    """Return, over all sites, that candidates of which nothing can be forecast are in no set."""
    amounts = np.eye(len(told), dtype=np.int64)
    places = [place for place, each in enumerate(told) if not each.site.is_open and is_unknown(wish, each)]
    return [Rule(f"nothing can be forecast for {told[place].site.name}", amounts[place], high=0) for place in places]


def forecasts_of(wish: Wish, candidates: Sequence[Forecast]) -> Missing:
    """Return what is to be said of candidates of which nothing can be forecast."""
    out = [each for each in candidates if is_unknown(wish, each)]
    if not out:
        return Missing()
    why = out[0].reasons.get("orders_week") or out[0].reasons["cost_cents"]
    note = f"{_OUT}: {_names([each.site for each in out])} ({why})."
    return Missing(note, f"Nothing can be forecast for any candidate here: {why}." if len(out) == len(candidates) else "")


def drives_of(version: Version, whom: Reach, candidates: Sequence[int]) -> Missing:
    """Return what is to be said of candidates from which no drive is known, however long.

    Parameters
    ----------
    version
        Data.
    whom
        Whom the sites reach within the drive that counts.
    candidates
        Their positions in ``whom.sites``.
    """
    near = set(np.flatnonzero(np.bincount(whom.site, minlength=len(whom.sites))).tolist())
    far = [whom.sites[place] for place in candidates if place not in near]
    if far and whom.within_s < LONGEST_DRIVE_S:
        longer = reach(version, far, weight=whom.weight)
        far = [site for place, site in enumerate(far) if not len(longer.drive_s[longer.of_site(place)])]
    if not far:
        return Missing()
    reason = "No drives are known from any candidate here, so nothing can be said about whom they would reach."
    return Missing(f"{_FAR} {_names(far)}: nobody is counted for them.", reason if len(far) == len(candidates) else "")


def _names(there: Sequence[Site]) -> str:
    return ", ".join([site.name for site in there[:_NAMED]] + ([f"{len(there) - _NAMED} more"] if len(there) > _NAMED else []))
