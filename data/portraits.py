"""Portraits of columns: what the values of a sample look like, whatever the header says."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.samples import Sample

T = TypeVar("T")
Floats = npt.NDArray[np.float64]

MISSING_WORDS = ("nan", "null", "none", "na", "n/a", "nat", "-", "\\n")
"""Texts that stand for a missing value."""

_FIRST_CELL, _LAST_CELL = 0x0800000000000000, 0x08FFFFFFFFFFFFFF
_LARGEST = 1e18
_EXAMPLES = 3
_LISTED_WORDS = 30
_SURE = 0.8
_FORMAT_VALUES = 3_000
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 -- reads better as a list of words
_DATE = re.compile(
    r"(?P<a>\d{1,4})(?P<s>[./\- ])(?P<b>\d{1,2}|[A-Za-z]{3,9})(?P=s)(?P<c>\d{2,4})"
    r"(?P<gap>[ T,]*)(?P<clock>\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<fraction>\.\d+)?(?P<blank>\s?)(?P<half>[AaPp][Mm])?)?"
    r"(?P<offset>\s?(?:Z|[+-]\d{2}:?\d{2}))?"
)
_CLOCK = r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?$"
_COMMA = r"^[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+$"
_ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]|$)"


@dataclass(frozen=True)
class Dates:
    """How dates are written: formats as in ``strftime`` (none for ISO 8601), and whether day and month could be told apart."""

    formats: tuple[str, ...] = ()
    is_ambiguous: bool = False


@dataclass(frozen=True)
class Portrait:
    """One column of a sample.

    Attributes
    ----------
    name, place
        Header, and its number from 0.
    texts
        Values in sample order, None where missing.
    numbers
        Values as numbers, NaN where they are none; with a decimal comma if ``has_comma``.
    instants
        Epoch seconds (of the wall clock, where the zone is not said), NaN where the value is no time.
    clock_share, cell_share, absolute_share
        Share of values that are times of day, H3 cells, times with an offset or epochs.
    has_comma
        Whether numbers are written with a decimal comma.
    dates
        How dates are written.
    epoch_unit
        ``s``, ``ms`` or ``us`` for epoch numbers, else empty.
    """

    name: str
    place: int
    texts: tuple[str | None, ...]
    numbers: Floats
    instants: Floats
    clock_share: float
    cell_share: float
    absolute_share: float
    has_comma: bool
    dates: Dates
    epoch_unit: str
    _memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def remembered(self, key: str, judge: Callable[[], T]) -> T:
        """Return what was judged of the column before under a key; judge it the first time."""
        if key not in self._memory:
            self._memory[key] = judge()
        found: T = self._memory[key]
        return found

    @cached_property
    def filled(self) -> int:
        """Number of values that are there."""
        return sum(1 for text in self.texts if text is not None)

    @cached_property
    def counts(self) -> Counter[str]:
        """Different values and how often each occurs."""
        return Counter(text for text in self.texts if text is not None)

    @cached_property
    def unique_share(self) -> float:
        """Different values by values."""
        return len(self.counts) / self.filled if self.filled else 0.0

    @cached_property
    def number_share(self) -> float:
        """Share of the values that are numbers."""
        return float(np.isfinite(self.numbers).sum()) / self.filled if self.filled else 0.0

    @cached_property
    def instant_share(self) -> float:
        """Share of the values that are dates or times."""
        return float(np.isfinite(self.instants).sum()) / self.filled if self.filled else 0.0

    @cached_property
    def known_numbers(self) -> Floats:
        """The numbers that are there."""
        return self.numbers[np.isfinite(self.numbers)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to look at."""
        return self.filled == 0

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.number_share >= _SURE

    @property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        numbers = self.known_numbers
        return self.is_number and bool((numbers == np.floor(numbers)).all())

    @property
    def is_instant(self) -> bool:
        """Whether the values are times with a date."""
        return self.instant_share >= _SURE

    @cached_property
    def is_day(self) -> bool:
        """Whether the values are dates without a time of day."""
        return self.is_instant and bool((self.instants[np.isfinite(self.instants)] % 86_400 == 0).all())

    @property
    def is_clock(self) -> bool:
        """Whether the values are times of day without a date (or durations in hours, minutes and seconds)."""
        return self.clock_share >= _SURE

    @property
    def is_cell(self) -> bool:
        """Whether the values are H3 cells."""
        return self.cell_share >= _SURE

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """The first different values."""
        return tuple(list(self.counts)[:_EXAMPLES])

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The different values, most frequent first, where they are few."""
        return tuple(word for word, _ in self.counts.most_common()) if len(self.counts) <= _LISTED_WORDS else ()


def portraits(sample: Sample) -> tuple[Portrait, ...]:
    """Return a portrait of every column of a sample."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.register("sample", sample.rows)
        return tuple(_portrait(connection, name, place) for place, name in enumerate(sample.source.columns))


