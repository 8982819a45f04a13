"""Connections under a role, and transactions for one institution."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, LiteralString
from weakref import WeakSet

import attrs
import psycopg
from psycopg import errors as faults
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from karez.kernel.config import mask_password
from karez.kernel.database.errors import (
    CommitUnknownError,
    ConnectionLostError,
    DatabaseFailedError,
    DatabaseFullError,
    DatabaseStoppedError,
    DatabaseUnreachableError,
    IdleTimeoutError,
    LockTimeoutError,
)
from karez.kernel.errors import UnavailableError, ensure
from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.kernel")

CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 30
# A writer that was paused must not hold the pen of a book for ever.
IDLE_TIMEOUT_SECONDS = 60


class Plans(StrEnum):
    """How the server plans the statements of a transaction.

    A plan made without seeing the values takes an array for ten numbers and a stretch for a third
    of the table, so plans are made anew: that costs far less than one such plan. A statement that
    is written to need no values, and is asked often, keeps its plan.
    """

    MADE_ANEW = "force_custom_plan"
    KEPT = "force_generic_plan"


_OPTIONS = (
    f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_SECONDS}s"
    " -c TimeZone=UTC"
    f" -c plan_cache_mode={Plans.MADE_ANEW}"
)


class Role(StrEnum):
    """What a connection may do. Nobody logs in as one of these; a login takes them on."""

    OWNER = "karez_owner"  # owns every table; migrations run as it
    APPLICATION = "karez_application"  # reads, and writes what a book's grants allow
    READER = "karez_reader"  # reads
    POSTER = "karez_poster"  # adds rows to append-only tables, past row-level security
    RECEIVER = "karez_receiver"  # reads what lies open under a consent, and nothing else


@attrs.frozen
class Database:
    """Where the books are: a server, a database on it, and a login."""

    conninfo: str = attrs.field(repr=mask_password)

    def connect(self, role: Role | None = Role.APPLICATION) -> psycopg.Connection:
        """Return a new connection that acts as ``role``; as the login itself if None.

        Each statement commits by itself; ``transaction`` groups several. Close it, or use it in
        a ``with``.

        Raises:
            DatabaseUnreachableError: no server there, or it does not let this login in.
        """
        try:
            return psycopg.connect(self.conninfo_as(role), autocommit=True)
        except psycopg.OperationalError as fault:
            raise DatabaseUnreachableError(reason=_reason(fault)) from fault

    def conninfo_as(self, role: Role | None, options: str = "") -> str:
        """Return the address with what Karez asks of a session, for libpq and its programs."""
        given = conninfo_to_dict(self.conninfo)
        parts = [str(given.get("options") or ""), _OPTIONS, options]
        if role is not None:
            parts.append(f"-c role={role}")
        return make_conninfo(
            self.conninfo,
            connect_timeout=given.get("connect_timeout") or CONNECT_TIMEOUT_SECONDS,
            application_name="karez",
            client_encoding="UTF8",
            options=" ".join(filter(None, parts)),
        )


@contextmanager
def transaction(
    connection: psycopg.Connection, institution_id: int, plans: Plans = Plans.MADE_ANEW
) -> Generator[psycopg.Connection]:
    """Run the block as one transaction that sees and writes the rows of one institution.

    It commits at the end of the block; an exception rolls all of it back. Inside ``enclosing`` it
    is a part of the transaction there: an exception rolls the part back.

    Raises:
        CommitUnknownError: the answer to the commit was lost.
        ConnectionLostError, DatabaseStoppedError, DatabaseFullError, LockTimeoutError,
        IdleTimeoutError, DatabaseFailedError: nothing was written.
    """
    if connection in _ENCLOSED:
        with explained(connection), connection.transaction():
            connection.execute(
                QUERIES["set_institution"].text,
                {"institution_id": str(institution_id), "plans": plans},
            )
            yield connection
        return
    committing = False
    try:
        idle = connection.info.transaction_status == TransactionStatus.IDLE
        ensure(idle or connection.closed, "one transaction at a time on a connection")
        with connection.transaction():
            connection.execute(
                QUERIES["set_institution"].text,
                {"institution_id": str(institution_id), "plans": plans},
            )
            yield connection
            # PostgreSQL answers the COMMIT of a failed transaction with a silent rollback.
            in_order = connection.info.transaction_status == TransactionStatus.INTRANS
            ensure(in_order, "a failed statement is not passed over")
            committing = True
    except psycopg.Error as fault:
        if committing and connection.closed:
            raise CommitUnknownError(reason=_reason(fault)) from fault
        raise explain(fault) or fault from fault


_ENCLOSED: WeakSet[psycopg.Connection] = WeakSet()


@contextmanager
def enclosing(connection: psycopg.Connection, institution_id: int) -> Generator[psycopg.Connection]:
    """Run the block as one transaction, of which every transaction begun inside it is a part.

    So a caller joins what several services do, each a use case of its own, into one that stands
    or falls together. Raises as ``transaction`` does.
    """
    with transaction(connection, institution_id):
        _ENCLOSED.add(connection)
        try:
            yield connection
        finally:
            _ENCLOSED.discard(connection)


def lock_head(
    connection: psycopg.Connection, take: LiteralString, open_book: Callable[[], object]
) -> tuple[Any, ...]:
    """Lock the one row of this institution that every writer of a book locks first.

    It waits for whoever holds it. If there is none yet, ``open_book`` makes it.
    """
    ensure(
        connection.info.transaction_status == TransactionStatus.INTRANS,
        "a book is written inside a transaction (kernel.database.transaction)",
    )
    row = connection.execute(take).fetchone()
    if row is None:
        open_book()
        row = connection.execute(take).fetchone()
    ensure(row is not None, "a book that was opened can be locked")
    assert row is not None  # noqa: S101 - for the type checker
    return row


@contextmanager
def explained(connection: psycopg.Connection) -> Generator[psycopg.Connection]:
    """Tell a fault of the database in the block as the UnavailableError that it is for a person."""
    try:
        yield connection
    except psycopg.Error as fault:
        raise explain(fault) or fault from fault


def explain(fault: psycopg.Error) -> UnavailableError | None:
    """Return what a fault of the database means for a person, None if it is no matter of theirs."""
    kinds: dict[type[psycopg.Error], type[UnavailableError]] = {
        faults.LockNotAvailable: LockTimeoutError,
        faults.DiskFull: DatabaseFullError,
        faults.IdleInTransactionSessionTimeout: IdleTimeoutError,
        faults.AdminShutdown: DatabaseStoppedError,
        faults.CrashShutdown: DatabaseStoppedError,
    }
    kind = kinds.get(type(fault))
    if kind is None and isinstance(fault, psycopg.OperationalError):
        # What comes without a state comes from this side: there is no server to speak to.
        kind = DatabaseFailedError if fault.sqlstate else ConnectionLostError
    return kind and kind(reason=_reason(fault))


def _reason(fault: psycopg.Error) -> str:
    text = fault.diag.message_primary or str(fault) or type(fault).__name__
    return " ".join(text.split())
