"""The promises of the front door: two commands, pinned packages, one clear sentence when something is missing."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-extras.lock", "requirements-dev.lock")


def make(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE"))}
    return subprocess.run(
        ["make", *arguments],  # noqa: S607
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_with_a_hash_and_no_address(lock):
    text = (ROOT / lock).read_text()
    requirements = re.split(r"\n(?=[a-z0-9])", text.strip())

    assert len(requirements) > 40
    assert [line for line in requirements if not re.match(r"[\w.\-\[\]]+==\S+", line)] == []
    assert [line.split()[0] for line in requirements if "--hash=sha256:" not in line] == []
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", text) == []


def test_every_lock_pins_the_same_versions_as_those_below_it():
    app, extras, dev = (set(re.findall(r"^[a-z0-9][\w.\-]*==[^\s;]+", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS)

    assert app < extras < dev


def test_the_app_lock_holds_every_declared_dependency():
    declared = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE).group(1)
    names = set(re.findall(r'"([a-z0-9\-]+)', declared))
    locked = set(re.findall(r"^([a-z0-9][\w.\-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    assert names
    assert names <= locked


def test_a_python_that_is_too_old_is_named_in_one_sentence(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.2" && exit 0\nexit 1\n')
    old.chmod(0o755)

    outcome = make("python", f"PYTHON={old}")

    assert outcome.returncode != 0
    assert outcome.stderr.splitlines()[0].startswith("MallReach needs Python 3.11 or newer and found Python 3.8.2")


def test_a_missing_network_is_named_in_one_sentence_and_leaves_nothing_that_looks_installed(tmp_path):
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)

    outcome = make(
        ".venv/.app",
        f"PYTHON={sys.executable}",
        folder=tmp_path,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
    )

    assert outcome.returncode != 0
    assert "The packages could not be installed: check the network connection" in outcome.stderr
    assert not (tmp_path / ".venv" / ".app").exists()


def test_a_taken_port_is_named_in_one_sentence(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        outcome = subprocess.run(
            [sys.executable, "-m", "ui.serve", "--port", str(port), "--warehouse", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"Port {port} is taken")
    assert outcome.stderr.endswith(f"take another port: make run PORT={port + 1}\n")
    assert outcome.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text()))

    assert {"run", "test"} <= named
    assert named <= targets


def test_every_command_that_the_docs_name_is_understood():
    texts = [path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))]
    commands = {(module, verb) for text in texts for module, verb in re.findall(r"python -m (data|analytics) ([a-z]+(?:-[a-z]+)*)", text)}

    assert len(commands) >= 5
    for module, verb in sorted(commands):
        outcome = subprocess.run(
            [sys.executable, "-m", module, verb, "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        assert outcome.returncode == 0, f"python -m {module} {verb}: {outcome.stderr}"


def test_every_picture_and_page_that_the_readme_links_is_there():
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_ci_script_calls_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()

    assert "make test" in script
    assert "make check" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
