"""A scenario: what a reader assumes and prefers when malls are compared, as one value and as short texts.

The texts are those of the page's address and of the commands, so that a scenario is a link, a line of a shell, and a file that can be
sent. What they say wrongly is refused in one sentence; numbers are in stored units: seconds, cents, meters, thousandths.

::

    drive=20                       drive time, minutes
    of=households                  who is counted; people where not said
    preset=speed                   weights by name; balanced where not said
    preset=own                     weights of one's own
    weights=newly:30,p90:20        which they are; alone it means preset=own too
    anchors=p90:5400:1800          worst and ideal value of a criterion, and after a third colon the value beyond which it is as bad again
    limits=p90::3600,newly:20000   least and most that a mall must have; malls that fail stand last
    costs=50:25                    handling and surcharge per delivered order, cents
    staffing=300:100               so many of 1,000 trips may wait longer than so many seconds for a driver
    pins=[["Name",36.1,-115.1,"las-vegas",120]]    places that the data does not have; stores may be left out
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from analytics.choosing.criteria import BY_ID, PRESETS
from analytics.choosing.measures import Terms
from analytics.choosing.sites import Pin
from analytics.errors import ParameterError
from analytics.models.scores import Scale
from analytics.parameters import LONGEST_DRIVE_S, MOST_CENTS, SHORTEST_DRIVE_S, WEIGHTS

KEYS: Final = ("market", "drive", "of", "preset", "weights", "anchors", "limits", "costs", "staffing", "pins")
"""Entries of an address that a scenario reads itself."""

BALANCED: Final = "balanced"
OWN: Final = "own"
"""Name of weights that are no preset's."""

FORMAT: Final = 1
MOST_PINS: Final = 1_000
LARGEST_WEIGHT: Final = 100
_LONGEST_NAME: Final = 80
_LARGEST: Final = 10**12
T = TypeVar("T")


