"""Run the Well-Test: what each set of checks finds in made-up markets, and how fast."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

import attrs
import numpy as np

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from benchmarks.welltest.desk import BASELINES, Bools, Desk, Ints, Score, score, work
from benchmarks.welltest.persons import micro_loans
from benchmarks.welltest.schemes import defraud
from benchmarks.welltest.tables import BEGINS, REGISTER_KEY, Scheme
from benchmarks.welltest.world import DAYS, LENDERS, honest
from karez.engines.trust import Evidence, Invoices, assess, fingerprints
from karez.engines.trust.cycles import Sales, rings
from karez.engines.trust.rules import Rules

# The checks were written beside the market of seed 1; nothing was changed for any of these.
SEEDS = range(101, 120)
MARKETS = 3
RECALL_LEAST = 0.8
SPEED_TURNS = 5


@attrs.frozen
class Market:
    """One market at one level of cunning, and the desks that worked in it."""

    evidence: Evidence
    schemes: Ints
    desks: dict[str, Desk]

    def score(self, name: str, of: Bools | None = None) -> Score:
        """Return how a desk did on all advances, or on some."""
        every = np.ones(len(self.schemes), np.bool_)
        return score(self.evidence, self.schemes, self.desks[name], every if of is None else of)

    def recall_of(self, name: str, scheme: Scheme) -> float:
        """Return the share of a scheme's value that a desk reviewed."""
        mine = self.schemes == scheme
        amount = self.evidence.advances["amount_minor"]
        return float(amount[mine & self.desks[name].reviewed].sum() / amount[mine].sum())


_COLUMNS: tuple[tuple[str, int, Callable[[Score], float]], ...] = (
    ("recall", 3, lambda one: one.recall),
    ("precision", 2, lambda one: one.precision),
    ("prevented", 2, lambda one: one.prevented_minor / one.fraud_minor),
    ("late", 2, lambda one: one.late_minor / one.fraud_minor),
    ("lost", 2, lambda one: one.lost_minor / one.fraud_minor),
    ("days", 0, lambda one: one.days),
    ("alarms a firm", 2, lambda one: one.firm_alarms),
    ("a person", 3, lambda one: one.person_alarms),
)
"""What is shown of each desk: heading, decimals, figure."""


def run(bed: Bed, rounds: int | None) -> Section:
    """Make markets of seeds that nobody looked at, and let all desks work in them."""
    section = Section("Well-Test: fraudulent value found by reviewing one advance in a hundred")
    markets = rounds or MARKETS
    for cunning in (False, True):
        level = "cunning" if cunning else "naive"
        made = [_market(seed, level, cunning=cunning) for seed in SEEDS[:markets]]
        _describe(section, level, made)
        if not cunning:
            recalls = [market.score("B4").recall for market in made]
            section.bars.append(
                Bar("naive: recall of fraudulent value, B4", RECALL_LEAST, Spread.of(recalls))
            )
            others = [scheme for scheme in Scheme if scheme > Scheme.EXACT_DOUBLE]
            beyond = [max(market.recall_of("B0", other) for other in others) for market in made]
            section.bars.append(
                Bar("naive: what B0 finds but exact doubles", 0, Spread.of(beyond), at_most=True)
            )
        if cunning:
            _speed(section, bed, made[0].evidence)
    return section


def _market(seed: int, level: str, *, cunning: bool) -> Market:
    tell(f"welltest: {level}, seed {seed}")
    world = honest(seed)
    micro_loans(world)
    defraud(world, cunning=cunning)
    evidence, schemes = world.tables.finish()
    desks = work(evidence, BASELINES)
    tell("")
    return Market(evidence, schemes, desks)


