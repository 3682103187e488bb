"""One table of a guess as lines of a commented mapping."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from data.guess_views import GuessedColumn, GuessedFeed, Remark
from data.mapping import Feed

_WIDTH = 132
_LONGEST_EXAMPLE = 32


def feed_lines(guessed: GuessedFeed, *, is_one_of_many: bool) -> Iterator[str]:
    """Yield the lines of one table.

    Parameters
    ----------
    guessed
        The table.
    is_one_of_many
        Whether several files feed it, so that it is an array of tables.
    """
    feed, name = guessed.feed, guessed.table.name
    what = f"{feed.file}{f', sheet {feed.sheet}' if feed.sheet else ''}" if feed.file else "a row of constants"
    yield from _wrapped(f"# {name} from {what} (confidence: {guessed.confidence}): {guessed.table.grain}")
    yield f"[[{name}]]" if is_one_of_many else f"[{name}]"
    for key, value in entry(guessed).items():
        yield from _commented(f"{key} = {_toml(value)}", [each for each in guessed.remarks if each.key == key])
    keys = {*entry(guessed), *feed.constants, "constants"}
    for remark in guessed.remarks:
        if remark.key not in keys:
            yield from _wrapped(f"# {remark.text}")
    yield from _constants(guessed)
    for join in guessed.extras.get("join", ()):
        yield f"[[{name}.join]]"
        yield from (f"{key} = {_toml(value)}" for key, value in join.items())
    if feed.columns:
        yield f"[{name}.columns]"
        yield from _columns(guessed)
    if guessed.leftovers:
        yield "# Not placed:"
        for left in guessed.leftovers:
            said = "; ".join(filter(None, [left.remark, _shown(left.examples)]))
            yield f"#   {left.name}: {said}"


def entry(guessed: GuessedFeed) -> dict[str, Any]:
    """Return the keys of a table's entry in the mapping, without columns, constants and joins, as TOML has them."""
    feed: Feed = guessed.feed
    found: dict[str, Any] = {
        "file": feed.file,
        "sheet": feed.sheet,
        "merge": feed.merge or None,
        "time_zone": feed.time_zone,
        "date_formats": list(feed.date_formats) or None,
        "units": feed.units or None,
        "nearest": {"latitude": feed.nearest.latitude, "longitude": feed.nearest.longitude, "within_m": feed.nearest.within_m}
        if feed.nearest
        else None,
        **{key: value for key, value in guessed.extras.items() if key != "join"},
    }
    return {key: value for key, value in found.items() if value is not None}


def _constants(guessed: GuessedFeed) -> Iterator[str]:
    constants = guessed.feed.constants
    if constants and guessed.feed.file:
        yield from _commented(f"constants = {_toml(constants)}", [each for each in guessed.remarks if each.key == "constants"])
    elif constants:
        yield f"[{guessed.table.name}.constants]"
        for name, value in constants.items():
            yield from _commented(f"{name} = {_toml(value)}", [each for each in guessed.remarks if each.key == name])


def _columns(guessed: GuessedFeed) -> Iterator[str]:
    described = {each.column.name: each for each in guessed.columns}
    width = max(len(f"{name} = {_toml(_one(names))}") for name, names in guessed.feed.columns.items())
    for name, names in guessed.feed.columns.items():
        line = f"{name} = {_toml(_one(names))}"
        yield f"{line.ljust(width)}  # {_said(described[name])}" if name in described else line


def _one(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _said(column: GuessedColumn) -> str:
    parts = [f"{column.confidence}", *column.reasons, _shown(column.examples)]
    if column.candidates and column.confidence != "high":
        parts.append(f"or {', '.join(column.candidates)}?")
    return "; ".join(_plain(part) for part in parts if part)


def _shown(examples: Sequence[str]) -> str:
    shortened = (each if len(each) <= _LONGEST_EXAMPLE else f"{each[: _LONGEST_EXAMPLE - 3]}..." for each in examples)
    return f"e.g. {', '.join(_plain(each) for each in shortened)}" if examples else ""


def _plain(text: str) -> str:
    """Return a text without characters that a comment cannot hold."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _commented(line: str, remarks: Sequence[Remark]) -> Iterator[str]:
    for remark in remarks:
        yield from _wrapped(f"# {remark.text}:")
    yield line


def _wrapped(comment: str) -> Iterator[str]:
    words, line = _plain(comment).split(), "#"
    for word in words[1:]:
        if len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, dict):
        pairs = (f"{key if re.fullmatch('[A-Za-z0-9_-]+', key) else _toml(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return f"{value:g}" if isinstance(value, float) else str(value)
