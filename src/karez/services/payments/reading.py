"""Which statements were taken, and which are missing between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

import attrs

from karez.kernel.money import currency, format_amount
from karez.services.bookkeeping import Books
from karez.services.payments.queries import QUERIES


@attrs.frozen
class KeptStatement:
    """A statement as it was taken. ``taken`` counts the payments that it brought."""

    statement_number: int
    account: str
    number: str
    currency: str
    channel: str
    opened_on: date | None
    opening_minor: int | None
    closed_on: date | None
    closing_minor: int | None
    movement_minor: int
    entries: int
    known_before: int
    file: str
    actor: str
    recorded_at: datetime
    taken: int

    @property
    def left(self) -> int:
        """How many payments are still to be taken, because it was broken off."""
        return self.entries - self.known_before - self.taken


@attrs.frozen
class Gap:
    """Between two statements of an account one is missing: their numbers here, and why."""

    account: str
    after: int
    before: int
    reason: str


def list_statements(books: Books) -> list[KeptStatement]:
    """Return what was taken, by bank account and in the order of days."""
    with books.transaction() as connection:
        return [KeptStatement(*row) for row in connection.execute(QUERIES["statements"].text)]


def find_gaps(kept: Sequence[KeptStatement]) -> list[Gap]:
    """Return where the statements of an account do not follow one another; in their order."""
    whole = [each for each in kept if each.closed_on is not None]
    return [
        Gap(first.account, first.statement_number, second.statement_number, reason)
        for first, second in pairwise(whole)
        if (first.account, first.currency) == (second.account, second.currency)
        and (reason := _gap(first, second))
    ]


def _gap(first: KeptStatement, second: KeptStatement) -> str:
    if first.closing_minor != second.opening_minor:
        unit = currency(first.currency)
        closing, opening = (
            format_amount(amount_minor or 0, unit)
            for amount_minor in (first.closing_minor, second.opening_minor)
        )
        return (
            f"statement {first.number} closes at {closing} {unit.code},"
            f" and statement {second.number} opens at {opening} {unit.code}"
        )
    numbers = (first.number, second.number)
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return ""
    left, right = map(int, numbers)
    if right > left + 1:  # numbers begin again each year
        missing = f"{left + 1}" if right == left + 2 else f"{left + 1} to {right - 1}"
        return f"statement {missing} between {left} and {right} is missing"
    return ""


def count_acts(books: Books) -> dict[str, int]:
    """Return how often each kind of thing was done with payments."""
    with books.transaction() as connection:
        return dict(connection.execute(QUERIES["acts_by_kind"].text).fetchall())
