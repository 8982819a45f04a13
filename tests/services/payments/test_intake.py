"""Statements taken in through the real books: everything has a place, and only one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import attrs
import pytest

from doors.statements.making import DAY, entry, statement
from karez.kernel.database import Database
from karez.kernel.errors import KarezError
from karez.kernel.money import currency
from karez.services import bookkeeping
from karez.services.bookkeeping import Opening, close_period, open_accounts, open_books
from karez.services.lending import find_loans, payoff_on, standing_on
from karez.services.parties import Kind, Party, record_parties
from karez.services.payments import (
    Clerk,
    Line,
    add_mark,
    assign,
    creditor_reference,
    find_gaps,
    find_payment,
    give_back,
    list_statements,
    payment_reference,
    take_statement,
    unassign,
)
from karez.services.payments import intake as intake_module
from services.payments.tools import ANN, BOB, CLERK, OPENED, Lender

PAID = OPENED


def paid(amount_minor: int, **told):
    """An entry of the day on which the loans were paid out, which is the business date."""
    return entry(amount_minor, booked_on=PAID, valid_on=PAID, **told)


def refused(run) -> str:
    with pytest.raises(KarezError) as caught:
        run()
    assert "{" not in caught.value.message
    return caught.value.code


def test_take__each_payment_has_one_place(bank: Lender):
    first, second = bank.lend(ANN), bank.lend(BOB)
    taken = bank.send(
        [
            paid(100_00, creditor_reference=creditor_reference(first.loan_number), account="ANN"),
            paid(50_00, remittance=f"thanks {payment_reference(second.loan_number)}"),
            paid(7_00, name="Stranger"),
            paid(-2_50, remittance="fee of the bank"),
            paid(-1_200_00, remittance="LN-1 paid out"),
            paid(0, remittance="a word"),
        ]
    )
    assert taken.answers == {
        ("match", "reference"): Line(1, 100_00),
        ("match", "text"): Line(1, 50_00),
        ("hold", "no-sign"): Line(1, 7_00),
        ("hold", "debit"): Line(1, -2_50),
        ("confirm", "disbursement"): Line(1, -1_200_00),
    }
    assert taken.movement_minor == taken.statement.movement_minor
    assert bank.stands("2010") == 4_50
    # Two loans went out; of the statement all but the confirmed one is new to the bank's account.
    assert bank.stands("1020") == -2_400_00 + 100_00 + 50_00 + 7_00 - 2_50
    assert standing_on(bank.books, 1, PAID).principal_minor < 1_200_00
    assert bank.queued() == {3: (7_00, "no-sign"), 4: (-2_50, "debit")}
    bank.check()


def test_take__the_same_again_takes_nothing(bank: Lender):
    loan = bank.lend()
    entries = [
        paid(10_00, creditor_reference=creditor_reference(loan.loan_number), bank_reference="B1"),
        paid(5_00, remittance="rent"),
        paid(5_00, remittance="rent"),
    ]
    first = bank.send(entries)
    again = take_statement(bank.books, first.statement, CLERK, file="copy.xml")
    assert (again.already, again.known, again.answers) == (True, Line(3, 20_00), {})
    # The same bookings in a table of the same days, without the ids of the bank, and one more.
    table = statement(
        [paid(10_00, remittance=""), paid(5_00, remittance="RENT."), *entries[1:], paid(1_00)],
        opening=None,
        closing=None,
        number="x",
    )
    other = take_statement(bank.books, table, CLERK, file="days.csv")
    assert (other.already, other.known.count) == (False, 3)
    assert sum(line.amount_minor for line in other.answers.values()) == 6_00
    bank.check()


def test_take__alike_but_new_is_taken(bank: Lender):
    """Two statements of one day with payments that look alike: balances say that both are new."""
    for _ in range(2):
        assert bank.send([paid(5_00, remittance="rent")]).known == Line()
    assert bank.stands("2010") == 10_00
    bank.check()


def test_take__a_batch_and_its_parts_are_one_booking(bank: Lender):
    whole = paid(9_00, bank_reference="B", payments=2)
    parts = [attrs.evolve(paid(4_00, bank_reference="B"), group=7), paid(5_00, bank_reference="B")]
    parts = [attrs.evolve(each, group=7, part=part) for part, each in enumerate(parts)]
    notice = statement(parts, opening=None, closing=None)
    assert take_statement(bank.books, notice, CLERK, file="notice.xml").known == Line()
    assert bank.send([whole]).known == Line(1, 9_00)
    assert bank.stands("2010") == 9_00
    bank.check()


def test_take__preview_keeps_nothing(bank: Lender):
    loan = bank.lend()
    made = statement(
        [paid(10_00, creditor_reference=creditor_reference(loan.loan_number)), paid(1)]
    )
    seen = take_statement(bank.books, made, CLERK, file="a", preview=True)
    assert (bank.stands("2010"), list_statements(bank.books)) == (0, [])
    done = take_statement(bank.books, made, CLERK, file="a")
    assert seen.answers == done.answers


def test_take__many_pieces_and_a_break(bank: Lender, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(intake_module, "PAYMENTS_A_TRANSACTION", 2)
    made = statement([paid(minor, bank_reference=f"B{minor}") for minor in range(1, 8)])

    def stop(done: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_statement(bank.books, made, CLERK, file="a", progress=stop)
    assert bank.stands("2010") == 1 + 2 + 3 + 4
    assert [each.left for each in list_statements(bank.books)] == [3]
    rest = take_statement(bank.books, made, CLERK, file="a")
    assert (rest.already, rest.known.count, rest.movement_minor) == (False, 4, made.movement_minor)
    assert bank.stands("2010") == made.movement_minor
    [kept] = list_statements(bank.books)
    assert (kept.entries, kept.taken) == (7, 7)
    bank.check()


def test_take__learns_from_what_was_placed(bank: Lender):
    ann, bob = bank.lend(ANN), bank.lend(BOB)
    bank.send([paid(10_00, account="ANN", creditor_reference=creditor_reference(ann.loan_number))])
    assert bank.send([paid(11_00, account="ANN")]).answers == {("match", "account"): Line(1, 11_00)}
    bank.send([paid(12_00, account="NEW", mandate="M")])
    [number] = bank.queued()
    assign(bank.books, number, {str(bob.loan_number): None}, CLERK)
    assert bank.send([paid(13_00, mandate="M")]).answers == {("match", "mandate"): Line(1, 13_00)}
    add_mark(bank.books, str(ann.loan_number), "end-to-end", "E-7", actor="ann")
    add_mark(bank.books, str(ann.loan_number), "end-to-end", "E-7", actor="ann")
    marked = bank.send([paid(14_00, end_to_end="E-7")])
    assert marked.answers == {("match", "end-to-end"): Line(1, 14_00)}
    bank.check()


def test_take__several_loans_of_a_payer(bank: Lender):
    """The amount that is due tells two loans of one borrower apart; else somebody must look."""
    first = bank.lend(ANN, 1_200_00)
    second = bank.lend(ANN, 600_00)
    add_mark(bank.books, str(first.loan_number), "account", "AN N", actor="ann")
    [view] = find_loans(bank.books, PAID, reference=None, borrower_id=ANN)[1:]
    due_minor = view.due_minor
    taken = bank.send([paid(due_minor, account="ANN"), paid(due_minor + 1, account="ANN")])
    assert taken.answers == {
        ("match", "account-and-amount"): Line(1, due_minor),
        ("hold", "ambiguous"): Line(1, due_minor + 1),
    }
    view = find_payment(bank.books, 2)
    assert view.candidates == [first.loan_number, second.loan_number]


def test_take__what_lending_refuses_waits(bank: Lender):
    loan = bank.lend(on=OPENED)
    early = OPENED - timedelta(days=30)
    told = {"creditor_reference": creditor_reference(loan.loan_number)}
    taken = bank.send([entry(5_00, booked_on=early, valid_on=early, **told), paid(6_00, **told)])
    assert taken.answers == {
        ("match", "reference"): Line(1, 6_00),
        ("hold", "refused"): Line(1, 5_00),
    }
    view = find_payment(bank.books, 1)
    [act] = view.acts
    assert act.evidence["refused"]["code"] in {"value-date", "nothing-paid-out"}
    assert view.candidates == [loan.loan_number]
    bank.check()


def test_take__closed_and_unknown_loans_wait(bank: Lender):
    loan = bank.lend()
    told = {"creditor_reference": creditor_reference(loan.loan_number)}
    bank.send([paid(payoff_on(bank.books, loan.loan_number, PAID), **told)])
    taken = bank.send([paid(3_00, **told), paid(4_00, creditor_reference=creditor_reference(99))])
    assert taken.answers == {
        ("hold", "loan-closed"): Line(1, 3_00),
        ("hold", "loan-unknown"): Line(1, 4_00),
    }


def test_reversal__takes_back_a_payment(bank: Lender):
    loan = bank.lend()
    before = standing_on(bank.books, loan.loan_number, PAID)
    told = {"end_to_end": "E1", "mandate": "M"}
    add_mark(bank.books, str(loan.loan_number), "mandate", "M", actor="ann")
    taken = bank.send([paid(10_00, **told), paid(-10_00, is_reversal=True, code="AC04", **told)])
    assert taken.answers == {
        ("match", "mandate"): Line(1, 10_00),
        ("take-back", "reversal"): Line(1, -10_00),
    }
    after = standing_on(bank.books, loan.loan_number, PAID)
    assert before.principal_minor == after.principal_minor
    assert bank.stands("1020") == -1_200_00
    # A second reversal finds nothing to take back, and one in part is nobody's guess.
    again = bank.send([paid(-10_00, is_reversal=True, **told), paid(4_00, **told)])
    assert again.answers[("hold", "reversal")] == Line(1, -10_00)
    assert refused(lambda: unassign(bank.books, 1, CLERK)) == "nothing-to-undo"
    bank.check()


def test_reversal__takes_back_what_is_split_and_what_waits(bank: Lender):
    ann, bob = bank.lend(ANN), bank.lend(BOB)
    bank.send([paid(30_00, end_to_end="E"), paid(8_00, account="X")])
    assign(bank.books, 1, {str(ann.loan_number): 10_00, str(bob.loan_number): 15_00}, CLERK)
    assert bank.stands("2010") == 5_00 + 8_00
    taken = bank.send(
        [
            paid(-30_00, is_reversal=True, end_to_end="E"),
            paid(-8_00, is_reversal=True, account="X"),
        ]
    )
    assert taken.answers == {("take-back", "reversal"): Line(2, -38_00)}
    assert (bank.stands("2010"), bank.queued()) == (0, {})
    assert bank.stands("1020") == -2_400_00
    bank.check()


def test_return__is_confirmed_by_the_bank(bank: Lender):
    bank.send([paid(8_00, account="X")])
    assert give_back(bank.books, 1, CLERK) == 8_00
    assert (bank.stands("2010"), bank.stands("1020")) == (0, 0)
    taken = bank.send([paid(-8_00, account="X")])
    assert taken.answers == {("confirm", "return"): Line(1, -8_00)}
    assert (bank.stands("2010"), bank.stands("1020")) == (0, 0)
    assert refused(lambda: unassign(bank.books, 1, CLERK)) == "nothing-to-undo"
    bank.check()


def test_refused_as_a_whole(bank: Lender):
    open_accounts(bank.books, [Opening("1021", "asset", "EUR"), Opening("1022", "asset", "USD")])
    made = statement([paid(1)])

    def take(made=made, clerk=CLERK, **rest):
        return take_statement(bank.books, made, clerk, file="a", **rest)

    assert refused(lambda: take(channel="1022")) == "channel-currency"
    assert refused(lambda: take(channel="9999")) == "account-unknown"
    ahead = statement([entry(1, booked_on=DAY, valid_on=DAY)])
    assert refused(lambda: take(ahead)) == "statement-ahead"
    dollars = attrs.evolve(made, currency=currency("USD"))
    assert refused(lambda: take(dollars)) == "channel-currency"
    assert list_statements(bank.books) == []
    take()
    assert (
        refused(lambda: take(statement([paid(2)], 1, number="2"), channel="1021"))
        == "channel-other"
    )
    bank.check()


def test_gaps__are_named(bank: Lender):
    bank.send([paid(1)])
    bank.send([paid(2)])
    bank.closing_minor += 50
    bank.send([paid(3)])
    bank.sent += 2
    bank.send([paid(4)])
    gaps = find_gaps(list_statements(bank.books))
    assert [(gap.after, gap.before) for gap in gaps] == [(2, 3), (3, 4)]
    assert "closes at 0.03 EUR, and statement 3 opens at 0.53 EUR" in gaps[0].reason
    assert gaps[1].reason == "statement 4 to 5 between 3 and 6 is missing"


def test_closed_period__what_comes_late_is_posted_on_the_first_open_day(bank: Lender):
    close_period(bank.books, PAID, actor="ann")
    bank.send([paid(5_00)])
    after = PAID + timedelta(days=1)
    assert bookkeeping.balance(bank.books, "2010", PAID).balance_minor == 0
    assert bookkeeping.balance(bank.books, "2010", after).balance_minor == 5_00
    bank.check()


def test_empty_statement__is_kept_for_the_gaps(bank: Lender):
    assert not bank.send([]).already
    assert bank.send([]).answers == {}
    assert len(list_statements(bank.books)) == 2
    bank.check()


def test_business_date__is_the_clerks_until_lending_has_one(bank: Lender):
    day = date(2027, 3, 1)
    made = statement([entry(1, booked_on=day, valid_on=day)])
    take_statement(bank.books, made, Clerk("ann", day), file="a")
    assert bank.stands("2010") == 1


def test_take__a_name_with_what_is_due_proposes(bank: Lender):
    [known] = record_parties(
        bank.books, [Party(Kind.PERSON, "Hassan", ("id:1",), given="Amina")], actor="ann"
    )
    assert known.known is not None
    loan = bank.lend(known.known.party_id)
    [view] = find_loans(bank.books, PAID)
    bank.send(
        [
            paid(view.due_minor, name="HASAN, Amina"),
            paid(view.due_minor + 1, name="HASAN, Amina"),
            paid(view.due_minor, name="Omar Hassan"),
            paid(7_00, name="Amina Hassan", remittance=f"loan {loan.loan_number}"),
        ]
    )
    assert {number: reason for number, (_, reason) in bank.queued().items()} == {
        1: "proposed",
        2: "no-sign",
        3: "no-sign",
    }
    assert find_payment(bank.books, 1).candidates == [loan.loan_number]
    assert [act.rule for act in find_payment(bank.books, 4).acts] == ["number-confirmed"]


def test_take__two_at_once_take_it_once(bank: Lender, database: Database):
    loan = bank.lend()
    told = {"creditor_reference": creditor_reference(loan.loan_number)}
    made = statement([paid(minor, bank_reference=f"B{minor}", **told) for minor in range(1, 9)])

    def take(_: int) -> int:
        with open_books(database, "main") as books:
            return take_statement(books, made, CLERK, file="a").known.count

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, range(2))) == [0, 8]
    assert len(list_statements(bank.books)) == 1
    bank.check()
