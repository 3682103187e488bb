"""Versions, never edits: immutable DuckDB files, a manifest per version, and one small file that says which version serves.

::

    WAREHOUSE/
    |-- CURRENT                       first line: the version that serves; below it, what happened when, oldest first
    |-- files/<name>-<hash>.duckdb    immutable; versions may share them
    |-- v0003-5f2a9c/                 manifest.json, and rejects.csv where rows were rejected
    |-- .drafts/                      what a running load builds; leftovers of a killed one are swept by the next
    `-- .lock                         held while somebody writes

Readers need no lock: they read ``CURRENT``, which is only ever replaced whole, and files that never change. A version is published by
that one replacement; whatever ``CURRENT`` does not list was never published and is swept.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

import duckdb

from data.contracts import TABLES, Table, table
from data.durable import NO_ROOM, flush
from data.engine import attach, connection
from data.errors import WarehouseError
from data.manifest import (
    MANIFEST_NAME,
    REJECTS_NAME,
    Count,
    Extent,
    FileEntry,
    Finding,
    Manifest,
    Part,
    PartSpec,
    Record,
    SourceFile,
    TableParts,
    Version,
    read_version,
    version_id,
    version_number,
)

__all__ = [
    "Count",
    "Draft",
    "Event",
    "Extent",
    "FileEntry",
    "Finding",
    "Manifest",
    "Part",
    "PartSpec",
    "Record",
    "SourceFile",
    "TableParts",
    "Version",
    "Warehouse",
    "default_root",
]

_NOTHING = "-"
_SPILL_MEMORY = "2GB"
_NO_ROOM_WORDS = ("No space left", "Disk quota", "max_temp_directory_size")


def default_root() -> Path:
    """Return the warehouse used where none is named: ``$MALLREACH_WAREHOUSE``, else the folder ``warehouse``."""
    return Path(os.environ.get("MALLREACH_WAREHOUSE", "warehouse"))


@dataclass(frozen=True)
class Event:
    """One line of ``CURRENT``: at which instant (UTC, ISO 8601) which version was published, compacted, rolled back to or pruned."""

    at: str
    action: str
    version_id: str


@dataclass(frozen=True)
class _State:
    """Content of ``CURRENT``."""

    serving: str | None = None
    events: tuple[Event, ...] = ()

    @property
    def published(self) -> tuple[str, ...]:
        """Ids of the versions that can be served, oldest first."""
        pruned = {event.version_id for event in self.events if event.action == "pruned"}
        born = (event.version_id for event in self.events if event.action in ("published", "compacted"))
        return tuple(version for version in born if version not in pruned)

    def after(self, action: str, *ids: str, serving: str | None = None) -> "_State":
        events = tuple(Event(_now(), action, each) for each in ids)
        return _State(serving or self.serving, self.events + events)

    def text(self) -> str:
        lines = [self.serving or _NOTHING, *(f"{event.at} {event.action} {event.version_id}" for event in self.events)]
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, path: Path) -> "_State":
        try:
            serving, *lines = path.read_text("utf-8").splitlines()
            state = cls(None if serving == _NOTHING else serving, tuple(Event(*line.split(" ")) for line in lines))
        except (OSError, ValueError, TypeError) as error:
            raise WarehouseError(
                f"{path}: the file cannot be read; name the version to serve by `python -m data rollback VERSION`"
            ) from error
        if state.serving is not None and state.serving not in state.published:
            raise WarehouseError(f"{path}: the file names no published version; name one by `python -m data rollback VERSION`")
        return state


class Warehouse:
    """A folder of versions.

    Parameters
    ----------
    root
        The folder. It need not exist: nothing was ever published then, and the first draft makes it.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def current(self) -> Version | None:
        """Return the version that serves; None if nothing was ever published. Cheap: reads one small file.

        Raises
        ------
        WarehouseError
            If ``CURRENT`` or the manifest it names is damaged.
        """
        serving = self._state().serving
        if serving is None:
            return None
        try:
            return _version(self.root, serving)
        except WarehouseError:
            if self._state().serving == serving:
                raise
            return self.current()  # replaced and pruned between two reads

    def version(self, version_id: str) -> Version:
        """Return one published version; ``WarehouseError`` if it is unknown or was pruned."""
        state = self._state()
        if version_id in state.published:
            return _version(self.root, version_id)
        fate = "was pruned" if any(event.version_id == version_id for event in state.events) else "is not a version of this warehouse"
        raise WarehouseError(f"{version_id} {fate}; it holds {', '.join(state.published) or 'nothing yet'}")

    def versions(self) -> list[Version]:
        """Return all published versions, oldest first."""
        return [_version(self.root, each) for each in self._state().published]

    def events(self) -> list[Event]:
        """Return what happened to this warehouse, oldest first: published, compacted, rolled-back (to that version), pruned."""
        return list(self._state().events)

    @contextmanager
    def draft(self) -> Iterator["Draft"]:
        """Hold the warehouse for writing and hand out a scratch folder on the same filesystem.

        A draft that ends without being published, for whatever reason, leaves no trace.

        Raises
        ------
        WarehouseError
            If somebody else is writing, or the folder cannot be written or is full.
        """
        with self._writing():
            folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self.root / ".drafts"))
            try:
                yield Draft(self, self.current(), folder, self._next_number())
            except duckdb.OperationalError as error:
                if any(words in str(error) for words in _NO_ROOM_WORDS):
                    raise WarehouseError(f"{self.root}: the disk is full; nothing was changed") from error
                raise
            finally:
                self._sweep()

    def rollback(self, version_id: str | None = None) -> Version:
        """Serve an earlier version again, by one atomic replacement; None takes the one the current was made from.

        Raises
        ------
        WarehouseError
            If there is no such version, or it cannot be read.
        """
        if not self.root.is_dir():
            raise WarehouseError(f"{self.root}: nothing was ever published, so there is nothing to roll back to")
        with self._writing(repair=version_id is not None):
            state = self._state_for_repair() if version_id else self._state()
            target = version_id or self._base_of(state)
            if target not in state.published:
                self.version(target)  # says why there is none
            version = _version(self.root, target)
            connection(version).close()
            if target != state.serving:
                self._write_state(state.after("rolled-back", target, serving=target))
        return version

    def check(self, version_id: str | None = None) -> list[str]:
        """Recompute hashes and row counts of a version, the current one if none is named.

        Returns
        -------
        list of str
            One sentence per fault; empty if the version is sound or nothing was ever published.
        """
        try:
            state = self._state()
        except WarehouseError as error:
            return [str(error)]
        if version_id and version_id not in state.published:
            self.version(version_id)  # says why there is none
        wanted = version_id or state.serving
        if wanted is None:
            return []
        try:
            return _faults(read_version(self.root, wanted))
        except WarehouseError as error:
            return [str(error)]

    def prune(self, keep: int) -> list[str]:
        """Delete old versions, and compact the current one if its tables are scattered over several files.

        The compacted version has the same content, one file and one part per table, and is published like any other. Readers that have
        an old version open are not disturbed: on POSIX systems an open file outlives its name.

        Parameters
        ----------
        keep
            How many versions stay, the newest; the current one always does.

        Returns
        -------
        list of str
            Ids of the versions and names of the files that were deleted.
        """
        if keep < 1:
            raise WarehouseError(f"at least one version must stay, so keep cannot be {keep}")
        if self.current() is None:
            return []
        self._compact()
        with self._writing():
            state = self._state()
            kept = {*state.published[-keep:], *filter(None, [state.serving])}
            dropped = [each for each in state.published if each not in kept]
            if dropped:
                self._write_state(state.after("pruned", *dropped))
            return dropped + self._sweep()

    # What a draft needs of its warehouse.

    def _publish(self, draft: "Draft", manifest: Manifest, rejects: Path | None, action: str) -> Version:
        folder = draft.folder / "version"
        folder.mkdir()
        if rejects is not None:
            move = Path.rename if draft.folder in rejects.parents else shutil.copyfile
            move(rejects, folder / REJECTS_NAME)
            flush(folder / REJECTS_NAME)
        (folder / MANIFEST_NAME).write_text(manifest.to_json(), "utf-8")
        flush(folder / MANIFEST_NAME)
        flush(folder)
        folder.rename(self.root / manifest.version)
        flush(self.root)
        self._write_state(self._state().after(action, manifest.version, serving=manifest.version))
        return _version(self.root, manifest.version)

    def _state(self) -> _State:
        path = self.root / "CURRENT"
        if path.is_file():
            return _State.read(path)
        if any(self._version_folders()):
            raise WarehouseError(f"{path} is missing; name the version to serve by `python -m data rollback VERSION`")
        return _State()

    def _state_for_repair(self) -> _State:
        """Return the state; where ``CURRENT`` is lost, the one that the readable version folders tell."""
        try:
            return self._state()
        except WarehouseError:
            folders = sorted(self._version_folders(), key=lambda path: version_number(path.name))
            readable = (folder.name for folder in folders if (folder / MANIFEST_NAME).is_file())
            return _State().after("published", *readable)

    def _write_state(self, state: _State) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.root / ".drafts", delete=False, encoding="utf-8") as file:
            file.write(state.text())
        Path(file.name).chmod(0o644)
        flush(Path(file.name))
        Path(file.name).replace(self.root / "CURRENT")
        flush(self.root)

    def _version_folders(self) -> Iterator[Path]:
        return (path for path in self.root.glob("v[0-9]*-*") if path.is_dir())

    def _next_number(self) -> int:
        return 1 + max((version_number(event.version_id) for event in self._state().events), default=0)

    def _base_of(self, state: _State) -> str:
        if state.serving is None:
            raise WarehouseError(f"{self.root}: nothing was ever published, so there is nothing to roll back to")
        base = _version(self.root, state.serving).manifest.base
        if base is None:
            raise WarehouseError(f"{state.serving} is the first version; there is nothing to roll back to")
        return base

    @contextmanager
    def _writing(self, *, repair: bool = False) -> Iterator[None]:
        """Hold the writer's lock, with the folder prepared and leftovers swept; troubles of the disk become one clear error."""
        try:
            (self.root / "files").mkdir(parents=True, exist_ok=True)
            (self.root / ".drafts").mkdir(exist_ok=True)
            with (self.root / ".lock").open("a+", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    lock.seek(0)
                    raise WarehouseError(f"{self.root}: another load is running (pid {lock.read().strip() or 'unknown'})") from error
                lock.truncate(0)
                lock.write(f"{os.getpid()}\n")
                lock.flush()
                if not (self.root / "CURRENT").exists() and not any(self._version_folders()):
                    self._write_state(_State())
                if not repair:
                    self._sweep()
                yield
        except OSError as error:
            if not self._is_ours(error):
                raise
            reason = "the disk is full" if error.errno in NO_ROOM else f"cannot be written ({error.strerror})"
            raise WarehouseError(f"{self.root}: {reason}; nothing was changed") from error

    def _is_ours(self, error: OSError) -> bool:
        """Whether an error of the operating system is about this folder and not about a source file."""
        named = Path(str(error.filename2 or error.filename or os.devnull))
        return error.errno in (*NO_ROOM, errno.EROFS) or named.absolute().is_relative_to(self.root.absolute())

    def _sweep(self) -> list[str]:
        """Delete what no published version names; return the names of deleted files and folders. Only under the lock."""
        published = self._state().published
        leftovers = [
            *(self.root / ".drafts").iterdir(),
            *(path for path in self._version_folders() if path.name not in published),
            *self._unnamed_files(published),
        ]
        for path in leftovers:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        return [path.name for path in leftovers if path.parent.name == "files"]

    def _unnamed_files(self, published: tuple[str, ...]) -> list[Path]:
        try:
            named = {name for each in published for name in _version(self.root, each).manifest.files}
        except WarehouseError:
            return []  # which files an unreadable manifest names is unknown, so every file stays
        return sorted(path for path in (self.root / "files").iterdir() if path.name not in named)

    def _compact(self) -> None:
        """Publish the current version's content anew in one file with one part per table, if it is not so already."""
        with self.draft() as draft:
            base = draft.base
            if base is None or (len(base.manifest.files) <= 1 and all(len(each.parts) == 1 for each in base.manifest.tables.values())):
                return
            specs = {name: PartSpec(entry.rows) for name, entry in base.manifest.tables.items()}
            _write_compacted(base, draft)
            record = base.record(f"same content as {base.id}, compacted")
            draft.publish(tables=specs, replace=set(specs), record=record, action="compacted")


@dataclass
class Draft:
    """A version in the making.

    Attributes
    ----------
    base
        Version that serves and that the new one adds to; None for the first.
    folder
        Scratch folder on the warehouse's filesystem, for spilling and temporary files; deleted at the end.
    """

    _warehouse: Warehouse
    base: Version | None
    folder: Path
    _number: int
    _published: bool = field(default=False, init=False)

    @property
    def id_hint(self) -> str:
        """Running number the version will have, such as ``v0003``."""
        return f"v{self._number:04d}"

    @property
    def file(self) -> Path:
        """DuckDB file that the loader builds; close every connection to it before publishing."""
        return self.folder / "load.duckdb"

    def publish(self, *, tables: Mapping[str, PartSpec], replace: AbstractSet[str], record: Record, action: str = "published") -> Version:
        """Check what was built, make it durable, and let it serve, by one atomic replacement at the very end.

        Parameters
        ----------
        tables
            What ``file`` holds of each table of the contracts; a table without rows may be missing. Other tables in it are refused.
        replace
            Tables whose earlier parts are dropped; others keep theirs.
        record
            What the load tells about itself. The version counts as synthetic if the load or any part it keeps does.
        action
            Word for the log in ``CURRENT``.

        Raises
        ------
        WarehouseError
            If the file is missing, still open, or holds other tables, columns or rows than said; or the disk does not take it.
        """
        if self._published:
            raise WarehouseError("a draft is published once")
        parts = {name: spec for name, spec in tables.items() if spec.rows or spec.superseded}
        self._refuse_overlays_on_nothing(parts, replace)
        files, name = {}, ""
        if parts:
            _prove(self.file, parts, may_be_empty=tables.keys() - parts.keys())
            flush(self.file)
            entry = FileEntry(_sha256(self.file), self.file.stat().st_size)
            name = f"{self.id_hint}-{entry.sha256[:12]}.duckdb"
            files[name] = entry
            self.file.chmod(0o444)
            self.file.rename(self._warehouse.root / "files" / name)
            flush(self._warehouse.root / "files")
        manifest = self._manifest(name, files, parts, replace, record)
        version = self._warehouse._publish(self, manifest, record.rejects, action)  # noqa: SLF001 -- two halves of one class
        self._published = True
        return version

    def _refuse_overlays_on_nothing(self, parts: Mapping[str, PartSpec], replaced: AbstractSet[str]) -> None:
        for name, spec in parts.items():
            earlier = 0 if name in replaced or self.base is None else self.base.manifest.rows(name)
            if spec.superseded > earlier:
                raise WarehouseError(
                    f"{name}: {spec.superseded:,} rows cannot be superseded where {earlier:,} stand; nothing was published"
                )

    def _manifest(
        self, name: str, files: Mapping[str, FileEntry], parts: Mapping[str, PartSpec], replaced: AbstractSet[str], record: Record
    ) -> Manifest:
        base = self.base.manifest if self.base else None
        merged = {each: entry for each, entry in (base.tables if base else {}).items() if each not in replaced}
        inherits_synthetic = bool(base and base.synthetic and merged)
        for each, spec in parts.items():
            earlier = merged.get(each, TableParts((), 0))
            rows = earlier.rows - spec.superseded + spec.rows
            merged[each] = TableParts((*earlier.parts, Part(name, spec.rows, spec.superseded)), rows)
        used = {part.file for entry in merged.values() for part in entry.parts}
        # A table that lost its rows lost what its watermarks stand for: their sources are then read from the beginning.
        watermarks = {key: mark for key, mark in (base.watermarks if base else {}).items() if mark.table not in replaced}
        manifest = Manifest(
            version="",
            created_at=_now(),
            code_version=_code_version(),
            base=self.base.id if self.base else None,
            synthetic=record.synthetic or inherits_synthetic,
            note=record.note,
            files={file: entry for file, entry in {**(base.files if base else {}), **files}.items() if file in used},
            tables=merged,
            sources=record.sources,
            counts=record.counts,
            findings=record.findings,
            rejects=REJECTS_NAME if record.rejects else None,
            extent=record.extent,
            notes=record.notes,
            watermarks={**watermarks, **record.watermarks},
        )
        return replace(manifest, version=version_id(self._number, manifest.digest()))


@lru_cache(maxsize=64)
def _version(root: Path, version_id: str) -> Version:
    """Read a version once per process: its id carries its hash, so it cannot mean something else later."""
    return read_version(root, version_id)


def _prove(path: Path, parts: Mapping[str, PartSpec], may_be_empty: AbstractSet[str]) -> None:
    """Prove that a built file holds what is said of it; the last look before it is published."""
    if not path.is_file() or path.with_name(path.name + ".wal").exists():
        raise WarehouseError("the draft's file was not written, or not checkpointed and closed; nothing was published")
    try:
        with duckdb.connect(str(path), read_only=True) as file:
            expected = {*parts, *(f"{name}_superseded" for name, spec in parts.items() if spec.superseded)}
            found = {name for (name,) in file.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            faults = [f"{name} does not belong in it" for name in sorted(found - expected - may_be_empty)]
            faults += [f"{name} is missing in it" for name in sorted(expected - found)]
            faults = faults or _part_faults(file, {**parts, **{name: PartSpec(0) for name in may_be_empty & found}})
    except duckdb.Error as error:
        raise WarehouseError(f"the draft's file cannot be read ({str(error).splitlines()[0]}); nothing was published") from error
    if faults:
        raise WarehouseError(f"the draft's file is not what it should be: {faults[0]}; nothing was published")


def _part_faults(file: duckdb.DuckDBPyConnection, parts: Mapping[str, PartSpec], *, may_be_older: bool = False) -> list[str]:
    """Compare tables in a file with what is said of them: columns, types and rows; older ones may lack columns that were added since."""
    faults = []
    for name, spec in parts.items():
        contract = table(name)
        expected = {name: ([(column.name, column.kind.duckdb_type) for column in contract.columns], spec.rows)}
        if spec.superseded:
            keys = [(key, contract.column(key).kind.duckdb_type) for key in contract.key]
            expected[f"{name}_superseded"] = (keys, spec.superseded)
        for each, (columns, rows) in expected.items():
            found = [(row[0], row[1]) for row in file.execute(f"DESCRIBE {each}").fetchall()]
            if not (_is_of_older_contract(contract, columns, found) if may_be_older else found == columns):
                faults.append(f"the columns of {each} are not those of the contract")
            (counted,) = file.execute(f"SELECT count(*) FROM {each}").fetchone() or (0,)
            if counted != rows:
                faults.append(f"{each} holds {counted:,} rows instead of {rows:,}")
    return faults


def _is_of_older_contract(contract: Table, columns: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> bool:
    """Whether columns are the contract's before it gained some: each of today's type, none unknown, and the key among them."""
    return set(found) <= set(columns) and set(contract.key) <= {name for name, _ in found}


def _faults(version: Version) -> list[str]:
    """Compare a version's files and tables with its manifest."""
    faults = []
    for name, entry in version.manifest.files.items():
        path = version.file(name)
        if not path.is_file():
            faults.append(f"{name}: the file is missing")
        elif path.stat().st_size != entry.bytes or _sha256(path) != entry.sha256:
            faults.append(f"{name}: the content is not what was published")
    if version.rejects_path and not version.rejects_path.is_file():
        faults.append(f"{version.rejects_path.name} of {version.id}: the file is missing")
    if faults:
        return faults
    for name in version.manifest.files:
        parts = {
            each: PartSpec(part.rows, part.superseded)
            for each, entry in version.manifest.tables.items()
            for part in entry.parts
            if part.file == name
        }
        with duckdb.connect(str(version.file(name)), read_only=True) as file:
            faults += [f"{name}: {fault}" for fault in _part_faults(file, parts, may_be_older=True)]
    with connection(version) as reader:
        for each in TABLES:
            (counted,) = reader.execute(f"SELECT count(*) FROM {each.name}").fetchone() or (0,)
            if counted != version.manifest.rows(each.name):
                faults.append(f"{each.name} shows {counted:,} rows instead of {version.manifest.rows(each.name):,}")
    return faults


def _write_compacted(base: Version, draft: Draft) -> None:
    """Write every table of a version into the draft's file, each in its contract's order."""
    with connection(base) as reader:
        reader.execute(f"SET GLOBAL memory_limit='{_SPILL_MEMORY}'")
        reader.execute("SET GLOBAL temp_directory=?", [str(draft.folder / "spill")])
        attach(reader, draft.file, "compacted", writable=True)
        for name, entry in base.manifest.tables.items():
            if not entry.rows:
                continue
            contract = table(name)
            reader.execute(contract.ddl(f"compacted.main.{name}"))
            order = ", ".join(contract.sort or contract.key)
            reader.execute(f"INSERT INTO compacted.main.{name} SELECT {', '.join(contract.names)} FROM {name} ORDER BY {order}")
        reader.execute("CHECKPOINT compacted")
        reader.execute("DETACH compacted")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _code_version() -> str:
    """Return the project's version, and the commit where the project is run from its repository."""
    project = Path(__file__).resolve().parent.parent
    version = str(tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    git = shutil.which("git")
    if git is None or not (project / ".git").exists():
        return version
    commit = subprocess.run([git, "-C", str(project), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    return f"{version}+{commit.stdout.strip()}" if commit.returncode == 0 else version
