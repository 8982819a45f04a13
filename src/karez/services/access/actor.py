"""Who asks, and what they may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

import attrs


class ActorKind(StrEnum):
    """A person at a screen, or a machine with a key."""

    PERSON = "person"
    MACHINE = "machine"


@attrs.frozen(kw_only=True)
class Grant:
    """How far a permission goes: up to which amount, and at which outlets; None is any."""

    amount_most_minor: int | None = None
    outlets: frozenset[str] | None = None


@attrs.frozen(kw_only=True)
class Actor:
    """Whoever signed in or called with a key, with the permissions of all their roles.

    ``person_id`` is the person behind an account, who has no say over what another account of
    theirs has begun. A machine answers for itself.
    """

    actor_id: UUID
    person_id: UUID
    name: str
    kind: ActorKind
    grants: Mapping[str, Grant]
    outlet: str | None = None

    def grant(self, permission: str) -> Grant | None:
        """Return how far a permission goes, None if it is not held."""
        return self.grants.get(permission)
