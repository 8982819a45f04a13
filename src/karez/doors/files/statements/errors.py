"""What can be wrong with a file of bank statements. Of such a file nothing is taken."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class StatementFormatError(InvalidInputError):
    """{file} begins with {begins!r} and is no statement that can be read.

    Send camt.053, camt.054 or MT940, or say with --map what the columns of a table mean.
    """

    code = "statement-format"


class StatementTruncatedError(InvalidInputError):
    """{file} is cut off: {reason}; fetch it again from the bank, nothing of it is taken."""

    code = "statement-truncated"


class StatementFieldError(InvalidInputError):
    """There is no {field} here, and a statement needs one; ask the bank for the whole statement."""

    code = "statement-field"


class StatementValueError(InvalidInputError):
    """{value!r} is no {wanted}; ask the bank for the statement again."""

    code = "statement-value"


class StatementSumError(InvalidInputError):
    """Opening balance {opening} and entries {entries} make {made}, but it closes at {closing}.

    Entries are missing, doubled or wrong: ask the bank for the statement again.
    """

    code = "statement-sum"


class StatementCurrencyError(InvalidInputError):
    """The amount is in {found}, and the statement in {wanted}; ask the bank which one is right."""

    code = "statement-currency"


class StatementPageError(InvalidInputError):
    """Page {page} of statement {number} does not follow: {reason}; send all pages in one file."""

    code = "statement-page"
