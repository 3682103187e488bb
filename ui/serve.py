"""Start the dashboard: ``python -m ui.serve``. Builds the demo markets first where there is no data yet."""

import argparse
import os
import socket
import sys
from pathlib import Path

from data.demo import build
from data.errors import MallReachError
from data.warehouse import Warehouse, default_root

HOST = "127.0.0.1"
PORT = 8501
APP = Path(__file__).resolve().parent.parent / "app.py"


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def main(arguments: list[str] | None = None) -> None:
    """Serve the app; leaves with 1 when the port is taken and with 2 when there is no data and none can be made."""
    parser = argparse.ArgumentParser(prog="python -m ui.serve", description="Serve the MallReach dashboard.")
    parser.add_argument("--port", type=int, default=PORT, help=f"port on {HOST} (default {PORT})")
    parser.add_argument("--warehouse", type=Path, default=default_root(), help="folder of the data (default: warehouse)")
    options = parser.parse_args(arguments)
    if not is_free(HOST, options.port):
        print(
            f"Port {options.port} is taken: another program, perhaps another MallReach, listens there. "
            f"Stop it, or take another port: make run PORT={options.port + 1}",
            file=sys.stderr,
        )
        sys.exit(1)
    warehouse = Warehouse(options.warehouse)
    try:
        if warehouse.current() is None:
            print("No data yet: building the demo markets (synthetic), once.")
            build(warehouse)
    except MallReachError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"\nMallReach is at http://{HOST}:{options.port}  (Ctrl+C stops it)\n", flush=True)
    os.environ["MALLREACH_WAREHOUSE"] = str(options.warehouse.resolve())
    os.chdir(APP.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={options.port}", "--server.headless=true"]
    os.execv(sys.executable, command)  # noqa: S606 - replaces this process, so that Ctrl+C and exit codes are Streamlit's own


if __name__ == "__main__":
    main()
