"""Files that a reader has brought but not loaded: where they stand, the mapping guessed for them, and what the reader changed in it.

Knows nothing of Streamlit. The files stand in a folder of their own outside the warehouse, which goes with its tray: when it is cleared,
when the reader leaves, when the server ends; leftovers of a server that was killed are swept by the next one.
"""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from analytics.reference import markets
from data.errors import MallReachError, MappingError
from data.guess import Guess, guessed, to_toml
from data.guess_known import among, with_constant
from data.mapping import Mapping as FileMapping
from data.preview import Preview, preview
from data.remote import is_remote
from data.sources import SUFFIXES
from data.warehouse import Version, Warehouse

TYPES = sorted({suffix.rsplit(".", 1)[1] for suffix in SUFFIXES})
"""Endings of files that may be brought."""

CONSTANT = "constant"
_PREFIX = "mallreach-upload-"
_JOINT = " + "
_ROWS = 20
_LONGEST_NAME_BYTES = 200
_ELSEWHERE = "on this page a mapping names uploaded files only ({names}); load {what} by `python -m data load`"


class Tray:
    """Files of one reader in a scratch folder, and the mapping guessed for them.

    Parameters
    ----------
    files
        Names and contents.
    version
        Version that serves, whose markets the files may belong to; None: nothing is loaded.

    Raises
    ------
    MallReachError
        If a file cannot be read at all; the folder is removed then.
    """

    def __init__(self, files: Sequence[tuple[str, bytes]], version: Version | None) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._previews: dict[tuple[str, str], tuple[Preview, ...]] = {}
        try:
            self.names = tuple(_written(self.folder, files))
            self.guess = self._guessed(version)
        except MallReachError as error:
            self.clear()
            raise type(error)(self.without_folder(str(error))) from error

    def _guessed(self, version: Version | None) -> Guess:
        guess = guessed([self.folder / name for name in self.names], beside=self.folder)
        if version is None:
            return guess
        return among(guess, tuple(each.id for each in markets(version)), version.manifest)

    def clear(self) -> None:
        """Remove the files."""
        self._remove()

    def files(self) -> list[tuple[str, bytes]]:
        """Return names and contents."""
        return [(name, (self.folder / name).read_bytes()) for name in self.names]

    @property
    def title(self) -> str:
        """The files in a few words."""
        more = f" and {len(self.names) - 3} more" if len(self.names) > 3 else ""
        return f"{', '.join(self.names[:3])}{more}"

    def without_folder(self, text: str) -> str:
        """Return a sentence without the folder's path: readers know their files by name."""
        return text.replace(f"{self.folder.resolve()}/", "").replace(f"{self.folder}/", "")

    def mapping(self, text: str) -> FileMapping:
        """Return a mapping of its text.

        Raises
        ------
        MappingError
            If it is none, or names anything but the files of this tray.
        """
        try:
            mapping = FileMapping.parse(text, self.folder / "mapping.toml")
        except MappingError as error:
            raise MappingError(self.without_folder(str(error)).removeprefix("mapping.toml").lstrip(": ")) from error
        self._refuse_elsewhere(mapping)
        return mapping

    def _refuse_elsewhere(self, mapping: FileMapping) -> None:
        """Refuse a mapping that reaches beyond the uploaded files: a page must not read what stands on the server or in its network."""
        for feed in mapping.feeds:
            if feed.query is not None or feed.database is not None:
                raise MappingError(_ELSEWHERE.format(names=self.title, what="a query"))
            for file in (feed.file, *(join.file for join in feed.derivations.joins)):
                if file is not None and not self._holds(file):
                    raise MappingError(_ELSEWHERE.format(names=self.title, what=repr(file)))

    def _holds(self, file: str) -> bool:
        """Whether a name or pattern means uploaded files and nothing else; only names are compared, so nothing else is even looked at."""
        if is_remote(file) or "/" in file or "\\" in file:
            return False
        found = [path for path in self.folder.iterdir() if path.name == file or fnmatchcase(path.name, file)]
        return bool(found) and all(path.name in self.names and not path.is_symlink() for path in found)

    def preview(self, text: str, warehouse: Warehouse, version: Version | None) -> tuple[Preview, ...]:
        """Return what a load with a mapping would make of the files; remembered for the same mapping and data."""
        key = (text, version.id if version else "")
        if key not in self._previews:
            try:
                self._previews = {key: preview([], self.mapping(text), warehouse, _ROWS)}
            except MallReachError as error:
                raise type(error)(self.without_folder(str(error))) from error
        return self._previews[key]


