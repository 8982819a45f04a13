"""The rights book with many claims: registrations a second beside raw COPY, and searches.

``python -m benchmarks.register --claims 1000000`` fills a register of its own and prints. Names are
words of random letters beside a few hundred common ones, of which some are very common.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import psycopg

from benchmarks.bed import open_bed
from karez.books.rights.claim import Claim, Debtor, Kind, Thing
from karez.books.rights.event import Event, Register
from karez.books.rights.names import Debt
from karez.books.rights.record import record
from karez.books.rights.search import certify, search
from karez.books.rights.serials import Scheme
from karez.kernel.database import find_institution, transaction
from karez.kernel.ids import new_id

BATCH = 5_000
LETTERS = "EEEAAIIOOUTNSRHLDCMFPGWYBVKXJQZ"
SEARCHES = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.register", description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000)
    count = parser.parse_args().claims
    rng = random.Random(1)
    common = [word(rng) for _ in range(300)]
    with open_bed() as bed:
        database = bed.database("register", like="karez")
        with database.connect() as connection:
            institution = find_institution(connection, "main").institution_id
            fill(connection, institution, rng, common, count)
            connection.execute("SET karez.institution_id = 1")
            searches(connection, institution, rng, count)


def word(rng: random.Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(4, 10)))


def name(rng: random.Random, common: list[str]) -> str:
    first = word(rng)
    rest = [common[int(len(common) * rng.random() ** 2)] for _ in range(rng.randint(1, 2))]
    return " ".join((first, *rest, "LTD"))


def fill(
    connection: psycopg.Connection,
    institution: int,
    rng: random.Random,
    common: list[str],
    count: int,
) -> None:
    begun, kept = time.perf_counter(), time.process_time()
    for start in range(0, count, BATCH):
        events = [claim(rng, common) for _ in range(min(BATCH, count - start))]
        with transaction(connection, institution):
            assert all(done.error is None for done in record(connection, events))
    seconds, ours = time.perf_counter() - begun, time.process_time() - kept
    copy = copy_rate(connection)
    print(
        f"{count:,} claims in {seconds:.1f} s: {count / seconds:,.0f} a second, ours {ours:.1f} s"
    )
    print(f"raw COPY of their event rows {copy:,.0f} a second: ratio {count / seconds / copy:.3f}")
    size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    print(f"database {size[0] / 1e6:,.0f} MB")


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
    connection: psycopg.Connection, institution: int, rng: random.Random, count: int
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
        timed("exact name", [Debtor(Debt.BUSINESS, each) for each in spelled], connection)
        slips = [Debtor(Debt.BUSINESS, each[:3] + each[4:]) for each in spelled]
        timed("name with a letter missing", slips, connection)
        things = [Thing(Scheme.MOTOR_VEHICLE, each) for each in numbers]
        timed("serial number", things, connection)
        again = [Debtor(Debt.BUSINESS, each) for each in spelled[:50]]
        timed("name, with a certificate", again, connection, certify)


def timed(
    what: str,
    criteria: list[Debtor] | list[Thing],
    connection: psycopg.Connection,
    then: Callable[..., object] = lambda _connection, _found: None,
) -> None:
    seconds: list[float] = []
    hits = 0
    for criterion in criteria:
        begun = time.perf_counter()
        found = search(connection, criterion)
        then(connection, found)
        seconds.append(time.perf_counter() - begun)
        hits += bool(found.hits)
    p99 = statistics.quantiles(seconds, n=100)[98]
    median = statistics.median(seconds)
    figures = f"median {median * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms"
    print(f"{what}: {figures}, {hits} of {len(criteria)} hit")


if __name__ == "__main__":
    main()
