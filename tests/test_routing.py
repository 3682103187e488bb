"""Drives on roads: what counts as a road, the graph without loss, places off the roads, the file kept, and a server of others."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from data.cells import cells_at, centers
from data.errors import SourceError
from data.routing.graph import FARTHEST_SNAP_M, SNAP_KMH, contracted
from data.routing.osm import CLASSES, SHORTEST_S, Arcs, arcs, directions, limit_kmh, speed_kmh
from data.routing.osrm import Osrm
from data.routing.roads import roads
from data.travel_time.models import Cells, Place

osmium = pytest.importorskip("osmium")

Way = tuple[Sequence[int], Mapping[str, str]]
STEP = 0.01
"""Degrees between the nodes of a test's town."""


def extract(path: Path, nodes: Mapping[int, tuple[float, float]], ways: Sequence[Way]) -> Path:
    """Write an OpenStreetMap file."""
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (latitude, longitude) in sorted(nodes.items()):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(longitude, latitude)))
        for number, (refs, tags) in enumerate(ways, start=1):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(refs), tags=dict(tags)))
    return path


def grid(rows: int, columns: int) -> dict[int, tuple[float, float]]:
    """Return nodes on a grid: number ``10 * row + column + 1``."""
    return {10 * row + column + 1: (33.5 + row * STEP, -112.0 + column * STEP) for row in range(rows) for column in range(columns)}


STREET = {"highway": "residential"}


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"highway": "residential"}, 40 * 0.65),
        ({"highway": "motorway", "maxspeed": "65 mph"}, 65 * 1.609344 * 0.95),
        ({"highway": "primary", "maxspeed": "50"}, 50 * 0.75),
        ({"highway": "primary", "maxspeed": "signals"}, 65 * 0.75),
        ({"highway": "footway"}, None),
        ({"highway": "service", "service": "driveway"}, None),
        ({"highway": "residential", "access": "private"}, None),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, 40 * 0.65),
        ({"highway": "residential", "access": "yes", "motorcar": "no"}, None),
        ({"highway": "pedestrian", "area": "yes"}, None),
        ({"highway": "residential", "area": "yes"}, None),
        ({"highway": "primary", "route": "ferry"}, None),
        ({"route": "ferry"}, None),
    ],
)
def test_what_a_car_may_take_and_how_fast(tags: dict[str, str], kmh: float | None) -> None:
    assert speed_kmh(tags) == (None if kmh is None else pytest.approx(kmh))


@pytest.mark.parametrize(
    ("text", "kmh"),
    [("50", 50), ("35 mph", 56.33), ("35mph", 56.33), ("none", 130), ("walk", 7), ("0", None), ("RU:urban", None), (None, None)],
)
def test_limits_are_in_kilometers_unless_they_say_miles(text: str | None, kmh: float | None) -> None:
    assert limit_kmh(text) == (None if kmh is None else pytest.approx(kmh, abs=0.01))


@pytest.mark.parametrize(
    ("tags", "ways"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"oneway": "reversible"}, (False, False)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
    ],
)
def test_directions(tags: dict[str, str], ways: tuple[bool, bool]) -> None:
    assert directions(tags) == ways


def test_seconds_of_a_street_by_hand(tmp_path: Path) -> None:
    path = extract(tmp_path / "a.osm.pbf", grid(1, 2), [([1, 2], STREET)])

    read = arcs(path)

    # 0.01 degrees of longitude at 33.5 degrees north are 927.2 m; 40 km/h at 65 % are 7.22 m/s.
    assert read.seconds.tolist() == [pytest.approx(927.2 / 7.2222, rel=1e-3)] * 2
    assert sorted(zip(read.start.tolist(), read.end.tolist(), strict=True)) == [(0, 1), (1, 0)]


def test_of_parallel_roads_the_faster_counts_and_two_nodes_at_one_point_are_not_no_arc(tmp_path: Path) -> None:
    nodes = {**grid(1, 3), 9: (33.5, -112.0 + 2 * STEP)}
    fast = {"highway": "motorway", "oneway": "no"}
    graph = contracted(arcs(extract(tmp_path / "a.osm.pbf", nodes, [([1, 2, 3], STREET), ([1, 2], fast), ([3, 9], STREET)])))

    drives = graph.drives(graph.matrix(), 0)

    assert drives[1] == pytest.approx(927.2 / (105 * 0.95 / 3.6), rel=1e-3)
    assert drives[3] - drives[2] == pytest.approx(SHORTEST_S)


