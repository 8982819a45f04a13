"""Asking the book: balances, statements and the trial balance of any day, as known at any time.

Two dates mark every answer. ``valid_on`` is the day in the books: what is dated up to it counts.
``known_at`` is the instant of knowledge: what was recorded up to it counts. Each answer carries
the instant of the last batch it saw, so the same question with that instant has the same answer
for ever.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from karez.books.money.account import Account, find_account, find_codes, list_accounts
from karez.books.money.errors import EntryUnknownError
from karez.books.money.queries import QUERIES
from karez.books.money.transfer import Phase
from karez.books.money.wire import date_of, instant_of
from karez.kernel.database import Role
from karez.kernel.errors import ensure

if TYPE_CHECKING:
    import psycopg

STATEMENT_MOST = 1_000_000
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)


@attrs.frozen
class Sums:
    """The four sums of an account, in minor units."""

    debits_posted_minor: int = 0
    credits_posted_minor: int = 0
    debits_pending_minor: int = 0
    credits_pending_minor: int = 0

    def balance_minor(self, normal_side: str) -> int:
        """Return the posted balance, positive on the normal side."""
        balance = self.debits_posted_minor - self.credits_posted_minor
        return balance if normal_side == "debit" else -balance


@attrs.frozen
class Balance:
    """What stood on an account at the end of ``valid_on``, as known at ``known_at``."""

    account: Account
    valid_on: date
    known_at: datetime
    sums: Sums

    @property
    def balance_minor(self) -> int:
        """The posted balance, positive on the account's normal side."""
        return self.sums.balance_minor(self.account.normal_side)

    @property
    def pending_minor(self) -> int:
        """What pending transfers would take off the balance if all were posted."""
        debit_normal = self.account.normal_side == "debit"
        return self.sums.credits_pending_minor if debit_normal else self.sums.debits_pending_minor

    @property
    def available_minor(self) -> int:
        """What may still be taken off: the balance less what is pending, down to the floor."""
        return self.balance_minor - self.pending_minor - (self.account.floor_minor or 0)


@attrs.frozen
class StatementLine:
    """One side of a transfer. ``balance_minor`` is the posted balance after it."""

    valid_on: date
    recorded_at: datetime
    entry_id: UUID
    line: int
    kind: str
    phase: Phase
    counter_account: str
    debit_minor: int
    credit_minor: int
    hold_minor: int
    balance_minor: int
    memo: str
    reference: Mapping[str, str]


@attrs.frozen
class Statement:
    """What happened on an account from ``first_day`` to ``last_day``, both included."""

    account: Account
    first_day: date
    last_day: date
    known_at: datetime
    opening_minor: int
    lines: tuple[StatementLine, ...]
    closing_minor: int


@attrs.frozen
class TrialBalance:
    """The balance of every account; in each currency the debits equal the credits."""

    valid_on: date
    known_at: datetime
    rows: tuple[tuple[Account, Sums], ...]

    def totals(self) -> dict[str, Sums]:
        """Return the sums of all accounts in each currency."""
        totals: dict[str, Sums] = {}
        for account, sums in self.rows:
            before = totals.get(account.currency, Sums())
            totals[account.currency] = Sums(
                *(a + b for a, b in zip(attrs.astuple(before), attrs.astuple(sums), strict=True))
            )
        return totals


@attrs.frozen
class EntryLine:
    """One transfer of an entry in the book."""

    line: int
    debit: int
    credit: int
    amount_minor: int
    hold_minor: int
    phase: Phase
    target: tuple[UUID, int] | None
    expires_at: datetime | None


@attrs.frozen
class PostedEntry:
    """An entry as it stands in the book."""

    entry_id: UUID
    kind: str
    valid_on: date
    recorded_at: datetime
    memo: str
    reference: Mapping[str, str]
    lines: tuple[EntryLine, ...]


def known_boundary(connection: psycopg.Connection, known_at: datetime | None) -> datetime:
    """Return the instant of the last batch recorded up to ``known_at``; None means now.

    Where ``known_at`` is later than the last batch, a batch may be under way that will carry an
    instant before it: we wait until the pen is free, and later batches carry a later instant.
    A reader may not wait for the pen; its answer names the boundary it saw.
    """
    query, wanted = QUERIES["known_boundary"].text, {"known_at": known_at or _END}
    row = connection.execute(query, wanted).fetchone()
    ensure(row is not None, "a query of scalars has one row")
    boundary, last, role = row or (None, None, "")
    if known_at is not None and role != Role.READER and last is not None and last <= known_at:
        connection.execute(QUERIES["settle_head"].text)
        boundary = (connection.execute(query, wanted).fetchone() or (None,))[0]
    return boundary or _BEGINNING


def balance(
    connection: psycopg.Connection,
    code: str,
    valid_on: date,
    *,
    known_at: datetime | None = None,
) -> Balance:
    """Return what stood on an account at the end of a day, as known at an instant (None: now).

    Raises:
        AccountUnknownError: there is no such account.
    """
    account = find_account(connection, code)
    known_at = known_at and known_boundary(connection, known_at)
    return _balance(connection, account, valid_on, known_at or _END)


