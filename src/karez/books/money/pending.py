"""What is held and no longer may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karez.books.money.queries import QUERIES
from karez.books.money.transfer import Target

if TYPE_CHECKING:
    import psycopg


def list_expired(connection: psycopg.Connection, most: int) -> list[Target]:
    """Return at most ``most`` pending transfers that are past their instant and still hold."""
    rows = connection.execute(QUERIES["expired_now"].text, {"most": most}).fetchall()
    return [Target(entry_id, line) for entry_id, line in rows]
