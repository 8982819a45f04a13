"""To the cent: the engine against its slow twin, and what must hold whatever the terms."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engines.cashflow import twin
from karez.engines.cashflow.arithmetic import Conformance, Ledger
from karez.engines.cashflow.codes import (
    BusinessDay,
    ContractType,
    DayCount,
    EndOfMonth,
    EventType,
    InterestBase,
)
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.errors import TermMissingError
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.observed import Observed, Series
from karez.engines.cashflow.run import contract_events, stand_at
from karez.engines.cashflow.terms import Terms

DAY = datetime(2019, 12, 1)  # noqa: DTZ001
CONVENTIONS = ["A360", "A365", "AA", "30E360"]
MONEY = st.integers(1_00, 10_000_000_00).map(lambda minor: Decimal(minor) / 100)
RATE = st.integers(0, 60_0000).map(lambda parts: Decimal(parts) / 1_000_000)
BEGINS = st.integers(0, 900).map(lambda days: DAY + timedelta(days=days))


@st.composite
def plain_loans(draw: st.DrawFn) -> tuple[Terms, list[datetime]]:
    """A loan with regular due dates, the last of which is its maturity."""
    kind = draw(st.sampled_from(["PAM", "LAM", "ANN"]))
    begins, every = draw(BEGINS), draw(st.integers(1, 3))
    first = begins + timedelta(days=draw(st.integers(1, 70)))
    count = draw(st.integers(1, 40))
    due = [Cycle(every, "M").after(first, number) for number in range(count)]
    cycle = Cycle(every, "M", long_stub=False)
    terms = Terms(
        contract_type=ContractType(kind),
        contract_id="drawn",
        status_date=begins - timedelta(days=1),
        initial_exchange_date=begins,
        maturity_date=due[-1],
        notional_principal=draw(MONEY),
        nominal_interest_rate=draw(RATE),
        day_count_convention=DayCount(draw(st.sampled_from(CONVENTIONS))),
        cycle_anchor_date_of_interest_payment=first,
        cycle_of_interest_payment=cycle,
        cycle_anchor_date_of_principal_redemption=first,
        cycle_of_principal_redemption=cycle,
    )
    return terms, due


def minor(value: Decimal | None) -> int:
    return int((value or 0) * 100)


def rows_of(events: list[Event]) -> list[tuple[object, int, int, int]]:
    """Date, principal, interest and what is left for each due date."""
    days: dict[object, list[int]] = defaultdict(lambda: [0, 0, 0])
    for event in events:
        if event.kind is EventType.PRF:
            continue
        row = days[event.at.date()]
        if event.kind in {EventType.PR, EventType.MD}:
            row[0] += int(event.payoff)
        if event.kind is EventType.IP:
            row[1] += int(event.payoff)
        row[2] = int(event.notional)
    return [(day, *row) for day, row in days.items()]


@given(plain_loans())
def test_plain_loans__are_those_counted_day_by_day(drawn: tuple[Terms, list[datetime]]) -> None:
    terms, due = drawn
    events = contract_events(terms, Observed(), Ledger())
    assert (events[0].kind, events[0].payoff) == (EventType.IED, -minor(terms.notional_principal))
    expected = twin.schedule(
        terms.contract_type,
        minor(terms.notional_principal),
        Fraction(terms.nominal_interest_rate or 0),
        terms.day_count_convention,
        events[0].at.date(),
        [day.date() for day in due],
        None,
    )
    assert rows_of(events[1:]) == expected


@st.composite
def any_loans(draw: st.DrawFn) -> tuple[Terms, Observed]:
    """A loan with resets, stubs, holidays, capitalisation, either side, and a market."""
    kind = draw(st.sampled_from(["PAM", "LAM", "NAM", "ANN"]))
    begins = draw(BEGINS)
    units, stub = st.sampled_from(["M", "Q", "W"]), st.booleans()
    cycles = [Cycle(draw(st.integers(1, 2)), draw(units), draw(stub)) for _ in range(3)]
    first = begins + timedelta(days=draw(st.integers(1, 60)))
    matures = first + timedelta(days=draw(st.integers(1, 700)))
    resets = draw(st.booleans())
    capitalises = kind != "PAM" and draw(st.booleans())
    market = [Decimal(n) / 1000 for n in draw(st.lists(st.integers(0, 90), min_size=4, max_size=4))]
    principal = draw(MONEY)
    terms = Terms(
        contract_type=ContractType(kind),
        contract_id="drawn",
        contract_role=draw(st.sampled_from(["RPA", "RPL"])),
        status_date=begins - timedelta(days=1),
        initial_exchange_date=begins,
        maturity_date=matures,
        notional_principal=principal,
        nominal_interest_rate=draw(RATE),
        day_count_convention=draw(st.sampled_from(DayCount)),
        business_day_convention=draw(st.sampled_from(BusinessDay)),
        end_of_month_convention=draw(st.sampled_from(EndOfMonth)),
        calendar=draw(st.sampled_from(["NC", "MF"])),
        cycle_anchor_date_of_interest_payment=first,
        cycle_of_interest_payment=cycles[0],
        cycle_anchor_date_of_principal_redemption=first,
        cycle_of_principal_redemption=cycles[1],
        next_principal_redemption_payment=None if kind in "ANN LAM" else principal / 7,
        interest_calculation_base=draw(st.sampled_from(InterestBase)),
        cycle_anchor_date_of_interest_calculation_base=first,
        cycle_of_interest_calculation_base=cycles[2],
        capitalization_end_date=first + timedelta(days=40) if capitalises else None,
        cycle_anchor_date_of_rate_reset=first if resets else None,
        cycle_of_rate_reset=cycles[2] if resets else None,
        market_object_code_of_rate_reset="M",
        life_cap=Decimal("0.06"),
        period_cap=Decimal("0.02"),
    )
    instants = tuple(DAY + timedelta(days=365 * n) for n in range(4))
    return terms, Observed(markets={"M": Series(instants, tuple(market))})


@given(any_loans())
def test_any_loan__gives_back_what_was_lent(drawn: tuple[Terms, Observed]) -> None:
    terms, observed = drawn
    events = contract_events(terms, observed, Ledger())
    principal = sum(e.payoff for e in events if e.kind in {EventType.PR, EventType.MD})
    capitalised = sum(
        after.notional - before.notional
        for before, after in pairwise(events)
        if after.kind is EventType.IPCI
    )
    lent = -events[0].payoff
    assert principal == lent + capitalised
    assert events[-1].notional == 0
    assert events[-1].kind is EventType.MD
    assert all(Fraction(event.payoff).denominator == 1 for event in events)
    assert [e.at for e in events] == sorted(e.at for e in events)


@given(any_loans(), st.integers(0, 900))
@settings(max_examples=200)
def test_any_loan__cut_anywhere_and_resumed_is_the_same(
    drawn: tuple[Terms, Observed], days: int
) -> None:
    terms, observed = drawn
    cut = terms.status_date + timedelta(days=days)
    whole = contract_events(terms, observed, Ledger())
    stand = stand_at(terms, observed, Ledger(), cut)
    rest = contract_events(terms, observed, Ledger(), stand=stand)
    assert rest == [event for event in whole if event.at > cut]


@given(any_loans())
def test_any_loan__owed_is_lent_with_its_sign_turned(drawn: tuple[Terms, Observed]) -> None:
    terms, observed = drawn
    other = attrs.evolve(terms, contract_role="RPL" if terms.contract_role == "RPA" else "RPA")
    mine, yours = (contract_events(side, observed, Ledger()) for side in (terms, other))
    assert [(e.at, e.kind, e.payoff, e.accrued) for e in mine] == [
        (e.at, e.kind, -e.payoff, -e.accrued) for e in yours
    ]


@given(plain_loans())
def test_plain_loans__to_the_cent_are_near_those_not_rounded(
    drawn: tuple[Terms, list[datetime]],
) -> None:
    terms, _ = drawn
    exact = contract_events(terms, Observed(), Conformance())
    cents = contract_events(terms, Observed(), Ledger())
    cents = [event for event in cents if event.kind is not EventType.PRF]
    exact = [event for event in exact if event.kind is not EventType.PRF]
    assert [(e.at, e.kind) for e in exact] == [(e.at, e.kind) for e in cents]
    # Each rounding moves what is left by half a cent, and what that bears by no more than that.
    for place, (one, other) in enumerate(zip(exact, cents, strict=True)):
        assert abs(float(one.notional) * 100 - float(other.notional)) <= 1 + place * (1 + place)


@example(Decimal("1000.00"))
@given(MONEY)
def test_begun__without_accrued_interest_is_refused_in_a_ledger(principal: Decimal) -> None:
    terms = Terms(
        contract_type=ContractType.PAM,
        contract_id="begun",
        status_date=DAY + timedelta(days=9),
        initial_exchange_date=DAY,
        maturity_date=DAY + timedelta(days=99),
        notional_principal=principal,
    )
    with pytest.raises(TermMissingError, match="accruedInterest"):
        contract_events(terms, Observed(), Ledger())
    assert contract_events(terms, Observed(), Conformance())
