"""Erasure: nothing of a body is left anywhere, and everything that was proven still is."""

import json
import subprocess
from datetime import date

import pytest

from books.facts.conftest import Log
from books.facts.making import invoice, visit
from karez.books.facts.erase import Request, erase
from karez.books.facts.errors import (
    ErasureEmptyError,
    FactErasedError,
    RetentionMalformedError,
)
from karez.books.facts.export import log_files
from karez.books.facts.read import find_body, find_fact, prove_fact
from karez.books.facts.receipt import check_receipt, make_receipt
from karez.books.facts.retention import Retention
from karez.books.facts.schemas import SCHEMAS
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.verify import verify
from karez.kernel.config import load_config
from karez.kernel.database import Database
from karez.kernel.database.binaries import find_programs

STANDARD = Retention.standard()
SECRET_WORD = "her-own-words"


def ask(log: Log, **which: object):
    request = Request("GDPR, article 17", "the person", **which)
    return log.within(erase, log.book, request, STANDARD)


def everything(database: Database) -> bytes:
    """All that a dump of the database has, as text and with hexadecimal read."""
    program = find_programs(load_config({})) / "pg_dump"
    return subprocess.run(
        [program, "--dbname", database.conninfo], capture_output=True, check=True
    ).stdout


def test_erase__nothing_is_left_of_the_body(log: Log, database: Database):
    log.append([visit(1, purpose=SECRET_WORD), visit(2)])
    assert SECRET_WORD.encode().hex().encode() in everything(database)
    ((salt,),) = log.rows("SELECT salt FROM facts.body WHERE entry_index = 0")
    done = ask(log, indices=[0])
    assert (list(done.indices), list(done.kept), done.recorded_at_index) == ([0], [], 2)
    dumped = everything(database)
    for trace in (SECRET_WORD.encode(), SECRET_WORD.encode().hex().encode(), b"tin:1"):
        assert trace not in dumped
    assert bytes(salt).hex().encode() not in dumped
    exported = b"".join(
        content for _, content in log.within(lambda c: list(log_files(c, lambda _: False)))
    )
    assert SECRET_WORD.encode() not in exported
    assert b"tin:" not in exported
    assert len(exported) > 500


def test_erase__old_proofs_stay_valid_and_the_log_agrees(log: Log):
    log.append([visit(n) for n in range(10)])
    policy = Policy.of_log(log.book.signer.keys[0].verifier)
    before = make_receipt(log.within(prove_fact, 4), log.within(find_body, 4), with_body=True)
    ask(log, indices=[4])
    assert check_receipt(before, policy).index == 4
    erased = log.within(find_fact, 4)
    assert (erased.body, erased.salt, erased.fields) == (None, None, None)
    after = make_receipt(log.within(prove_fact, 4), erased, with_body=False)
    assert check_receipt(after, policy).fields is None
    with pytest.raises(FactErasedError):
        log.within(find_body, 4)
    report = log.within(verify)
    assert report.findings == []
    assert (report.entries, report.bodies) == (11, 10)


def test_erase__is_itself_a_fact(log: Log):
    log.append([visit(1), visit(8)])
    done = ask(log, subject="tin:1")
    fact = log.within(find_fact, done.recorded_at_index).fields
    assert fact is not None
    assert fact["schema"] == "erasure/1"
    assert fact["erased_indices"] == [0, 1]
    assert (fact["ground"], fact["asked_by"]) == ("GDPR, article 17", "the person")
    assert "tin:1" not in json.dumps(fact)


def test_erase__the_same_body_again_is_another_leaf_under_another_pseudonym(log: Log):
    log.append([visit(1)])
    ask(log, subject="tin:1")
    again = log.append([visit(1)])
    assert again.added_count == 1
    first, last = (log.within(find_fact, int(index)) for index in (0, again.index[0]))
    assert first.entry["commitment"] != last.entry["commitment"]
    assert first.entry["subject"] != last.entry["subject"]


def test_erase__what_accounts_rest_on_is_kept_with_the_reason(log: Log):
    log.append([invoice(1), visit(1), invoice(8, valid_on=date(2001, 5, 5))])
    done = ask(log, subject="tin:1")
    assert list(done.indices) == [1, 2]  # the visit, and the invoice whose time is over
    (kept,) = done.kept
    assert kept.details["index"] == 0
    assert kept.details["until"] == "2036-12-31"
    assert "accounts" in str(kept)
    # What is kept is still found by its subject; what comes later cannot be joined to it.
    assert log.rows("SELECT count(*) FROM facts.subject WHERE subject = 'tin:1'") == [(1,)]
    log.append([visit(1, purpose="later")])
    entries = [log.within(find_fact, index).entry["subject"] for index in (0, 4)]
    assert entries[0] != entries[1]


def test_erase__where_all_must_be_kept_nothing_happens(log: Log):
    log.append([invoice(1)])
    done = ask(log, indices=[0])
    assert (list(done.indices), done.recorded_at_index, len(done.kept)) == ([], None, 1)
    assert log.rows("SELECT count(*) FROM facts.entry") == [(1,)]


@pytest.mark.parametrize("which", [{"indices": [7]}, {"subject": "tin:99"}, {}])
def test_erase__nothing_that_could_be_meant(log: Log, which: dict):
    log.append([visit(1)])
    with pytest.raises(ErasureEmptyError):
        ask(log, **which)


def test_retention__speaks_of_schemas_that_exist():
    assert set(STANDARD.periods) <= set(SCHEMAS)
    assert {"invoice/1", "payment/1", "payroll/1", "tax/1"} <= set(STANDARD.periods)
    assert "visit/1" not in STANDARD.periods


@pytest.mark.parametrize(
    "text", ["[", "", "[class.a]\n[schema]\n'x/1' = 'a'", "class = 3\nschema = 4"]
)
def test_retention__malformed(text: str):
    with pytest.raises(RetentionMalformedError):
        Retention.parse(text)
