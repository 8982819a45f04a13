"""Checkpoints: origin, size and root of a log, as a note's text (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
from typing import Self

import attrs

from karez.books.facts.errors import NoteMalformedError
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
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError) as fault:
            raise NoteMalformedError(reason="the root is not base 64") from fault
        if len(root) != HASH_LENGTH or base64.b64encode(root).decode() != lines[2]:
            raise NoteMalformedError(reason="the root is not 32 octets in base 64")
        return cls(lines[0], size, root)

    @property
    def body(self) -> str:
        """The text to be signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_decimal(text: str) -> int:
    """Return the size or index that a line shows: digits, without a zero in front.

    Raises:
        NoteMalformedError: it is written otherwise, or too large.
    """
    fine = text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0")
    if not fine or len(text) > 19 or int(text) > SIZE_MOST:
        raise NoteMalformedError(reason="a size or index is not a plain decimal number")
    return int(text)
