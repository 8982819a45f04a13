"""Drift: is the population still that of the fit, and are the odds still right?

Both questions have an answer by chance alone, and in a small market chance is most of it. So each
measure stands beside what it would be without any drift, and alarms are shared out by Bonferroni:
all of a report together give a false one with the chance that the caller names.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.chances import chi_square_quantile, normal_quantile
from karez.engines.score.errors import ColumnLengthError, ColumnMissingError, TableEmptyError
from karez.engines.score.measures import Judged, Labels, coded, deviations, judge, sums
from karez.engines.score.table import Floats, Table

BINS, LEVELS_MOST = 10, 20  # of numbers, of labels
STEPS, COMMON_SD = 50, 3.0
PSI_LEAST = 0.10
"""A smaller shift is of no weight, even where it is certain; 0.25 is called large by custom."""

Codes = npt.NDArray[np.int64]


@attrs.frozen
class ColumnDrift:
    """How far a column moved: PSI, the mean it has without any drift, and where an alarm begins.

    ``cell`` is the range or label whose share changed most, from ``share_before`` to ``share_now``.
    """

    column: str
    psi: float
    psi_by_chance: float
    psi_limit: float
    cell: str
    share_before: float
    share_now: float

    @property
    def alarm(self) -> str | None:
        """What is wrong, in words, or None."""
        if self.psi <= self.psi_limit:
            return None
        return (
            f"{self.column} has shifted: PSI {self.psi:.2f}, where chance alone makes"
            f" {self.psi_by_chance:.2f}; {self.cell} was {self.share_before:.0%} of the rows and is"
            f" {self.share_now:.0%}"
        )


@attrs.frozen
class SegmentOdds:
    """Defaults of one segment against those expected; weights count as loans.

    ``shift`` is how much the log-odds should move, drawn towards the shift of all segments by how
    little the segment says, ``shift_sd`` its standard deviation, ``rate`` the rate that it gives.
    """

    segment: str | None
    rows: int
    observed: float
    expected: float
    z: float
    shift: float
    shift_sd: float
    rate_said: float
    rate: float


@attrs.frozen
class SegmentDrift:
    """The odds of all segments: the common shift, how segments differ, and which raise an alarm."""

    shift: float
    shift_z: float
    spread: float
    z_limit: float
    segments: tuple[SegmentOdds, ...]

    @property
    def alarms(self) -> tuple[str, ...]:
        """What is wrong, in words, the worst first."""
        found = [each for each in self.segments if abs(each.z) > self.z_limit]
        words = [
            f"{each.segment or 'without a segment'}: {each.observed:,.0f} defaults, where"
            f" {each.expected:,.1f} were expected (z {each.z:+.1f}); drawn to the others the rate"
            f" is {each.rate:.1%}, not {each.rate_said:.1%}"
            for each in sorted(found, key=lambda each: -abs(each.z))
        ]
        if abs(self.shift_z) > self.z_limit:
            high = "more" if self.shift > 0 else "fewer"
            words.insert(0, f"all together: {high} defaults than expected (z {self.shift_z:+.1f})")
        return tuple(words)


def population_drift(before: Table, now: Table, *, chance: float = 0.01) -> tuple[ColumnDrift, ...]:
    """Return how far each column of ``now`` is from what it was ``before``, the furthest first.

    Numbers are compared in tenths of what they were, labels one by one (the rarest together), and
    a missing value is a cell of its own. The population stability index is the sum over cells of
    ``(now - before) ln(now / before)`` of shares, each with half a row added. Without drift it is
    ``(1/n + 1/m)`` times a chi-square variable with one less freedom than cells; an alarm needs
    more than chance makes of that, and more than ``PSI_LEAST``.

    Raises:
        TableEmptyError: one of the tables has no rows.
        ColumnMissingError: ``now`` lacks a column of ``before``.
    """
    if not (len(before) and len(now)):
        raise TableEmptyError
    count = len(before.numbers) + len(before.labels)
    found: list[ColumnDrift] = []
    for name, values in before.numbers.items():
        if name not in now.numbers:
            raise ColumnMissingError(column=name, kind="numbers")
        codes, cells = _bins(values, now.numbers[name])
        found.append(_column(name, codes, cells, len(before), chance / count))
    for name, labels in before.labels.items():
        if name not in now.labels:
            raise ColumnMissingError(column=name, kind="labels")
        codes, cells = _levels(labels, now.labels[name])
        found.append(_column(name, codes, cells, len(before), chance / count))
    return tuple(sorted(found, key=lambda each: each.psi_limit - each.psi))


def _bins(before: Floats, now: Floats) -> tuple[Codes, list[str]]:
    both, known = np.concatenate((before, now)), np.isfinite(before)
    edges = np.empty(0)
    if known.any():
        edges = np.unique(np.quantile(before[known], np.arange(1, BINS) / BINS))
    codes = np.where(
        np.isfinite(both), np.searchsorted(edges, both, side="right"), len(edges) + 1
    ).astype(np.int64)
    limits = [f"{edge:.6g}" for edge in edges]
    first = [f"below {limits[0]}"] if limits else ["any value"]
    inner = [f"{low} to {high}" for low, high in pairwise(limits)]
    last = [f"{limits[-1]} or more"] if limits else []
    return codes, [*first, *inner, *last, "no value"]


def _levels(before: Labels, now: Labels) -> tuple[Codes, list[str]]:
    both: list[str | None] = [*before, *now]
    codes, count = coded(both)
    names: list[str] = [""] * count
    for code, label in zip(codes.tolist(), both, strict=True):
        names[code] = "no value" if label is None else str(label)
    if count > LEVELS_MOST:
        kept = np.argsort(-np.bincount(codes[: len(before)], minlength=count), kind="stable")
        place = np.full(count, LEVELS_MOST - 1, np.int64)
        place[kept[: LEVELS_MOST - 1]] = np.arange(LEVELS_MOST - 1)
        names = [*(names[int(code)] for code in kept[: LEVELS_MOST - 1]), "any other"]
        codes = place[codes].astype(np.int64)
    return codes, names


def _column(
    name: str, codes: Codes, cells: Sequence[str], rows_before: int, chance: float
) -> ColumnDrift:
    before, now = (
        sums(part, np.ones(len(part)), len(cells)) for part in np.split(codes, [rows_before])
    )
    return compare_counts(name, before, now, cells, chance=chance)


def compare_counts(
    name: str, before: Floats, now: Floats, cells: Sequence[str], *, chance: float
) -> ColumnDrift:
    """Return how far the counts of cells moved; see ``population_drift``. Counts may be broken."""
    n, m = float(before.sum()), float(now.sum())
    filled = np.flatnonzero(before + now)
    shares = [(part[filled] + 0.5) / (part[filled] + 0.5).sum() for part in (before, now)]
    terms = (shares[1] - shares[0]) * np.log(shares[1] / shares[0])
    freedom = len(filled) - 1
    scale = 1 / n + 1 / m
    by_chance = scale * chi_square_quantile(1 - chance, freedom) if freedom else 0.0
    cell = int(filled[terms.argmax()])
    return ColumnDrift(
        name,
        psi=float(terms.sum()),
        psi_by_chance=scale * freedom,
        psi_limit=max(PSI_LEAST, by_chance),
        cell=cells[cell],
        share_before=float(before[cell] / n),
        share_now=float(now[cell] / m),
    )


def segment_drift(  # noqa: PLR0913 - each is an input of the comparison
    outcome: npt.ArrayLike,
    pd: npt.ArrayLike,
    segment: Labels,
    weight: npt.ArrayLike | None = None,
    *,
    doubt_sd: npt.ArrayLike = 0.0,
    chance: float = 0.01,
) -> SegmentDrift:
    """Return how right probabilities were in each segment, segments with few loans drawn to all.

    Segments differ by ``spread``, the standard deviation of their shifts of log-odds beyond what
    chance makes of their sizes (by the moments of DerSimonian and Laird). Given that, each shift
    is the most probable one, and where the spread is 0 all have the common one.

    ``doubt_sd`` is how unsure the score itself was of each row's segment, a standard deviation of
    log-odds: what it owned not to know is no drift.

    Raises as ``measures.judge`` does, and
        ColumnLengthError: there is not one segment for each row.
    """
    judged = judge(outcome, pd, weight)
    codes, count = coded(segment)
    if len(codes) != len(judged.pd):
        raise ColumnLengthError(column="segment", found=len(codes), expected=len(judged.pd))
    doubt = np.zeros(count)
    doubt[codes] = doubt_sd
    before = _counted(judged, codes, doubt)
    spread = _spread(*_estimates(before))
    shift, shift_sd, common = _shifts(judged, codes, doubt, spread)
    after = _counted(_moved(judged, shift[codes]), codes, doubt)
    z = _ratio(before.off, np.sqrt(before.noise))
    firsts = np.unique(codes, return_index=True)[1]
    rows = np.bincount(codes[judged.weight > 0], minlength=count)
    odds = [
        SegmentOdds(
            segment=_name(segment[int(firsts[place])]),
            rows=int(rows[place]),
            observed=float(before.expected[place] + before.off[place]),
            expected=float(before.expected[place]),
            z=float(z[place]),
            shift=float(shift[place]),
            shift_sd=float(shift_sd[place]),
            rate_said=float(before.expected[place] / before.mass[place]),
            rate=float(after.expected[place] / before.mass[place]),
        )
        for place in np.flatnonzero(rows).tolist()
    ]
    return SegmentDrift(
        shift=common,
        shift_z=float(_ratio(before.off.sum(), np.sqrt(before.noise.sum()))),
        spread=spread,
        z_limit=normal_quantile(1 - chance / (2 * (len(odds) + 1))),
        segments=tuple(odds),
    )


def _name(label: object) -> str | None:
    return None if label is None else str(label)


@attrs.frozen(eq=False)
class _Counted:
    """Sums by segment: excess of defaults, its variance, and what a unit of log-odds would add."""

    off: Floats
    noise: Floats
    steep: Floats
    expected: Floats
    mass: Floats


def _counted(judged: Judged, codes: Codes, doubt: Floats) -> _Counted:
    excess, noise = deviations(judged)
    steep = judged.weight * judged.pd * (1 - judged.pd)
    parts = (excess, noise, steep, judged.weight * judged.pd, judged.weight)
    found = _Counted(*(sums(codes, part, len(doubt)) for part in parts))
    return attrs.evolve(found, noise=found.noise + (found.steep * doubt) ** 2)


def _moved(judged: Judged, shift: Floats) -> Judged:
    """Return the same rows with their log-odds moved."""
    odds = judged.pd / np.maximum(1 - judged.pd, 1e-300) * np.exp(shift)
    moved = np.where(judged.pd < 1, odds / (1 + odds), 1.0)
    return attrs.evolve(judged, pd=moved)


def _estimates(counted: _Counted) -> tuple[Floats, Floats]:
    """Return each segment's own shift, to first order, and one over its variance."""
    return _ratio(counted.off, counted.steep), _ratio(counted.steep**2, counted.noise)


