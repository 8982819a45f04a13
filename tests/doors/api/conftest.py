"""A server's application over real books, with a key for each role."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest
import uvicorn

from karez.doors.api import api_app
from karez.doors.api.pace import Limit, Pace
from karez.doors.operations import Offices
from karez.engines.servicing.events import Disbursement
from karez.engines.servicing.terms import Terms
from karez.kernel.database import Database
from karez.kernel.ids import new_id
from karez.services import access
from karez.services.access import ActorKind, Membership, PassKind
from karez.services.bookkeeping import Books, open_books
from karez.services.lending import Booking, Command, book_loans, open_chart, record

QUICK = Limit(burst=1_000_000, each_second=1_000_000)
START = date(2026, 1, 1)


@attrs.frozen
class Api:
    """The API as callers of several roles see it."""

    client: httpx.Client
    books: Books
    keys: dict[str, str]

    def get(self, path: str, role: str = "accountant", **query: Any) -> httpx.Response:
        return self.client.get(path, params=query, headers=self.headers(role))

    def post(
        self, path: str, body: Any, role: str = "accountant", key: str | None = "", **more: str
    ) -> httpx.Response:
        headers = self.headers(role) | {
            name.replace("_", "-"): value for name, value in more.items()
        }
        if key is not None:
            headers["Idempotency-Key"] = key or str(new_id())
        return self.client.post(path, json=body, headers=headers)

    def headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}


def key_of(books: Books, name: str, *roles: str) -> str:
    """Return a fresh key of a machine with these roles."""
    account = access.add_account(books, name, kind=ActorKind.MACHINE, by="test")
    for role in roles:
        access.give_role(books, name, Membership(role), by="test")
    return access.make_pass(books, account.account_id, PassKind.KEY).text


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    """One loan of 1,200.00 that was paid out, and the API over it."""
    offices = Offices(database, tmp_path)
    with open_books(database, "main") as books:
        open_chart(books, "EUR")
        terms = Terms(rate_pct_year=Decimal(12), instalments=12)
        asked = Booking(terms=terms, currency="EUR", borrower_id=UUID(int=1), opened_on=START)
        [loan] = book_loans(books, [asked])
        paid = Disbursement(number=0, on=START, posted_on=START, amount_minor=1_200_00)
        record(books, [Command(loan=loan.loan_id, event=paid, actor="test")], on=START)
        keys = {role: key_of(books, f"m-{role}", role) for role in access.roles()}
        keys["second"] = key_of(books, "m-second", "accountant")
        with serving(offices) as address, httpx.Client(base_url=address, timeout=30) as client:
            yield Api(client, books, keys)
    offices.close()


@contextmanager
def serving(offices: Offices, limit: Limit = QUICK) -> Iterator[str]:
    """Serve the API on a port of its own while the block runs; give its address."""
    app = api_app(offices, Pace(limit))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
