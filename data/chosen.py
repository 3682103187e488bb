"""Which rows of a file count, and lists in a column of it: what a mapping says of rows, as SQL around a source's records."""

import re
from collections.abc import Sequence

import duckdb

from data.derivations import Chosen
from data.staging import Reading, is_word_for_nothing, quoted, text_of

_ELEMENT = r"[^][(){}<>\s\"',;|]+"
"""An element of a list that is written as text: brackets, quotes, commas, semicolons, bars and blanks stand around it."""
_NUMBER = r"[-+]?[0-9]{1,15}([.][0-9]{1,9})?"
"""A word that is compared as a number too; with more digits numbers of one value in memory may be different ids."""


def chosen_rows(reading: Reading, rows: Chosen, *, keeps_broken: bool = True) -> str:
    """Return the SQL of the records that count; the reading's own where all do. Broken records stay where they are told."""
    kept = [f"coalesce({_is_one_of(reading, name, words)}, false)" for name, words in rows.only.items()]
    kept += [f"NOT coalesce({_is_one_of(reading, name, words)}, false)" for name, words in rows.without.items()]
    broken = "__fault IS NOT NULL OR" if keeps_broken else "__fault IS NULL AND"
    return f"(SELECT * FROM {reading.relation} WHERE {broken} ({' AND '.join(kept)}))" if kept else reading.relation


def left_out(connection: duckdb.DuckDBPyConnection, reading: Reading, chosen: str) -> str:
    """Return in words how many rows do not count."""
    counts = (connection.execute(f"SELECT count(*) FROM {relation}").fetchone() for relation in (reading.relation, chosen))
    every, kept = ((row or (0,))[0] for row in counts)
    file = reading.source.name if reading.source else "the row of constants"
    return f"{reading.table.name}: {every - kept:,} of {every:,} rows of {file} are left out, as the mapping says (only, except)"


def elements(reading: Reading, name: str) -> str:
    """Return the SQL of the different elements of a list in a column: a list of texts, from a list of any kind or from a text."""
    raw, kind = reading.field(name)
    if kind.endswith("[]"):
        element = "nullif(trim(element), '')" if kind == "VARCHAR[]" else text_of("element", kind.removesuffix("[]"))
        return f"list_distinct(list_transform({raw}, lambda element: {element}))"
    found = f"regexp_extract_all({text_of(raw, kind)}, {quoted(_ELEMENT)})"
    return f"list_distinct(list_transform({found}, lambda element: {reading.id_of('element', kind)}))"


def _is_one_of(reading: Reading, name: str, words: Sequence[str]) -> str:
    text = f"lower({text_of(*reading.field(name))})"
    # Both sides are lowered by the database: of letters beyond the Latin ones Python and it make different ones.
    ways = [f"{text} IN ({', '.join(f'lower({quoted(word)})' for word in words)})"]
    numbers = [word for word in words if re.fullmatch(_NUMBER, word)]
    ways += [f"try_cast({text} AS DOUBLE) IN ({', '.join(f'{word}::DOUBLE' for word in numbers)})"] if numbers else []
    ways += [f"{text} IS NULL", is_word_for_nothing(text)] if "" in words else []
    return f"({' OR '.join(ways)})"
