"""Decide: by policy, by votes of a committee, or by override; each decision is a fact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import attrs
import psycopg

from karez.books.facts import Batch
from karez.books.facts.schemas import Decision as DecisionFact
from karez.kernel.errors import KarezError
from karez.services.origination.application import Application, Stage
from karez.services.origination.committee import Verdict, may_not_vote, verdict
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.errors import (
    ApplicationMalformedError,
    ApplicationStepError,
    DecisionRefusedError,
    ReasonRequiredError,
    VoteRefusedError,
)
from karez.services.origination.event import Content, Decided, Priced, Voted, encode_content
from karez.services.origination.sheets import Sheets
from karez.services.parties import Known, read_parties
from karez.services.products import TermSheet

_TEXT_MOST = 2_000


@attrs.frozen(kw_only=True)
class Vote(Command):
    """A vote for or against; the actor is who votes, and says why."""

    approve: bool


@attrs.frozen(kw_only=True)
class Choice(Command):
    """A decision.

    With ``override`` somebody decides otherwise than policy or committee, and says why;
    ``amount_minor`` is then how much, by default what was priced.
    """

    override: bool | None = None
    amount_minor: int | None = None


def vote(desk: Desk, votes: Sequence[Vote], *, preview: bool = False) -> list[Outcome]:
    """Take votes on applications that are referred to a committee.

    Refused for one of: VoteRefusedError, ReasonRequiredError, ApplicationNotFoundError,
    ApplicationStepError.
    """

    def make(
        _connection: psycopg.Connection, pairs: Sequence[tuple[Vote, Application]]
    ) -> list[Content | KarezError]:
        return [_voted(command, application) for command, application in pairs]

    return run(desk, "voted", votes, make, preview=preview)


def _voted(command: Vote, application: Application) -> Content | KarezError:
    priced = application.priced
    assert priced is not None  # noqa: S101 - the stage says so
    reason = may_not_vote(
        command.actor,
        submitter=application.submitted.actor,
        officer=application.asked.officer,
        voted=[each.actor for each in application.votes],
    )
    if priced.route != "refer":
        reason = f"policy says {priced.route}; nobody votes on it"
    elif _verdict(application, priced) is not Verdict.OPEN:
        reason = "the votes are in; decide it"
    if reason:
        shown = application.shown_id
        return VoteRefusedError(voter=command.actor or "nobody", application=shown, reason=reason)
    if not command.reason.strip():
        return ReasonRequiredError(step="vote")
    return Voted(approve=command.approve)


def _verdict(application: Application, priced: Priced) -> Verdict:
    votes = [isinstance(each.content, Voted) and each.content.approve for each in application.votes]
    return verdict(max(priced.votes, 1), votes)


def decide(desk: Desk, choices: Sequence[Choice], *, preview: bool = False) -> list[Outcome]:
    """Decide applications, and record each decision as a fact with its reasons.

    Refused for one of: DecisionRefusedError, ReasonRequiredError, ApplicationNotFoundError,
    ApplicationMalformedError, ApplicationStepError.

    Raises:
        LogKeyWrongError, KeyFileError: the facts book cannot be written, so nothing is decided.
    """
    book = desk.evidence.book

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Choice, Application]]
    ) -> list[Content | KarezError]:
        sheets = Sheets.of(connection, [application for _, application in pairs])
        made = [_decided(choice, one, sheets.sheet(one)) for choice, one in pairs]
        borrowers = read_parties(connection, {one.asked.borrower for _, one in pairs})
        places = [place for place, each in enumerate(made) if isinstance(each, Decided)]
        facts = [
            _fact(desk.name, *pairs[place], borrowers[pairs[place][1].asked.borrower], each)
            for place in places
            if isinstance(each := made[place], Decided)
        ]
        keys = [f"decision {pairs[place][0].command_id}" for place in places]
        done = book.append(connection, Batch(facts, keys)) if facts else None
        for fact, place in enumerate(places):
            assert done is not None  # noqa: S101 - there are facts
            decided = made[place]
            refused = done.refused.get(fact)
            if refused is not None:
                made[place] = refused
            elif isinstance(decided, Decided):
                made[place] = attrs.evolve(decided, fact_index=int(done.index[fact]))
        return made

    return run(desk, "decided", choices, make, preview=preview)


def _decided(choice: Choice, application: Application, sheet: TermSheet) -> Content | KarezError:
    priced = application.priced
    assert priced is not None  # noqa: S101 - the stage says so
    if choice.override is not None:
        return _overridden(choice, application, priced, sheet)
    if application.stage is not Stage.PRICED:
        return ApplicationStepError(
            application=application.shown_id, stage=application.stage, step="decided",
            remedy="only an override with a reason changes that",
        )  # fmt: skip
    approved, by, reasons = priced.route == "approve", "policy", priced.reasons
    if priced.route == "refer":
        found = _verdict(application, priced)
        if found is Verdict.OPEN:
            count = f"{len(application.votes)} so far, and {priced.votes} that agree are needed"
            reason = f"{priced.committee} has to vote: {count}"
            return DecisionRefusedError(application=application.shown_id, reason=reason)
        approved, by = found is Verdict.APPROVED, priced.committee
        reasons = tuple(f"{each.actor}: {each.reason}" for each in application.votes)
    return Decided(
        approved=approved,
        by=by,
        amount_minor=priced.amount_minor if approved else 0,
        rate_pct_year=priced.rate_pct_year,
        reasons=reasons,
    )


def _overridden(
    choice: Choice, application: Application, priced: Priced, sheet: TermSheet
) -> Content | KarezError:
    """Return a decision that goes against policy or committee: by another, with a reason."""
    reason = may_not_vote(
        choice.actor, submitter=application.submitted.actor, officer=application.asked.officer,
        voted=(),
    )  # fmt: skip
    if reason:
        reason = reason.replace("a vote has", "an override has")
        return DecisionRefusedError(application=application.shown_id, reason=reason)
    if not choice.reason.strip():
        return ReasonRequiredError(step="override")
    amount = choice.amount_minor
    if amount is None:
        amount = priced.amount_minor or application.asked.amount_minor
    least, most = sheet.amount.least_minor, application.asked.amount_minor
    if choice.override and not (least <= amount <= most and amount % sheet.amount.step_minor == 0):
        exponent = sheet.currency.exponent
        return ApplicationMalformedError(
            field="amount", value=str(amount / 10**exponent),
            reason=f"it is from {least / 10**exponent:g} to what was asked, in whole steps",
        )  # fmt: skip
    return Decided(
        approved=bool(choice.override),
        by=choice.actor,
        amount_minor=amount if choice.override else 0,
        rate_pct_year=priced.rate_pct_year,
        reasons=(choice.reason, *(f"against: {each}" for each in priced.reasons)),
        overrides=True,
    )


def _fact(
    institution: str, choice: Choice, application: Application, borrower: Known, decided: Decided
) -> DecisionFact:
    """Return the decision as a fact. Its inputs are the digests of all that it rests on."""
    rested_on = (
        application.asked, application.gathered, application.trusted, application.scored,
        application.priced, *(each.content for each in application.votes),
    )  # fmt: skip
    priced = application.priced
    return DecisionFact(
        subject=borrower.key,
        valid_on=choice.on,
        attester=institution,
        channel="application",
        decided_by=decided.by,
        matter=f"loan application {application.shown_id}",
        outcome=("approved" if decided.approved else "refused")
        + (" by override" if decided.overrides else ""),
        rule=priced.rule if priced else "",
        reasons=tuple(each[:_TEXT_MOST] for each in decided.reasons),
        inputs_sha256=tuple(
            hashlib.sha256(encode_content(each).encode()).hexdigest()
            for each in rested_on
            if each is not None
        ),
        currency=application.asked.currency,
        amount_minor=decided.amount_minor,
    )
