"""The way out: facts, the tree, and the proofs that are made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import numpy as np
import numpy.typing as npt

from karez.books.facts.canonical import key_digest
from karez.books.facts.errors import (
    FactErasedError,
    FactUnknownError,
    LogDamagedError,
    NotCosignedError,
)
from karez.books.facts.log import partial_tile, read_log
from karez.books.facts.queries import QUERIES
from karez.books.facts.tlog.merkle import prove_consistency, prove_inclusion
from karez.books.facts.tlog.note import Note, Signature
from karez.books.facts.tlog.proof import LogProof
from karez.books.facts.tlog.tiles import TILE_WIDTH, Tiles, nodes_in

if TYPE_CHECKING:
    import psycopg

_BODIES_AT_A_TIME = 20_000


@attrs.frozen
class Recorded:
    """A fact as the book holds it. ``body`` and ``salt`` are None once they were erased."""

    index: int
    leaf: bytes
    body: bytes | None
    salt: bytes | None

    @property
    def entry(self) -> Mapping[str, Any]:
        """What the log shows: pseudonym, commitment, schema, issuer, instant."""
        return msgspec.json.decode(self.leaf)

    @property
    def fields(self) -> Mapping[str, Any] | None:
        """What the fact says, None where that was erased."""
        return None if self.body is None else msgspec.json.decode(self.body)


def find_fact(connection: psycopg.Connection, index: int) -> Recorded:
    """Return the fact at an index.

    Raises:
        FactUnknownError: the log is not that long.
        LogNotOpenError: there is no log yet.
    """
    record = connection.execute(QUERIES["fact"].text, {"index": index}).fetchone()
    if record is None:
        raise FactUnknownError(index=index, size=read_log(connection).size)
    leaf, body, salt = record
    return Recorded(index, bytes(leaf), body and bytes(body), salt and bytes(salt))


def find_body(connection: psycopg.Connection, index: int) -> Recorded:
    """Return the fact at an index with its body.

    Raises:
        FactErasedError: the body was erased.

    Else raises as ``find_fact`` does.
    """
    found = find_fact(connection, index)
    if found.body is None:
        raise FactErasedError(index=index)
    return found


def find_bodies(connection: psycopg.Connection, indices: Sequence[int]) -> dict[int, bytes]:
    """Return the bodies of the facts at these indices, without the erased."""
    rows = connection.execute(QUERIES["bodies_at"].text, {"indices": list(indices)})
    return {index: bytes(body) for index, body, _ in rows}


@attrs.frozen
class Filter:
    """Which facts are asked for; what is None does not matter."""

    subject: str | None = None
    schema: str | None = None
    since: date | None = None
    until: date | None = None
    below: int | None = None
    most: int = 100


def list_facts(connection: psycopg.Connection, asked: Filter) -> list[tuple[int, str, bytes]]:
    """Return index, schema and body of the facts asked for, the latest first."""
    rows = connection.execute(QUERIES["facts_of"].text, attrs.asdict(asked)).fetchall()
    return [(index, schema, bytes(body)) for index, schema, body in rows]


def stream_bodies(
    connection: psycopg.Connection, schemas: Sequence[str], until: date
) -> Iterator[tuple[int, int, bytes]]:
    """Yield index, day since 1970-01-01 and body of the facts of some schemas, in their order.

    Facts of later days than ``until`` are left out, and so are those whose bodies were erased.
    """
    with connection.cursor("bodies_until", binary=True) as cursor:
        cursor.itersize = _BODIES_AT_A_TIME
        asked = {"schemas": list(schemas), "until": until}
        yield from cursor.execute(QUERIES["bodies_until"].text, asked)


@attrs.frozen
class Window:
    """The facts about one subject, of some days."""

    subject: str
    since: date
    until: date


def stream_bodies_of(
    connection: psycopg.Connection, schemas: Sequence[str], windows: Sequence[Window]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield as ``stream_bodies`` does what lies in these windows; a subject has at most one."""
    with connection.cursor("bodies_of_subjects", binary=True) as cursor:
        cursor.itersize = _BODIES_AT_A_TIME
        asked = {
            "schemas": list(schemas),
            "subjects": [each.subject for each in windows],
            "since": [each.since for each in windows],
            "until": [each.until for each in windows],
        }
        yield from cursor.execute(QUERIES["bodies_of_subjects"].text, asked)


