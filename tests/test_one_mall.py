"""One mall opened on the page: its figures are the forecast's, its files hold them, and where nothing is known the page says why."""

import pytest
from streamlit.testing.v1 import AppTest

from analytics.choosing import told
from analytics.choosing.backtest import backtest
from analytics.choosing.forecast import forecast
from analytics.choosing.sites import sites
from data.warehouse import Warehouse


def script(root, site_id):
    """Draw one mall without the page around it."""
    from pathlib import Path  # noqa: PLC0415 - runs as a script of its own

    from analytics.choosing.sites import sites  # noqa: PLC0415
    from analytics.parameters import EVERYTHING  # noqa: PLC0415
    from data.warehouse import Warehouse  # noqa: PLC0415
    from ui.candidates import one  # noqa: PLC0415
    from ui.view import view_of  # noqa: PLC0415

    version = Warehouse(Path(root)).current()
    view = view_of({}, version=version, scope=EVERYTHING, theme="light", default_period="last-13-weeks", drawn=(), is_of_one_market=False)
    one.draw(view, next(each for each in sites(version) if each.id == site_id), alike=[("Pilot X", "90 % alike")])


def opened(root, site_id):
    test = AppTest.from_function(script, default_timeout=60, args=(str(root), site_id)).run()
    assert not test.exception
    return test


def words(test):
    html = " ".join(element.proto.body for element in test.get("html")).replace("\N{NO-BREAK SPACE}", " ")
    return html + " ".join(element.value for element in test.markdown)


def test_it_shows_the_forecast_its_ranges_and_the_back_test(demo_root):
    version = Warehouse(demo_root).current()
    site = next(each for each in sites(version) if not each.is_open)
    found = forecast(version, site)

    test = opened(demo_root, site.id)

    text = words(test)
    assert told.sentence(found) in text
    for each in told.FIGURES:
        assert each.label in text
        assert told.shown_range(each.name, getattr(found, each.name)) in text
    assert told.back_test_sentence(backtest(version)) in text
    assert "Pilot X" in text
    for note in found.notes:
        assert note.replace("'", "&#x27;") in text or note in text
    (rows,) = [table.value for table in test.dataframe]
    assert rows["name"].tolist() == [each.mall.name for each in backtest(version).held]


@pytest.mark.parametrize("status", ["open"])
def test_without_people_it_says_what_to_load(town, status):
    town.deliver("M1", seconds=[1_800] * 12)
    version = town.version
    site = next(each for each in sites(version) if each.status == status)

    text = words(opened(version.root, site.id))

    assert f"Nothing can be forecast for {site.name}" in text
    assert "Load demand cells or census files" in text
