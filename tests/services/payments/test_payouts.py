"""Payouts: each in one file, confirmed by its id, back to waiting where the bank refuses it."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import psycopg
import pytest

from karez.engines.servicing.events import Charge, ChargeTime, CreditBalanceRefund, Payment, Undo
from karez.services.lending import Command, record
from karez.services.payments import (
    BankAnswer,
    Clerk,
    PayoutFile,
    PayoutKind,
    Sender,
    find_payout_file,
    give_back,
    list_payout_files,
    list_payouts,
    send_payouts,
    set_payee,
    take_answers,
    unassign,
    verify,
    void_file,
)
from services.payments.test_intake import paid, refused
from services.payments.tools import ANN, BOB, CLERK, OPENED, Lender

OURS = "NL26VAYB8060476890"
WHY = attrs.evolve(CLERK, reason="the bank was closed")


def do(bank: Lender, loan, event) -> int:
    command = Command(loan=loan.loan_id, event=event, actor="ann", channel="1020")
    [outcome] = record(bank.books, [command], on=OPENED)
    assert outcome.error is None, outcome.error
    return outcome.event


def send(bank: Lender, **changes) -> PayoutFile:
    return send_payouts(bank.books, CLERK, Sender(account=OURS), **changes)


def waiting(bank: Lender) -> list[tuple]:
    found = list_payouts(bank.books, CLERK)
    return [(each.kind, each.loan_number, each.amount_minor, each.can_be_sent) for each in found]


def show(bank: Lender, file: PayoutFile, lines: Sequence[int]) -> None:
    """Let the bank pay these lines of a file, as its statement tells."""
    picked = [each for each in file.payouts if each.line in lines]
    bank.send([paid(-each.amount_minor, end_to_end=each.end_to_end) for each in picked])


@pytest.fixture
def desk(bank: Lender) -> Lender:
    """Two loans paid out, one borrower with too much on it, and 30.00 that go back."""
    first = bank.lend(ANN)
    bank.lend(BOB, 500_00)
    bank.send([paid(30_00, name="Eve", account="NL56AGDH0003", remittance="for the school")])
    give_back(bank.books, 1, CLERK)
    number = do(bank, first, Payment(number=0, on=OPENED, posted_on=OPENED, amount_minor=2_000_00))
    assert number == 2
    do(bank, first, CreditBalanceRefund(number=0, on=OPENED, posted_on=OPENED, amount_minor=60_00))
    return bank


def test_waiting__with_what_it_lacks(desk: Lender):
    assert waiting(desk) == [
        (PayoutKind.DISBURSEMENT, 1, 1_200_00, False),
        (PayoutKind.REFUND, 1, 60_00, False),
        (PayoutKind.DISBURSEMENT, 2, 500_00, False),
        (PayoutKind.RETURN, None, 30_00, True),
    ]
    assert refused(lambda: set_payee(desk.books, "1", " ", actor="ann")) == "payout-account"
    assert refused(lambda: set_payee(desk.books, "1", "A1", actor="ann")) == "payout-account"
    set_payee(desk.books, "1", "NL 56 AGDH 0001", actor="ann", name="Supplier")
    able = [each[3] for each in waiting(desk)]
    assert able == [True, False, False, True]  # what was paid too much is not the supplier's
    later = list_payouts(desk.books, CLERK, since=OPENED + timedelta(days=1))
    assert not later


def test_file__holds_each_payout_once(desk: Lender):
    set_payee(desk.books, "1", "A1", actor="ann", name="Ann")
    set_payee(desk.books, "1", "A1", actor="ann", name="Ann", kind="refund")
    preview = send(desk, preview=True)
    assert (preview.file_number, preview.sum_minor) == (0, 1_290_00)
    assert not list_payout_files(desk.books)
    file = send(desk)
    assert (file.sum_minor, len(file.payouts), file.state) == (1_290_00, 3, "sent")
    assert [each.end_to_end for each in file.payouts] == ["OUT-1-1", "OUT-1-2", "OUT-1-3"]
    assert refused(lambda: send(desk)) == "nothing-to-send"
    assert find_payout_file(desk.books, 1) == file
    set_payee(desk.books, "2", "B1", actor="ann", name="Bob")
    assert [each.loan_number for each in send(desk).payouts] == [2]
    assert refused(lambda: unassign(desk.books, 1, CLERK)) == "nothing-to-undo"
    desk.check()


def test_statement__confirms_by_the_id(desk: Lender):
    set_payee(desk.books, "1", "A1", actor="ann", name="Ann")
    file = send(desk)
    assert [each.kind for each in file.payouts] == [PayoutKind.DISBURSEMENT, PayoutKind.RETURN]
    desk.send([paid(-1_200_01, end_to_end="OUT-1-1"), paid(-1_200_00, end_to_end="OUT-9-1")])
    assert len(desk.queued()) == 2  # another amount, or another id, is no confirmation
    show(desk, file, [1])
    assert find_payout_file(desk.books, 1).state == "sent"
    show(desk, file, [2])
    assert find_payout_file(desk.books, 1).state == "confirmed"
    assert len(desk.queued()) == 2
    assert refused(lambda: void_file(desk.books, 1, WHY)) == "payout-confirmed"
    answer = BankAnswer("OUT-1", "OUT-1-1", True, "AC04", "closed")
    assert refused(lambda: take_answers(desk.books, [answer], CLERK)) == "payout-confirmed"
    desk.check()


def test_void__all_wait_again(desk: Lender):
    set_payee(desk.books, "1", "A1", actor="ann", name="Ann")
    before = waiting(desk)
    send(desk)
    assert refused(lambda: void_file(desk.books, 1, CLERK)) == "payout-reason"
    assert refused(lambda: void_file(desk.books, 2, WHY)) == "payout-file-unknown"
    for _ in range(2):
        assert void_file(desk.books, 1, WHY).state == "void"
    assert waiting(desk) == before
    again = send(desk)
    assert [(each.end_to_end, each.attempt) for each in again.payouts] == [
        ("OUT-2-1", 2),
        ("OUT-2-2", 2),
    ]
    show(desk, find_payout_file(desk.books, 1), [1])  # the bank pays a file that is void: look
    assert [why for _, why in desk.queued().values()] == ["debit"]
    show(desk, again, [1, 2])
    assert find_payout_file(desk.books, 2).state == "confirmed"
    desk.check()


def test_answer__puts_single_payouts_back(desk: Lender):
    set_payee(desk.books, "1", "A1", actor="ann", name="Ann")
    send(desk)
    part = BankAnswer("OUT-1", "OUT-1-1", True, "AC04", "closed")
    taken = BankAnswer("OUT-1", "OUT-1-2", False, "", "")
    for times in (1, 0):
        assert len(take_answers(desk.books, [taken, part], CLERK)) == times
    [again] = [each for each in list_payouts(desk.books, CLERK) if each.can_be_sent]
    assert (again.last_refusal, again.attempt) == ("AC04: closed", 2)
    for unknown in (attrs.evolve(part, message_id="OUT-7"), attrs.evolve(part, end_to_end="X")):
        code = refused(lambda each=unknown: take_answers(desk.books, [each], CLERK))
        assert code == "payout-file-unknown"
    set_payee(desk.books, "1", "A2", actor="ann", name="Ann")
    assert [each.account for each in send(desk).payouts] == ["A2"]
    whole = BankAnswer("OUT-2", "", True, "DU01", "sent twice")
    assert len(take_answers(desk.books, [whole], Clerk("bob", OPENED))) == 1
    assert find_payout_file(desk.books, 2).state == "void"
    desk.check()


def test_verify__a_payout_of_what_was_undone(desk: Lender, connection: psycopg.Connection):
    loan = desk.lend(BOB, 90_00)
    set_payee(desk.books, "3", "B1", actor="ann", name="Bob")
    send(desk)
    desk.check()
    do(desk, loan, Undo(number=0, on=OPENED, posted_on=OPENED, undone=1))
    [finding] = verify(desk.books).findings
    assert (finding.check, finding.table) == ("payout", "payments.payout")


def test_waiting__without_what_was_kept_for_fees(bank: Lender):
    fee = Charge(
        number=0, on=OPENED, posted_on=OPENED, penalty=False, amount_minor=15_00,
        time=ChargeTime.AT_DISBURSEMENT,
    )  # fmt: skip
    bank.lend(ANN, 600_00, charges=(fee,))
    before = bank.stands("1020")
    assert waiting(bank) == [(PayoutKind.DISBURSEMENT, 1, 585_00, False)]
    assert before == -585_00
    set_payee(bank.books, "1", "A1", actor="ann", name="Ann")
    file = send(bank)
    show(bank, file, [1])
    assert find_payout_file(bank.books, 1).state == "confirmed"
    assert bank.stands("1020") == before
    bank.check()
