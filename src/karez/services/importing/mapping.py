"""What the columns of somebody's table of loans mean: each class is a table of a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

import attrs

from karez.engines.servicing.terms import Unit
from karez.kernel.money import Currency
from karez.services.products.parts import says


class Assume(StrEnum):
    """What was paid of a loan, where no table of payments says so."""

    AS_AGREED = "as-agreed"  # every instalment due by the day of the import, on its day
    UNPAID = "unpaid"  # nothing
    CHARGED_OFF = "charged-off"  # as agreed until only what was lost is left, which is written off


@attrs.frozen(kw_only=True)
class Columns:
    """The columns of the table of loans."""

    reference: str = says("the number of the loan where it comes from")
    paid_out_on: str = says("day on which the money went out")
    amount: str = says("what went out")
    instalments: str = says("how many")
    borrower: str | None = says("number of the borrower; else that of the loan", None)
    instalment: str | None = says("what each instalment is, principal and interest", None)
    rate_pct_year: str | None = says("the yearly rate in per cent", None)
    first_due: str | None = says("first due date; else one period after the money", None)
    status: str | None = says("how the loan stands, in the words of its source", None)
    balance: str | None = says("principal that is owed on the day of the import", None)
    lost: str | None = says("principal that was written off", None)
    lost_on: str | None = says("day on which it was", None)
    officer: str | None = says("who keeps it", None)
    place: str | None = says("where the borrower is", None)
    industry: str | None = says("what the borrower does", None)


@attrs.frozen(kw_only=True)
class Joined:
    """Another table, whose rows belong to loans by a column that both have."""

    loan_column: str = says("column of the table of loans")
    column: str = says("column of this table that holds the same")
    amount: str = says("column of its amounts")
    on: str | None = says("column of its days", None)
    interest: str | None = says("column of the interest, of an agreed instalment", None)
    where: Mapping[str, str] = says("only rows with these values", attrs.Factory(dict[str, str]))


@attrs.frozen(kw_only=True)
class LoansMapping:
    """How to take in a book of loans."""

    title: str = says("what the table is")
    currency: Currency = says("of all amounts")
    as_of: date = says("day of the import: what the table says of loans, it says of this day")
    dates: str = says("how days are written, as strftime has it", "%Y-%m-%d")
    columns: Columns = says("the columns of the table")
    every: int = says("so many units between two instalments", 1, least=1, most=366)
    unit: Unit = says("the unit", Unit.MONTHS)
    rate_pct_year: Decimal = says("yearly rate in per cent, if no column says it", Decimal(0),
                                  most=1000)  # fmt: skip
    product: str | None = says("published product whose terms the loans have", None)
    channel: str = says("account that stands for the system they come from", "2010")
    statuses: Mapping[str, str] = says(
        "what was paid, by status: as-agreed, unpaid or charged-off", attrs.Factory(dict[str, str])
    )
    rows: Joined | None = says("agreed instalments: the amount is the principal", None)
    payments: Joined | None = says("payments that came in", None)
    orders: Joined | None = says("standing orders, to compare instalments with", None)
