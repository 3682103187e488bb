"""What a version is: the manifest that names its files, tables, sources and counts, as frozen values and as JSON.

A version's id is its running number and six hex digits of its manifest's hash (``v0003-5f2a9c``): ids sort by age, and a warehouse
that was thrown away and built again never hands out an old id for new content.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from data.errors import WarehouseError

MANIFEST_NAME = "manifest.json"
REJECTS_NAME = "rejects.csv"
SERVE_ANOTHER = "serve another version by `python -m data rollback VERSION`"


@dataclass(frozen=True)
class FileEntry:
    """Fingerprint of one immutable DuckDB file: hash of its bytes and their number."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Part:
    """Rows of one table in one file, and how many keys of earlier parts they supersede."""

    file: str
    rows: int
    superseded: int = 0


@dataclass(frozen=True)
class TableParts:
    """Parts of one table, oldest first, and the rows a reader sees (superseded ones left out)."""

    parts: tuple[Part, ...]
    rows: int


@dataclass(frozen=True)
class SourceFile:
    """One file that was loaded: its name without folders, its hash, its bytes, the tables it gave and the rows in it."""

    path: str
    sha256: str
    bytes: int
    tables: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Count:
    """What became of a table's rows in one load; ``rows_in`` is the sum of the others."""

    rows_in: int = 0
    kept: int = 0
    merged: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Finding:
    """One rule that rows broke: how many, and one example in words. Severity is ``reject`` or ``finding``."""

    table: str
    rule: str
    severity: str
    column: str
    rows: int
    example: str


@dataclass(frozen=True)
class Extent:
    """Local days that a market's orders span: the first, and the last that is complete."""

    first_on: date | None
    last_complete_on: date | None


@dataclass(frozen=True)
class Watermark:
    """How far a source has been loaded: the greatest value of a rising column of it, as ISO 8601 or digits.

    ``kind`` is ``instant`` (UTC), ``local`` (a time without an offset), ``day`` or ``number``.
    """

    table: str
    column: str
    kind: str
    value: str


@dataclass(frozen=True)
class PartSpec:
    """What a draft's file holds of one table.

    Attributes
    ----------
    rows
        Rows in the table of the contract's name.
    superseded
        Rows in the table ``<name>_superseded`` (the contract's key columns only; 0: there is none): keys that earlier parts hold and
        this part replaces. Each key must be visible in the base exactly once.
    """

    rows: int
    superseded: int = 0


@dataclass(frozen=True)
class Record:
    """What a load tells about itself; the warehouse adds files, parts, time, code version and id.

    ``rejects`` is a CSV in the draft's folder, or None where no row was rejected. ``watermarks`` bear the name of the source that they are
    of; those of sources that this load did not read stay as they are.
    """

    sources: tuple[SourceFile, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    rejects: Path | None = None
    extent: Mapping[str, Extent] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    note: str = ""
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """Everything that is known about one version. ``rejects`` is the name of a file beside the manifest, or None."""

    version: str
    created_at: str
    code_version: str
    base: str | None
    synthetic: bool
    note: str
    files: Mapping[str, FileEntry]
    tables: Mapping[str, TableParts]
    sources: tuple[SourceFile, ...]
    counts: Mapping[str, Count]
    findings: tuple[Finding, ...]
    rejects: str | None
    extent: Mapping[str, Extent]
    notes: tuple[str, ...]
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)

    def rows(self, table: str) -> int:
        """Return the rows a reader sees in a table; 0 for a table without parts."""
        return self.tables[table].rows if table in self.tables else 0

    @property
    def rejected(self) -> int:
        """Rows rejected by the load that made this version."""
        return sum(count.rejected for count in self.counts.values())

    def digest(self) -> str:
        """Return the hash (hexadecimal SHA-256) of everything but the id, which is made from it."""
        fields = {name: value for name, value in asdict(self).items() if name != "version"}
        if not self.watermarks:
            # Manifests written before there were watermarks keep the ids that they were published under.
            del fields["watermarks"]
        return hashlib.sha256(_json(fields).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the manifest as the text of ``manifest.json``."""
        return _json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read the text of ``manifest.json``.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the text is not a manifest.
        """
        raw: dict[str, Any] = json.loads(text)
        nested = {
            "files": {name: FileEntry(**entry) for name, entry in raw["files"].items()},
            "tables": {
                name: TableParts(tuple(Part(**part) for part in entry["parts"]), entry["rows"]) for name, entry in raw["tables"].items()
            },
            "sources": tuple(SourceFile(**{**source, "tables": tuple(source["tables"])}) for source in raw["sources"]),
            "counts": {name: Count(**count) for name, count in raw["counts"].items()},
            "findings": tuple(Finding(**finding) for finding in raw["findings"]),
            "extent": {name: Extent(_day(span["first_on"]), _day(span["last_complete_on"])) for name, span in raw["extent"].items()},
            "notes": tuple(raw["notes"]),
            "watermarks": {name: Watermark(**watermark) for name, watermark in raw.get("watermarks", {}).items()},
        }
        return cls(**{**raw, **nested})


@dataclass(frozen=True)
class Version:
    """One published version of a warehouse: its id, the warehouse's folder and its manifest. Never changes."""

    id: str
    root: Path
    manifest: Manifest

    @property
    def number(self) -> int:
        """Running number: the 3 of ``v0003-5f2a9c``."""
        return version_number(self.id)

    def file(self, name: str) -> Path:
        """Return where a file of this version stands."""
        return self.root / "files" / name

    @property
    def rejects_path(self) -> Path | None:
        """CSV of the rows that the load rejected; None where it rejected none."""
        return self.root / self.id / self.manifest.rejects if self.manifest.rejects else None

    def record(self, note: str) -> Record:
        """Return what a version made of this one says of itself: the load that the data came of stays on record, with another note."""
        known = self.manifest
        return Record(
            known.sources,
            known.counts,
            known.findings,
            self.rejects_path,
            known.extent,
            known.notes,
            known.synthetic,
            note,
            known.watermarks,
        )


def version_id(number: int, digest: str) -> str:
    """Return the id of a version from its running number and its manifest's hash."""
    return f"v{number:04d}-{digest[:6]}"


def version_number(version_id: str) -> int:
    """Return the running number in an id; ``ValueError`` if the text is no id."""
    number, dash, digest = version_id.removeprefix("v").partition("-")
    if not (version_id.startswith("v") and number.isdecimal() and dash and digest):
        raise ValueError(f"{version_id!r} is not the id of a version")
    return int(number)


def read_version(root: Path, version_id: str) -> Version:
    """Read one version's manifest and prove it by the hash in its id.

    Raises
    ------
    WarehouseError
        If the manifest is missing, unreadable, or not the one that was published under this id.
    """
    path = root / version_id / MANIFEST_NAME
    try:
        manifest = Manifest.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise WarehouseError(f"{path}: the manifest of {version_id} cannot be read ({error.strerror}); {SERVE_ANOTHER}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WarehouseError(f"{path}: the manifest of {version_id} is damaged; {SERVE_ANOTHER}") from error
    if manifest.version != version_id or not version_id.endswith(manifest.digest()[:6]):
        raise WarehouseError(f"{path}: the manifest is not the one published as {version_id}; {SERVE_ANOTHER}")
    return Version(version_id, root, manifest)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, default=_plain, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in a manifest")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
