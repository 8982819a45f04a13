"""The ways in which loans are not scored again."""

from __future__ import annotations

from karez.kernel.errors import ConflictError


class DayEndedMeanwhileError(ConflictError):
    """{day} was ended while loans were scored as of it; score them again, as of the day after it.

    Nothing was kept: provisions of a day that is ended rest on what was known then.
    """

    code = "day-ended-meanwhile"
