"""Who may do what: staff, machines, sign-in, four eyes, and what was done."""

from karez.services.access.actor import Actor, ActorKind, Grant

__all__ = ["Actor", "ActorKind", "Grant"]
