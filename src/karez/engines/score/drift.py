"""Drift: is the population still the one that the score was fitted to, and are its odds still right?

Both questions have an answer by chance alone, and in a small market chance is most of it. So each
measure stands beside what it would be without any drift, and alarms are shared out by Bonferroni:
all of a report together give a false one with the chance that the caller names.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.chances import chi_square_quantile, normal_quantile
from karez.engines.score.errors import ColumnLengthError, ColumnMissingError, TableEmptyError
from karez.engines.score.measures import Labels, coded, deviations, judge, sums
from karez.engines.score.table import Floats, Table

BINS, LEVELS_MOST = 10, 20
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
            f" {each.expected:,.1f} were expected (z {each.z:+.1f}); drawn to the others the rate is"
            f" {each.rate:.1%}, not {each.rate_said:.1%}"
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
    inner = [f"{low} to {high}" for low, high in zip(limits, limits[1:], strict=False)]
    last = [f"{limits[-1]} or more"] if limits else []
    return codes, [*first, *inner, *last, "no value"]


def _levels(before: Labels, now: Labels) -> tuple[Codes, list[str]]:
    both = [*before, *now]
    codes, count = coded(both)
    names = [""] * count
    for code, label in zip(codes.tolist(), both, strict=True):
        names[code] = "no value" if label is None else str(label)
    if count > LEVELS_MOST:
        kept = np.argsort(-np.bincount(codes[: len(before)], minlength=count), kind="stable")
        place = np.full(count, LEVELS_MOST - 1)
        place[kept[: LEVELS_MOST - 1]] = np.arange(LEVELS_MOST - 1)
        names = [*(names[code] for code in kept[: LEVELS_MOST - 1].tolist()), "any other"]
        codes = place[codes]
    return codes, names


def _column(
    name: str, codes: Codes, cells: Sequence[str], rows_before: int, chance: float
) -> ColumnDrift:
    n, m = rows_before, len(codes) - rows_before
    counts = [np.bincount(part, minlength=len(cells)) for part in np.split(codes, [n])]
    filled = np.flatnonzero(counts[0] + counts[1])
    shares = [(part[filled] + 0.5) / (part[filled] + 0.5).sum() for part in counts]
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
        share_before=float(counts[0][cell] / n),
        share_now=float(counts[1][cell] / m),
    )


def segment_drift(
    outcome: npt.ArrayLike,
    pd: npt.ArrayLike,
    segment: Labels,
    weight: npt.ArrayLike | None = None,
    *,
    chance: float = 0.01,
) -> SegmentDrift:
    """Return how right probabilities were in each segment, segments with few loans drawn to all.

    A segment's own shift of log-odds is its excess of defaults over what one unit of log-odds would
    have added. Segments differ by ``spread`` (a standard deviation, by the moments of DerSimonian
    and Laird) beyond what chance makes of their sizes; where that is 0 all have the common shift.

    Raises as ``measures.judge`` does, and
        ColumnLengthError: there is not one segment for each row.
    """
    judged = judge(outcome, pd, weight)
    codes, count = coded(segment)
    if len(codes) != len(judged.pd):
        raise ColumnLengthError(column="segment", found=len(codes), expected=len(judged.pd))
    excess, variance = deviations(judged)
    steep = judged.weight * judged.pd * (1 - judged.pd)
    off, noise, steps = (sums(codes, each, count) for each in (excess, variance, steep))
    mass = sums(codes, judged.weight, count)
    said = np.divide(off, steps, out=np.zeros(count), where=steps > 0)
    sure = np.divide(steps**2, noise, out=np.zeros(count), where=noise > 0)  # 1 / variance
    common, spread = _pooled(said, sure)
    trust = spread**2 * sure / (1 + spread**2 * sure)
    shift = common + trust * (said - common)
    shift_sd = spread * np.sqrt(1 - trust)
    sharp = np.clip(judged.pd, 1e-12, 1 - 1e-12)
    moved = 1 / (1 + (1 - sharp) / sharp * np.exp(-shift[codes]))
    z = np.divide(off, np.sqrt(noise), out=np.zeros(count), where=noise > 0)
    firsts = np.unique(codes, return_index=True)[1]
    rows = np.bincount(codes[judged.weight > 0], minlength=count)
    odds = [
        SegmentOdds(
            segment=segment[int(firsts[place])],
            rows=int(rows[place]),
            observed=float(sums(codes, judged.weight * judged.outcome, count)[place]),
            expected=float(sums(codes, judged.weight * judged.pd, count)[place]),
            z=float(z[place]),
            shift=float(shift[place]),
            shift_sd=float(shift_sd[place]),
            rate_said=float(sums(codes, judged.weight * judged.pd, count)[place] / mass[place]),
            rate=float(sums(codes, judged.weight * moved, count)[place] / mass[place]),
        )
        for place in np.flatnonzero(rows).tolist()
    ]
    return SegmentDrift(
        shift=common,
        shift_z=float(off.sum() / np.sqrt(noise.sum())) if noise.any() else 0.0,
        spread=spread,
        z_limit=normal_quantile(1 - chance / (2 * (len(odds) + 1))),
        segments=tuple(odds),
    )


def _pooled(said: Floats, sure: Floats) -> tuple[float, float]:
    """Return the mean of several estimates, and their spread beyond chance."""
    if not sure.any():
        return 0.0, 0.0
    fixed = float((sure @ said) / sure.sum())
    excess = float(sure @ (said - fixed) ** 2) - (np.count_nonzero(sure) - 1)
    room = float(sure.sum() - (sure @ sure) / sure.sum())
    spread = max(0.0, excess / room) ** 0.5 if room > 0 else 0.0
    mixed = sure / (1 + spread**2 * sure)
    return float((mixed @ said) / mixed.sum()), spread
