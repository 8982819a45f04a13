"""What happens to a right: an event, and the act that it is. All are added, none is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import msgspec

from karez.books.rights.claim import Claim, Consent, Debtor, Thing
from karez.kernel.ids import new_id


@attrs.frozen
class Register:
    """A claim begins."""

    claim: Claim


@attrs.frozen
class Reserve:
    """A thing is kept for one lender who looks into financing it, until an instant."""

    claim: Claim
    until: datetime


@attrs.frozen
class Finance:
    """A reserved claim begins. ``reviewed_by`` is who compared it with what is alike."""

    reviewed_by: str = ""


@attrs.frozen
class Amend:
    """Fields of a claim are replaced; what is None stays."""

    debtors: tuple[Debtor, ...] | None = None
    things: tuple[Thing, ...] | None = None
    description: str | None = None
    amount_minor: int | None = None
    currency: str | None = None


@attrs.frozen
class Transfer:
    """A claim is assigned, or control of a receipt passes: from who holds it to another."""

    giver: str
    taker: str


@attrs.frozen
class Subordinate:
    """The holder lets another right of this register go before its own."""

    under: UUID


@attrs.frozen
class Renew:
    """A claim goes on to a later end, or without one."""

    until: datetime | None


@attrs.frozen
class Release:
    """A claim is discharged."""

    reason: str = ""


@attrs.frozen
class Cancel:
    """A reservation is given up."""

    reason: str = ""


@attrs.frozen
class Grant:
    """A person or firm allows the use of data."""

    consent: Consent


@attrs.frozen
class Revoke:
    """The consent is withdrawn."""

    reason: str = ""


@attrs.frozen
class Pause:
    """The consent rests: nothing is read under it until it goes on."""

    reason: str = ""


@attrs.frozen
class Resume:
    """A paused consent goes on."""

    reason: str = ""


Act = (
    Register | Reserve | Finance | Amend | Transfer | Subordinate | Renew | Release | Cancel
    | Grant | Revoke | Pause | Resume
)  # fmt: skip
ACTS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Register, Reserve, Finance, Amend, Transfer, Subordinate, Renew, Release, Cancel,
        Grant, Revoke, Pause, Resume,
    )
}  # fmt: skip
"""The kinds of act by the name that the book keeps them under."""


@attrs.frozen
class Event:
    """An act on one right. A caller may choose ``event_id``, so that asking twice does it once.

    ``effective_at`` is None for now; an earlier instant needs ``evidence``: where it stood until
    it was recorded here. ``by`` is who asks.
    """

    right_id: UUID
    act: Act
    effective_at: datetime | None = None
    by: str = ""
    evidence: str = ""
    event_id: UUID = attrs.field(factory=new_id)

    @property
    def action(self) -> str:
        """The name of the act."""
        return type(self.act).__name__.lower()


@attrs.frozen
class Recorded:
    """An event in the book: ``version`` counts the events of its right from 1."""

    right_id: UUID
    version: int
    event_id: UUID
    action: str
    body: str
    effective_at: datetime
    recorded_at: datetime
    position: int
    by: str
    evidence: str

    @property
    def act(self) -> Act:
        """What was done."""
        return decode_act(self.action, self.body)


def encode_act(act: Act) -> str:
    """Return an act as the one JSON text that the book keeps of it."""
    return msgspec.json.encode(act, order="deterministic").decode()


def decode_act(action: str, body: str) -> Act:
    """Return the act that a text of the book says."""
    return msgspec.json.decode(body, type=ACTS[action])
