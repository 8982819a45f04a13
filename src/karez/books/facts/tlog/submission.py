"""What a log sends to a witness, and what it gets back (c2sp.org/tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs

from karez.books.facts.errors import NoteMalformedError
from karez.books.facts.tlog.checkpoint import parse_decimal
from karez.books.facts.tlog.encoding import encode64
from karez.books.facts.tlog.note import Note, Signature
from karez.books.facts.tlog.proof import parse_hashes

SUBMISSION_MOST = 64 * 1024
"""Octets that a submission may have."""


@attrs.frozen
class Submission:
    """A checkpoint, with the proof that it continues the one of ``old_size`` entries."""

    old_size: int
    proof: Sequence[bytes]
    note: Note

    @property
    def text(self) -> str:
        """The submission as it is sent."""
        hashes = [encode64(octets) for octets in self.proof]
        return "\n".join([f"old {self.old_size}", *hashes, ""]) + "\n" + self.note.text

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Return the submission that was sent.

        Raises:
            NoteMalformedError: it is none.
        """
        if len(octets) > SUBMISSION_MOST:
            raise NoteMalformedError(reason=f"it has more than {SUBMISSION_MOST} octets")
        try:
            text = octets.decode()
        except UnicodeDecodeError as fault:
            raise NoteMalformedError(reason="it is not UTF-8") from fault
        head, blank, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        if not blank or not first.startswith("old "):
            raise NoteMalformedError(reason="it does not begin with old and a size")
        old_size = parse_decimal(first.removeprefix("old "))
        return cls(old_size, parse_hashes(lines), Note.parse(note))


def parse_cosignatures(text: str) -> list[Signature]:
    """Return the signature lines that a witness answered.

    Raises:
        NoteMalformedError: a line is no signature.
    """
    return [Signature.parse(line) for line in text.split("\n") if line]
