"""``python -m analytics``: every metric can be asked and taken away, and a wrong question is one sentence."""

import csv
import io
import json
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics import commands, docs
from analytics.__main__ import main
from analytics.catalog import METRICS
from tests.town import Town

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def ask(town, capsysbinary):
    """Run the command line on the town; return exit code, output and errors."""

    def ask(*arguments: str) -> tuple[int, str, str]:
        place = [] if arguments[0] in {"list", "define"} else ["--warehouse", str(town.warehouse.root)]
        town.version  # noqa: B018 - published before it is asked
        code = main([*arguments, *place])
        output, errors = capsysbinary.readouterr()
        return code, output.decode(), errors.decode()

    return ask


def test_every_module_that_adds_a_command_is_registered():
    modules = [import_module(f"analytics.commands.{each.name}") for each in pkgutil.iter_modules(commands.__path__)]

    assert {each.__name__ for each in modules if hasattr(each, "add")} == {each.__name__ for each in commands.COMMANDS}


def test_every_command_has_a_help_text(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])

    listed = capsys.readouterr().out.split("commands:\n")[1].split("\n\n")[0]
    lines = re.findall(r"^ {4}(\S+)(?: +(\S.*)|\n {6,}(\S.*))$", listed, re.MULTILINE)
    assert {"list", "metric", "calibration"} <= {name for name, *_ in lines}
    assert len(lines) == len(re.findall(r"^ {4}\w", listed, re.MULTILINE))


