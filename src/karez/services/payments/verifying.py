"""Checking that payments agree with themselves, with the loans and with the money book."""

from __future__ import annotations

from datetime import date

import attrs

from karez.books.money.account import find_account
from karez.books.money.errors import AccountUnknownError
from karez.books.money.read import balance
from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.payments.desk import SUSPENSE
from karez.services.payments.queries import QUERIES


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
        report.suspense_minor = dict(
            connection.execute(QUERIES["suspense_by_currency"].text).fetchall()
        )
        try:
            account = find_account(connection, SUSPENSE)
        except AccountUnknownError:
            return report
        ours = report.suspense_minor.get(account.currency, 0)
        theirs = balance(connection, SUSPENSE, date.max).balance_minor
        if ours != theirs:
            what = f"payments make {ours}, and the account has {theirs}"
            report.find("money", "money.account", SUSPENSE, what)
    return report
