"""The head of a log: taken to append, or read. And the edge of the tree at that head."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from karez.books.facts.errors import (
    LogDamagedError,
    LogKeyWrongError,
    LogNotOpenError,
    LogOpenError,
)
from karez.books.facts.queries import QUERIES
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.edge import Edge
from karez.books.facts.tlog.keys import VerifierKey
from karez.books.facts.tlog.merkle import leaf_hash
from karez.books.facts.tlog.tiles import TILE_WIDTH, tile_widths
from karez.kernel.database import lock_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg


@attrs.frozen
class Head:
    """A log as it stands. ``now`` is the instant of the next batch, or of the last if only read."""

    institution_id: int
    origin: str
    verifier_keys: str
    size: int
    root: bytes
    now: datetime
    role: str

    @classmethod
    def of(cls, record: Sequence[Any]) -> Head:
        """Return the head that a row is."""
        institution_id, origin, keys, size, root, now, role = record
        return cls(institution_id, origin, keys, size, bytes(root), now, role)

    @property
    def keys(self) -> list[VerifierKey]:
        """The public keys of this log."""
        return [VerifierKey.parse(text) for text in self.verifier_keys.split("\n")]


def take_log(connection: psycopg.Connection, signer: Signer) -> Head:
    """Lock the head of this institution's log; open the log if there is none.

    Raises:
        LogKeyWrongError: the log was opened with other keys.
    """
    record = lock_head(connection, QUERIES["take_log"].text, lambda: open_log(connection, signer))
    head = Head.of(record)
    _check_keys(head, signer)
    return head


def open_log(connection: psycopg.Connection, signer: Signer) -> Head:
    """Begin this institution's log under the signer's name; a second time changes nothing.

    Raises:
        LogOpenError: it is open under another name, or with other keys.
    """
    connection.execute(
        QUERIES["open_log"].text,
        {"origin": signer.origin, "verifier_keys": "\n".join(signer.verifier_keys)},
    )
    head = read_log(connection)
    if head.verifier_keys != "\n".join(signer.verifier_keys):
        raise LogOpenError(origin=head.origin)
    return head


def read_log(connection: psycopg.Connection) -> Head:
    """Return the head of this institution's log.

    Raises:
        LogNotOpenError: it has none yet.
    """
    record = connection.execute(QUERIES["read_log"].text).fetchone()
    if record is None:
        raise LogNotOpenError
    return Head.of(record)


def _check_keys(head: Head, signer: Signer) -> None:
    if head.verifier_keys != "\n".join(signer.verifier_keys):
        raise LogKeyWrongError(origin=head.origin)


def load_edge(connection: psycopg.Connection, head: Head) -> Edge:
    """Return the edge of the tree at a head, from entries and tiles.

    Raises:
        LogDamagedError: they do not make the root that the head has.
    """
    rows = tuple(
        tuple(partial_tile(connection, level, full, width))
        for level, full, width in tile_widths(head.size)
    )
    edge = Edge(head.size, rows)
    if edge.root != head.root:
        raise LogDamagedError(reason=f"the tree of {head.size} entries has another root")
    return edge


def partial_tile(
    connection: psycopg.Connection, level: int, number: int, width: int
) -> list[bytes]:
    """Return the first hashes of a tile that is not full yet, or may not be."""
    start = number * TILE_WIDTH
    between = {"start": start, "stop": start + width}
    if level == 0:
        rows = connection.execute(QUERIES["entries_between"].text, between).fetchall()
        return [leaf_hash(bytes(row[0])) for row in rows]
    rows = connection.execute(
        QUERIES["tile_roots"].text, {"level": level - 1, **between}
    ).fetchall()
    return [bytes(row[0]) for row in rows]