def test_a_one_way_street_is_driven_around_and_an_island_is_left_out(tmp_path: Path) -> None:
    nodes = {**grid(2, 2), 31: (33.6, -112.0), 32: (33.6, -111.99)}
    ways: list[Way] = [([1, 2], {**STREET, "oneway": "yes"}), ([2, 12, 11, 1], STREET), ([31, 32], STREET)]
    graph = contracted(arcs(extract(tmp_path / "a.osm.pbf", nodes, ways)))

    there, back = (graph.drives(graph.matrix(), origin) for origin in (0, 1))

    assert len(graph.latitude) == 4
    assert there[1] == pytest.approx(128.4, rel=1e-2)
    assert back[0] == pytest.approx(128.2 + 2 * 1111.9 / 7.2222, rel=1e-2)


@st.composite
def towns(draw: st.DrawFn) -> Arcs:
    """Return arcs of a small town: streets of random directions and lengths, many of them in chains."""
    nodes = draw(st.integers(2, 14))
    links = draw(st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1), st.booleans(), st.integers(1, 99)), max_size=24))
    chain = [(each, each + 1, True, each + 1) for each in range(nodes - 1)] if draw(st.booleans()) else []
    rows = [(here, there, span) for here, there, _, span in [*links, *chain]]
    rows += [(there, here, span + 0.5) for here, there, is_both, span in [*links, *chain] if is_both]
    start, end, seconds = (np.array(each) for each in zip(*rows, strict=True)) if rows else (np.empty(0, int),) * 3
    return Arcs(np.linspace(33, 34, nodes), np.linspace(-112, -111, nodes), start, end, seconds.astype(float))


@given(towns())
@settings(max_examples=300)
def test_contraction_loses_nothing(town: Arcs) -> None:
    """Drives between all nodes of the largest part are those of Floyd and Warshall on the plain arcs."""
    nodes = len(town.latitude)
    plain = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(plain, 0)
    for here, there, span in zip(town.start, town.end, town.seconds, strict=True):
        plain[here, there] = min(plain[here, there], span)
    for middle in range(nodes):
        plain = np.minimum(plain, plain[:, [middle]] + plain[middle])

    graph = contracted(town)

    kept = np.flatnonzero(np.isin(town.latitude, graph.latitude))
    drives = np.stack([graph.drives(graph.matrix(), origin) for origin in range(len(kept))])
    assert drives == pytest.approx(plain[np.ix_(kept, kept)])
    together = np.isfinite(plain) & np.isfinite(plain.T)
    assert len(kept) == together.sum(axis=1).max()


def test_a_map_s_graph_is_small_and_exact(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    nodes = {number: (33.4 + 0.2 * rng.random(), -112 + 0.2 * rng.random()) for number in range(1, 801)}
    ways: list[Way] = []
    for _ in range(40):
        refs = [int(each) for each in rng.choice(800, 30, replace=False) + 1]
        ways.append((refs, {"highway": str(rng.choice(sorted(CLASSES)))} | ({"oneway": "yes"} if rng.random() < 0.3 else {})))
    read = arcs(extract(tmp_path / "town.osm.pbf", nodes, ways))
    graph = contracted(read)

    cheapest: dict[tuple[int, int], float] = {}
    for here, there, span in zip(read.start.tolist(), read.end.tolist(), read.seconds.tolist(), strict=True):
        cheapest[here, there] = min(span, cheapest.get((here, there), np.inf))
    rows, columns = (np.array(each) for each in zip(*cheapest, strict=True))
    whole = csr_array((list(cheapest.values()), (rows, columns)), shape=(len(read.latitude),) * 2)
    _, part = connected_components(whole, connection="strong")
    kept = np.flatnonzero(part == np.bincount(part).argmax())
    assert graph.junctions < len(kept)
    for origin in (0, 5, len(kept) - 1):
        assert graph.drives(graph.matrix(), origin) == pytest.approx(dijkstra(whole, indices=kept[origin])[kept])


def test_a_place_off_the_roads_has_no_drive_and_the_way_to_the_road_counts(tmp_path: Path) -> None:
    base = roads(extract(tmp_path / "a.osm.pbf", grid(2, 5), [([1, 2, 3, 4, 5], STREET)]), tmp_path / "cache")
    cell = cells_at(np.array([33.5, 33.52]), np.array([-111.97, -111.97]))
    cells = Cells(cell, *centers(cell))

    near, far = base.seconds(Place("M", 33.5, -112.0), cells)

    assert near == pytest.approx(3 * 128.4, abs=0.5 + FARTHEST_SNAP_M / (SNAP_KMH / 3.6))
    assert near > 3 * 128.4 - 60
    assert np.isnan(far)
    assert np.isnan(base.seconds(Place("M", 33.6, -112.0), cells)).all()


def test_a_road_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = extract(tmp_path / "a.osm.pbf", grid(2, 3), [([1, 2, 3, 13, 12, 11, 1], STREET)])
    first = roads(path, tmp_path / "cache")
    monkeypatch.setattr("data.routing.roads.arcs", lambda _: pytest.fail("read again"))
    again = roads(path.rename(tmp_path / "renamed.osm.pbf"), tmp_path / "cache")

    assert np.array_equal(first.graph.drives(first.matrix, 0), again.graph.drives(again.matrix, 0))
    assert len([*(tmp_path / "cache").iterdir()]) == 1


def test_what_is_no_road_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"nonsense")
    paths = extract(tmp_path / "paths.osm.pbf", grid(1, 2), [([1, 2], {"highway": "footway"})])
    for path, said in ((broken, "not a readable OpenStreetMap file"), (paths, "no road in it"), (tmp_path / "none.pbf", "no such file")):
        with pytest.raises(SourceError, match=said):
            roads(path, tmp_path / "cache")


