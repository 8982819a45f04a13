"""How every step runs: lock, fold, judge, let it be made, write, answer. Read ``run`` first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import attrs
import msgspec
import psycopg

from karez.kernel.errors import KarezError, ensure
from karez.kernel.ids import new_id, show_id
from karez.kernel.sql import load_queries
from karez.services.bookkeeping import Books
from karez.services.evidence import Evidence
from karez.services.origination.application import Application, fold
from karez.services.origination.errors import ApplicationNotFoundError, CommandTakenError
from karez.services.origination.event import Content, Event, decode_content, encode_content

QUERIES = load_queries("karez.services.origination")


def _books(desk: Desk) -> Books:
    return Books(desk.evidence.connection, desk.evidence.institution, may_write=True)


@attrs.frozen
class Desk:
    """One institution's books, open on one connection: facts, and money with rights."""

    evidence: Evidence
    books: Books = attrs.field(default=attrs.Factory(_books, takes_self=True), init=False)

    @property
    def name(self) -> str:
        """What consents and claims call this institution."""
        return self.evidence.institution.code


@attrs.frozen(kw_only=True)
class Command:
    """What every step is told: of which application, on which day, by whom and why.

    The same ``command_id`` asks for the same thing: it is done once.
    """

    application_id: UUID
    on: date
    actor: str = ""
    reason: str = ""
    command_id: UUID = attrs.field(factory=new_id)


@attrs.frozen
class Outcome:
    """What became of a command: the application after it, and the event, or why it was refused.

    ``already`` says that it had been carried out before.
    """

    command_id: UUID
    application: Application | None = None
    event: Event | None = None
    already: bool = False
    error: KarezError | None = None

    def one(self) -> Application:
        """Return the application, or raise what refused the command."""
        if self.error is not None:
            raise self.error
        assert self.application is not None  # noqa: S101 - what is not refused has one
        return self.application


C = TypeVar("C", bound=Command)
Pairs = Sequence[tuple[C, Application]]
Make = Callable[[psycopg.Connection, Pairs[C]], Sequence[Content | KarezError]]


def run(
    desk: Desk, kind: str, commands: Sequence[C], make: Make[C], *, preview: bool = False
) -> list[Outcome]:
    """Take one step of many applications in one transaction; answers stand in their order.

    ``make`` says what happens to each, or why it cannot. A command that is refused eats no other.
    Several commands of one application are taken one after another.
    """
    answers: list[Outcome] = []
    with desk.evidence.transaction() as connection, connection.transaction():
        ledger = _Ledger.of(connection, kind, commands)
        waiting = set(range(len(commands)))
        while waiting:
            first: dict[UUID, int] = {
                commands[place].application_id: place for place in sorted(waiting, reverse=True)
            }
            ledger.take(connection, sorted(first.values()), make)
            waiting -= set(first.values())
        write_events(connection, ledger.added, ledger.standing)
        answers = [ledger.answers[place] for place in range(len(commands))]
        if preview:
            raise psycopg.Rollback
    return answers


