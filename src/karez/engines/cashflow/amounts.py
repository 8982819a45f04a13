"""Amounts and dates that follow from others: the payment, the maturity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.codes import ContractType, EventType
from karez.engines.cashflow.days import midnight, year_fraction
from karez.engines.cashflow.errors import TermMissingError, TermsContradictError
from karez.engines.cashflow.plan import FAR, Planner
from karez.engines.cashflow.terms import Terms

PAYMENTS_MOST = 10_000
ARRAY_PAYMENTS_MOST = 1_000


def annuity_payment(
    notional: Number, accrued: Number, rate: Number, years: Sequence[Number]
) -> Number:
    """Return the equal payment that redeems a loan with the last of its periods.

    ``years`` are the lengths of the periods: the first up to the first payment, for which interest
    is simple and adds to what is accrued; each other one from payment to payment.

    A = (n + a + n r Y0) P / (1 + sum over i of the product of f_j, j >= i), f_j = 1 + r Y_j, P the
    product of all f_j: exact day fractions, where the closed formula would need equal periods.
    """
    factors = [1 + rate * part for part in years[1:]]
    product, total = factors[0] * 0 + 1 if factors else 1, 1
    for factor in reversed(factors):
        product = product * factor
        total = total + product
    return (notional + accrued + notional * rate * years[0]) * product / total


def maturity_of(terms: Terms, planner: Planner, numbers: Arithmetic) -> datetime | None:
    """Return the contractual maturity, or the date at which the payments have redeemed it all.

    Raises:
        TermMissingError: neither a maturity nor a payment.
        TermsContradictError: a payment that never redeems it.
    """
    if terms.maturity_date is not None:
        return terms.maturity_date
    match terms.contract_type:
        case ContractType.ANN if terms.amortization_date is not None:
            return terms.amortization_date
        case ContractType.LAM | ContractType.NAM | ContractType.ANN:
            return _redeemed_on(terms, planner, numbers)
        case ContractType.LAX:
            return _array_redeemed_on(terms, planner)
        case ContractType.PAM:
            raise TermMissingError(
                contract=terms.contract_id,
                field="maturityDate",
                rule="principal at maturity has a maturity",
            )
        case _:
            return None


def _redeemed_on(terms: Terms, planner: Planner, numbers: Arithmetic) -> datetime:
    cycle = terms.cycle_of_principal_redemption
    if terms.next_principal_redemption_payment is None or cycle is None:
        raise TermMissingError(
            contract=terms.contract_id,
            field="maturityDate",
            rule="without it a payment and its cycle must say when all is redeemed",
        )
    first = terms.cycle_anchor_date_of_principal_redemption
    anchor = first or cycle.after(terms.initial_exchange_date or terms.status_date, 1)
    month_end = cycle.keeps_month_end(anchor, terms.end_of_month_convention)
    status, passed = midnight(terms.status_date), 0
    while midnight(cycle.after(anchor, passed + 1, to_month_end=month_end)) < status:
        passed += 1
    if midnight(anchor) >= status:
        passed = 0
    at = cycle.after(anchor, passed, to_month_end=month_end)
    principal = numbers.amount(terms.notional_principal or Decimal(0), terms.currency)
    payment = numbers.amount(terms.next_principal_redemption_payment, terms.currency)
    redeems = payment
    if terms.contract_type is not ContractType.LAM:
        fraction = year_fraction(
            terms.day_count_convention, at, cycle.after(at, 1), is_business_day=planner.is_open
        )
        rate = numbers.rate(terms.nominal_interest_rate or Decimal(0))
        redeems = payment - principal * numbers.years(fraction) * rate
    if redeems <= 0 or principal / redeems > PAYMENTS_MOST:
        raise TermsContradictError(
            contract=terms.contract_id,
            field="nextPrincipalRedemptionPayment",
            value=str(terms.next_principal_redemption_payment),
            rule="it does not cover the interest, so nothing is ever redeemed; give a maturity",
        )
    count = math.ceil(principal / redeems)
    return cycle.after(anchor, passed + count - 1, to_month_end=month_end)


def _array_redeemed_on(terms: Terms, planner: Planner) -> datetime:
    """Walk through the segments until nothing is left."""
    anchors = terms.array_cycle_anchor_date_of_principal_redemption
    cycles = terms.array_cycle_of_principal_redemption
    last, cycle = (anchors or (FAR,))[-1], cycles[-1] if cycles else None
    far = last + timedelta(days=1) if cycle is None else cycle.after(last, ARRAY_PAYMENTS_MOST)
    left = terms.notional_principal or Decimal(0)
    for event in sorted(planner.redemptions_of_segments(far), key=lambda event: event.place):
        if midnight(event.scheduled) <= midnight(terms.status_date):
            continue
        amount = event.amount or Decimal(0)
        left += amount if event.kind is EventType.PI else -amount
        if left <= 0:
            return event.scheduled
    raise TermsContradictError(
        contract=terms.contract_id,
        field="arrayNextPrincipalRedemptionPayment",
        value=", ".join(str(amount) for amount in terms.array_next_principal_redemption_payment),
        rule="its payments never redeem all; give a maturity",
    )
