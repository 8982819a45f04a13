"""What has happened so far in a case, and the loan that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from karez.doors.files.case_errors import Fields
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import (
    Charge,
    Disbursement,
    Event,
    Undo,
)
from karez.engines.servicing.fold import fold, in_force
from karez.engines.servicing.terms import Terms, Tranche


class Story:
    """What has happened so far in a case, and the loan that follows from it."""

    def __init__(self, terms: Terms, fields: Fields, added: Sequence[Tranche] = ()) -> None:
        """Begin a story; tranches that are added later were not the loan's own."""
        self.terms = terms
        self.fields = fields
        self.today = date.min
        self.as_of = date.min
        self.events: list[Event] = []
        self.at_payout: list[Charge] = []
        self.expected_on = fields.day("expected_disbursement_date")
        self.principal = fields.amount("principal", terms.decimals)
        self.created = False
        self.product_charges: list[str] = []
        self.tranches = [tranche for tranche in terms.tranches if tranche not in added]

    def loan(self, *extra: Event) -> Account:
        """Return the loan as it was last brought up to date, with events that are only tried."""
        events = [*self.events, *extra]
        if not any(isinstance(event, Disbursement) for event in in_force(events)):
            return self.foreseen()
        return fold(self.terms, events, as_of=self.as_of)

    def foreseen(self) -> Account:
        """Return the loan as it is expected to be paid out."""
        tranches = self.tranches or [Tranche(self.expected_on, self.principal)]
        kept = [event for event in in_force(self.events) if isinstance(event, Charge)]
        events: list[Event] = [*self.at_payout, *kept]
        number = max((event.number for event in events), default=0)
        for tranche in tranches:
            number += 1
            events.append(
                Disbursement(
                    number=number,
                    on=tranche.on,
                    posted_on=tranche.on,
                    amount_minor=tranche.amount_minor,
                )
            )
        account = fold(self.terms, events, as_of=min(tranche.on for tranche in tranches))
        for row in account.rows:
            row.met_on = None  # Nothing is met before any money is out.
        return account

    def to_come(self) -> list[Tranche]:
        """Return the tranches that are expected after today, once the first has gone out."""
        if not any(isinstance(event, Disbursement) for event in in_force(self.events)):
            return []
        begun = min(one.on for one in in_force(self.events) if isinstance(one, Disbursement))
        return [
            tranche for tranche in self.tranches if tranche.on >= self.today and tranche.on > begun
        ]

    @property
    def number(self) -> int:
        """The number of the next event."""
        return len(self.events) + len(self.at_payout) + 1

    def add(self, event: Event) -> None:
        """Let an event be part of the story, and the loan be brought up to today."""
        self.events.append(event)
        self.as_of = self.today

    def record(self, event: type[Event], on: date, /, **rest: Any) -> None:
        """Add an event of a day that is entered today; ``rest`` is what its kind has beside."""
        self.add(event(number=self.number, on=on, posted_on=self.today, **rest))

    def last(self, kind: type[Event]) -> Event | None:
        """Return the last event of a kind that nobody has undone."""
        found = [event for event in in_force(self.events) if isinstance(event, kind)]
        return max(found, key=lambda event: event.number) if found else None

    def undo(self, event: Event) -> None:
        """Take an event back."""
        self.record(Undo, self.today, undone=event.number)

    def undo_last(self, kind: type[Event], asked: Fields) -> None:
        """Take back the last event of a kind.

        Raises:
            CaseBrokenError: there is none.
        """
        found = self.last(kind)
        if found is None:
            raise asked.broken("type", "there must be something to undo")
        self.undo(found)
