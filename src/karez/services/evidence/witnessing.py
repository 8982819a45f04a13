"""Witnessing: this institution cosigns the logs of others, and asks others to cosign its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import attrs
import psycopg

from karez.books.facts import witness as book
from karez.books.facts.errors import (
    NoteUnverifiedError,
    WitnessNotOpenError,
    WitnessRefusedError,
)
from karez.books.facts.queries import QUERIES
from karez.books.facts.read import prove_growth, read_checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey, VerifierKey
from karez.books.facts.tlog.note import Note, Verified
from karez.books.facts.tlog.submission import Submission, parse_cosignatures
from karez.books.facts.witness import Answer, Fork, Watched
from karez.kernel.database import transaction
from karez.kernel.time import Clock
from karez.services.evidence.evidence import Evidence
from karez.services.evidence.keys import KeyFolder

Post = Callable[[bytes], tuple[int, str]]
"""Sends a submission to a witness, and gives status and body of the answer."""


def begin_witness(evidence: Evidence, name: str, *, post_quantum: bool) -> VerifierKey:
    """Open this institution's witness under a name, with a fresh key, and return its public half.

    Raises:
        WitnessLostError: it was open before, and the database has forgotten.
        KeyMalformedError: the name may not be one.
    """
    kind = KeyKind.SUBTREE if post_quantum else KeyKind.COSIGNATURE
    keys = evidence.keys.load(evidence.keys.witness_file)
    if keys is None:
        evidence.keys.note_given(0)  # before there is a key: a key without a count is a lost one
        keys = evidence.keys.make(evidence.keys.witness_file, name, [kind])
    with evidence.transaction() as connection:
        book.open_witness(connection, keys[0], given=evidence.keys.given())
    return keys[0].verifier


def watch_log(evidence: Evidence, keys: Sequence[str]) -> str:
    """Take a log among those that are witnessed, by its vkeys, and return its origin.

    Raises:
        KeyMalformedError: these are not the keys of one log.
    """
    with evidence.transaction() as connection:
        return book.watch(connection, [VerifierKey.parse(text) for text in keys])


def watched_logs(evidence: Evidence) -> list[Watched]:
    """Return the logs that are witnessed."""
    with evidence.transaction() as connection:
        return book.list_watched(connection)


def forks(evidence: Evidence) -> list[Fork]:
    """Return the evidence against other logs: the two notes of each fork."""
    with evidence.transaction() as connection:
        return book.list_forks(connection)


@attrs.define
class Witness:
    """A witness at work, for the threads of one process.

    What its database must at least know is written beside the key before a cosignature leaves:
    so it is noticed when the database is lost, or set back to an older state.
    """

    connect: Callable[[], psycopg.Connection]
    institution_id: int
    keys: KeyFolder
    clock: Clock
    key: SigningKey
    given: int
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    @classmethod
    def at(
        cls, evidence: Evidence, connect: Callable[[], psycopg.Connection], clock: Clock
    ) -> Witness:
        """Return the witness of an institution, ready to work.

        Raises:
            WitnessNotOpenError: it never was opened.
            WitnessLostError: its database has forgotten what it signed.
        """
        keys = evidence.keys.load(evidence.keys.witness_file)
        if keys is None:
            raise WitnessNotOpenError
        with evidence.transaction() as connection:
            given = book.open_witness(connection, keys[0], given=evidence.keys.given())
        number = evidence.institution.institution_id
        return cls(connect, number, evidence.keys, clock, keys[0], given)

    def add_checkpoint(self, octets: bytes) -> Answer:
        """Judge what a log sent; what is answered is durable.

        Raises:
            NoteMalformedError: it is no submission.
            WitnessClockError: the clock stands before the last cosignature.
        """
        submission = Submission.parse(octets)
        with self.connect() as connection, transaction(connection, self.institution_id):
            answer = book.add_checkpoint(connection, self.key, submission, self.clock.now)
        if answer.cosignature is not None:
            with self._lock:
                if answer.cosignature_count > self.given:
                    self.keys.note_given(answer.cosignature_count)
                    self.given = answer.cosignature_count
        return answer

    def latest(self) -> list[Watched]:
        """Return the logs that are witnessed, for whoever watches the witness."""
        with self.connect() as connection, transaction(connection, self.institution_id):
            return book.list_watched(connection)


def ask_witness(evidence: Evidence, key: VerifierKey, post: Post, url: str) -> tuple[int, Verified]:
    """Have our latest checkpoint cosigned, and keep the cosignature; return the size and it.

    A witness that knows another size of us is asked once more from there.

    Raises:
        WitnessRefusedError: it does not cosign, and why.
        NoteUnverifiedError: what it answers is no cosignature of the key that it should have.
        LogNotOpenError, KeyMalformedError.
    """
    with evidence.transaction() as connection:
        found = read_checkpoint(connection)
        known = connection.execute(QUERIES["witnessed_size"].text, {"signer": key.name}).fetchone()
    if found is None:
        raise WitnessRefusedError(url=url, reason="our log has no checkpoint yet")
    size, note = found
    evidence.keys.note_shown(note.body)
    old_size = min(known[0] if known else 0, size)
    status, body = post(_submission(evidence, old_size, size, note).text.encode())
    if status == book.Verdict.OTHER_OLD_SIZE.value:
        old_size = _size_in(body, size, url)
        status, body = post(_submission(evidence, old_size, size, note).text.encode())
    if status != book.Verdict.COSIGNED.value:
        raise WitnessRefusedError(url=url, reason=f"it answers {status} {body.strip()}".strip())
    verified = Note(note.body, tuple(parse_cosignatures(body))).verify([key])
    if not verified:
        raise NoteUnverifiedError(name=key.name)
    _keep(evidence, size, verified[0])
    return size, verified[0]


def _submission(evidence: Evidence, old_size: int, size: int, note: Note) -> Submission:
    with evidence.transaction() as connection:
        proof = prove_growth(connection, old_size, size)
    return Submission(old_size, proof, note)


def _size_in(body: str, size: int, url: str) -> int:
    text = body.strip()
    if not text.isascii() or not text.isdecimal() or int(text) > size:
        raise WitnessRefusedError(url=url, reason=f"it has seen {text or 'another log'} of us")
    return int(text)


def _keep(evidence: Evidence, size: int, cosignature: Verified) -> None:
    seconds = cosignature.time_seconds or 0
    with evidence.transaction() as connection:
        connection.execute(
            QUERIES["keep_cosignature"].text,
            {
                "size": size,
                "signer": cosignature.key.name,
                "signed_at": datetime.fromtimestamp(seconds, UTC),
                "line": cosignature.signature.line,
            },
        )
