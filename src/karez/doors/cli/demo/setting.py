"""Where a demonstration plays: a folder of files, a day to begin on, and a lender's own rules."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import attrs

from karez.doors.files.county import write_county
from karez.doors.files.price.terms import PlanTerms, RateGrid
from karez.engines.county import PAST_YEARS, County, Size, make_county
from karez.engines.county import Shock as Misfortune
from karez.engines.price import Bound, Counts, Tail
from karez.engines.price.curve import WHOLE_PPM
from karez.engines.price.shock import Response, Shock
from karez.services.products import TermSheet, catalogue_text, read_sheet

PRODUCT = "sme-one-year"
_INDUSTRY_SHARE, _TAIL_SHARE = Decimal("0.25"), Decimal("0.1")
_BALANCE_SHARE = 0.55  # of a loan in twelve equal instalments, over its year
_REAL_BUDGET, _COUNTY_BUDGET = 100_000_000, 12_000_000


@attrs.frozen
class Setting:
    """What is given. ``as_of`` is the last day of which facts count; lending begins after it."""

    folder: Path
    as_of: date
    days: int
    """How long the loans are lived with."""
    sheet: TermSheet
    """What firms of the plan are lent."""
    terms: PlanTerms
    past_years: float
    """How long the loans ran whose end is known."""
    seed: int
    shocks: tuple[Shock, ...]
    misfortunes: tuple[Misfortune, ...] = ()
    """What befalls the loans of an industry on the way, without anybody knowing before."""
    county: County | None = None
    """Where the market is made up: who else comes, and what becomes of it."""

    @property
    def first(self) -> date:
        """The day on which lending begins."""
        return self.as_of + timedelta(1)

    @property
    def last(self) -> date:
        """The last day that is lived."""
        return self.as_of + timedelta(self.days)


def real_setting(folder: Path, seed: int, shocks: tuple[Shock, ...]) -> Setting:
    """Return the setting of a folder of real firms: the year after its last whole one."""
    sheet = _sheet()
    # Nobody knows how long the loans of the past ran, so they are taken for one year each.
    return Setting(
        folder, date(2019, 12, 31), 366 + 31, sheet, _terms(sheet, _REAL_BUDGET), 1.0, seed, shocks
    )


def county_setting(folder: Path, seed: int, size: float) -> Setting:
    """Return a county that a seed stands for, its files written into a folder."""
    usual = Size()
    county = make_county(
        seed,
        attrs.evolve(
            usual,
            firms_known=round(usual.firms_known * size),
            firms_new=round(usual.firms_new * size),
            households=round(usual.households * size),
        ),
    )
    sheet, day_before = _sheet(), date(2022, 12, 31)
    write_county(county, folder, day_before, sheet.currency.code)
    terms = _terms(sheet, round(_COUNTY_BUDGET * size))
    drought = Misfortune("farming", date(2024, 6, 1), date(2024, 11, 30), 4.0)
    return Setting(folder, day_before, 731, sheet, terms, PAST_YEARS, seed, (), (drought,), county)


def _sheet() -> TermSheet:
    return read_sheet(catalogue_text(PRODUCT), f"{PRODUCT}.toml")


def _terms(sheet: TermSheet, budget: int) -> PlanTerms:
    """Return what a plan is asked: the product's own terms, and the lender's bounds."""
    budget_minor = budget * 10**sheet.currency.exponent
    least, most = (int(pct * WHOLE_PPM / 100) for pct in
                   (sheet.rate.least_pct_year, sheet.rate.most_pct_year))  # fmt: skip
    return PlanTerms(
        currency=sheet.currency,
        budget_minor=budget_minor,
        least_minor=sheet.amount.least_minor,
        most_minor=sheet.amount.most_minor,
        step_minor=sheet.amount.step_minor,
        rates=RateGrid(least, most, None),
        counts=Counts.OFFERED,
        balance_share=_BALANCE_SHARE,
        costs=sheet.costs(),
        lgd=sheet.lgd(),
        bounds=[Bound("industry", "*", int(budget_minor * _INDUSTRY_SHARE))],
        tail=Tail(int(budget_minor * _TAIL_SHARE)),
        response=Response(),
        months=sheet.instalments.most,
        fee=0.0,
    )
