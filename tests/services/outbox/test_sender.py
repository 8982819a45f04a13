"""The sender against a receiver over HTTP: signatures, order, attempts, who is not disturbed."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from karez.kernel.time import FixedClock
from karez.services import outbox
from karez.services.bookkeeping import Books
from karez.services.outbox import Reach, Sender
from karez.services.outbox.errors import (
    EndpointKindsError,
    EndpointStateError,
    EndpointUnknownError,
    ReplayNothingError,
)
from karez.services.outbox.posting import Answer
from karez.services.outbox.sender import DELAYS_SECONDS
from services.outbox.receiving import YES, Receiver, verify_v1a

HERE = Reach(loopback=True)
SENDER = Sender(HERE)
HASTY = Sender(HERE, delays_seconds=(0, 0, 0))


def add(books: Books, receiver: Receiver, *kinds: str, **rest: object) -> tuple[int, str]:
    return outbox.add_endpoint(books, receiver.url, kinds or ["*"], reach=HERE, **rest)  # pyright: ignore[reportArgumentType]


def publish(books: Books, name: str, kind: str = "loan.disbursed") -> None:
    with books.transaction() as connection:
        outbox.publish(connection, kind, name, {"loan": name})


def states(books: Books, endpoint: int) -> list[str]:
    return [each.state for each in outbox.list_deliveries(books, endpoint)][::-1]


def hurry(books: Books) -> None:
    with books.transaction() as connection:
        connection.execute("UPDATE outbox.endpoint SET rests_until = clock_timestamp()")
        connection.execute(
            "UPDATE outbox.delivery SET due_at = clock_timestamp() WHERE due_at < 'infinity'"
        )


def test_send__signed_over_the_exact_octets(books: Books, receiver: Receiver):
    endpoint, told = add(books, receiver)
    publish(books, "借")
    assert SENDER.send_due(books) == 1
    [got] = receiver.got
    [event] = outbox.list_events(books)
    assert got.body == event.body("main")
    assert got.id == json.loads(got.body)["id"] == event.message_id
    assert verify_v1a(told, got)
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert states(books, endpoint) == ["delivered"]
    assert SENDER.send_due(books) == 0


def test_send__hmac_is_verified_by_others(books: Books, receiver: Receiver):
    _, told = add(books, receiver, scheme="v1")
    publish(books, "a")
    SENDER.send_due(books)
    [got] = receiver.got
    assert Webhook(told).verify(got.body, dict(got.headers))["subject"] == "a"


def test_rotate__both_keys_sign_for_a_while(books: Books, receiver: Receiver):
    endpoint, old = add(books, receiver)
    new = outbox.rotate(books, endpoint)
    publish(books, "a")
    SENDER.send_due(books)
    assert verify_v1a(old, receiver.got[0])
    assert verify_v1a(new, receiver.got[0])
    newest = outbox.rotate(books, endpoint, overlap=timedelta(0))
    publish(books, "a")
    SENDER.send_due(books)
    assert verify_v1a(newest, receiver.got[1])
    assert not verify_v1a(old, receiver.got[1])
    assert not verify_v1a(new, receiver.got[1])


def test_send__only_kinds_that_were_asked_for(books: Books, receiver: Receiver):
    publish(books, "before")
    add(books, receiver, "loan.*", "consent.revoked")
    for kind in ("loan.disbursed", "loans.made", "consent.revoked", "consent.given", "loan.a.b"):
        publish(books, "x", kind)
    SENDER.send_due(books)
    SENDER.send_due(books)
    kinds = [json.loads(got.body)["type"] for got in receiver.got]
    assert kinds == ["loan.disbursed", "consent.revoked", "loan.a.b"]
    with pytest.raises(EndpointKindsError):
        add(books, receiver, "Loan")


def test_send__order_of_an_object_while_it_fails_and_others_go_on(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    for name in ("bad", "bad", "good", "bad", "good"):
        publish(books, name)
    receiver.answer = lambda got: (400, {}, b"no") if b'"bad"' in got.body else YES
    SENDER.send_due(books)
    assert [json.loads(got.body)["sequence"] for got in receiver.got] == [1, 3, 5]
    assert states(books, endpoint) == ["waiting", "waiting", "delivered", "waiting", "delivered"]
    receiver.answer = lambda _: YES
    hurry(books)
    SENDER.send_due(books)
    assert [json.loads(got.body)["sequence"] for got in receiver.got] == [1, 3, 5, 1, 2, 4]


def test_send__dead_after_the_last_attempt_then_replayed(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    publish(books, "a")
    publish(books, "a")
    receiver.answer = lambda _: (302, {"location": "http://127.0.0.1:1/"}, b"x" * 5_000)
    while HASTY.send_due(books):
        pass
    assert states(books, endpoint) == ["dead", "dead"]
    first = receiver.ids()
    assert first == [first[0]] * 3 + [first[-1]] * 3
    last = outbox.list_deliveries(books, endpoint)[0]
    assert (last.status, last.attempts, last.answer) == (302, 3, "x" * 2_000)
    receiver.answer = lambda _: YES
    assert outbox.replay(books, endpoint, 1, 2) == 2
    HASTY.send_due(books)
    assert receiver.ids()[6:] == [first[0], first[-1]]
    assert states(books, endpoint) == ["delivered", "delivered"]
    with pytest.raises(ReplayNothingError):
        outbox.replay(books, endpoint, 3, 9)


def test_send__attempts_wait_as_the_standard_says(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    publish(books, "a")
    receiver.answer = lambda _: (500, {}, b"")
    waits: list[float] = []
    for _ in DELAYS_SECONDS:
        hurry(books)
        assert SENDER.send_due(books) == 1
        [delivery] = outbox.list_deliveries(books, endpoint)
        assert delivery.due_at is not None
        waits.append((delivery.due_at - datetime.now(UTC)).total_seconds())
    assert states(books, endpoint) == ["dead"]
    for wait, wanted in zip(waits, DELAYS_SECONDS[1:], strict=False):
        assert 0.9 * wanted - 2 < wait < 1.1 * wanted + 2


def test_send__retry_after_is_obeyed(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    publish(books, "a")
    publish(books, "b")
    receiver.answer = lambda _: (503, {"retry-after": "1000"}, b"")
    assert SENDER.send_due(books) == 1, "and the other event waits too"
    delivery = outbox.list_deliveries(books, endpoint)[-1]
    assert delivery.due_at is not None
    assert delivery.due_at - datetime.now(UTC) > timedelta(seconds=950)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sun, 06 Nov 1994 08:40:37 GMT", 0),
        ("99999999999", 86_400),
        ("soon", 0),
        ("-1", 0),
        ("", 0),
    ],
)
def test_retry_after__as_seconds_or_date(text: str, seconds: float):
    now = FixedClock(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)).now()
    assert Answer(503, "", text).retry_after_seconds(now) == seconds


def test_send__410_ends_it_until_a_person_resumes(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    publish(books, "a")
    receiver.answer = lambda _: (410, {}, b"")
    SENDER.send_due(books)
    assert [each.state for each in outbox.list_endpoints(books)] == ["gone"]
    publish(books, "b")
    assert SENDER.send_due(books) == 0
    with pytest.raises(EndpointStateError):
        outbox.replay(books, endpoint, 1, 2)
    receiver.answer = lambda _: YES
    outbox.resume(books, endpoint)
    SENDER.send_due(books)
    assert len(receiver.got) == 2
    assert outbox.replay(books, endpoint, 2, 2) == 1


def test_pause__what_happens_waits(books: Books, receiver: Receiver):
    endpoint, _ = add(books, receiver)
    outbox.pause(books, endpoint)
    publish(books, "a")
    assert SENDER.send_due(books) == 0
    with pytest.raises(EndpointStateError):
        outbox.pause(books, endpoint)
    outbox.resume(books, endpoint)
    assert SENDER.send_due(books) == 1
    outbox.remove(books, endpoint)
    with pytest.raises(EndpointUnknownError):
        outbox.resume(books, endpoint)


def test_send_test__to_one_alone(books: Books, receiver: Receiver, other: Receiver):
    endpoint, _ = add(books, receiver, "loan.disbursed")
    add(books, other)
    outbox.send_test(books, endpoint)
    SENDER.send_due(books)
    assert (len(receiver.got), len(other.got)) == (1, 0)


def test_send__one_that_hangs_or_is_down_does_not_stop_others(
    books: Books, receiver: Receiver, other: Receiver
):
    slow, _ = add(books, receiver)
    outbox.add_endpoint(books, "http://127.0.0.1:9/", ["*"], reach=HERE)
    add(books, other)
    for number in range(3):
        publish(books, f"loan-{number}")
    receiver.answer = lambda _: (time.sleep(0.6), YES)[1]
    begun = time.monotonic()
    Sender(HERE, timeout_seconds=0.2).send_due(books)
    assert time.monotonic() - begun < 5
    assert len(other.got) == 3
    assert states(books, slow) == ["waiting"] * 3
    time.sleep(0.7)  # what hangs ends before its server does
