"""The ways a table, a recipe or a stored score is refused."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, UnavailableError


class ProbabilityRangeError(InvalidInputError):
    """Row {row} has the probability {value!r}; a probability lies from 0 to 1."""

    code = "score-probability-range"


class PropensityRangeError(InvalidInputError):
    """Row {row} has the propensity {value!r}; the chance of being made is above 0, at most 1."""

    code = "score-propensity-range"


class ExtraMissingError(UnavailableError):
    """{what} needs what is not installed; run pip install 'karez[{extra}]'."""

    code = "extra-missing"


class WindowMalformedError(InvalidInputError):
    """An outcome window of {months} months is none; give 1 month or more."""

    code = "score-window-malformed"


class DatesOutOfOrderError(InvalidInputError):
    """Row {row} has {second} {after} before {first} {before}; correct one of the dates."""

    code = "score-dates-out-of-order"


class TableEmptyError(InvalidInputError):
    """The table has no rows of any weight; give at least one default and one good loan."""

    code = "score-table-empty"


class ColumnLengthError(InvalidInputError):
    """Column {column} has {found} rows where there are {expected}; give one value for each row."""

    code = "score-column-length"


class ColumnRepeatedError(InvalidInputError):
    """Column {column} is there twice, as numbers and as labels; keep one of them."""

    code = "score-column-repeated"


class ColumnMissingError(InvalidInputError):
    """The table has no column {column} of {kind}; add it, or take {column} out of the recipe."""

    code = "score-column-missing"


class ColumnMalformedError(InvalidInputError):
    """Column {column}, row {row}: {value!r} is no {kind}; correct it, or leave it empty."""

    code = "score-column-malformed"


class FeatureRepeatedError(InvalidInputError):
    """The recipe names {feature} twice; name each feature once."""

    code = "score-feature-repeated"


class FeatureMalformedError(InvalidInputError):
    """Feature {feature} has {field} {value!r}; {rule}."""

    code = "score-feature-malformed"


class RecipeMalformedError(InvalidInputError):
    """The recipe has {field} {value!r}; {rule}."""

    code = "score-recipe-malformed"


class OutcomeMalformedError(InvalidInputError):
    """Row {row} has outcome {value!r}; write 1 for a default and 0 for a loan that was repaid."""

    code = "score-outcome-malformed"


class OutcomeOneClassError(InvalidInputError):
    """All {rows} rows of any weight have outcome {outcome}; a score needs some of both."""

    code = "score-outcome-one-class"


class WeightMalformedError(InvalidInputError):
    """Row {row} has weight {value!r}; a weight is a finite number, zero or more."""

    code = "score-weight-malformed"


class ModelMalformedError(InvalidInputError):
    """The stored score cannot be read: {reason}; store the fitted score again."""

    code = "score-model-malformed"
