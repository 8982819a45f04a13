"""Seals: lines sorted by account and day with running sums, the same as made by hand."""

from datetime import date, datetime

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.books.money import Batch, Entry, MoneyBook, Transfer, read, seal
from karez.books.money.account import Opening, open_accounts
from karez.books.money.wire import TRANSFER
from karez.kernel.database import Database, Institution, transaction

FEW = st.integers(1, 4)
ROW = st.tuples(FEW, FEW, FEW, st.integers(0, 3), st.integers(-2, 2), st.integers(0, 2))


@given(st.lists(ROW, max_size=40))
def test_lines__are_those_made_one_by_one(asked: list[tuple[int, ...]]) -> None:
    rows = np.zeros(len(asked), dtype=TRANSFER)
    for place, (debit, credit, day, amount, hold, instant) in enumerate(asked):
        rows[place]["debit_account"], rows[place]["credit_account"] = debit, debit % 4 + credit
        rows[place]["valid_on"], rows[place]["recorded_at"] = day, instant
        rows[place]["amount_minor"], rows[place]["hold_minor"] = amount, hold
        rows[place]["position"] = place
        rows[place]["entry_id"] = bytes([place]) * 16
    sides = [
        (account, row["valid_on"], row["recorded_at"], row["position"], is_debit, other, row)
        for row in rows
        for account, other, is_debit in (
            (row["debit_account"], row["credit_account"], True),
            (row["credit_account"], row["debit_account"], False),
        )
        if row["debit_account"] != row["credit_account"]
    ]
    sides.sort(key=lambda side: side[:4])
    lines = seal.lines_of(rows[rows["debit_account"] != rows["credit_account"]], 9)
    sums: dict[int, list[int]] = {}
    for line, (account, day, instant, position, is_debit, other, row) in zip(
        lines, sides, strict=True
    ):
        running = sums.setdefault(account, [0, 0, 0, 0])
        running[0 if is_debit else 1] += int(row["amount_minor"])
        running[2 if is_debit else 3] += int(row["hold_minor"])
        assert (line["account_number"], line["valid_on"], line["recorded_at"]) == (
            account, day, instant,
        )  # fmt: skip
        assert (line["position"], line["is_debit"], line["counter_account"]) == (
            position, is_debit, other,
        )  # fmt: skip
        assert line["entry_id"].tobytes() == row["entry_id"].tobytes()
        assert line["seal_number"] == 9
        assert running == [
            line["debits_posted_minor"],
            line["credits_posted_minor"],
            line["debits_pending_minor"],
            line["credits_pending_minor"],
        ]


def test_statement__counts_a_seal_made_between_two_of_its_queries_once(
    database: Database,
    connection: psycopg.Connection,
    institution: Institution,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seal, "SEAL_AFTER", 5)
    number, day = institution.institution_id, date(2026, 1, 5)
    with transaction(connection, number):
        open_accounts(connection, [Opening("a", "asset", "EUR"), Opening("b", "asset", "EUR")])
        MoneyBook().post(connection, Batch.of([Entry(day, [Transfer(1, 2, 1)]) for _ in range(7)]))

    def boundary_then_seal(connection: psycopg.Connection, known_at: object) -> datetime:
        boundary = known_boundary(connection, None)
        with database.connect() as other, transaction(other, number):
            assert seal.seal_next(other) == 7
        return boundary

    known_boundary = read.known_boundary
    monkeypatch.setattr(read, "known_boundary", boundary_then_seal)
    with transaction(connection, number):
        statement = read.statement(connection, "a", day, day)
        assert (len(statement.lines), statement.closing_minor) == (7, 7)
    monkeypatch.setattr(read, "known_boundary", known_boundary)
    with transaction(connection, number):
        assert seal.unsealed_count(connection) == 0
        assert read.balance(connection, "a", day).balance_minor == 7
        assert len(read.statement(connection, "a", day, day).lines) == 7
