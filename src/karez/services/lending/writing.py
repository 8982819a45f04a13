"""Keeping what was recorded of loans, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from karez.services.bookkeeping import Books
from karez.services.lending.judging import Changed
from karez.services.lending.queries import QUERIES
from karez.services.lending.standing import keep_stages
from karez.services.lending.store import copy_in, event_row, instant

if TYPE_CHECKING:
    import psycopg


def write_changes(
    books: Books, connection: psycopg.Connection, changes: Mapping[int, Changed]
) -> None:
    """Add the fresh events of these loans, and write anew what follows from all of them."""
    if not changes:
        return
    now = instant(connection)
    own = books.institution.institution_id
    sinces = [change.since for change in changes.values()]
    asked = {"loans": list(changes), "sinces": sinces}
    stages: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for number, since, stage in connection.execute(QUERIES["stages"].text, asked):
        stages[number].append((since, stage))
    connection.execute(QUERIES["drop_standings"].text, asked)
    connection.execute(QUERIES["cut_standings"].text, asked)
    copy_in(
        connection,
        {
            "event": [
                event_row(own, number, one, now)
                for number, change in changes.items()
                for one in change.fresh
            ],
            "standing": [
                (own, number, *row.values())
                for number, change in changes.items()
                for row in keep_stages(change.rows, stages[number])
            ],
        },
    )
    foreseen = [change.stretches for change in changes.values()]
    connection.execute(
        QUERIES["set_outlooks"].text, {"loans": list(changes), "stretches": foreseen}
    )
