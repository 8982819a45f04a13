"""Each use of a consent is a fact too: both books have it, or neither."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from books.rights.making import a_consent, a_use
from karez.kernel.database import Database, Role
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id, show_id
from karez.services import consent as consents
from karez.services import rights
from karez.services.bookkeeping import Books
from karez.services.evidence import (
    Batch,
    Evidence,
    Filter,
    Request,
    Retention,
    add_facts,
    decode_fact,
    erase_facts,
    log_head,
    search_facts,
    show_fact,
    verify,
)

THREADS = 4


@pytest.fixture
def consent_id(books: Books) -> UUID:
    done = consents.grant(books, a_consent(uses_most=THREADS))
    assert done.right is not None
    return done.right.right_id


def said(evidence: Evidence) -> list[dict[str, Any]]:
    """What the facts of uses say, the first first."""
    indices = [index for index, _, _ in search_facts(evidence, Filter(schema="consent_use/1"))]
    return [dict(show_fact(evidence, index).fields or {}) for index in reversed(indices)]


def test_read_statement__is_two_facts_and_a_retry_adds_none(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    use = a_use(consent_id, reader="ada")
    consents.read_statement(evidence, database, use)
    found = consents.find_consent(books, consent_id)
    asked, read = said(evidence)
    assert found.facts == {use.use_id: [0, 1]}
    assert asked == {
        "schema": "consent_use/1", "subject": "ann", "consent_id": show_id("rgt", consent_id),
        "use_id": show_id("use", use.use_id), "receiver": "bank-a", "reader": "ada",
        "purpose": "underwriting", "scope": "TRANSACTIONS",
        "valid_on": found.uses[0].used_at.date().isoformat(), "occurred_at": asked["occurred_at"],
    }  # fmt: skip
    assert read == asked | {"row_count": 0}
    consents.begin_use(evidence, use)
    assert log_head(evidence).size == 2
    assert rights.verify(books).findings == []
    assert verify(evidence).findings == []


def test_begin_use__refused_is_a_fact(books: Books, evidence: Evidence, consent_id: UUID):
    use = a_use(consent_id, purpose="marketing")
    for _ in range(2):
        with pytest.raises(KarezError):
            consents.begin_use(evidence, use)
    [fact] = said(evidence)
    assert (fact["allowed"], fact["reason"], fact["purpose"]) == (
        False, "consent-purpose", "marketing",
    )  # fmt: skip
    assert rights.verify(books).findings == []


def test_begin_use__what_is_no_use_is_no_fact(evidence: Evidence, consent_id: UUID):
    """No consent, so nobody whose data it would be; or the id of another use."""
    use = a_use(consent_id)
    consents.begin_use(evidence, use)
    for other, code in (
        (a_use(new_id()), "consent-unknown"),
        (a_use(consent_id, use_id=use.use_id, purpose="marketing"), "event-conflict"),
    ):
        with pytest.raises(KarezError) as caught:
            consents.begin_use(evidence, other)
        assert caught.value.code == code
    assert [fact["use_id"] for fact in said(evidence)] == [show_id("use", use.use_id)]


def test_begin_use__rolled_back_is_in_neither_book(
    books: Books, evidence: Evidence, consent_id: UUID
):
    """A text too long for a fact: the use that the rights book had already taken goes as well."""
    consents.begin_use(evidence, a_use(consent_id))
    with pytest.raises(KarezError) as caught:
        consents.begin_use(evidence, a_use(consent_id, reader="x" * 2_001))
    assert caught.value.code == "fact-malformed"
    assert len(consents.find_consent(books, consent_id).uses) == log_head(evidence).size == 1
    consents.begin_use(evidence, a_use(consent_id))
    assert rights.verify(books).findings == []
    assert verify(evidence).findings == []


def test_begin_use__without_the_key_of_the_log_nothing_is_read(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    consents.begin_use(evidence, a_use(consent_id))
    evidence.keys.log_file.unlink()
    keyless = Evidence(evidence.connection, evidence.institution, evidence.keys)
    with pytest.raises(KarezError) as caught:
        consents.read_statement(keyless, database, a_use(consent_id))
    assert caught.value.code == "log-key-wrong"
    assert len(consents.find_consent(books, consent_id).uses) == 1


def test_read_statement__threads_beside_those_who_append_other_facts(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    """Uses of two consents and visits between them, in a log that nobody had opened."""
    other = consents.grant(books, a_consent(grantor="bob", uses_most=THREADS)).right
    assert other is not None
    gate = threading.Barrier(THREADS)
    visit = b'{"purpose":"look","schema":"visit/1","subject":"bob","valid_on":"2026-01-0%d",'
    visit += b'"visited":{"name":"Bob"},"visitor":"ada"}'

    def one(number: int) -> None:
        with database.connect(Role.APPLICATION) as connection:
            mine = Evidence(connection, evidence.institution, evidence.keys)
            gate.wait()
            for day in (2 * number + 1, 2 * number + 2):
                consents.read_statement(
                    mine, database, a_use((consent_id, other.right_id)[day % 2])
                )
                add_facts(mine, Batch([decode_fact("visit/1", visit % day)]))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))
    assert len(said(evidence)) == 2 * 2 * THREADS
    assert log_head(evidence).size == 3 * 2 * THREADS
    assert rights.verify(books).findings == []
    assert verify(evidence).findings == []


def test_verify__finds_a_use_without_its_fact_and_one_of_which_it_says_something_else(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    for _ in range(3):
        consents.begin_use(evidence, a_use(consent_id))
    with database.connect(Role.OWNER) as owner, owner.transaction():
        owner.execute("SELECT set_config('karez.institution_id', %s, TRUE)", ["1"])
        owner.execute("DELETE FROM facts.body WHERE entry_index = 0")
        owner.execute("DELETE FROM facts.entry WHERE entry_index = 0")
        owner.execute("UPDATE rights.consent_use SET scope = 'PROFILE' WHERE use_number = 3")
    found = [(f.row, f.what) for f in rights.verify(books).findings if f.check == "facts"]
    name = show_id("rgt", consent_id)
    assert found == [
        (f"{name} 3", "fact 2 says something else of it"),
        (f"{name} 1", "the facts book has no fact of it"),
    ]


def test_verify__a_fact_that_was_erased_is_not_missed(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    consents.read_statement(evidence, database, a_use(consent_id))
    request = Request("the years are over", "ann", "ann")
    erase_facts(evidence, request, Retention({}))
    assert rights.verify(books).findings == []
    assert list(consents.find_consent(books, consent_id).facts.values()) == [[]]


def test_verify__an_erased_fact_hides_no_other(
    books: Books, evidence: Evidence, database: Database, consent_id: UUID
):
    for _ in range(3):
        consents.begin_use(evidence, a_use(consent_id))
    name = show_id("rgt", consent_id)
    with database.connect(Role.OWNER) as owner, owner.transaction():
        owner.execute("SELECT set_config('karez.institution_id', %s, TRUE)", ["1"])
        # Of the first use nothing was ever recorded; the second fact was erased.
        owner.execute("DELETE FROM facts.body WHERE entry_index < 2")
        owner.execute("DELETE FROM facts.entry WHERE entry_index = 0")
    found = [(f.row, f.what) for f in rights.verify(books).findings if f.check == "facts"]
    assert found == [(f"{name} 1", "the facts book has no fact of it")]
    with database.connect(Role.OWNER) as owner, owner.transaction():
        owner.execute("SELECT set_config('karez.institution_id', %s, TRUE)", ["1"])
        owner.execute("UPDATE rights.consent_use SET used_at = used_at - interval '2 hours'")
    rows = [f.row for f in rights.verify(books).findings if "has no fact" in f.what]
    assert rows == [f"{name} 1", f"{name} 2"]
