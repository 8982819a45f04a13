"""The ways accounting refuses: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, NotFoundError


class PeriodBackwardsError(InvalidInputError):
    """The period from {first_day} to {last_day} ends before it begins; exchange the two days."""

    code = "period-backwards"


class YearNotEndedError(NotFoundError):
    """No year was ended on {on}; name the day that was given to end it."""

    code = "year-not-ended"
