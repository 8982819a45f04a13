"""Where a demonstration plays: a folder of files, a day to begin on, and a lender's own rules."""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path

import attrs

from karez.doors.files.county import write_county
from karez.doors.files.price.terms import PlanTerms, read_terms
from karez.engines.county import County, make_county
from karez.engines.price.shock import Shock

DAY_BEFORE = date(2024, 12, 31)


@attrs.frozen
class Setting:
    """What is given. ``as_of`` is the last day of which facts count; lending begins after it."""

    folder: Path
    as_of: date
    days: int
    """How long the loans are lived with."""
    terms: PlanTerms
    product: str
    """What firms of the plan are lent."""
    seed: int
    shocks: tuple[Shock, ...]
    county: County | None = None
    """Where the market is made up: who else comes, and what becomes of it."""


def real_setting(folder: Path, seed: int, shocks: tuple[Shock, ...]) -> Setting:
    """Return the setting of a folder of real firms: the year after its last invoices."""
    terms = _terms("plan-cny.toml")
    return Setting(folder, date(2020, 2, 29), 366, terms, "sme-one-year", seed, shocks)


def county_setting(seed: int, home: Path) -> Setting:
    """Return a county that a seed stands for, its files written below a folder."""
    county = make_county(seed)
    folder = home / "county"
    terms = _terms("plan-county.toml")
    write_county(county, folder, DAY_BEFORE, terms.currency.code)
    return Setting(folder, DAY_BEFORE, 730, terms, "invoice-backed", seed, (), county)


def _terms(name: str) -> PlanTerms:
    with resources.as_file(resources.files("karez.doors.cli.demo") / name) as path:
        return read_terms(path)
