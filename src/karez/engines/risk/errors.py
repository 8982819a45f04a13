"""The ways a book, a model of it or a network of firms is refused."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class BookEmptyError(InvalidInputError):
    """The book has no loans; give at least one."""

    code = "risk-book-empty"


class LoanMalformedError(InvalidInputError):
    """Loan {loan}: {field} is {value}; {rule}."""

    code = "risk-loan"


class SectorUnknownError(InvalidInputError):
    """Loan {loan} is of sector {sector!r}, which has no factor; there are {known}."""

    code = "risk-sector-unknown"


class FactorMalformedError(InvalidInputError):
    """Sector {sector}: {field} is {value}; {rule}."""

    code = "risk-factor"


class WeightsError(InvalidInputError):
    """The weights of {what} add up to {total}, not to 1; mend them."""

    code = "risk-weights"


class LevelError(InvalidInputError):
    """{value} is no level of a loss; give one above 0 and below 1, such as 0.99."""

    code = "risk-level"


class LinkMalformedError(InvalidInputError):
    """Link {row} of the network, from {debtor} to {creditor}: {rule}."""

    code = "risk-link"


class FirmMalformedError(InvalidInputError):
    """Firm {firm}: {field} is {value}; {rule}."""

    code = "risk-firm"


class ShockMalformedError(InvalidInputError):
    """Shock {shock}: {field} is {value}; {rule}."""

    code = "risk-shock"


class StagingError(InvalidInputError):
    """Loan {loan}: {field} is {value}; {rule}."""

    code = "risk-staging"


class TransitionError(InvalidInputError):
    """Transitions of {where}: {field} is {value}; {rule}."""

    code = "risk-transition"


class VintageError(InvalidInputError):
    """Loan {loan} of the vintages: {field} is {value}; {rule}."""

    code = "risk-vintage"


class SignalError(InvalidInputError):
    """The {signal}: {field} is {value}; {rule}."""

    code = "risk-signal"
