"""Terms into rows of the compiled engine, where it has all that they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import numpy as np

from karez.engines.cashflow.bulk import MARKET, RATE_ONE, Loans, loans
from karez.engines.cashflow.codes import BusinessDay, ContractType, DayCount, InterestBase
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.holidays import EVERY_DAY, WEEKDAYS
from karez.engines.cashflow.observed import Series
from karez.engines.cashflow.terms import Terms
from karez.kernel.money import currency

_EPOCH = date(1970, 1, 1)
_WEEKEND = timedelta(days=3)
_KINDS = (ContractType.PAM, ContractType.LAM, ContractType.NAM, ContractType.ANN)
_COUNTS = (DayCount.A360, DayCount.A365, DayCount.AA, DayCount.E30360)
_SHIFTS = ("", "F", "MF", "P", "MP")
_USED = frozenset(
    {
        "contract_type", "contract_id", "contract_role", "status_date", "currency",
        "contract_deal_date", "initial_exchange_date", "maturity_date", "notional_principal",
        "nominal_interest_rate", "day_count_convention", "business_day_convention", "calendar",
        "end_of_month_convention", "cycle_anchor_date_of_interest_payment",
        "cycle_of_interest_payment", "cycle_anchor_date_of_principal_redemption",
        "cycle_of_principal_redemption", "next_principal_redemption_payment",
        "cycle_anchor_date_of_rate_reset", "cycle_of_rate_reset",
        "market_object_code_of_rate_reset", "rate_multiplier", "rate_spread", "period_cap",
        "period_floor", "life_cap", "life_floor", "interest_calculation_base",
    }
)  # fmt: skip


@attrs.frozen
class Packed:
    """Rows for the compiled engine, and the places of the terms that they stand for.

    ``left`` are the places of those that have more to them than it knows.
    """

    rows: Loans
    places: Sequence[int]
    left: Sequence[int]
    market: Loans


def pack(terms: Sequence[Terms], markets: Mapping[str, Series]) -> Packed:
    """Return what of these loans the compiled engine can compute, as its rows."""
    codes = {code: place for place, code in enumerate(sorted(markets))}
    rows, places, left = loans(len(terms)), list[int](), list[int]()
    for place, each in enumerate(terms):
        values = _row(each, codes)
        if values is None:
            left.append(place)
            continue
        row = rows[len(places)]
        for name, value in values.items():
            row[name] = value
        places.append(place)
    return Packed(rows[: len(places)], places, left, _market(markets, codes))


def _row(terms: Terms, codes: Mapping[str, int]) -> dict[str, Any] | None:
    """Return the fields of a row, None where the terms have more to them."""
    pays_interest_alone = terms.contract_type is ContractType.PAM
    first, cycle = (
        (terms.cycle_anchor_date_of_interest_payment, terms.cycle_of_interest_payment)
        if pays_interest_alone
        else (
            terms.cycle_anchor_date_of_principal_redemption,
            terms.cycle_of_principal_redemption,
        )
    )
    begins, matures = terms.initial_exchange_date, terms.maturity_date
    whole = (
        first is not None
        and cycle is not None
        and begins is not None
        and matures is not None
        and first >= begins
        and not terms.has_begun
    )
    if not whole or not _is_plain(terms) or _begins_with_a_shift(terms, first):
        return None
    rates = _rates(terms)
    if rates is None or first is None or cycle is None or begins is None or matures is None:
        return None
    scale = 10 ** currency(terms.currency).exponent
    payment = terms.next_principal_redemption_payment or Decimal(0)
    months, days = cycle.lengths
    code = terms.business_day_convention
    shifts = code is not BusinessDay.NOS and terms.calendar in WEEKDAYS
    return {
        **rates,
        **_resets(terms, codes),
        "kind": _KINDS.index(terms.contract_type),
        "day_count": _COUNTS.index(terms.day_count_convention),
        "principal_minor": round((terms.notional_principal or 0) * scale),
        "payment_minor": round(payment * scale),
        "begins": _day(begins),
        "first_due": _day(first),
        "matures": _day(matures),
        "cycle_months": months,
        "cycle_days": days,
        "long_stub": cycle.long_stub,
        "to_month_end": cycle.keeps_month_end(first, terms.end_of_month_convention),
        "shift": _SHIFTS.index(code.value[2:]) if shifts else 0,
        "shifts_first": shifts and code.shifts_first,
    }


def _begins_with_a_shift(terms: Terms, first: datetime | None) -> bool:
    """Tell whether a date could shift to before the contract begins."""
    begins = terms.initial_exchange_date
    return terms.business_day_convention is not BusinessDay.NOS and any(
        when is not None and begins is not None and when < begins + _WEEKEND
        for when in (first, terms.cycle_anchor_date_of_rate_reset)
    )


def _is_plain(terms: Terms) -> bool:
    """Tell whether the terms say nothing that the compiled engine does not know."""
    same_dates = terms.contract_type is ContractType.PAM or (
        terms.cycle_anchor_date_of_interest_payment
        in {None, terms.cycle_anchor_date_of_principal_redemption}
        and terms.cycle_of_interest_payment in {None, terms.cycle_of_principal_redemption}
        and (
            terms.contract_type is not ContractType.LAM
            or terms.cycle_of_interest_payment is not None
        )
    )
    pays = terms.next_principal_redemption_payment
    return (
        terms.contract_type in _KINDS
        and terms.day_count_convention in _COUNTS
        and terms.interest_calculation_base is InterestBase.NT
        and terms.calendar in EVERY_DAY | WEEKDAYS
        and same_dates
        and (terms.contract_type is not ContractType.NAM or bool(pays))
        and pays != 0
        and all(
            getattr(terms, field.name) == field.default
            for field in attrs.fields(Terms)
            if field.name not in _USED
        )
    )


def _rates(terms: Terms) -> dict[str, int] | None:
    """Return rates in the engine's parts, None where one is finer than they are."""
    given = {
        "rate": terms.nominal_interest_rate or Decimal(0),
        "spread": terms.rate_spread or Decimal(0),
        "period_cap": terms.period_cap,
        "period_floor": terms.period_floor,
        "life_cap": terms.life_cap,
        "life_floor": terms.life_floor,
    }
    parts = {name: value * RATE_ONE for name, value in given.items() if value is not None}
    multiplier = Decimal(1) if terms.rate_multiplier is None else terms.rate_multiplier
    if multiplier % 1 or any(value % 1 for value in parts.values()):
        return None
    return {name: int(value) for name, value in parts.items()} | {
        "multiplier": int(multiplier) * RATE_ONE
    }


def _resets(terms: Terms, codes: Mapping[str, int]) -> dict[str, Any]:
    cycle, first = terms.cycle_of_rate_reset, terms.cycle_anchor_date_of_rate_reset
    if cycle is None:
        return {}
    begins = terms.initial_exchange_date or terms.status_date
    month_end = cycle.keeps_month_end(begins, terms.end_of_month_convention)
    first = first or cycle.after(begins, 1, to_month_end=month_end)
    months, days = cycle.lengths
    return {
        "first_reset": _day(first),
        "reset_months": months,
        "reset_days": days,
        "reset_long_stub": cycle.long_stub,
        "reset_to_month_end": cycle.keeps_month_end(first, terms.end_of_month_convention),
        "market": codes.get(terms.market_object_code_of_rate_reset or "", -1),
    }


def _day(when: datetime) -> int:
    return (midnight(when).date() - _EPOCH).days


def _market(markets: Mapping[str, Series], codes: Mapping[str, int]) -> Loans:
    rows = [
        (codes[code], _day(when), round(value * RATE_ONE))
        for code, series in markets.items()
        for when, value in zip(series.instants, series.values, strict=True)
    ]
    return np.array(sorted(rows), dtype=MARKET)
