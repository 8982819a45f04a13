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


class RateNotFoundError(InvalidInputError):
    """No rate makes what is paid worth what was lent: {reason}; look at amounts and dates."""

    code = "rate-not-found"


class PaidBeforeLentError(InvalidInputError):
    """Something is paid on {first}, before the first advance on {start}; date it on that day."""

    code = "paid-before-lent"


class QuoteTermError(InvalidInputError):
    """The {field} of the quote is {value!r}; {rule}."""

    code = "quote-term"


class QuoteTermUnknownError(InvalidInputError):
    """{name!r} is no term of a quote; there are {known}."""

    code = "quote-term-unknown"
