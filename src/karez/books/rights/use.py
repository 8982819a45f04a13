"""Uses of a consent: asked for, checked by the database, recorded whether allowed or refused.

The check is a function in SQL, and so is the gate that the views of data ask (``sql/schema.sql``):
no code of ours can forget either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import attrs
import psycopg

from karez.books.rights import errors
from karez.books.rights.claim import Mode
from karez.books.rights.errors import ConsentUnknownError, EventConflictError, IsolationError
from karez.books.rights.queries import QUERIES
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id, show_id

ALLOWED = "allowed"
GATE_SQLSTATE = "KR001"
"""What the gate raises; the message is the code of the error."""

_REFUSALS: dict[str, type[KarezError]] = {
    kind.code: kind
    for kind in (
        errors.ConsentReceiverError, errors.ConsentPurposeError, errors.ConsentScopeError,
        errors.ConsentSeriesError, errors.ConsentModeError, errors.ConsentNotStartedError,
        errors.ConsentExpiredError, errors.ConsentRevokedError, errors.ConsentRangeError,
        errors.ConsentPausedError,
        errors.ConsentFrequencyError, errors.ConsentConditionError, errors.ConsentAmountError,
        errors.ConsentUseError, ConsentUnknownError, EventConflictError, IsolationError,
    )
}  # fmt: skip


@attrs.frozen
class Use:
    """What somebody wants to do with data: the days of one account or series, for a purpose.

    ``receiver`` is who uses it, ``reader`` the person or program that acts for them. An amount is
    what the use would move or ask for.
    """

    consent_id: UUID
    receiver: str
    purpose: str
    scope: str
    mode: Mode
    series: str
    range_from: date
    range_to: date
    amount_minor: int | None = None
    currency: str | None = None
    condition_evidence: str = ""
    reader: str = ""
    use_id: UUID = attrs.field(factory=new_id)


@attrs.frozen
class RecordedUse:
    """A use in the book, numbered within its consent; ``row_count`` is None until it has ended.

    ``grantor`` is whose data it is of.
    """

    use: Use
    use_number: int
    verdict: str
    used_at: datetime
    keep_until: datetime | None
    row_count: int | None
    grantor: str


def judge_use(connection: psycopg.Connection, use: Use) -> KarezError | None:
    """Return why a use would be refused at this moment, None if it would be allowed."""
    return refusal(_verdict(connection, "judge_use", use), use)


def begin_use(connection: psycopg.Connection, use: Use) -> KarezError | None:
    """Record a use; return why it is refused, None if it is allowed.

    A refusal is on record too, so it is returned and not raised: commit, then raise it. Data lies
    open to later transactions, not to this one.
    """
    return refusal(_verdict(connection, "use_consent", use), use)


def end_use(connection: psycopg.Connection, use_id: UUID, row_count: int) -> None:
    """Close what a use opened, and record how many rows were read."""
    connection.execute(QUERIES["end_use"].text, {"use_id": use_id, "row_count": row_count})


def list_uses(
    connection: psycopg.Connection,
    consent_id: UUID | None = None,
    use_ids: Sequence[UUID] | None = None,
) -> list[RecordedUse]:
    """Return the uses of a consent, or of all, in order; only those with these ids if named."""
    parameters = {"consent_id": consent_id, "use_ids": None if use_ids is None else list(use_ids)}
    rows = connection.execute(QUERIES["uses"].text, parameters)
    return [_recorded(row) for row in rows]


def list_consents(
    connection: psycopg.Connection, *, grantor: str | None = None, receiver: str | None = None
) -> list[UUID]:
    """Return the consents of a grantor, to a receiver, or all, the oldest first."""
    parameters = {"grantor": grantor, "receiver": receiver}
    return [row[0] for row in connection.execute(QUERIES["consent_ids"].text, parameters)]


def consents_over(
    connection: psycopg.Connection,
    grantors: Sequence[str],
    *,
    receiver: str,
    purpose: str,
    series: str,
) -> dict[str, list[tuple[UUID, date, date]]]:
    """Return by grantor the consents for a purpose, the latest first, and the days they cover."""
    asked = {
        "grantors": list(grantors), "receiver": receiver, "purpose": purpose, "series": series,
    }  # fmt: skip
    found: dict[str, list[tuple[UUID, date, date]]] = {}
    for grantor, *rest in connection.execute(QUERIES["consents_over"].text, asked):
        found.setdefault(grantor, []).append((rest[0], rest[1], rest[2]))
    return found


def refusal(verdict: str, use: Use) -> KarezError | None:
    """Return the error that a verdict of the database is, None if it allows."""
    if verdict == ALLOWED:
        return None
    details: dict[str, Any] = attrs.asdict(use) | {
        "consent": show_id("rgt", use.consent_id),
        "use": show_id("use", use.use_id),
        "event": str(use.use_id),
    }
    return _REFUSALS[verdict](**details)


def _verdict(connection: psycopg.Connection, query: str, use: Use) -> str:
    parameters = attrs.asdict(use) | {"mode": str(use.mode)}
    row = connection.execute(QUERIES[query].text, parameters).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]


def _recorded(row: tuple[Any, ...]) -> RecordedUse:
    (
        consent_id, number, use_id, receiver, purpose, scope, mode, series, range_from, range_to,
        amount_minor, currency, evidence, reader, verdict, used_at, keep_until, row_count, grantor,
    ) = row  # fmt: skip
    use = Use(
        consent_id, receiver, purpose, scope, Mode(mode), series, range_from, range_to,
        amount_minor, currency, evidence, reader, use_id,
    )  # fmt: skip
    return RecordedUse(use, number, verdict, used_at, keep_until, row_count, grantor)
