"""What can be wrong in a row of a table of loans."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class LoanDateError(InvalidInputError):
    """{value!r} is no day as {pattern} has it; mend it, or the `dates` of the mapping."""

    code = "loan-date"


class LoanFigureError(InvalidInputError):
    """{value!r} does not fit: {rule}."""

    code = "loan-figure"


class LoanUnmatchedError(InvalidInputError):
    """No loan of the table has {key!r}; add its loan, or leave the row out by `where`."""

    code = "loan-unmatched"
