"""Signed notes: a text, a blank line, and signature lines (c2sp.org/signed-note)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Self

import attrs

from karez.books.facts.errors import NoteMalformedError, NoteUnverifiedError
from karez.books.facts.tlog.encoding import decode64, encode64
from karez.books.facts.tlog.keys import KeyKind, SigningKey, VerifierKey, cosigned_message

_DASH = "\N{EM DASH} "
NOTE_MOST = 1 << 20
SIGNATURES_MOST = 100
TIME_MOST = (1 << 63) - 1


@attrs.frozen
class Signature:
    """A signature line: whose, and what they signed with."""

    name: str
    key_id: bytes
    payload: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, its end included."""
        return f"{_DASH}{self.name} {encode64(self.key_id + self.payload)}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Return the signature that a line shows.

        Raises:
            NoteMalformedError: it is no signature line.
        """
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        octets = decode64(encoded)
        if octets is None:
            raise NoteMalformedError(reason="a signature is not base 64")
        strange = any(letter.isspace() or letter == "+" for letter in name)
        if not line.startswith(_DASH) or not name or strange or len(octets) < 5:
            raise NoteMalformedError(reason="a line after the blank one is no signature")
        return cls(name, octets[:4], octets[4:])

    def is_of(self, key: VerifierKey) -> bool:
        """Tell whether the line says that this key made it."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@attrs.frozen
class Verified:
    """A signature that holds. ``time_seconds`` is when it was made, None for a plain one."""

    key: VerifierKey
    signature: Signature
    time_seconds: int | None


@attrs.frozen
class Note:
    """A text that ends with a newline, and its signatures."""

    body: str
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the note that a text is.

        Raises:
            NoteMalformedError: it is no signed note.
        """
        if len(text) > NOTE_MOST:
            raise NoteMalformedError(reason="it is longer than a note may be")
        if any(letter < " " and letter != "\n" for letter in text):
            raise NoteMalformedError(reason="it has control characters")
        body, blank, rest = text.rpartition("\n\n")
        if not blank or not body or not rest.endswith("\n"):
            raise NoteMalformedError(reason="it has no signatures after a blank line")
        lines = rest[:-1].split("\n")
        if len(lines) > SIGNATURES_MOST:
            raise NoteMalformedError(reason=f"it has more than {SIGNATURES_MOST} signatures")
        return cls(body + "\n", tuple(Signature.parse(line) for line in lines))

    @property
    def text(self) -> str:
        """The note as it is written."""
        return self.body + "\n" + "".join(signature.line for signature in self.signatures)

    def signed(self, *signatures: Signature) -> Note:
        """Return the note with signatures added; a newer one of a key replaces the older."""
        names = {(signature.name, signature.key_id) for signature in signatures}
        kept = [have for have in self.signatures if (have.name, have.key_id) not in names]
        return attrs.evolve(self, signatures=(*kept, *signatures))

    def verify(self, keys: Iterable[VerifierKey]) -> list[Verified]:
        """Return the signatures that these keys made; those of other keys do not count.

        Raises:
            NoteUnverifiedError: a line says it is of one of these keys, and it is not.
        """
        found: list[Verified] = []
        for key in keys:
            for signature in self.signatures:
                if signature.is_of(key):
                    found.append(_check(self.body, key, signature))
                    break
        return found


def _check(body: str, key: VerifierKey, signature: Signature) -> Verified:
    payload, message, time_seconds = signature.payload, body.encode(), None
    if key.kind is not KeyKind.NOTE:
        if len(payload) < 8:
            raise NoteUnverifiedError(name=key.name)
        (time_seconds,) = struct.unpack_from(">Q", payload)
        if time_seconds > TIME_MOST or body.count("\n") < 3:
            raise NoteUnverifiedError(name=key.name)
        try:
            message = cosigned_message(key, body, time_seconds)
        except ValueError as fault:  # it is no checkpoint
            raise NoteUnverifiedError(name=key.name) from fault
        payload = payload[8:]
    if not key.verifies(message, payload):
        raise NoteUnverifiedError(name=key.name)
    return Verified(key, signature, time_seconds)


def sign(body: str, key: SigningKey, time_seconds: int = 0) -> Signature:
    """Return the signature of a key over a note's text, of the kind that the key makes.

    ``time_seconds`` since 1970 goes into a cosignature, and is not for a plain signature.
    """
    if key.kind is KeyKind.NOTE:
        return Signature(key.name, key.verifier.key_id, key.sign(body.encode()))
    signed = key.sign(cosigned_message(key.verifier, body, time_seconds))
    payload = struct.pack(">Q", time_seconds) + signed
    return Signature(key.name, key.verifier.key_id, payload)


def sign_all(body: str, keys: Sequence[SigningKey], time_seconds: int = 0) -> Note:
    """Return a note with the signatures of all these keys."""
    return Note(body, tuple(sign(body, key, time_seconds) for key in keys))
