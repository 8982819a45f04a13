"""The first process of an embedded server: whether it lives, and how it is asked to end.

The server inherits a lock on ``server.lock`` from us, and each of its processes keeps it. So the
lock tells what no process number can: it is free when, and only when, the last of them is gone.
A zombie holds no lock, a number that was given to somebody else holds none, and a server in
another container does hold its own.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import attrs

from karez.kernel.database.cluster import PORT, Home
from karez.kernel.database.errors import ServerStopError

STOP_SECONDS = 300
# PostgreSQL 18 forgets a fast shutdown that meets it in recovery after the death of a backend.
# An immediate one it always obeys; the next start replays the log, and nothing is lost.
PATIENCE_SECONDS = 20
PAUSE_SECONDS = 0.02


@attrs.frozen
class Postmaster:
    """What the pid file in the data directory says."""

    process_id: int
    socket_folder: Path
    status: str

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections: it says so, and somebody listens."""
        if self.status != "ready":
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            return not probe.connect_ex(str(self.socket_folder / f".s.PGSQL.{PORT}"))


def read_postmaster(home: Home) -> Postmaster | None:
    """Return what stands in the pid file, None while it is missing or not written to its end."""
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip())
    except (FileNotFoundError, IndexError):
        return None


def server_lives(home: Home) -> bool:
    """Tell whether any process of the server is there."""
    if not home.server_lock.exists():
        return False
    descriptor = home.open_file(home.server_lock, os.O_RDWR)
    try:
        return not try_lock(descriptor, fcntl.LOCK_SH)  # shared, as others may be asking too
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock on a file if nobody is in the way; tell whether we have it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget_the_dead(home: Home, sockets: Path) -> None:
    """Remove what a server that is gone left behind; PostgreSQL would take a zombie for alive.

    ``sockets`` is the folder of its socket, which nobody else enters: a lock there is a dead one's.
    """
    (sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    path = home.data / "postmaster.pid"
    number = path.read_text().split("\n")[0].lstrip("-") if path.exists() else ""
    if number.isdigit():
        _reap(int(number))
        if _is_elsewhere(int(number), home):
            path.unlink()


def stop_server(home: Home) -> None:
    """End the server in order (a fast shutdown), else at once, and wait until it is gone.

    Raises:
        ServerStopError: it is still there after five minutes.
    """
    postmaster = read_postmaster(home)
    _tell(postmaster, home, signal.SIGINT)
    began = time.monotonic()
    while server_lives(home):
        waited_seconds = time.monotonic() - began
        if waited_seconds > STOP_SECONDS:
            number = postmaster.process_id if postmaster else None
            raise ServerStopError(pid=number, seconds=STOP_SECONDS)
        if waited_seconds > PATIENCE_SECONDS:
            hurry_stop(home)
        time.sleep(PAUSE_SECONDS)
    if postmaster is not None:
        _reap(postmaster.process_id)
        with suppress(OSError):  # it may be outside the home, where we leave nothing
            postmaster.socket_folder.rmdir()


def hurry_stop(home: Home) -> None:
    """End a server at once that was told to end and has not."""
    postmaster = read_postmaster(home)
    if postmaster is not None and postmaster.status == "stopping":
        _tell(postmaster, home, signal.SIGQUIT)


def _tell(postmaster: Postmaster | None, home: Home, what: signal.Signals) -> None:
    if postmaster is not None and not _is_elsewhere(postmaster.process_id, home):
        with suppress(ProcessLookupError):
            os.kill(postmaster.process_id, what)


def _is_elsewhere(process_id: int, home: Home) -> bool:
    """Tell whether that process cannot be this server's; a zombie is nowhere."""
    if not Path("/proc/self").exists():
        return False  # macOS: PostgreSQL must tell by itself
    try:
        working_folder = Path(f"/proc/{process_id}/cwd").readlink()
    except OSError:
        return True
    return working_folder != home.data.resolve()


def _reap(process_id: int) -> None:
    with suppress(ChildProcessError):  # it is not ours
        os.waitpid(process_id, os.WNOHANG)
