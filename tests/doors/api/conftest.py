"""A server's application over real books, with a key for each role."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from doors.serving import lend, served
from karez.doors.api import api_app
from karez.doors.api.pace import Limit, Pace
from karez.doors.operations import Offices
from karez.kernel.database import Database
from karez.kernel.ids import new_id
from karez.services import access
from karez.services.access import ActorKind, Membership, PassKind
from karez.services.bookkeeping import Books, open_books

QUICK = Limit(burst=1_000_000, each_second=1_000_000)


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
        lend(books)
        keys = {role: key_of(books, f"m-{role}", role) for role in access.roles()}
        keys["second"] = key_of(books, "m-second", "accountant")
        with serving(offices) as address, httpx.Client(base_url=address, timeout=30) as client:
            yield Api(client, books, keys)
    offices.close()


def serving(offices: Offices, limit: Limit = QUICK) -> AbstractContextManager[str]:
    """Serve the API while a block runs; give its address."""
    return served(api_app(offices, Pace(limit)))
