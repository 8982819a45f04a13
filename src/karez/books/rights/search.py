"""Search the register by a debtor's name or by the number of a thing, and certify what was found.

A search is of the register as known at one instant and effective at another. Candidates come from
an index of all that ever stood; each is then folded from its events and looked at again, so the
answer is that of the time asked for. A claim is found by a name that it stood under before an
amendment too, for a debtor's change of name ends no claim. Ended rights stay visible for as long as
they may be revived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import attrs
import msgspec
import psycopg

from karez.books.rights.claim import Claim, Debtor, Thing
from karez.books.rights.errors import CertificateUnknownError, RightMalformedError
from karez.books.rights.grams import WEIGHT_NEEDED, grams_asked
from karez.books.rights.history import LIVE, Right, State, fold
from karez.books.rights.names import RULE, Match, Name, agreeing, compare
from karez.books.rights.queries import QUERIES
from karez.books.rights.read import clock, load_histories
from karez.books.rights.serials import spell
from karez.kernel.ids import new_id, show_id

_Matcher = Callable[[Right], tuple[Match, str] | None]
_HIDDEN = frozenset({State.CANCELLED, State.EXPIRED, State.RESERVED})


@attrs.frozen
class Extent:
    """What was searched: the register after its batch ``number``, how many claims, its digest."""

    number: int
    known_at: datetime
    claim_count: int
    digest: str


@attrs.frozen
class Hit:
    """A claim that was found: how it agrees, in what, and how it stood."""

    right_id: UUID
    match: Match
    matched: str
    state: State
    version: int
    claim: Claim
    since: datetime
    until: datetime | None


@attrs.frozen
class Search:
    """What was searched for, in which register, and what was found: exact hits first."""

    criterion: Debtor | Thing
    effective_at: datetime
    register: Extent
    hits: Sequence[Hit]


@attrs.frozen
class Certificate:
    """A search, frozen. ``result`` is the hits as JSON; the digest covers all that stands here."""

    certificate_id: UUID
    issued_at: datetime
    rule: str
    criterion: str
    effective_at: datetime
    known_at: datetime
    register_number: int
    register_claims: int
    register_digest: bytes
    result: str
    digest: bytes

    def computed_digest(self) -> bytes:
        """Return the SHA-256 of everything but the digest."""
        parts = [
            str(self.certificate_id), self.issued_at.isoformat(), self.rule, self.criterion,
            self.effective_at.isoformat(), self.known_at.isoformat(), self.register_number,
            self.register_claims, self.register_digest.hex(), self.result,
        ]  # fmt: skip
        return hashlib.sha256(msgspec.json.encode(parts)).digest()


def search(
    connection: psycopg.Connection,
    criterion: Debtor | Thing,
    *,
    effective_at: datetime | None = None,
    known_at: datetime | None = None,
) -> Search:
    """Return the claims on what a debtor has, or on a thing, at an instant, as known at another.

    Raises:
        RightMalformedError: the name or number has no letter and no digit.
    """
    now = clock(connection)
    at = effective_at or now
    register = _register_at(connection, known_at or now)
    if isinstance(criterion, Debtor):
        name = criterion.compared()
        if not name.key:
            raise RightMalformedError(field="name", value=criterion.name, reason="no letter in it")
        candidates = _rights_under(connection, name)
        matcher: _Matcher = partial(_by_name, name)
    else:
        if not spell(criterion.number):
            raise RightMalformedError(field="number", value=criterion.number, reason="it is empty")
        candidates = _rights_on(connection, criterion)
        matcher = partial(_by_thing, criterion)
    histories = load_histories(connection, candidates, at, register.known_at)
    folded = [fold(events) for events in histories.values()]
    hits = [hit for right in folded if right and (hit := _hit(right, at, matcher))]
    hits.sort(key=lambda hit: (hit.match is not Match.EXACT, hit.since, hit.right_id))
    return Search(criterion, at, register, hits)


def certify(
    connection: psycopg.Connection, found: Search, certificate_id: UUID | None = None
) -> Certificate:
    """Keep what a search found, with its time and the register's size, and return it as kept."""
    draft = Certificate(
        certificate_id=certificate_id or new_id(),
        issued_at=clock(connection),
        rule=RULE,
        criterion=encode_criterion(found.criterion),
        effective_at=found.effective_at,
        known_at=found.register.known_at,
        register_number=found.register.number,
        register_claims=found.register.claim_count,
        register_digest=bytes.fromhex(found.register.digest),
        result=encode_hits(found.hits),
        digest=b"",
    )
    certificate = attrs.evolve(draft, digest=draft.computed_digest())
    connection.execute(QUERIES["write_certificate"].text, attrs.asdict(certificate))
    return certificate


