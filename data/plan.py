"""Which file feeds which table: decided from the mapping, or from file and column names, before anything is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from data.contracts import Table, loadable_tables
from data.errors import MappingError, SourceError
from data.mapping import CENSUS_COLUMNS, Feed, Mapping, census_feed
from data.sources import Source, describe, expand
from data.staging import UTC


@dataclass(frozen=True)
class Planned:
    """One feed with its source (None: a row of constants); ``zone`` is that of local times, None for the market's of each row."""

    feed: Feed
    source: Source | None
    zone: str | None


@dataclass(frozen=True)
class Plan:
    """Everything a load will read: feeds in the contracts' order, sources, and what the reader should know about them."""

    feeds: tuple[Planned, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]

    def of(self, table: Table) -> list[Planned]:
        """Return the feeds of one table."""
        return [each for each in self.feeds if each.feed.table.name == table.name]


def planned(paths: Sequence[Path | str], mapping: Mapping | None) -> Plan:
    """Decide what every file gives.

    Parameters
    ----------
    paths
        Files, folders and globs. Empty: the files that the mapping names.
    mapping
        With paths, a feed takes those of them that its ``file`` names (by name, or by path from the mapping's folder); a file that no
        feed names is recognized as without a mapping.

    Raises
    ------
    SourceError, MappingError
        If a file cannot be read, or nothing says what it holds; if a required column is missing.
    """
    sources = {path.resolve(): describe(path) for path in expand(paths)}
    feeds: list[Planned] = []
    for feed in mapping.feeds if mapping else ():
        feeds += [Planned(feed, source, feed.time_zone) for source in _sources_of(feed, mapping, sources, has_paths=bool(paths))]
    claimed = {each.source.path.resolve() for each in feeds if each.source}
    roots = [Path(path).resolve() for path in paths]
    for resolved, source in list(sources.items()):
        if resolved not in claimed:
            feed = recognized(source, roots, mapping)
            feeds.append(Planned(feed, source, UTC))
    order = [each.name for each in loadable_tables()]
    feeds.sort(key=lambda each: order.index(each.feed.table.name))
    for each in feeds:
        _require_columns(each)
    return Plan(tuple(feeds), tuple(sources.values()), tuple(note for source in sources.values() for note in source.notes))


def _sources_of(feed: Feed, mapping: Mapping | None, sources: dict[Path, Source], *, has_paths: bool) -> list[Source | None]:
    """Return a feed's sources; those that only the mapping names are described and added."""
    if feed.file is None:
        return [None]
    folder = mapping.folder if mapping else Path()
    pattern = Path(feed.file) if Path(feed.file).is_absolute() else folder / feed.file
    if has_paths:
        is_name = "/" not in feed.file
        full = str(pattern.resolve()) if "*" not in feed.file else str(pattern.absolute())
        return [
            source
            for path, source in sources.items()
            if fnmatch(str(path), full) or fnmatch(str(source.path.absolute()), full) or (is_name and fnmatch(path.name, feed.file))
        ]
    try:
        files = expand([pattern])
    except SourceError as error:
        raise MappingError(f"{mapping.path if mapping else 'mapping'} [{feed.table.name}]: {error}") from error
    for path in files:
        if path.resolve() not in sources:
            sources[path.resolve()] = describe(path)
    return [sources[path.resolve()] for path in files]


def recognized(source: Source, roots: Sequence[Path], mapping: Mapping | None = None) -> Feed:
    """Return the feed of a file that no mapping names: by the Census Bureau's header, else by its name or its folder's.

    Raises
    ------
    SourceError
        If neither begins with a table's name.
    """
    if set(CENSUS_COLUMNS) <= set(source.columns):
        return census_feed(source.name)
    contracts = sorted(loadable_tables(), key=lambda each: -len(each.name))
    for name in _names(source.path.resolve(), roots):
        for contract in contracts:
            if re.fullmatch(rf"{contract.name}([-_. ].*|\d.*)?", name.lower().replace("-", "_")):
                return Feed(contract, source.name)
    tables = ", ".join(each.name for each in loadable_tables())
    if mapping is not None:
        raise MappingError(f"{source.path}: the mapping names no such file, and its name is not that of a table ({tables})")
    raise SourceError(f"{source.path}: its name says no table; name it after one ({tables}), or say in a mapping what it holds")


def _names(path: Path, roots: Sequence[Path]) -> list[str]:
    """Return the file's name, then those of the folders up to a path that was given."""
    names = [path.name]
    for folder in path.parents:
        if not any(folder == root or root in folder.parents for root in roots):
            break
        names.append(folder.name)
    return names


def _require_columns(planned: Planned) -> None:
    """Refuse a file that lacks a required column altogether: that is no matter of single rows."""
    feed, source = planned.feed, planned.source
    for name in feed.columns:
        for column in feed.columns[name]:
            if source is not None and source.position(column) is None:
                raise MappingError(f"{feed.table.name}.{name}: {source.path} has no column {column!r}; it has {', '.join(source.columns)}")
    nearest = feed.nearest
    for column in (nearest.latitude, nearest.longitude) if nearest else ():
        if source is not None and source.position(column) is None:
            raise MappingError(f"{feed.table.name} nearest: {source.path} has no column {column!r}; it has {', '.join(source.columns)}")
    for required in (each for each in feed.table.loaded if each.required):
        if required.name in feed.columns or required.name in feed.constants:
            continue
        if source is None or source.position(required.name) is None:
            file = str(source.path) if source else "the row of constants"
            raise SourceError(
                f"{file}: {feed.table.name} needs a column {required.name!r} ({required.meaning[0].lower()}{required.meaning[1:]}); "
                "name it so, or map it to another in a mapping"
            )


def with_zone(planned: Planned, zone: str | None) -> Planned:
    """Return the same feed with another zone of local times."""
    return replace(planned, zone=zone)
