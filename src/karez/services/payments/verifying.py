"""Checking that payments agree with themselves, with the loans and with the money book."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from karez.books.money.account import find_numbers
from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.payments.desk import SHIFTS, SUSPENSE
from karez.services.payments.queries import QUERIES

if TYPE_CHECKING:
    import psycopg


@attrs.define
class PaymentsVerification(Findings):
    """What a verification of payments found."""

    statements: int = 0
    payments: int = 0
    suspense_minor: dict[str, int] = attrs.field(factory=dict[str, int])


def verify(books: Books) -> PaymentsVerification:
    """Hold each statement to its payments, each payment to its acts, acts to loans and money."""
    report = PaymentsVerification()
    with books.transaction() as connection:
        counted = connection.execute(QUERIES["counted"].text).fetchone()
        report.statements, report.payments = counted or (0, 0)
        for number, movement, wanted, taken, total in connection.execute(
            QUERIES["unbalanced_statements"].text
        ):
            what = f"{taken} of {wanted} payments are here, of {total}, and {movement} moved"
            report.find("statement", "payments.statement", number, what)
        for number, amount, placed in connection.execute(QUERIES["unplaced_entries"].text):
            what = f"{placed} of {amount} are placed"
            report.find("placed", "payments.entry", number, what)
        for number, amount, open_minor in connection.execute(QUERIES["overmoved_entries"].text):
            what = f"{open_minor} of {amount} lie on suspense"
            report.find("suspense", "payments.entry", number, what)
        for number, loan, event in connection.execute(QUERIES["lost_events"].text):
            what = f"event {event} of loan {loan} is not there, or of another amount"
            report.find("loan", "payments.act", number, what)
        for number, wanted, wanted_minor, there, there_minor in connection.execute(
            QUERIES["unbalanced_payout_files"].text
        ):
            what = f"has {there} payouts of {there_minor}, and said {wanted} of {wanted_minor}"
            report.find("payout", "payments.payout_file", number, what)
        for payout, amount, book, files in connection.execute(QUERIES["wrong_payouts"].text):
            what = f"pays {amount} of {book} in the book, and is in force {files} times"
            report.find("payout", "payments.payout", payout, what)
        report.suspense_minor = dict(
            connection.execute(QUERIES["suspense_by_currency"].text).fetchall()
        )
        _verify_suspense(connection, report)
    return report


def _verify_suspense(connection: psycopg.Connection, report: PaymentsVerification) -> None:
    """Hold what acts moved on the suspense account to what was posted there for them.

    What assigns to a loan is posted by lending, which is verified by itself; and a book that is
    taken over, or a person, may use the account too.
    """
    number = find_numbers(connection, {SUSPENSE}).get(SUSPENSE)
    asked = {"account": number, "kinds": [f"payment-{kind}" for kind in SHIFTS]}
    for acts_minor, posted_minor in connection.execute(QUERIES["suspense_apart"].text, asked):
        what = f"payments make {acts_minor}, and {posted_minor} was posted for them"
        report.find("money", "money.account", SUSPENSE, what)
