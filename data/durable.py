"""Small files beside the versions, written whole or not at all: by one process at a time, and still there after a power cut."""

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from data.errors import WarehouseError

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk without room."""

_PREFIX, _SUFFIX = ".", ".part"


def flush(path: Path) -> None:
    """Make a file or a folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file under a temporary name and put it in its place when it is whole and on the disk.

    Parameters
    ----------
    path
        Its place; what stood there is replaced. The folder must exist.
    write
        Writes the bytes to the open file.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_PREFIX, suffix=_SUFFIX, delete=False) as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    flush(path.parent)


@contextmanager
def alone_in(folder: Path, consequence: str) -> Iterator[None]:
    """Let one process at a time write in a folder, remove what killed ones left, and make troubles of the disk one clear error.

    Parameters
    ----------
    folder
        Made where it is missing.
    consequence
        What follows for the reader where the disk refuses: the end of the error's sentence.

    Raises
    ------
    WarehouseError
        If the disk is full or refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
                leftover.unlink()
            yield
    except OSError as error:
        reason = "the disk is full" if error.errno in NO_ROOM else f"cannot be written ({error.strerror})"
        raise WarehouseError(f"{folder}: {reason}; {consequence}") from error
