"""Asking from a notebook or a script: a metric and its filters in one line, Arrow tables out.

``from analytics import ask`` is the way in; see the README.
"""

from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from analytics import export
from analytics.answers import Answer, answers
from analytics.errors import ParameterError
from analytics.parameters import EVERYTHING, Parameters
from data.errors import WarehouseError
from data.warehouse import Version, Warehouse, default_root

_SHORT: Final = {"market": "market_id", "mall": "mall_id", "start": "start_on", "end": "end_on"}
_DAYS: Final = ("start_on", "end_on")


def version(warehouse: str | Path | None = None, id_: str | None = None) -> Version:
    """Return a data version.

    Parameters
    ----------
    warehouse
        Folder of versions; ``$MALLREACH_WAREHOUSE``, else ``./warehouse``, where none is named.
    id_
        Version; the one that serves where none is named.

    Raises
    ------
    WarehouseError
        If there is none.
    """
    root = default_root() if warehouse is None else Path(warehouse)
    if id_ is not None:
        return Warehouse(root).version(id_)
    current = Warehouse(root).current()
    if current is None:
        raise WarehouseError(f"{root}: nothing published yet; run `python -m data demo` or `python -m data load PATH` first")
    return current


def ask(metric: str, *, of: Version | None = None, by: str | tuple[str, ...] = (), **filters: Any) -> Answer:
    """Ask one metric: the same figures as on a page and on the command line, groups with too few people hidden.

    Parameters
    ----------
    metric
        Id, such as ``click_to_door``; docs/metrics.md has them all.
    of
        Data version; the one that serves where none is given.
    by
        Groups: ``"mall,week"`` or ``("mall", "week")``.
    filters
        Fields of ``Parameters``: ``market_id``, ``mall_id``, ``start_on`` and ``end_on`` (days, or texts such as ``2026-03-02``; the end is
        not part of the period), ``within_s`` and so on; ``market``, ``mall``, ``start`` and ``end`` for short.

    Returns
    -------
    Answer
        ``.table`` is the Arrow table; ``geo_frame`` gives rows by cell as a geopandas frame, ``rows_behind`` the rows that it counts.

    Raises
    ------
    UnknownMetric, ParameterError, WarehouseError
        If the question cannot be asked so, or there is no data.

    Examples
    --------
    >>> ask("orders", by="mall,week", market="las-vegas").table  # doctest: +SKIP
    """
    named = {_SHORT.get(name, name): value for name, value in filters.items()}
    unknown = sorted(set(named) - set(Parameters.__dataclass_fields__))
    if unknown:
        raise ParameterError(f"there is no filter {unknown[0]!r}; filters are {', '.join(Parameters.__dataclass_fields__)}")
    for name in _DAYS:
        named[name] = _day(name, named.get(name))
    groups = tuple(part.strip() for part in by.split(",") if part.strip()) if isinstance(by, str) else by
    return answers(metric, Parameters(by=groups, **named), EVERYTHING, of or version())


def rows_behind(answer: Answer, *, of: Version | None = None) -> pa.Table:
    """Return the rows that an answer's shown figures count as one Arrow table; ``analytics.export.rows_behind`` streams them.

    Raises
    ------
    ParameterError
        If there are none that may be shown.
    """
    behind = export.rows_behind(answer, of or version(id_=answer.version_id))
    return pa.Table.from_batches(behind.batches(), behind.schema)


def _day(name: str, value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ParameterError(f"{name} {value!r} is not a day such as 2026-03-02") from error
