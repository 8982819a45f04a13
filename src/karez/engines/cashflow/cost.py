"""What credit costs, told plainly: the rates that the law of two continents asks for, and sums.

Flows are dated and in whole minor units, signed as events of a lender are: what is lent is
negative, what is paid for it positive. Their order never matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import attrs

from karez.engines.cashflow.errors import PaidBeforeLentError, RateNotFoundError
from karez.engines.cashflow.intervals import (
    Span,
    UnitPeriod,
    directive_span,
    directive_years,
    series_day,
    transaction_day,
    unit_period,
    unit_periods,
)
from karez.engines.cashflow.solver import Discounted, rate_of

_YEAR_DAYS = 365
_DUST_DECIMALS = 9  # of a per cent: what a double cannot tell from a tie
_DIGITS_MOST = 350  # of the largest double, and decimals


@attrs.frozen
class Flow:
    """Money that moves on a day: lent where negative, paid by the borrower where positive."""

    on: date
    amount_minor: int


@attrs.frozen
class Cost:
    """What a credit costs. Rates are a year's, 0.1 = 10 %.

    ``paid_minor`` is the total amount payable by the consumer, ``cost_minor`` the total cost of the
    credit: Directive 2008/48/EC, Article 3 (g) and (h).
    """

    lent_minor: int
    paid_minor: int
    apr_eu: float
    apr_us: float
    effective: float

    @property
    def cost_minor(self) -> int:
        """What is paid beyond what was lent."""
        return self.paid_minor - self.lent_minor


def cost_of(flows: Sequence[Flow]) -> Cost:
    """Return what the flows cost, by every measure.

    Raises as ``apr_eu`` does.
    """
    return Cost(
        lent_minor=-sum(flow.amount_minor for flow in flows if flow.amount_minor < 0),
        paid_minor=sum(flow.amount_minor for flow in flows if flow.amount_minor > 0),
        apr_eu=apr_eu(flows),
        apr_us=apr_us(flows),
        effective=effective_rate(flows),
    )


def apr_eu(flows: Sequence[Flow], span: Span | None = None) -> float:
    """Return the annual percentage rate of charge of the European Union, 0.1 = 10 %.

    Directive 2008/48/EC, Annex I, part I, and Directive (EU) 2023/2225, Annex III: the X for which
    the sum of C (1 + X)^-t over drawdowns is that of D (1 + X)^-s over repayments and charges.
    Intervals are counted in ``span`` and days; by default in what the dates are regular in.

    Raises:
        RateNotFoundError: nothing is lent or paid, or no rate evens them out.
        PaidBeforeLentError: something is paid before the first drawdown.
    """
    start = _start(flows)
    days = [flow.on for flow in flows]
    counted, on_day = span or directive_span(days), series_day(days)
    return rate_of(
        [
            Discounted(flow.amount_minor, float(directive_years(start, flow.on, counted, on_day)))
            for flow in flows
        ]
    )


def apr_us(flows: Sequence[Flow], period: UnitPeriod | None = None) -> float:
    """Return the annual percentage rate of Regulation Z by the actuarial method, 0.1 = 10 %.

    12 CFR 1026, Appendix J, (b)(8): the rate of a unit period times the unit periods of a year.
    The term begins with the first advance. By default the unit period is found by (b)(4).

    Raises as ``apr_eu`` does.
    """
    start = _start(flows)
    lent = [flow.on for flow in flows if flow.amount_minor < 0]
    paid = [flow.on for flow in flows if flow.amount_minor > 0]
    if not any(day > start for day in paid):
        raise RateNotFoundError(reason="nothing is paid after the day of the first advance")
    unit = period or unit_period(start, lent, paid)
    on_day = transaction_day(start, [*lent, *paid])
    discounted: list[Discounted] = []
    for flow in flows:
        full, fraction = unit_periods(start, flow.on, unit, on_day)
        discounted.append(Discounted(flow.amount_minor, full, float(fraction)))
    return rate_of(discounted) * float(unit.per_year)


def effective_rate(flows: Sequence[Flow]) -> float:
    """Return the effective rate a year by the day, a year of 365 days: what XIRR returns.

    Raises as ``apr_eu`` does.
    """
    start = _start(flows)
    return rate_of(
        [Discounted(flow.amount_minor, (flow.on - start).days / _YEAR_DAYS) for flow in flows]
    )


def percent(rate: float, decimals: int = 2) -> Decimal:
    """Return a rate in per cent, a five at the next place rounded up: Annex I, part I, remark (d).

    What differs from a tie by less than a double can tell counts as the tie.
    """
    with localcontext(prec=_DIGITS_MOST):
        settled = round(Decimal(rate).scaleb(2), _DUST_DECIMALS)
        shown = settled.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return shown or abs(shown)  # zero has no sign


def _start(flows: Sequence[Flow]) -> date:
    """Return the day of the first drawdown, which nothing comes before."""
    lent = [flow.on for flow in flows if flow.amount_minor < 0]
    if not lent:
        raise RateNotFoundError(reason="nothing is lent")
    start = min(lent)
    first = min(flow.on for flow in flows)
    if first < start:
        raise PaidBeforeLentError(first=first, start=start)
    return start
