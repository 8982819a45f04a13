"""What an attester signs: the fact in canonical JSON, in the envelope of DSSE.

DSSE (secure-systems-lab/dsse, protocol.md) puts the type before the octets, so that a signature
over one kind of paper is never one over another.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from karez.books.facts.batch import Attestation
from karez.books.facts.canonical import canonical
from karez.books.facts.schemas import Fact

PAYLOAD_TYPE = "application/vnd.karez.fact+json"


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the octets that DSSE signs for a payload of a type."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def signed_message(fact: Fact) -> bytes:
    """Return what the attester of a fact signs."""
    return pre_authentication_encoding(PAYLOAD_TYPE, canonical(fact))


def attest(fact: Fact, secret: Ed25519PrivateKey) -> Attestation:
    """Return the attester's signature over a fact."""
    return Attestation(secret.public_key().public_bytes_raw(), secret.sign(signed_message(fact)))


def is_attested(fact: Fact, attestation: Attestation) -> bool:
    """Tell whether the signature is of this key over this fact."""
    try:
        key = Ed25519PublicKey.from_public_bytes(attestation.public_key)
        key.verify(attestation.signature, signed_message(fact))
    except (InvalidSignature, ValueError):
        return False
    return True


def statement_digest(fact: Fact, attestation: Attestation) -> bytes:
    """Return what is the same for two signatures of one key over one fact, and for no others."""
    return hashlib.sha256(attestation.public_key + signed_message(fact)).digest()
