"""kill -9 in the middle of the end of days: run again, it ends them as if nothing had been.

The long form: ``scripts/hard_tests.py --close_kills 50``.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import attrs

from karez.kernel.database import Database
from karez.services.bookkeeping import Books, open_books
from karez.services.closing import close_days, closed_through
from services.closing.desk import booking, check, lend, told

KILLS = int(os.environ.get("CLOSE_KILLS", "4"))
FIRST = date(2026, 1, 1)
DAYS_A_KILL = 15


def through() -> date:
    return FIRST + timedelta(days=DAYS_A_KILL * (KILLS + 1))


def start(database: Database, institution: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    arguments = [sys.executable, __file__, database.conninfo, institution, str(through())]
    return subprocess.Popen(arguments, env=environment)


def test_days__survive_kill_9(books: Books, twin: Books, database: Database):
    chance = random.Random(os.urandom(8).hex())
    for lender in (books, twin):
        lend(
            lender, [booking(number, FIRST + timedelta(days=number % 9)) for number in range(1, 30)]
        )
    reached: list[date] = []
    for _ in range(KILLS):
        before = closed_through(books)
        work = start(database, "main")
        while closed_through(books) == before and work.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.4))
        work.send_signal(signal.SIGKILL)
        work.wait()
        reached.append(closed_through(books))
    assert start(database, "main").wait() == 0
    print(f"{KILLS} kills, days ended before each: {reached}")
    assert reached[0] < through(), "the first kill came before the end"
    assert closed_through(books) == through()
    close_days([twin], through())
    assert told(books) == told(twin)
    check(books)


if __name__ == "__main__":
    with (
        open_books(Database(sys.argv[1]), sys.argv[2]) as one,
        open_books(Database(sys.argv[1]), sys.argv[2]) as two,
    ):
        close_days([one, attrs.evolve(two, money=one.money)], date.fromisoformat(sys.argv[3]))
