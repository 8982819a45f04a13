"""Officers, borrowers and sellers: what stands out, and what is too little to judge by."""

import math

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust.cases import DAY, advance, parties, table
from karez.engines.trust import Evidence, Kind, Rules, Verdict
from karez.engines.trust import evidence as ev
from karez.engines.trust.identity import identity
from karez.engines.trust.officers import officer
from karez.engines.trust.robust import robust_z, t_quantile
from karez.engines.trust.sales import band, first_digits_apart, sales

OFFICERS, LOANS = 6, 10


def branch(**odd):
    """Return loans of six officers; ``odd`` says what is odd with those of the first."""
    rows = [
        advance(kind=Kind.LOAN, party=OFFICERS + number, officer=number % OFFICERS, on=DAY + number)
        for number in range(OFFICERS * LOANS)
    ]
    borrowings = [
        (number, False, 1000 + number,
         7 if odd.get("wallet") and number % OFFICERS == 0 else 5000 + number, DAY + 80)
        for number in range(len(rows))
    ]  # fmt: skip
    return Evidence(
        advances=table(ev.ADVANCE, rows),
        parties=parties(OFFICERS + len(rows), staff=range(OFFICERS)),
        ties=table(ev.TIE, odd.get("ties", [])),
        borrowings=table(ev.BORROWING, odd.get("borrowings", borrowings)),
    )


def test_officer__one_wallet_for_many_stands_out():
    answer = officer(branch(wallet=True), Rules())
    assert sorted(answer.grounds) == list(range(0, OFFICERS * LOANS, OFFICERS))
    assert "a wallet that paid for others; so have 100% of parties 0's 10" in (
        answer.grounds[0][0].words
    )
    assert (answer.known_on[:1] == DAY + 80).all()


def test_officer__like_the_others_is_left_alone():
    assert not officer(branch(), Rules()).grounds


def test_officer__with_few_loans_is_not_compared():
    assert not officer(branch(wallet=True), Rules(panel_rows_least=LOANS + 1)).grounds


def test_identity__a_phone_of_the_staff_holds():
    ties = [(0, ev.Tie.PHONE, 1), (OFFICERS, ev.Tie.PHONE, 1)]
    answer = identity(branch(ties=ties), Rules())
    assert list(answer.grounds) == [0]
    assert answer.verdict[0] == Verdict.HOLD
    assert answer.grounds[0][0].words == "the borrower's phone is that of parties 0"


@pytest.mark.parametrize(("sharing", "doubted"), [(2, []), (3, [0, 1, 2])])
def test_identity__a_household_is_no_crowd(sharing, doubted):
    ties = [(OFFICERS + number, ev.Tie.DEVICE, 9) for number in range(sharing)]
    answer = identity(branch(ties=ties), Rules())
    assert sorted(answer.grounds) == doubted
    assert all(answer.known_on[row] == DAY + 2 for row in doubted)


def test_identity__paid_to_the_staff_holds():
    ties = [(1, ev.Tie.ACCOUNT, 44)]
    answer = identity(branch(ties=ties, borrowings=[(5, True, 44, -1, -1)]), Rules())
    assert list(answer.grounds) == [5]
    assert answer.grounds[5][0].words == "it was paid to parties 1"


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30), st.floats(-1e3, 1e3))
def test_robust_z__does_not_depend_on_where_it_is_counted_from(values, shift):
    here = robust_z(np.array(values), 1.0)
    there = robust_z(np.array(values) + shift, 1.0)
    assert here == pytest.approx(there, abs=1e-3)


def test_robust_z__is_not_moved_by_a_liar():
    usual = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert robust_z(np.array([*usual, 1e9]), 0.1)[0] == pytest.approx(-1.12, abs=0.01)


@pytest.mark.parametrize(
    ("freedom", "table_value"), [(4, 4.604), (5, 4.032), (10, 3.169), (30, 2.750), (120, 2.617)]
)
def test_t__is_that_of_the_tables(freedom, table_value):
    assert t_quantile(0.995, freedom) == pytest.approx(table_value, rel=0.006)


def test_band__is_wider_the_fewer_firms_there_are():
    rng = np.random.default_rng(2)
    widths = [
        np.mean([band(rng.lognormal(0, 0.3, count), 0.99).half_width for _ in range(200)])
        for count in (5, 10, 40, 200)
    ]
    assert widths == sorted(widths, reverse=True)
    assert math.isinf(band(np.ones(4), 0.99).half_width)


