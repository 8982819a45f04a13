"""Bad input, each with its named error; and one bad application eats no other."""

from datetime import UTC, datetime, timedelta

import attrs

from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.services.consent import revoke
from karez.services.evidence import Filter, search_facts
from karez.services.origination import (
    Acceptance,
    Choice,
    Command,
    Desk,
    Outcome,
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
    gather,
    offer,
    pledge,
    submit,
    verify,
    vote,
    withdraw,
)
from karez.services.parties import TieKind, tie
from karez.services.products import publish
from services.origination.making import (
    ANN,
    DAY,
    GROUP,
    MILL,
    SCORE,
    SHOP,
    add,
    consent,
    invoice,
    papers,
    sheet,
    step,
    submission,
    submitted,
    trade,
)
from services.origination.test_walk import REGIME


def code(outcome: Outcome) -> str:
    return outcome.error.code if isinstance(outcome.error, KarezError) else ""


SUBMISSIONS: list[tuple[dict[str, object], str]] = [
    ({"borrower": "tin:404"}, "party-not-found"),
    ({"product": "none"}, "product-unknown"),
    ({"version": 9}, "product-unknown"),
    ({"amount_minor": 9_999}, "product-term"),
    ({"amount_minor": 2**70}, "product-term"),
    ({"amount_minor": 400_001}, "product-term"),
    ({"instalments": 0}, "product-term"),
    ({"instalments": 25}, "product-term"),
    ({"borrower": GROUP}, "application-malformed"),
    ({"guarantors": (MILL,)}, "application-malformed"),
    ({"co_borrowers": (GROUP,)}, "application-malformed"),
    ({"group": ANN}, "application-malformed"),
    ({"purpose": "x" * 501}, "application-malformed"),
    ({"against": ("7", "7")}, "application-malformed"),
]


def test_submit__names_what_is_wrong_and_takes_the_rest(desk: Desk):
    asked = [submission(**changes) for changes, _ in SUBMISSIONS]
    asked = [attrs.evolve(each, application_id=new_id(), command_id=new_id()) for each in asked]
    outcomes = submit(desk, [*asked, submission()])
    assert [code(each) for each in outcomes] == [refused for _, refused in SUBMISSIONS] + [""]


def test_submit__the_same_id_is_the_same_request(desk: Desk):
    first = submission(said={"rating": "B"})
    [once] = submit(desk, [first])
    [again] = submit(desk, [first])
    assert again.already
    assert again.one() == once.one()
    [other] = submit(desk, [attrs.evolve(first, amount_minor=300_000)])
    assert code(other) == "command-taken"
    [taken] = submit(desk, [attrs.evolve(first, command_id=new_id())])
    assert code(taken) == "command-taken"
    [seen] = submit(desk, [submission()], preview=True)
    assert code(gather(desk, [step(seen.one())])[0]) == "application-not-found"


def test_submit__a_group_loan_needs_its_members(desk: Desk):
    publish(
        desk.books,
        sheet("group = { least_members = 2, most_members = 5 }"),
        name="sheet.toml", actor="test",
    )  # fmt: skip
    [alone] = submit(desk, [submission()])
    assert "group" in str(alone.error)
    [stranger] = submit(desk, [submission(borrower=ANN, group=GROUP)])
    assert "no member" in str(stranger.error)
    for party in (ANN, MILL):
        tie(desk.books, party, TieKind.MEMBER_OF, GROUP, on=DAY)
    [early] = submit(desk, [submission(borrower=ANN, group=GROUP, on=DAY - timedelta(days=1))])
    assert "no member" in str(early.error)
    [member] = submit(desk, [submission(borrower=ANN, group=GROUP, guarantors=(SHOP,))])
    assert member.one().asked.members == 2


