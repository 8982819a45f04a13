"""Guarantees and pledges: what is paid when a contract that they cover is in default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.codes import ContractType, EventType, Exposure
from karez.engines.cashflow.days import midnight, year_fraction
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.observed import Observed, ObservedEvent
from karez.engines.cashflow.plan import Planned, Planner
from karez.engines.cashflow.terms import CoveredContract, Terms

Cover = Callable[[Terms, Observed, Arithmetic], list[Event]]


@attrs.frozen
class _Enhancement:
    terms: Terms
    observed: Observed
    numbers: Arithmetic
    planner: Planner
    covered: Sequence[tuple[CoveredContract, Sequence[Event]]]

    def exposure(self, at: datetime) -> Number:
        """Return what of the covered contracts would be lost at an instant, without its sign."""
        if self.terms.notional_principal is not None:
            return self.numbers.amount(self.terms.notional_principal, self.terms.currency)
        return sum(
            (self._outstanding(contract, events, at) for contract, events in self.covered),
            start=self.numbers.rate(Decimal(0)),
        )

    def guaranteed(self, at: datetime) -> Number:
        """Return the share of the exposure that is covered, signed by the role."""
        share = self.terms.coverage_of_credit_enhancement
        return (
            self.terms.sign
            * self.exposure(at)
            * self.numbers.rate(Decimal(1) if share is None else share)
        )

    def collateral_value(self, at: datetime) -> Number:
        """Return what the goods that cover are worth at an instant."""
        total = self.numbers.rate(Decimal(0))
        for contract in self.terms.contract_structure:
            if contract.is_covered or contract.terms is None:
                continue
            goods = contract.terms
            code = goods.market_object_code
            price = self.observed.market(code, at, contract=goods.contract_id)
            quantity = self.numbers.rate(Decimal(1) if goods.quantity is None else goods.quantity)
            total += quantity * self.numbers.amount(price, self.terms.currency)
        return total

    def _outstanding(
        self, contract: CoveredContract, events: Sequence[Event], at: datetime
    ) -> Number:
        """Return the principal of a covered contract, with accrued interest where that counts."""
        terms = contract.terms
        past = [event for event in events if midnight(event.at) <= midnight(at)]
        if not past or terms is None:
            begun = terms is not None and terms.has_begun
            amount = terms.notional_principal if terms is not None and begun else None
            return self.numbers.amount(amount or Decimal(0), self.terms.currency)
        last = past[-1]
        owed = abs(last.notional)
        if self.terms.guaranteed_exposure is Exposure.NI:
            fraction = year_fraction(terms.day_count_convention, last.at, at)
            accrued = self.numbers.years(fraction) * last.rate * owed
            owed += abs(last.accrued) + self.numbers.due(accrued)
        return owed

    def trigger(self, maturity: datetime) -> ObservedEvent | None:
        """Return the first credit event that is covered, up to the maturity."""
        ids = {c.contract_id for c in self.terms.contract_structure if c.is_covered}
        events = [
            event
            for event in self.observed.events
            if event.kind is EventType.CE
            and event.contract_id in ids
            and event.performance == self.terms.credit_event_type_covered
            and midnight(self.terms.status_date) < midnight(event.at) <= midnight(maturity)
        ]
        return min(events, key=lambda event: midnight(event.at), default=None)


def enhancement_events(
    terms: Terms, observed: Observed, numbers: Arithmetic, planner: Planner, *, cover: Cover
) -> list[Event]:
    """Return the events of a guarantee (CEG) or a pledge (CEC).

    ``cover`` gives the events of a covered contract. The exposure is that at each event, never
    frozen. A guarantee pays it; a pledge pays no more than the goods are worth.
    """
    covered = [
        (contract, cover(contract.terms, observed, numbers) if contract.terms else [])
        for contract in terms.contract_structure
        if contract.is_covered
    ]
    it = _Enhancement(terms, observed, numbers, planner, covered)
    maturity = terms.maturity_date or max(
        (events[-1].at for _, events in covered if events),
        default=observed.until or terms.status_date,
    )
    credit = it.trigger(maturity)
    until = credit.at if credit else maturity
    events: list[Event] = []
    if terms.purchase_date is not None and _between(terms.status_date, terms.purchase_date, until):
        price = numbers.amount(terms.price_at_purchase_date or Decimal(0), terms.currency)
        events.append(_event(it, terms.purchase_date, EventType.PRD, -terms.sign * price))
    fees, fee_due = _fees(it, until, maturity, settles=credit is not None)
    events += fees
    if credit is None:
        zero = numbers.rate(Decimal(0))
        events.append(attrs.evolve(_event(it, maturity, EventType.MD, zero), notional=zero))
    else:
        events += _exercise(it, credit, fee_due)
    shown_until = observed.until
    return [
        event
        for event in events
        if shown_until is None or midnight(event.at) <= midnight(shown_until)
    ]


def _between(after: datetime, when: datetime, until: datetime) -> bool:
    return midnight(after) < midnight(when) <= midnight(until)


def _event(it: _Enhancement, at: datetime, kind: EventType, payoff: Number) -> Event:
    zero = it.numbers.rate(Decimal(0))
    return Event(
        at, kind, payoff, it.terms.currency, it.guaranteed(at), zero, zero, exercise_amount=zero
    )


def _exercise(it: _Enhancement, credit: ObservedEvent, fee_due: Number) -> list[Event]:
    terms, numbers = it.terms, it.numbers
    claimed = numbers.due(it.guaranteed(credit.at))
    paid = claimed
    if terms.contract_type is ContractType.CEC:
        paid = terms.sign * min(numbers.due(it.collateral_value(credit.at)), abs(claimed))
    zero = numbers.rate(Decimal(0))
    settled = credit.at
    if terms.settlement_period is not None:
        settled = terms.settlement_period.after(credit.at, 1)
    exercise = Event(
        credit.at, EventType.XD, zero, terms.currency, claimed, zero, zero,
        exercise_date=credit.at, exercise_amount=paid,
    )  # fmt: skip
    settlement = Event(
        it.planner.shifted(settled), EventType.STD, paid + fee_due, terms.currency, zero, zero,
        zero, exercise_date=credit.at, exercise_amount=paid,
    )  # fmt: skip
    return [exercise, settlement]


def _fees(
    it: _Enhancement, until: datetime, maturity: datetime, *, settles: bool
) -> tuple[list[Event], Number]:
    """Return the fees paid before the end, and what of the next one is due at a settlement.

    Who is covered pays them; the reference cases have it that who covers does.
    """
    terms, numbers = it.terms, it.numbers
    sign = terms.sign if numbers.follows_cases else -terms.sign
    planned: list[Planned] = it.planner.fees(maturity)
    paid = numbers.amount(terms.fee_rate or Decimal(0), terms.currency)
    events: list[Event] = []
    last, pending = terms.purchase_date or terms.status_date, numbers.rate(Decimal(0))
    for fee in planned:
        when = fee.scheduled
        if midnight(when) <= midnight(terms.status_date):
            last = when
        elif midnight(when) <= midnight(until):
            events.append(_event(it, fee.shown, EventType.FP, sign * paid))
            last = when
        else:
            if settles:
                convention = terms.day_count_convention
                share = numbers.years(year_fraction(convention, last, until))
                whole = numbers.years(year_fraction(convention, last, when))
                pending = numbers.due(sign * paid * share / whole)
            break
    return events, pending
