"""The use cases of the money book."""

from karez.books.money.account import TYPES, Account, Opening
from karez.books.money.finding import Verification
from karez.books.money.journal import Page
from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.period import PeriodChange
from karez.books.money.read import Balance, Statement, StatementLine, Sums, TrialBalance
from karez.books.money.transfer import ASKED, Balancing, Batch, Phase, Target, canonical_json
from karez.services.bookkeeping.accounts import (
    change_account,
    close_account,
    find_account,
    list_accounts,
    open_accounts,
    reopen_account,
)
from karez.services.bookkeeping.books import Books, open_books
from karez.services.bookkeeping.journal import Journal, open_journal
from karez.services.bookkeeping.naming import derive_id, derive_ids, ordered_ids
from karez.services.bookkeeping.pending import expire_due, post_pending, void_pending
from karez.services.bookkeeping.periods import close_period, list_period_changes, reopen_period
from karez.services.bookkeeping.posting import (
    ENTRIES_A_TRANSACTION,
    Draft,
    Exchange,
    Movement,
    Seat,
    exchange,
    find_seats,
    post_batch,
    post_entries,
    post_entry,
    reverse_entry,
)
from karez.services.bookkeeping.reading import (
    EntryView,
    balance,
    find_entry,
    seal_due,
    statement,
    trial_balance,
    verify,
)

__all__ = [
    "ASKED",
    "ENTRIES_A_TRANSACTION",
    "TYPES",
    "Account",
    "Balance",
    "Balancing",
    "Batch",
    "Books",
    "Draft",
    "EntryView",
    "Exchange",
    "Journal",
    "Movement",
    "Opening",
    "Outcomes",
    "Page",
    "PeriodChange",
    "Phase",
    "Posted",
    "Seat",
    "Statement",
    "StatementLine",
    "Sums",
    "Target",
    "TrialBalance",
    "Verification",
    "balance",
    "canonical_json",
    "change_account",
    "close_account",
    "close_period",
    "derive_id",
    "derive_ids",
    "exchange",
    "expire_due",
    "find_account",
    "find_entry",
    "find_seats",
    "list_accounts",
    "list_period_changes",
    "open_accounts",
    "open_books",
    "open_journal",
    "ordered_ids",
    "post_batch",
    "post_entries",
    "post_entry",
    "post_pending",
    "reopen_account",
    "reopen_period",
    "reverse_entry",
    "seal_due",
    "statement",
    "trial_balance",
    "verify",
    "void_pending",
]
