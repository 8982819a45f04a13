"""Operations by which an application goes on: from the request to the booked loan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from karez.books.money.errors import AccountUnknownError
from karez.doors.files.score_errors import ScoreFileError
from karez.doors.files.score_models import score_of
from karez.doors.operations.applications import (
    ApplicationDetail,
    OneApplication,
    detail_of,
    id_of,
)
from karez.doors.operations.operation import AnyOperation, Call, Control, Operation, Retry, nothing
from karez.doors.operations.shapes import AmountMinor, Input, Name, Output, Text
from karez.kernel.errors import KarezError
from karez.kernel.ids import IdMalformedError
from karez.services import origination
from karez.services.bookkeeping import derive_id
from karez.services.origination import (
    Acceptance,
    Choice,
    Command,
    Outcome,
    Payout,
    Proposal,
    Score,
    Submission,
    Vote,
)
from karez.services.origination.errors import (
    ApplicationMalformedError,
    ApplicationNotFoundError,
    ApplicationStepError,
    CollateralMissingError,
    DecisionRefusedError,
    GroupOverdueError,
    OfferExpiredError,
    ReasonRequiredError,
    VoteRefusedError,
)
from karez.services.parties import PartyNotFoundError
from karez.services.products.errors import ProductTermError, ProductUnknownError

Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1200)]


class ApplicationRequest(Input, kw_only=True):
    """A loan that somebody asks for. Parties are named by a key or an id."""

    product: Name
    borrower: Name
    amount_minor: AmountMinor
    instalments: Count
    version: int | None = None
    purpose: Text = ""
    officer: Text = ""
    co_borrowers: Names = ()
    guarantors: Names = ()
    group: Text = ""
    against: Names = ()
    supplier: Text = ""
    supplier_invoice: Text = ""
    said: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    on: date | None = None
    reason: Text = ""


class ApplicationStep(OneApplication, kw_only=True):
    """A step of an application; ``on`` is its day, else the business date."""

    on: date | None = None
    reason: Text = ""


class Assessment(ApplicationStep, kw_only=True):
    """With a score, as ``karez score fit`` wrote it; without, the product's rate stands in."""

    score: dict[str, Any] | None = None


class BallotPaper(ApplicationStep, kw_only=True):
    """A vote for or against."""

    approve: bool


class Override(ApplicationStep, kw_only=True):
    """A decision against policy or committee; ``amount_minor`` of an approval, else as priced."""

    approve: bool
    amount_minor: AmountMinor | None = None


class OfferTerms(ApplicationStep, kw_only=True):
    """When the loan would start, and until when the offer stands; by default 30 days."""

    starts_on: date | None = None
    valid_until: date | None = None


class Agreement(ApplicationStep, kw_only=True):
    """How the borrower agreed."""

    evidence: Text = ""


class LoanPayout(ApplicationStep, kw_only=True):
    """Through which account the money leaves; by default that of the product."""

    channel: Name | None = None


class Refusal(Output, kw_only=True):
    """Why an assessment stopped."""

    code: str
    detail: str


class Assessed(Output, kw_only=True):
    """An application as far as its assessment came; ``refused`` says why it came no further."""

    detail: ApplicationDetail
    refused: Refusal | None


S = TypeVar("S", bound=ApplicationStep)
C = TypeVar("C", bound=Command)


def _command(call: Call, asked: ApplicationStep, kind: type[C], **own: Any) -> C:
    """Return a step as its service takes it; ``own`` is what commands of this kind have."""
    return kind(
        application_id=id_of(asked),
        on=asked.on or call.today,
        actor=call.actor.name,
        reason=asked.reason,
        command_id=call.command_id,
        **own,
    )


def _after(call: Call, outcomes: list[Outcome]) -> ApplicationDetail:
    [outcome] = outcomes
    return detail_of(call, outcome.one().application_id)


def _submit(call: Call, asked: ApplicationRequest) -> ApplicationDetail:
    given: dict[str, Any] = msgspec.structs.asdict(asked)
    given["on"] = asked.on or call.today
    submission = Submission(
        **given,
        application_id=derive_id("operation", "applications.submit", str(call.command_id)),
        command_id=call.command_id,
        actor=call.actor.name,
    )
    return _after(call, origination.submit(call.office.desk, [submission]))


