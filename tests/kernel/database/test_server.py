"""The embedded server with real processes: who starts it, who shares it, who stops it, who dies."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from karez.kernel.database import open_database
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.errors import DataVersionError, HomeUnusableError, ServerStartError
from karez.kernel.database.postmaster import server_lives
from karez.kernel.database.server import Server
from kernel.database.tools import (
    another_user,
    as_root,
    embedded,
    eventually,
    kill,
    leave,
    said,
    start_user,
)


@pytest.fixture(scope="module")
def made(open_folder: Path) -> Path:
    """A home whose data directory is made, and whose server is down."""
    home = open_folder / "made"
    with open_database(embedded(home)):
        pass
    return home


@pytest.fixture
def home(made: Path) -> Iterator[Path]:
    """That home; afterwards nothing may run in it."""
    yield made
    server(made).down()
    assert server(made).state().process_id is None


def server(home: Path) -> Server:
    return Server(embedded(home))


def lives(home: Path) -> bool:
    return server_lives(server(home).home)


def process_id(home: Path) -> int:
    number = server(home).state().process_id
    assert number is not None
    return number


def test_server__starts_on_demand_and_stops_with_the_last_user(home: Path):
    assert not lives(home)
    with open_database(embedded(home)) as database, database.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server(home).state().is_ready
        assert server(home).state().in_use
    assert not lives(home)


def test_server__is_shared_and_outlives_who_started_it(home: Path):
    with another_user(home) as starter:
        number = process_id(home)
        with another_user(home):
            leave(starter)
            assert process_id(home) == number
            with open_database(embedded(home)):
                assert process_id(home) == number
            assert process_id(home) == number
    assert not lives(home)


def test_server__many_come_at_once_to_a_home_that_is_not_made(open_folder: Path):
    home = open_folder / "new" / "home"
    users = [start_user(home) for _ in range(4)]
    assert all(said(user).isdigit() for user in users)
    log = (home / "server.log").read_text()
    assert log.count("starting PostgreSQL") == 1
    for user in users:
        assert lives(home)
        leave(user)
        assert user.returncode == 0
    assert not lives(home)


def test_server__many_come_and_go(home: Path):
    for _ in range(3):
        users = [start_user(home) for _ in range(3)]
        for user in users:
            leave(user)
            assert user.returncode == 0
    assert not lives(home)


def test_up__stays_until_down(home: Path):
    assert server(home).up().is_ready
    with open_database(embedded(home)):
        pass
    assert lives(home)
    assert server(home).down().process_id is None
    assert server(home).down().process_id is None


def test_down__leaves_a_server_in_use_to_its_last_user(home: Path):
    server(home).up()
    with another_user(home):
        state = server(home).down()
        assert state.is_ready
        assert state.in_use
    assert not lives(home)


def test_down__before_anything_was_made(open_folder: Path):
    state = server(open_folder / "never").down()
    assert state.process_id is None
    assert not (open_folder / "never").exists()


def test_killed_user__leaves_nothing_that_keeps_the_server(home: Path):
    with another_user(home) as user:
        kill(user)
    assert not server(home).state().in_use
    with open_database(embedded(home)):
        assert lives(home)
    assert not lives(home)


def test_killed_while_starting__is_taken_up_by_the_next(open_folder: Path):
    home = open_folder / "broken-off"
    user = start_user(home)
    eventually((home / "data.part").exists)
    kill(user)
    with open_database(embedded(home)) as database, database.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def kill_server(home: Path) -> None:
    number = process_id(home)
    os.kill(number, signal.SIGKILL)
    eventually(lambda: is_dead(number))


def is_dead(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return not status.exists() or status.read_text().split()[2] == "Z"


def test_killed_server__the_next_command_recovers(home: Path):
    server(home).up()
    with open_database(embedded(home)) as database, database.connect(None) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        kill_server(home)
        with pytest.raises(psycopg.OperationalError):
            eventually(lambda: connection.execute("SELECT 1") is None)
    with open_database(embedded(home)) as database, database.connect(None) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        connection.execute("DROP TABLE kept")


def test_killed_server__one_of_its_processes_is_still_at_work(home: Path):
    """It outlives the first process for a while; its memory must not be taken over meanwhile."""
    with open_database(embedded(home)) as database, database.connect() as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        kill_server(home)
        awaken = threading.Timer(1, os.kill, (backend, signal.SIGCONT))
        awaken.start()
        with open_database(embedded(home)) as again, again.connect() as fresh:
            assert not awaken.is_alive()
            assert fresh.execute("SELECT 1").fetchone() == (1,)
        awaken.join()


def test_pid_file__of_a_zombie_or_of_somebody_else(home: Path):
    with subprocess.Popen([sys.executable, "-c", ""]) as zombie:
        eventually(lambda: is_dead(zombie.pid))
        for number in (zombie.pid, os.getpid(), 2**22):
            lines = [number, home / "data", 1, 5432, home / "run", "", "5432001 7", "ready   "]
            pid_file = home / "data" / "postmaster.pid"
            pid_file.write_text("".join(f"{line}\n" for line in lines))
            with open_database(embedded(home)):
                assert process_id(home) != number


def test_data__of_another_major_version(home: Path):
    version = home / "data" / "PG_VERSION"
    before = version.read_text()
    version.write_text("15\n")
    try:
        with pytest.raises(DataVersionError, match="PostgreSQL 15"), open_database(embedded(home)):
            pass
        assert not lives(home)
    finally:
        version.write_text(before)


def test_start__says_why_it_failed(home: Path):
    auto = home / "data" / "postgresql.auto.conf"
    before = auto.read_text()
    auto.write_text("max_connections = many\n")
    try:
        with pytest.raises(ServerStartError, match="invalid value"), open_database(embedded(home)):
            pass
    finally:
        auto.write_text(before)


def test_home__with_a_path_too_long_for_a_socket(open_folder: Path):
    home = open_folder / ("long" * 30)
    with open_database(embedded(home)) as database, database.connect() as connection:
        folder = Path(connection.info.host)
        assert folder.parent != home
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_home__with_a_comma_a_quote_and_a_space(open_folder: Path):
    home = open_folder / "it's, odd"
    with open_database(embedded(home)) as database, database.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_home__that_is_a_file(open_folder: Path):
    (open_folder / "file").touch()
    with (
        pytest.raises(HomeUnusableError, match="Not a directory"),
        open_database(embedded(open_folder / "file")),
    ):
        pass


def test_socket_folder__taken_by_somebody_else(open_folder: Path):
    home = open_folder / ("taken" * 25)
    with open_database(embedded(home)) as database, database.connect() as connection:
        folder = Path(connection.info.host)
    (open_folder / "trap").mkdir()
    folder.symlink_to(open_folder / "trap")
    with pytest.raises(HomeUnusableError, match="another user"), open_database(embedded(home)):
        pass
    folder.unlink()


def test_home__is_private(home: Path):
    with open_database(embedded(home)):
        assert (home / "data").stat().st_mode & 0o777 == 0o700
        assert (home / "run").stat().st_mode & 0o777 == 0o700
        assert (home / "server.log").stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o066 == 0


def test_server__is_safe_and_keeps_checksums(home: Path):
    wanted = {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "synchronous_commit": "on",
    }
    with open_database(embedded(home)) as database, database.connect() as connection:
        for name, value in wanted.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == (value,), name
        assert connection.execute("SELECT lower('É')").fetchone() == ("é",)


def test_log__is_cut_before_it_fills_the_disk(home: Path):
    log = home / "server.log"
    with log.open("a") as file:
        file.truncate(17 << 20)
    with open_database(embedded(home)):
        assert log.stat().st_size < 1 << 20
        assert log.with_suffix(".log.1").exists()


@pytest.mark.skipif(not as_root, reason="only root has another user run the server")
class TestAsRoot:
    def test_server__runs_as_another_user(self, home: Path):
        with open_database(embedded(home)):
            assert Path(f"/proc/{process_id(home)}").stat().st_uid != 0
        assert home.stat().st_uid == 0

    def test_home__of_another_user_is_served_by_that_user(self, open_folder: Path):
        home = open_folder / "nobodys"
        home.mkdir()
        os.chown(home, 65534, 65534)
        with open_database(embedded(home)):
            assert Path(f"/proc/{process_id(home)}").stat().st_uid == 65534
        assert {path.stat().st_uid for path in home.iterdir()} == {65534}

    def test_home__that_the_server_cannot_enter(self, open_folder: Path):
        closed = open_folder / "closed"
        closed.mkdir(mode=0o700)
        home = closed / "home"
        with (
            pytest.raises(HomeUnusableError, match=f"chmod o\\+x {closed}"),
            open_database(embedded(home)),
        ):
            pass
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_programs__that_the_server_cannot_reach_are_copied(self, open_folder: Path):
        home = open_folder / "with-a-copy"
        with tempfile.TemporaryDirectory() as closed:
            programs = wheel_in(Path(closed))
            with open_database(embedded(home, postgres_bin=programs)):
                running = Path(f"/proc/{process_id(home)}/exe").readlink()
                assert str(running).startswith(str(home / "postgresql-"))
            with open_database(embedded(home, postgres_bin=programs)):
                pass
        assert not list(home.glob("*.part"))

    def test_programs__of_no_wheel_are_not_copied(self, open_folder: Path):
        home = open_folder / "without-a-copy"
        with tempfile.TemporaryDirectory() as closed:
            programs = wheel_in(Path(closed)).parent.rename(Path(closed) / "own") / "bin"
            with (
                pytest.raises(HomeUnusableError, match="may not run"),
                open_database(embedded(home, postgres_bin=programs)),
            ):
                pass


def wheel_in(folder: Path) -> Path:
    """Copy the wheel's package to a folder, and return where its programs are then."""
    package = find_programs(embedded(folder)).package
    assert package
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), folder / name)
    return folder / package.name / "pginstall" / "bin"
