"""Which file feeds which table: decided from the mapping, or from file and column names, before anything is written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

from data.contracts import Table, loadable_tables
from data.errors import MappingError, SourceError
from data.joins import Joined, qualified, resolved, view
from data.manifest import Watermark
from data.mapping import CENSUS_COLUMNS, Feed, Mapping, census_feed
from data.remote import is_remote
from data.sources import Source, described, expand
from data.staging import UTC


@dataclass(frozen=True)
class Planned:
    """One feed with its source (None: a row of constants); ``zone`` is that of local times, None for the market's of each row.

    ``joined`` are the files whose columns stand beside the source's; the feed then names every column in full.
    """

    feed: Feed
    source: Source | None
    zone: str | None
    joined: tuple[Joined, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything a load will read: feeds in the contracts' order, sources, and what the reader should know about them.

    ``watermarks``: by source, how far it is loaded once this load is published. ``inferred``: feeds of tables that are made from others.
    """

    feeds: tuple[Planned, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    watermarks: dict[str, Watermark] = field(default_factory=dict)
    inferred: tuple[Feed, ...] = ()

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
    sources = {source.key: source for path in expand(paths) for source in described(path)}
    feeds: list[Planned] = []
    asked = mapping.feeds if mapping else ()
    for feed in (each for each in asked if not each.derivations.infer):
        found = _sources_of(feed, mapping, sources, has_paths=bool(paths))
        joined = _joined(feed, mapping, sources, has_paths=bool(paths)) if found else ()
        feeds += [_with_joins(feed, source, joined) for source in found]
    claimed = {source.key for each in feeds for source in _all_sources(each)}
    roots = [Path(path).resolve() for path in paths]
    feeds += [
        Planned(recognized(source, roots, mapping), source, UTC)
        for key, source in sources.items()
        if key not in claimed and not _is_beside(source, list(sources.values()), claimed)
    ]
    order = [each.name for each in loadable_tables()]
    feeds.sort(key=lambda each: order.index(each.feed.table.name))
    for each in feeds:
        _require_columns(each)
    used = {source.key for each in feeds for source in _all_sources(each)}
    notes = [note for source in sources.values() for note in source.notes]
    notes += [
        f"{source.name}: nothing says what this sheet holds, so it was not read" for key, source in sources.items() if key not in used
    ]
    inferred = tuple(each for each in asked if each.derivations.infer)
    return Plan(tuple(feeds), tuple(source for key, source in sources.items() if key in used), tuple(notes), inferred=inferred)


def _all_sources(planned: Planned) -> list[Source]:
    return [*([planned.source] if planned.source else []), *(each.source for each in planned.joined)]


def _joined(feed: Feed, mapping: Mapping | None, sources: dict[tuple[Path, str], Source], *, has_paths: bool) -> tuple[Joined, ...]:
    """Return a feed's joins with the files that they name: one of the paths given, else one beside the mapping."""
    joined = []
    for join in feed.derivations.joins:
        place = f"{feed.table.name} join {join.name}"
        if is_remote(join.file):
            raise MappingError(f"{place}: a joined file must stand on this machine, not at an address")
        wanted = replace(feed, file=join.file, sheet=None)
        found = _sources_of(wanted, mapping, sources, has_paths=True) if has_paths else []
        found = found or _sources_of(wanted, mapping, sources, has_paths=False)
        files = [source for source in found if source]
        if len(files) != 1:
            raise MappingError(f"{place}: {join.file} names {len(files)} files; one is joined")
        joined.append(Joined(join, files[0]))
    return tuple(joined)


def _with_joins(feed: Feed, source: Source | None, joined: tuple[Joined, ...]) -> Planned:
    return Planned(resolved(feed, source, joined) if source and joined else feed, source, feed.time_zone, joined)


def _is_beside(source: Source, sources: Sequence[Source], claimed: set[tuple[Path, str]]) -> bool:
    """Whether a sheet names no table while another sheet of its workbook does, or is named by the mapping: it may hold anything."""
    siblings = [each for each in sources if each.path == source.path and each.sheet]
    return bool(source.sheet) and _table_of(source.sheet) is None and any(each.key in claimed or _table_of(each.sheet) for each in siblings)


def _sources_of(feed: Feed, mapping: Mapping | None, sources: dict[tuple[Path, str], Source], *, has_paths: bool) -> list[Source | None]:
    """Return a feed's sources; those that only the mapping names are described and added."""
    if feed.file is None:
        return [None]
    folder = mapping.folder if mapping else Path()
    pattern = Path(feed.file) if Path(feed.file).is_absolute() else folder / feed.file
    if has_paths:
        is_name = "/" not in feed.file
        full = str(pattern.resolve()) if "*" not in feed.file else str(pattern.absolute())
        named = [
            source
            for (path, _), source in sources.items()
            if fnmatch(str(path), full) or fnmatch(str(source.path.absolute()), full) or (is_name and fnmatch(path.name, feed.file))
        ]
        return [*_sheets(feed, named)]
    try:
        files = expand([pattern])
    except SourceError as error:
        raise MappingError(f"{mapping.path if mapping else 'mapping'} [{feed.table.name}]: {error}") from error
    known = {path for path, _ in sources}
    found = [source for path in files if path.resolve() not in known for source in described(path)]
    sources.update({source.key: source for source in found})
    resolved = {path.resolve() for path in files}
    return [*_sheets(feed, [source for (path, _), source in sources.items() if path in resolved])]


def _sheets(feed: Feed, sources: Sequence[Source]) -> Iterator[Source]:
    """Yield the sources that a feed means: of a workbook the sheet that it names, else the one named after the table, else the only one.

    Raises
    ------
    MappingError
        If a workbook has no such sheet.
    """
    for path, group in groupby(sources, key=lambda each: each.path):
        sheets = list(group)
        if feed.sheet:
            wanted = [each for each in sheets if each.sheet == feed.sheet]
        else:
            wanted = [each for each in sheets if not each.sheet or len(sheets) == 1 or _table_of(each.sheet) == feed.table]
        if not wanted:
            names = ", ".join(repr(each.sheet) for each in sheets if each.sheet) or "none"
            raise MappingError(f"{feed.table.name}: {path} has no sheet {feed.sheet or feed.table.name!r}; its sheets: {names}")
        yield from wanted


def recognized(source: Source, roots: Sequence[Path], mapping: Mapping | None = None) -> Feed:
    """Return the feed of a file that no mapping names: by the Census Bureau's header, else by its name or its folder's.

    Raises
    ------
    SourceError
        If neither begins with a table's name.
    """
    if set(CENSUS_COLUMNS) <= set(source.columns):
        return census_feed(source.name)
    for name in [*([source.sheet] if source.sheet else []), *_names(source.path.resolve(), roots)]:
        contract = _table_of(name)
        if contract:
            return Feed(contract, source.path.name, sheet=source.sheet or None)
    tables = ", ".join(each.name for each in loadable_tables())
    if mapping is not None:
        raise MappingError(f"{source.path}: the mapping names no such file, and its name is not that of a table ({tables})")
    what = f"{source.path}, sheet {source.sheet!r}" if source.sheet else str(source.path)
    raise SourceError(f"{what}: its name says no table; name it after one ({tables}), or say in a mapping what it holds")


def _table_of(name: str) -> Table | None:
    """Return the table that a name begins with."""
    for contract in sorted(loadable_tables(), key=lambda each: -len(each.name)):
        if re.fullmatch(rf"{contract.name}([-_. ].*|\d.*)?", name.lower().replace("-", "_")):
            return contract
    return None


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
    derived, nearest, table = feed.derivations, feed.nearest, feed.table.name
    if source is not None:
        whole = view(source, planned.joined)
        wanted = [(column, f".{name}") for name, columns in feed.columns.items() for column in columns]
        wanted += [(column, " nearest") for column in ((nearest.latitude, nearest.longitude) if nearest else ())]
        wanted += [(after.by, f" after.{name}.by") for name, after in derived.after.items() if isinstance(after.by, str)]
        wanted += [(column, " only, except") for column in derived.rows.columns]
        for column, where in wanted:
            qualified(column, whole, (), f"{table}{where}")
    for required in (each for each in feed.table.loaded if each.required):
        if required.name in {*feed.columns, *feed.constants, *derived.events}:
            continue
        if required.name in ("latitude", "longitude") and table == "demand_areas" and _gives(planned, "shape"):
            continue
        if source is None or source.position(required.name) is None:
            file = str(source.path) if source else "the row of constants"
            raise SourceError(
                f"{file}: {feed.table.name} needs a column {required.name!r} ({required.meaning[0].lower()}{required.meaning[1:]}); "
                "name it so, or map it to another in a mapping"
            )


def _gives(planned: Planned, name: str) -> bool:
    is_own = planned.source is not None and planned.source.position(name) is not None
    return is_own or name in planned.feed.columns
