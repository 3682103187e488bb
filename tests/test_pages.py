"""Pages without a browser: they run, they agree with the registry, and they stay thin."""

import ast
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from data.warehouse import Warehouse
from ui import links, panels, session
from ui.explore import waiting
from ui.frame import PAGES
from ui.palette import tokens

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "pages").rglob("*.py"))
FORBIDDEN = {"pandas", "duckdb", "plotly", "pydeck", "ibis", "numpy", "pyarrow"}


def run(script, root, monkeypatch, **query):
    monkeypatch.setenv("MALLREACH_WAREHOUSE", str(root))
    monkeypatch.setattr(waiting, "PATIENCE_S", 60)  # on a busy machine Explore would draw its progress instead of its answer
    test = AppTest.from_file(str(ROOT / script), default_timeout=60)
    for key, text in query.items():
        test.query_params[key] = text
    return test.run()


def words(test):
    """Everything that stands on the page as text, with plain blanks between numbers and units."""
    text = " ".join(element.proto.body for element in test.get("html")) + " ".join(element.value for element in test.markdown)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_every_script_is_registered_and_every_registered_page_has_its_script():
    assert sorted(page.script for page in PAGES) == [str(path.relative_to(ROOT)) for path in SCRIPTS]


def test_no_script_stands_directly_in_pages():
    assert [path for path in SCRIPTS if path.parent == ROOT / "pages"] == []


