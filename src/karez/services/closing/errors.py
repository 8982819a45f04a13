"""The ways in which a day is not ended."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, NotFoundError


class NothingToCloseError(NotFoundError):
    """There is no loan yet, so no day of loans can be ended; book a loan first."""

    code = "nothing-to-close"


class TooManyDaysError(InvalidInputError):
    """From {closed_on} to {through} are {days} days, and {most} end at once; give a nearer day.

    A day that is ended stays so: a year that was typed wrong would end the days of years to come.
    """

    code = "too-many-days"
