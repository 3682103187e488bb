"""A load that repeats itself: a line per round, failed rounds survived, asleep in between, and gone at once when told."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data import __main__ as command_line
from data.errors import SourceError
from data.load import load
from data.warehouse import Warehouse
from data.watch import watch
from tests.loading import MALLS, MARKETS, Shop
from tests.test_remote import orders, served

ROOT = Path(__file__).resolve().parent.parent
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  "


class Waiting(threading.Event):
    """An event that ends the waiting after some rounds, runs something in between, and remembers how long it was to wait."""

    def __init__(self, *between) -> None:
        super().__init__()
        self.between, self.waits = list(between), []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if self.between:
            self.between.pop(0)()
        else:
            self.set()
        return self.is_set()


def rounds(shop: Shop, *between, every_s: float = 3600) -> tuple[list[str], list[str], list[float]]:
    """Watch the shop's folder, doing something after each round; return lines said, complaints, and how long was waited."""
    said, complaints, stop = [], [], Waiting(*between)
    watch(
        lambda: load([shop.folder / "in"], warehouse=shop.warehouse, progress=lambda *_: None),
        every_s=every_s,
        say=said.append,
        complain=complaints.append,
        stop=stop,
    )
    return said, complaints, stop.waits


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.write("in/markets.csv", MARKETS)
    shop.write("in/malls.csv", MALLS)
    return shop


def test_each_round_says_in_one_line_what_is_new(shop):
    said, complaints, _ = rounds(
        shop,
        lambda: shop.write("in/orders.csv", orders("a", "b", "")),
        lambda: shop.write("in/orders.csv", orders("a", "c").replace(b"17:40:00", b"17:41:00")),
        lambda: None,
    )

    assert complaints == []
    assert [re.sub(rf"^{STAMP}|-[0-9a-f]{{6}}|\d+\.\d s$", "", line) for line in said] == [
        "v0001 serves: markets 2 new; malls 2 new, ",
        "v0002 serves: orders 2 new, 1 rejected, ",
        "v0003 serves: orders 1 new, 1 changed, ",
        "v0003 still serves: nothing new, ",
    ]
    assert all(re.match(STAMP, line) for line in said)


def test_a_failed_round_is_told_in_one_line_and_the_last_version_serves_until_a_good_one(shop):
    serving = []

    def spoil() -> None:
        shop.write("in/orders.csv", b"")

    def mend() -> None:
        serving.append(shop.warehouse.current().number)
        shop.write("in/orders.csv", orders("a"))

    said, complaints, _ = rounds(shop, spoil, mend)

    assert serving == [1]
    (complaint,) = complaints
    assert re.match(STAMP + "error: .*orders.csv: the file is empty; it lacks even a header$", complaint)
    assert [line.partition("Z  ")[2][:5] for line in said] == ["v0001", "v0002"]
    assert shop.row("SELECT count(*) AS orders FROM orders")["orders"] == 1


def test_it_waits_once_a_round_until_the_next_is_due(shop):
    assert all(3590 < wait <= 3600 for wait in rounds(shop, lambda: None, lambda: None)[2])
    assert rounds(shop, lambda: None, every_s=1e-9)[2] == [0.0, 0.0]  # a round that took longer is followed at once


def test_an_error_of_the_program_itself_is_not_hidden():
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        watch(broken, every_s=1, say=print, complain=print)


def test_a_secret_in_an_error_is_cut_out(monkeypatch):
    monkeypatch.setenv("MALLREACH_PASSWORD", "pl4nted")
    complaints = []

    def failing() -> None:
        raise SourceError("somebody quoted\npl4nted")

    watch(failing, every_s=1, say=print, complain=complaints.append, stop=Waiting())

    assert [line.partition("Z  ")[2] for line in complaints] == ["error: somebody quoted ***"]


@contextmanager
def watching(shop: Shop, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "data", "load", *arguments, "--watch", "--warehouse", shop.warehouse.root],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_waiting_at_once(shop, number):
    with watching(shop, shop.folder / "in", "--every", "1h") as process:
        assert "v0001" in process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (0, "")
    assert re.fullmatch(STAMP + "stopped; the last version goes on serving\n", err)
    assert shop.warehouse.check() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_load_leaves_the_last_version_and_no_trace(shop, number):
    shop.load(shop.folder / "in")
    asked, released = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        asked.set()
        released.wait(60)

    with served({}, {"/orders.csv": hang}) as (host, _), watching(shop, f"http://{host}/orders.csv") as process:
        assert asked.wait(60)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
        released.set()

    assert process.returncode == 0
    assert re.fullmatch(STAMP + "stopped; the last version goes on serving\n", err)
    assert shop.warehouse.current().number == 1
    assert list((shop.warehouse.root / ".drafts").iterdir()) == []


def test_old_versions_are_pruned_when_there_are_twice_as_many_as_are_kept(shop, monkeypatch, capsys):
    numbers = iter(range(5))

    def three_rounds(load_once, *, every_s, say, complain) -> None:
        assert (every_s, complain is not None) == (90, True)
        for _ in range(5):
            shop.write("in/orders.csv", orders(f"o{next(numbers)}"))
            say(load_once().version.id)

    monkeypatch.setattr("data.watch.watch", three_rounds)

    command_line.main(
        ["load", str(shop.folder / "in"), "--watch", "--every", "90s", "--keep", "2", "--warehouse", str(shop.warehouse.root)]
    )

    versions = Warehouse(shop.warehouse.root).versions()
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert 2 <= len(versions) <= 4
    assert shop.row("SELECT count(*) AS orders FROM orders")["orders"] == 5
    assert json.loads((shop.warehouse.root / versions[-1].id / "manifest.json").read_text())["tables"]["orders"]["rows"] == 5


@pytest.mark.parametrize("arguments", [["--every", "5m"], ["--keep", "3"]])
def test_what_belongs_to_watching_is_refused_without_it(arguments, capsys):
    assert command_line.main(["load", "orders.csv", *arguments]) == 2
    assert capsys.readouterr().err == "error: --every and --keep belong to --watch\n"


@pytest.mark.parametrize("span", ["0m", "5", "five minutes", "-5m"])
def test_a_span_that_is_none_is_refused(span, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["load", "orders.csv", "--watch", f"--every={span}"])
    assert "is not a span of time such as 90s, 5m, 2h or 1d" in capsys.readouterr().err
