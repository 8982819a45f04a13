"""Use data under a consent: ask, be told and recorded, read only what lies open."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

import attrs
import psycopg

from karez.books.rights import use as uses
from karez.books.rights.use import GATE_SQLSTATE, Use, refusal
from karez.kernel.database import Database, Role, transaction
from karez.kernel.sql import load_queries
from karez.services.bookkeeping import Books
from karez.services.consent.facts import record_uses
from karez.services.evidence import Evidence

QUERIES = load_queries("karez.services.consent")


@attrs.frozen
class SharedLine:
    """One line of an account's statement, as it is shared."""

    account: str
    entry_id: UUID
    line: int
    valid_on: date
    recorded_at: datetime
    kind: str
    is_debit: bool
    amount_minor: int
    currency: str


def check_use(books: Books, use: Use) -> None:
    """Ask whether a consent covers a use now, and record nothing.

    Raises:
        ConsentRefusedError, ConsentUnknownError: why it does not.
    """
    with books.transaction() as connection:
        error = uses.judge_use(connection, use)
    if error is not None:
        raise error


def begin_use(evidence: Evidence, use: Use) -> None:
    """Record a use in both books, and open what it covers for a quarter of an hour.

    Raises:
        LogKeyWrongError, KeyFileError: the facts book cannot be written, so there is no use.
        FactMalformedError: a text is longer than a fact may hold; there is no use either.
        ConsentRefusedError: why not; the refusal is on record.
        ConsentUnknownError: there is no such consent.
        EventConflictError: the id belongs to another use.
    """
    book = evidence.book  # its keys are read before anything is locked
    with evidence.transaction() as connection:
        error = uses.begin_use(connection, use)
        record_uses(connection, book, [use.use_id])
    if error is not None:
        raise error


def read_statement(evidence: Evidence, database: Database, use: Use) -> Sequence[SharedLine]:
    """Return the lines of an account that a consent covers: one use, begun, read and ended.

    Raises as ``begin_use`` does, and where the consent is withdrawn while it is read.
    """
    begin_use(evidence, use)
    with open_shared(evidence, database, use) as connection:
        rows = connection.execute(QUERIES["statement_lines"].text).fetchall()
    with evidence.transaction() as connection:
        uses.end_use(connection, use.use_id, len(rows))
        record_uses(connection, evidence.book, [use.use_id])
    return [SharedLine(*row) for row in rows]


@contextmanager
def open_shared(evidence: Evidence, database: Database, use: Use) -> Generator[psycopg.Connection]:
    """Give a transaction that sees what a use has opened, and nothing else.

    Raises:
        ConsentRefusedError: the gate is shut: withdrawn, expired, ended, or never opened.
    """
    try:
        with (
            database.connect(Role.RECEIVER) as connection,
            transaction(connection, evidence.institution.institution_id),
        ):
            connection.execute(QUERIES["open_use"].text, {"use_id": str(use.use_id)})
            yield connection
    except psycopg.Error as fault:
        error = None
        if fault.sqlstate == GATE_SQLSTATE:
            error = refusal(fault.diag.message_primary or "", use)
        raise error or fault from fault
