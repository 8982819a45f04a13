"""What households come for, and when: one need is one application to come."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

import attrs
import numpy as np

from karez.engines.county.people import County


class Need(StrEnum):
    """What money is wanted for; a lender has a product for each."""

    HARVEST = "harvest"
    SCHOOL = "school"
    EMERGENCY = "emergency"
    TRADE = "trade"  # the small trade of neighbours who answer for each other


@attrs.frozen
class Wish:
    """One need: who (a place among the households), from which day, for what, how much."""

    household: int
    on: date
    need: Need
    amount_minor: int


_MONTHS_OF_INCOME = {Need.HARVEST: 3.0, Need.SCHOOL: 1.0, Need.EMERGENCY: 0.5, Need.TRADE: 1.0}
_MONTHS = {Need.SCHOOL: (2, 8), Need.HARVEST: (3, 4, 5)}
_SCHOOL_SHARE = 0.5


def draw_wishes(county: County, first: date, days: int) -> list[Wish]:
    """Return what households wish for, in order of the days; each comes once or twice."""
    draw = np.random.default_rng([county.seed, 3])
    people = county.households
    wishes: list[Wish] = []
    for household in range(len(people.ids)):
        kinds = [Need.HARVEST if people.farms[household] else Need.TRADE]
        kinds += [Need.SCHOOL if draw.random() < _SCHOOL_SHARE else Need.EMERGENCY]
        for need in kinds[: int(draw.integers(1, 3))]:
            wanted = people.income_month_minor[household] * _MONTHS_OF_INCOME[need]
            on = _day(draw, first, days, need)
            amount = int(wanted * draw.uniform(0.6, 1.4))
            wishes.append(Wish(household, on, need, amount))
    return sorted(wishes, key=lambda each: (each.on, each.household))


def _day(draw: np.random.Generator, first: date, days: int, need: Need) -> date:
    possible = [first + timedelta(place) for place in range(days)]
    if need in _MONTHS:
        possible = [day for day in possible if day.month in _MONTHS[need]] or possible
    return possible[int(draw.integers(len(possible)))]