def _spread(own: Floats, sure: Floats) -> float:
    total = float(sure.sum())
    room = total - float(_ratio(sure @ sure, total))
    excess = float(sure @ (own - _ratio(sure @ own, total)) ** 2) - (np.count_nonzero(sure) - 1)
    return (excess / room) ** 0.5 if room > 0 and excess > 0 else 0.0


def _shifts(
    judged: Judged, codes: Codes, doubt: Floats, spread: float
) -> tuple[Floats, Floats, float]:
    """Return the most probable shifts, their standard deviations, and the common shift.

    The common one is drawn to 0 by ``COMMON_SD``, so that it stays finite where all defaulted.
    """
    shift, trust, common = np.zeros(len(doubt)), np.zeros(len(doubt)), 0.0
    for _ in range(STEPS):
        own, sure = _estimates(_counted(_moved(judged, shift[codes]), codes, doubt))
        own = shift + own
        mixed = sure / (1 + spread**2 * sure)
        common = float(mixed @ own) / (float(mixed.sum()) + COMMON_SD**-2)
        trust = spread**2 * sure / (1 + spread**2 * sure)
        moved = np.clip(common + trust * (own - common), shift - 1, shift + 1)
        done = float(np.abs(moved - shift).max()) < 1e-9
        shift = moved
        if done:
            break
    return shift, spread * np.sqrt(1 - trust), common


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Return the quotient, 0 where the divisor is."""
    top, bottom = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)
