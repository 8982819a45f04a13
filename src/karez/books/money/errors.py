"""The ways the money book refuses: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
)


class AccountUnknownError(NotFoundError):
    """There is no account {account}; open it first, or correct the code."""

    code = "account-unknown"


class AccountClosedError(ConflictError):
    """Account {account} is closed since {closed_on}; use an open account."""

    code = "account-closed"


class AccountExistsError(ConflictError):
    """Account {account} is already open with another {field}; choose another code or id."""

    code = "account-exists"


class AccountMalformedError(InvalidInputError):
    """Account {account} cannot be opened: {reason}."""

    code = "account-malformed"


class AccountCycleError(InvalidInputError):
    """Account {account} would be its own ancestor ({path}); choose another parent."""

    code = "account-cycle"


class AccountNotEmptyError(ConflictError):
    """Account {account} still holds {balance}; move it to another account before closing.

    The amounts are posted and pending together: a closed account has neither.
    """

    code = "account-not-empty"


class LimitBrokenError(ConflictError):
    """Account {account} already stands beyond that limit ({balance}); bring it back first."""

    code = "limit-broken"


class AmountNotPositiveError(InvalidInputError):
    """An amount must be at least one minor unit, not {amount_minor}; swap the accounts instead."""

    code = "amount-not-positive"


class AmountTooLargeError(InvalidInputError):
    """{amount_minor} minor units are more than one transfer may move ({most_minor}); split it."""

    code = "amount-too-large"


class SameAccountError(InvalidInputError):
    """Account {account} stands on both sides; a transfer needs two accounts."""

    code = "same-account"


class CurrencyMixedError(InvalidInputError):
    """{debit} keeps {debit_currency} and {credit} keeps {credit_currency}; post an exchange.

    That is two transfers of one entry, through the position accounts of both currencies.
    """

    code = "currency-mixed"


class EntryMalformedError(InvalidInputError):
    """Entry {entry} cannot be posted: {reason}."""

    code = "entry-malformed"


class EntryUnbalancedError(InvalidInputError):
    """Entry {entry} does not balance: {debits} is not {credits} {currency}; mend a line."""

    code = "entry-unbalanced"


class EntryUnknownError(NotFoundError):
    """There is no entry {entry}; correct the id."""

    code = "entry-unknown"


class EntryConflictError(ConflictError):
    """Entry {entry} is already posted with another {field}; use a new id for a new entry."""

    code = "entry-conflict"


class LinkedRefusedError(ConflictError):
    """Entry {entry} is linked with an entry that was refused; mend that one and send both again."""

    code = "linked-refused"


class PeriodClosedError(ConflictError):
    """The books are closed through {closed_through}; date it after that, not on {valid_on}.

    Or reopen the period, with a reason that stays on record.
    """

    code = "period-closed"


class PeriodOrderError(ConflictError):
    """The books are closed through {closed_through}; {action} needs {expected}."""

    code = "period-order"


class PeriodWordsError(InvalidInputError):
    """The {field} of a closing or reopening {fault}; say who moves it, and why, in plain text."""

    code = "period-words"


class DateRangeError(InvalidInputError):
    """{valid_on} is no date a book can hold; use a date from 1900-01-01 to 9999-12-31."""

    code = "date-range"


class LimitExceededError(ConflictError):
    """Account {account} has room for {available} {currency}, not {asked}; mend amount or limit."""

    code = "limit-exceeded"


class NothingAvailableError(ConflictError):
    """Account {account} has nothing available for a balancing transfer; nothing was moved."""

    code = "nothing-available"


class TargetUnknownError(NotFoundError):
    """There is no transfer {target} to {action}; correct the id and the line."""

    code = "target-unknown"


class TargetPhaseError(ConflictError):
    """Transfer {target} is {phase}, so it cannot be used to {action}."""

    code = "target-phase"


class TargetTakenError(ConflictError):
    """Transfer {target} is already resolved or reversed by another entry; nothing is left of it."""

    code = "target-taken"


class PendingExpiredError(ConflictError):
    """Pending transfer {target} expired at {expires_at}; make a new one."""

    code = "pending-expired"


class PendingNotExpiredError(ConflictError):
    """Pending transfer {target} has not expired (it will at {expires_at}); void it instead."""

    code = "pending-not-expired"


class PendingAmountError(InvalidInputError):
    """Pending transfer {target} holds {held_minor} minor units and {asked_minor} were asked."""

    code = "pending-amount"


class BookFullError(ConflictError):
    """The book would have moved more than 2^62 minor units in all; begin a new institution.

    The bound keeps every sum of a book inside a 64-bit integer.
    """

    code = "book-full"
