"""The description that goes with a file: what it was made from, with which filters and definitions, and what was hidden."""

import json
from datetime import date
from typing import Any

from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.export.names import MARK, exported_names
from analytics.parameters import Parameters
from data.warehouse import Version


def description(answer: Answer, version: Version) -> dict[str, Any]:
    """Return what a reader of an answer's file must know to make it again and to trust it."""
    return {
        **of_metric(answer.metric),
        "note": answer.note,
        **_of_data(version),
        **asked(answer.metric, answer.parameters),
        "suppressed_below_people": answer.k,
        "suppressed": answer.too_few if answer.k else "nothing",
        "hidden_share": round(answer.hidden_share, 3),
        "hidden_share_is": "exact" if answer.rows_behind is not None else "at most; fewer people than that are behind all hidden rows",
        "rows": answer.table.num_rows,
        f"{answer.rows_are.replace(' ', '_')}_behind": answer.rows_behind,
        "left_out": dict(answer.left_out),
        "columns": exported_names(answer) + ([MARK] if answer.is_synthetic else []),
        "sql": answer.sql,
    }


def description_of(version: Version, **about: Any) -> dict[str, Any]:
    """Return the description of a table that is no answer: the data it was made from, and what its maker says of it."""
    return {**about, **_of_data(version), "scope": "everything"}


def of_metric(metric: Metric) -> dict[str, Any]:
    """Return which metric a file is of, and by which definition."""
    return {
        "metric": metric.id,
        "label": metric.label,
        "definition": metric.definition.split("\n\n", 1)[0],
        "definition_version": 1 + len(metric.changes),
        "source": metric.source,
        "is_modelled": metric.modelled,
    }


def asked(metric: Metric, parameters: Parameters) -> dict[str, Any]:
    """Return the filters that a metric looked at, and who asked."""
    return {
        "filters": {name: plain(getattr(parameters, name)) for name in Parameters.__dataclass_fields__ if metric.uses(name)},
        "period": "start included, end excluded, market-local days",
        "scope": "everything",
    }


def _of_data(version: Version) -> dict[str, Any]:
    return {
        "data": "synthetic" if version.manifest.synthetic else "loaded",
        "data_version": version.id,
        "published_at_utc": version.manifest.created_at,
        "sources": [{"name": source.path, "sha256": source.sha256} for source in version.manifest.sources],
    }


def as_text(about: object) -> str:
    """Return a description as the JSON text that stands beside a file."""
    return json.dumps(about, indent=1, ensure_ascii=False, default=plain) + "\n"


def on_one_line(about: object) -> str:
    """Return a description as the JSON text that stands in a file."""
    return json.dumps(about, ensure_ascii=False, default=plain)


def plain_text(value: object) -> str:
    """Return one entry of a description as text: a text as it is, the rest as JSON."""
    return value if isinstance(value, str) else on_one_line(value)


def plain(value: object) -> object:
    """Return a value as JSON has it: days and instants as text, the rest as it is."""
    return value.isoformat() if isinstance(value, date) else value
