"""All rows behind an answer: the orders, offers, trips or hours that its shown figures count, one by one, streamed.

Rows are of nobody: they carry no id of a customer, a driver, an order or a trip, no point, and no place or group but those by which the
answer was asked. Rows of hidden groups are not there; where a figure of a group is hidden because few people stand behind it, what its
rows were measured is empty. What is left is what the table shows, an instant, and what the figure rests on. Instants are exact, so that a
file of rows tells how many fell into an hour: it is for readers who may see everything, and never a release.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import IbisError

from analytics import catalog
from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.dimensions import OF_DRIVERS, columns, with_made_columns
from analytics.errors import ParameterError
from analytics.export.about import description
from analytics.export.names import stem
from analytics.export.tables import BATCH_ROWS, CELL, leaving
from analytics.parameters import EVERYTHING, FINEST_RESOLUTION, Parameters
from analytics.privacy import SUBJECTS
from analytics.questions import CARRIERS, compiling, counting_rows
from analytics.tables import unbound
from data.contracts import Column, Kind, table
from data.engine import Engine
from data.warehouse import Version

_INSTANTS: Final = {"orders": "placed_at", "offers": "shown_at", "trips": "accepted_at"}
"""When a row happened, by table of facts; rows of the others know their local hour only."""

_MEASURED: Final = frozenset({Kind.INTEGER, Kind.SECONDS, Kind.METERS, Kind.CENTS, Kind.BOOLEAN})
_NOT_MEASURED: Final = frozenset({"distance_m", "line_from_m", "customer_bucket", "local_hour", "local_dow"})
"""What would tell where a door is, who ordered, or a group that was not asked for."""


@dataclass(frozen=True)
class Behind:
    """The rows behind an answer, as they leave; asked for when they are written, a batch at a time.

    Attributes
    ----------
    answer
        Whose figures they are behind.
    version
        Version that was asked.
    """

    answer: Answer
    version: Version

    @cached_property
    def sql(self) -> str:
        """The query of the rows."""
        with compiling:
            return _sql(self.answer.metric, self.answer.parameters)

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return f"{stem(self.answer)}_{self.answer.rows_are.replace(' ', '_')}"

    @property
    def is_synthetic(self) -> bool:
        """Whether the rows are made up."""
        return self.answer.is_synthetic

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        (counted,) = Engine.of(self.version).table(f"SELECT count(*) AS n FROM ({self.sql})").to_pylist()
        return int(counted["n"])

    @property
    def has_cells(self) -> bool:
        """Whether the rows name cells."""
        return CELL in columns(self.answer.parameters.by)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns as they leave."""
        none = Engine.of(self.version).table(f"SELECT * FROM ({self.sql}) LIMIT 0")
        return leaving(none, is_synthetic=self.answer.is_synthetic).schema

    @property
    def about(self) -> Mapping[str, Any]:
        """What the rows are, and what is not among them."""
        said = {name: value for name, value in description(self.answer, self.version).items() if name not in {"rows", "columns", "sql"}}
        return {
            "what": f"the {self.answer.rows_are} behind the shown figures",
            **said,
            "not_here": f"{self.answer.rows_are} of hidden rows; ids of persons, orders and trips; points; groups that were not asked for",
            "empty_where": "a figure of the group is hidden",
            "sql": self.sql,
        }

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the rows as they leave."""
        for batch in Engine.of(self.version).batches(self.sql, BATCH_ROWS):
            yield from leaving(pa.Table.from_batches([batch]), is_synthetic=self.answer.is_synthetic).to_batches()


def none_because(answer: Answer) -> str:
    """Return why an answer has no rows that may be shown, as a sentence; empty where it has."""
    if answer.metric.facts is None:
        return "A model stands behind these figures; there are no rows of orders, offers or shifts to show."
    if answer.scope != EVERYTHING:
        return "Rows are for readers who may see everything."
    if answer.table.num_rows and all(answer.table.column("suppressed").to_pylist()):
        return f"Each row of the table has {answer.too_few} behind it, so theirs are not shown either."
    return "" if answer.rows_shown else f"There are no {answer.rows_are} behind this table."


def count_text(answer: Answer) -> str:
    """Return how many rows stand behind the shown figures, in words: ``all 48,112 orders``."""
    return f"all {answer.rows_shown:,} {answer.rows_are}"


def rows_behind(answer: Answer, version: Version) -> Behind:
    """Return the rows behind an answer's shown figures, ready to be written in any format.

    Parameters
    ----------
    answer
        From ``answers``, of this version.
    version
        Version that was asked.

    Returns
    -------
    Behind
        One row per order (offer, trip, hour of a shift) that counts, sorted:

        - the columns that name the answer's groups
        - ``placed_at_utc`` (``shown_at_utc``, ``accepted_at_utc``), and ``placed_at_local`` where the answer names its market or mall;
          ``local_date`` and ``local_hour`` of tables without an instant
        - what the figure rests on, such as ``click_to_door_s``, ``late_s``, ``pay_cents``

    Raises
    ------
    ParameterError
        If there are no rows that may be shown; says why.
    """
    reason = none_because(answer)
    if reason:
        raise ParameterError(reason)
    return Behind(answer, version)


def _sql(metric: Metric, asked: Parameters) -> str:
    """Return the query of the rows: those that count, without those of hidden groups."""
    facts, counted = str(metric.facts), counting_rows(metric, asked)
    group, counting = counted[facts]
    own = counting.filter(~counting.is_copy) if "is_copy" in counting.columns else counting
    instants, measured = _instants(facts, asked, group), [name for name in rests_on(metric, facts) if name not in group]
    kept = [*group, "market_id", *filter(None, [_INSTANTS.get(facts), *instants]), *measured]
    rows = own.select(*(name for name in dict.fromkeys(kept) if name in own.columns))
    hidden = [(_few(each, name, by), by) for name, (by, each) in counted.items()]
    if facts == "orders" and not OF_DRIVERS.isdisjoint(asked.by):
        hidden.append((_few(counting, CARRIERS, group), group))
    parts = metric.parts_of(counting, group, asked.service_s)
    blank = f"EXISTS (FROM {_few(counting, facts, group, parts)} AS few WHERE {_same(group)})" if parts else "false"
    there = " AND ".join(f"NOT EXISTS (FROM {few} AS few WHERE {_same(by)})" for few, by in hidden)
    shown = [
        *(f'rows."{name}"' for name in group),
        *(f"{written} AS {name}" for name, written in instants.items()),
        *(f"CASE WHEN NOT is_blank THEN rows.{name} END AS {name}" for name in measured),
    ]
    return (
        f"WITH rows AS ({_written(rows)}), told AS (SELECT rows.*, {blank} AS is_blank FROM rows WHERE {there}) "
        f"SELECT {', '.join(shown)} FROM told AS rows LEFT JOIN markets AS market ON market.market_id = rows.market_id ORDER BY ALL"
    )


def _instants(facts: str, asked: Parameters, group: tuple[str, ...]) -> dict[str, str]:
    """Return when the rows happened, by column: local time only where the place is told anyway, for it gives away the time zone."""
    instant = _INSTANTS.get(facts)
    if instant is None:
        return {name: f"rows.{name}" for name in ("local_date", "local_hour") if name not in group}
    found = {f"{instant}_utc": f"rows.{instant}"}
    if asked.market_id or asked.mall_id or {"market_id", "mall_id"} & {*group}:
        found[f"{instant}_local"] = f"timezone(market.time_zone, rows.{instant} AT TIME ZONE 'UTC')"
    return found


def _few(rows: ir.Table, facts: str, group: tuple[str, ...], parts: Mapping[str, ir.BooleanValue] | None = None) -> str:
    """Return the query of the groups with too few people behind them, or behind one of their parts where these are given.

    People are counted one by one here, and only here: a file of rows may take a second longer than a figure.
    """
    subject = SUBJECTS[facts]
    everything = {} if group else {"everything": ibis.literal(1)}
    conditions = {"all": ibis.literal(True)} if parts is None else {f"part_{place}": each for place, each in enumerate(parts.values())}
    flagged = rows.select(*group, **everything, person=subject.of(rows), **conditions)
    counts = {f"{name}_n": _people(flagged, name) for name in conditions}
    people = flagged.aggregate(counts, by=[*group, *everything])
    few = people.filter(reduce(or_, [people[name].between(1, subject.k - 1) for name in counts]))
    return f"({_written(few.select(*group, *everything))})"


def _people(flagged: ir.Table, name: str) -> ir.IntegerValue:
    """Return how many people stand behind the flagged rows; one at least where there are rows, even of persons unknown."""
    return ibis.greatest(flagged.person.nunique(where=flagged[name]), flagged[name].any().fill_null(False).cast("int64"))


def _written(rows: ir.Table) -> str:
    return str(ibis.to_sql(rows, dialect="duckdb"))


def _same(group: tuple[str, ...]) -> str:
    return " AND ".join(f'few."{name}" IS NOT DISTINCT FROM rows."{name}"' for name in group) or "true"


@lru_cache(maxsize=256)
def rests_on(metric: Metric, facts: str) -> tuple[str, ...]:
    """Return what a metric's figures rest on: the measures of a table of facts without which its definition cannot be written."""
    whole = {name: _as_asked(metric, name) for name in metric.tables}
    return tuple(
        column.name for column in table(facts).columns if _is_measure(column) and not _can_do_without(metric, whole, facts, column)
    )


def _as_asked(metric: Metric, name: str) -> ir.Table:
    """Return a table as a metric's definition sees it: with the columns that its rows are named by, and whether a row is in the period."""
    rows = unbound(name)
    if name not in catalog.FACTS:
        return rows
    rows = with_made_columns(rows, metric.keys, FINEST_RESOLUTION, unbound) if name in {"orders", "drives", "offers"} else rows
    return rows.mutate(in_period=True) if metric.history_weeks else rows


def _is_measure(column: Column) -> bool:
    return column.name == "status" or (column.kind in _MEASURED and column.name not in _NOT_MEASURED)


def _can_do_without(metric: Metric, whole: Mapping[str, ir.Table], facts: str, column: Column) -> bool:
    """Tell whether the definition can be written for a table of facts without a column."""
    tables = {**whole, facts: whole[facts].drop(column.name)}
    default = Parameters()
    try:
        metric.function(*tables.values(), **{name: () if name == "by" else getattr(default, name) for name in metric.options})
    except (AttributeError, IbisError):
        return False
    return True
