"""Commands that run, look after, back up and change the database itself."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from types import FrameType

import attrs
import click

from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.kernel.config import mask_password
from karez.kernel.database import Role, find_institution, open_database
from karez.kernel.database.backup import back_up
from karez.kernel.database.backup import restore as restore_backup
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.client import client_command
from karez.kernel.database.connection import Database
from karez.kernel.database.doctor import Verdict, examine, read_facts
from karez.kernel.database.migration import (
    Phase,
    applied_migrations,
    load_migrations,
    pending_migrations,
)
from karez.kernel.database.migration import (
    migrate as apply_migrations,
)
from karez.kernel.database.opening import connect_login, reach_database
from karez.kernel.database.roles import ensure_roles
from karez.kernel.database.server import Server, ServerState

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@command_options
def up(shell: Shell) -> None:
    """Start the embedded database, and let it stay up.

    It is brought up to date as well; a database by address only that.
    """
    config = shell.config
    with open_database(config) as database, database.connect() as connection:
        version = connection.info.parameter_status("server_version")
        if config.database_url is not None:
            where = mask_password(config.database_url)
            document = {"database_url": where, "server_version": version}
            shell.show(document, [f"PostgreSQL {version} at {where} is up to date"])
            return
        state = Server(config).up()
    document = {**_described(shell, state), "server_version": version}
    shell.show(document, [f"PostgreSQL {version} is up in {config.home}; `karez down` stops it"])


@click.command()
@command_options
def down(shell: Shell) -> None:
    """Stop the embedded database.

    If other commands use it, the last of them stops it. A database by address is left alone.
    """
    if shell.config.database_url is not None:
        where = mask_password(shell.config.database_url)
        shell.show({"database_url": where}, [f"{where} is not ours to stop"])
        return
    state = Server(shell.config).down()
    line = "The database is in use; the last command that uses it stops it"
    shell.show(_described(shell, state), [line if state.process_id else "The database is down"])


@click.command()
@command_options
def status(shell: Shell) -> None:
    """Tell how it is with the database. Nothing is started or changed."""
    config = shell.config
    if config.database_url is not None:
        document: dict[str, object] = {"database_url": mask_password(config.database_url)}
        reachable = True
    else:
        state = Server(config).state()
        document = _described(shell, state)
        reachable = state.is_ready
    if reachable:
        with reach_database(config) as database:
            document |= _contents(database)
    shell.show(document, table(("", ""), document.items())[1:])


def _described(shell: Shell, state: ServerState) -> dict[str, object]:
    named = "up" if state.is_ready else "down" if state.process_id is None else "not ready"
    return {
        "state": named,
        "home": str(shell.config.home),
        "process_id": state.process_id,
        "in_use": state.in_use,
        "stays_up": state.stays_up,
    }


def _contents(database: Database) -> dict[str, object]:
    with connect_login(database) as connection:
        facts = read_facts(connection)
        applied = applied_migrations(connection)
    return {
        "server_version": facts.server_version,
        "size_bytes": facts.size_bytes,
        "migrations_applied": len(applied),
        "migrations_pending": len(pending_migrations(load_migrations(), applied)),
    }


@click.command()
@command_options
def doctor(shell: Shell) -> None:
    """Look for what is wrong, and name the remedy.

    The exit code is 6 if anything is.
    """
    findings = list(examine(shell.config))
    lines = [
        f"{finding.verdict:<4}  {finding.check}: {finding.text}"
        + (f"; {finding.remedy}" if finding.remedy else "")
        for finding in findings
    ]
    shell.show({"findings": [attrs.asdict(finding) for finding in findings]}, lines)
    if any(finding.verdict is not Verdict.OK for finding in findings):
        raise click.exceptions.Exit(ExitCode.FOUND)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--role",
    type=click.Choice(["reader", "application", "owner"]),
    default="reader",
    show_default=True,
    help="What you may do.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@command_options
def psql(shell: Shell, *, role: str, arguments: tuple[str, ...]) -> None:
    """Open PostgreSQL's own shell on the database.

    ARGUMENTS are psql's: `karez psql -c "SELECT * FROM kernel.institution"`. The rows are those of
    one institution, but for the owner.
    """
    with shell.database() as database:
        with database.connect(Role.READER) as connection:
            institution = find_institution(connection, shell.config.institution)
        address = database.conninfo_as(
            Role[role.upper()], f"-c karez.institution_id={institution.institution_id}"
        )
        command, environment = client_command(
            find_programs(shell.config), "psql", address, *arguments
        )
        # Ctrl-C is for psql; a handler of our own, unlike SIG_IGN, is not passed on to it.
        before = signal.signal(signal.SIGINT, _leave_to_psql)
        try:
            code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
        finally:
            signal.signal(signal.SIGINT, before)
    if code:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _leave_to_psql(_number: int, _frame: FrameType | None) -> None:
    pass


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@command_options
def backup(shell: Shell, *, file: Path, force: bool) -> None:
    """Write the whole database to a file.

    Others may go on working meanwhile; the file holds one moment.
    """
    written = back_up(shell.config, file, force=force)
    line = f"Wrote {written.file}, {written.size_bytes:,} bytes"
    shell.show(attrs.asdict(written), [line])


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Back up what is there, and replace it.")
@command_options
def restore(shell: Shell, *, file: Path, replace: bool) -> None:
    """Fill the database from a backup.

    It is refused where the database holds books already, unless you say --replace.
    """
    restored = restore_backup(shell.config, file, replace=replace)
    lines = [f"Restored {file}"]
    if restored.saved is not None:
        lines.append(f"What was there before is in {restored.saved.file}")
    lines += [f"Applied {name}" for name in restored.migrations]
    shell.show(attrs.asdict(restored), lines)


@click.command()
@click.option(
    "--phase",
    type=click.Choice([*(phase.value for phase in Phase), "all"]),
    default="all",
    show_default=True,
    help="pre: before the new Karez serves; post: when the old one is gone.",
)
@click.option("--dry-run", is_flag=True, help="List what would be applied, and apply nothing.")
@command_options
def migrate(shell: Shell, *, phase: str, dry_run: bool) -> None:
    """Bring the database up to date.

    Every command does so by itself; this one is for those who change over step by step.
    """
    migrations = load_migrations()
    wanted = None if phase == "all" else Phase(phase)
    with reach_database(shell.config) as database, connect_login(database) as connection:
        if dry_run:
            done = pending_migrations(migrations, applied_migrations(connection), wanted)
        else:
            ensure_roles(connection)
            done = apply_migrations(connection, migrations, wanted)
    names = [migration.name for migration in done]
    lines = names or ["The database is up to date"]
    shell.show({"pending" if dry_run else "applied": names}, lines)
