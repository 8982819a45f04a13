"""Can the rights book disagree with itself? Make again what follows from its events, and compare.

Every event is read and applied anew under the rules; the chain of digests, the versions, the turns
of exclusive things, the search index, the table of consents, the chain of each consent's uses
and the certificates must all be what that gives. A finding names the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import psycopg

from karez.books.rights.claim import Claim, Consent
from karez.books.rights.event import (
    Amend,
    Pause,
    Recorded,
    Register,
    Renew,
    Reserve,
    Resume,
    Revoke,
)
from karez.books.rights.grams import grams_of
from karez.books.rights.history import Right, apply, shown
from karez.books.rights.names import RULE, Debt, Name
from karez.books.rights.pen import batch_digest
from karez.books.rights.queries import QUERIES
from karez.books.rights.record import consent_row
from karez.books.rights.search import list_certificates, search_again
from karez.books.rights.serials import EXCLUSIVE
from karez.kernel.errors import KarezError
from karez.kernel.finding import Findings
from karez.kernel.ids import show_id

_BATCHES_AT_A_TIME = 200
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

NameRow = tuple[str, str]  # debt and spelling
Key = tuple[str, str]


@attrs.define
class Verification(Findings):
    """What was checked, and every disagreement."""

    batches: int = 0
    events: int = 0
    claims: int = 0
    uses: int = 0
    certificates: int = 0


def verify(
    connection: psycopg.Connection, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Verification:
    """Check this institution's whole rights book; ``progress`` is told the events done, and all."""
    return _Verifier(connection, progress).run()


