"""What must hold of a loan whatever happens to it, through the services and a real database.

The long form: ``scripts/hard_tests.py --laws 200``.
"""

import itertools
import os
from datetime import date, timedelta
from decimal import Decimal

import attrs
import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from karez.engines.servicing.events import (
    Charge,
    Disbursement,
    InterestPause,
    Payment,
    RateChange,
    Undo,
)
from karez.engines.servicing.fold import in_force
from karez.engines.servicing.late import LatePolicy, LateStep
from karez.engines.servicing.terms import PaymentKind, Recalculation, Terms, Unit
from karez.services.lending import (
    Booking,
    account_on,
    book_loans,
    list_events,
    payoff_on,
    record,
    standing_on,
    verify,
)
from services.lending.tools import (
    JAN,
    booking,
    command,
    days,
    end_days,
    event,
    general_balances,
    new_lender,
    own_balances,
)

LAWS = int(os.environ.get("LAWS", "15"))
CODES = itertools.count(1)
SHAPES = (
    Terms(rate_pct_year=Decimal(24), instalments=6),
    Terms(rate_pct_year=Decimal(24), instalments=6, recalculation=Recalculation()),
    Terms(rate_pct_year=Decimal("9.5"), instalments=8, every=2, unit=Unit.WEEKS),
)
LATE = LatePolicy(
    grace_days=2,
    steps=(
        LateStep(days_late=1, flat_minor=500, repeat_every_days=15, most_times=3),
        LateStep(days_late=10, pct=Decimal(2)),
    ),
)
CENTS = st.integers(1, 60_000)


class Life(RuleBasedStateMachine):
    """One loan: events with old and new dates, some undone; then the same life in order."""

    connection: psycopg.Connection

    @initialize(
        shape=st.integers(0, len(SHAPES) - 1),
        amount=st.integers(10_000, 100_000),
        late=st.sampled_from([LatePolicy(), LATE]),
    )
    def begin(self, shape: int, amount: int, late: LatePolicy):
        self.books = new_lender(self.connection, f"life-{next(CODES)}")
        self.terms = SHAPES[shape]
        self.today = JAN
        self.late = late
        [self.loan] = book_loans(self.books, [self.booking()])
        self.do(event(Disbursement, JAN, amount_minor=amount))

    def booking(self) -> Booking:
        return booking(terms=self.terms, late=self.late)

    def do(self, happening):
        """Record an event; a preview before it says the same."""
        asked = command(self.loan, happening)
        [foreseen] = record(self.books, [asked], on=self.today, preview=True)
        [done] = record(self.books, [asked], on=self.today)
        assert done == foreseen
        [again] = record(self.books, [asked], on=self.today)
        assert (again.already, again.event) == (done.error is None, done.event)
        return done

    def day(self, back: int) -> date:
        return max(JAN, self.today - timedelta(days=back))

    @rule(back=st.integers(0, 50), amount=CENTS)
    def pay(self, back: int, amount: int):
        self.do(event(Payment, self.day(back), amount_minor=amount))

    @rule(back=st.integers(0, 20), amount=st.integers(1, 3_000))
    def forgive(self, back: int, amount: int):
        kind = PaymentKind.GOODWILL_CREDIT
        self.do(event(Payment, self.day(back), amount_minor=amount, kind=kind))

    @rule(
        back=st.integers(0, 20),
        amount=st.integers(1, 3_000),
        penalty=st.sampled_from([True, False]),
    )
    def charge(self, back: int, amount: int, penalty):
        self.do(event(Charge, self.day(back), amount_minor=amount, penalty=penalty))

    @rule(back=st.integers(0, 30), rate=st.sampled_from(["6", "12.75", "30"]))
    def change_rate(self, back: int, rate: str):
        self.do(event(RateChange, self.day(back), rate_pct_year=Decimal(rate)))

    @rule(back=st.integers(0, 30), length=st.integers(0, 20))
    def pause(self, back: int, length: int):
        first = self.day(back)
        self.do(event(InterestPause, first, until=first + timedelta(days=length)))

    @rule(data=st.data())
    def undo(self, data: st.DataObject):
        events = in_force(one.event for one in list_events(self.books, self.loan.loan_id))
        numbers = sorted(one.number for one in events if not isinstance(one, Disbursement))
        if numbers:
            self.do(event(Undo, self.today, undone=data.draw(st.sampled_from(numbers))))

    @rule(length=st.integers(1, 40))
    def live(self, length: int):
        through = self.today + timedelta(days=length - 1)
        end_days(self.books, [self.loan], through)
        self.today = through + timedelta(days=1)

    def teardown(self):
        if not hasattr(self, "loan"):
            return
        assert verify(self.books).findings == []
        closed = self.today - timedelta(days=1)
        account = account_on(self.books, self.loan.loan_id, self.today)
        # An instalment that was met in advance keeps what it owed when the others are planned anew.
        if not any(isinstance(one, RateChange | InterestPause) for one in account.events.values()):
            assert sum(row.owed[0] for row in account.rows) == account.lent
        for on in days(JAN, closed):
            stood = standing_on(self.books, self.loan.loan_id, on)
            own = own_balances(self.books, self.loan, on)
            assert own.get("1100", 0) == stood.principal_minor
            assert own.get("1110", 0) == stood.interest_accrued_minor
            assert own.get("1120", 0) == stood.fees_minor + stood.penalties_minor
            assert own.get("2100", 0) == -stood.credit_minor
        self.compare_with_order()
        self.pay_off()

    def compare_with_order(self):
        """Late is in order, undone is never: the same life, each event on its day."""
        twin = new_lender(self.connection, f"life-{next(CODES)}")
        [loan] = book_loans(twin, [self.booking()])
        events = in_force(one.event for one in list_events(self.books, self.loan.loan_id))
        for happening in sorted(events, key=lambda one: (one.on, one.posted_on, one.number)):
            if happening.on > JAN:
                end_days(twin, [loan], happening.on - timedelta(days=1))
            [done] = record(
                twin, [command(loan, attrs.evolve(happening, number=0))], on=happening.on
            )
            assert done.error is None
        end_days(twin, [loan], self.today - timedelta(days=1))
        assert verify(twin).findings == []
        for on in [*days(JAN, self.today)]:
            late = standing_on(self.books, self.loan.loan_id, on)
            assert late == attrs.evolve(
                standing_on(twin, loan.loan_id, on), holds_until=late.holds_until
            )
        for on in days(JAN, self.today)[::7]:
            assert general_balances(self.books, on) == general_balances(twin, on)

    def pay_off(self):
        owed = payoff_on(self.books, self.loan.loan_id, self.today)
        if owed:
            self.do(event(Payment, self.today, amount_minor=owed))
        end_days(self.books, [self.loan], self.today)
        stands = standing_on(self.books, self.loan.loan_id, self.today)
        assert (stands.principal_minor, stands.interest_accrued_minor) == (0, 0)
        assert (stands.fees_minor, stands.penalties_minor) == (0, 0)


def test_laws__whatever_happens(connection: psycopg.Connection):
    machine = type("LifeHere", (Life,), {"connection": connection})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LAWS,
            stateful_step_count=12,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
