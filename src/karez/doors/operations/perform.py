"""The one way to run an operation: permission, input, limits, key, deed, audit and event; together.

Read ``perform`` first. Everything that is written is written in one transaction, or nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import msgspec
import psycopg

from karez.doors.operations.errors import (
    KeyMalformedError,
    KeyMissingError,
    NotPermittedError,
)
from karez.doors.operations.office import Office
from karez.doors.operations.operation import AnyOperation, Call, Control, Retry
from karez.doors.operations.reading import read_input
from karez.doors.operations.shapes import Output
from karez.kernel.ids import new_id, show_id
from karez.services import access, outbox
from karez.services.access import Actor, Grant
from karez.services.bookkeeping import derive_id

KEY_MOST = 200
"""How many characters an idempotency key has at most."""

encode = msgspec.json.Encoder(order="deterministic").encode


@attrs.frozen(kw_only=True)
class Asked:
    """What came with a request besides its values.

    ``texts`` says that the values are texts, as a query or a form gives them. ``preview`` does
    everything and keeps nothing. ``proposal`` is the one that another agreed to.
    """

    actor: Actor
    request_id: str
    key: str | None = None
    reason: str = ""
    preview: bool = False
    texts: bool = False
    proposal: UUID | None = None


@attrs.frozen(kw_only=True)
class Answer:
    """What came of it: the document; whether it is an old one; the proposal that waits instead."""

    document: bytes
    replayed: bool = False
    proposal: UUID | None = None


def ask(office: Office, operation: AnyOperation, values: Mapping[str, Any], asked: Asked) -> Any:
    """Run an operation that reads, and return its output.

    Raises:
        NotPermittedError, InputFaultsError, and what the operation raises.
    """
    permit(asked.actor, operation)
    given = read_input(operation.input, values, texts=asked.texts)
    return operation.run(Call(office, asked.actor, new_id(), asked.request_id, asked.reason), given)


def perform(
    office: Office, operation: AnyOperation, values: Mapping[str, Any], asked: Asked
) -> Answer:
    """Run an operation, and give its document.

    What changes something is done in one transaction with its key, its audit row and its event. If
    somebody else must agree, a proposal is kept instead.

    Raises:
        NotPermittedError: the actor has no such permission.
        InputFaultsError: values cannot be read.
        KeyMissingError, KeyMalformedError, KeyReusedError, KeyBusyError: about the idempotency key.
        and what the operation raises; nothing was written then.
    """
    if operation.reads:
        return Answer(document=encode(ask(office, operation, values, asked)))
    grant = permit(asked.actor, operation)
    given = read_input(operation.input, values, texts=asked.texts)
    if operation.retry is Retry.KEYED and not asked.key and not asked.preview:
        raise KeyMissingError(operation=operation.name)
    if asked.key and len(asked.key) > KEY_MOST:
        raise KeyMalformedError(most=KEY_MOST, length=len(asked.key))
    with office.enclosing() as connection:
        if asked.preview:
            return preview(connection, office, operation, given, asked)
        return _perform_once(connection, office, operation, given, grant, asked)


def preview(
    connection: psycopg.Connection,
    office: Office,
    operation: AnyOperation,
    given: msgspec.Struct,
    asked: Asked,
) -> Answer:
    """Do it, give what it brings about, and roll it back."""
    made: list[Answer] = []
    with connection.transaction(force_rollback=True):
        made.append(do(connection, office, operation, given, asked))
    return made[0]


def _perform_once(  # noqa: PLR0913, PLR0917 - what there is to know of a request
    connection: psycopg.Connection,
    office: Office,
    operation: AnyOperation,
    given: msgspec.Struct,
    grant: Grant,
    asked: Asked,
) -> Answer:
    """Do it, or propose it, once for its key."""
    actor_id = asked.actor.actor_id
    digest = hashlib.sha256(operation.name.encode() + b"\0" + encode(given)).digest()
    if asked.key:
        kept = access.claim_key(connection, actor_id, asked.key, digest)
        if kept is not None:
            return Answer(document=kept.document, replayed=True, proposal=kept.proposal_id)
    if needs_another(operation, given, grant):
        answer = _propose(connection, office, operation, given, asked)
    else:
        answer = do(connection, office, operation, given, asked)
    if asked.key and not operation.hides:
        access.keep_answer(
            connection, actor_id, asked.key, digest, answer.document, answer.proposal
        )
    return answer


def do(
    connection: psycopg.Connection,
    office: Office,
    operation: AnyOperation,
    given: msgspec.Struct,
    asked: Asked,
) -> Answer:
    """Run an operation in the caller's transaction; write down who did what, and tell of it."""
    call = Call(office, asked.actor, _command_id(operation, asked), asked.request_id, asked.reason)
    before = None if operation.look is None else operation.look(call, given)
    output = operation.run(call, given)
    document = encode(output)
    access.write_audit(
        connection,
        access.Act(
            actor=asked.actor,
            operation=operation.name,
            target=operation.target_of(given) or "",
            given=encode(given).decode(),
            before="" if before is None else encode(before).decode(),
            after="" if operation.hides else document.decode(),
            reason=asked.reason,
            request_id=asked.request_id,
            proposal_id=asked.proposal,
        ),
    )
    _tell(connection, call, operation, given, output, asked)
    return Answer(document=document)


