"""What books of loans may lose: processor seconds, errors, and Monte Carlo in the same run.

Nothing here needs the server. Figures are of one thread: set ``OMP_NUM_THREADS=1``, or the threads
that wait are counted too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from scipy.special import ndtri

from benchmarks.bed import Bed
from benchmarks.report import Bar, Figure, Section, Spread
from karez.engines.cashflow.bulk import loans, schedules
from karez.engines.risk.book import Book
from karez.engines.risk.contagion import Network, clear, contagion, lost_assets, scenario_losses
from karez.engines.risk.distribution import Portfolio, portfolio
from karez.engines.risk.ecl import NEVER, Paths, Receivables, provisions
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.granularity import basel_loss, concentration, granularity_adjustment
from karez.engines.risk.moments import loss_sd

ROUNDS = 5
LOANS, SECTORS, ANCHORS = 100_000, 10, 20
SCENARIOS = 10_000
FIRMS, SUPPLIERS, SMALLER = 5_000, 60, 1_000
RECEIVABLES = 1_000_000
COUNTRY, ONE_FACTOR = Factors(Shares(0.06, 0.08)), Factors(Shares(0.15))


def run(_bed: Bed | None, rounds: int | None) -> Section:
    """Measure each piece, and hold it to the others."""
    section = Section("Portfolio risk, processor seconds of one thread")
    count = rounds or ROUNDS
    _large(section, count)
    _small(section, count)
    _network(section, count)
    _provisions(section, count)
    return section


def seconds_of(work: Callable[[], Any], rounds: int) -> tuple[Any, Spread]:
    """Return what it gives and its processor seconds, the first turn (compiling) not counted."""
    result, taken = work(), []
    for _ in range(rounds):
        begun = time.process_time()
        result = work()
        taken.append(time.process_time() - begun)
    return result, Spread.of(taken)


def country_book(seed: int = 7) -> Book:
    """A hundred thousand small loans and a few anchors, in ten sectors."""
    rng = np.random.default_rng(seed)
    exposure = 3_000 * np.exp(rng.standard_normal(LOANS))
    exposure[:ANCHORS] = rng.uniform(2e5, 2e6, ANCHORS)
    pd = np.clip(0.04 * np.exp(0.7 * rng.standard_normal(LOANS) - 0.245), 0.0005, 0.6)
    return Book.of(
        [str(row) for row in range(LOANS)],
        exposure=exposure,
        pd=pd,
        lgd=0.45,
        sector=[f"sector {place}" for place in rng.integers(0, SECTORS, LOANS)],
    )


def _large(section: Section, rounds: int) -> None:
    book = country_book()
    exact = loss_sd(book, COUNTRY)
    found: dict[int, Portfolio] = {}
    for points in (2_048, 4_096, 8_192):
        solved, taken = seconds_of(
            lambda points=points: portfolio(book, COUNTRY, points=points), rounds
        )
        found[points] = solved
        losses = solved.losses
        what = f"{LOANS:,} loans, {SECTORS} sectors, {points:,} points"
        section.figures += [
            Figure(what, "s", taken, 3),
            _figure("  standard deviation off the series by", losses.sd / exact - 1, "", 7),
            _figure("  99 %", losses.value_at_risk(0.99) / 1e6, "M", 4),
            _figure("  99.9 %", losses.value_at_risk(0.999) / 1e6, "M", 4),
        ]
        if points == 4_096:
            error = Spread.of([abs(losses.sd / exact - 1)])
            section.bars += [
                Bar("100,000 loans, processor seconds", 2.0, taken, at_most=True),
                Bar("100,000 loans, standard deviation off by", 0.001, error, at_most=True),
            ]
    shares, taken = seconds_of(lambda: found[4_096].shortfall_shares(0.99), rounds)
    short = found[4_096].losses.expected_shortfall(0.99)
    section.figures += [
        Figure("  the share of every loan in the 99 % shortfall", "s", taken, 3),
        _figure("  shares off their total by", abs(shares.sum() / short - 1), "", 10),
    ]
    _monte_carlo(section, book, found[8_192])


def _monte_carlo(section: Section, book: Book, solved: Portfolio) -> None:
    rng = np.random.default_rng(1)
    names, sector = np.unique(np.array(book.sector), return_inverse=True)
    threshold, loss = ndtri(book.pd).astype(np.float32), book.loss
    drawn, begun = np.empty(SCENARIOS), time.process_time()
    for scenario in range(SCENARIOS):
        common = np.sqrt(0.06) * rng.standard_normal() + np.sqrt(0.08) * rng.standard_normal(
            len(names)
        )
        own = rng.standard_normal(len(book), dtype=np.float32)
        hit = own < (threshold - common.astype(np.float32)[sector]) / np.float32(np.sqrt(0.86))
        drawn[scenario] = loss[hit].sum()
    taken = time.process_time() - begun
    section.figures.append(_figure(f"numpy Monte Carlo, {SCENARIOS:,} scenarios", taken, "s", 1))
    for level in (0.99, 0.999):
        ours = solved.losses.value_at_risk(level)
        beyond = float(np.mean(drawn > ours))
        error = np.sqrt(level * (1 - level) / SCENARIOS)
        apart = abs(beyond - (1 - level)) / error
        section.figures += [
            _figure(f"  its {100 * level:g} %", float(np.quantile(drawn, level)) / 1e6, "M", 3),
            _figure("  share of scenarios beyond ours", beyond, "", 5),
        ]
        promise = f"Monte Carlo beyond our {100 * level:g} %, standard errors"
        section.bars.append(Bar(promise, 3.0, Spread.of([apart]), at_most=True))
    apart = abs(drawn.std() / solved.losses.sd - 1)
    section.figures.append(_figure("  its standard deviation off ours by", apart, "", 4))


def _small(section: Section, rounds: int) -> None:
    books = {f"{count} equal loans": np.ones(count) for count in (50, 100, 300, 1_000)}
    for count in (100, 300):
        rng = np.random.default_rng(count)
        books[f"{count} lognormal loans"] = np.exp(1.1 * rng.standard_normal(count))
    for name, exposure in books.items():
        book = Book.of(
            [str(row) for row in range(len(exposure))],
            exposure=exposure / exposure.sum(),
            pd=0.04,
            lgd=0.45,
        )
        solved, taken = seconds_of(lambda book=book: portfolio(book, ONE_FACTOR), rounds)
        lumps = concentration(book.exposure)
        section.notes.append(
            f"{name} (HHI {lumps.hhi:.3f}, largest {100 * lumps.largest_share:.1f} %), share of"
            " book at 99 and 99.9 %:"
        )
        for level in (0.99, 0.999):
            fine = basel_loss(book, 0.15, level)
            adjusted = fine + granularity_adjustment(book, 0.15, level)
            exact = solved.losses.value_at_risk(level)
            section.notes.append(
                f"  exact {100 * exact:6.2f}   Basel {100 * fine:6.2f} ({fine / exact - 1:+.1%})"
                f"   adjusted {100 * adjusted:6.2f} ({adjusted / exact - 1:+.1%})"
            )
        milliseconds = Spread.of([1e3 * taken.median])
        section.figures.append(Figure(f"{name}, exact", "ms", milliseconds, 1))
        if name == "300 lognormal loans":
            section.bars.append(
                Bar("300 unequal loans, exact, ms", 100.0, milliseconds, at_most=True)
            )


def trade_network() -> Network:
    """An anchor, its suppliers, theirs, and the rest: each firm sells to one above it."""
    rng = np.random.default_rng(1)
    rows = np.arange(FIRMS)
    second, third = SUPPLIERS + 1, SUPPLIERS + SMALLER + 1
    buyer = np.zeros(FIRMS, np.int64)
    buyer[second:third] = rng.integers(1, second, SMALLER)
    buyer[third:] = rng.integers(second, third, FIRMS - third)
    sales = np.select([rows == 0, rows < second, rows < third], [0.0, 40.0, 6.0], 1.0)
    sales *= np.exp(0.3 * rng.standard_normal(FIRMS))
    owed = np.bincount(buyer[1:], sales[1:], FIRMS)
    size = 1.6 * np.maximum(owed, sales)
    names = [f"firm {row}" for row in rows]
    return Network.of(
        names,
        assets=size - sales,
        debts=size - owed - 0.12 * size,
        debtor=[names[row] for row in buyer[1:]],
        creditor=names[1:],
        amount=sales[1:],
    )


def _network(section: Section, rounds: int) -> None:
    network = trade_network()
    lost = lost_assets(network, np.full(FIRMS, 0.03), correlation=0.12, scenarios=3_000, seed=1)
    _, taken = seconds_of(lambda: scenario_losses(network, network.debts, lost), rounds)
    each = Spread.of([1e3 * taken.median / len(lost)])
    section.figures.append(Figure(f"clearing of {FIRMS:,} firms", "ms", each, 4))
    section.bars.append(Bar("clearing of 5,000 firms, ms", 1.0, each, at_most=True))
    found = contagion(network, network.debts, lost)
    section.figures += [
        _figure("  contagion multiplies the mean by", found.a_el, "", 2),
        _figure("  and the 99 % shortfall by", found.a_es, "", 2),
    ]
    fall = np.zeros(FIRMS)
    fall[0] = 2 * network.equity[0]
    loans_of = network.debts.copy()
    [alone] = scenario_losses(network, loans_of, fall[None], spread=False) / loans_of.sum()
    [whole] = scenario_losses(network, loans_of, fall[None]) / loans_of.sum()
    failed = int(clear(network, fall).failed.sum())
    section.notes.append(
        f"the anchor alone fails ({100 * loans_of[0] / loans_of.sum():.1f} % of the loans):"
        f" {100 * alone:.1f} % of the loans lost with it, {100 * whole:.1f} % once it has spread"
        f" ({failed:,} firms fail)"
    )


def _provisions(section: Section, rounds: int) -> None:
    rng = np.random.default_rng(1)
    rows = loans(RECEIVABLES)
    rows["kind"], rows["cycle_months"], rows["rate"] = 3, 1, 12_000_000
    rows["principal_minor"] = rng.integers(10_000, 10_000_000, RECEIVABLES)
    epoch = date(1970, 1, 1)
    for field, day in (
        ("begins", date(2026, 1, 15)),
        ("first_due", date(2026, 2, 15)),
        ("matures", date(2028, 1, 15)),
    ):  # fmt: skip
        rows[field] = (day - epoch).days
    plan, pd = schedules(rows), rng.uniform(0.01, 0.2, RECEIVABLES)
    never = np.zeros(RECEIVABLES, np.bool_)
    book = Receivables(
        ids=[str(row) for row in range(RECEIVABLES)],
        pd=pd,
        pd_at_start=pd * rng.uniform(0.3, 1.0, RECEIVABLES),
        lgd=np.full(RECEIVABLES, 0.45),
        rate_pct_year=np.full(RECEIVABLES, 12.0),
        overdue_minor=np.zeros(RECEIVABLES, np.int64),
        days_past_due=rng.choice([0, 10, 45, 100], RECEIVABLES, p=[0.9, 0.05, 0.03, 0.02]),
        forborne_days=np.full(RECEIVABLES, NEVER),
        forborne_in_default=never,
        watched=never,
    )
    paths = Paths.of([0.5, 0.3, 0.2], defaults=[1.0, 1.5, 0.8], losses=[1.0, 1.2, 0.9])
    day = (date(2026, 6, 30) - epoch).days
    _, taken = seconds_of(lambda: provisions(book, plan, day, paths=paths), min(rounds, 3))
    section.figures.append(
        Figure("provisions of 1,000,000 loans, 19 months, three paths", "s", taken, 2)
    )


def _figure(name: str, value: float, unit: str, digits: int) -> Figure:
    return Figure(name, unit, Spread.of([float(value)]), digits)
