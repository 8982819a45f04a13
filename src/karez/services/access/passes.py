"""What lets somebody in: keys of machines, tokens, sessions, and links that work once.

Each is a text of random letters that names its institution; only its SHA-256 is kept, so whoever
reads the database enters nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.services.access.accounts import memberships_of
from karez.services.access.actor import Actor, ActorKind
from karez.services.access.errors import NotSignedInError
from karez.services.access.queries import QUERIES
from karez.services.bookkeeping import Books

if TYPE_CHECKING:
    import psycopg

_PREFIX = "kz"
_OCTETS = 32


class PassKind(StrEnum):
    """What lets somebody in."""

    KEY = "key"  # of a machine; it stays until it is ended
    TOKEN = "token"  # noqa: S105 - that a key was exchanged for; it lasts for minutes
    SESSION = "session"  # of a person at a screen
    LINK = "link"  # works once: to set a password


TOKEN_LASTS = timedelta(minutes=15)

LASTS: dict[PassKind, timedelta | None] = {
    PassKind.KEY: None,
    PassKind.TOKEN: TOKEN_LASTS,
    PassKind.SESSION: timedelta(hours=12),
    PassKind.LINK: timedelta(hours=24),
}
IDLE = timedelta(minutes=30)
"""A session in which nothing was asked for so long has ended."""


@attrs.frozen(kw_only=True)
class Pass:
    """What was made to let somebody in; the text is shown now and never again."""

    text: str
    expires_at: datetime | None


@attrs.frozen(kw_only=True)
class Entered:
    """Who entered, by what, and the token that guards forms of the session against others."""

    actor: Actor
    label: str
    guard: str


@attrs.frozen(kw_only=True)
class PassView:
    """What lets or let an account in, without its text."""

    kind: PassKind
    label: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None


def institution_of(text: str) -> str:
    """Return the code of the institution that a key, token or session names.

    Raises:
        NotSignedInError: it has not the form of one.
    """
    prefix, _, rest = text.partition("_")
    code, _, body = rest.rpartition("_")
    if prefix != _PREFIX or not code.isprintable() or not code or not body:
        raise NotSignedInError
    return code


def make_pass(
    books: Books,
    account_id: UUID,
    kind: PassKind,
    *,
    label: str = "",
    lasts: timedelta | None = None,
) -> Pass:
    """Make a key, token, session or link of an account; it lasts as its kind does, or as told."""
    with books.transaction() as connection:
        return make_pass_within(books, connection, account_id, kind, label=label, lasts=lasts)


def make_pass_within(  # noqa: PLR0913 - as make_pass, and its transaction
    books: Books,
    connection: psycopg.Connection,
    account_id: UUID,
    kind: PassKind,
    *,
    label: str = "",
    lasts: timedelta | None = None,
) -> Pass:
    """Do the same in the caller's transaction."""
    text = f"{_PREFIX}_{books.institution.code}_{secrets.token_hex(_OCTETS)}"
    row = {
        "digest": _digest(text), "kind": kind, "account_id": account_id, "label": label,
        "guard": secrets.token_bytes(_OCTETS), "lasts": lasts or LASTS[kind],
    }  # fmt: skip
    made = connection.execute(QUERIES["add_pass"].text, row).fetchone()
    return Pass(text=text, expires_at=made[0] if made else None)


def enter(books: Books, text: str, kinds: Collection[PassKind]) -> Entered:
    """Return who enters by a text of one of these kinds; that a session is in use is noted.

    Raises:
        NotSignedInError: there is none such in force here.
    """
    with books.transaction() as connection:
        return _entered(connection, text, kinds)


def exchange(books: Books, text: str) -> tuple[Pass, Entered]:
    """Exchange a key for a token that lasts for minutes (OAuth 2.0 client credentials).

    Raises:
        NotSignedInError: there is no such key in force.
    """
    with books.transaction() as connection:
        entered = _entered(connection, text, [PassKind.KEY])
        made = make_pass_within(
            books, connection, entered.actor.actor_id, PassKind.TOKEN, label=entered.label
        )
        return made, entered


def leave(books: Books, text: str) -> None:
    """End a key, token or session; what is not there has ended already."""
    with books.transaction() as connection:
        connection.execute(QUERIES["end_pass"].text, {"digest": _digest(text)})


def end_passes(
    books: Books, account_id: UUID, kinds: Collection[PassKind], *, label: str | None = None
) -> int:
    """End all of some kinds that let an account in, or those of a label; return how many."""
    asked = {"account_id": account_id, "kinds": list(kinds), "label": label}
    with books.transaction() as connection:
        return connection.execute(QUERIES["end_passes"].text, asked).rowcount


def list_passes(books: Books, account_id: UUID) -> list[PassView]:
    """Return what lets or let an account in, newest first."""
    names = tuple(field.name for field in attrs.fields(PassView))
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["passes_of"].text, {"account_id": account_id}).fetchall()
    return [PassView(**dict(zip(names, row, strict=True))) for row in rows]


def _entered(connection: psycopg.Connection, text: str, kinds: Collection[PassKind]) -> Entered:
    asked = {"digest": _digest(text), "kinds": list(kinds), "idle": IDLE}
    row = connection.execute(QUERIES["pass"].text, asked).fetchone()
    if row is None:
        raise NotSignedInError
    account_id, guard, label, person_id, kind, name, full_name, outlet = row
    connection.execute(QUERIES["see_pass"].text, asked)
    actor = Actor(
        actor_id=account_id,
        person_id=person_id,
        name=name,
        full_name=full_name,
        kind=ActorKind(kind),
        memberships=memberships_of(connection, [account_id])[account_id],
        outlet=outlet,
    )
    return Entered(actor=actor, label=label, guard=guard.hex())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
