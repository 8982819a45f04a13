"""Stages and expected credit losses: a twin in fractions, month by month; the standard's rules."""

from datetime import date
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.cashflow.bulk import Schedules, loans, schedules
from karez.engines.risk.ecl import (
    AS_TODAY,
    NEVER,
    Paths,
    Receivables,
    Rules,
    Why,
    faults,
    monthly,
    provisions,
    stages,
)
from karez.engines.risk.errors import StagingError, WeightsError

EPOCH = date(1970, 1, 1)


def day(year, month, of_month):
    return (date(year, month, of_month) - EPOCH).days


AS_OF = day(2026, 6, 30)


def receivables(count=1, **columns):
    plain = {
        "pd": 0.05,
        "pd_at_start": 0.05,
        "lgd": 0.45,
        "rate_pct_year": 12.0,
        "overdue_minor": 0,
        "days_past_due": 0,
        "forborne_days": NEVER,
        "forborne_in_default": False,
        "watched": False,
    }
    kinds = {"days_past_due": np.int64, "forborne_days": np.int64, "overdue_minor": np.int64}
    kinds |= {"forborne_in_default": np.bool_, "watched": np.bool_}
    return Receivables(
        [f"loan {row}" for row in range(count)],
        **{
            name: np.broadcast_to(
                np.asarray(columns.get(name, value), kinds.get(name, np.float64)), count
            ).copy()
            for name, value in plain.items()
        },
    )


def schedule_of(rows):
    """One loan's due dates, principal and interest."""
    due, principal, interest = zip(*rows, strict=True)
    return Schedules(
        np.array([0, len(rows)]),
        np.array(due, np.int32),
        np.array(principal, np.int64),
        np.array(interest, np.int64),
        (),
    )


def slow_losses(rows, overdue, hazard, lgd, rate, paths, as_of=AS_OF):
    """Twelve months and lifetime, in fractions, straight from the words of ``provisions``."""
    hazard, lgd, rate = Fraction(hazard), Fraction(lgd), Fraction(rate)
    start = date.fromordinal(EPOCH.toordinal() + as_of)
    coming = []
    for due, principal, interest in rows:
        if due > as_of:
            on = date.fromordinal(EPOCH.toordinal() + due)
            months = (on.year - start.year) * 12 + on.month - start.month + (on.day > start.day)
            coming.append((max(months, 1), principal, interest))
    if overdue and not coming:
        coming = [(1, 0, 0)]
    sums = [Fraction(0), Fraction(0)]
    for weight, defaults, losses in zip(paths.weight, paths.defaults, paths.losses, strict=True):
        alive = Fraction(1)
        for month in range(1, coming[-1][0] + 1 if coming else 1):
            owed = overdue + sum(part for months, part, _ in coming if months >= month)
            before = max([months for months, _, _ in coming if months < month], default=0)
            falls = [months for months, _, _ in coming if months >= month]
            interest = sum(part for months, _, part in coming if months == falls[0])
            at_risk = owed + Fraction(interest, falls[0] - before) * (month - before)
            times = Fraction(defaults[min(month, len(defaults)) - 1])
            worse = Fraction(losses[min(month, len(losses)) - 1])
            fails = min(hazard * times, 1) * alive
            alive -= fails
            lost = fails * at_risk * min(lgd * worse, 1) / (1 + rate) ** month
            sums[1] += Fraction(weight) * lost
            if month <= 12:
                sums[0] += Fraction(weight) * lost
    return sums


@st.composite
def contracts(draw):
    gaps = draw(st.lists(st.integers(1, 100), min_size=1, max_size=10))
    due, rows = AS_OF - draw(st.integers(0, 60)), []
    for gap in gaps:
        due += gap
        rows.append((due, draw(st.integers(0, 10**6)), draw(st.integers(0, 10**4))))
    return rows


@settings(deadline=None)
@given(
    contracts(),
    st.integers(0, 10**5),
    st.floats(0.001, 0.6),
    st.floats(0, 1),
    st.floats(0, 40),
    st.data(),
)
def test_losses__are_those_of_fractions(rows, overdue, pd, lgd, rate, data):
    multipliers = st.lists(st.floats(0, 4), min_size=3, max_size=3)
    paths = Paths.of(
        [0.5, 0.3, 0.2],
        defaults=[data.draw(multipliers) for _ in range(3)],
        losses=[data.draw(multipliers) for _ in range(3)],
    )
    book = receivables(pd=pd, lgd=lgd, rate_pct_year=rate, overdue_minor=overdue)
    found = provisions(book, schedule_of(rows), AS_OF, paths=paths)
    [hazard] = monthly(book.pd)
    twelve, lifetime = slow_losses(rows, overdue, hazard, lgd, rate / 1200, paths)
    assert abs(found.twelve_months_minor[0] - twelve) <= Fraction(1, 2) + Fraction(1, 10**4)
    assert abs(found.lifetime_minor[0] - lifetime) <= Fraction(1, 2) + Fraction(1, 10**4)
    assert found.twelve_months_minor[0] <= found.lifetime_minor[0]
    assert found.exposure_minor[0] == overdue + sum(row[1] for row in rows if row[0] > AS_OF)


