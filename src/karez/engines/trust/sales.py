"""Reported sales beside what others see: electricity, freight, money that came in."""

from __future__ import annotations

import math

import attrs
import numpy as np

from karez.engines.trust.checks import DIGITS, SALES
from karez.engines.trust.evidence import Evidence, Floats, Ints, Kind, Paper, Rows
from karez.engines.trust.robust import t_quantile
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict

SERIES_NAMES = ("electricity", "freight", "inflow")
_FIRMS_LEAST = 5
_MAD_TO_SIGMA = 1.4826
_FIRST_DIGITS = np.log10(1 + 1 / np.arange(1, 10))
# Nigrini's limit for the first digit, from which a set of figures does not conform.
_DIGITS_MOST = 0.015


@attrs.frozen
class Band:
    """Between which multiples of an outside series sales lie, as the logarithm; of how many."""

    middle: float
    half_width: float
    firms: int

    @property
    def factor(self) -> float:
        """How far above or below the middle the band reaches, as a factor."""
        return math.exp(self.half_width)


def band(ratios: Floats, probability: float) -> Band:
    """Return the band in which the next firm's sales per unit of a series are expected.

    The interval predicted for one more of a normal population of logarithms, whose middle and
    spread are robust; the fewer firms there are, the wider it is, and below five of them it is
    infinite.
    """
    logs = np.log(ratios)
    count = len(logs)
    if count < _FIRMS_LEAST:
        return Band(0.0, math.inf, count)
    middle = float(np.median(logs))
    spread = float(_MAD_TO_SIGMA * np.median(np.abs(logs - middle)))
    t = t_quantile((1 + probability) / 2, count - 1)
    return Band(middle, t * max(spread, 0.02) * math.sqrt(1 + 1 / count), count)


def sales(evidence: Evidence, rules: Rules) -> Answer:
    """Score an advance on sales by the share of them that outside series bear out.

    For each series the band is learned from the other firms of the segment over the same months.
    A firm that lies above it by two series or more is doubted, and what is believed is the upper
    end of the second highest of them.
    """
    advances, series = evidence.advances, evidence.series
    asked = evidence.of_kind(Kind.SALES)
    seen = np.zeros(len(advances), np.bool_)
    answer = Answer.over(SALES, asked)
    for row in np.flatnonzero(asked).tolist():
        last = _month(int(advances["on"][row])) - 1
        months = (series["month"] > last - rules.sales_months) & (series["month"] <= last)
        window = series[months]
        shares = _shares(evidence, window, int(advances["party"][row]), rules)
        seen[row] = bool(shares)
        low = sorted(shares)[:2]
        if len(low) == 2 and low[1][0] < 1:
            share, factor, firms, name = low[1]
            segment = evidence.parties["segment"][advances["party"][row]]
            used = months & (evidence.parties["segment"][series["party"]] == segment)
            cites: list[Record] = [("series", one) for one in np.flatnonzero(used).tolist()]
            answer.doubt(
                row,
                Verdict.REVIEW,
                share,
                known_on=int(advances["on"][row]),
                words=f"{name} bears out {share:.0%} of the sales"
                f" (band of {firms} firms: within a factor of {factor:.1f})",
                cites=cites,
                honest=1 - rules.band_probability,
            )
    answer.verdict[asked & ~seen] = Verdict.SILENT
    return answer


def _month(day: int) -> int:
    """Return the number of the month since 1970-01 that a day falls in."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))


def _shares(
    evidence: Evidence, window: Rows, party: int, rules: Rules
) -> list[tuple[float, float, int, str]]:
    """Return for each series the share of a firm's sales within the band, and the band's width."""
    segment = evidence.parties["segment"][party]
    window = window[evidence.parties["segment"][window["party"]] == segment]
    firms, place = np.unique(window["party"], return_inverse=True)
    mine = np.flatnonzero(firms == party)
    if not len(mine):
        return []
    sold = np.bincount(place, window["sales"], len(firms))
    found: list[tuple[float, float, int, str]] = []
    for name in SERIES_NAMES:
        outside = np.bincount(place, window[name], len(firms))
        known = (sold > 0) & (outside > 0)
        others = known & (firms != party)
        if not known[mine[0]]:
            continue
        expected = band(sold[others] / outside[others], rules.band_probability)
        if math.isinf(expected.half_width):
            continue
        log = math.log(sold[mine[0]] / outside[mine[0]])
        excess = log - expected.middle - expected.half_width
        found.append((math.exp(-max(excess, 0.0)), expected.factor, expected.firms, name))
    return found


def digits(evidence: Evidence, rules: Rules) -> Answer:
    """Hint at sellers whose invoice totals have first digits unlike Benford's law.

    A hint alone: it moves an advance that is doubted anyway up in the ranking. It asks for many
    totals that span two powers of ten; Nigrini, Benford's Law (2012), has the limit.
    """
    advances = evidence.advances
    goods = evidence.of_kind(Kind.GOODS)
    invoices = evidence.documents["kind"][evidence.lines["document"]] == Paper.INVOICE
    lines = evidence.lines[invoices]
    owner = evidence.documents["advance"][lines["document"]]
    totals = np.bincount(owner, lines["amount_minor"], len(advances)).astype(np.int64)
    answer = Answer.over(DIGITS, np.zeros(len(advances), np.bool_))
    for seller in np.unique(advances["party"][goods]).tolist():
        rows = np.flatnonzero(goods & (advances["party"] == seller) & (totals > 0))
        apart = first_digits_apart(totals[rows], rules.digits_rows_least)
        if apart is not None:
            answer.verdict[rows] = Verdict.PASS
            answer.score[rows] = 1.0 if apart <= _DIGITS_MOST else 0.9
    return answer


def first_digits_apart(amounts: Ints, least: int) -> float | None:
    """Return the mean absolute deviation of first digits from Benford's law.

    None where there are too few amounts, or they span less than two powers of ten.
    """
    if len(amounts) < least or amounts.max() < 100 * amounts.min():
        return None
    first = amounts // 10 ** np.floor(np.log10(amounts)).astype(np.int64)
    share = np.bincount(np.clip(first, 1, 9), minlength=10)[1:] / len(amounts)
    return float(np.abs(share - _FIRST_DIGITS).mean())
