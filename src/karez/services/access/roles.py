"""Roles: sets of permissions with a limit, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

import attrs

from karez.services.access.errors import RoleUnknownError

_HUNDREDTHS = 100


@attrs.frozen
class Role:
    """What a role may do. ``permissions`` may hold ``loans.*`` and ``*.read``."""

    name: str
    words: str
    permissions: tuple[str, ...]
    amount_most_minor: int | None

    def holds(self, permission: str) -> bool:
        """Say whether the role has a permission."""
        return any(fnmatchcase(permission, pattern) for pattern in self.permissions)


@attrs.frozen(kw_only=True)
class Grant:
    """How far a permission goes: up to which amount, and at which outlets; None is any."""

    amount_most_minor: int | None = None
    outlets: frozenset[str] | None = None


@attrs.frozen
class Membership:
    """A role that somebody has; a limit of their own stands before that of the role."""

    role: str
    amount_most_minor: int | None = None
    outlets: frozenset[str] | None = None

    @property
    def limit_minor(self) -> int | None:
        """Up to which amount; None is any."""
        if self.amount_most_minor is not None:
            return self.amount_most_minor
        return check_role(self.role).amount_most_minor


@cache
def roles() -> Mapping[str, Role]:
    """Return all roles by name."""
    text = resources.files("karez.services.access").joinpath("roles.toml").read_text("utf-8")
    return {
        name: Role(
            name,
            given["words"],
            tuple(given["permissions"]),
            given["amount_most"] * _HUNDREDTHS if "amount_most" in given else None,
        )
        for name, given in tomllib.loads(text).items()
    }


def check_role(name: str) -> Role:
    """Return a role.

    Raises:
        RoleUnknownError: there is none of this name.
    """
    if name not in roles():
        raise RoleUnknownError(role=name, roles=", ".join(roles()))
    return roles()[name]
