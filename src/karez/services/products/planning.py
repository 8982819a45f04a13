"""A loan of a product that is only thought of: all of it paid out as planned, nothing paid yet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing import Account, fold
from karez.engines.servicing.events import Disbursement, Event
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
