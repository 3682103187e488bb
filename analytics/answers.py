"""The one door to the warehouse: a metric, its parameters, who asks and a version make a table that may be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics import attraction, catalog, days, notes, reference
from analytics.asked_rows import keys
from analytics.catalog import FACTS, Metric
from analytics.dimensions import OF_DRIVERS
from analytics.errors import ParameterError
from analytics.finish import with_figures
from analytics.parameters import Parameters, Scope, check_scope
from analytics.people import BUCKETS, OTHERS, PEOPLE, ROWS, people_behind, with_people
from analytics.privacy import SUBJECTS, Booleans, Integers, at_least, hidden_parts, is_hidden
from analytics.questions import CARRIERS, question
from data.engine import Engine
from data.warehouse import Version

_PARTS_HIDDEN = "figures with {too_few} behind them are empty, and so are those from which they would follow"


@dataclass(frozen=True)
class Answer:
    """A table that may be shown, and everything that must be said beside it.

    Attributes
    ----------
    table
        One row per group, sorted. The columns that name the group, the metric's values (null where hidden), figures made from them
        (``share``, ``low``, ``high``, ``mean_s``, ``cell_area_m2``), and ``suppressed``.
    metric, parameters, scope
        What was asked; parameters that the metric does not use are back at their defaults, and a modelled metric of one mall is asked of
        the mall's own market.
    version_id, is_synthetic
        What it was asked of.
    sql
        The query that ran: the same text gives the same integers in any DuckDB that has the version's tables.
    k
        Fewest people behind a shown row, of those in the metric's first table of facts; 0 where no person stands behind the figures.
    rows_behind
        Rows of the metric's first table of facts (orders, offers, trips, hours of shifts) that count in the table, those in hidden rows
        too; 0 for modelled metrics, and where every row is hidden: the number would tell what the rows must not. None where the hidden
        rows together have fewer than k people behind them: the shown rows taken from the total would tell how many orders these few
        placed.
    rows_shown
        Rows of the metric's first table of facts that count in the rows that are shown.
    hidden_share
        Part of ``rows_behind`` in hidden rows, 0 to 1; where ``rows_behind`` is None, what it is at most.
    left_out
        Rows of the filter that could not count, by reason in words; empty where there are none, every row is hidden, or ``rows_behind`` is
        None: those of hidden groups are among them.
    note
        What a reader must know about the figures, such as the model behind them.
    """

    table: pa.Table
    metric: Metric
    parameters: Parameters
    scope: Scope
    version_id: str
    is_synthetic: bool
    sql: str
    k: int = 0
    rows_behind: int | None = 0
    rows_shown: int = 0
    hidden_share: float = 0.0
    left_out: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def too_few(self) -> str:
        """Who is too few behind a hidden row, in words: ``fewer than 5 drivers or 10 customers``."""
        return _too_few(self.metric, self.parameters)

    @property
    def rows_are(self) -> str:
        """What ``rows_behind`` counts: ``orders``, ``offers``, ``trips`` or ``shift hours``."""
        return SUBJECTS[self.metric.facts or "orders"].rows

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: no rows, or only a total of nothing."""
        if self.table.num_rows == 0:
            return True
        return self.metric.facts is not None and self.rows_behind == 0 and self.hidden_share == 0

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def row(self) -> dict[str, Any]:
        """Return the only row.

        Raises
        ------
        ValueError
            If the answer has no row or several.
        """
        (row,) = self.rows()
        return row


