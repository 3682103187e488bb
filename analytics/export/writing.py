"""Files on disk: written whole or not at all, with the description beside them."""

import hashlib
import tempfile
from pathlib import Path

from analytics.errors import ParameterError
from analytics.export.about import as_text
from analytics.export.formats import Format, described, description_name, file_name, pieces
from analytics.export.tables import Leaving


def write(table: Leaving, out: Path, format_: Format, *, bom: bool = False) -> tuple[Path, Path]:
    """Write a table to a file, and beside it the description with the file's hash.

    Parameters
    ----------
    table
        What leaves.
    out
        A file, or a folder in which the file is named for what it holds. A file of made-up data has ``synthetic`` in its name whatever
        name was given.
    format_, bom
        As ``pieces`` takes them.

    Returns
    -------
    tuple of Path
        The file and its description.

    Raises
    ------
    ParameterError
        If the file cannot be written, or the format cannot hold the rows; a file that was there before is still there then.
    """
    path = out / file_name(table, format_) if out.is_dir() else out
    if table.is_synthetic and "synthetic" not in path.name:
        path = path.with_name(f"{path.stem}-synthetic{path.suffix}")
    about, digest = path.with_name(description_name(path.name)), hashlib.sha256()
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mallreach-") as folder:
            draft = Path(folder) / "file"
            with draft.open("wb") as file:
                for piece in pieces(table, format_, bom=bom):
                    digest.update(piece)
                    file.write(piece)
            draft.replace(path)
        about.write_text(as_text({**described(table), "file": path.name, "sha256": digest.hexdigest()}), "utf-8")
    except OSError as error:
        raise ParameterError(f"{path}: cannot be written ({error.strerror})") from error
    return path, about
