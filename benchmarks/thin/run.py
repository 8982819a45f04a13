"""Run the arena for thin data: six protocols, every method in the same run, the last quarter judged.

``python -m benchmarks thin`` judges the last quarter. While you work on a method, run
``python -m benchmarks.thin.run`` instead: it judges the loans that may be looked at, and no others.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit, logit

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from benchmarks.thin.contest import Attempt, contest
from benchmarks.thin.judge import COLUMNS, Standing, stand
from benchmarks.thin.loans import FILE, Loans, read_loans
from benchmarks.thin.splits import PROTOCOLS

ROUNDS = 10
OURS, BOOSTED = "Karez", "CatBoost, 500 trees"
CHALLENGER = "Karez + CatBoost"
NOT_PEERS = (OURS, "Karez without pairs", CHALLENGER)


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


def show(protocol: str, standing: Standing) -> list[str]:
    """Return the table. A cell of ours with ``!`` is lost, with ``~`` tied; so are those who beat it.

    Lost is: worse by more than the standard deviation, over repeats, of the difference.
    """
    repeats = len(standing.values[OURS])
    marks = {name: [""] * len(COLUMNS) for name in standing.values}
    for name in standing.values:
        if name in NOT_PEERS:
            continue
        behind = standing.behind(OURS, name)
        spread = behind.std(axis=0, ddof=1) if repeats > 1 else np.zeros(len(COLUMNS))
        for place, by in enumerate(behind.mean(axis=0)):
            if by > 0:
                marks[name][place] = "!" if by > spread[place] else "~"
                marks[OURS][place] = max(marks[OURS][place], marks[name][place], key=" ~!".find)
    lines = [
        "",
        f"{protocol}: {standing.learned:,.0f} loans learned from, {standing.judged:,.0f} judged,"
        f" mean of {repeats} repeats",
        " " * 26 + "".join(f"{column.heading:>11}" for column in COLUMNS),
    ]
    for name in standing.values:
        cells = zip(COLUMNS, standing.mean(name), marks[name], strict=True)
        lines.append(
            f"{name:26}"
            + "".join(f"{value:>10.{column.digits}f}{mark or ' '}" for column, value, mark in cells)
        )
    behind = standing.behind(OURS, BOOSTED)[:, 0]
    lines.append(
        f"log-loss, Karez less CatBoost: {behind.mean():+.4f}; over repeats {behind.min():+.4f} to"
        f" {behind.max():+.4f}, standard deviation {behind.std(ddof=1) if repeats > 1 else 0:.4f};"
        f" standard error over loans {standing.loan_error(OURS, BOOSTED):.4f}"
    )
    return lines


def _promise(section: Section, protocol: str, standing: Standing) -> None:
    for name in standing.values:
        figure = Spread.of(standing.values[name][:, 0].tolist())
        section.figures.append(Figure(f"{protocol}: log-loss, {name}", "", figure, digits=4))
    behind: Mapping[str, np.ndarray] = {
        name: standing.behind(OURS, name)[:, 0]
        for name in standing.values
        if name not in NOT_PEERS
    }
    boosted = behind[BOOSTED]
    spread = float(boosted.std(ddof=1)) if len(boosted) > 1 else 0.0
    section.bars.append(
        Bar(
            f"{protocol}: log-loss over CatBoost's, within the spread", round(spread, 4),
            Spread.of([float(boosted.mean())]), at_most=True,
        )
    )  # fmt: skip
    nearest = max((name for name in behind if name != BOOSTED), key=lambda name: behind[name].mean())
    section.bars.append(
        Bar(
            f"{protocol}: log-loss over that of {nearest}, best of the rest", 0,
            Spread.of([float(behind[nearest].mean())]), at_most=True,
        )
    )  # fmt: skip


def main() -> None:
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