def sweep() -> None:
    """Remove folders of servers that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).split("-", 1)[0]
        if owner.isdecimal() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _written(folder: Path, files: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    """Write files under their names, made harmless and different from each other; yield the names."""
    taken: set[str] = set()
    for name, content in files:
        plain = re.sub(r"[^\w.\- ()+]", "_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
        plain = plain.encode()[-_LONGEST_NAME_BYTES:].decode(errors="ignore")
        stem, dot, suffix = plain.partition(".")
        number = 2
        while plain.lower() in taken:
            plain, number = f"{stem}-{number}{dot}{suffix}", number + 1
        taken.add(plain.lower())
        (folder / plain).write_bytes(content)
        yield plain


def mapping_rows(guess: Guess, place: int) -> list[dict[str, str | None]]:
    """Return one row a column of the table that a feed gives: its source column, how sure that is, an example and its meaning.

    Columns that something was found for stand first, then those that every row needs, then the others.
    """
    feed = guess.feeds[place]
    found = {each.column.name: each for each in feed.columns}
    rows = []
    for column in feed.table.loaded:
        each, constant = found.get(column.name), feed.feed.constants.get(column.name)
        names = feed.feed.columns.get(column.name, ())
        is_given = bool(names) or constant is not None
        rows.append(
            {
                "column": column.name,
                "source": _JOINT.join(names) or None,
                "constant": constant,
                "confidence": CONSTANT if constant is not None else str(each.confidence) if each and names else None,
                "example": ", ".join(each.examples) if each and names else None,
                "meaning": f"{column.meaning}{'; every row needs it' if column.required else ''}",
                "rank": "0" if is_given else "1" if column.required else "2",
            }
        )
    return sorted(rows, key=lambda row: str(row["rank"]))


def source_columns(guess: Guess, place: int) -> list[str]:
    """Return what a column of a feed may be taken from: the file's columns, and those that the guess joined."""
    feed = guess.feeds[place]
    joined = [_JOINT.join(names) for names in feed.feed.columns.values() if len(names) > 1]
    return [*(feed.source.columns if feed.source else ()), *joined]


def edited(guess: Guess, place: int, edits: Mapping[int, Mapping[str, str | None]]) -> Guess:
    """Return a guess with a reader's edits.

    Parameters
    ----------
    guess
        As it was shown.
    place
        Which of its feeds was edited.
    edits
        By row of ``mapping_rows``: new values of ``source`` and ``constant``; None or an empty text takes it out.

    Raises
    ------
    MappingError
        If a column is given twice, or by a column that the file does not have.
    """
    rows, feed = mapping_rows(guess, place), guess.feeds[place]
    number = sum(each.table.name == feed.table.name for each in guess.feeds[:place])
    for at, changes in edits.items():
        name = str(rows[int(at)]["column"])
        source, constant = changes.get("source", rows[int(at)]["source"]), changes.get("constant", rows[int(at)]["constant"])
        if source and constant:
            raise MappingError(f"{feed.table.name}.{name} is given by a column and by a constant; keep one of them")
        if "source" in changes and source != rows[int(at)]["source"]:
            guess = guess.with_column(feed.table.name, name, source or None, place=number)
        if "constant" in changes:
            guess = with_constant(guess, place, name, constant or None)
    return guess


__all__ = ["CONSTANT", "TYPES", "Tray", "edited", "mapping_rows", "source_columns", "sweep", "to_toml"]
