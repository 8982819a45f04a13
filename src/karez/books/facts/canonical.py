"""The one way in which a fact is written as octets: canonical JSON (RFC 8785).

Facts hold text, whole numbers, dates and lists of those, and the names of their fields are plain
letters; for such values msgspec, with its keys sorted, writes what RFC 8785 asks for. The tests
hold it to the ``rfc8785`` package.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Union

import msgspec

from karez.books.facts.batch import Attestation
from karez.books.facts.schemas import SCHEMAS, Fact

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODERS = {name: msgspec.json.Decoder(schema) for name, schema in SCHEMAS.items()}
ANY_FACT: Any = Union[tuple(SCHEMAS.values())]  # noqa: UP007 - a type made at run time

canonical = _ENCODER.encode
"""Writes a fact, or plain values of JSON, as canonical JSON."""


def decode_fact(schema: str, octets: bytes) -> Fact:
    """Return the fact of a schema that these octets are, every limit of its fields checked.

    Raises:
        msgspec.ValidationError: they are no such fact; it says at which field.
    """
    return _DECODERS[schema].decode(octets)


def commitment(salt: bytes, body: bytes) -> bytes:
    """Return what the log shows of a body: without the salt nobody can tell what it was of."""
    return hmac.digest(salt, body, "sha256")


def key_digest(key: str, body: bytes) -> bytes:
    """Return what a fact is known by: the caller's key, or where that is empty its content."""
    named = b"key\0" + key.encode(errors="surrogatepass") if key else b"content\0" + body
    return hashlib.sha256(named).digest()


def attested_body(fact: Fact, attestation: Attestation) -> bytes:
    """Return the body of a signed fact: its fields, and among them the signature."""
    fields = msgspec.to_builtins(fact)
    fields["attestation"] = {
        "public_key": attestation.public_key.hex(),
        "signature": attestation.signature.hex(),
    }
    return canonical(fields)
