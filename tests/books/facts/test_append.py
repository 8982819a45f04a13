"""Appending: what is recorded, what is a repeat, what is refused, and that nothing is half done."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from books.facts.conftest import Log
from books.facts.making import DAY, invoice, slow_root, visit
from karez.books.facts import Attestation, Batch, FactsBook, Signer
from karez.books.facts.attest import attest
from karez.books.facts.canonical import commitment
from karez.books.facts.errors import (
    FactFutureError,
    FactKeyTakenError,
    FactMalformedError,
    FactSchemaUnknownError,
    FactSumError,
    FactTooLargeError,
    LogKeyWrongError,
    LogOpenError,
    SignatureInvalidError,
    SignatureReplayedError,
)
from karez.books.facts.log import open_log
from karez.books.facts.parts import Line, Party, Thing
from karez.books.facts.read import Filter, list_facts, read_checkpoint
from karez.books.facts.recorder import Recorder
from karez.books.facts.schemas import Fact, Payroll, Weighing
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.verify import verify
from karez.kernel.database import Database, Role, transaction

SECRET = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
FUTURE = datetime.now(UTC) + timedelta(days=3)


def leaves(log: Log) -> list[bytes]:
    return [bytes(row[0]) for row in log.rows("SELECT leaf FROM facts.entry ORDER BY entry_index")]


def test_append__one_by_one_or_together_is_the_same_log(log: Log):
    for count in (1, 2, 255, 256, 300, 1):
        before = log.within(lambda c: len(c.execute("SELECT FROM facts.entry").fetchall()))
        done = log.append([invoice(before + number) for number in range(count)])
        assert done.index.tolist() == list(range(before, before + count))
        assert done.added.all()
        assert done.size == before + count
        size, note = log.within(read_checkpoint)
        assert (size, Checkpoint.parse(note.body).root) == (done.size, slow_root(leaves(log)))
    assert log.within(verify).findings == []
    fresh = FactsBook(log.book.signer)  # one that remembers nothing goes on where the last ended
    log.within(lambda c: fresh.append(c, Batch([visit(1)])))
    assert log.within(verify).findings == []


def test_append__leaf_shows_no_more_than_a_pseudonym_and_a_commitment(log: Log):
    fact = invoice(5)
    log.append([fact, invoice(12)])  # of the same subject
    log.append([invoice(6)])
    first, second, third = (json.loads(leaf) for leaf in leaves(log))
    assert set(first) == {"commitment", "issuer", "recorded_at", "schema", "subject", "type"}
    assert list(first) == sorted(first)
    assert (first["issuer"], first["schema"]) == ("test.example/facts", "invoice/1")
    assert first["subject"] == second["subject"] != third["subject"]
    ((body, salt),) = log.rows("SELECT body, salt FROM facts.body WHERE entry_index = 0")
    assert commitment(salt, body).hex() == first["commitment"]
    assert msgspec.json.decode(body, type=type(fact)) == fact
    for word in (b"tin:", b"Mill", b"A5", hashlib.sha256(body).hexdigest().encode()):
        assert word not in leaves(log)[0]


def test_append__a_repeat_answers_its_index_and_adds_nothing(log: Log):
    log.append([visit(9)])
    facts = [invoice(1), invoice(2), invoice(1), invoice(3)]
    done = log.append(facts)
    assert done.index.tolist() == [1, 2, 1, 3]
    assert done.added.tolist() == [True, True, False, True]
    again = log.append(facts)
    assert again.index.tolist() == [1, 2, 1, 3]
    assert again.added_count == 0
    assert again.size == 4
    assert log.rows("SELECT count(*) FROM facts.checkpoint") == [(2,)]


def test_append__a_key_stands_for_one_content(log: Log):
    done = log.append([invoice(1), invoice(1)], ["a", "b"])
    assert done.index.tolist() == [0, 1]  # two events that look the same
    again = log.append([invoice(1), invoice(2), invoice(3), invoice(4)], ["a", "a", "c", "c"])
    assert again.index.tolist() == [0, -1, 2, -1]
    assert {place: type(error) for place, error in again.refused.items()} == {
        1: FactKeyTakenError, 3: FactKeyTakenError,
    }  # fmt: skip
    assert {error.details["index"] for error in again.refused.values()} == {0, 2}


class Strange(Fact, frozen=True, kw_only=True, tag="strange/1"):
    """A schema that the book does not know."""


@pytest.mark.parametrize(
    ("fact", "error", "named"),
    [
        (invoice(1, valid_on=FUTURE.date()), FactFutureError, "valid_on"),
        (invoice(1, occurred_at=FUTURE), FactFutureError, "occurred_at"),
        (invoice(1, occurred_at=datetime(2026, 1, 5)), FactMalformedError, "occurred_at"),  # noqa: DTZ001
        (invoice(1, total_minor=7), FactSumError, "total_minor"),
        (invoice(1, lines=(Line(net_minor=1), Line(net_minor=2))), FactSumError, "net_minor"),
        (invoice(1, currency="euro"), FactMalformedError, "$.currency"),
        (invoice(1, total_minor=10**16, net_minor=None), FactMalformedError, "$.total_minor"),
        (invoice(1, number=None), FactMalformedError, "$.number"),
        (invoice(1, seller=Party(name=3)), FactMalformedError, "$.seller.name"),
        (invoice(1, subject=""), FactMalformedError, "$.subject"),
        (invoice(1, subject="a\0b"), FactMalformedError, "$.subject"),
        (invoice(1, number="x" * 2001), FactMalformedError, "$.number"),
        (invoice(1, number="\ud800"), FactMalformedError, "surrogates"),
        (invoice(1, kind=object()), FactMalformedError, "object"),
        (visit(1, findings=("x" * 1999,) * 600), FactTooLargeError, "octets"),
        (Strange(subject="tin:1", valid_on=DAY), FactSchemaUnknownError, "strange/1"),
        (
            Weighing(subject="tin:1", valid_on=DAY, scale_id="s", thing=Thing(), gross_g=9,
                     tare_g=2, net_g=6),
            FactSumError, "net_g",
        ),
        (
            Payroll(subject="tin:1", valid_on=DAY, employer=Party(), period_from=DAY,
                    period_to=DAY, currency="EUR", gross_minor=9, deductions_minor=2, net_minor=8),
            FactSumError, "net_minor",
        ),
    ],
)  # fmt: skip
def test_append__a_bad_fact_is_named_and_takes_no_other_with_it(log: Log, fact, error, named: str):
    done = log.append([invoice(1), fact, invoice(2)])
    assert done.index.tolist() == [0, -1, 1]
    assert isinstance(done.refused[1], error)
    assert named in str(done.refused[1])
    assert log.rows("SELECT count(*) FROM facts.body") == [(2,)]


def test_append__nothing_good_writes_nothing(log: Log):
    log.append([invoice(1)])
    done = log.append([invoice(2, subject="")])
    assert (done.size, done.added_count) == (1, 0)
    assert log.append([]).size == 1
    assert log.rows("SELECT count(*) FROM facts.checkpoint") == [(1,)]


def test_append__what_is_rolled_back_leaves_nothing(log: Log):
    log.append([invoice(1)])

    def append_and_fail(connection):
        log.book.append(connection, Batch([invoice(2)]))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        log.within(append_and_fail)
    assert log.append([invoice(2)]).index.tolist() == [1]
    assert log.within(verify).findings == []
    names = log.rows("SELECT subject FROM facts.subject ORDER BY subject")
    assert names == [("tin:1",), ("tin:2",)]


def test_append__after_a_fault_nothing_remembered_is_trusted(log: Log, database: Database):
    log.append([invoice(1)])
    with database.connect(None) as login:
        login.execute("ALTER TABLE facts.checkpoint ADD CHECK (size <> 2)")
    with pytest.raises(psycopg.errors.CheckViolation):
        log.append([invoice(2)])
    assert log.append([invoice(2), invoice(3)]).index.tolist() == [1, 2]
    assert log.within(verify).findings == []
    assert log.rows("SELECT count(*) FROM facts.subject") == [(3,)]


def test_append__several_times_in_one_transaction(log: Log):
    with transaction(log.connection, log.institution_id) as connection:
        indices = [log.book.append(connection, Batch([invoice(n)])).one() for n in range(5)]
    assert indices == list(range(5))
    assert log.within(verify).findings == []


def test_attestation__is_checked_kept_and_cannot_be_used_twice(log: Log):
    fact = invoice(1)
    signed = attest(fact, SECRET)
    assert log.append([fact], ["k1"], {0: signed}).index.tolist() == [0]
    assert log.append([fact], ["k1"], {0: signed}).index.tolist() == [0]
    replayed = log.append([fact], ["k2"], {0: signed})
    assert isinstance(replayed.refused[0], SignatureReplayedError)
    assert replayed.refused[0].details["index"] == 0
    signed = attest(visit(1), SECRET)
    twice = log.append([visit(1), visit(1)], ["k3", "k4"], {0: signed, 1: signed})
    assert twice.index.tolist() == [1, -1]
    assert isinstance(twice.refused[1], SignatureReplayedError)
    ((body,),) = log.rows("SELECT body FROM facts.body WHERE entry_index = 0")
    public_key = SECRET.public_key().public_bytes_raw().hex()
    assert json.loads(body)["attestation"]["public_key"] == public_key


def test_attestation__that_does_not_fit_is_refused(log: Log):
    other = attest(invoice(2), SECRET)
    broken = Attestation(other.public_key[:5], other.signature)
    for bad in (other, broken, Attestation(other.public_key, b"")):
        done = log.append([invoice(1)], (), {0: bad})
        assert isinstance(done.refused[0], SignatureInvalidError)


def test_log__is_bound_to_its_keys(log: Log):
    log.append([invoice(1)])
    stranger = Signer.new("test.example/facts")
    with pytest.raises(LogKeyWrongError):
        log.within(FactsBook(stranger).append, Batch([invoice(2)]))
    with pytest.raises(LogOpenError):
        log.within(open_log, stranger)
    assert log.within(open_log, log.book.signer).size == 1


def test_log__holds_no_secret(log: Log):
    log.append([invoice(1)])
    for table in ("log", "entry", "checkpoint", "witness"):
        shown = str(log.rows(f"SELECT * FROM facts.{table}"))
        for key in log.book.signer.keys:
            assert key.seed.hex() not in shown
            assert key.text not in shown
            assert repr(key.seed) not in shown


def test_facts__are_found_by_subject_schema_and_day(log: Log):
    log.append([invoice(n, valid_on=date(2026, 1, 1 + n)) for n in range(14)])
    log.append([visit(3)])
    found = log.within(list_facts, Filter(subject="tin:3"))
    assert [(index, schema) for index, schema, _ in found] == [
        (14, "visit/1"), (10, "invoice/1"), (3, "invoice/1"),
    ]  # fmt: skip
    days = Filter(schema="invoice/1", since=date(2026, 1, 3), until=date(2026, 1, 5))
    assert [index for index, _, _ in log.within(list_facts, days)] == [4, 3, 2]
    assert [index for index, _, _ in log.within(list_facts, Filter(below=5, most=2))] == [4, 3]
    assert log.within(list_facts, Filter(subject="tin:99")) == []


def test_recorder__many_threads_each_get_their_index(log: Log, database: Database):
    with (
        Recorder(database.connect, log.institution_id, log.book) as recorder,
        ThreadPoolExecutor(40) as pool,
    ):
        indices = list(pool.map(lambda n: recorder.append(invoice(n)), range(400)))
        assert sorted(indices) == list(range(400))
        assert recorder.append(invoice(7)) == indices[7]
        with pytest.raises(FactSumError):
            recorder.append(invoice(1, total_minor=0))
        assert recorder.append(invoice(8), "own key") == 400
    numbers = {
        json.loads(body)["number"]: index
        for index, body in log.rows("SELECT entry_index, body FROM facts.body")
        if index < 400
    }
    assert [numbers[f"A{n}"] for n in range(400)] == indices
    assert log.within(verify).findings == []


def test_recorder__survives_a_lost_connection(log: Log, database: Database):
    with Recorder(database.connect, log.institution_id, log.book) as recorder:
        assert recorder.append(invoice(1)) == 0
        with database.connect(None) as login:
            login.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        assert recorder.append(invoice(2)) == 1


def test_writers__of_two_processes_make_one_log(log: Log, database: Database):
    def write(writer: int) -> list[int]:
        book = FactsBook(log.book.signer)
        indices = []
        with database.connect() as connection:
            for number in range(20):
                with transaction(connection, log.institution_id):
                    batch = Batch([invoice(writer * 1000 + number + n * 100) for n in range(7)])
                    indices += book.append(connection, batch).index.tolist()
        return indices

    with ThreadPoolExecutor(4) as pool:
        found = [index for indices in pool.map(write, range(4)) for index in indices]
    assert sorted(found) == list(range(4 * 20 * 7))
    assert log.within(verify).findings == []


def test_roles__nobody_changes_or_removes_what_was_logged(log: Log, database: Database):
    log.append([invoice(n) for n in range(300)])
    for role in (Role.APPLICATION, Role.READER, Role.POSTER):
        with database.connect(role) as connection:
            for table in ("log", "entry", "tile", "checkpoint", "cosignature", "fork"):
                for words in ("DELETE FROM facts.{}", "UPDATE facts.{} SET institution_id = 1"):
                    with pytest.raises(Exception, match="permission denied"):
                        log_within(connection, log.institution_id, words.format(table))


def log_within(connection, institution_id: int, statement: str) -> None:
    with transaction(connection, institution_id):
        connection.execute(statement.encode())
