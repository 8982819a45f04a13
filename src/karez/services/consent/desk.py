"""The desk: uses of consents from many threads, those that wait together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import psycopg

from karez.books.facts import FactsBook
from karez.books.rights import use as uses
from karez.books.rights.use import Use
from karez.kernel.database.group import GroupCommit
from karez.kernel.errors import KarezError
from karez.services.consent.facts import record_uses


@attrs.define
class UseDesk(GroupCommit[Use, None]):
    """Begins uses for the threads of one process; use it in a ``with``.

    Each is judged by itself, in the order of the consents and then of asking, and all stand under
    one checkpoint of the log. A use that was under way when a connection was lost is asked for
    again: it has an id, so it is recorded once.
    """

    book: FactsBook

    def begin(self, use: Use) -> None:
        """Record a use in both books, wait until that is durable, and open what it covers.

        Raises as ``begin_use`` does.
        """
        self._submit(use).result()

    def _write(
        self, connection: psycopg.Connection, requests: Sequence[Use]
    ) -> Sequence[KarezError | None]:
        try:
            with connection.transaction():
                return self._together_or_not(connection, requests)
        except KarezError:  # a fact that cannot be: its use is refused, and no other
            return [self._alone(connection, use) for use in requests]

    def _together_or_not(
        self, connection: psycopg.Connection, requests: Sequence[Use]
    ) -> list[KarezError | None]:
        # Whoever locks several consents does so in one order, and the log after them.
        order = sorted(range(len(requests)), key=lambda place: requests[place].consent_id)
        answers: list[KarezError | None] = [None] * len(requests)
        for place in order:
            answers[place] = uses.begin_use(connection, requests[place])
        record_uses(connection, self.book, [use.use_id for use in requests])
        return answers

    def _alone(self, connection: psycopg.Connection, use: Use) -> KarezError | None:
        try:
            with connection.transaction():
                [answer] = self._together_or_not(connection, [use])
                return answer
        except KarezError as fault:
            return fault
