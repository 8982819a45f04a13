"""Random lives of loans: terms, and whatever may happen to them."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from engines.servicing.loans import START, lend, numbered, pay
from karez.engines.servicing import Terms
from karez.engines.servicing.events import (
    CapitalisedIncome,
    Charge,
    Chargeback,
    ChargeBasis,
    ChargeOff,
    ChargeTime,
    ChargeWaiver,
    ContractTermination,
    CreditBalanceRefund,
    Disbursement,
    Event,
    InterestPause,
    Payment,
    RateChange,
    ReAge,
    ReAgeInterest,
    ReAmortise,
    WriteOff,
)
from karez.engines.servicing.terms import (
    Allocation,
    Bucket,
    InterestMethod,
    MonthLength,
    PaymentKind,
    Recalculation,
    Unit,
    YearLength,
    rule_by_bucket,
)

ACTUAL = YearLength.ACTUAL
LAST = START + timedelta(days=500)
CONVENTIONS = st.sampled_from(
    [
        (YearLength.ACTUAL, MonthLength.ACTUAL),
        (YearLength.DAYS_365, MonthLength.ACTUAL),
        (YearLength.DAYS_360, MonthLength.DAYS_30),
    ]
)


@st.composite
def terms(draw: st.DrawFn, *, follows: bool | None = None) -> Terms:
    """Return terms of a progressive schedule of up to a year."""
    count = draw(st.integers(1, 12))
    follows = draw(st.booleans()) if follows is None else follows
    # Over New Year interest of a part of a period depends on where the part begins, if years are as
    # long as they are: late principal then costs a little else, as of one day or another.
    year, month = draw(CONVENTIONS.filter(lambda pair: not follows or pair[0] is not ACTUAL))
    methods = [InterestMethod.DECLINING_BALANCE] if follows else list(InterestMethod)
    order = draw(st.permutations(list(Bucket)).map(tuple))
    return Terms(
        rate_pct_year=draw(st.integers(0, 6_000).map(lambda points: Decimal(points) / 100)),
        instalments=count,
        year=year,
        month=month,
        interest=draw(st.sampled_from(methods)),
        grace_on_principal=draw(st.integers(0, count - 1)),
        credit_order=draw(st.sampled_from([None, tuple(Bucket)])),
        allocation=Allocation(usual=rule_by_bucket(order)),
        recalculation=Recalculation() if follows else None,
    )


def _happens(draw: st.DrawFn, on: date, lent: int, number: int, before: list[Event]) -> Event:
    """Return one thing that happens on a day."""
    amount = draw(st.integers(1, lent // 2))
    with_number = {"number": number, "on": on, "posted_on": on}
    payments = [one.number for one in before if isinstance(one, Payment)]
    charges = [one.number for one in before if isinstance(one, Charge)]
    kind = draw(st.integers(0, 12))
    match kind:
        case 1:
            return Charge(**with_number, penalty=draw(st.booleans()), amount_minor=500)
        case 2 if charges:
            return ChargeWaiver(**with_number, charge=draw(st.sampled_from(charges)))
        case 3:
            return Payment(
                **with_number,
                amount_minor=amount,
                kind=draw(
                    st.sampled_from(
                        [
                            PaymentKind.GOODWILL_CREDIT,
                            PaymentKind.MERCHANT_REFUND,
                            PaymentKind.INTEREST_PAYMENT_WAIVER,
                        ]
                    )
                ),
            )
        case 4 if payments:
            return Chargeback(
                **with_number,
                payment=(payment := draw(st.sampled_from(payments))),
                amount_minor=next(
                    one.amount_minor
                    for one in before
                    if isinstance(one, Payment) and one.number == payment
                ),
            )
        case 5:
            return Disbursement(**with_number, amount_minor=amount)
        case 6:
            return RateChange(**with_number, rate_pct_year=Decimal(draw(st.integers(0, 40))))
        case 7:
            return InterestPause(**with_number, until=on + timedelta(days=draw(st.integers(1, 40))))
        case 8:
            return CapitalisedIncome(**with_number, amount_minor=amount)
        case 9:
            return CreditBalanceRefund(**with_number, amount_minor=amount)
        case _:
            return pay(number, on, amount)


def _ends(draw: st.DrawFn, on: date, number: int) -> Event | None:
    """Return how a story may end."""
    with_number = {"number": number, "on": on, "posted_on": on}
    match draw(st.integers(0, 7)):
        case 0:
            return WriteOff(**with_number)
        case 1:
            return ChargeOff(**with_number)
        case 2:
            return ContractTermination(**with_number)
        case 3:
            return ReAmortise(**with_number)
        case 4:
            return ReAge(
                **with_number,
                first_due=on + timedelta(days=30),
                instalments=draw(st.integers(1, 6)),
                every=1,
                unit=Unit.MONTHS,
                interest=draw(st.sampled_from(ReAgeInterest)),
            )
        case _:
            return None


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Return what happened to a loan, each thing posted on its own day, in order."""
    lent = draw(st.integers(10_000, 1_000_000))
    events: list[Event] = [lend(lent)]
    if draw(st.booleans()):
        events.insert(
            0,
            Charge(
                number=0,
                on=START,
                posted_on=START,
                penalty=False,
                pct=Decimal(2),
                basis=ChargeBasis.PRINCIPAL,
                time=ChargeTime.EACH_DISBURSEMENT,
            ),
        )
    events = list(numbered(events))
    days = sorted(draw(st.lists(st.integers(1, 400), max_size=6)))
    for after in days:
        on = START + timedelta(days=after)
        events.append(_happens(draw, on, lent, len(events) + 1, events))
    end = START + timedelta(days=draw(st.integers(days[-1] if days else 1, 420)))
    if (last := _ends(draw, end, len(events) + 1)) is not None:
        events.append(last)
        later = end + timedelta(days=draw(st.integers(1, 60)))
        if draw(st.booleans()):
            events.append(pay(len(events) + 1, later, draw(st.integers(1, lent))))
    return events
