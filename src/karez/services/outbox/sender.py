"""The sender: gives events their places and brings them to endpoints, those of an object in order.

One session at a time sends to an endpoint, for it holds a lock that falls with it: whoever is
killed is followed at once by another, who sends again what was not kept as sent.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

import attrs

from karez.kernel.errors import UnavailableError
from karez.kernel.time import Clock, SystemClock
from karez.services.bookkeeping import Books
from karez.services.outbox.addresses import Reach
from karez.services.outbox.events import Event, event_of, place_events
from karez.services.outbox.posting import TIMEOUT_SECONDS, Answer, post
from karez.services.outbox.queries import QUERIES
from karez.services.outbox.signing import Secret, headers_of

DELAYS_SECONDS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long each attempt waits after the one before (Standard Webhooks, "Deliverability")."""

REST_SECONDS_MOST = 60
"""For how long an endpoint that does not work is left alone by events that were not tried yet."""

TURN = 100
POLL_SECONDS = 0.2
GONE, TOO_MANY, SERVER_FAULT = 410, 429, 500


@attrs.frozen
class Sender:
    """How things are sent."""

    reach: Reach
    delays_seconds: Sequence[float] = DELAYS_SECONDS
    timeout_seconds: float = TIMEOUT_SECONDS
    clock: Clock = attrs.field(factory=SystemClock)

    def run(
        self,
        open_books: Callable[[], AbstractContextManager[Books]],
        stopping: threading.Event,
    ) -> None:
        """Send until ``stopping`` is set; in as many threads as endpoints may be served at once."""
        while not stopping.is_set():
            try:
                with open_books() as books:
                    while not stopping.is_set():
                        if not self.send_due(books, stopping):
                            stopping.wait(POLL_SECONDS)
            except UnavailableError:
                stopping.wait(POLL_SECONDS)

    def send_due(self, books: Books, stopping: threading.Event | None = None) -> int:
        """Send what is due now and no other session sends; return how many attempts were made."""
        place_events(books)
        with books.transaction() as connection:
            due = connection.execute(QUERIES["due_endpoints"].text).fetchall()
        made = 0
        for (endpoint_id,) in due:
            asked = {"institution": str(books.institution.institution_id), "endpoint": endpoint_id}
            row = books.connection.execute(QUERIES["seize_endpoint"].text, asked).fetchone()
            if row != (True,):
                continue
            try:
                for _ in range(TURN):
                    if (stopping is not None and stopping.is_set()) or not self._send_next(
                        books, endpoint_id
                    ):
                        break
                    made += 1
            finally:
                if not books.connection.closed:
                    books.connection.execute(QUERIES["free_endpoint"].text, asked)
        return made

    def _send_next(self, books: Books, endpoint_id: int) -> bool:
        asked = {"endpoint": endpoint_id}
        with books.transaction() as connection:
            row = connection.execute(QUERIES["next_delivery"].text, asked).fetchone()
            if row is None:
                return False
            kept = connection.execute(QUERIES["secrets"].text, asked).fetchall()
        url, failures, *rest = row
        event = event_of(rest)
        body = event.body(books.institution.code)
        signers = [Secret(scheme, octets) for scheme, octets, _ in kept]
        seconds = int(self.clock.now().timestamp())
        headers = headers_of(event.message_id, seconds, body, signers)
        begun = time.monotonic()
        answer = post(url, headers, body, self.reach, self.timeout_seconds)
        took_ms = int((time.monotonic() - begun) * 1000)
        self._keep(books, endpoint_id, event, failures=failures, answer=answer, took_ms=took_ms)
        return True

    def _keep(  # noqa: PLR0913 - what came of an attempt
        self,
        books: Books,
        endpoint_id: int,
        event: Event,
        *,
        failures: int,
        answer: Answer,
        took_ms: int,
    ) -> None:
        gone = answer.status == GONE
        failures = 0 if answer.is_success else failures + (not gone)
        is_dead = failures >= len(self.delays_seconds)
        asked_wait = answer.retry_after_seconds(self.clock.now())
        wait = 0.0
        if failures and not is_dead:
            jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load
            wait = max(self.delays_seconds[failures] * jitter, asked_wait)
        broken = not answer.is_success and (
            answer.status is None
            or answer.status in (GONE, TOO_MANY)
            or answer.status >= SERVER_FAULT
        )
        state = "delivered" if answer.is_success else "dead" if is_dead else "waiting"
        asked = {
            "endpoint": endpoint_id,
            "sequence": event.sequence,
            "object": event.object,
            "state": state,
            "failures": failures,
            "delay": timedelta(seconds=wait),
            "status": answer.status,
            "answer": answer.text,
            "took_ms": took_ms,
            "rest": timedelta(seconds=max(min(wait, REST_SECONDS_MOST), asked_wait)),
            "gone": gone,
        }
        with books.transaction() as connection:
            # Against an event about the same object that is set on its way at this moment.
            connection.execute(QUERIES["lock_endpoint"].text, asked)
            connection.execute(QUERIES["keep_attempt"].text, asked)
            if state != "waiting":
                connection.execute(QUERIES["release"].text, asked)
            if broken:
                connection.execute(QUERIES["rest"].text, asked)
