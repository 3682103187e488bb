"""Opening hours of malls, read from their text: the hours of the week in which retail can be collected."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import duckdb
import pyarrow as pa

_DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY: Final = "(?:mo|tu|we|th|fr|sa|su)"
_TIME: Final = r"\d{1,2}:\d{2}"
_RULE: Final = re.compile(
    rf"(?P<days>{_DAY}(?:-{_DAY})?(?:\s*,\s*{_DAY}(?:-{_DAY})?)*)?\s*"
    rf"(?P<times>{_TIME}\s*-\s*{_TIME}(?:\s*,\s*{_TIME}\s*-\s*{_TIME})*|off|closed)"
)
_DAY_S: Final = 86_400

HourOfWeek = tuple[int, int]

_ALWAYS: Final = frozenset((dow, hour) for dow in range(1, 8) for hour in range(24))


@lru_cache(maxsize=256)
def open_hours(text: str | None) -> frozenset[HourOfWeek] | None:
    """Return the hours of the week that an opening-hours text names.

    Reads rules as OpenStreetMap writes them, ``Mo-Sa 10:00-21:00; Su 11:00-18:00``: a later rule replaces an earlier one for its days,
    days may be listed and wrap (``Sa-Mo``), times may pass midnight (``18:00-02:00``), ``off`` shuts a day, ``24/7`` never shuts.

    Parameters
    ----------
    text
        As the contract of malls has it.

    Returns
    -------
    frozenset of tuple or None
        Weekday (1 Monday to 7 Sunday) and local hour of every hour that is open for a part of it at least. None where there is no text
        or it cannot be read: then nothing is known, which is not the same as shut.

    Examples
    --------
    >>> sorted(open_hours("Su 23:30-00:30"))
    [(1, 0), (7, 23)]
    """
    told = (text or "").strip().lower()
    if told == "24/7":
        return _ALWAYS
    rules = [_RULE.fullmatch(part.strip()) for part in told.split(";") if part.strip()]
    hours_by_day: dict[int, set[HourOfWeek]] = {}
    for rule in rules:
        if rule is None:
            return None
        spans = [_span(each) for each in rule["times"].split(",")] if rule["times"][0].isdigit() else []
        if None in spans:
            return None
        for day in _days(rule["days"]):
            hours_by_day[day] = {place for span in spans if span is not None for place in _hours(day, *span)}
    return frozenset(place for places in hours_by_day.values() for place in places) if rules else None


def open_hours_of_any(texts: Iterable[str | None]) -> frozenset[HourOfWeek] | None:
    """Return the hours in which at least one of several places is open; None where there is none, or the hours of one are unknown."""
    hours = [open_hours(text) for text in texts]
    known = [each for each in hours if each is not None]
    return frozenset[HourOfWeek]().union(*known) if known and len(known) == len(hours) else None


def _days(text: str | None) -> list[int]:
    """Return weekdays from 0 Monday; all of them where no day is named."""
    if text is None:
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start = _DAYS.index(first)
        found += [(start + step) % 7 for step in range((_DAYS.index(last or first) - start) % 7 + 1)]
    return found


def _span(text: str) -> tuple[int, int] | None:
    """Return start and end in seconds since midnight, the end after the start; None for a time that no clock shows."""
    start_s, end_s = (_seconds(each) for each in text.split("-"))
    if start_s is None or end_s is None:
        return None
    return start_s, end_s if end_s > start_s else end_s + _DAY_S


def _seconds(text: str) -> int | None:
    hour, minute = (int(each) for each in text.strip().split(":"))
    seconds = 3600 * hour + 60 * minute
    return seconds if minute < 60 and seconds <= _DAY_S else None


def _hours(day: int, start_s: int, end_s: int) -> list[HourOfWeek]:
    """Return the hours that a span touches; past midnight they belong to the next day."""
    return [((day + hour // 24) % 7 + 1, hour % 24) for hour in range(start_s // 3600, -(-end_s // 3600))]


def hours_of_market(connection: duckdb.DuckDBPyConnection, market_id: str) -> pa.Table:
    """Return the hours of the week in which the malls of a market are open, and those in which any of its open malls is.

    Reads ``now_malls``. A mall whose hours are unknown is taken to be open always: nothing is left out for it.

    Returns
    -------
    pyarrow.Table
        Columns of the contract ``mall_hours``, sorted by it.
    """
    malls = connection.execute("SELECT mall_id, status, opening_hours FROM now_malls WHERE market_id = ?", [market_id]).fetchall()
    by_mall = {str(mall_id): _known(text) for mall_id, _, text in malls}
    running = [by_mall[str(mall_id)] for mall_id, status, _ in malls if status == "open"] or list(by_mall.values())
    everywhere = frozenset[HourOfWeek]().union(*running)
    rows: list[tuple[str | None, int, int]] = [(mall_id, *hour) for mall_id, hours in sorted(by_mall.items()) for hour in sorted(hours)]
    rows += [(None, *hour) for hour in sorted(everywhere)]
    return pa.table(
        {
            "mall_id": pa.array([mall_id for mall_id, _, _ in rows], pa.string()),
            "market_id": pa.repeat(pa.scalar(market_id, pa.string()), len(rows)),
            "local_dow": pa.array([dow for _, dow, _ in rows], pa.int64()),
            "local_hour": pa.array([hour for _, _, hour in rows], pa.int64()),
        }
    )


def _known(text: str | None) -> frozenset[HourOfWeek]:
    hours = open_hours(text)
    return _ALWAYS if hours is None else hours
