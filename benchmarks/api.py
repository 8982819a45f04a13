"""A repayment posted through HTTP, beside a bare handler that does one INSERT."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg

from benchmarks.bed import EMPTY, Bed, Contender, Sample
from benchmarks.report import Bar, Figure, Section, Spread
from karez.engines.servicing.events import Disbursement
from karez.engines.servicing.terms import Terms
from karez.kernel.database import Database
from karez.services import access
from karez.services.access import ActorKind, Membership, PassKind
from karez.services.bookkeeping import Books, open_books
from karez.services.lending import Booking, Command, book_loans, open_chart, record

LOANS = 200
POSTS = 400
ROUNDS = 3
BARE = "bare Starlette, one INSERT"
OURS = "a repayment, with key, audit and event"
P99_MOST_MS = 50.0
START = date(2026, 1, 1)


def run(bed: Bed, rounds: int | None) -> Section:
    """Let both serve the same posts; then ours at half the rate that it reached."""
    section = Section(f"API, {POSTS:,} posts of 8 callers to one process, on {LOANS} loans", BARE)
    database = bed.database("api", like=EMPTY)
    with open_books(database, "main") as books:
        key = _prepare(books)
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("CREATE TABLE bare (at timestamptz DEFAULT now(), body bytea)")
    with _serving("bare", database) as (bare, bare_port), _serving("karez", database) as ours:
        for name, (process, port) in {BARE: (bare, bare_port), OURS: ours}.items():
            _post(port, key, 100)  # to warm up
            for _ in range(rounds or ROUNDS):
                sample = _turn(bed, name, process, port, key)
                section.samples.setdefault(name, []).append(sample)
        half = section.rate(OURS) / 2
        turns = [_post(ours[1], key, POSTS, half)[1] for _ in range(rounds or ROUNDS)]
    spread = Spread.of([statistics.quantiles(took, n=100)[98] * 1e3 for took in turns])
    section.figures.append(Figure(f"99th percentile at {half:.0f} posts/s", "ms", spread, 1))
    section.bars.append(Bar("API: 99th percentile at half load, ms", P99_MOST_MS, spread, True))
    section.notes.append("A transfer is a post here; CPU of the client is that of our server.")
    bed.drop("api")
    return section


def _turn(bed: Bed, name: str, process: int, port: int, key: str) -> Sample:
    """Time one turn; the callers are a process of their own, which is not in the CPU shown."""

    def posts() -> None:
        _post(port, key, POSTS)

    return bed.turn(Contender(name, POSTS, lambda: posts, workers=[process]))


def _post(port: int, key: str, posts: int, rate: float = 0.0) -> tuple[float, list[float]]:
    command = [sys.executable, "-m", "benchmarks.api_load"]
    command += [str(port), key, str(LOANS), str(posts), str(rate)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return told["seconds"], told["took"]


@contextmanager
def _serving(which: str, database: Database) -> Generator[tuple[int, int]]:
    """Serve one of the two in a process of its own; give its id and its port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.api_serve", which, database.conninfo, str(port)]
    with subprocess.Popen(command) as server:
        try:
            _wait(port)
            yield server.pid, port
        finally:
            server.terminate()


def _wait(port: int) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return


def _prepare(books: Books) -> str:
    """Pay out loans, and return the key of a machine that may take repayments."""
    open_chart(books, "EUR")
    terms = Terms(rate_pct_year=Decimal(12), instalments=12)
    asked = [
        Booking(terms=terms, currency="EUR", borrower_id=UUID(int=1), opened_on=START)
        for _ in range(LOANS)
    ]
    paid = Disbursement(number=0, on=START, posted_on=START, amount_minor=1_200_00)
    loans = book_loans(books, asked)
    acts = [Command(loan=loan.loan_id, event=paid, actor="bench") for loan in loans]
    record(books, acts, on=START)
    account = access.add_account(books, "m-bench", kind=ActorKind.MACHINE, by="bench")
    access.give_role(books, "m-bench", Membership("accountant"), by="bench")
    return access.make_pass(books, account.account_id, PassKind.KEY).text
