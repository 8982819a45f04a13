"""Closing a period: after it, no entry may be dated in it, until it is reopened with a reason."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import attrs
from psycopg.rows import class_row

from karez.books.money.errors import PeriodOrderError, PeriodWordsError
from karez.books.money.pen import Leaf, Pen, take_pen, write_batch
from karez.books.money.queries import QUERIES
from karez.books.money.text import text_fault
from karez.books.money.wire import date_of, days_2000

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg


@attrs.frozen
class PeriodChange:
    """One closing or reopening: who moved ``closed_through``, when and why."""

    action: str
    closed_through: date | None
    actor: str
    reason: str
    recorded_at: datetime


def close_period(
    connection: psycopg.Connection, through: date, *, actor: str, reason: str = ""
) -> date:
    """Close the books through this day. Closing the same day again changes nothing.

    Raises:
        PeriodOrderError: the books are already closed through a later day.
        PeriodWordsError: no actor, or a text that cannot be stored.
    """
    _check_words(actor, reason)
    pen = take_pen(connection)
    closed = _closed_through(pen)
    if closed is not None and through < closed:
        raise PeriodOrderError(closed_through=closed, action="closing", expected="a later day")
    if through != closed:
        _move(pen, "close", through, actor, reason)
    return through


def reopen_period(
    connection: psycopg.Connection, through: date | None, *, actor: str, reason: str
) -> date | None:
    """Let entries be dated after ``through`` again (None: any day); the reason stays on record.

    Raises:
        PeriodOrderError: that would close days that are open, or there is no reason.
        PeriodWordsError: no actor, or a text that cannot be stored.
    """
    _check_words(actor, reason)
    pen = take_pen(connection)
    closed = _closed_through(pen)
    if not reason.strip():
        raise PeriodOrderError(
            closed_through=closed or "no day", action="reopening", expected="a reason"
        )
    if closed is None or (through is not None and through >= closed):
        raise PeriodOrderError(
            closed_through=closed or "no day", action="reopening", expected="an earlier day"
        )
    _move(pen, "reopen", through, actor, reason)
    return through


def list_period_changes(connection: psycopg.Connection) -> list[PeriodChange]:
    """Return every closing and reopening, in the order they were recorded."""
    with connection.cursor(row_factory=class_row(PeriodChange)) as cursor:
        return cursor.execute(QUERIES["period_changes"].text).fetchall()


def _check_words(actor: str, reason: str) -> None:
    fault = "is empty" if not actor.strip() else text_fault(actor)
    if fault:
        raise PeriodWordsError(field="actor", fault=fault)
    if fault := text_fault(reason):
        raise PeriodWordsError(field="reason", fault=fault)


def _closed_through(pen: Pen) -> date | None:
    days = pen.head.closed_through
    return None if days is None else date_of(days)


def _move(pen: Pen, action: str, through: date | None, actor: str, reason: str) -> None:
    leaf = Leaf(
        {"period": [(action, through, actor, reason)]},
        period_changed=True,
        closed_through=None if through is None else days_2000(through),
    )
    write_batch(pen, leaf=leaf)
