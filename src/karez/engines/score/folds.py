"""What each column of a table says of an outcome, out of fold.

No row's probability has seen the row's own outcome: rows are split into parts, and each part is
told by the others. A number speaks in bins of its size and again by its exact values, a label by
its name, each cell's rate drawn towards what is said without it.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.measures import coded, sums
from karez.engines.score.table import Floats, Table

FOLDS, REPEATS = 5, 3
BINS, BIN_ROWS = 20, 10
PRIOR_ROWS = 5.0
TOGETHER_MOST = 30

Codes = npt.NDArray[np.int64]


@attrs.frozen(eq=False)
class Trial:
    """The outcomes, how rows are split into folds, and the error of knowing only the mean rate."""

    outcome: Floats
    folds: tuple[Codes, ...]
    base: Floats = attrs.field(init=False)
    error: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "base", np.full(len(self.outcome), self.outcome.mean()))
        object.__setattr__(self, "error", float(self.outcome.var()))

    def missed(self, said: Floats) -> Floats:
        """Return the squared error of each row as a share of the outcome's variance."""
        return (self.outcome - said) ** 2 / self.error

    def explains(self, said: Floats) -> float:
        """Return the share of the outcome's variance that probabilities explain, at least 0."""
        return max(0.0, 1 - float(self.missed(said).mean()))


@attrs.frozen(eq=False)
class Spoken:
    """A column in cells, by its size and by its exact value, and what each says out of fold."""

    name: str
    names: Sequence[str]  # of the exact values
    coarse: Codes
    exact: Codes
    by_size: Floats
    by_value: Floats
    best: Floats  # that of the two which came nearer to the outcomes


def split(outcome: Floats, *, seed: int = 0) -> Trial:
    """Split the rows into folds, several times over."""
    draw = np.random.default_rng(seed)
    return Trial(outcome, tuple(fold_rows(outcome, draw) for _ in range(REPEATS)))


def fold_rows(outcome: Floats, draw: np.random.Generator, parts: int = FOLDS) -> Codes:
    """Return the part of each row; all parts have the same rate of defaults, within one row."""
    fold = np.empty(len(outcome), np.int64)
    fold[np.lexsort((draw.random(len(outcome)), outcome))] = np.arange(len(outcome)) % parts
    return fold


def speak(table: Table, trial: Trial) -> list[Spoken]:
    """Return what each column says, the weakest first."""
    found = [_by_number(name, values, trial) for name, values in table.numbers.items()]
    found += [_by_label(name, table, trial) for name in table.labels]
    return sorted(found, key=lambda each: trial.explains(each.best))


def together(features: Sequence[Spoken], trial: Trial) -> Floats:
    """Return what columns say together: a logistic sum of the strongest, out of fold."""
    if not features:
        return trial.base
    said = np.column_stack([each.best for each in features[-TOGETHER_MOST:]])
    logits = np.log(said / (1 - said))
    scaled = (logits - logits.mean(0)) / (logits.std(0) + 1e-12)
    inputs = np.column_stack((scaled, np.ones(len(said))))
    found: list[Floats] = []
    for fold in trial.folds:
        rate = np.empty(len(fold))
        for part in range(FOLDS):
            other = fold != part
            slope = _rising(inputs[other], trial.outcome[other])
            rate[~other] = 1 / (1 + np.exp(-inputs[~other] @ slope))
        found.append(rate)
    return _mean(found)


def _by_number(name: str, values: Floats, trial: Trial) -> Spoken:
    known = np.isfinite(values)
    most = max(2, min(BINS, int(known.sum()) // BIN_ROWS))
    shares = np.arange(1, most) / most
    edges = np.unique(np.quantile(values[known], shares)) if known.any() else np.empty(0)
    bins = np.searchsorted(edges, values, side="right")
    coarse = np.where(known, bins, len(edges) + 1).astype(np.int64)
    levels, exact = np.unique(np.where(known, values, np.inf), return_inverse=True)
    names = ["no value" if np.isinf(level) else f"{level:g}" for level in levels]
    sizes = _out_of_fold(coarse, trial, [trial.base] * REPEATS)
    size, value = _mean(sizes), _mean(_out_of_fold(exact, trial, sizes))
    best = value if trial.explains(value) > trial.explains(size) else size
    return Spoken(name, names, coarse, exact, size, value, best)


def _by_label(name: str, rows: Table, trial: Trial) -> Spoken:
    codes, _ = coded(rows.labels[name])
    firsts = np.unique(codes, return_index=True)[1]
    labels = [rows.labels[name][int(row)] for row in firsts]
    names = ["no value" if label is None else str(label) for label in labels]
    said = _mean(_out_of_fold(codes, trial, [trial.base] * REPEATS))
    return Spoken(name, names, codes, codes, said, said, said)


def _out_of_fold(codes: Codes, trial: Trial, priors: Sequence[Floats]) -> list[Floats]:
    """Return for each split the rate of each row's cell in the other folds, drawn to a prior."""
    count = int(codes.max()) + 1
    found: list[Floats] = []
    for fold, prior in zip(trial.folds, priors, strict=True):
        flat, size = fold * count + codes, FOLDS * count
        rows = sums(flat, np.ones(len(codes)), size).reshape(FOLDS, count)
        bad = sums(flat, trial.outcome, size).reshape(FOLDS, count)
        rows, bad = rows.sum(0) - rows, bad.sum(0) - bad
        found.append((bad[fold, codes] + PRIOR_ROWS * prior) / (rows[fold, codes] + PRIOR_ROWS))
    return found


def _mean(splits: Sequence[Floats]) -> Floats:
    return np.mean(np.array(splits), axis=0)


def _rising(inputs: Floats, outcome: Floats) -> Floats:
    """Return slopes of which none but the last, the level, is below 0.

    What is said of a row lacks the row's own outcome, so a column that knows nothing speaks a
    little against it: a slope below 0 would make knowledge of that.
    """
    kept = np.arange(inputs.shape[1], dtype=np.int64)
    while True:
        slope = _logistic(inputs[:, kept], outcome)
        rising: npt.NDArray[np.bool_] = np.append(slope[:-1] >= 0, True)
        if rising.all():
            break
        kept = kept[rising]
    found = np.zeros(inputs.shape[1])
    found[kept] = slope
    return found


def _logistic(inputs: Floats, outcome: Floats) -> Floats:
    """Return the slopes of a logistic regression, each but the last drawn to 0 as by one row."""
    pull = np.eye(inputs.shape[1])
    pull[-1, -1] = 1e-6
    slope = np.zeros(inputs.shape[1])
    for _ in range(25):
        rate = 1 / (1 + np.exp(-inputs @ slope))
        steep = (inputs.T * (rate * (1 - rate))) @ inputs + pull
        step = np.linalg.solve(steep, inputs.T @ (outcome - rate) - pull @ slope)
        slope = slope + step
        if np.abs(step).max() < 1e-6:
            break
    return slope
