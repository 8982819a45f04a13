"""The terms of a loan: every convention that lenders differ in is a parameter here.

Nothing else decides: no product has a name that servicing would know. Amounts are minor units of
one currency; percentages are of a year unless their name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum

import attrs

from karez.engines.servicing.errors import TermOutOfRangeError, TermsClashError
from karez.kernel.money import Rounding


class ScheduleKind(StrEnum):
    """How a schedule follows from its terms."""

    PROGRESSIVE = "progressive"  # one equal instalment, worked out from period factors
    CUMULATIVE = "cumulative"  # the older way: row by row from the balance


class InterestMethod(StrEnum):
    """On what interest is charged."""

    DECLINING_BALANCE = "declining-balance"
    FLAT = "flat"  # on all that was paid out, whatever is repaid


class InterestPeriod(StrEnum):
    """How a period's interest is counted."""

    DAILY = "daily"
    SAME_AS_REPAYMENT = "same-as-repayment"  # a twelfth is a twelfth, however many days it has


class Amortisation(StrEnum):
    """What stays equal from one instalment to the next."""

    EQUAL_INSTALMENTS = "equal-instalments"
    EQUAL_PRINCIPAL = "equal-principal"


class Unit(StrEnum):
    """A stretch of the calendar."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class YearLength(StrEnum):
    """How many days a year has for interest."""

    ACTUAL = "actual"
    FEB_29_PERIOD_ONLY = "actual-by-period"  # 366 only for a period that holds a 29 February
    DAYS_360 = "360"
    DAYS_364 = "364"
    DAYS_365 = "365"


class MonthLength(StrEnum):
    """How many days a month has for interest."""

    ACTUAL = "actual"
    DAYS_30 = "30"


class MonthEnd(StrEnum):
    """The due date where the seed's day is missing from a month."""

    CLAMP = "clamp"
    LAST_DAY_OF_MONTH = "last-day-of-month"
    FIRST_DAY_OF_NEXT_MONTH = "first-day-of-next-month"


class Bucket(IntEnum):
    """What part of an instalment an amount belongs to."""

    PRINCIPAL = 0
    INTEREST = 1
    FEE = 2
    PENALTY = 3


class Timing(StrEnum):
    """Whether an instalment is due before, on or after the day of a payment."""

    PAST_DUE = "past-due"
    DUE = "due"
    IN_ADVANCE = "in-advance"


class FutureRule(StrEnum):
    """Which instalments a payment in advance goes to."""

    NEXT_INSTALMENT = "next-instalment"
    LAST_INSTALMENT = "last-instalment"
    NEXT_LAST_INSTALMENT = "next-last-instalment"  # the running one, then the last
    REAMORTISE = "reamortise"  # all of them, evenly


class Processing(StrEnum):
    """In which direction a payment goes through the instalments."""

    HORIZONTAL = "horizontal"  # every part of one instalment before the next
    VERTICAL = "vertical"  # one part through all instalments before the next part


class PaymentKind(StrEnum):
    """What a payment is; rules of allocation may differ between kinds."""

    REPAYMENT = "repayment"
    DOWN_PAYMENT = "down-payment"
    MERCHANT_REFUND = "merchant-refund"
    PAYOUT_REFUND = "payout-refund"
    GOODWILL_CREDIT = "goodwill-credit"
    INTEREST_PAYMENT_WAIVER = "interest-payment-waiver"
    INTEREST_REFUND = "interest-refund"
    CHARGE_ADJUSTMENT = "charge-adjustment"
    CAPITALISED_INCOME_ADJUSTMENT = "capitalised-income-adjustment"
    CASH_REFUND = "cash-refund"  # back to the borrower of a running loan


class FixedOrder(StrEnum):
    """The five older orders, in which every instalment is paid in turn."""

    PENALTY_FEE_INTEREST_PRINCIPAL = "penalty-fee-interest-principal"
    INTEREST_PRINCIPAL_PENALTY_FEE = "interest-principal-penalty-fee"
    PRINCIPAL_INTEREST_PENALTY_FEE = "principal-interest-penalty-fee"
    DUE_PENALTY_FEE_INTEREST_PRINCIPAL = "due-penalty-fee-interest-principal"
    DUE_PENALTY_INTEREST_PRINCIPAL_FEE = "due-penalty-interest-principal-fee"


