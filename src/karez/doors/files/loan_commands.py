"""What is to happen to loans, as texts: a row of a file, or the words of a command line.

A row names its loan, its event and the fields of that event, by the names that the engine's events
have; an amount is ``amount``, in major units of the loan's currency. A row names itself by ``id``,
in the scope of its source; a file without that column by what it holds.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import IO, Any, get_args

import attrs

from karez.doors.files.errors import (
    ChoiceUnknownError,
    FieldMissingError,
    HeaderUnknownError,
)
from karez.doors.files.jsonl import read_jsonl
from karez.doors.files.rows import Block, Fault, Format, Table, read_csv, refuse_incomplete
from karez.doors.files.shapes import ERROR_PREFIX
from karez.engines.servicing.events import Event
from karez.kernel.errors import InvalidInputError, KarezError
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date
from karez.services.bookkeeping import derive_id
from karez.services.lending import EVENT_KINDS, Command, Loan, Outcome
from karez.services.lending.errors import LoanUnknownError

_GIVEN = ("number", "on", "posted_on")  # of every event, not fields of their own
_YES = {"yes": True, "true": True, "no": False, "false": False}


class WholeMalformedError(InvalidInputError):
    """{text!r} is not a whole number: write digits alone, such as 12."""

    code = "whole-malformed"


class NumberMalformedError(InvalidInputError):
    """{text!r} is not a number: write digits and at most one point, such as 9.75."""

    code = "number-malformed"


class FieldUnusedError(InvalidInputError):
    """An event of kind {event} has no {field}; leave it empty. It has {known}."""

    code = "field-unused"


def _fields(kind: type[Event]) -> dict[str, attrs.Attribute[Any]]:
    fields = attrs.fields(attrs.resolve_types(kind))
    return {_column(field.name): field for field in fields if field.name not in _GIVEN}


def _column(name: str) -> str:
    return "amount" if name == "amount_minor" else name


FIELDS: Mapping[str, Mapping[str, attrs.Attribute[Any]]] = {
    name: _fields(kind) for name, kind in EVENT_KINDS.items()
}
"""The fields of each kind of event, by the columns that hold them."""

_COMMON = ("id", "loan", "event", "on", "channel", "price", "reason")
COLUMNS = (*_COMMON, *dict.fromkeys(name for fields in FIELDS.values() for name in fields))
NEEDED = ("loan", "event", "on")


class WrongField(Exception):  # noqa: N818 - carries an error to whoever knows the row
    """What is wrong, and in which field."""

    def __init__(self, field: str, error: KarezError) -> None:
        super().__init__(field)
        self.field = field
        self.error = error


def event_of(kind: str, on: date, texts: Mapping[str, str], code: str) -> Event:
    """Return the event that texts say, its amounts in major units of a currency; number 0.

    Raises:
        WrongField: a text that the event cannot have, or one that is missing.
    """
    if kind not in EVENT_KINDS:
        choices = ", ".join(EVENT_KINDS)
        raise WrongField("event", ChoiceUnknownError(value=kind, choices=choices))
    known = FIELDS[kind]
    values: dict[str, Any] = {}
    for column, text in texts.items():
        if not text:
            continue
        if column not in known:
            names = ", ".join(known) or "no field of its own"
            raise WrongField(column, FieldUnusedError(event=kind, field=column, known=names))
        field = known[column]
        try:
            values[field.name] = _read(field.type, text, column, code)
        except KarezError as error:
            raise WrongField(column, error) from error
    for column, field in known.items():
        if field.default is attrs.NOTHING and field.name not in values:
            raise WrongField(column, FieldMissingError(field=column))
    try:
        return EVENT_KINDS[kind](number=0, on=on, posted_on=on, **values)
    except KarezError as error:
        raise WrongField("amount" if "amount" in known else "", error) from error


def _read(kind: Any, text: str, column: str, code: str) -> object:  # a type as attrs resolves it
    kinds = [each for each in get_args(kind) or (kind,) if each is not NoneType]
    [kind] = kinds
    if column == "amount":
        return parse_amount(text, currency(code))
    if kind is date:
        return parse_date(text)
    if kind is bool:
        return _choice(text, _YES)
    if kind is int:
        if not (text.isascii() and text.isdecimal()):
            raise WholeMalformedError(text=text)
        return int(text)
    if kind is Decimal:
        return read_decimal(text)
    return _choice(text, {str(each): each for each in kind})


def read_decimal(text: str) -> Decimal:
    """Return the number that a text shows.

    Raises:
        NumberMalformedError: it is none.
    """
    if not text.replace(".", "", 1).isdecimal() or not text.isascii():
        raise NumberMalformedError(text=text)
    return Decimal(text)


def _choice(text: str, choices: Mapping[str, bool | StrEnum]) -> bool | StrEnum:
    if text not in choices:
        raise ChoiceUnknownError(value=text, choices=", ".join(choices))
    return choices[text]


@attrs.frozen
class CommandChunk:
    """Rows of a file, and the commands of those that could be read, each with its row."""

    block: Block
    rows: Sequence[int]
    commands: Sequence[Command]

    def mark_refused(self, header: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        """Add what lending refused to the faults of the rows."""
        for row, outcome in zip(self.rows, outcomes, strict=True):
            if outcome.error is not None:
                field = str(outcome.error.details.get("field", ""))
                field = field if field in header else ""
                value = self.block.rows[row][header.index(field)] if field else ""
                self.block.faults[row] = Fault(field, value, outcome.error)


def read_commands_table(stream: IO[bytes], file: str, form: Format) -> Table:
    """Begin to read a file of commands: CSV or JSON lines.

    Raises:
        HeaderIncompleteError, HeaderUnknownError: a column is missing, or means nothing here.

    Else raises as ``read_csv`` and ``read_jsonl`` do.
    """
    if form is Format.JSONL:
        return read_jsonl(stream, file, lambda keys: COLUMNS if "id" in keys else COLUMNS[1:])
    table = read_csv(stream, file)
    for name in table.header:
        if name not in COLUMNS and not name.startswith(ERROR_PREFIX):
            nearest = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0)[0]
            raise HeaderUnknownError(file=file, column=name, nearest=nearest)
    refuse_incomplete(table.header, file, NEEDED)
    return table


def read_commands(
    table: Table,
    scope: Sequence[str],
    actor: str,
    find: Callable[[set[str]], Mapping[str, Loan]],
) -> Iterator[CommandChunk]:
    """Give the commands of a file chunk by chunk; what is wrong with a row is in its block.

    ``scope`` says whose ids the rows have. ``find`` returns loans by their names.
    """
    seen: Counter[str] = Counter()
    for block in table.blocks:
        place = table.header.index("loan")
        loans = find({text.strip() for text in block.column(place)} - {""})
        rows: list[int] = []
        commands: list[Command] = []
        for row, fields in enumerate(block.rows):
            if row in block.faults:
                continue
            values = {name: text.strip() for name, text in zip(table.header, fields, strict=True)}
            try:
                commands.append(_command(values, loans, _row_name(values, seen), scope, actor))
                rows.append(row)
            except WrongField as wrong:
                value = values.get(wrong.field, "")
                block.faults[row] = Fault(wrong.field, value, wrong.error)
        yield CommandChunk(block, rows, commands)


def _row_name(values: Mapping[str, str], seen: Counter[str]) -> str:
    """Return what a row is called: its id, or what it says and how often that was said before."""
    if "id" in values:
        if not values["id"]:
            raise WrongField("id", FieldMissingError(field="id"))
        return values["id"]
    name = "\x1f".join(values.get(column, "") for column in COLUMNS)
    seen[name] += 1
    return f"{name}\x1f{seen[name]}"


def _command(
    values: Mapping[str, str],
    loans: Mapping[str, Loan],
    name: str,
    scope: Sequence[str],
    actor: str,
) -> Command:
    for column in NEEDED:
        if not values.get(column):
            raise WrongField(column, FieldMissingError(field=column))
    loan = loans.get(values["loan"])
    if loan is None:
        raise WrongField("loan", LoanUnknownError(loan=values["loan"]))
    try:
        on = parse_date(values["on"])
    except KarezError as error:
        raise WrongField("on", error) from error
    own = {column: text for column, text in values.items() if column not in _COMMON}
    event = event_of(values["event"], on, own, loan.currency)
    price = values.get("price", "")
    try:
        proceeds = parse_amount(price, currency(loan.currency)) if price else None
    except KarezError as error:
        raise WrongField("price", error) from error
    if values["event"] == "sale" and proceeds is None:
        raise WrongField("price", FieldMissingError(field="price"))
    return Command(
        loan=loan.loan_id,
        event=event,
        actor=actor,
        reason=values.get("reason", ""),
        channel=values.get("channel") or None,
        proceeds_minor=proceeds,
        command_id=derive_id(*scope, "loan-command", name),
    )
