"""A certificate: what was asked, which malls were chosen, what they are worth, and how good that is known to be. One JSON text.

Everything that a check needs is in it or in the version's tables; ``analytics.choosing.verification`` recomputes it by other means. The
same question on the same version gives the same certificate, but for what stands under ``run``: how the set was found (solver, seconds,
rows, what greed would have had). Nothing of what is certified hangs on that, so the hash leaves it out, and it is not checked.
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
from analytics.models.covering import Choice
from data.warehouse import Version

FORMAT: Final = 2
RUN: Final = "run"
_ASIDE: Final = ("sha256", RUN)

UNITS: Final = {
    "orders": "thousandths of an expected order a week",
    "minutes": "seconds of drive, summed over {who}",
    "contribution": "cents over the weeks",
    "cover": "{who}",
}


@dataclass(frozen=True)
class Other:
    """A next best set: malls, value, and the bound that no set but those before it exceeds."""

    malls: tuple[str, ...]
    value: int
    bound: int
    is_proven: bool


@dataclass(frozen=True)
class Certificate:
    """A certificate as it was read.

    Attributes
    ----------
    version_id, is_synthetic, malls, names, unit, is_better, value, before, total, bound, is_proven, cost_cents
        What it says.
    choices, wish
        What was asked, as texts and as one value.
    others, others_asked
        Next best sets, and how many were asked for: where there are fewer, no other set keeps to the conditions.
    is_whole
        Whether its text is the one that was signed by its hash.
    unknown_fields
        Fields that a certificate of this format does not have.
    """

    version_id: str
    is_synthetic: bool
    choices: Mapping[str, str]
    wish: Wish
    malls: tuple[str, ...]
    names: Mapping[str, str]
    unit: str
    is_better: str
    value: int
    before: int
    total: int
    bound: int
    is_proven: bool
    cost_cents: int
    others: tuple[Other, ...]
    others_asked: int
    is_whole: bool
    unknown_fields: tuple[str, ...]


def certificate(version: Version, found: Portfolio, others: Sequence[Portfolio] = (), *, asked: int | None = None) -> dict[str, Any]:
    """Return the certificate of a portfolio as plain values.

    Parameters
    ----------
    version, found
        Data, and the best set.
    others
        Next best sets, best first.
    asked
        How many of these were asked for, where all that there are were found; None: as many as are given.

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
        "is_better": is_better(found.wish),
        "value": choice.value,
        "before": found.before,
        "total": found.total,
        "bound": choice.bound,
        "proven": choice.is_proven,
        "cost_cents": found.cost_cents,
        "next_best": [_other(each.ids, each.choice) for each in others if each.choice],
        "next_best_asked": len(others) if asked is None else asked,
    }
    run = {
        "solver": f"HiGHS of SciPy {scipy.__version__}, relative gap 0",
        "seconds": round(choice.seconds, 3),
        "was_cut": choice.was_cut,
        "cells": choice.cells,
        "rows": choice.rows,
        "greedy": choice.greedy,
    }
    return told | {"sha256": digest(told), RUN: run}


def _other(ids: Sequence[str], choice: Choice) -> dict[str, Any]:
    return {"malls": sorted(ids), "value": choice.value, "bound": choice.bound, "proven": choice.is_proven}


def is_better(asked: Wish) -> str:
    """Return whether higher or lower values are better."""
    return "lower" if asked.aim == "minutes" else "higher"


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
        told: Any = json.loads(content, object_pairs_hook=_once)
        form = told["mallreach_certificate"]
        _of_this_format(form)
        choices = _texts(told["choices"])
        numbers = {name: _whole(told[name]) for name in ("value", "before", "total", "bound", "cost_cents")}
        return Certificate(
            version_id=_text(told["version"]),
            is_synthetic=_truth(told["synthetic"]),
            choices=choices,
            wish=wish(scenario(choices)),
            malls=_names(told["malls"]),
            names=_texts(told["names"]),
            unit=_text(told["unit"]),
            is_better=_text(told["is_better"]),
            is_proven=_truth(told["proven"]),
            others=tuple(_read_other(each) for each in told["next_best"]),
            others_asked=_whole(told["next_best_asked"]),
            is_whole=form == FORMAT and told["sha256"] == digest(told),
            unknown_fields=_unknown(told),
            **numbers,
        )
    except ParameterError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ParameterError("this is no certificate: a JSON text that `python -m analytics choose --certificate FILE` wrote") from error


def _of_this_format(form: object) -> None:
    if type(form) is int and form != FORMAT:
        raise ParameterError(f"this is no certificate of format {FORMAT} but of {form}: write it anew with `python -m analytics choose`")


_FIELDS: Final = {
    *("mallreach_certificate", "version", "synthetic", "choices", "malls", "names", "unit", "is_better", "value", "before", "total"),
    *("bound", "proven", "cost_cents", "next_best", "next_best_asked", "sha256", RUN),
}
_OTHER_FIELDS: Final = {"malls", "value", "bound", "proven"}


def _unknown(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of which nothing is known here: nobody may take them for checked."""
    of_others = {f"next_best.{name}" for each in told["next_best"] for name in each.keys() - _OTHER_FIELDS}
    return tuple(sorted({*(told.keys() - _FIELDS), *of_others}))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of an object; one that stands twice would be read one way here and another way elsewhere."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice")
    return found


def _read_other(told: Any) -> Other:
    return Other(_names(told["malls"]), _whole(told["value"]), _whole(told["bound"]), _truth(told["proven"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} are no texts")
    return {_text(name): _text(each) for name, each in value.items()}


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{value!r} are no ids")
    return tuple(value)