def _portrait(connection: duckdb.DuckDBPyConnection, name: str, place: int) -> Portrait:
    missing = ", ".join(f"'{word}'" for word in MISSING_WORDS)
    text = f"CASE WHEN lower(c{place}) NOT IN ({missing}) THEN c{place} END"
    is_cell = (
        f"regexp_matches(lower(v), '^8[0-9a-f]{{14}}$') OR coalesce(try_cast(v AS BIGINT) BETWEEN {_FIRST_CELL} AND {_LAST_CELL}, false)"
    )
    rows = connection.sql(
        r"SELECT v AS text, try_cast(regexp_replace(v, '^[$€£]\s*', '') AS DOUBLE) AS number, "
        f"regexp_matches(v, '{_COMMA}') AS comma, regexp_matches(v, '{_CLOCK}') AS clock, "
        f"CASE WHEN regexp_matches(v, '{_ISO}') THEN epoch(try_cast(v AS TIMESTAMPTZ)) END AS iso, "
        f"regexp_matches(substr(v, 12), '[-+A-Za-z]') AS zoned, {is_cell} AS cell FROM (SELECT {text} AS v FROM sample)"
    ).to_arrow_table()
    texts = tuple(rows.column("text").to_pylist())
    filled = max(1, sum(1 for each in texts if each is not None))
    numbers, has_comma = _numbers(rows, texts, filled)
    iso = _floats(rows, "iso")
    epochs, epoch_unit = _epochs(numbers)
    dates, instants, absolute = Dates(), iso, _share(rows, "zoned", filled)
    if np.isfinite(iso).sum() < _SURE * filled:
        dates, instants = _other_dates(connection, texts, filled)
        absolute = float(all("%z" in each for each in dates.formats) and bool(dates.formats))
        if not dates.formats:
            instants, absolute = epochs, float(bool(epoch_unit))
    return Portrait(
        name,
        place,
        texts,
        numbers,
        instants,
        _share(rows, "clock", filled),
        _share(rows, "cell", filled),
        absolute,
        has_comma,
        dates,
        epoch_unit,
    )


def _floats(rows: pa.Table, name: str) -> Floats:
    found: Floats = rows.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(found) < _LARGEST, found, np.nan)


def _share(rows: pa.Table, name: str, filled: int) -> float:
    return sum(1 for each in rows.column(name).to_pylist() if each) / filled


def _numbers(rows: pa.Table, texts: Sequence[str | None], filled: int) -> tuple[Floats, bool]:
    numbers = _floats(rows, "number")
    if not _share(rows, "comma", filled) or np.isfinite(numbers).sum() + _share(rows, "comma", filled) * filled < _SURE * filled:
        return numbers, False
    is_comma = rows.column("comma").to_pylist()
    mended = [
        float(text.replace(".", "").replace(",", ".")) if comma and text else number
        for text, comma, number in zip(texts, is_comma, numbers, strict=True)
    ]
    return np.array(mended, np.float64), True


