"""One question has one answer: on a page, on the command line, in a file, and by hand with the query that is shown."""

import csv
import io
import os
import random
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest

from analytics import reference
from analytics.__main__ import _parser, main
from analytics.answers import answers
from analytics.asked_rows import keys
from analytics.catalog import METRICS, metric
from analytics.commands import question
from analytics.export import exported_name
from analytics.parameters import EVERYTHING, Parameters
from data.__main__ import main as data_main
from data.warehouse import Warehouse
from ui.session import compute

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = 100
SEED = 5
"""Another seed asks a hundred other questions."""


@pytest.fixture(scope="module")
def version(demo_root):
    return Warehouse(demo_root).current()


@pytest.fixture(scope="module")
def by_hand(version, demo_root):
    """An analyst's own DuckDB: nothing of ours in it but what ``python -m data open`` printed."""
    with duckdb.connect() as connection:
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdout", printed)
            assert data_main(["open", version.id, "--warehouse", str(demo_root)]) == 0
        connection.execute(printed.getvalue())
        yield lambda sql: connection.sql(sql).to_arrow_table()


def shape_at_random(chance: random.Random, chosen) -> Parameters:
    """Return groups and options of a metric as a reader might choose them, and which filters there are; their values are drawn later."""
    values = {
        "market_id": chance.choice([None, "?"]),
        "mall_id": chance.choice([None, None, "?"]),
        "start_on": chance.choice([None, date.min, date.min]),
        "end_on": chance.choice([None, date.max, date.max]),
        "within_s": chance.choice([600, 1200, 1234]),
        "weight": chance.choice(["population", "households"]),
        "resolution": chance.choice([6, 7, 8, 9]),
        "dow": chance.choice([None, None, None, 1]),
        "hour": chance.choice([None, None, None, 0]),
        "service_s": chance.choice([2700, 3600]),
        "handling_cents": chance.choice([0, 125]),
        "commission_cents": chance.choice([0, 300]),
        "decay_permille": chance.choice([None, 1750]),
    }
    by = tuple(chance.sample(chosen.dimensions, k=min(len(chosen.dimensions), chance.choice([0, 1, 1, 2]))))
    return Parameters(by=by, **{name: value for name, value in values.items() if chosen.uses(name)})


def with_filters(chance: random.Random, asked: Parameters, version) -> Parameters:
    """Return the question with market, mall, days and hour drawn anew where it has them."""
    mall = chance.choice([each for each in reference.malls(version) if each.status == "open"])
    end_on = max(each.last_complete_on for each in reference.markets(version)) + timedelta(days=1 - chance.choice([0, 7, 10]))
    drawn = {
        "market_id": mall.market_id,
        "mall_id": mall.id,
        "start_on": end_on - timedelta(days=chance.choice([1, 7, 28, 91])),
        "end_on": end_on,
        "dow": chance.randint(1, 7),
        "hour": chance.randint(10, 20),
    }
    return replace(asked, **{name: value for name, value in drawn.items() if getattr(asked, name) is not None})


def questions(version) -> list[tuple[str, Parameters]]:
    """Return a hundred questions: every metric with groups and options of its own, and each of these with other filters.

    Questions of one shape are compiled once, which takes longer than to answer them.
    """
    chance = random.Random(SEED)
    shapes = [(each, shape_at_random(chance, each)) for each in METRICS]
    chosen = [*shapes, *(chance.choice(shapes) for _ in range(QUESTIONS - len(shapes)))]
    return [(each.id, each.understood(with_filters(chance, shape, version))) for each, shape in chosen]


def on_screen(metric_id: str, asked: Parameters, version):
    """Ask as pages ask."""
    fields = {name: getattr(asked, name) for name in Parameters.__dataclass_fields__}
    view = SimpleNamespace(version=version, scope=EVERYTHING, parameters=lambda **changes: Parameters(**{**fields, **changes}))
    return compute(metric_id, view)


