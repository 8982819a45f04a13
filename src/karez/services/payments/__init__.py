"""Payments: statements of the bank taken in, matched to loans, and the queue of the rest."""

from karez.services.payments.counter import (
    MarkKind,
    Promise,
    PromiseState,
    Receipt,
    add_mark,
    add_promise,
    list_promises,
    promises_of,
    take_cash,
)
from karez.services.payments.desk import Act, Clerk
from karez.services.payments.intake import BANK, take_statement
from karez.services.payments.matching import Reason, Rule
from karez.services.payments.payout_files import (
    BankAnswer,
    find_payout_file,
    list_payout_files,
    take_answers,
    void_file,
)
from karez.services.payments.payouts import (
    PayeeKind,
    Payout,
    PayoutFile,
    PayoutKind,
    Sender,
    SentPayout,
    list_payouts,
    send_payouts,
    set_payee,
)
from karez.services.payments.placing import (
    PaymentView,
    assign,
    find_payment,
    give_back,
    list_queue,
    place,
    unassign,
)
from karez.services.payments.reading import (
    Gap,
    KeptStatement,
    count_acts,
    find_gaps,
    list_statements,
)
from karez.services.payments.references import creditor_reference, payment_reference
from karez.services.payments.statement import Balance, BankStatement, StatementEntry
from karez.services.payments.taking import Line, Taken
from karez.services.payments.verifying import PaymentsVerification, verify

__all__ = [
    "BANK",
    "Act",
    "Balance",
    "BankAnswer",
    "BankStatement",
    "Clerk",
    "Gap",
    "KeptStatement",
    "Line",
    "MarkKind",
    "PayeeKind",
    "PaymentView",
    "PaymentsVerification",
    "Payout",
    "PayoutFile",
    "PayoutKind",
    "Promise",
    "PromiseState",
    "Reason",
    "Receipt",
    "Rule",
    "Sender",
    "SentPayout",
    "StatementEntry",
    "Taken",
    "add_mark",
    "add_promise",
    "assign",
    "count_acts",
    "creditor_reference",
    "find_gaps",
    "find_payment",
    "find_payout_file",
    "give_back",
    "list_payout_files",
    "list_payouts",
    "list_promises",
    "list_queue",
    "list_statements",
    "payment_reference",
    "place",
    "promises_of",
    "send_payouts",
    "set_payee",
    "take_answers",
    "take_cash",
    "take_statement",
    "unassign",
    "verify",
    "void_file",
]
