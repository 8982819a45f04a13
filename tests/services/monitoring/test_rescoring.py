"""Loans that run are scored again: from facts under consent, and how they repay."""

from datetime import date, timedelta
from uuid import UUID

import attrs
import numpy as np

from karez.books.facts.parts import Party
from karez.engines.score import Feature, Recipe, Table, fit
from karez.kernel.database import Database
from karez.kernel.finding import Finding
from karez.services import closing, lending, monitoring
from karez.services.bookkeeping import Books
from karez.services.closing import close_days
from karez.services.consent import find_consent, revoke
from karez.services.lending import Booking, Loan
from karez.services.monitoring import Sign, WatchList, rescore, watch
from karez.services.origination import Desk, Score
from karez.services.parties import find_party
from karez.services.payments import add_promise
from services.closing.desk import booking, lend, pay, told
from services.origination.making import DAY, MILL, SCORE, SHOP, add, consent, invoice, trade

SHEET = ("working-capital", 1)


def monthly(number: int, borrower: str, desk: Desk, **changed: object) -> Booking:
    """A loan of the product to a party, with instalments of a month."""
    party = find_party(desk.books, borrower).party_id
    fields = {"borrower_id": party, "sheet": SHEET, "pd": 0.02} | changed
    return booking(number, DAY, **fields)


def run_on(desk: Desk, *borrowers: str) -> list[Loan]:
    """Loans of these borrowers, paid out, and the day ended."""
    loans = lend(desk.books, [monthly(place, who, desk) for place, who in enumerate(borrowers, 1)])
    close_days([desk.books], DAY)
    return loans


def watching(desk: Desk, who: str = MILL) -> UUID:
    return consent(desk.books, desk.name, who, purposes=("monitoring",), uses_most=1)


def late_score() -> Score:
    """A score that looks at nothing but how loans are repaid: late ones default."""
    late = np.arange(80.0) % 8 * 10
    bad = (late >= 20) & (np.arange(80) % 16 > 7)
    recipe = Recipe([Feature("days_past_due", direction=1, words="days past due")])
    return Score.of(fit(Table([str(row) for row in range(80)], {"days_past_due": late}, {}),
                        bad.astype(float), recipe))  # fmt: skip


def stages(books: Books) -> list[tuple[int, date, int, int]]:
    with books.transaction() as connection:
        return connection.execute(
            "SELECT loan_number, valid_on, stage, why FROM closing.allowance ORDER BY 1, 2"
        ).fetchall()


def findings(desk: Desk) -> list[Finding]:
    reports = (lending.verify(desk.books), closing.verify(desk.books))
    return [
        each for report in (*reports, monitoring.verify(desk.books)) for each in report.findings
    ]


def test_rescore__reads_facts_once_for_all_loans_of_a_borrower(desk: Desk):
    consent_id = watching(desk)
    trade(desk)
    run_on(desk, MILL, MILL)
    seen = rescore(desk, SCORE, actor="olga", preview=True)
    assert [(each.is_stale, each.pd) for each in seen.loans] == [(False, 0.02)] * 2
    assert find_consent(desk.books, consent_id).uses == []
    done = rescore(desk, SCORE, actor="olga")
    assert done.on == DAY + timedelta(days=1)
    assert [each.is_stale for each in done.loans] == [False, False]
    assert 0 < done.loans[0].pd_low < done.loans[0].pd < done.loans[0].pd_high < 1
    assert done.loans[0].figures["on_time_share"] == 1
    [use] = find_consent(desk.books, consent_id).uses
    assert use.row_count == 39
    assert rescore(desk, SCORE, actor="olga") == attrs.evolve(done, loans=[], already=2)
    assert findings(desk) == []


def test_rescore__without_consent_the_probability_stays_and_is_stale(desk: Desk):
    consent_id = watching(desk)
    trade(desk)
    run_on(desk, MILL, SHOP)
    first = rescore(desk, SCORE, actor="olga")
    assert [each.is_stale for each in first.loans] == [False, True]
    assert first.loans[1].pd == 0.02
    assert "it has granted none over its facts" in first.loans[1].reasons[0]
    close_days([desk.books], first.on)
    revoke(desk.books, consent_id, by=MILL, reason="enough")
    second = rescore(desk, SCORE, actor="olga")
    assert [each.is_stale for each in second.loans] == [True, True]
    assert [each.pd for each in second.loans] == [each.pd for each in first.loans]
    assert findings(desk) == []
    listed = watch(desk.books, second.on)
    [one] = listed.loans
    assert (one.loan, [each.sign for each in one.reasons]) == (1, [Sign.CONSENT])
    assert listed.stale == 1, "a loan of which nothing was ever to be read is only counted"
    assert watch(desk.books, first.on) == WatchList([], 1)


def test_rescore__a_consent_for_underwriting_alone_is_left_in_peace(desk: Desk):
    consent_id = consent(desk.books, desk.name)
    trade(desk)
    run_on(desk, MILL)
    done = rescore(desk, SCORE, actor="olga")
    assert [(each.is_stale, each.use_id) for each in done.loans] == [(True, None)]
    assert find_consent(desk.books, consent_id).uses == []
    assert watch(desk.books, done.on) == WatchList([], 1)


