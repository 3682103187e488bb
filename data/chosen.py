"""Which rows of a file count, and lists in a column of it: what a mapping says of rows, as SQL around a source's records."""

import re
from collections.abc import Sequence

import duckdb

from data.derivations import Chosen
from data.staging import Reading, is_word_for_nothing, quoted, text_of

_ELEMENT = r"[^][(){}<>\s\"',;|]+"
"""An element of a list that is written as text: brackets, quotes, commas, semicolons, bars and blanks stand around it."""


def chosen_rows(reading: Reading, rows: Chosen) -> str:
    """Return the SQL of the records that count; the reading's own where all do. Broken records stay, so that they are told."""
    kept = [f"coalesce({_is_one_of(reading, name, words)}, false)" for name, words in rows.only.items()]
    kept += [f"NOT coalesce({_is_one_of(reading, name, words)}, false)" for name, words in rows.without.items()]
    return f"(SELECT * FROM {reading.relation} WHERE __fault IS NOT NULL OR ({' AND '.join(kept)}))" if kept else reading.relation


def left_out(connection: duckdb.DuckDBPyConnection, reading: Reading, chosen: str) -> str:
    """Return in words how many rows do not count."""
    counts = (connection.execute(f"SELECT count(*) FROM {relation}").fetchone() for relation in (reading.relation, chosen))
    every, kept = ((row or (0,))[0] for row in counts)
    file = reading.source.name if reading.source else "the row of constants"
    return f"{reading.table.name}: {every - kept:,} of {every:,} rows of {file} are left out, as the mapping says (only, except)"


def elements(reading: Reading, name: str) -> str:
    """Return the SQL of the elements of a list in a column: a list of texts, from a list of any kind or from a text."""
    raw, kind = reading.field(name)
    if kind.endswith("[]"):
        return f"list_transform(({raw})::VARCHAR[], lambda element: trim(element))"
    return f"list_transform(regexp_extract_all({text_of(raw, kind)}, {quoted(_ELEMENT)}), lambda element: {reading.id_of('element', kind)})"


def _is_one_of(reading: Reading, name: str, words: Sequence[str]) -> str:
    text = f"lower({text_of(*reading.field(name))})"
    ways = [f"{text} IN ({', '.join(map(quoted, words))})"]
    numbers = [word for word in words if re.fullmatch(r"[-+]?\d+(\.\d+)?", word)]
    ways += [f"try_cast({text} AS DOUBLE) IN ({', '.join(numbers)})"] if numbers else []
    ways += [f"{text} IS NULL", is_word_for_nothing(text)] if "" in words else []
    return f"({' OR '.join(ways)})"
