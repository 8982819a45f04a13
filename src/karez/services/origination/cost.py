"""What a loan that is only thought of would cost the borrower: schedule, sums, annual rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from karez.engines.cashflow.cost import Flow, apr_eu
from karez.services.products import TermSheet, planned

_PLACES = Decimal("0.0001")


@attrs.frozen(kw_only=True)
class Cost:
    """The schedule of a loan in a few figures. The annual percentage rate is the EU's."""

    instalment_minor: int
    """The first one that repays principal."""
    last_due: date
    interest_minor: int
    fees_minor: int
    apr_pct: Decimal
    ways_paid: int


def cost_of(
    sheet: TermSheet,
    *,
    amount_minor: int,
    rate_pct_year: Decimal,
    instalments: int,
    starts_on: date,
) -> Cost:
    """Return what a loan would cost if all is paid as planned.

    Raises:
        TermOutOfRangeError, TermsClashError: no loan can have such terms.
        RateNotFoundError: no rate evens its flows out.
    """
    account = planned(
        sheet, amount_minor=amount_minor, rate_pct_year=rate_pct_year, instalments=instalments,
        starts_on=starts_on,
    )  # fmt: skip
    rows = [row for row in account.rows if sum(row.owed)]
    withheld = sum(fees for _, _, fees in account.disbursed)
    flows = [Flow(on, fees - amount) for on, amount, fees in account.disbursed]
    flows += [Flow(row.due, sum(row.owed)) for row in rows]
    repaying = [row for row in rows if row.owed[0] and not row.down_payment] or rows
    return Cost(
        instalment_minor=sum(repaying[0].owed),
        last_due=rows[-1].due,
        interest_minor=sum(row.owed[1] for row in rows),
        fees_minor=withheld + sum(row.owed[2] for row in rows),
        apr_pct=(Decimal(apr_eu(flows)) * 100).quantize(_PLACES),
        ways_paid=len(account.terms.tranches),
    )
