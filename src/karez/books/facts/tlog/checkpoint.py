"""Checkpoints: origin, size and root of a log, as a note's text (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

from typing import Self

import attrs

from karez.books.facts.errors import NoteMalformedError
from karez.books.facts.tlog.encoding import decode64, encode64
from karez.books.facts.tlog.merkle import HASH_LENGTH

SIZE_MOST = (1 << 63) - 1


@attrs.frozen
class Checkpoint:
    """What a log says of itself at one moment."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, body: str) -> Self:
        """Return the checkpoint that the text of a note is. Extension lines are let pass.

        Raises:
            NoteMalformedError: it is no checkpoint.
        """
        lines = body.split("\n")
        if len(lines) < 4 or not lines[0] or "" in lines[:-1]:
            raise NoteMalformedError(reason="a checkpoint has an origin, a size and a root")
        size = parse_decimal(lines[1])
        root = decode64(lines[2])
        if root is None or len(root) != HASH_LENGTH:
            raise NoteMalformedError(reason="the root is not 32 octets in base 64")
        return cls(lines[0], size, root)

    @property
    def body(self) -> str:
        """The text to be signed."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n"


def parse_decimal(text: str) -> int:
    """Return the size or index that a line shows: digits, without a zero in front.

    Raises:
        NoteMalformedError: it is written otherwise, or too large.
    """
    fine = text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0")
    if not fine or len(text) > 19 or int(text) > SIZE_MOST:
        raise NoteMalformedError(reason="a size or index is not a plain decimal number")
    return int(text)