def _describe(section: Section, level: str, markets: Sequence[Market]) -> None:
    """Write the tables of one level: means over markets."""
    note = section.notes.append
    count = fmean(len(market.schemes) for market in markets)
    by_count = fmean((market.schemes > 0).mean() for market in markets)
    by_value = fmean(_fraud_value(market) for market in markets)
    note(
        f"{level}: {count:,.0f} advances, fraud is {by_count:.2%} of them and {by_value:.2%} of"
        f" their value; means of {len(markets)} markets"
    )
    note(" " * 8 + "".join(f"{name:>{len(name) + 2}}" for name, _, _ in _COLUMNS) + "  by part")
    for name in BASELINES:
        scores = [market.score(name) for market in markets]
        section.figures.append(
            Figure(f"{level} {name} recall", "", Spread.of([one.recall for one in scores]))
        )
        columns = [
            f"{fmean(map(figure, scores)):>{len(heading) + 2}.{digits}f}"
            for heading, digits, figure in _COLUMNS
        ]
        parts = [
            f"{fmean(market.score(name, of).recall for market, of in pairs):.2f}"
            for pairs in _parts(markets)
        ]
        note(f"{name:8}{''.join(columns)}  {' '.join(parts)}")
    for scheme in Scheme:
        if scheme is not Scheme.HONEST:
            found = [
                fmean(market.recall_of(name, scheme) for market in markets) for name in BASELINES
            ]
            label = scheme.name.lower().replace("_", " ")
            note(f"{label:20}" + "".join(f"{share:>7.2f}" for share in found))


def _fraud_value(market: Market) -> float:
    amount = market.evidence.advances["amount_minor"]
    return float(amount[market.schemes > 0].sum() / amount.sum())


def _parts(markets: Sequence[Market]) -> list[list[tuple[Market, Any]]]:
    """Return the splits that are reported: by time, then by lender; never at random."""
    middle = BEGINS + DAYS // 2
    return [
        [(market, market.evidence.advances["on"] < middle) for market in markets],
        [(market, market.evidence.advances["on"] >= middle) for market in markets],
        *(
            [(market, market.evidence.advances["lender"] == lender) for market in markets]
            for lender in range(LENDERS)
        ),
    ]


def _speed(section: Section, bed: Bed, evidence: Evidence) -> None:
    """Measure the engine in processor seconds of one core."""
    advances = len(evidence.advances)
    invoices = _invoices(bed, 20_000)
    texts = [f"{number}|INV|2026-01-01|CNY|{number}".encode() for number in range(60_000)]
    draw = bed.random.integers
    ring = Sales(draw(0, 4000, 20_000), draw(0, 4000, 20_000), draw(0, 540, 20_000),
                 draw(1_000, 1_000_000, 20_000))  # fmt: skip
    for name, count, turn in (
        ("bare HMACs", 60_000, lambda: [hmac.digest(REGISTER_KEY, text, "sha256")
                                        for text in texts]),
        ("invoices fingerprinted, F1 to F4", 20_000, lambda: fingerprints(REGISTER_KEY, invoices)),
        ("sales searched for rings of up to five", 20_000, lambda: rings(ring, Rules())),
        ("advances assessed by all checks", advances, lambda: assess(evidence)),
    ):  # fmt: skip
        rates = [count / _seconds(turn) for _ in range(SPEED_TURNS)]
        section.figures.append(Figure(name, "/CPU-s", Spread.of(rates), digits=0))


def _seconds(turn: Callable[[], object]) -> float:
    before = time.process_time()
    turn()
    return time.process_time() - before


def _invoices(bed: Bed, count: int) -> Invoices:
    """Return invoices of five lines each."""
    draw = bed.random.integers
    numbers = draw(1, 10**6, count).tolist()
    return Invoices(
        seller_tax_id=[f"91-{number % 997:09d}" for number in numbers],
        buyer_tax_id=[f"92-{number % 991:09d}" for number in numbers],
        number=[f"INV-{number:08d}" for number in numbers],
        issued_on=["2026-01-01"] * count,
        currency=["CNY"] * count,
        total_minor=numbers,
        line_ends=list(range(5, 5 * count + 1, 5)),
        lines=[(f"item {item}", 1000, item) for item in draw(1, 10**6, 5 * count).tolist()],
    )