@attrs.define
class _Ledger:
    """Applications as they come to stand while the commands of a call are taken."""

    kind: str
    commands: Sequence[Any]  # commands of one class, which ``run`` knows
    standing: dict[UUID, Application]
    done: dict[UUID, tuple[UUID, str]]
    events: dict[UUID, Event]
    answers: dict[int, Outcome] = attrs.field(factory=dict[int, Outcome])
    added: list[Event] = attrs.field(factory=list[Event])

    @classmethod
    def of(cls, connection: psycopg.Connection, kind: str, commands: Sequence[Command]) -> _Ledger:
        ids = {command.application_id for command in commands}
        connection.execute(QUERIES["lock_applications"].text, {"application_ids": list(ids)})
        events = read_events(connection, ids)
        asked = {"command_ids": [command.command_id for command in commands]}
        rows = connection.execute(QUERIES["known_commands"].text, asked)
        return cls(
            kind,
            commands,
            {application_id: fold(each) for application_id, each in events.items()},
            {row[0]: (row[1], row[2]) for row in rows},
            {event.command_id: event for each in events.values() for event in each},
        )

    def take(self, connection: psycopg.Connection, places: Sequence[int], make: Make[Any]) -> None:
        """Take commands of different applications together."""
        pairs: list[tuple[Any, Application]] = []
        open_places: list[int] = []
        for place in places:
            command = self.commands[place]
            try:
                application = self._admitted(place, command)
            except KarezError as error:
                self.answers[place] = Outcome(command.command_id, error=error)
                continue
            if application is not None:
                pairs.append((command, application))
                open_places.append(place)
        made = make(connection, pairs) if pairs else ()
        for place, (command, application), content in zip(open_places, pairs, made, strict=True):
            if isinstance(content, KarezError):
                self.answers[place] = Outcome(command.command_id, application, error=content)
                continue
            event = event_of(command, content, application.event_count + 1)
            after = application.after(event)
            ensure(event.kind == self.kind, "a step makes events of its kind")
            self.standing[command.application_id] = after
            self.done[command.command_id] = (command.application_id, self.kind)
            self.events[command.command_id] = event
            self.added.append(event)
            self.answers[place] = Outcome(command.command_id, after, event)

    def _admitted(self, place: int, command: Command) -> Application | None:
        """Return the application to work on; None where that was done before."""
        application = self.standing.get(command.application_id)
        before = self.done.get(command.command_id)
        if before is not None:
            if before != (command.application_id, self.kind):
                raise CommandTakenError(
                    command=command.command_id, kind=before[1],
                    application=show_id("app", before[0]),
                )  # fmt: skip
            event = self.events[command.command_id]
            self.answers[place] = Outcome(command.command_id, application, event, already=True)
            return None
        if application is None:
            raise ApplicationNotFoundError(application=show_id("app", command.application_id))
        application.admit(self.kind)
        return application


def event_of(command: Command, content: Content, number: int) -> Event:
    """Return the event that a command makes."""
    return Event(
        command.application_id, number, command.command_id, content, command.on, command.actor,
        command.reason,
    )  # fmt: skip


def read_events(
    connection: psycopg.Connection, application_ids: Collection[UUID]
) -> dict[UUID, list[Event]]:
    """Return the events of applications, in order."""
    asked = {"application_ids": list(application_ids)}
    found: dict[UUID, list[Event]] = {}
    for row in connection.execute(QUERIES["events"].text, asked):
        application_id, number, command_id, kind, valid_on, content, actor, reason, at = row
        event = Event(
            application_id, number, command_id, decode_content(kind, content), valid_on, actor,
            reason, at,
        )  # fmt: skip
        found.setdefault(application_id, []).append(event)
    return found


def read_applications(
    connection: psycopg.Connection, application_ids: Collection[UUID]
) -> dict[UUID, Application]:
    """Return applications as they stand; one that is not there is left out."""
    events = read_events(connection, application_ids)
    return {application_id: fold(each) for application_id, each in events.items()}


def write_events(
    connection: psycopg.Connection, events: Sequence[Event], standing: dict[UUID, Application]
) -> None:
    """Write events, and what follows from them of applications that were there before."""
    if not events:
        return
    rows: list[dict[str, object]] = [
        {
            "application_id": event.application_id,
            "number": event.number,
            "command_id": event.command_id,
            "kind": event.kind,
            "valid_on": event.valid_on,
            "content": encode_content(event.content),
            "actor": event.actor,
            "reason": event.reason,
        }
        for event in events
    ]
    _write(connection, "add_events", rows)
    moved = {event.application_id for event in events if event.number > 1}
    _write(connection, "move_applications", [
        {
            "application_id": application_id,
            "amount_minor": standing[application_id].amount_minor,
            "stage": standing[application_id].stage,
            "event_count": standing[application_id].event_count,
        }
        for application_id in moved
    ])  # fmt: skip


def write_applications(connection: psycopg.Connection, applications: Iterable[Application]) -> None:
    """Write the rows of new applications."""
    _write(connection, "add_applications", [
        {
            "application_id": each.application_id,
            "borrower_id": each.asked.borrower,
            "product_code": each.asked.product,
            "officer": each.asked.officer,
            "submitted_on": each.submitted.valid_on,
            "currency": each.asked.currency,
            "amount_minor": each.amount_minor,
            "stage": each.stage,
            "event_count": each.event_count,
        }
        for each in applications
    ])  # fmt: skip


def _write(connection: psycopg.Connection, query: str, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        text = msgspec.json.encode(rows).decode()
        connection.execute(QUERIES[query].text, {"rows": text})
