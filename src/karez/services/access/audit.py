"""The audit: what was done, by whom, to what, and why; rows that are chained and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import msgspec

from karez.kernel.database.connection import lock_head
from karez.kernel.finding import Findings
from karez.services.access.actor import Actor
from karez.services.access.queries import QUERIES
from karez.services.bookkeeping import Books

if TYPE_CHECKING:
    import psycopg

NOTHING = bytes(32)
"""The digest before the first row."""

_LAST = 1 << 62


@attrs.frozen(kw_only=True)
class Act:
    """What was done: JSON texts of what was asked, and of the target before and after."""

    actor: Actor
    operation: str
    target: str
    given: str
    before: str
    after: str
    reason: str
    request_id: str
    proposal_id: UUID | None = None


@attrs.frozen(kw_only=True)
class AuditRow:
    """A row of the audit. ``digest`` covers all of it, and the digest of the row before."""

    audit_number: int
    account_id: UUID
    actor: str
    operation: str
    target: str
    given: str
    before: str
    after: str
    reason: str
    request_id: str
    proposal_id: UUID | None
    recorded_at: datetime
    digest: bytes = NOTHING

    def digest_after(self, before: bytes) -> bytes:
        """Return the digest of this row after the one before it."""
        content = attrs.asdict(self, filter=lambda field, _: field.name != "digest")
        return hashlib.sha256(before + msgspec.json.encode(content, order="deterministic")).digest()


_COLUMNS = tuple(field.name for field in attrs.fields(AuditRow))


def write_audit(connection: psycopg.Connection, act: Act) -> int:
    """Write down an act in the caller's transaction, whose last lock this is; return its number."""
    audits, before, now = lock_head(
        connection,
        QUERIES["take_desk"].text,
        lambda: connection.execute(QUERIES["open_desk"].text, {"digest": NOTHING}),
    )
    row = AuditRow(
        audit_number=audits + 1,
        account_id=act.actor.actor_id,
        actor=act.actor.name,
        recorded_at=now,
        **attrs.asdict(act, recurse=False, filter=lambda field, _: field.name != "actor"),
    )
    digest = row.digest_after(before)
    written = attrs.asdict(attrs.evolve(row, digest=digest))
    connection.execute(QUERIES["add_audit"].text, written)
    connection.execute(QUERIES["move_desk"].text, {"audits": audits + 1, "digest": digest})
    return audits + 1


def list_audit(  # noqa: PLR0913 - one for each filter
    books: Books,
    *,
    below: int | None = None,
    most: int = 50,
    target: str | None = None,
    operation: str | None = None,
    actor: str | None = None,
) -> Sequence[AuditRow]:
    """Return rows of the audit, newest first, with numbers below one."""
    asked = {
        "below": below or _LAST, "most": most, "target": target, "operation": operation,
        "actor": actor,
    }  # fmt: skip
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["audits"].text, asked).fetchall()
    return [AuditRow(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


@attrs.define
class AuditVerification(Findings):
    """What a verification of the audit looked at, and what disagrees."""

    rows: int = 0


def verify(books: Books) -> AuditVerification:
    """Compute the chain of the audit anew, from the first row to the head."""
    report = AuditVerification()
    with books.transaction() as connection:
        head = connection.execute(QUERIES["head"].text).fetchone()
        before = NOTHING
        with connection.cursor("audit") as cursor:
            cursor.execute(QUERIES["audit_in_order"].text)
            for values in cursor:
                row = AuditRow(**dict(zip(_COLUMNS, values, strict=True)))
                report.rows += 1
                if row.audit_number != report.rows:
                    report.find("audit-gap", "access.audit", row.audit_number, "a row is missing")
                    report.rows = row.audit_number
                if row.digest != row.digest_after(before):
                    what = "the row, or one before it, was changed"
                    report.find("audit-digest", "access.audit", row.audit_number, what)
                before = row.digest
    if (head or (0, NOTHING)) != (report.rows, before):
        report.find("audit-head", "access.desk", "head", "the last rows are missing")
    return report
