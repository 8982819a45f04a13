"""Recording, reading, proving, erasing and checking facts."""

from __future__ import annotations

from collections.abc import Callable

from karez.books.facts import Appended, Batch
from karez.books.facts.erase import Erased, Request, erase
from karez.books.facts.errors import FactReservedError
from karez.books.facts.export import CHECKPOINT, log_files
from karez.books.facts.log import Head, open_log, read_log
from karez.books.facts.read import (
    Filter,
    Recorded,
    find_body,
    find_fact,
    list_facts,
    prove_fact,
)
from karez.books.facts.receipt import make_receipt
from karez.books.facts.retention import Retention
from karez.books.facts.schemas import ERASURE, Erasure
from karez.books.facts.tlog import cose
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.note import Note
from karez.books.facts.verify import Verification
from karez.books.facts.verify import verify as verify_log
from karez.services.evidence.evidence import Evidence


def begin_log(evidence: Evidence, origin: str, *, post_quantum: bool) -> Head:
    """Open the log under a name, with fresh keys unless it has some, and return its head.

    Raises:
        LogOpenError: it is open under another name.
        KeyMalformedError: the name may not be one.
    """
    signer = evidence.signer(origin, post_quantum=post_quantum)
    with evidence.transaction() as connection:
        return open_log(connection, signer)


def log_head(evidence: Evidence) -> Head:
    """Return the name, keys, size and root of the log.

    Raises:
        LogNotOpenError: it is not open yet.
    """
    with evidence.transaction() as connection:
        return read_log(connection)


def add_facts(evidence: Evidence, batch: Batch) -> Appended:
    """Record what can be recorded of a batch, and answer once it is durable.

    Raises:
        FactReservedError: a fact says that something was erased; only erasing may say so.

    Else raises as ``FactsBook.append`` does.
    """
    if any(isinstance(fact, Erasure) for fact in batch.facts):
        raise FactReservedError(schema=ERASURE)
    with evidence.transaction() as connection:
        return evidence.book.append(connection, batch)


def show_fact(evidence: Evidence, index: int) -> Recorded:
    """Return the fact at an index; without its body where that was erased.

    Raises:
        FactUnknownError: the log is not that long.
    """
    with evidence.transaction() as connection:
        return find_fact(connection, index)


def search_facts(evidence: Evidence, asked: Filter) -> list[tuple[int, str, bytes]]:
    """Return index, schema and body of the facts asked for, the latest first."""
    with evidence.transaction() as connection:
        return list_facts(connection, asked)


def issue_receipt(
    evidence: Evidence, index: int, *, with_body: bool = True, witnesses: int = 0
) -> str:
    """Return the receipt of a fact as the text of a file.

    ``witnesses`` is how many must have cosigned the checkpoint that it rests on.

    Raises:
        FactUnknownError, NotCosignedError: no such fact, or no such checkpoint that has it.
        FactErasedError: the body was erased, and is asked for.
    """
    with evidence.transaction() as connection:
        proof = prove_fact(connection, index, witnesses=witnesses)
        fact = find_body(connection, index) if with_body else find_fact(connection, index)
    evidence.keys.note_shown(proof.note.body)
    return make_receipt(proof, fact, with_body=with_body)


def issue_cose_receipt(evidence: Evidence, index: int) -> tuple[bytes, bytes]:
    """Return the entry at an index and its COSE receipt (RFC 9942).

    Raises:
        FactUnknownError: there is no such fact.
    """
    signer = evidence.book.signer
    with evidence.transaction() as connection:
        proof = prove_fact(connection, index)
        fact = find_fact(connection, index)
    evidence.keys.note_shown(proof.note.body)
    at = Checkpoint.parse(proof.note.body)
    receipt = cose.make_receipt(signer.keys[0], index, at.size, proof.hashes, at.root)
    return fact.leaf, receipt


def erase_facts(evidence: Evidence, request: Request, retention: Retention) -> Erased:
    """Erase what may be erased of a request.

    Raises:
        ErasureEmptyError: there is nothing that the request could mean.
    """
    with evidence.transaction() as connection:
        return erase(connection, evidence.book, request, retention)


def export_log(
    evidence: Evidence, is_there: Callable[[str], bool], write: Callable[[str, bytes], None]
) -> int:
    """Write the files of the log that are not there yet, the checkpoint last; return how many.

    Raises:
        LogNotOpenError: there is nothing in the log yet.
    """
    count = 0
    with evidence.transaction() as connection:
        for path, content in log_files(connection, is_there):
            if path == CHECKPOINT:
                evidence.keys.note_shown(Note.parse(content.decode()).body)
            write(path, content)
            count += 1
    return count


def verify(
    evidence: Evidence, tell: Callable[[int, int], None] = lambda _done, _of_all: None
) -> Verification:
    """Recompute the whole log from its entries, and say what disagrees.

    Raises:
        LogNotOpenError: it is not open yet.
    """
    with evidence.transaction() as connection:
        return verify_log(connection, tell)
