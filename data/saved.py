"""Named texts that readers keep beside the data: saved views, scenarios. They outlive versions, rollbacks and prunings.

Each is a small JSON file in ``WAREHOUSE/saved/<kind>/``, written whole or not at all. The file is called by the name given and a hash, so
that any name does: no two share a file, on no file system, and none leads out of the folder.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from data.durable import alone_in, flush, write_whole
from data.errors import WarehouseError

LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 1_000_000
MOST: Final = 500
"""Texts of one kind: more cannot be found again in a list."""

_KIND: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Item:
    """One saved text, and when it was saved (UTC, ISO 8601)."""

    name: str
    text: str
    saved_at: str


class Saved:
    """The saved texts of one kind.

    Parameters
    ----------
    root
        Folder of the warehouse; it need not exist.
    kind
        What the texts are, lower-case letters: ``views``, ``scenarios``.

    Raises
    ------
    ValueError
        If the kind is not lower-case letters.
    """

    def __init__(self, root: Path | str, kind: str) -> None:
        if not _KIND.fullmatch(kind):
            raise ValueError(f"a kind of saved texts is lower-case letters, not {kind!r}")
        self.kind = kind
        self.folder = Path(root) / "saved" / kind

    def items(self) -> tuple[Item, ...]:
        """Return what is saved, by name, capitals and small letters alike; files that cannot be read are left out (``damaged``)."""
        found = [item for path in self._paths() if (item := _read(path)) is not None]
        return tuple(sorted(found, key=lambda item: (item.name.casefold(), item.name)))

    def damaged(self) -> tuple[str, ...]:
        """Return the names of files in the folder that are no saved text, so that a reader can be told."""
        return tuple(path.name for path in self._paths() if _read(path) is None)

    def item(self, name: str) -> Item:
        """Return the text of that name.

        Raises
        ------
        WarehouseError
            If there is none, its file is damaged, or the name is none.
        """
        path = self._path(clean(name))
        if not path.is_file():
            raise WarehouseError(f"nothing is saved under the name {clean(name)!r}")
        item = _read(path)
        if item is None:
            raise WarehouseError(f"{path}: the file is damaged; save it anew or delete it")
        return item

    def save(self, name: str, text: str, *, may_replace: bool = False) -> Item:
        """Keep a text under a name, whole or not at all; it is on the disk when this returns.

        Parameters
        ----------
        name
            Any line of 1 to 80 characters; blanks around it are dropped.
        text
            At most a million characters.
        may_replace
            Whether it takes the place of a text of that name.

        Returns
        -------
        Item
            As it was saved.

        Raises
        ------
        WarehouseError
            If the name is none or taken, the text too long, there are 500 already, or the folder cannot be written.
        """
        item = Item(clean(name), text, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        if len(text) > LONGEST_TEXT or not _is_text(text):
            raise WarehouseError(f"{item.name!r}: only texts of at most {LONGEST_TEXT:,} characters can be saved")
        path = self._path(item.name)
        with alone_in(self.folder, "nothing was saved or deleted"):
            if path.exists() and not may_replace:
                raise WarehouseError(f"the name {item.name!r} is taken; choose another one, or replace what it names")
            if not path.exists() and len(self._paths()) >= MOST:
                raise WarehouseError(f"{MOST} {self.kind} are saved already; delete one first")
            _write(path, item)
        return item

    def delete(self, name: str) -> None:
        """Forget the text of a name.

        Raises
        ------
        WarehouseError
            If there is none, or the folder cannot be written.
        """
        path = self._path(clean(name))
        if not path.is_file():
            raise WarehouseError(f"nothing is saved under the name {clean(name)!r}")
        with alone_in(self.folder, "nothing was saved or deleted"):
            path.unlink(missing_ok=True)
            flush(self.folder)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []

    def _path(self, name: str) -> Path:
        """Return the file of a name: what letters and digits it has, for those who look into the folder, and a hash that tells it apart."""
        readable = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", name).lower().encode("ascii", "ignore").decode())[:40].strip(
            "-"
        )
        return self.folder / f"{readable or 'text'}-{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"


def clean(name: str) -> str:
    """Return a name as it is kept: without blanks around it, and each accented letter written one way only.

    Raises
    ------
    WarehouseError
        If it is empty, longer than 80 characters, or has characters that do not show, such as line breaks.
    """
    wanted = unicodedata.normalize("NFC", name).strip()
    if not wanted or len(wanted) > LONGEST_NAME:
        raise WarehouseError(f"a name has 1 to {LONGEST_NAME} characters, not {len(wanted)}")
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in wanted):
        raise WarehouseError(f"a name is one line without control characters, not {wanted!r}")
    return wanted


def _is_text(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: half a pair of surrogates cannot."""
    return not any(unicodedata.category(letter) == "Cs" for letter in text)


def _read(path: Path) -> Item | None:
    """Return the saved text of a file; None where the file is none: not JSON, not ours, not readable, or deleted since it was listed."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        item = Item(kept["name"], kept["text"], kept["saved_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return item if all(isinstance(each, str) for each in (item.name, item.text, item.saved_at)) else None


def _write(path: Path, item: Item) -> None:
    kept = {"name": item.name, "saved_at": item.saved_at, "text": item.text}
    write_whole(path, lambda file: file.write(json.dumps(kept, ensure_ascii=False, indent=1).encode()))
