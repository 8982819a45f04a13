"""An application is the fold of its events: what is known of it, and what may happen next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

import attrs

from karez.kernel.errors import ensure
from karez.kernel.ids import show_id
from karez.services.origination.errors import ApplicationStepError
from karez.services.origination.event import (
    Accepted,
    Booked,
    Decided,
    Event,
    Gathered,
    Offered,
    Pledged,
    Priced,
    Scored,
    Submitted,
    Trusted,
)


class Stage(StrEnum):
    """How far an application has come."""

    SUBMITTED = "submitted"
    GATHERED = "gathered"
    TRUSTED = "trusted"
    SCORED = "scored"
    PRICED = "priced"
    APPROVED = "approved"
    REFUSED = "refused"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


_ENDED = frozenset({Stage.REFUSED, Stage.BOOKED, Stage.WITHDRAWN})
_UNDECIDED = frozenset({Stage.SUBMITTED, Stage.GATHERED, Stage.TRUSTED, Stage.SCORED, Stage.PRICED})
_OPEN = frozenset(Stage) - _ENDED

# In which stages each kind of event may come. A step may be made again until the decision, and what
# rested on it is then gone.
ADMITTED: Mapping[str, frozenset[Stage]] = {
    "submitted": frozenset(),
    "gathered": _UNDECIDED,
    "trusted": _UNDECIDED - {Stage.SUBMITTED},
    "scored": _UNDECIDED - {Stage.SUBMITTED, Stage.GATHERED},
    "priced": frozenset({Stage.SCORED, Stage.PRICED}),
    "voted": frozenset({Stage.PRICED}),
    "decided": frozenset({Stage.PRICED, Stage.REFUSED, Stage.APPROVED}),
    "offered": frozenset({Stage.APPROVED, Stage.OFFERED}),
    "accepted": frozenset({Stage.OFFERED}),
    "pledged": _OPEN,
    "booked": frozenset({Stage.ACCEPTED}),
    "withdrawn": _OPEN,
}
_REMEDY: Mapping[str, str] = {
    "submitted": "an application is submitted once",
    "trusted": "read the facts first: `karez application assess`",
    "scored": "assess it from the start: `karez application assess`",
    "priced": "assess it from the start: `karez application assess`",
    "voted": "a vote needs an assessed application that is not decided",
    "decided": "assess it first: `karez application assess`",
    "offered": "an offer follows an approval: `karez application decide`",
    "accepted": "make an offer first: `karez application offer`",
    "booked": "the borrower has to accept the offer: `karez application accept`",
}


@attrs.frozen
class Application:
    """An application as it stands after its events."""

    application_id: UUID
    asked: Submitted
    submitted: Event
    stage: Stage = Stage.SUBMITTED
    gathered: Gathered | None = None
    trusted: Trusted | None = None
    scored: Scored | None = None
    priced: Priced | None = None
    votes: tuple[Event, ...] = ()
    decided: Decided | None = None
    offered: Offered | None = None
    accepted: Event | None = None
    pledges: tuple[Pledged, ...] = ()
    booked: Booked | None = None
    event_count: int = 1

    @property
    def shown_id(self) -> str:
        """The id as people see it."""
        return show_id("app", self.application_id)

    @property
    def amount_minor(self) -> int:
        """What was asked, then what policy lets through, then what was approved."""
        if self.decided is not None:
            return self.decided.amount_minor
        if self.priced is None:
            return self.asked.amount_minor
        return 0 if self.priced.route == "refuse" else self.priced.amount_minor

    @property
    def cover_minor(self) -> int:
        """What all pledges together cover."""
        return sum(pledge.cover_minor for pledge in self.pledges)

    def admit(self, kind: str) -> None:
        """Refuse an event of a kind that may not come now.

        Raises:
            ApplicationStepError: what has to come before it.
        """
        if self.stage not in ADMITTED[kind]:
            remedy = _REMEDY.get(kind, "")
            if self.stage in _ENDED or not remedy:
                remedy = f"what is {self.stage} is over"
            if kind in {"gathered", "trusted", "scored", "priced"} and self.decided is not None:
                remedy = "it is decided; nothing that it rests on changes any more"
            raise ApplicationStepError(
                application=self.shown_id, stage=self.stage, step=kind, remedy=remedy
            )

    def after(self, event: Event) -> Application:
        """Return the application after one more event.

        Raises:
            ApplicationStepError: the event may not come now.
        """
        self.admit(event.kind)
        ensure(event.number == self.event_count + 1, "events are counted without a gap")
        changed = _CHANGES[event.kind](self, event)
        return attrs.evolve(changed, event_count=event.number)


def _gathered(before: Application, event: Event) -> Application:
    return attrs.evolve(
        before, stage=Stage.GATHERED, gathered=event.content, trusted=None, scored=None,
        priced=None, votes=(),
    )  # fmt: skip


def _trusted(before: Application, event: Event) -> Application:
    return attrs.evolve(
        before, stage=Stage.TRUSTED, trusted=event.content, scored=None, priced=None, votes=()
    )


def _scored(before: Application, event: Event) -> Application:
    return attrs.evolve(before, stage=Stage.SCORED, scored=event.content, priced=None, votes=())


def _priced(before: Application, event: Event) -> Application:
    return attrs.evolve(before, stage=Stage.PRICED, priced=event.content, votes=())


def _voted(before: Application, event: Event) -> Application:
    return attrs.evolve(before, votes=(*before.votes, event))


def _decided(before: Application, event: Event) -> Application:
    assert isinstance(event.content, Decided)  # noqa: S101 - for the type checker
    stage = Stage.APPROVED if event.content.approved else Stage.REFUSED
    return attrs.evolve(before, stage=stage, decided=event.content)


def _offered(before: Application, event: Event) -> Application:
    return attrs.evolve(before, stage=Stage.OFFERED, offered=event.content)


def _accepted(before: Application, event: Event) -> Application:
    assert isinstance(event.content, Accepted)  # noqa: S101 - for the type checker
    return attrs.evolve(before, stage=Stage.ACCEPTED, accepted=event)


def _pledged(before: Application, event: Event) -> Application:
    return attrs.evolve(before, pledges=(*before.pledges, event.content))


def _booked(before: Application, event: Event) -> Application:
    return attrs.evolve(before, stage=Stage.BOOKED, booked=event.content)


def _withdrawn(before: Application, _event: Event) -> Application:
    return attrs.evolve(before, stage=Stage.WITHDRAWN)


_CHANGES = {
    "gathered": _gathered, "trusted": _trusted, "scored": _scored, "priced": _priced,
    "voted": _voted, "decided": _decided, "offered": _offered, "accepted": _accepted,
    "pledged": _pledged, "booked": _booked, "withdrawn": _withdrawn,
}  # fmt: skip


def begin(event: Event) -> Application:
    """Return the application that its first event makes."""
    ensure(isinstance(event.content, Submitted) and event.number == 1, "first it is submitted")
    assert isinstance(event.content, Submitted)  # noqa: S101 - for the type checker
    return Application(event.application_id, event.content, event)


def fold(events: Iterable[Event]) -> Application:
    """Return the application that these events make, in order."""
    all_of_it = iter(events)
    application = begin(next(all_of_it))
    for event in all_of_it:
        application = application.after(event)
    return application
