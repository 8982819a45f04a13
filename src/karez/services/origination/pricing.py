"""Price: at which rate, how much at most and which bound says so, and who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs
import numpy as np
import psycopg

from karez.engines.price.limit import (
    NO_LIMIT,
    GrowthSteps,
    cash_flow_limit,
    evidence_limit,
    exploration_limit,
    smallest,
)
from karez.engines.price.policy import Applications, Coded, Decision, decide
from karez.engines.price.policy.cells import Kind
from karez.engines.price.rate import rate_parts
from karez.engines.score.predict import INTERVAL_Z
from karez.kernel.errors import KarezError
from karez.services.origination.application import Application
from karez.services.origination.committee import committee_for
from karez.services.origination.cost import cost_of
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.event import Content, Gathered, Priced, Scored, Trusted
from karez.services.origination.exposure import Exposure, read_exposures
from karez.services.origination.said import policy_labels, policy_numbers, said_number
from karez.services.origination.sheets import Sheets
from karez.services.parties import Known, read_parties
from karez.services.products import TermSheet
from karez.services.products.parts import HUNDRED

_MONTHS_OF = {"days": 1 / 30.4375, "weeks": 7 / 30.4375, "months": 1.0, "years": 12.0}


def price(desk: Desk, commands: Sequence[Command], *, preview: bool = False) -> list[Outcome]:
    """Price applications by the rule of their products, and say what policy makes of them.

    Refused for one of: ApplicationNotFoundError, ApplicationStepError, PolicyColumnError,
    ApplicationMalformedError where what was said is no number and the policy asks for one.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Command, Application]]
    ) -> list[Content | KarezError]:
        if not pairs:
            return []
        borrowers = read_parties(connection, {one.asked.borrower for _, one in pairs})
        sheets = Sheets.of(connection, [one for _, one in pairs])
        exposures = read_exposures(
            connection, [one for _, one in pairs], max(each.on for each, _ in pairs)
        )
        made: list[Content | KarezError] = []
        for command, one in pairs:
            case = _Case.of(one, sheets.sheet(one), borrowers[one.asked.borrower], exposures)
            try:
                priced = case.priced(command)
            except KarezError as error:
                made.append(error)
                continue
            made.append(priced)
            if priced.route != "refuse":  # it counts against those that follow in this call
                exposures.add(one.asked, priced.amount_minor)
        return made

    return run(desk, "priced", commands, make, preview=preview)


