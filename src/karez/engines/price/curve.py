"""How many customers are lost at each rate, by segment: never fewer at a higher rate.

Between two rates that were looked at the curve is a straight line. Outside them nothing is known,
so no rate is taken from there.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.errors import CurveBrokenError
from karez.engines.price.rate import Floats, Ints

WHOLE_PPM = 1_000_000


@attrs.frozen(eq=False)
class Curve:
    """The share of customers lost: a row for each segment, a column for each rate."""

    segments: tuple[str, ...]
    rates_ppm: Ints
    """Rates a year in millionths, rising: 40_000 is 4 %."""
    lost: Floats
    """Shares from 0 to 1, never falling along a row."""

    @property
    def rates(self) -> Floats:
        """The rates as fractions."""
        return self.rates_ppm / WHOLE_PPM

    def lost_at(self, rates_ppm: Ints) -> Floats:
        """Return the share lost at any rates between the ends: a row for each segment."""
        rows: list[Floats] = [np.interp(rates_ppm, self.rates_ppm, row) for row in self.lost]
        return np.array(rows)


def smooth_curve(
    segments: Sequence[str], rates_ppm: Ints, lost: Floats, weight: Floats | None = None
) -> Curve:
    """Return the never-falling curve nearest to what was seen (least squares, by weight).

    Neighbours that fall are pooled (isotonic regression), so nothing is smoothed that need not be.

    Raises:
        CurveBrokenError: rates do not rise, there are fewer than two, or a share is none.
    """
    if lost.shape != (len(segments), len(rates_ppm)) or not segments:
        raise CurveBrokenError(
            field="shape", value=str(lost.shape), rule="each segment has a share at each rate"
        )
    if len(rates_ppm) < 2 or (np.diff(rates_ppm) <= 0).any():
        raise CurveBrokenError(
            field="rates", value=rates_ppm.tolist(), rule="there are two or more, and they rise"
        )
    bad = ~((lost >= 0) & (lost <= 1))
    if bad.any():
        segment, place = np.argwhere(bad)[0].tolist()
        raise CurveBrokenError(
            field=f"share of {segments[segment]} at {rates_ppm[place] / WHOLE_PPM:.4f}",
            value=float(lost[segment, place]),
            rule="it is from 0 to 1",
        )
    weights = np.ones_like(lost) if weight is None else weight
    rows = [_rising(*pair) for pair in zip(lost.tolist(), weights.tolist(), strict=True)]
    return Curve(tuple(segments), rates_ppm, np.clip(np.array(rows), 0, 1))


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the never-falling numbers nearest to these: neighbours that fall share their mean."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, count = pools.pop()
            total = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]


@attrs.frozen(eq=False)
class Answers:
    """Offers that customers answered: one entry for each segment and rate of a lender's own."""

    segment: npt.NDArray[np.int64]
    """Places in the segments of the curve."""
    rate_ppm: Ints
    offered: Ints
    declined: Ints


def learn_curve(before: Curve, answers: Answers, *, before_offers: float = 50) -> Curve:
    """Return a curve that own answers have moved, as far as there are enough of them.

    The curve before counts as so many offers at each rate: with fewer answers it holds, with more
    they do. An answer counts at the nearest rate of the curve.

    Raises:
        CurveBrokenError: more declined than were offered, or ``before_offers`` is not positive.
    """
    if before_offers <= 0:
        raise CurveBrokenError(field="before_offers", value=before_offers, rule="it is above zero")
    if ((answers.declined < 0) | (answers.declined > answers.offered)).any():
        raise CurveBrokenError(
            field="declined", value=answers.declined.tolist(), rule="it is from 0 to offered"
        )
    edges = (before.rates_ppm[1:] + before.rates_ppm[:-1]) / 2
    at = (answers.segment, np.searchsorted(edges, answers.rate_ppm))
    weight = np.full(before.lost.shape, before_offers)
    declined = before.lost * before_offers
    np.add.at(weight, at, answers.offered)
    np.add.at(declined, at, answers.declined)
    return smooth_curve(before.segments, before.rates_ppm, declined / weight, weight)
