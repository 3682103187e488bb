"""What a reader chose, as the short texts that stand in the address: one dictionary, read from it and written to it.

A text is absent where nothing was chosen. The page's own defaults fill in; since defaults move on with the data, a copied link carries
absolute days and the data version instead.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

FILTERS = ("market", "mall", "period", "from", "to", "vs")
VERSION = "v"
CELL = "cell"
HOUR = "hour"
CUSTOM = "custom"
_DAY = timedelta(days=1)
_YEARS = range(1900, 2200)
"""Years a link may name: days are added to and taken from its days, and the calendar of the computer ends."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = tuple(str(hour) for hour in range(24))

Chosen = dict[str, str]


def known(texts: Mapping[str, str], keys: tuple[str, ...]) -> Chosen:
    """Return the entries of an address that the app knows; the rest is dropped."""
    return {key: texts[key] for key in (*FILTERS, VERSION, CELL, HOUR, *keys) if texts.get(key)}


def is_news(shown: Mapping[str, str], written: Mapping[str, str] | None, *, is_other_page: bool) -> bool:
    """Whether the address says something that the app did not write itself: a first visit, a link, the Back button.

    A switch of page by the menu empties the address; that says nothing, and what was chosen stays.
    """
    return dict(shown) != dict(written or {}) and (bool(shown) or not is_other_page)


def day(text: str | None) -> date | None:
    """Return the day written as ``2026-11-09``; None for anything else, and for years so far off that no data is compared with them."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def hour_of_week(text: str | None) -> tuple[int, int] | None:
    """Return the weekday (1 Monday to 7 Sunday) and the hour written as ``fri-17``; None for anything else."""
    name, _, hour = (text or "").partition("-")
    if name in _WEEKDAYS and hour in _HOURS:
        return _WEEKDAYS.index(name) + 1, int(hour)
    return None


def hour_text(dow: int, hour: int) -> str:
    """Return an hour of the week as it stands in an address: ``fri-17``."""
    return f"{_WEEKDAYS[dow - 1]}-{hour}"


def absolute(chosen: Chosen, *, start_on: date, end_on: date, version_id: str) -> Chosen:
    """Return what was chosen with absolute days (the last one included) and the data version: the same numbers for ever."""
    days = {"period": CUSTOM, "from": start_on.isoformat(), "to": (end_on - _DAY).isoformat()}
    return {**chosen, **days, VERSION: version_id}


def live(chosen: Chosen) -> Chosen:
    """Return what was chosen without a data version: the newest numbers on the day it is opened."""
    return {key: text for key, text in chosen.items() if key != VERSION}


def address(url: str, chosen: Chosen) -> str:
    """Return the address of the page at ``url`` with these choices."""
    scheme, host, path, _, _ = urlsplit(url)
    return urlunsplit((scheme, host, path, urlencode(chosen), ""))
