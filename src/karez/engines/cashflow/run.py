"""The engine: terms and what is observed in, the events of the contract out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from karez.engines.cashflow.amounts import maturity_of
from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.check import check_terms
from karez.engines.cashflow.codes import ContractType, EventType
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.enhancement import enhancement_events
from karez.engines.cashflow.errors import MarketUnobservedError, TermMalformedError
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.fold import Fold
from karez.engines.cashflow.holidays import business_days
from karez.engines.cashflow.observed import Observed, ObservedEvent
from karez.engines.cashflow.plan import FAR, Planned, Planner
from karez.engines.cashflow.swap import swap_events
from karez.engines.cashflow.terms import Terms


def contract_events(terms: Terms, observed: Observed, numbers: Arithmetic) -> list[Event]:
    """Return the events of a contract after its status date, in order.

    ``numbers`` is ``Conformance()`` or a ``Ledger``. Payoffs are signed for the contract's creator.

    Raises:
        TermMissingError, TermMalformedError, TermsContradictError: terms that make no contract.
        MarketUnobservedError: a rate, an index or a price that is needed was not observed.
    """
    check_terms(terms, follows_cases=numbers.follows_cases)
    planner = planner_of(terms, observed)
    match terms.contract_type:
        case ContractType.STK | ContractType.COM | ContractType.CSH:
            return _holding_events(terms, observed, numbers, planner)
        case ContractType.CEG | ContractType.CEC:
            return enhancement_events(terms, observed, numbers, planner, cover=contract_events)
        case ContractType.SWPPV:
            return swap_events(terms, observed, numbers, planner)
        case (
            ContractType.PAM
            | ContractType.LAM
            | ContractType.NAM
            | ContractType.ANN
            | ContractType.LAX
            | ContractType.CLM
            | ContractType.UMP
        ):
            return _loan_events(terms, observed, numbers, planner)
        case _:
            assert_never(terms.contract_type)


def planner_of(terms: Terms, observed: Observed) -> Planner:
    """Return the planner of a contract's dates, by its calendar."""
    is_open = business_days(terms.calendar, observed.closed_days)
    if is_open is None:
        raise TermMalformedError(
            contract=terms.contract_id,
            field="calendar",
            value=terms.calendar,
            rule="it is NC (every day is open), MF (Monday to Friday) or one whose days are given",
        )
    return Planner(terms, observed.until or FAR, is_open)


def _loan_events(
    terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner
) -> list[Event]:
    maturity = maturity_of(terms, planner, numbers)
    payment = _payment_of(terms, planner, numbers, maturity)
    notice = _notice(terms, observed)
    end = maturity if notice is None else notice.at
    fixes = terms.contract_type is ContractType.ANN and payment is None
    planned = planner.plan(maturity=None if notice else maturity, fixes_payment=fixes)
    if notice is not None:
        planned = [event for event in planned if midnight(event.runs_to) < midnight(notice.at)]
        planned += _settlement(terms, planner, notice)
    planned += _observed(observed, planner, notice)
    spread = planner.redemption_dates(terms.amortization_date or end or FAR) if fixes else []
    fold = Fold(terms, observed, numbers, planner, spread, at=terms.status_date)
    fold.begin(payment=payment)
    return list(_shown(terms, observed, fold, planned, has_notice=notice is not None))


def _payment_of(
    terms: Terms, planner: Planner, numbers: Arithmetic, maturity: datetime | None
) -> Number | None:
    """Return the regular payment: that of the terms, or an equal share of the principal (LAM)."""
    if terms.next_principal_redemption_payment is not None:
        return numbers.payment(
            numbers.amount(terms.next_principal_redemption_payment, terms.currency)
        )
    if terms.contract_type is not ContractType.LAM or maturity is None:
        return None
    begin = midnight(terms.status_date)
    dates = [when for when in planner.redemption_dates(maturity) if midnight(when) > begin]
    principal = numbers.amount(terms.notional_principal or Decimal(0), terms.currency)
    return numbers.payment(principal / len(dates)) if dates else None


def _notice(terms: Terms, observed: Observed) -> ObservedEvent | None:
    """Return the notice that calls the money, where one was given."""
    if terms.contract_type is not ContractType.CLM:
        return None
    after = midnight(terms.status_date)
    called = [e for e in observed.events if e.kind is EventType.XD and midnight(e.at) > after]
    return min(called, key=lambda event: midnight(event.at), default=None)


