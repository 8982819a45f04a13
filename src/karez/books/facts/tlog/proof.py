"""A proof of one entry in one file (c2sp.org/tlog-proof)."""

from __future__ import annotations

from typing import Self

import attrs

from karez.books.facts.errors import NoteMalformedError
from karez.books.facts.tlog.checkpoint import parse_decimal
from karez.books.facts.tlog.encoding import decode64, encode64
from karez.books.facts.tlog.merkle import HASH_LENGTH
from karez.books.facts.tlog.note import Note

_FIRST = "c2sp.org/tlog-proof@v1"
PROOF_MOST = 63


@attrs.frozen
class LogProof:
    """Where an entry stands, the hashes from it to the root, and the checkpoint that says so.

    ``extra`` proves nothing by itself: it is what the log's keeper adds for the reader.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The proof as its file has it."""
        extra = [f"extra {encode64(self.extra)}"] if self.extra else []
        hashes = [encode64(octets) for octets in self.hashes]
        lines = [_FIRST, *extra, f"index {self.index}", *hashes, ""]
        return "\n".join(lines) + "\n" + self.note.text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the proof that a file holds.

        Raises:
            NoteMalformedError: it is no such file.
        """
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != _FIRST:
            raise NoteMalformedError(reason=f"its first line is not {_FIRST}")
        extra = b""
        if len(lines) > 1 and lines[1].startswith("extra "):
            extra = _octets(lines.pop(1).removeprefix("extra "))
        if len(lines) < 2 or not lines[1].startswith("index "):
            raise NoteMalformedError(reason="it has no line that begins with index")
        index = parse_decimal(lines[1].removeprefix("index "))
        return cls(index, parse_hashes(lines[2:]), Note.parse(note), extra)


def parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """Return the hashes of a proof, one a line.

    Raises:
        NoteMalformedError: a line is no hash, or there are more than a tree can have.
    """
    hashes = tuple(_octets(line) for line in lines)
    if len(hashes) > PROOF_MOST or any(len(octets) != HASH_LENGTH for octets in hashes):
        raise NoteMalformedError(reason="a line of the proof is not 32 octets in base 64")
    return hashes


def _octets(text: str) -> bytes:
    octets = decode64(text)
    if octets is None:
        raise NoteMalformedError(reason="a line is not base 64")
    return octets
