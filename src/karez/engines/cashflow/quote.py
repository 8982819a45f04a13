"""A quote: the schedule of a loan that is only thought of, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

import attrs

from karez.engines.cashflow.arithmetic import Ledger
from karez.engines.cashflow.codes import ContractType, DayCount, EndOfMonth, EventType
from karez.engines.cashflow.cost import Cost, Flow, cost_of
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.errors import QuoteTermError
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.observed import Observed
from karez.engines.cashflow.run import contract_events
from karez.engines.cashflow.terms import Terms
from karez.kernel.errors import ensure
from karez.kernel.money import Currency, Rounding

TERM_MOST = 1_200
_MONTH_UNITS = "MQHY"


class Kind(StrEnum):
    """How a loan is repaid."""

    ANNUITY = "annuity"  # equal instalments
    EQUAL_PRINCIPAL = "equal-principal"  # equal parts of principal, and interest on what is left
    BULLET = "bullet"  # interest in instalments, principal with the last


@attrs.frozen(kw_only=True)
class QuoteTerms:
    """What a quote is asked for. The rate is a year's in per cent; the term counts instalments.

    ``grace`` instalments at first are of interest alone. ``fee_minor`` is paid by the borrower on
    the day of the loan. The instalment is made of ``step_minor`` by ``rounding``.
    """

    principal_minor: int
    currency: Currency
    rate_pct_year: Decimal
    term: int
    every: Cycle
    start: date
    first: date
    kind: Kind
    day_count: DayCount
    fee_minor: int = 0
    grace: int = 0
    rounding: Rounding = Rounding.HALF_EVEN
    step_minor: int = 1

    def __attrs_post_init__(self) -> None:
        checks = [
            ("principal", self.principal_minor, self.principal_minor > 0, "it is more than zero"),
            ("rate", self.rate_pct_year, 0 <= self.rate_pct_year <= 1000, "it is from 0 to 1000"),
            ("term", self.term, 0 < self.term <= TERM_MOST, f"it is from 1 to {TERM_MOST}"),
            ("first", self.first, self.first > self.start, f"it is after the start {self.start}"),
            ("fee", self.fee_minor, self.fee_minor >= 0, "it is not negative"),
            (
                "fee",
                self.fee_minor,
                self.fee_minor < self.principal_minor,
                "it is less than the principal, or nothing would be lent",
            ),
            ("grace", self.grace, self.grace >= 0, "it is not negative"),
            ("grace", self.grace, self.grace < self.term, "the last instalment repays principal"),
            (
                "grace",
                self.grace,
                self.grace == 0 or self.kind is not Kind.BULLET,
                "a bullet repays no principal before its last instalment anyway; leave it out",
            ),
            ("step", self.step_minor, self.step_minor > 0, "it is at least one minor unit"),
        ]
        for field, value, holds, rule in checks:
            if not holds:
                raise QuoteTermError(field=field, value=str(value), rule=rule)


@attrs.frozen
class Instalment:
    """A line of a schedule; the balance is the principal that is left after it."""

    number: int
    due_on: date
    principal_minor: int
    interest_minor: int
    balance_minor: int

    @property
    def payment_minor(self) -> int:
        """What is paid: principal and interest."""
        return self.principal_minor + self.interest_minor


@attrs.frozen
class Quote:
    """The schedule of a loan and what it costs."""

    terms: QuoteTerms
    instalments: tuple[Instalment, ...]
    cost: Cost

    @property
    def interest_minor(self) -> int:
        """All interest."""
        return sum(line.interest_minor for line in self.instalments)

    @property
    def payment_minor(self) -> int:
        """All instalments, without the fee."""
        return sum(line.payment_minor for line in self.instalments)

    @property
    def regular(self) -> Instalment:
        """The first instalment that is not within the grace period."""
        return self.instalments[self.terms.grace]


def quote_of(terms: QuoteTerms) -> Quote:
    """Return the schedule and the cost of a loan.

    The regular instalment is computed and rounded once; the last takes what is left.

    Raises:
        QuoteTermError: the terms make no schedule.
        RateNotFoundError: the flows have no rate.
    """
    dates = due_dates(terms)
    numbers = Ledger(payment_step_minor=terms.step_minor, payment_rounding=terms.rounding)
    events = contract_events(_contract(terms, dates), Observed(), numbers)
    instalments = tuple(_instalments(events))
    ensure([line.due_on for line in instalments] == dates, "every due date has its instalment")
    ensure(
        sum(line.principal_minor for line in instalments) == terms.principal_minor,
        "the principal is repaid",
    )
    ensure(instalments[-1].balance_minor == 0, "nothing is left")
    _check_instalment(terms, instalments)
    flows = [Flow(terms.start, -terms.principal_minor), Flow(terms.start, terms.fee_minor)]
    flows += [Flow(line.due_on, line.payment_minor) for line in instalments]
    return Quote(terms, instalments, cost_of([flow for flow in flows if flow.amount_minor]))


def _check_instalment(terms: QuoteTerms, instalments: Sequence[Instalment]) -> None:
    """Refuse a step so coarse that it leaves the whole loan to the last instalment."""
    regular = instalments[terms.grace]
    parts = {
        Kind.ANNUITY: regular.payment_minor,
        Kind.EQUAL_PRINCIPAL: regular.principal_minor,
        Kind.BULLET: terms.principal_minor,
    }
    if parts[terms.kind] == 0:
        raise QuoteTermError(
            field="step",
            value=str(Decimal(terms.step_minor).scaleb(-terms.currency.exponent)),
            rule="the instalment rounds to nothing; take a smaller step, or fewer instalments",
        )


def first_date(start: date, every: Cycle) -> date:
    """Return the first due date where none is agreed: a period after the start."""
    return every.after(_instant(start), 1).date()


def due_dates(terms: QuoteTerms) -> list[date]:
    """Return the due dates: counted from the first, at ends of months where the loan is.

    Raises:
        QuoteTermError: the dates go beyond the calendar, or the grace period ends in a month too
            short for them.
    """
    first, month_end = _instant(terms.first), _keeps_month_end(terms)
    try:
        dates = [
            terms.every.after(first, n, to_month_end=month_end).date() for n in range(terms.term)
        ]
    except (ValueError, OverflowError) as fault:
        raise QuoteTermError(
            field="term", value=str(terms.term), rule="its last day is beyond the year 9999"
        ) from fault
    anchor = _instant(dates[terms.grace])
    after_grace = [
        terms.every.after(anchor, n, to_month_end=month_end).date()
        for n in range(terms.term - terms.grace)
    ]
    if after_grace != dates[terms.grace :]:
        raise QuoteTermError(
            field="first",
            value=str(terms.first),
            rule="the grace period ends in a month without that day; take one up to the 28th",
        )
    return dates


def _keeps_month_end(terms: QuoteTerms) -> bool:
    """Tell whether due dates stay at ends of months: the first is one, and so is the 31st before.

    A first date that is the last of a short month stays so only if the loan began at a month's end.
    """
    first, start = terms.first, terms.start
    if terms.every.unit not in _MONTH_UNITS or not _ends_month(first):
        return False
    return first.day == 31 or _ends_month(start)


def _ends_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _instant(day: date) -> datetime:
    return datetime.combine(day, time())


def _contract(terms: QuoteTerms, dates: Sequence[date]) -> Terms:
    """Return the contract of ACTUS that a quote is of."""
    kinds = {
        Kind.ANNUITY: ContractType.ANN,
        Kind.EQUAL_PRINCIPAL: ContractType.LAM,
        Kind.BULLET: ContractType.PAM,
    }
    repays = terms.kind is not Kind.BULLET
    exponent = terms.currency.exponent
    return Terms(
        contract_type=kinds[terms.kind],
        contract_id="quote",
        status_date=_instant(terms.start) - timedelta(days=1),
        currency=terms.currency.code,
        initial_exchange_date=_instant(terms.start),
        maturity_date=_instant(dates[-1]),
        notional_principal=Decimal(terms.principal_minor).scaleb(-exponent),
        nominal_interest_rate=terms.rate_pct_year.scaleb(-2),
        day_count_convention=terms.day_count,
        end_of_month_convention=EndOfMonth.EOM if _keeps_month_end(terms) else EndOfMonth.SD,
        cycle_anchor_date_of_interest_payment=_instant(terms.first),
        cycle_of_interest_payment=terms.every,
        cycle_anchor_date_of_principal_redemption=_instant(dates[terms.grace]) if repays else None,
        cycle_of_principal_redemption=terms.every if repays else None,
    )


_PRINCIPAL = frozenset({EventType.PR, EventType.MD})


def _instalments(events: Sequence[Event]) -> Iterator[Instalment]:
    """Join what is paid on a day: principal and interest are events of their own."""
    paid = [event for event in events if event.kind in _PRINCIPAL or event.kind is EventType.IP]
    for number, (day, group) in enumerate(groupby(paid, key=lambda event: event.at.date()), 1):
        row = list(group)
        yield Instalment(
            number,
            day,
            principal_minor=int(sum(e.payoff for e in row if e.kind in _PRINCIPAL)),
            interest_minor=int(sum(e.payoff for e in row if e.kind is EventType.IP)),
            balance_minor=int(row[-1].notional),
        )
