"""Lending: loans are booked, what happens to them is recorded and posted, and can be undone."""

from karez.engines.servicing.standing import Standing
from karez.services.lending.booking import book_loans, book_loans_within
from karez.services.lending.chart import open_chart, open_loan_accounts, standard_chart
from karez.services.lending.codec import EVENT_KINDS
from karez.services.lending.ledger import KIND_NUMBERS
from karez.services.lending.loan import (
    PART_BITS,
    Booking,
    Command,
    DrawLimit,
    Loan,
    Outcome,
    RecordedEvent,
    Sheet,
)
from karez.services.lending.overdue import Late, find_overdue
from karez.services.lending.reading import (
    LoanView,
    account_on,
    business_date,
    find_loan,
    find_loans,
    find_named,
    list_events,
    payoff_on,
    standing_on,
    view_loans,
)
from karez.services.lending.record import record, record_within
from karez.services.lending.refolding import refold_within
from karez.services.lending.standing import STATUSES, StandingRow
from karez.services.lending.store import load_mappings
from karez.services.lending.verifying import LendingVerification, verify

__all__ = [
    "EVENT_KINDS",
    "KIND_NUMBERS",
    "PART_BITS",
    "STATUSES",
    "Booking",
    "Command",
    "DrawLimit",
    "Late",
    "LendingVerification",
    "Loan",
    "LoanView",
    "Outcome",
    "RecordedEvent",
    "Sheet",
    "Standing",
    "StandingRow",
    "account_on",
    "book_loans",
    "book_loans_within",
    "business_date",
    "find_loan",
    "find_loans",
    "find_named",
    "find_overdue",
    "list_events",
    "load_mappings",
    "open_chart",
    "open_loan_accounts",
    "payoff_on",
    "record",
    "record_within",
    "refold_within",
    "standard_chart",
    "standing_on",
    "verify",
    "view_loans",
]
