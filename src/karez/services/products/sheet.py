"""A term sheet: everything that a product decides of its loans."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs
import numpy as np

from karez.engines.price.policy import Hit, Line, Outcome, Policy, read_policy
from karez.engines.price.rate import Costs, Floats, Ints, rate_parts
from karez.engines.risk.ecl import AS_TODAY, Paths, Rules
from karez.engines.servicing.days import after
from karez.engines.servicing.events import Charge, ChargeTime
from karez.engines.servicing.late import LatePolicy, LateStep
from karez.engines.servicing.terms import Terms, Tranche, Unit
from karez.kernel.money import Currency, Remainder, allocate
from karez.services.products.ledger import LedgerMapping
from karez.services.products.parts import (
    HUNDRED,
    Amounts,
    Arrears,
    CollateralPolicy,
    Committee,
    DecisionPolicy,
    Drawing,
    Drawn,
    Fee,
    GroupPolicy,
    Instalments,
    Limits,
    Payments,
    Pricing,
    Provisioning,
    Rates,
    Rule,
    Schedule,
    says,
)
from karez.services.products.schedule import terms_of


@attrs.frozen(kw_only=True)
class TermSheet:
    """The terms of a product. Version 0 is one that was not published."""

    code: str = says("the short name, of small letters, digits and hyphens")
    name: str = says("what people call it")
    purpose: str = says("what it is for, and whom")
    currency: Currency = says("code of its currency, such as CNY")
    amount: Amounts = says("how much may be lent")
    rate: Rates = says("the rates")
    instalments: Instalments = says("how many instalments")
    schedule: Schedule = says("how instalments follow")
    pricing: Pricing = says("how the rate is found")
    provisioning: Provisioning = says("what is set aside for losses")
    payments: Payments = says("to what a payment goes", attrs.Factory(Payments))
    fees: tuple[Fee, ...] = says("fees", ())
    arrears: Arrears = says("what follows from paying late", attrs.Factory(Arrears))
    eligibility: tuple[Rule, ...] = says("who may have it: the first row that fits decides", ())
    limits: Limits = says("how much one borrower may have", attrs.Factory(Limits))
    collateral: CollateralPolicy = says("what secures it", attrs.Factory(CollateralPolicy))
    decision: DecisionPolicy = says("who decides", attrs.Factory(DecisionPolicy))
    group: GroupPolicy | None = says("members who borrow together", None)
    drawing: Drawing = says("how the money goes out", attrs.Factory(Drawing))
    ledger: LedgerMapping = says("accounts it posts to", attrs.Factory(LedgerMapping))
    version: int = 0

    def terms(
        self,
        *,
        amount_minor: int,
        rate_pct_year: Decimal,
        instalments: int,
        starts_on: date,
        tranches: tuple[Tranche, ...] = (),
    ) -> Terms:
        """Return the terms of a loan. Without tranches they are those of the product.

        Raises:
            TermOutOfRangeError, TermsClashError: no loan can have such terms.
        """
        asked = tranches or self.tranches(amount_minor=amount_minor, starts_on=starts_on)
        return terms_of(
            self.schedule,
            self.payments,
            amount_minor=amount_minor,
            rate_pct_year=rate_pct_year,
            instalments=instalments,
            starts_on=starts_on,
            tranches=asked,
            decimals=self.currency.exponent,
        )

    def tranches(self, *, amount_minor: int, starts_on: date) -> tuple[Tranche, ...]:
        """Return what goes out on which day, as the product has it."""
        if self.drawing.how is not Drawn.IN_PARTS:
            return (Tranche(starts_on, amount_minor),)
        parts = self.drawing.parts
        weights = [int(part.share_pct * 100) for part in parts]
        amounts = allocate(amount_minor, weights, remainder=Remainder.LAST)
        return tuple(
            Tranche(after(starts_on, Unit.MONTHS, part.after_months), amount)
            for part, amount in zip(parts, amounts, strict=True)
        )

    def revolves_until(self, *, starts_on: date, instalments: int) -> date | None:
        """Return the day before which what was repaid may be drawn again, None if it never may."""
        if self.drawing.how is not Drawn.AS_NEEDED:
            return None
        return after(starts_on, self.schedule.unit, self.schedule.every * instalments)

    def charges(self, *, starts_on: date) -> tuple[Charge, ...]:
        """Return the fees as events of a loan, numbered from 1."""
        return tuple(
            Charge(
                number=number,
                on=starts_on,
                posted_on=starts_on,
                penalty=False,
                amount_minor=fee.amount_minor,
                pct=fee.pct,
                basis=fee.basis,
                time=ChargeTime(fee.when),
            )
            for number, fee in enumerate(self.fees, 1)
        )

    @property
    def late(self) -> LatePolicy:
        """What is charged when an instalment is late."""
        return LatePolicy(
            grace_days=self.arrears.grace_days,
            steps=tuple(
                LateStep(
                    days_late=step.days_late,
                    flat_minor=step.amount_minor,
                    pct=step.pct,
                    basis=step.of,
                    repeat_every_days=step.repeat_every_days,
                    most_times=step.most_times,
                )
                for step in self.arrears.steps
            ),
        )

    def rate_for(self, *, amount_minor: int, pd: float, lgd: float) -> Decimal:
        """Return the yearly rate of a loan, within the rates of the product, in per cent.

        By risk it is what a loan-year on ``amount_minor`` must bring, rounded up to the step.
        """
        one = np.ones(1)
        amounts = np.array([amount_minor], np.int64)
        rate: float = self.rates_for(amounts, pd * one, lgd * one).item()
        return Decimal(f"{rate:.9f}".rstrip("0").rstrip("."))

    def rates_for(self, amount_minor: Ints, pd: Floats, lgd: Floats) -> Floats:
        """Return what ``rate_for`` does, for many loans at once.

        Raises:
            PriceInputError: a probability or a loss is no share, or an amount is not positive.
        """
        pricing, rate = self.pricing, self.rate
        if pricing.rate_pct_year is not None:
            return np.full(len(amount_minor), float(pricing.rate_pct_year))
        asked = rate_parts(self.costs(), pd, lgd, amount_minor).total * 100
        step = float(pricing.step_pct)
        # Nine decimals, so that a dust of binary fractions makes no step more.
        rates = np.round(np.ceil(np.round(asked / step, 9)) * step, 9)
        return np.clip(rates, float(rate.least_pct_year), float(rate.most_pct_year))

    def costs(self) -> Costs:
        """Return what lending costs, as engines.price asks for it."""
        pricing = self.pricing
        return Costs(
            funding_rate=_share(pricing.funding_pct_year),
            capital_share=_share(pricing.capital_pct),
            hurdle_rate=_share(pricing.hurdle_pct_year),
            variable_rate=_share(pricing.variable_pct_year),
            fixed_minor=pricing.fixed_cost_minor,
            margin_rate=_share(pricing.margin_pct_year),
        )

    def policy(self) -> Policy | None:
        """Return who may have the loan as a decision table; None where all may."""
        if not self.eligibility:
            return None
        columns = tuple(dict.fromkeys(name for rule in self.eligibility for name in rule.when))
        lines = [
            Line(
                number,
                tuple(rule.when.get(name, "-") for name in columns),
                Outcome(rule.decision, rule.reason, rule.most_minor),
            )
            for number, rule in enumerate(self.eligibility, 1)
        ]
        policy, broken = read_policy(f"{self.code}: eligibility", columns, lines, Hit.FIRST)
        if broken:
            raise broken[0]
        return policy

    def decides(self, *, amount_minor: int, pd: float) -> Committee | None:
        """Return the committee that decides; None where policy does by itself."""
        policy = self.decision
        automatic = amount_minor <= policy.automatic_most_minor and pd <= _share(
            policy.automatic_pd_most_pct
        )
        if automatic:
            return None
        return next(each for each in policy.committees if amount_minor <= each.most_minor)

    def lgd(self, kind: str | None = None) -> float:
        """Return the loss given default of what a kind of collateral secures, or of nothing."""
        for accepted in self.collateral.accepted:
            if accepted.kind == kind and accepted.lgd_pct is not None:
                return _share(accepted.lgd_pct)
        return _share(self.provisioning.lgd_pct)

    def stage_rules(self) -> Rules:
        """Return when a loan moves to another stage, as engines.risk asks for it."""
        own = self.provisioning
        return Rules(
            default_days=own.default_days,
            significant_days=own.significant_days,
            pd_times=float(own.pd_times),
            pd_rise=_share(own.pd_rise_pct),
            cure_days=own.cure_days,
            probation_days=own.probation_days,
        )

    def economy(self) -> Paths:
        """Return the ways that the economy may go, as engines.risk asks for them."""
        paths = self.provisioning.paths
        if not paths:
            return AS_TODAY
        return Paths.of(
            [_share(path.weight_pct) for path in paths],
            defaults=[float(path.defaults) for path in paths],
            losses=[float(path.losses) for path in paths],
        )


def _share(pct: Decimal) -> float:
    return float(pct / HUNDRED)
