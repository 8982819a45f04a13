"""One institution's facts book, open: what every use case is given first."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from karez.books.facts import FactsBook, Signer
from karez.books.facts.errors import LogKeyWrongError, LogNotOpenError
from karez.books.facts.log import read_log
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
            KeyFileError: the key file cannot be used.
        """
        return FactsBook(self.signer(default_origin(self.institution.code), post_quantum=False))

    def signer(self, origin: str, *, post_quantum: bool) -> Signer:
        """Return who signs for the log, with fresh keys under this name if there are none.

        Raises as ``book`` does.
        """
        keys = self.keys.load(self.keys.log_file)
        if keys is None:
            self._refuse_if_open()
            kinds = [KeyKind.NOTE, *([KeyKind.SUBTREE] if post_quantum else [])]
            keys = self.keys.make(self.keys.log_file, origin, kinds)
        return Signer(keys)

    def _refuse_if_open(self) -> None:
        try:
            if self.connection.info.transaction_status:
                head = read_log(self.connection)
            else:
                with self.transaction() as connection:
                    head = read_log(connection)
        except LogNotOpenError:
            return
        raise LogKeyWrongError(origin=head.origin)


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
