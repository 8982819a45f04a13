"""The movements of a loan add up to what is open of it, whatever happened."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

import attrs
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.servicing.loans import START
from engines.servicing.stories import LAST, stories, terms
from karez.engines.servicing import Terms, fold
from karez.engines.servicing.account import Account
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.events import (
    Charge,
    ContractTermination,
    Disbursement,
    Event,
    InterestPause,
    Payment,
    RateChange,
    Undo,
)
from karez.engines.servicing.movements import (
    Movement,
    MovementKind,
    movement_difference,
    movements,
)
from karez.engines.servicing.outlook import accrued_minor, outlook
from karez.engines.servicing.standing import Standing, Status, standing, standings
from karez.engines.servicing.terms import Bucket

K = MovementKind
SIDES = {
    "principal": (
        [K.DISBURSED, K.CAPITALISED, K.CHARGED_BACK_PRINCIPAL, K.ADJUSTED_PRINCIPAL],
        [K.PAID_PRINCIPAL, K.APPLIED_PRINCIPAL, K.WRITTEN_OFF_PRINCIPAL],
    ),
    "interest": (
        [K.INTEREST_ACCRUED, K.CHARGED_BACK_INTEREST],
        [K.PAID_INTEREST, K.APPLIED_INTEREST, K.WRITTEN_OFF_INTEREST],
    ),
    "fees": (
        [K.FEE_CHARGED, K.CHARGED_BACK_FEE],
        [K.PAID_FEE, K.APPLIED_FEE, K.WAIVED_FEE, K.WRITTEN_OFF_FEE],
    ),
    "penalties": (
        [K.PENALTY_CHARGED, K.CHARGED_BACK_PENALTY],
        [K.PAID_PENALTY, K.APPLIED_PENALTY, K.WAIVED_PENALTY, K.WRITTEN_OFF_PENALTY],
    ),
    "credit": (
        [K.OVERPAID, K.GOODWILL, K.INTEREST_WAIVED, K.INTEREST_REFUNDED, K.CHARGE_ADJUSTED],
        [K.APPLIED_PRINCIPAL, K.APPLIED_INTEREST, K.APPLIED_FEE, K.APPLIED_PENALTY, K.REFUNDED],
    ),
    "deferred": (
        [K.FEE_WITHHELD, K.CAPITALISED, K.BOUGHT_DOWN],
        [K.FEE_DEFERRED_EARNED, K.BOUGHT_DOWN_RETURNED, K.CAPITALISED_RETURNED],
    ),
}


def balances(moved: Iterable[Movement]) -> dict[str, int]:
    """Return the balances of a loan's accounts by the obvious reading of each kind."""
    sums = Counter[MovementKind]()
    for movement in moved:
        sums[movement.kind] += movement.amount_minor
    return {
        name: sum(sums[kind] for kind in up) - sum(sums[kind] for kind in down)
        for name, (up, down) in SIDES.items()
    }


def books_of(standing: Standing) -> dict[str, int]:
    return {
        "principal": standing.principal_minor,
        "interest": standing.interest_accrued_minor,
        "fees": standing.fees_minor,
        "penalties": standing.penalties_minor,
        "credit": standing.credit_minor,
    }


def open_of(loan: Account, bucket: Bucket) -> int:
    return sum(row.open(bucket) for row in loan.rows)


def last_day(events: list[Event]) -> date:
    return max(event.effective for event in events)


@given(terms(), stories(), st.integers(0, 120))
def test_movements__add_up_to_the_standing(made: Terms, events: list[Event], after: int):
    on = last_day(events) + timedelta(days=after)
    loan = fold(made, events, as_of=on)
    moved = balances(movements(loan, on))
    moved.pop("deferred")
    assert moved == books_of(standing(loan, on))


