"""Fitting a score: seconds of one core for many loans, and whether the spreads are found."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from karez.engines.score import Feature, Model, Recipe, Scorer, Table, fit

Found = TypeVar("Found")

ROUNDS = 3
SPREADS = (0.7, 0.5)
LOANS, LEVELS = 100_000, 1_000
MANY, MANY_LEVELS = 1_000_000, 10_000
THIN = 10_000  # ten loans to a level
APPLICANTS = 5_000
RECIPE = Recipe((Feature("place", "segment"), Feature("lender", "segment")))


@attrs.frozen(eq=False)
class Book:
    """Loans in two crossed segments, whose effects have the standard deviations ``SPREADS``."""

    table: Table
    outcome: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]


def run(bed: Bed, rounds: int | None) -> Section:
    """Time fits of our own and of GPBoost, turn by turn, in processor seconds."""
    del bed
    section = Section("Fitting a score, processor seconds")
    rounds = rounds or ROUNDS
    fit(*_fitted(_book(2_000, 50, 0)), RECIPE)  # compiles
    some = _book(LOANS, LEVELS, 1)
    ours, theirs, spreads = [], [], []
    for turn in range(rounds):
        tell(f"fitting, turn {turn + 1} of {rounds}")
        model, seconds = _timed(lambda: fit(*_fitted(some), RECIPE))
        ours.append(seconds)
        if importlib.util.find_spec("gpboost"):
            theirs.append(_timed(lambda: _gpboost(some))[1])
    section.bars.append(
        Bar(f"{LOANS:,} loans, two crossed effects of {LEVELS:,}, s", 1, Spread.of(ours), True)
    )
    if theirs:
        section.figures.append(Figure("the same by GPBoost", "CPU-s", Spread.of(theirs)))
        ratio = [slow / quick for quick, slow in zip(ours, theirs, strict=True)]
        section.bars.append(Bar("GPBoost / ours", 10, Spread.of(ratio)))
    else:
        section.notes.append("GPBoost: passed over, it is not installed")
    many = _book(MANY, MANY_LEVELS, 2)
    seconds = [_timed(lambda: fit(*_fitted(many), RECIPE))[1] for _ in range(rounds)]
    name = f"{MANY:,} loans, two crossed effects of {MANY_LEVELS:,}, s"
    section.bars.append(Bar(name, 6, Spread.of(seconds), True))
    for seed in range(10):
        thin = fit(*_fitted(_book(THIN, LEVELS, 100 + seed)), RECIPE)
        spreads.append([block.spread for block in thin.blocks])
    for place, truth in enumerate(SPREADS):
        found = Spread.of([each[place] / truth for each in spreads])
        section.figures.append(
            Figure(f"spread {truth} found, ten loans a level, ten books", "of the truth", found)
        )
        off = float(np.abs(found.median - 1))
        section.bars.append(Bar(f"spread {truth}, off by", 0.1, Spread.of([off]), True))
    section.bars.append(Bar("one applicant, microseconds", 100, _single(model, some), True))
    return section


def _book(loans: int, levels: int, seed: int) -> Book:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, levels, (2, loans))
    effects = [rng.normal(0, spread, levels) for spread in SPREADS]
    logit = -1 + effects[0][codes[0]] + effects[1][codes[1]]
    outcome = (rng.random(loans) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    names = np.array([f"level {level}" for level in range(levels)], dtype=np.object_)
    labels = {"place": names[codes[0]], "lender": names[codes[1]]}
    return Book(Table([str(row) for row in range(loans)], {}, labels), outcome, codes)


def _fitted(book: Book) -> tuple[Table, npt.NDArray[np.float64]]:
    return book.table, book.outcome


def _gpboost(book: Book) -> None:
    import gpboost  # noqa: PLC0415 - a peer, which may be missing

    model = gpboost.GPModel(group_data=book.codes.T, likelihood="bernoulli_logit")
    model.fit(y=book.outcome, X=np.ones((len(book.outcome), 1)))


def _timed(turn: Callable[[], Found]) -> tuple[Found, float]:
    begun = time.process_time()
    found = turn()
    return found, time.process_time() - begun


def _single(model: Model, book: Book) -> Spread:
    scorer = Scorer(model)
    rows = [
        {name: labels[row] for name, labels in book.table.labels.items()}
        for row in range(APPLICANTS)
    ]
    scorer.score({}, rows[0])
    microseconds = []
    for row in rows:
        begun = time.perf_counter_ns()
        scorer.score({}, row)
        microseconds.append((time.perf_counter_ns() - begun) / 1e3)
    return Spread.of(microseconds)
