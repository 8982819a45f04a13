"""Who lives in the county: firms that had loans, firms that had none, and households.

Each has a *health* that nobody sees: standard normal, and what decides, with the industry, how
likely a loan is to fail. What is seen (sales, their swings, what is voided) follows from it, with
noise. So a score can learn something, and never all.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.county.industry import INDUSTRIES
from karez.engines.county.vasicek import Floats, pd_given_health, within_a_year

Ints = npt.NDArray[np.int64]

RING_SIZE = 3
PAST_YEARS = 46 / 12
"""How long the loans ran whose end is known: half of all charge-offs come within 46 months."""
_HOUSEHOLD_DEFAULT_SHARE = 0.11  # of the loans of a Czech bank in the nineties, in some four years
_TOWNS = ("Ashwell", "Birchford", "Caraway", "Dunmere", "Eastbrook", "Fennimore", "Greyling")
_FIRST = ("Amber", "Bright", "Cedar", "Delta", "Elm", "Fair", "Grand", "High", "Iron", "Jade")
_SECOND = ("Mill", "Yard", "Works", "Store", "House", "Line", "Farm", "Field", "Bridge", "Gate")
_GIVEN = ("Ada", "Bo", "Chen", "Dina", "Emil", "Fay", "Goran", "Hana", "Ivo", "Jun", "Kai", "Lena")
_FAMILY = ("Abay", "Berg", "Costa", "Dai", "Eder", "Farah", "Gole", "Holm", "Ilic", "Kaya")


@attrs.frozen
class Size:
    """How much of everything there is."""

    towns: int = 4
    firms_known: int = 150
    """Firms that had a loan before, whose end is known."""
    firms_new: int = 70
    rings: int = 2
    """Groups of new firms that invoice each other in a circle, to look larger than they are."""
    households: int = 120
    invoices_each: int = 300
    """The median; the mean is more than double, as it is of real firms."""
    months: int = 36


@attrs.frozen(eq=False)
class Firms:
    """The firms, in columns; those that had a loan before come first."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    industry: Ints
    """Places in ``INDUSTRIES``."""
    town: Ints
    health: Floats
    pd_year: Floats
    sales_year_minor: Ints
    had_loan: npt.NDArray[np.bool_]
    defaulted: npt.NDArray[np.bool_]
    """What came of that loan; False where there was none."""
    ring: Ints
    """Which ring of made-up trade a firm belongs to, -1 for an honest one."""


@attrs.frozen(eq=False)
class Households:
    """The households, in columns."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    town: Ints
    health: Floats
    pd_year: Floats
    income_month_minor: Ints
    farms: npt.NDArray[np.bool_]


@attrs.frozen(eq=False)
class County:
    """A county before its first day."""

    seed: int
    size: Size
    towns: tuple[str, ...]
    firms: Firms
    households: Households


def make_county(seed: int, size: Size | None = None) -> County:
    """Return the county that a seed stands for; the same seed gives the same county."""
    of = size or Size()
    draw = np.random.default_rng([seed, 1])
    towns = _TOWNS[: of.towns]
    return County(seed, of, towns, _firms(draw, of), _households(draw, of))


def _firms(draw: np.random.Generator, size: Size) -> Firms:
    count = size.firms_known + size.firms_new
    shares = np.array([industry.share for industry in INDUSTRIES])
    industry = draw.choice(len(INDUSTRIES), count, p=shares / shares.sum())
    health = draw.standard_normal(count)
    shares_lost = np.array([each.default_share for each in INDUSTRIES])[industry]
    failing = pd_given_health(shares_lost, health)
    had_loan = np.arange(count) < size.firms_known
    ring = np.full(count, -1)
    in_rings = size.rings * RING_SIZE
    ring[count - in_rings :] = np.arange(in_rings) // RING_SIZE
    names = (
        f"{_FIRST[first]} {_SECOND[second]} {number:03}"
        for number, (first, second) in enumerate(draw.integers(0, 10, (count, 2)), 1)
    )
    return Firms(
        ids=tuple(f"F{number:04}" for number in range(1, count + 1)),
        names=tuple(names),
        industry=industry,
        town=draw.integers(0, size.towns, count),
        health=health,
        pd_year=within_a_year(failing, PAST_YEARS),
        sales_year_minor=np.exp(draw.normal(np.log(300_000_000), 0.9, count)).astype(np.int64),
        had_loan=had_loan,
        defaulted=had_loan & (draw.random(count) < failing),
        ring=ring,
    )


def _households(draw: np.random.Generator, size: Size) -> Households:
    count = size.households
    health = draw.standard_normal(count)
    pairs = zip(
        draw.integers(0, len(_GIVEN), count), draw.integers(0, len(_FAMILY), count), strict=True
    )
    return Households(
        ids=tuple(f"P{number:04}" for number in range(1, count + 1)),
        names=tuple(f"{_GIVEN[given]} {_FAMILY[family]}" for given, family in pairs),
        town=draw.integers(0, size.towns, count),
        health=health,
        pd_year=within_a_year(
            pd_given_health(np.full(count, _HOUSEHOLD_DEFAULT_SHARE), health), PAST_YEARS
        ),
        income_month_minor=np.exp(draw.normal(np.log(400_000), 0.5, count)).astype(np.int64),
        farms=draw.random(count) < 0.4,
    )