class ChargeOffBehaviour(StrEnum):
    """What a charge-off does to the schedule."""

    REGULAR = "regular"
    ZERO_INTEREST = "zero-interest"
    ACCELERATE_MATURITY = "accelerate-maturity"


class Rest(StrEnum):
    """How often interest is worked out anew from what was really paid."""

    DAILY = "daily"
    SAME_AS_REPAYMENT = "same-as-repayment"


class PreClose(StrEnum):
    """Until when interest runs if a loan is paid off early."""

    TILL_DATE = "till-date"
    TILL_REST_DATE = "till-rest-date"


class Reschedule(StrEnum):
    """What an early payment changes in the rest of an older schedule."""

    ADJUST_LAST_UNPAID = "adjust-last-unpaid"
    REDUCE_INSTALMENT = "reduce-instalment"
    REDUCE_NUMBER = "reduce-number"
    NEXT_INSTALMENTS = "next-instalments"


@attrs.frozen
class AllocationRule:
    """The twelve parts that a payment goes to, in this order, and where advances go."""

    order: tuple[tuple[Timing, Bucket], ...]
    future: FutureRule = FutureRule.NEXT_INSTALMENT


def rule_by_bucket(
    buckets: tuple[Bucket, ...], future: FutureRule = FutureRule.NEXT_INSTALMENT
) -> AllocationRule:
    """Return the rule that takes past due, due and advance in turn, each in this order."""
    return AllocationRule(
        tuple((timing, bucket) for timing in Timing for bucket in buckets), future
    )


USUAL_ORDER = (Bucket.PENALTY, Bucket.FEE, Bucket.PRINCIPAL, Bucket.INTEREST)


@attrs.frozen
class Allocation:
    """How payments are allocated: one rule for most, others for some kinds of payment."""

    usual: AllocationRule = attrs.field(factory=lambda: rule_by_bucket(USUAL_ORDER))
    by_kind: Mapping[PaymentKind, AllocationRule] = attrs.field(
        factory=dict[PaymentKind, AllocationRule]
    )
    processing: Processing = Processing.HORIZONTAL

    def rule(self, kind: PaymentKind) -> AllocationRule:
        """Return the rule for this kind of payment."""
        return self.by_kind.get(kind, self.usual)


@attrs.frozen
class Recalculation:
    """How interest follows what is really paid, instead of what was scheduled."""

    rest: Rest = Rest.DAILY
    pre_close: PreClose = PreClose.TILL_DATE
    reschedule: Reschedule = Reschedule.ADJUST_LAST_UNPAID
    on_past_due: bool = True  # whether late principal bears interest until it is paid


@attrs.frozen
class DownPayment:
    """A part of each disbursement that is due on the same day."""

    pct: Decimal
    automatic: bool = False  # paid by itself when the money goes out


@attrs.frozen
class Tranche:
    """A disbursement that is expected."""

    on: date
    amount_minor: int


@attrs.frozen
class GivenRow:
    """An instalment of a schedule that was made elsewhere, minor units."""

    due: date
    principal_minor: int
    interest_minor: int


