"""One loan from application to booked, through the real database."""

from datetime import date, timedelta

from karez.books.rights.claim import Thing
from karez.books.rights.serials import Scheme
from karez.doors.files.regimes import read_regimes
from karez.services.bookkeeping import balance
from karez.services.consent import find_consent
from karez.services.evidence import Filter, search_facts, show_fact
from karez.services.lending import account_on, find_loan
from karez.services.origination import (
    Acceptance,
    Choice,
    Desk,
    Payout,
    Pledge,
    Proposal,
    Stage,
    Vote,
    accept,
    assess,
    book,
    decide,
    find_application,
    list_applications,
    list_events,
    offer,
    pledge,
    verify,
    vote,
)
from karez.services.products import publish
from services.origination.making import DAY, MILL, SCORE, consent, sheet, step, submitted, trade

REGIME = read_regimes()["MLST-A"]


def test_walk__a_small_loan_is_decided_by_policy(desk: Desk):
    consent_id = consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk)
    [assessed] = assess(desk, [step(application)], SCORE)
    found = assessed.one()
    assert found.stage is Stage.PRICED
    assert found.gathered is not None
    assert found.gathered.facts == 39
    assert found.gathered.customers == 2
    assert found.gathered.low_month_minor == 300_000
    assert found.trusted is not None
    assert found.trusted.verdict == "silent"
    assert found.scored is not None
    assert found.scored.fallback == ""
    assert 0 < found.scored.pd_low < found.scored.pd < found.scored.pd_high < 1
    assert found.priced is not None
    assert found.priced.route == "approve"
    assert found.priced.binding == "asked"
    assert find_consent(desk.books, consent_id).uses[0].row_count == 39

    [decided] = decide(desk, [step(found, Choice, actor="boss")])
    assert decided.one().stage is Stage.APPROVED
    index = decided.one().decided.fact_index
    fact = show_fact(desk.evidence, index).fields
    assert fact is not None
    assert (fact["schema"], fact["subject"], fact["outcome"]) == ("decision/1", MILL, "approved")
    assert len(fact["inputs_sha256"]) == 5

    [offered] = offer(desk, [step(found, Proposal)])
    terms = offered.one().offered
    assert terms is not None
    assert terms.total_minor == 400_000 + terms.interest_minor + 500
    assert terms.apr_pct > terms.rate_pct_year
    assert terms.valid_until == DAY + timedelta(days=30)
    [agreed] = accept(desk, [step(found, Acceptance, evidence="signed on paper")])
    assert agreed.one().stage is Stage.ACCEPTED

    [booked] = book(desk, [step(found, Payout, actor="till")])
    loan = booked.one().booked
    assert loan is not None
    assert loan.paid_minor == 400_000
    assert find_loan(desk.books, loan.loan_number).borrower_id == application.asked.borrower
    account = account_on(desk.books, loan.loan_number, DAY)
    assert sum(row.owed[1] for row in account.rows) == terms.interest_minor
    assert balance(desk.books, f"1100.{loan.loan_number}", DAY).balance_minor == 400_000
    [stored] = list_applications(desk, stage=Stage.BOOKED, borrower=MILL)
    assert stored == booked.one()
    kinds = [event.kind for event in list_events(desk, application.application_id)]
    assert kinds == [
        "submitted", "gathered", "trusted", "scored", "priced", "decided", "offered", "accepted",
        "booked",
    ]  # fmt: skip
    assert not verify(desk).findings_total


def test_walk__a_large_loan_with_a_committee_and_a_pledge(desk: Desk):
    more = (
        "[collateral]\nleast_cover_pct = 50\n"
        '[[collateral.accepted]]\nkind = "vehicle"\nadvance_pct = 80\nlgd_pct = 30'
    )
    publish(desk.books, sheet(more), name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk, amount_minor=1_000_000)
    [assessed] = assess(desk, [step(application)], SCORE)
    assert assessed.one().priced.route == "refer"
    assert assessed.one().priced.committee == "branch"
    for voter in ("ada", "bob"):
        [voted] = vote(
            desk, [step(application, Vote, actor=voter, approve=True, reason="old customer")]
        )
        assert voted.error is None
    [decided] = decide(desk, [step(application, Choice, actor="ada")])
    assert decided.one().decided.by == "branch"
    assert decided.one().decided.reasons == ("ada: old customer", "bob: old customer")
    [refused] = book(desk, [step(application, Payout)])
    assert refused.error.code == "application-step"
    offer(desk, [step(application, Proposal)])
    accept(desk, [step(application, Acceptance)])
    [missing] = book(desk, [step(application, Payout)])
    assert missing.error.code == "collateral-missing"
    truck = Thing(Scheme.MOTOR_VEHICLE, "KM8J3CA46JU622994")
    given = {"kind": "vehicle", "things": (truck,), "value_minor": 800_000}
    [pledged] = pledge(desk, [step(application, Pledge, **given)], REGIME)
    assert pledged.one().pledges[0].cover_minor == 640_000
    [booked] = book(desk, [step(application, Payout)])
    assert booked.one().stage is Stage.BOOKED
    assert find_loan(desk.books, booked.one().booked.loan_number).lgd == 0.3
    # Another loan on the same truck stands behind the first.
    other = submitted(desk, amount_minor=200_000)
    [second] = pledge(desk, [step(other, Pledge, **given)], REGIME)
    assert (second.one().pledges[0].prior_minor, second.one().pledges[0].cover_minor) == (
        1_000_000, 0,
    )  # fmt: skip


def test_walk__every_command_again_does_nothing(desk: Desk):
    consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk)
    command = step(application)
    [once] = assess(desk, [command], SCORE)
    [again] = assess(desk, [command], SCORE)
    assert again.already
    assert again.one() == once.one()
    for take, asked in (
        (decide, step(application, Choice, actor="boss")),
        (offer, step(application, Proposal)),
        (accept, step(application, Acceptance)),
        (book, step(application, Payout)),
    ):
        before = find_application(desk, application.application_id)
        [seen] = take(desk, [asked], preview=True)
        assert find_application(desk, application.application_id) == before
        [done] = take(desk, [asked])
        assert seen.one().stage is done.one().stage
        [twice] = take(desk, [asked])
        assert twice.already
        assert twice.one() == done.one()
    facts = search_facts(desk.evidence, Filter(schema="decision/1"))
    assert len(facts) == 1
    assert balance(desk.books, "1100.1", date(2026, 6, 30)).balance_minor == 400_000
