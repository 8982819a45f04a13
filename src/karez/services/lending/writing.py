"""Keeping what was recorded of loans, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from karez.engines.servicing.outlook import outlook
from karez.services.bookkeeping import Books
from karez.services.lending.judging import Case
from karez.services.lending.queries import QUERIES
from karez.services.lending.standing import keep_stages
from karez.services.lending.store import copy_in, event_row, instant

if TYPE_CHECKING:
    import psycopg


def write_cases(books: Books, connection: psycopg.Connection, cases: Mapping[int, Case]) -> None:
    """Add the fresh events of these loans, and write anew what follows from all of them."""
    if not cases:
        return
    now = instant(connection)
    own = books.institution.institution_id
    sinces = {number: case.first_change or case.today for number, case in cases.items()}
    asked = {"loans": list(sinces), "sinces": list(sinces.values())}
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
                for number, case in cases.items()
                for one in case.fresh
            ],
            "standing": [
                (own, number, *row.values())
                for number, case in cases.items()
                for row in keep_stages(case.rows(sinces[number]), stages[number])
            ],
        },
    )
    foreseen = [outlook(case.folded.history.account).tobytes() for case in cases.values()]
    connection.execute(QUERIES["set_outlooks"].text, {"loans": list(cases), "stretches": foreseen})
