"""A page's files hold exactly the rows on screen: the button's number is the table's, also where doors are unknown."""

import pytest
from streamlit.testing.v1 import AppTest

from analytics.beyond import shrunk_rows
from tests.test_laws import populate
from tests.test_pages import ROOT
from tests.town import Town

DAYS = {"market": "V", "period": "custom", "from": "2026-03-02", "to": "2026-03-08"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A town in which some doors are unknown."""
    town = Town(tmp_path_factory.mktemp("pages") / "town")
    populate(town)
    town.deliver("M1", cell=None, seconds=[900] * 40, promise_s=600)
    return town.version.root


@pytest.mark.parametrize(
    ("script", "chosen"),
    [
        ("pages/around/coverage.py", {"show": "orders", "below": "cells"}),
        ("pages/around/coverage.py", {"show": "access", "below": "cells"}),
        ("pages/around/coverage.py", {"below": "origins"}),
        ("pages/around/delivery_times.py", {"lost": "cells"}),
        ("pages/around/drivers.py", {"below": "cells"}),
        ("pages/around/drivers.py", {"below": "use"}),
        ("pages/data/travel_times.py", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_the_button_counts_the_rows_on_screen(root, monkeypatch, script, chosen):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(root))
    test = AppTest.from_file(str(ROOT / script), default_timeout=60)
    test.session_state["chosen"] = DAYS | chosen
    test.run()

    assert not test.exception
    buttons = [each.proto for each in test.get("download_button") if each.proto.label.startswith("CSV, ") and "-rows-" not in each.proto.id]
    tables = [len(each.value) for each in test.dataframe]
    assert [each.label for each in buttons[-len(tables) :]] == [f"CSV, {rows} row{'s' * (rows > 1)}" for rows in tables]
    assert max(tables) > 1


def test_more_rows_than_a_browser_takes_are_a_command_and_never_cut(root, monkeypatch):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(root))
    monkeypatch.setattr("ui.downloads.MOST_ROWS", 100)
    test = AppTest.from_file(str(ROOT / "pages/around/delivery_times.py"), default_timeout=60)
    test.session_state["chosen"] = DAYS | {"lost": "cells"}
    test.run()

    assert not [each for each in test.get("download_button") if "-rows-" in each.proto.id]
    (command,) = [each.value for each in test.code]
    assert command.startswith("python -m analytics metric click_to_door --market V")
    assert command.endswith("--rows --out .")


def test_a_figure_after_shrinking_stands_beside_the_one_that_was_counted(town):
    for store in range(3):
        town.deliver("M1", seconds=[1800 + 10 * order for order in range(60)], store_id=f"s{store}", promise_s=3000)
    town.deliver("M1", seconds=[1800] * 3, store_id="t")

    times, shares = (
        shrunk_rows(town.ask(metric, by=("store",)), figure) for metric, figure in (("click_to_door", "p90_s"), ("on_time_share", "share"))
    )

    assert times.column_names[-5:] == [
        "suppressed",
        *(f"click_to_door_p90_{name}_s" for name in ("shrunk", "shrunk_low", "shrunk_high")),
        "verdict",
    ]
    assert [(row["click_to_door_p90_s"], row["click_to_door_p90_shrunk_s"] is None) for row in times.to_pylist()] == [
        *[(2330, False)] * 3,
        (None, True),
    ]
    assert {"on_time_share", "on_time_share_shrunk", "on_time_share_shrunk_high", "verdict"} <= set(shares.column_names)
