"""Misplaced points: far from their mall or market as they stand, and whether flipping a sign or swapping the columns brings them home.

A point is compared with its mall (orders), else with the middle of its market's malls; a mall with the city of its market's time zone.
Boxes in degrees stand in for distances: they cost nothing, and the faults looked for move a point by thousands of kilometers.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from data import checks, settle
from data.checks import SUSPICIOUS_DISTANCE_M
from data.contracts import Table
from data.derivations import PICKUP
from data.manifest import Finding
from data.staging import Reading, quoted

RULES = ("flipped_coordinates", "swapped_coordinates", "scaled_coordinates")
"""Rules whose findings may propose a line for the mapping."""

_ZONES = Path(__file__).parent / "reference" / "zones.csv"
_REACH_DEGREES = {"orders": 0.9, "malls": 35.0}
_USUAL_REACH_DEGREES = 2.25
_ANCHORS = "anchors"


@dataclass(frozen=True)
class _Fix:
    """One way to read a pair of coordinates: the SQL of both after mending, the rule, and what the mapping must say."""

    rule: str
    column: str
    latitude: str
    longitude: str
    words: str
    line: str


def _fixes(latitude: str, longitude: str) -> list[_Fix]:
    """Return the ways to mend a pair of columns, the most usual first; swapping comes before flipping, as in the mapping."""
    swap = f'swap = ["{latitude}", "{longitude}"]'
    flipped = [
        _Fix("flipped_coordinates", longitude, latitude, f"-{longitude}", f"the sign of {longitude} flipped", f'flip = ["{longitude}"]'),
        _Fix("flipped_coordinates", latitude, f"-{latitude}", longitude, f"the sign of {latitude} flipped", f'flip = ["{latitude}"]'),
        _Fix(
            "flipped_coordinates",
            latitude,
            f"-{latitude}",
            f"-{longitude}",
            "both signs flipped",
            f'flip = ["{latitude}", "{longitude}"]',
        ),
    ]
    swapped = [
        _Fix("swapped_coordinates", latitude, longitude, latitude, f"{latitude} and {longitude} swapped", swap),
        _Fix(
            "swapped_coordinates",
            latitude,
            longitude,
            f"-{latitude}",
            f"{latitude} and {longitude} swapped, then the sign of {longitude} flipped",
            f'{swap}, flip = ["{longitude}"]',
        ),
        _Fix(
            "swapped_coordinates",
            latitude,
            f"-{longitude}",
            latitude,
            f"{latitude} and {longitude} swapped, then the sign of {latitude} flipped",
            f'{swap}, flip = ["{latitude}"]',
        ),
    ]
    scaled = [
        _Fix(
            "scaled_coordinates",
            latitude,
            f"({latitude} / {factor})",
            f"({longitude} / {factor})",
            f"{latitude} and {longitude} read as {unit}",
            f'units = {{ {latitude} = "{unit}", {longitude} = "{unit}" }}',
        )
        for unit, factor in (("microdegrees", "1e6"), ("e7", "1e7"))
    ]
    return [*flipped, *swapped, *scaled]


@cache
def _zone_cities() -> dict[str, tuple[float, float]]:
    with _ZONES.open(encoding="utf-8", newline="") as file:
        return {row["time_zone"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)}


def anchors(connection: duckdb.DuckDBPyConnection) -> str:
    """Make a table of where each market is: ``market_id, latitude, longitude`` (middle of its malls), ``city_latitude, city_longitude``.

    The middle is null where it lies off the zone's city: then the malls are what is wrong, and nothing is held against them.
    """
    rows = (f"({quoted(zone)}, {latitude}, {longitude})" for zone, (latitude, longitude) in sorted(_zone_cities().items()))
    cities = f"(VALUES {', '.join(rows)}) AS zone_cities (time_zone, city_latitude, city_longitude)"
    is_near = _is_near("latitude", "longitude", "city_latitude", "city_longitude", _REACH_DEGREES["malls"])
    connection.execute(
        f"CREATE OR REPLACE TABLE scratch.{_ANCHORS} AS "
        f"SELECT market_id, CASE WHEN is_near THEN latitude END AS latitude, CASE WHEN is_near THEN longitude END AS longitude, "
        f"city_latitude, city_longitude FROM (SELECT *, coalesce({is_near}, true) AS is_near FROM now_markets "
        "LEFT JOIN (SELECT market_id, median(latitude) AS latitude, median(longitude) AS longitude FROM now_malls GROUP BY market_id) "
        f"USING (market_id) LEFT JOIN {cities} USING (time_zone))"
    )
    return f"scratch.{_ANCHORS}"


def _is_near(latitude: str, longitude: str, anchor_latitude: str, anchor_longitude: str, reach: float) -> str:
    around = f"abs({longitude} - {anchor_longitude})"
    return (
        f"(abs({latitude} - {anchor_latitude}) <= {reach} "
        f"AND least({around}, abs(360 - {around})) * cos(radians({anchor_latitude})) <= {reach})"
    )


def mended(latitude: str, longitude: str, anchor_latitude: str, anchor_longitude: str, otherwise: str) -> str:
    """Return the SQL of the rule under which an order's far door would come home, else ``otherwise``."""
    reach = _REACH_DEGREES["orders"]
    ways = [
        f"WHEN {_is_near(fix.latitude, fix.longitude, anchor_latitude, anchor_longitude, reach)} THEN {quoted(fix.rule)}"
        for fix in _fixes(latitude, longitude)
    ]
    return f"CASE {' '.join(ways)} ELSE {quoted(otherwise)} END"