def test_every_page_has_an_address_of_its_own():
    assert len({page.path for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("script", ["pages/review/overview.py", "pages/around/delivery_times.py", "pages/around/drivers.py"])
def test_what_a_page_asks_ahead_it_asks(script, demo_root, monkeypatch):
    ahead, asked, known = set(), set(), session._answer  # the cache of answers is where both meet

    def noting(*question):
        (ahead if threading.current_thread().name.startswith("asker") else asked).add(question[:2])
        return known(*question)

    known.clear()
    monkeypatch.setattr(session, "_answer", noting)
    assert not run(script, demo_root, monkeypatch).exception
    assert ahead
    assert ahead <= asked


def test_every_control_has_its_default_among_its_options():
    for page in PAGES:
        for control in page.controls:
            assert control.default in control.options


@pytest.mark.parametrize("path", [ROOT / "app.py", *SCRIPTS], ids=lambda path: path.name)
def test_pages_choose_and_draw_and_leave_tables_and_figures_to_others(path):
    tree = ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}

    assert {name.split(".")[0] for name in imported} & FORBIDDEN == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_page_stays_under_eighty_lines(path):
    assert len(path.read_text().splitlines()) <= 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_runs_without_its_frame(page, demo_root, monkeypatch):
    test = run(page.script, demo_root, monkeypatch)

    assert not test.exception
    assert 'class="mr-answer"' in words(test)


def test_the_app_draws_overview_first_with_band_and_footer(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch)

    assert not test.exception
    assert "How did the program do last week?" in words(test)
    assert "synthetic" in words(test)
    assert "orders in the filter" in words(test)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_no_page_ends_the_run_so_that_the_footer_stands_under_what_has_nothing_to_show(script):
    called = [node.func for node in ast.walk(ast.parse(script.read_text())) if isinstance(node, ast.Call)]

    assert [ast.unparse(each) for each in called if ast.unparse(each) in {"st.stop", "stop", "sys.exit", "exit"}] == []


@pytest.mark.parametrize("script", ["app.py", *(page.script for page in PAGES)])
def test_an_empty_warehouse_says_what_to_run(script, tmp_path, monkeypatch):
    test = run(script, tmp_path / "nothing", monkeypatch)

    assert not test.exception
    assert "python -m data demo" in words(test)


def test_a_market_without_orders_is_no_error(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch, period="custom", **{"from": "2001-01-01", "to": "2001-01-07"})

    assert not test.exception
    assert "No order was placed" in words(test)


def test_an_unknown_market_and_version_are_said_and_everything_is_shown(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch, market="atlantis", v="v9999-abcdef")

    said = " ".join(each.value for each in test.warning)
    assert "atlantis" in said
    assert "v9999-abcdef" in said
    assert not test.exception
    assert Warehouse(demo_root).current().id in words(test)


def test_choosing_a_market_writes_its_id_into_the_address(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch)

    test.selectbox(key="w-market").set_value("phoenix").run()

    assert test.query_params["market"] in (["phoenix"], "phoenix")


def test_a_choice_made_before_the_address_had_the_one_before_keeps_both(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch)
    test.selectbox(key="w-market").set_value("phoenix").run()

    test.query_params.clear()
    test.selectbox(key="w-period").set_value("last-4-weeks").run()

    assert test.query_params["market"] in (["phoenix"], "phoenix")
    assert test.query_params["period"] in (["last-4-weeks"], "last-4-weeks")


def test_choosing_another_market_leaves_a_mall_of_the_first_behind(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch, market="las-vegas", mall="fashion-show")

    test.selectbox(key="w-market").set_value("phoenix").run()

    assert "mall" not in test.query_params


def test_a_custom_period_starts_from_the_days_that_were_shown(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch)

    test.selectbox(key="w-period").set_value("custom").run()

    first, last = (test.date_input(key=f"w-{end}").value for end in ("from", "to"))
    assert (last - first).days == 6
    assert first.isoweekday() == 1


def test_a_period_never_runs_backwards(demo_root, monkeypatch):
    test = run("app.py", demo_root, monkeypatch, period="custom", **{"from": "2026-09-01", "to": "2026-09-30"})

    test.date_input(key="w-from").set_value(date(2026, 10, 5)).run()

    assert [test.date_input(key=f"w-{end}").value for end in ("from", "to")] == [date(2026, 10, 5)] * 2


def test_access_is_asked_before_anything_is_read(monkeypatch):
    seen = []
    frame = SimpleNamespace(run=lambda access, _: seen.append(access()))
    monkeypatch.setattr("ui.frame.run", frame.run)
    AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()

    assert [type(scope).__name__ for scope in seen] == ["Scope"]


def test_what_the_app_wrote_itself_is_no_news():
    assert not links.is_news({"market": "m"}, {"market": "m"}, is_other_page=False)
    assert links.is_news({"market": "m"}, None, is_other_page=True)
    assert links.is_news({}, {"market": "m"}, is_other_page=False)


def test_an_address_emptied_by_the_menu_keeps_what_was_chosen():
    assert not links.is_news({}, {"market": "m"}, is_other_page=True)


def test_a_link_carries_absolute_days_and_the_version():
    fixed = links.absolute(
        {"mall": "a", "period": "last-week"}, start_on=date(2026, 11, 9), end_on=date(2026, 11, 16), version_id="v0001-abcdef"
    )

    assert fixed == {"mall": "a", "period": "custom", "from": "2026-11-09", "to": "2026-11-15", "v": "v0001-abcdef"}
    assert links.address("http://x/coverage?old=1#top", {"mall": "a & b"}) == "http://x/coverage?mall=a+%26+b"


def test_the_theme_has_the_colors_of_the_palette():
    text = (ROOT / ".streamlit" / "config.toml").read_text()
    for theme in ("light", "dark"):
        section = text.split(f"[theme.{theme}]")[1].split("\n[")[0]
        color = tokens(theme)
        assert f'backgroundColor = "{color.background}"' in section
        assert f'textColor = "{color.text}"' in section
        assert f'primaryColor = "{color.primary}"' in section
        assert f'grayTextColor = "{color.muted}"' in section


def test_a_table_by_place_says_what_is_known_of_its_places(town, monkeypatch):
    town.deliver("M1", seconds=[600] * 30)
    town.deliver("M1", seconds=[600] * 10, is_dropoff_area=True)
    answer = town.ask("orders", by=("cell",))
    said = []
    monkeypatch.setattr(panels, "note", said.append)

    panels.numbers_behind("Cells", answer, town.version, key="cells")
    panels.numbers_behind("Malls", town.ask("orders", by=("mall",)), town.version, key="malls")

    assert said == ["Of 25 % of the orders only the area of the door is known: they count in its middle cell."]