def test_a_command_that_is_stopped_says_so_in_one_line(monkeypatch, capsys):
    def stopped(_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("analytics.commands.listing.aligned", stopped)

    assert main(["list"]) == 2
    assert capsys.readouterr() == ("", "error: stopped\n")


def test_list_names_every_metric_with_its_help(ask):
    code, output, _ = ask("list")

    assert code == 0
    assert all(metric.id in output and metric.help in output for metric in METRICS)


def test_define_says_what_a_metric_means_as_the_dictionary_does(ask):
    code, output, _ = ask("define", "utilization")

    assert code == 0
    assert output.startswith("## utilization\n\nEngaged time over online time")
    assert "engaged_s / online_s" in output
    assert output in docs.page()
    assert ask("define", "utilisation")[::2] == (2, "error: there is no metric 'utilisation'; did you mean utilization?\n")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_every_metric_is_asked_in_every_format(town, ask, metric, format_):
    town.deliver("M1", seconds=[600] * 10, promise_s=900)
    town.demand(0, 10)
    town.drive("M1", 0, 60)

    code, output, errors = ask("metric", metric.id, "--format", format_)

    assert (code, errors) == (0, "")
    assert output.strip()


def test_options_become_filters(town, ask):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M2", seconds=[600] * 11)

    code, output, _ = ask(
        "metric",
        "orders",
        "--market",
        "V",
        "--mall",
        "M2",
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-03",
        "--by",
        "day,hour",
        "--format",
        "csv",
    )

    (row,) = csv.DictReader(io.StringIO(output))
    assert code == 0
    assert (row["local_date"], row["local_hour"], row["orders"]) == ("2026-03-02", "12", "11")


def test_within_is_in_minutes(town, ask):
    town.demand(0, 10)
    town.drive("M1", 0, 630)

    reached = [json.loads(ask("metric", "covered_share", "--within", minutes, "--format", "json")[1]) for minutes in ("10", "10.5")]

    assert [answer["rows"][0]["covered_share_numerator_people"] for answer in reached] == [0, 10]


def test_the_table_says_what_is_hidden_left_out_and_modelled(town, ask):
    town.deliver("M1", seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)
    town.deliver("M2", seconds=[600] * 2, delivered_at=None)

    _, output, _ = ask("metric", "click_to_door", "--by", "mall")

    assert "hidden: fewer than 10 customers" in output
    assert "left out" not in output  # two of the nine who are hidden might be among them
    assert "at most 50.0 % of the orders are in hidden rows" in output
    town.deliver("M4", seconds=[600] * 9)
    _, output, _ = ask("metric", "click_to_door", "--by", "mall")
    assert "\n64.3 % of the orders are in hidden rows" in output
    assert "left out: 2 delivered orders without usable times" in output


def test_the_query_printed_gives_the_same_integers_by_hand(town, ask):
    town.deliver("M1", seconds=[600 + second for second in range(40)])

    _, sql, _ = ask("metric", "click_to_door", "--by", "mall,week", "--sql")
    _, output, _ = ask("metric", "click_to_door", "--by", "mall,week", "--format", "json")

    (by_hand,), (row,) = town.by_hand(sql).to_pylist(), json.loads(output)["rows"]
    assert by_hand["n"] == row["click_to_door_n_orders"] == 40
    assert by_hand["p90_s"] == row["click_to_door_p90_s"] == 635


def test_the_query_is_printed_or_written_without_running_it(town, ask, tmp_path, monkeypatch):
    printed = ask("metric", "orders", "--by", "mall", "--sql")[1]
    town.version  # noqa: B018 - published before the engine is taken away
    monkeypatch.setattr("analytics.answers.Engine", None)

    assert ask("metric", "orders", "--by", "mall", "--sql") == (0, printed, "")
    code, output, errors = ask("metric", "orders", "--by", "mall", "--sql", "--out", str(tmp_path / "orders.sql"))
    assert (code, output, (tmp_path / "orders.sql").read_text()) == (0, "", printed)
    assert errors.endswith("orders.sql: the query\n")
    assert ask("metric", "orders", "--sql", "--mall", "M9")[0] == 2


def test_a_file_stands_with_its_description(town, ask, tmp_path):
    town.deliver("M1", seconds=[600] * 10)

    code, output, errors = ask("metric", "orders", "--by", "mall", "--format", "parquet", "--out", str(tmp_path / "orders.parquet"))

    assert (code, output) == (0, "")
    assert "orders.parquet: 1 row;" in errors
    assert pq.read_table(tmp_path / "orders.parquet")["orders"].to_pylist() == [10]
    assert json.loads((tmp_path / "orders.parquet.description.json").read_text())["data_version"] == town.version.id


def test_a_file_of_made_up_data_is_named_so_whatever_name_was_given(tmp_path, capsys):
    town = Town(tmp_path / "town", synthetic=True)
    town.deliver("M1", seconds=[600] * 10)
    place = ("--warehouse", str(town.version.root))

    assert main(["metric", "orders", *place, "--out", str(tmp_path / "orders.csv")]) == 0
    assert main(["metric", "orders", *place, "--out", str(tmp_path)]) == 0

    names = {path.name for path in tmp_path.glob("*.csv")}
    assert names == {"orders-synthetic.csv", f"orders_{town.version.id}_synthetic.csv"}
    capsys.readouterr()
    assert main(["metric", "orders", *place]) == 0
    assert "synthetic data" in capsys.readouterr().out


def test_an_earlier_version_can_be_asked(town, ask):
    town.deliver("M1", seconds=[600] * 10)
    first = town.version.id
    town.deliver("M1", seconds=[600] * 10)

    counts = [
        json.loads(ask("metric", "orders", "--format", "json", "--version", each)[1])["rows"][0]["orders"] for each in (first, "v0002")
    ]

    assert counts == [10, 20]


def test_calibration_prints_what_the_version_achieves(town, ask):
    town.deliver("M1", seconds=[3600] * 10)

    code, output, _ = ask("calibration")

    assert code == 0
    assert "60.00" in next(line for line in output.splitlines() if line.startswith("click_to_door_mean"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("metric", "orderz"), "did you mean orders"),
        (("metric", "orders", "--mall", "M9"), "there is no mall 'M9'"),
        (("metric", "orders", "--by", "moon"), "cannot be grouped by 'moon'"),
        (("metric", "covered_share", "--from", "2026-01-01"), "does not depend on --from"),
        (("metric", "orders", "--within", "10"), "does not depend on --within"),
        (("metric", "orders", "--resolution", "9"), "orders without --by cell does not depend on --resolution"),
        (("metric", "orders", "--by", "mall", "--resolution", "7"), "without --by cell"),
        (("metric", "covered_share", "--resolution", "7"), "covered_share does not depend on --resolution"),
        (("metric", "orders", "--sql", "--format", "csv"), "leave out --format"),
        (("metric", "orders", "--sql", "--out", "nowhere/at/all.sql"), "cannot be written"),
        (("metric", "covered_share", "--within", "46"), "from 60 to 2700 s"),
        (("metric", "orders", "--from", "2026-02-01", "--to", "2026-01-01"), "after its end"),
        (("metric", "orders", "--version", "v0099"), "v0099"),
        (("metric", "orders", "--out", "nowhere/at/all.csv"), "cannot be written"),
    ],
)
def test_a_wrong_question_is_one_sentence_and_exit_code_2(ask, arguments, sentence):
    code, output, errors = ask(*arguments)

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert sentence in errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("metric", "orders", "--from", "soon"), "soon is not a day such as 2026-03-02"),
        (("metric", "covered_share", "--within", "far"), "far is not a number of minutes"),
        (("metric", "orders", "--by", "cell", "--resolution", "fine"), "'fine' is not a whole number"),
        (("metric", "covered_share", "--weight", "cats"), "cats"),
        (("metric", "orders", "--colour", "red"), "--colour"),
        (("metric",), "NAME"),
        (("metrik",), "metrik"),
        ((), "COMMAND"),
    ],
)
def test_a_command_that_cannot_be_read_is_one_line_and_exit_code_2(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    output, errors = capsys.readouterr()
    assert (ended.value.code, output) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert sentence in errors


def test_an_empty_warehouse_says_how_to_fill_it(tmp_path, capsys):
    assert main(["metric", "orders", "--warehouse", str(tmp_path / "none")]) == 2
    assert "python -m data demo" in capsys.readouterr().err


def test_the_module_runs_and_parquet_goes_through_a_pipe(town):
    town.deliver("M1", seconds=[600] * 10)
    command = [
        sys.executable,
        "-m",
        "analytics",
        "metric",
        "orders",
        "--format",
        "parquet",
        "--warehouse",
        str(town.version.root.absolute()),
    ]

    run = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)

    assert pq.read_table(pa.BufferReader(run.stdout))["orders"].to_pylist() == [10]


