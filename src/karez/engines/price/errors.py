"""The ways a price, a limit, a plan or a policy is refused."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class PriceInputError(InvalidInputError):
    """{field} is {value}, but {rule}; mend it."""

    code = "price-input"


class CurveBrokenError(InvalidInputError):
    """The curve of customers lost has {value} as {field}, but {rule}; mend the curve."""

    code = "curve-broken"


class PlanImpossibleError(InvalidInputError):
    """No plan can hold all bounds: {reason}; lower what a bound asks for at least."""

    code = "plan-impossible"


class ShockUnknownError(InvalidInputError):
    """No firm is in the industry {industry!r}; there are {known}."""

    code = "shock-unknown"


class PolicyBrokenError(InvalidInputError):
    """{table}, row {row}, column {column}: {value!r} cannot be read, for {rule}; mend the cell."""

    code = "policy-broken"


class PolicyColumnError(InvalidInputError):
    """{table}: the column {column} {rule}; mend the table or the applications."""

    code = "policy-column"


class PolicyTooLargeError(InvalidInputError):
    """{table} has more cases than {most} to look through; split it into two tables."""

    code = "policy-too-large"
