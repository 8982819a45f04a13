"""kill -9 at any moment: what was acknowledged is there once, and the book agrees with itself.

Processes post as fast as they can. Each writes an id down before it sends it, and again once it is
acknowledged; after a fault it sends the same id again. Meanwhile the server's first process, one of
its backends or a client is killed.

The long form: ``scripts/hard_tests.py --kills 100``.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from karez.books.money import Batch, Entry, MoneyBook, Transfer
from karez.books.money.account import Opening, open_accounts, sums_now
from karez.books.money.verify import verify
from karez.kernel.config import Config
from karez.kernel.database import open_database, transaction
from karez.kernel.errors import UnavailableError
from karez.kernel.ids import new_id
from kernel.database.tools import eventually

KILLS = int(os.environ.get("KILLS", "5"))
CLIENTS = 3
DAY = date(2026, 1, 5)
ENTRIES_A_BATCH = 20


def settings(home: Path) -> Config:
    return Config(home=home, database_url=None, institution="main", postgres_bin=None, origins={})


def load(home: Path, diary: Path) -> None:
    """Post batch after batch until killed; send a batch again until it is acknowledged."""
    book = MoneyBook()
    with diary.open("a", buffering=1) as log:
        while True:
            entries = [
                Entry(DAY, [Transfer(1, 2, 1)], entry_id=new_id()) for _ in range(ENTRIES_A_BATCH)
            ]
            names = " ".join(str(entry.entry_id) for entry in entries)
            log.write(f"sent {names}\n")
            while not sent(home, book, entries):
                time.sleep(0.05)
            log.write(f"acknowledged {names}\n")


def sent(home: Path, book: MoneyBook, entries: list[Entry]) -> bool:
    try:
        with (
            open_database(settings(home)) as database,
            database.connect() as connection,
            transaction(connection, 1),
        ):
            assert not book.post(connection, Batch.of(entries)).refused
    except UnavailableError:
        return False
    return True


def start_client(home: Path, diary: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, __file__, str(home), str(diary)], env=environment)


def kill_something(
    chance: random.Random, home: Path, clients: list, diaries: list[Path], start=start_client
) -> None:
    victim = chance.choice(["postmaster", "backend", "client"])
    if victim == "client":
        place = chance.randrange(len(clients))
        clients[place].kill()
        clients[place].wait()
        clients[place] = start(home, diaries[place])
        return
    try:
        postmaster = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        os.kill(int(chance.choice(children)) if victim == "backend" else postmaster, signal.SIGKILL)
    except (OSError, IndexError, ValueError):
        return  # it is just starting or stopping


def await_work(diaries: list[Path], acknowledged: str) -> None:
    """Wait until a client was answered: on a busy machine that takes longer than some kills."""
    eventually(
        lambda: any(acknowledged in diary.read_text() for diary in diaries if diary.exists()), 120
    )


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_book__survives_kill_9(open_folder: Path, tmp_path: Path):
    home = open_folder / "crash"
    chance = random.Random(os.urandom(8).hex())
    diaries = [tmp_path / f"diary-{number}" for number in range(CLIENTS)]
    with (
        open_database(settings(home)) as database,
        database.connect() as connection,
        transaction(connection, 1),
    ):
        open_accounts(connection, [Opening("a", "asset", "EUR"), Opening("b", "asset", "EUR")])
    clients = [start_client(home, diary) for diary in diaries]
    try:
        await_work(diaries, "acknowledged")
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.5))
            kill_something(chance, home, clients, diaries)
        time.sleep(1)
    finally:
        for client in clients:
            client.kill()
            client.wait()
    lines = [line for diary in diaries for line in diary.read_text().splitlines()]
    acknowledged = [
        UUID(name) for line in lines if line.startswith("ack") for name in line.split()[1:]
    ]
    assert acknowledged, "nothing was posted between the kills"
    print(f"{KILLS} kills, {len(acknowledged)} entries acknowledged")
    with (
        open_database(settings(home)) as database,
        database.connect() as connection,
        transaction(connection, 1),
    ):
        posted = [row[0] for row in connection.execute("SELECT entry_id FROM money.transfer")]
        assert len(set(posted)) == len(posted)
        assert set(acknowledged) <= set(posted)
        assert len(posted) % ENTRIES_A_BATCH == 0, "no batch was posted in part"
        assert sums_now(connection, 1)[0] == len(posted)
        assert verify(connection).findings == []


if __name__ == "__main__":
    load(Path(sys.argv[1]), Path(sys.argv[2]))