def misplaced(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading], anchors: str) -> list[Finding]:
    """Return findings on the points of a table that lie far away, by what would bring them home."""
    given = frozenset().union(*(reading.given for reading in readings))
    found: list[Finding] = []
    for latitude, longitude in checks.coordinates(table):
        if latitude in given and longitude in given:
            found += _of_pair(connection, table, readings, _anchored(table, anchors), (latitude, longitude))
    return [*found, *_merged([finding for reading in readings for finding in _of_pickups(connection, reading, anchors)])]


def _of_pickups(connection: duckdb.DuckDBPyConnection, reading: Reading, anchors: str) -> Iterator[Finding]:
    """Yield findings on the pick-up points by which malls are looked for; they are few, whatever the number of rows, and stored nowhere."""
    nearest = reading.feed.nearest
    if not nearest:
        return
    latitude, longitude = PICKUP
    y, x = (f"try_cast({reading.field(name)[0]} AS DOUBLE)" for name in (nearest.latitude, nearest.longitude))
    points = f"SELECT {y} AS {latitude}, {x} AS {longitude}, count(*) AS n, min(__line) AS line FROM {reading.relation} GROUP BY ALL"
    fixes = _fixes(latitude, longitude)
    pairs = [(latitude, longitude), *((fix.latitude, fix.longitude) for fix in fixes)]
    near = [_is_near(*pair, "market.latitude", "market.longitude", _USUAL_REACH_DEGREES) for pair in pairs]
    ways = " ".join(f"WHEN EXISTS (SELECT 1 FROM {anchors} AS market WHERE {each}) THEN {place - 1}" for place, each in enumerate(near))
    rows = connection.execute(
        f"SELECT {reading.position}, way, sum(n)::BIGINT, 0, min(line), arg_min({latitude}, line), arg_min({longitude}, line) "
        f"FROM (SELECT *, CASE {ways} ELSE {len(fixes)} END AS way FROM ({points}) "
        f"WHERE {latitude} IS NOT NULL AND {longitude} IS NOT NULL AND NOT {checks.is_nowhere(latitude, longitude)}) "
        "GROUP BY way ORDER BY way"
    ).fetchall()
    total = {reading.position: sum(row[2] for row in rows)}
    for row in rows:
        if 0 <= row[1] < len(fixes):
            yield _mendable(reading.table, [reading], fixes[row[1]], [row], total)


def _anchored(table: Table, anchors: str) -> str:
    """Return the SQL of staged rows with ``anchor_latitude`` and ``anchor_longitude`` (null where nothing is known)."""
    rows = f"scratch.staged_{table.name} AS item"
    if table.name == "malls":
        return (
            f"SELECT item.*, city_latitude AS anchor_latitude, city_longitude AS anchor_longitude FROM {rows} "
            f"JOIN {anchors} AS market USING (market_id)"
        )
    # With one market there is no question which one is meant.
    market = f"coalesce(item.market_id, (SELECT any_value(market_id) FROM {anchors} HAVING count(*) = 1))"
    if table.name != "orders":
        return (
            f"SELECT item.*, market.latitude AS anchor_latitude, market.longitude AS anchor_longitude FROM {rows} "
            f"JOIN {anchors} AS market ON market.market_id = {market}"
        )
    return (
        "SELECT item.*, CASE WHEN market.latitude IS NOT NULL THEN coalesce(mall.latitude, market.latitude) END AS anchor_latitude, "
        "CASE WHEN market.latitude IS NOT NULL THEN coalesce(mall.longitude, market.longitude) END AS anchor_longitude "
        f"FROM {rows} LEFT JOIN now_malls AS mall ON mall.mall_id = item.mall_id "
        f"LEFT JOIN {anchors} AS market ON market.market_id = coalesce({market}, mall.market_id)"
    )


