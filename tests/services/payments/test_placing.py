"""The queue, what people do with it, cash, marks and promises; each act has a mirror."""

from datetime import date, timedelta

import attrs
import pytest

from karez.kernel.errors import KarezError
from karez.services.bookkeeping import Opening, open_accounts
from karez.services.lending import list_events, standing_on
from karez.services.payments import (
    Clerk,
    PromiseState,
    add_promise,
    assign,
    creditor_reference,
    find_payment,
    give_back,
    list_promises,
    list_queue,
    place,
    take_cash,
    unassign,
)
from services.payments.test_intake import paid, refused
from services.payments.tools import ANN, BOB, CLERK, FAR, OPENED, Lender


def everything(bank: Lender) -> tuple:
    """Return how accounts and loans stand: the same before an act and after its mirror."""
    accounts = {code: bank.stands(code) for code in ("1010", "1020", "2010", "5040")}
    loans = [attrs.asdict(standing_on(bank.books, number, OPENED)) for number in (1, 2)]
    return accounts, loans, bank.queued()


@pytest.fixture
def desk(bank: Lender) -> Lender:
    """Two loans, and 30.00 that nobody could place."""
    bank.lend(ANN)
    bank.lend(BOB)
    bank.send([paid(30_00, account="X", remittance="?")])
    return bank


def test_assign_split_and_back(desk: Lender):
    before = everything(desk)
    [outcome] = assign(desk.books, 1, {"1": 10_00}, CLERK)
    assert (outcome.loan_number, desk.queued()) == (1, {1: (20_00, "no-sign")})
    assert len(assign(desk.books, 1, {"2": 5_00, "1": None}, CLERK)) == 2
    assert (desk.queued(), desk.stands("2010")) == ({}, 0)
    [payment] = [one for one in list_events(desk.books, 2) if one.kind == "payment"]
    assert (payment.event.on, payment.channel) == (OPENED, "2010")
    desk.check()
    [last] = unassign(
        desk.books, 1, CLERK, act_number=find_payment(desk.books, 1).acts[-1].act_number
    )
    assert last.suspense_minor == 15_00
    unassign(desk.books, 1, Clerk("ann", OPENED, "it was another one"))
    after = everything(desk)
    assert after[:2] == before[:2]
    assert after[2] == {1: (30_00, "it was another one")}
    desk.check()
    assert refused(lambda: unassign(desk.books, 1, CLERK)) == "nothing-to-undo"


def test_unassign__a_match_of_the_intake(bank: Lender):
    bank.lend(ANN)
    bank.lend(BOB)
    before = bank.stands("1100.1")
    bank.send([paid(9_00, creditor_reference=creditor_reference(1))])
    unassign(bank.books, 1, CLERK)
    assert (bank.stands("1100.1"), bank.stands("2010")) == (before, 9_00)
    assert bank.stands("1020") == -2_400_00 + 9_00
    assign(bank.books, 1, {"2": None}, CLERK)
    assert bank.queued() == {}
    bank.check()


def test_place_and_return_and_back(desk: Lender):
    desk.send([paid(-4_00, remittance="fee")])
    before = everything(desk)
    assert place(desk.books, 2, "5040", CLERK) == -4_00
    assert (desk.stands("5040"), desk.stands("2010")) == (4_00, 30_00)
    assert give_back(desk.books, 1, CLERK, amount_minor=20_00) == 20_00
    assert (desk.stands("1020"), desk.stands("2010")) == (before[0]["1020"] - 20_00, 10_00)
    assert place(desk.books, 1, "5040", CLERK, amount_minor=1_00) == 1_00
    desk.check()
    unassign(desk.books, 1, CLERK)
    unassign(desk.books, 2, CLERK)
    assert everything(desk)[:2] == before[:2]
    desk.check()


def test_refusals_move_nothing(desk: Lender):
    open_accounts(desk.books, [Opening("1022", "asset", "USD")])
    desk.send([paid(-4_00)])
    before = everything(desk)
    refusals = {
        "payment-unknown": lambda: assign(desk.books, 9, {"1": None}, CLERK),
        "loan-not-booked": lambda: assign(desk.books, 1, {"9": None}, CLERK),
        "assign-debit": lambda: assign(desk.books, 2, {"1": None}, CLERK),
        "account-unknown": lambda: place(desk.books, 1, "9999", CLERK),
        "channel-currency": lambda: place(desk.books, 1, "1022", CLERK),
        "nothing-to-undo": lambda: unassign(desk.books, 1, CLERK),
    }
    assert {code: refused(run) for code, run in refusals.items()} == {c: c for c in refusals}
    for amount_minor in (0, -1, 30_01):
        assert (
            refused(lambda m=amount_minor: assign(desk.books, 1, {"1": m}, CLERK))
            == "not-on-suspense"
        )
    assert (
        refused(lambda: assign(desk.books, 1, {"1": 20_00, "2": 10_01}, CLERK)) == "not-on-suspense"
    )
    assert refused(lambda: give_back(desk.books, 2, CLERK)) == "assign-debit"
    assert everything(desk) == before
    desk.check()


def test_queue__ages_and_candidates(desk: Lender):
    [view] = list_queue(desk.books)
    assert view.age_days(OPENED + timedelta(days=40)) == 40
    assert (view.entry.remittance, view.candidates, view.currency) == ("?", [], "EUR")


def test_cash__once_for_a_receipt(desk: Lender):
    def cash(receipt: str = "K-1", amount_minor: int = 5_00, loan: str = "1", **rest):
        return take_cash(
            desk.books,
            loan,
            amount_minor,
            CLERK,
            on=OPENED,
            outlet="market",
            receipt=receipt,
            **rest,
        )

    assert cash(preview=True).outcome.error is None
    assert desk.stands("1010") == 0
    assert not cash().outcome.already
    assert cash().outcome.already
    assert desk.stands("1010") == 5_00
    for changed in ({"amount_minor": 6_00}, {"loan": "2"}, {"channel": "1020"}):
        assert refused(lambda changed=changed: cash(**changed)) == "receipt-conflict"
    assert [cash("").receipt for _ in range(2)] == ["R-000001", "R-000002"]
    assert refused(lambda: cash("K-2", loan="9")) == "loan-not-booked"
    assert refused(lambda: cash("K-2", channel="9999")) == "account-unknown"
    assert desk.stands("1010") == 15_00
    desk.check()


def test_promises(desk: Lender):
    with pytest.raises(KarezError, match="is before"):
        add_promise(desk.books, "1", 5_00, OPENED, made_on=date(2026, 2, 1), actor="ann")
    with pytest.raises(KarezError, match="of nothing"):
        add_promise(desk.books, "1", 0, OPENED, made_on=OPENED, actor="ann")
    later = OPENED + timedelta(days=7)
    for amount_minor in (5_00, 5_01):
        add_promise(desk.books, "1", amount_minor, later, made_on=OPENED, actor="ann")
    add_promise(desk.books, "2", 1, later, made_on=OPENED, actor="ann", note="after the harvest")
    take_cash(desk.books, "1", 3_00, CLERK, on=OPENED)
    assign(desk.books, 1, {"1": 2_00}, CLERK)
    assert [each.state(later) for each in list_promises(desk.books, "1")] == [
        PromiseState.KEPT,
        PromiseState.OPEN,
    ]
    assert [each.state(FAR) for each in list_promises(desk.books)] == [
        PromiseState.KEPT,
        PromiseState.BROKEN,
        PromiseState.BROKEN,
    ]
    unassign(desk.books, 1, CLERK)
    assert {each.state(FAR) for each in list_promises(desk.books)} == {PromiseState.BROKEN}
