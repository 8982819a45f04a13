"""What can be wrong with a database, each with its remedy. Looking changes nothing."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from enum import StrEnum
from typing import cast

import attrs
import psycopg
from psycopg.rows import class_row

from karez.kernel.config import Config
from karez.kernel.database.binaries import find_programs
from karez.kernel.database.connection import QUERIES, Role
from karez.kernel.database.migration import (
    applied_migrations,
    load_migrations,
    pending_migrations,
)
from karez.kernel.database.opening import connect_login, reach_database
from karez.kernel.database.roles import missing_steps
from karez.kernel.database.server import Server
from karez.kernel.errors import KarezError, ensure

_GIGABYTE = 1 << 30


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"  # it works, and might not for ever
    FAIL = "fail"


@attrs.frozen
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    text: str
    remedy: str | None = None


@attrs.frozen
class Facts:
    """Settings of a server as it shows them, and how much a database takes."""

    server_version: str
    encoding: str
    checksums: str
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    size_bytes: int


def examine(config: Config) -> Iterator[Finding]:
    """Yield what each check finds. An embedded server that has data is started for it."""
    try:
        if config.database_url is None:
            yield from _check_home(config)
            if not Server(config).home.data.exists():
                yield Finding("data", Verdict.OK, "there is none yet; the first command makes it")
                return
        with reach_database(config) as database, connect_login(database) as connection:
            yield from _check_server(connection)
            yield from _check_roles(connection)
            yield from _check_migrations(connection)
    except KarezError as error:
        yield Finding("database", Verdict.FAIL, error.message)


def _check_home(config: Config) -> Iterator[Finding]:
    programs = find_programs(config)
    text = f"PostgreSQL {programs.version} in {programs.folder}"
    yield Finding("programs", Verdict.OK, text)
    home = Server(config).home
    if home.data.exists():
        mode = stat.S_IMODE(home.data.stat().st_mode)
        if mode & 0o077:
            remedy = f"run `chmod 700 {home.data}`"
            yield Finding("data", Verdict.FAIL, f"other users can enter {home.data}", remedy)
        else:
            yield Finding("data", Verdict.OK, f"{home.data} is closed to other users")
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(place).free / _GIGABYTE
    verdict = Verdict.FAIL if free < 0.25 else Verdict.WARN if free < 2 else Verdict.OK
    remedy = None if verdict is Verdict.OK else f"free some, or move {home.path} to a larger disk"
    yield Finding("disk", verdict, f"{free:.1f} GiB are free", remedy)


def read_facts(connection: psycopg.Connection) -> Facts:
    """Return what a server says of itself and of this database."""
    with connection.cursor(row_factory=class_row(Facts)) as cursor:
        facts = cursor.execute(QUERIES["database_facts"].text).fetchone()
    ensure(facts, "a row of settings")
    return cast("Facts", facts)


def _check_server(connection: psycopg.Connection) -> Iterator[Finding]:
    facts = read_facts(connection)
    size = f"{facts.size_bytes / _GIGABYTE:.2f} GiB in this database"
    yield Finding("server", Verdict.OK, f"PostgreSQL {facts.server_version}, {size}")
    if facts.encoding == "UTF8":
        yield Finding("encoding", Verdict.OK, "UTF8")
    else:
        remedy = "make a database with ENCODING 'UTF8', and restore a backup into it"
        yield Finding("encoding", Verdict.FAIL, facts.encoding, remedy)
    if facts.checksums == "on":
        yield Finding("checksums", Verdict.OK, "the server notices damaged pages")
    else:
        remedy = "stop the server and run `pg_checksums --enable`"
        yield Finding("checksums", Verdict.WARN, "damaged pages go unnoticed", remedy)
    settings = {
        "fsync": facts.fsync,
        "full_page_writes": facts.full_page_writes,
        "synchronous_commit": facts.synchronous_commit,
    }
    off = [name for name, value in settings.items() if value in ("off", "local")]
    if off:
        remedy = "; ".join(f"ALTER SYSTEM RESET {name}" for name in off)
        text = f"a power cut can lose what was acknowledged: {', '.join(off)}"
        yield Finding("durability", Verdict.FAIL, text, remedy)
    else:
        yield Finding("durability", Verdict.OK, "what is acknowledged is on disk")


def _check_roles(connection: psycopg.Connection) -> Iterator[Finding]:
    missing = missing_steps(connection)
    if missing:
        remedy = f"{'; '.join(step.as_string(connection) for step in missing)};"
        yield Finding("roles", Verdict.WARN, "some are still to be made", remedy)
    else:
        yield Finding("roles", Verdict.OK, ", ".join(Role))


def _check_migrations(connection: psycopg.Connection) -> Iterator[Finding]:
    migrations = load_migrations()
    try:
        pending = pending_migrations(migrations, applied_migrations(connection))
    except KarezError as error:
        yield Finding("migrations", Verdict.FAIL, error.message)
        return
    if pending:
        names = ", ".join(migration.name for migration in pending)
        yield Finding("migrations", Verdict.WARN, f"pending: {names}", "run `karez migrate`")
    else:
        yield Finding("migrations", Verdict.OK, f"all {len(migrations)} are applied")
