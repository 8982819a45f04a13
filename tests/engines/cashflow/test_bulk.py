"""The compiled engine gives the very cents of the scalar one, and names what it cannot compute."""

import os
from datetime import date, datetime

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.cashflow.test_ledger import any_loans, plain_loans, rows_of
from karez.engines.cashflow import bulk
from karez.engines.cashflow.arithmetic import Ledger
from karez.engines.cashflow.codes import BusinessDay, InterestBase
from karez.engines.cashflow.observed import Observed
from karez.engines.cashflow.pack import pack
from karez.engines.cashflow.run import contract_events
from karez.engines.cashflow.terms import Terms

CONTRACTS = int(os.environ.get("CONTRACTS", "500"))


def day_number(when: object) -> int:
    assert isinstance(when, date)
    return (when - date(1970, 1, 1)).days


def scalar_rows(terms: Terms, observed: Observed) -> list[tuple[int, int, int]]:
    events = contract_events(terms, observed, Ledger())[1:]
    sign = terms.sign
    return [(day_number(day), sign * paid, sign * due) for day, paid, due, _ in rows_of(events)]


def compiled_rows(found: bulk.Schedules, place: int) -> list[tuple[int, int, int]]:
    rows = slice(found.offsets[place], found.offsets[place + 1])
    columns = (found.due[rows], found.principal_minor[rows], found.interest_minor[rows])
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(st.lists(plain_loans(), min_size=1, max_size=5))
@settings(max_examples=CONTRACTS // 5)
def test_plain_loans__have_the_rows_of_the_scalar_engine(
    drawn: list[tuple[Terms, list[datetime]]],
) -> None:
    terms = [loan for loan, _ in drawn]
    packed = pack(terms, {})
    assert packed.places == list(range(len(terms)))
    found = bulk.schedules(packed.rows)
    assert not found.refused
    for place, loan in enumerate(terms):
        assert compiled_rows(found, place) == scalar_rows(loan, Observed())


def one_grid(terms: Terms) -> Terms:
    """The loan with its interest due when its principal is, which is what the engine knows."""
    return attrs.evolve(
        terms,
        cycle_of_interest_payment=terms.cycle_of_principal_redemption,
        capitalization_end_date=None,
        interest_calculation_base=InterestBase.NT,
        cycle_anchor_date_of_interest_calculation_base=None,
        cycle_of_interest_calculation_base=None,
    )


@given(any_loans())
@settings(max_examples=CONTRACTS)
def test_any_loan__has_the_rows_of_the_scalar_engine(drawn: tuple[Terms, Observed]) -> None:
    terms, observed = one_grid(drawn[0]), drawn[1]
    packed = pack([terms], observed.markets)
    if packed.left:
        begins = terms.initial_exchange_date or terms.status_date
        first = terms.cycle_anchor_date_of_principal_redemption or begins
        shifts = terms.business_day_convention is not BusinessDay.NOS
        assert terms.day_count_convention in {"B252", "30E360ISDA"} or (
            shifts and (first - begins).days < 3
        )
        return
    found = bulk.schedules(packed.rows, packed.market)
    assert not found.refused
    shown = compiled_rows(found, 0)
    merged: dict[int, list[int]] = {}
    for day, paid, due in shown:
        row = merged.setdefault(day, [0, 0])
        row[0], row[1] = row[0] + paid, row[1] + due
    expected = {day: [paid, due] for day, paid, due in scalar_rows(terms, observed)}
    assert {d: r for d, r in merged.items() if any(r)} == {
        d: r for d, r in expected.items() if any(r)
    }


@given(any_loans(), st.integers(0, 900))
def test_sums__are_those_of_the_rows(drawn: tuple[Terms, Observed], after: int) -> None:
    packed = pack([one_grid(drawn[0])], drawn[1].markets)
    day = day_number(drawn[0].status_date.date()) + after
    found = bulk.schedules(packed.rows, packed.market)
    sums = bulk.sums_at(packed.rows, day, packed.market)
    for place in range(len(packed.rows)):
        rows = compiled_rows(found, place)
        past = [row for row in rows if row[0] <= day]
        ahead = [row for row in rows if row[0] > day]
        lent = int(packed.rows["principal_minor"][place])
        begun = packed.rows["begins"][place] <= day
        assert sums.due_principal_minor[place] == sum(row[1] for row in past)
        assert sums.due_interest_minor[place] == sum(row[2] for row in past)
        assert sums.exposure_minor[place] == begun * lent - sum(row[1] for row in past)
        assert sums.next_due[place] == (ahead[0][0] if ahead else -1)
        assert sums.next_payment_minor[place] == (sum(ahead[0][1:]) if ahead else 0)
    edges = np.arange(day - 200, day + 2000, 50, dtype=np.int32)
    cash = bulk.buckets(packed.rows, edges, packed.market)
    inside = (found.due >= edges[0]) & (found.due < edges[-1])
    assert cash[:, 0].sum() == found.principal_minor[inside].sum()
    assert cash[:, 1].sum() == found.interest_minor[inside].sum()


def test_batch__names_the_bad_and_computes_the_others() -> None:
    rows = bulk.loans(1000)
    rows["principal_minor"], rows["rate"], rows["kind"] = 1000_00, 12_000_000, 3
    rows["begins"], rows["first_due"], rows["matures"] = 20_000, 20_031, 20_365
    rows["cycle_months"], rows["day_count"] = 1, 1
    good = bulk.schedules(rows)
    rows["principal_minor"][7] = -1
    rows["matures"][99] = 19_999
    rows["first_due"][100] = 30_000
    rows["cycle_months"][200] = 0
    rows["kind"][300] = 9
    rows["payment_step"][400] = 0
    rows["reset_months"][500], rows["first_reset"][500] = 3, 20_100
    found = bulk.schedules(rows)
    bad = [7, 99, 100, 200, 300, 400, 500]
    assert [place for place, _ in found.refused] == bad
    assert all(len(reason) > 20 for _, reason in found.refused)
    for place in (0, 6, 8, 101, 501, 999):
        assert compiled_rows(found, place) == compiled_rows(good, place)
    for place in bad:
        assert compiled_rows(found, place) == []


@pytest.mark.parametrize("convention", range(4))
def test_great_amounts__are_exact(convention: int) -> None:
    """Products far beyond 64 bits, against whole numbers that have no end."""
    random = np.random.default_rng(convention)
    rows = bulk.loans(300)
    rows["principal_minor"] = random.integers(10**13, 10**15, 300)
    rows["rate"] = random.integers(1, 2 * 10**8, 300)
    rows["begins"], rows["first_due"], rows["matures"] = 20_000, 20_731, 23_000
    rows["cycle_months"], rows["day_count"] = 24, convention
    found = bulk.schedules(rows)
    years = {0: 360, 1: 365}.get(convention)
    for place in range(300):
        due, _, interest = compiled_rows(found, place)[0]
        if years:
            owed = int(rows["principal_minor"][place]) * int(rows["rate"][place]) * (due - 20_000)
            quotient, rest = divmod(owed, 10**8 * years)
            near = quotient + (2 * rest > 10**8 * years)
            assert interest in {near, near + (2 * rest == 10**8 * years)}
        assert interest > 0
    assert (
        np.add.reduceat(found.principal_minor, found.offsets[:-1]) == rows["principal_minor"]
    ).all()