def recorded_at_of(
    connection: psycopg.Connection, indices: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return when the facts at these indices were recorded, in microseconds since 1970.

    Facts are recorded with the checkpoint that first covers them.
    """
    rows = connection.execute(QUERIES["recorded_sizes"].text).fetchall()
    sizes, instants = np.array(rows, np.int64).reshape(-1, 2).T
    if not len(indices):
        return indices
    return instants[np.searchsorted(sizes, indices, side="right")]


def find_keyed(connection: psycopg.Connection, keys: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Return index and body of the facts with these idempotency keys, without the erased."""
    digests = [key_digest(key, b"") for key in keys]
    indices = find_digests(connection, "known_keys", digests)
    bodies = find_bodies(connection, list(indices.values()))
    return {
        key: (indices[digest], bodies[indices[digest]])
        for key, digest in zip(keys, digests, strict=True)
        if indices.get(digest) in bodies
    }


def find_digests(
    connection: psycopg.Connection, query: str, digests: Sequence[bytes]
) -> dict[bytes, int]:
    """Return the indices of the facts that have these digests, of keys or of statements."""
    if not digests:
        return {}
    asked = {"count": len(digests), "digests": b"".join(digests)}
    rows = connection.execute(QUERIES[query].text, asked, binary=True).fetchall()
    return {bytes(row[0]): row[1] for row in rows}


def list_erased(connection: psycopg.Connection, schema: str) -> list[datetime]:
    """Return when each fact of a schema that has no body any more was recorded, in order.

    It looks at the whole log.
    """
    rows = connection.execute(QUERIES["erased_at"].text, {"schema": schema}).fetchall()
    return [row[0] for row in rows]


def tiles_of(connection: psycopg.Connection) -> Tiles:
    """Return what gives the tiles of this institution's tree, and remembers the full ones."""
    full: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int, width: int) -> bytes:
        if width < TILE_WIDTH:
            return b"".join(partial_tile(connection, level, number, width))
        found = full.get((level, number))
        if found is None:
            asked = {"level": level, "number": number}
            record = connection.execute(QUERIES["tile"].text, asked).fetchone()
            if record is None:
                raise LogDamagedError(reason=f"tile {number} of level {level} is missing")
            found = full[level, number] = bytes(record[0])
        return found

    return tile


def read_entries(connection: psycopg.Connection, start: int, stop: int) -> list[bytes]:
    """Return the entries from one index up to another."""
    rows = connection.execute(
        QUERIES["entries_between"].text, {"start": start, "stop": stop}
    ).fetchall()
    return [bytes(row[0]) for row in rows]


def read_checkpoint(
    connection: psycopg.Connection,
    size: int | None = None,
    *,
    least: int = 0,
    witnesses: int = 0,
) -> tuple[int, Note] | None:
    """Return size and note of a checkpoint, with the cosignatures of witnesses that we have.

    Of one size; else the latest with at least ``least`` entries that so many ``witnesses`` have
    cosigned. None where there is none.
    """
    if witnesses:
        asked = {"least": least, "witnesses": witnesses}
        record = connection.execute(QUERIES["checkpoint_cosigned"].text, asked).fetchone()
    else:
        asked = {"least": least, "size": size}
        record = connection.execute(QUERIES["checkpoint"].text, asked).fetchone()
    if record is None:
        return None
    found, text = record
    lines = connection.execute(QUERIES["cosignatures"].text, {"size": found}).fetchall()
    return found, Note.parse(text).signed(*(Signature.parse(line.strip()) for (line,) in lines))


def prove_fact(connection: psycopg.Connection, index: int, *, witnesses: int = 0) -> LogProof:
    """Return the proof that the log holds the entry at an index, below a signed checkpoint.

    Raises:
        FactUnknownError: the log is not that long.
        NotCosignedError: no checkpoint with so many cosignatures has this fact yet.
    """
    log_size = read_log(connection).size
    if index >= log_size:
        raise FactUnknownError(index=index, size=log_size)
    found = read_checkpoint(connection, least=index + 1, witnesses=witnesses)
    if found is None:
        raise NotCosignedError(index=index, witnesses=witnesses)
    size, note = found
    nodes = nodes_in(tiles_of(connection), size)
    return LogProof(index, tuple(prove_inclusion(nodes, index, size)), note)


def prove_growth(connection: psycopg.Connection, old_size: int, size: int) -> list[bytes]:
    """Return the proof that the tree of one size is a beginning of that of another."""
    return prove_consistency(nodes_in(tiles_of(connection), size), old_size, size)
