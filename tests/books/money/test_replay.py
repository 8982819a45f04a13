"""The same log makes the same book, and a backup taken under load is a book at one commit."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from books.money.making import DAYS
from karez.books.money import Batch, Entry, MoneyBook, Phase, Target, Transfer, account, period
from karez.books.money.verify import verify
from karez.kernel.database import Database, Institution, Role, open_institution, transaction
from karez.kernel.database.backup import back_up, restore
from kernel.database.tools import at

# What the clock and the name of the institution make, and what follows from those.
OF_THE_CLOCK = {"recorded_at", "checksum", "digest", "institution_id"}
TABLES = ("batch", "kind", "account", "period", "note", "transfer")


def write(connection: psycopg.Connection, number: int, book: MoneyBook, step: int) -> None:
    """The batch of this step of the log."""
    random = Random(step)
    entries = [
        Entry(
            random.choice(DAYS),
            [Transfer(*random.sample((1, 2, 3), 2), random.randint(1, 9), random.choice(PHASES))],
            kind=random.choice("abc"),
            memo=random.choice(("", "rent")),
            entry_id=UUID(int=step * 10 + place + 1),
        )
        for place in range(5)
    ]
    target = Target(UUID(int=max(step - 3, 0) * 10 + 1))
    phase = random.choice((Phase.POSTED, Phase.VOID, Phase.POST))
    ending = Entry(
        DAYS[0], [Transfer(phase=phase, target=target)], entry_id=UUID(int=step * 10 + 9)
    )
    with transaction(connection, number):
        book.post(connection, Batch.of([*entries, ending]))


PHASES = (Phase.POSTED, Phase.POSTED, Phase.PENDING)


def begin(connection: psycopg.Connection, number: int) -> None:
    openings = [
        account.Opening(f"a{n}", "liability", "EUR", floor_minor=-200, account_id=UUID(int=n))
        for n in (1, 2, 3)
    ]
    with transaction(connection, number):
        account.open_accounts(connection, openings)


def rows(connection: psycopg.Connection, number: int, table: str) -> list[tuple[object, ...]]:
    """All rows of a table in the order of the log, without what the clock makes."""
    with transaction(connection, number):
        whole = connection.execute(
            sql.SQL("SELECT * FROM money.{} ORDER BY recorded_at{}").format(
                sql.Identifier(table), sql.SQL("" if table == "batch" else ", position")
            )
        )
        kept = [
            place
            for place, column in enumerate(whole.description or ())
            if column.name not in OF_THE_CLOCK
        ]
        return [tuple(row[place] for place in kept) for row in whole]


def test_log__replayed_makes_the_same_rows(
    database: Database, connection: psycopg.Connection, institution: Institution
) -> None:
    with database.connect(Role.OWNER) as owner:
        numbers = institution.institution_id, open_institution(owner, "two", "Two").institution_id
    for number in numbers:
        begin(connection, number)
        book = MoneyBook()
        for step in range(40):
            if number == numbers[1] and step % 7 == 0:
                book = MoneyBook()  # as another process would, which remembers nothing
            write(connection, number, book, step)
            if step % 10 == 3:
                write(connection, number, book, step - 1)  # sent again: changes nothing
        with transaction(connection, number):
            period.close_period(connection, date(2025, 1, 1), actor="ann")
            assert verify(connection).findings == []
    for table in TABLES:
        first, second = (rows(connection, number, table) for number in numbers)
        assert first == second, f"{table} differs"
    assert len(first) > 100


@pytest.fixture
def empty(login: psycopg.Connection, database: Database) -> Iterator[Database]:
    name = sql.Identifier(f"{conninfo_to_dict(database.conninfo)['dbname']}_restored")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    login.execute(create.format(name))
    yield Database(make_conninfo(database.conninfo, dbname=name.as_string().strip('"')))
    login.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_backup__under_load_is_the_book_at_one_commit(
    database: Database,
    empty: Database,
    connection: psycopg.Connection,
    institution: Institution,
    tmp_path: Path,
) -> None:
    number, done = institution.institution_id, threading.Event()
    begin(connection, number)
    steps = 0

    def load() -> None:
        nonlocal steps
        book = MoneyBook()
        while not done.is_set():
            write(connection, number, book, steps)
            steps += 1

    writer = threading.Thread(target=load)
    writer.start()
    try:
        while steps < 20:
            done.wait(0.01)
        before = steps
        back_up(at(database.conninfo), tmp_path / "backup")
        after = steps
    finally:
        done.set()
        writer.join()
    assert after > before, "posting went on while the backup was taken"
    restore(at(empty.conninfo), tmp_path / "backup")
    query = "SELECT number, digest FROM money.batch ORDER BY number"
    with transaction(connection, number):
        chain = connection.execute(query).fetchall()
    with empty.connect() as restored, transaction(restored, number):
        copied = restored.execute(query).fetchall()
        head = restored.execute("SELECT number, digest FROM money.book").fetchone()
        assert verify(restored).findings == []
    assert head == copied[-1]
    assert copied == chain[: len(copied)]
    assert before <= len(copied) <= after + 2
