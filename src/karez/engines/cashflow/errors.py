"""The ways terms are refused."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class TermMalformedError(InvalidInputError):
    """Contract {contract}: {field} is {value!r}; {rule}."""

    code = "term-malformed"


class TermMissingError(InvalidInputError):
    """Contract {contract}: {field} is missing; {rule}."""

    code = "term-missing"


class TermsContradictError(InvalidInputError):
    """Contract {contract}: {field} is {value!r}; {rule}."""

    code = "terms-contradict"


class MarketUnobservedError(InvalidInputError):
    """Contract {contract}: nothing is observed of {market} up to {at}; give an earlier value."""

    code = "market-unobserved"
