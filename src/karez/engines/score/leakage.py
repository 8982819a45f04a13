"""Features that know the outcome: what could not have been known when the loan was decided.

A feature of the day of decision says something about the outcome, never nearly all; says it by its
size or its kind, not by its last digit; and says less the later the default comes. One that was
written, or written over, after the loan had ended breaks one of these rules:

- ``alone``: it alone explains far more than all weaker features together.
- ``sure``: one value of it, or its absence, all but settles the outcome.
- ``grain``: its exact values tell much more than its size. The term of a loan that was written over
  with the months until it failed is one: those that paid have round terms.
- ``lasts``: it is strong, and tells late defaults as well as early ones. Needs the time of default.
- ``later``: its own dates are after the decision. Needs those dates.

The first four are judged out of fold, and named only where chance cannot have done it: all features
and rules of a table together give a false alarm with a chance of at most ``CHANCE`` (Bonferroni).
How far is far is judgement: the limits below lie between the strongest honest feature and the
weakest leak of the guaranteed loans and of the rated firms that the tests read.

A loan counts as one, whatever its weight: a leak shows as well in a sample balanced by outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.chances import normal_quantile, rate_bounds
from karez.engines.score.errors import ColumnLengthError, OutcomeOneClassError
from karez.engines.score.measures import coded, judge, sums
from karez.engines.score.table import Floats, Table

CHANCE = 0.01
RULES = 4
KNOWS_LEAST = 0.25
"""What explains less of the outcome's variance is too weak to be ``alone`` or to ``last``."""
AHEAD_LEAST, AHEAD_OF_FEW, FEW = 0.20, 0.50, 3
"""How much more than all weaker ones together; and where they are so few that they say little."""
GRAIN_LEAST = 0.05
ODDS_LEAST = 20.0
FADE_LEAST = 0.2
"""The lead over chance that an honest feature loses from the early to the late defaults."""
CELL_ROWS, CELL_SHARE = 10, 0.02
WEAKER_MOST = 30
FOLDS, REPEATS = 5, 3
BINS, BIN_ROWS = 20, 10
PRIOR_ROWS = 5.0

Codes = npt.NDArray[np.int64]


@attrs.frozen
class Leak:
    """One rule that a feature breaks. ``figure`` is what the rule measured."""

    feature: str
    rule: str
    figure: float
    words: str


