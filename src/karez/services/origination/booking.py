"""Book: an accepted loan enters the books and its first money goes out, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import psycopg

from karez.engines.servicing.events import Disbursement
from karez.kernel.errors import KarezError
from karez.services import lending
from karez.services.bookkeeping import derive_id
from karez.services.origination.application import Application
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.errors import ApplicationMalformedError, CollateralMissingError
from karez.services.origination.event import Booked, Content
from karez.services.origination.said import own_labels
from karez.services.origination.securing import cover_needed_minor
from karez.services.parties import Known, read_parties
from karez.services.products import TermSheet, find_sheet


@attrs.frozen(kw_only=True)
class Payout(Command):
    """An accepted loan that is to be booked and paid out.

    ``channel`` is the account of the money book that the money leaves through, a till or the
    supplier's own; by default the settlement account of the product.
    """

    channel: str | None = None


def book(desk: Desk, payouts: Sequence[Payout], *, preview: bool = False) -> list[Outcome]:
    """Book loans and pay out what is due on the day; later parts are paid as the loan goes on.

    Refused for one of: CollateralMissingError, ApplicationMalformedError,
    ApplicationNotFoundError, ApplicationStepError, and what lending refuses.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Payout, Application]]
    ) -> list[Content | KarezError]:
        named = {
            party
            for _, one in pairs
            for party in (one.asked.borrower, one.asked.supplier)
            if party is not None
        }
        parties = read_parties(connection, named)
        made: list[Content | KarezError] = []
        for command, application in pairs:
            sheet = find_sheet(
                connection, application.asked.product, application.asked.product_version
            )
            try:
                with connection.transaction():  # one that lending refuses leaves nothing behind
                    borrower = parties[application.asked.borrower]
                    supplier = parties.get(application.asked.supplier or command.command_id)
                    case = _Case(desk, command, application, sheet, borrower, supplier)
                    made.append(case.booked(connection))
            except KarezError as error:
                made.append(error)
        return made

    return run(desk, "booked", payouts, make, preview=preview)


@attrs.frozen
class _Case:
    """One accepted loan, and who gets the money."""

    desk: Desk
    command: Payout
    application: Application
    sheet: TermSheet
    borrower: Known
    supplier: Known | None

    def booked(self, connection: psycopg.Connection) -> Booked:
        self._check()
        [loan] = lending.book_loans_within(self.desk.books, connection, [self._booking()])
        paid = 0
        outcomes = lending.record_within(
            self.desk.books, connection, list(self._disbursements(loan)), on=self.command.on
        )
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        paid = sum(part.amount_minor for part in loan.terms.tranches if part.on <= self.command.on)
        return Booked(
            loan_id=loan.loan_id,
            loan_number=loan.loan_number,
            paid_minor=paid,
            paid_to=(self.supplier or self.borrower).key,
        )

    def _check(self) -> None:
        offered = self.application.offered
        assert offered is not None  # noqa: S101 - the stage says so
        if self.command.on < offered.starts_on:
            raise ApplicationMalformedError(
                field="on", value=str(self.command.on),
                reason=f"the loan that was accepted starts on {offered.starts_on}",
            )  # fmt: skip
        least = self.sheet.collateral.least_cover_pct
        needed = cover_needed_minor(least, offered.amount_minor)
        there = self.application.cover_minor
        if there < needed:
            exponent = self.sheet.currency.exponent
            reason = (
                f"its pledges cover {there / 10**exponent:,.2f} of the"
                f" {needed / 10**exponent:,.2f} that {self.sheet.code} asks for"
            )
            raise CollateralMissingError(application=self.application.shown_id, reason=reason)

    def _booking(self) -> lending.Booking:
        offered, scored, priced = (
            self.application.offered, self.application.scored, self.application.priced,
        )  # fmt: skip
        assert offered and scored and priced  # noqa: S101, PT018 - the stage says so
        asked, on = self.application.asked, self.command.on
        labels = own_labels(self.application, self.borrower)
        pledges = self.application.pledges
        return lending.Booking(
            loan_id=derive_id("karez.application.loan", str(self.application.application_id)),
            sheet=(self.sheet.code, self.sheet.version),
            terms=self.sheet.terms(
                amount_minor=offered.amount_minor,
                rate_pct_year=offered.rate_pct_year,
                instalments=offered.instalments,
                starts_on=on,
            ),
            late=self.sheet.late,
            charges=self.sheet.charges(starts_on=on),
            currency=asked.currency,
            borrower_id=asked.borrower,
            officer=asked.officer,
            place=labels.get("place", ""),
            industry=labels.get("industry", ""),
            pd=scored.pd,
            lgd=self.sheet.lgd(pledges[0].kind if pledges else None),
            opened_on=on,
            application_id=self.application.application_id,
            reference=self.application.shown_id,
            actor=self.command.actor or "karez application",
        )

    def _disbursements(self, loan: lending.Loan) -> list[lending.Command]:
        """Return the parts of the loan that are due by the day, as commands to lending."""
        reason = self.command.reason
        if self.supplier is not None:
            invoice = self.application.asked.supplier_invoice
            reason = f"invoice {invoice} of {self.supplier.key}" + (f"; {reason}" if reason else "")
        due = [part for part in loan.terms.tranches if part.on <= self.command.on]
        return [
            lending.Command(
                command_id=derive_id(
                    "karez.application.payout", str(self.command.command_id), str(number)
                ),
                loan=loan.loan_id,
                event=Disbursement(
                    number=0, on=part.on, posted_on=self.command.on, amount_minor=part.amount_minor
                ),
                channel=self.command.channel,
                actor=self.command.actor or "karez application",
                reason=reason,
            )
            for number, part in enumerate(due, 1)
        ]
