"""Keys that sign notes: how they are written, and what they sign (c2sp.org/signed-note).

The secret half is written by ``SigningKey.text`` alone, for a file that only its owner reads.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from enum import IntEnum
from typing import Self

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from karez.books.facts.errors import KeyMalformedError
from karez.books.facts.tlog.encoding import decode64, encode64

_PRIVATE = "PRIVATE+KEY+"
_SEED_LENGTH = 32


class KeyKind(IntEnum):
    """What a key signs, by the first octet of its encoding."""

    NOTE = 0x01  # Ed25519 over the text of a note: a log
    COSIGNATURE = 0x04  # Ed25519 over a checkpoint and a time: a witness
    SUBTREE = 0x06  # ML-DSA-44 over a size, a root and a time: either


_PUBLIC_LENGTH = {KeyKind.NOTE: 32, KeyKind.COSIGNATURE: 32, KeyKind.SUBTREE: 1312}


def check_name(name: str) -> str:
    """Return a name that a key may have: no spaces, no plus, no control characters.

    Raises:
        KeyMalformedError: it may not be a name.
    """
    fine = name.isprintable() and not any(letter.isspace() or letter == "+" for letter in name)
    if not name or not fine or len(name.encode()) > 255:
        raise KeyMalformedError(what="the name", reason="write letters without spaces and plus")
    return name


@attrs.frozen
class VerifierKey:
    """The public half of a key, under a name."""

    name: str
    kind: KeyKind
    public_key: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a ``vkey`` shows: name, key id and key, between plus signs.

        Raises:
            KeyMalformedError: it is no vkey, of a kind not known here, or its id does not fit.
        """
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise KeyMalformedError(what="a vkey", reason="it is not name+id+key")
        encoded = _octets_of(parts[2])
        kind = _kind_of(encoded)
        if len(encoded) - 1 != _PUBLIC_LENGTH[kind]:
            raise KeyMalformedError(what="a vkey", reason="the key has another length")
        key = cls(check_name(parts[0]), kind, encoded[1:])
        if key.text != text:
            raise KeyMalformedError(what="a vkey", reason="its id is not of this name and key")
        return key

    @property
    def key_id(self) -> bytes:
        """Four octets that tell this key from others of the same name."""
        signed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key
        return hashlib.sha256(signed).digest()[:4]

    @property
    def text(self) -> str:
        """The key as a ``vkey``, to be handed to others."""
        encoded = encode64(bytes([self.kind]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key signed a message."""
        try:
            if self.kind is KeyKind.SUBTREE:
                MLDSA44PublicKey.from_public_bytes(self.public_key).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@attrs.frozen
class SigningKey:
    """Both halves of a key, under a name."""

    name: str
    kind: KeyKind
    seed: bytes = attrs.field(repr=False)
    _secret: Ed25519PrivateKey | MLDSA44PrivateKey = attrs.field(init=False, repr=False, eq=False)
    verifier: VerifierKey = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        post_quantum = self.kind is KeyKind.SUBTREE
        make = MLDSA44PrivateKey.from_seed_bytes if post_quantum else None
        secret = make(self.seed) if make else Ed25519PrivateKey.from_private_bytes(self.seed)
        public = secret.public_key().public_bytes_raw()
        object.__setattr__(self, "_secret", secret)
        object.__setattr__(self, "verifier", VerifierKey(self.name, self.kind, public))

    @classmethod
    def new(cls, name: str, kind: KeyKind) -> Self:
        """Return a fresh key under a name."""
        return cls(check_name(name), kind, secrets.token_bytes(_SEED_LENGTH))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a key file holds, as Go's note package writes it.

        Raises:
            KeyMalformedError: it is no such key.
        """
        parts = text.strip().removeprefix(_PRIVATE).split("+", 2)
        if not text.startswith(_PRIVATE) or len(parts) != 3:
            raise KeyMalformedError(what="a signing key", reason="it is not PRIVATE+KEY+...")
        encoded = _octets_of(parts[2])
        kind = _kind_of(encoded)
        if len(encoded) - 1 != _SEED_LENGTH:
            raise KeyMalformedError(what="a signing key", reason="the seed has another length")
        key = cls(check_name(parts[0]), kind, encoded[1:])
        if key.text != text.strip():
            raise KeyMalformedError(what="a signing key", reason="its id is not of this key")
        return key

    @property
    def text(self) -> str:
        """The key as a key file holds it. It is secret."""
        encoded = encode64(bytes([self.kind]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message."""
        return self._secret.sign(message)


def _octets_of(text: str) -> bytes:
    octets = decode64(text)
    if octets is None:
        raise KeyMalformedError(what="a key", reason="it is not base 64")
    return octets


def _kind_of(encoded: bytes) -> KeyKind:
    try:
        return KeyKind(encoded[0])
    except (ValueError, IndexError) as fault:
        raise KeyMalformedError(what="a key", reason="it is of a kind not known here") from fault


def cosigned_message(key: VerifierKey, body: str, time_seconds: int) -> bytes:
    """Return what a cosigner signs of the body of a checkpoint (c2sp.org/tlog-cosignature)."""
    if key.kind is not KeyKind.SUBTREE:
        return f"cosignature/v1\ntime {time_seconds}\n{body}".encode()
    origin, size, root = body.split("\n")[:3]
    return b"".join(
        (
            b"subtree/v1\n\0",
            _with_length(key.name),
            struct.pack(">Q", time_seconds),
            _with_length(origin),
            struct.pack(">QQ", 0, int(size)),
            decode64(root) or b"",
        )
    )


def _with_length(text: str) -> bytes:
    octets = text.encode()
    return bytes([len(octets)]) + octets
