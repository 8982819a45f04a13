"""What became of documents that were taken in, and what is odd among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
import numpy as np

from karez.kernel.errors import ConflictError, KarezError
from karez.services.evidence import Appended


@attrs.define
class Intake:
    """Counts of an import. ``refused`` ones were recorded in no part.

    ``noted`` counts what the documents themselves say, recorded or refused: void ones, negative
    ones, numbers that stand there again.
    """

    documents: int = 0
    recorded: int = 0
    there_already: int = 0
    refused: int = 0
    noted: Counter[str] = attrs.field(factory=Counter[str])
    conflicts_only: bool = True

    def add(self, done: Appended, unread: Sequence[KarezError] = ()) -> None:
        """Count a batch that was recorded, and documents that could not be read."""
        refused = [*done.refused.values(), *unread]
        added = int(np.count_nonzero(done.added))
        self.documents += len(done.index) + len(unread)
        self.recorded += added
        self.there_already += len(done.index) - added - len(done.refused)
        self.refused += len(refused)
        self.conflicts_only &= all(isinstance(error, ConflictError) for error in refused)

    def counts(self) -> dict[str, int]:
        """Return the numbers, named as people and scripts read them."""
        names = ("documents", "recorded", "there_already", "refused")
        return {name: getattr(self, name) for name in names} | dict(self.noted)
