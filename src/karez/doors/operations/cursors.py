"""Where a page of a list ended, as a text that a caller hands back.

The text holds the position alone: what may be seen is decided anew for each page. Its digest binds
it to the institution, the list and the filters, so that one of another list is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.office import Office
from karez.doors.operations.shapes import Listing

P = TypeVar("P")
R = TypeVar("R")
_DIGEST = 12


def page_of(
    office: Office,
    name: str,
    asked: Listing,
    found: Sequence[R],
    position_of: Callable[[R], object],
) -> tuple[Sequence[R], str | None]:
    """Return the rows of a page, and the cursor of the next if there is one.

    ``found`` holds one row more than was asked for (``asked.limit + 1``), if there are so many.
    """
    shown = found[: asked.limit]
    if len(found) == len(shown):
        return shown, None
    body = msgspec.json.encode(position_of(shown[-1]))
    octets = _digest(office, name, asked, body) + body
    return shown, base64.urlsafe_b64encode(octets).decode().rstrip("=")


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
