"""Ties between parties: made, ended, and read as of a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import partial
from uuid import UUID

import psycopg

from karez.kernel.database.connection import lock_head
from karez.services.bookkeeping import Books
from karez.services.parties.errors import TieRefusedError
from karez.services.parties.party import Kind, Known, Tie, TieKind
from karez.services.parties.register import QUERIES, parties_named


def tie(  # noqa: PLR0913 - who, what, whom, since when, and who says so
    books: Books,
    one: str,
    kind: TieKind,
    other: str,
    *,
    on: date,
    holds: bool = True,
    actor: str = "",
    reason: str = "",
) -> bool:
    """Tie ``one`` to ``other`` from a day on, or end that tie; return False if it stood so before.

    Parties are named by id or key. A co-borrower is one from either side.

    Raises:
        PartyNotFoundError: one of them is unknown.
        TieRefusedError: such a tie cannot be.
    """
    with books.transaction() as connection:
        open_register = partial(connection.execute, QUERIES["open_register"].text)
        lock_head(connection, QUERIES["take_register"].text, open_register)
        named = parties_named(connection, {one, other})
        first, second = named[one], named[other]
        _check(first, kind, second)
        if kind is TieKind.CO_BORROWER_WITH and first.party_id > second.party_id:
            first, second = second, first
        key = {"party_id": first.party_id, "kind": kind, "other_id": second.party_id}
        stands = connection.execute(QUERIES["find_tie"].text, key).fetchone()
        version, held, since = stands or (0, False, None)
        if held == holds:
            return False
        if not holds and since and on < since:
            _refuse(first, kind, second, f"it holds from {since} on, and cannot end before")
        row = {"version": version + 1, "holds": holds, "valid_on": on}
        connection.execute(QUERIES["add_tie"].text, key | row | {"actor": actor, "reason": reason})
    return True


def _check(one: Known, kind: TieKind, other: Known) -> None:
    kinds = (one.party.kind, other.party.kind)
    if one.party_id == other.party_id:
        _refuse(one, kind, other, "that is one party")
    if (kind is TieKind.MEMBER_OF) != (kinds[1] is Kind.GROUP):
        _refuse(one, kind, other, "a group has members, and no other tie; only a group has them")
    if kinds[0] is Kind.GROUP:
        _refuse(one, kind, other, "a group is no borrower by itself; its members are")
    if kind is TieKind.CONTROLLED_BY and kinds[0] is Kind.PERSON:
        _refuse(one, kind, other, "nobody controls a person")


def _refuse(one: Known, kind: TieKind, other: Known, reason: str) -> None:
    raise TieRefusedError(party=one.key, kind=kind, other=other.key, reason=reason)


def list_ties(books: Books, party_ids: Collection[UUID], on: date) -> list[Tie]:
    """Return the ties of parties, from either side, that hold on a day."""
    with books.transaction() as connection:
        return ties_between(connection, party_ids, on)


def ties_between(
    connection: psycopg.Connection, party_ids: Collection[UUID], on: date
) -> list[Tie]:
    """Return the same in the caller's transaction."""
    asked = {"party_ids": list(party_ids), "day": on}
    rows = connection.execute(QUERIES["ties_of"].text, asked)
    return [Tie(one, TieKind(kind), other, since) for one, kind, other, since in rows]