def _epochs(numbers: Floats) -> tuple[Floats, str]:
    """Return numbers as epoch seconds if most of those above 0 lie between 2000 and 2100; 0 stands for a missing time."""
    known = numbers[np.isfinite(numbers) & (numbers != 0)]
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        is_epoch = (known >= 946_684_800 * factor) & (known < 4_102_444_800 * factor)
        if len(known) and is_epoch.mean() >= _SURE and (known == np.floor(known)).mean() >= 0.5:
            return np.where(np.isfinite(numbers) & (numbers > 0), numbers / factor, np.nan), unit
    return np.full(len(numbers), np.nan), ""


def _other_dates(connection: duckdb.DuckDBPyConnection, texts: Sequence[str | None], filled: int) -> tuple[Dates, Floats]:
    """Find out how dates are written if not as ISO 8601, and read them."""
    nothing = Dates(), np.full(len(texts), np.nan)
    values = list(dict.fromkeys(text for text in texts if text))[:_FORMAT_VALUES]
    matches = [match for value in values if (match := _DATE.fullmatch(value))]
    if not matches or len(matches) < _SURE * len(values):
        return nothing
    readings = _readings(matches)
    best: tuple[float, float, Dates, Floats] | None = None
    for place, formats in enumerate(readings):
        listed = ", ".join("'" + each + "'" for each in formats)
        connection.register("texts", pa.table({"v": pa.array(texts, pa.string())}))
        read = _floats(connection.sql(f"SELECT epoch(try_strptime(v, [{listed}])::TIMESTAMP) AS at FROM texts").to_arrow_table(), "at")
        share = float(np.isfinite(read).sum()) / filled
        span = float(np.nanmax(read) - np.nanmin(read)) if share else np.inf
        # Where both readings are possible, the one in which the dates lie closer together by far is right.
        rank = (-round(share, 3), span if len(readings) == 1 or place == 0 else span * 1.5)
        if best is None or rank < best[:2]:
            best = (*rank, Dates(formats), read)
    if best is None or -best[0] < _SURE:
        return nothing
    return Dates(best[2].formats, is_ambiguous=_is_ambiguous(matches)), best[3]


def _readings(matches: Sequence["re.Match[str]"]) -> list[tuple[str, ...]]:
    """Return the sets of formats that may be meant: day first or month first, the likelier first."""
    orders = [each for each in ("dmy", "mdy", "ymd") if all(_suits(match, each) for match in matches)]
    if orders == ["dmy", "mdy"] and (any(match["half"] for match in matches)) and matches[0]["s"] != ".":
        orders.reverse()  # nobody writes the month first and 24 hours, or the day first and AM
    return [tuple(dict.fromkeys(_format(match, order) for match in matches)) for order in orders]


def _is_ambiguous(matches: Sequence["re.Match[str]"]) -> bool:
    return all(_suits(match, order) for match in matches for order in ("dmy", "mdy"))


def _suits(match: "re.Match[str]", order: str) -> bool:
    a, b, c = match["a"], match["b"], match["c"]
    if order == "ymd":
        return len(a) == 4 and (not b.isdigit() or int(b) <= 12) and int(c) <= 31
    if not b.isdigit():
        return order == "dmy" and b[:3].lower() in _MONTHS and int(a) <= 31
    day, month = (a, b) if order == "dmy" else (b, a)
    return len(a) <= 2 and len(c) != 3 and 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _format(match: "re.Match[str]", order: str) -> str:
    sign, month = match["s"], "%m" if match["b"].isdigit() else ("%b" if len(match["b"]) == 3 else "%B")
    year = "%Y" if max(len(match["a"]), len(match["c"])) == 4 else "%y"
    parts = {"dmy": ("%d", month, year), "mdy": ("%m", "%d", year), "ymd": (year, month, "%d")}[order]
    text = sign.join(parts)
    if match["clock"]:
        text += match["gap"] + ("%I" if match["half"] else "%H") + ":%M"
        text += (
            (":%S" if match["seconds"] else "") + (".%f" if match["fraction"] else "") + (f"{match['blank']}%p" if match["half"] else "")
        )
    offset = match["offset"]
    return text + (f"{' ' if offset.startswith(' ') else ''}%z" if offset else "")
