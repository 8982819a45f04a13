"""Erasure: bodies and salts go, entries and proofs stay, and that it was done is a fact.

What is left of an erased fact is its entry: a pseudonym that means nobody any more and a
commitment that nobody can open without the salt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from karez.books.facts.append import FactsBook
from karez.books.facts.batch import Batch
from karez.books.facts.errors import ErasureEmptyError, FactKeptError
from karez.books.facts.log import take_log
from karez.books.facts.queries import QUERIES
from karez.books.facts.retention import Retention
from karez.books.facts.schemas import Erasure

if TYPE_CHECKING:
    import psycopg


@attrs.frozen
class Request:
    """Whose facts, or which, are to be erased; on what ground, and who asks."""

    ground: str
    asked_by: str
    subject: str | None = None
    indices: Sequence[int] = ()


@attrs.frozen
class Erased:
    """What was erased, what had to be kept and why, and where the erasure itself is recorded.

    ``recorded_at_index`` is None where nothing could be erased.
    """

    indices: Sequence[int]
    kept: Sequence[FactKeptError]
    recorded_at_index: int | None


def erase(
    connection: psycopg.Connection, book: FactsBook, request: Request, retention: Retention
) -> Erased:
    """Erase what may be erased of a request, in the caller's transaction.

    The subjects of erased facts get new pseudonyms, so that what is recorded of them later
    cannot be joined to what was erased.

    Raises:
        ErasureEmptyError: there is nothing that the request could mean.
    """
    head = take_log(connection, book.signer)
    asked = {"indices": list(request.indices), "subject": request.subject}
    found = connection.execute(QUERIES["erasable"].text, asked).fetchall()
    if not found:
        raise ErasureEmptyError
    indices: list[int] = []
    kept: list[FactKeptError] = []
    pseudonyms = set[object]()
    for index, schema, valid_on, pseudonym in found:
        error = retention.check(index, schema, valid_on, head.now.date())
        if error is None:
            indices.append(index)
            pseudonyms.add(pseudonym)
        else:
            kept.append(error)
    if not indices:
        return Erased((), kept, None)
    book.forget_subjects()
    connection.execute(QUERIES["erase_bodies"].text, {"indices": indices})
    retired = {"pseudonyms": list(pseudonyms)}
    connection.execute(QUERIES["retire_pseudonyms"].text, retired)
    connection.execute(QUERIES["erase_subjects"].text, retired)
    fact = Erasure(
        subject=f"log:{head.origin}",
        valid_on=head.now.date(),
        erased_indices=tuple(indices),
        ground=request.ground,
        asked_by=request.asked_by,
    )
    return Erased(indices, kept, book.append(connection, Batch([fact])).one())
