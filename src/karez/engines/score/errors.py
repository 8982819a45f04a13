"""The ways in which outcomes, probabilities and columns are refused."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class LengthsDifferError(InvalidInputError):
    """{name} has {found} values and there are {wanted} rows; give one value a row."""

    code = "lengths-differ"


class OutcomeMalformedError(InvalidInputError):
    """Row {row} has the outcome {value!r}; an outcome is 1 for a default and 0 for none."""

    code = "outcome-malformed"


class ProbabilityRangeError(InvalidInputError):
    """Row {row} has the probability {value!r}; a probability lies from 0 to 1."""

    code = "probability-range"


class WeightRangeError(InvalidInputError):
    """Row {row} has the weight {value!r}; a weight is a finite number, 0 or more."""

    code = "weight-range"


class WeightZeroError(InvalidInputError):
    """All {rows} rows have weight 0 or there are none; give some row a weight above 0."""

    code = "weight-zero"


class OneClassError(InvalidInputError):
    """All {rows} rows with a weight ended the same way, with outcome {value}.

    Give rows of both outcomes: nothing tells one from the other here.
    """

    code = "one-class"
