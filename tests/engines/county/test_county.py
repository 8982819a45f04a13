"""The made-up county: the same seed, the same county; and calibrated as it says."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.county import (
    INDUSTRIES,
    Industry,
    Lent,
    Shock,
    Size,
    draw_fates,
    draw_invoices,
    draw_wishes,
    make_county,
    payment_delay_days,
)
from karez.engines.county.vasicek import pd_given_health

SMALL = Size(firms_known=12, firms_new=12, households=20, invoices_each=40)
THROUGH = date(2024, 12, 31)


def test_the_same_seed_gives_the_same_county() -> None:
    one, two = (draw_invoices(make_county(5, SMALL), THROUGH) for _ in range(2))
    assert (one == two).all()
    assert len(draw_invoices(make_county(6, SMALL), THROUGH)) != len(one)


def test_nobody_is_changed_by_what_else_is_drawn() -> None:
    before = make_county(5, SMALL)
    draw_invoices(before, THROUGH)
    draw_wishes(before, THROUGH, 365)
    assert draw_wishes(before, THROUGH, 365) == draw_wishes(make_county(5, SMALL), THROUGH, 365)


@pytest.mark.parametrize("industry", INDUSTRIES, ids=lambda each: each.name)
def test_the_mean_default_probability_is_the_share_charged_off(industry: Industry) -> None:
    health = np.random.default_rng(1).standard_normal(400_000)
    pd = pd_given_health(np.full(len(health), industry.default_share), health)
    assert pd.mean() == pytest.approx(industry.default_share, abs=0.001)


def test_invoices_are_like_the_real_ones() -> None:
    invoices = draw_invoices(make_county(11, Size(firms_known=200, firms_new=200)), THROUGH)
    counts = np.bincount(invoices["firm"], minlength=400)
    assert 200 < np.median(counts) < 450
    assert 1.7 < counts.mean() / np.median(counts) < 3.2
    assert 0.036 < invoices["void"].mean() < 0.083
    assert 0.009 < (invoices["net_minor"] < 0).mean() < 0.053
    lists = invoices[["firm", "sells", "number"]]
    repeated = 1 - len(np.unique(lists)) / len(lists)
    assert 0.004 < repeated < 0.027


def test_invoices_end_with_the_day_and_begin_with_the_months() -> None:
    invoices = draw_invoices(make_county(5, SMALL), date(2024, 12, 15))
    assert invoices["day"].max() <= np.datetime64("2024-12-15")
    assert invoices["day"].min() >= np.datetime64("2022-01-01")


def test_a_ring_sells_in_a_circle() -> None:
    county = make_county(5, SMALL)
    members = np.flatnonzero(county.firms.ring == 0)
    invoices = draw_invoices(county, THROUGH)
    made_up = invoices[(invoices["counterparty"] < 0) & invoices["sells"]]
    for place, member in enumerate(members.tolist()):
        buyer = members[(place + 1) % len(members)]
        sold = made_up[made_up["firm"] == member]
        assert len(sold)
        assert (sold["counterparty"] == -(buyer + 1)).all()
        bought = invoices[(invoices["firm"] == buyer) & (invoices["counterparty"] == -(member + 1))]
        assert bought["number"].tolist() == sold["number"].tolist()
        assert (bought["day"] == sold["day"]).all()


def test_wishes_come_in_the_order_of_their_days_and_in_season() -> None:
    wishes = draw_wishes(make_county(5, SMALL), date(2025, 1, 1), 730)
    assert [each.on for each in wishes] == sorted(each.on for each in wishes)
    assert all(date(2025, 1, 1) <= each.on < date(2027, 1, 1) for each in wishes)
    assert all(each.amount_minor > 0 for each in wishes)
    assert {each.on.month for each in wishes if each.need == "school"} <= {2, 8}


PAID_OUT = date(2025, 1, 1)


def fate(loan: int, pd_year: float = 0.2, shocks: tuple[Shock, ...] = ()):
    lent = Lent(loan, pd_year, "retail", PAID_OUT, PAID_OUT + timedelta(365))
    return draw_fates(3, lent, shocks)


def test_loans_fail_as_often_as_their_probability_says() -> None:
    failed = np.mean([fate(loan).fails_on is not None for loan in range(4_000)])
    assert failed == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 4_000) ** 0.5)


@given(loan=st.integers(0, 10_000), pd=st.floats(0, 0.9), times=st.floats(1, 20))
def test_a_shock_makes_no_loan_fail_later(loan: int, pd: float, times: float) -> None:
    shock = Shock("retail", PAID_OUT + timedelta(60), PAID_OUT + timedelta(200), times)
    calm, hit = fate(loan, pd).fails_on, fate(loan, pd, (shock,)).fails_on
    assert calm is None or (hit is not None and hit <= calm)
    elsewhere = fate(loan, pd, (Shock("health", shock.first, shock.last, times),))
    assert elsewhere == fate(loan, pd)


def test_a_sound_loan_never_fails() -> None:
    assert all(fate(loan, 0.0).fails_on is None for loan in range(50))


def test_most_pay_on_the_day_and_few_a_month_late() -> None:
    delays = np.array([payment_delay_days(3, loan, 1) for loan in range(5_000)])
    assert (delays == 0).mean() == pytest.approx(0.72, abs=0.03)
    assert 0 < (delays >= 25).mean() < 0.02
