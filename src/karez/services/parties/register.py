"""The register of parties: record them, one or ten thousand in a call; find and search them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import attrs
import msgspec
import psycopg

from karez.books.rights.names import agreeing, business_name, individual_name
from karez.kernel.database.connection import lock_head
from karez.kernel.errors import KarezError
from karez.kernel.ids import IdMalformedError, read_id
from karez.kernel.sql import load_queries
from karez.services.bookkeeping import Books, derive_id
from karez.services.parties.errors import PartyKindError, PartyMergeError, PartyNotFoundError
from karez.services.parties.party import Kind, Known, Party

QUERIES = load_queries("karez.services.parties")
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@attrs.frozen
class Outcome:
    """What became of one party: how it stands now, or why it was refused.

    ``changed`` is False where the register said so before. ``alike`` are other parties of exactly
    this name: perhaps the same under another key, which a person has to see.
    """

    known: Known | None = None
    changed: bool = False
    alike: tuple[UUID, ...] = ()
    error: KarezError | None = None


def record_parties(
    books: Books, parties: Sequence[Party], *, actor: str = "", preview: bool = False
) -> list[Outcome]:
    """Record what is known of parties, each on its own merits; answers stand in their order.

    A party that has one of the keys already gets a new version and the keys that it lacked; what
    says nothing new adds nothing. A preview gives the same answers, and records nothing.
    """
    answers: list[Outcome] = []
    with books.transaction() as connection, connection.transaction():
        open_register = partial(connection.execute, QUERIES["open_register"].text)
        lock_head(connection, QUERIES["take_register"].text, open_register)
        recorder = _Recorder.of(connection, parties)
        answers = [recorder.take(party) for party in parties]
        known = recorder.write(connection, actor)
        alike = _alike(connection, parties)
        answers = [
            attrs.evolve(
                answer,
                known=known.get(answer.known.party_id),
                alike=tuple(
                    other
                    for other in alike.get(party.compared.spelled, ())
                    if other != answer.known.party_id
                ),
            )
            if answer.known
            else answer
            for answer, party in zip(answers, parties, strict=True)
        ]
        if preview:
            raise psycopg.Rollback
    return answers


@attrs.define
class _Recorder:
    """The parties of a batch as they come to stand, and what is new of them."""

    owner: dict[str, UUID]
    standing: dict[UUID, Known]
    versions: list[Known] = attrs.field(factory=list[Known])
    keys: list[tuple[str, UUID, int]] = attrs.field(factory=list["tuple[str, UUID, int]"])
    added: int = 0

    @classmethod
    def of(cls, connection: psycopg.Connection, parties: Sequence[Party]) -> _Recorder:
        owner = _owners(connection, {key for party in parties for key in party.keys})
        return cls(owner, read_parties(connection, owner.values()))

    def take(self, party: Party) -> Outcome:
        found = {self.owner[key] for key in party.keys if key in self.owner}
        if len(found) > 1:
            return Outcome(error=PartyMergeError(keys=" and ".join(party.keys)))
        before = self.standing[found.pop()] if found else None
        if before is not None and before.party.kind is not party.kind:
            return Outcome(
                error=PartyKindError(party=before.key, kind=before.party.kind, asked=party.kind)
            )
        old_keys = before.party.keys if before else ()
        keys = (*old_keys, *(key for key in party.keys if key not in old_keys))
        whole = attrs.evolve(party, keys=keys)
        if before is not None and before.party == whole:
            return Outcome(before)
        # The same party has the same id however often, and wherever, it is first recorded.
        party_id = before.party_id if before else derive_id("karez.party", keys[0])
        version = before.version + 1 if before else 1
        self.added += before is None
        # When it was recorded the database says, once it is written.
        known = Known(party_id, version, before.recorded_at if before else _UNKNOWN, whole)
        self.standing[party_id] = known
        self.versions.append(known)
        for place, key in enumerate(keys[len(old_keys) :], len(old_keys) + 1):
            self.owner[key] = party_id
            self.keys.append((key, party_id, place))
        return Outcome(known, changed=True)

    def write(self, connection: psycopg.Connection, actor: str) -> dict[UUID, Known]:
        """Write what is new, and return all as the register has them now."""
        rows = [
            attrs.asdict(known.party, filter=lambda field, _: field.name != "keys")
            | {
                "party_id": known.party_id, "version": known.version, "actor": actor,
                "spelled": known.party.compared.spelled,
            }
            for known in self.versions
        ]  # fmt: skip
        keys = [{"key": key, "party_id": owner, "place": at} for key, owner, at in self.keys]
        for query, written in (("add_versions", rows), ("add_keys", keys)):
            if written:
                text = msgspec.json.encode(written).decode()
                connection.execute(QUERIES[query].text, {"rows": text})
        connection.execute(QUERIES["count_parties"].text, {"added": self.added})
        return read_parties(connection, self.standing)


def find_party(books: Books, name: str) -> Known:
    """Return the party with this id (``pty_...`` or a UUID) or key (``tin:...``).

    Raises:
        PartyNotFoundError: there is none.
    """
    with books.transaction() as connection:
        return parties_named(connection, [name])[name]


def find_parties(books: Books, party_ids: Collection[UUID]) -> dict[UUID, Known]:
    """Return the parties with these ids, as they stand now; one that is not there is left out."""
    with books.transaction() as connection:
        return read_parties(connection, party_ids)


def parties_named(connection: psycopg.Connection, names: Iterable[str]) -> dict[str, Known]:
    """Return the party of each id or key, in the caller's transaction.

    Raises:
        PartyNotFoundError: the first that is nobody's.
    """
    wanted = set(names)
    owner = _owners(connection, wanted)
    for name in wanted - set(owner):
        try:
            owner[name] = read_id("pty", name)
        except IdMalformedError:
            continue
    found = read_parties(connection, owner.values())
    for name in sorted(wanted):
        if owner.get(name) not in found:
            raise PartyNotFoundError(party=name)
    return {name: found[owner[name]] for name in wanted}


def search_parties(books: Books, text: str, *, most: int = 20) -> list[Known]:
    """Return parties that may be meant by a key or a name, the exact ones first.

    Names are compared as the rights book compares those of debtors, former names included; a name
    that holds all the words of the text is found too.
    """
    with books.transaction() as connection:
        exact = list(_owners(connection, [text]).values())
        rows = connection.execute(QUERIES["names"].text).fetchall()
        near: list[UUID] = []
        for kinds, asked in (
            ({Kind.PERSON}, individual_name(*_last_and_given(text))),
            ({Kind.FIRM, Kind.GROUP}, business_name(text)),
        ):
            of_kind = [row for row in rows if row[1] in kinds]
            if asked.key:
                places = agreeing(asked, [row[2] for row in of_kind])
                near += [of_kind[place][0] for place in places]
        words = business_name(text).words
        near += [row[0] for row in rows if words and all(word in row[2] for word in words)]
        ordered = list(dict.fromkeys([*exact, *near]))[:most]
        found = read_parties(connection, ordered)
    return [found[party_id] for party_id in ordered]


def _last_and_given(text: str) -> tuple[str, str]:
    """Return the last and the first word of a name, as a person writes it."""
    given, _, last = text.strip().rpartition(" ")
    return last, given


def _alike(connection: psycopg.Connection, parties: Sequence[Party]) -> dict[str, list[UUID]]:
    spelled = list({party.compared.spelled for party in parties})
    found: dict[str, list[UUID]] = {}
    rows = connection.execute(QUERIES["parties_alike"].text, {"spelled": spelled})
    for name, party_id in rows:
        found.setdefault(name, []).append(party_id)
    return found


def _owners(connection: psycopg.Connection, keys: Collection[str]) -> dict[str, UUID]:
    asked = {"keys": [key for key in keys if "\x00" not in key]}
    return dict(connection.execute(QUERIES["parties_of_keys"].text, asked).fetchall())


def read_parties(connection: psycopg.Connection, party_ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Return the parties with these ids, within a transaction; who is not there is left out."""
    rows = connection.execute(QUERIES["find_parties"].text, {"party_ids": list(set(party_ids))})
    return {
        row[0]: Known(row[0], row[1], row[2], Party(Kind(row[3]), row[4], tuple(row[6]), row[5],
                                                    *row[7:]))
        for row in rows
    }  # fmt: skip
