"""A demo warehouse, real servers on free ports, and one headless Chromium for all tests of this folder."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# Maps need WebGL, which is worked out without a graphics card; everything else is painted the cheap way.
FLAGS = (
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
    *("--disable-gpu-compositing", "--disable-gpu-rasterization"),
    *(
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ),
)
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"


@contextmanager
def serving(warehouse: Path, log: Path) -> Iterator[str]:
    """Run ``streamlit run app.py`` over a warehouse and hand out its address; no page was asked of it yet.

    Afterwards its log is looked through: what went wrong in a page stands there, not on the screen.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    environment = os.environ | {"MALLREACH_WAREHOUSE": str(warehouse), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file) as process:
        try:
            _wait_until_ready(process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
    assert "Traceback" not in log.read_text(), log.read_text()[-4_000:]


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server says its address, at most a minute."""
    for _ in range(300):
        if "URL:" in log.read_text():
            return
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"the server did not listen: {log.read_text()}")


@pytest.fixture(scope="session")
def server(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server over the demo, shared by tests that change nothing."""
    with serving(demo_root, tmp_path_factory.mktemp("server") / "log") as address:
        yield address


@pytest.fixture
def own_warehouse(demo_root: Path, tmp_path: Path) -> Path:
    """A copy of the demo warehouse that a test may load into."""
    return Path(shutil.copytree(demo_root, tmp_path / "warehouse"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium; without one the tests fail where everything must be there (CI=true) and are skipped elsewhere."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        message = "Chromium is not installed, so the pages were not opened (apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A reader of their own, at a wide screen."""
    context = chromium.new_context(viewport=WIDE)
    yield context
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the watched pages complained about: errors on the console, requests to other hosts."""
    return []


@pytest.fixture
def watched(context: BrowserContext, complaints: list[str]) -> Callable[[], Page]:
    """Open a page whose console and requests are watched."""

    def watch(page: Page) -> None:
        page.on(
            "console",
            lambda message: complaints.append(f"console: {message.text} {message.location['url']}") if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: complaints.append(f"request: {request.url}") if is_foreign(request.url) else None)

    context.on("page", watch)
    return context.new_page


def is_foreign(url: str) -> bool:
    """Whether a request leaves the machine."""
    return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))
