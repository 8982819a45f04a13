"""Who asks, and what they may ask for."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import attrs

from karez.services.access.roles import Grant, Membership, check_role


class ActorKind(StrEnum):
    """A person at a screen, or a machine with a key."""

    PERSON = "person"
    MACHINE = "machine"


@attrs.frozen(kw_only=True)
class Actor:
    """Whoever signed in or called with a key, with all their roles.

    ``person_id`` is the person behind an account, who has no say over what another account of
    theirs has begun. A machine answers for itself.
    """

    actor_id: UUID
    person_id: UUID
    name: str
    full_name: str
    kind: ActorKind
    memberships: tuple[Membership, ...]
    outlet: str | None = None

    def grant(self, permission: str) -> Grant | None:
        """Return how far a permission goes, None if it is not held; the widest of all roles."""
        held = [one for one in self.memberships if check_role(one.role).holds(permission)]
        if not held:
            return None
        limits = [one.limit_minor for one in held]
        outlets = [one.outlets for one in held]
        return Grant(
            amount_most_minor=None if None in limits else max(filter(None, limits), default=0),
            outlets=None if None in outlets else frozenset[str]().union(*filter(None, outlets)),
        )
