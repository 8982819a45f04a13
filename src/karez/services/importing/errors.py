"""The ways a book of loans cannot be taken in: one class each."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class ScheduleUnknownError(InvalidInputError):
    """The schedule of loan {reference} does not follow: {rule}."""

    code = "import-schedule"


class PaidUnknownError(InvalidInputError):
    """Nothing says what loan {reference} has paid: {rule}."""

    code = "import-paid"
