"""One metric as a value: its definition, and what pages, exports and docs must know of it."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final, Literal

import ibis.expr.types as ir

from analytics.dimensions import CALENDAR, DIMENSIONS, refusal
from analytics.errors import ParameterError
from analytics.parameters import Parameters
from analytics.privacy import Tiling

Direction = Literal["up", "down", "none"]
Kind = Literal["count", "seconds", "share", "ratio", "money", "hours"]

FACTS: Final = ("orders", "offers", "trips", "shift_activity", "drives")
"""Tables whose rows happen on a day, at a mall: filtered by period and mall before a metric sees them."""

ORDER_DIMENSIONS: Final = tuple(name for name in DIMENSIONS if name != "pay_band")
OFFER_DIMENSIONS: Final = (*CALENDAR, "distance_band", "pay_band", "vehicle", "batch")
TRIP_DIMENSIONS: Final = (*CALENDAR, "vehicle", "batch")
SHIFT_DIMENSIONS: Final = (*CALENDAR, "vehicle")


@cache
def tables_of(function: Callable[..., ir.Table]) -> tuple[str, ...]:
    """Return the tables of the contracts that a definition reads: its positional parameters."""
    return tuple(each.name for each in inspect.signature(function).parameters.values() if each.kind is not each.KEYWORD_ONLY)


@cache
def _options_of(function: Callable[..., ir.Table]) -> frozenset[str]:
    return frozenset(each.name for each in inspect.signature(function).parameters.values() if each.kind is each.KEYWORD_ONLY)


@dataclass(frozen=True)
class Change:
    """A change of a definition: from when on figures mean something else, and what; in words that tell the old from the new."""

    on: date
    text: str


@dataclass(frozen=True)
class Counting:
    """Which rows of one table of facts count in a metric, and how those are called that are lost to it.

    Attributes
    ----------
    table
        Table of facts.
    needs
        Columns that a row must have to count.
    status
        Only rows of this status are expected to have them; the others are no loss.
    left_out
        The rows that lack them, in words.
    where
        Rows that count, where having the columns is not enough: a function of the table.
    missed
        Columns whose lack is told although such rows count.
    is_at_every_hour
        Rows of all hours count, though the metric takes one hour of the week as an option: it uses that for other tables only.
    beside, kept, not_kept
        Another table of the metric that must know of the rows too; of both tables and the columns that make the groups (and of who is
        counted as people where it takes ``weight``), the rows that count; the others of those that could count, in words.
    carried
        Adds to the rows copies in later hours to whose figures they lead, marked by ``is_copy``: their people stand behind those too. A
        function of the table, and of the columns that make the groups.
    """

    table: str
    needs: tuple[str, ...] = ()
    status: str | None = None
    left_out: str = ""
    where: Callable[[ir.Table], ir.BooleanValue] | None = None
    missed: tuple[str, ...] = ()
    is_at_every_hour: bool = False
    beside: str = ""
    kept: Callable[..., ir.Table] | None = None
    not_kept: str = ""
    carried: Callable[[ir.Table, Sequence[str]], ir.Table] | None = None

    def known_beside(self, rows: ir.Table, other: ir.Table, by: Sequence[str], weight: str) -> ir.Table:
        """Return the rows that the other table knows of too."""
        if self.kept is None:
            return rows
        return self.kept(rows, other, by, **({"weight": weight} if "weight" in inspect.signature(self.kept).parameters else {}))


@dataclass(frozen=True)
class Hourly:
    """Hours of places that are counted once for a version, and a definition that is told from them.

    Attributes
    ----------
    counted
        A row per place and local hour: a function of tables of the contracts and of ``place``, the columns that name one. What it says of
        an hour does not hang on the period that is asked.
    told
        The metric: a function of these rows and of other tables of the contracts, with the options of the metric's own function.
    """

    counted: Callable[..., ir.Table]
    told: Callable[..., ir.Table]


@dataclass(frozen=True)
class Metric:
    """One metric: its definition and what pages, exports and docs must know of it.

    Attributes
    ----------
    function
        The definition: positional parameters are tables of the contracts, keyword parameters are fields of ``Parameters``. Its name is
        the metric's id, its docstring the definition in words.
    label, help
        Name on screen, and one sentence in plain words.
    unit
        Unit of the leading figure: ``orders``, ``s``, ``share``.
    kind
        ``count``; ``seconds``; ``share``, 0 to 1; ``ratio`` of two sums that is no share, such as deliveries per hour; ``money`` in cents;
        ``hours``, in seconds. Ratios and money are shown as ``rate``.
    direction
        Whether more is better (``up``), worse (``down``) or neither (``none``).
    source
        Where the definition comes from.
    formula
        The definition in symbols: columns of the contracts, other metrics, and words where there is no column.
    dimensions
        Dimensions by which it may be grouped.
    keys
        Columns that name the rows of a metric whose rows are fixed by its definition.
    needs
        Columns that a row of the facts must have to count.
    needs_status
        Only rows of this status are expected to have them; the others are no loss.
    left_out
        The rows that lack them, in words.
    also
        What counts of its other tables of facts; a table that is not named counts with all its rows. ``needs``, ``needs_status`` and
        ``left_out`` are those of the first one, unless it is named here.
    per
        Units of the denominator in one of the unit in which the rate is told: 3,600 for seconds and an hour.
    units
        Units of numerator and denominator where they are not counts of the first facts' rows, such as ``("cents", "orders")``. A share of
        seconds has no binomial interval; it has one where its function returns the sums of squares of ``analytics.ratios``.
    n_of
        What its ``n`` counts, where that is not rows of the first facts: ``orders``, ``cells``.
    history_weeks
        Weeks before the period that its function sees too: rows then carry ``in_period``, and only those in the period are counted as
        rows and people behind the figures.
    model
        What a reader must know of the model behind some of its figures; it stands in the answer's note.
    modelled
        A model stands behind it; nothing was observed.
    by_mall
        Its function counts shifts by mall although its rows do not name the mall: it sees the shifts of each mall's drivers.
    by_days
        Asked of whole days by many pages: who stands behind it, and what is left out, is counted by day once for a version
        (``analytics.days``). Its parts must not depend on groups or standards.
    day_sums
        By table of facts, what of it is added up by mall and day: a function of the table and of ``by``, whose columns add up. Figures of
        whole days are made of these sums; a metric whose own columns add up names its own function.
    of_days
        Its definition on these sums, in the order of ``day_sums``, with the options of its function; None: the columns are added up.
    mall_by_mall
        Its ``day_sums`` are added up for a mall when that mall is first asked for: for all of them at once they would take too long.
    hourly
        Its definition on hours that are counted once for a version.
    parts
        Which rows of the facts stand behind figures that fewer people may stand behind than behind the row, by the name of the part: its
        columns are ``NAME`` and those that begin with ``NAME_``. Each part is hidden by its own number of people. A function of the
        table, and of the columns that make the groups where it takes ``by``, of the standard where it takes ``service_s``.
    tilings
        Wholes with the parts that add up to them, outer ones before inner ones: a hidden part must not follow from those shown.
    breaks
        Class limits of maps by column, in the column's unit: fixed, so that a color means the same on every map.
    changes
        Changes of the definition, newest last.
    """

    function: Callable[..., ir.Table]
    label: str
    help: str
    unit: str
    kind: Kind
    direction: Direction
    source: str
    formula: str = ""
    dimensions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_status: str | None = None
    left_out: str = ""
    also: tuple[Counting, ...] = ()
    per: int = 1
    units: tuple[str, str] | None = None
    n_of: str = ""
    history_weeks: int = 0
    model: str = ""
    modelled: bool = False
    by_mall: bool = False
    by_days: bool = False
    day_sums: tuple[tuple[str, Callable[..., ir.Table]], ...] = ()
    of_days: Callable[..., ir.Table] | None = None
    mall_by_mall: bool = False
    hourly: Hourly | None = None
    parts: Callable[..., dict[str, ir.BooleanValue]] | None = None
    tilings: tuple[Tiling, ...] = ()
    breaks: tuple[tuple[str, tuple[float, ...]], ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def id(self) -> str:
        """Name of the metric and of its function."""
        return self.function.__name__

    @property
    def definition(self) -> str:
        """Docstring of the function."""
        return inspect.getdoc(self.function) or ""

    @property
    def version(self) -> int:
        """Number of the definition: 1 for the first one, one more with every change. Figures of two versions cannot be compared."""
        return 1 + len(self.changes)

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the contracts that it reads."""
        return tables_of(self.function)

    @property
    def options(self) -> frozenset[str]:
        """Fields of ``Parameters`` that its function takes."""
        return _options_of(self.function)

    @property
    def facts(self) -> str | None:
        """Table of facts that it counts in the first place; None for a metric made by a model alone."""
        return next(iter(self.all_facts), None)

    @property
    def all_facts(self) -> tuple[str, ...]:
        """Tables of facts that it counts, in the order of its function's parameters."""
        return tuple(table for table in self.tables if table in FACTS)

    def counting(self, table: str) -> Counting:
        """Return which rows of a table of facts count."""
        named = next((each for each in self.also if each.table == table), None)
        if named is not None:
            return named
        return Counting(table, self.needs, self.needs_status, self.left_out) if table == self.facts else Counting(table)

    def parts_of(self, rows: ir.Table, by: Sequence[str], service_s: int) -> dict[str, ir.BooleanValue]:
        """Return which rows of the facts stand behind each part, in groups made by these columns and by this standard."""
        if self.parts is None:
            return {}
        taken = inspect.signature(self.parts).parameters
        return self.parts(rows, **{name: value for name, value in (("by", by), ("service_s", service_s)) if name in taken})

    def uses(self, field: str) -> bool:
        """Tell whether the answer depends on a field of ``Parameters``."""
        if field in {"mall_id", "start_on", "end_on", "dow", "hour"} and self.facts:
            return True
        if field == "resolution" and "cell" in (*self.dimensions, *self.keys):
            return True
        return field == "market_id" or field in self.options

    def breaks_of(self, column: str) -> tuple[float, ...] | None:
        """Return the class limits of a column; None where none are fixed."""
        return dict(self.breaks).get(column)

    def depends(self, field: str, parameters: Parameters) -> bool:
        """Tell whether the answer to this very question depends on a field: resolution matters in rows by cell only."""
        if field == "resolution" and field not in self.options:
            return "cell" in (*parameters.by, *self.keys)
        return self.uses(field)

    def refusal(self, dimension: str) -> str:
        """Return why it cannot be grouped by a dimension, as the end of a sentence; empty where it can."""
        if dimension in self.dimensions:
            return ""
        if self.keys and not self.dimensions:
            return "its rows are fixed by its definition"
        return refusal(dimension, self.all_facts, is_modelled=self.modelled, has_people="demand_cells" in self.tables)

    def understood(self, parameters: Parameters) -> Parameters:
        """Return the parameters with every field that this question does not use set back to its default.

        Raises
        ------
        ParameterError
            If a group is asked for that the metric does not have.
        """
        for dimension in parameters.by:
            if dimension not in self.dimensions:
                known = ", ".join(self.dimensions) or "none: its rows are fixed"
                why = f": {self.refusal(dimension)}" if dimension in DIMENSIONS else ""
                raise ParameterError(f"{self.id} cannot be grouped by {dimension!r}{why}; its dimensions are {known}")
        default = Parameters()
        unused = {name: getattr(default, name) for name in Parameters.__dataclass_fields__ if not self.depends(name, parameters)}
        return replace(parameters, **unused)
