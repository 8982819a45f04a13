"""What the movements of a loan post to the money book: each an entry of one transfer.

The kind of an entry is that of its movement, its value date the movement's day, or the first day
that is open if accounting has closed that one. Its reference names the loan and the event that was
recorded; ``of`` names another event whose movement it corrects, ``day`` a day that is closed. Its
id follows from the loan, the event and its place, so the same event never posts twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import attrs
import numpy as np

from karez.books.money.account import find_numbers
from karez.books.money.errors import AccountUnknownError
from karez.books.money.period import list_period_changes
from karez.books.money.transfer import ASKED, Batch, Phase
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.movements import Movement, MovementKind
from karez.services.bookkeeping import canonical_json, ordered_ids
from karez.services.lending.chart import open_loan_accounts
from karez.services.lending.loan import Loan
from karez.services.products import LedgerMapping, Role

if TYPE_CHECKING:
    import psycopg

KIND_NUMBERS: Mapping[MovementKind, int] = {kind: at for at, kind in enumerate(MovementKind)}
"""The numbers of kinds in the ids of entries."""

_ROLES = frozenset(Role)
_KINDS = tuple(str(kind) for kind in MovementKind)


@attrs.frozen
class Posting:
    """The movements that one recorded event of a loan brings about."""

    loan: Loan
    mapping: LedgerMapping
    event: int
    movements: Sequence[Movement]
    channels: Mapping[int, str | None]  # of the events of the loan
    first: int = 0  # the place of the first movement in the ids


@attrs.define
class Ledger:
    """The accounts that postings go to, found once for a call."""

    connection: psycopg.Connection
    on: date
    first_open: date
    codes: dict[str, int] = attrs.field(factory=dict[str, int])
    own: dict[tuple[int, Role], int] = attrs.field(factory=dict[tuple[int, Role], int])

    @classmethod
    def of(cls, connection: psycopg.Connection, on: date) -> Ledger:
        """Return the ledger as it is open now."""
        changes = list_period_changes(connection)
        closed = changes[-1].closed_through if changes else None
        return cls(connection, on, date.min if closed is None else closed + timedelta(days=1))

    def know(self, codes: Collection[str]) -> None:
        """Look up these accounts of the chart."""
        asked = set(codes) - self.codes.keys()
        if asked:
            self.codes |= find_numbers(self.connection, asked)

    def number(self, code: str) -> int:
        """Return the number of an account of the chart.

        Raises:
            AccountUnknownError: there is none with this code.
        """
        self.know([code])
        if code not in self.codes:
            raise AccountUnknownError(account=code)
        return self.codes[code]

    def open_own(self, postings: Iterable[Posting]) -> None:
        """Open the accounts of fees and of credit that loans need and lack."""
        needed: dict[Role, dict[int, tuple[Loan, LedgerMapping]]] = {}
        for posting in postings:
            roles = {
                side
                for kind in {move.kind for move in posting.movements}
                for side in posting.mapping.sides(kind)
                if side in _ROLES
            }
            for role in roles - {Role.CHANNEL}:
                found = posting.loan.account(Role(role))
                if found is not None:
                    self.own[posting.loan.loan_number, Role(role)] = found
                else:
                    wanted = needed.setdefault(Role(role), {})
                    wanted[posting.loan.loan_number] = (posting.loan, posting.mapping)
        for role, wanted in needed.items():
            for number, account in open_loan_accounts(self.connection, wanted, role).items():
                self.own[number, role] = account

    def batch(self, postings: Sequence[Posting]) -> tuple[Batch, list[int]]:
        """Return all postings as one batch that stands or falls, and whose each row is.

        Raises:
            AccountUnknownError: the mapping or a channel names an account that is not there.
        """
        self.open_own(postings)
        records: list[tuple[int, int, int, int, int]] = []
        places: list[tuple[int, int, int]] = []
        owners: list[int] = []
        notes: dict[int, tuple[str, str]] = {}
        for owner, posting in enumerate(postings):
            loan = posting.loan.loan_number
            known: dict[tuple[object, ...], tuple[int, int, int]] = {}
            said: dict[tuple[int, date | None], tuple[str, str]] = {}
            for ordinal, move in enumerate(posting.movements, posting.first):
                # Hundreds of days may be corrected at once: they differ in day and amount alone.
                day = move.on if move.on < self.first_open else None
                if (move.event, day) not in said:
                    said[move.event, day] = "", self._reference(posting, move.event, day)
                notes[len(records)] = said[move.event, day]
                like = move.kind, move.event, move.amount_minor < 0
                if like not in known:
                    known[like] = *self._sides(posting, move), KIND_NUMBERS[move.kind]
                debit, credit, kind = known[like]
                valid_on = move.on if day is None else self.first_open
                amount = abs(move.amount_minor)
                records.append((debit, credit, amount, day_number(valid_on), kind))
                places.append((loan, posting.event, ordinal))
                owners.append(owner)
        rows = np.zeros(len(records), dtype=ASKED)
        if records:
            columns = np.array(records, np.int64).T
            for name, column in zip(
                ("debit_account", "credit_account", "amount_minor", "valid_on", "kind"), columns,
                strict=True,
            ):  # fmt: skip
                rows[name] = column
            loans, events, ordinals = np.array(places, np.int64).T
            rows["entry_id"] = ordered_ids(
                day=day_number(self.on), subject=loans, kind=columns[4], event=events,
                ordinal=ordinals,
            )  # fmt: skip
        rows["phase"] = Phase.POSTED
        rows["target_line"] = -1
        return Batch(rows, _KINDS, notes), owners

    def _sides(self, posting: Posting, move: Movement) -> tuple[int, int]:
        debit, credit = posting.mapping.sides(move.kind)
        if move.amount_minor < 0:
            debit, credit = credit, debit
        return self._account(posting, move, debit), self._account(posting, move, credit)

    def _account(self, posting: Posting, move: Movement, side: str) -> int:
        if side == Role.CHANNEL:
            channel = posting.channels.get(move.event)
            return self.number(channel or posting.mapping.settlement)
        if side in _ROLES:
            return self.own[posting.loan.loan_number, Role(side)]
        return self.number(side)

    def _reference(self, posting: Posting, event: int, closed_day: date | None) -> str:
        words = {"loan": str(posting.loan.loan_number), "event": str(posting.event)}
        if event not in {0, posting.event}:
            words["of"] = str(event)
        if closed_day is not None:
            words["day"] = str(closed_day)
        return canonical_json(words)
