"""Who signs for a log: its origin and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs

from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey
from karez.books.facts.tlog.note import Note, sign_all
from karez.kernel.errors import ensure


@attrs.frozen
class Signer:
    """Signs checkpoints with an Ed25519 key, and with an ML-DSA-44 key where there is one.

    A verifier that does not know the second kind ignores it; one that must last beyond
    Ed25519 has it.
    """

    keys: tuple[SigningKey, ...]

    def __attrs_post_init__(self) -> None:
        ensure(self.keys and self.keys[0].kind is KeyKind.NOTE, "the first key is Ed25519")
        ensure(len({key.name for key in self.keys}) == 1, "one log has one name")

    @classmethod
    def new(cls, origin: str, *, post_quantum: bool = False) -> Self:
        """Return a signer with fresh keys."""
        kinds = (KeyKind.NOTE, KeyKind.SUBTREE) if post_quantum else (KeyKind.NOTE,)
        return cls(tuple(SigningKey.new(origin, kind) for kind in kinds))

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.keys[0].name

    @property
    def verifier_keys(self) -> Sequence[str]:
        """The public keys, as others are given them."""
        return [key.verifier.text for key in self.keys]

    def checkpoint(self, size: int, root: bytes, time_seconds: int) -> Note:
        """Return the signed checkpoint of the log at this size."""
        body = Checkpoint(self.origin, size, root).body
        return sign_all(body, self.keys, time_seconds)
