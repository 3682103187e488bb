"""Plant faults one at a time and see the tests catch them.

``python -m benchmarks.faults [NUMBER ...]`` takes the faults of ``benchmarks/faults.toml`` (all, or those of these numbers): a file, the
text that stands in it, the text that is put in its place, and the tests that must fail then. It works on a clone of the last commit in a
temporary folder. First every selection of tests must pass unharmed; then each fault is planted, its tests are run and it is taken back.
Prints a line a fault and the count; returns 1 if a fault survived, or no longer fits the code.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FAULTS = Path(__file__).with_suffix(".toml")
TESTS_FAILED = 1
"""What pytest returns when tests ran and some failed; a typing error in a fault returns something else and proves nothing."""


@dataclass(frozen=True)
class Fault:
    """One fault: what is put where, and the tests (arguments of pytest) that must fail."""

    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def faults() -> list[Fault]:
    with FAULTS.open("rb") as file:
        return [Fault(each["why"], each["file"], each["old"], each["new"], tuple(each["tests"])) for each in tomllib.load(file)["fault"]]


def result_of(folder: Path, tests: Sequence[str]) -> int:
    """Run tests in a folder; return what pytest returns."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def together(selections: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the same tests in fewer runs: those that are picked of a file by words, with all the words at once."""
    words: dict[str, set[str]] = {}
    others = set()
    for tests in selections:
        if len(tests) == 3 and tests[1] == "-k":  # a file, and what is picked of it
            words.setdefault(tests[0], set()).add(tests[2])
        else:
            others.add(tests)
    return [*((file, "-k", " or ".join(f"({each})" for each in sorted(picked))) for file, picked in sorted(words.items())), *sorted(others)]


def outcome(folder: Path, fault: Fault) -> str:
    """Plant one fault, run its tests, take it back; return ``caught``, or what is wrong."""
    path = folder / fault.file
    sound = path.read_text("utf-8")
    if sound.count(fault.old) != 1:
        return f"does not fit: its text stands {sound.count(fault.old)} times in the file"
    path.write_text(sound.replace(fault.old, fault.new), "utf-8")
    code = result_of(folder, fault.tests)
    path.write_text(sound, "utf-8")
    if code == TESTS_FAILED:
        return "caught"
    return "SURVIVED" if code == 0 else f"proves nothing: pytest returned {code}"


def main(numbers: Sequence[int]) -> int:
    known = faults()
    chosen = [(number, each) for number, each in enumerate(known, 1) if not numbers or number in numbers]
    with tempfile.TemporaryDirectory(prefix="mallreach-faults-") as temporary:
        folder = Path(temporary) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)  # noqa: S607 -- the git of the user's path
        for tests in together({each.tests for _, each in chosen}):
            if result_of(folder, tests):
                print(f"the tests {' '.join(tests)} fail without any fault", file=sys.stderr)
                return 1
        outcomes = []
        for number, each in chosen:
            outcomes.append(outcome(folder, each))
            print(f"{number:3} {outcomes[-1]:<10} {each.file}: {each.why}", flush=True)
    caught = outcomes.count("caught")
    print(f"{caught} of {len(outcomes)} faults caught")
    return 0 if caught == len(outcomes) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, help="only the faults of these numbers, counted from 1")
    sys.exit(main(parser.parse_args().numbers))
