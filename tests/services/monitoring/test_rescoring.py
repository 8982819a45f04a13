"""Loans that run are scored again: from facts under consent, and how they repay."""

from datetime import date, timedelta
from decimal import Decimal

import attrs
import numpy as np
import pytest

from karez.engines.score import Feature, Recipe, Table, fit
from karez.engines.servicing.terms import Terms
from karez.kernel.database import open_institution
from karez.services import closing, lending, monitoring
from karez.services.bookkeeping import Books
from karez.services.closing import close_days
from karez.services.consent import find_consent, revoke
from karez.services.lending import Loan, open_chart
from karez.services.monitoring import rescore
from karez.services.origination import Desk, Score
from karez.services.parties import find_party
from services.closing.desk import booking, lend, told
from services.origination.making import DAY, MILL, SCORE, SHOP, consent, trade

SHEET = ("working-capital", 1)


def monthly(number: int, borrower: str, desk: Desk, **changed: object):
    """A loan of the product to a party, with instalments of a month."""
    party = find_party(desk.books, borrower).party_id
    fields = {"borrower_id": party, "sheet": SHEET, "pd": 0.02} | changed
    return booking(number, DAY, **fields)


def run_on(desk: Desk, *borrowers: str) -> list[Loan]:
    """Loans of these borrowers, paid out, and the day ended."""
    loans = lend(
        desk.books, [monthly(place, who, desk) for place, who in enumerate(borrowers, 1)]
    )
    close_days([desk.books], DAY)
    return loans


def watching(desk: Desk, who: str = MILL):
    return consent(desk.books, desk.name, who, purposes=("monitoring",), uses_most=1)


def late_score() -> Score:
    """A score that looks at nothing but how loans are repaid: late ones default."""
    late = np.arange(80.0) % 8 * 10
    bad = (late >= 60) & (np.arange(80) % 16 > 3)
    recipe = Recipe([Feature("days_past_due", direction=1, words="days past due")])
    return Score.of(fit(Table([str(row) for row in range(80)], {"days_past_due": late}, {}),
                        bad.astype(float), recipe))  # fmt: skip


def stages(books: Books) -> list[tuple[int, date, int, int]]:
    with books.transaction() as connection:
        return connection.execute(
            "SELECT loan_number, valid_on, stage, why FROM closing.allowance ORDER BY 1, 2"
        ).fetchall()


def findings(desk: Desk) -> list[object]:
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
    assert done.loans[0].reasons
    assert done.loans[0].figures["on_time_share"] == 1
    [use] = find_consent(desk.books, consent_id).uses
    assert use.row_count == 78, "the facts, for each of the two loans"
    assert rescore(desk, SCORE, actor="olga") == attrs.evolve(done, loans=[], already=2)
    assert findings(desk) == []
