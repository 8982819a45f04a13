"""Appending: the one write path of the facts book. Read ``FactsBook.append`` first."""

from __future__ import annotations

import bisect
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import attrs
import numpy as np

from karez.books.facts.attest import is_attested, statement_digest
from karez.books.facts.batch import Appended, Batch
from karez.books.facts.canonical import attested_body, canonical, commitment, key_digest
from karez.books.facts.check import Latest, check_fact
from karez.books.facts.errors import (
    FactKeyTakenError,
    FactMalformedError,
    SignatureInvalidError,
    SignatureReplayedError,
)
from karez.books.facts.log import Head, load_edge, take_log
from karez.books.facts.queries import QUERIES
from karez.books.facts.read import find_digests
from karez.books.facts.schemas import schema_of
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.edge import Edge, FullTile
from karez.books.facts.tlog.merkle import leaf_hash
from karez.books.facts.wire import body_row, copy_in, entry_row, row
from karez.kernel.database import Role
from karez.kernel.errors import KarezError

if TYPE_CHECKING:
    import psycopg

SALT_LENGTH = 32
SUBJECTS_MOST = 200_000
"""How many pseudonyms are remembered."""
LEAF_TYPE = b"karez.fact/1"


@attrs.define
class FactsBook:
    """One institution's facts book, as this process knows it.

    Keep one for each institution and share it between threads: the edge of the tree that it
    remembers makes the next append fast. It may be thrown away at any time.
    """

    signer: Signer
    _edge: Edge | None = None
    _pseudonyms: dict[str, UUID] = attrs.field(factory=dict[str, UUID])
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def append(self, connection: psycopg.Connection, batch: Batch) -> Appended:
        """Record what can be recorded of ``batch``, in the caller's transaction.

        One fact or ten thousand is the same call. Each gets an answer; nothing is raised for one
        that is refused. A fact that stands in the book answers its old index and adds nothing:
        with a key of the caller's it is known by that, else by its content. The batch ends with
        a signed checkpoint.

        Raises:
            LogKeyWrongError: the log was opened with other keys than the signer's.
            LogDamagedError: the tree in the database does not fit its root.
        """
        head = take_log(connection, self.signer)
        judged = _Judged.of(connection, head, batch)
        with self._lock:
            edge, self._edge = self._edge, None  # should we fail, nothing remembered is trusted
            if edge is None or edge.size != head.size or edge.root != head.root:
                # Others have appended, or what we appended was rolled back.
                edge = load_edge(connection, head)
                self._pseudonyms.clear()
            if judged.new:
                subjects = {batch.facts[new.place].subject for new in judged.new}
                fresh = self._name(connection, subjects)
                names = _Names(self._pseudonyms, fresh)
                edge = _write(connection, judged, edge, names, self.signer)
            self._edge = edge
        return judged.answer(edge.size)

    def forget_subjects(self) -> None:
        """Forget who is meant by which pseudonym: an erasure is about to change it.

        Other processes notice by the root, since an erasure is itself appended.
        """
        with self._lock:
            self._pseudonyms.clear()

    def _name(self, connection: psycopg.Connection, subjects: set[str]) -> dict[str, UUID]:
        """Know the pseudonym of every subject; return those that had none before."""
        known = self._pseudonyms
        if len(known) > SUBJECTS_MOST:
            known.clear()
        asked = [subject for subject in subjects if subject not in known]
        if not asked:
            return {}
        listed = {"subjects": canonical(asked).decode()}
        known.update(connection.execute(QUERIES["pseudonyms"].text, listed).fetchall())
        # Random, and not the time-ordered ids of the kernel: a pseudonym must tell nothing.
        fresh = {
            subject: UUID(bytes=secrets.token_bytes(16))
            for subject in asked
            if subject not in known
        }
        known.update(fresh)
        return fresh


class _New(NamedTuple):
    """A fact that will be added, as octets."""

    place: int
    key: bytes
    body: bytes
    attested: bytes | None


