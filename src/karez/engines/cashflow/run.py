"""The engine: terms and what is observed in, the events of the contract out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import assert_never

import attrs

from karez.engines.cashflow.amounts import maturity_of
from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.check import check_terms
from karez.engines.cashflow.codes import ContractType, EventType, PenaltyType, PrepaymentEffect
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.enhancement import enhancement_events
from karez.engines.cashflow.errors import TermMalformedError
from karez.engines.cashflow.event import Event, Stand
from karez.engines.cashflow.fold import Fold
from karez.engines.cashflow.holidays import business_days
from karez.engines.cashflow.observed import Observed, ObservedEvent
from karez.engines.cashflow.plan import FAR, Planned, Planner
from karez.engines.cashflow.swap import swap_events
from karez.engines.cashflow.terms import Terms

_OBSERVED = frozenset({EventType.PI, EventType.PR, EventType.PP, EventType.AD})
_FINAL = frozenset({EventType.TD, EventType.MD, EventType.STD})


def contract_events(
    terms: Terms, observed: Observed, numbers: Arithmetic, *, stand: Stand | None = None
) -> list[Event]:
    """Return the events of a contract after its status date, in order.

    ``numbers`` is ``Conformance()`` or a ``Ledger``. Payoffs are signed for the contract's creator.
    With a ``stand`` the contract is resumed there: its events are the ones that remain. (Only a
    loan, a deposit or call money has one.)

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
            it = _Loan.of(terms, observed, numbers, planner)
            return list(it.events(stand))
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


def stand_at(terms: Terms, observed: Observed, numbers: Arithmetic, at: datetime) -> Stand:
    """Return where a loan, a deposit or call money stands after all events up to an instant.

    Raises as ``contract_events`` does.
    """
    check_terms(terms, follows_cases=numbers.follows_cases)
    it = _Loan.of(terms, observed, numbers, planner_of(terms, observed))
    for _ in it.events(None, through=at):
        pass
    return it.fold.stand(at)


@attrs.frozen
class _Loan:
    """A contract that bears interest: its events to come, and the state that they change."""

    terms: Terms
    observed: Observed
    fold: Fold
    planned: list[Planned]
    is_called: bool

    @classmethod
    def of(cls, terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner) -> _Loan:
        maturity = maturity_of(terms, planner, numbers)
        payment = _payment_of(terms, planner, numbers, maturity)
        notice = _notice(terms, observed)
        end = maturity if notice is None else notice.at
        fixes = terms.contract_type is ContractType.ANN and payment is None
        planned = planner.plan(maturity=None if notice else maturity, fixes_payment=fixes)
        if notice is not None:
            planned = [event for event in planned if midnight(event.runs_to) < midnight(notice.at)]
            planned += _settlement(terms, planner, notice)
        planned += _observed(terms, observed, planner, notice)
        spread = planner.redemption_dates(terms.amortization_date or end or FAR)
        fold = Fold(terms, observed, numbers, planner, spread, at=terms.status_date)
        fold.begin(payment=payment)
        return cls(terms, observed, fold, sorted(planned, key=_place), notice is not None)

    def events(self, stand: Stand | None, *, through: datetime | None = None) -> Iterator[Event]:
        """Apply the events after the status date or the stand; give those that are to be shown.

        What comes before the purchase is another's, and nothing comes after the end.
        """
        after = midnight(self.terms.status_date)
        if stand is not None:
            after = midnight(stand.through)
            self.fold.resume(stand)
        until = through or (None if self.is_called else self.observed.until)
        bought = self.terms.purchase_date
        hidden = bought is not None and midnight(bought) > after
        for planned in self.planned:
            when = midnight(planned.shown)
            if self._has_ended(planned):
                break
            if when <= after:
                if planned.kind in _FINAL:
                    break
                continue
            if until is not None and when > midnight(until):
                break
            hidden = hidden and planned.kind is not EventType.PRD
            event = self.fold.step(planned)
            if not hidden:
                yield event
            if planned.kind in _FINAL:
                break

    def _has_ended(self, planned: Planned) -> bool:
        """Tell whether nothing is left to come: all was repaid early, and its interest is paid."""
        fold = self.fold
        done = fold.ends_early and fold.notional == 0 and fold.accrued == 0
        return done and midnight(planned.runs_to) > midnight(fold.at)


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


def _observed(
    terms: Terms, observed: Observed, planner: Planner, notice: ObservedEvent | None
) -> list[Planned]:
    """Return draws and repayments that were observed, and what the early ones cost."""
    events: list[Planned] = []
    for event in observed.events:
        if event.kind not in _OBSERVED:
            continue
        if notice is not None and midnight(event.at) >= midnight(notice.at):
            continue
        planned = planner.at(event.kind, event.at, moves=False, amount=event.amount)
        effect = event.effect or terms.prepayment_effect
        events.append(attrs.evolve(planned, effect=effect))
        if event.kind is EventType.PP and terms.penalty_type is not PenaltyType.N:
            events.append(attrs.evolve(planned, kind=EventType.PY))
        if event.kind is EventType.PP and effect is PrepaymentEffect.A:
            events.append(attrs.evolve(planned, kind=EventType.PRF))
    return events


def _place(planned: Planned) -> tuple[datetime, int, datetime]:
    """Sort by instant, then by kind; a call comes before the interest that it makes due."""
    when, order, runs_to = planned.place
    return when, -1 if planned.kind is EventType.XD else order, runs_to


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
    for planned in planner.dividends():
        if _is_after(terms, observed, planned):
            value = observed.market(market, planned.scheduled, contract=terms.contract_id)
            yield planned, terms.sign * numbers.amount(value, terms.currency)


def _analyses(observed: Observed) -> list[ObservedEvent]:
    return [event for event in observed.events if event.kind is EventType.AD]


def _is_after(terms: Terms, observed: Observed, event: Planned) -> bool:
    when = midnight(event.shown)
    until = observed.until
    return when > midnight(terms.status_date) and (until is None or when <= midnight(until))
