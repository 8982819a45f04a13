"""Older schedules whose interest follows payments: by example, and what holds of all of them."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.servicing.loans import START, lend, lines, numbered, pay
from karez.engines.servicing import Terms, difference, fold, payoff_minor
from karez.engines.servicing.account import Account
from karez.engines.servicing.errors import ScheduleUnfitError, TermsClashError
from karez.engines.servicing.events import (
    Charge,
    Event,
    Extension,
    InterestPause,
    RateChange,
    ReAge,
    ReAgeInterest,
    ReAmortise,
    ReAmortiseInterest,
    Undo,
)
from karez.engines.servicing.terms import (
    Allocation,
    Amortisation,
    Bucket,
    DownPayment,
    FixedOrder,
    MonthLength,
    PreClose,
    Recalculation,
    Reschedule,
    Rest,
    ScheduleKind,
    Unit,
    YearLength,
)

AS_OF = START + timedelta(days=500)


def older(**more: Any) -> Terms:
    usual: dict[str, Any] = {
        "rate_pct_year": Decimal(12),
        "instalments": 6,
        "schedule": ScheduleKind.CUMULATIVE,
        "allocation": FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
        "recalculation": Recalculation(),
    }
    return Terms(**(usual | more))


def totals(account: Account) -> list[int]:
    return [line.total_minor for line in lines(account)]


FEBRUARY = date(2024, 2, 1)
LENT = lend(600_000)


def paid_ahead(reschedule: Reschedule) -> Account:
    """Return a loan of which 200,000 beyond the first instalment came in with it."""
    terms = older(recalculation=Recalculation(reschedule=reschedule))
    first = totals(fold(terms, [LENT], as_of=START))[0]
    return fold(terms, [LENT, pay(2, FEBRUARY, first + 200_000)], as_of=FEBRUARY)


def test_ahead__smaller_instalments():
    planned = totals(fold(older(), [LENT], as_of=START))
    amounts = totals(paid_ahead(Reschedule.REDUCE_INSTALMENT))
    assert amounts[0] == planned[0] + 200_000
    assert len(amounts) == 6
    assert len(set(amounts[1:-1])) == 1
    assert amounts[1] < planned[1] * 7 // 10


def test_ahead__fewer_instalments():
    planned = totals(fold(older(), [LENT], as_of=START))
    amounts = totals(paid_ahead(Reschedule.REDUCE_NUMBER))
    assert amounts[1:3] == planned[1:3]
    assert len(amounts) == 5 - 1


def test_ahead__next_instalments_owe_less():
    planned = totals(fold(older(), [LENT], as_of=START))
    loan = paid_ahead(Reschedule.NEXT_INSTALMENTS)
    second, third, fourth = lines(loan)[1:4]
    assert second.principal_minor == 0
    assert second.interest_minor > 0
    assert third.total_minor < planned[2]
    assert fourth.total_minor == planned[3]


def test_early__lowers_the_balance_from_its_day():
    """31 days of 600,000, of which 16 on 100,000 less: by hand."""
    loan = fold(older(), [LENT, pay(2, date(2024, 1, 16), 50_000)], as_of=AS_OF)
    exact = Decimal(12) / 100 / 365 * (600_000 * 15 + 550_000 * 16)
    assert lines(loan)[0].interest_minor == round(exact)


def test_late__principal_bears_interest_until_today():
    planned = lines(fold(older(), [LENT], as_of=START))
    known = lines(fold(older(), [LENT], as_of=FEBRUARY + timedelta(days=10)))
    late = Decimal(planned[0].principal_minor) * 10 * 12 / 36_500
    assert abs(known[1].interest_minor - planned[1].interest_minor - late) <= 1
    terms = older(recalculation=Recalculation(on_past_due=False))
    assert lines(fold(terms, [LENT], as_of=AS_OF)) == planned


def test_late__after_maturity_on_a_row_of_its_own():
    loan = fold(older(), [LENT], as_of=AS_OF)
    last = lines(loan)[-1]
    assert (last.due, last.principal_minor) == (AS_OF, 0)
    days = (AS_OF - lines(loan)[-2].due).days
    assert last.interest_minor == round(Decimal(600_000) * days * 12 / 36_500)


def test_days__brought_up_one_by_one_or_at_once():
    """A loan looked at each day, and one looked at once, are the same loan."""
    events: list[Event] = [LENT]
    for day in range(1, 120):
        on = START + timedelta(days=day)
        events.append(Charge(number=day + 1, on=on, posted_on=on, penalty=False, amount_minor=1))
    plain = lines(fold(older(), [LENT], as_of=START + timedelta(days=120)))
    looked = lines(fold(older(), events, as_of=START + timedelta(days=120)))
    assert [one.interest_minor for one in plain] == [one.interest_minor for one in looked]


def test_payoff__ends_the_row_on_its_day():
    on = date(2024, 2, 11)
    first = totals(fold(older(), [LENT], as_of=START))[0]
    events = [LENT, pay(2, FEBRUARY, first)]
    amount = payoff_minor(fold(older(), events, as_of=on), on)
    left = lines(fold(older(), events, as_of=on))[0].balance_minor
    assert amount == left + round(Decimal(left) * 10 * 12 / 36_500)
    loan = fold(older(), [*events, pay(3, on, amount)], as_of=AS_OF)
    assert (lines(loan)[-1].due, loan.overpaid, len(lines(loan))) == (on, 0, 2)


def test_pause__no_interest_on_its_days():
    pause = InterestPause(number=2, on=date(2024, 1, 11), posted_on=START, until=date(2024, 1, 20))
    loan = fold(older(), [LENT, pause], as_of=START)
    assert lines(loan)[0].interest_minor == round(Decimal(600_000) * 21 * 12 / 36_500)


def test_rate__changes_from_its_day():
    change = RateChange(number=2, on=date(2024, 1, 12), posted_on=START, rate_pct_year=Decimal(24))
    loan = fold(older(), [LENT, change], as_of=START)
    exact = Decimal(600_000) / 36_500 * (10 * 12 + 21 * 24)
    assert lines(loan)[0].interest_minor == round(exact)
    assert totals(loan)[0] > totals(fold(older(), [LENT], as_of=START))[0]


def re_age(on: date, interest: ReAgeInterest) -> ReAge:
    return ReAge(
        number=2,
        on=on,
        posted_on=on,
        first_due=date(2024, 3, 1),
        instalments=3,
        every=1,
        unit=Unit.MONTHS,
        interest=interest,
    )


def test_re_age__interest_until_the_day_and_anew():
    on = date(2024, 1, 21)
    loan = fold(older(), [LENT, re_age(on, ReAgeInterest.DEFAULT)], as_of=on)
    held, *new = lines(loan)
    assert (held.due, held.principal_minor) == (on, 0)
    assert held.interest_minor == round(Decimal(600_000) * 20 * 12 / 36_500)
    assert new[0].interest_minor == round(Decimal(600_000) * 40 * 12 / 36_500)
    assert len(new) == 3


def test_re_age__interest_in_equal_parts():
    on = date(2024, 1, 21)
    loan = fold(older(), [LENT, re_age(on, ReAgeInterest.EQUAL_PAYABLE)], as_of=on)
    parts = [line.interest_minor for line in lines(loan)[1:]]
    assert sum(parts) == round(Decimal(600_000) * 20 * 12 / 36_500)
    assert max(parts) - min(parts) <= 2


def test_re_amortise__what_is_overdue_goes_to_later_rows():
    event = ReAmortise(number=2, on=date(2024, 2, 10), posted_on=date(2024, 2, 10))
    first, *others = lines(fold(older(), [LENT, event], as_of=event.on))
    assert first.principal_minor == 0
    assert len({line.total_minor for line in others[:-1]}) == 1
    split = attrs.evolve(event, interest=ReAmortiseInterest.EQUAL_SPLIT)
    with pytest.raises(ScheduleUnfitError):
        fold(older(), [LENT, split], as_of=event.on)


def test_rules_of_twelve_parts__refused():
    with pytest.raises(TermsClashError):
        older(allocation=Allocation())


CONVENTIONS = st.sampled_from(
    [
        (YearLength.ACTUAL, MonthLength.ACTUAL),
        (YearLength.DAYS_365, MonthLength.ACTUAL),
        (YearLength.DAYS_360, MonthLength.DAYS_30),
    ]
)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    year, month = draw(CONVENTIONS)
    instalments = draw(st.integers(1, 14))
    return older(
        rate_pct_year=Decimal(draw(st.integers(0, 6_000))) / 100,
        instalments=instalments,
        year=year,
        month=month,
        amortisation=draw(st.sampled_from(Amortisation)),
        grace_on_principal=draw(st.integers(0, instalments - 1)),
        grace_on_interest=draw(st.integers(0, instalments - 1)),
        multiple_minor=draw(st.sampled_from([0, 0, 100])),
        down_payment=draw(st.sampled_from([None, None, DownPayment(Decimal(20))])),
        allocation=draw(st.sampled_from(FixedOrder)),
        recalculation=Recalculation(
            rest=draw(st.sampled_from(Rest)),
            pre_close=draw(st.sampled_from(PreClose)),
            reschedule=draw(st.sampled_from(Reschedule)),
            on_past_due=draw(st.booleans()),
        ),
    )


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Return a disbursement, payments, fees and one change of terms, each on a day of its own."""
    lent = draw(st.integers(10_000, 1_000_000))
    events: list[Event] = [lend(lent)]
    for after in sorted(draw(st.sets(st.integers(1, 400), max_size=5))):
        on = START + timedelta(days=after)
        if draw(st.integers(0, 3)):
            events.append(pay(0, on, draw(st.integers(1, lent // 2))))
        else:
            events.append(Charge(number=0, on=on, posted_on=on, penalty=False, amount_minor=500))
    on = START + timedelta(days=draw(st.integers(1, 300)))
    day: dict[str, Any] = {"number": 0, "on": on, "posted_on": on}
    changes: list[Event | None] = [
        None,
        RateChange(**day, rate_pct_year=Decimal(draw(st.integers(0, 60)))),
        InterestPause(**day, until=on + timedelta(days=draw(st.integers(1, 60)))),
        Extension(**day, instalments=draw(st.integers(1, 5))),
        ReAmortise(**day),
        ReAge(
            **day,
            first_due=on + timedelta(days=draw(st.integers(1, 31))),
            instalments=draw(st.integers(1, 8)),
            every=1,
            unit=Unit.MONTHS,
            interest=draw(st.sampled_from(ReAgeInterest)),
        ),
    ]
    change = draw(st.sampled_from(changes))
    return list(numbered([*events, change] if change is not None else events))


@given(terms(), stories())
def test_amounts__add_up(made: Terms, events: list[Event]):
    loan = fold(made, events, as_of=AS_OF)
    assert sum(line.principal_minor for line in lines(loan)) == loan.lent
    paid = sum(event.amount_minor for event in events[1:] if hasattr(event, "kind"))
    assert sum(line.paid_minor for line in lines(loan)) + loan.overpaid == paid
    assert sum(map(sum, loan.portions.values())) + loan.overpaid == paid
    assert all(row.open(bucket) >= 0 for row in loan.rows for bucket in Bucket)


@given(terms(), stories(), st.randoms(use_true_random=False))
def test_input_order__never_matters(made: Terms, events: list[Event], chance: random.Random):
    shuffled = list(events)
    chance.shuffle(shuffled)
    known = fold(made, events, as_of=AS_OF)
    assert difference(known, fold(made, shuffled, as_of=AS_OF)).is_empty


@given(terms(), stories(), st.integers(0, 5))
def test_late_posting__like_posting_in_order(made: Terms, events: list[Event], place: int):
    payments = [event for event in events if hasattr(event, "kind")]
    others = [event.on for event in events]
    if not payments or others.count(payments[place % len(payments)].on) > 1:
        return
    late = payments[place % len(payments)]
    posted = attrs.evolve(late, number=len(events) + 1, posted_on=AS_OF)
    moved = [posted if event is late else event for event in events]
    in_time, afterwards = fold(made, events, as_of=AS_OF), fold(made, moved, as_of=AS_OF)
    assert lines(in_time) == lines(afterwards)
    assert in_time.overpaid == afterwards.overpaid


@given(terms(), stories())
def test_undone_and_posted_again__like_before(made: Terms, events: list[Event]):
    last = events[-1]
    number = len(events) + 1
    undo = Undo(number=number, on=AS_OF, posted_on=AS_OF, undone=last.number)
    again = attrs.evolve(last, number=number + 1)
    before = fold(made, events, as_of=AS_OF)
    after = fold(made, [*events, undo, again], as_of=AS_OF)
    assert lines(before) == lines(after)


@given(terms(), stories(), st.integers(0, 30))
def test_payoff__leaves_nothing(made: Terms, events: list[Event], wait: int):
    on = max(event.on for event in events) + timedelta(days=wait)
    known = fold(made, events, as_of=on)
    amount = payoff_minor(known, on)
    if not amount:
        return
    later = fold(made, [*events, pay(99, on, amount)], as_of=AS_OF)
    assert sum(line.outstanding_minor for line in lines(later)) == 0
    assert later.overpaid == known.overpaid
    assert payoff_minor(later, AS_OF) == 0
