"""Many at once on the same accounts: never past a limit, nothing lost, every reading consistent.

The long form: ``scripts/hard_tests.py --writes 5000 --answers 4000 --pauses 100``.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from random import Random

import psycopg
import pytest

from books.money.dropping import DroppingProxy
from karez.books.money import Balancing, Batch, Entry, MoneyBook, Phase, Target, Transfer
from karez.books.money import read as reading
from karez.books.money import seal as seals
from karez.books.money.account import Opening, change_account, open_accounts, sums_now
from karez.books.money.verify import verify
from karez.kernel.database import Database, Institution, Role, transaction
from karez.kernel.database.errors import CommitUnknownError
from karez.kernel.errors import UnavailableError

DAY = date(2026, 1, 5)
WRITES = int(os.environ.get("WRITES", "60"))  # batches of each writer
ANSWERS = int(os.environ.get("ANSWERS", "40"))  # every fourth is lost
PAUSES = int(os.environ.get("PAUSES", "3"))
CASH, DEPOSITS = 1, range(2, 8)
FUNDS = 100


@pytest.fixture
def number(connection: psycopg.Connection, institution: Institution) -> int:
    """The institution of a bank: cash, and six deposits of 100 that cannot be overdrawn."""
    deposits = [Opening(f"d{n}", "liability", "EUR", floor_minor=0) for n in DEPOSITS]
    with transaction(connection, institution.institution_id):
        open_accounts(connection, [Opening("cash", "asset", "EUR"), *deposits])
        paid_in = [Entry(DAY, [Transfer(CASH, n, FUNDS)]) for n in DEPOSITS]
        assert MoneyBook().post(connection, Batch.of(paid_in)).posted == len(DEPOSITS)
    return institution.institution_id


def move(random: Random, held: list[Entry]) -> Entry:
    """Something that leaves the deposits together as they were."""
    if held and random.random() < 0.5:
        phase = random.choice((Phase.POST, Phase.VOID))
        return Entry(DAY, [Transfer(phase=phase, target=Target(held.pop().entry_id))])
    # One account is hot: every other transfer touches it.
    one, other = random.sample(DEPOSITS, 2) if random.random() < 0.5 else (2, random.choice((3, 7)))
    phase = random.choice((Phase.POSTED, Phase.POSTED, Phase.PENDING))
    balancing = random.choice((Balancing.NONE, Balancing.NONE, Balancing.DEBIT))
    amount = random.choice((1, 5, 60, 150))
    sides = random.choice(((one, other), (other, one)))
    return Entry(DAY, [Transfer(*sides, amount, phase=phase, balancing=balancing)])


def write(database: Database, number: int, seed: int, batches: int) -> int:
    """One of the writers, with a memory of the book of its own as a process has it."""
    book, random, held, posted = MoneyBook(), Random(seed), list[Entry](), 0
    with database.connect() as connection:
        for _ in range(batches):
            entries = [move(random, held) for _ in range(random.randint(1, 4))]
            with transaction(connection, number):
                outcomes = book.post(connection, Batch.of(entries))
            stand = set(range(len(entries))) - set(outcomes.refused)
            held += [entries[n] for n in stand if entries[n].transfers[0].phase is Phase.PENDING]
            posted += len(stand)
    return posted


def check_totals(connection: psycopg.Connection, number: int) -> None:
    with transaction(connection, number):
        rows = {a.number: sums for a, sums in reading.trial_balance(connection, DAY).rows}
    balances = [rows[n].balance_minor("credit") for n in DEPOSITS]
    assert sum(balances) == FUNDS * len(DEPOSITS)
    assert all(rows[n].balance_minor("credit") >= rows[n].debits_pending_minor for n in DEPOSITS)
    assert rows[CASH].balance_minor("debit") == FUNDS * len(DEPOSITS)


def check_one_account(connection: psycopg.Connection, number: int) -> None:
    with transaction(connection, number):
        statement = reading.statement(connection, "d2", DAY, DAY)
        balance = reading.balance(connection, "d2", DAY, known_at=statement.known_at)
    assert statement.closing_minor == balance.balance_minor >= 0
    assert all(line.balance_minor >= 0 for line in statement.lines)


def seal_and_change(connection: psycopg.Connection, number: int) -> None:
    with transaction(connection, number):
        seals.seal_next(connection)
    with transaction(connection, number):
        change_account(connection, "d7", {"name": str(time.monotonic())})


def check_book(connection: psycopg.Connection, number: int) -> None:
    with transaction(connection, number):
        assert verify(connection).findings == []


def test_bank__every_reading_sums_to_the_same_while_writers_write(
    database: Database,
    connection: psycopg.Connection,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seals, "SEAL_AFTER", 25)
    done = threading.Event()

    def repeat(role: Role, work: Callable[[psycopg.Connection, int], None]) -> int:
        times = 0
        with database.connect(role) as connection:
            while not done.is_set():
                work(connection, number)
                times += 1
        return times

    with ThreadPoolExecutor(9) as pool:
        watchers = [
            pool.submit(repeat, Role.READER, check_totals),
            pool.submit(repeat, Role.APPLICATION, check_one_account),
            pool.submit(repeat, Role.READER, check_book),
            pool.submit(repeat, Role.APPLICATION, seal_and_change),
        ]
        writers = [pool.submit(write, database, number, seed, WRITES) for seed in range(4)]
        try:
            posted = sum(writer.result() for writer in writers)
        finally:
            done.set()
        assert all(watcher.result() > 0 for watcher in watchers)
    assert posted > 3 * WRITES
    check_book(connection, number)
    check_totals(connection, number)


@pytest.fixture
def proxy(database: Database) -> Iterator[DroppingProxy]:
    with DroppingProxy(database) as proxy:
        yield proxy


def test_answer__that_is_lost_is_asked_again_and_posted_once(
    proxy: DroppingProxy, connection: psycopg.Connection, number: int
) -> None:
    book, lost, replayed = MoneyBook(), 0, 0
    entries = [Entry(DAY, [Transfer(CASH, 2, 1)]) for _ in range(ANSWERS)]
    for place, entry in enumerate(entries):
        answered = False
        while not answered:
            proxy.drops = place % 4 == 0 and lost <= place // 4
            try:
                with proxy.connect() as line, transaction(line, number):
                    posted = book.post_entry(line, entry)
            except CommitUnknownError:
                lost += 1
            else:
                answered = True
                replayed += posted.replayed
    assert lost == ANSWERS // 4
    assert replayed == lost, "each lost answer was of a commit that stood"
    with transaction(connection, number):
        assert sums_now(connection, CASH)[0] == FUNDS * len(DEPOSITS) + len(entries)
    check_book(connection, number)


OLD_WRITER = """
    import sys
    from datetime import date
    from karez.books.money import Entry, MoneyBook, Transfer
    from karez.kernel.database import Database, transaction
    from karez.kernel.errors import UnavailableError

    database, number = Database(sys.argv[1]), int(sys.argv[2])
    for _ in sys.stdin:
        try:
            with database.connect() as connection:
                connection.execute("SET idle_in_transaction_session_timeout = '200ms'")
                with transaction(connection, number):
                    entry = Entry(date(2026, 1, 5), [Transfer(1, 2, 1_000_000)])
                    MoneyBook().post_entry(connection, entry)
                    print("has the pen", flush=True)
                    sys.stdin.readline()
        except UnavailableError as fault:
            print(type(fault).__name__, flush=True)
        else:
            print("committed", flush=True)