@attrs.define
class _Judged:
    """What is to become of each fact of a batch."""

    batch: Batch
    head: Head
    new: list[_New] = attrs.field(factory=list[_New])
    first_of: dict[int, int] = attrs.field(factory=dict[int, int])  # a repeat within the batch
    known: dict[int, int] = attrs.field(factory=dict[int, int])  # the index it had before
    refused: dict[int, KarezError] = attrs.field(factory=dict[int, KarezError])

    @classmethod
    def of(cls, connection: psycopg.Connection, head: Head, batch: Batch) -> _Judged:
        judged = cls(batch, head)
        sound = list(judged._sound(head.now))
        known = find_digests(connection, "known_keys", [fact.key for fact in sound])
        statements = [fact.attested for fact in sound if fact.attested is not None]
        spoken = find_digests(connection, "known_statements", statements)
        judged._settle(connection, sound, known, spoken)
        return judged

    def _sound(self, now: datetime) -> Iterator[_New]:
        """Yield the facts that could stand in the book, and refuse the others."""
        batch = self.batch
        keys, attestations = batch.keys, batch.attestations
        latest = Latest.at(now)
        for place, fact in enumerate(batch.facts):
            try:
                body = canonical(fact)
            except (TypeError, ValueError) as fault:  # of no type that JSON has, or half a letter
                self.refused[place] = FactMalformedError(reason=str(fault))
                continue
            error, attested = check_fact(fact, body, latest), None
            if error is None and place in attestations:
                attestation = attestations[place]
                if is_attested(fact, attestation):
                    body = attested_body(fact, attestation)
                    attested = statement_digest(fact, attestation)
                else:
                    error = SignatureInvalidError()
            if error is not None:
                self.refused[place] = error
                continue
            named = keys[place] if keys else ""
            yield _New(place, key_digest(named, body), body, attested)

    def _settle(
        self,
        connection: psycopg.Connection,
        sound: Iterable[_New],
        known: dict[bytes, int],
        spoken: dict[bytes, int],
    ) -> None:
        """Tell what is new from what is not, and from what says something else under one key."""
        firsts: dict[bytes, _New] = {}
        to_compare: dict[int, list[_New]] = {}
        for fact in sound:
            if fact.key in known:
                index = known[fact.key]
                self.known[fact.place] = index
                if self.batch.keys and self.batch.keys[fact.place]:
                    to_compare.setdefault(index, []).append(fact)
                continue
            first = firsts.setdefault(fact.key, fact)
            if first is not fact:
                if first.body != fact.body:
                    self._refuse_key(fact.place, self.head.size + self._rank(first))
                elif first.place not in self.refused:
                    self.first_of[fact.place] = first.place
                else:
                    self.refused[fact.place] = self.refused[first.place]
                continue
            if fact.attested is not None:
                index = spoken.setdefault(fact.attested, self.head.size + len(self.new))
                if index != self.head.size + len(self.new):
                    self.refused[fact.place] = SignatureReplayedError(index=index)
                    continue
            self.new.append(fact)
        if to_compare:
            self._compare(connection, to_compare)

    def _rank(self, first: _New) -> int:
        return bisect.bisect_left(self.new, first.place, key=lambda fact: fact.place)

    def _refuse_key(self, place: int, index: int) -> None:
        self.refused[place] = FactKeyTakenError(key=self.batch.keys[place], index=index)

    def _compare(self, connection: psycopg.Connection, found: dict[int, list[_New]]) -> None:
        """A key of the caller's that is known must stand for the same content."""
        stored = connection.execute(QUERIES["bodies_at"].text, {"indices": list(found)}).fetchall()
        for index, body, _ in stored:
            for fact in found[index]:
                if fact.body != bytes(body):
                    del self.known[fact.place]
                    self._refuse_key(fact.place, index)

    def answer(self, size: int) -> Appended:
        """Return the answers once the new facts are written."""
        index = np.full(len(self.batch.facts), -1, np.int64)
        added = np.zeros(len(index), np.bool_)
        places = [fact.place for fact in self.new]
        index[places] = np.arange(self.head.size, self.head.size + len(places))
        added[places] = True
        for place, old in self.known.items():
            index[place] = old
        for place, first in self.first_of.items():
            index[place] = index[first]
        return Appended(index, added, self.refused, size)


