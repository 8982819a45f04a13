"""One institution's facts book, open: what every use case is given first."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from karez.books.facts import FactsBook, Signer
from karez.books.facts.errors import LogKeyWrongError, LogNotOpenError, LogSetBackError
from karez.books.facts.log import read_log
from karez.books.facts.read import read_checkpoint
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind
from karez.kernel.database import (
    Database,
    Institution,
    Role,
    explained,
    find_institution,
    transaction,
)
from karez.services.evidence.keys import KeyFolder

if TYPE_CHECKING:
    import psycopg


class Evidence:
    """A connection to one institution's facts book, and where its keys are."""

    def __init__(
        self, connection: psycopg.Connection, institution: Institution, keys: KeyFolder
    ) -> None:
        self.connection = connection
        self.institution = institution
        self.keys = keys

    def transaction(self) -> AbstractContextManager[psycopg.Connection]:
        """Begin a transaction that sees and writes this institution's rows."""
        return transaction(self.connection, self.institution.institution_id)

    @cached_property
    def book(self) -> FactsBook:
        """The book to append to. Its keys are read now, and made if the log never was opened.

        Raises:
            LogKeyWrongError: the log is open, and its key file is not here.
            LogSetBackError: the database is older than what others were shown of the log.
            KeyFileError: the key file cannot be used.
        """
        return FactsBook(self.signer(default_origin(self.institution.code), post_quantum=False))

    def signer(self, origin: str, *, post_quantum: bool) -> Signer:
        """Return who signs for the log, with fresh keys under this name if there are none.

        Raises as ``book`` does.
        """
        keys = self.keys.load(self.keys.log_file)
        if keys is None:
            self._within(self._refuse_if_open)
            kinds = [KeyKind.NOTE, *([KeyKind.SUBTREE] if post_quantum else [])]
            keys = self.keys.make(self.keys.log_file, origin, kinds)
        else:
            self._within(self._refuse_if_set_back)
        return Signer(keys)

    def _within(self, check: Callable[[psycopg.Connection], None]) -> None:
        """Make a check in the transaction that there is, or in one of its own."""
        if self.connection.info.transaction_status:
            check(self.connection)
        else:
            with self.transaction() as connection:
                check(connection)

    @staticmethod
    def _refuse_if_open(connection: psycopg.Connection) -> None:
        with suppress(LogNotOpenError):
            raise LogKeyWrongError(origin=read_log(connection).origin)

    def _refuse_if_set_back(self, connection: psycopg.Connection) -> None:
        """Refuse to go on from less than what others hold: after a restore from an old backup."""
        shown = self.keys.shown()
        if shown is None:
            return
        found = read_checkpoint(connection, shown.size)
        if found is None or Checkpoint.parse(found[1].body) != shown:
            raise LogSetBackError(origin=shown.origin, size=shown.size)


def default_origin(institution_code: str) -> str:
    """Return the name of a log that nobody named: fit for trying, not for witnesses."""
    return f"{institution_code}.karez.invalid/facts"


@contextmanager
def open_evidence(
    database: Database, institution_code: str, home: Path, role: Role = Role.APPLICATION
) -> Generator[Evidence]:
    """Give the facts book of the institution with this code while the block runs.

    ``home`` is the home of Karez, in which its keys are.

    Raises:
        InstitutionNotFoundError: there is none with this code.
        UnavailableError: the database cannot be reached.
    """
    with database.connect(role) as connection:
        with explained(connection):
            institution = find_institution(connection, institution_code)
        yield Evidence(connection, institution, KeyFolder.of(home, institution.code))
