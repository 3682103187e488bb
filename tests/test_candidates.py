"""Candidate malls out of files: the loader's own checks, and nothing is loaded."""

import io
import json
from pathlib import Path

import openpyxl
import pytest

from data.candidates import MOST, read_candidates
from data.errors import MappingError, SourceError
from data.warehouse import Warehouse

ROWS = [("Boulevard Mall", 36.125, -115.135, 140), ("Café “X”; Mall", 33.5, -112.0, None)]


@pytest.fixture(scope="module")
def demo(demo_root: Path) -> Warehouse:
    return Warehouse(demo_root)


def _csv() -> bytes:
    return "\n".join(
        ["Name,Lat,Lng,Stores", *(f'"{name}",{latitude},{longitude},{stores or ""}' for name, latitude, longitude, stores in ROWS)]
    ).encode()


def _geojson() -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "stores": stores},
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        }
        for name, latitude, longitude, stores in ROWS
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _workbook() -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Site name", "Latitude", "Longitude", "# stores"])
    for row in ROWS:
        book.active.append(list(row))
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(("name", "content"), [("a.csv", _csv()), ("a.geojson", _geojson()), ("a.xlsx", _workbook())])
def test_places_are_read_from_every_form_and_belong_to_the_nearest_market(demo: Warehouse, name: str, content: bytes) -> None:
    before = demo.current()
    assert before is not None

    found = read_candidates([(name, content)], demo, before)

    assert [(each.name, each.latitude, each.longitude, each.store_count) for each in found.candidates] == ROWS
    assert [each.market_id for each in found.candidates] == ["las-vegas", "phoenix"]
    assert found.rejected == ()
    assert demo.current() == before


def test_what_a_load_would_reject_is_rejected_with_its_line(demo: Warehouse) -> None:
    version = demo.current()
    assert version is not None
    rows = [
        "A,phoenix,36.1,-115.1",
        "B,phoenix,0,0",
        "C,phoenix,91,-115",
        "D,phoenix,40.7,-74.0",
        "A,phoenix,36.1,-115.1",
        "E,mars,36.2,-115.1",
    ]
    content = "\n".join(["name,market_id,latitude,longitude", *rows]).encode()

    found = read_candidates([("sites.csv", content)], demo, version)

    # A names its market; E names none of the data's, so the nearest counts; the second A is the same place.
    assert [(each.name, each.market_id) for each in found.candidates] == [("A", "phoenix"), ("E", "las-vegas")]
    assert [(file, line) for file, line, _ in found.rejected] == [("sites.csv", 3), ("sites.csv", 4), ("sites.csv", 5)]
    assert [why for _, _, why in found.rejected] == [
        "impossible coordinates",
        "impossible coordinates",
        "farther than 150 km from every mall of the data",
    ]


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("a.csv", b"name,city\nA,B\n", MappingError, "a.csv: no column of latitude or longitude is found"),
        ("a.csv", b"", SourceError, "a.csv: the file is empty"),
        ("a.xlsx", b"abc", SourceError, "a.xlsx: the file is no readable workbook"),
        ("a.csv", b"name,latitude,longitude\n" + b"A,36.1,-115.1\n" * (MOST + 1), SourceError, "a.csv: more than 1,000 rows"),
    ],
)
def test_a_file_that_is_none_is_said_in_one_sentence(demo: Warehouse, name: str, content: bytes, error: type[Exception], said: str) -> None:
    version = demo.current()
    assert version is not None
    with pytest.raises(error) as caught:
        read_candidates([(name, content)], demo, version)
    assert str(caught.value).startswith(said)
