"""Under which consent facts of a borrower are read: found, used, and on record before any reading.

A consent covers the facts of its grantor in this institution's facts book where it names the series
``facts`` for the purpose. A use is recorded, allowed or refused, in a transaction of its own: so
whatever becomes of the step, the reading is on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import attrs
import psycopg

from karez.books.facts.read import Window
from karez.books.rights import use as uses
from karez.books.rights.claim import Mode
from karez.books.rights.use import Use
from karez.kernel.errors import KarezError
from karez.services.bookkeeping import derive_id
from karez.services.consent.facts import record_uses
from karez.services.origination.application import Application
from karez.services.origination.desk import Command, Desk, read_applications
from karez.services.origination.errors import ConsentRequiredError
from karez.services.parties import Known, read_parties

SERIES = "facts"
PURPOSE = "underwriting"
SCOPE = "TRANSACTIONS"
RANGE_DAYS = 731
"""How far back facts are read: the most that the template of underwriting holds fair."""


@attrs.frozen
class Opened:
    """A use that is on record, and the window that it opens."""

    use: Use
    window: Window


@attrs.frozen
class Request:
    """Whose facts are to be read, as of which day, by whom and for what; one id, one reading."""

    request_id: UUID
    party: Known
    on: date
    reader: str
    purpose: str = PURPOSE


@attrs.frozen
class _Attempt:
    """A use that was chosen: with a window where it is allowed, else with the reason."""

    request: Request
    use: Use | None
    window: Window | None
    reason: str = ""

    def answer(self, receiver: str, *, preview: bool) -> Opened | KarezError:
        if self.use is not None and self.window is not None:
            return Opened(self.use, self.window)
        use = None if preview or self.use is None else self.use.use_id
        return ConsentRequiredError(
            receiver=receiver, party=self.request.party.key, purpose=self.request.purpose,
            reason=self.reason, use=use,
        )  # fmt: skip


def open_facts(
    desk: Desk, kind: str, commands: Sequence[Command], *, preview: bool
) -> dict[UUID, Opened | KarezError]:
    """Use a consent for each command that may take its step; return by command what lies open.

    A preview asks whether a consent covers the reading, and records nothing.
    """
    with desk.evidence.transaction() as connection:
        found = read_applications(connection, {each.application_id for each in commands})
        wanted = [
            (each, one)
            for each in commands
            if (one := found.get(each.application_id)) and _may(one, kind)
        ]
        borrowers = read_parties(connection, {one.asked.borrower for _, one in wanted})
    requests = [
        Request(command.command_id, borrowers[one.asked.borrower], command.on,
                command.actor or "karez application")
        for command, one in wanted
    ]  # fmt: skip
    return open_windows(desk, requests, preview=preview)


def open_windows(
    desk: Desk, requests: Sequence[Request], *, preview: bool
) -> dict[UUID, Opened | KarezError]:
    """Use a consent for each request; return by request what lies open, or why nothing does."""
    book = desk.evidence.book  # its keys are read before anything is locked
    with desk.evidence.transaction() as connection:
        keys = sorted({key for each in requests for key in each.party.party.keys})
        consents = {
            purpose: uses.consents_over(
                connection, keys, receiver=desk.name, purpose=purpose, series=SERIES
            )
            for purpose in {each.purpose for each in requests}
        }
        chosen = {
            each.request_id: _choose(connection, desk, each, consents[each.purpose])
            for each in requests
        }
        if not preview:
            tried = _begin(connection, chosen)
            record_uses(connection, book, tried)
    return {request: each.answer(desk.name, preview=preview) for request, each in chosen.items()}


def _may(application: Application, kind: str) -> bool:
    try:
        application.admit(kind)
    except KarezError:
        return False
    return True


def _choose(
    connection: psycopg.Connection,
    desk: Desk,
    request: Request,
    consents: dict[str, list[tuple[UUID, date, date]]],
) -> _Attempt:
    """Return the first use that a consent allows, or else why the latest consent refuses it."""
    refused: _Attempt | None = None
    for key in request.party.party.keys:
        for consent_id, first, last_day in consents.get(key, ()):
            since = max(first, request.on - timedelta(days=RANGE_DAYS))
            until = min(last_day, request.on)
            if until < since:
                reason = f"the consent covers {first} to {last_day}"
                refused = refused or _Attempt(request, None, None, reason)
                continue
            use = Use(
                consent_id, desk.name, request.purpose, SCOPE, Mode.VIEW, SERIES, since, until,
                reader=request.reader,
            )  # fmt: skip
            error = uses.judge_use(connection, use)
            if error is None:
                # One id for one request: who asks again is told the same, and reads once.
                name = derive_id("karez.application.use", str(request.request_id), str(consent_id))
                return _Attempt(request, attrs.evolve(use, use_id=name), Window(key, since, until))
            refused = refused or _Attempt(request, use, None, error.message.rstrip("."))
    return refused or _Attempt(request, None, None, "it has granted none over its facts")


def _begin(connection: psycopg.Connection, chosen: dict[UUID, _Attempt]) -> list[UUID]:
    """Record all that is tried, allowed or refused, and return the ids of these uses.

    Of several consents the lower id comes first, as with whoever locks several.
    """
    tried = [(command, each.use) for command, each in chosen.items() if each.use is not None]
    for command, use in sorted(tried, key=lambda pair: pair[1].consent_id):
        error = uses.begin_use(connection, use)
        if error is not None:
            reason = error.message.rstrip(".")
            chosen[command] = attrs.evolve(chosen[command], window=None, reason=reason)
    return [use.use_id for _, use in tried]


def close_facts(connection: psycopg.Connection, desk: Desk, read: dict[UUID, int]) -> None:
    """Record how many facts were read under each use, in the caller's transaction."""
    for use_id, count in read.items():
        uses.end_use(connection, use_id, count)
    record_uses(connection, desk.evidence.book, list(read))
