"""Each use of a consent as facts: that it was asked for and what was answered, then what was read.

They are appended in the transaction that records the use: neither book has it without the other.
The rights book is locked first (the consent's row, in ``rights.use_consent_v1``) and the head of
the log last, of several consents the lower id first: so nobody who holds the log waits for a
consent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from karez.books.facts import Batch, FactsBook
from karez.books.facts.canonical import canonical
from karez.books.facts.read import find_keyed, list_erased
from karez.books.facts.schemas import CONSENT_USE, ConsentUse
from karez.books.rights.use import ALLOWED, RecordedUse, list_uses
from karez.kernel.ids import show_id

_USES_AT_A_TIME = 5_000
_RECORDED_WITHIN = timedelta(hours=1)
"""From a use to its last fact; what takes longer than a statement is not read under a use."""


def record_uses(connection: psycopg.Connection, book: FactsBook, use_ids: Sequence[UUID]) -> None:
    """Append the facts of uses as the rights book has them, in the caller's transaction.

    A use that is not on record (its consent is unknown, say) gives none; a fact that is in the
    log is not added again.

    Raises:
        FactMalformedError: a text is longer than a fact may hold.
        LogKeyWrongError: the log was opened with other keys.
    """
    facts: dict[str, ConsentUse] = {}
    for recorded in list_uses(connection, use_ids=use_ids):
        facts |= facts_of(recorded)
    if facts:
        done = book.append(connection, Batch(list(facts.values()), list(facts)))
        for error in done.refused.values():
            raise error


def facts_of(recorded: RecordedUse) -> dict[str, ConsentUse]:
    """Return the facts of a use by their idempotency keys. They say nothing that can change."""
    use = recorded.use
    asked = ConsentUse(
        subject=recorded.grantor,
        valid_on=recorded.used_at.date(),
        occurred_at=recorded.used_at,
        consent_id=show_id("rgt", use.consent_id),
        use_id=show_id("use", use.use_id),
        receiver=use.receiver,
        purpose=use.purpose,
        scope=use.scope,
        reader=use.reader,
        allowed=recorded.verdict == ALLOWED,
        reason="" if recorded.verdict == ALLOWED else recorded.verdict,
    )
    facts = {f"consent use {use.use_id}": asked}
    if recorded.row_count is not None:
        facts[f"consent use {use.use_id} read"] = msgspec.structs.replace(
            asked, row_count=recorded.row_count
        )
    return facts


def fact_indices(
    connection: psycopg.Connection, uses: Sequence[RecordedUse]
) -> dict[UUID, list[int]]:
    """Return where the facts of each use stand in the log; an erased one is left out."""
    keys = {each.use.use_id: list(facts_of(each)) for each in uses}
    found = find_keyed(connection, [key for of_use in keys.values() for key in of_use])
    return {
        use_id: [found[key][0] for key in of_use if key in found] for use_id, of_use in keys.items()
    }


def unproven_uses(connection: psycopg.Connection) -> Iterator[tuple[RecordedUse, str]]:
    """Yield the uses of which the facts book says nothing, or something else, and which of them.

    Of a fact that was erased the log keeps when it was recorded, and not of which use: it is taken
    for a fact that is not found of a use shortly before.
    """
    missing: list[RecordedUse] = []
    uses = list_uses(connection)
    for start in range(0, len(uses), _USES_AT_A_TIME):
        expected = [
            (each, key, fact)
            for each in uses[start : start + _USES_AT_A_TIME]
            for key, fact in facts_of(each).items()
        ]
        found = find_keyed(connection, [key for _, key, _ in expected])
        for each, key, fact in expected:
            if key not in found:
                missing.append(each)
            elif found[key][1] != canonical(fact):
                yield each, f"fact {found[key][0]} says something else of it"
    for each in _never_recorded(missing, list_erased(connection, CONSENT_USE)):
        yield each, "the facts book has no fact of it"


def _never_recorded(
    missing: Sequence[RecordedUse], erased: Sequence[datetime]
) -> Iterator[RecordedUse]:
    """Yield the uses for which no erased fact is left that was recorded when theirs must have been.

    A fact follows its use at once, so each erased one is taken for the last use before it.
    """
    waiting = deque(sorted(missing, key=lambda each: each.used_at))
    open_uses: list[RecordedUse] = []
    for instant in erased:
        while waiting and waiting[0].used_at <= instant:
            open_uses.append(waiting.popleft())
        if open_uses and instant <= open_uses[-1].used_at + _RECORDED_WITHIN:
            open_uses.pop()
    yield from (*open_uses, *waiting)
