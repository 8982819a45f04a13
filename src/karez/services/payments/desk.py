"""Where payments are written: one at a time for each institution, numbered without gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from karez.books.money.account import find_numbers
from karez.books.money.errors import AccountUnknownError
from karez.books.money.period import list_period_changes
from karez.books.money.transfer import Batch, Entry, Transfer
from karez.kernel.database import Role
from karez.kernel.database.connection import lock_head
from karez.kernel.errors import ensure
from karez.services.bookkeeping import Books
from karez.services.lending import business_date
from karez.services.payments.queries import QUERIES

if TYPE_CHECKING:
    import psycopg

SUSPENSE = "2010"
"""The account of the chart for money that nobody could place yet."""

SHIFTS = ("held", "placed", "returned", "undone", "taken-back")
"""For what money is moved here; the kinds of its entries are these, after ``payment-``."""

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "statement": (
        "institution_id", "statement_number", "account", "number", "currency", "channel",
        "opened_on", "opening_minor", "closed_on", "closing_minor", "movement_minor", "entries",
        "known_before", "follows", "file", "digest", "actor", "recorded_at",
    ),
    "entry": (
        "institution_id", "entry_number", "statement_number", "line", "part", "payments",
        "booked_on", "valid_on", "amount_minor", "is_reversal", "bank_reference", "end_to_end",
        "mandate", "creditor_reference", "remittance", "name", "account", "code", "key", "content",
        "recorded_at",
    ),
    "act": (
        "institution_id", "act_number", "entry_number", "kind", "amount_minor", "suspense_minor",
        "loan_number", "event_number", "ledger", "mirrors", "rule", "reason", "evidence",
        "valid_on", "actor", "recorded_at",
    ),
    "mark": ("institution_id", "kind", "value", "loan_number", "actor", "recorded_at"),
    "receipt": (
        "institution_id", "receipt", "loan_number", "event_number", "amount_minor", "received_on",
        "outlet", "channel", "actor", "recorded_at",
    ),
    "promise": (
        "institution_id", "promise_number", "loan_number", "made_on", "promised_on",
        "amount_minor", "note", "actor", "recorded_at",
    ),
    "payee": (
        "institution_id", "loan_number", "kind", "version", "name", "account", "bic", "actor",
        "recorded_at",
    ),
    "payout_file": (
        "institution_id", "file_number", "account", "bic", "name", "channel", "currency",
        "execute_on", "payouts", "sum_minor", "actor", "recorded_at",
    ),
    "payout": (
        "institution_id", "file_number", "line", "kind", "amount_minor", "loan_number",
        "event_number", "returns", "attempt", "end_to_end", "name", "account", "bic", "remittance",
        "recorded_at",
    ),
    "payout_refusal": (
        "institution_id", "file_number", "line", "code", "reason", "actor", "recorded_at",
    ),
}  # fmt: skip


@attrs.frozen
class Clerk:
    """Who does something, on which business date, and why.

    The date counts where lending has none of its own yet.
    """

    actor: str
    today: date
    reason: str = ""

    def business_date(self, books: Books) -> date:
        """Return the business date."""
        return business_date(books, self.today)


@attrs.frozen(kw_only=True)
class Act:
    """Something that was done with an entry; the schema says what each column means."""

    entry_number: int
    kind: str
    amount_minor: int
    suspense_minor: int = 0
    loan_number: int | None = None
    event_number: int | None = None
    ledger: str | None = None
    mirrors: int | None = None
    rule: str = ""
    reason: str = ""
    evidence: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    valid_on: date
    actor: str
    act_number: int = 0
    recorded_at: datetime | None = None


@attrs.frozen
class Shift:
    """Money that an act moves between two accounts of the chart: positive, by their codes."""

    act_number: int
    kind: str
    debit: str
    credit: str
    amount_minor: int
    on: date


@attrs.define
class Desk:
    """The counters, locked for this transaction, and the rows that are to be added."""

    books: Books
    connection: psycopg.Connection
    counters: dict[str, int]
    now: datetime
    rows: dict[str, list[tuple[Any, ...]]] = attrs.field(factory=dict[str, "list[tuple[Any, ...]]"])
    shifts: list[Shift] = attrs.field(factory=list[Shift])

    @classmethod
    def take(cls, books: Books, connection: psycopg.Connection) -> Desk:
        """Lock the counters; whoever else wants them waits."""
        row = lock_head(
            connection,
            QUERIES["take_desk"].text,
            lambda: connection.execute(QUERIES["open_desk"].text),
        )
        names = ("statements", "entries", "acts", "receipts", "promises")
        return cls(books, connection, dict(zip(names, row, strict=True)), datetime.now(UTC))  # noqa: TID251 - when it was recorded

    def next(self, counter: str) -> int:
        """Return the next number of a counter."""
        self.counters[counter] += 1
        return self.counters[counter]

    def add(self, table: str, *values: object) -> None:
        """Add a row: its columns but the institution and the instant."""
        own = self.books.institution.institution_id
        self.rows.setdefault(table, []).append((own, *values, self.now))

    def act(self, act: Act) -> int:
        """Add an act and return its number: its own, if it was given one before."""
        number = act.act_number or self.next("acts")
        evidence = json.dumps(dict(act.evidence), ensure_ascii=False, sort_keys=True)
        self.add(
            "act", number, act.entry_number, act.kind, act.amount_minor, act.suspense_minor,
            act.loan_number, act.event_number, act.ledger, act.mirrors, act.rule, act.reason,
            evidence, act.valid_on, act.actor,
        )  # fmt: skip
        return number

    def shift(
        self, act_number: int, kind: str, sides: tuple[str, str], amount: int, on: date
    ) -> None:
        """Move money for an act: from the second side to the first, the other way if negative."""
        ensure(kind in SHIFTS, f"no shift is called {kind}")
        debit, credit = sides if amount > 0 else (sides[1], sides[0])
        self.shifts.append(Shift(act_number, kind, debit, credit, abs(amount), on))

    def write(self) -> None:
        """Post what is to be moved, add the rows and keep the counters.

        Raises:
            KarezError: why the money book refuses: an account that is closed or not there.
        """
        self._post()
        row = self.connection.execute(QUERIES["role"].text).fetchone()
        own = row[0] if row else ""
        self.connection.execute(QUERIES["become"].text, {"role": Role.POSTER})
        for table, columns in _COLUMNS.items():
            added = self.rows.pop(table, [])
            if added:
                statement = f"COPY payments.{table} ({', '.join(columns)}) FROM STDIN"
                with self.connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                    for values in added:
                        copy.write_row(values)
        self.connection.execute(QUERIES["become"].text, {"role": own})
        self.connection.execute(QUERIES["move_desk"].text, self.counters)

    def _post(self) -> None:
        shifts, self.shifts = self.shifts, []
        if not shifts:
            return
        codes = {code for shift in shifts for code in (shift.debit, shift.credit)}
        numbers = find_numbers(self.connection, codes)
        for code in sorted(codes - numbers.keys()):
            raise AccountUnknownError(account=code)
        first_open = first_open_day(self.connection)
        entries = [
            Entry(
                max(shift.on, first_open),
                [Transfer(numbers[shift.debit], numbers[shift.credit], shift.amount_minor)],
                kind=f"payment-{shift.kind}",
                reference={"payment-act": str(shift.act_number)},
            )
            for shift in shifts
        ]
        outcomes = self.books.money.post(self.connection, Batch.of(entries))
        for refused in outcomes.refused:
            raise outcomes.error(refused)


def first_open_day(connection: psycopg.Connection) -> date:
    """Return the first day on which the money book still takes entries."""
    changes = list_period_changes(connection)
    closed = changes[-1].closed_through if changes else None
    return date.min if closed is None else closed + timedelta(days=1)


def read_acts(connection: psycopg.Connection, entries: Sequence[int]) -> dict[int, list[Act]]:
    """Return all that was done with these entries, in order."""
    found: dict[int, list[Act]] = {entry: [] for entry in entries}
    names = (
        "act_number", "entry_number", "kind", "amount_minor", "suspense_minor", "loan_number",
        "event_number", "ledger", "mirrors", "rule", "reason", "evidence", "valid_on", "actor",
        "recorded_at",
    )  # fmt: skip
    for row in connection.execute(QUERIES["acts"].text, {"entries": list(entries)}):
        values = dict(zip(names, row, strict=True))
        values["evidence"] = json.loads(values["evidence"])
        found[values["entry_number"]].append(Act(**values))
    return found
