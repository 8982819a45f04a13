"""One transaction of a statement: its payments kept, matched and posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import attrs
import psycopg

from karez.engines.servicing.events import Chargeback, Payment
from karez.services.bookkeeping import derive_id
from karez.services.lending import Command, Outcome, record_within
from karez.services.payments.desk import SUSPENSE, Act, Desk
from karez.services.payments.gathering import (
    Known,
    find_namesakes,
    find_originals,
    find_outflows,
    gather,
    loan_ids,
)
from karez.services.payments.known import Booking
from karez.services.payments.matching import Reason, Verdict, match, propose
from karez.services.payments.outgoing import (
    Original,
    Outflow,
    Share,
    match_outflow,
    match_reversal,
)
from karez.services.payments.statement import BankStatement, StatementEntry


@attrs.frozen
class Line:
    """How many payments had one answer, and their sum."""

    count: int = 0
    amount_minor: int = 0

    def __add__(self, amount_minor: int) -> Line:
        return Line(self.count + 1, self.amount_minor + amount_minor)


@attrs.define
class Taken:
    """What became of a statement. The sums of all lines are what moved on the bank account.

    ``answers`` has a line for each kind of answer and the rule or reason: ``("match", "mandate")``.
    """

    statement: BankStatement
    statement_number: int
    already: bool = False
    known: Line = attrs.field(factory=Line)
    answers: dict[tuple[str, str], Line] = attrs.field(factory=dict[tuple[str, str], Line])

    def count(self, kind: str, why: str, amount_minor: int) -> None:
        """Count a payment, or a part of one."""
        self.answers[kind, why] = self.answers.get((kind, why), Line()) + amount_minor

    @property
    def movement_minor(self) -> int:
        """The sum of all that was told."""
        placed = sum(line.amount_minor for line in self.answers.values())
        return placed + self.known.amount_minor


@attrs.frozen
class _Placed:
    """A payment with its number, and what is to be done with it."""

    number: int
    entry: StatementEntry
    verdict: Verdict


@attrs.define
class Taking:
    """One transaction of a statement."""

    desk: Desk
    taken: Taken
    channel: str
    actor: str
    on: date

    def take(self, found: Sequence[Booking]) -> None:
        """Keep these payments, match them, and post them."""
        currency = self.taken.statement.currency.code
        entries = [entry for booking in found for entry in booking.entries]
        known = gather(self.desk.connection, entries, self.on)
        placed: list[_Placed] = []
        for booking in found:
            for entry in booking.entries:
                verdict = match(entry, currency, known.register)
                placed.append(_Placed(self._keep(entry, booking), entry, verdict))
        came_in = [each for each in placed if each.entry.amount_minor > 0]
        self._take_in(self._with_proposals(came_in), known)
        # What goes out may take back what has just come in, and must find it.
        self.desk.write()
        self._take_out([each for each in placed if each.entry.amount_minor < 0])

    def _with_proposals(self, placed: Sequence[_Placed]) -> list[_Placed]:
        """Add to payments without a sign the loans of borrowers who are called like the payer."""
        names = {each.entry.name for each in placed if each.verdict.reason is Reason.NO_SIGN} - {""}
        currency = self.taken.statement.currency.code
        namesakes = find_namesakes(self.desk.connection, names, currency, self.on)
        return [
            attrs.evolve(each, verdict=propose(each.entry, each.verdict, namesakes))
            for each in placed
        ]

    def _keep(self, entry: StatementEntry, booking: Booking) -> int:
        number = self.desk.next("entries")
        self.desk.add(
            "entry", number, self.taken.statement_number, entry.line, entry.part, entry.payments,
            entry.booked_on, entry.valid_on, entry.amount_minor, entry.is_reversal,
            entry.bank_reference, entry.end_to_end, entry.mandate, entry.creditor_reference,
            entry.remittance, entry.name, entry.account, entry.code, booking.key, booking.content,
        )  # fmt: skip
        return number

    def _take_in(self, placed: Sequence[_Placed], known: Known) -> None:
        """Pay what has a loan; what has none, or is refused there, waits."""
        able = [each for each in placed if each.verdict.loan is not None]
        numbers = [self.desk.next("acts") for _ in able]
        commands = [
            Command(
                loan=known.loan_ids[each.verdict.loan or 0],
                event=Payment(
                    number=0,
                    on=each.entry.counts_on,
                    posted_on=self.on,
                    amount_minor=each.entry.amount_minor,
                ),
                actor=self.actor,
                channel=self.channel,
                command_id=derive_id("payments", "act", str(number)),
            )
            for each, number in zip(able, numbers, strict=True)
        ]
        outcomes = self._record(commands)
        for each, number, outcome in zip(able, numbers, outcomes, strict=True):
            evidence = evidence_of(each.verdict)
            if outcome.error is not None:
                error = {"code": outcome.error.code, "message": outcome.error.message}
                said = {**evidence, "refused": error}
                candidates = (each.verdict.loan or 0,)
                self._hold(each, Reason.REFUSED, said | {"candidates": candidates}, number)
                continue
            rule = str(each.verdict.rule)
            self.desk.act(
                self._act(
                    each, "match", loan_number=outcome.loan_number, event_number=outcome.event,
                    rule=rule, evidence=evidence, act_number=number,
                )
            )  # fmt: skip
            self.taken.count("match", rule, each.entry.amount_minor)
        for each in placed:
            if each.verdict.loan is None:
                reason = each.verdict.reason or Reason.NO_SIGN
                self._hold(each, reason, evidence_of(each.verdict))

    def _record(self, commands: Sequence[Command]) -> list[Outcome]:
        return record_within(self.desk.books, self.desk.connection, commands, on=self.on)

    def _act(self, each: _Placed, kind: str, **rest: Any) -> Act:  # columns of an act
        return Act(
            entry_number=each.number,
            kind=kind,
            amount_minor=each.entry.amount_minor,
            valid_on=each.entry.counts_on,
            actor=self.actor,
            **rest,
        )

    def _hold(
        self, each: _Placed, reason: Reason, evidence: Mapping[str, Any], number: int = 0
    ) -> None:
        amount_minor = each.entry.amount_minor
        act_number = self.desk.act(
            self._act(
                each, "hold", suspense_minor=amount_minor, reason=str(reason), evidence=evidence,
                act_number=number,
            )
        )  # fmt: skip
        sides = (self.channel, SUSPENSE)
        self.desk.shift(act_number, "held", sides, amount_minor, each.entry.counts_on)
        self.taken.count("hold", str(reason), amount_minor)

    def _take_out(self, placed: Sequence[_Placed]) -> None:
        """Take back what comes back, confirm what the book has sent; the rest waits."""
        entries = [each.entry for each in placed]
        originals = find_originals(
            self.desk.connection, self.taken.statement, [e for e in entries if e.is_reversal]
        )
        outflows = find_outflows(self.desk.connection, self.taken.statement, self.channel, entries)
        for each in placed:
            if each.entry.is_reversal:
                original = match_reversal(each.entry, originals)
                if original is not None and self._take_back(each, original):
                    originals.remove(original)
                    continue
                self._hold(each, Reason.REVERSAL, {})
                continue
            outflow = match_outflow(each.entry, outflows)
            if outflow is None:
                self._hold(each, Reason.DEBIT, {})
            else:
                outflows.remove(outflow)
                self._confirm(each, outflow)

    def _confirm(self, each: _Placed, outflow: Outflow) -> None:
        self.desk.act(
            self._act(
                each, "confirm", loan_number=outflow.loan_number,
                event_number=outflow.event_number, mirrors=outflow.act_number, rule=outflow.rule,
            )
        )  # fmt: skip
        self.taken.count("confirm", outflow.rule, each.entry.amount_minor)

    def _take_back(self, each: _Placed, original: Original) -> bool:
        """Charge the payment back to the loans it went to, all or none; say whether that was so."""
        shares = [share for share in original.shares if share.loan_number is not None]
        numbers = [self.desk.next("acts") for _ in shares]
        outcomes: list[Outcome] = []
        refused = False
        with self.desk.connection.transaction():
            outcomes = self._record(self._chargebacks(each, shares, numbers))
            refused = any(outcome.error is not None for outcome in outcomes)
            if refused:
                raise psycopg.Rollback
        if refused:
            return False
        for share, number, outcome in zip(shares, numbers, outcomes, strict=True):
            act = self._act(
                each, "take-back", loan_number=outcome.loan_number, event_number=outcome.event,
                rule="reversal", act_number=number, evidence={"of": original.entry_number},
            )  # fmt: skip
            self.desk.act(attrs.evolve(act, amount_minor=-share.amount_minor))
            self._mirror(each, original, share, 0)
        for share in original.shares:
            if share.loan_number is None:
                said = {"of": original.entry_number}
                act = self._act(each, "take-back", rule="reversal", evidence=said)
                number = self.desk.act(attrs.evolve(act, amount_minor=-share.amount_minor))
                sides, amount = (self.channel, SUSPENSE), -share.amount_minor
                self.desk.shift(number, "taken-back", sides, amount, each.entry.counts_on)
                self._mirror(each, original, share, -share.amount_minor)
        self.taken.count("take-back", "reversal", each.entry.amount_minor)
        return True

    def _chargebacks(
        self, each: _Placed, shares: Sequence[Share], numbers: Sequence[int]
    ) -> list[Command]:
        loans = loan_ids(self.desk.connection, [share.loan_number or 0 for share in shares])
        return [
            Command(
                loan=loans[share.loan_number or 0],
                event=Chargeback(
                    number=0,
                    on=each.entry.counts_on,
                    posted_on=self.on,
                    amount_minor=share.amount_minor,
                    payment=share.event_number or 0,
                ),
                actor=self.actor,
                reason=each.entry.remittance or each.entry.code,
                channel=self.channel,
                command_id=derive_id("payments", "act", str(number)),
            )
            for share, number in zip(shares, numbers, strict=True)
        ]

    def _mirror(self, each: _Placed, original: Original, share: Share, suspense_minor: int) -> None:
        """Say on the payment that came in that this part of it was taken back."""
        act = Act(
            entry_number=original.entry_number,
            kind="taken-back",
            amount_minor=-share.amount_minor,
            suspense_minor=suspense_minor,
            mirrors=share.act_number,
            evidence={"by": each.number},
            valid_on=each.entry.counts_on,
            actor=self.actor,
        )
        self.desk.act(act)


def evidence_of(verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict rests on, ready for JSON."""
    signs = [
        {"rule": str(sign.rule), "text": sign.text, "loans": sorted(sign.loans)}
        for sign in verdict.signs
    ]
    said: dict[str, Any] = {"signs": signs} if signs else {}
    return said | ({"candidates": list(verdict.candidates)} if verdict.candidates else {})
