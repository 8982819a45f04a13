"""The one way in for what happens to loans: judge, post the difference, keep the event.

``record`` takes many commands. Each is answered by itself; one that is refused leaves the others as
they are. All that are taken stand in one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import psycopg

from karez.books.money.errors import LinkedRefusedError
from karez.engines.servicing.events import Event
from karez.kernel.errors import KarezError, ensure
from karez.kernel.memory import without_collecting
from karez.services.bookkeeping import Books
from karez.services.lending.codec import SALE, decode_event, kind_of
from karez.services.lending.errors import CommandConflictError, LoanUnknownError
from karez.services.lending.judging import Case, Changed
from karez.services.lending.ledger import Ledger, Posting
from karez.services.lending.loan import PART_BITS, Command, Outcome
from karez.services.lending.queries import QUERIES
from karez.services.lending.recent import RECENT
from karez.services.lending.store import Kept, find_numbers, load_kept
from karez.services.lending.writing import write_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

REMEMBERED_MOST = 256
"""Folds are remembered of calls for so many loans: those of a larger one push each other out."""

LOANS_AT_ONCE = 512
"""How many loans are read and folded between two words with the database: folds are large."""


def record(
    books: Books, commands: Sequence[Command], *, on: date, preview: bool = False
) -> list[Outcome]:
    """Record commands in one transaction; answer each in its place.

    ``on`` is the business date on which they are entered. Commands of one loan are taken in their
    order. A preview answers as the call itself would, and changes nothing.

    Raises:
        UnavailableError: the database could not be reached, or a lock not be had.
    """
    with books.transaction() as connection:
        return record_within(books, connection, commands, on=on, preview=preview)


def record_within(
    books: Books,
    connection: psycopg.Connection,
    commands: Sequence[Command],
    *,
    on: date,
    preview: bool = False,
) -> list[Outcome]:
    """Record commands in the caller's transaction, which decides whether any of it stays."""
    if not commands:
        return []
    if not preview:
        return _Recorder(books, connection, commands, on).run()
    outcomes: list[Outcome] = []
    with connection.transaction():
        outcomes = _Recorder(books, connection, commands, on).run()
        raise psycopg.Rollback
    return outcomes


@attrs.frozen
class _Known:
    """A command that was recorded earlier."""

    loan_id: UUID
    loan_number: int
    number: int
    kind: str
    event: Event
    channel: str | None
    amount_minor: int | None


