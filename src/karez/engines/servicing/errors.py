"""The ways servicing refuses: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class TermOutOfRangeError(InvalidInputError):
    """The term {field} cannot be {value}: {rule}."""

    code = "term-out-of-range"


class TermsClashError(InvalidInputError):
    """{left} and {right} do not go together: {rule}."""

    code = "terms-clash"


class EventAmountError(InvalidInputError):
    """Event {event} moves {amount_minor} minor units; an amount is more than zero."""

    code = "event-amount"


class EventRepeatedError(InvalidInputError):
    """Two events are numbered {number}; number the events in the order in which they came."""

    code = "event-repeated"


class EventUnknownError(NotFoundError):
    """Event {event} refers to event {number}, and there is none that it may refer to."""

    code = "event-unknown"


class NotDisbursedError(ConflictError):
    """Event {event} on {on} comes before any money was paid out; date it later."""

    code = "not-disbursed"


class ScheduleUnfitError(ConflictError):
    """The loan's cumulative schedule has no rule for this event; leave it out."""

    code = "schedule-unfit"


class PayoffUnknownError(ConflictError):
    """No single payment on {on} leaves the loan at zero; look at its events of that day."""

    code = "payoff-unknown"


class PeriodUnknownError(NotFoundError):
    """No instalment covers {on}; name a day between the first disbursement and maturity."""

    code = "period-unknown"


class AllocationStuckError(ConflictError):
    """A payment of {amount_minor} minor units on {on} could not be allocated; check the rule."""

    code = "allocation-stuck"
