"""Candidate malls out of a reader's files, by the loader's own checks: nothing is loaded, a version is only read.

The files are taken as a table of malls, their columns guessed as for a load, and the load is rehearsed: what it would reject is rejected
here by the same rules. A file need not say what a load must know: a place without an id is known by its name and coordinates, one without
a market belongs to the market whose malls are nearest.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.cells import haversine_m
from data.engine import Engine
from data.errors import MappingError, SourceError
from data.guess import Guess, guessed_as
from data.guess_views import GuessedFeed
from data.manifest import Version
from data.preview import preview
from data.warehouse import Warehouse

MOST: int = 1_000
"""Rows of a file that are read."""

FARTHEST_M = 150_000
"""A place farther than this from every mall of the data belongs to none of its markets."""

_NEEDED = ("name", "latitude", "longitude")
_MALLS = "SELECT market_id, latitude, longitude FROM malls ORDER BY mall_id"
_UNIQUE = ("name", "latitude", "longitude")


@dataclass(frozen=True)
class Candidate:
    """One place of a file: its market, name, degrees, and its stores (None: not said)."""

    market_id: str
    name: str
    latitude: float
    longitude: float
    store_count: int | None


@dataclass(frozen=True)
class Read:
    """What files hold.

    Attributes
    ----------
    candidates
        Places that a load would keep, in the order of the files.
    rejected
        File, line and why, of the others.
    columns
        Which column of a file each figure was taken from.
    """

    candidates: tuple[Candidate, ...]
    rejected: tuple[tuple[str, int, str], ...]
    columns: dict[str, str]


def read_candidates(files: Sequence[tuple[str, bytes]], warehouse: Warehouse, version: Version) -> Read:
    """Return the candidate malls of uploaded files.

    Parameters
    ----------
    files
        Names and contents: CSV, GeoJSON, Excel, or any other form that can be loaded.
    warehouse, version
        Only read: its markets and malls.

    Raises
    ------
    SourceError
        If a file cannot be read, or holds more than 1,000 rows.
    MappingError
        If no columns of a name, a latitude and a longitude are found.
    """
    with tempfile.TemporaryDirectory(prefix="mallreach-candidates-") as folder:
        paths = []
        for number, (name, content) in enumerate(files):
            path = Path(folder) / f"{number}" / Path(name).name
            path.parent.mkdir()
            path.write_bytes(content)
            paths.append(path)
        try:
            return _read(paths, Path(folder), warehouse, version)
        except (SourceError, MappingError) as error:
            raise type(error)(_without_folder(str(error), paths, Path(folder))) from error


def _read(paths: Sequence[Path], folder: Path, warehouse: Warehouse, version: Version) -> Read:
    guess = guessed_as("malls", paths, beside=folder)
    feeds = tuple(_of_candidates(each) for each in guess.feeds)
    mapping = Guess(feeds).mapping(folder / "mapping.toml")
    (rehearsed,) = preview([], mapping, warehouse, MOST + 1)
    rows = rehearsed.rows.to_pylist()
    if len(rows) > MOST:
        raise SourceError(f"{', '.join(path.name for path in paths)}: more than {MOST:,} rows; candidates are read {MOST:,} at a time")
    malls = Engine.of(version).table(_MALLS).to_pylist()
    candidates, rejected = [], []
    for row in rows:
        if row["fate"].startswith("rejected"):
            rejected.append((row["file"], row["line"], row["fate"].removeprefix("rejected: ").replace("_", " ")))
            continue
        market = _market(row, malls)
        if market is None:
            rejected.append((row["file"], row["line"], f"farther than {FARTHEST_M // 1000} km from every mall of the data"))
        elif row["fate"] != "merged":
            candidates.append(Candidate(market, row["name"], row["latitude"], row["longitude"], row.get("store_count")))
    named = {column.column.name: " + ".join(column.source_columns) for each in guess.feeds for column in each.columns}
    return Read(tuple(candidates), tuple(rejected), {name: named[name] for name in (*_NEEDED, "market_id", "store_count") if name in named})


def _of_candidates(guessed: GuessedFeed) -> GuessedFeed:
    """Return the feed with what a candidate's row need not say: its id, its market, that it is a candidate."""
    feed = guessed.feed
    # A column that bears the very name is that, even if a value in it makes no sense: the row is rejected, not the file.
    exact = {name: (column,) for name in _NEEDED for column in (guessed.source.columns if guessed.source else ()) if column.lower() == name}
    found = {**feed.columns, **exact}
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        which = " or ".join(missing)
        raise MappingError(
            f"{feed.file}: no column of {which} is found; candidate malls need a name, and latitude and longitude in degrees"
        )
    columns = {**found, "mall_id": tuple(dict.fromkeys(column for name in _UNIQUE for column in found[name]))}
    constants = {**{name: value for name, value in feed.constants.items() if name not in columns}, "status": "candidate"}
    columns.pop("status", None)
    if "market_id" not in columns:
        constants["market_id"] = _NO_MARKET
    kept = tuple(each for each in guessed.columns if each.column.name in columns and each.column.name != "mall_id")
    return replace(guessed, feed=replace(feed, columns=columns, constants=constants), columns=kept)


_NO_MARKET = "not said"


def _market(row: dict[str, object], malls: Sequence[dict[str, object]]) -> str | None:
    """Return the market of a place: the one it names, else that of the nearest mall; None where no mall is near."""
    latitude, longitude = (np.array([mall[axis] for mall in malls], np.float64) for axis in ("latitude", "longitude"))
    if not len(malls):
        return None
    away_m = haversine_m(np.float64(row["latitude"]), np.float64(row["longitude"]), latitude, longitude)  # type: ignore[arg-type]
    nearest = int(away_m.argmin())
    if away_m[nearest] > FARTHEST_M:
        return None
    named = [mall["market_id"] for mall in malls if mall["market_id"] == row["market_id"]]
    return str(named[0] if named else malls[nearest]["market_id"])


def _without_folder(text: str, paths: Sequence[Path], folder: Path) -> str:
    """Return a sentence in which files bear the names under which they were brought."""
    for path in paths:
        for each in (str(path.resolve()), str(path), path.relative_to(folder).as_posix()):
            text = text.replace(each, path.name)
    return text
