"""Rules that no reference case touches, each by an example counted by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest

from karez.engines.cashflow.arithmetic import Conformance, Ledger
from karez.engines.cashflow.check import check_terms
from karez.engines.cashflow.codes import (
    BusinessDay,
    ContractType,
    DayCount,
    EndOfMonth,
    EventType,
    InterestBase,
    PenaltyType,
    PrepaymentEffect,
)
from karez.engines.cashflow.cycles import Cycle, cycle_dates, shift
from karez.engines.cashflow.days import year_fraction
from karez.engines.cashflow.errors import (
    MarketUnobservedError,
    TermMalformedError,
    TermMissingError,
    TermsContradictError,
)
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.observed import Observed, ObservedEvent, Series
from karez.engines.cashflow.run import contract_events
from karez.engines.cashflow.terms import Terms
from karez.kernel.money import Rounding


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def weekday(when: Any) -> bool:
    return when.weekday() < 5


@pytest.mark.parametrize(
    ("convention", "start", "end", "years"),
    [
        ("30E360", "2025-02-28", "2025-03-31", Fraction(32, 360)),
        ("30E360ISDA", "2025-02-28", "2025-03-31", Fraction(30, 360)),
        ("30E360ISDA", "2025-01-31", "2025-02-28", Fraction(30, 360)),
        ("AA", "2023-12-31", "2024-01-02", Fraction(1, 365) + Fraction(1, 366)),
        ("AA", "2023-07-01", "2025-07-01", Fraction(184, 365) + 1 + Fraction(181, 365)),
        ("A360", "2025-01-01", "2026-01-01", Fraction(365, 360)),
        ("A365", "2025-01-01T12:00:00", "2025-01-01T23:59:59", Fraction(1, 365)),
        ("B252", "2026-01-02", "2026-01-09", Fraction(5, 252)),
        ("A365", "2025-01-02", "2025-01-01", Fraction(0)),
    ],
)
def test_year_fraction(convention: str, start: str, end: str, years: Fraction) -> None:
    assert Fraction(*year_fraction(DayCount(convention), day(start), day(end))) == years


def test_year_fraction__the_last_of_february_that_is_the_maturity_is_itself() -> None:
    end = day("2025-02-28")
    found = year_fraction(DayCount.E30360ISDA, day("2025-01-31"), end, maturity=end)
    assert Fraction(*found) == Fraction(28, 360)


@pytest.mark.parametrize(
    ("anchor", "convention", "dates"),
    [
        ("2025-01-31", EndOfMonth.SD, ["01-31", "02-28", "03-31", "04-30"]),
        ("2025-02-28", EndOfMonth.SD, ["02-28", "03-28", "04-28"]),
        ("2025-02-28", EndOfMonth.EOM, ["02-28", "03-31", "04-30"]),
        ("2025-02-27", EndOfMonth.EOM, ["02-27", "03-27", "04-27"]),
    ],
)
def test_cycle_dates__end_of_month(anchor: str, convention: EndOfMonth, dates: list[str]) -> None:
    found = cycle_dates(
        day(anchor), Cycle(1, "M"), day("2025-05-01"), convention=convention, with_end=False
    )
    assert [f"{when:%m-%d}" for when in found] == dates


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("P1ML1", ["01-15", "02-15", "03-15", "04-01"]),  # a short last stub
        ("P1ML0", ["01-15", "02-15", "04-01"]),  # a long one takes the last date before it
        ("P2ML0", ["01-15", "04-01"]),
        ("P1QL0", ["01-15", "04-01"]),  # the only date stays
        ("P4WL1", ["01-15", "02-12", "03-12", "04-01"]),
    ],
)
def test_cycle_dates__stubs(text: str, dates: list[str]) -> None:
    found = cycle_dates(
        day("2025-01-15"), Cycle.parse(text), day("2025-04-01"),
        convention=EndOfMonth.SD, with_end=True,
    )  # fmt: skip
    assert [f"{when:%m-%d}" for when in found] == dates


@pytest.mark.parametrize("text", ["P1", "1M", "P1ML2", "P1XL1", "", "P-1ML0"])
def test_cycle__is_refused(text: str) -> None:
    assert Cycle.parse(text) is None


@pytest.mark.parametrize(
    ("code", "date", "moved"),
    [
        ("SCF", "2026-01-31", "2026-02-02"),
        ("SCMF", "2026-01-31", "2026-01-30"),
        ("CSMF", "2026-01-10", "2026-01-12"),
        ("SCP", "2026-02-01", "2026-01-30"),
        ("CSMP", "2026-02-01", "2026-02-02"),
        ("CSP", "2026-01-09", "2026-01-09"),
        ("NULL", "2026-01-10", "2026-01-10"),
    ],
)
def test_shift(code: str, date: str, moved: str) -> None:
    assert shift(day(date), BusinessDay(code), weekday) == day(moved)


def loan(**changes: Any) -> Terms:
    """A loan of 1,200.00 at 12 % over a year of months by 30/360."""
    begins, first = day("2026-01-01"), day("2026-02-01")
    terms = Terms(
        contract_type=ContractType.ANN,
        contract_id="loan",
        status_date=begins - timedelta(days=1),
        currency="EUR",
        initial_exchange_date=begins,
        maturity_date=day("2027-01-01"),
        notional_principal=Decimal(1200),
        nominal_interest_rate=Decimal("0.12"),
        day_count_convention=DayCount.E30360,
        cycle_anchor_date_of_interest_payment=first,
        cycle_of_interest_payment=Cycle(1, "M"),
        cycle_anchor_date_of_principal_redemption=first,
        cycle_of_principal_redemption=Cycle(1, "M"),
    )
    return attrs.evolve(terms, **changes)


def cents(terms: Terms, *events: ObservedEvent, **ledger: Any) -> list[Event]:
    return contract_events(terms, Observed(events=events), Ledger(**ledger))


def paid(events: list[Event], *kinds: EventType) -> list[int]:
    return [int(event.payoff) for event in events if event.kind in kinds]


def test_annuity__pays_the_computed_payment_and_the_rest_at_last() -> None:
    events = cents(loan())
    principal, interest = paid(events, EventType.PR, EventType.MD), paid(events, EventType.IP)
    payments = [sum(pair) for pair in zip(principal, interest, strict=True)]
    # 1200 x 0.01 / (1 - 1.01^-12) = 106.6185…
    assert payments[:-1] == [106_62] * 11
    assert payments[-1] == 106_60
    assert sum(principal) == 1200_00


def test_annuity__rounded_up_to_a_coin_ends_with_a_smaller_payment() -> None:
    events = cents(loan(), payment_step_minor=5_00, payment_rounding=Rounding.CEILING)
    principal, interest = paid(events, EventType.PR, EventType.MD), paid(events, EventType.IP)
    assert {a + b for a, b in zip(principal[:-1], interest[:-1], strict=True)} == {110_00}
    assert sum(principal) == 1200_00


def test_flat_interest__stays_on_what_was_lent() -> None:
    flat = loan(
        contract_type=ContractType.LAM, interest_calculation_base=InterestBase.NTIED
    )  # fmt: skip
    events = cents(flat)
    assert paid(events, EventType.IP) == [12_00] * 12
    assert paid(events, EventType.PR, EventType.MD) == [100_00] * 12


def test_prepayment__lowers_the_payment_over_the_same_dates() -> None:
    early = ObservedEvent(
        EventType.PP, day("2026-07-01"), Decimal(300), effect=PrepaymentEffect.A
    )  # fmt: skip
    before, after = cents(loan()), cents(loan(), early)
    assert [e.at for e in after if e.kind is EventType.IP] == [
        e.at for e in before if e.kind is EventType.IP
    ]
    assert sum(paid(after, EventType.PR, EventType.MD, EventType.PP)) == 1200_00
    left = next(e for e in after if e.kind is EventType.PP).notional
    payment = Fraction(left) / sum(Fraction(100, 101) ** n for n in range(1, 7))
    august = [e for e in after if e.at == day("2026-08-01")]
    assert sum(paid(august, EventType.PR, EventType.IP)) == round(payment)


def test_prepayment__keeps_the_payment_and_ends_early() -> None:
    early = ObservedEvent(
        EventType.PP, day("2026-07-01"), Decimal(300), effect=PrepaymentEffect.M
    )  # fmt: skip
    events = cents(loan(), early)
    assert sum(paid(events, EventType.PR, EventType.MD, EventType.PP)) == 1200_00
    assert events[-1].at == day("2026-11-01")  # three payments, and 4.xx that they leave
    paying = [e for e in events if e.kind is not EventType.PRF]
    assert all(any(e.payoff for e in paying if e.at == at) for at in {e.at for e in paying})
    principal = paid([e for e in events if e.at == day("2026-08-01")], EventType.PR)
    interest = paid([e for e in events if e.at == day("2026-08-01")], EventType.IP)
    assert principal[0] + interest[0] == 106_62


def test_prepayment__of_all_ends_the_contract_with_its_interest() -> None:
    early = ObservedEvent(EventType.PP, day("2026-07-16"), Decimal(5000))
    events = cents(loan(prepayment_effect=PrepaymentEffect.M), early)
    assert sum(paid(events, EventType.PR, EventType.PP)) == 1200_00
    assert events[-1].at == day("2026-08-01")
    assert events[-1].kind is EventType.IP
    assert events[-1].notional == events[-1].accrued == 0


def test_prepayment__of_equal_principal_shares_the_rest_equally() -> None:
    early = ObservedEvent(
        EventType.PP, day("2026-07-01"), Decimal(300), effect=PrepaymentEffect.A
    )  # fmt: skip
    events = cents(loan(contract_type=ContractType.LAM), early)
    assert paid(events, EventType.PR, EventType.MD) == [100_00] * 6 + [50_00] * 6


@pytest.mark.parametrize(
    ("kind", "rate", "cost"),
    [
        (PenaltyType.A, "25", 25_00),
        (PenaltyType.R, "0.02", 6_00),
        (PenaltyType.I, None, 10_50),  # (12 % - 5 %) x 300 x half a year
    ],
)
def test_penalty__is_of_what_is_repaid(kind: PenaltyType, rate: str | None, cost: int) -> None:
    early = ObservedEvent(EventType.PP, day("2026-07-01"), Decimal(300))
    terms = loan(
        penalty_type=kind,
        penalty_rate=None if rate is None else Decimal(rate),
        market_object_code_of_rate_reset="M",
    )
    market = Series((day("2026-01-01"),), (Decimal("0.05"),))
    events = contract_events(terms, Observed(events=(early,), markets={"M": market}), Ledger())
    assert paid(events, EventType.PY) == [cost]
    places = [e.kind for e in events if e.at == day("2026-07-01")]
    assert places.index(EventType.PY) < places.index(EventType.PP)


def test_reset__stays_within_its_limits() -> None:
    terms = loan(
        contract_type=ContractType.PAM,
        cycle_anchor_date_of_rate_reset=day("2026-02-01"),
        cycle_of_rate_reset=Cycle(3, "M"),
        market_object_code_of_rate_reset="M",
        rate_spread=Decimal("0.01"),
        period_cap=Decimal("0.02"),
        period_floor=Decimal("-0.01"),
        life_cap=Decimal("0.15"),
        life_floor=Decimal("0.11"),
    )
    days = [day(f"2026-{month:02}-01") for month in (2, 5, 8, 11)]
    market = Series(tuple(days), tuple(Decimal(n) / 100 for n in (20, 20, 1, 1)))
    events = contract_events(terms, Observed(markets={"M": market}), Ledger())
    rates = [e.rate for e in events if e.kind is EventType.RR]
    assert rates == [Fraction(n, 100) for n in (14, 15, 14, 13)]
    with pytest.raises(MarketUnobservedError, match="M up to 2026-02-01"):
        contract_events(terms, Observed(), Ledger())


def test_closed_days__move_dates_of_a_named_calendar() -> None:
    terms = loan(calendar="town", business_day_convention=BusinessDay.SCF)
    closed = {"town": {day("2026-02-02").date()}}
    events = contract_events(terms, Observed(closed_days=closed), Ledger())
    first = next(e for e in events if e.kind is EventType.PR)
    assert first.at == day("2026-02-03")  # the 1st was a Sunday, the 2nd a holiday
    with pytest.raises(TermMalformedError, match="calendar is 'town'"):
        contract_events(terms, Observed(), Ledger())


def test_draws__of_an_overdraft_bear_interest_from_their_day() -> None:
    terms = loan(
        contract_type=ContractType.UMP,
        maturity_date=None,
        notional_principal=Decimal(0),
        cycle_of_principal_redemption=None,
        cycle_anchor_date_of_principal_redemption=None,
    )
    events = (
        ObservedEvent(EventType.PI, day("2026-01-16"), Decimal(1000)),
        ObservedEvent(EventType.PR, day("2026-02-16"), Decimal(400)),
    )
    found = contract_events(terms, Observed(until=day("2026-03-02"), events=events), Ledger())
    assert [int(e.notional) for e in found if e.kind is EventType.IPCI] == [1005_00, 613_05]


def test_purchase__of_a_debt_pays_for_the_interest_that_has_accrued() -> None:
    terms = loan(
        contract_type=ContractType.PAM,
        contract_role="RPL",
        termination_date=day("2026-01-16"),
        price_at_termination_date=Decimal(1200),
    )
    assert cents(terms)[-1].payoff == -1206_00
    assert contract_events(terms, Observed(), Conformance())[-1].payoff == pytest.approx(-1194)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"notional_principal": Decimal(-1)}, TermMalformedError, "notionalPrincipal is '-1'"),
        ({"contract_role": "XX"}, TermMalformedError, "contractRole"),
        ({"maturity_date": day("2025-12-31")}, TermsContradictError, "maturityDate"),
        ({"initial_exchange_date": None}, TermMissingError, "initialExchangeDate"),
        ({"notional_principal": None}, TermMissingError, "notionalPrincipal"),
        ({"status_date": day("2026-01-15")}, TermMissingError, "accruedInterest"),
        (
            {"coverage_of_credit_enhancement": Decimal(2)},
            TermMalformedError,
            "coverageOfCreditEnhancement",
        ),
    ],
)
def test_terms__are_refused_by_field_and_rule(
    changes: dict[str, Any], error: type[Exception], field: str
) -> None:
    with pytest.raises(error, match=field):
        check_terms(loan(**changes), follows_cases=False)


@pytest.mark.parametrize("payment", ["12", "11.99", "0"])
def test_payment__that_never_redeems_is_refused(payment: str) -> None:
    terms = loan(
        contract_type=ContractType.NAM,
        maturity_date=None,
        next_principal_redemption_payment=Decimal(payment),
    )
    with pytest.raises(TermsContradictError, match="nextPrincipalRedemptionPayment"):
        cents(terms)
