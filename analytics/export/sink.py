"""A file that is handed on while it is written: libraries write into it, its reader takes the pieces out."""

import io


class Sink(io.RawIOBase):
    """Keeps what was written since it was last emptied. It cannot seek, so that writers of archives write what can be read in one pass."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, piece: object, /) -> int:
        """Take a piece over."""
        taken = bytes(piece)  # type: ignore[call-overload]  # any buffer
        self._pieces.append(taken)
        self._position += len(taken)
        return len(taken)

    def tell(self) -> int:
        """Return how many bytes were written so far."""
        return self._position

    def emptied(self) -> bytes:
        """Return what was written since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
