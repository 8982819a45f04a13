"""Every reading against the model's replay, on data that is skewed on purpose.

The long form: ``scripts/hard_tests.py --pairs 10000``.
"""

import os
from datetime import UTC, date, datetime
from itertools import count
from random import Random
from uuid import UUID

import psycopg
import pytest

from books.money.comparing import compare_reading
from books.money.making import DAYS, Maker
from books.money.model import Account, Model
from karez.books.money import MoneyBook, account, period, read, seal
from karez.books.money.errors import EntryUnknownError, PeriodClosedError
from karez.books.money.transfer import Batch, Entry, Transfer, join
from karez.books.money.verify import verify
from karez.books.money.wire import micros_2000
from karez.kernel.database import Database, Institution, Role, transaction

PAIRS = int(os.environ.get("PAIRS", "300"))
BATCHES = 150


@pytest.fixture
def written(
    connection: psycopg.Connection, institution: Institution, monkeypatch: pytest.MonkeyPatch
) -> tuple[Model, list[int]]:
    """A book of a few hundred transfers, three quarters of them sealed, and its model."""
    monkeypatch.setattr(seal, "SEAL_AFTER", 40)
    number, random, book = institution.institution_id, Random(3), MoneyBook()
    model, instants = Model(), list[int]()
    ids = (UUID(int=n) for n in count(1))
    with transaction(connection, number):
        openings = [account.Opening(f"a{n}", "asset", "EUR") for n in range(1, 6)]
        account.open_accounts(connection, openings)
    model.accounts = {n: Account(f"a{n}", "debit", "EUR") for n in range(1, 6)}
    for step in range(BATCHES):
        groups = Maker(random, model, datetime(2026, 1, 5, tzinfo=UTC), ids).groups(6)
        with transaction(connection, number):
            outcomes = book.post(connection, join([Batch.of(g, linked=True) for g in groups]))
        stands = outcomes.recorded_at[outcomes.answer == 0]
        if len(stands):
            instants.append(int(stands[0]))
            answers, _ = model.post(groups, instants[-1])
            assert outcomes.answer.tolist() == answers
        if step < BATCHES * 3 // 4:
            with transaction(connection, number):
                seal.seal_next(connection)
    return model, instants


@pytest.mark.parametrize("role", [Role.APPLICATION, Role.READER])
def test_reading__of_any_day_as_known_at_any_instant(
    role: Role, database: Database, institution: Institution, written: tuple[Model, list[int]]
) -> None:
    model, instants = written
    with database.connect(role) as connection:
        for step in range(PAIRS):
            with transaction(connection, institution.institution_id):
                compare_reading(connection, model, instants, Random(step))


def test_reading__with_the_instant_it_names_is_the_same_for_ever(
    connection: psycopg.Connection, institution: Institution, written: tuple[Model, list[int]]
) -> None:
    number = institution.institution_id
    with transaction(connection, number):
        before = read.balance(connection, "a1", DAYS[-1])
        trial = read.trial_balance(connection, DAYS[-1])
    with transaction(connection, number):
        backdated = Entry(date(1999, 1, 1), [Transfer(1, 2, 1_000)])
        MoneyBook().post_entry(connection, backdated)
    with transaction(connection, number):
        now = read.balance(connection, "a1", DAYS[-1])
        assert read.balance(connection, "a1", DAYS[-1], known_at=before.known_at) == before
        assert read.trial_balance(connection, DAYS[-1], known_at=trial.known_at) == trial
        assert now.balance_minor == before.balance_minor + 1_000
        assert read.balance(connection, "a1", date(1999, 1, 1)).balance_minor == 1_000
        assert read.balance(connection, "a1", date(1998, 12, 31)).balance_minor == 0
        assert verify(connection).findings == []


def test_reading__a_backdated_entry_into_a_closed_period_is_refused(
    connection: psycopg.Connection, institution: Institution, written: tuple[Model, list[int]]
) -> None:
    number = institution.institution_id
    with transaction(connection, number):
        period.close_period(connection, DAYS[0], actor="ann")
    with pytest.raises(PeriodClosedError), transaction(connection, number):
        MoneyBook().post_entry(connection, Entry(DAYS[0], [Transfer(1, 2, 1)]))


def test_reading__at_the_ends_of_time(
    connection: psycopg.Connection, institution: Institution, written: tuple[Model, list[int]]
) -> None:
    model, _ = written
    debits, credits_, _, _ = model.sums(1)
    ends = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    with transaction(connection, institution.institution_id):
        whole = read.statement(connection, "a1", date.min, date.max, known_at=ends[1])
        assert (whole.opening_minor, whole.closing_minor) == (0, debits - credits_)
        assert read.balance(connection, "a1", date.max, known_at=ends[0]).balance_minor == 0
        assert read.balance(connection, "a1", date.min).balance_minor == 0
        assert read.statement(connection, "a1", date.max, date.min).lines == ()
        assert micros_2000(read.balance(connection, "a1", date.min).known_at) > 0
        with pytest.raises(EntryUnknownError):
            read.find_entry(connection, UUID(int=1 << 100))
