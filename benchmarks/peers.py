"""Peers on the same server: django-hordak and pgledger, each in the best way it offers."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.batches import Poster
from benchmarks.bed import ACCOUNTS, BATCH, DAY, Bed, Contender, institution_id
from benchmarks.report import Section
from benchmarks.workers import random_entries
from karez.books.money.post import MoneyBook
from karez.kernel.database import Database, transaction

ROUNDS = 10
PEER_BATCH = 1_000
SINGLES = 200

KAREZ, HORDAK, PGLEDGER = "karez", "django-hordak", "pgledger"
BATCHES, ONE_BY_ONE = f", batches of {BATCH:,}", ", one by one"
PEER_BATCHES = f", batches of {PEER_BATCH:,}"


def run(bed: Bed, rounds: int | None, *, pgledger: Sequence[Path] = ()) -> Section:
    """Race Karez against the peers that are here."""
    notes: list[str] = []
    with ExitStack() as stack:
        contenders = _karez(bed, stack)
        if importlib.util.find_spec("hordak"):
            contenders += _hordak(bed, stack)
        else:
            notes.append(f"{HORDAK} passed over: it is not installed (requirements/bench.lock)")
        if pgledger:
            contenders += _pgledger(bed, stack, pgledger)
        else:
            notes.append(f"{PGLEDGER} passed over: name its SQL files with --pgledger")
        samples = bed.race("peers", contenders, rounds or ROUNDS)
    bed.drop("peers_karez", "peers_hordak", "peers_pgledger")
    section = Section("Peers", KAREZ + BATCHES, samples, notes=notes)
    for peer in (HORDAK, PGLEDGER):
        if peer + PEER_BATCHES in samples:
            section.hold(KAREZ + BATCHES, peer + PEER_BATCHES, 20)
            single = section.ratio(KAREZ + ONE_BY_ONE, peer + ONE_BY_ONE)
            section.notes.append(f"one by one, {KAREZ} / {peer}: {single.show()}")
    return section


@attrs.frozen
class Singles:
    """One connection of ours that posts one entry after another."""

    connection: psycopg.Connection
    institution_id: int
    book: MoneyBook = attrs.field(factory=MoneyBook)

    def prepare(self) -> Callable[[], None]:
        """Draw the accounts; the clock times making and posting the entries."""
        entries = random_entries(SINGLES, hot=False)

        def run() -> None:
            for entry in entries():
                with transaction(self.connection, self.institution_id):
                    self.book.post_entry(self.connection, entry)

        return run


def _karez(bed: Bed, stack: ExitStack) -> list[Contender]:
    connection = stack.enter_context(bed.database("peers_karez").connect())
    number, backends = institution_id(connection), [connection.info.backend_pid]
    poster = Poster(bed, connection, number)
    return [
        Contender(KAREZ + BATCHES, BATCH, lambda: poster.prepare(BATCH), backends),
        Contender(KAREZ + ONE_BY_ONE, SINGLES, Singles(connection, number).prepare, backends),
    ]


@attrs.frozen
class Pgledger:
    """Its functions are its interface: one for a transfer, one for an array of them."""

    bed: Bed
    connection: psycopg.Connection
    accounts: Sequence[str]

    def batch(self) -> Callable[[], None]:
        """Draw the columns of a batch."""
        rows = self._rows(PEER_BATCH)

        def run() -> None:
            made = self.connection.execute(
                "SELECT count(*) FROM pgledger_create_transfers(transfer_requests => ARRAY("
                " SELECT (r.f, r.t, r.a)::transfer_request"
                " FROM unnest(%s::text[], %s::text[], %s::numeric[]) AS r (f, t, a)))",
                [list(column) for column in zip(*rows, strict=True)],
            ).fetchone()
            assert made == (PEER_BATCH,)

        return run

    def singles(self) -> Callable[[], None]:
        """Draw the columns of single transfers."""
        rows = self._rows(SINGLES)

        def run() -> None:
            for row in rows:
                self.connection.execute(
                    "SELECT id FROM pgledger_create_transfer(%s, %s, %s::numeric)", row
                )

        return run

    def _rows(self, count: int) -> list[tuple[str, str, float]]:
        debit, credit, amount = (column.tolist() for column in self.bed.transfers(count))
        names = self.accounts
        return [
            (names[c - 1], names[d - 1], a) for c, d, a in zip(credit, debit, amount, strict=True)
        ]


def _pgledger(bed: Bed, stack: ExitStack, files: Sequence[Path]) -> list[Contender]:
    database = bed.database("peers_pgledger", like="template1")
    connection = stack.enter_context(database.connect(None))
    for file in files:
        connection.execute(file.read_bytes())
    accounts = [
        row[0]
        for row in connection.execute(
            "SELECT a.id FROM generate_series(1, %s) AS n,"
            " LATERAL pgledger_create_account('a' || n, 'EUR') AS a",
            [ACCOUNTS],
        )
    ]
    connection.execute("ANALYZE")
    peer, backends = Pgledger(bed, connection, accounts), [connection.info.backend_pid]
    return [
        Contender(PGLEDGER + PEER_BATCHES, PEER_BATCH, peer.batch, backends),
        Contender(PGLEDGER + ONE_BY_ONE, SINGLES, peer.singles, backends),
    ]


@attrs.frozen
class Hordak:
    """Batches by ``bulk_create``, as its own benchmark does; single ones by ``transfer_to``."""

    bed: Bed
    accounts: Sequence[Any]

    def batch(self) -> Callable[[], None]:
        """Draw the columns of a batch."""
        from django.db.transaction import atomic  # noqa: PLC0415 - only where it is installed
        from hordak.models import Leg, Transaction  # noqa: PLC0415
        from moneyed import Money  # noqa: PLC0415

        rows = self._rows(PEER_BATCH)

        def run() -> None:
            transactions: list[Any] = []
            legs: list[Any] = []
            for debit, credit, amount in rows:
                money, made = Money(amount, "EUR"), Transaction(date=DAY)
                transactions.append(made)
                legs.append(Leg(transaction=made, account=self.accounts[debit], debit=money))
                legs.append(Leg(transaction=made, account=self.accounts[credit], credit=money))
            with atomic():
                Transaction.objects.bulk_create(transactions)
                Leg.objects.bulk_create(legs)

        return run

    def singles(self) -> Callable[[], None]:
        """Draw the columns of single transfers."""
        from django.db.transaction import atomic  # noqa: PLC0415
        from moneyed import Money  # noqa: PLC0415

        rows = self._rows(SINGLES)

        def run() -> None:
            for debit, credit, amount in rows:
                with atomic():
                    self.accounts[credit].transfer_to(
                        self.accounts[debit], Money(amount, "EUR"), date=DAY
                    )

        return run

    def _rows(self, count: int) -> list[tuple[int, int, int]]:
        debit, credit, amount = (column.tolist() for column in self.bed.transfers(count))
        return [(d - 1, c - 1, a) for d, c, a in zip(debit, credit, amount, strict=True)]


def _hordak(bed: Bed, stack: ExitStack) -> list[Contender]:
    _open_django(bed.database("peers_hordak", like="template1"))
    from django.db import connection  # noqa: PLC0415
    from hordak.models import Account  # noqa: PLC0415

    stack.callback(connection.close)
    # Each account is the root of a tree of its own, numbered as django-mptt would.
    Account.objects.bulk_create(
        [
            Account(
                name=f"a{number}", type="LI", currencies=["EUR"], code=None,
                lft=1, rght=2, tree_id=number, level=0,
            )
            for number in range(1, ACCOUNTS + 1)
        ],
        batch_size=5_000,
    )  # fmt: skip
    accounts = list(Account.objects.order_by("tree_id"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT pg_backend_pid()")
        backends = [cursor.fetchone()[0]]
    peer = Hordak(bed, accounts)
    return [
        Contender(HORDAK + PEER_BATCHES, PEER_BATCH, peer.batch, backends),
        Contender(HORDAK + ONE_BY_ONE, SINGLES, peer.singles, backends),
    ]


def _open_django(database: Database) -> None:
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    address = conninfo_to_dict(database.conninfo)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": address["host"],
                "PORT": str(address.get("port", "")),
                "NAME": address["dbname"],
                "USER": address["user"],
            }
        },
        INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        django.setup()
        call_command("migrate", verbosity=0)