def _settlement(terms: Terms, planner: Planner, notice: ObservedEvent) -> list[Planned]:
    """Return notice, interest and repayment: no interest runs while the notice does."""
    period = terms.x_day_notice
    paid_on = notice.at if period is None else period.after(notice.at, 1)
    return [
        planner.at(EventType.XD, notice.at, moves=False),
        planner.at(EventType.IP, paid_on),
        planner.at(EventType.STD, paid_on),
    ]


def _observed(observed: Observed, planner: Planner, notice: ObservedEvent | None) -> list[Planned]:
    """Return draws and repayments that were observed."""
    return [
        planner.at(event.kind, event.at, moves=False, amount=event.amount)
        for event in observed.events
        if event.kind in {EventType.PI, EventType.PR, EventType.AD}
        and (notice is None or midnight(event.at) < midnight(notice.at))
    ]


def _place(planned: Planned) -> tuple[datetime, int, datetime]:
    """Sort by instant, then by kind; a call comes before the interest that it makes due."""
    when, order, runs_to = planned.place
    return when, -1 if planned.kind is EventType.XD else order, runs_to


def _shown(
    terms: Terms, observed: Observed, fold: Fold, planned: Iterable[Planned], *, has_notice: bool
) -> Iterator[Event]:
    """Apply the events after the status date; show those from the purchase to the termination."""
    status, until = midnight(terms.status_date), observed.until
    bought = terms.purchase_date
    hidden = bought is not None and midnight(bought) > status
    for event in sorted(planned, key=_place):
        when = midnight(event.shown)
        if when <= status:
            continue
        if until is not None and when > midnight(until) and not has_notice:
            break
        if event.kind is EventType.PRD:
            hidden = False
        outcome = fold.step(event)
        if not hidden:
            yield outcome
        if event.kind in {EventType.TD, EventType.MD, EventType.STD}:
            break


def _holding_events(
    terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner
) -> list[Event]:
    """Return the events of what is held without interest: a share, goods, cash."""
    zero = numbers.rate(Decimal(0))
    paid = [*_trades(terms, numbers, planner), *_dividends(terms, observed, numbers, planner)]
    paid += [(planner.at(e.kind, e.at, moves=False), zero) for e in _analyses(observed)]
    held = numbers.amount(terms.notional_principal or Decimal(0), terms.currency)
    notional = terms.sign * held if terms.contract_type is ContractType.CSH else zero
    events: list[Event] = []
    for planned, payoff in sorted(paid, key=lambda pair: pair[0].place):
        if _is_after(terms, observed, planned):
            shown = planned.shown
            event = Event(shown, planned.kind, payoff, terms.currency, notional, zero, zero)
            events.append(event)
            if planned.kind is EventType.TD:
                break
    return events


def _trades(
    terms: Terms, numbers: Arithmetic, planner: Planner
) -> Iterator[tuple[Planned, Number]]:
    """Give the purchase and the sale, at the price of a unit times the quantity."""
    quantity = numbers.rate(Decimal(1) if terms.quantity is None else terms.quantity)
    for kind, when, price, sign in (
        (EventType.PRD, terms.purchase_date, terms.price_at_purchase_date, -terms.sign),
        (EventType.TD, terms.termination_date, terms.price_at_termination_date, terms.sign),
    ):
        if when is not None:
            whole = numbers.amount(price or Decimal(0), terms.currency) * quantity
            yield planner.at(kind, when, moves=False), sign * numbers.due(whole)


def _dividends(
    terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner
) -> Iterator[tuple[Planned, Number]]:
    """Give the dividends that were observed."""
    market = terms.market_object_code_of_dividends
    series = observed.markets.get(market or "")
    for planned in planner.dividends():
        if not _is_after(terms, observed, planned):
            continue
        value = series.at(planned.scheduled) if series else None
        if value is None:
            raise MarketUnobservedError(
                contract=terms.contract_id, market=market, at=planned.scheduled.isoformat()
            )
        yield planned, terms.sign * numbers.amount(value, terms.currency)


def _analyses(observed: Observed) -> list[ObservedEvent]:
    return [event for event in observed.events if event.kind is EventType.AD]


def _is_after(terms: Terms, observed: Observed, event: Planned) -> bool:
    when = midnight(event.shown)
    until = observed.until
    return when > midnight(terms.status_date) and (until is None or when <= midnight(until))
