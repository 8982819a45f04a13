"""The institutions that keep their books in one database."""

from __future__ import annotations

import re
from datetime import datetime

import attrs
import psycopg

from karez.kernel.database.connection import QUERIES
from karez.kernel.database.errors import (
    InstitutionCodeError,
    InstitutionNotFoundError,
    InstitutionTakenError,
)

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@attrs.frozen
class Institution:
    """A lender whose books are its own; no other institution here can read them."""

    institution_id: int
    code: str
    name: str
    created_at: datetime


def find_institution(connection: psycopg.Connection, code: str) -> Institution:
    """Return the institution with this code.

    Raises:
        InstitutionNotFoundError: there is none.
    """
    found = _read(connection, code)
    if found is None:
        raise InstitutionNotFoundError(code=code)
    return found


def list_institutions(connection: psycopg.Connection) -> list[Institution]:
    """Return all institutions, the oldest first."""
    return [Institution(*row) for row in connection.execute(QUERIES["list_institutions"].text)]


def open_institution(connection: psycopg.Connection, code: str, name: str) -> Institution:
    """Return the institution with this code and name, opening it if it is not there yet.

    Raises:
        InstitutionCodeError: the code has letters that it may not have.
        InstitutionTakenError: it is there under another name.
    """
    if not _CODE.fullmatch(code):
        raise InstitutionCodeError(code=code)
    # Whoever opens another institution at this moment takes the same number, and one of us misses.
    while (found := _read(connection, code)) is None:
        connection.execute(QUERIES["open_institution"].text, {"code": code, "name": name or code})
    if found.name != (name or code):
        raise InstitutionTakenError(code=code, name=found.name)
    return found


def _read(connection: psycopg.Connection, code: str) -> Institution | None:
    row = connection.execute(QUERIES["find_institution"].text, {"code": code}).fetchone()
    return None if row is None else Institution(*row)
