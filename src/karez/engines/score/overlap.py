"""Transfer: how far a new population lies outside the one that a score was fitted to.

A score learnt from rated firms says something about unrated ones only where they resemble each
other. Three things are measured: which values of a new row were never seen in training (by column
and by row), how well the two populations can be told apart at all, and how many training loans are
as much like the new ones as they are like each other.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.errors import ColumnMissingError, TableEmptyError
from karez.engines.score.folds import speak, split, together
from karez.engines.score.measures import Labels
from karez.engines.score.table import Floats, Table

APART_LEAST, APART_MUCH = 0.65, 0.85
OUTSIDE_LEAST = 0.05
TAIL_ROWS = 2
"""A number is outside where fewer training loans than this lie at or beyond it."""


@attrs.frozen
class ColumnOverlap:
    """One column: the share of new rows that lie outside what training saw, and its range."""

    column: str
    outside_share: float
    seen: str


@attrs.frozen(eq=False)
class Overlap:
    """How far new rows lie outside the training population.

    ``apart`` is how often, of one new and one training row, the new one is known for what it is
    (0.5: never better than by guessing, 1: always), with its standard error. ``training_effective``
    is how many training rows there are, each counted by how like the new ones it is. ``outside``
    names for each new row the columns in which it is beyond what training saw.
    """

    rows: int
    apart: float
    apart_error: float
    training_effective: float
    columns: tuple[ColumnOverlap, ...]
    outside: tuple[tuple[str, ...], ...]

    @property
    def outside_share(self) -> float:
        """The share of new rows that are outside in at least one column."""
        return sum(map(bool, self.outside)) / self.rows

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to beware of, in words."""
        found: list[str] = []
        if self.apart - 2 * self.apart_error > APART_LEAST:
            much = "hardly" if self.apart > APART_MUCH else "only in part"
            found.append(
                f"The new rows are {much} like those of the training: they can be told apart"
                f" {self.apart:.0%} of the time (50% would be chance), and the training counts like"
                f" {self.training_effective:,.0f} rows for them."
            )
        if self.outside_share > OUTSIDE_LEAST:
            found.append(
                f"{self.outside_share:.0%} of the new rows have a value that training never saw;"
                " their scores go beyond the evidence."
            )
        found += [
            f"{each.column}: {each.outside_share:.0%} of the new rows are outside {each.seen}."
            for each in self.columns
            if each.outside_share > OUTSIDE_LEAST
        ]
        return tuple(found)


def measure_overlap(training: Table, new: Table, *, seed: int = 0) -> Overlap:
    """Return how far the rows of ``new`` lie outside the columns of ``training``.

    A missing value is outside where training never missed it.

    Raises:
        TableEmptyError: one of the tables has no rows.
        ColumnMissingError: ``new`` lacks a column of ``training``.
    """
    if not (len(training) and len(new)):
        raise TableEmptyError
    outside: dict[str, npt.NDArray[np.bool_]] = {}
    seen: dict[str, str] = {}
    for name, values in training.numbers.items():
        if name not in new.numbers:
            raise ColumnMissingError(column=name, kind="numbers")
        outside[name], seen[name] = _beyond(values, new.numbers[name])
    for name, labels in training.labels.items():
        if name not in new.labels:
            raise ColumnMissingError(column=name, kind="labels")
        outside[name], seen[name] = _unseen(labels, new.labels[name])
    columns = [
        ColumnOverlap(name, float(rows.mean()), seen[name]) for name, rows in outside.items()
    ]
    by_row: list[list[str]] = [[] for _ in new.ids]
    for name, rows in outside.items():
        for row in np.flatnonzero(rows).tolist():
            by_row[row].append(name)
    said = _tell_apart(training, new, seed)
    apart, error = _apart(said, len(training))
    odds = said[: len(training)] / (1 - said[: len(training)])
    return Overlap(
        rows=len(new),
        apart=apart,
        apart_error=error,
        training_effective=float(odds.sum() ** 2 / (odds @ odds)),
        columns=tuple(sorted(columns, key=lambda each: -each.outside_share)),
        outside=tuple(tuple(names) for names in by_row),
    )


def _beyond(seen: Floats, values: Floats) -> tuple[npt.NDArray[np.bool_], str]:
    """Return which numbers are beyond all but the outermost that training saw."""
    known = np.sort(seen[np.isfinite(seen)])
    missing = ~np.isfinite(values)
    if not len(known):
        return ~missing, "nothing: training had no value"
    place = min(TAIL_ROWS, len(known)) - 1
    low, high = float(known[place]), float(known[-1 - place])
    outside = np.where(missing, len(known) == len(seen), (values < low) | (values > high))
    return outside, f"{low:g} to {high:g}"


def _unseen(seen: Labels, values: Labels) -> tuple[npt.NDArray[np.bool_], str]:
    known = {None if label is None else str(label) for label in seen}
    outside = [(None if label is None else str(label)) not in known for label in values]
    return np.array(outside, np.bool_), f"the {len(known):,} labels of training"


def _tell_apart(training: Table, new: Table, seed: int) -> Floats:
    """Return for each training and then each new row the chance that it is a new one.

    Told from the columns out of fold, as if there were as many of the one as of the other.
    """
    both = Table(
        [*training.ids, *new.ids],
        {
            name: np.concatenate((values, new.numbers[name]))
            for name, values in training.numbers.items()
        },
        {name: [*labels, *new.labels[name]] for name, labels in training.labels.items()},
    )
    is_new = np.repeat((0.0, 1.0), (len(training), len(new)))
    trial = split(is_new, seed=seed)
    said = together(speak(both, trial), trial)
    odds = said / (1 - said) * (len(training) / len(new))
    return odds / (1 + odds)


def _apart(said: Floats, training: int) -> tuple[float, float]:
    """Return the area under the curve and its standard error (DeLong)."""
    old, new = np.sort(said[:training]), np.sort(said[training:])

    def beaten(values: Floats, others: Floats) -> Floats:
        sides = (np.searchsorted(others, values, side=side) for side in ("left", "right"))
        return sum(sides, np.zeros(len(values))) / (2 * len(others))

    won, lost = beaten(new, old), beaten(old, new)
    variance = won.var() / len(new) + lost.var() / len(old)
    return float(won.mean()), float(np.sqrt(variance))
