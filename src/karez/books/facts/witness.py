"""A witness: it cosigns the checkpoints of other logs, each only if it continues the one before.

A witness sees sizes and roots, never a fact, so competitors can witness one another. What it must
never do is to sign two histories of one log: checking and keeping are one transaction under a lock,
and a witness that has forgotten refuses to begin (``open_witness``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import attrs

from karez.books.facts.errors import (
    KeyMalformedError,
    NoteUnverifiedError,
    WitnessClockError,
    WitnessLostError,
    WitnessNotOpenError,
)
from karez.books.facts.queries import QUERIES
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey, VerifierKey
from karez.books.facts.tlog.merkle import is_consistent
from karez.books.facts.tlog.note import Note, Signature, sign
from karez.books.facts.tlog.submission import Submission
from karez.kernel.errors import ensure

if TYPE_CHECKING:
    import psycopg

# Clocks are set right by moments; one that was set back by more must be looked at.
CLOCK_SLACK = timedelta(seconds=5)


class Verdict(Enum):
    """What becomes of a submission; the value is the answer in HTTP."""

    COSIGNED = 200
    OLD_ABOVE_NEW = 400
    UNSIGNED = 403
    UNKNOWN_ORIGIN = 404
    OTHER_OLD_SIZE = 409
    INCONSISTENT = 422


@attrs.frozen
class Answer:
    """A verdict; the cosignature where there is one, and the size that the witness knows."""

    verdict: Verdict
    known_size: int = 0
    cosignature: Signature | None = None
    cosignature_count: int = 0


@attrs.frozen
class Watched:
    """A log that is witnessed, and the latest checkpoint of it that was cosigned."""

    origin: str
    keys: Sequence[VerifierKey]
    checkpoint: Checkpoint
    note: str

    @classmethod
    def of(cls, record: Sequence[Any]) -> Watched:
        """Return what a row says."""
        origin, keys, size, root, note = record
        parsed = [VerifierKey.parse(text) for text in keys.split("\n")]
        return cls(origin, parsed, Checkpoint(origin, size, bytes(root)), note)


@attrs.frozen
class Fork:
    """Evidence: two notes that one log signed, the one we cosigned and the one we did not."""

    origin: str
    size: int
    reason: str
    known_note: str
    other_note: str
    proof: str
    seen_at: datetime


def open_witness(connection: psycopg.Connection, key: SigningKey, *, given: int) -> int:
    """Open the witness that has a key, and return how many cosignatures it has given.

    ``given`` is how many it has given by what is kept outside the database. Only one that has
    given none may be new to the database.

    Raises:
        WitnessLostError: the database knows of fewer: it is another one, or an older state.
    """
    named = {"verifier_key": key.verifier.text}
    if given == 0:
        connection.execute(QUERIES["open_witness"].text, named)
    record = connection.execute(QUERIES["take_witness"].text, named).fetchone()
    known = 0 if record is None else record[0]
    if known < given:
        raise WitnessLostError(name=key.name, given=given, known=known)
    return known


def watch(connection: psycopg.Connection, keys: Sequence[VerifierKey]) -> str:
    """Take a log among those that are witnessed, and return its origin.

    Raises:
        KeyMalformedError: these are not the keys of one log.
    """
    names = {key.name for key in keys}
    if len(names) != 1 or any(key.kind is KeyKind.COSIGNATURE for key in keys):
        raise KeyMalformedError(what="the key of one log", reason="give the vkeys of one origin")
    origin = names.pop()
    texts = "\n".join(key.text for key in keys)
    connection.execute(QUERIES["watch"].text, {"origin": origin, "verifier_keys": texts})
    return origin


def list_watched(connection: psycopg.Connection, origin: str | None = None) -> list[Watched]:
    """Return the logs that are witnessed, or the one with this origin."""
    rows = connection.execute(QUERIES["watched"].text, {"origin": origin}).fetchall()
    return [Watched.of(row) for row in rows]


def list_forks(connection: psycopg.Connection) -> list[Fork]:
    """Return the evidence against other logs, the oldest first."""
    return [Fork(*row) for row in connection.execute(QUERIES["forks"].text).fetchall()]


def add_checkpoint(
    connection: psycopg.Connection,
    key: SigningKey,
    submission: Submission,
    clock: Callable[[], datetime],
) -> Answer:
    """Judge a submission and cosign it if it continues what was cosigned, in one transaction.

    Nothing may be answered before the caller's transaction has committed.

    Raises:
        NoteMalformedError: the note is no checkpoint.
        WitnessClockError: the clock stands before the last cosignature.
        WitnessNotOpenError: the witness was not opened, or with another key.
    """
    named = {"verifier_key": key.verifier.text}
    record = connection.execute(QUERIES["take_witness"].text, named).fetchone()
    if record is None:
        raise WitnessNotOpenError
    count, last = record
    checkpoint = Checkpoint.parse(submission.note.body)
    found = list_watched(connection, checkpoint.origin)
    if not found:
        return Answer(Verdict.UNKNOWN_ORIGIN)
    known = found[0]
    verdict, reason = _judge(known, submission, checkpoint)
    now = clock()
    if reason:
        _keep_fork(connection, known, submission, (checkpoint.size, reason, now))
    if verdict is not Verdict.COSIGNED:
        return Answer(verdict, known.checkpoint.size)
    cosigned_at = _time_for(now, last)
    cosignature = sign(submission.note.body, key, int(cosigned_at.timestamp()))
    if checkpoint.size > known.checkpoint.size or not known.note:
        kept = {"origin": known.origin, "size": checkpoint.size, "root": checkpoint.root}
        note = _only_of(submission.note, known.keys).signed(cosignature).text
        connection.execute(QUERIES["keep_checkpoint"].text, {**kept, "note": note})
    connection.execute(QUERIES["count_cosignature"].text, {**named, "cosigned_at": cosigned_at})
    return Answer(verdict, checkpoint.size, cosignature, count + 1)


def _judge(known: Watched, submission: Submission, new: Checkpoint) -> tuple[Verdict, str]:
    """Return the verdict, and why the two notes are evidence where they are."""
    try:
        signed = submission.note.verify(known.keys)
    except NoteUnverifiedError:
        signed = []
    old = known.checkpoint
    if not signed:
        return Verdict.UNSIGNED, ""
    if submission.old_size > new.size:
        return Verdict.OLD_ABOVE_NEW, ""
    # The log has signed both. Two roots of one size are a fork whatever else was sent.
    if new.size == old.size and new.root != old.root:
        return Verdict.INCONSISTENT, "other root"
    if submission.old_size != old.size:
        return Verdict.OTHER_OLD_SIZE, ""
    if not is_consistent(old.size, old.root, new.size, new.root, submission.proof):
        return Verdict.INCONSISTENT, "no proof"
    return Verdict.COSIGNED, ""


def _time_for(now: datetime, last: datetime) -> datetime:
    """Return the time of a cosignature: never before that of the one before."""
    ensure(now.tzinfo is not None, "an instant has an offset")
    if now + CLOCK_SLACK < last:
        raise WitnessClockError(now=now.isoformat(), last=last.astimezone(UTC).isoformat())
    return max(now, last)


def _only_of(note: Note, keys: Sequence[VerifierKey]) -> Note:
    """Return a note without the lines of strangers, which nobody has checked."""
    return Note(note.body, tuple(verified.signature for verified in note.verify(keys)))


def _keep_fork(
    connection: psycopg.Connection,
    known: Watched,
    submission: Submission,
    seen: tuple[int, str, datetime],
) -> None:
    size, reason, seen_at = seen
    connection.execute(
        QUERIES["keep_fork"].text,
        {
            "origin": known.origin,
            "size": size,
            "reason": reason,
            "known_note": known.note,
            "other_note": _only_of(submission.note, known.keys).text,
            "proof": submission.text.partition("\n\n")[0],
            "seen_at": seen_at,
        },
    )
