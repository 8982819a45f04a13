"""Migrations: how a database of any age becomes the one that this code expects. Forward only.

A file ``NNNN_pre_slug.sql`` is applied before new code serves, ``NNNN_post_slug.sql`` after the
old code is gone. Each is one transaction together with its row in ``kernel.migration``. One that
begins with the line ``-- transaction: none`` runs statement by statement, and must bear being
begun again after it was broken off anywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from importlib import resources

import attrs
import psycopg

from karez.kernel.database.connection import QUERIES, Role, explain
from karez.kernel.database.errors import (
    DatabaseNewerError,
    MigrationEditedError,
    MigrationFailedError,
    MigrationOrderError,
)
from karez.kernel.errors import ensure

_NAME = re.compile(r"[0-9]{4}_(?P<phase>pre|post)_[a-z0-9_]+")
_WITHOUT_TRANSACTION = "-- transaction: none\n"
# What may hold a semicolon that ends nothing, then the semicolon that does, then all else.
_PIECE = re.compile(
    r"""
    --[^\n]* | /\*.*?\*/ | '(?:[^']|'')*' | "[^"]*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | (?P<end>;) | [^;'"$/-]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)


class Phase(StrEnum):
    """When a migration may run: before new code serves, or once no old code does."""

    PRE = "pre"
    POST = "post"


@attrs.frozen
class Migration:
    """One file, by its name without ``.sql``."""

    name: str
    phase: Phase
    text: str
    checksum: str

    @classmethod
    def of(cls, name: str, text: str) -> Migration:
        """Return the migration that a file of this name and text is."""
        match = _NAME.fullmatch(name)
        ensure(match, f"{name} is not named NNNN_pre_slug or NNNN_post_slug")
        phase = Phase(name.split("_")[1])
        return cls(name, phase, text, hashlib.sha256(text.encode()).hexdigest())

    @property
    def in_transaction(self) -> bool:
        """Whether all of it stands or falls together."""
        return not self.text.startswith(_WITHOUT_TRANSACTION)


def load_migrations() -> list[Migration]:
    """Return the migrations of this version of Karez, in order."""
    folder = resources.files("karez") / "migrations"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [
        Migration.of(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in files
    ]


def applied_migrations(connection: psycopg.Connection) -> dict[str, str]:
    """Return the checksum of each migration that was applied to this database, by name."""
    state = connection.execute(QUERIES["database_state"].text).fetchone()
    if state is None or not state[1]:
        return {}
    return dict(connection.execute(QUERIES["applied_migrations"].text).fetchall())


def pending_migrations(
    migrations: Sequence[Migration], applied: Mapping[str, str], phase: Phase | None = None
) -> list[Migration]:
    """Return what of ``migrations`` is still to be applied in ``phase``, by default in both.

    Raises:
        DatabaseNewerError: one was applied that is not among them.
        MigrationEditedError: one has another text than when it was applied.
        MigrationOrderError: a step of this phase stands behind one of the other phase.
    """
    known = {migration.name: migration for migration in migrations}
    for name, checksum in applied.items():
        if name not in known:
            raise DatabaseNewerError(name=name)
        if known[name].checksum != checksum:
            raise MigrationEditedError(name=name)
    pending = [migration for migration in migrations if migration.name not in applied]
    if phase is None:
        return pending
    wanted = [migration for migration in pending if migration.phase is phase]
    for before, after in zip(pending, wanted, strict=False):
        if before.name != after.name:
            raise MigrationOrderError(name=before.name, later=after.name)
    return wanted


def migrate(
    connection: psycopg.Connection,
    migrations: Sequence[Migration],
    phase: Phase | None = None,
) -> list[Migration]:
    """Apply what is pending, and return it. Concurrent calls wait for one another.

    ``connection`` may take the owner's role, and has it when this returns.

    Raises:
        MigrationFailedError: a statement failed; what was applied before stays.
        LockTimeoutError: another command is migrating, or has rows locked.

    Else raises as ``pending_migrations`` does.
    """
    connection.execute(QUERIES["become"].text, {"role": Role.OWNER})
    with migrations_locked(connection):
        pending = pending_migrations(migrations, applied_migrations(connection), phase)
        for migration in pending:
            _apply(connection, migration)
    return pending


@contextmanager
def migrations_locked(connection: psycopg.Connection) -> Generator[None]:
    """Keep other commands from migrating or restoring this database while the block runs.

    Raises:
        LockTimeoutError: another command keeps us from it.
    """
    # The lock is the session's: it falls with the connection if this process does.
    try:
        connection.execute(QUERIES["lock_migrations"].text)
    except psycopg.Error as fault:
        raise explain(fault) or fault from fault
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(QUERIES["unlock_migrations"].text)


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        if migration.in_transaction:
            with connection.transaction():
                _run(connection, migration)
        else:
            _run(connection, migration)
    except psycopg.Error as fault:
        unavailable = explain(fault)
        if unavailable is not None:
            raise unavailable from fault
        raise MigrationFailedError(name=migration.name, reason=str(fault).strip()) from fault


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    # One statement a call: Citus takes no more.
    for statement in split_statements(migration.text):
        connection.execute(statement.encode())
    connection.execute(
        QUERIES["record_migration"].text,
        {"name": migration.name, "phase": migration.phase, "checksum": migration.checksum},
    )


def split_statements(text: str) -> list[str]:
    """Return the statements in ``text``; each ends with a semicolon of its own.

    A function's body stands between dollar signs: ``BEGIN ATOMIC`` would be cut apart.
    """
    statements: list[str] = []
    start = 0
    for piece in _PIECE.finditer(text):
        if piece["end"]:
            statements.append(text[start : piece.end()].strip())
            start = piece.end()
    rest = re.sub(r"--[^\n]*", "", text[start:]).strip()
    ensure(not rest, "the last statement of a migration ends with a semicolon")
    return statements
