"""The ways bookkeeping refuses before the book itself is asked."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class AccountCurrencyError(InvalidInputError):
    """Account {account} keeps {currency}, and the amount is in {given}; use the account's own.

    To move money between currencies post an exchange through the position accounts.
    """

    code = "account-currency"


class ExchangeMalformedError(InvalidInputError):
    """An exchange needs two currencies, and both amounts are in {currency}; post a transfer."""

    code = "exchange-malformed"