@given(terms(), stories())
def test_movements__add_up_to_the_rows_in_the_end(made: Terms, events: list[Event]):
    loan = fold(made, events, as_of=date(2040, 1, 1))
    moved = movements(loan, date(2040, 1, 1))
    books = balances(moved)
    for name, bucket in zip(("principal", "interest", "fees", "penalties"), Bucket, strict=True):
        assert books[name] == open_of(loan, bucket), name
    assert books["deferred"] == 0
    assert all(movement.amount_minor for movement in moved)
    assert moved == sorted(moved, key=lambda movement: movement.on)


@given(terms(), stories())
def test_movements__money_of_payments_is_what_came(made: Terms, events: list[Event]):
    loan = fold(made, events, as_of=LAST)
    moved = movements(loan, LAST)
    for event in events:
        if isinstance(event, Payment):
            money = {*(kind for kind in K if kind.startswith("paid-")), K.OVERPAID, K.RECOVERED}
            sources = {K.GOODWILL, K.INTEREST_WAIVED}
            came = sum(
                one.amount_minor
                for one in moved
                if one.event == event.number and one.kind in money | sources
            )
            assert came == event.amount_minor
    # Where a termination lets all fall due, what had been paid too much is used under its own name.
    uses = (Payment, ContractTermination)
    others = {event.number for event in events if not isinstance(event, uses)}
    assert not [one for one in moved if one.kind is K.OVERPAID and one.event in others]


@given(terms(), stories())
def test_movements__principal_is_what_was_lent(made: Terms, events: list[Event]):
    # A new rate leaves rows that are met as they were. Where interest follows payments, so does
    # money that goes out in a time of grace. Not mended yet.
    simple = (Disbursement, Payment, Charge)
    assume(not any(isinstance(event, (RateChange, InterestPause)) for event in events))
    assume(made.recalculation is None or all(isinstance(event, simple) for event in events))
    assume(made.recalculation is None or made.grace_on_principal == 0)
    moved = movements(fold(made, events, as_of=LAST), LAST)
    assert not [one for one in moved if one.kind is K.ADJUSTED_PRINCIPAL]


@given(terms(), stories(), st.integers(0, 60), st.integers(0, 60))
def test_standing__of_a_later_day_is_that_of_a_later_fold(
    made: Terms, events: list[Event], first: int, then: int
):
    day = last_day(events) + timedelta(days=first)
    later = day + timedelta(days=then)
    foreseen = standing(fold(made, events, as_of=day), later)
    found = standing(fold(made, events, as_of=later), later)
    # A stretch that a fold cuts in two may hold less long, and says the same.
    assert attrs.evolve(foreseen, holds_until=found.holds_until) == found


@given(terms(), stories(), st.integers(0, 200))
def test_standing__overdue_is_what_rows_say(made: Terms, events: list[Event], after: int):
    on = last_day(events) + timedelta(days=after)
    loan = fold(made, events, as_of=on)
    now = standing(loan, on)
    late = [row for row in loan.rows if row.due < on and not loan.written_off]
    assert [
        now.overdue_principal_minor,
        now.overdue_interest_minor,
        now.overdue_fees_minor,
        now.overdue_penalties_minor,
    ] == [sum(row.open(bucket) for row in late) for bucket in Bucket]
    assert now.principal_minor == open_of(loan, Bucket.PRINCIPAL)
    dues = [row.due for row in late if row.outstanding > 0]
    assert now.oldest_due == (min(dues) if dues else None)
    assert (now.status is Status.ACTIVE) <= any(row.outstanding > 0 for row in loan.rows)


@given(st.lists(st.tuples(terms(), stories(), st.integers(0, 100)), min_size=1, max_size=4))
def test_standings__are_the_standing_of_each(loans: list[tuple[Terms, list[Event], int]]):
    outlooks, days, known = [], [], []
    for made, events, after in loans:
        on = last_day(events) + timedelta(days=after)
        loan = fold(made, events, as_of=on)
        outlooks.append(outlook(loan))
        days.append(day_number(on))
        known.append(standing(loan, on))
    offsets = np.cumsum([0, *map(len, outlooks)])
    found = standings(np.concatenate(outlooks), offsets, np.array(days, dtype=np.int32))
    for day, one, then in zip(days, found, known, strict=True):
        for name in ("principal_minor", "interest_accrued_minor", "fees_minor", "penalties_minor"):
            assert one[name] == getattr(then, name), name
        for name in ("principal", "interest", "fees", "penalties"):
            assert one[f"overdue_{name}_minor"] == getattr(then, f"overdue_{name}_minor")
        for name in ("oldest_due", "next_due"):
            expected = getattr(then, name)
            assert one[name] == (-1 if expected is None else day_number(expected))
        assert one["holds_until"] == day_number(then.holds_until)
        assert one["accrual_from"] <= day <= one["accrual_until"]


