"""kill -9 of the API under posts: what was answered is there once, what was not at most once.

The long form: ``scripts/hard_tests.py --post_kills 10``.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import uvicorn

from doors.api.conftest import QUICK, key_of
from doors.serving import lend
from karez.doors.api import api_app
from karez.doors.api.pace import Pace
from karez.doors.operations import Offices
from karez.kernel.database import Database
from karez.services import access, lending
from karez.services.bookkeeping import Books, open_books, trial_balance
from services.lending.tools import JAN

KILLS = int(os.environ.get("POST_KILLS", "1"))
CALLERS = 10
POSTS = 8  # of each caller, under each server that is killed


class Caller(threading.Thread):
    """Posts on a loan of its own, one after another, until its server is gone or all are sent."""

    def __init__(self, address: str, headers: dict[str, str], loan: int, posts: list[str]) -> None:
        super().__init__()
        self.address, self.headers, self.loan, self.posts = address, headers, loan, posts
        self.answered: dict[str, bytes] = {}

    def run(self) -> None:
        with httpx.Client(base_url=self.address, headers=self.headers, timeout=30) as client:
            for key in self.posts:
                try:
                    answer = post(client, self.loan, key)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                self.answered[key] = answer.content


def post(client: httpx.Client, loan: int, key: str) -> httpx.Response:
    body = {"amount_minor": 1, "reason": key}
    return client.post(f"/v1/loans/{loan}/repay", json=body, headers={"Idempotency-Key": key})


def test_posts__survive_kill_9_of_the_server(database: Database):
    with open_books(database, "main") as books:
        headers = {"Authorization": f"Bearer {prepare(books)}"}
        chance = random.Random(os.urandom(8).hex())
        answered = unanswered = done = 0
        for kill in range(KILLS):
            keys = {
                loan: [f"{kill}-{loan}-{number}" for number in range(POSTS)]
                for loan in range(1, CALLERS + 1)
            }
            server, address = start(database)
            callers = [Caller(address, headers, loan, keys[loan]) for loan in keys]
            for caller in callers:
                caller.start()
            few = chance.randint(1, CALLERS * POSTS // 2)
            while sum(len(caller.answered) for caller in callers) < few and callers[0].is_alive():
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))
            server.send_signal(signal.SIGKILL)
            server.wait()
            for caller in callers:
                caller.join()
            before = {loan: posted(books, loan) for loan in keys}
            for caller in callers:
                check(caller, before[caller.loan])
            retry(database, headers, callers)
            for loan, sent in keys.items():
                after = posted(books, loan)
                assert all(after[key] == 1 for key in sent), "a retry does what was not done, once"
                done += sum(before[loan][key] for key in sent)
            answered += sum(len(caller.answered) for caller in callers)
            unanswered += sum(POSTS - len(caller.answered) for caller in callers)
        print(f"{KILLS} kills: {answered} posts answered, {unanswered} not, {done} done by then")
        assert unanswered >= KILLS, "each server was killed before it had answered all"
        assert access.verify(books).findings == []
        [total] = trial_balance(books, JAN).totals().values()
        assert total.debits_posted_minor == total.credits_posted_minor


def prepare(books: Books) -> str:
    """Open a loan for each caller, and return the key of a machine."""
    lend(books, CALLERS)
    return key_of(books, "m-kill", "accountant")


def posted(books: Books, loan: int) -> Counter[str]:
    """Return how often the post of each key happened to a loan."""
    return Counter(each.reason for each in lending.list_events(books, str(loan)))


def check(caller: Caller, found: Counter[str]) -> None:
    """Hold what an answer, or none, says to what is in the books."""
    for key in caller.posts:
        if key in caller.answered:
            assert found[key] == 1, f"{key} was answered"
        else:
            assert found[key] <= 1, f"{key} happened twice"


def retry(database: Database, headers: dict[str, str], callers: list[Caller]) -> None:
    """Send everything again to a new server: what was answered gets the same answer."""
    server, address = start(database)
    with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
        for caller in callers:
            for key in caller.posts:
                answer = post(client, caller.loan, key)
                limit = time.monotonic() + 10  # the dead server's connection may hold the key yet
                while answer.status_code == 409 and time.monotonic() < limit:
                    time.sleep(0.05)
                    answer = post(client, caller.loan, key)
                assert answer.status_code == 200, answer.text
                if key in caller.answered:
                    assert answer.headers["idempotent-replayed"] == "true"
                    assert answer.content == caller.answered[key]
    server.send_signal(signal.SIGTERM)
    server.wait(20)


def start(database: Database) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server in a process of its own; return it when it answers, and its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, __file__, database.conninfo, str(port)]
    server = subprocess.Popen(command, env=environment)
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return server, f"http://127.0.0.1:{port}"
    server.kill()
    raise TimeoutError(port)


if __name__ == "__main__":
    app = api_app(Offices(Database(sys.argv[1]), Path("unused")), Pace(QUICK))
    uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
