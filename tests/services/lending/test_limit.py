"""What may be paid out is limited: in all, or of a line by what is owed on each day."""

import itertools
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from karez.engines.servicing.events import Disbursement, Payment, Undo
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from karez.services.lending import DrawLimit, Loan, book_loans, find_loan, record, standing_on
from karez.services.lending.errors import LineEndedError, LoanExistsError, LoanLimitError
from karez.services.products import catalogue_text, read_sheet
from services.lending.tools import JAN, booking, command, days, event, lender, new_lender

END = date(2027, 1, 1)
LINE = DrawLimit(100_000, END)
CODES = itertools.count(1)


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return lender(connection, institution)


def line(books: Books, limit: DrawLimit | None = LINE, rate: int = 12) -> Loan:
    """Book a line: principal is due at the end, and interest is by days."""
    sheet = read_sheet(catalogue_text("revolving-line"), "revolving-line.toml")
    terms = sheet.terms(
        amount_minor=LINE.most_minor, rate_pct_year=Decimal(rate), instalments=12, starts_on=JAN
    )
    assert sheet.revolves_until(starts_on=JAN, instalments=12) == END
    [loan] = book_loans(books, [booking(terms=terms, limit=limit)])
    return loan


def do(books: Books, loan: Loan, happening, on: date | None = None):
    """Record an event; a preview before it says the same."""
    asked, on = command(loan, happening), on or happening.on
    [foreseen] = record(books, [asked], on=on, preview=True)
    [done] = record(books, [asked], on=on)
    assert (foreseen.error is None, foreseen.after) == (done.error is None, done.after)
    return done


def draw(books: Books, loan: Loan, on: date, amount: int):
    return do(books, loan, event(Disbursement, on, amount_minor=amount))


def test_a_line_is_drawn_again_after_it_was_repaid(books: Books):
    loan = line(books)
    assert draw(books, loan, JAN, 80_000).error is None
    refused = draw(books, loan, date(2026, 1, 10), 20_001).error
    assert isinstance(refused, LoanLimitError)
    assert refused.details == {
        "loan": 1, "room_minor": 20_000, "amount_minor": 20_001, "limit_minor": 100_000,
    }  # fmt: skip
    assert do(books, loan, event(Payment, date(2026, 2, 1), amount_minor=80_815)).error is None
    assert standing_on(books, loan.loan_id, date(2026, 2, 1)).principal_minor == 0
    assert draw(books, loan, date(2026, 2, 2), 100_000).error is None
    full = draw(books, loan, date(2026, 2, 2), 1).error
    assert isinstance(full, LoanLimitError)
    assert full.details["room_minor"] == 0


def test_a_line_ends(books: Books):
    loan = line(books)
    assert draw(books, loan, END - timedelta(days=1), 1_000).error is None
    assert isinstance(draw(books, loan, END, 1_000).error, LineEndedError)


def test_without_a_line_what_is_paid_out_is_summed(books: Books):
    loan = line(books, DrawLimit(100_000))
    assert draw(books, loan, JAN, 60_000).error is None
    assert do(books, loan, event(Payment, date(2026, 1, 5), amount_minor=50_000)).error is None
    refused = draw(books, loan, date(2026, 1, 6), 40_001).error
    assert isinstance(refused, LoanLimitError)
    assert draw(books, loan, date(2026, 1, 6), 40_000).error is None


def test_a_payout_that_is_undone_makes_room(books: Books):
    loan = line(books, DrawLimit(100_000))
    first = draw(books, loan, JAN, 60_000)
    assert do(books, loan, event(Undo, JAN, undone=first.event)).error is None
    assert draw(books, loan, JAN, 100_000).error is None


def test_an_old_draw_counts_on_the_days_since(books: Books):
    loan = line(books)
    draw(books, loan, JAN, 100_000)
    do(books, loan, event(Payment, date(2026, 3, 1), amount_minor=60_000))
    late = event(Disbursement, date(2026, 2, 1), amount_minor=10_000)
    assert isinstance(do(books, loan, late, date(2026, 3, 5)).error, LoanLimitError)
    assert draw(books, loan, date(2026, 3, 5), 10_000).error is None


