"""The parts of a term sheet: each class is a table of the TOML file, each field a key of it.

A key has the name of its field. An amount is written in units of the currency, and its key lacks
the ending ``_minor``. Types and meanings here are all that the reader, and the page of reference,
know of a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from karez.engines.price.policy import Decision
from karez.engines.servicing.events import ChargeBasis
from karez.engines.servicing.late import LateBasis
from karez.engines.servicing.terms import (
    Bucket,
    ChargeOffBehaviour,
    FixedOrder,
    FutureRule,
    InterestMethod,
    InterestPeriod,
    MonthEnd,
    MonthLength,
    Processing,
    Unit,
    YearLength,
)
from karez.kernel.money import Rounding

HUNDRED = Decimal(100)


def says(
    meaning: str,
    default: Any = attrs.NOTHING,
    *,
    least: int = 0,
    most: int | None = None,
    key: str | None = None,
) -> Any:  # attrs.field is typed so
    """Make a key: what it means, what it is if it is left out, and the bounds of a number."""
    known = {"meaning": meaning, "least": least, "most": most, "key": key}
    return attrs.field(default=default, metadata=known)


class Repay(StrEnum):
    """How principal comes back."""

    EQUAL_INSTALMENTS = "equal-instalments"  # principal and interest together stay equal
    EQUAL_PRINCIPAL = "equal-principal"  # principal stays equal, interest falls
    AT_END = "at-end"  # interest with each instalment, all principal with the last
    ON_DATES = "on-dates"  # on days of the calendar, by weights: harvests, seasons


class Drawn(StrEnum):
    """How the money goes out."""

    AT_ONCE = "at-once"
    IN_PARTS = "in-parts"  # parts of the amount, so many months after the start
    AS_NEEDED = "as-needed"  # drawn, repaid and drawn again, up to the amount


class PaidTo(StrEnum):
    """Who receives the money."""

    BORROWER = "borrower"
    SUPPLIER = "supplier"  # who sells what the loan is for, against the invoice


class PriceKind(StrEnum):
    """How the rate of a loan is found."""

    FIXED = "fixed"
    BY_RISK = "by-risk"  # funding, capital, expected loss, cost and margin


class FeeTime(StrEnum):
    """When a fee is due."""

    AT_DISBURSEMENT = "at-disbursement"  # once, taken from the money that goes out first
    EACH_DISBURSEMENT = "each-disbursement"  # taken from each part of the money
    EACH_INSTALMENT = "each-instalment"  # paid with every instalment


class FeeBase(StrEnum):
    """Of what a fee is a percentage."""

    PRINCIPAL = "principal"  # what goes out, or what the instalment repays
    INTEREST = "interest"  # all interest, or that of the instalment
    PRINCIPAL_AND_INTEREST = "principal-and-interest"  # both


@attrs.frozen(order=True)
class MonthDay:
    """A day of every year; written ``"07-31"``."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"


@attrs.frozen(kw_only=True)
class Amounts:
    """How much may be lent."""

    least_minor: int = says("the smallest loan", least=1)
    most_minor: int = says("the largest loan", least=1)
    step_minor: int = says("loans are multiples of this", 1, least=1)


@attrs.frozen(kw_only=True)
class Rates:
    """The yearly rates at which the loan may be offered, in per cent."""

    least_pct_year: Decimal = says("the lowest rate", most=1000)
    most_pct_year: Decimal = says("the highest rate", most=1000)


@attrs.frozen(kw_only=True)
class Instalments:
    """In how many instalments the loan is repaid."""

    least: int = says("the fewest", least=1, most=1200)
    most: int = says("the most", least=1, most=1200)


