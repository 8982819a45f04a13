"""Base 64 as these formats ask for it (RFC 4648, section 4), in the one form that octets have."""

from __future__ import annotations

import base64
import binascii


def encode64(octets: bytes) -> str:
    """Return octets as text."""
    return base64.b64encode(octets).decode()


def decode64(text: str) -> bytes | None:
    """Return the octets that a text shows, None where it shows none.

    Spare bits at the end must be zero: else a flipped bit of a file would go unseen.
    """
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if encode64(octets) == text else None