def answers(metric: str, parameters: Parameters, scope: Scope, version: Version) -> Answer:
    """Ask one metric of one version.

    Parameters
    ----------
    metric
        Id in the catalog.
    parameters
        Filters, groups and options.
    scope
        Who asks; ``Scope()`` means everything.
    version
        Version of the warehouse.

    Returns
    -------
    Answer
        Rows whose group has fewer than k people are there, marked ``suppressed`` and empty.

    Raises
    ------
    UnknownMetric, ParameterError, ScopeError
        If the question cannot be asked so.
    WarehouseError
        If the version cannot be read.
    """
    check_scope(scope, is_of_people=False)
    chosen = catalog.metric(metric)
    check_scope(scope, is_of_people=bool(chosen.all_facts))
    asked = _asked(chosen, parameters, version)
    compiled = question(chosen, asked, _large(version))
    engine = Engine.of(version)
    for each in compiled.kept:
        engine.keep(each.name, each.sql, each.part)
    raw = with_people(engine.table(compiled.run_sql).cast(compiled.schema), compiled, engine)
    k = SUBJECTS[chosen.facts].k if chosen.facts else 0
    hidden = _hidden(raw, chosen)
    values, is_incomplete = _without_hidden_parts(raw, chosen, k)
    shown = _shown(values, chosen, keys(chosen, asked), hidden)
    rows_behind, hidden_share = _counted(raw, hidden, k)
    return Answer(
        table=shown,
        metric=chosen,
        parameters=asked,
        scope=scope,
        version_id=version.id,
        is_synthetic=version.manifest.synthetic,
        sql=compiled.sql,
        k=k,
        rows_behind=rows_behind,
        rows_shown=int(_of(raw, ROWS)[~hidden].sum()),
        hidden_share=hidden_share,
        left_out={} if rows_behind is None or (hidden.size and hidden.all()) else _left_out(engine, compiled.left_out_sql),
        note="; ".join(
            filter(
                None,
                [
                    _PARTS_HIDDEN.format(too_few=_too_few(chosen, asked)) if (is_incomplete & ~hidden).any() else "",
                    chosen.model,
                    _note(chosen, asked, shown, version),
                    attraction.note(asked, version) if attraction.is_asked_by(chosen) else "",
                    *notes.of_data(chosen, asked, version),
                ],
            )
        ),
    )


def hidden_share(metric: str, parameters: Parameters, scope: Scope, version: Version) -> float:
    """Return ``Answer.hidden_share`` without the figures: at which resolution a map can be drawn costs a tenth of drawing it.

    Parameters and errors as in ``answers``; of groups in which nobody counts, which hide nothing, it knows nothing.
    """
    chosen = catalog.metric(metric)
    check_scope(scope, is_of_people=bool(chosen.all_facts))
    compiled, engine = question(chosen, _asked(chosen, parameters, version), _large(version)), Engine.of(version)
    for each in compiled.kept:
        engine.keep(each.name, each.sql, each.part)
    if not compiled.people:
        return 0.0
    groups = people_behind(compiled.people[0], engine).select(compiled.people[0].group)
    raw = with_people(groups, compiled, engine)
    return _counted(raw, _hidden(raw, chosen), SUBJECTS[str(chosen.facts)].k)[1]


def query(metric: str, parameters: Parameters, scope: Scope, version: Version) -> str:
    """Return the SQL that ``answers`` would run, without running it; refuses what ``answers`` refuses."""
    check_scope(scope, is_of_people=False)
    chosen = catalog.metric(metric)
    check_scope(scope, is_of_people=bool(chosen.all_facts))
    return question(chosen, _asked(chosen, parameters, version)).sql


def _asked(metric: Metric, parameters: Parameters, version: Version) -> Parameters:
    """Return what is really asked: what the metric does not use at its default, and of a model with a mall the mall's own market.

    Raises
    ------
    ParameterError
        If the version has no such market or mall: a misspelled name must not look like an empty answer.
    """
    asked = metric.understood(parameters)
    home = _home(asked, version)
    asked = replace(asked, market_id=home) if metric.modelled and home is not None else asked
    return attraction.with_exponents(asked, version) if attraction.is_asked_by(metric) else asked


def _home(asked: Parameters, version: Version) -> str | None:
    """Return the market of the mall that is asked for, if any; refuse names that the version does not have."""
    markets = {market.id for market in reference.markets(version)}
    if asked.market_id is not None and asked.market_id not in markets:
        raise ParameterError(f"there is no market {asked.market_id!r} in {version.id}; markets are {', '.join(sorted(markets)) or 'none'}")
    if asked.mall_id is None:
        return None
    home = {mall.id: mall.market_id for mall in reference.malls(version)}
    if asked.mall_id not in home:
        raise ParameterError(f"there is no mall {asked.mall_id!r} in {version.id}; malls are {', '.join(sorted(home)) or 'none'}")
    if asked.market_id is not None and home[asked.mall_id] != asked.market_id:
        raise ParameterError(f"mall {asked.mall_id!r} is in market {home[asked.mall_id]!r}, not in {asked.market_id!r}")
    return home[asked.mall_id]


def _large(version: Version) -> frozenset[str]:
    """Return the tables of facts whose days are worth keeping."""
    return frozenset(name for name in FACTS if version.manifest.rows(name) >= days.FEWEST_ROWS)