def test_gather__reads_nothing_without_consent(desk: Desk):
    trade(desk)
    application = submitted(desk)
    [none] = gather(desk, [step(application)])
    assert code(none) == "consent-required"
    assert "granted none" in str(none.error)
    assert consent(desk.books, desk.name, purposes=("monitoring",))
    [purpose] = gather(desk, [step(application)])
    assert "granted none" in str(purpose.error)
    consent(desk.books, desk.name, starts_at=datetime(2089, 1, 1, tzinfo=UTC))
    [early] = gather(desk, [step(application)])
    assert code(early) == "consent-required"
    given = consent(desk.books, desk.name)
    [seen] = gather(desk, [step(application)], preview=True)
    assert seen.one().gathered.readings[0].consent_id == given
    tried = len(search_facts(desk.evidence, Filter(schema="consent_use/1")))
    assert tried == 1  # the one that is to begin was asked, and the refusal is on record
    revoke(desk.books, given)
    [revoked] = gather(desk, [step(application)])
    assert code(revoked) == "consent-required"
    assert "withdrawn" in str(revoked.error)
    assert find_application(desk, application.application_id).stage is Stage.SUBMITTED


def test_assess__what_is_odd_about_the_facts_is_named(desk: Desk):
    given = consent(desk.books, desk.name)
    assert given
    application = submitted(desk)
    [nothing] = assess(desk, [step(application)], SCORE)
    assert nothing.one().gathered.remark == "no-facts"
    assert nothing.one().scored.points is None
    assert "the rate of segment food stands in" in nothing.one().scored.fallback
    assert nothing.one().scored.pd_high > 3 * nothing.one().scored.pd
    assert nothing.one().priced.route == "refer"
    add(desk, *(invoice(str(number), status="void") for number in range(3)))
    [void] = assess(desk, [step(application)], SCORE)
    assert void.one().gathered.remark == "all-void"
    assert void.one().scored.reasons[0] == "all its invoices are void"
    assert void.one().gathered.low_month_minor is None
    add(desk, *(invoice(f"G{number}") for number in range(3)))
    [one] = assess(desk, [step(application)], SCORE)
    assert one.one().gathered.remark == "one-customer"
    assert one.one().gathered.top_customer_share == 1.0
    [stated] = assess(desk, [step(application)], None)
    assert stated.one().scored.pd == 0.05
    assert (stated.one().scored.pd_low, stated.one().scored.pd_high) == (0.0, 1.0)


def test_trust__invoices_unknown_void_believed_and_lent_on_twice(desk: Desk):
    consent(desk.books, desk.name)
    papers(desk, "7")
    papers(desk, "8", 50_000, status="void")
    asked = {"amount_minor": 50_000}
    [unknown] = assess(desk, [step(submitted(desk, against=("404",), **asked))], SCORE)
    assert code(unknown) == "invoice-unknown"
    [void] = assess(desk, [step(submitted(desk, against=("8",), **asked))], SCORE)
    assert code(void) == "invoice-void"
    first = submitted(desk, against=("7",), amount_minor=200_000)
    [good] = assess(desk, [step(first)], SCORE)
    trusted = good.one().trusted
    assert trusted.invoiced_minor == 100_000
    assert {each.check: each.verdict for each in trusted.reasons}["three-way"] == "pass"
    assert {each.check: each.verdict for each in trusted.reasons}["fingerprint"] == "pass"
    assert all(len(digest) == 64 for each in trusted.reasons for digest in each.inputs)
    assert good.one().priced.limits["evidence"] == trusted.believed_minor
    assert good.one().priced.binding == "evidence"
    [second] = assess(desk, [step(submitted(desk, against=("7",), **asked))], SCORE)
    assert second.one().trusted.verdict == "reject"
    assert second.one().trusted.believed_minor == 0
    assert second.one().priced.route == "refuse"
    withdraw(desk, [step(first)])
    [third] = assess(desk, [step(submitted(desk, against=("7",), **asked))], SCORE)
    assert third.one().trusted.verdict != "reject"


