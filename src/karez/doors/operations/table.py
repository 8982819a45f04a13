"""Every operation that there is, by its name."""

from __future__ import annotations

from karez.doors.operations import (
    audit,
    events,
    ledger,
    loan_acts,
    loans,
    parties,
    payments,
    proposals,
    reports,
    staff,
)
from karez.doors.operations.operation import AnyOperation, Table

_AREAS: dict[str, AnyOperation] = {
    operation.name: operation
    for area in (parties, loans, loan_acts, payments, ledger, reports, audit, events, staff)
    for operation in area.OPERATIONS
}

OPERATIONS: Table = _AREAS | {
    operation.name: operation for operation in proposals.operations(_AREAS.__getitem__)
}
"""In the order of the reference."""
