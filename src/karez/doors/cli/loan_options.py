"""What the commands of loans share: how options are read, and how outcomes are shown."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books, today
from karez.doors.cli.shell import Shell, table
from karez.doors.files.loan_commands import WrongField, event_of
from karez.kernel.ids import new_id, read_id, show_id
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date
from karez.services import lending
from karez.services.bookkeeping import Books
from karez.services.lending import Command, Loan, Outcome

C = TypeVar("C", bound=Callable[..., Any])

loan_argument = click.argument("loan")
amount_argument = click.argument("amount")
channel_option = click.option(
    "--channel", metavar="CODE", help="The account that the money comes or goes through."
)


def command_id(text: str) -> UUID:
    """Return the command that an option names."""
    return read_id("cmd", text)


def act_options(command: C) -> C:
    """Give a command the options of all that changes a loan; they arrive as ``asked``."""

    @click.option("--on", type=parse_date, metavar="DATE", help="The value date; else today's.")
    @click.option(
        "--entered", type=parse_date, metavar="DATE", help="The business date; else the open day."
    )
    @click.option("--by", metavar="NAME", help="Who says so; else who is logged in.")
    @click.option("--reason", default="", help="Why.")
    @click.option("--id", "chosen", type=command_id, metavar="ID", help="Choose its id.")
    @click.option("--preview", is_flag=True, help="Show what would be, and change nothing.")
    @functools.wraps(command)
    def with_options(  # noqa: PLR0913 - one for each option
        *given: Any,  # the shell
        on: date | None,
        entered: date | None,
        by: str | None,
        reason: str,
        chosen: UUID | None,
        preview: bool,
        **rest: Any,  # whatever options the command has of its own
    ) -> None:
        who = by or getpass.getuser()
        asked = Asked(on, entered, who, reason, chosen or new_id(), preview=preview)
        command(*given, asked=asked, **rest)

    return with_options  # pyright: ignore[reportReturnType] - click's own decorators change it too


@attrs.frozen
class Asked:
    """What was asked of an act on a loan besides the act itself."""

    on: date | None
    entered: date | None
    by: str
    reason: str
    command_id: UUID
    preview: bool = attrs.field(kw_only=True)


def act(  # noqa: PLR0913 - what an act is made of
    shell: Shell,
    name: str,
    kind: str,
    asked: Asked,
    texts: Mapping[str, str | None],
    *,
    channel: str | None = None,
    price: str | None = None,
) -> None:
    """Record one event of a loan, and show what it brought about."""
    with open_books(shell) as books:
        loan = lending.find_loan(books, name)
        entered = asked.entered or lending.business_date(books, today())
        given = {field: text for field, text in texts.items() if text is not None}
        try:
            event = event_of(kind, asked.on or entered, given, loan.currency)
        except WrongField as wrong:
            raise wrong.error from wrong
        proceeds = None if price is None else parse_amount(price, currency(loan.currency))
        asked_for = Command(
            loan=loan.loan_id,
            event=event,
            actor=asked.by,
            reason=asked.reason,
            channel=channel,
            proceeds_minor=proceeds,
            command_id=asked.command_id,
        )
        record_one(shell, books, loan, asked_for, entered, preview=asked.preview)


def record_one(  # noqa: PLR0913 - what an act is made of
    shell: Shell, books: Books, loan: Loan, command: Command, entered: date, *, preview: bool
) -> None:
    """Record a command, and show its outcome or raise why it was refused."""
    [outcome] = lending.record(books, [command], on=entered, preview=preview)
    if outcome.error is not None:
        raise outcome.error
    document = outcome_document(loan, outcome) | {"preview": preview}
    shell.show(document, outcome_lines(loan, outcome, entered, preview=preview))


def outcome_document(loan: Loan, outcome: Outcome) -> dict[str, Any]:
    """Return what became of a command, for scripts; amounts in minor units."""
    return {
        "command": show_id("cmd", outcome.command_id),
        "loan": outcome.loan_number,
        "currency": loan.currency,
        "event": outcome.event,
        "already": outcome.already,
        "movements": [attrs.asdict(move) for move in outcome.movements],
        "before": None if outcome.before is None else attrs.asdict(outcome.before),
        "after": None if outcome.after is None else attrs.asdict(outcome.after),
    }


def outcome_lines(loan: Loan, outcome: Outcome, on: date, *, preview: bool) -> list[str]:
    """Return what became of a command, for people."""
    said = "would be" if preview else "is"
    head = f"Event {outcome.event} of loan {loan.loan_number} {said} recorded"
    if outcome.already:
        return [f"Event {outcome.event} of loan {loan.loan_number} was recorded before."]
    moved: dict[str, Decimal] = {}
    for move in outcome.movements:
        amount = major(move.amount_minor, loan.currency)
        moved[move.kind] = moved.get(move.kind, Decimal(0)) + amount
    lines = [f"{head}; it moves {'nothing.' if not moved else ''}".rstrip() if not moved else head]
    if moved:
        lines += [f"  {line}" for line in table(["moves", loan.currency], moved.items())]
    if outcome.before is not None and outcome.after is not None:
        rows = [
            (label, major(old, loan.currency), major(new, loan.currency))
            for label, old, new in zip(
                _LABELS, _amounts(outcome.before), _amounts(outcome.after), strict=True
            )
            if old or new
        ]
        lines += [f"On {on}"] + [f"  {line}" for line in table(["", "before", "after"], rows)]
    return lines


_LABELS = ("principal", "interest", "fees", "penalties", "credit", "overdue")


def _amounts(stands: lending.Standing) -> list[int]:
    return [
        stands.principal_minor,
        stands.interest_accrued_minor,
        stands.fees_minor,
        stands.penalties_minor,
        stands.credit_minor,
        stands.overdue_minor,
    ]


def standing_lines(loan: Loan, stands: lending.Standing, on: date) -> list[str]:
    """Return how a loan stands, for people."""
    pairs: list[tuple[str, object]] = [("status", stands.status)]
    pairs += [
        (label, major(amount, loan.currency))
        for label, amount in zip(_LABELS, _amounts(stands), strict=True)
    ]
    pairs += [("days past due", stands.days_past_due(on)), ("next due", stands.next_due)]
    return lines_of(pairs)
