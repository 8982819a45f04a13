"""Taking in a book of loans: booked, with their history, and held to what their source says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import attrs
import psycopg

from karez.engines.servicing.events import Event
from karez.engines.servicing.late import LatePolicy
from karez.engines.servicing.movements import MovementKind
from karez.engines.servicing.terms import Terms
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency
from karez.services.bookkeeping import Books, derive_id
from karez.services.importing.mapping import LoansMapping
from karez.services.importing.source import SourceLoan, events_of, terms_of
from karez.services.lending import (
    Booking,
    Command,
    Outcome,
    book_loans_within,
    record_within,
    view_loans,
)
from karez.services.lending.errors import LoanExistsError
from karez.services.products import TermSheet, find_sheet

if TYPE_CHECKING:
    from uuid import UUID

LOANS_A_TRANSACTION = 50
"""Few: what is folded meanwhile must not look idle to the database, nor hold its locks for long."""


@attrs.frozen
class Refused:
    """A loan that was not taken in, and why."""

    loan: SourceLoan
    error: KarezError


@attrs.frozen
class Difference:
    """A figure of a loan that differs between its source and Karez, minor units."""

    loan: SourceLoan
    field: str
    source_minor: int
    karez_minor: int


@attrs.define
class Reconciliation:
    """What came in, and how it compares with what the source says of it. Sums are minor units."""

    read: int = 0
    taken: int = 0
    already: int = 0
    lent_source_minor: int = 0
    lent_karez_minor: int = 0
    with_balance: int = 0
    balance_source_minor: int = 0
    balance_karez_minor: int = 0
    """Of the loans whose balance the source says."""
    principal_minor: int = 0
    """Owed in Karez, of all."""
    lost_source_minor: int = 0
    lost_karez_minor: int = 0
    """Written off, of the loans that were taken in by this call."""
    by_assumption: dict[str, int] = attrs.field(factory=dict[str, int])
    refused: list[Refused] = attrs.field(factory=list[Refused])
    differences: list[Difference] = attrs.field(factory=list[Difference])


def import_loans(  # noqa: PLR0913 - the books, what to take, and how
    books: Books,
    loans: Sequence[SourceLoan],
    mapping: LoansMapping,
    *,
    actor: str,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Reconciliation:
    """Take in loans with their history; one that is refused leaves the others alone.

    Fifty loans are a transaction; what was taken in before is left as it is, so a run that
    was stopped can be run again. A dry run answers the same and keeps nothing.

    Raises:
        ProductUnknownError: the mapping names a product that is not published.
        AccountUnknownError: the chart of accounts lacks the parents of the loans' accounts.
    """
    found = Reconciliation(read=len(loans))
    for start in range(0, len(loans), LOANS_A_TRANSACTION):
        with books.transaction() as connection, _kept(connection, dry_run=dry_run):
            _take(books, connection, loans[start : start + LOANS_A_TRANSACTION], mapping, actor,
                  found)  # fmt: skip
        progress(min(start + LOANS_A_TRANSACTION, len(loans)), len(loans))
    return found


@contextmanager
def _kept(connection: psycopg.Connection, *, dry_run: bool) -> Generator[None]:
    with connection.transaction():
        yield
        if dry_run:
            raise psycopg.Rollback


@attrs.frozen
class _Ready:
    loan: SourceLoan
    booking: Booking
    events: list[Event]


def _take(  # noqa: PLR0913, PLR0917 - the books, what to take, and where it is told
    books: Books,
    connection: psycopg.Connection,
    loans: Sequence[SourceLoan],
    mapping: LoansMapping,
    actor: str,
    found: Reconciliation,
) -> None:
    sheet = None if mapping.product is None else find_sheet(connection, mapping.product)
    ready: list[_Ready] = []
    for loan in loans:
        try:
            ready.append(_prepare(books, loan, mapping, sheet, actor))
        except KarezError as error:
            found.refused.append(Refused(loan, error))
    while ready:
        outcomes, refused = _enter(books, connection, ready, mapping, actor)
        if not refused:
            break
        # A loan comes in whole or not at all: all are entered again, without those.
        found.refused += refused.values()
        ready = [each for each in ready if each.booking.loan_id not in refused]
    else:
        return
    taken: dict[int, _Ready] = {}
    for each in ready:
        mine = outcomes[each.booking.loan_id]
        assert mine[0].loan_number is not None  # noqa: S101 - what is not refused has its number
        taken[mine[0].loan_number] = each
        if all(outcome.already for outcome in mine):
            found.already += 1
        else:
            _compare_losses(each.loan, mine, found)
    _reconcile(connection, taken, mapping.as_of, found)


def _enter(
    books: Books,
    connection: psycopg.Connection,
    ready: Sequence[_Ready],
    mapping: LoansMapping,
    actor: str,
) -> tuple[dict[UUID, list[Outcome]], dict[UUID, Refused]]:
    """Book loans and record their events, unless some are refused: then nothing is kept."""
    outcomes: dict[UUID, list[Outcome]] = {}
    refused: dict[UUID, Refused] = {}
    with connection.transaction():
        try:
            book_loans_within(books, connection, [each.booking for each in ready])
        except LoanExistsError as error:
            # It was taken in before, and its row says something else now.
            [at] = [each for each in ready if str(each.booking.loan_id) == error.details["loan"]]
            refused[at.booking.loan_id] = Refused(at.loan, error)
            raise psycopg.Rollback from error
        commands = [
            _command(each, place, event, mapping, actor)
            for each in ready
            for place, event in enumerate(each.events)
        ]
        answers = iter(record_within(books, connection, commands, on=mapping.as_of))
        for each in ready:
            mine = outcomes[each.booking.loan_id] = [next(answers) for _ in each.events]
            error = next((outcome.error for outcome in mine if outcome.error is not None), None)
            if error is not None:
                refused[each.booking.loan_id] = Refused(each.loan, error)
        if refused:
            raise psycopg.Rollback
    return outcomes, refused


def _compare_losses(loan: SourceLoan, outcomes: Sequence[Outcome], found: Reconciliation) -> None:
    """Compare what was written off, where this call has done so."""
    karez_minor = sum(
        movement.amount_minor
        for outcome in outcomes
        for movement in outcome.movements
        if movement.kind is MovementKind.WRITTEN_OFF_PRINCIPAL
    )
    source_minor = loan.lost_minor or 0
    found.lost_source_minor += source_minor
    found.lost_karez_minor += karez_minor
    if source_minor != karez_minor:
        found.differences.append(Difference(loan, "written off", source_minor, karez_minor))


def _prepare(
    books: Books, loan: SourceLoan, mapping: LoansMapping, sheet: TermSheet | None, actor: str
) -> _Ready:
    terms, late = _terms(loan, mapping.currency, sheet)
    scope = ("karez-import-loan", books.institution.code, mapping.title)
    booking = Booking(
        terms=terms,
        currency=mapping.currency.code,
        borrower_id=derive_id(*scope, "borrower", loan.borrower),
        opened_on=loan.paid_out_on,
        late=late,
        sheet=None if sheet is None else (sheet.code, sheet.version),
        officer=loan.officer,
        place=loan.place,
        industry=loan.industry,
        pd=0.0 if sheet is None else float(sheet.provisioning.pd_pct / 100),
        lgd=0.0 if sheet is None else sheet.lgd(),
        reference=loan.reference,
        actor=actor,
        loan_id=derive_id(*scope, "loan", loan.reference),
    )
    return _Ready(loan, booking, events_of(loan, terms, mapping.as_of))


def _terms(loan: SourceLoan, unit: Currency, sheet: TermSheet | None) -> tuple[Terms, LatePolicy]:
    if sheet is None or loan.rows:
        return terms_of(loan, unit), LatePolicy()
    terms = sheet.terms(
        amount_minor=loan.amount_minor,
        rate_pct_year=loan.rate_pct_year,
        instalments=loan.instalments,
        starts_on=loan.paid_out_on,
    )
    return terms, sheet.late


def _command(ready: _Ready, place: int, event: Event, mapping: LoansMapping, actor: str) -> Command:
    loan_id: UUID = ready.booking.loan_id
    return Command(
        loan=loan_id,
        event=event,
        actor=actor,
        reason=f"imported: {mapping.title}",
        channel=mapping.channel,
        command_id=derive_id("karez-import-event", str(loan_id), str(place)),
    )


def _reconcile(
    connection: psycopg.Connection,
    taken: dict[int, _Ready],
    as_of: date,
    found: Reconciliation,
) -> None:
    """Add loans to the sums, and list what differs."""
    views = view_loans(connection, list(taken), as_of)
    for number, each in taken.items():
        loan, standing = each.loan, views[number].standing
        found.taken += 1
        how = "by its payments" if loan.payments is not None else str(loan.assume)
        found.by_assumption[how] = found.by_assumption.get(how, 0) + 1
        found.lent_source_minor += loan.amount_minor
        terms = views[number].loan.terms
        rows, parts = terms.given, terms.tranches
        found.lent_karez_minor += sum(row.principal_minor for row in rows) or sum(
            part.amount_minor for part in parts
        )
        found.principal_minor += standing.principal_minor
        if loan.balance_minor is not None:
            found.with_balance += 1
            found.balance_source_minor += loan.balance_minor
            found.balance_karez_minor += standing.principal_minor
            if loan.balance_minor != standing.principal_minor:
                found.differences.append(
                    Difference(loan, "balance", loan.balance_minor, standing.principal_minor)
                )
        if None not in {loan.order_minor, loan.instalment_minor}:
            order, instalment = loan.order_minor or 0, loan.instalment_minor or 0
            if order != instalment:
                found.differences.append(Difference(loan, "standing order", order, instalment))
