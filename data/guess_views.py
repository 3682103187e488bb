"""What a guess is made of: sources that were looked at, and the tables that they seem to feed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from data.contracts import Column, Table
from data.guess_fit import Match
from data.mapping import Feed
from data.portraits import Portrait
from data.sources import Source


@dataclass(frozen=True)
class Remark:
    """Something that was assumed, or a question to answer; ``key`` is the key of the mapping that it is about, if it is about one."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class View:
    """A source that was looked at.

    Attributes
    ----------
    source
        The file or sheet; the first of several that are alike.
    portraits
        Its columns.
    file
        How the mapping names it: a path or a glob.
    is_whole
        Whether the sample is all of it.
    """

    source: Source
    portraits: tuple[Portrait, ...]
    file: str
    is_whole: bool

    @property
    def label(self) -> str:
        """File and sheet, for people."""
        return f"{self.file}#{self.source.sheet}" if self.source.sheet else self.file

    def portrait(self, name: str) -> Portrait:
        """Return the portrait of a column."""
        return next(each for each in self.portraits if each.name == name)


@dataclass(frozen=True)
class Placed:
    """A source and the table it feeds; ``runner_up`` is the score of the next best table."""

    view: View
    table: Table
    matches: tuple[Match, ...]
    score: float
    runner_up: float

    def match(self, name: str) -> Match | None:
        """Return what was matched to a column of the contract or a helper."""
        return next((each for each in self.matches if each.column.name == name), None)

    def portrait(self, name: str) -> Portrait | None:
        """Return the column that was matched to a column of the contract or a helper."""
        match = self.match(name)
        return match.portrait if match else None


@dataclass(frozen=True)
class Reading:
    """How the values of a file are to be read.

    Attributes
    ----------
    units, time_zone, date_formats
        As in ``data.mapping.Feed``.
    extras
        Further keys of the mapping's entry, as TOML has them.
    remarks
        What was assumed, and questions.
    columns
        Columns that several of the source's columns make, such as a day and a time of day.
    """

    units: dict[str, str]
    time_zone: str | None
    date_formats: tuple[str, ...]
    extras: dict[str, Any]
    remarks: tuple[Remark, ...]
    columns: dict[str, tuple[str, ...]]


class Confidence(StrEnum):
    """How sure a guess is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class GuessedColumn:
    """One column of a table and what it is taken from.

    Attributes
    ----------
    column
        Column of the contract.
    source_columns
        Column of the file; several are joined; none where the reader took it out.
    confidence, reasons
        How sure that is, and what speaks for it beside the name.
    examples
        First different values.
    candidates
        Other columns of the file that it could be, best first.
    """

    column: Column
    source_columns: tuple[str, ...]
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leftover:
    """A column of a file that no table takes, with its first values and what it might be good for."""

    name: str
    examples: tuple[str, ...]
    remark: str = ""


@dataclass(frozen=True)
class GuessedFeed:
    """One table fed by one file (or by constants).

    Attributes
    ----------
    feed
        The entry of the mapping.
    source
        The file or sheet looked at; the first of them where the feed names several; None for constants.
    columns
        What every column is taken from.
    confidence
        How sure it is that the file feeds this table.
    leftovers
        Columns that nothing takes; given once per file, with its first table.
    remarks
        What was assumed, and questions to answer.
    extras
        Further keys of the entry (derivations), as TOML has them.
    """

    feed: Feed
    source: Source | None
    columns: tuple[GuessedColumn, ...]
    confidence: Confidence
    leftovers: tuple[Leftover, ...] = ()
    remarks: tuple[Remark, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """Table that is fed."""
        return self.feed.table