@attrs.frozen
class _Names:
    """The pseudonyms of all subjects of a batch, and those that are new among them."""

    pseudonyms: Mapping[str, UUID]
    fresh: Mapping[str, UUID]


def _write(
    connection: psycopg.Connection, judged: _Judged, edge: Edge, names: _Names, signer: Signer
) -> Edge:
    """Write the new facts, the tiles they fill, the checkpoint and the head."""
    head = judged.head
    institution_id = head.institution_id
    leaves: list[bytes] = []
    connection.execute(QUERIES["become"].text, {"role": Role.POSTER})
    copy_in(connection, "body", _bodies(judged, names, leaves))
    grown, filled = edge.grow([leaf_hash(leaf) for leaf in leaves])
    root = grown.root
    note = signer.checkpoint(grown.size, root, int(head.now.timestamp()))
    entries = (
        entry_row(institution_id, index, leaf) for index, leaf in enumerate(leaves, head.size)
    )
    copy_in(connection, "entry", entries)
    if names.fresh:
        named = (row(institution_id, p, s, True, widths="isss") for s, p in names.fresh.items())
        copy_in(connection, "subject", named)
    if filled:
        copy_in(connection, "tile", (_tile_row(institution_id, tile) for tile in filled))
    checkpoint = row(institution_id, grown.size, root, note.text, head.now, widths="iqsss")
    copy_in(connection, "checkpoint", [checkpoint])
    connection.execute(QUERIES["become"].text, {"role": head.role})
    moved = {"size": grown.size, "root": root, "recorded_at": head.now}
    connection.execute(QUERIES["move_log"].text, moved)
    return grown


def _bodies(judged: _Judged, names: _Names, leaves: list[bytes]) -> Iterator[bytes]:
    """Yield the rows of the bodies, and put the leaf that commits to each into ``leaves``.

    The server takes in what is yielded while the next are made.
    """
    facts = judged.batch.facts
    salts = secrets.token_bytes(SALT_LENGTH * len(judged.new))
    head, pseudonyms = judged.head, names.pseudonyms
    template = _leaf_template(head)
    for rank, new in enumerate(judged.new):
        fact = facts[new.place]
        salt = salts[SALT_LENGTH * rank : SALT_LENGTH * (rank + 1)]
        schema = schema_of(fact).encode()
        pseudonym = pseudonyms[fact.subject]
        shown = pseudonym.hex.encode()
        leaves.append(template % (commitment(salt, new.body).hex().encode(), schema, shown))
        yield body_row(
            head.institution_id,
            head.size + rank,
            key=new.key,
            pseudonym=pseudonym.bytes,
            valid_on=fact.valid_on,
            schema=schema,
            salt=salt,
            attested=new.attested,
            body=new.body,
        )


def _leaf_template(head: Head) -> bytes:
    """Return what all leaves of a batch share, with places for the three that differ.

    The members stand in the order that RFC 8785 asks for.
    """
    fixed = {"issuer": head.origin, "recorded_at": head.now}
    issuer, instant = (canonical(value).replace(b"%", b"%%") for value in fixed.values())
    return (
        b'{"commitment":"%%s","issuer":%s,"recorded_at":%s,"schema":"%%s","subject":"%%s",'
        b'"type":"%s"}' % (issuer, instant, LEAF_TYPE)
    )


def _tile_row(institution_id: int, tile: FullTile) -> bytes:
    return row(institution_id, tile.level, tile.number, tile.hashes, tile.root, widths="ihqss")
