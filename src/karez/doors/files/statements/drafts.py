"""What the readers of statements share: faults with their place, amounts, and the sum."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NoReturn

import attrs

from karez.doors.files.refusals import Refusal
from karez.doors.files.statements.errors import StatementSumError, StatementValueError
from karez.kernel.errors import KarezError
from karez.kernel.money import AMOUNT_MAX_MINOR, Currency, parse_amount
from karez.services.payments.statement import BankStatement

FAULTS_MOST = 100
"""After so many faults a file is not read on."""
DAYS_APART_MOST = 366
"""Booking and value date of a payment lie no further apart: beyond it one of them is a slip."""


class StatementFaultError(Exception):
    """A fault with its place: line, field, value. Never leaves this folder."""

    def __init__(self, line: int, field: str, value: str, error: KarezError) -> None:
        super().__init__(error.message)
        self.line, self.field, self.value, self.error = line, field, value, error


@attrs.frozen
class Reading:
    """A file of statements, or all that is wrong with it: then nothing of it is taken."""

    file: str
    statements: Sequence[BankStatement]
    refusals: Sequence[Refusal]


@attrs.define
class Faults:
    """Collects the faults of one file."""

    path: Path
    unit: str = "line"
    found: list[Refusal] = attrs.field(factory=list[Refusal])

    @contextmanager
    def caught(self) -> Generator[None]:
        """Keep a fault that is raised in the block, so that those after it are told too."""
        try:
            yield
        except StatementFaultError as fault:
            self.add(fault.line, fault.field, fault.value, fault.error)

    def add(self, line: int, field: str, value: str, error: KarezError) -> None:
        """Keep a fault; one that stands in the way twice is told once."""
        refusal = Refusal(str(self.path), self.unit, line, field, value, error)
        if str(refusal) not in map(str, self.found[-1:]):
            self.found.append(refusal)

    @property
    def too_many(self) -> bool:
        """Whether it is of no use to read on."""
        return len(self.found) >= FAULTS_MOST

    def reading(self, statements: Sequence[BankStatement]) -> Reading:
        """Return what was read, or what was wrong with it."""
        return Reading(str(self.path), [] if self.found else statements, self.found)


def minor_units(text: str, unit: Currency) -> int:
    """Return an amount without sign in minor units; zeros past the minor unit say nothing.

    Raises:
        AmountMalformedError, AmountTooPreciseError, AmountOutOfRangeError.
    """
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(unit.exponent, "0")
    digits = whole + decimals
    if whole and len(decimals) == unit.exponent and digits.isascii() and digits.isdigit():
        amount_minor = int(digits) if len(digits) < 40 else AMOUNT_MAX_MINOR + 1
        if amount_minor <= AMOUNT_MAX_MINOR:
            return amount_minor
    return parse_amount(text if not text.startswith("-") else f"--{text}", unit)


def check_days(line: int, field: str, booked_on: date, valid_on: date) -> None:
    """Refuse dates of one payment that cannot both be right."""
    if abs((booked_on - valid_on).days) > DAYS_APART_MOST:
        wanted = f"day within a year of the other, {booked_on}"
        error = StatementValueError(value=str(valid_on), wanted=wanted)
        raise StatementFaultError(line, field, str(valid_on), error)


def check_sum(statement: BankStatement, field: str) -> None:
    """Refuse a statement whose entries do not lead from its opening to its closing balance."""
    if statement.opening is None or statement.closing is None:
        return
    made_minor = statement.opening.amount_minor + statement.movement_minor
    if made_minor != statement.closing.amount_minor:
        error = StatementSumError(
            opening=statement.shown(statement.opening.amount_minor),
            entries=statement.shown(statement.movement_minor),
            made=statement.shown(made_minor),
            closing=statement.shown(statement.closing.amount_minor),
        )
        value = statement.shown(statement.closing.amount_minor)
        raise StatementFaultError(statement.line, field, value, error)


def refuse(line: int, field: str, value: str, wanted: str) -> NoReturn:
    """Refuse a value that is not what its field needs."""
    raise StatementFaultError(line, field, value, StatementValueError(value=value, wanted=wanted))
