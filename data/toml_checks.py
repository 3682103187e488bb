"""Checks on what a mapping says: each refuses in one sentence that names the place, with a hint at what was meant. Imports only errors."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from data.errors import MappingError

_WORDS = {dict: "a table", str: "a text", bool: "true or false", list: "a list"}


def refuse_unknown(given: Iterable[str], known: Iterable[str], complaint: str) -> None:
    """Refuse the first name that is not known, with the closest known one, else all of them."""
    names = list(known)
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
            raise MappingError(f"{complaint} {name!r}; {hint}")


def expect(value: Any, kind: type, place: str) -> None:
    """Refuse a value of another kind."""
    if not isinstance(value, kind):
        raise MappingError(f"{place}: {_WORDS[kind]} is needed, not {value!r}")


def optional(raw: dict[str, Any], key: str, kind: type, place: str) -> Any:
    """Return a key's value, which must be of the kind, or None."""
    if key in raw:
        expect(raw[key], kind, f"{place} {key}")
    return raw.get(key)


def required(raw: dict[str, Any], keys: Iterable[str], place: str) -> None:
    """Refuse a table that lacks a key."""
    for key in keys:
        if key not in raw:
            raise MappingError(f"{place}: {key} is missing")


def names(value: Any, place: str) -> tuple[str, ...]:
    """Return one text or a list of them as a tuple."""
    return tuple(texts(value if isinstance(value, list) else [value], place))


def texts(values: Any, place: str) -> list[str]:
    """Return a list that must hold texts only."""
    expect(values, list, place)
    for value in values:
        expect(value, str, place)
    return list(values)


def plain(value: Any, place: str) -> str:
    """Return a text, a number or a date as text."""
    if isinstance(value, dict | list | bool):
        raise MappingError(f"{place}: a text, a number or a date is needed, not {value!r}")
    return str(value)


def number(value: Any, place: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise MappingError(f"{place}: a number is needed, not {value!r}")
    return float(value)
