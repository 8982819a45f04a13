"""Two writers at once: in one institution they take turns with its pen, in two they do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from benchmarks.bed import BATCH, Bed, Contender, open_chart
from benchmarks.report import Section
from benchmarks.workers import Crew, Order, hire

ROUNDS = 20
BATCHES = 3  # of each process in a turn

ONE = "one process"
SHARED = "two processes, one institution"
APART = "two processes, an institution each"


@attrs.frozen
class Writers:
    """Processes that post batches, each to the institution named for it."""

    crew: Crew
    institution_ids: Sequence[int]

    def prepare(self) -> Callable[[], None]:
        """Let the workers draw their transfers."""
        self.crew.send([Order(number, BATCHES, BATCH) for number in self.institution_ids])
        return self.crew.go


def run(bed: Bed, rounds: int | None) -> Section:
    """Race one process against two in one institution and two in two."""
    database = bed.database("pens")
    # No contender posts to another's: who finds a book changed reads first what was posted.
    first, second, third, fourth = (
        open_chart(database, f"i{number}").institution_id for number in range(4)
    )
    with hire(database, 1) as one, hire(database, 2) as shared, hire(database, 2) as apart:
        samples = bed.race(
            "pens",
            [
                _contender(ONE, one, [first]),
                _contender(SHARED, shared, [second, second]),
                _contender(APART, apart, [third, fourth]),
            ],
            rounds or ROUNDS,
        )
    bed.drop("pens")
    return Section(f"Several writers, batches of {BATCH:,}", ONE, samples)


def _contender(name: str, crew: Crew, numbers: Sequence[int]) -> Contender:
    return Contender(
        name,
        len(numbers) * BATCHES * BATCH,
        Writers(crew, numbers).prepare,
        workers=crew.process_ids,
    )
