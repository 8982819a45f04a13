"""Loans and their events in the database: read for many loans at once, added by COPY."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from karez.kernel.database import Role as DatabaseRole
from karez.kernel.errors import ensure
from karez.services.lending.codec import (
    SALE,
    decode_event,
    decode_late,
    decode_terms,
    encode,
)
from karez.services.lending.loan import DrawLimit, Loan, RecordedEvent, Sheet
from karez.services.lending.queries import QUERIES
from karez.services.products import LedgerMapping, find_sheet

if TYPE_CHECKING:
    import psycopg

TABLES: Mapping[str, tuple[str, ...]] = {
    "loan": (
        "institution_id", "loan_number", "loan_id", "product_code", "product_version",
        "borrower_id", "currency", "terms", "late", "opened_on", "principal_account",
        "interest_account", "fee_account", "credit_account", "pd", "lgd", "officer", "place",
        "industry", "application_id", "reference", "recorded_at", "limit_minor", "revolves_until",
    ),
    "event": (
        "institution_id", "loan_number", "number", "kind", "valid_on", "posted_on",
        "amount_minor", "channel", "content", "command_id", "actor", "reason", "recorded_at",
    ),
    "standing": (
        "institution_id", "loan_number", "since", "until", "status", "stage", "principal_minor",
        "interest_settled_minor", "fees_minor", "penalties_minor", "credit_minor",
        "overdue_principal_minor", "overdue_interest_minor", "overdue_fees_minor",
        "overdue_penalties_minor", "oldest_due", "next_due", "accrual_from", "accrual_until",
        "accrual_base_minor", "accrual_target_minor", "fee_income_base_minor",
        "fee_income_target_minor", "holds_until",
    ),
    "outlook": ("institution_id", "loan_number", "stretches"),
}  # fmt: skip
"""The tables that rows are added to, and their columns in the order of ``copy_in``."""


@attrs.frozen
class Kept:
    """A loan, its events as they were entered, and where it posts to."""

    loan: Loan
    events: tuple[RecordedEvent, ...]
    mapping: LedgerMapping


def load_loans(connection: psycopg.Connection, numbers: Collection[int]) -> dict[int, Loan]:
    """Return the loans with these numbers; those that are not there are left out."""
    rows = connection.execute(QUERIES["loans"].text, {"loans": sorted(numbers)})
    return {row[0]: _loan(row) for row in rows}


def load_events(
    connection: psycopg.Connection, numbers: Collection[int], *, known_at: datetime | None = None
) -> dict[int, list[RecordedEvent]]:
    """Return the events of these loans that were recorded up to an instant (None: now)."""
    found: dict[int, list[RecordedEvent]] = defaultdict(list)
    asked = {"loans": sorted(numbers), "known_at": known_at}
    for row in connection.execute(QUERIES["events"].text, asked):
        number, kind, content, channel, amount_minor, command_id, actor, reason, at = row
        found[number].append(
            RecordedEvent(
                event=decode_event(kind, content),
                kind=kind,
                channel=channel,
                proceeds_minor=amount_minor if kind == SALE else None,
                command_id=command_id,
                actor=actor,
                reason=reason,
                recorded_at=at,
            )
        )
    return found


def load_kept(
    connection: psycopg.Connection, numbers: Collection[int], *, known_at: datetime | None = None
) -> dict[int, Kept]:
    """Return loans with their events and mappings."""
    loans = load_loans(connection, numbers)
    events = load_events(connection, numbers, known_at=known_at)
    mappings = load_mappings(connection, {loan.sheet for loan in loans.values()})
    return {
        number: Kept(loan, tuple(events.get(number, ())), mappings[loan.sheet])
        for number, loan in loans.items()
    }


def load_mappings(
    connection: psycopg.Connection, sheets: Iterable[Sheet | None]
) -> dict[Sheet | None, LedgerMapping]:
    """Return where the loans of these products post to; one of no product to the standard chart.

    Raises:
        ProductUnknownError: a product was not published in this version.
    """
    return {
        sheet: LedgerMapping() if sheet is None else find_sheet(connection, *sheet).ledger
        for sheet in sheets
    }


def find_numbers(connection: psycopg.Connection, loan_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the numbers of the loans among these ids that are there."""
    asked = {"loan_ids": sorted(set(loan_ids))}
    return dict(connection.execute(QUERIES["loan_numbers"].text, asked).fetchall())


def loan_row(institution_id: int, loan: Loan) -> tuple[Any, ...]:
    """Return a loan as a row of its table."""
    code, version = loan.sheet or (None, None)
    return (
        institution_id, loan.loan_number, loan.loan_id, code, version, loan.borrower_id,
        loan.currency, encode(loan.terms), encode(loan.late), loan.opened_on,
        loan.principal_account, loan.interest_account, loan.fee_account, loan.credit_account,
        loan.pd, loan.lgd, loan.officer, loan.place, loan.industry, loan.application_id,
        loan.reference, loan.recorded_at,
        loan.limit.most_minor if loan.limit else None,
        loan.limit.revolves_until if loan.limit else None,
    )  # fmt: skip


def event_row(
    institution_id: int, loan_number: int, recorded: RecordedEvent, at: datetime
) -> tuple[Any, ...]:
    """Return an event as a row of its table."""
    event = recorded.event
    amount_minor = recorded.proceeds_minor
    if amount_minor is None:
        amount_minor = getattr(event, "amount_minor", None)
    return (
        institution_id, loan_number, event.number, recorded.kind, event.on, event.posted_on,
        amount_minor, recorded.channel, encode(event), recorded.command_id, recorded.actor,
        recorded.reason, at,
    )  # fmt: skip


def copy_in(connection: psycopg.Connection, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Add rows to the tables named, as the poster."""
    row = connection.execute(QUERIES["role"].text).fetchone()
    own = row[0] if row else ""
    connection.execute(QUERIES["become"].text, {"role": DatabaseRole.POSTER})
    for table, added in rows.items():
        if not added:
            continue
        statement = f"COPY lending.{table} ({', '.join(TABLES[table])}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for values in added:
                copy.write_row(values)
    connection.execute(QUERIES["become"].text, {"role": own})


def instant(connection: psycopg.Connection) -> datetime:
    """Return the instant at which rows are recorded now, by the clock of the database."""
    row = connection.execute(QUERIES["instant"].text).fetchone()
    ensure(row is not None, "the database has a clock")
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]


def _loan(row: Sequence[Any]) -> Loan:
    (number, loan_id, code, version, borrower_id, currency, terms, late, opened_on, principal,
     interest, fee, credit, pd, lgd, officer, place, industry, application_id, reference,
     recorded_at, limit_minor, revolves_until) = row  # fmt: skip
    return Loan(
        loan_number=number,
        loan_id=loan_id,
        sheet=(code, version) if code is not None else None,
        borrower_id=borrower_id,
        currency=currency,
        terms=decode_terms(terms),
        late=decode_late(late),
        opened_on=opened_on,
        principal_account=principal,
        interest_account=interest,
        fee_account=fee,
        credit_account=credit,
        pd=pd,
        lgd=lgd,
        officer=officer,
        place=place,
        industry=industry,
        application_id=application_id,
        reference=reference,
        recorded_at=recorded_at,
        limit=DrawLimit(limit_minor, revolves_until) if limit_minor is not None else None,
    )
