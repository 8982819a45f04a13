"""Taking a statement: each payment to its loan, or to suspense with the reason; nothing is lost.

A long statement is taken some thousands of payments at a time, each time in one transaction with
all that it posts. Taken again, it goes on where it was broken off, and takes nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import psycopg

from karez.books.money.account import find_account
from karez.services.bookkeeping import Books
from karez.services.payments.desk import Clerk, Desk
from karez.services.payments.errors import (
    ChannelCurrencyError,
    ChannelOtherError,
    StatementAheadError,
)
from karez.services.payments.known import Booking, bookings, digest_of, is_known, split
from karez.services.payments.queries import QUERIES
from karez.services.payments.statement import BankStatement
from karez.services.payments.taking import Taken, Taking

if TYPE_CHECKING:
    from collections.abc import Callable

PAYMENTS_A_TRANSACTION = 2_000
BANK = "1020"
"""The account of the chart that a bank account is, unless another is named."""


@attrs.frozen
class _Head:
    """The statement as it is or will be kept."""

    number: int
    follows: bool
    is_new: bool


def take_statement(  # noqa: PLR0913 - what a statement comes with
    books: Books,
    statement: BankStatement,
    clerk: Clerk,
    *,
    file: str,
    channel: str = BANK,
    preview: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Taken:
    """Take a statement whose bank account is the account ``channel`` of the chart.

    A preview answers alike and keeps nothing.

    Raises:
        AccountUnknownError: the chart has no such account.
        ChannelCurrencyError: it keeps another currency.
        ChannelOtherError: statements of this bank account went to another one until now.
        StatementAheadError: it has payments of days that have not begun.
    """
    on = clerk.business_date(books)
    for entry in statement.entries:
        if entry.counts_on > on:
            day = str(entry.counts_on)
            raise StatementAheadError(
                number=statement.number, account=statement.account, day=day, today=str(on)
            )
    taken = Taken(statement, 0)
    pieces: list[list[Booking]] | None = None
    done = 0
    while pieces is None or pieces:
        piece: list[Booking] = []
        with books.transaction() as connection:
            desk = Desk.take(books, connection)
            if pieces is None:
                fresh = _open(desk, taken, channel, file, clerk.actor)
                pieces = split(fresh, PAYMENTS_A_TRANSACTION if not preview else len(fresh) + 1)
                piece = pieces.pop(0) if pieces else []
            else:
                piece = _unknown(desk, taken, pieces.pop(0))
            Taking(desk, taken, channel, clerk.actor, on).take(piece)
            desk.write()
            if preview:
                raise psycopg.Rollback
        done += sum(len(booking.entries) for booking in piece)
        if progress is not None:
            progress(done)
    return taken


def _open(desk: Desk, taken: Taken, channel: str, file: str, actor: str) -> list[Booking]:
    """Keep the head of the statement if it is new; return what of it was not taken yet."""
    statement, connection = taken.statement, desk.connection
    kept = find_account(connection, channel).currency
    if kept != statement.currency.code:
        raise ChannelCurrencyError(
            channel=channel, kept=kept, account=statement.account, given=statement.currency.code
        )
    head = _head(desk, statement, channel)
    taken.statement_number = head.number
    found = bookings(statement, follows=head.follows)
    fresh = _unknown(desk, taken, found, follows=head.follows)
    taken.already = not head.is_new and not fresh
    if head.is_new:
        opening, closing = statement.opening, statement.closing
        desk.add(
            "statement", head.number, statement.account, statement.number, statement.currency.code,
            channel, opening and opening.on, opening and opening.amount_minor,
            closing and closing.on, closing and closing.amount_minor, statement.movement_minor,
            len(statement.entries), taken.known.count, head.follows, file, digest_of(statement),
            actor,
        )  # fmt: skip
    return fresh


def _unknown(
    desk: Desk, taken: Taken, found: Sequence[Booking], *, follows: bool = True
) -> list[Booking]:
    """Return the bookings that were not taken, and count those that were."""
    connection = desk.connection
    asked = {"keys": [booking.key for booking in found]}
    keys = {row[0] for row in connection.execute(QUERIES["known_keys"].text, asked)}
    asked = {"contents": [] if follows else [booking.content for booking in found]}
    contents = dict(connection.execute(QUERIES["known_contents"].text, asked).fetchall())
    fresh: list[Booking] = []
    for booking in found:
        if is_known(booking, keys, contents, follows=follows):
            for entry in booking.entries:
                taken.known += entry.amount_minor
        else:
            fresh.append(booking)
    return fresh


def _head(desk: Desk, statement: BankStatement, channel: str) -> _Head:
    connection = desk.connection
    asked = {"account": statement.account, "currency": statement.currency.code}
    last = connection.execute(QUERIES["last_statement"].text, asked).fetchone()
    if last is not None and last[2] != channel:
        raise ChannelOtherError(account=statement.account, before=last[2], channel=channel)
    digest = {"digest": digest_of(statement)}
    known = connection.execute(QUERIES["statement_by_digest"].text, digest).fetchone()
    if known is not None:
        return _Head(*known, is_new=False)
    follows = False
    if last is not None and statement.opening is not None and not last[5]:
        same_day = last[3] is not None and statement.opening.on >= last[3]
        follows = same_day and statement.opening.amount_minor == last[4]
    return _Head(desk.next("statements"), follows, is_new=True)
