"""One institution's books, open: what every use case is given first."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import attrs

from karez.books.money.post import MoneyBook
from karez.kernel.database import (
    Database,
    Institution,
    Plans,
    Role,
    explained,
    find_institution,
    transaction,
)

if TYPE_CHECKING:
    import psycopg


@attrs.frozen
class Books:
    """A connection to one institution's books. ``may_write`` is False for a reader."""

    connection: psycopg.Connection
    institution: Institution
    may_write: bool
    money: MoneyBook = attrs.field(factory=MoneyBook)

    def transaction(
        self, plans: Plans = Plans.MADE_ANEW
    ) -> AbstractContextManager[psycopg.Connection]:
        """Begin a transaction that sees and writes this institution's rows."""
        return transaction(self.connection, self.institution.institution_id, plans)


@contextmanager
def open_books(
    database: Database, institution_code: str, role: Role = Role.APPLICATION
) -> Generator[Books]:
    """Give the books of the institution with this code while the block runs.

    Raises:
        InstitutionNotFoundError: there is none with this code.
        UnavailableError: the database cannot be reached.
    """
    with database.connect(role) as connection:
        with explained(connection):
            institution = find_institution(connection, institution_code)
        yield Books(connection, institution, may_write=role is not Role.READER)