@given(terms(), stories(), st.integers(0, 40), st.integers(1, 300))
def test_outlook__until_it_no_longer_holds_only_accrual_changes(
    made: Terms, events: list[Event], after: int, ahead: int
):
    on = last_day(events) + timedelta(days=after)
    loan = fold(made, events, as_of=on)
    rows = outlook(loan)
    now = standings(rows, np.array([0, len(rows)]), day_number(on))[0]
    day = min(on + timedelta(days=ahead), standing(loan, on).holds_until)
    then = standings(rows, np.array([0, len(rows)]), day_number(day))[0]
    length = max(now["accrual_until"] - now["accrual_from"], 1)
    growth = now["accrual_target_minor"] - now["accrual_base_minor"]

    def accrued(number: int) -> int:
        return growth * (number - now["accrual_from"]) // length

    grown = accrued(day_number(day)) - accrued(day_number(on))
    for name in now.dtype.names:
        if name == "interest_accrued_minor":
            assert then[name] == now[name] + grown
        elif name != "holds_until" or day < standing(loan, on).holds_until:
            assert then[name] == now[name], name
    assert accrued_minor(rows, day) - accrued_minor(rows, on) == grown


@given(terms(), stories(), st.integers(0, 60), st.integers(1, 60))
def test_movements__day_by_day_is_at_once(made: Terms, events: list[Event], first: int, then: int):
    day = last_day(events) + timedelta(days=first)
    later = day + timedelta(days=then)
    before = movements(fold(made, events, as_of=day), day)
    after = movements(fold(made, events, as_of=later), later)
    assert all(one.on > day for one in movement_difference(before, after))


@given(terms(follows=False), stories(), st.integers(0, 10))
def test_movements__an_event_leaves_the_past_alone(made: Terms, events: list[Event], place: int):
    kept = events[: max(2, len(events) - place)]
    day = last_day(events)
    before = movements(fold(made, kept, as_of=day), day)
    after = movements(fold(made, events, as_of=day), day)
    new = [event.effective for event in events[len(kept) :]]
    if new:
        assert all(one.on >= min(new) for one in movement_difference(before, after))


@given(terms(), stories(), st.integers(1, 400), st.integers(1, 100_000))
def test_movements__undone_is_never(made: Terms, events: list[Event], after: int, amount: int):
    number = len(events) + 1
    on = START + timedelta(days=after)
    wrong = Payment(number=number, on=on, posted_on=LAST, amount_minor=amount)
    undo = Undo(number=number + 1, on=LAST, posted_on=LAST, undone=number)
    known = movements(fold(made, events, as_of=LAST), LAST)
    assert (
        movement_difference(known, movements(fold(made, [*events, wrong, undo], as_of=LAST), LAST))
        == []
    )


@given(terms(), stories())
def test_movements__a_write_off_gives_up_no_more_than_accrued(made: Terms, events: list[Event]):
    loan = fold(made, events, as_of=LAST)
    moved = movements(loan, LAST)
    for up, down in (
        (K.INTEREST_ACCRUED, K.WRITTEN_OFF_INTEREST),
        (K.FEE_CHARGED, K.WRITTEN_OFF_FEE),
    ):
        income = sum(one.amount_minor for one in moved if one.kind is up)
        back = sum(one.amount_minor for one in moved if one.kind.startswith("charged-back"))
        gone = sum(one.amount_minor for one in moved if one.kind is down)
        assert 0 <= gone <= income + back
