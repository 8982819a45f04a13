"""The standard chart of accounts of a small lender, and the accounts that a loan has of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from karez.books.money.account import Account, Opening
from karez.books.money.account import open_accounts as open_in_book
from karez.kernel.money import currency as known_currency
from karez.services.bookkeeping import Books, open_accounts
from karez.services.lending.loan import Loan
from karez.services.lending.queries import QUERIES
from karez.services.products import LedgerMapping, Role

if TYPE_CHECKING:
    import psycopg


def standard_chart(currency: str) -> list[Opening]:
    """Return the accounts of the standard chart in one currency.

    Raises:
        CurrencyUnknownError: there is no such currency.
    """
    code = known_currency(currency).code
    text = (resources.files("karez.services.lending") / "chart.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["account"]
    return [Opening(currency=code, **row) for row in rows]


def open_chart(books: Books, currency: str) -> list[Account]:
    """Open the standard chart; accounts that are open with the same content stay.

    Raises:
        AccountExistsError: an account of the chart is open with other content.
        CurrencyUnknownError: there is no such currency.
    """
    return open_accounts(books, standard_chart(currency))


def own_openings(
    loan_number: int, currency: str, mapping: LedgerMapping, roles: Sequence[Role]
) -> list[Opening]:
    """Return the accounts to open for a loan, ``1100.42`` for its principal and so on."""
    return [
        Opening(
            own_code(mapping, role, loan_number),
            "liability" if role is Role.CREDIT else "asset",
            currency,
            parent=mapping.parents[role],
        )
        for role in roles
    ]


def own_code(mapping: LedgerMapping, role: Role, loan_number: int) -> str:
    """Return the code of an account that a loan has of its own."""
    return f"{mapping.parents[role]}.{loan_number}"


def open_loan_accounts(
    connection: psycopg.Connection,
    needed: Mapping[int, tuple[Loan, LedgerMapping]],
    role: Role,
) -> dict[int, int]:
    """Open the accounts of one role, fees or credit, that these loans lack; return all of them.

    Numbers of accounts by number of loan.

    Raises:
        AccountUnknownError: the chart has no such parent account.
    """
    numbers = {number: loan.account(role) for number, (loan, _) in needed.items()}
    lacking = [number for number, account in numbers.items() if account is None]
    openings = [
        opening
        for number in lacking
        for loan, mapping in [needed[number]]
        for opening in own_openings(number, loan.currency, mapping, [role])
    ]
    opened = open_in_book(connection, openings) if openings else []
    fresh = {number: one.number for number, one in zip(lacking, opened, strict=True)}
    if fresh:
        connection.execute(
            QUERIES["give_accounts"].text,
            {"loans": list(fresh), "accounts": list(fresh.values()), "is_fee": role is Role.FEES},
        )
    return {n: fresh[n] if account is None else account for n, account in numbers.items()}
