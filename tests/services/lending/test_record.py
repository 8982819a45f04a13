"""Many commands in one call: each answered by itself, the good ones posted together."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import attrs
import psycopg
import pytest

from karez.engines.servicing import LatePolicy, LateStep
from karez.engines.servicing.events import (
    Charge,
    ChargeTime,
    CreditBalanceRefund,
    Disbursement,
    Payment,
    RateChange,
    Undo,
    WriteOff,
)
from karez.engines.servicing.terms import DownPayment, Terms
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books, change_account, close_period, statement
from karez.services.lending import (
    Command,
    Loan,
    account_on,
    book_loans,
    find_loans,
    find_named,
    list_events,
    record,
    standing_on,
    verify,
    view_loans,
)
from services.lending.tools import (
    JAN,
    booking,
    command,
    end_days,
    event,
    general_balances,
    lender,
    own_balances,
)

FEB = date(2026, 2, 1)


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return lender(connection, institution)


@pytest.fixture
def loans(books: Books) -> list[Loan]:
    """Three loans of 600.00 each, paid out on the first of January."""
    loans = book_loans(books, [booking(reference=f"A-{n}") for n in range(3)])
    paid_out = [command(loan, event(Disbursement, JAN, amount_minor=600_00)) for loan in loans]
    assert [done.error for done in record(books, paid_out, on=JAN)] == [None] * 3
    return loans


def codes(outcomes) -> list[str | None]:
    return [done.error and done.error.code for done in outcomes]


def pay(loan: Loan, amount: int = 50_00, on: date = FEB, **rest) -> Command:
    return command(loan, event(Payment, on, amount_minor=amount), **rest)


def test_record__a_bad_command_eats_no_other(books: Books, loans: list[Loan]):
    one, two, _ = loans
    stranger = Command(loan=UUID(int=9), event=event(Payment, FEB, amount_minor=1), actor="ann")
    asked = [
        pay(one),
        stranger,
        pay(two, channel="no such account"),
        pay(two, channel="1010"),
        command(one, event(Undo, FEB, undone=7)),
        pay(one, on=FEB + timedelta(days=1)),
        pay(one, on=JAN - timedelta(days=1)),
        command(one, event(CreditBalanceRefund, FEB, amount_minor=1)),
        command(two, event(Payment, FEB, amount_minor=1), proceeds_minor=5),
        pay(one, 25_00),
    ]
    done = record(books, asked, on=FEB)
    assert codes(done) == [
        None, "loan-not-booked", "account-unknown", None, "event-not-in-force", "value-date",
        "value-date", "credit-exceeded", "sale-malformed", None,
    ]  # fmt: skip
    assert [outcome.event for outcome in done if outcome.error is None] == [2, 2, 3]
    assert general_balances(books, FEB)["1010"] == 50_00
    assert verify(books).findings == []
    again = record(books, asked, on=FEB)
    assert codes(again) == codes(done)
    assert [outcome.already for outcome in again if outcome.error is None] == [True] * 3
    moved = [attrs.evolve(asked[0], event=event(Payment, FEB, amount_minor=51_00))]
    assert codes(record(books, moved, on=FEB)) == ["command-conflict"]


def test_record__what_the_money_book_refuses(books: Books, loans: list[Loan]):
    change_account(books, "1010", {"ceiling_minor": 60_00})
    done = record(books, [pay(loan, channel="1010") for loan in loans], on=FEB)
    assert sorted(codes(done), key=str) == [None, "limit-exceeded", "limit-exceeded"]
    assert general_balances(books, FEB)["1010"] == 50_00
    assert verify(books).findings == []


def test_record__the_same_command_twice_in_one_call(books: Books, loans: list[Loan]):
    asked = pay(loans[0])
    first, second = record(books, [asked, asked], on=FEB)
    assert (first.event, first.already, second.event, second.already) == (2, False, 2, True)


def test_record__nothing_without_a_payout(books: Books):
    [loan] = book_loans(books, [booking()])
    assert codes(record(books, [pay(loan, on=JAN)], on=JAN)) == ["nothing-paid-out"]
    assert standing_on(books, 1, JAN).status == "pending"
    assert verify(books).findings == []


def test_record__a_closed_period_takes_the_first_open_day(books: Books, loans: list[Loan]):
    late = FEB + timedelta(days=20)
    end_days(books, loans, late - timedelta(days=1))
    close_period(books, FEB, actor="ann")
    [done] = record(books, [pay(loans[0], on=JAN + timedelta(days=9))], on=late)
    assert done.error is None
    lines = statement(books, "1110.1", FEB, FEB + timedelta(days=1)).lines
    shifted = {line.reference["day"] for line in lines if "day" in line.reference}
    assert shifted == {str(JAN + timedelta(days=9))}
    assert all(line.reference["event"] == "2" for line in lines if "day" in line.reference)
    assert verify(books).findings == []


def test_record__a_payment_entered_late_takes_its_penalty_away(books: Books):
    late = LatePolicy(steps=(LateStep(days_late=5, flat_minor=3_00),))
    one, two = loans = book_loans(books, [booking(late=late), booking(late=late)])
    record(
        books,
        [command(loan, event(Disbursement, JAN, amount_minor=600_00)) for loan in loans],
        on=JAN,
    )
    today = date(2026, 3, 3)  # the penalty is due with the second instalment
    end_days(books, loans, today - timedelta(days=1))
    assert standing_on(books, 1, today).penalties_minor == 3_00
    assert general_balances(books, today)["4030"] == -6_00
    instalment = account_on(books, 1, FEB).rows[0].outstanding
    record(books, [pay(one, instalment, FEB)], on=today)
    record(books, [pay(two, instalment, today)], on=today)
    assert standing_on(books, 1, today).penalties_minor == 0
    assert own_balances(books, one, today)["1120"] == 0
    assert general_balances(books, today)["4030"] == -3_00
    assert verify(books).findings == []


def test_record__an_automatic_down_payment(books: Books):
    down = DownPayment(Decimal(25), automatic=True)
    terms = Terms(rate_pct_year=Decimal(12), instalments=6, down_payment=down)
    [loan] = book_loans(books, [booking(terms=terms)])
    record(books, [command(loan, event(Disbursement, JAN, amount_minor=400_00))], on=JAN)
    assert [one.kind for one in list_events(books, 1)] == ["disbursement", "payment"]
    assert standing_on(books, 1, JAN).principal_minor == 300_00
    assert general_balances(books, JAN)["1020"] == -300_00
    assert verify(books).findings == []


def test_record__fees_are_deferred_and_earned(books: Books):
    fee = event(Charge, JAN, penalty=False, amount_minor=60_00, time=ChargeTime.AT_DISBURSEMENT)
    [loan] = book_loans(books, [booking(charges=(fee,))])
    record(books, [command(loan, event(Disbursement, JAN, amount_minor=600_00))], on=JAN)
    assert general_balances(books, JAN)["1180"] == -60_00
    end_days(books, [loan], date(2026, 6, 30))
    halfway = general_balances(books, date(2026, 6, 30))
    assert -60_00 < halfway["4020"] < -30_00
    assert halfway["4020"] + halfway["1180"] == -60_00
    end_days(books, [loan], date(2027, 1, 1))
    assert general_balances(books, date(2027, 1, 1))["4020"] == -60_00
    assert verify(books).findings == []


def test_record__a_loss_is_of_what_was_accrued(books: Books, loans: list[Loan]):
    end_days(books, loans, FEB)
    today = FEB + timedelta(days=1)
    asked = [
        command(loans[0], event(WriteOff, today)),
        command(loans[1], event(WriteOff, today), proceeds_minor=300_00, channel="1010"),
        command(loans[2], event(RateChange, today, rate_pct_year=Decimal(0))),
    ]
    assert codes(record(books, asked, on=today)) == [None] * 3
    stood = general_balances(books, today)
    assert stood["5050"] == stood["5020"] - 300_00 > 300_00
    interest = standing_on(books, 3, FEB).interest_accrued_minor
    assert 0 < interest <= stood["5020"] - 600_00 < 2 * interest
    end_days(books, loans, today)  # what accrues on the day itself comes with its end
    for loan in loans[:2]:
        assert set(own_balances(books, loan, today).values()) == {0}
    assert verify(books).findings == []


def test_read__by_any_name(books: Books, loans: list[Loan]):
    with books.transaction() as connection:
        names = ["1", str(loans[1].loan_id), "A-2", "A-9", "77", str(UUID(int=5))]
        found = find_named(connection, names)
        views = view_loans(connection, [1], FEB + timedelta(days=1))
    assert {name: loan.loan_number for name, loan in found.items()} == {
        "1": 1, str(loans[1].loan_id): 2, "A-2": 3,
    }  # fmt: skip
    view = views[1]
    assert view.overdue_minor == account_on(books, 1, FEB).rows[0].outstanding
    assert view.due_minor == view.overdue_minor + view.next_minor > view.overdue_minor
    assert len(find_loans(books, FEB, status=view.standing.status)) == 3
    assert [v.loan.loan_number for v in find_loans(books, FEB, reference="A-1")] == [2]


def test_verify__names_what_was_tampered_with(
    books: Books, loans: list[Loan], login: psycopg.Connection
):
    record(books, [pay(loan) for loan in loans], on=FEB)
    name = books.connection.info.dbname
    with psycopg.connect(login.info.dsn, dbname=name, autocommit=True) as owner:
        owner.execute("UPDATE lending.standing SET principal_minor = 1 WHERE loan_number = 1")
        owner.execute("UPDATE lending.outlook SET stretches = 'x' WHERE loan_number = 2")
        owner.execute("UPDATE money.transfer SET amount_minor = 49 WHERE amount_minor = 60000"
                      " AND debit_account = (SELECT principal_account FROM lending.loan"
                      " WHERE loan_number = 3)")  # fmt: skip
    found = {(one.check, one.row.split()[0]) for one in verify(books).findings}
    assert found == {("standing", "1"), ("outlook", "2"), ("account", "3")}


def test_book__again_is_the_same(books: Books):
    asked = booking(reference="X")
    [first] = book_loans(books, [asked])
    [second, third] = book_loans(books, [asked, booking()])
    assert (first, third.loan_number) == (second, 2)
    with pytest.raises(Exception, match="another pd"):
        book_loans(books, [attrs.evolve(asked, pd=0.5)])
