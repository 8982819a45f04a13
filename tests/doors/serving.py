"""An application served on a port of its own, and the loan that most tests of doors are about."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from karez.engines.servicing.events import Disbursement
from karez.services.bookkeeping import Books
from karez.services.lending import book_loans, open_chart, record
from services.lending.tools import JAN, booking, command, event


@contextmanager
def served(app: ASGIApp) -> Generator[str]:
    """Serve an application while the block runs; give its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def lend(books: Books, count: int = 1) -> None:
    """Open a chart, and pay out so many loans of 1,200.00 for twelve months."""
    open_chart(books, "EUR")
    loans = book_loans(books, [booking() for _ in range(count)])
    paid_out = event(Disbursement, JAN, amount_minor=1_200_00)
    record(books, [command(loan, paid_out) for loan in loans], on=JAN)
