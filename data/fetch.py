"""What a load reads from elsewhere, brought into the draft's folder first: then everything goes the road of local files.

An address becomes a copy of the file, a query a Parquet file of its rows. The copy's hash is what the version's manifest records, so that
it says what was loaded, whatever becomes of the source; the notes say where it came from.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.derivations import Join
from data.errors import MallReachError, MappingError, SourceError
from data.manifest import Watermark
from data.mapping import Feed
from data.mapping import Mapping as FileMapping
from data.postgres import Database
from data.remote import Address, changed, fetched, is_remote
from data.sources import Source
from data.watermark import HighWater, Rising, kind_of, scalar

_ROWS = 131_072
_CLOCK_SKEW_S = 300
"""How far a file server's clock may lag behind ours before a change goes unseen."""


@dataclass(frozen=True)
class Local:
    """A load's sources once everything is local.

    Attributes
    ----------
    paths, mapping
        As given to the load, with every address and query replaced by local files.
    watermarks
        By source: how far each rising column is loaded when this load is published.
    notes
        Where every local file came from.
    names
        Local file: how it is called before others.
    """

    paths: tuple[Path | str, ...]
    mapping: FileMapping | None
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    names: Mapping[Path, str] = field(default_factory=dict)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let errors name a file as the user knows it, and not by its copy, which is gone when the message is read."""
        try:
            yield
        except MallReachError as error:
            text = str(error)
            for path, name in self.names.items():
                text = text.replace(str(path), name)
            if text == str(error):
                raise
            raise type(error)(text) from error


def needs_fetching(paths: Sequence[Path | str], mapping: FileMapping | None) -> bool:
    """Whether anything that a load reads is not a local file."""
    return any(is_remote(str(path)) for path in paths) or (mapping is not None and any(feed.is_remote for feed in mapping.feeds))


def local(
    paths: Sequence[Path | str],
    mapping: FileMapping | None,
    folder: Path,
    *,
    known: Mapping[str, Watermark],
    say: Callable[[str], None],
) -> Local:
    """Fetch everything that is not a local file.

    Parameters
    ----------
    paths
        As given to the load. If there are any, only these are fetched, and none of the mapping's addresses and queries.
    mapping
        The mapping, or None.
    folder
        Where the copies are put; made when the first is.
    known
        Watermarks of earlier loads, by source; empty: read everything.
    say
        Told what is being fetched.

    Raises
    ------
    SourceError, MappingError
        If something cannot be fetched, or is not what the mapping says.
    """
    with ExitStack() as open_databases:
        bench = _Fetching(folder.absolute(), known, say, open_databases)
        here = tuple(each for path in paths for each in (bench.path(str(path)) if is_remote(str(path)) else [path]))
        if mapping is not None:
            feeds = (
                each
                for feed in mapping.feeds
                for each in bench.feeds(feed, f"{mapping.path or 'mapping'} [{feed.table.name}]", has_paths=bool(paths))
            )
            mapping = replace(mapping, feeds=tuple(feeds))
        return Local(here, mapping, bench.watermarks, tuple(dict.fromkeys(bench.notes)), bench.names)


@dataclass
class _Fetching:
    folder: Path
    known: Mapping[str, Watermark]
    say: Callable[[str], None]
    open_databases: ExitStack
    watermarks: dict[str, Watermark] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    names: dict[Path, str] = field(default_factory=dict)
    _databases: dict[str, Database] = field(default_factory=dict)
    _files: dict[str, list[Path]] = field(default_factory=dict)
    _queries: int = 0

    def path(self, text: str) -> list[Path]:
        """Return the copies of the files that an address on the command line names."""
        return self._copies(text, "path")

    def feeds(self, feed: Feed, place: str, *, has_paths: bool) -> list[Feed]:
        """Return the feeds of local files that a feed becomes."""
        if not feed.is_remote:
            return [feed]
        rising, key = self._rising(feed)
        joins = tuple(self._joined(join, f"{place} join {join.name}", has_paths=has_paths) for join in feed.derivations.joins)
        feed = replace(feed, derivations=replace(feed.derivations, joins=joins))
        if feed.query is None and not is_remote(feed.file or ""):
            return [feed]
        if has_paths:
            # Files that are named themselves are loaded in place of the address: by name, as those of a folder are.
            name = _name(feed.file or "")
            return [replace(feed, file=name, watermark=None)] if name else []
        if feed.query is not None:
            return [self._of_query(feed, place, rising, key)]
        copies = self._copies(feed.file or "", f"{place} file")
        if rising is not None:
            copies = self._above(copies, place, rising, key)
        return [replace(feed, file=str(copy), watermark=None) for copy in copies]

    def _joined(self, join: Join, place: str, *, has_paths: bool) -> Join:
        if not is_remote(join.file):
            return join
        if has_paths:
            return replace(join, file=_name(join.file) or join.file)
        copies = self._copies(join.file, place)
        if len(copies) > 1:
            raise MappingError(f"{place}: the address names {len(copies)} files; one is joined")
        return replace(join, file=str(copies[0]))

    def _copies(self, text: str, place: str) -> list[Path]:
        if text not in self._files:
            address = Address.of(text, place)
            copies = fetched(address, self.folder / f"address-{len(self._files)}", self.say)
            self._files[text] = list(copies)
            for copy, file in copies.items():
                self.names[copy] = file.shown
                self.notes.append(f"{copy.name}: fetched from {file.shown}")
        return self._files[text]

    def _of_query(self, feed: Feed, place: str, rising: Rising | None, key: str) -> Feed:
        reference, name = feed.database or "", f"{feed.table.name}-query.parquet"
        self._queries += 1
        copy = self.folder / f"query-{self._queries}" / name
        copy.parent.mkdir(parents=True)
        shown = f"{place} query on {reference}"
        self.say(f"fetching {feed.table.name}")
        if reference not in self._databases:
            self._databases[reference] = self.open_databases.enter_context(Database(reference))
        result = self._databases[reference].fetch(feed.query or "", copy, shown, rising)
        self.names[copy] = shown
        self.notes.append(f"{name}: {result.rows:,} rows of a query on {reference}{self._reached(result.high, key, name)}")
        return replace(feed, file=str(copy), query=None, database=None, watermark=None)

    def _rising(self, feed: Feed) -> tuple[Rising | None, str]:
        key = source_key(feed)
        return (Rising(feed.table.name, feed.watermark, self.known.get(key), feed.overlap_s) if feed.watermark else None), key

    def _reached(self, high: HighWater | None, key: str, name: str) -> str:
        """Keep the watermark; return what the reader should know of it."""
        if high is None or high.watermark is None:
            return ""
        self.watermarks[key] = high.watermark
        if high.ahead:
            self.notes.append(
                f"{name}: {high.ahead:,} rows whose {high.rising.column} lies days in the future; they are loaded, "
                "but the watermark stays below them"
            )
        since = high.rising.loaded
        begun = f" from {since.value}" if since and since.kind == high.kind else ""
        return f", {high.rising.column}{begun} up to {high.watermark.value}"

    def _above(self, copies: list[Path], place: str, rising: Rising, key: str) -> list[Path]:
        """Return Parquet files with the rows that are not below the watermark."""
        high: HighWater | None = None
        kept = []
        for copy in copies:
            shown = self.names[copy]
            if not _is_parquet(copy):
                raise MappingError(f"{place} watermark: {shown} is not Parquet; a CSV is loaded as a whole, without a watermark")
            with _opened(copy, shown) as file:
                mine = _high_water(file.schema_arrow, rising, place, shown)
                if high is None:
                    high = mine
                elif high.kind != mine.kind:
                    raise MappingError(
                        f"{place} watermark: {rising.column} holds another kind of value in {shown} than in {self.names[copies[0]]}"
                    )
                above = copy.with_name("above") / copy.name
                above.parent.mkdir()
                _copy_above(file, above, high, rising.above(high.kind).bound)
            self.names[above] = shown
            kept.append(above)
        reached = self._reached(high, key, kept[-1].name)
        self.notes += [f"{rising.table}: read by its watermark{reached}"] if reached else []
        return kept


def refuse_changed(sources: Sequence[Source], since: float) -> None:
    """Raise ``SourceError`` if a file is no longer what it was when it was looked at: part of it may have been read before, part after.

    Parameters
    ----------
    sources
        The files, with the hashes that they had.
    since
        When the load began, in seconds of the epoch. Files that were last touched long before are not read again.
    """
    for path, source in {each.path: each for each in sources}.items():
        try:
            status = path.stat()
            is_touched = max(status.st_mtime, status.st_ctime) > since - _CLOCK_SKEW_S
            with path.open("rb") as file:
                is_same = status.st_size == source.bytes and (
                    not is_touched or hashlib.file_digest(file, "sha256").hexdigest() == source.sha256
                )
        except OSError:
            is_same = False
        if not is_same:
            raise SourceError(changed(str(path)))


def source_key(feed: Feed) -> str:
    """Return the name under which a feed's watermark is kept.

    It is made from everything that the mapping says of the feed: a changed entry is another source, and is read from the beginning.
    """
    says = [(each.name, getattr(feed, each.name)) for each in fields(feed) if each.name not in ("table", "overlap_s")]
    return f"{feed.table.name}-{hashlib.sha256(repr(says).encode()).hexdigest()[:12]}"


def _name(address: str) -> str:
    """Return the last part of an address; empty for one that only the environment knows."""
    return "" if address.startswith("env:") else address.rpartition("/")[2]


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _opened(path: Path, shown: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise SourceError(f"{shown}: the file is no readable Parquet ({str(error).splitlines()[0]})") from error


def _high_water(schema: pa.Schema, rising: Rising, place: str, shown: str) -> HighWater:
    if rising.column not in schema.names:
        raise MappingError(f"{place} watermark: {shown} has no column {rising.column!r}; it has {', '.join(schema.names)}")
    return rising.above(kind_of(rising.column, schema.field(rising.column).type, place))


def _copy_above(file: pq.ParquetFile, path: Path, high: HighWater, bound: str | None) -> None:
    """Copy the rows that are not below a bound, and those without a value; batch by batch."""
    column = high.rising.column
    with pq.ParquetWriter(path, file.schema_arrow) as writer:
        for batch in file.iter_batches(_ROWS):
            values = batch.column(column)
            high.see(values)
            above = (
                batch
                if bound is None
                else batch.filter(pc.fill_null(pc.greater_equal(values, scalar(bound, values.type)), fill_value=True))
            )
            writer.write_batch(above)
