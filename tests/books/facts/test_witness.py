"""A witness signs what continues, refuses what forks, keeps both notes, and never forgets."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import attrs
import psycopg
import pytest

from books.facts.making import slow_proof, slow_root
from karez.books.facts.errors import (
    KeyMalformedError,
    WitnessClockError,
    WitnessLostError,
    WitnessNotOpenError,
)
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey
from karez.books.facts.tlog.note import Note
from karez.books.facts.tlog.submission import Submission
from karez.books.facts.witness import (
    Answer,
    Verdict,
    add_checkpoint,
    list_forks,
    list_watched,
    open_witness,
    watch,
)
from karez.kernel.database import Database, Institution, transaction

KEY = SigningKey("witness.example/w1", KeyKind.COSIGNATURE, bytes([2]) * 32)
SIGNER = Signer((SigningKey("log.example/facts", KeyKind.NOTE, bytes([1]) * 32),))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRIES = [f"entry {number}".encode() for number in range(40)]


@attrs.define
class Bench:
    """A witness, and a clock that can be set."""

    connection: psycopg.Connection
    institution_id: int
    now: datetime = NOON

    def within(self, call: Callable, *arguments: object, **named: object):
        with transaction(self.connection, self.institution_id):
            return call(self.connection, *arguments, **named)

    def add(self, submission: Submission, key: SigningKey = KEY) -> Answer:
        return self.within(add_checkpoint, key, submission, lambda: self.now)


@pytest.fixture
def witness(connection: psycopg.Connection, institution: Institution) -> Bench:
    bench = Bench(connection, institution.institution_id)
    assert bench.within(open_witness, KEY, given=0) == 0
    bench.within(watch, [key.verifier for key in SIGNER.keys])
    return bench


def submission(
    old: int, size: int, entries: list[bytes] = ENTRIES, signer: Signer = SIGNER
) -> Submission:
    note = signer.checkpoint(size, slow_root(entries[:size]), 0)
    proof = slow_proof(old, entries[:size]) if 0 < old < size else []
    return Submission(old, proof, note)


def forked() -> list[bytes]:
    return [*ENTRIES[:5], b"another past", *ENTRIES[6:]]


def test_witness__cosigns_what_continues(witness: Bench):
    for old, size in ((0, 3), (3, 3), (3, 20), (20, 40)):
        sent = submission(old, size)
        answer = witness.add(sent)
        assert answer.verdict is Verdict.COSIGNED
        assert answer.cosignature is not None
        (verified,) = sent.note.signed(answer.cosignature).verify([KEY.verifier])
        assert verified.time_seconds == int(NOON.timestamp())
    (watched,) = witness.within(list_watched)
    assert watched.checkpoint == Checkpoint.parse(sent.note.body)
    assert len(Note.parse(watched.note).verify([KEY.verifier])) == 1
    assert answer.cosignature_count == 4


def test_witness__answers_as_the_protocol_says(witness: Bench):
    assert witness.add(submission(0, 10)).verdict is Verdict.COSIGNED
    stale = witness.add(submission(3, 20))
    assert (stale.verdict, stale.known_size) == (Verdict.OTHER_OLD_SIZE, 10)
    assert witness.add(submission(0, 20)).verdict is Verdict.OTHER_OLD_SIZE
    assert witness.add(submission(10, 5)).verdict is Verdict.OLD_ABOVE_NEW
    stranger = Signer.new("log.example/facts")
    assert witness.add(submission(10, 20, signer=stranger)).verdict is Verdict.UNSIGNED
    unknown = Signer.new("other.example/facts")
    assert witness.add(submission(0, 2, signer=unknown)).verdict is Verdict.UNKNOWN_ORIGIN
    assert witness.within(list_forks) == []


def test_witness__refuses_a_fork_and_keeps_both_notes(witness: Bench):
    good = submission(0, 10)
    witness.add(good)
    other_root = submission(10, 10, forked())
    for old in (10, 0):  # whatever size the log says it comes from
        sent = attrs.evolve(other_root, old_size=old)
        assert witness.add(sent).verdict is Verdict.INCONSISTENT
    longer = submission(10, 20, forked())
    assert witness.add(longer).verdict is Verdict.INCONSISTENT
    forks = witness.within(list_forks)
    assert [(fork.reason, fork.size) for fork in forks] == [("other root", 10), ("no proof", 20)]
    for fork, other in zip(forks, (other_root, longer), strict=True):
        # Both notes stand by themselves: the log's own signature is on each.
        for text, sent in ((fork.known_note, good), (fork.other_note, other)):
            note = Note.parse(text)
            assert note.body == sent.note.body
            assert len(note.verify([key.verifier for key in SIGNER.keys])) == 1
    assert witness.add(submission(10, 20)).verdict is Verdict.COSIGNED


def test_witness__lines_of_strangers_are_not_kept(witness: Bench):
    stranger = Signer.new("log.example/facts")
    sent = submission(0, 10)
    both = sent.note.signed(*stranger.checkpoint(10, slow_root(ENTRIES[:10]), 0).signatures)
    assert witness.add(attrs.evolve(sent, note=both)).verdict is Verdict.COSIGNED
    (watched,) = witness.within(list_watched)
    assert len(Note.parse(watched.note).signatures) == 2  # the log's and ours


def test_clock__that_runs_backwards_makes_no_older_cosignature(witness: Bench):
    witness.add(submission(0, 10))
    witness.now = NOON - timedelta(seconds=3)
    sent = submission(10, 11)
    answer = witness.add(sent)
    assert answer.cosignature is not None
    (verified,) = sent.note.signed(answer.cosignature).verify([KEY.verifier])
    assert verified.time_seconds == int(NOON.timestamp())
    witness.now = NOON - timedelta(hours=1)
    with pytest.raises(WitnessClockError):
        witness.add(submission(11, 12))
    (watched,) = witness.within(list_watched)
    assert watched.checkpoint.size == 11


def test_witness__that_lost_its_database_does_not_begin(witness: Bench, database: Database):
    witness.add(submission(0, 10))
    witness.add(submission(10, 12))
    assert witness.within(open_witness, KEY, given=2) == 2
    with pytest.raises(WitnessLostError):  # an older state was restored
        witness.within(open_witness, KEY, given=3)
    with database.connect(None) as login:
        login.execute("DELETE FROM facts.witness")
    with pytest.raises(WitnessLostError):
        witness.within(open_witness, KEY, given=2)
    with pytest.raises(WitnessNotOpenError):
        witness.add(submission(12, 13))


def test_witness__checks_and_keeps_in_one_step(witness: Bench, database: Database):
    """Many at once from one size: one of them gets on, and the log never goes back."""
    witness.add(submission(0, 10))

    def send(size: int) -> Answer:
        with (
            database.connect() as connection,
            transaction(connection, witness.institution_id),
        ):
            return add_checkpoint(connection, KEY, submission(10, size), lambda: NOON)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(11, 31)))
    cosigned = [answer for answer in answers if answer.verdict is Verdict.COSIGNED]
    assert len(cosigned) == 1
    (watched,) = witness.within(list_watched)
    assert watched.checkpoint.size == cosigned[0].known_size


def test_witness__post_quantum(connection: psycopg.Connection, institution: Institution):
    key = SigningKey("witness.example/pq", KeyKind.SUBTREE, bytes([2]) * 32)
    bench = Bench(connection, institution.institution_id)
    bench.within(open_witness, key, given=0)
    bench.within(watch, [each.verifier for each in SIGNER.keys])
    sent = submission(0, 10)
    answer = bench.add(sent, key)
    assert answer.cosignature is not None
    assert len(sent.note.signed(answer.cosignature).verify([key.verifier])) == 1


def test_watch__keys_of_one_log_only(witness: Bench):
    for keys in ([], [KEY.verifier], [SIGNER.keys[0].verifier, Signer.new("b").keys[0].verifier]):
        with pytest.raises(KeyMalformedError):
            witness.within(watch, keys)
