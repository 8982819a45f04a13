"""The ways lending refuses what is asked."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class LoanUnknownError(NotFoundError):
    """There is no loan {loan} here; look for it with `karez loan list`."""

    code = "loan-not-booked"


class LoanExistsError(ConflictError):
    """Loan {loan} is booked already with another {field}; book another loan under another id."""

    code = "loan-exists"


class CommandConflictError(ConflictError):
    """Command {command} was recorded before with another {field}; give a new command a new id."""

    code = "command-conflict"


class ValueDateError(InvalidInputError):
    """The date {on} cannot be: {rule}."""

    code = "value-date"


class NothingPaidOutError(ConflictError):
    """Nothing was paid out on loan {loan} by {on}; disburse it first."""

    code = "nothing-paid-out"


class LoanLimitError(ConflictError):
    """Loan {loan} has room for {room_minor} minor units, not {amount_minor} (of {limit_minor})."""

    code = "loan-limit"


class LineEndedError(ConflictError):
    """Loan {loan} could be drawn until before {until}, not on {on}; decide a new line."""

    code = "line-ended"


class EventNotInForceError(ConflictError):
    """Event {event} of loan {loan} is not in force: it is not there, or is undone already."""

    code = "event-not-in-force"


class CreditExceededError(ConflictError):
    """{amount_minor} minor units cannot go back: loan {loan} owes its borrower {credit_minor}."""

    code = "credit-exceeded"


class SaleMalformedError(InvalidInputError):
    """A price of {proceeds_minor} minor units is for a write-off alone, and is not below zero."""

    code = "sale-malformed"