def _left_out(engine: Engine, sql: str | None) -> dict[str, int]:
    if sql is None:
        return {}
    (counts,) = engine.table(sql).to_pylist()
    return {reason: int(rows) for reason, rows in counts.items() if rows}


def _of(raw: pa.Table, name: str) -> Integers:
    """Return a count behind the rows; zeros where no person stands behind the figures."""
    counts: Integers = raw.column(name).to_numpy() if name in raw.column_names else np.zeros(raw.num_rows, np.int64)
    return counts


def _hidden(raw: pa.Table, metric: Metric) -> Booleans:
    """Tell which rows have too few people behind them, in any table of facts."""
    hidden: Booleans = np.zeros(raw.num_rows, np.bool_)
    for name in (*metric.all_facts, CARRIERS):
        hidden |= is_hidden(_of(raw, PEOPLE if name == metric.facts else f"{OTHERS}{name}"), SUBJECTS[name].k)
    return hidden


def _too_few(metric: Metric, asked: Parameters) -> str:
    carriers = () if OF_DRIVERS.isdisjoint(asked.by) else (CARRIERS,)
    fewest = dict.fromkeys((SUBJECTS[name].k, SUBJECTS[name].people) for name in (*metric.all_facts, *carriers))
    return "fewer than " + " or ".join(f"{k} {people}" for k, people in fewest)


def _counted(raw: pa.Table, hidden: Booleans, k: int) -> tuple[int | None, float]:
    """Return the orders behind all rows and the share in hidden ones, as far as they may be told: see ``Answer``."""
    rows, people, buckets = (_of(raw, name) for name in (ROWS, PEOPLE, BUCKETS))
    total, secret = int(rows.sum()), int(rows[hidden].sum())
    if not secret:
        return total, 0.0
    if hidden.all():
        return 0, 1.0
    if at_least(people[hidden], buckets[hidden]) >= k:
        return total, secret / total
    # As if k orders were hidden, or the next power of two where these few placed more: what this leaves open is the number itself.
    most = k if secret <= k else 1 << (secret - 1).bit_length()
    return None, most / (total - secret + most)


def _without_hidden_parts(raw: pa.Table, metric: Metric, k: int) -> tuple[pa.Table, Booleans]:
    """Drop the counts behind the rows, empty parts that too few people stand behind, and tell in which rows there were any."""
    values = raw.select([name for name in raw.column_names if name != ROWS and not name.startswith((PEOPLE, BUCKETS, OTHERS))])
    names = [name.removeprefix(f"{PEOPLE}_") for name in raw.column_names if name.startswith(f"{PEOPLE}_")]
    people, buckets = ({name: _of(raw, f"{kind}_{name}") for name in names} for kind in (PEOPLE, BUCKETS))
    columns_of = {name: [column for column in values.column_names if column == name or column.startswith(f"{name}_")] for name in names}
    hidden = hidden_parts(people, buckets, metric.tilings, k=k, published=[name for name in names if columns_of[name]])
    for name in names:
        for column in columns_of[name]:
            values = values.set_column(values.column_names.index(column), column, _nulled(values.column(column), hidden[name]))
    is_incomplete = [hidden[name] for name in names if columns_of[name]]
    return values, np.any(is_incomplete, axis=0) if is_incomplete else np.zeros(raw.num_rows, np.bool_)


def _shown(values: pa.Table, metric: Metric, named: tuple[str, ...], hidden: Booleans) -> pa.Table:
    """Empty the hidden rows and make figures of the others."""
    for position, name in enumerate(values.column_names):
        if name not in named:
            values = values.set_column(position, name, _nulled(values.column(name), hidden))
    return with_figures(values, metric).append_column("suppressed", pa.array(hidden))


def _nulled(values: pa.ChunkedArray, hidden: Booleans) -> pa.ChunkedArray:
    return pc.if_else(pa.array(hidden), pa.scalar(None, values.type), values)


def _note(metric: Metric, asked: Parameters, shown: pa.Table, version: Version) -> str:
    """Say which model made the drive times, and whether the weight chosen is in the data at all."""
    if not {"catchments", "drives"} & {*metric.tables}:
        return ""
    notes = [reference.drive_time_note(version, asked.market_id)]
    if metric.uses("weight") and "denominator" in shown.column_names and not pc.sum(shown.column("denominator")).as_py():
        notes.append(f"no {asked.weight} in this data")
    return "; ".join(notes)
