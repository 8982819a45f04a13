"""Stress: named shocks to parts of a book, and the shock that would use up the capital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from karez.engines.risk.book import Book, Flags, Floats, Ints, sums
from karez.engines.risk.errors import ShockMalformedError
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.normal import density, probability, quantile

_ROUNDS = 200
_WORST_SD = 12.0


@attrs.frozen
class Shock:
    """A bad year for a part of a book: a harvest lost in a county, an industry's price fallen."""

    name: str
    severity_sd: float = 0.0
    """How far what is common to the loans falls, in standard deviations: 2 is a year in 44."""
    lgd_times: float = 1.0
    where: Mapping[str, Sequence[str]] = attrs.field(factory=dict[str, Sequence[str]])
    """Values by label that the shock hits, such as county and sector; empty: the whole book."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no shock.

        Raises:
            ShockMalformedError: the severity or the multiplier is out of bounds.
        """
        for field, value, most in (
            ("severity_sd", self.severity_sd, _WORST_SD),
            ("lgd_times", self.lgd_times, 100.0),
        ):
            if not 0 <= value <= most:
                rule = f"it is from 0 to {most:g}"
                raise ShockMalformedError(shock=self.name, field=field, value=value, rule=rule)

    def hits(self, book: Book) -> Flags:
        """Return which loans it hits: those that have one of the values of every label.

        Raises:
            ShockMalformedError: the book has no such label.
        """
        hit = np.ones(len(book), np.bool_)
        for label, values in self.where.items():
            column = book.sector if label == "sector" else book.labels.get(label)
            if column is None:
                known = ", ".join(sorted(["sector", *book.labels]))
                rule = f"the book has no such label; there are {known}"
                raise ShockMalformedError(shock=self.name, field="where", value=label, rule=rule)
            hit &= np.isin(np.array(column, dtype=str), list(values))
        return hit


def stressed(book: Book, factors: Factors, shocks: Sequence[Shock]) -> Book:
    """Return the book after shocks. Severities of shocks that hit a loan add up, losses multiply.

    Raises:
        ShockMalformedError: the book has no label of a shock.
        SectorUnknownError, FactorMalformedError: a sector has no factor, or shares out of bounds.
    """
    severity, times = np.zeros(len(book)), np.ones(len(book))
    for shock in shocks:
        hit = shock.hits(book)
        severity += shock.severity_sd * hit
        times *= np.where(hit, shock.lgd_times, 1.0)
    shares = factors.of(book)
    common = np.array([shares[name].national + shares[name].sector for name in book.sector])
    # Loans that no shock hits keep their probability, and do not become surer.
    pd = probability((quantile(book.pd) + severity * np.sqrt(common)) / np.sqrt(1 - common))
    pd = np.where(severity > 0, np.maximum(pd, book.pd), book.pd)
    return attrs.evolve(
        book, pd=np.minimum(pd, np.nextafter(1.0, 0.0)), lgd=np.minimum(book.lgd * times, 1.0)
    )


@attrs.frozen
class Breaking:
    """The likeliest year whose expected loss uses up the capital."""

    national_sd: float
    """How far the nation's factor falls, in standard deviations."""
    sector_sd: Mapping[str, float]
    """How far each sector's own factor falls besides."""
    expected_loss: float
    distance_sd: float
    """How far the year is from the middle in all; it or worse comes with ``chance`` or so."""
    chance: float


def reverse_stress(book: Book, factors: Factors, capital: float) -> Breaking | None:
    """Return the likeliest fall of the factors that makes the expected loss reach the capital.

    None: not even a fall of all of them by twelve standard deviations does. The point is that of
    first-order reliability (Hasofer and Lind 1974).

    Raises:
        ShockMalformedError: the capital is not positive.
        SectorUnknownError, FactorMalformedError: a sector has no factor, or shares out of bounds.
    """
    if not 0 < capital < np.inf:
        raise ShockMalformedError(
            shock="reverse", field="capital", value=capital, rule="it is above 0"
        )
    shares = factors.of(book)
    names = list(shares)
    column = {name: place for place, name in enumerate(names)}
    sector = np.array([column[name] for name in book.sector])
    if _lost(book, shares, sector, np.full(len(names) + 1, _WORST_SD))[0] < capital:
        return None
    fall = np.full(len(names) + 1, 0.1)
    for _ in range(_ROUNDS):
        lost, slope = _lost(book, shares, sector, fall)
        # Straight ahead by the slope, to the nearest point where the plane reaches the capital.
        aim = slope * (slope @ fall + capital - lost) / (slope @ slope)
        step = aim - fall
        fall = fall + step * min(1.0, 1.0 / float(np.abs(step).max() + 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    distance = float(np.linalg.norm(fall)) * (1 if fall.sum() > 0 else -1)
    return Breaking(
        national_sd=float(fall[0]),
        sector_sd=dict(zip(names, fall[1:].tolist(), strict=True)),
        expected_loss=_lost(book, shares, sector, fall)[0],
        distance_sd=distance,
        chance=float(probability(-distance)),
    )


def _lost(
    book: Book, shares: Mapping[str, Shares], sector: Ints, fall: Floats
) -> tuple[float, Floats]:
    """Return the expected loss when factors have fallen so far, and how it grows with each."""
    along, across = (
        np.sqrt(np.array([getattr(share, part) for share in shares.values()], np.float64))
        for part in ("national", "sector")
    )
    own = np.sqrt(1 - along**2 - across**2)
    reached = (along * fall[0] + across * fall[1:])[sector]
    distance = (quantile(book.pd) + reached) / own[sector]
    growth = book.loss * density(distance) / own[sector]
    by_sector = sums(sector, growth, len(along))
    slope = np.concatenate([[along @ by_sector], across * by_sector])
    return float(book.loss @ probability(distance)), slope
