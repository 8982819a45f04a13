"""Every operation that there is, by its name."""

from __future__ import annotations

from karez.doors.operations import (
    application_acts,
    applications,
    audit,
    closing,
    collections,
    events,
    jobs,
    ledger,
    loan_acts,
    loans,
    parties,
    payments,
    products,
    proposals,
    reports,
    staff,
)
from karez.doors.operations.operation import AnyOperation, Table

_ROOMS = (
    parties, applications, application_acts, products, loans, loan_acts, payments, collections,
    closing, ledger, reports, audit, staff, jobs, events,
)  # fmt: skip

_AREAS: dict[str, AnyOperation] = {
    operation.name: operation for area in _ROOMS for operation in area.OPERATIONS
}

OPERATIONS: Table = _AREAS | {
    operation.name: operation for operation in proposals.operations(_AREAS.__getitem__)
}
"""In the order of the reference."""
