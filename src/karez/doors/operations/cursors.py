"""Where a page of a list ended, as a text that a caller hands back.

The text holds the position alone: what may be seen is decided anew for each page. Its digest binds
it to the institution, the list and the filters, so that one of another list is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, TypeVar

import msgspec

from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.office import Office
from karez.doors.operations.shapes import Listing

P = TypeVar("P")
_DIGEST = 12


def write_cursor(office: Office, name: str, asked: Listing, position: Any) -> str:
    """Return the cursor of a list that ended at a position, given what was asked of it."""
    body = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_digest(office, name, asked, body) + body).decode().rstrip("=")


def read_cursor(office: Office, name: str, asked: Listing, kind: type[P]) -> P | None:
    """Return the position of a cursor, None if there is none.

    Raises:
        CursorInvalidError: it is not one of this list with these filters.
    """
    if asked.cursor is None:
        return None
    try:
        text = asked.cursor + "=" * (-len(asked.cursor) % 4)
        octets = base64.b64decode(text, altchars=b"-_", validate=True)
        body = octets[_DIGEST:]
        if octets[:_DIGEST] == _digest(office, name, asked, body):
            return msgspec.json.decode(body, type=kind)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        pass
    raise CursorInvalidError


def _digest(office: Office, name: str, asked: Listing, body: bytes) -> bytes:
    filters = msgspec.to_builtins(asked)
    kept = {key: value for key, value in filters.items() if key not in {"cursor", "limit"}}
    words = [office.institution.code, name, kept, body.decode()]
    return hashlib.sha256(msgspec.json.encode(words, order="deterministic")).digest()[:_DIGEST]
