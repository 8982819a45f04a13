"""The whole database to a file and back; either is done in full or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, cast

import attrs
import psycopg
from psycopg import sql

from karez.kernel.config import Config
from karez.kernel.database.binaries import Programs, find_programs
from karez.kernel.database.client import client_command
from karez.kernel.database.connection import QUERIES, Database, Role
from karez.kernel.database.errors import (
    BackupExistsError,
    BackupFailedError,
    BackupInvalidError,
    DatabaseNotEmptyError,
    RestoreFailedError,
)
from karez.kernel.database.migration import (
    applied_migrations,
    load_migrations,
    migrate,
    migrations_locked,
    pending_migrations,
)
from karez.kernel.database.opening import bring_up_to_date, connect_login, reach_database
from karez.kernel.database.roles import ensure_roles
from karez.kernel.time import SystemClock

_MAGIC = b"PGDMP"


@attrs.frozen
class Backup:
    """A backup that was written."""

    file: Path
    size_bytes: int


@attrs.frozen
class Restored:
    """A database that was filled: ``saved`` holds what it held before, if that was replaced."""

    saved: Backup | None
    migrations: tuple[str, ...]  # that the backup did not know, and that were applied after it


def back_up(config: Config, file: Path, *, force: bool = False) -> Backup:
    """Write the whole database, as it stands at this moment, to a file that only we can read.

    ``force`` replaces a file that is there. The file appears when it is complete.

    Raises:
        BackupExistsError: there is such a file.
        BackupFailedError: pg_dump failed, or the file cannot be written there.

    Else raises as ``reach_database`` and ``bring_up_to_date`` do.
    """
    if file.exists() and not force:
        raise BackupExistsError(file=str(file))
    with reach_database(config) as database:
        with connect_login(database) as connection:
            ensure_roles(connection)
            is_new = not applied_migrations(connection)
        if is_new:  # a backup of nothing is one that can be restored, too
            bring_up_to_date(database, config.institution)
        return _dump(find_programs(config), database, file)


def _dump(programs: Programs, database: Database, file: Path) -> Backup:
    # As the owner of all tables, whom row-level security does not bind.
    command, environment = client_command(
        programs, "pg_dump", database.conninfo_as(Role.OWNER), "--format=custom", "--no-owner"
    )
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as fault:
        raise BackupFailedError(reason=f"{file.parent}: {fault.strerror}") from fault
    part = Path(name)
    try:
        dumped = subprocess.run(  # noqa: S603 - programs that find_programs found
            command,
            env=environment,
            stdin=DEVNULL,
            stdout=descriptor,
            stderr=PIPE,
            check=False,
        )
        if dumped.returncode:
            raise BackupFailedError(reason=_said(dumped.stderr))
        os.fsync(descriptor)
        part.replace(file)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    return Backup(file, file.stat().st_size)


def restore(config: Config, file: Path, *, replace: bool = False) -> Restored:
    """Fill the database from a backup, and bring it up to date.

    It is one transaction: if anything fails, the database is as it was. ``replace`` first backs up
    what the database holds to the folder ``backups`` of the home.

    Raises:
        BackupInvalidError: the file is not a backup of Karez, or is damaged.
        DatabaseNotEmptyError: the database holds entries, and ``replace`` was not asked for.
        RestoreFailedError: PostgreSQL refused what is in the file.
        DatabaseNewerError, MigrationEditedError: the backup is of another Karez than this one.

    Else raises as ``reach_database``, ``ensure_roles``, ``back_up`` and ``migrate`` do.
    """
    programs = find_programs(config)
    migrations = load_migrations()
    pending_migrations(migrations, _migrations_in(programs, file))
    with reach_database(config) as database, connect_login(database) as connection:
        ensure_roles(connection)
        connection.execute(QUERIES["become"].text, {"role": Role.OWNER})
        with migrations_locked(connection):
            tables = _filled_tables(connection)
            if tables and not replace:
                raise DatabaseNotEmptyError(tables=", ".join(tables))
            saved = _save(config, programs, database) if tables else None
            _load(programs, database, file, _drop_all(connection))
        applied = migrate(connection, migrations)
    return Restored(saved, tuple(migration.name for migration in applied))


def _migrations_in(programs: Programs, file: Path) -> dict[str, str]:
    """Return the checksum of each migration that the database of a backup had, by name."""
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(_MAGIC))
    except OSError as fault:
        raise BackupInvalidError(file=str(file), reason=fault.strerror) from fault
    if magic != _MAGIC:
        raise BackupInvalidError(file=str(file), reason="it is no dump of pg_dump's own format")
    rows = ["--data-only", "--schema=kernel", "--table=migration", "--file=-"]
    read = subprocess.run(  # noqa: S603 - programs that find_programs found
        [programs / "pg_restore", *rows, file], capture_output=True, check=False
    )
    if read.returncode:
        raise BackupInvalidError(file=str(file), reason=_said(read.stderr))
    lines = [line.split("\t") for line in read.stdout.decode().splitlines()]
    found = {line[0]: line[2] for line in lines if len(line) == 4}
    if not found:
        raise BackupInvalidError(file=str(file), reason="it is of another application")
    return found


def _filled_tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(QUERIES["book_tables"].text).fetchall()
    return [
        f"{schema}.{table}"
        for schema, table in rows
        if connection.execute(
            sql.SQL("SELECT EXISTS (SELECT FROM {}.{})").format(
                sql.Identifier(schema), sql.Identifier(table)
            )
        ).fetchone()
        == (True,)
    ]


def _save(config: Config, programs: Programs, database: Database) -> Backup:
    folder = config.home / "backups"
    stamp = SystemClock().now().strftime("%Y%m%dT%H%M%S.%fZ")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise BackupFailedError(reason=f"{folder}: {fault.strerror}") from fault
    return _dump(programs, database, folder / f"before-restore-{stamp}.dump")


def _drop_all(connection: psycopg.Connection) -> str:
    """Return the statement that removes every schema of ours, and so everything that is in one."""
    schemas = [sql.Identifier(row[0]) for row in connection.execute(QUERIES["our_schemas"].text)]
    drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
    return drop.format(sql.SQL(", ").join(schemas or [sql.Identifier("kernel")])).as_string()


def _load(programs: Programs, database: Database, file: Path, drop: str) -> None:
    once = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    address = database.conninfo_as(Role.OWNER, "-c client_min_messages=warning")
    command, environment = client_command(
        programs, "psql", address, *once, f"--command={drop}", "--file=-"
    )
    script = [programs / "pg_restore", "--no-owner", "--file=-", str(file)]
    with tempfile.TemporaryFile() as complaints:
        reader = Popen(  # noqa: S603 - programs that find_programs found
            script, stdout=PIPE, stderr=complaints
        )
        writer = Popen(  # noqa: S603
            command, env=environment, stdin=PIPE, stdout=DEVNULL, stderr=complaints
        )
        try:
            with reader, writer:
                _feed(reader, writer)
        finally:
            reader.kill()
            writer.kill()
        if reader.returncode or writer.returncode:
            complaints.seek(0)
            raise RestoreFailedError(file=str(file), reason=_said(complaints.read()))


def _feed(reader: Popen[bytes], writer: Popen[bytes]) -> None:
    """Pass a script on from one process to another that commits at its end, if it has one."""
    script, commands = cast("IO[bytes]", reader.stdout), cast("IO[bytes]", writer.stdin)
    try:
        shutil.copyfileobj(script, commands)
        commands.flush()
    except BrokenPipeError:  # the writer met an error, and has said so
        reader.kill()
        with suppress(BrokenPipeError):
            commands.close()
    if reader.wait():
        # At the mere end of the pipe it would commit what it has got so far.
        writer.kill()


def _said(octets: bytes) -> str:
    return " ".join(octets.decode(errors="replace").split())
