"""The invoices of a county's firms, month by month.

Calibrated on 1.1 million VAT invoices of 425 small firms: the mean of invoices a firm is 2.3 times
the median; 3.6 to 8.3 % are void, 0.9 to 5.3 % returns, 0.4 to 2.7 % of numbers stand twice; most
counterparties belong to one firm, some are shared.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from karez.engines.county.industry import INDUSTRIES
from karez.engines.county.people import County, Ints
from karez.engines.county.vasicek import Floats

INVOICE: np.dtype[np.void] = np.dtype(
    [
        ("firm", "i4"),
        ("sells", "?"),
        ("counterparty", "i4"),  # above zero a number of its own; below zero firm -n of the county
        ("number", "i8"),
        ("day", "datetime64[D]"),
        ("net_minor", "i8"),
        ("tax_minor", "i8"),
        ("void", "?"),
    ]
)
"""One invoice as the firm's list shows it: it sells or buys."""

_SPREAD = 1.28  # of the logarithm of invoices a firm: the mean is then 2.3 times the median
_TAX_PCT = 13
_RING_MONTHS = 8
_SHARED = 0.3  # of counterparties are known to several firms


def draw_invoices(county: County, through: date) -> npt.NDArray[np.void]:
    """Return all invoices of the months up to a day, ordered by firm, side and day."""
    draw = np.random.default_rng([county.seed, 2])
    firms, months = county.firms, county.size.months
    first = np.datetime64(through, "M") - (months - 1)
    counts = county.size.invoices_each * np.exp(draw.normal(0, _SPREAD, len(firms.ids)))
    lists = [
        _of_firm(draw, county, firm, sells=sells, each_month=float(counts[firm]) / months * share)
        for firm in range(len(firms.ids))
        for sells, share in ((True, 0.45), (False, 0.55))
    ]
    lists += [_of_ring(draw, county, ring) for ring in range(county.size.rings)]
    invoices = np.concatenate(lists)
    month = invoices["day"].astype(np.int64)  # so far a month and a part of it, see below
    days = (first + month + 1).astype("datetime64[D]") - (first + month).astype("datetime64[D]")
    invoices["day"] = (first + month).astype("datetime64[D]") + (
        draw.random(len(invoices)) * days.astype(np.int64)
    ).astype(np.int64)
    invoices = np.concatenate([invoices, _as_bought(invoices[invoices["counterparty"] < 0])])
    invoices = invoices[invoices["day"] <= np.datetime64(through)]
    return invoices[np.lexsort((invoices["day"], ~invoices["sells"], invoices["firm"]))]


def _of_firm(
    draw: np.random.Generator, county: County, firm: int, *, sells: bool, each_month: float
) -> npt.NDArray[np.void]:
    """Return a firm's list of one side, with months since the first as days."""
    firms, months = county.firms, county.size.months
    industry = INDUSTRIES[int(firms.industry[firm])]
    health = float(firms.health[firm])
    level = _levels(draw, months, industry.peak_month, industry.season, health)
    counts = draw.poisson(each_month * level)
    month = np.repeat(np.arange(months), counts)
    size = len(month)
    amount = industry.invoice_minor * np.exp(draw.normal(-0.5, 1.0, size))
    share = 1.0 if sells else 1 - industry.margin + 0.04 * max(-health, 0)
    usual = firms.sales_year_minor[firm] / 12 * share / max(each_month, 1)
    amount *= usual / industry.invoice_minor
    rows = np.zeros(size, INVOICE)
    rows["firm"], rows["sells"] = firm, sells
    rows["day"] = month.astype("datetime64[D]")
    rows["net_minor"] = np.maximum(amount, 100).astype(np.int64)
    void = np.clip(0.055 - 0.02 * health, 0.02, 0.15)
    returned = np.clip(0.025 - 0.012 * health, 0.005, 0.09)
    rows["void"] = draw.random(size) < void
    back = ~rows["void"] & (draw.random(size) < returned)
    rows["net_minor"][back] *= -1
    rows["tax_minor"] = rows["net_minor"] * _TAX_PCT // 100
    rows["number"] = _numbers(draw, firm, sells=sells, count=size)
    rows["counterparty"] = _counterparties(draw, county, firm, sells=sells, size=size)
    return rows


def _levels(
    draw: np.random.Generator, months: int, peak: int, season: float, health: float
) -> Floats:
    """Return sales of each month beside their mean: season, growth, noise; the ill have gaps."""
    month = np.arange(months)
    swing = 1 + season * np.cos((month % 12 + 1 - peak) / 12 * 2 * np.pi)
    growth = np.exp((0.10 * health + draw.normal(0, 0.05)) * (month - months / 2) / 12)
    noise = np.exp(draw.normal(0, 0.25 * np.exp(-0.35 * health), months))
    idle = draw.random(months) < np.clip(0.04 - 0.04 * health, 0, 0.3)
    return np.where(idle, 0, swing * growth * noise)


def _numbers(draw: np.random.Generator, firm: int, *, sells: bool, count: int) -> Ints:
    numbers = (firm * 2 + sells) * 10_000_000 + np.arange(1, count + 1)
    if count > 1:
        twice = np.flatnonzero(draw.random(count) < 0.012)
        numbers[twice] = numbers[np.maximum(twice - 1, 0)]
    return numbers


def _counterparties(
    draw: np.random.Generator, county: County, firm: int, *, sells: bool, size: int
) -> Ints:
    """Draw partners: few take most, as a Zipf law has it; the ill lean on fewer."""
    own = max(int(size**0.7 * np.exp(0.3 * float(county.firms.health[firm]))), 1)
    rank = np.minimum(draw.pareto(0.9, size).astype(np.int64), own - 1)
    shared = rank % 10 < _SHARED * 10
    return np.where(shared, rank % 400 + 1, 1_000 + (firm * 2 + sells) * 5_000 + rank % 5_000)


def _of_ring(draw: np.random.Generator, county: County, ring: int) -> npt.NDArray[np.void]:
    """Return made-up sales of each firm of a ring to the next: each month one amount goes round."""
    members = np.flatnonzero(county.firms.ring == ring)
    months = np.arange(county.size.months - _RING_MONTHS, county.size.months)
    amount = county.firms.sales_year_minor[members].mean() / 6
    lists: list[npt.NDArray[np.void]] = []
    for place, firm in enumerate(members.tolist()):
        rows = np.zeros(len(months), INVOICE)
        rows["firm"], rows["sells"] = firm, True
        rows["counterparty"] = -(members[(place + 1) % len(members)] + 1)
        rows["day"] = months.astype("datetime64[D]")
        rows["net_minor"] = amount * draw.uniform(0.97, 1.03, len(months))
        rows["tax_minor"] = rows["net_minor"] * _TAX_PCT // 100
        rows["number"] = 9_000_000_000 + firm * 1000 + np.arange(len(months))
        lists.append(rows)
    return np.concatenate(lists)


def _as_bought(sold: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return the same invoices as the lists of those who bought show them."""
    bought = sold.copy()
    bought["firm"], bought["sells"] = -sold["counterparty"] - 1, False
    bought["counterparty"] = -(sold["firm"] + 1)
    return bought