def from_command_line(metric_id: str, asked: Parameters, root, capsysbinary) -> list[dict[str, str]]:
    words = shlex.split(question.written(metric(metric_id), asked))
    assert main([*words[3:], "--format", "csv", "--warehouse", str(root)]) == 0
    return list(csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode())))


def figures(answer, raw: pa.Table, named: list[str]) -> list[str]:
    """Return the columns of whole numbers that both the query and the screen have, without those that name the row."""
    both = [name for name in raw.column_names if name in answer.table.column_names and name not in named]
    return [name for name in both if pa.types.is_integer(answer.table.schema.field(name).type)]


def in_file(value: object, name: str) -> str:
    if value is None:
        return ""
    return f"{value:x}" if name == "cell" else str(value)


def rows_by_key(rows: list[dict], names: list[str]) -> dict[tuple, dict]:
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_hundred_questions_have_one_answer_on_screen_on_the_command_line_in_the_file_and_by_hand(
    version, by_hand, demo_root, capsysbinary
):
    numbers = grouped = hidden = 0
    for metric_id, asked in questions(version):
        answer = on_screen(metric_id, asked, version)
        file = from_command_line(metric_id, asked, demo_root, capsysbinary)
        raw = by_hand(answer.sql)
        assert capsysbinary.readouterr().out == b""

        chosen, screen = metric(metric_id), answer.rows()
        named = list(keys(chosen, answer.parameters))
        names = figures(answer, raw, named)
        told = rows_by_key(raw.to_pylist(), named)
        assert len(file) == len(screen), (metric_id, asked)
        for row, written in zip(screen, file, strict=True):
            own = told[tuple(row[name] for name in named)]
            for name in answer.table.column_names:
                column = exported_name(chosen, name, asked)
                if name in named or name in names:
                    assert written[column] == in_file(row[name], name), (metric_id, asked, name)
                elif isinstance(row[name], float):
                    assert float(written[column]) == row[name], (metric_id, asked, name)
            for name in names:
                assert row[name] in {own[name], None}, (metric_id, asked, name)
                numbers += row[name] is not None
        open_rows = [row for row in screen if not row["suppressed"]]
        for name in names:
            column = exported_name(chosen, name, asked)
            shown = sum(int(written[column]) for written in file if written[column])
            at_hand = sum(told[tuple(row[key] for key in named)][name] for row in open_rows if row[name] is not None)
            assert shown == at_hand, (metric_id, asked, name)
        grouped += len(screen) > 1
        hidden += len(screen) - len(open_rows)
    assert numbers > 5_000
    assert grouped > 40
    assert hidden > 100


def test_the_lines_of_the_readme_give_the_same_integers_in_a_database_of_ones_own(demo_root, tmp_path, version):
    lines = re.search(r"^python -m data open .*?^python -c .*?$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    folders = {
        "MALLREACH_WAREHOUSE": str(demo_root),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    run = subprocess.run(["bash", "-e", "-c", lines], cwd=tmp_path, env=os.environ | folders, capture_output=True, text=True, check=False)  # noqa: S607

    assert run.stderr == ""
    shown = answers("on_time_share", Parameters(by=("mall",)), EVERYTHING, version).rows()
    told = [re.sub(r"\s", "", line).split("\N{BOX DRAWINGS LIGHT VERTICAL}")[1:5] for line in run.stdout.splitlines() if "-" in line]
    figures = [[str(row["mall_id"]), *(str(row[name]) for name in ("numerator", "denominator", "n"))] for row in shown if row["mall_id"]]
    assert figures
    assert [row for row in told if row[1].isdigit()] == figures


def test_a_shown_command_names_a_mall_whose_id_looks_like_an_option():
    asked = Parameters(mall_id="-m7", market_id="a b")
    options = _parser().parse_args(shlex.split(question.written(metric("orders"), asked))[3:])

    assert question.parameters(options) == asked


def test_the_command_that_is_shown_asks_the_very_question(version):
    parser = _parser()
    for metric_id, asked in questions(version):
        options = parser.parse_args(shlex.split(question.written(metric(metric_id), asked))[3:])

        assert metric(metric_id).understood(question.parameters(options)) == asked
