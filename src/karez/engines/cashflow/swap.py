"""A plain vanilla interest rate swap: a fixed leg against a floating one on the same principal."""

from __future__ import annotations

from decimal import Decimal

import attrs

from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.codes import EventType
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.fold import Fold
from karez.engines.cashflow.observed import Observed
from karez.engines.cashflow.plan import FAR, Planned, Planner
from karez.engines.cashflow.terms import Terms


@attrs.define
class _Legs:
    """What the two legs have accrued, each signed for the creator of the swap."""

    fixed: Number
    floating: Number


def swap_events(
    terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner
) -> list[Event]:
    """Return the interest of both legs, or their difference where they are settled net."""
    end = terms.maturity_date or FAR
    nets = terms.delivery_settlement == "S"
    planned = planner.plan(maturity=end, fixes_payment=False)
    if not nets:
        planned = [part for event in planned for part in _legs_of(event)]
    status = midnight(terms.status_date)
    bought = terms.purchase_date
    hidden = bought is not None and midnight(bought) > status
    fold = Fold(terms, observed, numbers, planner, [], at=terms.status_date)
    if terms.has_begun:
        _begin(fold)
    legs = _Legs(0, 0)
    events: list[Event] = []
    for event in sorted(planned, key=lambda planned: planned.place):
        when = midnight(event.shown)
        if when <= status:
            continue
        if observed.until is not None and when > midnight(observed.until):
            break
        payoff = _step(fold, legs, event)
        hidden = hidden and event.kind is not EventType.PRD
        if not hidden:
            events.append(
                Event(
                    event.shown, event.kind, payoff, terms.currency, fold.notional, fold.rate,
                    legs.fixed + legs.floating if nets else legs.fixed,
                )
            )  # fmt: skip
        if event.kind in {EventType.TD, EventType.MD}:
            break
    return events


def _legs_of(event: Planned) -> list[Planned]:
    if event.kind is not EventType.IP:
        return [event]
    return [attrs.evolve(event, kind=kind) for kind in (EventType.IPFX, EventType.IPFL)]


def _begin(fold: Fold) -> None:
    terms = fold.terms
    principal = fold.numbers.amount(terms.notional_principal or Decimal(0), terms.currency)
    fold.notional = terms.sign * principal
    fold.rate = fold.numbers.rate(terms.nominal_interest_rate_2 or Decimal(0))


def _step(fold: Fold, legs: _Legs, event: Planned) -> Number:
    terms, numbers = fold.terms, fold.numbers
    years = fold.years(fold.at, event.runs_to)
    fixed_rate = numbers.rate(terms.nominal_interest_rate or Decimal(0))
    legs.fixed += years * fixed_rate * fold.notional
    legs.floating -= years * fold.rate * fold.notional
    if midnight(event.runs_to) > midnight(fold.at):
        fold.at = event.runs_to
    payoff: Number = 0
    match event.kind:
        case EventType.IED:
            _begin(fold)
            fold.at, legs.fixed, legs.floating = event.runs_to, 0, 0
        case EventType.IP:
            payoff = numbers.due(legs.fixed + legs.floating)
            legs.fixed = legs.floating = 0
        case EventType.IPFX:
            payoff, legs.fixed = numbers.due(legs.fixed), 0
        case EventType.IPFL:
            payoff, legs.floating = numbers.due(legs.floating), 0
        case EventType.PRD:
            price = numbers.amount(terms.price_at_purchase_date or Decimal(0), terms.currency)
            payoff = -terms.sign * price
        case EventType.TD:
            payoff = numbers.amount(terms.price_at_termination_date or Decimal(0), terms.currency)
            fold.notional = legs.fixed = legs.floating = 0
        case EventType.MD:
            fold.notional = legs.fixed = legs.floating = 0
        case _:
            fold.step(attrs.evolve(event, runs_to=fold.at))
            fold.accrued = 0
    return payoff
