"""What a party is: a person, a firm or a group, and what ties two of them."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import attrs

from karez.books.rights.names import Name, business_name, individual_name
from karez.kernel.ids import show_id
from karez.services.parties.errors import PartyMalformedError

KEYS_MOST = 20
TEXT_MOST = 500
_KEY = re.compile(r"[a-z][a-z0-9_-]*:\S.*")


class Kind(StrEnum):
    """What a party is."""

    PERSON = "person"
    FIRM = "firm"
    GROUP = "group"  # of borrowers who answer for one another


class TieKind(StrEnum):
    """What one party is to another."""

    MEMBER_OF = "member-of"
    GUARANTOR_OF = "guarantor-of"
    CO_BORROWER_WITH = "co-borrower-with"
    CONTROLLED_BY = "controlled-by"


@attrs.frozen
class Party:
    """What is known of a party.

    ``keys`` are the ids by which facts, consents and papers call it, such as ``tin:5213003700``;
    the first is the one that it is shown by. ``began_on`` is when a person was born or a firm
    founded. ``segment`` is whose rate counts where nothing else is known.

    Raises:
        PartyMalformedError: a field cannot be right.
    """

    kind: Kind
    name: str
    keys: tuple[str, ...]
    given: str = ""
    place: str = ""
    industry: str = ""
    segment: str = ""
    phone: str = ""
    began_on: date | None = None

    def __attrs_post_init__(self) -> None:
        for field in ("name", "given", "place", "industry", "segment", "phone"):
            value: str = getattr(self, field)
            if len(value) > TEXT_MOST or "\x00" in value:
                _malformed(field, value[:40], f"it has at most {TEXT_MOST} letters, and no NUL")
        if not self.compared.key:
            _malformed("name", self.name, "a name has a letter")
        if self.given and self.kind is not Kind.PERSON:
            _malformed("given", self.given, "only a person has a given name")
        if not 0 < len(self.keys) <= KEYS_MOST:
            _malformed("keys", ", ".join(self.keys), f"there are from 1 to {KEYS_MOST}")
        for key in self.keys:
            if len(key) > TEXT_MOST or not _KEY.fullmatch(key) or "\x00" in key:
                _malformed("keys", key[:80], "a key is a scheme and a value, as tin:5213003700")
        if len(set(self.keys)) < len(self.keys):
            _malformed("keys", ", ".join(self.keys), "one stands twice")

    @property
    def compared(self) -> Name:
        """The name as it is compared in a search."""
        if self.kind is Kind.PERSON:
            return individual_name(self.name, self.given)
        return business_name(self.name)

    @property
    def full_name(self) -> str:
        """The name as people write it."""
        return f"{self.given} {self.name}".strip()


def _malformed(field: str, value: str, reason: str) -> None:
    raise PartyMalformedError(field=field, value=value, reason=reason)


@attrs.frozen
class Known:
    """A party in the register: its id, its last version, and since when that stands."""

    party_id: UUID
    version: int
    recorded_at: datetime
    party: Party

    @property
    def shown_id(self) -> str:
        """The id as people see it."""
        return show_id("pty", self.party_id)

    @property
    def key(self) -> str:
        """The first key: the subject of its facts."""
        return self.party.keys[0]


@attrs.frozen
class Tie:
    """``one`` is member of, guarantor of, co-borrower with or controlled by ``other``."""

    one: UUID
    kind: TieKind
    other: UUID
    since: date