"""


def test_old_writer__that_was_paused_writes_nothing_after_another_took_the_pen(
    database: Database, connection: psycopg.Connection, number: int
) -> None:
    book, trials = MoneyBook(), PAUSES
    command = [sys.executable, "-c", textwrap.dedent(OLD_WRITER), database.conninfo, str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as old:
        assert old.stdin is not None
        assert old.stdout is not None
        for _ in range(trials):
            print("go", file=old.stdin, flush=True)
            assert old.stdout.readline() == "has the pen\n"
            old.send_signal(signal.SIGSTOP)
            print("commit", file=old.stdin, flush=True)
            with transaction(connection, number):
                book.post_entry(connection, Entry(DAY, [Transfer(CASH, 2, 1)]))
            old.send_signal(signal.SIGCONT)
            assert old.stdout.readline() in {"IdleTimeoutError\n", "CommitUnknownError\n"}
        old.stdin.close()
    with transaction(connection, number):
        assert sums_now(connection, CASH)[0] == FUNDS * len(DEPOSITS) + trials
    check_book(connection, number)


def test_connection__that_is_lost_leaves_no_half_of_an_entry(
    database: Database, connection: psycopg.Connection, number: int
) -> None:
    book = MoneyBook()
    entry = Entry(DAY, [Transfer(CASH, 2, 1), Transfer(CASH, 3, 1)], kind="lost", memo="x")

    def post_and_lose() -> None:
        with database.connect() as line, transaction(line, number):
            book.post_entry(line, entry)
            with database.connect(None) as login:
                login.execute("SELECT pg_terminate_backend(%s)", (line.info.backend_pid,))
            line.execute("SELECT 1")

    with pytest.raises(UnavailableError, match="nothing"):
        post_and_lose()
    with transaction(connection, number):
        assert not book.post_entry(connection, entry).replayed
    check_book(connection, number)
