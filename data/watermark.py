"""Watermarks: the greatest value of a rising column that was already loaded, so that the next load reads on from there.

Rows **at** the watermark are read again (several rows may share it; some may have come after it was taken), and so are rows without a
value; the loader finds them unchanged. Only times, days and whole numbers can be a watermark: texts sort differently in different places.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from data.errors import MappingError
from data.manifest import Watermark

_SPAN = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AHEAD = timedelta(days=2)
"""A time later than this from now is a slip of somebody's; as a watermark it would shut out everything that follows."""


def span_s(text: str) -> int:
    """Return the seconds of a span such as ``90s``, ``5m``, ``2h`` or ``1d``; ``ValueError`` if it is none, or nothing."""
    found = _SPAN.fullmatch(text.strip())
    if not found or not int(found.group(1)):
        raise ValueError(f"{text!r} is not a span of time such as 90s, 5m, 2h or 1d")
    return int(found.group(1)) * _UNITS_S[found.group(2)]


def kind_of(column: str, kind: pa.DataType, place: str) -> str:
    """Return what a column's values are as a watermark: ``instant`` (UTC), ``local`` time, ``day`` or ``number``.

    Raises
    ------
    MappingError
        If the column holds anything else.
    """
    if pa.types.is_timestamp(kind):
        return "instant" if kind.tz else "local"
    if pa.types.is_date(kind):
        return "day"
    if pa.types.is_integer(kind):
        return "number"
    raise MappingError(
        f"{place} watermark: {column} holds {kind}; a watermark needs a column of times, days or whole numbers (cast it in the query)"
    )


def scalar(text: str, kind: pa.DataType) -> pa.Scalar:
    """Return a bound as Arrow value of a column's type."""
    if pa.types.is_integer(kind):
        return pa.scalar(int(text), kind)
    if pa.types.is_date(kind):
        return pa.scalar(date.fromisoformat(text), kind)
    return pa.scalar(datetime.fromisoformat(text), pa.timestamp("us", kind.tz)).cast(kind)


@dataclass(frozen=True)
class Rising:
    """A rising column of a source: whose rows it feeds, how far it was loaded (None: not yet), and how far before that to begin.

    The overlap is for rows that become visible later than their time says, such as those of long transactions.
    """

    table: str
    column: str
    loaded: Watermark | None = None
    overlap_s: int = 0

    def above(self, kind: str) -> "HighWater":
        """Return the mark to begin with; a watermark of another kind says nothing any more, so everything is read then."""
        return HighWater(self, kind, self.loaded if self.loaded and self.loaded.kind == kind else None)


@dataclass
class HighWater:
    """The greatest value seen in a rising column, batch by batch.

    Attributes
    ----------
    watermark
        The greatest value so far, at least the one begun with; None: no value was seen.
    ahead
        Rows whose time lies days in the future: loaded, but they do not move the watermark.
    """

    rising: Rising
    kind: str
    watermark: Watermark | None = None
    ahead: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def bound(self) -> str | None:
        """Value from which on rows are read, as text: the watermark less the overlap; None: read everything."""
        if self.watermark is None or self.kind == "number":
            return self.watermark.value if self.watermark else None
        overlap_s = self.rising.overlap_s
        if self.kind == "day":
            return (date.fromisoformat(self.watermark.value) - timedelta(days=-(-overlap_s // 86400))).isoformat()
        return (datetime.fromisoformat(self.watermark.value) - timedelta(seconds=overlap_s)).isoformat()

    def see(self, values: pa.Array) -> None:
        """Take a batch of the column's values in."""
        if self.kind != "number":
            latest = scalar(self._latest(), values.type)
            is_ahead = pc.greater(values, latest)
            self.ahead += pc.sum(is_ahead).as_py() or 0
            values = values.filter(pc.invert(is_ahead))
        greatest = pc.max(values)
        if not greatest.is_valid:
            return
        text = _text(greatest)
        if self.watermark is None or _order(text, self.kind) > _order(self.watermark.value, self.kind):
            self.watermark = Watermark(self.rising.table, self.rising.column, self.kind, text)

    def _latest(self) -> str:
        latest = self.now + _AHEAD
        if self.kind == "day":
            return latest.date().isoformat()
        return (latest if self.kind == "instant" else latest.replace(tzinfo=None)).isoformat()


def _text(value: pa.Scalar) -> str:
    if pa.types.is_timestamp(value.type):
        # Nanoseconds are cut off, which is on the safe side: the rows of that microsecond are read again.
        instant = value.cast(pa.timestamp("us", value.type.tz), safe=False).as_py()
        return str((instant.astimezone(UTC) if instant.tzinfo else instant).isoformat())
    return str(value.as_py())


def _order(text: str, kind: str) -> int:
    if kind == "number":
        return int(text)
    # datetime reads a day as its midnight, and offsets are all UTC here.
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime.min.replace(tzinfo=UTC)) // timedelta(microseconds=1)
