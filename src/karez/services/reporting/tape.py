"""A loan tape: one row a loan, under the codes by which investors and repositories know the fields.

Codes that begin with CRPL are those of the template for corporate loans, those of micro and small
firms among them: Annex IV of Commission Delegated Regulation (EU) 2020/1224. Two of its columns
mean less here: the place is the lender's own word, not a NUTS code, and so is the industry, no NACE
code. The template has no field for probabilities, stages and officers: these go by plain names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np

from karez.engines.servicing.accrual import date_of
from karez.engines.servicing.outlook import OUTLOOK
from karez.engines.servicing.standing import Status
from karez.kernel.ids import show_id
from karez.kernel.money import currency
from karez.services.bookkeeping import Books
from karez.services.lending import STATUSES
from karez.services.lending.codec import decode_terms
from karez.services.reporting.portfolio import load_portfolio
from karez.services.reporting.queries import QUERIES

TAPE_FIELDS: Mapping[str, str] = {
    "CRPL2": "original underlying exposure identifier",
    "CRPL4": "original obligor identifier",
    "CRPL6": "data cut-off date",
    "CRPL10": "geographic region",
    "CRPL14": "industry",
    "CRPL34": "maturity date",
    "CRPL37": "currency denomination",
    "CRPL38": "original principal balance",
    "CRPL39": "current principal balance",
    "CRPL53": "interest rate as agreed, per cent a year",
    "CRPL77": "arrears balance",
    "CRPL78": "number of days in arrears",
    "CRPL79": "account status: PERF, ARRE, DFLT, RDMD or OTHR",
    "loan_number": "number of the loan here",
    "product": "code of the product",
    "opened_on": "day on which it was booked",
    "officer": "who answers for it",
    "interest_accrued": "interest that accrued and is not paid",
    "stage": "IFRS 9 stage",
    "pd": "probability of default in a year",
    "lgd": "part that is lost at default",
}
"""The columns of a tape, in order, and what they say."""

Value = str | int | float | date | Decimal | None


def tape(books: Books, on: date) -> list[dict[str, Value]]:
    """Return the tape of all loans that were booked by a day, as they stood at its end."""
    book = load_portfolio(books, on)
    with books.transaction() as connection:
        numbers = {"loans": book.numbers.tolist()}
        paid_out = dict(connection.execute(QUERIES["paid_out"].text, {"valid_on": on}).fetchall())
        terms = dict(connection.execute(QUERIES["terms_of"].text).fetchall())
        foreseen = dict(connection.execute(QUERIES["outlooks_of"].text, numbers).fetchall())
    late, overdue = book.days_past_due.tolist(), book.overdue_minor.tolist()
    rows: list[dict[str, Value]] = []
    for place, number in enumerate(book.numbers.tolist()):
        exponent = currency(book.currency[place]).exponent
        values: tuple[Value, ...] = (
            show_id("ln", book.loan_ids[place]),
            book.borrower[place],
            on,
            book.place[place],
            book.industry[place],
            _maturity(foreseen[number]),
            book.currency[place],
            Decimal(paid_out.get(number, 0)).scaleb(-exponent),
            Decimal(int(book.principal_minor[place])).scaleb(-exponent),
            decode_terms(terms[number]).rate_pct_year,
            Decimal(overdue[place]).scaleb(-exponent),
            late[place],
            _status(STATUSES[int(book.status[place])], late[place]),
            number,
            book.product[place],
            book.opened_on[place],
            book.officer[place],
            Decimal(int(book.amounts["interest_minor"][place])).scaleb(-exponent),
            int(book.stage[place]),
            float(book.pd[place]),
            float(book.lgd[place]),
        )
        rows.append(dict(zip(TAPE_FIELDS, values, strict=True)))
    return rows


def _maturity(stretches: bytes) -> date | None:
    last = int(np.frombuffer(stretches, OUTLOOK)["due_day"].max(initial=-1))
    return date_of(last) if last >= 0 else None


def _status(status: Status, days_late: int) -> str:
    match status:
        case Status.PAID_OFF | Status.OVERPAID:
            return "RDMD"
        case Status.WRITTEN_OFF | Status.CHARGED_OFF:
            return "DFLT"
        case Status.PENDING:
            return "OTHR"
        case Status.ACTIVE if days_late >= 90:
            return "DFLT"
        case Status.ACTIVE:
            return "ARRE" if days_late else "PERF"
