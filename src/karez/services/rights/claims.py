"""Claims on things: one use case, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import psycopg

from karez.books.rights import read
from karez.books.rights import record as recording
from karez.books.rights import search as searching
from karez.books.rights import verify as checking
from karez.books.rights.claim import Debtor, Thing
from karez.books.rights.event import Event
from karez.books.rights.history import shown
from karez.books.rights.read import RightView
from karez.books.rights.record import Done
from karez.books.rights.search import Certificate, Search
from karez.books.rights.verify import Verification
from karez.kernel.errors import ensure
from karez.services.bookkeeping import Books
from karez.services.consent.facts import unproven_uses


def record(books: Books, events: Sequence[Event], *, dry_run: bool = False) -> list[Done]:
    """Record a batch of events, each on its own merits; what is refused says why in its answer.

    A dry run gives the same answers, and records nothing.
    """
    answers: list[Done] = []
    with books.transaction() as connection, connection.transaction():
        answers = recording.record(connection, events)
        if dry_run:
            raise psycopg.Rollback
    return answers


def record_one(books: Books, event: Event) -> Done:
    """Record one event.

    Raises:
        KarezError: why it is refused (``books.rights.errors``).
    """
    with books.transaction() as connection:
        return recording.record_one(connection, event)


def preview(books: Books, event: Event) -> Done:
    """Return what recording an event would give, and record nothing.

    Raises as ``record_one`` does.
    """
    done = None
    with books.transaction() as connection, connection.transaction():
        done = recording.record_one(connection, event)
        raise psycopg.Rollback
    ensure(done is not None, "what raises no error has an answer")
    assert done is not None  # noqa: S101 - for the type checker
    return done


def find_right(
    books: Books,
    right_id: UUID,
    *,
    effective_at: datetime | None = None,
    known_at: datetime | None = None,
) -> RightView:
    """Return a right as it stood at an instant, as known at another (None: now).

    Raises:
        RightUnknownError: it was not there, or not known.
    """
    with books.transaction() as connection:
        return read.find_right(connection, right_id, effective_at=effective_at, known_at=known_at)


def search(
    books: Books,
    criterion: Debtor | Thing,
    *,
    effective_at: datetime | None = None,
    known_at: datetime | None = None,
    certificate_id: UUID | None = None,
) -> tuple[Search, Certificate | None]:
    """Search by debtor or thing; keep a certificate of what was found where it is given an id.

    Raises:
        RightMalformedError: the name or number has no letter and no digit.
    """
    with books.transaction() as connection:
        found = searching.search(
            connection, criterion, effective_at=effective_at, known_at=known_at
        )
        return found, (
            searching.certify(connection, found, certificate_id) if certificate_id else None
        )


def find_certificate(books: Books, certificate_id: UUID) -> Certificate:
    """Return a certificate of search as it was issued.

    Raises:
        CertificateUnknownError: there is none with this id.
    """
    with books.transaction() as connection:
        return searching.find_certificate(connection, certificate_id)


def verify(
    books: Books, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Verification:
    """Make again what follows from the events of the rights book; name what disagrees.

    The facts book must have each use of a consent too.
    """
    with books.transaction() as connection:
        report = checking.verify(connection, progress)
        for each, what in unproven_uses(connection):
            row = f"{shown(each.use.consent_id)} {each.use_number}"
            report.find("facts", "consent_use", row, what)
    return report
