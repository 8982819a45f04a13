"""The rights book with many claims: registrations a second beside raw COPY, and searches.

``python -m benchmarks.register --claims 1000000`` fills a register of its own and prints. Names are
words of random letters beside a few hundred common ones, of which some are very common.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import psutil
import psycopg

from benchmarks.bed import Bed, open_bed, tell
from benchmarks.report import Figure, Section, Spread
from karez.books.rights.claim import Claim, Debtor, Kind, Thing
from karez.books.rights.event import Event, Register
from karez.books.rights.names import Debt
from karez.books.rights.record import record
from karez.books.rights.search import certify, search
from karez.books.rights.serials import Scheme
from karez.kernel.database import find_institution, transaction
from karez.kernel.ids import new_id

CLAIMS, BATCH, SEARCHES = 50_000, 10_000, 200
LETTERS = "EEEAAIIOOUTNSRHLDCMFPGWYBVKXJQZ"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.register", description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS)
    with open_bed() as bed:
        print(measure(bed, parser.parse_args().claims).show())


def run(bed: Bed, rounds: int | None) -> Section:
    """Fill a register of its own and search it."""
    del rounds  # one register is filled once
    return measure(bed, CLAIMS)


def measure(bed: Bed, count: int) -> Section:
    """Fill a register with so many claims, and search it."""
    section = Section(f"Register of rights, {count:,} claims in batches of {BATCH:,}")
    rng = random.Random(1)
    common = [word(rng) for _ in range(300)]
    database = bed.database("register", like="karez")
    with database.connect() as connection:
        institution = find_institution(connection, "main").institution_id
        fill(section, connection, institution, partial(claim, rng, common), count)
        connection.execute("SET karez.institution_id = 1")
        searches(section, connection, institution, rng, count)
    bed.drop("register")
    return section


def add(section: Section, name: str, unit: str, value: float, digits: int = 0) -> None:
    section.figures.append(Figure(name, unit, Spread.of([value]), digits))


def word(rng: random.Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(4, 10)))


def name(rng: random.Random, common: list[str]) -> str:
    first = word(rng)
    rest = [common[int(len(common) * rng.random() ** 2)] for _ in range(rng.randint(1, 2))]
    return " ".join((first, *rest, "LTD"))


def fill(
    section: Section,
    connection: psycopg.Connection,
    institution: int,
    draw: Callable[[], Event],
    count: int,
) -> None:
    backend = psutil.Process(connection.info.backend_pid)
    seconds, ours, theirs = 0.0, 0.0, cpu(backend)
    for start in range(0, count, BATCH):
        tell(f"register: {start:,} of {count:,} claims")
        events = [draw() for _ in range(min(BATCH, count - start))]
        begun, kept = time.perf_counter(), time.process_time()
        with transaction(connection, institution):
            assert all(done.error is None for done in record(connection, events))
        seconds += time.perf_counter() - begun
        ours += time.process_time() - kept
    tell("")
    theirs = cpu(backend) - theirs
    size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    add(section, "registrations", "a second", count / seconds)
    add(section, "the same, raw COPY of their event rows", "a second", copy_rate(connection))
    add(section, "processor time of Python", "us a claim", ours / count * 1e6)
    add(section, "processor time of its server process", "us a claim", theirs / count * 1e6)
    add(section, "database", "MB", size[0] / 1e6)


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def claim(rng: random.Random, common: list[str]) -> Event:
    debtor = Debtor(Debt.BUSINESS, name(rng, common))
    thing = Thing(Scheme.MOTOR_VEHICLE, f"{rng.randrange(10**16):017d}")
    return Event(new_id(), Register(Claim(Kind.PLEDGE, "bank", (debtor,), (thing,))))


def copy_rate(connection: psycopg.Connection) -> float:
    """Rows a second of a COPY of event rows into a bare table with the same primary key."""
    with connection.transaction():
        connection.execute("SELECT set_config('karez.institution_id', '1', TRUE)")
        query = "COPY (SELECT * FROM rights.event LIMIT 50000) TO STDOUT (FORMAT BINARY)"
        with connection.cursor().copy(query) as copy:
            rows = b"".join(copy)
        connection.execute(
            "CREATE TEMP TABLE bare (LIKE rights.event, PRIMARY KEY (institution_id, right_id,"
            " version))"
        )
        begun = time.perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(rows)
        seconds = time.perf_counter() - begun
        [total] = connection.execute("SELECT count(*) FROM bare").fetchone()
        connection.execute("DROP TABLE bare")
    return total / seconds


def searches(
    section: Section,
    connection: psycopg.Connection,
    institution: int,
    rng: random.Random,
    count: int,
) -> None:
    with transaction(connection, institution):
        [spelled] = zip(
            *connection.execute(
                "SELECT spelled FROM rights.name WHERE name_id %% %s = 0 LIMIT %s",
                [max(1, count // (2 * SEARCHES)), SEARCHES],
            ),
            strict=True,
        )
        numbers = [f"{rng.randrange(10**16):017d}" for _ in range(SEARCHES)]
        names = [Debtor(Debt.BUSINESS, each) for each in spelled]
        slips = [Debtor(Debt.BUSINESS, each[:3] + each[4:]) for each in spelled]
        things = [Thing(Scheme.MOTOR_VEHICLE, each) for each in numbers]
        timed(section, "search by name", names, connection)
        timed(section, "a letter missing", slips, connection)
        timed(section, "search by serial number", things, connection)
        timed(section, "search by name, certified", names[:50], connection, certify)


def timed(
    section: Section,
    what: str,
    criteria: Sequence[Debtor | Thing],
    connection: psycopg.Connection,
    then: Callable[..., object] = lambda _connection, _found: None,
) -> None:
    backend = psutil.Process(connection.info.backend_pid)
    kept, seconds = time.process_time() + cpu(backend), list[float]()
    for criterion in criteria:
        begun = time.perf_counter()
        then(connection, search(connection, criterion))
        seconds.append(time.perf_counter() - begun)
    used = time.process_time() + cpu(backend) - kept
    add(section, f"{what}, median", "ms", statistics.median(seconds) * 1e3, 1)
    add(section, f"{what}, 99 of 100", "ms", statistics.quantiles(seconds, n=100)[98] * 1e3, 1)
    add(section, f"{what}, processor time, mean", "ms", used / len(criteria) * 1e3, 1)


if __name__ == "__main__":
    main()