def test_a_reader_that_leaves_early_is_no_error(town):
    for cell in range(40):
        town.deliver("M1", cell=cell, seconds=[600] * 10)
    command = (
        f"{sys.executable} -m analytics metric orders --by cell,day,hour,status --format csv --warehouse {town.version.root} | head -n 1"
    )

    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, cwd=ROOT, text=True, check=False)  # noqa: S607

    assert run.stdout.startswith("cell,")
    assert run.stderr == ""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "the following arguments are required: COMMAND; see python -m analytics --help"),
        (("metric", "orders", "--within", "x"), "argument --within: x is not a number of minutes; see python -m analytics metric --help"),
        (
            ("metric", "orders", "--resolution", "x"),
            "argument --resolution: 'x' is not a whole number; see python -m analytics metric --help",
        ),
    ],
)
def test_an_option_that_cannot_be_understood_is_one_line(options, expected, capsys):
    with pytest.raises(SystemExit) as ended:
        main(options)

    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"error: {expected}\n")


def test_exponents_of_the_choice_between_malls_can_be_given(town, ask):
    town.demand(0, 100)
    town.drive("M1", 0, 1200)

    code, output, _ = ask("metric", "huff_probability", "--market", "V", "--decay", "1", "--outside", "0.5")

    assert code == 0
    assert "0.5000" in output
    assert "drive 1.00, as asked" in output


def test_an_exponent_that_is_no_number_is_refused(ask):
    with pytest.raises(SystemExit):
        ask("metric", "huff_probability", "--decay", "steep")
