"""Notebooks and scripts: one import that costs nothing, Arrow tables and geopandas frames out, the README's lines as they stand."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import h3
import pytest
import shapely

import analytics
from analytics import ask, geo_frame, rows_behind
from analytics.errors import ParameterError
from data.errors import WarehouseError
from tests.town import MONDAY, cells

ROOT = Path(__file__).resolve().parent.parent


def test_the_lines_of_the_readme_run_as_they_stand(demo_root, monkeypatch, capsys):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(demo_root))
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    names = {}

    exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - the project's own lines

    assert len([line for line in block.splitlines() if line]) <= 5
    assert "fashion-show" in capsys.readouterr().out
    assert names["late"].table.num_rows > 10
    assert len(names["cells"]) > 100
    assert names["cells"].crs.is_geographic


def test_importing_the_package_loads_nothing():
    loaded = "import analytics, sys; print([name for name in ('duckdb', 'ibis', 'pyarrow', 'pandas', 'numpy') if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_name_that_is_offered_is_there_and_no_other():
    assert all(getattr(analytics, name) is not None for name in analytics.__all__)
    assert set(analytics.__all__) <= set(dir(analytics))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        analytics.nothing  # noqa: B018 - looked up only


def test_a_question_is_asked_in_short_words(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M2", seconds=[600] * 11)

    short = ask("orders", of=town.version, by="mall, day", market="V", mall="M2", start="2026-03-02", end=date(2026, 3, 9))
    long = town.ask("orders", by=("mall", "day"), market_id="V", mall_id="M2", start_on=MONDAY, end_on=date(2026, 3, 9))

    assert short.parameters == long.parameters
    assert short.table.equals(long.table)
    assert rows_behind(short, of=town.version).num_rows == 11


@pytest.mark.parametrize(
    ("filters", "words"), [({"moll": "M1"}, "no filter 'moll'"), ({"start": "soon"}, "'soon' is not a day"), ({"by": "moon"}, "'moon'")]
)
def test_a_filter_that_does_not_exist_is_refused(town, filters, words):
    with pytest.raises(ParameterError, match=words):
        ask("orders", of=town.version, **filters)


def test_without_data_the_way_to_some_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(tmp_path))

    with pytest.raises(WarehouseError, match="nothing published yet"):
        ask("orders")


def test_a_frame_has_the_outlines_of_its_cells_and_hidden_rows_without_figures(town):
    town.deliver("M1", cell=3, seconds=[600] * 10)
    town.deliver("M1", cell=4, seconds=[600] * 9)
    town.deliver("M1", cell=None, seconds=[600] * 10)

    frame = geo_frame(town.ask("orders", by=("cell",)))

    shown = frame[frame["cell"] == f"{cells()[3]:x}"].iloc[0]
    boundary = [(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(shown["cell"])]
    assert shown.geometry.normalize().equals_exact(shapely.Polygon(boundary).normalize(), 1e-9)
    assert shown["orders"] == 10
    assert frame["suppressed"].tolist() == [False, True, False]
    assert frame["orders"].isna().tolist() == [False, True, False]
    assert frame.geometry.isna().tolist() == [False, False, True]


def test_rows_that_are_no_cells_make_no_frame(town):
    town.deliver("M1", seconds=[600] * 10)

    with pytest.raises(ParameterError, match="ask it by cell"):
        geo_frame(town.ask("orders", by=("mall",)))
