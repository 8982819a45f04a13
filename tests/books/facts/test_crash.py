"""kill -9 at any moment: what was acknowledged is there, in its place; no gap, no reorder.

Processes append as fast as they can, each writing down what it sends and the indices it was
answered; after a fault it sends the same again. Meanwhile the server's first process, one of its
backends or a client is killed. The long form: ``scripts/hard_tests.py --fact_kills 100``.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from books.facts.making import invoice, slow_root
from books.money.test_crash import await_work, kill_something, settings
from karez.books.facts import Batch, FactsBook, Signer
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey
from karez.books.facts.tlog.note import Note
from karez.books.facts.verify import verify
from karez.kernel.database import open_database, transaction
from karez.kernel.errors import UnavailableError

KILLS = int(os.environ.get("FACT_KILLS", "5"))
CLIENTS = 3
FACTS_A_BATCH = 40
SIGNER = Signer((SigningKey("crash.example/facts", KeyKind.NOTE, bytes([5]) * 32),))


def load(home: Path, diary: Path) -> None:
    """Append batch after batch until killed; send a batch again until it is acknowledged."""
    book = FactsBook(SIGNER)
    with diary.open("a", buffering=1) as log:
        while True:
            first = random.randrange(10**9) * FACTS_A_BATCH
            while (indices := sent(home, book, first)) is None:
                time.sleep(0.05)
            log.write(f"{first} {json.dumps(indices)}\n")


def sent(home: Path, book: FactsBook, first: int) -> list[int] | None:
    batch = Batch([invoice(first + number) for number in range(FACTS_A_BATCH)])
    try:
        with (
            open_database(settings(home)) as database,
            database.connect() as connection,
            transaction(connection, 1),
        ):
            done = book.append(connection, batch)
    except UnavailableError:
        return None
    return done.index.tolist()


def start_client(home: Path, diary: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, __file__, str(home), str(diary)], env=environment)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_log__survives_kill_9(open_folder: Path, tmp_path: Path):
    home = open_folder / "facts-crash"
    chance = random.Random(os.urandom(8).hex())
    diaries = [tmp_path / f"diary-{number}" for number in range(CLIENTS)]
    with open_database(settings(home)):
        clients = [start_client(home, diary) for diary in diaries]
    try:
        await_work(diaries, "]")
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 1.5))
            kill_something(chance, home, clients, diaries, start_client)
        time.sleep(1)
    finally:
        for client in clients:
            client.kill()
            client.wait()
    lines = [line for diary in diaries if diary.exists() for line in diary.read_text().splitlines()]
    acknowledged = {
        f"A{int(first) + place}": index
        for line in lines
        if line.endswith("]")
        for first, _, indices in [line.partition(" ")]
        for place, index in enumerate(json.loads(indices))
    }
    assert acknowledged, "nothing was appended between the kills"
    print(f"{KILLS} kills, {len(acknowledged)} facts acknowledged")
    with (
        open_database(settings(home)) as database,
        database.connect() as connection,
        transaction(connection, 1),
    ):
        rows = connection.execute("SELECT entry_index, body FROM facts.body").fetchall()
        stored = {json.loads(body)["number"]: index for index, body in rows}
        assert len(stored) == len(rows), "nothing was recorded twice"
        assert {name: stored.get(name) for name in acknowledged} == acknowledged
        assert sorted(stored.values()) == list(range(len(rows))), "no gap"
        assert len(rows) % FACTS_A_BATCH == 0, "no batch was recorded in part"
        assert verify(connection).findings == []
        leaves = connection.execute("SELECT leaf FROM facts.entry ORDER BY entry_index").fetchall()
        checkpoints = connection.execute("SELECT note FROM facts.checkpoint").fetchall()
        for (text,) in chance.sample(checkpoints, min(20, len(checkpoints))):
            checkpoint = Checkpoint.parse(Note.parse(text).body)
            entries = [bytes(leaf) for (leaf,) in leaves[: checkpoint.size]]
            assert slow_root(entries) == checkpoint.root, "what was signed is still the beginning"


if __name__ == "__main__":
    load(Path(sys.argv[1]), Path(sys.argv[2]))
