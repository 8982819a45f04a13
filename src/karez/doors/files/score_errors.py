"""What can be wrong with a file that a score is fitted to or applied to, and with its recipe."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, NotFoundError


class RecipeFileError(InvalidInputError):
    """{file}: {field} is {value!r}; {rule}."""

    code = "score-recipe-file"


class LoanNumberError(InvalidInputError):
    """{value!r} is no number; write digits and at most one point, or leave it empty."""

    code = "loan-number"


class LoanWeightError(InvalidInputError):
    """{value!r} is no weight; write 0 or more, such as how many loans of the population it is."""

    code = "loan-weight"


class LoanPropensityError(InvalidInputError):
    """{value!r} is no propensity; write the chance that the loan was made, above 0 and up to 1."""

    code = "loan-propensity"


class LoanDayError(InvalidInputError):
    """{value!r} is no day; write it as 2026-01-31, or leave it empty."""

    code = "loan-day"


class LoanOutcomeError(InvalidInputError):
    """{value!r} is neither a default ({bad}) nor a loan that paid ({good}); correct one of them."""

    code = "loan-outcome"


class LoanDaysOrderError(InvalidInputError):
    """The default on {defaulted_on} is {fault}; correct one of the two."""

    code = "loan-days-order"


class LoanRepeatedError(InvalidInputError):
    """The id {id!r} stood in line {line} already; give each loan its own."""

    code = "loan-repeated"


class LoansNoneError(InvalidInputError):
    """{file} has no row that can be read; see what was refused, or name another file."""

    code = "loans-none"


class LoanUnknownError(NotFoundError):
    """{file} has no loan {id!r}; look at its column of ids."""

    code = "loan-unknown"


class ScoreFileError(InvalidInputError):
    """{file} is not a score: {reason}; name a file that `karez score fit` wrote."""

    code = "score-file"