def test_pledge__receivables_are_assigned_once(desk: Desk):
    more = (
        "[collateral]\nleast_cover_pct = 100\n"
        '[[collateral.accepted]]\nkind = "receivable"\nadvance_pct = 80'
    )
    publish(desk.books, sheet(more), name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    papers(desk, "7")
    one, two = (submitted(desk, against=("7",), amount_minor=50_000) for _ in range(2))
    [early] = pledge(desk, [step(one, Pledge, kind="receivable")], REGIME)
    assert code(early) == "collateral-refused"
    [wrong] = pledge(desk, [step(one, Pledge, kind="horse", value_minor=9)], REGIME)
    assert "takes receivable" in str(wrong.error)
    assess(desk, [step(one), step(two)], SCORE)
    [seen] = pledge(desk, [step(one, Pledge, kind="receivable")], REGIME, preview=True)
    [done] = pledge(desk, [step(one, Pledge, kind="receivable")], REGIME)
    believed = done.one().trusted.believed_minor
    assert done.one().pledges[0].cover_minor == seen.one().pledges[0].cover_minor
    assert done.one().pledges[0].cover_minor == believed * 80 // 100
    [taken] = pledge(desk, [step(two, Pledge, kind="receivable", value_minor=1)], REGIME)
    assert code(taken) in {"thing-taken", "collateral-refused"}


def test_vote__four_eyes(desk: Desk):
    consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk, amount_minor=1_000_000, officer="otto")
    early = step(application, Vote, actor="ada", approve=True, reason="good")
    assert code(vote(desk, [early])[0]) == "application-step"
    assess(desk, [step(application)], SCORE)

    def cast(actor: str, *, approve: bool = True, reason: str = "good") -> str:
        return code(vote(desk, [step(application, Vote, actor=actor, approve=approve,
                                     reason=reason)])[0])  # fmt: skip

    assert cast("Olga ") == "vote-refused"  # who submitted it
    assert cast("otto") == "vote-refused"  # whose customer it is
    assert cast("") == "vote-refused"
    assert cast("ada", reason=" ") == "reason-required"
    assert cast("ada") == ""
    assert cast("ADA") == "vote-refused"
    assert code(decide(desk, [step(application, Choice)])[0]) == "decision-refused"
    assert cast("bob", approve=False) == ""
    assert cast("cay", approve=False, reason="too much") == ""
    assert cast("dan") == "vote-refused"  # the votes are in
    [decided] = decide(desk, [step(application, Choice)])
    assert decided.one().stage is Stage.REFUSED
    assert decided.one().decided.reasons[-1] == "cay: too much"


def test_decide__an_override_is_another_person_with_a_reason(desk: Desk):
    consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk)
    assess(desk, [step(application)], SCORE)

    def override(actor: str, reason: str = "known since 1990", **rest: object) -> Outcome:
        given = {"override": True, "actor": actor, "reason": reason} | rest
        return decide(desk, [step(application, Choice, **given)])[0]

    assert code(override("olga")) == "decision-refused"
    assert code(override("ada", "")) == "reason-required"
    assert code(override("ada", amount_minor=400_010)) == "application-malformed"
    assert code(override("ada", amount_minor=500_000)) == "application-malformed"
    refused = override("ada", override=False)
    assert refused.one().stage is Stage.REFUSED
    assert code(decide(desk, [step(application, Choice)])[0]) == "application-step"
    assert code(offer(desk, [step(application, Proposal)])[0]) == "application-step"
    again = override("bob", amount_minor=300_000)
    assert again.one().decided.overrides
    assert again.one().amount_minor == 300_000
    [fact, _] = [
        search_facts(desk.evidence, Filter(schema="decision/1"))[place] for place in (0, 1)
    ]
    assert b"approved by override" in fact[2]
    assert code(assess(desk, [step(application)], SCORE)[0]) == "application-step"


