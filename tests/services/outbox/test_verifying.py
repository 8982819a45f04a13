"""What a verification finds, and that it finds nothing where nothing is wrong."""

import pytest

from karez.kernel.database import Database
from karez.services import outbox
from karez.services.bookkeeping import Books
from karez.services.outbox import Reach


@pytest.fixture
def filled(books: Books) -> Books:
    outbox.add_endpoint(books, "https://example.com/", ["*"], reach=Reach())
    for name in "abab":
        with books.transaction() as connection:
            outbox.publish(connection, "loan.changed", name, {})
    outbox.place_events(books)
    with books.transaction() as connection:
        outbox.publish(connection, "loan.changed", "a", {})
    return books


def test_verify__agrees(filled: Books):
    report = outbox.verify(filled)
    assert (report.findings, report.events, report.dead) == ([], 4, 0)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("DELETE FROM outbox.event WHERE sequence = 2", "numbers"),
        ("DELETE FROM outbox.event WHERE sequence = 2", "places"),
        ("DELETE FROM outbox.fresh", "numbers"),
        ("UPDATE outbox.head SET sequence = 9", "places"),
        ("UPDATE outbox.object SET events = 9 WHERE object = 'b'", "numbers"),
        ("UPDATE outbox.delivery SET due_at = 'infinity'", "stuck"),
    ],
)
def test_verify__finds_damage(filled: Books, database: Database, damage: str, check: str):
    with database.connect(None) as login:
        login.execute(damage.encode())
    assert check in {finding.check for finding in outbox.verify(filled).findings}