@attrs.frozen(kw_only=True)
class Schedule:
    """How instalments follow from the amount, the rate and the dates."""

    repay: Repay = says("how principal comes back")
    every: int = says("so many units between two instalments", 1, least=1, most=366)
    unit: Unit = says("the unit", Unit.MONTHS)
    interest: InterestMethod = says("on what interest is charged", InterestMethod.DECLINING_BALANCE)
    interest_period: InterestPeriod = says("how interest is counted", InterestPeriod.DAILY)
    year: YearLength = says("days of a year for interest", YearLength.ACTUAL)
    month: MonthLength = says("days of a month for interest", MonthLength.ACTUAL)
    month_end: MonthEnd = says("the due date where a month lacks the day", MonthEnd.CLAMP)
    grace_on_principal: int = says("so many first instalments are of interest alone", 0)
    grace_on_interest: int = says("interest of so many first instalments waits", 0)
    interest_free: int = says("so many first instalments bear no interest", 0)
    instalment_step_minor: int = says("instalments are multiples of this; 0 for none", 0)
    down_payment_pct: Decimal = says(
        "part of what is paid out that is due on the same day", Decimal(0), most=99
    )
    dates: tuple[MonthDay, ...] = says("due dates of `on-dates`, as days of every year", ())
    weights: tuple[int, ...] = says(
        "how much of the principal falls on each of the dates; none is equal parts", ()
    )
    first_after_days: int = says("a date counts only so many days after the start", 0, most=366)
    follows_payments: bool = says(
        "interest follows what is really paid, day by day, and not what was scheduled", False
    )
    late_bears_interest: bool = says(
        "late principal bears interest until it is paid, if interest follows payments", True
    )
    charge_off: ChargeOffBehaviour = says(
        "what a charge-off does to the schedule", ChargeOffBehaviour.REGULAR
    )
    rounding: Rounding = says("how amounts are rounded", Rounding.HALF_EVEN)


@attrs.frozen(kw_only=True)
class Payments:
    """To what a payment goes."""

    order: tuple[Bucket, ...] = says(
        "the four parts of an instalment, first to last",
        (Bucket.PENALTY, Bucket.FEE, Bucket.INTEREST, Bucket.PRINCIPAL),
    )
    advances: FutureRule = says(
        "which instalments a payment in advance goes to", FutureRule.NEXT_INSTALMENT
    )
    across: Processing = says("instalment by instalment, or part by part", Processing.HORIZONTAL)
    fixed: FixedOrder | None = says(
        "one of the older orders instead; equal principal that follows payments needs one", None
    )


@attrs.frozen(kw_only=True)
class Fee:
    """A fee that every loan of the product bears.

    One taken at disbursement becomes income over the life of the loan, by effective interest.
    """

    name: str = says("what the borrower reads")
    when: FeeTime = says("when it is due", FeeTime.AT_DISBURSEMENT)
    amount_minor: int = says("so much each time", 0)
    pct: Decimal = says("or this part of what `of` says", Decimal(0), most=100)
    of: FeeBase = says("of what it is a part", FeeBase.PRINCIPAL)

    @property
    def basis(self) -> ChargeBasis:
        """Of what it is a part; flat where it is an amount."""
        return ChargeBasis.FLAT if self.amount_minor else ChargeBasis(self.of)


@attrs.frozen(kw_only=True)
class ArrearsStep:
    """What is charged when an instalment is so many days late."""

    days_late: int = says("on which day after the due date", least=1, most=3660)
    amount_minor: int = says("so much", 0)
    pct: Decimal = says("or this part of what `of` says", Decimal(0), most=100)
    of: LateBasis = says("of what it is a part", LateBasis.OVERDUE)
    repeat_every_days: int = says("again after so many days; 0 is once", 0, most=366)
    most_times: int = says("so often at most", 1, least=1, most=1000)


@attrs.frozen(kw_only=True)
class Arrears:
    """What follows from paying late."""

    grace_days: int = says("days after the due date that cost nothing", 0, most=366)
    steps: tuple[ArrearsStep, ...] = says("charges, by days late", ())


@attrs.frozen(kw_only=True)
class Accepted:
    """A kind of collateral that secures the loan."""

    kind: str = says("such as receivable, warehouse-receipt, equipment, vehicle, land, deposit")
    advance_pct: Decimal = says("so much may be lent on its value", least=1, most=100)
    lgd_pct: Decimal | None = says(
        "loss given default of what it secures; else that of the product", None, most=100
    )


@attrs.frozen(kw_only=True)
class CollateralPolicy:
    """What must secure the loan."""

    accepted: tuple[Accepted, ...] = says("the kinds that count", ())
    least_cover_pct: Decimal = says(
        "value after advance rates, as a part of the loan; 0 asks for none", Decimal(0), most=1000
    )
    guarantors: int = says("so many guarantors at least", 0, most=100)


@attrs.frozen(kw_only=True)
class EconomyPath:
    """A way that the economy may go."""

    name: str = says("what it is called")
    weight_pct: Decimal = says("how likely it is; all add up to 100", most=100)
    defaults: Decimal = says("times today's default probability", Decimal(1), most=100)
    losses: Decimal = says("times the loss given default", Decimal(1), most=100)


