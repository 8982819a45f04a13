"""Terms, late policies and events as JSON text in the database, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from karez.engines.servicing.events import Event, WriteOff
from karez.engines.servicing.late import LatePolicy
from karez.engines.servicing.terms import Terms

SALE = "sale"
"""The kind of a write-off of a loan that another lender takes over for a price."""


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


EVENT_KINDS: Mapping[str, type[Event]] = {
    _kebab(kind.__name__): kind for kind in Event.__subclasses__()
} | {SALE: WriteOff}
"""The classes of events by the names that are kept."""

_NAMES = {kind: name for name, kind in EVENT_KINDS.items() if name != SALE}
_DECODE = {name: msgspec.json.Decoder(kind).decode for name, kind in EVENT_KINDS.items()}
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_TERMS, _LATE = msgspec.json.Decoder(Terms), msgspec.json.Decoder(LatePolicy)


def kind_of(event: Event, *, sold: bool = False) -> str:
    """Return the name of an event's kind; a write-off with a price is a sale."""
    return SALE if sold else _NAMES[type(event)]


def encode(value: Terms | LatePolicy | Event) -> str:
    """Return the one JSON text of terms, of a policy or of an event."""
    return _ENCODE(value).decode()


def decode_event(kind: str, content: str) -> Event:
    """Return the event of a kind that a text holds."""
    return _DECODE[kind](content)


def decode_terms(content: str) -> Terms:
    """Return the terms that a text holds."""
    return _TERMS.decode(content)


def decode_late(content: str) -> LatePolicy:
    """Return the policy of late charges that a text holds."""
    return _LATE.decode(content)
