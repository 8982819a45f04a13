"""kill -9 of the sender: nothing is lost, only ids that were sent are repeated, in order.

The long form: ``scripts/hard_tests.py --webhook_kills 50``.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

from karez.kernel.database import Database
from karez.services import outbox
from karez.services.bookkeeping import Books, open_books
from karez.services.outbox import Reach, Sender
from services.outbox.receiving import Got, Receiver

KILLS = int(os.environ.get("WEBHOOK_KILLS", "4"))
OBJECTS = 5
EVENTS_A_KILL = 60


def start(database: Database) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, __file__, database.conninfo], env=environment)


def test_sender__survives_kill_9(books: Books, database: Database, receiver: Receiver):
    outbox.add_endpoint(books, receiver.url, ["*"], reach=Reach(loopback=True))
    chance = random.Random(os.urandom(8).hex())
    total = KILLS * EVENTS_A_KILL
    for number in range(total):
        with books.transaction() as connection:
            outbox.publish(connection, "loan.changed", f"loan-{number % OBJECTS}", {"n": number})
    reached: list[int] = []
    for _ in range(KILLS):
        before = len(receiver.got)
        sender = start(database)
        limit = time.monotonic() + 30
        while len(receiver.got) == before and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.25))
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        reached.append(len(receiver.got))
    sender = start(database)
    limit = time.monotonic() + 60
    while len(set(receiver.ids())) < total and time.monotonic() < limit:
        time.sleep(0.05)
    sender.send_signal(signal.SIGTERM)
    assert sender.wait(10) == 0
    repeats = len(receiver.got) - total
    print(f"{KILLS} kills, requests before each: {reached}; {repeats} of {total} sent again")
    check(books, list(receiver.got), total)
    assert repeats <= KILLS, "a kill repeats at most what was under way"


def check(books: Books, got: list[Got], total: int) -> None:
    """Hold what came to what was published: all, under one id each, in the order of its object."""
    events: list[outbox.Event] = []
    while page := outbox.list_events(books, events[-1].sequence if events else 0):
        events += page
    assert len(events) == total
    assert {each.id for each in got} == {event.message_id for event in events}
    bodies = {each.id: each.body for each in got}
    assert all(bodies[each.id] == each.body for each in got), "a repeat is the same"
    for name in {event.object for event in events}:
        numbers = [
            body["objectsequence"]
            for body in (json.loads(each.body) for each in got)
            if body["subject"] == name
        ]
        assert all(after in (before, before + 1) for before, after in pairwise(numbers))
        assert numbers[0] == 1


if __name__ == "__main__":
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())  # noqa: ARG005
    opened = partial(open_books, Database(sys.argv[1]), "main")
    Sender(Reach(loopback=True)).run(opened, stop)
