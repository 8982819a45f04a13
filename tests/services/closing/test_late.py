"""Late charges at the end of days, and events that were entered before the days were ended."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from karez.engines.servicing.events import Payment
from karez.engines.servicing.late import LatePolicy, LateStep
from karez.engines.servicing.terms import Recalculation, Rest, Terms
from karez.kernel.database import list_institutions, open_institution
from karez.services.bookkeeping import Books, balance
from karez.services.closing import close_days, closed_through
from karez.services.lending import open_chart
from services.closing.desk import JAN, TOLD, booking, check, event, happen, lend, pay, told

FEB = date(2026, 2, 1)
POLICY = LatePolicy(
    grace_days=3,
    steps=(
        LateStep(days_late=5, flat_minor=10_00),
        LateStep(days_late=20, flat_minor=5_00, repeat_every_days=15, most_times=3),
    ),
)


def penalties(books: Books, on: date) -> int:
    return balance(books, "4030", on).balance_minor


def test_late__charged_on_its_day_and_gone_when_it_was_paid_in_time(books: Books):
    [loan, _] = lend(books, [booking(1, late=POLICY), booking(2)])
    ended = close_days([books], date(2026, 2, 28))
    late = {day.day: day.late_count for day in ended if day.late_count}
    assert late == {date(2026, 2, 6): 1, date(2026, 2, 21): 1}
    # They are owed with the instalment that runs then, and become income when it falls due.
    close_days([books], date(2026, 3, 1))
    assert [penalties(books, date(2026, 2, 28)), penalties(books, date(2026, 3, 1))] == [0, 15_00]
    check(books)
    pay(books, loan, FEB, 106_62, entered=date(2026, 3, 2))
    assert penalties(books, date(2026, 3, 2)) == 0
    close_days([books], date(2026, 4, 1))
    assert penalties(books, date(2026, 4, 1)) == 15_00, "the instalment of March is late now"
    check(books)


def test_late__paid_on_the_day_on_which_the_charge_falls_due(books: Books):
    terms = Terms(
        rate_pct_year=Decimal(12), instalments=12, recalculation=Recalculation(rest=Rest.DAILY)
    )
    [loan] = lend(books, [booking(1, late=POLICY, terms=terms)])
    for on, amount in ((date(2026, 2, 12), 106_62), (date(2026, 3, 1), 116_62)):
        close_days([books], on - timedelta(days=1))
        pay(books, loan, on, amount)
        close_days([books], on)
        check(books)
    assert penalties(books, date(2026, 3, 1)) == 10_00


def test_entered_ahead__days_come_out_as_if_ended_in_time(books: Books, twin: Books):
    """A payment is entered on its day; the days before it are ended before, or only after."""
    for lender, in_time in ((books, True), (twin, False)):
        loans = lend(lender, [booking(number, late=POLICY) for number in range(1, 4)])
        close_days([lender], JAN)
        for loan, on in zip(
            loans, (date(2026, 2, 1), date(2026, 2, 9), date(2026, 3, 2)), strict=True
        ):
            if in_time:
                close_days([lender], on - timedelta(days=1))
            pay(lender, loan, on, 106_62)
        close_days([lender], date(2026, 3, 31))
        check(lender)
    # What is set aside follows from what is known when the day is ended, so it may differ.
    assert told_but_provisions(books) == told_but_provisions(twin)


def told_but_provisions(books: Books) -> list[str]:
    lines = told(books, TOLD[:2]).splitlines()
    return [line for line in lines if not line.startswith(("('119", "('5020"))]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose
        st.integers(0, 30),  # after so many days more
        st.integers(0, 25),  # dated back by so many
        st.integers(1, 300_00),
    ),
    max_size=4,
)


@settings(
    max_examples=3,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([(1, 13, 1, 48), (2, 13, 23, 538), (1, 28, 18, 2686), (1, 19, 16, 29821)])
@given(STEPS)
def test_any_payments__days_agree_with_the_fold(database, steps):
    """Whatever is paid, late or dated back: standings, accounts and provisions agree each time."""
    with database.connect() as connection:
        code = f"h{len(list_institutions(connection))}"
        books = Books(connection, open_institution(connection, code, code), may_write=True)
        open_chart(books, "EUR")
        loans = lend(books, [booking(number, late=POLICY) for number in range(1, 4)])
        for place, (whose, ahead, back, amount) in enumerate(steps):
            day = closed_through(books) + timedelta(days=1 + ahead)
            close_days([books], day - timedelta(days=1))
            on = max(day - timedelta(days=back), JAN)
            paid = event(Payment, on, amount_minor=amount)
            # Ids apart from those of the payouts, which count from 0 on the same day.
            happen(books, [(loans[whose], paid)], day, command=100 + place)
            close_days([books], day)
        check(books)
