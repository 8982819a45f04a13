"""Events one by one: what each changes, what is refused, and what a late one changes afterwards."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

from engines.servicing.loans import START, lend, lines, pay, terms_30_360
from karez.engines.servicing import Terms, arrears_days, difference, fold
from karez.engines.servicing.errors import (
    EventAmountError,
    EventRepeatedError,
    EventUnknownError,
    NotDisbursedError,
    ScheduleUnfitError,
    TermOutOfRangeError,
    TermsClashError,
)
from karez.engines.servicing.events import Charge, ChargeWaiver, InterestPause, ReAge, Undo
from karez.engines.servicing.terms import (
    FixedOrder,
    InterestMethod,
    ScheduleKind,
    Unit,
)

FIRST_DUE = date(2024, 2, 1)
TERMS = terms_30_360("7", 6)
OLDER = terms_30_360(
    "7",
    6,
    schedule=ScheduleKind.CUMULATIVE,
    allocation=FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
)


def test_difference__of_a_late_payment():
    known = fold(TERMS, [lend(10_000)], as_of=FIRST_DUE)
    late = pay(2, FIRST_DUE, 1_701, posted_on=date(2024, 3, 15))
    found = difference(known, fold(TERMS, [lend(10_000), late], as_of=FIRST_DUE))
    (change,) = found.lines
    assert change.due == FIRST_DUE
    assert change.changes_minor == {"paid_minor": 1_701, "outstanding_minor": -1_701}
    assert (change.met_on_before, change.met_on_after) == (None, FIRST_DUE)
    assert found.allocations[0].after == (1_643, 58, 0, 0)
    assert difference(known, known).is_empty


def test_re_age_and_undo__like_before():
    events = [lend(10_000), pay(2, FIRST_DUE, 1_701)]
    aged = ReAge(
        number=3,
        on=date(2024, 3, 15),
        posted_on=date(2024, 3, 15),
        first_due=date(2024, 4, 1),
        instalments=3,
        every=1,
        unit=Unit.MONTHS,
    )
    undo = Undo(number=4, on=aged.on, posted_on=aged.on, undone=3)
    before = fold(TERMS, events, as_of=aged.on)
    assert not difference(before, fold(TERMS, [*events, aged], as_of=aged.on)).is_empty
    assert difference(before, fold(TERMS, [*events, aged, undo], as_of=aged.on)).is_empty


def test_waiver__gives_up_what_is_open_of_a_charge():
    charge = Charge(number=2, on=FIRST_DUE, posted_on=START, penalty=True, amount_minor=500)
    waiver = ChargeWaiver(number=3, on=START, posted_on=START, charge=2)
    loan = fold(TERMS, [lend(10_000), charge, waiver], as_of=START)
    first = lines(loan)[0]
    assert (first.penalties_minor, first.waived_minor, first.outstanding_minor) == (500, 500, 1_701)


def test_arrears__age_of_the_oldest_instalment():
    loan = fold(TERMS, [lend(10_000)], as_of=FIRST_DUE)
    assert arrears_days(loan, FIRST_DUE) == 0
    assert arrears_days(loan, date(2024, 3, 3)) == 31


def test_overpayment__is_owed_back():
    loan = fold(TERMS, [lend(10_000), pay(2, START, 20_000)], as_of=FIRST_DUE)
    assert loan.overpaid == 20_000 - 10_205


def test_cumulative__equal_instalments_and_fixed_principal():
    loan = fold(OLDER, [lend(10_000)], as_of=START)
    assert {line.total_minor for line in lines(loan)[:-1]} == {1_701}
    made = terms_30_360("7", 6, schedule=ScheduleKind.CUMULATIVE, fixed_principal_pct=Decimal(20))
    amounts = [line.principal_minor for line in lines(fold(made, [lend(10_000)], as_of=START))]
    assert amounts == [2_000] * 5 + [0]


def test_refused__with_a_reason():
    with pytest.raises(EventRepeatedError):
        fold(TERMS, [lend(1), lend(2)], as_of=START)
    undo = Undo(number=2, on=START, posted_on=START, undone=9)
    with pytest.raises(EventUnknownError):
        fold(TERMS, [lend(1), undo], as_of=START)
    with pytest.raises(NotDisbursedError):
        fold(TERMS, [lend(1, FIRST_DUE), pay(2, START, 1)], as_of=FIRST_DUE)
    with pytest.raises(EventAmountError):
        pay(1, START, 0)
    with pytest.raises(TermOutOfRangeError):
        terms_30_360("-1", 6)
    with pytest.raises(TermsClashError):
        Terms(
            rate_pct_year=Decimal(1),
            instalments=1,
            allocation=FixedOrder.PENALTY_FEE_INTEREST_PRINCIPAL,
        )
    pause = InterestPause(number=2, on=START, posted_on=START, until=FIRST_DUE)
    flat = attrs.evolve(OLDER, interest=InterestMethod.FLAT)
    with pytest.raises(ScheduleUnfitError):
        fold(flat, [lend(10_000), pause], as_of=FIRST_DUE)
