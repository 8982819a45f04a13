"""The ways payments refuse what is asked."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class PaymentUnknownError(NotFoundError):
    """There is no payment {entry} here; `karez payment queue` lists those that wait."""

    code = "payment-unknown"


class StatementAheadError(ConflictError):
    """Statement {number} of {account} has payments of {day}, after the business date {today}.

    End the days up to it first, then take it.
    """

    code = "statement-ahead"


class ChannelOtherError(ConflictError):
    """Statements of {account} went to account {before} until now; name it, not {channel}."""

    code = "channel-other"


class ChannelCurrencyError(InvalidInputError):
    """Account {channel} keeps {kept}, and the statement of {account} is in {given}.

    Name the account of the chart that this bank account is.
    """

    code = "channel-currency"


class LoanCurrencyError(InvalidInputError):
    """Loan {loan} is in {kept}, and payment {entry} in {given}; give it back, or exchange it."""

    code = "loan-currency"


class NotOnSuspenseError(ConflictError):
    """Payment {entry} has {open} on suspense, and {asked} is asked for; move no more than that."""

    code = "not-on-suspense"


class AssignDebitError(InvalidInputError):
    """Payment {entry} went out: no loan takes it, nor can it go back; name an account instead."""

    code = "assign-debit"


class NothingToUndoError(ConflictError):
    """Nothing of payment {entry} can be taken back: {reason}."""

    code = "nothing-to-undo"


class ReceiptConflictError(ConflictError):
    """Receipt {receipt} was given before with another {field}; use a number that is free."""

    code = "receipt-conflict"


class PromiseMalformedError(InvalidInputError):
    """This promise cannot be: {reason}."""

    code = "promise-malformed"
