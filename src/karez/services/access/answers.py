"""Idempotency keys: the answer to a request is kept in the transaction that did what it asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.services.access.errors import KeyBusyError, KeyReusedError
from karez.services.access.queries import QUERIES

if TYPE_CHECKING:
    import psycopg

KEPT_FOR = timedelta(days=30)


@attrs.frozen
class Kept:
    """The answer that was given under a key."""

    document: bytes
    proposal_id: UUID | None


def claim_key(
    connection: psycopg.Connection, account_id: UUID, key: str, asked: bytes
) -> Kept | None:
    """Hold a key until the end of the transaction; return the answer, if it was used before.

    ``asked`` is the digest of what is asked under it.

    Raises:
        KeyBusyError: another request with this key is under way.
        KeyReusedError: it was used for something else.
    """
    named = {"account_id": account_id, "key": key}
    held = connection.execute(QUERIES["hold_key"].text, named).fetchone()
    if held != (True,):
        raise KeyBusyError(key=key)
    row = connection.execute(QUERIES["answer"].text, named).fetchone()
    if row is None:
        return None
    before, document, proposal_id = row
    if before != asked:
        raise KeyReusedError(key=key)
    return Kept(document, proposal_id)


def keep_answer(  # noqa: PLR0913, PLR0917 - the columns of an answer
    connection: psycopg.Connection,
    account_id: UUID,
    key: str,
    asked: bytes,
    document: bytes,
    proposal_id: UUID | None,
) -> None:
    """Keep the answer under a key that was claimed."""
    row = {
        "account_id": account_id, "key": key, "asked": asked, "document": document,
        "proposal_id": proposal_id,
    }  # fmt: skip
    connection.execute(QUERIES["keep_answer"].text, row)


def forget_answers(connection: psycopg.Connection, age: timedelta = KEPT_FOR) -> int:
    """Forget answers that are older than an age; return how many."""
    return connection.execute(QUERIES["forget_answers"].text, {"age": age}).rowcount
