"""Operations on what waits for somebody else: look at it, agree, refuse, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError, NotPermittedError
from karez.doors.operations.operation import AnyOperation, Call, Operation, Retry
from karez.doors.operations.perform import Asked, do, is_above, permit
from karez.doors.operations.shapes import Input, Listing, Name, Output, Text, shape
from karez.kernel.ids import IdMalformedError, read_id, show_id
from karez.services import access
from karez.services.access import Actor, ActorKind, ProposalView, Verdict
from karez.services.access.errors import (
    OwnProposalError,
    ProposalDecidedError,
    ProposalUnknownError,
)

Find = Callable[[str], AnyOperation]


class Proposal(Output, kw_only=True):
    """What somebody wants done, what it would bring about, and what became of it."""

    id: str
    operation: str
    target: str
    given: msgspec.Raw
    effect: msgspec.Raw
    amount_minor: int | None
    maker: str
    reason: str
    made_at: datetime
    expires_at: datetime
    waits: bool
    verdict: Verdict | None
    checker: str | None
    verdict_reason: str | None
    decided_at: datetime | None


class ProposalList(Output, kw_only=True):
    """A page of proposals, newest first."""

    proposals: list[Proposal]
    next: str | None


class Decided(Output, kw_only=True):
    """A proposal that was decided about, and what carrying it out brought about."""

    proposal: str
    verdict: Verdict
    outcome: msgspec.Raw | None


class ProposalsQuestion(Listing, kw_only=True):
    """Those that wait, or all."""

    waiting: bool = True


class OneProposal(Input, kw_only=True):
    """A proposal, by its id."""

    proposal: Name


class Decision(OneProposal, kw_only=True):
    """A proposal, and why it is decided so."""

    reason: Text = ""


def _shown(view: ProposalView) -> Proposal:
    return shape(
        Proposal,
        view,
        id=view.shown_id,
        given=msgspec.Raw(view.given.encode()),
        effect=msgspec.Raw(view.effect.encode()),
    )


def _list(call: Call, asked: ProposalsQuestion) -> ProposalList:
    name = "proposals.list"
    before = read_cursor(call.office, name, asked, datetime)
    found = access.list_proposals(
        call.office.books, waiting=asked.waiting, before=before, most=asked.limit + 1
    )
    shown, after = page_of(call.office, name, asked, found, lambda view: view.made_at)
    return ProposalList(proposals=[_shown(view) for view in shown], next=after)


def _id_of(asked: OneProposal) -> UUID:
    return read_id("prp", asked.proposal)


def _show(call: Call, asked: OneProposal) -> Proposal:
    return _shown(access.find_proposal(call.office.books, _id_of(asked)))


def _refuse(call: Call, asked: Decision) -> Decided:
    return _decided(call, asked, Verdict.REFUSED)


def _withdraw(call: Call, asked: Decision) -> Decided:
    return _decided(call, asked, Verdict.WITHDRAWN)


def _decided(call: Call, asked: Decision, verdict: Verdict) -> Decided:
    connection = call.office.books.connection
    access.decide(connection, _id_of(asked), call.actor, verdict, asked.reason)
    return Decided(proposal=show_id("prp", _id_of(asked)), verdict=verdict, outcome=None)


def _approving(find: Find) -> Callable[[Call, Decision], Decided]:
    """Return how a proposal is agreed to: decided about and carried out, in one transaction."""

    def approve(call: Call, asked: Decision) -> Decided:
        connection = call.office.books.connection
        view = access.decide(connection, _id_of(asked), call.actor, Verdict.APPROVED, asked.reason)
        operation = find(view.operation)
        given = msgspec.json.decode(view.given, type=operation.input)
        if is_above(operation, given, permit(call.actor, operation)):
            raise NotPermittedError(
                actor=call.actor.name, permission=f"{operation.permission} of this amount"
            )
        maker = Actor(
            actor_id=view.maker_id, person_id=view.maker_person_id, name=view.maker,
            full_name=view.maker, kind=ActorKind.PERSON, memberships=(),
        )  # fmt: skip
        carried = Asked(
            actor=maker, request_id=call.request_id, key=view.shown_id, reason=view.reason,
            proposal=view.proposal_id,
        )  # fmt: skip
        answer = do(connection, call.office, operation, given, carried)
        outcome = msgspec.Raw(answer.document)
        return Decided(proposal=view.shown_id, verdict=Verdict.APPROVED, outcome=outcome)

    return approve


def operations(find: Find) -> tuple[AnyOperation, ...]:
    """Return the operations on proposals; ``find`` gives the operation of a name."""
    errors = (ProposalUnknownError, ProposalDecidedError, OwnProposalError, IdMalformedError)
    acts = (
        ("approve", "Agree to what somebody proposed; it is done at once.", _approving(find)),
        ("refuse", "Refuse what somebody proposed.", _refuse),
        ("withdraw", "Withdraw what you proposed.", _withdraw),
    )
    return (
        Operation(
            name="proposals.list",
            summary="List what waits for somebody else.",
            method="GET",
            path="/v1/proposals",
            input=ProposalsQuestion,
            output=ProposalList,
            run=_list,
            permission="proposals.read",
            retry=Retry.READ,
            errors=(CursorInvalidError,),
        ),
        Operation(
            name="proposals.show",
            summary="Show a proposal, and what it would bring about.",
            method="GET",
            path="/v1/proposals/{proposal}",
            input=OneProposal,
            output=Proposal,
            run=_show,
            permission="proposals.read",
            retry=Retry.READ,
            errors=(ProposalUnknownError, IdMalformedError),
        ),
        *(
            Operation(
                name=f"proposals.{verb}",
                summary=summary,
                method="POST",
                path=f"/v1/proposals/{{proposal}}/{verb}",
                input=Decision,
                output=Decided,
                run=run,
                permission="proposals.make" if verb == "withdraw" else "proposals.decide",
                retry=Retry.NATURAL,
                errors=errors,
                target_of=lambda asked: f"proposal:{asked.proposal}",
                about_of=lambda decided: f"proposal:{decided.proposal}",
            )
            for verb, summary, run in acts
        ),
    )
