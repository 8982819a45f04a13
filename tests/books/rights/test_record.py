"""Recording: each event on its own merits, one holder, one taker, races by real threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from books.rights.conftest import Begin
from books.rights.making import FUTURE, PAST, a_claim, a_consent, firm, invoice, old, registered
from karez.books.rights.claim import Kind, Thing
from karez.books.rights.event import (
    Amend,
    Cancel,
    Event,
    Finance,
    Grant,
    Register,
    Release,
    Renew,
    Reserve,
    Revoke,
    Subordinate,
    Transfer,
)
from karez.books.rights.record import record, record_one
from karez.books.rights.search import certify, find_certificate, search, search_again
from karez.books.rights.serials import Scheme
from karez.books.rights.verify import verify
from karez.kernel.database import Database, Institution, Role, transaction
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id

THREADS = 6


def codes(done) -> list[str | None]:
    return [each.error.code if each.error else None for each in done]


def test_record__one_bad_event_never_eats_a_batch(begin: Begin):
    good = registered()
    events = [
        good,
        registered(a_claim(holder=" ")),
        registered(a_claim(debtors=(firm("!!"),))),
        registered(a_claim(rules="atlantis")),
        registered(a_claim(amount_minor=5)),
        registered(a_claim(things=(), description="")),
        registered(a_claim(kind=Kind.RECEIPT)),
        registered(a_claim(ends_at=PAST)),
        registered(a_claim(rules="us-ucc")),
        Event(new_id(), Register(a_claim()), FUTURE),
        Event(new_id(), Register(a_claim()), PAST),
        Event(new_id(), Release()),
        Event(good.right_id, Transfer("bank-b", "bank-c")),
        Event(good.right_id, Subordinate(new_id())),
        Event(good.right_id, Renew(FUTURE)),
        Event(good.right_id, Amend()),
        Event(good.right_id, Cancel()),
        Event(good.right_id, Revoke()),
        old(good.right_id, Release(), PAST),
        registered(a_claim(holder="bank-b")),
    ]
    with begin() as connection:
        done = record(connection, events)
        assert codes(done) == [
            None, "right-malformed", "right-malformed", "register-rules-unknown",
            "right-malformed", "right-malformed", "right-malformed", "term", "term", "not-yet",
            "backdated", "right-unknown", "not-the-holder", "right-unknown", "term",
            "right-malformed", "right-state", "right-state", "event-order", None,
        ]  # fmt: skip
        assert all(each.error.message for each in done if each.error)
        assert verify(connection).findings == []


def test_record__asking_twice_does_it_once(begin: Begin):
    event = registered()
    with begin() as connection:
        first = record_one(connection, event)
    with begin() as connection:
        again = record_one(connection, event)
        assert again.replayed
        assert again.recorded == first.recorded
        other = Event(event.right_id, Release(), event_id=event.event_id)
        [done] = record(connection, [other])
        assert codes([done]) == ["event-conflict"]


def test_reserve__finance_release_cancel(begin: Begin):
    """The moments of the register of financed invoices; a duplicate learns financed yes or no."""
    first, second = new_id(), new_id()
    with begin() as connection:
        record_one(connection, Event(first, Reserve(invoice("a"), FUTURE)))
        [done] = record(connection, [Event(second, Reserve(invoice("A "), FUTURE))])
        assert done.error is not None
        assert (done.error.code, done.error.details) == ("thing-taken", {"financed": "no"})
        assert not search(connection, firm("Brown Automotive")).hits, "a reservation is private"
        record_one(connection, Event(first, Finance()))
        [done] = record(connection, [registered(invoice("a"))])
        assert done.error is not None
        assert done.error.details == {"financed": "yes"}
        record_one(connection, Event(first, Release()))
        record_one(connection, Event(second, Reserve(invoice("a"), FUTURE)))
        record_one(connection, Event(second, Cancel()))
        assert codes(record(connection, [Event(second, Finance())])) == ["right-state"]
        record_one(connection, registered(invoice("a")))
        assert verify(connection).findings == []


def test_reserve__expires(begin: Begin):
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    first = new_id()
    with begin() as connection:
        record_one(connection, Event(first, Reserve(invoice("a"), soon)))
    threading.Event().wait(0.4)
    with begin() as connection:
        assert codes(record(connection, [Event(first, Finance())])) == ["right-state"]
        record_one(connection, registered(invoice("a")))


def test_finance__alike_needs_a_reviewer(begin: Begin):
    alike = Thing(Scheme.RENUMBERED, "x")
    one = invoice("a")
    with begin() as connection:
        record_one(connection, registered(a_claim(things=(*one.things, alike))))
        right = new_id()
        claim = a_claim(things=(Thing(Scheme.EXACT, "b"), alike))
        done = record_one(connection, Event(right, Reserve(claim, FUTURE)))
        assert done.alike == ("F2",)
        assert codes(record(connection, [Event(right, Finance())])) == ["review-needed"]
        record_one(connection, Event(right, Finance("ada")))


def race(database: Database, institution: Institution, events: list[Event]) -> list[str | None]:
    """Record each event in a thread of its own, all at once; return how each ended."""
    gate = threading.Barrier(len(events))

    def one(event: Event) -> str | None:
        with database.connect(Role.APPLICATION) as connection:
            gate.wait()
            try:
                with transaction(connection, institution.institution_id):
                    record_one(connection, event)
            except KarezError as error:
                return error.code
            return None

    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(one, events))


def test_transfer__of_two_who_try_at_once_one_succeeds(
    database: Database, institution: Institution, begin: Begin
):
    receipt = a_claim(kind=Kind.RECEIPT, debtors=(), things=(Thing(Scheme.RECEIPT, "W:17"),))
    event = registered(receipt)
    with begin() as connection:
        record_one(connection, event)
    tries = [Event(event.right_id, Transfer("bank-a", f"bank-{n}")) for n in range(THREADS)]
    ended = race(database, institution, tries)
    assert sorted(map(str, ended)) == ["None"] + ["not-the-holder"] * (THREADS - 1)
    with begin() as connection:
        assert verify(connection).findings == []


def test_reserve__of_many_lenders_at_once_one_succeeds(
    database: Database, institution: Institution, begin: Begin
):
    tries = [
        Event(new_id(), Reserve(invoice("a", holder=f"bank-{n}"), FUTURE)) for n in range(THREADS)
    ]
    ended = race(database, institution, tries)
    assert sorted(map(str, ended)) == ["None"] + ["thing-taken"] * (THREADS - 1)


def test_turn__the_database_itself_lets_one_take_it(begin: Begin, database: Database):
    """Two that write the same turn, past all our code, cannot both be."""
    with begin() as connection:
        record_one(connection, registered(invoice("a")))
    with database.connect(Role.OWNER) as owner, pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(
            "INSERT INTO rights.thing SELECT institution_id, scheme, key, gen_random_uuid(), 1,"
            " turn FROM rights.thing WHERE scheme = 'F1'"
        )


@pytest.mark.parametrize("table", ["event", "batch", "debtor", "thing", "consent_use", "consent"])
def test_tables__nothing_is_changed_or_removed(begin: Begin, table: str):
    for statement in (
        f"DELETE FROM rights.{table}",
        f"UPDATE rights.{table} SET institution_id = 2",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as connection:
            connection.execute(statement)


def test_certificate__is_frozen_and_reproducible(begin: Begin):
    with begin() as connection:
        record(connection, [registered(), registered(a_claim(holder="bank-b"))])
    with begin() as connection:
        found = search(connection, firm("BROWN AUTO MOTIVE INC"))
        certificate = certify(connection, found)
        assert (certificate.register_claims, len(found.hits)) == (2, 2)
    with begin() as connection:
        record(connection, [Event(found.hits[0].right_id, Release()), registered()])
    with begin() as connection:
        assert len(search(connection, firm("Brown Automotive")).hits) == 2
        kept = find_certificate(connection, certificate.certificate_id)
        assert kept == certificate
        assert kept.computed_digest() == kept.digest
        assert search_again(connection, kept) == kept.result


def test_search__by_serial_number(begin: Begin):
    with begin() as connection:
        record_one(connection, registered())
        [exact] = search(connection, Thing(Scheme.MOTOR_VEHICLE, "km8j3ca46ju622994")).hits
        [similar] = search(connection, Thing(Scheme.MOTOR_VEHICLE, "JU622994")).hits
        assert (exact.match, similar.match) == ("EXACT", "SIMILAR")
        assert not search(connection, Thing(Scheme.BOAT, "JU622994")).hits


DAMAGES = {
    "chain": "UPDATE rights.event SET by = 'somebody' WHERE version = 1",
    "head": "UPDATE rights.book SET event_count = event_count + 1",
    "index": "DELETE FROM rights.gram WHERE gram = (SELECT min(gram) FROM rights.gram)",
    "consent": "UPDATE rights.consent SET receiver = 'thief'",
    "certificate": "UPDATE rights.certificate SET result = '[]'",
}


@pytest.mark.parametrize("check", DAMAGES)
def test_verify__finds_damage(begin: Begin, database: Database, check: str):
    with begin() as connection:
        record(connection, [registered(), Event(new_id(), Grant(a_consent()))])
        certify(connection, search(connection, firm("Brown Automotive")))
    with begin() as connection:
        assert verify(connection).findings == []
    with database.connect(Role.OWNER) as owner:
        owner.execute(DAMAGES[check].encode())
    with begin() as connection:
        assert check in {finding.check for finding in verify(connection).findings}