@dataclass(frozen=True)
class Limit:
    """Least and most that a mall must have of a criterion; None: no bound on that side."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Scenario:
    """What is assumed and preferred.

    Attributes
    ----------
    market_id
        Only this market; None: all.
    terms
        What figures depend on: drive time, who is counted, costs, staffing.
    preset, weights
        Name of the weights; where it is ``own``, the weights themselves (by criterion, 0 to 100; none: those of ``balanced``).
    anchors, limits
        By criterion, instead of the default anchors; hard limits.
    pins
        Places that the data does not have.
    others
        Entries that belong to the portfolio, kept as they are.
    """

    market_id: str | None = None
    terms: Terms = field(default_factory=Terms)
    preset: str = BALANCED
    weights: tuple[tuple[str, int], ...] = ()
    anchors: tuple[tuple[str, Scale], ...] = ()
    limits: tuple[tuple[str, Limit], ...] = ()
    pins: tuple[Pin, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def weighting(self) -> dict[str, int]:
        """Weights by criterion."""
        if self.preset == OWN:
            return dict(self.weights or PRESETS[BALANCED].items())
        return dict(PRESETS[self.preset])

    @property
    def texts(self) -> dict[str, str]:
        """The scenario as short texts; what is at its default is left out."""
        terms, usual = self.terms, Terms()
        drive = f"{terms.within_s / 60:g}"
        made = {
            "market": self.market_id or "",
            "drive": drive if terms.within_s != usual.within_s else "",
            "of": terms.weight if terms.weight != usual.weight else "",
            "preset": self.preset if self.preset != BALANCED else "",
            "weights": ",".join(f"{name}:{weight}" for name, weight in self.weights) if self.preset == OWN else "",
            "anchors": ",".join(f"{name}:{_anchors_text(scale)}" for name, scale in self.anchors),
            "limits": ",".join(f"{name}:{_number_text(limit.least)}:{_number_text(limit.most)}" for name, limit in self.limits),
            "costs": f"{terms.handling_cents}:{terms.surcharge_cents}" if terms.handling_cents or terms.surcharge_cents else "",
            "staffing": f"{terms.wait_s}:{terms.waiting_permille}"
            if (terms.wait_s, terms.waiting_permille) != (usual.wait_s, usual.waiting_permille)
            else "",
            "pins": pins_text(self.pins),
        }
        return {name: text for name, text in made.items() if text} | dict(self.others)


def scenario(texts: Mapping[str, str]) -> Scenario:
    """Return the scenario that short texts describe.

    Parameters
    ----------
    texts
        By key; see the module. Other keys are kept as they are.

    Raises
    ------
    ParameterError
        If a text cannot be read; it says which, and what would be right.
    """
    handling, surcharge = _pair(texts, "costs", "50:25", (0, 0), MOST_CENTS)
    wait_s, waiting = _pair(texts, "staffing", "300:100", (Terms().wait_s, Terms().waiting_permille), 3600)
    if not 0 < waiting < 1000 or not wait_s:
        raise ParameterError(f"staffing: of 1,000 trips 1 to 999 may wait, and a second at the least, not {texts['staffing']}")
    preset = texts.get("preset") or (OWN if texts.get("weights") else BALANCED)
    if preset not in {*PRESETS, OWN}:
        raise ParameterError(f"there is no preset {preset!r}; presets are {', '.join(PRESETS)}, and own")
    weight = texts.get("of") or WEIGHTS[0]
    if weight not in WEIGHTS:
        raise ParameterError(f"of: {' or '.join(WEIGHTS)}, not {weight!r}")
    return Scenario(
        market_id=texts.get("market") or None,
        terms=Terms(_within_s(texts.get("drive") or "20"), weight, handling, surcharge, wait_s, waiting),
        preset=preset,
        weights=_weights(texts.get("weights") or "") if preset == OWN else (),
        anchors=tuple((name, _scale(name, parts)) for name, parts in _entries(texts, "anchors", "p90:5400:1800", (2, 3))),
        limits=tuple((name, _limit(name, parts)) for name, parts in _entries(texts, "limits", "p90::3600", (1, 2))),
        pins=pins_of(texts.get("pins") or ""),
        others=tuple(sorted((name, text) for name, text in texts.items() if name not in KEYS and text)),
    )


def with_pin(chosen: Scenario, pin: Pin) -> Scenario:
    """Return the scenario with one more pin; one at the same place is replaced.

    Raises
    ------
    ParameterError
        If there are as many as are allowed.
    """
    pins = (*(each for each in chosen.pins if each.id != pin.id), pin)
    if len(pins) > MOST_PINS:
        raise ParameterError(f"at most {MOST_PINS:,} places can be added")
    return replace(chosen, pins=pins)


def pin_at(name: str, latitude: float, longitude: float, market_id: str, store_count: int | None = None) -> Pin:
    """Return a pin; its id follows from its market and place, so that the same place has the same id in every scenario.

    Raises
    ------
    ParameterError
        If the coordinates are none, or the name is empty or longer than 80 characters.
    """
    if (
        not (math.isfinite(latitude) and math.isfinite(longitude))
        or abs(latitude) > 90
        or abs(longitude) > 180
        or not (latitude or longitude)
    ):
        raise ParameterError(f"{latitude}, {longitude} is no place: latitude -90 to 90, longitude -180 to 180, degrees")
    text = " ".join(name.encode(errors="replace").decode().split())  # JSON can hold halves of characters, which no file can
    if not 0 < len(text) <= _LONGEST_NAME:
        raise ParameterError(f"a place has a name of 1 to {_LONGEST_NAME} characters")
    if store_count is not None and (type(store_count) is not int or not 0 <= store_count <= 10_000):
        raise ParameterError(f"the stores of a place are a whole number from 0 to 10,000, not {store_count!r}")
    latitude, longitude = round(latitude, 5), round(longitude, 5)
    digest = hashlib.sha256(f"{market_id} {latitude:.5f} {longitude:.5f}".encode()).hexdigest()
    return Pin(f"pin-{digest[:8]}", market_id, text, latitude, longitude, store_count)


def pins_text(pins: Sequence[Pin]) -> str:
    """Return pins as one text; empty where there are none."""
    rows = [[pin.name, pin.latitude, pin.longitude, pin.market_id, *([] if pin.store_count is None else [pin.store_count])] for pin in pins]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def pins_of(text: str) -> tuple[Pin, ...]:
    """Return the pins of their text.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if not text:
        return ()
    try:
        rows = json.loads(text)
        pins = [pin_at(str(row[0]), float(row[1]), float(row[2]), str(row[3]), row[4] if len(row) > 4 else None) for row in rows]
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError('pins: a list such as [["Name",36.1,-115.1,"las-vegas"]]') from error
    if len(pins) > MOST_PINS:
        raise ParameterError(f"at most {MOST_PINS:,} places can be added")
    return tuple({pin.id: pin for pin in pins}.values())


