"""Events: placed in one row that nobody who walks it misses any of."""

import json
import threading
from contextlib import suppress

import psycopg
import pytest

from karez.kernel.database import Database, Role
from karez.services import outbox
from karez.services.bookkeeping import Books, open_books
from karez.services.outbox.errors import EventKindError, EventObjectError, EventTooLargeError


def publish(books: Books, object_: str, kind: str = "loan.disbursed", **data: object) -> int:
    with books.transaction() as connection:
        return outbox.publish(connection, kind, object_, data)


def test_publish__numbers_of_an_object_and_the_row_of_all(books: Books):
    assert [publish(books, name) for name in "aba"] == [1, 1, 2]
    events = outbox.list_events(books)
    assert [(event.sequence, event.object, event.object_sequence) for event in events] == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "a", 2),
    ]
    assert outbox.list_events(books, after=3) == []
    assert [event.sequence for event in outbox.list_events(books, object="a")] == [1, 3]
    assert [event.sequence for event in outbox.list_events(books, after=1, most=1)] == [2]
    assert outbox.list_events(books, kinds=["loan.undone"]) == []


def test_publish__gone_with_its_transaction(books: Books):
    with suppress(ZeroDivisionError), books.transaction() as connection:
        outbox.publish(connection, "loan.disbursed", "a", {})
        raise ZeroDivisionError
    assert outbox.list_events(books) == []
    assert publish(books, "a") == 1


def test_list__one_that_commits_late_is_not_passed_over(books: Books, database: Database):
    with open_books(database, "main") as other, other.transaction() as connection:
        outbox.publish(connection, "loan.disbursed", "late", {})
        publish(books, "soon")
        [soon] = outbox.list_events(books)
        assert (soon.sequence, soon.object) == (1, "soon")
    [late] = outbox.list_events(books, after=soon.sequence)
    assert (late.sequence, late.object) == (2, "late")


def test_list__many_writers_and_a_reader_that_walks(books: Books, database: Database):
    def write(name: str) -> None:
        with open_books(database, "main") as mine:
            for number in range(25):
                publish(mine, f"own-{name}", writer=name, number=number)
                publish(mine, "shared", writer=name, number=number)

    writers = [threading.Thread(target=write, args=(str(name),)) for name in range(4)]
    for writer in writers:
        writer.start()
    walked: list[outbox.Event] = []
    while any(writer.is_alive() for writer in writers) or len(walked) < 200:
        found = outbox.list_events(books, walked[-1].sequence if walked else 0)
        walked += found
        if not found and not any(writer.is_alive() for writer in writers):
            break
    assert [event.sequence for event in walked] == list(range(1, 201))
    numbers: dict[str, list[int]] = {}
    for event in walked:
        numbers.setdefault(event.object, []).append(event.object_sequence)
    assert numbers.pop("shared") == list(range(1, 101))
    assert all(each == list(range(1, 26)) for each in numbers.values())


def test_place__a_clock_set_back_keeps_the_order_of_an_object(books: Books, database: Database):
    for _ in range(3):
        publish(books, "a")
    with database.connect(None) as login:
        login.execute(
            "UPDATE outbox.fresh SET recorded_at = recorded_at - interval '1 hour'"
            " WHERE object_sequence = 3"
        )
    assert [event.object_sequence for event in outbox.list_events(books)] == [1, 2, 3]


def test_body__attributes_of_cloudevents_and_thin(books: Books):
    publish(books, "loan-1", name="Ⅻ", amount_minor=1)
    [event] = outbox.list_events(books)
    body = json.loads(event.body("main"))
    assert body["id"] == event.message_id
    assert body["id"].startswith("evt_")
    assert {name: body[name] for name in ("specversion", "source", "type", "subject")} == {
        "specversion": "1.0",
        "source": "/institutions/main",
        "type": "loan.disbursed",
        "subject": "loan-1",
    }
    assert body["data"] == {"name": "Ⅻ", "amount_minor": 1}
    assert body["time"] == body["timestamp"]
    assert body["time"].endswith("Z")


def test_body__the_largest_is_below_20_kb(books: Books):
    kind = "a" * 49 + "." + "b" * 50
    publish(books, "好" * 200, kind=kind, text="好" * 5_329)
    [event] = outbox.list_events(books)
    assert 16_000 < len(event.body("m" * 63)) < 20_000


@pytest.mark.parametrize("kind", ["", "loan", "Loan.made", "loan.", ".loan", "loan made", "l.*"])
def test_publish__kind_refused(books: Books, kind: str):
    with pytest.raises(EventKindError):
        publish(books, "a", kind=kind)


def test_publish__object_or_size_refused(books: Books):
    for name in ("", "a" * 201, "a\n"):
        with pytest.raises(EventObjectError):
            publish(books, name)
    with pytest.raises(EventTooLargeError):
        publish(books, "a", text="好" * 5_334)


def test_reader__sees_what_was_placed_and_no_secret(books: Books, database: Database):
    publish(books, "a")
    with open_books(database, "main", role=Role.READER) as reader:
        assert outbox.list_events(reader) == []
        outbox.place_events(books)
        assert len(outbox.list_events(reader)) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege), reader.transaction():
            reader.connection.execute("SELECT * FROM outbox.secret")