def test_an_old_draw_takes_interest_out_of_the_payments_since(books: Books):
    loan = line(books)
    draw(books, loan, JAN, 50_000)
    do(books, loan, event(Payment, date(2026, 2, 1), amount_minor=10_510))  # interest and more
    left = standing_on(books, loan.loan_id, date(2026, 2, 1)).principal_minor
    draw(books, loan, date(2026, 2, 1), 50_000)
    room = 100_000 - left - 50_000
    old = date(2026, 1, 5)
    late = event(Disbursement, old, amount_minor=room)
    refused = do(books, loan, late, date(2026, 2, 3)).error
    assert isinstance(refused, LoanLimitError)
    fits = event(Disbursement, old, amount_minor=refused.details["room_minor"])
    assert do(books, loan, fits, date(2026, 2, 3)).error is None
    assert standing_on(books, loan.loan_id, date(2026, 2, 3)).principal_minor <= 100_000


def test_commands_of_one_call_share_the_room(books: Books):
    loan = line(books)
    draws = [command(loan, event(Disbursement, JAN, amount_minor=40_000)) for _ in range(3)]
    outcomes = record(books, draws, on=JAN)
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]


def test_no_limit_is_kept_where_none_was_given(books: Books):
    loan = line(books, None)
    assert draw(books, loan, JAN, 100_000_000).error is None
    assert find_loan(books, "1").limit is None


def test_a_limit_is_part_of_what_was_booked(books: Books):
    loan = line(books)
    assert find_loan(books, "1") == loan
    again = booking(terms=loan.terms, limit=DrawLimit(1, END), loan_id=loan.loan_id)
    with pytest.raises(LoanExistsError, match="limit"):
        book_loans(books, [again])


class Line(RuleBasedStateMachine):
    """A line without interest, beside a plain list of what went out and what came back."""

    connection: psycopg.Connection

    @initialize()
    def begin(self):
        self.books = new_lender(self.connection, f"line-{next(CODES)}")
        self.loan = line(self.books, rate=0)
        self.today = JAN
        self.moved: dict[int, tuple[date, int]] = {}
        self.over = False
        self.step(0, 50_000)

    def owed(self, first: date, moved: dict[int, tuple[date, int]]) -> list[int]:
        """What is owed at the end of each day."""
        return [
            sum(amount for on, amount in moved.values() if on <= day)
            for day in days(first, self.today)
        ]

    def step(self, back: int, amount: int):
        on = max(JAN, self.today - timedelta(days=back))
        after = self.owed(on, self.moved | {0: (on, amount)})
        if min(after) < 0:
            return
        kind = Disbursement if amount > 0 else Payment
        happening = event(kind, on, amount_minor=abs(amount))
        done = do(self.books, self.loan, happening, self.today)
        assert (done.error is None) == (amount < 0 or max(after) <= LINE.most_minor)
        if done.error is None:
            self.moved[done.event] = (on, amount)
        else:
            assert isinstance(done.error, LoanLimitError)
            room = LINE.most_minor - max(self.owed(on, self.moved))
            assert done.error.details["room_minor"] == max(room, 0)

    @rule(back=st.integers(0, 20), amount=st.integers(1, 60_000))
    def draw(self, back: int, amount: int):
        self.step(back, amount)

    @rule(back=st.integers(0, 20), amount=st.integers(1, 60_000))
    def repay(self, back: int, amount: int):
        self.step(back, -amount)

    @rule(choice=st.integers(0, 100))
    def undo(self, choice: int):
        """Take back a draw or a payment that never came; the latter may leave it above."""
        numbers = sorted(self.moved)
        chosen = numbers[choice % len(numbers)] if numbers else 0
        rest = {number: moved for number, moved in self.moved.items() if number != chosen}
        if not chosen or min(self.owed(JAN, rest)) < 0:
            return
        undo = event(Undo, self.today, undone=chosen)
        assert do(self.books, self.loan, undo, self.today).error is None
        self.over = self.over or self.moved[chosen][1] < 0
        self.moved = rest

    @rule(gone=st.integers(1, 12))
    def pass_days(self, gone: int):
        self.today = min(self.today + timedelta(days=gone), END - timedelta(days=1))

    @invariant()
    def is_never_above_its_limit(self):
        if self.moved and not self.over:
            assert max(self.owed(JAN, self.moved)) <= LINE.most_minor
        standing = standing_on(self.books, self.loan.loan_id, self.today)
        assert standing.principal_minor == self.owed(self.today, self.moved)[-1]


def test_a_line_is_never_drawn_above_its_limit(connection: psycopg.Connection):
    machine = type("TheLine", (Line,), {"connection": connection})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
