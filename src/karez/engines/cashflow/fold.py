"""From planned events to payoffs: the state of a loan, carried from event to event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from karez.engines.cashflow.amounts import annuity_payment
from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.codes import (
    ContractType,
    EventType,
    FeeBasis,
    InterestBase,
    PenaltyType,
    PrepaymentEffect,
)
from karez.engines.cashflow.days import midnight, year_fraction
from karez.engines.cashflow.event import Event, Stand
from karez.engines.cashflow.observed import Observed
from karez.engines.cashflow.plan import Planned, Planner
from karez.engines.cashflow.terms import Terms

_STATE = tuple(field.name for field in attrs.fields(Stand) if field.name != "through")
_AMORTISES_INTEREST = frozenset({ContractType.NAM, ContractType.ANN})


@attrs.define
class Fold:
    """The state of one contract and the rules that change it (ACTUS 3.6 to 3.11).

    Amounts are signed by the role: a debt has a negative notional.
    """

    terms: Terms
    observed: Observed
    numbers: Arithmetic
    planner: Planner
    redemptions: Sequence[datetime]
    """The dates that a computed payment is spread over, the last that of amortisation."""
    at: datetime
    notional: Number = 0
    rate: Number = 0
    accrued: Number = 0
    base: Number = 0
    payment: Number = 0
    interest_scale: Number = 1
    notional_scale: Number = 1
    fee_accrued: Number = 0
    ends_early: bool = False
    """Whether the contract ends as soon as nothing is left."""
    called: Number | None = None
    """Interest at the notice of call money, which is paid when the notice is over."""

    def begin(self, *, payment: Number | None) -> None:
        """Stand at the status date: with nothing, or amid the contract where it has begun."""
        terms, numbers = self.terms, self.numbers
        self.rate = self._rate(terms.nominal_interest_rate)
        self.interest_scale = self._rate(terms.interest_scaling_multiplier, 1)
        self.notional_scale = self._rate(terms.notional_scaling_multiplier, 1)
        self.payment = payment or 0
        if not terms.has_begun:
            self.rate = 0
            return
        self.notional = terms.sign * self._amount(terms.notional_principal)
        self.accrued = terms.sign * self._amount(terms.accrued_interest)
        self.fee_accrued = numbers.amount(terms.fee_accrued or Decimal(0), terms.currency)
        self.base = self._first_base()
        if payment is None and terms.contract_type is ContractType.ANN:
            self._fix_at_beginning()

    def stand(self, through: datetime) -> Stand:
        """Return the state, for the contract to be resumed from."""
        return Stand(through=through, **{name: getattr(self, name) for name in _STATE})

    def resume(self, stand: Stand) -> None:
        """Take up the state in which the contract was left."""
        for name in _STATE:
            setattr(self, name, getattr(stand, name))

    def step(self, planned: Planned) -> Event:
        """Apply an event: accrue up to it, pay, change the state."""
        self._accrue(planned)
        payoff = _RULES[planned.kind](self, planned)
        return Event(
            at=planned.shown,
            kind=planned.kind,
            payoff=payoff,
            currency=self.terms.currency,
            notional=self.notional,
            rate=self.rate,
            accrued=self.accrued,
        )

    def years(self, start: datetime, end: datetime) -> Number:
        """Return the years between two instants by the contract's convention."""
        terms = self.terms
        fraction = year_fraction(
            terms.day_count_convention,
            start,
            end,
            maturity=terms.maturity_date,
            is_business_day=self.planner.is_open,
        )
        return self.numbers.years(fraction)

    def _accrue(self, planned: Planned) -> None:
        if midnight(planned.runs_to) <= midnight(self.at) or self.called is not None:
            return
        years = self.years(self.at, planned.runs_to)
        follows = self.terms.interest_calculation_base is InterestBase.NT
        self.accrued += years * self.rate * (self.notional if follows else self.base)
        if self.terms.fee_basis is FeeBasis.N:
            self.fee_accrued += years * self._rate(self.terms.fee_rate) * self.notional
        self.at = planned.runs_to

    # What each event pays, and what it changes.

    def exchange(self, planned: Planned) -> Number:
        """Pay the principal out: R(NT + PDIED) goes, interest begins (IED)."""
        terms = self.terms
        principal = self._amount(terms.notional_principal)
        self.notional = terms.sign * principal
        self.rate = self._rate(terms.nominal_interest_rate)
        self.at = planned.runs_to
        self.accrued = terms.sign * self._amount(terms.accrued_interest)
        since = terms.cycle_anchor_date_of_interest_payment
        if terms.accrued_interest is None and since is not None:
            self.accrued = self.years(since, planned.runs_to) * self.notional * self.rate
        self.base = self._first_base()
        if self.payment == 0 and terms.contract_type is ContractType.ANN:
            self._fix_at_beginning()
        return -terms.sign * (principal + self._amount(terms.premium_discount_at_ied))

    def pay_fee(self, _planned: Planned) -> Number:
        """Pay the fee: an amount, or what a rate of the notional accrued (FP)."""
        terms = self.terms
        if terms.fee_basis is FeeBasis.N:
            paid, self.fee_accrued = self.numbers.due(self.fee_accrued), 0
            return paid
        return terms.sign * self._amount(terms.fee_rate)

    def redeem(self, planned: Planned) -> Number:
        """Redeem principal, never more than is left; an annuity's payment less interest (PR)."""
        sign = self.terms.sign
        wanted = self.payment if planned.amount is None else self._amount(planned.amount)
        if self.terms.contract_type in _AMORTISES_INTEREST:
            wanted -= sign * self.numbers.due(self.accrued)
        paid = sign * min(wanted, sign * self.notional)
        self.notional -= paid
        return self.notional_scale * paid

    def increase(self, planned: Planned) -> Number:
        """Lend more (PI)."""
        drawn = self.terms.sign * self._amount(planned.amount)
        self.notional += drawn
        return -self.notional_scale * drawn

    def prepay(self, planned: Planned) -> Number:
        """Repay early, never more than is left; then lower the payment or keep it (PP).

        ACTUS leaves open what the effect does. A: the payment is computed anew over the same dates,
        by an event of its own. M: it stays, and the contract ends when nothing is left.
        """
        paid = self._prepaid(planned)
        self.notional -= paid
        keeps_payment = planned.effect is PrepaymentEffect.M
        self.ends_early = self.ends_early or keeps_payment or self.notional == 0
        return self.notional_scale * paid

    def pay_penalty(self, planned: Planned) -> Number:
        """Pay what an early repayment costs, of the amount repaid (PY).

        The formulas of ACTUS for R and I multiply by the time since the last event, which is hardly
        meant; I is the rate's excess over the market's until the maturity.
        """
        terms, paid = self.terms, self._prepaid(planned)
        if terms.penalty_type is PenaltyType.A:
            return terms.sign * self._amount(terms.penalty_rate)
        if terms.penalty_type is PenaltyType.R:
            return self.numbers.due(self._rate(terms.penalty_rate) * paid)
        market = self._market(terms.market_object_code_of_rate_reset, planned.scheduled)
        years = self.years(planned.runs_to, terms.maturity_date or planned.runs_to)
        return self.numbers.due(max(self.rate - market, 0) * years * paid)

    def _prepaid(self, planned: Planned) -> Number:
        sign = self.terms.sign
        return sign * min(self._amount(planned.amount), sign * self.notional)

    def pay_interest(self, _planned: Planned) -> Number:
        """Pay what has accrued, or what a call made due (IP)."""
        owed = self.accrued if self.called is None else self.called
        paid = self.numbers.due(self.interest_scale * owed)
        self.accrued = 0
        if self.called is not None:
            self.called = self.called * 0
        return paid

    def capitalise(self, _planned: Planned) -> Number:
        """Add what has accrued to the principal (IPCI)."""
        self.notional += self.numbers.due(self.accrued)
        self.accrued = 0
        return 0

    def reset_to_known(self, planned: Planned) -> Number:
        """Set the rate that was known before (RRF)."""
        self.rate = self._rate(planned.amount)
        return 0

    def reset(self, planned: Planned) -> Number:
        """Follow the market: rate x RRMLT + RRSP, within the caps and floors (RR)."""
        terms = self.terms
        spread = self._rate(terms.rate_spread if planned.amount is None else planned.amount)
        wanted = self._market(terms.market_object_code_of_rate_reset, planned.scheduled)
        wanted = wanted * self._rate(terms.rate_multiplier, 1) + spread
        change = _within(
            wanted - self.rate, self._limit(terms.period_floor), self._limit(terms.period_cap)
        )
        self.rate = _within(
            self.rate + change if change != wanted - self.rate else wanted,
            self._limit(terms.life_floor),
            self._limit(terms.life_cap),
        )
        return 0

    def fix_payment(self, planned: Planned) -> Number:
        """Compute the payment that redeems all over the dates ahead (PRF)."""
        shown = midnight(planned.shown)
        ahead = [d for d in self.redemptions if midnight(self.planner.shifted(d)) > shown]
        if self.terms.contract_type is ContractType.LAM and ahead:
            share = self.terms.sign * self.notional / len(ahead)
            self.payment = self.numbers.payment(share)
        else:
            self._spread_over(ahead)
        return 0

    def purchase(self, _planned: Planned) -> Number:
        """Buy the contract from another (PRD)."""
        return -self._price(self.terms.price_at_purchase_date)

    def terminate(self, _planned: Planned) -> Number:
        """Sell the contract or end it early (TD)."""
        price = self._price(self.terms.price_at_termination_date)
        self._close()
        return price

    def scale(self, planned: Planned) -> Number:
        """Scale interest or principal by the index over its value at the deal (SC)."""
        terms = self.terms
        index = self._market(terms.market_object_code_of_scaling_index, planned.scheduled)
        base = self._rate(terms.scaling_index_at_contract_deal_date, 1)
        if "I" in terms.scaling_effect:
            self.interest_scale = index / base
        if "N" in terms.scaling_effect:
            self.notional_scale = index / base
        return 0

    def set_base(self, _planned: Planned) -> Number:
        """Set the interest calculation base to the principal (IPCB)."""
        self.base = self.notional
        return 0

    def mature(self, _planned: Planned) -> Number:
        """Pay all that is left (MD, STD)."""
        interest = self.numbers.due(self.interest_scale * self.accrued)
        paid = self.notional_scale * self.notional + interest + self.numbers.due(self.fee_accrued)
        self._close()
        return paid

    def call(self, _planned: Planned) -> Number:
        """Give notice: interest stops, and is paid with the principal when it is over (XD)."""
        self.called = self.accrued
        notice = self.terms.x_day_notice
        if notice is not None and notice.count:
            self.accrued = 0
        return 0

    def observe(self, _planned: Planned) -> Number:
        """Pay nothing and change nothing (CE, AD)."""
        return 0

    def _fix_at_beginning(self) -> None:
        """Fix the payment; on the day of the exchange a first one may fall due at once."""
        day = midnight(self.at)
        first = day + timedelta(days=1) if self.terms.has_begun else day
        self._spread_over([when for when in self.redemptions if midnight(when) >= first])

    def _spread_over(self, dates: Sequence[datetime]) -> None:
        if not dates:
            return
        code = self.terms.business_day_convention
        ends = [self.planner.shifted(when) if code.shifts_first else when for when in dates]
        begins = [self.at, *ends[:-1]]
        years = [self.years(*pair) for pair in zip(begins, ends, strict=True)]
        sign = self.terms.sign
        self.payment = self.numbers.payment(
            annuity_payment(sign * self.notional, sign * self.accrued, self.rate, years)
        )

    def _price(self, price: Decimal | None) -> Number:
        """Return the price with the interest accrued, which a buyer pays for."""
        accrued = self.numbers.due(self.accrued)
        if not self.numbers.follows_cases:
            accrued = self.terms.sign * accrued
        return self.terms.sign * (self._amount(price) + accrued)

    def _close(self) -> None:
        self.notional = self.accrued = self.base = self.fee_accrued = 0

    def _first_base(self) -> Number:
        terms = self.terms
        if terms.interest_calculation_base is InterestBase.NTL:
            given = terms.interest_calculation_base_amount
            return self.notional if given is None else terms.sign * self._amount(given)
        return self.notional

    def _amount(self, value: Decimal | None) -> Number:
        return self.numbers.amount(value or Decimal(0), self.terms.currency)

    def _rate(self, value: Decimal | None, missing: int = 0) -> Number:
        return self.numbers.rate(Decimal(missing) if value is None else value)

    def _limit(self, value: Decimal | None) -> Number | None:
        return None if value is None else self.numbers.rate(value)

    def _market(self, code: str | None, when: datetime) -> Number:
        contract = self.terms.contract_id
        return self.numbers.rate(self.observed.market(code, when, contract=contract))


_RULES: Mapping[EventType, Callable[[Fold, Planned], Number]] = {
    EventType.IED: Fold.exchange,
    EventType.FP: Fold.pay_fee,
    EventType.PR: Fold.redeem,
    EventType.PI: Fold.increase,
    EventType.PP: Fold.prepay,
    EventType.PY: Fold.pay_penalty,
    EventType.IP: Fold.pay_interest,
    EventType.IPCI: Fold.capitalise,
    EventType.RRF: Fold.reset_to_known,
    EventType.RR: Fold.reset,
    EventType.PRF: Fold.fix_payment,
    EventType.PRD: Fold.purchase,
    EventType.TD: Fold.terminate,
    EventType.SC: Fold.scale,
    EventType.IPCB: Fold.set_base,
    EventType.MD: Fold.mature,
    EventType.STD: Fold.mature,
    EventType.XD: Fold.call,
    EventType.CE: Fold.observe,
    EventType.AD: Fold.observe,
}


def _within(value: Number, least: Number | None, most: Number | None) -> Number:
    if least is not None and value < least:
        return least
    if most is not None and value > most:
        return most
    return value
