"""A product on past applications, held to a loan at a time in plain arithmetic."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karez.engines.price.errors import PolicyColumnError
from karez.engines.price.policy import Applications, Coded, Decision
from karez.engines.servicing import PayoutLine, schedule_table
from karez.services.products import catalogue, planned, read_sheet
from karez.services.products.backtest import UNKNOWN, Past, backtest

SME = read_sheet(catalogue()["sme-one-year"], "sme")
DAIRY = read_sheet(catalogue()["dairy-loan"], "dairy")
REMARKS = ("all-void", "one-customer")


def past_of(rows) -> Past:
    columns = list(zip(*rows, strict=True))
    asked, count, pd, lgd, defaulted, lost, remark = columns
    coded = Coded(np.array(remark, np.int32), REMARKS)
    nothing = Coded(np.full(len(rows), -1, np.int32), ())
    return Past(
        [str(place) for place in range(len(rows))],
        Applications(len(rows), {}, {"remark": coded, "trust_verdict": nothing}),
        np.array(asked, np.int64),
        np.array(count, np.int64),
        np.array(pd, np.float64),
        np.array(lgd, np.float64),
        np.array(defaulted, np.int64),
        np.array(lost, np.int64),
    )


ROWS = st.tuples(
    st.integers(1, 150_000_000),
    st.integers(9, 21),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([UNKNOWN, 0, 1]),
    st.one_of(st.just(UNKNOWN), st.integers(0, 10**8)),
    st.sampled_from([-1, 0, 1]),
)


def slow(sheet, row):
    """What one application comes to: decision, granted, losses and profits."""
    asked, count, pd, lgd, defaulted, lost, remark = row
    if sheet is SME:
        decision = {-1: Decision.APPROVE, 0: Decision.REFUSE, 1: Decision.REFER}[remark]
    else:
        decision = Decision.APPROVE
    amount = sheet.amount
    within = amount.least_minor <= asked <= amount.most_minor
    within &= sheet.instalments.least <= count <= sheet.instalments.most
    granted = asked - asked % amount.step_minor if within and decision == Decision.APPROVE else 0
    if not granted:
        return decision, 0, 0, 0, 0, 0
    rate = float(sheet.rate_for(amount_minor=asked, pd=pd, lgd=lgd))
    start = date(2027, 1, 1)
    middle = (sheet.rate.least_pct_year + sheet.rate.most_pct_year) / 2
    account = planned(sheet, amount_minor=amount.most_minor, rate_pct_year=middle,
                      instalments=count, starts_on=start)  # fmt: skip
    areas, balance, last = 0, 0, start
    for line in schedule_table(account):
        on = line.on if isinstance(line, PayoutLine) else line.due
        areas += balance * (on - last).days
        balance = line.amount_minor if isinstance(line, PayoutLine) else line.balance_minor
        last = on
    years = (last - start).days / 365
    held = granted * areas / (amount.most_minor * 365)  # balance times years
    fees = 0.03 * granted if sheet is DAIRY else 0
    costs = sheet.costs()
    own = costs.capital_share
    running = costs.funding_rate * (1 - own) + own * costs.hurdle_rate + costs.variable_rate
    cost = running * held + costs.fixed_minor * years
    life_pd = 1 - (1 - min(pd, 1 - 1e-12)) ** years
    loss = life_pd * lgd * held / years
    profit = rate / 100 * held * (1 - life_pd / 2) + fees - loss - cost
    if defaulted == UNKNOWN:
        return decision, granted, loss, profit, 0, 0
    happened = (lost if lost != UNKNOWN else lgd * held / years) * defaulted
    real = rate / 100 * held * (1 - defaulted / 2) + fees - happened - cost
    return decision, granted, loss, profit, happened, real


@settings(max_examples=25)
@given(st.lists(ROWS, min_size=1, max_size=8), st.sampled_from([SME, DAIRY]))
def test_backtest__is_a_loan_at_a_time(rows, sheet):
    found = backtest(sheet, past_of(rows))
    for place, row in enumerate(rows):
        decision, granted, *figures = slow(sheet, row)
        assert (found.decision[place], found.granted_minor[place]) == (decision, granted)
        columns = (found.expected_loss, found.expected_profit, found.realised_loss,
                   found.realised_profit)  # fmt: skip
        assert [column[place] for column in columns] == pytest.approx(figures, rel=1e-9, abs=1e-3)


def test_column_that_is_missing__is_named():
    past = past_of([(10_000_000, 12, 0.1, 0.5, 0, 0, 0)])
    lacking = Applications(1, {}, {"remark": past.applications.labels["remark"]})
    with pytest.raises(PolicyColumnError, match="trust_verdict"):
        backtest(SME, Past(past.names, lacking, *list_of(past)))


def list_of(past: Past):
    return (past.asked_minor, past.instalments, past.pd, past.lgd, past.defaulted, past.lost_minor)