def shared(chosen: Scenario, name: str) -> str:
    """Return a scenario as a text that can be sent: JSON, the same for the same scenario."""
    return json.dumps({"mallreach_scenario": FORMAT, "name": name, "choices": chosen.texts}, ensure_ascii=False, indent=1, sort_keys=True)


def received(text: str) -> tuple[str, Scenario]:
    """Return the name and the scenario of a text that was sent.

    Raises
    ------
    ParameterError
        If it is no scenario.
    """
    try:
        kept: Any = json.loads(text)
        json.dumps(kept, ensure_ascii=False).encode()  # halves of characters can be kept nowhere
        is_one = kept["mallreach_scenario"] == FORMAT and isinstance(kept["name"], str) and isinstance(kept["choices"], dict)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ParameterError("this text is no scenario: it begins with { and was copied from a page or file of scenarios") from error
    if not is_one or not all(isinstance(each, str) for each in kept["choices"].values()):
        raise ParameterError("this text is no scenario of a form known here")
    return kept["name"], scenario(kept["choices"])


def _within_s(text: str) -> int:
    try:
        seconds = round(60 * float(text))
    except (ValueError, OverflowError):
        seconds = 0
    if not SHORTEST_DRIVE_S <= seconds <= LONGEST_DRIVE_S:
        raise ParameterError(f"drive: minutes from {SHORTEST_DRIVE_S // 60} to {LONGEST_DRIVE_S // 60}, not {text!r}")
    return seconds


def _weights(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for name, parts in _entries({"weights": text}, "weights", "newly:30,p90:20", (1, 1)):
        weight = _number(parts[0])
        if weight is None or weight != int(weight) or not 0 <= weight <= LARGEST_WEIGHT:
            raise ParameterError(f"weights: {name} takes a whole number from 0 to {LARGEST_WEIGHT}, not {parts[0]!r}")
        found.append((name, int(weight)))
    if found and not any(weight for _, weight in found):
        raise ParameterError("weights: at least one is over 0")
    return tuple(found)


def _scale(name: str, parts: Sequence[str]) -> Scale:
    numbers = [_number(part) for part in parts]
    if None in numbers:
        raise ParameterError(f"anchors: {name} takes numbers, not {':'.join(parts)}")
    try:
        return Scale(*numbers)  # type: ignore[arg-type] # none of them is None
    except ValueError as error:
        raise ParameterError(f"anchors: of {name}, {error}") from error


def _limit(name: str, parts: Sequence[str]) -> Limit:
    least, most = (_number(part) if part else None for part in (*parts, "")[:2])
    if (parts[0] and least is None) or (len(parts) > 1 and parts[1] and most is None) or (least is None and most is None):
        raise ParameterError(f"limits: {name} takes the least and the most, such as {name}:10:20, not {':'.join(parts)}")
    if least is not None and most is not None and least > most:
        raise ParameterError(f"limits: of {name}, the least {parts[0]} is over the most {parts[1]}")
    return Limit(least, most)


def _entries(texts: Mapping[str, str], key: str, example: str, sizes: tuple[int, int]) -> list[tuple[str, list[str]]]:
    """Return the criteria of a list such as ``p90::3600,newly:20000`` with what stands behind each."""
    found: list[tuple[str, list[str]]] = []
    for entry in filter(None, (texts.get(key) or "").split(",")):
        name, *parts = (part.strip() for part in entry.split(":"))
        if name not in BY_ID:
            raise ParameterError(f"{key}: there is no criterion {name!r}; criteria are {', '.join(BY_ID)}")
        if not sizes[0] <= len(parts) <= sizes[1] or name in dict(found):
            raise ParameterError(f"{key}: a list such as {example}, each criterion once, not {texts[key]!r}")
        found.append((name, parts))
    return found


def _pair(texts: Mapping[str, str], key: str, example: str, usual: tuple[int, int], most: int) -> tuple[int, int]:
    text = texts.get(key) or ""
    if not text:
        return usual
    numbers = [_number(part) for part in text.split(":")]
    if len(numbers) != 2 or any(each is None or each != int(each) or not 0 <= each <= most for each in numbers):
        raise ParameterError(f"{key}: two whole numbers such as {example}, not {text!r}")
    first, second = numbers
    return int(first or 0), int(second or 0)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= _LARGEST else None


def _number_text(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _anchors_text(scale: Scale) -> str:
    return ":".join(_number_text(each) for each in (scale.worst, scale.ideal, scale.beyond) if each is not None)
