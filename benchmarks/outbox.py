"""What an event costs: added in its transaction, given its place, brought to a receiver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.bed import EMPTY, Bed, Contender
from benchmarks.report import Figure, Section, Spread
from karez.services import outbox
from karez.services.bookkeeping import Books, open_books
from karez.services.outbox import Reach, Sender

EVENTS = 2_000
OBJECTS = 200
ROUNDS = 3
BARE = "a transaction with one INSERT"
PUBLISH, PLACE, DELIVER = "an event added", "an event given its place", "an event delivered"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server
        """Say nothing."""


def run(bed: Bed, rounds: int | None) -> Section:
    """Add, place and deliver events, each step by itself; the receiver is a thread of ours."""
    section = Section(f"Webhooks, {EVENTS:,} events of {OBJECTS} objects to one endpoint", BARE)
    costs: dict[str, list[tuple[float, float]]] = {}
    with open_books(bed.database("outbox", like=EMPTY), "main") as books, _receiver() as url:
        outbox.add_endpoint(books, url, ["*"], reach=Reach(loopback=True))
        for _ in range(rounds or ROUNDS):
            for name, step in _steps(books).items():
                sample = bed.turn(Contender(name, EVENTS, lambda step=step: step))
                section.samples.setdefault(name, []).append(sample)
                costs.setdefault(name, []).append((sample.client_seconds, sample.server_seconds))
    for name, found in costs.items():
        for place, whose in enumerate(("ours", "PostgreSQL's")):
            spread = Spread.of([each[place] / EVENTS * 1e6 for each in found])
            section.figures.append(Figure(f"{name}, CPU of {whose}", "us", spread, 0))
    section.notes.append(
        "Delivered: CPU of ours includes the receiver's, a thread of this process."
    )
    bed.drop("outbox")
    return section


def _steps(books: Books) -> dict[str, Callable[[], None]]:
    def bare() -> None:
        for number in range(EVENTS):
            with books.transaction() as connection:
                connection.execute(
                    "INSERT INTO jobs.cron VALUES (1, gen_random_uuid()::text, 'bench', '{}', %s,"
                    " 'infinity')",
                    (number + 1,),
                )

    def publish() -> None:
        for number in range(EVENTS):
            with books.transaction() as connection:
                name = f"loan-{number % OBJECTS}"
                outbox.publish(connection, "loan.changed", name, {"loan": name, "event": number})

    def place() -> None:
        outbox.place_events(books)

    def deliver() -> None:
        sender = Sender(Reach(loopback=True))
        while sender.send_due(books):
            pass

    return {BARE: bare, PUBLISH: publish, PLACE: place, DELIVER: deliver}


@contextmanager
def _receiver() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