def _of_pair(
    connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading], anchored: str, pair: tuple[str, str]
) -> list[Finding]:
    latitude, longitude = pair
    fixes = _fixes(latitude, longitude)
    reach = _REACH_DEGREES.get(table.name, _USUAL_REACH_DEGREES)
    ways = [
        f"WHEN {_is_near(each.latitude, each.longitude, 'anchor_latitude', 'anchor_longitude', reach)} THEN {place}"
        for place, each in enumerate(fixes)
    ]
    as_it_is = _is_near(latitude, longitude, "anchor_latitude", "anchor_longitude", reach)
    if table.name == "orders":
        as_it_is = f"((fault IS NULL AND distance_m <= {SUSPICIOUS_DISTANCE_M}) OR {as_it_is})"
    is_known = " AND ".join(f"{each} IS NOT NULL" for each in (*pair, "anchor_latitude", "anchor_longitude"))
    is_point = f"{is_known} AND NOT {checks.is_nowhere(latitude, longitude)}"
    rows = connection.execute(
        "SELECT source, way, count(*), count(*) FILTER (WHERE fault IS NULL), min(line), "
        f"arg_min({latitude}, line), arg_min({longitude}, line) "
        f"FROM (SELECT *, CASE WHEN {as_it_is} THEN -1 {' '.join(ways)} ELSE {len(fixes)} END AS way FROM ({anchored}) WHERE {is_point}) "
        "GROUP BY ALL ORDER BY source, way"
    ).fetchall()
    points: dict[int, int] = defaultdict(int)
    for source, _, count, *_ in rows:
        points[source] += count
    found = []
    for place, fix in enumerate(fixes):
        of_fix = [row for row in rows if row[1] == place]
        if of_fix:
            found.append(_mendable(table, readings, fix, of_fix, points))
    # Of orders the distance from the mall says the same.
    far = [] if table.name == "orders" else [row for row in rows if row[1] == len(fixes) and row[3]]
    if far:
        source, _, _, _, line, y, x = far[0]
        example = f"{settle.place(readings, source, line)}: {latitude}, {longitude} = {y}, {x}"
        found.append(Finding(table.name, "far_from_market", "finding", latitude, sum(row[3] for row in far), example))
    return _merged(found)


def _mendable(table: Table, readings: list[Reading], fix: _Fix, rows: list[tuple[int, ...]], points: dict[int, int]) -> Finding:
    """Return the finding on points that one fix brings home; it proposes the mapping line where that holds for most of a file's points."""
    source, _, count, _, line, latitude, longitude = max(rows, key=lambda row: row[2])
    reading = next(each for each in readings if each.position == source)
    file = reading.source.name if reading.source else "the mapping's constants"
    example = f"{settle.place(readings, source, line)}: ({latitude}, {longitude}) is near with {fix.words}"
    if 2 * count > points[source]:
        example += f", as are {count:,} of {points[source]:,} points of {file}; put `{fix.line}` under [{table.name}] in the mapping"
    else:
        example += f"; {count:,} of {points[source]:,} points of {file}, too few to change the whole column"
    return Finding(table.name, fix.rule, "finding", fix.column, sum(row[2] for row in rows), example)


def _merged(findings: list[Finding]) -> list[Finding]:
    """Return one finding per rule and column: the larger one's words, and the sum of rows."""
    merged: dict[tuple[str, str], Finding] = {}
    for each in sorted(findings, key=lambda each: -each.rows):
        key = each.rule, each.column
        known = merged.get(key)
        merged[key] = Finding(*_but_rows(known, known.rows + each.rows)) if known else each
    return list(merged.values())


def _but_rows(finding: Finding, rows: int) -> tuple[str, str, str, str, int, str]:
    return finding.table, finding.rule, finding.severity, finding.column, rows, finding.example
