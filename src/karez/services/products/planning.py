"""A loan of a product that is only thought of: all of it paid out as planned, nothing paid yet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing import Account, fold
from karez.engines.servicing.events import Disbursement, Event
from karez.kernel.money import format_amount
from karez.services.products.errors import ProductTermError
from karez.services.products.sheet import TermSheet


def planned(
    sheet: TermSheet,
    *,
    amount_minor: int,
    rate_pct_year: Decimal,
    instalments: int,
    starts_on: date,
) -> Account:
    """Return the loan with its fees as it stands on its first day.

    Raises:
        TermOutOfRangeError, TermsClashError: no loan can have such terms.
    """
    terms = sheet.terms(
        amount_minor=amount_minor,
        rate_pct_year=rate_pct_year,
        instalments=instalments,
        starts_on=starts_on,
    )
    events: list[Event] = [*sheet.charges(starts_on=starts_on)]
    events += [
        Disbursement(number=number, on=part.on, posted_on=part.on, amount_minor=part.amount_minor)
        for number, part in enumerate(terms.tranches, len(events) + 1)
    ]
    return fold(terms, events, as_of=starts_on)


def within(
    sheet: TermSheet, *, amount_minor: int, rate_pct_year: Decimal, instalments: int
) -> None:
    """Refuse what is outside the ranges of a product.

    Raises:
        ProductTermError: an amount, a rate or a number of instalments that it does not have.
    """
    amount, rate, count, unit = sheet.amount, sheet.rate, sheet.instalments, sheet.currency
    least, most, step = (
        format_amount(minor, unit)
        for minor in (amount.least_minor, amount.most_minor, amount.step_minor)
    )
    shown = format_amount(amount_minor, unit)
    ranges = (
        ("amount", shown, amount.least_minor <= amount_minor <= amount.most_minor,
         f"it lends {least} to {most} {unit.code}"),
        ("amount", shown, not amount_minor % amount.step_minor, f"amounts are multiples of {step}"),
        ("rate", rate_pct_year, rate.least_pct_year <= rate_pct_year <= rate.most_pct_year,
         f"its rates are {rate.least_pct_year} to {rate.most_pct_year} %"),
        ("instalments", instalments, count.least <= instalments <= count.most,
         f"it has {count.least} to {count.most}"),
    )  # fmt: skip
    for field, value, holds, rule in ranges:
        if not holds:
            raise ProductTermError(field=field, value=value, product=sheet.code, rule=rule)
