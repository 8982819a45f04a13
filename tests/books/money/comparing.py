"""Every way of reading a book, compared with the model: any day, as known at any instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import attrs

from books.money.making import DAYS
from books.money.model import Model
from karez.books.money import read
from karez.books.money.transfer import Entry, Phase
from karez.books.money.wire import instant_of, micros_2000

if TYPE_CHECKING:
    import psycopg


def compare_reading(
    connection: psycopg.Connection, model: Model, instants: Sequence[int], random: Random
) -> None:
    """Balances, statements and the trial balance of any day, as known at any instant."""
    day = random.choice(DAYS) + timedelta(days=random.choice((-1, 0, 0, 0, 5)))
    known = random.choice(instants) if instants and random.random() < 0.8 else None
    known_at = None if known is None else instant_of(known + random.choice((-1, 0, 0, 1)))
    seen = None if known_at is None else micros_2000(known_at)
    number, mine = random.choice(list(model.accounts.items()))
    balance = read.balance(connection, mine.code, day, known_at=known_at)
    assert attrs.astuple(balance.sums) == model.sums(number, day, seen)
    first = random.choice(DAYS)
    _compare_statement(
        model, number, read.statement(connection, mine.code, first, day, known_at=known_at), seen
    )
    trial = read.trial_balance(connection, day, known_at=known_at)
    for opened, sums in trial.rows:
        assert attrs.astuple(sums) == model.sums(opened.number, day, seen)
    for totals in trial.totals().values():
        assert totals.debits_posted_minor == totals.credits_posted_minor
        assert totals.debits_pending_minor == totals.credits_pending_minor
    if model.entries:
        _compare_entry(connection, model, random.choice(list(model.entries.values())))


def _compare_statement(model: Model, number: int, got: read.Statement, seen: int | None) -> None:
    sign = 1 if model.accounts[number].side == "debit" else -1
    eve = got.first_day - timedelta(days=1)
    debits, credits_, _, _ = model.sums(number, eve, seen)
    running = sign * (debits - credits_)
    assert got.opening_minor == running
    moves = [
        m
        for m in model.known(got.last_day, seen)
        if m.valid_on >= got.first_day and number in (m.debit, m.credit)
    ]
    moves.sort(key=lambda m: m.valid_on)
    assert len(got.lines) == len(moves)
    for line, move in zip(got.lines, moves, strict=True):
        on_debit = move.debit == number
        running += sign * (move.amount if on_debit else -move.amount)
        entry = model.entries[move.entry_id]
        other = model.accounts[move.credit if on_debit else move.debit]
        assert line == read.StatementLine(
            valid_on=move.valid_on,
            recorded_at=instant_of(move.recorded_at),
            entry_id=move.entry_id,
            line=move.line,
            kind=entry.kind,
            phase=move.phase,
            counter_account=other.code,
            debit_minor=move.amount if on_debit else 0,
            credit_minor=0 if on_debit else move.amount,
            hold_minor=move.hold,
            balance_minor=running,
            memo=entry.memo,
            reference=entry.reference,
        )
    assert got.closing_minor == running


def _compare_entry(connection: psycopg.Connection, model: Model, entry: Entry) -> None:
    got = read.find_entry(connection, entry.entry_id)
    assert (got.kind, got.valid_on, got.memo, got.reference) == (
        entry.kind, entry.valid_on, entry.memo, entry.reference,
    )  # fmt: skip
    for line, transfer in zip(got.lines, entry.transfers, strict=True):
        move = model.moves[entry.entry_id, line.line]
        assert (line.debit, line.credit, line.amount_minor, line.hold_minor, line.phase) == (
            move.debit, move.credit, move.amount, move.hold, move.phase,
        )  # fmt: skip
        assert line.expires_at == transfer.expires_at
        target = transfer.target
        assert line.target == ((target.entry_id, target.line) if target else None)
        assert Phase(line.phase) is transfer.phase
