"""What people and firms come for, and when: one need is one application to come."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

import attrs
import numpy as np

from karez.engines.county.industry import INDUSTRIES
from karez.engines.county.people import County


class Need(StrEnum):
    """What money is wanted for; a lender has a product for each."""

    WORKING_CAPITAL = "working-capital"
    EQUIPMENT = "equipment"
    HARVEST = "harvest"
    TAKINGS = "takings"  # an advance on a merchant's daily takings
    START_UP = "start-up"
    SCHOOL = "school"
    EMERGENCY = "emergency"
    GROUP = "group"


@attrs.frozen
class Needs:
    """One need: who, from which day, for what, how much."""

    applicant: int
    """A place among the firms, or among the households."""
    is_firm: bool
    on: date
    need: Need
    amount_minor: int


_OF_FIRMS = {
    "agriculture": (Need.HARVEST, Need.EQUIPMENT),
    "construction": (Need.EQUIPMENT, Need.WORKING_CAPITAL),
    "manufacturing": (Need.EQUIPMENT, Need.WORKING_CAPITAL),
    "retail": (Need.TAKINGS, Need.WORKING_CAPITAL),
    "health": (Need.WORKING_CAPITAL, Need.START_UP),
    "food and lodging": (Need.TAKINGS, Need.START_UP),
    "transport": (Need.EQUIPMENT, Need.WORKING_CAPITAL),
}
_SHARE_OF_SALES = {
    Need.WORKING_CAPITAL: 0.12,
    Need.EQUIPMENT: 0.25,
    Need.HARVEST: 0.20,
    Need.TAKINGS: 0.06,
    Need.START_UP: 0.15,
}
_MONTHS_OF_INCOME = {Need.HARVEST: 3.0, Need.SCHOOL: 1.0, Need.EMERGENCY: 0.5, Need.GROUP: 1.5}
_STEP_MINOR = 10_000
_SCHOOL_MONTHS = (2, 8)
_HARVEST_MONTHS = (3, 4, 5)


def draw_needs(county: County, first: date, days: int) -> list[Needs]:
    """Return the needs of firms without a loan so far, and of households, in order of their days.

    A firm comes once, a household up to twice.
    """
    draw = np.random.default_rng([county.seed, 3])
    needs: list[Needs] = []
    firms = county.firms
    for firm in np.flatnonzero(~firms.had_loan).tolist():
        choice = _OF_FIRMS[INDUSTRIES[int(firms.industry[firm])].name]
        need = choice[int(draw.random() < 0.4)]
        wanted = firms.sales_year_minor[firm] * _SHARE_OF_SALES[need] * draw.uniform(0.5, 1.5)
        needs.append(Needs(firm, True, _day(draw, first, days, need), need, _round(wanted)))
    people = county.households
    for person in range(len(people.ids)):
        kinds = [Need.HARVEST if people.farms[person] else Need.GROUP]
        kinds += [Need.SCHOOL if draw.random() < 0.5 else Need.EMERGENCY]
        for need in kinds[: int(draw.integers(1, 3))]:
            wanted = people.income_month_minor[person] * _MONTHS_OF_INCOME[need]
            on = _day(draw, first, days, need)
            amount = _round(float(wanted * draw.uniform(0.6, 1.4)))
            needs.append(Needs(person, False, on, need, amount))
    return sorted(needs, key=lambda each: (each.on, not each.is_firm, each.applicant))


def _day(draw: np.random.Generator, first: date, days: int, need: Need) -> date:
    months = {Need.SCHOOL: _SCHOOL_MONTHS, Need.HARVEST: _HARVEST_MONTHS}.get(need)
    possible = [first + timedelta(place) for place in range(days)]
    if months is not None:
        possible = [day for day in possible if day.month in months] or possible
    return possible[int(draw.integers(len(possible)))]


def _round(amount: float) -> int:
    return max(int(amount) // _STEP_MINOR, 1) * _STEP_MINOR