@attrs.define
class _Recorder:
    books: Books
    connection: psycopg.Connection
    commands: Sequence[Command]
    on: date
    numbers: Mapping[UUID, int] = attrs.field(init=False)
    closed_on: dict[int, date] = attrs.field(init=False)
    known: dict[UUID, _Known] = attrs.field(init=False)
    changes: dict[int, Changed] = attrs.field(factory=dict[int, Changed])
    outcomes: dict[int, Outcome] = attrs.field(factory=dict[int, Outcome])
    refused: dict[int, KarezError] = attrs.field(factory=dict[int, KarezError])

    def run(self) -> list[Outcome]:
        self._lock()
        by_loan: dict[int, list[int]] = defaultdict(list)
        for place, command in enumerate(self.commands):
            number = self.numbers.get(command.loan)
            if number is None:
                error = LoanUnknownError(loan=str(command.loan))
                self.outcomes[place] = Outcome(command_id=command.command_id, error=error)
            else:
                by_loan[number].append(place)
        anew = set(by_loan)
        while anew:
            numbers = sorted(anew)
            for start in range(0, len(numbers), LOANS_AT_ONCE):
                loaded = load_kept(self.connection, numbers[start : start + LOANS_AT_ONCE])
                for number, kept in loaded.items():
                    with without_collecting():
                        self._judge(number, kept, by_loan[number])
            places = self._post()
            self.refused |= places
            anew = {self.numbers[self.commands[place].loan] for place in places}
        fresh = {number: change for number, change in self.changes.items() if change.fresh}
        write_changes(self.books, self.connection, fresh)
        return [self.outcomes[place] for place in range(len(self.commands))]

    def _lock(self) -> None:
        """Lock the loans, and look up which commands were recorded before."""
        connection = self.connection
        self.numbers = find_numbers(connection, {command.loan for command in self.commands})
        loans = sorted(self.numbers.values())
        parts = sorted({number >> PART_BITS for number in loans})
        self.closed_on = dict(
            connection.execute(QUERIES["lock_parts"].text, {"parts": parts}).fetchall()
        )
        connection.execute(QUERIES["lock_loans"].text, {"loans": loans})
        ids = [command.command_id for command in self.commands]
        found = connection.execute(QUERIES["events_by_command"].text, {"command_ids": ids})
        self.known = {
            row[0]: _Known(row[1], row[2], row[3], row[4], decode_event(row[4], row[5]), *row[6:])
            for row in found
        }

    def _judge(self, number: int, kept: Kept, places: Sequence[int]) -> None:
        """Let the commands of a loan happen to it one after another, from what is kept."""
        loan_id = kept.loan.loan_id
        closed_on = self.closed_on[number >> PART_BITS]
        case = Case.of(kept, closed_on, self.on, RECENT.take(loan_id))
        for place in places:
            command = self.commands[place]
            try:
                if place in self.refused:
                    raise self.refused[place]
                self.outcomes[place] = self._earlier(case, command) or case.take(command)
            except KarezError as error:
                self.outcomes[place] = Outcome(
                    command_id=command.command_id, loan_number=number, error=error
                )
        self.changes[number] = case.changed()
        if len(self.numbers) <= REMEMBERED_MOST:
            RECENT.keep(loan_id, case.folded)

    def _earlier(self, case: Case, command: Command) -> Outcome | None:
        """Return the answer to a command that was recorded before, in this call or another."""
        known = self.known.get(command.command_id)
        same = [one for one in case.fresh if one.command_id == command.command_id]
        if same:
            [one] = same
            loan = case.kept.loan
            known = _Known(
                loan.loan_id, loan.loan_number, one.event.number, one.kind, one.event,
                one.channel, one.proceeds_minor,
            )  # fmt: skip
        if known is None:
            return None
        field = _other_field(known, command)
        if field:
            raise CommandConflictError(command=str(command.command_id), field=field)
        return Outcome(
            command_id=command.command_id,
            loan_number=known.loan_number,
            event=known.number,
            before=case.stands(),
            after=case.stands(),
            already=True,
        )

    def _post(self) -> dict[int, KarezError]:
        """Post what all commands bring about, all or nothing; return those that are refused."""
        ledger = Ledger.of(self.connection, self.on)
        places: list[int] = []
        postings: list[Posting] = []
        unknown: dict[int, KarezError] = {}
        for place, outcome in sorted(self.outcomes.items()):
            if outcome.error or outcome.already or outcome.loan_number is None:
                continue
            change = self.changes[outcome.loan_number]
            channel = self.commands[place].channel
            try:
                if channel is not None:
                    ledger.number(channel)
            except KarezError as error:
                unknown[place] = error
            places.append(place)
            postings.append(
                Posting(
                    change.kept.loan,
                    change.kept.mapping,
                    outcome.event or 0,
                    outcome.movements,
                    change.channels,
                )
            )
        if unknown:
            return unknown
        batch, owners = ledger.batch(postings)
        answers = self.books.money.post(self.connection, batch)
        refused: dict[int, KarezError] = {}
        for row in answers.refused:
            error = answers.error(row)
            if not isinstance(error, LinkedRefusedError):
                refused.setdefault(places[owners[row]], error)
        ensure(bool(refused) == bool(answers.refused), "what is refused has a row that is at fault")
        return refused


def _other_field(known: _Known, command: Command) -> str:
    """Return in which field a command is not the one that was recorded, or nothing."""
    event = attrs.evolve(command.event, number=known.event.number, posted_on=known.event.posted_on)
    sold = command.proceeds_minor is not None
    same = {
        "loan": known.loan_id == command.loan,
        "kind": known.kind == kind_of(command.event, sold=sold),
        "content": known.event == event,
        "channel": command.channel in {None, known.channel},
        "price": known.kind != SALE or known.amount_minor == command.proceeds_minor,
    }
    return next((field for field, equal in same.items() if not equal), "")
