"""A PostgreSQL server of the tests' own: Debian's, in a folder of its own, on a free port of 127.0.0.1, never as root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from adbc_driver_postgresql import dbapi

OWNER, READER = "owner", "reader"
OWNER_PASSWORD, READER_PASSWORD = "0wner-pl4nted", "r3ader/pl4nted"


def programs() -> Path | None:
    """Return the folder of the server's programs, the newest version first; None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Server:
    """A server that can be started and stopped at will; ``close`` deletes it."""

    def __init__(self) -> None:
        self._programs = programs()
        self._as: dict[str, Any] = {}
        # Below /tmp, because the folders of pytest are closed to other users, and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="mallreach-postgres-"))
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        password = self.folder / "password"
        password.write_text(OWNER_PASSWORD)
        password.chmod(0o644)
        self._run(
            "initdb", "-D", "data", "-U", OWNER, f"--pwfile={password}", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.start()
        self.run(f"CREATE USER {READER} PASSWORD '{READER_PASSWORD}'")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB -k {self.folder}"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash does."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def close(self) -> None:
        """Stop it if it runs, and delete its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def address(self, user: str = READER, password: str = READER_PASSWORD, port: int | None = None, database: str = "postgres") -> str:
        """Return the connection string of a user."""
        return f"postgresql://{user}:{password.replace('/', '%2F')}@127.0.0.1:{port or self.port}/{database}"

    def run(self, *statements: str) -> None:
        """Run statements as the owner."""
        with dbapi.connect(self.address(OWNER, OWNER_PASSWORD), autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        assert self._programs is not None
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **self._as)
        assert done.returncode == 0, done.stderr.decode()


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
