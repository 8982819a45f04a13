"""Late charges follow from what was open on which day."""

from datetime import date, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.servicing.loans import START, lend, pay
from engines.servicing.stories import terms
from karez.engines.servicing import Terms, fold
from karez.engines.servicing.errors import TermOutOfRangeError
from karez.engines.servicing.events import Charge, ChargeWaiver, Event
from karez.engines.servicing.late import (
    LATE_FROM,
    LateBasis,
    LatePolicy,
    LateStep,
    fold_late,
    with_late_charges,
)
from karez.engines.servicing.terms import Bucket, FixedOrder, ScheduleKind

PLAIN = Terms(rate_pct_year=Decimal(12), instalments=3)
POLICY = LatePolicy(
    grace_days=2,
    steps=(
        LateStep(days_late=1, flat_minor=500),
        LateStep(days_late=10, pct=Decimal(5), repeat_every_days=10, most_times=2),
    ),
)
THROUGH = START + timedelta(days=120)


def charges(events: list[Event]) -> list[tuple[date, int]]:
    late = [one for one in events if isinstance(one, Charge) and one.number >= LATE_FROM]
    return sorted((one.on, one.amount_minor) for one in late)


def test_late__steps_repeat_after_grace():
    due = date(2024, 2, 1)
    events = with_late_charges(PLAIN, [lend(300_000)], POLICY, date(2024, 2, 29))
    row = fold(PLAIN, [lend(300_000)], as_of=START).rows[0]
    five = round(row.outstanding * 0.05)
    expected = [(3, 500), (10, five), (20, five)]
    assert charges(events) == [(due + timedelta(days=days), amount) for days, amount in expected]


def test_late__a_payment_on_the_day_is_in_time():
    row = fold(PLAIN, [lend(300_000)], as_of=START).rows[0]
    for days, count in ((2, 0), (3, 0), (4, 1)):
        paid = pay(2, row.due + timedelta(days=days), row.outstanding)
        events = with_late_charges(PLAIN, [lend(300_000), paid], POLICY, date(2024, 2, 29))
        assert len(charges(events)) == count


def test_late__a_payment_that_was_entered_late_takes_its_penalties_away():
    row = fold(PLAIN, [lend(300_000)], as_of=START).rows[0]
    paid = pay(2, row.due, row.outstanding, posted_on=date(2024, 2, 28))
    loan = fold_late(PLAIN, [lend(300_000), paid], POLICY, as_of=date(2024, 2, 29))
    assert not any(one.owed[Bucket.PENALTY] for one in loan.rows)


def test_late__a_waiver_goes_with_its_charge():
    row = fold(PLAIN, [lend(300_000)], as_of=START).rows[0]
    number = LATE_FROM + row.due.toordinal() * 100
    day = date(2024, 2, 20)
    waived = ChargeWaiver(number=2, on=day, posted_on=day, charge=number)
    loan = fold_late(PLAIN, [lend(300_000), waived], POLICY, as_of=day)
    assert sum(one.waived[Bucket.PENALTY] for one in loan.rows) > 0
    paid = pay(3, row.due, row.outstanding, posted_on=day)
    loan = fold_late(PLAIN, [lend(300_000), waived, paid], POLICY, as_of=day)
    assert sum(one.waived[Bucket.PENALTY] for one in loan.rows) == 0


def test_late__no_more_than_a_hundred():
    step = LateStep(days_late=1, flat_minor=1, repeat_every_days=1, most_times=101)
    with pytest.raises(TermOutOfRangeError):
        LatePolicy(steps=(step,))
    with pytest.raises(TermOutOfRangeError):
        LateStep(days_late=0)


@st.composite
def paid(draw: st.DrawFn) -> list[Event]:
    lent = draw(st.integers(10_000, 1_000_000))
    days = sorted(draw(st.lists(st.integers(1, 110), max_size=5)))
    amounts = st.integers(1, lent // 2)
    return [
        lend(lent),
        *(
            pay(number, START + timedelta(days=after), draw(amounts))
            for number, after in enumerate(days, 2)
        ),
    ]


def day_by_day(made: Terms, events: list[Event], policy: LatePolicy) -> list[tuple[date, int]]:
    """The twin: fold anew each evening, and charge what the policy says of that day."""
    late: list[Charge] = []
    for after in range(1, (THROUGH - START).days + 1):
        day = START + timedelta(days=after)
        loan = fold(made, [*(e for e in events if e.on <= day), *late], as_of=day)
        for row in [] if after < 2 else loan.rows:
            open_ = row.open(Bucket.PRINCIPAL) + row.open(Bucket.INTEREST)
            if row.additional or open_ <= 0:
                continue
            place = 0
            for step in policy.steps:
                for time in range(step.most_times):
                    days = max(step.days_late, policy.grace_days + 1)
                    base = open_
                    if step.basis is LateBasis.INSTALMENT:
                        base = row.owed[Bucket.PRINCIPAL] + row.owed[Bucket.INTEREST]
                    amount = step.flat_minor + loan.figures.percent(base, step.pct)
                    if day == row.due + timedelta(days=days + time * step.repeat_every_days):
                        number = LATE_FROM + row.due.toordinal() * 100 + place
                        late.append(
                            Charge(
                                number=number,
                                on=day,
                                posted_on=day,
                                penalty=True,
                                amount_minor=amount,
                            )
                        )
                    place += 1
    return charges([one for one in late if one.amount_minor])


@settings(max_examples=25)
@given(terms(), paid(), st.sampled_from(LateBasis))
def test_late__as_folded_each_evening(made: Terms, events: list[Event], basis: LateBasis):
    policy = attrs.evolve(POLICY, steps=tuple(attrs.evolve(s, basis=basis) for s in POLICY.steps))
    found = with_late_charges(made, events, policy, THROUGH)
    assert charges(found) == day_by_day(made, events, policy)


@settings(max_examples=15)
@given(st.integers(1, 6), paid())
def test_late__of_a_cumulative_schedule_too(count: int, events: list[Event]):
    made = Terms(
        rate_pct_year=Decimal(12),
        instalments=count,
        schedule=ScheduleKind.CUMULATIVE,
        allocation=FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
    )
    found = with_late_charges(made, events, POLICY, THROUGH)
    assert charges(found) == day_by_day(made, events, POLICY)
    again = fold(made, found, as_of=THROUGH)
    assert [row.owed for row in again.rows] == [
        row.owed for row in fold_late(made, events, POLICY, as_of=THROUGH).rows
    ]


@given(terms(), paid())
def test_late__the_fold_is_that_of_the_events_with_charges(made: Terms, events: list[Event]):
    loan = fold_late(made, events, POLICY, as_of=THROUGH)
    again = fold(made, with_late_charges(made, events, POLICY, THROUGH), as_of=THROUGH)
    assert [(row.owed, row.paid) for row in loan.rows] == [
        (row.owed, row.paid) for row in again.rows
    ]
