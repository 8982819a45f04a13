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
from karez.engines.score.folds import Spoken, Trial, speak, split, together
from karez.engines.score.measures import judge, sums
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
    trial, z = split(ended, seed=seed), normal_quantile(1 - CHANCE / (RULES * count))
    features = speak(rows, trial)
    found = [*_alone(features, trial, z), *_sure(features, trial), *_grain(features, trial, z)]
    if months_to_default is not None:
        months = _times("months_to_default", months_to_default, len(table))[alive]
        found += _lasts(features, trial, z, months)
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


def _alone(features: Sequence[Spoken], trial: Trial, z: float) -> list[Leak]:
    """Compare each feature with all weaker ones together, weakest first.

    One that is found out takes no part any more: a copy of it would hide it.
    """
    found: list[Leak] = []
    weaker: list[Spoken] = []
    for feature in features:
        knows = trial.explains(feature.best)
        rest = together(weaker, trial) if knows >= KNOWS_LEAST else trial.base
        ahead = trial.missed(rest) - trial.missed(feature.best)
        least = AHEAD_LEAST if len(weaker) >= FEW else AHEAD_OF_FEW
        sure = ahead.mean() > z * ahead.std() / np.sqrt(len(ahead))
        if knows < KNOWS_LEAST or ahead.mean() < least or not sure:
            weaker.append(feature)
            continue
        others = f"the {len(weaker)} weaker together {knows - ahead.mean():.0%}"
        words = f"alone it explains {knows:.0%} of the outcome's variance, {others}"
        example = _example(feature, trial, trial.base)
        found.append(Leak(feature.name, "alone", float(ahead.mean()), f"{words}; {example}"))
    return found


def _sure(features: Sequence[Spoken], trial: Trial) -> list[Leak]:
    """Look for values whose odds, against all other rows, are beyond what can be known before."""
    outcome, tried = trial.outcome, 0
    cells: list[tuple[Spoken, Floats, Floats, npt.NDArray[np.int64]]] = []
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


def _grain(features: Sequence[Spoken], trial: Trial, z: float) -> list[Leak]:
    """Look for numbers whose exact values say more than the bins that they lie in."""
    found: list[Leak] = []
    for feature in features:
        gain = trial.missed(feature.by_size) - trial.missed(feature.by_value)
        if gain.mean() - z * gain.std() / np.sqrt(len(gain)) > GRAIN_LEAST:
            words = (
                f"its exact values explain {trial.explains(feature.by_value):.0%} of the outcome's"
                f" variance, its size {trial.explains(feature.by_size):.0%};"
                f" {_example(feature, trial, feature.by_size)}"
            )
            found.append(Leak(feature.name, "grain", float(gain.mean()), words))
    return found


def _lasts(features: Sequence[Spoken], trial: Trial, z: float, months: Floats) -> list[Leak]:
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
        if kept > z * error:
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


def _example(feature: Spoken, trial: Trial, expected: Floats) -> str:
    """Name the exact value whose defaults are furthest from what was to be expected."""
    count = len(feature.names)
    off = sums(feature.exact, trial.outcome - expected, count)
    spread = sums(feature.exact, expected * (1 - expected), count)
    many = sums(feature.exact, np.ones(len(feature.exact)), count) >= CELL_ROWS
    cell = int(np.argmax(np.where(many | ~many.any(), off**2 / np.maximum(spread, 1e-12), -1)))
    size = sums(feature.exact, expected, count)[cell]
    return f"{_cell_words(feature, cell, trial)} and {size:,.0f} were to be expected"


def _cell_words(feature: Spoken, cell: int, trial: Trial) -> str:
    rows = feature.exact == cell
    bad = trial.outcome[rows].sum()
    return f"of {rows.sum():,} rows with {feature.names[cell]} {bad:,.0f} defaulted"