@pytest.mark.parametrize("firms", [10, 50])
def test_band__holds_the_next_firm_about_as_often_as_it_says(firms):
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(1_000):
        drawn = rng.normal(0, 0.3, firms + 1)
        found = band(np.exp(drawn[:-1]), 0.95)
        inside += abs(drawn[-1] - found.middle) <= found.half_width
    # A robust spread of few is itself uncertain, which t of so many does not know.
    assert 900 <= inside <= 970


def market(factor, *, inflow=1.0, firms=20):
    """Return a firm among others, whose sales are so many times what they were."""
    rng = np.random.default_rng(8)
    rows = []
    for firm in range(firms):
        for month in range(654, 657):
            size = float(rng.lognormal(10, 0.05))
            times = factor if firm == 0 else 1.0
            money = size * (inflow if firm == 0 else 1.0)
            rows.append((firm, month, size * times, size * 0.01, size * 0.1, money))
    return Evidence(
        advances=table(ev.ADVANCE, [advance(kind=Kind.SALES, party=0, on=20_000)]),
        parties=parties(firms),
        series=table(ev.SERIES, rows),
    )


def test_sales__within_the_band_pass():
    answer = sales(market(1.0), Rules())
    assert (answer.verdict[0], answer.score[0]) == (Verdict.PASS, 1.0)


@pytest.mark.parametrize("inflow", [1.0, 4.0])
def test_sales__that_two_series_deny_are_cut_to_what_they_bear_out(inflow):
    answer = sales(market(4.0, inflow=inflow), Rules())
    assert answer.verdict[0] == Verdict.REVIEW
    assert 0.25 < answer.score[0] < 0.4
    assert "band of 19 firms" in answer.grounds[0][0].words


def test_sales__one_series_alone_does_not_decide():
    assert sales(market(1.0, inflow=0.2), Rules()).verdict[0] == Verdict.PASS


def test_sales__of_too_few_firms_say_nothing():
    assert sales(market(4.0, firms=5), Rules()).verdict[0] == Verdict.SILENT


def test_digits__follow_benford_or_not():
    rng = np.random.default_rng(6)
    honest = (10 ** rng.uniform(3, 6, 3_000)).astype(np.int64)
    made_up = rng.integers(1_000, 1_000_000, 3_000)
    assert first_digits_apart(honest, 300) < 0.015 < first_digits_apart(made_up, 300)
    assert first_digits_apart(honest[:299], 300) is None
    assert first_digits_apart(rng.integers(1_000, 2_000, 3_000), 300) is None


def test_officer__one_loan_of_few_is_chance():
    rows = branch().borrowings.tolist()
    single = [(row[0], row[0] == 6, *row[2:]) for row in rows]  # one first loan in the branch
    assert not officer(branch(borrowings=single), Rules(robust_spread_least=0.001)).grounds


def left_behind(overdue, *, left=True, seen=DAY + 200, before=()):
    """Return loans of six officers, the first of whom left on day 100; some are overdue."""
    evidence = branch()
    arrears = [(row, seen, 45 if row in overdue else 0) for row in range(OFFICERS * LOANS)]
    return attrs.evolve(
        evidence,
        arrears=table(ev.ARREARS, [*arrears, *before]),
        departures=table(ev.DEPARTURE, [(0, DAY + 100)] if left else []),
    )


FIRST = list(range(0, OFFICERS * LOANS, OFFICERS))


def test_officer__loans_that_go_bad_once_he_left_are_reviewed():
    answer = officer(left_behind(FIRST[:6]), Rules())
    assert sorted(answer.grounds) == FIRST[:6]
    assert answer.grounds[0][0].words == (
        "it is overdue by more than 30 days since its officer left; so have 60% of parties 0's 10"
        " in the 90 days to 2025-04-22, against 0% in the branch"
    )
    assert answer.known_on[0] == DAY + 200


@pytest.mark.parametrize(
    "evidence",
    [
        left_behind(FIRST[:6], left=False),
        left_behind(FIRST[:6], seen=DAY + 100),
        left_behind(range(0, OFFICERS * LOANS, 2)),  # half of the branch, hers among them
        left_behind(FIRST[:1]),
        left_behind([], before=[(row, DAY + 150, 90) for row in FIRST]),
        branch(),
    ],
    ids=["still there", "seen when he left", "like the branch", "one", "paid since", "not known"],
)
def test_officer__nothing_is_held_against_who_left_without_cause(evidence):
    assert not officer(evidence, Rules()).grounds


def test_officer__who_left_long_ago_or_never_lent_changes_nothing():
    evidence = left_behind(FIRST[:6])
    more = table(ev.DEPARTURE, [(0, DAY + 100), (60, DAY)])
    answer = officer(attrs.evolve(evidence, departures=more), Rules())
    assert sorted(answer.grounds) == FIRST[:6]
