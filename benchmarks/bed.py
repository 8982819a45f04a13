"""What is measured on: a server of its own, databases with a chart, and the meters."""

from __future__ import annotations

import gc
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt
import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from karez.books.money.account import Opening, open_accounts
from karez.kernel.config import Config
from karez.kernel.database import (
    Database,
    Institution,
    find_institution,
    open_database,
    open_institution,
    transaction,
)
from karez.kernel.database.server import Server

ACCOUNTS = 100_000
BATCH = 8_000
DAY = date(2026, 1, 5)
EMPTY = "karez"  # migrated, one institution, nothing in its books
CHART = "chart"  # the same with its accounts opened

Int64s = npt.NDArray[np.int64]


@attrs.frozen
class Contender:
    """Something that takes its turn: ``prepare`` makes ready and returns what the clock times."""

    name: str
    transfers: int
    prepare: Callable[[], Callable[[], object]]
    backends: Sequence[int] = ()  # process ids of the server's, if they stay the same
    workers: Sequence[int] = ()  # process ids of ours beside this one


@attrs.frozen
class Sample:
    """One turn. ``server_seconds`` is CPU of all of PostgreSQL's processes."""

    transfers: int
    seconds: float
    server_seconds: float
    backend_seconds: float
    client_seconds: float

    @property
    def rate(self) -> float:
        """Transfers a second."""
        return self.transfers / self.seconds


@attrs.define
class Bed:
    """A running server with databases to measure in."""

    home: Path
    login: psycopg.Connection
    postmaster: psutil.Process
    random: np.random.Generator = attrs.field(factory=lambda: np.random.default_rng(1))

    def database(self, name: str, like: str = CHART) -> Database:
        """Return a new database that is like another, which nobody may be using."""
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.login.execute(create.format(sql.Identifier(name), sql.Identifier(like)))
        return self.named(name)

    def named(self, name: str) -> Database:
        """Return a database of this server."""
        return Database(make_conninfo(self.login.info.dsn, dbname=name))

    def drop(self, *names: str) -> None:
        """Remove databases, with whoever is still in them."""
        for name in names:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            self.login.execute(drop.format(sql.Identifier(name)))

    def transfers(self, count: int, *, hot: bool = False) -> tuple[Int64s, Int64s, Int64s]:
        """Return debit, credit, amount of random transfers; ``hot``: all credit one account."""
        debit = self.random.integers(2 if hot else 1, ACCOUNTS + 1, count)
        credit = self.random.integers(1, ACCOUNTS, count)
        credit = np.full(count, 1) if hot else credit + (credit >= debit)
        return debit, credit, self.random.integers(1, 1_000_000, count)

    def race(
        self, title: str, contenders: Sequence[Contender], rounds: int
    ) -> dict[str, list[Sample]]:
        """Let all take turns, in another order each round, after one turn each to warm up."""
        for contender in contenders:
            contender.prepare()()
        self.login.execute("CHECKPOINT")
        samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
        for round_ in range(rounds):
            tell(f"{title}: round {round_ + 1} of {rounds}")
            for place in self.random.permutation(len(contenders)):
                contender = contenders[place]
                samples[contender.name].append(self.turn(contender))
        tell("")
        return samples

    def turn(self, contender: Contender) -> Sample:
        """Time one turn."""
        run = contender.prepare()
        gc.collect()
        backends = [psutil.Process(number) for number in contender.backends]
        workers = [psutil.Process(number) for number in contender.workers]
        before = (self._server_seconds(), _seconds(backends), _seconds(workers))
        own, start = time.process_time(), time.perf_counter()
        run()
        seconds, own = time.perf_counter() - start, time.process_time() - own
        after = (self._server_seconds(), _seconds(backends), _seconds(workers))
        server, backend, worker = (b - a for a, b in zip(before, after, strict=True))
        return Sample(contender.transfers, seconds, server, backend, own + worker)

    def _server_seconds(self) -> float:
        times = self.postmaster.cpu_times()  # with those children that have ended
        return (times.user + times.system + times.children_user + times.children_system) + _seconds(
            self.postmaster.children(recursive=True)
        )


def _seconds(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:  # it ended just now: its parent's times have it
            continue
        total += times.user + times.system
    return total


@contextmanager
def open_bed() -> Generator[Bed]:
    """Give a bed while the block runs: a server on a real disk, and a database with the chart."""
    # Not in /tmp, which may be in memory, where a commit waits for nothing.
    folder = Path(tempfile.mkdtemp(prefix="karez-bench-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        config = Config(
            home=folder / "home",
            database_url=None,
            institution="main",
            postgres_bin=None,
            origins={},
        )
        with open_database(config) as database:
            process_id = Server(config).state().process_id
            address = make_conninfo(database.conninfo, dbname="postgres")
            with psycopg.connect(address, autocommit=True) as login:
                bed = Bed(folder, login, psutil.Process(process_id))
                tell("opening accounts")
                chart = bed.database(CHART, like=EMPTY)
                open_chart(chart)
                yield bed
    finally:
        shutil.rmtree(folder)


def open_chart(
    database: Database, code: str = "main", *, floor_minor: int | None = None
) -> Institution:
    """Open an institution with all its accounts; ``floor_minor`` limits each of them."""
    with database.connect() as connection:
        institution = open_institution(connection, code, code)
        openings = [
            Opening(f"a{number}", "liability", "EUR", floor_minor=floor_minor)
            for number in range(ACCOUNTS)
        ]
        with transaction(connection, institution.institution_id):
            open_accounts(connection, openings)
        return institution


def institution_id(connection: psycopg.Connection, code: str = "main") -> int:
    """Return the number of an institution."""
    return find_institution(connection, code).institution_id


def fsync_microseconds(folder: Path, times: int = 50) -> float:
    """Return how long this folder's disk takes to keep 8 kB, in the median."""
    path = folder / "fsync"
    took: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(8192))
            start = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - start) * 1e6)
    path.unlink()
    return statistics.median(took)


def tell(text: str) -> None:
    """Say what is being done, to who watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