@attrs.frozen(kw_only=True)
class Terms:
    """The terms of one loan.

    Raises:
        TermOutOfRangeError: a term has a value that no loan can have.
        TermsClashError: two terms exclude each other.
    """

    rate_pct_year: Decimal
    instalments: int
    every: int = 1
    unit: Unit = Unit.MONTHS
    seed: date | None = None  # first day of the first period; else the first disbursement
    tranches: tuple[Tranche, ...] = ()
    schedule: ScheduleKind = ScheduleKind.PROGRESSIVE
    interest: InterestMethod = InterestMethod.DECLINING_BALANCE
    interest_period: InterestPeriod = InterestPeriod.DAILY
    partial_periods: bool = False  # count days of a broken period although periods are equal
    amortisation: Amortisation = Amortisation.EQUAL_INSTALMENTS
    fixed_principal_pct: Decimal | None = None  # of each instalment, of all that was paid out
    year: YearLength = YearLength.ACTUAL
    month: MonthLength = MonthLength.ACTUAL
    month_end: MonthEnd = MonthEnd.CLAMP
    year_cut_on_first_day: bool = (
        False  # a period over New Year is cut on 1 January, not a day before
    )
    fixed_length: int | None = None  # the last due date, in repayment units after the seed
    grace_on_principal: int = 0
    grace_on_interest: int = 0
    interest_free: int = 0
    multiple_minor: int = 0  # instalments are rounded to this; 0 leaves them as they are
    down_payment: DownPayment | None = None
    full_term_tranches: bool = False
    given: tuple[GivenRow, ...] = ()  # the rows of an imported schedule, taken as they are
    allocation: Allocation | FixedOrder = attrs.field(factory=Allocation)
    credit_order: tuple[Bucket, ...] | None = None  # of a chargeback; none: all of it principal
    recalculation: Recalculation | None = None
    charge_off: ChargeOffBehaviour = ChargeOffBehaviour.REGULAR
    refunds_interest: frozenset[PaymentKind] = frozenset()
    rounding: Rounding = Rounding.HALF_EVEN
    decimals: int = 2

    def __attrs_post_init__(self) -> None:
        _in_range("rate_pct_year", self.rate_pct_year, self.rate_pct_year >= 0, "zero or more")
        for field in ("instalments", "every"):
            value: int = getattr(self, field)
            _in_range(field, value, value > 0, "one at least")
        for field in ("grace_on_principal", "grace_on_interest", "interest_free"):
            value = getattr(self, field)
            _in_range(
                field, value, 0 <= value <= self.instalments, "between none and all instalments"
            )
        _in_range("multiple_minor", self.multiple_minor, self.multiple_minor >= 0, "zero or more")
        _in_range("decimals", self.decimals, 0 <= self.decimals <= 4, "between none and four")
        if self.down_payment is not None:
            pct = self.down_payment.pct
            _in_range("down_payment.pct", pct, 0 < pct < 100, "between 0 and 100")
        for tranche in self.tranches:
            _in_range("tranche", tranche.amount_minor, tranche.amount_minor > 0, "more than zero")
        if self.fixed_principal_pct is not None:
            pct = self.fixed_principal_pct
            _in_range("fixed_principal_pct", pct, 0 < pct <= 100, "more than 0, 100 at most")
        if self.given:
            self._check_given()
        self._check_clashes()

    def _check_clashes(self) -> None:
        progressive = self.schedule is ScheduleKind.PROGRESSIVE
        follows = self.recalculation is not None
        fixed = isinstance(self.allocation, FixedOrder)
        for clash, left, right, rule in (
            (
                progressive and self.fixed_principal_pct is not None,
                "a fixed part of principal",
                "a progressive schedule",
                "a progressive schedule has equal instalments",
            ),
            (
                progressive and follows and self.interest is InterestMethod.FLAT,
                "flat interest",
                "a progressive schedule whose interest follows payments",
                "flat interest runs on all that was lent, whatever is paid",
            ),
            (
                progressive and follows and self.grace_on_interest > 0,
                "a grace on interest",
                "a progressive schedule whose interest follows payments",
                "interest that waits would not know which payments it followed",
            ),
            (
                progressive and fixed,
                "a fixed order of allocation",
                "a progressive schedule",
                "a progressive schedule is paid by rules of allocation",
            ),
            (
                not progressive and follows and not fixed,
                "rules of allocation",
                "a cumulative schedule whose interest follows payments",
                "it is paid in a fixed order",
            ),
        ):
            if clash:
                raise TermsClashError(left=left, right=right, rule=rule)

    def _check_given(self) -> None:
        _in_range(
            "instalments",
            self.instalments,
            self.instalments == len(self.given),
            f"{len(self.given)}, the number of rows given",
        )
        last = date.min
        for place, row in enumerate(self.given, 1):
            _in_range(f"given[{place}].due", row.due, row.due > last, "after the row before it")
            last = row.due
            for name in ("principal_minor", "interest_minor"):
                amount: int = getattr(row, name)
                _in_range(f"given[{place}].{name}", amount, amount >= 0, "zero or more")
        cumulative = self.schedule is ScheduleKind.CUMULATIVE
        if not cumulative or self.recalculation is not None or self.down_payment is not None:
            raise TermsClashError(
                left="rows that are given",
                right="a schedule that is worked out",
                rule="given rows are cumulative, without recalculation or down payment",
            )

    @property
    def bears_interest(self) -> bool:
        """Whether the yearly rate is more than zero."""
        return self.rate_pct_year > 0


def _in_range(field: str, value: object, holds: bool, rule: str) -> None:  # noqa: FBT001
    if not holds:
        raise TermOutOfRangeError(field=field, value=value, rule=f"it is {rule}")
