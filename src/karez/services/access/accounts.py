"""Accounts of people and machines, and the roles that they have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.kernel.ids import new_id
from karez.services.access.actor import ActorKind
from karez.services.access.errors import (
    AccountNameError,
    AccountTakenError,
    AccountUnknownError,
)
from karez.services.access.queries import QUERIES
from karez.services.access.roles import Membership, check_role
from karez.services.bookkeeping import Books

if TYPE_CHECKING:
    import psycopg

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,59}")


@attrs.frozen(kw_only=True)
class Account:
    """A person of the staff, or a machine, and how they can enter."""

    account_id: UUID
    person_id: UUID
    kind: ActorKind = attrs.field(converter=ActorKind)
    name: str
    full_name: str
    outlet: str | None
    has_password: bool
    has_totp: bool
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    memberships: tuple[Membership, ...] = ()


_COLUMNS = tuple(field.name for field in attrs.fields(Account))[:-1]


def add_account(  # noqa: PLR0913 - what is known of somebody
    books: Books,
    name: str,
    *,
    kind: ActorKind = ActorKind.PERSON,
    full_name: str = "",
    outlet: str | None = None,
    person_id: UUID | None = None,
    by: str,
) -> Account:
    """Add an account; ``person_id`` is that of another account of the same person.

    Raises:
        AccountNameError: the name is none.
        AccountTakenError: there is one of this name, be it ended.
    """
    if not _NAME.fullmatch(name):
        raise AccountNameError(name=name)
    account_id = new_id()
    row = {
        "account_id": account_id, "person_id": person_id or account_id, "kind": kind, "name": name,
        "full_name": full_name or name, "outlet": outlet, "made_by": by,
    }  # fmt: skip
    with books.transaction() as connection:
        if connection.execute(QUERIES["add_account"].text, row).fetchone() is None:
            raise AccountTakenError(name=name)
        return _find(connection, name)


def find_account(books: Books, name: str) -> Account:
    """Return an account by its name.

    Raises:
        AccountUnknownError: there is none.
    """
    with books.transaction() as connection:
        return _find(connection, name)


def list_accounts(books: Books) -> list[Account]:
    """Return all accounts, also those that ended, by name."""
    with books.transaction() as connection:
        return _accounts(connection, None)


def end_account(books: Books, name: str) -> Account:
    """End an account: no key, session or link of it lets anybody in from now on.

    Raises:
        AccountUnknownError: there is none of this name.
    """
    with books.transaction() as connection:
        found = _find(connection, name)
        connection.execute(QUERIES["end_account"].text, {"account_id": found.account_id})
        return _find(connection, name)


def give_role(books: Books, name: str, membership: Membership, *, by: str) -> Account:
    """Give a role to an account; one that it has is given anew, with other limits.

    Raises:
        AccountUnknownError, RoleUnknownError: there is no such account or role.
    """
    check_role(membership.role)
    with books.transaction() as connection:
        found = _find(connection, name)
        row = attrs.asdict(membership, recurse=False) | {
            "account_id": found.account_id,
            "given_by": by,
            "outlets": None if membership.outlets is None else sorted(membership.outlets),
        }
        connection.execute(QUERIES["take_role"].text, row)
        connection.execute(QUERIES["give_role"].text, row)
        return _find(connection, name)


def take_role(books: Books, name: str, role: str) -> Account:
    """Take a role from an account.

    Raises:
        AccountUnknownError, RoleUnknownError: there is no such account or role.
    """
    check_role(role)
    with books.transaction() as connection:
        found = _find(connection, name)
        asked = {"account_id": found.account_id, "role": role}
        connection.execute(QUERIES["take_role"].text, asked)
        return _find(connection, name)


def memberships_of(
    connection: psycopg.Connection, accounts: Sequence[UUID]
) -> Mapping[UUID, tuple[Membership, ...]]:
    """Return the roles that accounts have now."""
    found: dict[UUID, tuple[Membership, ...]] = dict.fromkeys(accounts, ())
    rows = connection.execute(QUERIES["roles_of"].text, {"accounts": list(accounts)})
    for account_id, role, most, outlets in rows:
        given = Membership(role, most, None if outlets is None else frozenset(outlets))
        found[account_id] += (given,)
    return found


def _find(connection: psycopg.Connection, name: str) -> Account:
    found = _accounts(connection, name)
    if not found:
        raise AccountUnknownError(name=name)
    return found[0]


def _accounts(connection: psycopg.Connection, name: str | None) -> list[Account]:
    rows = connection.execute(QUERIES["accounts"].text, {"name": name}).fetchall()
    accounts = [Account(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
    held = memberships_of(connection, [each.account_id for each in accounts])
    return [attrs.evolve(each, memberships=held[each.account_id]) for each in accounts]