def _tell(  # noqa: PLR0913, PLR0917 - what an event tells of
    connection: psycopg.Connection,
    call: Call,
    operation: AnyOperation,
    given: msgspec.Struct,
    output: Any,
    asked: Asked,
) -> None:
    """Add the event of what was done: ids and amounts, no names; who wants more asks for it.

    It comes after the audit row, whose lock puts all that acts in a row: so nobody waits for an
    object that another holds while that one waits for the audit.
    """
    about = operation.about_of(output) or operation.target_of(given) or operation.name
    told: dict[str, Any] = {
        "command": show_id("cmd", call.command_id),
        "amount_minor": operation.amount_of(given),
        "proposal": None if asked.proposal is None else show_id("prp", asked.proposal),
    }
    data = {name: value for name, value in told.items() if value is not None}
    outbox.publish(connection, operation.name, about[: outbox.OBJECT_LETTERS_MOST], data)


def _propose(
    connection: psycopg.Connection,
    office: Office,
    operation: AnyOperation,
    given: msgspec.Struct,
    asked: Asked,
) -> Answer:
    """Keep a proposal, with what it would bring about; what would be refused is refused now."""
    effect = preview(connection, office, operation, given, asked).document
    proposal_id = access.propose(
        connection,
        access.Proposal(
            operation=operation.name,
            target=operation.target_of(given) or "",
            given=encode(given).decode(),
            effect=effect.decode(),
            amount_minor=operation.amount_of(given),
            maker=asked.actor,
            reason=asked.reason,
        ),
    )
    waits = Proposed(
        proposal=show_id("prp", proposal_id), operation=operation.name, effect=msgspec.Raw(effect)
    )
    return Answer(document=encode(waits), proposal=proposal_id)


class Proposed(Output, kw_only=True):
    """What waits for somebody else, and what it would bring about."""

    proposal: str
    operation: str
    effect: msgspec.Raw


def needs_another(operation: AnyOperation, given: msgspec.Struct, grant: Grant) -> bool:
    """Say whether somebody else must agree to what is asked."""
    if operation.control is Control.ALWAYS:
        return True
    return operation.control is Control.ABOVE_LIMIT and is_above(operation, given, grant)


def is_above(operation: AnyOperation, given: msgspec.Struct, grant: Grant) -> bool:
    """Say whether an input moves more than a grant lets."""
    amount, most = operation.amount_of(given), grant.amount_most_minor
    return amount is not None and most is not None and amount > most


def permit(actor: Actor, operation: AnyOperation) -> Grant:
    """Return how far the actor's permission goes.

    Raises:
        NotPermittedError: there is none.
    """
    grant = actor.grant(operation.permission)
    if grant is None:
        raise NotPermittedError(actor=actor.name, permission=operation.permission)
    return grant


def _command_id(operation: AnyOperation, asked: Asked) -> UUID:
    """Return the id under which services know this command: the same for the same key."""
    if asked.key is None:
        return new_id()
    return derive_id("operation", operation.name, str(asked.actor.actor_id), asked.key)