def _assess(call: Call, asked: Assessment) -> Assessed:
    """Assess one; what stops half-way keeps the steps, and the use of the consent, before it."""
    score = None
    if asked.score is not None:
        score = Score.of(score_of(asked.score, Path("score")).model)
    command = _command(call, asked, Command)
    [outcome] = origination.assess(call.office.desk, [command], score)
    if outcome.application is None or isinstance(outcome.error, ApplicationStepError):
        outcome.one()
    error = outcome.error
    refused = None if error is None else Refusal(code=error.code, detail=error.message)
    return Assessed(detail=detail_of(call, command.application_id), refused=refused)


def _vote(call: Call, asked: BallotPaper) -> ApplicationDetail:
    vote = _command(call, asked, Vote, approve=asked.approve)
    return _after(call, origination.vote(call.office.desk, [vote]))


def _decide(call: Call, asked: ApplicationStep) -> ApplicationDetail:
    return _after(call, origination.decide(call.office.desk, [_command(call, asked, Choice)]))


def _override(call: Call, asked: Override) -> ApplicationDetail:
    choice = _command(
        call, asked, Choice, override=asked.approve, amount_minor=asked.amount_minor
    )  # fmt: skip
    return _after(call, origination.decide(call.office.desk, [choice]))


def _offer(call: Call, asked: OfferTerms) -> ApplicationDetail:
    proposal = _command(
        call, asked, Proposal, starts_on=asked.starts_on, valid_until=asked.valid_until
    )  # fmt: skip
    return _after(call, origination.offer(call.office.desk, [proposal]))


def _accept(call: Call, asked: Agreement) -> ApplicationDetail:
    acceptance = _command(call, asked, Acceptance, evidence=asked.evidence)
    return _after(call, origination.accept(call.office.desk, [acceptance]))


def _book(call: Call, asked: LoanPayout) -> ApplicationDetail:
    payout = _command(call, asked, Payout, channel=asked.channel)
    return _after(call, origination.book(call.office.desk, [payout]))


def _withdraw(call: Call, asked: ApplicationStep) -> ApplicationDetail:
    return _after(call, origination.withdraw(call.office.desk, [_command(call, asked, Command)]))


def _look(call: Call, asked: ApplicationStep) -> ApplicationDetail:
    return detail_of(call, id_of(asked))


def _step(  # noqa: PLR0913 - what steps differ in
    verb: str,
    summary: str,
    given: type[S],
    run: Callable[[Call, S], Any],
    *errors: type[KarezError],
    output: type[Any] = ApplicationDetail,
    control: Control = Control.ALONE,
    amount_of: Callable[[S], int | None] = nothing,
) -> AnyOperation:
    return Operation(
        name=f"applications.{verb}",
        summary=summary,
        method="POST",
        path=f"/v1/applications/{{application}}/{verb}",
        input=given,
        output=output,
        run=run,
        permission=f"applications.{verb}",
        retry=Retry.KEYED,
        control=control,
        errors=(ApplicationNotFoundError, ApplicationStepError, IdMalformedError, *errors),
        amount_of=amount_of,
        target_of=lambda asked: f"application:{asked.application}",
        look=_look,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="applications.submit",
        summary="Ask for a loan.",
        method="POST",
        path="/v1/applications",
        input=ApplicationRequest,
        output=ApplicationDetail,
        run=_submit,
        permission="applications.submit",
        retry=Retry.KEYED,
        errors=(
            ProductUnknownError, ProductTermError, PartyNotFoundError, ApplicationMalformedError,
            GroupOverdueError,
        ),
        target_of=lambda asked: f"party:{asked.borrower}",
    ),
    _step(
        "assess", "Read facts under consent, check them, score and price.", Assessment, _assess,
        ScoreFileError, output=Assessed,
    ),
    _step(
        "vote", "Vote for or against, where a committee decides.", BallotPaper, _vote,
        VoteRefusedError, ReasonRequiredError,
    ),
    _step(
        "decide", "Decide as policy or the votes say.", ApplicationStep, _decide,
        DecisionRefusedError,
    ),
    _step(
        "override", "Decide against policy or committee; somebody else must agree.", Override,
        _override, DecisionRefusedError, ReasonRequiredError, ApplicationMalformedError,
        control=Control.ALWAYS, amount_of=lambda asked: asked.amount_minor,
    ),
    _step("offer", "Offer the loan, with its whole cost.", OfferTerms, _offer),
    _step(
        "accept", "Record that the borrower accepts the offer.", Agreement, _accept,
        OfferExpiredError,
    ),
    _step(
        "book", "Book the loan and pay it out; somebody else must agree.", LoanPayout, _book,
        CollateralMissingError, AccountUnknownError, control=Control.ALWAYS,
    ),
    _step(
        "withdraw", "Record that the borrower does not want it any more.", ApplicationStep,
        _withdraw,
    ),
)  # fmt: skip
