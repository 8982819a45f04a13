"""Signatures of Standard Webhooks: Ed25519 (``v1a``), or HMAC-SHA256 (``v1``) where one must be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Literal

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Scheme = Literal["v1a", "v1"]


@attrs.frozen
class Secret:
    """What signs for one endpoint: the seed of an Ed25519 key, or octets that both sides know."""

    scheme: Scheme
    octets: bytes = attrs.field(repr=False)

    @classmethod
    def new(cls, scheme: Scheme) -> Secret:
        """Return a fresh one."""
        return cls(scheme, secrets.token_bytes(32))

    def told(self) -> str:
        """Return what the receiver must have: a public key ``whpk_``, or the secret ``whsec_``."""
        if self.scheme == "v1":
            return "whsec_" + _base64(self.octets)
        public = Ed25519PrivateKey.from_private_bytes(self.octets).public_key()
        return "whpk_" + _base64(public.public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """Return one signature as it stands in the header."""
        if self.scheme == "v1":
            made = hmac.new(self.octets, message, hashlib.sha256).digest()
        else:
            made = Ed25519PrivateKey.from_private_bytes(self.octets).sign(message)
        return f"{self.scheme},{_base64(made)}"


def headers_of(
    message_id: str, seconds: int, body: bytes, signers: Iterable[Secret]
) -> dict[str, str]:
    """Return the headers that name a message, its attempt's time and its signatures."""
    message = f"{message_id}.{seconds}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(secret.sign(message) for secret in signers),
        "content-type": "application/json",
        "user-agent": "karez-webhooks",
    }


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