def test_offer__bounds_of_days_and_an_offer_that_is_over(desk: Desk):
    consent(desk.books, desk.name)
    trade(desk)
    application = submitted(desk)
    assess(desk, [step(application)], SCORE)
    decide(desk, [step(application, Choice)])
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=400)
    assert code(offer(desk, [step(application, Proposal, starts_on=before)])[0]) == (
        "application-malformed"
    )
    assert code(offer(desk, [step(application, Proposal, valid_until=after)])[0]) == (
        "application-malformed"
    )
    offer(desk, [step(application, Proposal, valid_until=DAY, starts_on=DAY + timedelta(days=9))])
    late = step(application, Acceptance, on=DAY + timedelta(days=1))
    assert code(accept(desk, [late])[0]) == "offer-expired"
    accept(desk, [step(application, Acceptance)])
    assert code(book(desk, [step(application, Payout)])[0]) == "application-malformed"
    wrong = step(application, Payout, on=DAY + timedelta(days=9), channel="no-such")
    [refused] = book(desk, [wrong])
    assert refused.error is not None
    assert find_application(desk, application.application_id).stage is Stage.ACCEPTED
    [done] = book(desk, [attrs.evolve(wrong, channel=None, command_id=new_id())])
    assert done.one().stage is Stage.BOOKED


def test_commands__an_id_is_of_one_command(desk: Desk):
    one, two = submitted(desk), submitted(desk)
    command = step(one)
    withdraw(desk, [command])
    [taken] = withdraw(desk, [attrs.evolve(command, application_id=two.application_id)])
    assert code(taken) == "command-taken"
    [unknown] = withdraw(desk, [Command(application_id=new_id(), on=DAY)])
    assert code(unknown) == "application-not-found"
    [over] = withdraw(desk, [step(one)])
    assert code(over) == "application-step"
    [first, second] = withdraw(desk, [step(two), step(two)])
    assert (code(first), code(second)) == ("", "application-step")


def test_said__a_number_that_is_none_refuses_its_application_alone(desk: Desk):
    rule = '[[eligibility]]\nwhen = { rating_years = ">= 2" }\ndecision = "approve"\nreason = "old"'
    publish(desk.books, sheet(rule), name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    trade(desk)
    several = [
        submitted(desk, said=said)
        for said in ({"rating_years": "two"}, {"rating_years": "3"}, {"rating_years": "1"}, {})
    ]
    outcomes = assess(desk, [step(each) for each in several], SCORE)
    assert [code(each) for each in outcomes] == ["application-malformed", "", "", ""]
    routes = [each.one().priced.route for each in outcomes[1:]]
    assert routes == ["approve", "refer", "refer"]


def test_limits__each_bound_by_name(desk: Desk):
    limits = "limits = { income_pct = 10, first = 3_000, borrower = 2_500, book = 1_000_000 }"
    publish(desk.books, sheet(limits), name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    trade(desk)
    one, two = submitted(desk), submitted(desk)
    [first, second] = [each.one().priced for each in assess(desk, [step(one), step(two)], SCORE)]
    assert set(first.limits) == {"product", "cash flow", "growth", "borrower", "book"}
    assert (first.binding, first.amount_minor) == ("borrower", 250_000)
    # What is on its way to the first counts against the second.
    assert (second.limits["borrower"], second.route) == (0, "refuse")
    assert second.limits["book"] == first.limits["book"] - 250_000


def test_price__the_law_caps_the_cost(desk: Desk):
    text = sheet().replace(
        "step_pct = 0.1", 'step_pct = 0.1, apr_most_pct = 4, apr_source = "Act 1"'
    )
    publish(desk.books, text, name="sheet.toml", actor="test")
    consent(desk.books, desk.name)
    trade(desk)
    [done] = assess(desk, [step(submitted(desk))], SCORE)
    assert done.one().priced.route == "refuse"
    assert "Act 1 allows 4 %" in done.one().priced.reasons[0]


def test_verify__sees_what_was_changed_beside_the_events(desk: Desk):
    application = submitted(desk)
    assert not verify(desk).findings_total
    with desk.evidence.transaction() as connection:
        connection.execute("UPDATE origination.application SET stage = 'booked'")
    [finding] = verify(desk).findings
    assert finding.row == application.shown_id
