"""The command line with real processes: what it prints, how it ends, what it leaves behind."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from karez.doors.cli import cli
from karez.doors.cli.shell import table
from karez.kernel.database import Database, Role
from karez.kernel.database.migration import migrations_locked
from kernel.database.tools import eventually

KAREZ = str(Path(sys.executable).with_name("karez"))
Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(**settings: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KAREZ_")}
    return kept | {f"KAREZ_{name.upper()}": value for name, value in settings.items()}


def karez(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KAREZ, *arguments],
        cwd=folder,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def run(tmp_path: Path, database: Database) -> Run:
    """Run a command on a database by address."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        home = str(tmp_path / "home")
        return karez(tmp_path, *arguments, database_url=database.conninfo, home=home)

    return run


@pytest.fixture
def home(open_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """A home that is not made yet; afterwards nothing runs in it."""
    home = open_folder / tmp_path.name
    yield home
    assert karez(open_folder, "down", home=str(home)).returncode == 0


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failed(done: subprocess.CompletedProcess[str], code: int) -> dict[str, Any]:
    assert done.returncode == code, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return json.loads(done.stderr)["error"]


def commands(
    group: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(group, click.Group):
        yield path, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command, name
        yield from commands(command, (*path, name))


EVERY = [pytest.param(command, id=" ".join(path)) for path, command in commands()]


@pytest.mark.parametrize("command", EVERY)
def test_command__takes_json_and_an_institution_and_says_what_it_does(command: click.Command):
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--institution"} <= options
    assert command.help


def test_help__imports_nothing_heavy():
    code = "import sys, karez.doors.cli; print(*sorted(sys.modules))"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"numpy", "psycopg", "pyarrow", "asyncio"} & set(modules)


def test_help__is_quick(tmp_path: Path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert karez(tmp_path, "--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3


def test_embedded__up_status_down(home: Path, open_folder: Path):
    def karez_json(*arguments: str) -> Any:
        return said(karez(open_folder, *arguments, "--json", home=str(home)))

    assert karez_json("status")["state"] == "down"
    assert not home.exists()
    up = karez_json("up")
    assert (up["state"], up["stays_up"]) == ("up", True)
    status = karez_json("status")
    assert status["process_id"] == up["process_id"]
    assert status["migrations_pending"] == 0
    assert karez_json("institution", "list")["institutions"][0]["code"] == "main"
    assert karez_json("down")["state"] == "down"


def test_embedded__stops_when_a_signal_ends_the_command(home: Path, open_folder: Path):
    arguments = [KAREZ, "psql", "-c", "SELECT 'here'", "-c", "SELECT pg_sleep(60)"]
    with subprocess.Popen(
        arguments, env=environment(home=str(home)), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert any("here" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert said(karez(open_folder, "status", "--json", home=str(home)))["process_id"] is None


def test_address__is_shown_without_its_password(tmp_path: Path):
    done = karez(tmp_path, "down", "--json", database_url="postgresql://clerk:secret@host/books")
    assert said(done) == {"database_url": "postgresql://clerk:***@host/books"}


def test_address__status_and_up(run: Run):
    assert said(run("status", "--json"))["migrations_pending"] == 0
    assert "server_version" in said(run("up", "--json"))
    assert "is up to date" in run("up").stdout


def test_json__is_taken_before_and_after_the_command(run: Run):
    assert said(run("--json", "config", "show")) == said(run("config", "show", "--json"))


def test_config__says_where_a_value_comes_from(run: Run):
    document = said(run("--json", "--institution", "acme", "config", "show", "--origin"))
    assert document["institution"] == {"value": "acme", "origin": "--institution"}
    assert document["home"]["origin"] == "environment KAREZ_HOME"


def test_psql__reads_as_a_reader_what_belongs_to_the_institution(run: Run):
    run("institution", "open", "acme")
    query = "SELECT current_user, current_setting('karez.institution_id')"
    assert run("--institution", "acme", "psql", "-Atc", query).stdout == "karez_reader|2\n"
    assert run("psql", "--role", "owner", "-Atc", query).stdout == "karez_owner|1\n"
    refused = run("psql", "-c", "CREATE TABLE kernel.x (number integer)")
    assert refused.returncode == 1
    assert "permission denied" in refused.stderr


def test_migrate__dry_run_then_for_real(run: Run, database: Database):
    with database.connect(Role.OWNER) as owner:
        owner.execute("DELETE FROM kernel.migration")
    pending = said(run("migrate", "--dry-run", "--json"))["pending"]
    assert pending[0] == "0001_pre_kernel"
    assert said(run("migrate", "--dry-run", "--json"))["pending"] == pending
    assert failed(run("migrate", "--json"), 4)["code"] == "migration-failed"
    before = failed(run("migrate", "--phase", "post", "--dry-run", "--json"), 4)
    assert (before["code"], before["details"]["name"]) == ("migration-order", "0001_pre_kernel")


def test_migrate__post_steps_alone(run: Run):
    assert said(run("migrate", "--phase", "post", "--dry-run", "--json"))["pending"] == []


def test_backup_and_restore(run: Run, tmp_path: Path):
    assert said(run("backup", "books.dump", "--json"))["file"] == "books.dump"
    assert failed(run("backup", "books.dump", "--json"), 4)["code"] == "backup-exists"
    assert "Wrote books.dump" in run("backup", "books.dump", "--force").stdout
    assert said(run("restore", "books.dump", "--json")) == {"saved": None, "migrations": []}
    (tmp_path / "broken.dump").write_text("no dump")
    assert failed(run("restore", "broken.dump", "--json"), 5)["code"] == "backup-invalid"


def test_doctor__exit_code_says_whether_anything_was_found(run: Run):
    found = run("doctor", "--json")
    checks = {each["check"]: each for each in json.loads(found.stdout)["findings"]}
    # The server of the tests does without fsync.
    assert found.returncode == 6
    assert checks["durability"]["remedy"] == "ALTER SYSTEM RESET fsync"
    assert "ok    roles: karez_owner" in run("doctor").stdout


def test_exit_codes(run: Run, tmp_path: Path):
    assert run("--version").stdout.startswith("karez ")
    assert failed(run("--json", "nonsense"), 2)["code"] == "usage"
    assert failed(run("backup", "--json"), 2)["code"] == "usage"
    assert "Usage: karez" in run("nonsense").stderr
    missing = failed(run("--json", "--institution", "nobody", "psql"), 3)
    assert missing["details"] == {"code": "nobody"}
    run("institution", "open", "acme", "--name", "Acme")
    assert failed(run("institution", "open", "acme", "--json"), 4)["code"] == "institution-taken"
    assert failed(run("institution", "open", "A!", "--json"), 5)["code"] == "institution-code"
    unreachable = karez(tmp_path, "status", database_url=f"host={tmp_path}")
    assert unreachable.returncode == 1
    assert unreachable.stderr.startswith("error[database-unreachable]: The database cannot")


def test_interrupt__ends_at_once_and_quietly(tmp_path: Path, database: Database):
    with database.connect(None) as superuser, migrations_locked(superuser):
        process = subprocess.Popen(
            [KAREZ, "migrate"],
            cwd=tmp_path,
            env=environment(database_url=database.conninfo),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
        eventually(lambda: superuser.execute(waiting).fetchone())
        process.send_signal(signal.SIGINT)
        printed, complained = process.communicate(timeout=10)
    assert process.returncode == 130
    assert printed == ""
    assert complained.strip() == ""


def test_server__that_ends_during_a_command(tmp_path: Path, database: Database):
    with database.connect(None) as superuser, database.connect(None) as holder:
        holder.execute("BEGIN; LOCK TABLE kernel.institution IN EXCLUSIVE MODE")
        process = subprocess.Popen(
            [KAREZ, "institution", "open", "acme"],
            cwd=tmp_path,
            env=environment(database_url=database.conninfo),
            stderr=subprocess.PIPE,
            text=True,
        )
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'relation'"
        eventually(lambda: superuser.execute(end).fetchone())
        _, complained = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complained.startswith("error[database-stopped]: ")


def test_broken_pipe__is_quiet(tmp_path: Path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [KAREZ, "config", "show"],
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 1


def test_table__numbers_stand_at_the_right():
    rows = [("cash", 12, None), ("a longer name", 3456, "x")]
    assert table(("account", "count", "note"), rows) == [
        "account        count  note",
        "cash              12",
        "a longer name   3456  x",
    ]
    assert table(("account", "count"), []) == ["account  count"]