def statement(
    connection: psycopg.Connection,
    code: str,
    first_day: date,
    last_day: date,
    *,
    known_at: datetime | None = None,
) -> Statement:
    """Return an account's statement from one day to another, both included.

    Raises:
        AccountUnknownError: there is no such account.
    """
    account = find_account(connection, code)
    boundary = known_boundary(connection, known_at)
    day_before = first_day - timedelta(days=1) if first_day > date.min else first_day
    opening = _balance(connection, account, day_before, boundary).balance_minor
    rows = connection.execute(
        QUERIES["statement"].text,
        {
            "number": account.number,
            "first_day": first_day,
            "last_day": last_day,
            "known_at": boundary,
            "most": STATEMENT_MOST,
        },
    ).fetchall()
    words = _Words.of(connection, rows)
    sign = 1 if account.normal_side == "debit" else -1
    running = opening
    lines: list[StatementLine] = []
    for row in rows:
        running += sign * (row[8] if row[6] else -row[8])
        lines.append(words.line(row, running))
    return Statement(account, first_day, last_day, boundary, opening, tuple(lines), running)


def trial_balance(
    connection: psycopg.Connection, valid_on: date, *, known_at: datetime | None = None
) -> TrialBalance:
    """Return the balances of all accounts at the end of a day, by code."""
    boundary = known_boundary(connection, known_at)
    sums = {
        row[0]: Sums(*row[1:])
        for row in connection.execute(
            QUERIES["trial_balance"].text, {"valid_on": valid_on, "known_at": boundary}
        ).fetchall()
    }
    rows = tuple(
        (account, sums.get(account.number, Sums())) for account in list_accounts(connection)
    )
    return TrialBalance(valid_on, boundary, rows)


def balances_now(connection: psycopg.Connection, numbers: Collection[int]) -> dict[int, int]:
    """Return what was debited less what was credited on accounts, of everything recorded."""
    asked = {"numbers": list(numbers), "through": None}
    rows = connection.execute(QUERIES["sums_now"].text, asked)
    found = {row[0]: row[1] - row[2] for row in rows}
    return {number: found.get(number, 0) for number in numbers}


def find_entry(connection: psycopg.Connection, entry_id: UUID) -> PostedEntry:
    """Return one entry, or raise EntryUnknownError."""
    rows = connection.execute(
        QUERIES["transfers_of_entries"].text, {"entry_ids": [entry_id]}
    ).fetchall()
    if not rows:
        raise EntryUnknownError(entry=str(entry_id))
    head = rows[0]
    return PostedEntry(
        entry_id=entry_id,
        kind=head[7],
        valid_on=date_of(head[6]),
        recorded_at=instant_of(head[14]),
        memo=head[15],
        reference=json.loads(head[16]),
        lines=tuple(
            EntryLine(
                line=row[1],
                debit=row[2],
                credit=row[3],
                amount_minor=row[4],
                hold_minor=row[5],
                phase=Phase(row[8]),
                target=(row[10], row[11]) if row[10] else None,
                expires_at=instant_of(row[13]) if row[13] else None,
            )
            for row in rows
        ),
    )


def entries_among(connection: psycopg.Connection, entry_ids: Collection[UUID]) -> list[UUID]:
    """Return those of these entries that are in the book, in their order."""
    asked = {"entry_ids": list(entry_ids)}
    there = {row[0] for row in connection.execute(QUERIES["transfers_of_entries"].text, asked)}
    return [one for one in entry_ids if one in there]


def sums_of_entries(
    connection: psycopg.Connection, entry_ids: Collection[UUID], *, known_at: datetime
) -> dict[int, int]:
    """Return what these entries posted by an instant: debits less credits of accounts by number."""
    sums: Counter[int] = Counter()
    asked = {"entry_ids": list(entry_ids)}
    for row in connection.execute(QUERIES["transfers_of_entries"].text, asked):
        if instant_of(row[14]) <= known_at:
            sums[row[2]] += row[4]
            sums[row[3]] -= row[4]
    return dict(sums)


def _balance(
    connection: psycopg.Connection, account: Account, valid_on: date, known_at: datetime
) -> Balance:
    wanted = {"number": account.number, "valid_on": valid_on, "known_at": known_at}
    row = connection.execute(QUERIES["balance"].text, wanted).fetchone()
    ensure(row is not None, "a query of sums has one row")
    *sums, boundary = row or (0, 0, 0, 0, None)
    return Balance(account, valid_on, boundary or _BEGINNING, Sums(*sums))


@attrs.frozen
class _Words:
    """The texts that the numbers of a statement's rows stand for."""

    kinds: Mapping[int, str]
    codes: Mapping[int, str]
    notes: Mapping[UUID, tuple[str, str]]

    @classmethod
    def of(cls, connection: psycopg.Connection, rows: Sequence[Any]) -> _Words:
        entries = {"entry_ids": list({row[2] for row in rows})}
        notes = connection.execute(QUERIES["notes"].text, entries).fetchall()
        return cls(
            kinds={number: name for name, number in connection.execute(QUERIES["kinds"].text)},
            codes=find_codes(connection, {row[7] for row in rows}),
            notes={entry_id: (memo, reference) for entry_id, memo, reference in notes},
        )

    def line(self, row: Sequence[Any], running: int) -> StatementLine:
        memo, reference = self.notes.get(row[2], ("", "{}"))
        return StatementLine(
            valid_on=row[0],
            recorded_at=row[1],
            entry_id=row[2],
            line=row[3],
            kind=self.kinds[row[4]],
            phase=Phase(row[5]),
            counter_account=self.codes[row[7]],
            debit_minor=row[8] if row[6] else 0,
            credit_minor=0 if row[6] else row[8],
            hold_minor=row[9],
            balance_minor=running,
            memo=memo,
            reference=json.loads(reference),
        )
