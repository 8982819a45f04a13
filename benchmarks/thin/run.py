"""Run the arena for thin data: every method in the same run, the last quarter judged.

``python -m benchmarks thin`` judges the last quarter. While you work on a method, run
``python -m benchmarks.thin.run`` instead: it judges the loans that may be looked at, and no others.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from scipy.special import expit, logit

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from benchmarks.thin.contest import Attempt, contest, in_one_thread
from benchmarks.thin.judge import Standing, stand
from benchmarks.thin.loans import FILE, Loans, read_loans
from benchmarks.thin.splits import PROTOCOLS
from benchmarks.thin.table import BOOSTED, CHALLENGER, NOT_PEERS, OURS, show

ROUNDS = 5
MARKETS = 20
"""Of which the coverage of intervals is measured."""


def run(bed: Bed, rounds: int | None) -> Section:  # noqa: ARG001 - all benchmarks are called so
    """Judge every method on the last quarter of the loans."""
    section = Section("Thin data: default probabilities from few loans, judged on loans set apart")
    if not FILE.exists():
        section.notes.append("passed over: the loans are not beside the checkout")
        return section
    loans = read_loans()
    for protocol in PROTOCOLS:
        tell(f"thin: {protocol}")
        standing = hold(loans, protocol, rounds or ROUNDS, "last")
        tell("")
        section.notes += show(protocol, standing)
        _promise(section, protocol, standing)
    _cover(section)
    return section


def hold(loans: Loans, protocol: str, repeats: int, part: str) -> Standing:
    """Let all methods learn and predict, and judge them on a part of the loans."""
    attempts = contest(protocol, repeats)
    attempts[CHALLENGER] = _between(attempts[OURS], attempts[BOOSTED])
    splits = [PROTOCOLS[protocol](loans, repeat) for repeat in range(repeats)]
    return stand(loans, splits, attempts, part)


def _between(ours: Sequence[Attempt], theirs: Sequence[Attempt]) -> list[Attempt]:
    """Return the mean of both log-odds: a challenger that any lender can make of the two."""
    return [
        Attempt(expit((logit(a.pd) + logit(b.pd)) / 2), a.fit_seconds + b.fit_seconds)
        for a, b in zip(ours, theirs, strict=True)
    ]


def _promise(section: Section, protocol: str, standing: Standing) -> None:
    for name in standing.values:
        figure = Spread.of(standing.values[name][:, 0].tolist())
        section.figures.append(Figure(f"{protocol}: log-loss, {name}", "", figure, digits=4))
    behind = {
        name: 1000 * float(standing.behind(OURS, name)[:, 0].mean())
        for name in standing.values
        if name not in NOT_PEERS
    }
    spread = round(1000 * float(standing.spread(OURS, BOOSTED)[0]), 1)
    promise = f"{protocol}: log-loss x 1000 over CatBoost's, within the spread"
    boosted = Spread.of([behind.pop(BOOSTED)])
    section.bars.append(Bar(promise, spread, boosted, at_most=True))
    nearest = max(behind, key=lambda name: behind[name])
    promise = f"{protocol}: log-loss x 1000 over that of {nearest}, the next"
    section.bars.append(Bar(promise, 0, Spread.of([behind[nearest]]), at_most=True))


def _cover(section: Section) -> None:
    """Say how often intervals of 90 % held the truth in made-up markets."""
    tell("thin: coverage")
    found = json.loads(in_one_thread("benchmarks.thin.coverage", str(MARKETS)).splitlines()[-1])
    tell("")
    headings = ("bank and place known", "bank of fewer than 5 loans", "neither known", "width")
    for name, rows in found.items():
        for heading, *shares in zip(headings, *rows, strict=True):
            what = f"interval of 90 %, {heading}: {name}"
            section.figures.append(Figure(what, "", Spread.of(shares), digits=3))


def main() -> None:
    """Judge the methods on the loans that may be looked at while one works."""
    parser = argparse.ArgumentParser(prog="benchmarks.thin.run", description=main.__doc__)
    parser.add_argument("protocols", nargs="*", help=f"of {', '.join(PROTOCOLS)}")
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    loans = read_loans()
    for protocol in asked.protocols or PROTOCOLS:
        standing = hold(loans, protocol, asked.repeats, "development")
        print("\n".join(show(protocol, standing)), flush=True)


if __name__ == "__main__":
    main()
