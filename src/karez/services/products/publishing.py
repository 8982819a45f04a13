"""Published products: versions that are added and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import psycopg

from karez.kernel.sql import load_queries
from karez.services.bookkeeping import Books
from karez.services.products.errors import ProductPublishedError, ProductUnknownError
from karez.services.products.reading import read_sheet, stored_sheet
from karez.services.products.sheet import TermSheet
from karez.services.products.words import Change, changes

QUERIES = load_queries("karez.services.products")


@attrs.frozen
class Published:
    """A version of a product: who published it, when and why, and its text as it was written."""

    sheet: TermSheet
    text: str
    actor: str
    reason: str
    recorded_at: datetime


@attrs.frozen
class Publication:
    """What became of a sheet: its version, and what differs from the version before.

    ``is_new`` is False where that version says the same already.
    """

    sheet: TermSheet
    before: TermSheet | None
    changes: list[Change]
    is_new: bool


def publish(books: Books, text: str, *, name: str, actor: str, reason: str = "") -> Publication:
    """Publish a term sheet as the next version of its product, unless the latest says the same.

    ``name`` is what errors call the text.

    Raises:
        SheetBrokenError: the text is no term sheet.
        ProductPublishedError: another published this product at the same moment.
    """
    sheet = read_sheet(text, name)
    with books.transaction() as connection:
        publication = _next_version(connection, sheet)
        if publication.is_new:
            _add(connection, publication.sheet, text, actor, reason)
        return publication


def preview_publication(books: Books, text: str, *, name: str) -> Publication:
    """Return what would become of a term sheet. Raises as ``publish`` does."""
    sheet = read_sheet(text, name)
    with books.transaction() as connection:
        return _next_version(connection, sheet)


def _next_version(connection: psycopg.Connection, sheet: TermSheet) -> Publication:
    row = _row(connection, sheet.code, None)
    if row is None:
        return Publication(attrs.evolve(sheet, version=1), None, [], is_new=True)
    before = _published(row).sheet
    differs = changes(before, sheet)
    if not differs:
        return Publication(before, before, [], is_new=False)
    new = attrs.evolve(sheet, version=before.version + 1)
    return Publication(new, before, differs, is_new=True)


def _add(
    connection: psycopg.Connection, sheet: TermSheet, text: str, actor: str, reason: str
) -> None:
    added = connection.execute(
        QUERIES["add_sheet"].text,
        {
            "code": sheet.code,
            "version": sheet.version,
            "name": sheet.name,
            "currency": sheet.currency.code,
            "content": text,
            "actor": actor,
            "reason": reason,
        },
    ).fetchone()
    if added is None:
        raise ProductPublishedError(product=sheet.code)


def find_sheet(connection: psycopg.Connection, code: str, version: int | None = None) -> TermSheet:
    """Return a version of a product, by default the latest, within the caller's transaction.

    Raises:
        ProductUnknownError: there is none.
    """
    return find_published(connection, code, version).sheet


def find_published(
    connection: psycopg.Connection, code: str, version: int | None = None
) -> Published:
    """Return a version of a product with who published it. Raises as ``find_sheet`` does."""
    row = _row(connection, code, version)
    if row is None:
        known = sorted({row[0] for row in _rows(connection, None)})
        raise ProductUnknownError(
            code=code,
            version="" if version is None else f" of version {version}",
            known=", ".join(known) or "none; publish one",
        )
    return _published(row)


def list_published(connection: psycopg.Connection, code: str | None = None) -> list[Published]:
    """Return all versions of all products, or of one, in order."""
    return [_published(row) for row in _rows(connection, code)]


def _row(connection: psycopg.Connection, code: str, version: int | None) -> tuple[Any, ...] | None:
    asked = {"code": code, "version": version}
    return connection.execute(QUERIES["find_sheet"].text, asked).fetchone()


def _rows(connection: psycopg.Connection, code: str | None) -> list[tuple[Any, ...]]:
    return connection.execute(QUERIES["list_sheets"].text, {"code": code}).fetchall()


def _published(row: tuple[Any, ...]) -> Published:
    _, version, text, actor, reason, recorded_at = row
    return Published(stored_sheet(text, version=version), text, actor, reason, recorded_at)