def test_rescore__a_consent_that_was_used_up_is_no_alarm(desk: Desk):
    consent_id = watching(desk)
    trade(desk)
    run_on(desk, MILL)
    first = rescore(desk, SCORE, actor="olga")
    close_days([desk.books], first.on)
    [again] = rescore(desk, SCORE, actor="olga").loans
    assert again.is_stale
    assert again.use_id == find_consent(desk.books, consent_id).uses[1].use.use_id
    assert watch(desk.books, first.on + timedelta(days=1)) == WatchList([], 1)


def late_books(desk: Desk) -> date:
    """Two borrowers, of whom one is 26 days late; scored as of the business date."""
    watching(desk)
    watching(desk, SHOP)
    trade(desk)
    add(desk, invoice("S1", subject=SHOP))
    _, good = lend(desk.books, [monthly(1, MILL, desk, pd=0.1), monthly(2, SHOP, desk, pd=0.1)])
    close_days([desk.books], date(2026, 7, 29))
    pay(desk.books, good, date(2026, 7, 30), 120_00)
    close_days([desk.books], date(2026, 8, 24))
    done = rescore(desk, late_score(), actor="olga")
    assert [each.figures["days_past_due"] for each in done.loans] == [26, 0]
    assert done.loans[0].figures["on_time_share"] < 1 == done.loans[1].figures["on_time_share"]
    return done.on


def test_closing__stage_2_where_the_probability_has_doubled(desk: Desk):
    on = late_books(desk)
    before = stages(desk.books)
    assert {stage for _, _, stage, _ in before} == {1}
    close_days([desk.books], on)
    riskier = (1, on, 2, 3)  # four days before the days past due would say so
    assert [each for each in stages(desk.books) if each not in before] == [riskier]
    assert findings(desk) == []


def test_closing__caught_up_on_is_as_day_by_day(desk: Desk, twin: Desk):
    through = 40
    for lender, steps in ((desk, range(through + 1)), (twin, [through])):
        on = late_books(lender)
        for ahead in steps:
            close_days([lender.books], on + timedelta(days=ahead))
        assert findings(lender) == []
        assert (1, on, 2, 3) in stages(lender.books), "what is caught up on has a stage that moved"
    assert told(desk.books) == told(twin.books)


def test_verify__finds_a_provision_with_another_probability(desk: Desk, database: Database):
    close_days([desk.books], late_books(desk))
    with database.connect(None) as owner, owner.transaction():
        owner.execute("UPDATE closing.allowance SET pd = 0.5 WHERE loan_number = 1 AND stage = 2")
        owner.execute("UPDATE monitoring.score SET is_stale = TRUE, use_id = NULL")
    assert {each.check for each in findings(desk)} == {"newest", "probability", "stale"}


def test_watch__each_reason_names_where_it_comes_from(desk: Desk):
    on = late_books(desk)
    add_promise(desk.books, "1", 50_00, on - timedelta(days=3), made_on=on - timedelta(days=9),
                actor="till")  # fmt: skip
    close_days([desk.books], on)
    [one] = watch(desk.books, on).loans
    assert (one.loan, one.borrower, one.stage) == (1, MILL, 2)
    assert one.exposure_minor > 1_200_00
    found = {each.sign: each for each in one.reasons}
    assert list(found) == [Sign.LATE, Sign.STAGE, Sign.RISKIER, Sign.PROMISE]
    assert found[Sign.LATE].source == "instalment due on 2026-07-30"
    assert found[Sign.STAGE].source == f"provision of {on} (RISKIER)"
    assert found[Sign.RISKIER].source.startswith(f"score of {on} by model ")
    assert found[Sign.PROMISE].source.startswith("promise 1, made on ")
    assert watch(desk.books, DAY) == WatchList([], 0), "a past day is as it was"


def test_watch__those_that_owe_most_first(desk: Desk):
    for number, amount in ((1, 100_00), (2, 900_00), (3, 500_00)):
        lend(desk.books, [monthly(number, MILL, desk)], amount)
    close_days([desk.books], date(2026, 8, 5))
    assert [each.loan for each in watch(desk.books, date(2026, 8, 5)).loans] == [2, 3, 1]


def test_watch__trade_that_turns_in_circles_and_buyers_that_are_gone(desk: Desk):
    watching(desk)
    for month, age in enumerate([*range(5, 725, 30), 728]):
        on = DAY - timedelta(days=age)
        buyer = SHOP if month < 12 else "tin:999"
        add(
            desk,
            invoice(f"S{month}", valid_on=on, buyer=Party(party_id=buyer)),
            invoice(f"P{month}", valid_on=on, buyer=Party(party_id=MILL),
                    seller=Party(party_id=SHOP)),
        )  # fmt: skip
    run_on(desk, MILL)
    done = rescore(desk, SCORE, actor="olga")
    found = {each.sign: each for one in watch(desk.books, done.on).loans for each in one.reasons}
    assert {Sign.RECIPROCAL, Sign.LOST_BUYERS} <= set(found)
    assert found[Sign.RECIPROCAL].source.startswith("figure reciprocal_share, score of ")
