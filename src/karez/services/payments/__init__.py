"""Payments: statements of the bank taken in, matched to loans, and the queue of the rest."""

from karez.services.payments.counter import (
    MarkKind,
    Promise,
    PromiseState,
    Receipt,
    add_mark,
    add_promise,
    list_promises,
    take_cash,
)
from karez.services.payments.desk import Act, Clerk
from karez.services.payments.intake import BANK, take_statement
from karez.services.payments.matching import Reason, Rule
from karez.services.payments.placing import (
    PaymentView,
    assign,
    find_payment,
    give_back,
    list_queue,
    place,
    unassign,
)
from karez.services.payments.reading import Gap, KeptStatement, find_gaps, list_statements
from karez.services.payments.references import creditor_reference, payment_reference
from karez.services.payments.statement import Balance, BankStatement, StatementEntry
from karez.services.payments.taking import Line, Taken
from karez.services.payments.verifying import PaymentsVerification, verify

__all__ = [
    "BANK",
    "Act",
    "Balance",
    "BankStatement",
    "Clerk",
    "Gap",
    "KeptStatement",
    "Line",
    "MarkKind",
    "PaymentView",
    "PaymentsVerification",
    "Promise",
    "PromiseState",
    "Reason",
    "Receipt",
    "Rule",
    "StatementEntry",
    "Taken",
    "add_mark",
    "add_promise",
    "assign",
    "creditor_reference",
    "find_gaps",
    "find_payment",
    "give_back",
    "list_promises",
    "list_queue",
    "list_statements",
    "payment_reference",
    "place",
    "take_cash",
    "take_statement",
    "unassign",
    "verify",
]
