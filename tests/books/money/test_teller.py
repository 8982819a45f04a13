"""Group commit: each caller gets the answer to its own entry, whatever it was posted with."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import attrs
import psycopg
import pytest

from karez.books.money import Entry, MoneyBook, Teller, Transfer
from karez.books.money.account import Opening, open_accounts, sums_now
from karez.books.money.errors import EntryConflictError, EntryMalformedError, LimitExceededError
from karez.books.money.verify import verify
from karez.kernel.database import Database, Institution, transaction

DAY = date(2026, 1, 5)
CASH, DEPOSIT = 1, 2


@pytest.fixture
def teller(database: Database, connection: psycopg.Connection, institution: Institution):
    with transaction(connection, institution.institution_id):
        open_accounts(
            connection,
            [
                Opening("cash", "asset", "EUR"),
                Opening("deposit", "liability", "EUR", floor_minor=0),
            ],
        )
    with Teller(database.connect, institution.institution_id) as teller:
        yield teller


def deposit(amount_minor: int) -> Entry:
    return Entry(DAY, [Transfer(CASH, DEPOSIT, amount_minor)])


def withdrawal(amount_minor: int) -> Entry:
    return Entry(DAY, [Transfer(DEPOSIT, CASH, amount_minor)])


def test_teller__many_threads_never_pass_a_limit(
    teller: Teller, connection: psycopg.Connection, institution: Institution
):
    teller.post(deposit(100))

    def withdraw(_: int) -> bool:
        try:
            teller.post(withdrawal(1))
        except LimitExceededError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        granted = sum(pool.map(withdraw, range(300)))
    assert granted == 100
    with transaction(connection, institution.institution_id):
        assert sums_now(connection, DEPOSIT) == (100, 100, 0, 0)
        assert verify(connection).findings == []


def test_teller__posts_together_what_waits_together(
    teller: Teller, connection: psycopg.Connection, institution: Institution
):
    # While we hold the pen the teller can only take in; then it posts all in a batch or two.
    with transaction(connection, institution.institution_id):
        MoneyBook().post_entry(connection, deposit(1))
        futures = [teller.submit(deposit(1)) for _ in range(50)]
    assert all(not future.result(10).replayed for future in futures)
    with transaction(connection, institution.institution_id):
        batches = connection.execute("SELECT count(*) FROM money.batch").fetchone()
    assert batches is not None
    assert batches[0] <= 4


def test_teller__same_entry_at_once_is_posted_once(teller: Teller):
    entry = deposit(5)
    start = threading.Barrier(8)

    def send(_: int) -> bool:
        start.wait()
        return teller.post(entry).replayed

    with ThreadPoolExecutor(8) as pool:
        replayed = sorted(pool.map(send, range(8)))
    assert replayed == [False] + [True] * 7


def test_teller__same_id_with_other_content_is_a_conflict(teller: Teller):
    entry = deposit(5)
    first, second = teller.submit(entry), teller.submit(attrs.evolve(entry, memo="other"))
    assert not first.result().replayed
    with pytest.raises(EntryConflictError, match="memo or reference"):
        second.result()


def test_teller__a_malformed_entry_harms_nobody_else(teller: Teller):
    waiting = teller.submit(deposit(5))
    with pytest.raises(EntryMalformedError, match="no transfer"):
        teller.submit(Entry(DAY, []))
    assert waiting.result().amounts_minor == (5,)


def test_teller__goes_on_after_its_connection_is_lost(
    teller: Teller, database: Database, connection: psycopg.Connection, institution: Institution
):
    teller.post(deposit(5))
    with database.connect(None) as login:
        login.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
            (connection.info.backend_pid,),
        )
    assert not teller.post(deposit(7)).replayed
    with transaction(connection, institution.institution_id):
        assert sums_now(connection, CASH) == (12, 0, 0, 0)


def test_teller__posts_what_waits_before_it_closes(
    database: Database, connection: psycopg.Connection, institution: Institution
):
    with transaction(connection, institution.institution_id):
        open_accounts(
            connection, [Opening("cash", "asset", "EUR"), Opening("deposit", "liability", "EUR")]
        )
    with Teller(database.connect, institution.institution_id) as teller:
        futures = [teller.submit(deposit(1)) for _ in range(20)]
    assert all(future.done() and future.exception() is None for future in futures)