@attrs.define
class _Verifier:
    connection: psycopg.Connection
    progress: Callable[[int, int], None]
    report: Verification = attrs.field(factory=Verification)
    rights: dict[UUID, Right] = attrs.field(factory=dict[UUID, Right])
    last_at: dict[UUID, datetime] = attrs.field(factory=dict[UUID, datetime])
    takers: dict[Key, set[UUID]] = attrs.field(factory=lambda: defaultdict[Key, set[UUID]](set))
    turns: dict[Key, int] = attrs.field(factory=dict[Key, int])
    names: set[tuple[NameRow, UUID, int]] = attrs.field(factory=set[tuple[NameRow, UUID, int]])
    things: set[tuple[Any, ...]] = attrs.field(factory=set[tuple[Any, ...]])
    consents: dict[UUID, Consent] = attrs.field(factory=dict[UUID, Consent])
    revoked: set[UUID] = attrs.field(factory=set[UUID])
    pauses: set[tuple[UUID, int, bool]] = attrs.field(factory=set[tuple[UUID, int, bool]])

    def run(self) -> Verification:
        head = self.connection.execute(QUERIES["verify_head"].text).fetchone()
        digest, events_total = self._replay(head)
        if head is not None:
            found = (head[0], bytes(head[2]), head[3], head[4], head[5])
            names = {name for name, _, _ in self.names}
            made = (
                self.report.batches, digest, events_total, self.report.claims, len(names),
            )  # fmt: skip
            if found != made:
                self.report.find("head", "book", head[0], "it is not what the batches make")
        self._check_index()
        self._check_consents()
        self._check_certificates()
        return self.report

    def _replay(self, head: tuple[Any, ...] | None) -> tuple[bytes, int]:
        """Apply every event anew, batch by batch; return the digest and the number of events."""
        digest = bytes(head[6]) if head else b""
        total = 0
        after = _BEGINNING
        for batches in self._batches():
            events = defaultdict[datetime, list[Recorded]](list)
            parameters = {"after": after, "through": batches[-1][1]}
            for row in self.connection.execute(QUERIES["events_of_batches"].text, parameters):
                events[row[6]].append(Recorded(*row))
            after = batches[-1][1]
            for number, recorded_at, event_count, claim_count, stored in batches:
                self.report.batches += 1
                mine = events.pop(recorded_at, [])
                digest = batch_digest(digest, self.report.batches, mine)
                for event in mine:
                    self._apply(event)
                total += len(mine)
                made = (self.report.batches, total, self.report.claims, digest)
                if (number, event_count, claim_count, bytes(stored)) != made:
                    self.report.find("chain", "batch", number, "its events do not make its digest")
                    digest = bytes(stored)
            for strays in events.values():
                self.report.find("chain", "event", strays[0].event_id, "no batch has it")
            self.report.events = total
            self.progress(total, head[3] if head else total)
        return digest, total

    def _batches(self) -> Iterator[list[tuple[Any, ...]]]:
        rows = self.connection.execute(QUERIES["verify_batches"].text).fetchall()
        for start in range(0, len(rows), _BATCHES_AT_A_TIME):
            yield rows[start : start + _BATCHES_AT_A_TIME]

    def _apply(self, event: Recorded) -> None:
        had = self.rights.get(event.right_id)
        place = f"{shown(event.right_id)} version {event.version}"
        last_at = self.last_at.get(event.right_id)
        if event.version != (had.version if had else 0) + 1:
            self.report.find("version", "event", place, "the version before it is missing")
        if last_at is not None and event.effective_at < last_at:
            self.report.find("order", "event", place, "it takes effect before the one before it")
        try:
            right = apply(had, event.right_id, event.act, event.effective_at)
        except (KarezError, ValueError) as fault:
            self.report.find("rules", "event", place, str(fault))
            return
        self.rights[event.right_id] = right
        self.last_at[event.right_id] = event.effective_at
        self.report.claims += event.action in {"register", "reserve"}
        if isinstance(right.content, Consent):
            self.consents[event.right_id] = right.content
            if isinstance(event.act, Revoke):
                self.revoked.add(event.right_id)
            elif isinstance(event.act, Pause | Resume):
                self.pauses.add((event.right_id, event.version, right.is_paused))
            return
        self._expect_index(event, right.content, had)

    def _expect_index(self, event: Recorded, claim: Claim, had: Right | None) -> None:
        before = had.claim if had else None
        changes = isinstance(event.act, Register | Reserve | Amend)
        if changes and (before is None or before.debtors != claim.debtors):
            for debtor in claim.debtors:
                name = debtor.compared()
                row = (str(name.of), name.spelled)
                self.names.add((row, event.right_id, event.version))
        revived = isinstance(event.act, Renew) and had and not had.is_live(event.effective_at)
        if revived or (changes and (before is None or before.things != claim.things)):
            stays: set[Key] = set()
            if before and not revived:
                stays = {(t.scheme, t.key) for t in before.things}
            for thing in claim.things:
                key = (str(thing.scheme), thing.key)
                turn = None
                if thing.scheme in EXCLUSIVE and key not in stays:
                    turn = self.turns[key] = self.turns.get(key, 0) + 1
                    self._expect_alone(event, key)
                self.things.add((*key, event.right_id, event.version, turn))

    def _expect_alone(self, event: Recorded, key: Key) -> None:
        """Find whoever else was live on an exclusive thing when this right took it."""
        for other_id in self.takers[key] - {event.right_id}:
            other = self.rights[other_id]
            holds = any((t.scheme, t.key) == key for t in other.claim.things)
            if holds and other.is_live(event.recorded_at):
                what = f"{shown(other_id)} was live on {key[0]} {key[1]} too"
                self.report.find("one holder", "thing", shown(event.right_id), what)
        self.takers[key].add(event.right_id)

    def _check_index(self) -> None:
        rows = self.connection.execute(QUERIES["verify_names"].text).fetchall()
        numbers = {number: (debt, spelled) for number, debt, spelled in rows}
        debtors = self.connection.execute(QUERIES["verify_debtors"].text)
        found = {
            (numbers.get(number, ("", "")), right, version) for number, right, version in debtors
        }
        for _, right_id, version in found ^ self.names:
            what = "the index and the event do not name the same debtors"
            self.report.find("index", "debtor", f"{shown(right_id)} version {version}", what)
        things = set(self.connection.execute(QUERIES["verify_things"].text))
        for row in things ^ self.things:
            what = f"the index and the event do not agree on {row[0]} {row[1]}, turn {row[4]}"
            self.report.find("index", "thing", f"{shown(row[2])} version {row[3]}", what)
        grams = defaultdict[int, set[int]](set)
        for number, gram in self.connection.execute(QUERIES["verify_grams"].text):
            grams[number].add(gram)
        for number, (debt, spelled) in numbers.items():
            if grams.pop(number, set()) != grams_of(Name(Debt(debt), tuple(spelled.split(" ")))):
                self.report.find("index", "gram", number, f"they are not those of {spelled!r}")
        for number in grams:
            self.report.find("index", "gram", number, "there is no such name")

    def _check_consents(self) -> None:
        stored = {row[0]: row for row in self.connection.execute(QUERIES["verify_consents"].text)}
        made = {each: consent_row(each, consent) for each, consent in self.consents.items()}
        for consent_id in stored.keys() | made.keys():
            if stored.get(consent_id) != made.get(consent_id):
                what = "the table and the event do not agree"
                self.report.find("consent", "consent", shown(consent_id), what)
        revoked = {row[0] for row in self.connection.execute(QUERIES["verify_revocations"].text)}
        for consent_id in revoked ^ self.revoked:
            what = "the table and the events do not agree on its withdrawal"
            self.report.find("consent", "revocation", shown(consent_id), what)
        pauses = set(self.connection.execute(QUERIES["verify_pauses"].text))
        for consent_id, version, _ in pauses ^ self.pauses:
            what = "the table and the events do not agree on its rest"
            self.report.find("consent", "pause", f"{shown(consent_id)} version {version}", what)
        for consent_id, number, follows, digest_is_right in self.connection.execute(
            QUERIES["verify_uses"].text
        ):
            self.report.uses += 1
            if not (follows and digest_is_right and consent_id in self.consents):
                what = "it does not follow from the use before it"
                self.report.find("uses", "consent_use", f"{shown(consent_id)} {number}", what)

    def _check_certificates(self) -> None:
        for certificate in list_certificates(self.connection):
            self.report.certificates += 1
            row = show_id("crt", certificate.certificate_id)
            if certificate.computed_digest() != certificate.digest:
                self.report.find("certificate", "certificate", row, "it is not what was issued")
            elif (
                certificate.rule == RULE
                and search_again(self.connection, certificate) != certificate.result
            ):
                what = "the register does not give this answer any more"
                self.report.find("certificate", "certificate", row, what)
