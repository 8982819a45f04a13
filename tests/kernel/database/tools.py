"""What the tests of the database share: settings, and other processes that use a server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from karez.kernel.config import Config

# Opens the database of a home, says so, and leaves when its input ends.
USER = """
import sys
from pathlib import Path
from karez.kernel.config import Config
from karez.kernel.database import open_database
config = Config(
    home=Path(sys.argv[1]), database_url=None, institution="main", postgres_bin=None, origins={}
)
with open_database(config) as database, database.connect() as connection:
    print(connection.info.backend_pid, flush=True)
    sys.stdin.read()
"""

as_root = os.geteuid() == 0


def embedded(home: Path, *, postgres_bin: Path | None = None) -> Config:
    """Return the settings of an embedded server in this folder."""
    return Config(
        home=home, database_url=None, institution="main", postgres_bin=postgres_bin, origins={}
    )


def at(address: str, *, institution: str = "main", home: Path = Path("/nowhere")) -> Config:
    """Return the settings of a database at this address; the home is only for what it saves."""
    return Config(
        home=home,
        database_url=address,
        institution=institution,
        postgres_bin=None,
        origins={},
    )


@contextmanager
def another_user(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that uses the server of a home; it has it when the block begins."""
    process = start_user(home)
    try:
        assert said(process).isdigit()
        yield process
    finally:
        leave(process)


def start_user(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    """Let a process end in its own time, if it has not."""
    process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def eventually(holds: Callable[[], object], within_seconds: float = 20) -> None:
    until = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)
