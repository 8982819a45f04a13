"""What a caller hands in, and what became of it: a batch of facts, an answer for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.facts.schemas import Fact
from karez.kernel.errors import KarezError, ensure


@attrs.frozen
class Attestation:
    """An Ed25519 signature of the attester over a fact (``attest.signed_message``)."""

    public_key: bytes
    signature: bytes


@attrs.frozen
class Batch:
    """Facts to append together, one or ten thousand.

    ``keys`` are idempotency keys of the caller, one for each fact, empty where there is none: a
    fact without a key is known by its content. ``attestations`` are by place in the batch.
    """

    facts: Sequence[Fact]
    keys: Sequence[str] = ()
    attestations: Mapping[int, Attestation] = attrs.field(factory=dict[int, Attestation])

    def __attrs_post_init__(self) -> None:
        ensure(len(self.keys) in {0, len(self.facts)}, "a batch has a key for each fact, or none")


@attrs.frozen
class Appended:
    """Answers in the order of the batch.

    ``index`` is where each fact stands in the log, -1 where it was refused. ``added`` is False
    for one that was there before. ``size`` is what the log has grown to.
    """

    index: npt.NDArray[np.int64]
    added: npt.NDArray[np.bool_]
    refused: Mapping[int, KarezError]
    size: int

    @property
    def added_count(self) -> int:
        """How many facts this call added."""
        return int(self.added.sum())

    def one(self) -> int:
        """Return the index of the only fact of the batch, or raise what refused it."""
        ensure(len(self.index) == 1, "one fact, one answer")
        if self.refused:
            raise self.refused[0]
        return int(self.index[0])
