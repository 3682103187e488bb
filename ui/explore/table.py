"""The table of what was found, on screen and as a file."""

from typing import Any, Final

import pyarrow as pa

from analytics.answers import Answer
from analytics.changes import Change
from analytics.export import Table, description, exported_name, of_table, safe_stem
from ui.explore import words
from ui.explore.look import Look, Row
from ui.panels import Shown

_BESIDE: Final = ("before", "before_low", "before_high", "change", "change_low", "change_high")
_OF_ALL_VALUES: Final = frozenset({"hidden_share", "hidden_share_is", "left_out"})
"""What an answer says of all its rows, which is not so of those of one value."""


def columns(look: Look) -> tuple[Shown, ...]:
    """Return the columns of the table on screen; notes only where there is one."""
    shown, kind = look.figure, words.kind(look.figure)
    named = [
        Shown(name, words.column_label(name), "cell" if name == "cell" else "text", is_pinned=place == 0)
        for place, name in enumerate(look.columns)
    ]
    value = [Shown("value", words.heading(look.metric, shown), kind), *([Shown("interval", "95 %", "interval")] if shown.high else [])]
    before: list[Shown] = []
    if look.before:
        before = [Shown("before", look.before, kind), Shown("change", "Change", width_px=130)]
        before.append(Shown("verdict", "Verdict", help="Beyond chance: the 95 % interval of the difference leaves out zero"))
    rows = [Shown("n", _rows_label(look), "count")] if shown.rows else []
    notes = [Shown("note", "Note")] if any(_note(look, row) for row in look.rows) else []
    return (*named, *value, *before, *rows, *notes)


def _rows_label(look: Look) -> str:
    if look.figure.rows == "denominator":
        return "of households" if look.choice.asked.parameters.weight == "households" else "of people"
    return "n"


def table(look: Look) -> pa.Table:
    """Return the rows on screen; their order is that of the file."""
    rows = [_row(look, row) for row in look.rows]
    kinds = {"cell": pa.int64(), "value": pa.float64(), "before": pa.float64(), "n": pa.int64()}
    names = [*look.columns, "value", "interval", "before", "change", "verdict", "n", "note"]
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in names})


def _row(look: Look, row: Row) -> dict[str, Any]:
    shown = look.figure
    bounds = [row[name] if name else None for name in (shown.low, shown.high)]
    return {
        **{name: row[name] if name == "cell" else look.name(row, name) for name in look.columns},
        "value": words.for_table(shown, row[shown.column]),
        "interval": words.interval(shown, *bounds),
        "before": words.for_table(shown, row.get("before")),
        "change": words.change(look.metric, shown, row.get("change"), row.get("before")),
        "verdict": _verdict(row),
        "n": row[shown.rows] if shown.rows else None,
        "note": _note(look, row),
    }


def _verdict(row: Row) -> str | None:
    if row.get("change") is None:
        return None
    told = Change(row["change"], row["change_low"], row["change_high"])
    return "No interval" if told.low is None else "Beyond chance" if told.is_beyond_chance else "Within chance"


def _note(look: Look, row: Row) -> str | None:
    if row["suppressed"]:
        return "Hidden"
    if row[look.figure.column] is not None:
        return None
    return "Hidden in part, or none" if look.metric.parts else "None counted"


def file(look: Look) -> Table:
    """Return the rows on screen as they leave the program: every column of the answer, and what they are compared with."""
    answer, shown, asked = look.found.answer, look.figure, look.choice.asked
    names = {name: exported_name(answer.metric, name, answer.parameters) for name in answer.table.column_names}
    figure = names[shown.column]
    unit = _ending(figure)
    names |= {name: f"{figure.removesuffix(unit)}_{name}{unit}" for name in _BESIDE}
    names |= {"before_rows": f"{names[shown.rows]}_before" if shown.rows else "", "is_beyond_chance": "is_change_beyond_chance"}
    rows = look.found.table
    kept_back = {"rows", "columns", *(_OF_ALL_VALUES | {f"{answer.rows_are.replace(' ', '_')}_behind"} if asked.only else ())}
    rows = rows if shown.rows or "before_rows" not in rows.column_names else rows.drop_columns(["before_rows"])
    return of_table(
        rows.rename_columns([names[name] for name in rows.column_names]),
        safe_stem(["explore", asked.metric, "by-" + "-".join(asked.by) if asked.by else ""]),
        look.view.version,
        **{name: value for name, value in description(answer, look.view.version).items() if name not in kept_back},
        figure=figure,
        picked={dimension: str(value) for dimension, value in asked.only},
        compared_with=look.before,
        sorted_by=asked.order,
        rows_of=look.found.groups,
    )


def whole_answer(look: Look) -> Answer | None:
    """Return the answer that is shown, for the rows behind it; None where some of its rows were not picked, or are hidden here alone."""
    return None if look.choice.asked.only or look.found.is_covered else look.found.answer


def _ending(figure: str) -> str:
    """Return the unit that the name of a column made from it must end with too."""
    return next((ending for ending in ("_s", "_cents", "_share", "_m2", "_m") if figure.endswith(ending)), "")