@attrs.frozen
class _Case:
    """One application with all that its price rests on."""

    application: Application
    sheet: TermSheet
    borrower: Known
    exposures: Exposure
    gathered: Gathered
    trusted: Trusted
    scored: Scored

    @classmethod
    def of(
        cls, application: Application, sheet: TermSheet, borrower: Known, exposures: Exposure
    ) -> _Case:
        gathered, trusted, scored = (
            application.gathered, application.trusted, application.scored,
        )  # fmt: skip
        assert gathered and trusted and scored  # noqa: S101, PT018 - the stage says so
        return cls(application, sheet, borrower, exposures, gathered, trusted, scored)

    def priced(self, command: Command) -> Priced:
        asked, sheet, scored = self.application.asked, self.sheet, self.scored
        lgd = sheet.lgd(self.application.pledges[0].kind if self.application.pledges else None)
        first_rate = sheet.rate_for(amount_minor=asked.amount_minor, pd=scored.pd, lgd=lgd)
        limits = self._limits(first_rate)
        decision, row, reasons, most = self._policy(min(asked.amount_minor, *limits.values()))
        if most < NO_LIMIT:
            limits["policy"] = most
        found = smallest({name: np.array([value]) for name, value in limits.items()})
        most_minor = int(found.amount_minor[0])
        step = sheet.amount.step_minor
        amount = min(asked.amount_minor, most_minor) // step * step
        rate = sheet.rate_for(amount_minor=max(amount, 1), pd=scored.pd, lgd=lgd)
        binding = found.binding_name(0) if most_minor < asked.amount_minor else "asked"
        doubts = self._doubts(command, amount, rate)
        if amount < sheet.amount.least_minor:
            why = f"the bound of {binding} is below the smallest loan of {sheet.code}"
            decision, reasons, amount = Decision.REFUSE, (why, *reasons), max(amount, 0)
        elif doubts:
            worst = max(severity for severity, _ in doubts)
            decision = max(decision, worst)
            reasons = (*(words for _, words in doubts), *reasons)
        committee = sheet.decides(amount_minor=amount, pd=scored.pd) if amount else None
        if decision is Decision.APPROVE and committee is not None:
            decision = Decision.REFER
            reasons = (*reasons, f"{committee.name} decides this amount and default probability")
        if decision is Decision.REFER and committee is None:
            committee = committee_for(sheet, amount)
        refers = decision is Decision.REFER
        return Priced(
            rate_pct_year=rate,
            rate_parts=self._parts(max(amount, 1), lgd),
            lgd=lgd,
            limits=limits,
            binding=binding,
            amount_minor=amount,
            route=decision.name.lower(),
            rule=f"{sheet.code} {sheet.version}, eligibility row {row}" if row else
                 f"{sheet.code} {sheet.version}",
            reasons=reasons,
            committee=committee.name if committee and refers else "",
            votes=committee.votes if committee and refers else 0,
        )  # fmt: skip

    def _limits(self, rate: Decimal) -> dict[str, int]:
        """Return every bound by name, in minor units."""
        sheet, limits, asked = self.sheet, self.sheet.limits, self.application.asked
        found = {"product": sheet.amount.most_minor}
        if limits.income_pct is not None and self.gathered.low_month_minor is not None:
            schedule = sheet.schedule
            months = asked.instalments * schedule.every * _MONTHS_OF[schedule.unit.value.lower()]
            found["cash flow"] = int(cash_flow_limit(
                np.array([self.gathered.low_month_minor]), float(limits.income_pct / HUNDRED),
                np.array([float(rate / HUNDRED)]), np.array([max(round(months), 1)]),
            )[0])  # fmt: skip
        if limits.evidence_pct is not None or asked.against:
            believed = (
                self.trusted.believed_minor if asked.against else self.gathered.sales_year_minor
            )
            share = float((limits.evidence_pct or HUNDRED) / HUNDRED)
            found["evidence"] = int(evidence_limit(np.array([believed]), share)[0])
        if self.application.pledges and sheet.collateral.least_cover_pct:
            cover = self.application.cover_minor * HUNDRED / sheet.collateral.least_cover_pct
            found["pledge"] = int(cover)
        if limits.first_minor is not None:
            steps = GrowthSteps(float(limits.growth_least), float(limits.growth_most))
            width = (self.scored.pd_high - self.scored.pd_low) / (2 * INTERVAL_Z)
            repaid = self.exposures.repaid_minor(asked)
            found["growth"] = int(exploration_limit(
                np.array([repaid]), np.array([width]), first_minor=limits.first_minor, steps=steps
            )[0])  # fmt: skip
        if limits.borrower_minor is not None:
            owed = self.exposures.of_borrower_minor(asked)
            found["borrower"] = max(limits.borrower_minor - owed, 0)
        if limits.book_minor is not None:
            lent = self.exposures.of_product_minor(asked)
            found["book"] = max(limits.book_minor - lent, 0)
        return found

    def _policy(self, amount_minor: int) -> tuple[Decision, int, tuple[str, ...], int]:
        """Return what the decision table says: decision, row from one, reason, largest amount."""
        policy = self.sheet.policy()
        if policy is None:
            return Decision.APPROVE, 0, (), NO_LIMIT
        numbers = policy_numbers(self.application, amount_minor)
        labels = policy_labels(self.application, self.borrower)
        columns: dict[str, np.ndarray] = {}
        coded: dict[str, Coded] = {}
        for name, kind in zip(policy.columns, policy.kinds, strict=True):
            if kind is Kind.NUMBER:
                value = numbers.get(name)
                said = said_number(self.application.asked.said, name) if value is None else value
                columns[name] = np.array([said])
            else:
                label = labels.get(name)
                codes = np.array([-1 if label is None else 0], np.int32)
                coded[name] = Coded(codes, () if label is None else (label,))
        found = decide(policy, Applications(1, columns, coded))
        row = int(found.row[0])
        reason = policy.rows[row].outcome.reason if row >= 0 else "no row of the policy fits"
        return Decision(int(found.decision[0])), row + 1, (reason,), int(found.most_minor[0])

    def _doubts(self, command: Command, amount: int, rate: Decimal) -> list[tuple[Decision, str]]:
        """Return what keeps the machine from approving by itself, each with how strict it is."""
        found: list[tuple[Decision, str]] = []
        if self.trusted.verdict == "reject":
            found.append((Decision.REFUSE, "an invoice is financed already"))
        elif self.trusted.verdict in {"hold", "review"}:
            words = next((each.words for each in self.trusted.reasons
                          if each.verdict == self.trusted.verdict), "")  # fmt: skip
            found.append((Decision.REFER, f"an invoice is doubted: {words}"))
        if self.scored.fallback:
            found.append((Decision.REFER, self.scored.fallback))
        unknown = self.gathered.low_month_minor is None
        if self.sheet.limits.income_pct is not None and unknown:
            found.append((Decision.REFER, "its cash flow is not known"))
        cap = self.sheet.pricing.apr_most_pct
        if cap is not None and amount >= self.sheet.amount.least_minor:
            cost = cost_of(
                self.sheet, amount_minor=amount, rate_pct_year=rate,
                instalments=self.application.asked.instalments, starts_on=command.on,
            )  # fmt: skip
            if cost.apr_pct > cap:
                law = self.sheet.pricing.apr_source or "the law"
                words = f"it would cost {cost.apr_pct:.2f} % a year, and {law} allows {cap} %"
                found.append((Decision.REFUSE, words))
        return found

    def _parts(self, amount: int, lgd: float) -> Mapping[str, float]:
        """Return what the loan must bring, part by part, as shares of a year."""
        one = np.ones(1)
        parts = rate_parts(
            self.sheet.costs(), self.scored.pd * one, lgd * one, np.array([amount], np.int64)
        )
        return {name: round(float(value[0]), 8) for name, value in attrs.asdict(parts).items()}