def test_a_way_is_cut_where_the_extract_has_no_node(tmp_path: Path) -> None:
    nodes = {number: where for number, where in grid(1, 5).items() if number != 3}

    read = arcs(extract(tmp_path / "a.osm.pbf", nodes, [([1, 2, 3, 4, 5], STREET)]))

    assert len(read.start) == 4
    assert read.seconds == pytest.approx(np.full(4, 128.4), rel=1e-2)


class _Server(BaseHTTPRequestHandler):
    """Answers as OSRM's table service: a second for every hundredth of a degree of longitude; no way beyond -111.9."""

    asked: list[str] = []  # noqa: RUF012 -- the class is the log

    def do_GET(self) -> None:
        self.asked.append(self.path)
        points = [tuple(map(float, each.split(","))) for each in self.path.split("/")[4].split("?")[0].split(";")]
        row = [None if longitude > -111.9 else round(1000 * (longitude + 112), 1) for longitude, _ in points]
        snaps = [{"distance": 500 if lat > 33.6 else 5} for _, lat in points]
        told = {"code": "Ok", "durations": [row], "sources": snaps[:1], "destinations": snaps}
        body = json.dumps({"code": "TooBig", "message": "too many"} if len(points) > 100 else told).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    """An address that speaks OSRM's table service."""
    _Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_server_is_asked_in_batches_and_its_gaps_stay_gaps(server: str) -> None:
    longitude = np.linspace(-112, -111.8, 250)
    cells = Cells(np.arange(250), np.where(np.arange(250) == 7, 33.7, 33.5), longitude)

    seconds = Osrm(server + "/").seconds(Place("M", 33.5, -112.0), cells)

    expected = np.where((longitude > -111.9) | (np.arange(250) == 7), np.nan, np.round(1000 * (np.round(longitude, 6) + 112), 1))
    assert seconds == pytest.approx(expected, nan_ok=True)
    assert len(_Server.asked) == 3
    assert all("sources=0" in path and path.startswith("/table/v1/driving/-112.000000,33.500000;") for path in _Server.asked)


def test_a_mall_far_from_any_road_of_a_server_has_no_drives(server: str) -> None:
    there = Cells(np.arange(2), np.array([33.5, 33.5]), np.array([-112.0, -111.95]))

    assert np.isfinite(Osrm(server).seconds(Place("M", 33.5, -112.0), there)).all()
    assert np.isnan(Osrm(server).seconds(Place("M", 33.7, -112.0), there)).all()


def test_a_server_that_is_none_is_said_in_one_sentence(server: str) -> None:
    there = Cells(np.arange(1), np.array([33.5]), np.array([-112.0]))
    for address in ("ftp://routes", "routes:5000"):
        with pytest.raises(SourceError, match="begins with http"):
            Osrm(address)
    with pytest.raises(SourceError, match="does not answer"):
        Osrm("http://127.0.0.1:9").seconds(Place("M", 33.5, -112.0), there)
    with pytest.raises(SourceError, match="does not answer"):
        Osrm(f"{server}/a/b").seconds(Place("M", 33.5, -112.0), there)
