"""Checking that the outbox agrees with itself."""

from __future__ import annotations

import attrs

from karez.kernel.finding import Findings
from karez.services.bookkeeping import Books
from karez.services.outbox.queries import QUERIES


@attrs.define
class OutboxVerification(Findings):
    """What a verification of the outbox found."""

    events: int = 0
    dead: int = 0


def verify(books: Books) -> OutboxVerification:
    """Hold places and numbers of events to their counters, and deliveries to their order."""
    report = OutboxVerification()
    with books.transaction() as connection:
        row = connection.execute(QUERIES["counted"].text).fetchone()
        assert row is not None  # noqa: S101 - for the type checker
        report.events, last, head, report.dead = row
        if not report.events == last == head:
            what = f"{report.events} events, the last at {last}, and {head} places were given"
            report.find("places", "outbox.event", last, what)
        for name, told, found in connection.execute(QUERIES["miscounted_objects"].text):
            report.find("numbers", "outbox.object", name, f"{found} of {told} events are here")
        for endpoint, name, sequence in connection.execute(QUERIES["stuck_deliveries"].text):
            what = f"event {sequence} about {name} waits for none before it, and is never due"
            report.find("stuck", "outbox.delivery", endpoint, what)
    return report
