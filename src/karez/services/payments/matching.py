"""Which loan a payment is for: rules in order, each with what it rests on. Pure.

What a payer copied with check digits, and what the bank carries unchanged (an end-to-end id, a
mandate), are *signs*: all that are there must agree, and one loan must be left. Without any, the
account it came from tells whose payment it is, if that borrower has one loan that can take it, or
one on which just this much is due. A number without check digits counts if something else speaks
for it. A name with the amount that is due only proposes: people decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import attrs
from rapidfuzz import fuzz

from karez.books.rights.names import business_name
from karez.services.payments.references import Mention, read_structured, read_text
from karez.services.payments.statement import StatementEntry

NAME_LEAST = 90
"""How alike two names are at least, of 100, to be taken for one."""
CANDIDATES_MOST = 10


class Rule(StrEnum):
    """What found the loan of a payment."""

    REFERENCE = "reference"
    END_TO_END = "end-to-end"
    MANDATE = "mandate"
    TEXT = "text"
    ACCOUNT = "account"
    ACCOUNT_AND_AMOUNT = "account-and-amount"
    NUMBER_CONFIRMED = "number-confirmed"
    NAME = "name"


class Reason(StrEnum):
    """Why a payment waits for somebody to look at it."""

    NO_SIGN = "no-sign"
    LOAN_UNKNOWN = "loan-unknown"
    LOAN_CLOSED = "loan-closed"
    CURRENCY = "currency"
    AMBIGUOUS = "ambiguous"
    CONTRADICTION = "contradiction"
    PROPOSED = "proposed"
    BATCH = "batch"
    REVERSAL = "reversal"
    DEBIT = "debit"
    REFUSED = "refused"


@attrs.frozen
class LoanFacts:
    """What matching knows of a loan. ``due_minor`` is what is overdue and falls due next.

    ``names`` are those of the borrower, now and formerly.
    """

    number: int
    borrower: UUID
    currency: str
    takes_payments: bool
    due_minor: int
    names: tuple[str, ...] = ()


@attrs.frozen
class Sign:
    """One thing on a payment that tells of loans: the rule that reads it, the text, the loans."""

    rule: Rule
    text: str
    loans: frozenset[int]
    checked: bool = True


@attrs.frozen
class Register:
    """What is known when payments are matched.

    ``end_to_ends`` and ``mandates`` give the loans of an id; ``accounts`` those of the borrowers
    who paid from an account.
    """

    loans: Mapping[int, LoanFacts]
    end_to_ends: Mapping[str, frozenset[int]] = attrs.field(factory=dict[str, "frozenset[int]"])
    mandates: Mapping[str, frozenset[int]] = attrs.field(factory=dict[str, "frozenset[int]"])
    accounts: Mapping[str, frozenset[int]] = attrs.field(factory=dict[str, "frozenset[int]"])


@attrs.frozen
class Verdict:
    """The loan of a payment and the rule that found it; or why it waits, and what it may be for."""

    loan: int | None
    rule: Rule | None
    reason: Reason | None
    signs: tuple[Sign, ...] = ()
    candidates: tuple[int, ...] = ()


def mentions(entry: StatementEntry) -> list[tuple[Rule, Mention]]:
    """Return every loan number that a payment names, with the rule that reads it."""
    found = [(Rule.REFERENCE, each) for each in read_structured(entry.creditor_reference)]
    found += [(Rule.END_TO_END, each) for each in read_text(entry.end_to_end)]
    return found + [(Rule.TEXT, each) for each in read_text(entry.remittance)]


def match(entry: StatementEntry, currency: str, register: Register) -> Verdict:
    """Return the loan that a payment is for, or why it waits."""
    if entry.payments > 1:
        return Verdict(None, None, Reason.BATCH)
    if entry.is_reversal:
        return Verdict(None, None, Reason.REVERSAL)
    return _Case(entry, currency, register).judged()


@attrs.frozen
class _Case:
    """One payment that is being matched."""

    entry: StatementEntry
    currency: str
    register: Register

    def judged(self) -> Verdict:
        said = mentions(self.entry)
        signs = self._signs(said)
        known = [sign for sign in signs if sign.loans]
        account = self._account()
        if known:
            return self._by_signs(known, account)
        if signs:
            able = _first(self._able(account))
            return Verdict(None, None, Reason.LOAN_UNKNOWN, tuple(signs), able)
        bare = {each.number for _, each in said} & self.register.loans.keys()
        return self._by_account(account, bare) if account else self._by_number(bare)

    def _account(self) -> frozenset[int]:
        nothing: frozenset[int] = frozenset()
        account = self.entry.account
        return self.register.accounts.get(account, nothing) if account else nothing

    def _signs(self, said: Iterable[tuple[Rule, Mention]]) -> list[Sign]:
        """Return the signs in the order of the rules; the number of no loan is a sign of none."""
        signs = [
            Sign(rule, each.text, frozenset({each.number} & self.register.loans.keys()))
            for rule, each in said
            if each.strength == "checked"
        ]
        for rule, text, known in (
            (Rule.END_TO_END, self.entry.end_to_end, self.register.end_to_ends),
            (Rule.MANDATE, self.entry.mandate, self.register.mandates),
        ):
            if text in known:
                signs.append(Sign(rule, text, known[text]))
        order = list(Rule)
        return sorted(signs, key=lambda sign: order.index(sign.rule))

    def _by_signs(self, signs: Sequence[Sign], account: frozenset[int]) -> Verdict:
        left = signs[0].loans
        for sign in signs[1:]:
            if not left & sign.loans:
                named = _first(left | sign.loans)
                return Verdict(None, None, Reason.CONTRADICTION, tuple(signs), named)
            left &= sign.loans
        # A mandate may stand for several loans: what is over falls away, then the payer tells.
        for narrower in (self._able(left), account):
            if len(left) > 1 and left & narrower:
                left &= narrower
        if len(left) == 1:
            return self._checked(min(left), signs[0].rule, signs)
        return self._by_due(left, signs, signs[0].rule)

    def _by_account(self, account: frozenset[int], bare: set[int]) -> Verdict:
        sign = Sign(Rule.ACCOUNT, self.entry.account, account)
        named = account & bare
        if len(named) == 1:
            return self._checked(min(named), Rule.NUMBER_CONFIRMED, (sign,))
        able = self._able(account)
        if len({self.register.loans[number].borrower for number in account}) > 1:
            # An employer, a relative: it pays for several, so perhaps for somebody new.
            return Verdict(None, None, Reason.AMBIGUOUS, (sign,), _first(able))
        if len(able) == 1:
            return Verdict(min(able), Rule.ACCOUNT, None, (sign,))
        if not able:
            return Verdict(None, None, Reason.LOAN_CLOSED, (sign,), _first(account))
        return self._by_due(able, (sign,), Rule.ACCOUNT_AND_AMOUNT)

    def _by_number(self, bare: set[int]) -> Verdict:
        """Take a number without check digits if the amount or the name speaks for it too."""
        sign = Sign(Rule.TEXT, self.entry.remittance, frozenset(bare), checked=False)
        loans = self.register.loans
        confirmed = [
            number
            for number in sorted(bare)
            if loans[number].due_minor == self.entry.amount_minor
            or is_named(self.entry.name, loans[number])
        ]
        if len(confirmed) == 1:
            return self._checked(confirmed[0], Rule.NUMBER_CONFIRMED, (sign,))
        if bare:
            return Verdict(None, None, Reason.PROPOSED, (sign,), _first(bare))
        return Verdict(None, None, Reason.NO_SIGN)

    def _by_due(self, loans: frozenset[int], signs: Sequence[Sign], rule: Rule) -> Verdict:
        """Choose the one loan on which just this much is due."""
        amount_minor = self.entry.amount_minor
        facts = self.register.loans
        due = [number for number in self._able(loans) if facts[number].due_minor == amount_minor]
        if len(due) == 1:
            return Verdict(due[0], rule, None, tuple(signs))
        return Verdict(None, None, Reason.AMBIGUOUS, tuple(signs), _first(due or loans))

    def _checked(self, number: int, rule: Rule, signs: Sequence[Sign]) -> Verdict:
        """Return the loan, unless it cannot take this payment."""
        loan = self.register.loans[number]
        reason = None
        if loan.currency != self.currency:
            reason = Reason.CURRENCY
        elif not loan.takes_payments:
            reason = Reason.LOAN_CLOSED
        if reason is not None:
            return Verdict(None, None, reason, tuple(signs), (number,))
        return Verdict(number, rule, None, tuple(signs))

    def _able(self, loans: frozenset[int]) -> frozenset[int]:
        """Return the loans that can take this payment."""
        facts = (self.register.loans[number] for number in loans)
        return frozenset(
            each.number for each in facts if each.takes_payments and each.currency == self.currency
        )


def _first(loans: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(loans)[:CANDIDATES_MOST])


def propose(entry: StatementEntry, verdict: Verdict, due: Sequence[LoanFacts]) -> Verdict:
    """Add to a payment without sign the loans that its name and amount suggest.

    ``due`` are loans in its currency.
    """
    if verdict.reason is not Reason.NO_SIGN or not entry.name:
        return verdict
    found = [
        loan
        for loan in due
        if loan.takes_payments
        and loan.due_minor == entry.amount_minor
        and is_named(entry.name, loan)
    ]
    if not found:
        return verdict
    numbers = frozenset(loan.number for loan in found)
    sign = Sign(Rule.NAME, entry.name, numbers, checked=False)
    return Verdict(None, None, Reason.PROPOSED, (sign,), _first(numbers))


def is_named(name: str, loan: LoanFacts) -> bool:
    """Return whether a name may be that of the borrower of a loan."""
    return any(alike(name, known) for known in loan.names)


def alike(left: str, right: str) -> bool:
    """Return whether two names may be of one person: words in any order, a slip or two apart.

    Accents, case and what a firm is by law say nothing.
    """
    ours, theirs = business_name(left).spelled, business_name(right).spelled
    if not ours or not theirs:
        return False
    likeness = fuzz.token_sort_ratio(ours, theirs, score_cutoff=NAME_LEAST)
    return likeness >= NAME_LEAST
