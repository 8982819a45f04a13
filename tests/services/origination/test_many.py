"""Many applications in one call are as each by itself; money that goes to a supplier, in parts."""

from datetime import timedelta

import attrs

from karez.books.facts.parts import Party as Named
from karez.kernel.ids import new_id
from karez.services.lending import list_events
from karez.services.origination import (
    Acceptance,
    Choice,
    Desk,
    Payout,
    Proposal,
    Score,
    accept,
    assess,
    book,
    decide,
    offer,
    submit,
)
from karez.services.parties import Kind, Party, record_parties
from karez.services.products import publish
from services.origination.making import (
    DAY,
    SCORE,
    SHOP,
    add,
    consent,
    invoice,
    sheet,
    step,
    submission,
    submitted,
    trade,
)


def borrowers(desk: Desk, count: int) -> list[str]:
    """Firms of different size and age; the first has no invoices, the last no consent."""
    keys = [f"tin:9{row}" for row in range(count)]
    record_parties(desk.books, [Party(Kind.FIRM, f"Firm {key}", (key,)) for key in keys])
    for row, key in enumerate(keys):
        add(
            desk,
            *(
                invoice(f"{row}-{month}", 50_000 * row + month, subject=key,
                        valid_on=DAY - timedelta(days=25 * month + row),
                        seller=Named(party_id=key), buyer=Named(party_id=f"tin:{month % row}"))
                for month in range(4 * row)
            ),
        )  # fmt: skip
        if row < count - 1:
            consent(desk.books, desk.name, key)
    return keys


def said(desk: Desk, keys: list[str], score: Score, *, together: bool) -> list[object]:
    """What is said of applications of these borrowers, assessed together or one by one."""
    asked = [
        attrs.evolve(submission(borrower=key), application_id=new_id(), command_id=new_id())
        for key in keys
    ]
    applications = [each.one() for each in submit(desk, asked)]
    commands = [step(each) for each in applications]
    batches = [commands] if together else [[command] for command in commands]
    found = [outcome for batch in batches for outcome in assess(desk, batch, score)]
    return [
        outcome.error.code
        if outcome.error
        else (
            attrs.evolve(outcome.one().gathered, readings=(), log_size=0),
            outcome.one().trusted,
            outcome.one().scored,
            outcome.one().priced,
        )
        for outcome in found
    ]


def test_assess__together_as_one_by_one(desk: Desk):
    keys = borrowers(desk, 6)
    alone = said(desk, keys, SCORE, together=False)
    assert said(desk, keys, SCORE, together=True) == alone
    assert alone[-1] == "consent-required"
    assert len({str(each) for each in alone}) == 6


def test_book__parts_to_a_supplier(desk: Desk):
    more = (
        'drawing = { how = "in-parts", to = "supplier", parts = ['
        "{ after_months = 0, share_pct = 40 }, { after_months = 2, share_pct = 60 }] }"
    )
    publish(desk.books, sheet(more), name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    trade(desk)
    [nobody] = submit(desk, [submission()])
    assert "supplier" in str(nobody.error)
    application = submitted(desk, supplier=SHOP, supplier_invoice="INV-7")
    assess(desk, [step(application)], SCORE)
    decide(desk, [step(application, Choice)])
    [offered] = offer(desk, [step(application, Proposal)])
    assert offered.one().offered.ways_paid == 2
    accept(desk, [step(application, Acceptance)])
    [booked] = book(desk, [step(application, Payout)])
    loan = booked.one().booked
    assert (loan.paid_minor, loan.paid_to) == (160_000, SHOP)
    [paid] = [
        each for each in list_events(desk.books, loan.loan_number) if each.kind == "disbursement"
    ]
    assert paid.event.amount_minor == 160_000
    assert paid.reason == f"invoice INV-7 of {SHOP}"


def test_book__one_that_lending_refuses_leaves_the_others(desk: Desk):
    keys = borrowers(desk, 4)[1:3]
    applications = [submitted(desk, borrower=key) for key in keys]
    assess(desk, [step(each) for each in applications], SCORE)
    choices = [step(each, Choice, actor="ada", reason="ok", override=True) for each in applications]
    decide(desk, choices)
    offer(desk, [step(each, Proposal) for each in applications])
    accept(desk, [step(each, Acceptance) for each in applications])
    good, bad = applications
    first, second = book(desk, [step(bad, Payout, channel="no-such-account"), step(good, Payout)])
    assert first.error is not None
    assert second.one().booked.paid_minor == 400_000
