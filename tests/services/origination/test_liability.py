"""Members of a group answer for one another: who owes what, and who gets no new money."""

from datetime import date, timedelta

import pytest

from karez.engines.servicing.events import Payment
from karez.services import lending
from karez.services.origination import (
    Acceptance,
    Application,
    Choice,
    Desk,
    Payout,
    Proposal,
    accept,
    assess,
    book,
    decide,
    list_joint_debts,
    offer,
    submit,
)
from karez.services.parties import Kind, Party, TieKind, record_parties, tie
from karez.services.products import publish
from services.origination.making import (
    ANN,
    DAY,
    GROUP,
    MILL,
    SCORE,
    SHOP,
    consent,
    sheet,
    step,
    submission,
    submitted,
    trade,
)

BEN, DAN = "nin:2", "nin:3"
JOINT = (
    "group = { least_members = 2, most_members = 5 }",
    "arrears = { grace_days = 5 }",
    "limits = { borrower = 20_000 }",
)
DUE = date(2026, 7, 30)
LATE = DUE + timedelta(days=6)


@pytest.fixture
def group(desk: Desk) -> Desk:
    """Four members, of whom the mill has a loan and pays nothing."""
    publish(desk.books, sheet(*JOINT), name="sheet.toml", actor="test")
    people = [Party(Kind.PERSON, "Lee", (key,), given=key) for key in (BEN, DAN)]
    record_parties(desk.books, people)
    for party in (MILL, SHOP, ANN, BEN):
        tie(desk.books, party, TieKind.MEMBER_OF, GROUP, on=DAY)
    consent(desk.books, desk.name)
    trade(desk)
    [booked] = book(desk, [step(accepted(desk), Payout)])
    assert booked.error is None
    return desk


def accepted(desk: Desk) -> Application:
    application = submitted(desk, group=GROUP)
    assess(desk, [step(application)], SCORE)
    decide(desk, [step(application, Choice, actor="boss")])
    offer(desk, [step(application, Proposal)])
    [done] = accept(desk, [step(application, Acceptance)])
    return done.one()


def pay(desk: Desk, amount_minor: int, on: date) -> None:
    loan = lending.find_loan(desk.books, "1")
    event = Payment(number=0, on=on, posted_on=on, amount_minor=amount_minor)
    command = lending.Command(loan=loan.loan_id, event=event, actor="till")
    [outcome] = lending.record(desk.books, [command], on=on)
    assert outcome.error is None


def test_what_is_late_is_owed_by_the_others_in_equal_parts(group: Desk):
    assert list_joint_debts(group.books, GROUP, LATE - timedelta(days=1)) == []
    [debt] = list_joint_debts(group.books, GROUP, LATE)
    assert debt == list_joint_debts(group.books, SHOP, LATE)[0]
    assert (debt.loan_number, debt.days_late) == (1, 6)
    overdue = lending.standing_on(group.books, "1", LATE).overdue_minor
    assert sum(debt.shares.values()) == debt.overdue_minor == overdue
    assert len(debt.shares) == 3
    assert debt.borrower not in debt.shares
    assert max(debt.shares.values()) - min(debt.shares.values()) <= 1


def test_who_leaves_still_answers_and_who_joins_does_not(group: Desk):
    before = list_joint_debts(group.books, GROUP, LATE)[0].shares
    tie(group.books, BEN, TieKind.MEMBER_OF, GROUP, on=DUE, holds=False)
    tie(group.books, DAN, TieKind.MEMBER_OF, GROUP, on=DUE)
    assert list_joint_debts(group.books, GROUP, LATE)[0].shares == before
    for party in (MILL, SHOP, BEN, DAN):  # and none of them gets new money
        [refused] = submit(group, [submission(borrower=party, group=GROUP, on=LATE)])
        word = getattr(refused.error, "code", "")
        assert word == ("application-malformed" if party == BEN else "group-overdue"), party


def test_a_group_that_is_late_gets_no_new_money_until_it_paid(group: Desk):
    early = submitted(group, borrower=SHOP, group=GROUP)
    waiting = accepted(group)
    [refused] = submit(group, [submission(borrower=ANN, group=GROUP, on=LATE)])
    assert refused.error is not None
    assert refused.error.message == (
        "Loan 1 of group:1 is 6 days late, and its members answer for it; pay it first."
    )
    [again] = submit(group, [submission(application_id=early.application_id,
                                        command_id=early.submitted.command_id,
                                        borrower=SHOP, group=GROUP)])  # fmt: skip
    assert again.already
    [kept] = book(group, [step(waiting, Payout, on=LATE)])
    assert kept.error is not None
    assert kept.error.code == "group-overdue"
    pay(group, list_joint_debts(group.books, GROUP, LATE)[0].overdue_minor, LATE)
    assert list_joint_debts(group.books, GROUP, LATE) == []
    assert submit(group, [submission(borrower=ANN, group=GROUP, on=LATE)])[0].error is None
    assert book(group, [step(waiting, Payout, on=LATE)])[0].error is None


def test_without_joint_liability_nobody_answers_for_others(group: Desk):
    alone = "group = { least_members = 2, most_members = 5, joint_liability = false }"
    publish(group.books, sheet(alone), name="sheet.toml", actor="test")
    pay(group, 1_000_000, DUE)
    [booked] = book(group, [step(accepted(group), Payout)])
    assert booked.error is None
    assert list_joint_debts(group.books, GROUP, LATE) == []


def test_the_share_counts_as_exposure(group: Desk):
    consent(group.books, group.name, SHOP)
    asked = submitted(group, borrower=SHOP, group=GROUP)
    party = asked.asked.borrower
    share = list_joint_debts(group.books, GROUP, LATE)[0].shares[party]
    [priced] = assess(group, [step(asked, on=LATE)], SCORE)
    assert priced.one().priced.limits["borrower"] == 2_000_000 - share
