"""Many documents, one fact or more in each, recorded together a few hundred at a time."""

from __future__ import annotations

import attrs

from karez.doors.files.refusals import Refusal
from karez.services.evidence import Appended, Batch, Fact

FACTS_A_BATCH = 5_000


@attrs.frozen
class Place:
    """Where a fact comes from: the file, the line or the event in it."""

    file: str
    unit: str
    number: int


@attrs.define
class Pile:
    """Facts that wait to be recorded together, and where each comes from."""

    facts: list[Fact] = attrs.field(factory=list[Fact])
    places: list[Place] = attrs.field(factory=list[Place])
    unread: list[Refusal] = attrs.field(factory=list[Refusal])

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a transaction."""
        return len(self.facts) + len(self.unread) >= FACTS_A_BATCH

    @property
    def batch(self) -> Batch:
        """The facts, ready to be recorded."""
        return Batch(self.facts)

    def add(self, fact: Fact, place: Place) -> None:
        """Add a fact."""
        self.facts.append(fact)
        self.places.append(place)

    def refusals(self, done: Appended) -> list[Refusal]:
        """Return all that was refused: what could not be read, and what the book refused."""
        refused = [
            Refusal(
                self.places[place].file,
                self.places[place].unit,
                self.places[place].number,
                str(error.details.get("field", "")),
                str(error.details.get("value", error.details.get("said", ""))),
                error,
            )
            for place, error in done.refused.items()
        ]
        return sorted(self.unread + refused, key=lambda found: (found.file, found.line))