@attrs.frozen(kw_only=True)
class Provisioning:
    """How much is set aside for expected credit losses (IFRS 9)."""

    pd_pct: Decimal = says("default probability of a year where no score says", most=99)
    lgd_pct: Decimal = says("loss given default without collateral", most=100)
    default_days: int = says("days past due of stage 3", 90, least=1, most=3660)
    significant_days: int = says("days past due of stage 2", 30, least=1, most=3660)
    pd_times: Decimal = says("stage 2 where the default probability rose so many times",
                             Decimal(2), least=1)  # fmt: skip
    pd_rise_pct: Decimal = says("and by so much at least", Decimal("0.5"), most=100)
    cure_days: int = says("days in stage 3 after forbearance in default", 365)
    probation_days: int = says("days in stage 2 after forbearance", 730)
    paths: tuple[EconomyPath, ...] = says("ways that the economy may go; none is as today", ())


@attrs.frozen(kw_only=True)
class Pricing:
    """How the rate of a loan is found within the rates of the product."""

    kind: PriceKind = says("fixed, or by what the loan costs")
    rate_pct_year: Decimal | None = says("the fixed rate", None, most=1000)
    funding_pct_year: Decimal = says("what borrowed money costs", Decimal(0), most=1000)
    capital_pct: Decimal = says("own money behind each unit lent", Decimal(0), most=100)
    hurdle_pct_year: Decimal = says("what own money must earn", Decimal(0), most=1000)
    fixed_cost_minor: int = says("what serving one loan for a year costs", 0)
    variable_pct_year: Decimal = says("serving, in proportion to the balance", Decimal(0),
                                      most=1000)  # fmt: skip
    margin_pct_year: Decimal = says("asked above breaking even", Decimal(0), most=1000)
    step_pct: Decimal = says("rates are rounded up to multiples of this", Decimal("0.01"),
                             most=10)  # fmt: skip
    apr_most_pct: Decimal | None = says("highest yearly cost that the law allows", None,
                                        most=10_000)  # fmt: skip
    apr_source: str = says("the law that says so", "")


@attrs.frozen(kw_only=True)
class Rule:
    """A row of the decision table of who may have the loan."""

    when: Mapping[str, str] = says("conditions by column of the application, as `>= 12`")
    decision: Decision = says("approve, refer or refuse")
    reason: str = says("what the applicant is told")
    most_minor: int | None = says("the largest amount that it lets through", None)


@attrs.frozen(kw_only=True)
class Limits:
    """How much one borrower may have; what is left out does not limit."""

    income_pct: Decimal | None = says("part of a poor month's net inflow that an instalment takes",
                                      None, most=100)  # fmt: skip
    evidence_pct: Decimal | None = says("part that is lent of sales, orders or invoices believed",
                                        None, most=100)  # fmt: skip
    first_minor: int | None = says("the first loan of a borrower", None)
    growth_least: Decimal = says("next loan as times the last repaid, where little is known",
                                 Decimal("1.25"), least=1)  # fmt: skip
    growth_most: Decimal = says("the same, where much is known", Decimal(2), least=1)
    borrower_minor: int | None = says("all loans of one borrower together", None)
    book_minor: int | None = says("all loans of the product together", None)


@attrs.frozen(kw_only=True)
class Committee:
    """Who decides up to an amount."""

    name: str = says("what it is called")
    most_minor: int = says("up to this amount", least=1)
    votes: int = says("votes for the loan that it takes", least=1, most=99)


@attrs.frozen(kw_only=True)
class DecisionPolicy:
    """Who decides: the machine inside policy, or people by amount."""

    automatic_most_minor: int = says("decided by itself up to this amount; 0 never", 0)
    automatic_pd_most_pct: Decimal = says("and up to this default probability", Decimal(0),
                                          most=100)  # fmt: skip
    committees: tuple[Committee, ...] = says("who decides all else, by amount", ())


@attrs.frozen(kw_only=True)
class GroupPolicy:
    """Members who borrow together."""

    least_members: int = says("the fewest members", least=2, most=1000)
    most_members: int = says("the most members", least=2, most=1000)
    joint_liability: bool = says("each answers for all", True)
    savings_pct: Decimal = says("saved by the group before it borrows, of the loan", Decimal(0),
                                most=100)  # fmt: skip


@attrs.frozen(kw_only=True)
class Part:
    """A part of the amount that goes out later."""

    after_months: int = says("so many months after the start", most=600)
    share_pct: Decimal = says("of the amount; all add up to 100", most=100)


@attrs.frozen(kw_only=True)
class Drawing:
    """How the money goes out."""

    how: Drawn = says("at once, in parts, or as needed", Drawn.AT_ONCE)
    to: PaidTo = says("who receives it", PaidTo.BORROWER)
    parts: tuple[Part, ...] = says("the parts of `in-parts`", ())
