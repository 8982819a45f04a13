"""Contracts: what the cash-flow engine computes in a second of one core, beside other libraries."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from karez.engines import servicing
from karez.engines.cashflow import bulk
from karez.engines.cashflow.arithmetic import Ledger
from karez.engines.cashflow.codes import ContractType, DayCount
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.observed import Observed
from karez.engines.cashflow.pack import pack
from karez.engines.cashflow.run import contract_events
from karez.engines.cashflow.terms import Terms
from karez.engines.servicing.events import Disbursement, Payment
from karez.engines.servicing.terms import Recalculation

ROUNDS = 5
LOANS, RESETTING, TERMS, QUANTLIB, JACTUS, SCALAR = 50_000, 50_000, 2_000, 400, 200, 100
EPOCH, PAYOUT = date(1970, 1, 1), date(2024, 1, 15)
BEGINS = datetime(2024, 1, 15)
FIRST, MATURES = datetime(2024, 2, 15), datetime(2029, 1, 15)


def run(bed: Bed, rounds: int | None) -> Section:
    """Let each take its turn in each round; a rate is of processor seconds, not of the clock."""
    section = Section("Contracts, a core's second of processor time")
    plain, (resetting, market) = _annuities(bed, LOANS), _resetting(bed)
    terms = [_terms(number) for number in range(TERMS)]
    turns: dict[str, tuple[int, Callable[[], Any]]] = {
        "sixty-month annuities, arrays to arrays": (LOANS, lambda: bulk.schedules(plain)),
        "the same, only what is due at a day": (LOANS, lambda: bulk.sums_at(plain, 20_000)),
        "with resets, holidays and stubs": (
            RESETTING, lambda: bulk.schedules(resetting, market),
        ),
        "sixty-month annuities, from terms": (TERMS, lambda: _from_terms(terms)),
        "the same, one by one in fractions": (
            SCALAR,
            lambda: [contract_events(one, Observed(), Ledger()) for one in terms[:SCALAR]],
        ),
    }  # fmt: skip
    for name, module, count, turn in (
        ("QuantLib, amortising bonds", "QuantLib", QUANTLIB, _quantlib),
        ("jactus, a portfolio of annuities", "jactus", JACTUS, _jactus),
    ):
        if importlib.util.find_spec(module):
            turns[name] = (count, lambda turn=turn, count=count: turn(count))
        else:
            section.notes.append(f"{name}: passed over, it is not installed")
    rates = _race(bed, turns, rounds or ROUNDS)
    for name, values in rates.items():
        section.figures.append(Figure(name, "/CPU-s", Spread.of(values), digits=0))
    first, third, fourth = (list(turns)[place] for place in (0, 2, 3))
    section.bars.append(Bar(f"{first}, /CPU-s", 500_000, Spread.of(rates[first])))
    section.bars.append(Bar(f"{third}, /CPU-s", 60_000, Spread.of(rates[third])))
    for name, ours in (
        ("QuantLib, amortising bonds", first),
        ("jactus, a portfolio of annuities", fourth),
    ):
        if name in rates:
            pairs = zip(rates[ours], rates[name], strict=True)
            ratio = Spread.of([mine / theirs for mine, theirs in pairs])
            section.bars.append(Bar(f"{ours} / {name}", 100, ratio))
    _refold(section, rounds or ROUNDS)
    return section


def _refold(section: Section, rounds: int) -> None:
    """A five-year loan of daily interest, paid each month, and a payment that is entered late."""
    terms = servicing.Terms(
        rate_pct_year=Decimal("9.99"), instalments=60, recalculation=Recalculation()
    )
    lent = Disbursement(number=1, on=PAYOUT, posted_on=PAYOUT, amount_minor=1_000_000)
    due = [row.due for row in servicing.fold(terms, [lent], as_of=PAYOUT).rows]
    for years in (2, 5):
        paid = due[: years * 12]
        events = [lent] + [
            Payment(number=2 + place, on=on, posted_on=on, amount_minor=21_200)
            for place, on in enumerate(paid)
        ]
        known = servicing.history(terms, events, as_of=paid[-1])
        for name, months in (("a month", 1), ("a quarter", 3), ("a year", 12)):
            on = paid[-1 - months] + timedelta(days=3)
            late = Payment(number=99, on=on, posted_on=paid[-1], amount_minor=5_000)
            spread = _cpu_ms(partial(known.with_events, late, as_of=paid[-1]), rounds)
            what = f"a payment {name} late refolded after {years} years"
            if months > 3:
                section.figures.append(Figure(what, "CPU-ms", spread))
            else:
                section.bars.append(Bar(f"{what}, CPU-ms", 5, spread, at_most=True))
        everything = _cpu_ms(partial(servicing.fold, terms, events, as_of=paid[-1]), rounds)
        section.figures.append(Figure(f"all {years} years folded", "CPU-ms", everything))


def _cpu_ms(turn: Callable[[], Any], rounds: int) -> Spread:
    took: list[float] = []
    for _ in range(rounds * 4):
        before = time.process_time()
        turn()
        took.append((time.process_time() - before) * 1e3)
    return Spread.of(took)


def _race(
    bed: Bed, turns: dict[str, tuple[int, Callable[[], Any]]], rounds: int
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in turns}
    for _, turn in turns.values():
        turn()  # compiled and warm
    for round_ in range(rounds):
        tell(f"contracts: round {round_ + 1} of {rounds}")
        for place in bed.random.permutation(len(turns)):
            name = list(turns)[place]
            count, turn = turns[name]
            before = time.process_time()
            turn()
            rates[name].append(count / (time.process_time() - before))
    tell("")
    return rates


def _number(when: datetime) -> int:
    return (when.date() - EPOCH).days


def _annuities(bed: Bed, count: int) -> bulk.Loans:
    rows = bulk.loans(count)
    rows["kind"], rows["day_count"], rows["cycle_months"] = 3, 1, 1
    rows["principal_minor"] = bed.random.integers(100_000, 100_000_000, count)
    rows["rate"] = bed.random.integers(1_000_000, 40_000_000, count)
    rows["begins"], rows["first_due"] = _number(BEGINS), _number(FIRST)
    rows["matures"] = _number(MATURES)
    found = bulk.schedules(rows)
    assert not found.refused
    assert (np.diff(found.offsets) == 60).all()
    sums = np.add.reduceat(found.principal_minor, found.offsets[:-1])
    assert (sums == rows["principal_minor"]).all()
    return rows


def _resetting(bed: Bed) -> tuple[bulk.Loans, bulk.Loans]:
    """Loans whose rate follows a market each quarter, on weekdays, with a long last period."""
    rows = _annuities(bed, RESETTING)
    rows["shift"], rows["shifts_first"], rows["long_stub"] = 2, True, True
    rows["matures"] += 11
    rows["reset_months"], rows["first_reset"] = 3, _number(FIRST + timedelta(days=50))
    market = np.zeros(20, bulk.MARKET)
    market["day"] = _number(BEGINS) + 100 * np.arange(20)
    market["rate"] = bed.random.integers(1_000_000, 9_000_000, 20)
    assert not bulk.schedules(rows, market).refused
    return rows, market


def _terms(number: int) -> Terms:
    month = Cycle(1, "M")
    return Terms(
        contract_type=ContractType.ANN,
        contract_id=f"loan {number}",
        status_date=BEGINS - timedelta(days=1),
        initial_exchange_date=BEGINS,
        maturity_date=MATURES,
        notional_principal=Decimal(10_000 + number),
        nominal_interest_rate=Decimal("0.1"),
        day_count_convention=DayCount.A365,
        cycle_anchor_date_of_principal_redemption=FIRST,
        cycle_of_principal_redemption=month,
    )


def _from_terms(terms: list[Terms]) -> bulk.Schedules:
    packed = pack(terms, {})
    assert not packed.left
    return bulk.schedules(packed.rows)


def _quantlib(count: int) -> None:
    """Make the schedule, the sinking notionals and the bond; read dates and amounts."""
    import QuantLib as ql  # noqa: N813, PLC0415 - as its users do

    start, term = ql.Date(15, 1, 2024), ql.Period(5, ql.Years)
    for _ in range(count):
        schedule = ql.sinkingSchedule(start, term, ql.Monthly, ql.NullCalendar())
        notionals = ql.sinkingNotionals(term, ql.Monthly, 0.1, 10_000.0)
        bond = ql.AmortizingFixedRateBond(0, notionals, schedule, [0.1], ql.Actual365Fixed())
        flows = [(flow.date(), flow.amount()) for flow in bond.cashflows()]
        assert len(flows) >= 120


def _jactus(count: int) -> None:
    from jactus.contracts import simulate_portfolio  # noqa: PLC0415
    from jactus.core import (  # noqa: PLC0415
        ActusDateTime,
        ContractAttributes,
        ContractRole,
        DayCountConvention,
    )
    from jactus.core import ContractType as Type  # noqa: PLC0415
    from jactus.observers import ConstantRiskFactorObserver  # noqa: PLC0415

    observer = ConstantRiskFactorObserver(0.0)
    first = ActusDateTime(2024, 2, 15)
    simulate_portfolio(
        [
            (
                ContractAttributes(
                    contract_id=f"loan {number}",
                    contract_type=Type.ANN,
                    contract_role=ContractRole.RPA,
                    status_date=ActusDateTime(2024, 1, 14),
                    initial_exchange_date=ActusDateTime(2024, 1, 15),
                    maturity_date=ActusDateTime(2029, 1, 15),
                    currency="USD",
                    notional_principal=10_000.0 + number,
                    nominal_interest_rate=0.1,
                    day_count_convention=DayCountConvention.A365,
                    principal_redemption_cycle="1M",
                    interest_payment_cycle="1M",
                    principal_redemption_anchor=first,
                    interest_payment_anchor=first,
                ),
                observer,
            )
            for number in range(count)
        ]
    )
