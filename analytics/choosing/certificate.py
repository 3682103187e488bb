"""A certificate: what was asked, which malls were chosen, what they are worth, and how good that is known to be. One JSON text.

Everything that a check needs is in it or in the version's tables; ``analytics.choosing.verification`` recomputes it by other means. The
same question on the same version gives the same certificate, but for the seconds under ``run``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import scipy

from analytics.choosing.portfolio import Portfolio
from analytics.choosing.scenario import Scenario, scenario
from analytics.choosing.wish import Wish, wish, with_wish
from analytics.errors import ParameterError
from data.warehouse import Version

FORMAT: Final = 1
_ASIDE: Final = ("sha256", "run")

UNITS: Final = {
    "orders": "thousandths of an expected order a week",
    "minutes": "seconds of drive, summed over {who}",
    "contribution": "cents over the weeks",
    "cover": "{who}",
}


@dataclass(frozen=True)
class Certificate:
    """A certificate as it was read.

    Attributes
    ----------
    version_id, malls, value, before, total, bound, is_proven, cost_cents
        What it says.
    wish
        What was asked.
    others
        Next best sets: malls and value.
    is_whole
        Whether its text is the one that was signed by its hash.
    """

    version_id: str
    malls: tuple[str, ...]
    value: int
    before: int
    total: int
    bound: int
    is_proven: bool
    cost_cents: int
    wish: Wish
    others: tuple[tuple[tuple[str, ...], int], ...]
    is_whole: bool


def certificate(version: Version, found: Portfolio, others: Sequence[Portfolio] = ()) -> dict[str, Any]:
    """Return the certificate of a portfolio as plain values.

    Parameters
    ----------
    version, found
        Data, and the best set.
    others
        Next best sets, best first.

    Raises
    ------
    ParameterError
        If there is no set, or its drives are not those of the data: scenarios of robustness are not certified.
    """
    if found.choice is None:
        raise ParameterError("there is no set to certify: the conditions conflict, or nothing is known to choose by")
    if found.wish.drive_permille != 1000:
        raise ParameterError("only sets under the drives of the data are certified")
    choice = found.choice
    told: dict[str, Any] = {
        "mallreach_certificate": FORMAT,
        "version": version.id,
        "synthetic": version.manifest.synthetic,
        "choices": spelled(found.wish),
        "malls": sorted(found.ids),
        "names": {site.id: site.name for site in sorted(found.sites, key=lambda site: site.id)},
        "unit": unit(found.wish),
        "is_better": "lower" if found.wish.aim == "minutes" else "higher",
        "value": choice.value,
        "before": found.before,
        "total": found.total,
        "bound": choice.bound,
        "proven": choice.is_proven,
        "greedy": choice.greedy,
        "cost_cents": found.cost_cents,
        "next_best": [{"malls": sorted(each.ids), "value": each.value} for each in others],
        "solver": f"HiGHS of SciPy {scipy.__version__}, relative gap 0",
    }
    return told | {"sha256": digest(told), "run": {"seconds": round(choice.seconds, 3), "cells": choice.cells, "rows": choice.rows}}


def spelled(asked: Wish) -> dict[str, str]:
    """Return a wish as texts with its defaults spelled out: a later release may have others."""
    terms = asked.terms
    usual = {
        "drive": f"{terms.within_s / 60:g}",
        "of": terms.weight,
        "costs": f"{terms.handling_cents}:{terms.surcharge_cents}",
        "staffing": f"{terms.wait_s}:{terms.waiting_permille}",
        "aim": asked.aim,
        "backup": str(asked.backup),
        "money": f"{asked.price.opening_cents}:{asked.price.weekly_cents}:{asked.weeks}",
    }
    if asked.count is not None:
        usual["open"] = str(asked.count)
    return usual | with_wish(Scenario(), asked).texts


def unit(asked: Wish) -> str:
    """Return what the whole numbers of an aim count."""
    return UNITS[asked.aim].format(who="people" if asked.terms.weight == "population" else "households")


def text(told: Mapping[str, Any]) -> str:
    """Return a certificate as JSON text."""
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def digest(told: Mapping[str, Any]) -> str:
    """Return the hash of what a certificate says, wherever its parts stand."""
    said = {name: value for name, value in told.items() if name not in _ASIDE}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read(content: str) -> Certificate:
    """Return the certificate of a text.

    Raises
    ------
    ParameterError
        If it is none.
    """
    try:
        told: Any = json.loads(content)
        form = told["mallreach_certificate"]
        numbers = {name: _whole(told[name]) for name in ("value", "before", "total", "bound", "cost_cents")}
        return Certificate(
            version_id=str(told["version"]),
            malls=_names(told["malls"]),
            wish=wish(scenario(dict(told["choices"]))),
            is_proven=told["proven"] is True,
            others=tuple((_names(each["malls"]), _whole(each["value"])) for each in told["next_best"]),
            is_whole=form == FORMAT and told["sha256"] == digest(told),
            **numbers,
        )
    except ParameterError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ParameterError("this is no certificate: a JSON text that `python -m analytics choose --certificate FILE` wrote") from error


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{value!r} are no ids")
    return tuple(value)
