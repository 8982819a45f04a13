"""Grant a consent, withdraw it, look at it."""

from __future__ import annotations

from uuid import UUID

import attrs

from karez.books.rights import read, use
from karez.books.rights.claim import Consent
from karez.books.rights.errors import ConsentUnknownError, RightUnknownError
from karez.books.rights.event import Event, Grant, Pause, Resume, Revoke
from karez.books.rights.history import State, shown
from karez.books.rights.read import RightView
from karez.books.rights.record import Done, record_one
from karez.books.rights.use import RecordedUse
from karez.kernel.ids import new_id
from karez.services.bookkeeping import Books
from karez.services.consent.facts import fact_indices
from karez.services.consent.templates import check_template


@attrs.frozen
class ConsentView:
    """A consent, how it stands, every use that was asked for, and the indices of their facts."""

    consent: Consent
    view: RightView
    uses: list[RecordedUse]
    facts: dict[UUID, list[int]]

    @property
    def state(self) -> str:
        """``in force``, ``paused``, ``expired`` or ``revoked``."""
        return "expired" if self.view.state is State.LAPSED else str(self.view.state)


def grant(
    books: Books, consent: Consent, *, consent_id: UUID | None = None, by: str = "",
    evidence: str = "",
) -> Done:  # fmt: skip
    """Record a consent; ``evidence`` says how it was given, ``by`` who records it.

    Raises:
        TemplateUnknownError, TemplateExceededError: it is beyond what its template holds fair.
        RightMalformedError, TermError: it cannot be right.
    """
    check_template(consent)
    # One id for the right and its granting: who asks again with the same id gets the same answer.
    right_id = consent_id or new_id()
    event = Event(right_id, Grant(consent), by=by, evidence=evidence, event_id=right_id)
    with books.transaction() as connection:
        return record_one(connection, event)


def revoke(books: Books, consent_id: UUID, *, reason: str = "", by: str = "") -> Done:
    """Withdraw a consent: from the commit on, nothing more is read under it.

    Raises:
        ConsentUnknownError: there is no such consent.
        RightStateError: it was withdrawn before.
    """
    return _act(books, Event(consent_id, Revoke(reason), by=by))


def pause(books: Books, consent_id: UUID, *, reason: str = "", by: str = "") -> Done:
    """Let a consent rest: from the commit on, nothing is read under it until it goes on.

    Raises:
        ConsentUnknownError: there is no such consent.
        RightStateError: it is not in force.
    """
    return _act(books, Event(consent_id, Pause(reason), by=by))


def resume(books: Books, consent_id: UUID, *, reason: str = "", by: str = "") -> Done:
    """Let a paused consent go on.

    Raises:
        ConsentUnknownError: there is no such consent.
        RightStateError: it is not paused.
    """
    return _act(books, Event(consent_id, Resume(reason), by=by))


def _act(books: Books, event: Event) -> Done:
    with books.transaction() as connection:
        try:
            return record_one(connection, event)
        except RightUnknownError as fault:
            raise ConsentUnknownError(consent=shown(event.right_id)) from fault


def find_consent(books: Books, consent_id: UUID) -> ConsentView:
    """Return a consent with its uses.

    Raises:
        ConsentUnknownError: there is none with this id.
    """
    with books.transaction() as connection:
        try:
            view = read.find_right(connection, consent_id)
        except RightUnknownError as fault:
            raise ConsentUnknownError(consent=shown(consent_id)) from fault
        if not isinstance(view.right.content, Consent):
            raise ConsentUnknownError(consent=shown(consent_id))
        uses = use.list_uses(connection, consent_id)
        return ConsentView(view.right.content, view, uses, fact_indices(connection, uses))


def list_consents(
    books: Books, *, grantor: str | None = None, receiver: str | None = None
) -> list[UUID]:
    """Return the consents of a grantor, to a receiver, or all, the oldest first."""
    with books.transaction() as connection:
        return use.list_consents(connection, grantor=grantor, receiver=receiver)
