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


class PayoutAccountError(InvalidInputError):
    """The {field} to pay loan {loan} to is none that a bank takes: 1 to {most} signs."""

    code = "payout-account"


class NothingToSendError(NotFoundError):
    """Nothing that waits on account {channel} can be sent; {waiting} payouts lack an account.

    `karez payment payouts` lists them, `karez payment payee` says where the money of a loan goes.
    """

    code = "nothing-to-send"


class NoBankAccountError(InvalidInputError):
    """No statement of account {channel} was taken yet, so name the bank account to pay from."""

    code = "no-bank-account"


class PayoutFileUnknownError(NotFoundError):
    """No file {file} of payouts was made here; `karez payment payout-files` lists all."""

    code = "payout-file-unknown"


class PayoutReasonError(InvalidInputError):
    """Say why file {file} is void; the reason stands with each of its payouts."""

    code = "payout-reason"


class PayoutConfirmedError(ConflictError):
    """The bank's statement shows {payout}: it was paid, and cannot have been refused."""

    code = "payout-confirmed"
