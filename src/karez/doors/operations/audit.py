"""The operation that reads what was done."""

from __future__ import annotations

from datetime import datetime

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Listing, Name, Output, shape
from karez.services import access


class Audited(Output, kw_only=True):
    """What was done: JSON texts of what was asked, and of the target before and after."""

    audit_number: int
    recorded_at: datetime
    actor: str
    operation: str
    target: str
    given: str
    before: str
    after: str
    reason: str
    request_id: str
    digest: str


class AuditPage(Output, kw_only=True):
    """A page of the audit, newest first."""

    rows: list[Audited]
    next: str | None


class AuditQuestion(Listing, kw_only=True):
    """What was done to a target, by an actor, or by an operation; or all."""

    target: Name | None = None
    operation: Name | None = None
    actor: Name | None = None


def _list(call: Call, asked: AuditQuestion) -> AuditPage:
    name = "audit.list"
    found = access.list_audit(
        call.office.books, below=read_cursor(call.office, name, asked, int), most=asked.limit + 1,
        target=asked.target, operation=asked.operation, actor=asked.actor,
    )  # fmt: skip
    shown, after = page_of(call.office, name, asked, found, lambda row: row.audit_number)
    rows = [shape(Audited, row, digest=row.digest.hex()) for row in shown]
    return AuditPage(rows=rows, next=after)


OPERATIONS = (
    Operation(
        name="audit.list",
        summary="Read what was done: who, what, before, after, and why.",
        method="GET",
        path="/v1/audit",
        input=AuditQuestion,
        output=AuditPage,
        run=_list,
        permission="audit.read",
        retry=Retry.READ,
        errors=(CursorInvalidError,),
    ),
)
