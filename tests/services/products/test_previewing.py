"""Previews: what a loan costs, and that what it posts comes out even."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from karez.engines.servicing.late import LateBasis, LatePolicy, LateStep
from karez.engines.servicing.movements import MovementKind
from karez.services.products import postings, preview
from karez.services.products.ledger import STANDARD_SIDES
from services.products.sheets import sheet
from services.products.test_sheet import SHEETS, loans


@settings(max_examples=30)
@given(loans())
def test_postings__come_out_even(loan):
    found, asked = loan
    shown = preview(found, **asked)
    balances: Counter[str] = Counter()
    for each in postings(shown):
        balances[each.debit] += each.amount_minor
        balances[each.credit] -= each.amount_minor
    cost = shown.cost.cost_minor
    assert cost == shown.interest_minor + shown.fees_minor
    assert {side: left for side, left in balances.items() if left} == {
        side: left
        for side, left in {
            "channel": cost, "4010": -shown.interest_minor, "4020": -shown.fees_minor,
        }.items()
        if left
    }  # fmt: skip


def test_ledger__covers_every_kind_of_movement():
    assert set(STANDARD_SIDES) == set(MovementKind)


def test_postings__follow_the_ledger_of_the_product():
    changed = sheet(more='[ledger.sides]\ninterest-accrued = ["interest", "4011"]')
    shown = preview(changed, amount_minor=100_000, instalments=2, starts_on=date(2026, 1, 1))
    credited = [each.credit for each in postings(shown) if each.kind == "interest-accrued"]
    assert credited == ["4011", "4011"]


def test_late__is_the_policy_of_the_engine():
    assert SHEETS["equipment-loan"].late == LatePolicy(
        steps=(
            LateStep(days_late=4, pct=Decimal(2), basis=LateBasis.INSTALMENT,
                     repeat_every_days=30, most_times=3),
        )
    )  # fmt: skip
    assert SHEETS["emergency-loan"].late == LatePolicy()
    assert SHEETS["merchant-advance"].late.steps[0].flat_minor == 1000


@pytest.mark.parametrize(("most", "passes"), [("9.34", True), ("9.33", False)])
def test_cap__is_on_the_yearly_cost(most: str, *, passes: bool):
    capped = sheet(("rate_pct_year = 9\n", f"rate_pct_year = 9\napr_most_pct = {most}\n"))
    shown = preview(capped, amount_minor=100_000, instalments=12, starts_on=date(2026, 1, 1))
    assert shown.passes_cap is passes
