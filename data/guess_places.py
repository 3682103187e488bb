"""Where the data is: points by table, markets that nothing names, and time zones that have to be confirmed."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from data.cells import haversine_m
from data.guess_fit import is_planar, scale_of
from data.guess_views import Placed, Remark, View
from data.guess_words import bag, plain
from data.portraits import Floats, Portrait

_ZONES = Path(__file__).parent / "reference" / "zones.csv"
_MARGIN_DEGREES, _MARGIN_OF_MALLS_DEGREES = 0.02, 0.25
_FAR_FROM_ZERO_DEGREES, _CLOSE_DEGREES = 5, 3
_OUTLIERS = (0.5, 99.5)
_MOST_MARKETS = 30
_WIDE_KM = 150


@dataclass(frozen=True)
class Market:
    """A market that was found or made up: its id, the constants of its row, what to confirm, and whether a file gives it."""

    market_id: str
    constants: dict[str, str]
    remarks: tuple[Remark, ...]
    is_loaded: bool


@dataclass(frozen=True)
class Points:
    """Points in degrees, NaN left out, in the order of rows; ``rows`` are the rows that have one."""

    latitude: Floats
    longitude: Floats
    rows: "np.typing.NDArray[np.int64]"


PAIRS = (("latitude", "longitude"), ("dropoff_latitude", "dropoff_longitude"), ("pickup_latitude", "pickup_longitude"))


def degrees(portrait: Portrait) -> Floats:
    """Return the numbers of a column of coordinates in degrees, of one sign if ``mixed_sign`` says so; 0 stands for a missing one."""
    numbers = portrait.numbers / (scale_of(portrait) or 1.0)
    sign = mixed_sign(portrait)
    if sign:
        numbers = np.abs(numbers) * (1.0 if sign == "positive" else -1.0)
    found: Floats = np.where(numbers == 0, np.nan, numbers)
    return found


def mixed_sign(portrait: Portrait) -> str:
    """Return the sign that all coordinates of a column should have, where some have lost or got one: their sizes lie close together."""
    known = portrait.known_numbers / (scale_of(portrait) or 1.0)
    known = known[known != 0]
    negative = float((known < 0).mean()) if len(known) else 0.0
    if not 0 < negative < 1 or not len(known):
        return ""
    low, high = np.percentile(np.abs(known), (5, 95))
    if low < _FAR_FROM_ZERO_DEGREES or high - low > _CLOSE_DEGREES:
        return ""
    return "negative" if negative > 0.5 else "positive"


def points(placed: Placed, pair: tuple[str, str]) -> Points | None:
    """Return the points of one pair of columns; None if the file has no such pair or nothing in it is a place on the globe."""
    latitude, longitude = (placed.portrait(name) for name in pair)
    if latitude is None or longitude is None or latitude.is_empty or longitude.is_empty or is_planar(latitude):
        return None
    y, x = degrees(latitude), degrees(longitude)
    is_known = np.isfinite(y) & np.isfinite(x) & (np.abs(y) <= 90) & (np.abs(x) <= 180)
    return Points(y[is_known], x[is_known], np.flatnonzero(is_known)) if is_known.any() else None


def all_points(placed: Sequence[Placed]) -> list[tuple[Placed, Points]]:
    """Return every pair of coordinates of every table, malls first."""
    found = [(each, found) for each in placed for pair in PAIRS if (found := points(each, pair))]
    return sorted(found, key=lambda each: each[0].table.name != "malls")


def guessed_markets(placed: Sequence[Placed], views: Sequence[View]) -> list[Market]:
    """Return the markets: those of a file, else those that a column names, else one made up around the points, also of other files."""
    loaded = next((each for each in placed if each.table.name == "markets"), None)
    if loaded:
        key = loaded.portrait("market_id") or loaded.portrait("name")
        return [Market(each, {}, (), is_loaded=True) for each in (key.counts if key else [])]
    named = next((each for each in placed if each.table.name in ("malls", "stations", "orders") and each.portrait("market_id")), None)
    if named:
        portrait = named.portrait("market_id")
        if portrait and 0 < len(portrait.counts) <= _MOST_MARKETS:
            return [_named(name, portrait, named) for name in portrait.counts]
    found = [each for _, each in all_points(placed)] or [each for view in views for each in _points_of(view)]
    if not found:
        return [_market("market", "Market", None, "nothing in the files says where they come from")] if placed else []
    where = Points(*(np.concatenate([getattr(each, name) for each in found]) for name in ("latitude", "longitude", "rows")))
    zone = nearest_zone(float(np.median(where.latitude)), float(np.median(where.longitude)))
    name = _city(placed) or zone.rsplit("/", 1)[-1].replace("_", " ")
    has_doors = any(each.portrait("dropoff_latitude") for each in placed)
    return [_market(_id(name), name, where, "", has_doors=has_doors)]


def _points_of(view: View) -> Iterator[Points]:
    """Yield the points of a file that feeds no table, by the names of its columns."""
    pairs = [[each for each in view.portraits if concept in bag(each.name) and each.is_number] for concept in ("LAT", "LON")]
    for latitude, longitude in zip(*pairs, strict=False):
        y, x = degrees(latitude), degrees(longitude)
        is_known = np.isfinite(y) & np.isfinite(x) & (np.abs(y) <= 90) & (np.abs(x) <= 180)
        if is_known.any():
            yield Points(y[is_known], x[is_known], np.flatnonzero(is_known))


def _named(name: str, portrait: Portrait, placed: Placed) -> Market:
    rows = np.array([text == name for text in portrait.texts])
    for pair in PAIRS:
        found = points(placed, pair)
        if found is not None and rows[found.rows].any():
            chosen = rows[found.rows]
            where = Points(found.latitude[chosen], found.longitude[chosen], found.rows[chosen])
            return _market(name, name, where, "", has_doors="dropoff" in pair[0])
    return _market(name, name, None, f"no point of {name} is known")


def _market(market_id: str, name: str, where: Points | None, problem: str, *, has_doors: bool = False) -> Market:
    constants = {"market_id": market_id, "name": name}
    if where is None:
        constants["time_zone"] = "UTC"
        return Market(market_id, constants, (Remark(f"{problem}: which time zone is it in?", "time_zone"),), is_loaded=False)
    latitude, longitude = float(np.median(where.latitude)), float(np.median(where.longitude))
    constants["time_zone"] = nearest_zone(latitude, longitude)
    remarks = [Remark(f"zone of the nearest city to {latitude:.2f}, {longitude:.2f}; is it right?", "time_zone")]
    south, north = np.percentile(where.latitude, _OUTLIERS)
    west, east = np.percentile(where.longitude, _OUTLIERS)
    width_km = haversine_m(*(np.array([each]) for each in (south, west, north, east)))[0] / 1000
    if width_km > _WIDE_KM:
        remarks.append(Remark(f"the points lie up to {width_km:,.0f} km apart: several markets? Then give a table of markets, or a column"))
    elif len(where.latitude) >= 3:
        margin = _MARGIN_DEGREES if has_doors else _MARGIN_OF_MALLS_DEGREES
        west, east, south, north = (
            round(float(west) - margin, 2),
            round(float(east) + margin, 2),
            round(float(south) - margin, 2),
            round(float(north) + margin, 2),
        )
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        constants["boundary_name"] = "Box around the data"
        constants["boundary_polygon"] = f"POLYGON(({', '.join(f'{x} {y}' for x, y in corners)}))"
        remarks.append(Remark("a box around 99 % of the points; better the counties or the outline that you mean", "boundary_polygon"))
    return Market(market_id, constants, tuple(remarks), is_loaded=False)


@cache
def _zone_places() -> tuple[tuple[str, ...], Floats, Floats]:
    with _ZONES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    latitude, longitude = (np.array([float(row[name]) for row in rows]) for name in ("latitude", "longitude"))
    return tuple(row["time_zone"] for row in rows), latitude, longitude


def nearest_zone(latitude: float, longitude: float) -> str:
    """Return the IANA time zone whose main city is nearest to a point: a guess, wrong near the borders of zones."""
    names, zone_latitude, zone_longitude = _zone_places()
    return names[int(np.argmin(haversine_m(zone_latitude, zone_longitude, np.array(latitude), np.array(longitude))))]


def _city(placed: Sequence[Placed]) -> str:
    """Return what the files' names say beside the words for tables and numbers: often a city."""
    return next(iter(_city_words(placed)), "")


def _city_words(placed: Sequence[Placed]) -> Iterator[str]:
    for each in placed:
        stem = each.view.source.path.name.split(".")[0]
        words = [word for word in re.findall(r"[^\W\d_]+", stem) if set(bag(word)) == {"?"} and len(word) > 2 and plain(word) not in _DULL]
        if words:
            yield " ".join(words).upper() if len(words) == 1 and len(words[0]) <= 3 else " ".join(word.capitalize() for word in words)


_DULL = frozenset(
    {
        "export",
        "data",
        "dump",
        "final",
        "copy",
        "table",
        "file",
        "csv",
        "all",
        "new",
        "old",
        "sample",
        "test",
        "daten",
        "train",
        "tbl",
        "info",
        "dataset",
        "part",
    }
    | {"list", "orders", "results", "raw", "clean", "report", "download"}
)


def _id(name: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", plain(name))) or "market"
