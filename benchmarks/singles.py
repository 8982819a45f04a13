"""Single entries: 64 callers grouped by a teller, beside connections that post one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import attrs
import psycopg

from benchmarks.bed import Bed, Contender, institution_id, open_chart
from benchmarks.report import Section
from benchmarks.workers import Crew, Order, hire, random_entries
from karez.books.money.post import MoneyBook
from karez.books.money.teller import Teller
from karez.kernel.database import transaction

ROUNDS = 12
CALLERS = 64
EACH_CALLER = 50
CONNECTIONS = 8
EACH_CONNECTION = 25

PLAIN = f"{CONNECTIONS} connections"
GROUPED = f"{CALLERS} callers, one teller"


@attrs.frozen
class Callers:
    """Threads that each hand one entry after another to the teller, and wait for each."""

    teller: Teller
    pool: ThreadPoolExecutor
    hot: bool

    def prepare(self) -> Callable[[], None]:
        """Draw the accounts; the clock times making and posting the entries."""
        draws = [random_entries(EACH_CALLER, hot=self.hot) for _ in range(CALLERS)]

        def call(number: int) -> None:
            for entry in draws[number]():
                self.teller.post(entry)

        return lambda: [*self.pool.map(call, range(CALLERS))] and None


@attrs.frozen
class Threads:
    """Threads of one process, each with a connection, posting one by one through one book."""

    connections: Sequence[psycopg.Connection]
    institution_id: int
    pool: ThreadPoolExecutor
    hot: bool
    book: MoneyBook = attrs.field(factory=MoneyBook)

    def prepare(self) -> Callable[[], None]:
        """Draw the accounts; the clock times making and posting the entries."""
        draws = [random_entries(EACH_CONNECTION, hot=self.hot) for _ in self.connections]

        def call(number: int) -> None:
            connection = self.connections[number]
            for entry in draws[number]():
                with transaction(connection, self.institution_id):
                    self.book.post_entry(connection, entry)

        return lambda: [*self.pool.map(call, range(len(self.connections)))] and None


@attrs.frozen
class Processes:
    """Processes that post one by one, each with a connection and a book of its own."""

    crew: Crew
    institution_ids: Sequence[int]
    hot: bool = False

    def prepare(self) -> Callable[[], None]:
        """Let the workers draw their accounts."""
        self.crew.send(
            [Order(number, EACH_CONNECTION, hot=self.hot) for number in self.institution_ids]
        )
        return self.crew.go


def run(bed: Bed, rounds: int | None) -> Section:
    """Race the teller against threads and processes, spread out and on one hot account."""
    contenders: list[Contender] = []
    names: list[str] = []
    moved = CONNECTIONS * EACH_CONNECTION
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(CALLERS))
        for hot, what in ((False, ""), (True, "hot account: ")):
            database = bed.database(f"singles_{len(names)}")
            names.append(f"singles_{len(names)}")
            connections = [stack.enter_context(database.connect()) for _ in range(CONNECTIONS)]
            number = institution_id(connections[0])
            teller = stack.enter_context(Teller(database.connect, number))
            crew = stack.enter_context(hire(database, CONNECTIONS))
            contenders += [
                Contender(
                    what + PLAIN + ", a process each", moved,
                    Processes(crew, [number] * CONNECTIONS, hot).prepare,
                    workers=crew.process_ids,
                ),
                Contender(
                    what + PLAIN + ", threads", moved,
                    Threads(connections, number, pool, hot).prepare,
                ),
                Contender(
                    what + GROUPED, CALLERS * EACH_CALLER, Callers(teller, pool, hot).prepare
                ),
            ]  # fmt: skip
        # The pen of an institution is what the connections above wait for: what if none waits?
        apart = bed.database("singles_apart")
        names.append("singles_apart")
        numbers = [open_chart(apart, f"i{n}").institution_id for n in range(CONNECTIONS)]
        crew = stack.enter_context(hire(apart, CONNECTIONS))
        contenders.append(
            Contender(
                PLAIN + ", an institution each", moved, Processes(crew, numbers).prepare,
                workers=crew.process_ids,
            )
        )  # fmt: skip
        samples = bed.race("singles", contenders, rounds or ROUNDS)
    bed.drop(*names)
    section = Section("Single entries", contenders[0].name, samples)
    for what in ("", "hot account: "):
        plain = [what + PLAIN + how for how in (", a process each", ", threads")]
        section.hold(what + GROUPED, max(plain, key=section.rate), 5)
    apart_ratio = section.ratio(GROUPED, PLAIN + ", an institution each")
    section.notes.append(f"{GROUPED} / {PLAIN}, an institution each: {apart_ratio.show()}")
    return section
