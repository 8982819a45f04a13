"""The terms of a case: product settings and terms in the file's words, made terms of a loan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import attrs

from karez.doors.files.case_errors import Fields
from karez.engines.servicing.terms import (
    USUAL_ORDER,
    Allocation,
    AllocationRule,
    Amortisation,
    Bucket,
    ChargeOffBehaviour,
    DownPayment,
    FixedOrder,
    FutureRule,
    InterestMethod,
    InterestPeriod,
    MonthEnd,
    MonthLength,
    PaymentKind,
    PreClose,
    Processing,
    Recalculation,
    Reschedule,
    Rest,
    ScheduleKind,
    Terms,
    Timing,
    Tranche,
    Unit,
    YearLength,
    rule_by_bucket,
)
from karez.kernel.money import Rounding

UNITS = {"DAYS": Unit.DAYS, "WEEKS": Unit.WEEKS, "MONTHS": Unit.MONTHS, "YEARS": Unit.YEARS}
KINDS = {
    "REPAYMENT": PaymentKind.REPAYMENT,
    "DOWN_PAYMENT": PaymentKind.DOWN_PAYMENT,
    "MERCHANT_ISSUED_REFUND": PaymentKind.MERCHANT_REFUND,
    "PAYOUT_REFUND": PaymentKind.PAYOUT_REFUND,
    "GOODWILL_CREDIT": PaymentKind.GOODWILL_CREDIT,
    "INTEREST_PAYMENT_WAIVER": PaymentKind.INTEREST_PAYMENT_WAIVER,
    "INTEREST_REFUND": PaymentKind.INTEREST_REFUND,
    "CHARGE_ADJUSTMENT": PaymentKind.CHARGE_ADJUSTMENT,
    "CAPITALIZED_INCOME_ADJUSTMENT": PaymentKind.CAPITALISED_INCOME_ADJUSTMENT,
    "REFUND_BY_CASH": PaymentKind.CASH_REFUND,
}
FUTURE = {
    "NEXT_INSTALLMENT": FutureRule.NEXT_INSTALMENT,
    "LAST_INSTALLMENT": FutureRule.LAST_INSTALMENT,
    "NEXT_LAST_INSTALLMENT": FutureRule.NEXT_LAST_INSTALMENT,
    "REAMORTIZATION": FutureRule.REAMORTISE,
}
_METHODS = {"DECLINING_BALANCE": InterestMethod.DECLINING_BALANCE, "FLAT": InterestMethod.FLAT}
_PERIODS = {
    "DAILY": InterestPeriod.DAILY,
    "SAME_AS_REPAYMENT_PERIOD": InterestPeriod.SAME_AS_REPAYMENT,
}
_AMORTISATIONS = {
    "EQUAL_INSTALLMENTS": Amortisation.EQUAL_INSTALMENTS,
    "EQUAL_PRINCIPAL_PAYMENTS": Amortisation.EQUAL_PRINCIPAL,
}
_YEARS = {
    "ACTUAL": YearLength.ACTUAL,
    "DAYS360": YearLength.DAYS_360,
    "DAYS364": YearLength.DAYS_364,
    "DAYS365": YearLength.DAYS_365,
}
_MONTHS = {"ACTUAL": MonthLength.ACTUAL, "DAYS30": MonthLength.DAYS_30}
_MONTH_ENDS = {
    "CLAMP": MonthEnd.CLAMP,
    "LAST_DAY_OF_MONTH": MonthEnd.LAST_DAY_OF_MONTH,
    "FIRST_DAY_OF_NEXT_MONTH": MonthEnd.FIRST_DAY_OF_NEXT_MONTH,
}
_ORDERS = {
    "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER": FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
    "INTEREST_PRINCIPAL_PENALTIES_FEES_ORDER": FixedOrder.INTEREST_PRINCIPAL_PENALTY_FEE,
    "PRINCIPAL_INTEREST_PENALTIES_FEES_ORDER": FixedOrder.PRINCIPAL_INTEREST_PENALTY_FEE,
    "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST": (
        FixedOrder.DUE_PENALTY_FEE_INTEREST_PRINCIPAL
    ),
    "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE": (
        FixedOrder.DUE_PENALTY_INTEREST_PRINCIPAL_FEE
    ),
}
_RESTS = {"DAILY": Rest.DAILY, "SAME_AS_REPAYMENT": Rest.SAME_AS_REPAYMENT}
_PRE_CLOSES = {
    "TILL_PRE_CLOSE_DATE": PreClose.TILL_DATE,
    "TILL_REST_FREQUENCY_DATE": PreClose.TILL_REST_DATE,
}
_RESCHEDULES = {
    "ADJUST_LAST_UNPAID_PERIOD": Reschedule.ADJUST_LAST_UNPAID,
    "REDUCE_EMI_AMOUNT": Reschedule.REDUCE_INSTALMENT,
    "REDUCE_NUMBER_OF_INSTALLMENTS": Reschedule.REDUCE_NUMBER,
    "RESCHEDULE_NEXT_REPAYMENTS": Reschedule.NEXT_INSTALMENTS,
}
_CHARGE_OFFS = {
    "REGULAR": ChargeOffBehaviour.REGULAR,
    "ZERO_INTEREST": ChargeOffBehaviour.ZERO_INTEREST,
    "ACCELERATE_MATURITY": ChargeOffBehaviour.ACCELERATE_MATURITY,
}
_BUCKETS = {bucket.name: bucket for bucket in Bucket}
_SHORT = {"Pen": "PENALTY", "Fee": "FEE", "Int": "INTEREST", "Principal": "PRINCIPAL"}


def read_terms(terms: Fields, settings: Fields) -> Terms:
    """Return the terms that the words of a case stand for."""
    decimals = settings.whole("digitsAfterDecimal", default=2)
    per_month = terms.get("interest_rate_frequency") == "MONTH"
    rate = terms.number("interest_rate") * (12 if per_month else 1)
    progressive = settings.get("loanScheduleType") == "PROGRESSIVE"
    from_submission = terms.get("repayment_start_date_type") == "SUBMITTED_ON_DATE"
    return Terms(
        rate_pct_year=rate,
        instalments=terms.whole("number_of_repayments"),
        every=terms.whole("repayment_every"),
        unit=terms.choice("repayment_frequency", UNITS),
        seed=terms.day("submitted_on") if from_submission else None,
        tranches=_tranches(terms, decimals),
        schedule=ScheduleKind.PROGRESSIVE if progressive else ScheduleKind.CUMULATIVE,
        interest=terms.choice("interest_type", _METHODS),
        interest_period=terms.choice("interest_calculation_period", _PERIODS),
        partial_periods=settings.flag("allowPartialPeriodInterestCalculation"),
        amortisation=terms.choice("amortization_type", _AMORTISATIONS),
        year=_year(settings),
        month=settings.choice("daysInMonthType", _MONTHS),
        month_end=settings.choice("monthEndDueDateStrategy", _MONTH_ENDS, MonthEnd.CLAMP),
        year_cut_on_first_day=settings.flag("interestRecognitionOnDisbursementDate"),
        fixed_length=_fixed_length(terms, settings),
        grace_on_principal=terms.whole("grace_on_principal", default=0),
        grace_on_interest=terms.whole("grace_on_interest_payment", default=0),
        interest_free=terms.whole("interest_free_periods", default=0),
        multiple_minor=settings.whole("installmentAmountInMultiplesOf", default=0) * 10**decimals,
        down_payment=_down_payment(settings),
        full_term_tranches=settings.flag("allowFullTermForTranche"),
        allocation=_allocation(terms, settings, progressive=progressive),
        credit_order=_credit_order(settings),
        recalculation=_recalculation(settings),
        charge_off=settings.choice("chargeOffBehaviour", _CHARGE_OFFS, ChargeOffBehaviour.REGULAR),
        refunds_interest=_refunds(settings),
        rounding=Rounding.HALF_EVEN,
        decimals=decimals,
    )


def with_future_rule(terms: Terms, kind: str, future: FutureRule) -> Terms:
    """Return terms whose rule for a kind of payment puts advances elsewhere."""
    allocation = terms.allocation
    if isinstance(allocation, FixedOrder):
        return terms
    if kind == "DEFAULT":
        usual = attrs.evolve(allocation.usual, future=future)
        return attrs.evolve(terms, allocation=attrs.evolve(allocation, usual=usual))
    changed = {
        each: attrs.evolve(rule, future=future) if each is KINDS.get(kind) else rule
        for each, rule in allocation.by_kind.items()
    }
    return attrs.evolve(terms, allocation=attrs.evolve(allocation, by_kind=changed))


def _year(settings: Fields) -> YearLength:
    if settings.get("daysInYearCustomStrategy") == "FEB_29_PERIOD_ONLY":
        return YearLength.FEB_29_PERIOD_ONLY
    return settings.choice("daysInYearType", _YEARS)


def _fixed_length(terms: Fields, settings: Fields) -> int | None:
    for fields, name in ((terms, "fixed_length_days"), (settings, "fixedLength")):
        if fields.get(name) is not None:
            return fields.whole(name)
    return None


def _tranches(terms: Fields, decimals: int) -> tuple[Tranche, ...]:
    extra = terms.get("extra")
    if extra is None:
        return ()
    fields = Fields(terms.case, "terms.extra", extra)
    found: list[Tranche] = []
    for name in fields.values:
        if name.endswith("tranche_disb_expected_date"):
            amount = name.replace("expected_date", "principal")
            found.append(Tranche(fields.day(name), fields.amount(amount, decimals)))
    return tuple(found)


def _down_payment(settings: Fields) -> DownPayment | None:
    if not settings.flag("enableDownPayment"):
        return None
    return DownPayment(
        settings.number("disbursedAmountPercentageForDownPayment"),
        automatic=settings.flag("enableAutoRepaymentForDownPayment"),
    )


def _recalculation(settings: Fields) -> Recalculation | None:
    if not settings.flag("isInterestRecalculationEnabled"):
        return None
    return Recalculation(
        rest=settings.choice("recalculationRestFrequencyType", _RESTS, Rest.DAILY),
        pre_close=settings.choice(
            "preClosureInterestCalculationStrategy", _PRE_CLOSES, PreClose.TILL_DATE
        ),
        reschedule=settings.choice(
            "rescheduleStrategyMethod", _RESCHEDULES, Reschedule.ADJUST_LAST_UNPAID
        ),
        on_past_due=not settings.flag("disallowInterestCalculationOnPastDue"),
    )


def _refunds(settings: Fields) -> frozenset[PaymentKind]:
    """Return the kinds of refund that give interest back.

    A file may hold the words of a program instead of a list: those of an empty list stand for none,
    those of a variable for the two kinds that it always holds.
    """
    found = settings.get("supportedInterestRefundTypes")
    if isinstance(found, str):
        both = {PaymentKind.MERCHANT_REFUND, PaymentKind.PAYOUT_REFUND}
        return frozenset() if found.startswith("new ") else frozenset(both)
    return frozenset(KINDS[word] for word in _words(found) if word in KINDS)


def _words(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        return ()
    return [str(word) for word in cast("list[Any]", value)]


def _credit_order(settings: Fields) -> tuple[Bucket, ...] | None:
    rules = settings.get("creditAllocation")
    if not isinstance(rules, list):
        return None
    for rule in cast("list[Any]", rules):
        fields = Fields(settings.case, "product_settings.creditAllocation", rule)
        if fields.get("transactionType") == "CHARGEBACK":
            return tuple(_bucket(fields, word) for word in _words(fields.get("order")))
    return None


def _bucket(fields: Fields, word: str) -> Bucket:
    if word not in _BUCKETS:
        raise fields.broken("order", f"the parts known are {', '.join(_BUCKETS)}")
    return _BUCKETS[word]


def _allocation(terms: Fields, settings: Fields, *, progressive: bool) -> Allocation | FixedOrder:
    if not progressive:
        return terms.choice("payment_strategy", _ORDERS)
    usual = rule_by_bucket(USUAL_ORDER)
    by_kind: dict[PaymentKind, AllocationRule] = {}
    rules = settings.get("paymentAllocation")
    for rule in cast("list[Any]", rules) if isinstance(rules, list) else []:
        kind, made = _rule(settings, rule)
        if kind == "DEFAULT":
            usual = made
        elif kind in KINDS:
            by_kind[KINDS[kind]] = made
        else:
            raise settings.broken("paymentAllocation", f"{kind} is not a known kind of payment")
    vertical = settings.get("loanScheduleProcessingType") == "VERTICAL"
    return Allocation(usual, by_kind, Processing.VERTICAL if vertical else Processing.HORIZONTAL)


def _rule(settings: Fields, rule: object) -> tuple[str, AllocationRule]:
    if isinstance(rule, str):
        return _rule_of_call(settings, rule)
    fields = Fields(settings.case, "product_settings.paymentAllocation", rule)
    future = fields.choice("futureInstallmentAllocationRule", FUTURE)
    kind = fields.text("transactionType")
    words = _words(fields.get("order"))
    if not words:
        return kind, rule_by_bucket(USUAL_ORDER, future)
    return kind, AllocationRule(tuple(_part(fields, word) for word in words), future)


def _part(fields: Fields, word: str) -> tuple[Timing, Bucket]:
    for timing in Timing:
        prefix = f"{timing.name}_"
        if word.startswith(prefix):
            return timing, _bucket(fields, word.removeprefix(prefix))
    raise fields.broken("order", f"{word} is not one of the twelve parts")


def _rule_of_call(settings: Fields, text: str) -> tuple[str, AllocationRule]:
    """Read a rule that is written as a call, such as ``...Principal("DEFAULT", "...")``."""
    name, _, rest = text.partition("(")
    words = [word.strip(' ")') for word in rest.split(",")]
    at = sorted((name.find(short), bucket) for short, bucket in _SHORT.items() if short in name)
    if len(words) != 2 or len(at) != len(Bucket) or words[1] not in FUTURE:
        raise settings.broken("paymentAllocation", f"{text} is not a known rule")
    buckets = tuple(_BUCKETS[bucket] for _, bucket in at)
    return words[0], rule_by_bucket(buckets, FUTURE[words[1]])


def rate_of(number: Decimal, terms: Fields) -> Decimal:
    """Return a rate of a case as a yearly percentage."""
    return number * (12 if terms.get("interest_rate_frequency") == "MONTH" else 1)