@attrs.frozen
class LeakReport:
    """What each feature explains of the outcome's variance alone, and which rules were broken."""

    knows: Mapping[str, float]
    leaks: tuple[Leak, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The features that break a rule, once each."""
        return tuple(dict.fromkeys(leak.feature for leak in self.leaks))


@attrs.frozen(eq=False)
class _Feature:
    """A feature in cells, by its size and by its exact value, and what each says out of fold."""

    name: str
    names: Sequence[str]  # of the exact values
    coarse: Codes
    exact: Codes
    by_size: Floats
    by_value: Floats
    best: Floats  # that of the two which came nearer to the outcomes


@attrs.frozen(eq=False)
class _Trial:
    """The outcomes, how rows are split into folds, and the error of knowing only the mean rate."""

    outcome: Floats
    folds: tuple[Codes, ...]
    z: float  # how many standard errors count as more than chance
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


def find_leaks(  # noqa: PLR0913 - each is another thing that may be known
    table: Table,
    outcome: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    months_to_default: npt.ArrayLike | None = None,
    decided_on: npt.ArrayLike | None = None,
    known_on: Mapping[str, npt.ArrayLike] | None = None,
    seed: int = 0,
) -> LeakReport:
    """Return which columns of a table know the outcome, and why.

    Rows of weight 0 are left out. ``months_to_default`` is NaN where there was none;
    ``decided_on``, and ``known_on`` of a feature, are days as numbers of one calendar, NaN where
    not known.

    Raises as ``measures.judge`` does, and
        ColumnLengthError: a column of times has another length.
        OutcomeOneClassError: there is nothing to know.
    """
    given = judge(outcome, np.zeros(np.shape(outcome)), weight)
    if len(given.outcome) != len(table):
        raise ColumnLengthError(column="outcome", found=len(given.outcome), expected=len(table))
    alive = np.flatnonzero(given.weight > 0)
    rows, ended = table.take(alive), given.outcome[alive]
    if len(np.unique(ended)) < 2:
        raise OutcomeOneClassError(rows=len(ended), outcome=int(ended[0]))
    count = max(1, len(table.numbers) + len(table.labels))
    trial = _trial(ended, CHANCE / (RULES * count), seed)
    features = [_by_number(name, values, trial) for name, values in rows.numbers.items()]
    features += [_by_label(name, rows, trial) for name in rows.labels]
    features.sort(key=lambda each: trial.explains(each.best))
    found = [*_alone(features, trial), *_sure(features, trial), *_grain(features, trial)]
    if months_to_default is not None:
        months = _times("months_to_default", months_to_default, len(table))[alive]
        found += _lasts(features, trial, months)
    if decided_on is not None:
        decided = _times("decided_on", decided_on, len(table))
        for name, days in (known_on or {}).items():
            found += _later(name, table.ids, _times(name, days, len(table)), decided)
    knows = {each.name: trial.explains(each.best) for each in reversed(features)}
    found.sort(key=lambda leak: -knows.get(leak.feature, 0))
    return LeakReport(knows, (*found,))


def _times(name: str, values: npt.ArrayLike, rows: int) -> Floats:
    times = np.asarray(values, np.float64)
    if len(times) != rows:
        raise ColumnLengthError(column=name, found=len(times), expected=rows)
    return times


def _trial(outcome: Floats, chance: float, seed: int) -> _Trial:
    """Split the rows into folds that have the same rate, several times over."""
    draw = np.random.default_rng(seed)
    folds: list[Codes] = []
    for _ in range(REPEATS):
        fold = np.empty(len(outcome), np.int64)
        fold[np.lexsort((draw.random(len(outcome)), outcome))] = np.arange(len(outcome)) % FOLDS
        folds.append(fold)
    return _Trial(outcome, (*folds,), normal_quantile(1 - chance))


def _by_number(name: str, values: Floats, trial: _Trial) -> _Feature:
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
    return _Feature(name, names, coarse, exact, size, value, best)


def _by_label(name: str, rows: Table, trial: _Trial) -> _Feature:
    codes, _ = coded(rows.labels[name])
    firsts = np.unique(codes, return_index=True)[1]
    labels = [rows.labels[name][int(row)] for row in firsts]
    names = ["no value" if label is None else str(label) for label in labels]
    said = _mean(_out_of_fold(codes, trial, [trial.base] * REPEATS))
    return _Feature(name, names, codes, codes, said, said, said)


def _out_of_fold(codes: Codes, trial: _Trial, priors: Sequence[Floats]) -> list[Floats]:
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


def _alone(features: Sequence[_Feature], trial: _Trial) -> list[Leak]:
    """Compare each feature with all weaker ones together, weakest first.

    One that is found out takes no part any more: a copy of it would hide it.
    """
    found: list[Leak] = []
    weaker: list[_Feature] = []
    for feature in features:
        knows = trial.explains(feature.best)
        rest = _together(weaker[-WEAKER_MOST:], trial) if knows >= KNOWS_LEAST else trial.base
        ahead = trial.missed(rest) - trial.missed(feature.best)
        least = AHEAD_LEAST if len(weaker) >= FEW else AHEAD_OF_FEW
        sure = ahead.mean() > trial.z * ahead.std() / np.sqrt(len(ahead))
        if knows < KNOWS_LEAST or ahead.mean() < least or not sure:
            weaker.append(feature)
            continue
        others = f"the {len(weaker)} weaker together {knows - ahead.mean():.0%}"
        words = f"alone it explains {knows:.0%} of the outcome's variance, {others}"
        example = _example(feature, trial, trial.base)
        found.append(Leak(feature.name, "alone", float(ahead.mean()), f"{words}; {example}"))
    return found


def _together(features: Sequence[_Feature], trial: _Trial) -> Floats:
    """Return what features say together: a logistic sum of what each says, out of fold."""
    if not features:
        return trial.base
    said = np.column_stack([each.best for each in features])
    logits = np.log(said / (1 - said))
    scaled = (logits - logits.mean(0)) / (logits.std(0) + 1e-12)
    inputs = np.column_stack((scaled, np.ones(len(said))))
    found: list[Floats] = []
    for fold in trial.folds:
        rate = np.empty(len(fold))
        for part in range(FOLDS):
            other = fold != part
            slope = _logistic(inputs[other], trial.outcome[other])
            rate[~other] = 1 / (1 + np.exp(-inputs[~other] @ slope))
        found.append(rate)
    return _mean(found)


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


def _sure(features: Sequence[_Feature], trial: _Trial) -> list[Leak]:
    """Look for values whose odds, against all other rows, are beyond what can be known before."""
    outcome, tried = trial.outcome, 0
    cells: list[tuple[_Feature, Floats, Floats, npt.NDArray[np.int64]]] = []
    for feature in features:
        rows = sums(feature.exact, np.ones(len(outcome)), len(feature.names))
        bad = sums(feature.exact, outcome, len(feature.names))
        large = np.flatnonzero(rows >= max(CELL_ROWS, CELL_SHARE * len(outcome)))
        cells.append((feature, rows, bad, large))
        tried += len(large)
    found: list[Leak] = []
    for feature, rows, bad, large in cells:
        miss = 2 * CHANCE / (RULES * max(1, tried))
        low, high = rate_bounds(bad[large], rows[large], miss=miss)
        low_else, high_else = rate_bounds(
            outcome.sum() - bad[large], len(outcome) - rows[large], miss=miss
        )
        ratio = np.maximum(_odds(low) / _odds(high_else), _odds(low_else) / _odds(high))
        if len(large) and ratio.max() >= ODDS_LEAST:
            cell = int(large[ratio.argmax()])
            words = (
                f"{_cell_words(feature, cell, trial)}; of the {len(outcome) - rows[cell]:,.0f}"
                f" others {outcome.sum() - bad[cell]:,.0f}"
            )
            found.append(Leak(feature.name, "sure", float(ratio.max()), words))
    return found


def _odds(rate: Floats) -> Floats:
    return np.maximum(rate, 1e-12) / np.maximum(1 - rate, 1e-12)


def _grain(features: Sequence[_Feature], trial: _Trial) -> list[Leak]:
    """Look for numbers whose exact values say more than the bins that they lie in."""
    found: list[Leak] = []
    for feature in features:
        gain = trial.missed(feature.by_size) - trial.missed(feature.by_value)
        if gain.mean() - trial.z * gain.std() / np.sqrt(len(gain)) > GRAIN_LEAST:
            words = (
                f"its exact values explain {trial.explains(feature.by_value):.0%} of the outcome's"
                f" variance, its size {trial.explains(feature.by_size):.0%};"
                f" {_example(feature, trial, feature.by_size)}"
            )
            found.append(Leak(feature.name, "grain", float(gain.mean()), words))
    return found


def _lasts(features: Sequence[_Feature], trial: _Trial, months: Floats) -> list[Leak]:
    """Look for strong features that rank late defaults as well as early ones."""
    bad = (trial.outcome == 1) & np.isfinite(months)
    late = bad & (months > (np.median(months[bad]) if bad.any() else 0))
    early = bad & ~late
    found: list[Leak] = []
    if late.sum() < CELL_ROWS or early.sum() < CELL_ROWS:
        return found
    for feature in features:
        if trial.explains(feature.best) < KNOWS_LEAST:
            continue
        said = feature.best
        paid = np.sort(said[trial.outcome == 0])
        below, upto = (np.searchsorted(paid, said, side=side) for side in ("left", "right"))
        won = (below + upto) / (2 * len(paid))  # the share of paid loans that it ranks better
        kept = float((won[late].mean() - 0.5) - (1 - FADE_LEAST) * (won[early].mean() - 0.5))
        error = np.sqrt(won[late].var() / late.sum() + won[early].var() / early.sum())
        if kept > trial.z * error:
            words = (
                f"it ranks the late half of the defaults above {won[late].mean():.0%} of the loans"
                f" that paid, the early half above {won[early].mean():.0%}; what is known at the"
                " decision ages"
            )
            found.append(Leak(feature.name, "lasts", kept, words))
    return found


def _later(name: str, ids: Sequence[str], known: Floats, decided: Floats) -> list[Leak]:
    after = np.flatnonzero(known > decided)
    if not len(after):
        return []
    words = (
        f"known after the decision in {len(after):,} of {len(known):,} rows, first in row"
        f" {ids[int(after[0])]}"
    )
    return [Leak(name, "later", len(after) / len(known), words)]


def _example(feature: _Feature, trial: _Trial, expected: Floats) -> str:
    """Name the exact value whose defaults are furthest from what was to be expected."""
    count = len(feature.names)
    off = sums(feature.exact, trial.outcome - expected, count)
    spread = sums(feature.exact, expected * (1 - expected), count)
    many = sums(feature.exact, np.ones(len(feature.exact)), count) >= CELL_ROWS
    cell = int(np.argmax(np.where(many | ~many.any(), off**2 / np.maximum(spread, 1e-12), -1)))
    size = sums(feature.exact, expected, count)[cell]
    return f"{_cell_words(feature, cell, trial)} and {size:,.0f} were to be expected"


def _cell_words(feature: _Feature, cell: int, trial: _Trial) -> str:
    rows = feature.exact == cell
    bad = trial.outcome[rows].sum()
    return f"of {rows.sum():,} rows with {feature.names[cell]} {bad:,.0f} defaulted"