def find_certificate(connection: psycopg.Connection, certificate_id: UUID) -> Certificate:
    """Return a certificate of search as it was issued.

    Raises:
        CertificateUnknownError: there is none with this id.
    """
    found = list_certificates(connection, certificate_id)
    if not found:
        raise CertificateUnknownError(certificate=show_id("crt", certificate_id))
    return found[0]


def list_certificates(
    connection: psycopg.Connection, certificate_id: UUID | None = None
) -> list[Certificate]:
    """Return one certificate, or all, the oldest first."""
    parameters = {"certificate_id": certificate_id}
    rows = connection.execute(QUERIES["certificates"].text, parameters)
    return [Certificate(*row) for row in rows]


def search_again(connection: psycopg.Connection, certificate: Certificate) -> str:
    """Return the hits that the search of a certificate gives when it is done again."""
    again = search(
        connection,
        decode_criterion(certificate.criterion),
        effective_at=certificate.effective_at,
        known_at=certificate.known_at,
    )
    return encode_hits(again.hits)


def encode_criterion(criterion: Debtor | Thing) -> str:
    """Return what was searched for as JSON."""
    kind = "debtor" if isinstance(criterion, Debtor) else "thing"
    return msgspec.json.encode({kind: criterion}, order="deterministic").decode()


def decode_criterion(text: str) -> Debtor | Thing:
    """Return what was searched for."""
    document: dict[str, Any] = msgspec.json.decode(text)  # one key says which
    if "debtor" in document:
        return msgspec.convert(document["debtor"], Debtor)
    return msgspec.convert(document["thing"], Thing)


def encode_hits(hits: Sequence[Hit]) -> str:
    """Return the hits as one JSON text, the same for the same hits."""
    return msgspec.json.encode(list(hits), order="deterministic").decode()


def _register_at(connection: psycopg.Connection, known_at: datetime) -> Extent:
    row = connection.execute(QUERIES["register_at"].text, {"known_at": known_at}).fetchone()
    if row is None:
        return Extent(0, known_at, 0, "")
    return Extent(row[0], row[1], row[2], bytes(row[3]).hex())


def _rights_under(connection: psycopg.Connection, name: Name) -> set[UUID]:
    """Find the rights that ever stood under a name that agrees with this one."""
    asked = grams_asked(name)
    rows = connection.execute(
        QUERIES["names_near"].text,
        {
            "grams": [each.gram for each in asked],
            "groups": [each.group for each in asked],
            "weights": [each.weight for each in asked],
            "weight_needed": WEIGHT_NEEDED,
        },
    )
    near = [(number, spelled) for number, debt, spelled in rows if debt == name.of]
    numbers = [near[place][0] for place in agreeing(name, [spelled for _, spelled in near])]
    found = connection.execute(QUERIES["rights_under_names"].text, {"name_ids": numbers})
    return {right_id for (right_id,) in found}


def _rights_on(connection: psycopg.Connection, thing: Thing) -> set[UUID]:
    parameters = {"schemes": [str(thing.scheme)], "keys": [thing.key]}
    rows = connection.execute(QUERIES["rights_on_things"].text, parameters)
    return {row[2] for row in rows}


def _by_name(name: Name, right: Right) -> tuple[Match, str] | None:
    names = [(each, "") for each in right.claim.debtors]
    names += [(each, " (formerly)") for each in right.former_debtors]
    found = [
        (match, (f"{each.name}, {each.given}" if each.given else each.name) + formerly)
        for each, formerly in names
        if (match := compare(name, each.compared()))
    ]
    return min(found, key=lambda pair: pair[0] is not Match.EXACT, default=None)


def _by_thing(thing: Thing, right: Right) -> tuple[Match, str] | None:
    found = [
        (Match.EXACT if spell(each.number) == spell(thing.number) else Match.SIMILAR, each.number)
        for each in right.claim.things
        if (each.scheme, each.key) == (thing.scheme, thing.key)
    ]
    return min(found, key=lambda pair: pair[0] is not Match.EXACT, default=None)


def _hit(right: Right, at: datetime, matcher: _Matcher) -> Hit | None:
    state = right.state_at(at)
    if not isinstance(right.content, Claim) or state in _HIDDEN or not _is_visible(right, at):
        return None
    matched = matcher(right)
    if matched is None:
        return None
    return Hit(
        right.right_id, *matched, state, right.version, right.content,
        since=right.stretches[0].since, until=right.ends_at,
    )  # fmt: skip


def _is_visible(right: Right, at: datetime) -> bool:
    """Tell whether a claim binds, or has ended so lately that it may be revived."""
    if right.state_at(at) in LIVE:
        return True
    ended_at = right.ended[1] if right.ended else right.ends_at
    return ended_at is not None and at < ended_at + timedelta(days=right.rules.revival_days)
