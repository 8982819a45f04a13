"""Pooling on one segment, in figures: ``python -m benchmarks.thin.example``.

The first half of the loans of 2003 to 2006 teaches what to expect of each bank and of nothing else.
Printed are some banks, and what became of other loans of banks whose few loans had all ended alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.thin.loans import Floats, Loans, read_loans
from benchmarks.thin.splits import halves
from karez.engines import score
from karez.engines.score import Feature, Recipe, Table

SIZES = (1000, 100, 20, 8, 4, 1)
"""The largest bank of at most so many loans is shown, of the most and of the fewest defaults."""
FEW = 10


def main() -> None:
    loans = read_loans()
    split = halves(loans, 0)
    known, others = loans.take(split.training), loans.take(split.development)
    recipe = Recipe((Feature("bank", "segment"),), pairs=())
    model = score.fit(_table(known), known.default, recipe)
    print(f"{len(known):,} loans, {known.default.mean():.1%} defaulted")
    print(f"{'loans of a bank':>15}{'defaults':>9}{'rate':>7}{'pooled':>8}   nine in ten")
    counts = _counts(known)
    for bank, count, bad in [*_chosen(counts), ("never seen", 0, 0)]:
        scores = score.apply(model, Table(["one"], labels={"bank": [bank]}))
        rate = f"{bad / count:.1%}" if count else ""
        ends = f"{scores.pd_low[0]:.1%} to {scores.pd_high[0]:.1%}"
        print(f"{count:>15}{bad:>9}{rate:>7}{scores.pd[0]:>8.1%}   {ends}")
    for outcome, word in ((0, "paid"), (1, "defaulted")):
        alike = {bank for bank, count, bad in counts if count < FEW and bad == outcome * count}
        rows = [each in alike for each in others.labels["bank"]]
        these = others.take(np.flatnonzero(rows))
        pooled = score.apply(model, _table(these)).pd.mean()
        print(
            f"banks with fewer than {FEW} loans, all of which {word}: {len(these)} other loans,"
            f" {these.default.mean():.1%} defaulted, pooled {pooled:.1%}, rate {outcome:.0%}"
        )


def _table(loans: Loans) -> Table:
    return Table([str(each) for each in loans.ids], labels={"bank": loans.labels["bank"]})


def _counts(loans: Loans) -> list[tuple[str, int, int]]:
    names = np.array([str(each) for each in loans.labels["bank"]])
    banks, at = np.unique(names, return_inverse=True)
    bad: Floats = np.bincount(at, loans.default)
    return [*zip(banks.tolist(), np.bincount(at).tolist(), bad.astype(int).tolist(), strict=True)]


def _chosen(counts: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    chosen: list[tuple[str, int, int]] = []
    for most in SIZES:
        size = max(count for _, count, _ in counts if count <= most)
        same = sorted((each for each in counts if each[1] == size), key=lambda each: each[2])
        chosen += dict.fromkeys((same[-1], same[0]))
    return chosen


if __name__ == "__main__":
    main()
