"""The embedded server: started by the first who needs it, stopped by the last who leaves.

Whoever uses it holds a shared lock on ``users.lock``; starting and stopping are guarded by
``start.lock``. The kernel drops both when a process ends, however it ends. ``postgres`` is started
in a session of its own, since it has to outlive the command that started it as long as others use
it; who leaves last stops it, unless ``karez up`` left the file ``stay-up``.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
import psycopg
from psycopg.conninfo import make_conninfo

from karez.kernel.config import Config
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.cluster import (
    DATABASE,
    LOGIN,
    PORT,
    Home,
    check_way_in,
    create_data,
    reachable_programs,
    socket_folder,
    write_settings,
)
from karez.kernel.database.connection import QUERIES, Database, explained
from karez.kernel.database.errors import HomeUnusableError, ServerStartError
from karez.kernel.database.postmaster import (
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    Postmaster,
    forget_the_dead,
    hurry_stop,
    read_postmaster,
    server_lives,
    stop_server,
    try_lock,
)

# Recovery after a crash takes as long as it takes; only a server that says nothing new is given up.
SILENCE_SECONDS = 120
_LOG_BYTES_MOST = 16 << 20


@attrs.frozen
class ServerState:
    """What there is to say of an embedded server without starting it."""

    process_id: int | None
    is_ready: bool
    in_use: bool
    stays_up: bool


class Server:
    """The embedded server of one home.

    Raises:
        HomeUnusableError: this user may not look into the folder.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.home = Home(Path(os.path.realpath(config.home)))
        self.home.check_visible()

    @contextmanager
    def use(self) -> Generator[Database]:
        """Give the database while the block runs, the server started if need be.

        Raises:
            ProgramsMissingError, ServerUserError, HomeUnusableError, DataVersionError,
            ServerStartError: it cannot be started.
            ServerStopError: it does not stop.
        """
        self.home.create()
        with self._file(self.home.users_lock) as users:
            try:
                with self._start_locked():
                    fcntl.flock(users, fcntl.LOCK_SH)
                    postmaster = self._ensure_running()
                yield self._database(postmaster)
            finally:
                with self._start_locked():
                    self._stop_if_last(users)

    def up(self) -> ServerState:
        """Start the server, and let it stay up without users. Raises as ``use`` does."""
        with self.use():
            os.close(self.home.open_file(self.home.stay_up, os.O_RDWR))
        return self.state()

    def down(self) -> ServerState:
        """Stop the server; if it is in use, the last who leaves will.

        Raises:
            ServerStopError: it does not stop.
        """
        if self.home.users_lock.exists():
            with self._file(self.home.users_lock) as users, self._start_locked():
                self.home.stay_up.unlink(missing_ok=True)
                self._stop_if_last(users)
        return self.state()

    def state(self) -> ServerState:
        """Tell how it is with the server, and change nothing.

        Raises:
            HomeUnusableError: the server is another user's.
        """
        postmaster = read_postmaster(self.home) if server_lives(self.home) else None
        return ServerState(
            process_id=postmaster and postmaster.process_id,
            is_ready=postmaster is not None and postmaster.is_ready,
            in_use=self._in_use(),
            stays_up=self.home.stay_up.exists(),
        )

    def _in_use(self) -> bool:
        if not self.home.users_lock.exists():
            return False
        with self._file(self.home.start_lock) as start, self._file(self.home.users_lock) as users:
            # Under the lock for starting: who leaves now must not take us for another user.
            return not (try_lock(start) and try_lock(users))

    @contextmanager
    def _file(self, path: Path, flags: int = os.O_RDWR) -> Generator[int]:
        descriptor = self.home.open_file(path, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _start_locked(self) -> Generator[None]:
        with self._file(self.home.start_lock) as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            yield

    def _ensure_running(self) -> Postmaster:
        """Return the server once it takes connections, started if it does not run."""
        process: subprocess.Popen[bytes] | None = None
        log = _Log(self.home.log)
        try:
            # Alive but not ready: it recovers, or what a killed server left behind is still ending.
            while not (postmaster := self._if_ready()):
                if process is None and not server_lives(self.home):
                    process = self._spawn()
                if process is None and log.silence_seconds() > PATIENCE_SECONDS:
                    hurry_stop(self.home)  # who told it to stop was killed while waiting for it
                self._check_hope(process, log)
                time.sleep(PAUSE_SECONDS)
            if process is not None:
                self._ensure_database(postmaster)
        except BaseException:
            if process is not None:
                process.send_signal(signal.SIGINT)
                process.wait()
            raise
        if process is not None:
            process.returncode = 0  # it is no longer tied to this object, nor to this process
        return postmaster

    def _check_hope(self, process: subprocess.Popen[bytes] | None, log: _Log) -> None:
        if process is not None and process.poll() is not None:
            raise ServerStartError(reason=log.last_words(), log=str(self.home.log))
        if log.silence_seconds() > SILENCE_SECONDS:
            reason = f"it is not ready, and silent for {SILENCE_SECONDS} s"
            raise ServerStartError(reason=reason, log=str(self.home.log))

    def _if_ready(self) -> Postmaster | None:
        if not server_lives(self.home):
            return None
        postmaster = read_postmaster(self.home)
        return postmaster if postmaster is not None and postmaster.is_ready else None

    def _spawn(self) -> subprocess.Popen[bytes]:
        home, user = self.home, self.home.server_user()
        check_way_in(home, user)
        programs = reachable_programs(home, user, find_programs(self._config))
        with self._file(home.server_lock) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            create_data(home, user, programs, lock)
            sockets = socket_folder(home, user)
            write_settings(home, user, sockets)
            forget_the_dead(home, sockets)
            if home.log.exists() and home.log.stat().st_size > _LOG_BYTES_MOST:
                home.log.replace(home.log.with_suffix(".log.1"))
            with self._file(home.log, os.O_WRONLY | os.O_APPEND) as log:
                command = (programs / "postgres", "-D", str(home.data))
                process = user.spawn(*command, log=log, keep=[lock])
        if not server_lives(home) and _outlasts(process, seconds=1):
            process.kill()
            process.wait()
            reason = "its file system does not pass on locks"
            remedy = "set KAREZ_HOME to a folder on a local disk"
            raise HomeUnusableError(path=str(home.path), reason=reason, remedy=remedy)
        return process

    def _database(self, postmaster: Postmaster, name: str = DATABASE) -> Database:
        return Database(
            make_conninfo(
                host=str(postmaster.socket_folder),
                port=PORT,
                user=LOGIN,
                dbname=name,
                requirepeer=self.home.server_user().name,
            )
        )

    def _ensure_database(self, postmaster: Postmaster) -> None:
        server = self._database(postmaster, "postgres")
        with server.connect(None) as connection, explained(connection):
            if connection.execute(QUERIES["find_database"].text, {"name": DATABASE}).fetchone():
                return
            with suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(QUERIES["create_database"].text)

    def _stop_if_last(self, users: int) -> None:
        if try_lock(users) and not self.home.stay_up.exists():
            stop_server(self.home)


class _Log:
    """What the server has said since we began to listen, and for how long it has said nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = self._size = path.stat().st_size if path.exists() else 0
        self._heard_at = time.monotonic()

    def silence_seconds(self) -> float:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size != self._size:
            self._size, self._heard_at = size, time.monotonic()
        return time.monotonic() - self._heard_at

    def last_words(self) -> str:
        said = self._path.read_bytes()[self._start :].decode(errors="replace")
        lines = [line.split("] ", 1)[-1].strip() for line in said.splitlines()[-4:]]
        return "; ".join(lines) or "it ended without a word"


def _outlasts(process: subprocess.Popen[bytes], *, seconds: float) -> bool:
    """Tell whether a process that may be about to end is still there after so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False
