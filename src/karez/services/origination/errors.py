"""The ways in which an application, or a step of it, is refused."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class ApplicationMalformedError(InvalidInputError):
    """{field} of the application is {value!r}, but {reason}; mend it."""

    code = "application-malformed"


class ApplicationNotFoundError(NotFoundError):
    """There is no application {application}; look with `karez application list`."""

    code = "application-not-found"


class ApplicationStepError(ConflictError):
    """{application} is {stage}, so it cannot be {step} now; {remedy}."""

    code = "application-step"


class CommandTakenError(ConflictError):
    """The command {command} was carried out as {kind} of {application}; use an id of its own."""

    code = "command-taken"


class ConsentRequiredError(ConflictError):
    """No consent lets {receiver} read the facts of {party} for {purpose}: {reason}.

    Grant one with `karez consent grant`; nothing was read. `use` is what was tried and refused, if
    anything was.
    """

    code = "consent-required"


class InvoiceUnknownError(NotFoundError):
    """No invoice {number!r} that {party} sold is among the facts read; record it first."""

    code = "invoice-unknown"


class InvoiceVoidError(ConflictError):
    """Invoice {number!r} is void; nothing is lent against it."""

    code = "invoice-void"


class ReasonRequiredError(InvalidInputError):
    """A {step} needs a reason that others can read; say why."""

    code = "reason-required"


class VoteRefusedError(ConflictError):
    """{voter} may not vote on {application}: {reason}."""

    code = "vote-refused"


class DecisionRefusedError(ConflictError):
    """{application} cannot be decided yet: {reason}."""

    code = "decision-refused"


class OfferExpiredError(ConflictError):
    """The offer of {application} was open until {until}; make another."""

    code = "offer-expired"


class CollateralRefusedError(InvalidInputError):
    """{item} cannot secure {application}: {reason}."""

    code = "collateral-refused"


class CollateralMissingError(ConflictError):
    """{application} may not be paid out: {reason}."""

    code = "collateral-missing"


class GroupOverdueError(ConflictError):
    """Loan {loan} of {group} is {days} days late, and its members answer for it; pay it first."""

    code = "group-overdue"
