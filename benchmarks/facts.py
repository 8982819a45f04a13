"""Facts: durable appends with a signed checkpoint, beside a raw COPY of the same octets."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import attrs
import psycopg

from benchmarks.bed import DAY, EMPTY, Bed, Contender, institution_id
from benchmarks.report import Bar, Figure, Section, Spread
from karez.books.facts import Batch, FactsBook, Signer
from karez.books.facts.canonical import canonical
from karez.books.facts.parts import Party
from karez.books.facts.recorder import Recorder
from karez.books.facts.schemas import Invoice
from karez.books.facts.wire import body_row, copy_in, entry_row
from karez.kernel.database import Role, transaction

ROUNDS = 12
TURN = 20_000  # facts in a turn
BATCHES = (10_000, 1_000)
SUBJECTS = 500
CLIENTS = 100
EACH_CLIENT = 40
LEAF_OCTETS = 270  # about what ours have

RATE_BAR = 25_000
WAIT_BAR_MS = 60


@attrs.define
class Maker:
    """Makes invoices, none twice."""

    made: int = 0

    def invoices(self, count: int) -> list[Invoice]:
        """Return so many more."""
        first = self.made
        self.made += count
        return [_invoice(number) for number in range(first, first + count)]


def _invoice(number: int) -> Invoice:
    seller = f"tin:{number % SUBJECTS}"
    return Invoice(
        subject=seller,
        valid_on=DAY,
        number=f"INV-{number}",
        seller=Party(party_id=seller, name="A mill in the county"),
        buyer=Party(party_id=f"tin:{number % 7919}", name="A baker of the town"),
        currency="EUR",
        net_minor=10_000 + number,
        tax_minor=1_300,
        total_minor=11_300 + number,
        attester=seller,
        channel="file",
    )


@attrs.frozen
class Appender:
    """Appends batches of fresh facts; the clock times judging, hashing, signing and the commit."""

    connection: psycopg.Connection
    institution_id: int
    book: FactsBook
    maker: Maker
    batch: int

    def prepare(self) -> Callable[[], None]:
        """Make the facts of a turn."""
        batches = [Batch(self.maker.invoices(self.batch)) for _ in range(TURN // self.batch)]

        def run() -> None:
            for batch in batches:
                with transaction(self.connection, self.institution_id):
                    done = self.book.append(self.connection, batch)
                assert done.added_count == self.batch

        return run


@attrs.define
class Copier:
    """Copies rows as long as those of facts into tables that have a primary key and no more."""

    connection: psycopg.Connection
    maker: Maker
    batch: int
    turn: int = TURN
    copied: int = 0

    def prepare(self) -> Callable[[], None]:
        """Pack the rows; what the clock times only sends them, a transaction each."""
        streams = [self._rows() for _ in range(self.turn // self.batch)]

        def run() -> None:
            for entries, bodies in streams:
                with self.connection.transaction():
                    copy_in(self.connection, "entry", entries)
                    copy_in(self.connection, "body", bodies)

        return run

    def _rows(self) -> tuple[list[bytes], list[bytes]]:
        start = self.copied
        self.copied += self.batch
        leaf = secrets.token_bytes(LEAF_OCTETS)
        entries = [entry_row(1, start + place, leaf) for place in range(self.batch)]
        bodies = [
            body_row(
                1,
                start + place,
                key=secrets.token_bytes(32),
                pseudonym=secrets.token_bytes(16),
                valid_on=fact.valid_on,
                schema=b"invoice/1",
                salt=secrets.token_bytes(32),
                attested=None,
                body=canonical(fact),
            )
            for place, fact in enumerate(self.maker.invoices(self.batch))
        ]
        return entries, bodies


def make_raw_tables(connection: psycopg.Connection) -> None:
    """Put tables with the columns of the real ones, and only their primary keys, in their place."""
    connection.execute("SET role NONE")
    connection.execute("DROP SCHEMA facts CASCADE")
    connection.execute("CREATE SCHEMA facts")
    connection.execute(
        "CREATE TABLE facts.entry (institution_id integer, entry_index bigint, leaf bytea,"
        " PRIMARY KEY (institution_id, entry_index))"
    )
    connection.execute(
        "CREATE TABLE facts.body (institution_id integer, entry_index bigint, key bytea,"
        " pseudonym uuid, valid_on date, schema text, salt bytea, attested bytea, body bytea,"
        " PRIMARY KEY (institution_id, entry_index))"
    )


def run(bed: Bed, rounds: int | None) -> Section:
    """Race batches of 10,000 and of 1,000, then let a hundred clients wait for single facts."""
    signer = Signer.new("bench.example/facts")
    contenders: list[Contender] = []
    names: list[str] = []
    with ExitStack() as stack:
        for batch in BATCHES:
            raw, real = f"facts_raw_{batch}", f"facts_real_{batch}"
            names += (raw, real)
            copying = stack.enter_context(bed.database(raw, like=EMPTY).connect(Role.OWNER))
            make_raw_tables(copying)
            appending = stack.enter_context(bed.database(real, like=EMPTY).connect())
            number = institution_id(appending)
            appender = Appender(appending, number, FactsBook(signer), Maker(), batch)
            contenders += [
                Contender(
                    _name("raw COPY", batch), TURN, Copier(copying, Maker(), batch).prepare,
                    [copying.info.backend_pid],
                ),
                Contender(
                    _name("appended", batch), TURN, appender.prepare, [appending.info.backend_pid]
                ),
            ]  # fmt: skip
        samples = bed.race("facts", contenders, rounds or ROUNDS)
    section = Section("Facts", contenders[0].name, samples)
    for batch in BATCHES:
        name = _name("appended", batch)
        rates = Spread.of([sample.rate for sample in samples[name]])
        section.bars.append(Bar(f"facts a second, {name}", RATE_BAR, rates))
        ratio = section.ratio(name, _name("raw COPY", batch))
        section.notes.append(f"{name} / raw COPY: {ratio.show()}")
    _add_waits(bed, section, signer)
    bed.drop(*names, "facts_waits")
    return section


def _name(what: str, batch: int) -> str:
    return f"{what} in batches of {batch:,}"


def _add_waits(bed: Bed, section: Section, signer: Signer) -> None:
    """Measure how long each of many clients waits for the durable index of one fact."""
    database = bed.database("facts_waits", like=EMPTY)
    with database.connect() as connection:
        number = institution_id(connection)
    maker = Maker()
    with (
        Recorder(database.connect, number, FactsBook(signer)) as recorder,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        _waits(pool, recorder, maker)  # to warm up
        start = time.perf_counter()
        waits = sorted(_waits(pool, recorder, maker))
        seconds = time.perf_counter() - start
    for share in (50, 99):
        wait = waits[len(waits) * share // 100] * 1000
        name = f"{CLIENTS} clients, wait for a durable index, {share} of 100 below"
        section.figures.append(Figure(name, "ms", Spread.of([wait])))
    rate = len(waits) / seconds
    section.figures.append(Figure(f"{CLIENTS} clients together", "facts/s", Spread.of([rate]), 0))
    promise = f"{CLIENTS} waiting clients, 99 of 100 waits below, ms"
    section.bars.append(Bar(promise, WAIT_BAR_MS, Spread.of([wait]), at_most=True))


def _waits(pool: ThreadPoolExecutor, recorder: Recorder, maker: Maker) -> Sequence[float]:
    facts = [maker.invoices(EACH_CLIENT) for _ in range(CLIENTS)]

    def client(number: int) -> list[float]:
        waits: list[float] = []
        for fact in facts[number]:
            start = time.perf_counter()
            recorder.append(fact)
            waits.append(time.perf_counter() - start)
        return waits

    return [wait for waits in pool.map(client, range(CLIENTS)) for wait in waits]