def test_losses__of_a_bullet_by_hand():
    due = day(2027, 6, 30)
    book = receivables(pd=1 - 0.99**12, lgd=0.5, rate_pct_year=0.0)
    found = provisions(book, schedule_of([(due, 1_000_000, 0)]), AS_OF)
    wanted = 1_000_000 * (1 - 0.99**12) * 0.5
    assert found.lifetime_minor[0] == round(wanted)
    assert found.twelve_months_minor[0] == found.lifetime_minor[0]
    assert found.provision_minor[0] == found.twelve_months_minor[0]


def test_stages__each_rule_and_the_order_of_reasons():
    cases = [
        ({}, 1, Why.SOUND),
        ({"days_past_due": 29}, 1, Why.SOUND),
        ({"days_past_due": 30}, 2, Why.PAST_DUE),
        ({"days_past_due": 89}, 2, Why.PAST_DUE),
        ({"days_past_due": 90}, 3, Why.IN_DEFAULT),
        ({"pd": 0.1}, 2, Why.RISKIER),
        ({"pd": 0.0999}, 1, Why.SOUND),
        ({"pd": 0.004, "pd_at_start": 0.001}, 1, Why.SOUND),
        ({"watched": True}, 2, Why.WATCHED),
        ({"forborne_days": 729}, 2, Why.FORBORNE),
        ({"forborne_days": 730}, 1, Why.SOUND),
        ({"forborne_days": 364, "forborne_in_default": True}, 3, Why.IN_CURE),
        ({"forborne_days": 365, "forborne_in_default": True}, 2, Why.FORBORNE),
        ({"forborne_in_default": True}, 1, Why.SOUND),
        ({"watched": True, "days_past_due": 95, "pd": 0.5}, 3, Why.IN_DEFAULT),
    ]
    for columns, stage, why in cases:
        found = stages(receivables(**columns), Rules())
        assert (found[0][0], found[1][0]) == (stage, why), columns
    strict = Rules(default_days=60, pd_times=1.5)
    assert stages(receivables(days_past_due=60), strict)[0][0] == 3
    assert stages(receivables(pd=0.08), strict)[0][0] == 2


def test_provision__by_stage():
    book = receivables(3, days_past_due=[0, 45, 120])
    one = schedule_of([(day(2027, 6, 30), 50_000, 600), (day(2028, 6, 30), 50_000, 300)])
    three = Schedules(
        np.array([0, 2, 4, 6]),
        np.tile(one.due, 3),
        np.tile(one.principal_minor, 3),
        np.tile(one.interest_minor, 3),
        (),
    )
    worse = Paths.of([0.6, 0.4], defaults=[1, 2], losses=[1, 1.5])
    found = provisions(book, three, AS_OF, paths=worse)
    assert found.stage.tolist() == [1, 2, 3]
    assert found.provision_minor[0] == found.twelve_months_minor[0]
    assert found.provision_minor[1] == found.lifetime_minor[1] > found.twelve_months_minor[1]
    assert found.provision_minor[2] == round(100_000 * 0.45 * 1.2)
    plain = provisions(book, three, AS_OF, paths=AS_TODAY)
    assert np.all(found.provision_minor > plain.provision_minor)


def test_provision__of_contract_cash_flows_for_many():
    rows = loans(200)
    rows["kind"], rows["cycle_months"] = 3, 1
    rows["principal_minor"] = np.arange(1, 201) * 10_000
    rows["rate"], rows["begins"] = 12_000_000, day(2026, 1, 15)
    rows["first_due"], rows["matures"] = day(2026, 2, 15), day(2028, 1, 15)
    plan = schedules(rows)
    assert not plan.refused
    found = provisions(receivables(200, pd=np.linspace(0.01, 0.3, 200)), plan, AS_OF)
    for row in (0, 99, 199):
        start, end = plan.offsets[row], plan.offsets[row + 1]
        parts = (plan.due, plan.principal_minor, plan.interest_minor)
        own = [tuple(int(part[place]) for part in parts) for place in range(start, end)]
        [hazard] = monthly(np.array([np.linspace(0.01, 0.3, 200)[row]]))
        twelve, lifetime = slow_losses(own, 0, hazard, 0.45, 0.01, AS_TODAY)
        assert found.twelve_months_minor[row] == round(twelve)
        assert found.lifetime_minor[row] == round(lifetime)


def test_provision__of_what_is_all_due_is_nothing():
    found = provisions(receivables(), schedule_of([(AS_OF, 10_000, 10)]), AS_OF)
    assert (found.exposure_minor[0], found.provision_minor[0]) == (0, 0)
    late = receivables(overdue_minor=10_000, days_past_due=100)
    found = provisions(late, schedule_of([(AS_OF, 10_000, 10)]), AS_OF)
    assert (found.exposure_minor[0], found.provision_minor[0]) == (10_000, 4_500)


def test_bad_input__is_named():
    with pytest.raises(WeightsError, match="the paths add up to 1"):
        Paths.of([0.6, 0.5], defaults=[1, 1], losses=[1, 1])
    book = receivables(4, pd=[0.1, 1.0, np.nan, 0.1], days_past_due=[0, 0, 0, -1])
    found = faults(book)
    assert {row: error.details["field"] for row, error in found.items()} == {
        1: "pd",
        2: "pd",
        3: "days_past_due",
    }
    with pytest.raises(StagingError, match="Loan loan 1: pd is 1"):
        provisions(book, schedule_of([(AS_OF, 1, 1)]), AS_OF)
    assert not faults(attrs.evolve(book, pd=np.full(4, 0.1), days_past_due=np.zeros(4, int)))
